# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings the files of a house: wheels are downloaded, sdists are built, both by pip and both against their SHA-256."""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

from . import HouseRefused
from .sources import Source, Sources
from .target import PIP_OPTIONS

# The oldest time that a zip file can hold: the same sdist gives the same wheel.
EPOCH = "315532800"

# The sdists of these releases predate setuptools 82, which dropped pkg_resources.
BUILD_CONSTRAINTS = "setuptools<82\n"


def gather(sources: Sources, wheels: Path) -> tuple[str, ...]:
    """Puts every wheel into the folder; the names of the packages that were built. Raises HouseRefused."""
    wheels.mkdir(parents=True)
    _pip("download", "--no-deps", *PIP_OPTIONS, "--dest", wheels, "--requirement", _write(wheels.parent / "downloads.txt", sources.wheels))
    if not sources.sdists:
        return ()
    built = wheels.parent / "built"
    constraints = wheels.parent / "build-constraints.txt"
    constraints.write_text(BUILD_CONSTRAINTS)
    _pip(
        "wheel", "--no-deps", "--no-cache-dir", "--build-constraint", constraints, "--wheel-dir", built,
        "--requirement", _write(wheels.parent / "builds.txt", sources.sdists),
    )
    for wheel in sorted(built.glob("*.whl")):
        _refuse_compiled(wheel)
        wheel.rename(wheels / wheel.name)
    return tuple(source.name for source in sources.sdists)


def _refuse_compiled(wheel: Path) -> None:
    tags = parse_wheel_filename(wheel.name)[3]
    if any(tag.abi != "none" or tag.platform != "any" for tag in tags):
        raise HouseRefused(
            f"{wheel.name} was built for this machine, not for any: it holds C code, and there is no Windows wheel of this version. "
            "The host would need a C compiler."
        )


def _write(path: Path, sources: Sequence[Source]) -> Path:
    path.write_text("".join(f"{source.requirement}\n" for source in sources))
    return path


def _pip(command: str, *arguments: str | Path) -> None:
    """pip with the operator's own settings for proxies and certificates; the files are named by address and SHA-256 each."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", command, "--quiet", "--no-input", "--disable-pip-version-check", *map(str, arguments)],
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        raise HouseRefused(f"pip {command} failed:\n{done.stderr.strip()}")
