# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Hyper-V: live migration.

Sources: hyperv-host.md 5; public listings of the module's code, for what its cmdlets check before they ask vmms and which networks they
see (those that are tagged Microsoft:UserManaged, never a failover cluster's).
"""
from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import TYPE_CHECKING

from ..machine.hyperv import MigrationNetwork
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
    if not machine.hyperv.settings[_ENABLED]:
        machine.hyperv.takes_networks_from = machine.now() + timedelta(seconds=machine.spec.timing.vmms_ready_seconds)
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
    found = list(machine.hyperv.networks)
    if "Subnet" in bound:
        found = [item for item in found if any(_matches("GetVMMigrationNetwork", item, subnet) for subnet in as_list(bound["Subnet"]))]
    if "Priority" in bound:
        found = [item for item in found if item.priority in as_list(bound["Priority"])]
    return [_shown(machine, network) for network in found]


@cmdlet("Add-VMMigrationNetwork", source=f"{_SOURCE}; nova-hyperv-charm retries it after Enable-VMMigration",
        unconfirmed="the error of a subnet that is none, and of vmms right after Enable-VMMigration; the priority where none is given")
def add_network(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "AddVMMigrationNetwork"
    need_vmms(machine, bound, command)
    network = MigrationNetwork(_subnet(command, bound["Subnet"]), bound.get("Priority"))
    _refuse_taken(machine, command, network.subnet)
    ready = machine.hyperv.takes_networks_from
    if ready is not None and machine.now() < ready:
        raise error(command, "OperationFailed", "NotSpecified", "The operation failed. Live migration was switched on a moment ago.")
    machine.hyperv.set_networks([*machine.hyperv.networks, network])
    return [_shown(machine, network)] if bound.get("Passthru") else []


@cmdlet("Set-VMMigrationNetwork", source=f"{_SOURCE}: fails when the entry does not exist")
def set_network(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "SetVMMigrationNetwork"
    need_vmms(machine, bound, command)
    if not {"NewSubnet", "NewPriority"} & set(bound):
        raise error(command, "InvalidParameter", "InvalidArgument", "Give a new subnet or a new priority.")
    subnet = _subnet(command, bound["NewSubnet"]) if "NewSubnet" in bound else ""
    chosen = _chosen(machine, command, bound["Subnet"])
    if len(chosen) > 1:
        raise error(command, "OperationFailed", "NotSpecified", f"{bound['Subnet']} stands for several migration networks.")
    if subnet:
        _refuse_taken(machine, command, subnet)
    changed = MigrationNetwork(subnet or chosen[0].subnet, bound.get("NewPriority", chosen[0].priority))
    machine.hyperv.set_networks([changed if item == chosen[0] else item for item in machine.hyperv.networks])
    return [_shown(machine, changed)] if bound.get("Passthru") else []


@cmdlet("Remove-VMMigrationNetwork", source=f"{_SOURCE}: the subnet may be a wildcard")
def remove_network(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "RemoveVMMigrationNetwork"
    need_vmms(machine, bound, command)
    gone = _chosen(machine, command, bound["Subnet"])
    machine.hyperv.set_networks([item for item in machine.hyperv.networks if item not in gone])
    return [_shown(machine, network) for network in gone] if bound.get("Passthru") else []


def _chosen(machine: Machine, command: str, pattern: str) -> list[MigrationNetwork]:
    found = [item for item in machine.hyperv.networks if _matches(command, item, pattern)]
    if not found:
        raise error(command, "ObjectNotFound", "ObjectNotFound", f"There is no migration network {pattern}.")
    return found


def _matches(command: str, network: MigrationNetwork, pattern: str) -> bool:
    """A wildcard is compared as text, anything else as a subnet."""
    return like(network.subnet, pattern) if has_wildcard(pattern) else network.subnet == _subnet(command, pattern)


def _refuse_taken(machine: Machine, command: str, subnet: str) -> None:
    if subnet in (item.subnet for item in machine.hyperv.networks):
        raise error(command, "OperationFailed", "NotSpecified", f"The migration network {subnet} is there already.")


def _subnet(command: str, text: str) -> str:
    """An address alone is one host; bits beyond the prefix make it no subnet."""
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        raise error(command, "InvalidParameter", "InvalidArgument", f"{text} is not a subnet.") from None
    if network.is_loopback or (network.version == 4 and network.is_link_local):
        raise error(command, "InvalidParameter", "InvalidArgument", f"{text} is a loopback or link-local network.")
    return str(network)


def _shown(machine: Machine, network: MigrationNetwork) -> PSObject:
    return PSObject("Microsoft.HyperV.PowerShell.VMMigrationNetwork", {
        "Subnet": network.subnet, "Priority": network.priority, "ComputerName": machine.identity.computer_name,
    }, text=network.subnet)
