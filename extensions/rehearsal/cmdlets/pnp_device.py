# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module PnpDevice, and the CIM classes that tell which resources a device uses. Source: hyperv-host.md 6."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..machine.pci import PROBLEM_DISABLED, PROBLEM_NEED_RESTART, Device
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cdxml import not_found, select
from .cim_schema import CLASSES, cim_error, instance, provides
from .matching import as_list, has_wildcard, name_of

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "hyperv-host.md 6.2, 6.3 (SurveyDDA.ps1); windows-powershell-docs PnpDevice; win32 win32-pnpentity.md"
_GENERATED = "Microsoft.PowerShell.Cmdletization.GeneratedTypes"
_PHANTOM = 45
_PROBLEMS = {
    0: "CM_PROB_NONE", PROBLEM_NEED_RESTART: "CM_PROB_NEED_RESTART", PROBLEM_DISABLED: "CM_PROB_DISABLED", _PHANTOM: "CM_PROB_PHANTOM",
}
_PCI_SET = "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}"
_DEVICE_SET = "{A45C254E-DF1C-4EFD-8020-67D146A850E0}"

# Friendly name, the same key as GUID and number where a source gives it, type, value (None: the device lacks it).
_KEYS: tuple[tuple[str, str, str, Callable[[Device], Any]], ...] = (
    ("DEVPKEY_Device_DeviceDesc", f"{_DEVICE_SET} 2", "String", lambda device: device.spec.name),
    ("DEVPKEY_Device_Class", "", "String", lambda device: device.spec.device_class),
    ("DEVPKEY_Device_LocationInfo", "", "String", lambda device: device.spec.location_info or None),
    ("DEVPKEY_Device_LocationPaths", "", "StringList", lambda device: [device.spec.location_path, _acpi(device)]),
    ("DEVPKEY_Device_Address", "", "UInt32", lambda device: device.spec.address),
    ("DEVPKEY_Device_ProblemCode", "{4340A6C5-93FA-4706-972C-7B648008A5A7} 3", "UInt32", lambda device: device.problem),
    ("DEVPKEY_PciDevice_DeviceType", f"{_PCI_SET} 1", "UInt32", lambda device: device.spec.device_type),
    ("DEVPKEY_PciDevice_BaseClass", f"{_PCI_SET} 3", "UInt32", lambda device: device.spec.base_class),
    ("DEVPKEY_PciDevice_AcsCompatibleUpHierarchy", f"{_PCI_SET} 31", "UInt32", lambda device: device.spec.acs),
    ("DEVPKEY_PciDevice_RequiresReservedMemoryRegion", f"{_PCI_SET} 34", "UInt32",
     lambda device: _reserved(device)),  # pylint: disable=unnecessary-lambda; it is defined below
)
# win32-pnpdeviceproperty.md and the pages of its subclasses.
_CLASSES = {
    "String": "Win32_PnPDevicePropertyString", "StringList": "Win32_PnPDevicePropertyStringArray",
    "UInt32": "Win32_PnPDevicePropertyUint32",
    "Empty": "Win32_PnPDeviceProperty",
}


@cmdlet("Get-PnpDevice", source=_SOURCE, unconfirmed="the names of dismounted devices; that a disabled device has the status Error")
def get_pnp_device(machine: Machine, bound: Bound) -> list[PSObject]:
    filters = {"InstanceId": "InstanceId", "Class": "Class", "FriendlyName": "FriendlyName", "Status": "Status"}
    found = [node for device in machine.pci.all() for node in _nodes(device)]
    if bound.get("PresentOnly"):
        found = [node for node in found if node.properties["Present"]]
    return select(found, bound, "Get-PnpDevice", filters)


@cmdlet(
    "Get-PnpDeviceProperty",
    source=_SOURCE,
    unconfirmed="type Empty for a property that the device lacks; the number types of the PCI keys",
)
def get_pnp_device_property(machine: Machine, bound: Bound) -> list[PSObject]:
    ids = [name_of(item, "InstanceId") for item in as_list(bound["InputObject"] if "InputObject" in bound else bound["InstanceId"])]
    found: list[PSObject] = []
    for instance_id in ids:
        if has_wildcard(instance_id):
            raise not_modelled("Get-PnpDeviceProperty with a wildcard", "extend rehearsal/cmdlets/pnp_device.py")
        device = _device(machine, instance_id, "Get-PnpDeviceProperty")
        keys = as_list(bound["KeyName"]) if "KeyName" in bound else [entry[0] for entry in _KEYS]
        found += [_property(device, instance_id, str(key)) for key in keys]
    return found


@cmdlet("Disable-PnpDevice", source=_SOURCE, unconfirmed="the error of a device that is not present")
def disable_pnp_device(machine: Machine, bound: Bound) -> list[Any]:
    for device in _present(machine, bound, "Disable-PnpDevice"):
        machine.pci.disable(device)
    return []


@cmdlet("Enable-PnpDevice", source=_SOURCE, unconfirmed="the error of a device that is not present")
def enable_pnp_device(machine: Machine, bound: Bound) -> list[Any]:
    for device in _present(machine, bound, "Enable-PnpDevice"):
        machine.pci.enable(device)
    return []


def _device(machine: Machine, instance_id: str, command: str) -> Device:
    device = machine.pci.by_instance(instance_id)
    if device is None:
        raise not_found("CmdletizationQuery_NotFound_InstanceId", command)
    return device


def _present(machine: Machine, bound: Bound, command: str) -> list[Device]:
    """The devices to switch. A dismounted one is no longer the host's: its own node is a phantom (id as seen for devices that refuse)."""
    ids = [name_of(item, "InstanceId") for item in as_list(bound["InputObject"] if "InputObject" in bound else bound["InstanceId"])]
    devices = [_device(machine, instance_id, command) for instance_id in ids]
    if any(device.state.dismounted for device in devices):
        raise cim_error(0x80041001, "NotSpecified", command, "Generic failure")
    return devices


def _nodes(device: Device) -> list[PSObject]:
    """Its own node, and where it is dismounted the node that stands for it."""
    spec = device.spec
    if not device.state.dismounted:
        status = "Error" if device.problem else "OK"
        return [_node(spec.instance_id, spec.name, spec.device_class, status, device.problem, present=True)]
    return [
        _node(spec.instance_id, spec.name, spec.device_class, "Unknown", _PHANTOM, present=False),
        _node(device.dismounted_id, f"{spec.name} - Dismounted", "System", "OK", 0, present=True),
    ]


def _node(instance_id: str, name: str, device_class: str, status: str, problem: int, *, present: bool) -> PSObject:
    entity = instance(CLASSES["root/cimv2"]["win32_pnpentity"], _entity(instance_id, name, device_class, status, problem, present))
    shown = PSEnum(f"{_GENERATED}.PnpDevice.Problem", _PROBLEMS.get(problem, f"CM_PROB_{problem}"), problem)
    return PSObject(entity.type, {
        **entity.properties, "InstanceId": instance_id, "FriendlyName": name, "Class": device_class, "Problem": shown,
        "ConfigManagerErrorCode": shown,
    })


def _entity(instance_id: str, name: str, device_class: str, status: str, problem: int, present: bool) -> dict[str, Any]:
    return {
        "DeviceID": instance_id,
        "PNPDeviceID": instance_id,
        "Name": name,
        "Caption": name,
        "Description": name,
        "PNPClass": device_class,
        "Manufacturer": "Contoso",
        "Status": status,
        "ConfigManagerErrorCode": problem,
        "ConfigManagerUserConfig": False,
        "Present": present,
        "Service": None if problem else "contoso",
        "HardwareID": [instance_id.rpartition("\\")[0]],
    }


def _property(device: Device, instance_id: str, key: str) -> PSObject:
    wanted = re.sub(r"\s+", " ", key).lower()
    entry = next((entry for entry in _KEYS if wanted in (entry[0].lower(), entry[1].lower())), None)
    if entry is None:
        raise not_modelled(f"the device property {key}", "add it to _KEYS in rehearsal/cmdlets/pnp_device.py")
    name, _unused, type_name, read = entry
    value = read(device)
    if value is None:
        type_name = "Empty"
    kind = PSEnum(f"{_GENERATED}.PnpDeviceProperty.Type", type_name)
    return PSObject(f"CimInstance#{_CLASSES[type_name]}", {
        "InstanceId": instance_id, "DeviceID": instance_id, "KeyName": name, "Key": entry[1] or None, "Type": kind, "Data": value,
    })


def _reserved(device: Device) -> int | None:
    return None if device.spec.reserved_memory is None else int(device.spec.reserved_memory)


def _acpi(device: Device) -> str:
    """The second location path that devices have: the same place in ACPI's words."""
    return "ACPI(_SB_)#" + "#".join(f"ACPI(PC{index:02X})" for index, _unused in enumerate(device.spec.location_path.split("#")))


@provides("root/cimv2", "Win32_PnPEntity", source=_SOURCE)
def entities(machine: Machine) -> list[dict[str, Any]]:
    """Only devices that are present, as the class answers (Get-PnpDevice also shows the others)."""
    names = CLASSES["root/cimv2"]["win32_pnpentity"].properties
    nodes = [node for device in machine.pci.all() for node in _nodes(device) if node.properties["Present"]]
    return [
        {name: node.properties[name] for name in names if name != "ConfigManagerErrorCode"}
        | {"ConfigManagerErrorCode": node.properties["Problem"].number}
        for node in nodes
    ]


def _working(machine: Machine) -> list[Device]:
    """Devices that have resources: a disabled one has none (hyperv-host.md 6.2)."""
    return [device for device in machine.pci.all() if not device.state.disabled and not device.state.dismounted]


def _key(class_name: str, property_name: str, value: Any) -> PSObject:
    """A reference, as CIM gives it: an instance with its key only."""
    return PSObject(f"CimInstance#{class_name}", {property_name: value}, text=f'{class_name} ({property_name} = {value})')


@provides("root/cimv2", "Win32_PnPAllocatedResource", source="hyperv-host.md 6.2; win32 win32-pnpallocatedresource.md")
def allocated_resources(machine: Machine) -> list[dict[str, Any]]:
    rows = []
    for device in _working(machine):
        entity = _key("Win32_PnPEntity", "DeviceID", device.spec.instance_id)
        resources = [_key("Win32_IRQResource", "IRQNumber", number) for number in device.spec.interrupts]
        resources += [_key("Win32_DeviceMemoryAddress", "StartingAddress", first) for first, _unused in _ranges(machine, device)]
        rows += [{"Antecedent": resource, "Dependent": entity} for resource in resources]
    return rows


@provides("root/cimv2", "Win32_IRQResource", source="win32 win32-irqresource.md")
def interrupts(machine: Machine) -> list[dict[str, Any]]:
    numbers = sorted({number for device in _working(machine) for number in device.spec.interrupts})
    return [{"IRQNumber": number, "Name": f"IRQ {number}", "Hardware": True} for number in numbers]


@provides("root/cimv2", "Win32_DeviceMemoryAddress", source="win32 win32-devicememoryaddress.md")
def memory_addresses(machine: Machine) -> list[dict[str, Any]]:
    ranges = [item for device in _working(machine) for item in _ranges(machine, device)]
    return [
        {"StartingAddress": first, "EndingAddress": last, "Name": f"0x{first:X}-0x{last:X}", "Status": "OK"} for first, last in ranges
    ]


def _ranges(machine: Machine, device: Device) -> list[tuple[int, int]]:
    """Each device's MMIO in a part of the address space of its own."""
    offset = machine.pci.all().index(device) * 2**36
    return [(first + offset, last + offset) for first, last in device.spec.memory]
