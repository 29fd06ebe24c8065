# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: disks of a cluster and its shared volumes. Facts: ad-and-cluster.md 5.8.

The properties of a volume and its partition: Icinga's and Zenoss' monitoring read them. Cluster shared volumes are not among the resources
that Get-ClusterResource puts out (zenoss Microsoft.Windows 1057).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..machine import cluster_storage
from ..machine.cluster import Cluster, Resource, SharedVolume
from ..machine.cluster_storage import PHYSICAL_DISK, ROOT
from ..machine.disk_content import Partition
from ..machine.storage import ShownDisk
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, assignment, cmdlet
from ..powershell.values import PSObject
from .cluster_objects import cluster_object, node_object, resource_object
from .failover_clusters import HELP, NODE_NOT_FOUND, RESOURCE_NOT_FOUND, SOURCE, TYPES, enum, failed, is_a, named, opened, refuse
from .matching import as_list, has_wildcard

if TYPE_CHECKING:
    from ..machine import Machine

_TEXTS = "the texts and ids of the errors"
# VolumeOffset and what goes with it: MS-CMRP 2.2.3.18.
_NO_FAULTS = "NoFaults"


@cmdlet("Get-ClusterAvailableDisk", source=SOURCE,
        unconfirmed="that a disk without a partition table is not listed; what -All adds; Name, taken to be the next resource name")
def get_cluster_available_disk(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, "Get-ClusterAvailableDisk") as cluster:
        found = cluster_storage.available(machine, cluster)
        if "Disk" in bound:
            path = bound["Disk"].properties["Path"]
            found = [disk for disk in found if disk.path == path]
        return [_available(machine, cluster, disk, number) for number, disk in enumerate(found)]


def _available(machine: Machine, cluster: Cluster, disk: ShownDisk, position: int) -> PSObject:
    taken = sum(resource.type == PHYSICAL_DISK for resource in cluster.resources)
    return PSObject(f"{TYPES}.ClusterDiskInfo", {
        "Cluster": cluster_object(machine, cluster),
        "Id": disk.content.id,
        "Name": f"Cluster Disk {taken + position + 1}",
        "Number": disk.number,
        "Size": disk.size,
        "Partitions": [_partition(machine, partition) for partition in disk.content.data],
    })


@cmdlet("Add-ClusterDisk", source=f"{SOURCE}; its page: the output of Get-Disk does as well", unconfirmed=_TEXTS)
def add_cluster_disk(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, "Add-ClusterDisk") as cluster:
        chosen = [_free_disk(machine, cluster, item) for item in as_list(bound["InputObject"])]
        added = [cluster_storage.add_disk(machine, cluster, disk.content) for disk in chosen]
        return [resource_object(machine, cluster, resource) for resource in added]


def _free_disk(machine: Machine, cluster: Cluster, item: PSObject) -> ShownDisk:
    found = cluster_storage.available(machine, cluster)
    if is_a(item, "ClusterDiskInfo"):
        wanted = [disk for disk in found if disk.content.id == item.properties["Id"]]
    elif item.type == "CimInstance#MSFT_Disk":
        wanted = [disk for disk in found if disk.path == item.properties["Path"]]
    else:
        raise not_modelled(f"Add-ClusterDisk with a {item.type}", HELP)
    if not wanted:
        raise failed(machine, "Add-ClusterDisk", "The disk is not a disk that can be added to the cluster.", category="InvalidArgument")
    return wanted[0]


@cmdlet("Remove-ClusterResource", source=SOURCE, unconfirmed=f"{_TEXTS}, among them that of a resource which the cluster itself needs")
def remove_cluster_resource(machine: Machine, bound: Bound) -> list[Any]:
    command = "Remove-ClusterResource"
    with opened(machine, bound, command) as cluster:
        piped = [item.properties["Name"] for item in as_list(bound.get("InputObject", [])) if is_a(item, "ClusterResource")]
        for name in as_list(bound["Name"]) if "Name" in bound else piped:
            resource = cluster.resource(str(name))
            if resource is None or cluster_storage.volume_of(cluster, resource) is not None:
                raise failed(machine, command, f"Unable to find the resource '{name}'.", RESOURCE_NOT_FOUND, category="ObjectNotFound")
            if resource.core:
                message = f"Failed to remove the resource '{name}'."
                raise failed(machine, command, message, "The cluster resource is a core resource.", category="InvalidOperation")
            if resource.type != PHYSICAL_DISK:
                raise not_modelled(f"removing a resource of the type {resource.type}", HELP)
            cluster.resources.remove(resource)
            machine.note(f"cluster {cluster.name}: resource {resource.name!r} removed")
    return []


@assignment(f"{TYPES}.ClusterResource", source="FailoverClusterDsc DSC_ClusterDisk.psm1 (Name)")
def set_resource(machine: Machine, item: PSObject, name: str, value: Any) -> None:
    if name.lower() != "name":
        raise not_modelled(f"setting {name} of a cluster resource", HELP)
    rename_resource(machine, item.properties["Id"], str(value))


# Shared volumes

@cmdlet("Get-ClusterSharedVolume", source=SOURCE, unconfirmed=f"{_TEXTS}; FaultState's words")
def get_cluster_shared_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, "Get-ClusterSharedVolume") as cluster:
        return [volume_object(machine, cluster, volume) for volume in _volumes(machine, cluster, bound, "Get-ClusterSharedVolume")]


@cmdlet("Add-ClusterSharedVolume", source=SOURCE, unconfirmed=_TEXTS)
def add_cluster_shared_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Add-ClusterSharedVolume"
    with opened(machine, bound, command) as cluster:
        piped = [item.properties["Name"] for item in as_list(bound.get("InputObject", [])) if is_a(item, "ClusterResource")]
        names = as_list(bound["Name"]) if "Name" in bound else piped
        if not names:
            raise failed(machine, command, "No cluster object was specified.", identifier="PSArgument", category="InvalidArgument")
        chosen = [_shareable(machine, cluster, str(name)) for name in names]
        added = [cluster_storage.share(machine, cluster, resource, partition) for resource, partition in chosen]
        return [volume_object(machine, cluster, volume) for volume in added]


def _shareable(machine: Machine, cluster: Cluster, name: str) -> tuple[Resource, Partition]:
    command, message = "Add-ClusterSharedVolume", f"Failed to add disk '{name}' to Cluster Shared Volumes."
    resource = cluster.resource(name)
    if resource is None or resource.type != PHYSICAL_DISK:
        raise failed(machine, command, message, RESOURCE_NOT_FOUND, category="ObjectNotFound")
    if cluster.group_of(resource).type != "AvailableStorage":
        raise failed(machine, command, message, "The resource is not in Available Storage.", category="InvalidOperation")
    partition = cluster_storage.partition_of(machine, resource)
    if partition is None:
        raise failed(machine, command, message, "The disk has no NTFS or ReFS volume.", category="InvalidArgument")
    return resource, partition


@cmdlet("Remove-ClusterSharedVolume", source=SOURCE, unconfirmed=_TEXTS)
def remove_cluster_shared_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Remove-ClusterSharedVolume"
    with opened(machine, bound, command) as cluster:
        removed = [cluster_storage.unshare(machine, cluster, volume) for volume in _chosen(machine, cluster, bound, command)]
        return [resource_object(machine, cluster, resource) for resource in removed]


@cmdlet("Move-ClusterSharedVolume", source=SOURCE, unconfirmed=f"{_TEXTS}; without -Node the first other node takes it")
def move_cluster_shared_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Move-ClusterSharedVolume"
    with opened(machine, bound, command) as cluster:
        moved = _chosen(machine, cluster, bound, command)
        for volume in moved:
            _move(machine, cluster, volume, bound.get("Node"))
        return [volume_object(machine, cluster, volume) for volume in moved]


def _move(machine: Machine, cluster: Cluster, volume: SharedVolume, wanted: str | None) -> None:
    group = cluster.group_of(_resource(cluster, volume))
    up = [node.name for node in cluster.nodes if machine.clusters.state(cluster, node, machine.now()) == "Up"]
    others = [name for name in up if name != group.owner]
    target = next((name for name in up if name.lower() == wanted.lower()), None) if wanted else (others[0] if others else None)
    if target is None:
        message = f"Failed to move Cluster Shared Volume '{_resource(cluster, volume).name}'."
        raise failed(machine, "Move-ClusterSharedVolume", message, NODE_NOT_FOUND, category="ObjectNotFound")
    if target != group.owner:
        group.owner = target
        machine.note(f"cluster {cluster.name}: {_resource(cluster, volume).name!r} moved to {target}")


@cmdlet("Get-ClusterSharedVolumeState", source=f"{SOURCE}; techcommunity, Understanding the state of your Cluster Shared Volumes",
        unconfirmed="that a node which is down is left out, and one that has not mounted the volume is listed as Unavailable")
def get_cluster_shared_volume_state(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Get-ClusterSharedVolumeState"
    with opened(machine, bound, command) as cluster:
        running = [node for node in cluster.nodes if machine.clusters.state(cluster, node, machine.now()) in ("Up", "Paused")]
        for name in as_list(bound.get("Node", [])):
            if cluster.node(str(name)) is None and not has_wildcard(str(name)):
                raise failed(machine, command, f"Unable to find node '{name}'.", NODE_NOT_FOUND, category="ObjectNotFound")
        nodes = [node.name for node in running if named(bound, "Node", node.name)]
        volumes = _volumes(machine, cluster, bound, command)
        return [_state(machine, cluster, volume, node) for volume in volumes for node in nodes]


def _state(machine: Machine, cluster: Cluster, volume: SharedVolume, node: str) -> PSObject:
    state = cluster_storage.volume_state(machine, cluster, volume, node)
    file_system = "FileSystemReFs" if state == "FileSystemRedirected" else "NotFileSystemRedirected"
    block = "NoDiskConnectivity" if state == "BlockRedirected" else "NotBlockRedirected"
    return PSObject(f"{TYPES}.ClusterSharedVolumeStateInfo", {
        "Name": _resource(cluster, volume).name,
        "Node": node,
        "StateInfo": enum("ClusterSharedVolumeState", state),
        "FileSystemRedirectedIOReason": enum("ClusterSharedVolumeFileSystemRedirectedIOReasons", file_system),
        "BlockRedirectedIOReason": enum("ClusterSharedVolumeBlockRedirectedIOReason", block),
        "VolumeFriendlyName": volume.folder,
        "VolumeName": f"\\\\?\\Volume{{{volume.volume_id}}}\\",
    })


def volume_object(machine: Machine, cluster: Cluster, volume: SharedVolume) -> PSObject:
    """-> Microsoft.FailoverClusters.PowerShell.ClusterSharedVolume"""
    resource = _resource(cluster, volume)
    owner = cluster.node(cluster.group_of(resource).owner)
    return PSObject(f"{TYPES}.ClusterSharedVolume", {
        "Id": resource.id,
        "Name": resource.name,
        "OwnerNode": node_object(machine, cluster, owner) if owner else None,
        "State": enum("ClusterResourceState", resource.state),
        "SharedVolumeInfo": [_info(machine, resource, volume)],
    }, text=resource.name)


def _info(machine: Machine, resource: Resource, volume: SharedVolume) -> PSObject:
    content = cluster_storage.content_of(machine, resource)
    partition = next(item for item in (content.data if content else ()) if item.volume == volume.volume_id)
    return PSObject(f"{TYPES}.ClusterSharedVolumeInfo", {
        "FaultState": _NO_FAULTS,
        "FriendlyVolumeName": f"{ROOT}\\{volume.folder}",
        "MaintenanceMode": False,
        "Partition": _partition(machine, partition),
        "PartitionNumber": partition.number,
        "RedirectedAccess": False,
        "VolumeOffset": partition.offset,
    })


def _partition(machine: Machine, partition: Partition) -> PSObject:
    size = partition.size if partition.file_system else 0
    used = machine.shared_luns.used(partition.volume)
    return PSObject(f"{TYPES}.ClusterDiskPartitionInfo", {
        "Name": f"\\\\?\\Volume{{{partition.volume}}}\\",
        "DriveLetter": "",
        "DriveLetterMask": 0,
        "FileSystem": partition.file_system,
        "FreeSpace": max(0, size - used),
        "HasDriveLetter": False,
        "IsCompressed": False,
        "IsDirty": False,
        "IsFormatted": bool(partition.file_system),
        "IsNtfs": partition.file_system == "NTFS",
        "IsPartitionNumberValid": True,
        "MountPoints": [],
        "PartitionNumber": partition.number,
        "PercentFree": 100 * max(0, size - used) / size if size else 0,
        "Size": size,
        "UsedSpace": used,
    })


@assignment(f"{TYPES}.ClusterSharedVolume", source="windowsserverdocs, failover-cluster-manage-cluster-shared-volumes.md (rename)",
            unconfirmed="that the name of the volume is that of its resource")
def set_shared_volume(machine: Machine, item: PSObject, name: str, value: Any) -> None:
    if name.lower() != "name":
        raise not_modelled(f"setting {name} of a cluster shared volume", HELP)
    rename_resource(machine, item.properties["Id"], str(value))


def rename_resource(machine: Machine, identifier: str, name: str) -> None:
    """Resources are found by their ids, so the name of a disk is only a name."""
    with machine.clusters.changing():
        cluster = machine.clusters.of(machine)
        resource = cluster.resource(identifier) if cluster else None
        if cluster is None or resource is None:
            raise not_modelled("renaming a resource that is gone, or of another cluster", HELP)
        other = cluster.resource(name)
        if other is not None and other is not resource:
            raise not_modelled("giving a resource the name of another one", f"say what Windows answers and {HELP}")
        if resource.name != name:
            machine.note(f"cluster {cluster.name}: {resource.name!r} is called {name!r}")
            resource.name = name


def _resource(cluster: Cluster, volume: SharedVolume) -> Resource:
    return next(item for item in cluster.resources if item.id == volume.resource)


def _volumes(machine: Machine, cluster: Cluster, bound: Bound, command: str) -> list[SharedVolume]:
    """The volumes that a call asks for; all of them without a name."""
    piped = [item.properties["Name"] for item in as_list(bound.get("InputObject", [])) if is_a(item, "ClusterSharedVolume")]
    chosen: Callable[[str], bool] = lambda name: name in piped if piped else named(bound, "Name", name)  # noqa: E731
    for name in as_list(bound.get("Name", [])):
        known = [_resource(cluster, volume).name.lower() for volume in cluster.volumes]
        if not has_wildcard(str(name)) and str(name).lower() not in known:
            message = f"Unable to find cluster shared volume '{name}'."
            raise failed(machine, command, message, RESOURCE_NOT_FOUND, category="ObjectNotFound")
    return [volume for volume in cluster.volumes if chosen(_resource(cluster, volume).name)]


def _chosen(machine: Machine, cluster: Cluster, bound: Bound, command: str) -> list[SharedVolume]:
    """As _volumes, but the call must say which."""
    refuse(bound, command, "Wait")
    if "Name" not in bound and not any(is_a(item, "ClusterSharedVolume") for item in as_list(bound.get("InputObject", []))):
        raise failed(machine, command, "No cluster object was specified.", identifier="PSArgument", category="InvalidArgument")
    return _volumes(machine, cluster, bound, command)
