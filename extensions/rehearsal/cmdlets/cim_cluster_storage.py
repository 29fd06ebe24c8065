# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM classes of root/MSCluster: disks, partitions and networks, as the module's cmdlets show them.

Properties: the syntax on the pages of learn.microsoft.com previous-versions/windows/desktop/cluswmi.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine import cluster_storage
from ..machine.cluster import Cluster, Resource
from ..machine.cluster_storage import PHYSICAL_DISK, ROOT
from ..machine.disk_content import MBR, DiskContent, Partition
from ..machine.storage_spec import Lun
from ..powershell.values import PSEnum, PSObject
from .cim_clusters import running
from .cim_schema import CLASSES, CLUSTERS, CimClass, provides
from .cluster_networks import network_object

if TYPE_CHECKING:
    from ..machine import Machine

_PAGES = "learn.microsoft.com previous-versions/windows/desktop/cluswmi"
_MANAGED = ("Caption", "Description", "InstallDate", "Name", "Status", "Flags", "Characteristics")
_DISK = (
    *_MANAGED, "Id", "Signature", "GptGuid", "ScsiPort", "ScsiBus", "ScsiTargetID", "ScsiLUN", "Size", "Number", "VirtualDiskId",
    "StoragePoolId", "UniqueId", "UniqueIdFormat",
)
_PARTITION = (
    *_MANAGED, "Path", "VolumeLabel", "SerialNumber", "MaximumComponentLength", "FileSystemFlags", "FileSystem", "TotalSize", "FreeSpace",
    "PartitionNumber", "VolumeGuid", "MountPoints",
)
_PROPERTIES = {
    "MSCluster_Disk": _DISK,
    "MSCluster_AvailableDisk": _DISK,
    "MSCluster_DiskPartition": _PARTITION,
    "MSCluster_ResourceToDisk": ("GroupComponent", "PartComponent"),
    "MSCluster_Network": (
        *_MANAGED, "ID", "Address", "AddressMask", "Role", "State", "IPv6Addresses", "IPv6PrefixLengths", "IPv4Addresses",
        "IPv4PrefixLengths", "Metric", "AutoMetric", "PrivateProperties",
    ),
}
CLASSES[CLUSTERS] = {
    **CLASSES.get(CLUSTERS, {}),
    **{name.lower(): CimClass(CLUSTERS, name, properties, None, "") for name, properties in _PROPERTIES.items()},
}
_MB = 2**20


def _disks(machine: Machine, cluster: Cluster) -> list[tuple[Resource, Lun, DiskContent]]:
    found = [
        (resource, machine.shared_luns.find(cluster_storage.disk_id(resource)))
        for resource in cluster.resources if resource.type == PHYSICAL_DISK
    ]
    return [(resource, *disk) for resource, disk in found if disk is not None]


@provides(CLUSTERS, "MSCluster_Disk", source=f"{_PAGES}/mscluster-disk; FailoverClusterDsc DSC_ClusterDisk.psm1 (Id is the DiskIdGuid)")
def disks(machine: Machine) -> list[dict[str, Any]]:
    with running(machine) as cluster:
        return [_disk(machine, lun, content) for _resource, lun, content in _disks(machine, cluster)]


@provides(CLUSTERS, "MSCluster_AvailableDisk", source=f"{_PAGES}/mscluster-clusterdisk")
def available_disks(machine: Machine) -> list[dict[str, Any]]:
    with running(machine) as cluster:
        found = [machine.shared_luns.find(disk.content.id) for disk in cluster_storage.available(machine, cluster)]
        return [_disk(machine, *disk) for disk in found if disk is not None]


def _disk(machine: Machine, lun: Lun, content: DiskContent) -> dict[str, Any]:
    """Number: on this node."""
    return {
        "Id": content.id,
        "Name": content.id,
        "Signature": content.signature if content.style == MBR else 0,
        "GptGuid": f"{{{content.guid}}}" if content.guid else "",
        "Size": content.size // _MB,
        "Number": next((disk.number for disk in machine.storage.disks() if disk.content is content), None),
        "UniqueId": lun.unique_id,
        "UniqueIdFormat": lun.unique_id_format,
    }


@provides(CLUSTERS, "MSCluster_ResourceToDisk", source=f"{_PAGES}/mscluster-resourcetodisk")
def resources_to_disks(machine: Machine) -> list[dict[str, Any]]:
    """Both ends carry the keys of their objects only."""
    with running(machine) as cluster:
        return [
            {
                "GroupComponent": PSObject("CimInstance#MSCluster_Resource", {"Name": resource.name, "Id": resource.id}),
                "PartComponent": PSObject("CimInstance#MSCluster_Disk", {"Id": content.id}),
            }
            for resource, _lun, content in _disks(machine, cluster)
        ]


@provides(CLUSTERS, "MSCluster_DiskPartition", source=f"{_PAGES}/mscluster-diskpartition; nova-hyperv-charm ComputeHooks.psm1")
def partitions(machine: Machine) -> list[dict[str, Any]]:
    """MountPoints: where this node has mounted it. Sizes are in MB."""
    with running(machine) as cluster:
        mounted = {volume.volume_id: f"{ROOT}\\{volume.folder}" for volume, _content in cluster_storage.mounted(machine)}
        return [
            _partition(machine, partition, mounted.get(partition.volume))
            for _resource, _lun, content in _disks(machine, cluster) for partition in content.data
        ]


def _partition(machine: Machine, partition: Partition, mount: str | None) -> dict[str, Any]:
    used = machine.shared_luns.used(partition.volume)
    return {
        "Path": mount or "",
        "Name": mount or "",
        "VolumeLabel": partition.label,
        "FileSystem": partition.file_system,
        "TotalSize": partition.size // _MB,
        "FreeSpace": (partition.size - used) // _MB,
        "PartitionNumber": partition.number,
        "VolumeGuid": partition.volume,
        "MountPoints": [mount] if mount else [],
    }


@provides(CLUSTERS, "MSCluster_Network", source=f"{_PAGES}/mscluster-network")
def networks(machine: Machine) -> list[dict[str, Any]]:
    with running(machine) as cluster:
        return [_network(network_object(machine, cluster, item)) for item in cluster.networks]


def _network(shown: PSObject) -> dict[str, Any]:
    values: dict[str, Any] = {name: value.number if isinstance(value, PSEnum) else value for name, value in shown.properties.items()}
    same = ("Name", "Description", "Address", "AddressMask", "Role", "State", "Metric", "AutoMetric")
    lists = [f"{number}{what}" for number in (4, 6) for what in ("Addresses", "PrefixLengths")]
    return {
        **{name: values[name] for name in same}, "ID": values["Id"], "Caption": values["Name"],
        **{f"IPv{name}": [str(item) for item in values[f"Ipv{name}"]] for name in lists},
    }
