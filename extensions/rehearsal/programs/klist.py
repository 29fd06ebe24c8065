# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""klist.exe."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult, program

if TYPE_CHECKING:
    from ..machine import Machine


@program("klist.exe", source="Microsoft's page of klist (windows-commands); hyperv-host.md 5.3", unconfirmed="the exact text")
def klist(machine: Machine, arguments: list[str]) -> ProgramResult:
    """`klist purge`, also for another logon session (`-li 0x3e7` is the computer's own)."""
    words = [argument.lower() for argument in arguments]
    session = ""
    if words[:1] == ["-li"] and len(words) > 1 and re.fullmatch(r"(0x)?[0-9a-f]+", words[1]):
        session, words = words[1], words[2:]
    if words != ["purge"]:
        raise not_modelled(f"klist.exe {' '.join(arguments)}", "extend rehearsal/programs/klist.py")
    machine.note(f"Kerberos tickets of the logon session {session or 'of the caller'} purged")
    return ProgramResult(0, "\tDeleting all tickets:\r\n\tTicket(s) purged!\r\n")
