# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vendor's installer that is no MSI. Every vendor has switches of its own; here /quiet or /S installs in silence."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..machine.executables import Executable
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult, executable
from ..software.msi import SUCCESS, SUCCESS_REBOOT_REQUIRED, from_facts, is_installed, lay_down

if TYPE_CHECKING:
    from ..machine import Machine


@executable("vendor_setup", source="none: every vendor's is another", unconfirmed="switches and exit codes of any real one")
def vendor_setup(machine: Machine, file: Executable, arguments: list[str]) -> ProgramResult:
    switches = {word.lower() for word in arguments}
    if not switches & {"/quiet", "/s"}:
        raise not_modelled(f"an installer without /quiet or /S: {' '.join(arguments)}", "it would wait for a user")
    package = from_facts(file.facts)
    if package.exit_code not in (SUCCESS, SUCCESS_REBOOT_REQUIRED):
        return ProgramResult(package.exit_code)
    if not is_installed(machine, package.product_code):
        lay_down(machine, package, {}, ["ALL"])
        machine.note(f"installed {package.name} {package.version}")
    return ProgramResult(package.exit_code)
