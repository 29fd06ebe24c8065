# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Storage, and its CIM classes. Source: storage-and-time.md 1.7, 1.8, 2, 3.

Get-CimInstance gives numbers; the cmdlets of the module show words, because its type data replaces the numbers.
"""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..machine.disk_content import GPT, MBR, RAW
from ..machine.storage_spec import SAN_POLICIES
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cdxml import select
from .cim_schema import objects, provides
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_NAMESPACE = "root/microsoft/windows/storage"
_SOURCE = "storage-and-time.md 1.7, 1.8, 2; windows-powershell-docs Storage"
_POLICY_TYPE = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.StorageSetting.NewDiskPolicy"
BUS_NAMES = {
    0: "Unknown", 1: "SCSI", 6: "Fibre Channel", 7: "USB", 8: "RAID", 9: "iSCSI", 10: "SAS", 11: "SATA", 15: "File Backed Virtual",
    16: "Spaces", 17: "NVMe", 18: "SCM",
}
_ID_FORMATS = {0: "Vendor Specific", 1: "Vendor Id", 2: "EUI64", 3: "FCPH Name", 8: "SCSI Name String"}
_REASONS = {1: "Policy", 2: "Redundant Path", 3: "Snapshot", 4: "Collision", 5: "Resource Exhaustion", 6: "Critical Write Failures"}
# MSFT_Disk.PartitionStyle: 0 Unknown (shown as RAW), 1 MBR, 2 GPT.
_STYLES = (RAW, MBR, GPT)
_FIBRE_CHANNEL, _ISCSI = 1, 2
# RFC 3720 3.2.6.
_NODE_NAME = re.compile(r"iqn\.\d{4}-\d{2}\.[a-z0-9.-]+(:[a-z0-9.:-]+)?|eui\.[0-9a-f]{16}|naa\.([0-9a-f]{16}){1,2}")
_CONNECTIONS = {0: "Other", _FIBRE_CHANNEL: "Fibre Channel", _ISCSI: "iSCSI", 3: "SAS"}


@provides(_NAMESPACE, "MSFT_Disk", source="storage-and-time.md 1.7 (MSFT_Disk page)")
def disks(machine: Machine) -> list[dict[str, Any]]:
    return [
        {
            "Number": disk.number,
            "FriendlyName": disk.friendly_name,
            "Manufacturer": disk.manufacturer,
            "Model": disk.model,
            "SerialNumber": disk.serial,
            "Path": disk.path,
            "UniqueId": disk.unique_id,
            "UniqueIdFormat": disk.unique_id_format,
            "BusType": disk.bus_type,
            "Size": disk.size,
            "IsOffline": disk.offline_reason != 0,
            "OfflineReason": disk.offline_reason or None,
            "IsClustered": disk.clustered,
            "PartitionStyle": _STYLES.index(disk.content.style),
            "Guid": f"{{{disk.content.guid}}}" if disk.content.guid else None,
            "Signature": disk.content.signature or None,
            "NumberOfPartitions": len(disk.content.partitions),
            "LargestFreeExtent": disk.content.free if disk.content.style != RAW else 0,
            "AllocatedSize": sum(partition.size for partition in disk.content.partitions),
            "IsSystem": disk.system,
            "IsBoot": disk.system,
            "BootFromDisk": disk.system,
            "IsReadOnly": disk.read_only,
            "Location": disk.location,
            "HealthStatus": 0,
        }
        for disk in machine.storage.disks()
    ]


@cmdlet("Get-Disk", source=_SOURCE, unconfirmed="BusType of an MPIO disk; the words of the bus types 8, 11, 16 and 17; that a node which "
        "does not own a disk of its cluster shows it as offline by policy and read only")
def get_disk(machine: Machine, bound: Bound) -> list[PSObject]:
    filters = {"Number": "Number", "UniqueId": "UniqueId", "FriendlyName": "FriendlyName", "SerialNumber": "SerialNumber", "Path": "Path"}
    _refuse_others(bound, "Get-Disk", filters)
    return select(shown_disks(machine), bound, "Get-Disk", filters)


def shown_disks(machine: Machine) -> list[PSObject]:
    """All disks as Get-Disk puts them out."""
    return [_shown(item) for item in objects(machine, _NAMESPACE, "MSFT_Disk")]


def _shown(disk: PSObject) -> PSObject:
    values = disk.properties
    words = {
        "BusType": BUS_NAMES.get(values["BusType"], "Unknown"),
        "UniqueIdFormat": _ID_FORMATS[values["UniqueIdFormat"]],
        "OfflineReason": _REASONS.get(values["OfflineReason"]),
        "OperationalStatus": "Offline" if values["IsOffline"] else "Online",
        "HealthStatus": "Healthy",
        "PartitionStyle": _STYLES[values["PartitionStyle"]],
    }
    return PSObject(disk.type, {**values, **words})


@provides(_NAMESPACE, "MSFT_StorageSetting", source="storage-and-time.md 1.8")
def storage_settings(machine: Machine) -> list[dict[str, Any]]:
    return [{"NewDiskPolicy": machine.storage.new_disk_policy}]


@cmdlet("Get-StorageSetting", source=_SOURCE)
def get_storage_setting(machine: Machine, bound: Bound) -> list[PSObject]:
    found = objects(machine, _NAMESPACE, "MSFT_StorageSetting")
    names = {number: name for name, number in SAN_POLICIES.items()}
    for item in found:
        number = item.properties["NewDiskPolicy"]
        item.properties["NewDiskPolicy"] = PSEnum(_POLICY_TYPE, names[number], number)
    return found


@cmdlet("Set-StorageSetting", source=_SOURCE)
def set_storage_setting(machine: Machine, bound: Bound) -> list[Any]:
    if "ScrubPolicy" in bound:
        raise not_modelled("Set-StorageSetting -ScrubPolicy", "extend rehearsal/cmdlets/storage.py")
    if "NewDiskPolicy" in bound:
        machine.storage.set_new_disk_policy(SAN_POLICIES[str(bound["NewDiskPolicy"])])
    return []


@cmdlet("Update-HostStorageCache", source="storage-and-time.md 1.7 (os-win calls the method below it)")
def update_host_storage_cache(machine: Machine, bound: Bound) -> list[Any]:
    """Nothing here is cached: the disks are worked out each time."""
    return []


@provides("root/wmi", "MSiSCSIInitiator_MethodClass", source="storage-and-time.md 2 (field); microsoft/wmi: iSCSINodeName")
def initiator_methods(machine: Machine) -> list[dict[str, Any]]:
    """The driver's, so it is there whether the service runs or not (unconfirmed)."""
    return [{"iSCSINodeName": _node_name(machine)}]


def _node_name(machine: Machine) -> str:
    return machine.storage.node_address or f"iqn.1991-05.com.microsoft:{machine.identity.full_name.lower()}"


@provides(_NAMESPACE, "MSFT_InitiatorPort", source="storage-and-time.md 2, 3 (MSFT_InitiatorPort page)")
def initiator_ports(machine: Machine) -> list[dict[str, Any]]:
    """The iSCSI port is listed while MSiSCSI runs only."""
    rows = [
        {"NodeAddress": port.node, "PortAddress": port.port, "InstanceName": port.instance, "ConnectionType": _FIBRE_CHANNEL}
        for port in machine.storage.spec.fibre_ports
    ]
    if machine.services.get("MSiSCSI").run is not None:
        rows.append({
            "NodeAddress": _node_name(machine),
            "PortAddress": "ISCSI ANY PORT",
            "InstanceName": "ROOT\\ISCSIPRT\\0000_0",
            "ConnectionType": _ISCSI,
        })
    return rows


@cmdlet("Get-InitiatorPort", source=_SOURCE, unconfirmed="the word that ConnectionType shows for Other")
def get_initiator_port(machine: Machine, bound: Bound) -> list[PSObject]:
    filters = {"NodeAddress": "NodeAddress", "InstanceName": "InstanceName"}
    _refuse_others(bound, "Get-InitiatorPort", [*filters, "ConnectionType"])
    found = [
        PSObject(item.type, {**item.properties, "ConnectionType": _CONNECTIONS[item.properties["ConnectionType"]]})
        for item in objects(machine, _NAMESPACE, "MSFT_InitiatorPort")
    ]
    if "ConnectionType" in bound:
        # The parameter says FibreChannel, the display Fibre Channel.
        wanted = [str(item).lower() for item in as_list(bound["ConnectionType"])]
        found = [item for item in found if item.properties["ConnectionType"].replace(" ", "").lower() in wanted]
    return select(found, bound, "Get-InitiatorPort", filters)


@cmdlet("Set-InitiatorPort", source="windows-powershell-docs Storage/Set-InitiatorPort.md",
        unconfirmed="the error of a name that is none, which is therefore not modelled; that the name is kept in lower case")
def set_initiator_port(machine: Machine, bound: Bound) -> list[PSObject]:
    """Renames the software initiator. A Fibre Channel port's name is its adapter's."""
    _refuse_others(bound, "Set-InitiatorPort", ("NodeAddress", "NewNodeAddress", "PassThru"))
    found = objects(machine, _NAMESPACE, "MSFT_InitiatorPort")
    chosen = select(found, bound, "Set-InitiatorPort", {"NodeAddress": "NodeAddress"})
    if any(item.properties["ConnectionType"] != _ISCSI for item in chosen):
        raise not_modelled("renaming a Fibre Channel port", "say in rehearsal/cmdlets/storage.py what its driver answers")
    name = bound["NewNodeAddress"]
    if not _NODE_NAME.fullmatch(name):
        raise not_modelled(f"the iSCSI name {name!r}", "say in rehearsal/cmdlets/storage.py what Windows answers to a name that is none")
    machine.storage.set_node_address(name)
    return get_initiator_port(machine, Bound({"NodeAddress": name})) if bound.get("PassThru") else []


def _refuse_others(bound: Bound, command: str, known: Any) -> None:
    for name in bound:
        if name not in known:
            raise not_modelled(f"{command} -{name}", "extend rehearsal/cmdlets/storage.py")
