# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual environments that hold one OpenStack release's real packages, installed under that release's upper constraints."""
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = ROOT / "build" / "real"

# Versions of Python that every release here supports and that PyMI has Windows wheels for; 3.8 is what the nodes run.
PYTHONS = ("3.8", "3.10")

# setuptools 82 dropped pkg_resources, which nova/virt/__init__.py imports. etcd3gw and PyMySQL are the lock backends' clients.
COMMON = ("setuptools<82", "etcd3gw", "PyMySQL")


@dataclass(frozen=True)
class Release:
    """The last versions of a series that work together (openstack/releases, deliverables); the rest comes from the constraints."""

    name: str
    nova: str
    compute_hyperv: str
    neutron: str
    networking_hyperv: str

    @property
    def constraints(self) -> Path:
        return HERE / "constraints" / f"{self.name}.txt"

    @property
    def requirements(self) -> tuple[str, ...]:
        return (
            f"nova=={self.nova}", f"compute-hyperv=={self.compute_hyperv}",
            f"neutron=={self.neutron}", f"networking-hyperv=={self.networking_hyperv}", *COMMON,
        )


RELEASES = {
    release.name: release
    for release in (
        Release("yoga", "25.3.0", "14.0.0", "20.5.0", "12.0.0"),
        Release("zed", "26.3.0", "15.0.0", "21.2.1", "13.0.0"),
        Release("2023.1", "27.5.1", "16.0.0", "22.2.1", "14.0.0"),
        Release("2023.2", "28.3.1", "16.0.0", "23.5.0", "14.0.0"),
    )
}


class NoInterpreter(Exception):
    """No Python that the releases support is on this machine."""


def find_interpreter() -> Path:
    """Python 3.8 or 3.10: OPENSTACK_PYTHON, then the PATH, then pyenv's versions. Raises NoInterpreter."""
    chosen = os.environ.get("OPENSTACK_PYTHON")
    candidates = [Path(chosen)] if chosen else [*_on_path(), *_in_pyenv()]
    for candidate in candidates:
        if _version(candidate) in PYTHONS:
            return candidate
    raise NoInterpreter(
        f"Python {' or '.join(PYTHONS)} is needed to install nova; looked at {', '.join(map(str, candidates)) or 'nothing'}. "
        "Install one (for example with pyenv) or name it in OPENSTACK_PYTHON."
    )


def _on_path() -> list[Path]:
    found = (shutil.which(f"python{version}") for version in PYTHONS)
    return [Path(path) for path in found if path]


def _in_pyenv() -> list[Path]:
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [path for version in PYTHONS for path in sorted(versions.glob(f"{version}.*/bin/python"))]


def _version(python: Path) -> str:
    """`3.8`, or an empty text when it does not run (pyenv's shims of a version that is not selected do not)."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False, timeout=60).stdout.strip()
    except OSError:
        return ""


def environment(release: Release) -> Path:
    """The interpreter of the release's virtual environment, built on first use under build/real."""
    base = find_interpreter()
    folder = CACHE / f"{release.name}-py{_version(base)}"
    python = folder / "bin" / "python"
    stamp = folder / "winstack-inputs.sha256"
    inputs = _inputs(release)
    if stamp.is_file() and stamp.read_text() == inputs:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(base), "-m", "venv", str(folder)], check=True)
    _pip(python, "setuptools<82", "wheel")
    _pip(python, "--constraint", str(release.constraints), *release.requirements)
    stamp.write_text(inputs)
    return python


def _pip(python: Path, *arguments: str) -> None:
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def _inputs(release: Release) -> str:
    return hashlib.sha256("\n".join([*release.requirements, release.constraints.read_text()]).encode()).hexdigest()
