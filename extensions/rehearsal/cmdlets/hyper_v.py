# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Hyper-V: the host, its NUMA nodes, virtual machines."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .matching import as_list, has_wildcard, like

if TYPE_CHECKING:
    from ..machine import Machine
    from ..machine.hyperv import VirtualMachine

_TYPES = "Microsoft.HyperV.PowerShell"
_SOURCE = "hyperv-host.md 4, 5.1 (object types reflected from the real module); windows-powershell-docs Hyper-V"
_NOT_READY = "the error id while vmms does not answer"
_ENUMS = {
    "VirtualMachineMigrationAuthenticationType": ("MigrationAuthenticationType", {"CredSSP": 0, "Kerberos": 1}),
    "VirtualMachineMigrationPerformanceOption": ("VMMigrationPerformance", {"TCPIP": 0, "Compression": 1, "SMB": 2}),
}
_VM_STATES = {"Running": 2, "Off": 3, "Saved": 6, "Paused": 9}


def error(command: str, identifier: str, category: str, message: str) -> PowerShellError:
    """A Hyper-V cmdlet's error. command: the class's own name, such as GetVMHost."""
    return PowerShellError(f"{identifier},{_TYPES}.Commands.{command}", category, f"{_TYPES}.VirtualizationException", message)


def need_vmms(machine: Machine, bound: Bound, command: str) -> None:
    """Every cmdlet of the module asks vmms; without it none answers (hyperv-host.md 8, 10.4)."""
    for name in ("ComputerName", "CimSession", "Credential"):
        if name in bound and not _means_here(machine, bound[name]):
            raise not_modelled(f"{command} -{name} for another computer", "run it on that machine")
    if not machine.vmms_ready:
        raise error(
            command, "ObjectNotFound", "ObjectNotFound",
            f"Hyper-V encountered an error trying to access an object on computer '{machine.identity.computer_name}' because the object "
            "was not found. The object might have been deleted. Verify that the Virtual Machine Management service on the computer is "
            "running.",
        )


def _means_here(machine: Machine, value: Any) -> bool:
    names = {"localhost", ".", machine.identity.computer_name.lower(), machine.identity.full_name.lower()}
    return all(isinstance(item, str) and item.lower() in names for item in as_list(value))


@cmdlet("Get-VMHost", source=_SOURCE, unconfirmed=_NOT_READY)
def get_vm_host(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMHost")
    return [vm_host(machine)]


@cmdlet("Set-VMHost", source=_SOURCE, unconfirmed=_NOT_READY)
def set_vm_host(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "SetVMHost")
    for name, value in bound.items():
        if name in ("Passthru", "ComputerName"):
            continue
        machine.hyperv.set(name, _plain(value))
    return [vm_host(machine)] if bound.get("Passthru") else []


@cmdlet("Get-VMHostNumaNode", source=f"{_SOURCE}; figures per processor inferred from samples", unconfirmed=_NOT_READY)
def get_vm_host_numa_node(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMHostNumaNode")
    nodes = _numa_nodes(machine)
    if "Id" not in bound:
        return nodes
    found = [node for node in nodes if node.properties["NodeId"] == bound["Id"]]
    if not found:
        raise error("GetVMHostNumaNode", "InvalidParameter", "InvalidArgument", f"There is no NUMA node {bound['Id']}.")
    return found


@cmdlet("Get-VM", source="hyperv-host.md 4; id of a name that is not there from public notes on Server 2022", unconfirmed=_NOT_READY)
def get_vm(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVM")
    if "ClusterObject" in bound:
        raise not_modelled("Get-VM -ClusterObject", "extend rehearsal/cmdlets/hyper_v.py")
    machines = machine.hyperv.virtual_machines
    if "Id" in bound:
        return [_vm(machine, vm) for vm in machines if vm.id == bound["Id"]]
    found: list[PSObject] = []
    for pattern in as_list(bound.get("Name", ["*"])):
        matching = [_vm(machine, vm) for vm in machines if like(vm.name, pattern)]
        if not matching and not has_wildcard(pattern):
            raise no_such("GetVM", "machine", pattern)
        found += matching
    return found


def no_such(command: str, kind: str, name: str) -> PowerShellError:
    return error(command, "InvalidParameter", "InvalidArgument", f'Hyper-V was unable to find a virtual {kind} with name "{name}".')


def vm_host(machine: Machine) -> PSObject:
    """The VMHost object; a fresh one each time, as each Get-VMHost gives."""
    settings = dict(machine.hyperv.settings)
    for name, (type_name, numbers) in _ENUMS.items():
        settings[name] = PSEnum(f"{_TYPES}.{type_name}", settings[name], numbers[settings[name]])
    settings["ResourceMeteringSaveInterval"] = timedelta(seconds=settings["ResourceMeteringSaveInterval"])
    hardware, identity = machine.spec.hardware, machine.identity
    return PSObject(f"{_TYPES}.VMHost", {
        **settings,
        "LogicalProcessorCount": hardware.logical_processors,
        "MemoryCapacity": hardware.memory,
        "HostNumaStatus": _numa_nodes(machine),
        "NumaStatus": [],
        "IovSupport": not hardware.sr_iov_reason,
        "IovSupportReasons": [hardware.sr_iov_reason] if hardware.sr_iov_reason else None,
        "InternalNetworkAdapters": [],
        "ExternalNetworkAdapters": [],
        "Name": identity.computer_name,
        "ComputerName": identity.computer_name,
        "FullyQualifiedDomainName": identity.domain or identity.workgroup,
    }, text=identity.computer_name)


def _plain(value: Any) -> Any:
    if isinstance(value, PSEnum):
        return value.name
    return value.total_seconds() if isinstance(value, timedelta) else value


def _numa_nodes(machine: Machine) -> list[PSObject]:
    return [
        PSObject(f"{_TYPES}.VMHostNumaNode", {
            "NodeId": node.id,
            "ProcessorsAvailability": [100] * node.logical_processors,
            "MemoryAvailable": node.memory_mb * 9 // 10,
            "MemoryTotal": node.memory_mb,
            "ComputerName": machine.identity.computer_name,
        })
        for node in machine.hyperv.numa_nodes()
    ]


def _vm(machine: Machine, vm: VirtualMachine) -> PSObject:
    return PSObject(f"{_TYPES}.VirtualMachine", {
        "Name": vm.name,
        "Id": vm.id,
        "State": PSEnum(f"{_TYPES}.VMState", vm.state, _VM_STATES[vm.state]),
        "Status": "Operating normally",
        "Generation": 2,
        "IsClustered": False,
        "Notes": "",
        "ComputerName": machine.identity.computer_name,
    }, text=vm.name)
