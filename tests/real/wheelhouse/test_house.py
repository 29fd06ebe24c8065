# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The built houses, judged by the pip that the host's Python 3.8.10 brings, and by what the release is known to need."""
from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.option_catalogue.environments import RELEASES, find_interpreter
from tools.wheelhouse.sources import choose, requirements, resolve

from .conftest import House

# What ensurepip of CPython 3.8.10 holds: the pip of a fresh virtual environment on the host.
HOST_PIP = "pip==21.1.1"


@pytest.fixture(scope="session")
def host_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pip")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, HOST_PIP], check=True)
    return folder


def resolve_with_pip(host_pip: Path, house: Path, target: Path, *, windows: bool = True) -> subprocess.CompletedProcess[str]:
    """What the resource runs on the host, as a download: everything from the house, nothing from an index, every hash checked."""
    pip: list[str | Path] = [Path(__file__).with_name("windows_pip.py"), host_pip] if windows else [host_pip / "pip"]
    command: list[str | Path] = [
        find_interpreter(), *pip, "--isolated", "download", "--quiet", "--no-index", "--find-links", house / "wheels", "--require-hashes",
        "--requirement", house / "requirements.txt", "--dest", target, "--platform", "win_amd64", "--python-version", "3.8",
        "--implementation", "cp", "--abi", "cp38", "--only-binary", ":all:",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_hosts_own_pip_takes_every_wheel_from_the_house_alone(house: House, host_pip: Path, tmp_path: Path) -> None:
    done = resolve_with_pip(host_pip, house.folder, tmp_path / "taken")
    assert done.returncode == 0, done.stderr
    taken = {path.name for path in (tmp_path / "taken").iterdir()}
    assert taken == {path.name for path in (house.folder / "wheels").iterdir()}
    assert len(taken) == house.report["wheels"]


def test_the_judge_is_not_blind(house: House, host_pip: Path, tmp_path: Path) -> None:
    """A house for Windows is incomplete on Linux (pyroute2), without one wheel, and with one wheel exchanged."""
    on_linux = resolve_with_pip(host_pip, house.folder, tmp_path / "linux", windows=False)
    assert on_linux.returncode != 0
    assert "pyroute2" in on_linux.stderr
    copy = tmp_path / "copy"
    shutil.copytree(house.folder, copy)
    [pymi] = (copy / "wheels").glob("PyMI-*.whl")
    pymi.write_bytes(pymi.read_bytes() + b"\0")
    assert "HASHES" in resolve_with_pip(host_pip, copy, tmp_path / "changed").stderr
    pymi.unlink()
    assert "pymi==1.0.6" in resolve_with_pip(host_pip, copy, tmp_path / "missing").stderr


def test_what_only_windows_needs_is_in_the_house(house: House) -> None:
    names = {path.name.split("-")[0].lower() for path in (house.folder / "wheels").iterdir()}
    assert {"pymi", "wmi", "pywin32", "os_win", "compute_hyperv", "nova", "etcd3gw", "pymysql", "netifaces", "greenlet"} <= names
    assert not {"pyroute2", "pyinotify"} & names
    assert ("networking_hyperv" in names) == ("neutron" in names) == ("-neutron" in str(house.report["archive"]))


def test_only_pure_python_was_built(house: House) -> None:
    known_pure = {"fixtures", "logutils", "ncclient", "ovs", "pecan", "pyperclip", "retrying", "websockify"}
    built = house.report["built"]
    assert isinstance(built, list)
    assert set(built) <= known_pure


def test_yoga_would_need_a_compiler(tmp_path: Path) -> None:
    """What the builder refuses Yoga for is still so: the newest files of the index change nothing about a pin."""
    release = RELEASES["yoga"]
    lock = resolve(requirements(release, neutron_agent=False), release.constraints, tmp_path)
    assert "yappi" in {source.name for source in choose(lock).sdists}
