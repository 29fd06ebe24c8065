# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Hyper-V: live migration. Source: hyperv-host.md 5."""
from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..machine.hyperv import MigrationNetwork
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .hyper_v import error, need_vmms, vm_host
from .matching import as_list, has_wildcard, like

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "hyperv-host.md 5.1 to 5.3 (object types reflected from the real module); windows-powershell-docs Hyper-V"
_ENABLED = "VirtualMachineMigrationEnabled"


@cmdlet("Enable-VMMigration", source=_SOURCE, unconfirmed="the error outside a domain")
def enable_migration(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "EnableVMMigration")
    if not machine.identity.domain:
        message = "Failed to enable live migration: the computer is not in an Active Directory domain."
        raise error("EnableVMMigration", "OperationFailed", "InvalidOperation", message)
    machine.hyperv.set(_ENABLED, True)
    return [vm_host(machine)] if bound.get("Passthru") else []


@cmdlet("Disable-VMMigration", source=_SOURCE)
def disable_migration(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "DisableVMMigration")
    machine.hyperv.set(_ENABLED, False)
    return [vm_host(machine)] if bound.get("Passthru") else []


@cmdlet("Get-VMMigrationNetwork", source=_SOURCE, unconfirmed="the answer while any network may be used")
def get_networks(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMMigrationNetwork")
    if "Priority" in bound:
        raise not_modelled("Get-VMMigrationNetwork -Priority", "extend rehearsal/cmdlets/live_migration.py")
    patterns = as_list(bound.get("Subnet", ["*"]))
    found = [network for network in machine.hyperv.networks if any(like(network.subnet, pattern) for pattern in patterns)]
    return [_shown(machine, network) for network in found]


@cmdlet("Add-VMMigrationNetwork", source=_SOURCE, unconfirmed="the error of a subnet that is there, or is none")
def add_network(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "AddVMMigrationNetwork"
    need_vmms(machine, bound, command)
    network = MigrationNetwork(_subnet(command, bound["Subnet"]), bound.get("Priority"))
    if network.subnet in (item.subnet for item in machine.hyperv.networks):
        raise error(command, "InvalidParameter", "InvalidArgument", f"The migration network {network.subnet} is there already.")
    machine.hyperv.set_networks([*machine.hyperv.networks, network])
    return [_shown(machine, network)] if bound.get("Passthru") else []


@cmdlet("Set-VMMigrationNetwork", source=f"{_SOURCE}: fails when the entry does not exist", unconfirmed="the id of that error")
def set_network(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "SetVMMigrationNetwork"
    need_vmms(machine, bound, command)
    chosen = _chosen(machine, command, bound["Subnet"])
    subnet = _subnet(command, bound["NewSubnet"]) if "NewSubnet" in bound else None
    changed = {item: MigrationNetwork(subnet or item.subnet, bound.get("NewPriority", item.priority)) for item in chosen}
    machine.hyperv.set_networks([changed.get(item, item) for item in machine.hyperv.networks])
    return [_shown(machine, network) for network in changed.values()] if bound.get("Passthru") else []


@cmdlet("Remove-VMMigrationNetwork", source=f"{_SOURCE}: the subnet may be a wildcard", unconfirmed="the id of a subnet that is not there")
def remove_network(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "RemoveVMMigrationNetwork"
    need_vmms(machine, bound, command)
    gone = _chosen(machine, command, bound["Subnet"])
    machine.hyperv.set_networks([item for item in machine.hyperv.networks if item not in gone])
    return [_shown(machine, network) for network in gone] if bound.get("Passthru") else []


def _chosen(machine: Machine, command: str, pattern: str) -> list[MigrationNetwork]:
    found = [item for item in machine.hyperv.networks if like(item.subnet, pattern)]
    if not found and not has_wildcard(pattern):
        raise error(command, "ObjectNotFound", "ObjectNotFound", f"There is no migration network {pattern}.")
    return found


def _subnet(command: str, text: str) -> str:
    """A bare address is one host. What Windows makes of bits beyond the prefix is not known, so that is refused."""
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        raise error(command, "InvalidParameter", "InvalidArgument", f"{text} is not a subnet.") from None
    if interface.ip != interface.network.network_address:
        raise not_modelled(f"the migration network {text}, which has bits beyond its prefix", f"give {interface.network}")
    return str(interface.network)


def _shown(machine: Machine, network: MigrationNetwork) -> PSObject:
    return PSObject("Microsoft.HyperV.PowerShell.VMMigrationNetwork", {
        "Subnet": network.subnet, "Priority": network.priority, "ComputerName": machine.identity.computer_name,
    }, text=network.subnet)
