# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""powershell.exe with the two texts that the collection puts into a scheduled task; any other is refused as not modelled."""
from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from ..powershell.binder import bind
from ..powershell.catalogue import catalogue
from ..powershell.errors import not_modelled
from ..powershell.registry import MODELS, ProgramResult, program
from ..powershell.values import PSObject

if TYPE_CHECKING:
    from ..machine import Machine

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_COMMAND = re.compile(r'-NoLogo -NoProfile -NonInteractive -Command "(?P<text>[^"]*)"')
_REMOVE = re.compile(
    r"Get-VMSwitch -SwitchType External \| Where-Object \{ \$_\.NetAdapterInterfaceGuid \| Where-Object \{ "
    rf"@\((?P<guids>'{_GUID}'(?:,'{_GUID}')*)\) -contains \[string\]\$_ \}} \}} \| Remove-VMSwitch -Force"
)
_VLAN = re.compile(
    rf"Get-VMNetworkAdapter -ManagementOS \| Where-Object \{{ \[string\]\$_\.SwitchId -eq '(?P<switch>{_GUID})' \}} \| "
    r"Set-VMNetworkAdapterVlan (?P<mode>-Untagged|-Access -VlanId (?P<vlan>\d+))"
)


@program("powershell.exe", source="windows-powershell-docs Hyper-V; about_PowerShell_exe; PowerShell's own evaluation of -contains and -eq")
def powershell(machine: Machine, arguments: list[str]) -> ProgramResult:
    """The command line of powershell.exe as one text, as the Task Scheduler hands it over."""
    command = _COMMAND.fullmatch(" ".join(arguments))
    text = command["text"] if command else ""
    if remove := _REMOVE.fullmatch(text):
        wanted = {uuid.UUID(item.strip("'")) for item in remove["guids"].split(",")}
        for switch in _run(machine, "Get-VMSwitch", SwitchType=["External"]):
            if wanted & set(switch.properties["NetAdapterInterfaceGuid"]):
                _run(machine, "Remove-VMSwitch", VMSwitch=[switch], Force=True)
        return ProgramResult(0)
    if vlan := _VLAN.fullmatch(text):
        mode = {"Access": True, "VlanId": int(vlan["vlan"])} if vlan["vlan"] else {"Untagged": True}
        for adapter in _run(machine, "Get-VMNetworkAdapter", ManagementOS=True):
            if adapter.properties["SwitchId"] == uuid.UUID(vlan["switch"]):
                _run(machine, "Set-VMNetworkAdapterVlan", VMNetworkAdapter=[adapter], **mode)
        return ProgramResult(0)
    raise not_modelled(f"powershell.exe {' '.join(arguments)}", "add its text to rehearsal/programs/powershell.py")


def _run(machine: Machine, name: str, **parameters: object) -> list[PSObject]:
    command = catalogue().find(name, machine.os_version)
    assert command is not None
    return list(MODELS.cmdlets[name.lower()].function(machine, bind(command, parameters, catalogue())))
