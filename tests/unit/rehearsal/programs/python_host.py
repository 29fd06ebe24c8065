# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated server with Python, and what win_hv_driver_wheelhouse runs there."""
from __future__ import annotations

from typing import Any

from rehearsal.machine.executables import Executable

from tests.unit.rehearsal.cmdlets.hosts import Host

FOLDER = r"C:\Driver"
ARCHIVE, HOUSE, VENV = rf"{FOLDER}\house.zip", rf"{FOLDER}\house", rf"{FOLDER}\venv"
INSIDE = rf"{VENV}\Scripts\python.exe"
PYTHON = r"C:\Program Files\Python38\python.exe"
PIP = (
    "-m", "pip", "install", "--isolated", "--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-index",
    "--require-hashes",
)


def with_python(archive: bytes) -> Host:
    """A server with Python, the runtime, and an empty environment beside the expanded archive."""
    host = Host()
    files = host.machine.files
    files.make_folder(FOLDER)
    files.write(rf"{FOLDER}\python.exe", Executable("python_installer", {"version": "3.8.10", "exit_code": 0}).encode())
    files.write(rf"{FOLDER}\vc.exe", Executable("vc_runtime_installer", {"version": "14.38.33135", "exit_code": 0}).encode())
    files.write(ARCHIVE, archive)
    for name, *arguments in (
        (rf"{FOLDER}\python.exe", "/quiet", "InstallAllUsers=1", r"TargetDir=C:\Program Files\Python38"),
        (rf"{FOLDER}\vc.exe", "/install", "/quiet", "/norestart"),
        (PYTHON, "-m", "zipfile", "-e", ARCHIVE, HOUSE),
        (PYTHON, "-m", "venv", "--clear", VENV),
    ):
        result = host.program(name, *arguments)
        assert "error" not in result, result
    return host


def install(host: Host) -> dict[str, Any]:
    return host.program(INSIDE, *PIP, "--find-links", rf"{HOUSE}\wheels", "--requirement", rf"{HOUSE}\requirements.txt")
