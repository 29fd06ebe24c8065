# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Hyper-V: discrete device assignment. Source: hyperv-host.md 6."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..machine.pci import PROBLEM_DISABLED, Device
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .hyper_v import error, need_vmms
from .matching import as_list, like, name_of

if TYPE_CHECKING:
    from ..machine import Machine

_TYPES = "Microsoft.HyperV.PowerShell"
_SOURCE = "hyperv-host.md 6.3, 6.4; windows-powershell-docs Hyper-V"
_FIRMWARE = (
    "The operation failed. The current configuration does not allow for OS control of the PCI Express bus. "
    "Please check your BIOS or UEFI settings."
)
_NO_MITIGATION = (
    "The operation failed. The manufacturer of this device has not supplied any directives for securing this device while exposing it to a "
    "virtual machine."
)


@cmdlet("Get-VMHostAssignableDevice", source=_SOURCE, unconfirmed="that an assigned device is still listed; the filters before Server 2022")
def get_assignable(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMHostAssignableDevice")
    if "ResourcePoolName" in bound:
        raise not_modelled("Get-VMHostAssignableDevice -ResourcePoolName", "extend rehearsal/cmdlets/assignable_devices.py")
    found = [device for device in machine.pci.all() if device.state.dismounted]
    if "LocationPath" in bound:
        found = [device for device in found if device.spec.location_path.lower() == bound["LocationPath"].lower()]
    if "InstancePath" in bound:
        found = [device for device in found if device.dismounted_id.lower() == bound["InstancePath"].lower()]
    return [_assignable(machine, device) for device in found]


@cmdlet("Get-VMAssignableDevice", source=_SOURCE)
def get_assigned(machine: Machine, bound: Bound) -> list[PSObject]:
    need_vmms(machine, bound, "GetVMAssignableDevice")
    names = [name_of(item) for item in as_list(bound["VM"] if "VM" in bound else bound["VMName"])]
    machines = [vm for vm in machine.hyperv.virtual_machines if any(like(vm.name, name) for name in names)]
    return [
        PSObject(f"{_TYPES}.VMAssignedDevice", {
            "InstanceID": device.dismounted_id, "LocationPath": device.spec.location_path, "VMId": vm.id, "VMName": vm.name,
            "Name": device.spec.name, "ComputerName": machine.identity.computer_name,
        })
        for vm in machines
        for device in machine.pci.all()
        if device.virtual_machine == vm.name
    ]


@cmdlet(
    "Dismount-VMHostAssignableDevice",
    source=_SOURCE,
    unconfirmed="the errors of a device that is not disabled, waits for a restart or lacks ACS",
)
def dismount(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "DismountVMHostAssignableDevice"
    need_vmms(machine, bound, command)
    device = _find(machine, bound, command)
    if device.state.dismounted:
        raise _no_device(machine, bound, command)
    refusal = _refusal(machine, device, force=bool(bound.get("Force")))
    if refusal:
        raise error(command, "OperationFailed", "NotSpecified", refusal)
    machine.pci.dismount(device)
    return [_assignable(machine, device)] if bound.get("Passthru") else []


@cmdlet("Mount-VMHostAssignableDevice", source=_SOURCE, unconfirmed="the error of a device that a virtual machine has")
def mount(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "MountVMHostAssignableDevice"
    need_vmms(machine, bound, command)
    if "HostAssignableDevice" in bound:
        found = [machine.pci.by_location(str(item.properties["LocationPath"])) for item in as_list(bound["HostAssignableDevice"])]
    else:
        found = [_find(machine, bound, command)]
    for device in found:
        if device is None or not device.state.dismounted:
            raise _no_device(machine, bound, command)
        if device.virtual_machine:
            raise error(command, "OperationFailed", "NotSpecified", f"The operation failed. {device.virtual_machine} uses the device.")
        machine.pci.mount(device)
    return []


def _find(machine: Machine, bound: Bound, command: str) -> Device:
    if "LocationPath" in bound:
        device = machine.pci.by_location(bound["LocationPath"])
    else:
        device = machine.pci.by_instance(bound.get("InstancePath", ""))
    if device is None:
        raise _no_device(machine, bound, command)
    return device


def _no_device(machine: Machine, bound: Bound, command: str) -> PowerShellError:
    path = bound.get("LocationPath") or bound.get("InstancePath") or ""
    message = f"The specified device '{path}' was not found on server '{machine.identity.computer_name}'."
    return error(command, "ObjectNotFound", "ObjectNotFound", message)


def _refusal(machine: Machine, device: Device, force: bool) -> str:
    if machine.spec.hardware.sr_iov_reason:
        return _FIRMWARE
    if device.problem != PROBLEM_DISABLED:
        return "The operation failed. The device is in use: it must be disabled, and if need be the computer restarted, first."
    if force:
        return ""
    if not device.spec.mitigated:
        return _NO_MITIGATION
    return "" if device.spec.acs else "The operation failed. The device has no access control services up the hierarchy."


def _assignable(machine: Machine, device: Device) -> PSObject:
    return PSObject(f"{_TYPES}.VMHostAssignableDevice", {
        "InstanceID": device.dismounted_id, "LocationPath": device.spec.location_path, "ComputerName": machine.identity.computer_name,
    })
