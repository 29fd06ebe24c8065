# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Python, pip and the runtime of Visual C++ on a simulated server. Oracles: the real pip over the same files, the registry
as documented."""
from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from rehearsal.machine.fields import Fields
from rehearsal.software import downloads
from rehearsal.software.python_environment import distributions
from rehearsal.software.wheelhouse import Wheelhouse

from tests.unit.rehearsal.cmdlets.hosts import Host
from tests.unit.rehearsal.programs.python_host import ARCHIVE, FOLDER, HOUSE, INSIDE, PIP, PYTHON, VENV, install, with_python

PACKAGES = {"nova": "28.3.1", "compute-hyperv": "16.0.0", "os-win": "5.9.0", "PyMI": "1.0.6"}
# Without compiled code, which the real pip does not take on Linux.
PURE = {"nova": "28.3.1", "oslo.config": "9.2.0", "os_brick": "6.4.1"}
DRIVER = "nova.virt.compute_hyperv.driver"


def house(packages: dict[str, str], **more: Any) -> Wheelhouse:
    read = downloads.read(Fields({"kind": "wheelhouse", "packages": packages, **more}, "lab.downloads.house"))
    assert isinstance(read, Wheelhouse)
    return read


def real_pip(archive: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    """The real pip over the same archive; what it installs is in folder/target."""
    (folder / "house.zip").write_bytes(archive)
    with zipfile.ZipFile(folder / "house.zip") as opened:
        opened.extractall(folder / "house")
    where = ("--find-links", str(folder / "house/wheels"), "--requirement", str(folder / "house/requirements.txt"))
    command = [sys.executable, *PIP, *where, "--target", str(folder / "target")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def first_error(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.startswith("ERROR:")), "")


@pytest.mark.parametrize(("more", "unlocked"), [
    ({}, False),
    ({"damaged": ["oslo.config"]}, False),
    ({"missing": ["os_brick"]}, False),
    ({}, True),
], ids=["good", "damaged", "missing", "unlocked"])
def test_pip_does_what_the_real_pip_does(more: dict[str, Any], unlocked: bool, tmp_path: Path) -> None:
    archive = house(PURE, **more).encode()
    if unlocked:
        archive = _without_hashes(archive, tmp_path)
    host = with_python(archive)
    simulated, real = install(host), real_pip(archive, tmp_path)
    assert simulated["exit_code"] == real.returncode
    assert first_error(simulated["stderr"])[:90] == first_error(real.stderr)[:90]
    if real.returncode:
        assert distributions(host.machine, VENV) == {}
        return
    site_packages = rf"{VENV}\Lib\site-packages"
    for path in (tmp_path / "target").rglob("*.py"):
        name = str(path.relative_to(tmp_path / "target")).replace("/", "\\")
        assert host.machine.files.read(rf"{site_packages}\{name}") == path.read_bytes()
    assert host.machine.files.read(rf"{VENV}\Scripts\nova-compute.exe") is not None
    assert (tmp_path / "target/bin/nova-compute").exists()


def _without_hashes(archive: bytes, folder: Path) -> bytes:
    source, target = folder / "locked.zip", folder / "unlocked.zip"
    source.write_bytes(archive)
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as write:
        for entry in read.infolist():
            data = read.read(entry)
            if entry.filename == "requirements.txt":
                data = b"".join(line.partition(b" ")[0] + b"\n" for line in data.splitlines())
            write.writestr(entry, data)
    return target.read_bytes()


def test_a_package_that_the_lock_leaves_out_is_not_installed() -> None:
    host = with_python(house({"compute-hyperv": "16.0.0"}).encode())
    result = install(host)
    assert result["exit_code"] == 1
    assert "all requirements must have their versions pinned" in result["stderr"]
    assert "os-win" in result["stderr"]


def test_an_environment_runs_the_driver_and_tells_the_version() -> None:
    host = with_python(house(PACKAGES).encode())
    assert install(host)["exit_code"] == 0
    assert host.program(INSIDE, "-m", "pip", "check", "--disable-pip-version-check")["stdout"].strip() == "No broken requirements found."
    assert host.program(INSIDE, "-m", DRIVER)["exit_code"] == 0
    assert host.program(rf"{VENV}\Scripts\nova-compute.exe", "--version")["stdout"].strip() == "28.3.1"


def test_pip_check_names_what_is_missing() -> None:
    host = with_python(house(PACKAGES).encode())
    install(host)
    host.machine.files.delete(rf"{VENV}\Lib\site-packages\PyMI-1.0.6.dist-info")
    result = host.program(INSIDE, "-m", "pip", "check")
    assert (result["exit_code"], result["stdout"].strip()) == (1, "os-win 5.9.0 requires pymi, which is not installed.")


@pytest.mark.parametrize(("requires", "says"), [
    ("pymi>=1.0.6; sys_platform == 'win32'", "No broken requirements found."),
    ("pymi>=2", "nova 28.3.1 has requirement pymi>=2, but you have pymi 1.0.6."),
    ("pyroute2; sys_platform != 'win32'", "No broken requirements found."),
    ("stestr; extra == 'test'", "No broken requirements found."),
    ("WMI>=1.4.9; sys_platform == 'win32'", "nova 28.3.1 requires wmi, which is not installed."),
])
def test_requirements_are_held_against_windows(requires: str, says: str) -> None:
    host = with_python(house(PACKAGES).encode())
    install(host)
    path = rf"{VENV}\Lib\site-packages\nova-28.3.1.dist-info\METADATA"
    host.machine.files.write(path, (host.machine.files.read(path) or b"") + f"Requires-Dist: {requires}\n".encode())
    result = host.program(INSIDE, "-m", "pip", "check")
    assert (result["stdout"].strip(), result["exit_code"]) == (says, int(not says.startswith("No")))


@pytest.mark.parametrize("module", [DRIVER, "nova.virt.compute_hyperv", "missing"])
def test_a_module_that_is_not_there_fails_as_it_does_in_python(module: str) -> None:
    """The oracle is this Python, which has no nova either."""
    host = with_python(house({"PyMI": "1.0.6"}).encode())
    install(host)
    result = host.program(INSIDE, "-m", module)
    real = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=False)
    assert result["exit_code"] == real.returncode
    assert result["stderr"].strip().removeprefix(INSIDE) == real.stderr.strip().removeprefix(sys.executable)


def test_compiled_packages_need_the_runtime_of_visual_c() -> None:
    host = with_python(house(PACKAGES).encode())
    install(host)
    host.machine.registry.delete(r"HKLM:\SOFTWARE\Microsoft\VisualStudio\14.0")
    result = host.program(INSIDE, "-m", DRIVER)
    assert result["exit_code"] == 1
    assert "DLL load failed" in result["stderr"]


def test_the_installers_leave_what_the_registry_is_documented_to_hold() -> None:
    host = with_python(house(PACKAGES).encode())
    path = r"HKLM:\SOFTWARE\Python\PythonCore\3.8\InstallPath"
    assert host.values("Get-ItemProperty", "ExecutablePath", LiteralPath=path) == [PYTHON]
    runtime = r"HKLM:\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64"
    assert host.rows("Get-ItemProperty", "Installed", "Major", "Minor", "Bld", LiteralPath=runtime) == [
        {"Installed": 1, "Major": 14, "Minor": 38, "Bld": 33135},
    ]


def test_a_fresh_server_has_neither() -> None:
    host = Host()
    for path in (
        r"HKLM:\SOFTWARE\Python\PythonCore\3.8\InstallPath", r"HKLM:\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64",
        r"HKLM:\SOFTWARE\WOW6432Node\Microsoft\VisualStudio\14.0\VC\Runtimes\x64",
    ):
        assert host.error("Get-ItemProperty", LiteralPath=path) == "PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand"


@pytest.mark.parametrize(("name", "arguments", "says"), [
    (rf"{FOLDER}\python.exe", ("InstallAllUsers=1",), "waits for a user"),
    (rf"{FOLDER}\python.exe", ("/quiet",), "InstallAllUsers=1"),
    (rf"{FOLDER}\python.exe", ("/quiet", "InstallAllUsers=1", "Colour=red"), "colour"),
    (rf"{FOLDER}\vc.exe", ("/install",), "vc_redist"),
    (PYTHON, ("-c", "print()"), "-c"),
    (PYTHON, ("-m", "pip", "install", "nova"), "outside of an environment"),
    (INSIDE, ("-m", "pip", "install", "nova"), "pip install nova"),
    (INSIDE, ("-m", "pip", "download", "nova"), "pip download nova"),
    (ARCHIVE, (), "house.zip"),
])
def test_what_is_not_known_is_refused(name: str, arguments: tuple[str, ...], says: str) -> None:
    result = with_python(house(PACKAGES).encode()).program(name, *arguments)
    assert result["error"]["id"] == "RehearsalNotModelled"
    assert says in result["error"]["message"]


def test_a_program_that_is_not_there_does_not_start() -> None:
    result = Host().program(PYTHON, "-m", "venv", VENV)
    assert result["error"]["id"] == "Win32Exception"
    assert "cannot find the file" in result["error"]["message"]


def test_an_archive_that_is_none_does_not_expand() -> None:
    host = with_python(house(PACKAGES).encode())
    host.machine.files.write(ARCHIVE, b"<html>")
    result = host.program(PYTHON, "-m", "zipfile", "-e", ARCHIVE, HOUSE)
    assert (result["exit_code"], result["stderr"].splitlines()[-1]) == (1, "zipfile.BadZipFile: File is not a zip file")
