# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Hyper-V: virtual switches and the network adapters of the management operating system."""
from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..machine.hardware import Nic
from ..machine.switches import VmSwitch
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .hyper_v import error, need_vmms, no_such
from .matching import as_list, has_wildcard, like
from .net_adapter import guid, management_adapter

if TYPE_CHECKING:
    from ..machine import Machine

_TYPES = "Microsoft.HyperV.PowerShell"
_SOURCE = "hyperv-host.md 3 (object types reflected from the real module); windows-powershell-docs Hyper-V"
_NOT_READY = "the error id while vmms does not answer"
_SWITCH_TYPES = {"Private": 0, "Internal": 1, "External": 2}
_EXTENSION_TYPES = {"Capture": 1, "Filter": 2, "Forwarding": 3, "Monitoring": 4}
_BANDWIDTH = {"Default": 0, "Weight": 1, "Absolute": 2, "None": 3}
_ALGORITHMS = {"HyperVPort": 4, "Dynamic": 5}
_VLAN_MODES = {"Untagged": 0, "Access": 1}
_EXTEND = "extend rehearsal/cmdlets/switches.py"


@cmdlet("Get-VMSwitch", source=f"{_SOURCE}; id of an absent name from public notes on Server 2022", unconfirmed=_NOT_READY)
def get_vm_switch(machine: Machine, bound: Bound) -> list[PSObject]:
    """By name or id. An id that nobody has gives nothing back here (unconfirmed)."""
    need_vmms(machine, bound, "GetVMSwitch")
    if "ResourcePoolName" in bound:
        raise not_modelled("Get-VMSwitch -ResourcePoolName", _EXTEND)
    pattern = bound.get("Name", "*")
    types = [item.name for item in as_list(bound.get("SwitchType", []))]
    ids = as_list(bound.get("Id", []))
    found = [
        switch_object(machine, switch) for switch in machine.hyperv.switches
        if like(switch.name, pattern) and (not types or switch.type in types) and (not ids or switch.id in ids)
    ]
    if not found and not has_wildcard(pattern):
        raise no_such("GetVMSwitch", "switch", pattern)
    return found


@cmdlet("New-VMSwitch", source=f"{_SOURCE}; errors of hyperv-host.md 3.5", unconfirmed="the error for an adapter of another switch")
def new_vm_switch(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "NewVMSwitch")
    nics = _chosen(machine, bound)
    kind = bound["SwitchType"].name if "SwitchType" in bound else "External"
    if len(nics) > 1 and not bound.get("EnableEmbeddedTeaming"):
        raise error("NewVMSwitch", "InvalidParameter", "InvalidArgument", "Several network adapters need -EnableEmbeddedTeaming.")
    if bound.get("EnablePacketDirect") or (bound.get("EnableEmbeddedTeaming") and len(nics) < 2):
        raise not_modelled("New-VMSwitch with packet direct, or a team of one", _EXTEND)
    for nic in nics:
        _require_free(machine, nic, "NewVMSwitch")
    iov = bool(bound.get("EnableIov"))
    wanted = bound["MinimumBandwidthMode"].name if "MinimumBandwidthMode" in bound else "Default"
    switch = VmSwitch(
        id=uuid.uuid4(),
        name=bound["Name"],
        type=kind,
        adapters=tuple(nic.name for nic in nics),
        # hyperv-host.md 3.2: shared unless told otherwise.
        allow_management_os=bound.get("AllowManagementOS", kind != "Private"),
        notes=bound.get("Notes", ""),
        bandwidth=wanted if wanted != "Default" else "None" if iov else "Weight",
        iov=iov,
    )
    machine.hyperv.switches.append(switch)
    machine.note(f"virtual switch {switch.name} over {', '.join(switch.adapters) or 'no adapter'}")
    _rebind(machine, switch)
    return [switch_object(machine, switch)]


@cmdlet("Set-VMSwitch", source=_SOURCE, unconfirmed=_NOT_READY)
def set_vm_switch(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "SetVMSwitch")
    others = sorted(set(bound) - {"Name", "VMSwitch", "AllowManagementOS", "Notes", "Passthru"})
    if others:
        raise not_modelled(f"Set-VMSwitch -{others[0]}", _EXTEND)
    changed = []
    for switch in _switches(machine, bound, "SetVMSwitch"):
        shared = bound.get("AllowManagementOS", switch.allow_management_os)
        new = replace(switch, allow_management_os=shared, notes=bound.get("Notes", switch.notes))
        if not new.managed or not switch.managed:
            new = replace(new, vlan=0)
        changed.append(_replace(machine, switch, new, f"AllowManagementOS {shared}"))
    return [switch_object(machine, switch) for switch in changed] if bound.get("Passthru") else []


@cmdlet("Get-VMSwitchTeam", source=f"{_SOURCE}; classes.json: VMSwitchTeam", unconfirmed="the answer on a host without a team")
def get_vm_switch_team(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMSwitchTeam")
    if "VMSwitch" in bound:
        raise not_modelled("Get-VMSwitchTeam -VMSwitch", _EXTEND)
    pattern = bound.get("Name", "*")
    return [_team(machine, switch) for switch in machine.hyperv.switches if len(switch.adapters) > 1 and like(switch.name, pattern)]


@cmdlet("Set-VMSwitchTeam", source=f"{_SOURCE} (Set-VMSwitchTeam)",
        unconfirmed="that another algorithm leaves connections alone; the error where there is no team; the default algorithm (Dynamic)")
def set_vm_switch_team(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "SetVMSwitchTeam")
    others = sorted(set(bound) - {"Name", "VMSwitch", "LoadBalancingAlgorithm", "Passthru"})
    if others or "LoadBalancingAlgorithm" not in bound:
        raise not_modelled(f"Set-VMSwitchTeam -{others[0] if others else 'nothing'}", _EXTEND)
    chosen = _switches(machine, bound, "SetVMSwitchTeam")
    if any(len(switch.adapters) < 2 for switch in chosen):
        raise error("SetVMSwitchTeam", "InvalidParameter", "InvalidArgument", "The virtual switch has no embedded team.")
    algorithm = bound["LoadBalancingAlgorithm"].name
    for switch in chosen:
        if switch.load_balancing != algorithm:
            place = machine.hyperv.switches.index(switch)
            machine.hyperv.switches[place] = replace(switch, load_balancing=algorithm)
            machine.note(f"virtual switch {switch.name}: load balancing {algorithm}")
    return [switch_object(machine, switch) for switch in chosen] if bound.get("Passthru") else []


@cmdlet("Remove-VMSwitch", source=_SOURCE, unconfirmed="that the network adapter gets back the addresses that it had before")
def remove_vm_switch(machine: Machine, bound: Bound) -> list[Any]:
    need_vmms(machine, bound, "RemoveVMSwitch")
    if "ResourcePoolName" in bound:
        raise not_modelled("Remove-VMSwitch -ResourcePoolName", _EXTEND)
    for switch in _switches(machine, bound, "RemoveVMSwitch"):
        machine.hyperv.switches.remove(switch)
        machine.note(f"virtual switch {switch.name} removed")
        _rebind(machine, switch)
    return []


@cmdlet("Get-VMNetworkAdapter", source=_SOURCE, unconfirmed="the lab's virtual machines have no network adapters")
def get_vm_network_adapter(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMNetworkAdapter")
    if not (bound.get("All") or bound.get("ManagementOS")):
        raise not_modelled("Get-VMNetworkAdapter of virtual machines", _EXTEND)
    named = [switch for switch in machine.hyperv.switches if like(switch.name, bound.get("SwitchName", "*"))]
    return [_internal_adapter(machine, switch) for switch in named if switch.managed and like(switch.name, bound.get("Name", "*"))]


@cmdlet("Get-VMNetworkAdapterVlan", source=f"{_SOURCE}; hyperv-host.md 3.4", unconfirmed=_NOT_READY)
def get_vlan(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMNetworkAdapterVlan")
    return [_vlan_setting(switch) for switch in _ports(machine, bound, "GetVMNetworkAdapterVlan")]


@cmdlet("Set-VMNetworkAdapterVlan", source=f"{_SOURCE}; hyperv-host.md 3.4", unconfirmed=_NOT_READY)
def set_vlan(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "SetVMNetworkAdapterVlan")
    modes = [name for name in ("Untagged", "Access", "Trunk", "Isolated", "Community", "Promiscuous") if bound.get(name)]
    if modes not in (["Untagged"], ["Access"]):
        raise not_modelled(f"Set-VMNetworkAdapterVlan with the modes {modes}", _EXTEND)
    vlan = bound.get("VlanId", 0)
    if (modes == ["Access"]) != (1 <= vlan <= 4094):
        raise error("SetVMNetworkAdapterVlan", "InvalidParameter", "InvalidArgument", f"{vlan} is no VLAN identifier for this mode.")
    ports = _ports(machine, bound, "SetVMNetworkAdapterVlan")
    changed = [_replace(machine, switch, replace(switch, vlan=vlan), f"VLAN {vlan}") for switch in ports]
    return [_vlan_setting(switch) for switch in changed] if bound.get("Passthru") else []


@cmdlet("Get-VMSwitchExtension", source="hyperv-host.md 3.1; windows-powershell-docs Hyper-V", unconfirmed=_NOT_READY)
def get_vm_switch_extension(machine: Machine, bound: Bound) -> list[PSObject]:
    """The extensions of the lab file; a real switch has Microsoft's own as well."""
    need_vmms(machine, bound, "GetVMSwitchExtension")
    wanted = [str(item.properties["Name"]) for item in as_list(bound.get("VMSwitch", []))] + as_list(bound.get("VMSwitchName", []))
    found: list[PSObject] = []
    for name in wanted:
        switches = [switch for switch in machine.hyperv.switches if like(switch.name, name)]
        if not switches:
            raise no_such("GetVMSwitchExtension", "switch", name)
        found += [item for switch in switches for item in _extensions(machine, switch)]
    patterns = as_list(bound.get("Name", ["*"]))
    return [item for item in found if any(like(item.properties["Name"], pattern) for pattern in patterns)]


def switch_object(machine: Machine, switch: VmSwitch) -> PSObject:
    nics = [nic for name in switch.adapters for nic in machine.spec.hardware.nics if nic.name == name]
    descriptions = [nic.description for nic in nics]
    return PSObject(f"{_TYPES}.VMSwitch", {
        "Name": switch.name,
        "Id": switch.id,
        "Notes": switch.notes,
        "SwitchType": PSEnum(f"{_TYPES}.VMSwitchType", switch.type, _SWITCH_TYPES[switch.type]),
        "AllowManagementOS": switch.managed,
        "NetAdapterInterfaceDescription": descriptions[0] if descriptions else None,
        "NetAdapterInterfaceDescriptions": descriptions,
        "NetAdapterInterfaceGuid": [uuid.UUID(guid(machine, nic)) for nic in nics],
        "EmbeddedTeamingEnabled": len(descriptions) > 1,
        "IovEnabled": switch.iov,
        "PacketDirectEnabled": False,
        "BandwidthReservationMode": PSEnum(f"{_TYPES}.VMSwitchBandwidthMode", switch.bandwidth, _BANDWIDTH[switch.bandwidth]),
        "Extensions": _extensions(machine, switch),
        "ComputerName": machine.identity.computer_name,
    }, text=switch.name)


def _team(machine: Machine, switch: VmSwitch) -> PSObject:
    shown = switch_object(machine, switch).properties
    algorithm = PSEnum(f"{_TYPES}.VMSwitchLoadBalancingAlgorithm", switch.load_balancing, _ALGORITHMS[switch.load_balancing])
    return PSObject(f"{_TYPES}.VMSwitchTeam", {
        "Name": switch.name,
        "Id": switch.id,
        "NetAdapterInterfaceDescription": shown["NetAdapterInterfaceDescriptions"],
        "NetAdapterInterfaceGuid": shown["NetAdapterInterfaceGuid"],
        "TeamingMode": PSEnum(f"{_TYPES}.VMSwitchTeamingMode", "SwitchIndependent", 1),
        "LoadBalancingAlgorithm": algorithm,
    }, text=switch.name)


def _internal_adapter(machine: Machine, switch: VmSwitch) -> PSObject:
    device = guid(machine, management_adapter(switch))
    return PSObject(f"{_TYPES}.VMInternalNetworkAdapter", {
        "Name": switch.name,
        "Id": f"Microsoft:{device}",
        "DeviceId": device,
        "IsManagementOs": True,
        "IsExternalAdapter": False,
        "SwitchName": switch.name,
        "SwitchId": switch.id,
        "VlanSetting": _vlan_setting(switch),
        "VMName": None,
        "ComputerName": machine.identity.computer_name,
    }, text=switch.name)


def _vlan_setting(switch: VmSwitch) -> PSObject:
    mode = "Access" if switch.vlan else "Untagged"
    return PSObject(f"{_TYPES}.VMNetworkAdapterVlanSetting", {
        "OperationMode": PSEnum(f"{_TYPES}.VMNetworkAdapterVlanMode", mode, _VLAN_MODES[mode]),
        "AccessVlanId": switch.vlan,
        "NativeVlanId": 0,
        "AllowedVlanIdListString": "",
    })


def _chosen(machine: Machine, bound: Bound) -> list[Nic]:
    """The adapters that New-VMSwitch was given; one that is not there fails as public reports show it (AutomatedLab issue 1698)."""
    key = "name" if "NetAdapterName" in bound else "description"
    nics = []
    for wanted in as_list(bound.get("NetAdapterName", bound.get("NetAdapterInterfaceDescription", []))):
        nic = next((nic for nic in machine.spec.hardware.nics if getattr(nic, key).lower() == wanted.lower()), None)
        if nic is None or not nic.physical:
            raise error("NewVMSwitch", "InvalidOperation", "InvalidOperation", "Sequence contains no matching element")
        nics.append(nic)
    return nics


def _require_free(machine: Machine, nic: Nic, command: str) -> None:
    if any(nic.name in switch.adapters for switch in machine.hyperv.switches):
        raise _bind_failed(machine, nic, command, "is already bound to the Microsoft Virtual Switch protocol.")
    if nic.status in ("Disabled", "Not Present"):
        raise _bind_failed(machine, nic, command, "bind failed: Element not found. (0x80070490).")


def _bind_failed(machine: Machine, nic: Nic, command: str, reason: str) -> PowerShellError:
    text = f"Failed while adding virtual Ethernet switch connections. Ethernet port '{guid(machine, nic)}' {reason}"
    return error(command, "ObjectNotFound", "ObjectNotFound", text)


def _switches(machine: Machine, bound: Bound, command: str) -> list[VmSwitch]:
    """Those that -VMSwitch or -Name stand for."""
    if "VMSwitch" in bound:
        ids = [item.properties["Id"] for item in as_list(bound["VMSwitch"])]
        return [switch for switch in machine.hyperv.switches if switch.id in ids]
    found: list[VmSwitch] = []
    for name in as_list(bound["Name"]):
        matching = [switch for switch in machine.hyperv.switches if like(switch.name, name)]
        if not matching and not has_wildcard(name):
            raise no_such(command, "switch", name)
        found += matching
    return found


def _ports(machine: Machine, bound: Bound, command: str) -> list[VmSwitch]:
    """The switches whose management adapters a call means; without a name it means all of them (hyperv-host.md 3.4)."""
    managed = [switch for switch in machine.hyperv.switches if switch.managed]
    if "VMNetworkAdapter" in bound:
        ids = [item.properties["SwitchId"] for item in as_list(bound["VMNetworkAdapter"])]
        return [switch for switch in managed if switch.id in ids]
    if not bound.get("ManagementOS"):
        raise not_modelled(f"{command} of virtual machines", _EXTEND)
    return [switch for switch in managed if like(switch.name, bound.get("VMNetworkAdapterName", "*"))]


def _replace(machine: Machine, old: VmSwitch, new: VmSwitch, what: str) -> VmSwitch:
    if new != old:
        machine.hyperv.switches[machine.hyperv.switches.index(old)] = new
        machine.note(f"virtual switch {new.name}: {what}")
        _rebind(machine, new)
    return new


def _rebind(machine: Machine, switch: VmSwitch) -> None:
    if machine.uplink.spec.adapter in switch.adapters:
        machine.uplink.bound_anew()


def _extensions(machine: Machine, switch: VmSwitch) -> Iterable[PSObject]:
    return [
        PSObject(f"{_TYPES}.VMSwitchExtension", {
            "Name": extension.name,
            "Vendor": extension.vendor,
            "ExtensionType": PSEnum(f"{_TYPES}.VMSwitchExtensionType", extension.type, _EXTENSION_TYPES[extension.type]),
            "SwitchId": str(switch.id).upper(),
            "SwitchName": switch.name,
            "Enabled": extension.enabled,
            "ComputerName": machine.identity.computer_name,
        }, text=extension.name)
        for extension in switch.extensions
    ]
