# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Test-ComputerSecureChannel, and who is in the local groups as CIM tells it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.accounts import Accounts
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cim_schema import CLASSES, instance, provides
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_COMMAND = "Microsoft.PowerShell.Commands.TestComputerSecureChannelCommand"
_HELP = "extend rehearsal/cmdlets/membership.py"
_W32 = "MicrosoftDocs/win32 CIMWin32Prov"
_USER_TYPE, _ALIAS_TYPE = 1, 4


@cmdlet(
    "Test-ComputerSecureChannel",
    source="PowerShell-Docs 5.1 Microsoft.PowerShell.Management; public transcript of the error outside a domain",
    unconfirmed="the answer where the computer's account is gone from the directory",
)
def test_secure_channel(machine: Machine, bound: Bound) -> list[bool]:
    """A domain that the lab does not describe is taken to know its member."""
    if set(bound) - {"Confirm"}:
        raise not_modelled(f"Test-ComputerSecureChannel -{next(iter(bound))}", _HELP)
    name = machine.identity.computer_name
    if not machine.identity.domain:
        raise PowerShellError(
            f"ComputerNotInDomain,{_COMMAND}", "InvalidOperation", "System.InvalidOperationException",
            f"Cannot verify the secure channel for the local computer. The computer {name} is not in a domain.",
        )
    return [not machine.in_lab_domain or name.lower() in machine.directory.accounts]


@provides("root/cimv2", "Win32_Group", source=f"{_W32}/win32-group.md")
def groups(machine: Machine) -> list[dict[str, Any]]:
    """The local groups; those of the domain, which the class also lists, are not known here."""
    computer = machine.identity.computer_name
    found = []
    for sid in machine.accounts.groups:
        name = (machine.accounts.name_of(sid) or "").rpartition("\\")[2]
        found.append({
            "Caption": f"{computer}\\{name}", "Name": name, "Domain": computer, "SID": sid, "SIDType": _ALIAS_TYPE, "LocalAccount": True,
            "Status": "OK",
        })
    return found


@cmdlet(
    "Get-CimAssociatedInstance",
    source=f"PowerShell-Docs 5.1 CimCmdlets; {_W32}/win32-groupuser.md; public scripts that list a group's members by it",
    unconfirmed="that managed service accounts and members whose account is gone are listed as other members are",
)
def get_associated(machine: Machine, bound: Bound) -> list[PSObject]:
    if set(bound) - {"InputObject", "Association"} or str(bound.get("Association", "")).lower() != "win32_groupuser":
        raise not_modelled("Get-CimAssociatedInstance other than -InputObject -Association Win32_GroupUser", _HELP)
    found = []
    for item in as_list(bound["InputObject"]):
        if item.type.rpartition("#")[2].lower() != "win32_group":
            raise not_modelled(f"the members of {item.type}", _HELP)
        found += [_account(machine.accounts, sid) for sid in machine.accounts.groups[item.properties["SID"]]]
    return [item for item in found if item is not None]


def _account(accounts: Accounts, sid: str) -> PSObject | None:
    name = accounts.name_of(sid)
    if name is None:
        return None
    domain, _unused, user = name.rpartition("\\")
    values = {"Caption": name, "Name": user, "Domain": domain, "SID": sid, "SIDType": _USER_TYPE, "Status": "OK"}
    return instance(CLASSES["root/cimv2"]["win32_useraccount"], values)
