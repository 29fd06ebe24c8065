# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Microsoft.PowerShell.LocalAccounts: members of local groups."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .matching import has_wildcard, like

if TYPE_CHECKING:
    from ..machine import Machine

_COMMANDS = "Microsoft.PowerShell.Commands"
_SOURCE = "PowerShell-Docs 5.1 Microsoft.PowerShell.LocalAccounts; PowerShell/PowerShell: its source before it left that repository"
_BROKEN = "PowerShell/PowerShell issue 2996: a member whose account is gone makes the cmdlet fail"


@cmdlet("Get-LocalGroupMember", source=f"{_SOURCE}; {_BROKEN}",
        unconfirmed="whether a member that is asked for by name is found past a broken one")
def get_member(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "GetLocalGroupMemberCommand"
    members = machine.accounts.groups[_group(machine, bound, command)]
    if any(machine.accounts.name_of(sid) is None for sid in members):
        raise PowerShellError(
            f"An unspecified error occurred.,{_COMMANDS}.{command}", "NotSpecified", "System.InvalidOperationException",
            "Failed to compare two elements in the array.",
        )
    shown = sorted((_shown(machine, sid) for sid in members), key=str)
    return _filtered(machine, shown, bound["Member"], command) if "Member" in bound else shown


@cmdlet("Add-LocalGroupMember", source=_SOURCE)
def add_member(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "AddLocalGroupMemberCommand"
    group = _group(machine, bound, command)
    for name in bound["Member"]:
        account = machine.accounts.find(name)
        if account is None:
            raise _error("PrincipalNotFound", command, "ObjectNotFound", f"Principal {name} was not found.")
        if account.sid in machine.accounts.groups[group]:
            raise _error("MemberExists", command, "ResourceExists", f"{account.name} is already a member of group {group}.")
        machine.accounts.add_member(group, account)
    return []


def _group(machine: Machine, bound: Bound, command: str) -> str:
    if "SID" not in bound:
        raise not_modelled(f"{command} other than by -SID", "extend rehearsal/cmdlets/local_accounts.py")
    sid: str = bound["SID"]
    if sid not in machine.accounts.groups:
        raise _error("GroupNotFound", command, "ObjectNotFound", f"Group {sid} was not found.")
    return sid


def _filtered(machine: Machine, members: list[PSObject], wanted: str, command: str) -> list[PSObject]:
    """A SID or a name; a local account's name goes without the computer's."""
    local = f"{machine.identity.computer_name}\\".lower()
    names = {id(item): str(item)[len(local):] if str(item).lower().startswith(local) else str(item) for item in members}
    found = [item for item in members if item.properties["SID"] == wanted.upper() or like(names[id(item)], wanted)]
    if not found and not has_wildcard(wanted):
        raise _error("PrincipalNotFound", command, "ObjectNotFound", f"Principal {wanted} was not found.")
    return found


def _shown(machine: Machine, sid: str) -> PSObject:
    name = machine.accounts.name_of(sid) or ""
    local = name.lower().startswith(f"{machine.identity.computer_name}\\".lower())
    source = PSEnum(f"{_COMMANDS}.PrincipalSource", "Local" if local else "ActiveDirectory")
    return PSObject(
        f"{_COMMANDS}.LocalPrincipal", {"Name": name, "SID": sid, "ObjectClass": "User", "PrincipalSource": source}, text=name,
    )


def _error(name: str, command: str, category: str, message: str) -> PowerShellError:
    return PowerShellError(f"{name},{_COMMANDS}.{command}", category, f"{_COMMANDS}.{name}Exception", message)
