# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module NetSecurity, for the rules that machine/firewall.py knows."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.firewall import Rule
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cdxml import not_found
from .matching import as_list, has_wildcard, like, name_of

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "hyperv-host.md 8; windows-powershell-docs NetSecurity; error id from public code"
_UNCONFIRMED = "display names other than those of the fact sheet"
_TYPES = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.NetSecurity"


@cmdlet("Get-NetFirewallRule", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def get_rule(machine: Machine, bound: Bound) -> list[PSObject]:
    return [_shown(rule) for rule in _named(machine, bound, "Get-NetFirewallRule")]


@cmdlet("Enable-NetFirewallRule", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def enable_rule(machine: Machine, bound: Bound) -> list[Any]:
    for rule in _named(machine, bound, "Enable-NetFirewallRule"):
        machine.firewall.enable(rule, True)
    return []


@cmdlet("Disable-NetFirewallRule", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def disable_rule(machine: Machine, bound: Bound) -> list[Any]:
    for rule in _named(machine, bound, "Disable-NetFirewallRule"):
        machine.firewall.enable(rule, False)
    return []


def _named(machine: Machine, bound: Bound, command: str) -> list[Rule]:
    """By -Name or -InputObject only: a listing would have to know every rule of Windows."""
    if not {"Name", "InputObject"} & set(bound) or set(bound) - {"Name", "InputObject", "Confirm", "PassThru"}:
        raise not_modelled(f"{command} other than by -Name", "extend rehearsal/cmdlets/net_security.py")
    found: list[Rule] = []
    for name in (name_of(item) for item in as_list(bound["InputObject"] if "InputObject" in bound else bound["Name"])):
        matching = [rule for rule in machine.firewall.rules() if like(rule.name, name)]
        if not matching and not name.upper().startswith("VIRT-"):
            raise not_modelled(f"the firewall rule {name}", "add it to machine/firewall.py")
        if not matching and not has_wildcard(name):
            raise not_found("CmdletizationQuery_NotFound_InstanceID", command)
        found += matching
    return found


def _shown(rule: Rule) -> PSObject:
    enabled = PSEnum(f"{_TYPES}.Enabled", "True", 1) if rule.enabled else PSEnum(f"{_TYPES}.Enabled", "False", 2)
    return PSObject("CimInstance#MSFT_NetFirewallRule", {
        "Name": rule.name, "InstanceID": rule.name, "DisplayName": rule.display, "Enabled": enabled,
        "Direction": PSEnum(f"{_TYPES}.Direction", "Inbound", 1), "Action": PSEnum(f"{_TYPES}.Action", "Allow", 2),
    })
