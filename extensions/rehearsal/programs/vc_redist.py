# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""vc_redist.x64.exe, the installer of the Visual C++ runtime."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..machine.executables import Executable
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult, executable

if TYPE_CHECKING:
    from ..machine import Machine

_HELP = "extend rehearsal/programs/vc_redist.py"
KEY = r"HKLM:\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64"
_REBOOT_REQUIRED = 3010


@executable("vc_runtime_installer", source="MicrosoftDocs/cpp-docs redistributing-visual-cpp-files.md (options, registry key, values)",
            unconfirmed="which of the two registry views the x64 package writes to")
def vc_redist(machine: Machine, file: Executable, arguments: list[str]) -> ProgramResult:
    switches = {word.lower() for word in arguments}
    if not switches <= {"/install", "/quiet", "/passive", "/norestart"} or not switches & {"/quiet", "/passive"}:
        raise not_modelled(f"vc_redist {' '.join(arguments)}", _HELP)
    major, minor, build = (int(part) for part in file.facts["version"].split("."))
    if runtime_version(machine) >= (major, minor, build):
        raise not_modelled("vc_redist over a runtime that is as new or newer", _HELP)
    code: int = file.facts["exit_code"]
    if code not in (0, _REBOOT_REQUIRED):
        return ProgramResult(code)
    for name, number in {"Installed": 1, "Major": major, "Minor": minor, "Bld": build}.items():
        machine.registry.set(KEY, name, number, "DWord")
    machine.registry.set(KEY, "Version", f"v{file.facts['version']}.00", "String")
    machine.note(f"installed the Visual C++ runtime {file.facts['version']}")
    return ProgramResult(code)


def runtime_version(machine: Machine) -> tuple[int, int, int]:
    """Zeros where there is none."""
    major, minor, build = (machine.registry.get(KEY, name, 0) for name in ("Major", "Minor", "Bld"))
    return major, minor, build
