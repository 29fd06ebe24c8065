# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disks of a failover cluster: which are free for it, which it has, and where its shared volumes are mounted (ad-and-cluster.md 5.8).

A Physical Disk resource knows its disk by the GPT GUID or MBR signature, as on Windows; what is on the disk is in shared_luns.py.
"""
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from .cluster import AVAILABLE_STORAGE, Cluster, Group, Resource, SharedVolume
from .clusters import SERVICE
from .disk_content import GPT, DiskContent, Partition
from .mounts import Place
from .storage import ShownDisk

if TYPE_CHECKING:
    from .machine import Machine
    from .services import Service

PHYSICAL_DISK = "Physical Disk"
ROOT = r"C:\ClusterStorage"
_VOLUME_FILE_SYSTEMS = ("NTFS", "ReFS")
# A moment that never comes, for a node that does not mount a volume until its service starts anew.
_NEVER = datetime.max.replace(tzinfo=timezone.utc).isoformat()


# Disks

def disk_id(resource: Resource) -> str:
    """As DiskContent.id."""
    return str(resource.parameters.get("DiskIdGuid") or f"0x{resource.parameters.get('DiskSignature', 0):x}")


def content_of(machine: Machine, resource: Resource) -> DiskContent | None:
    found = machine.shared_luns.find(disk_id(resource))
    return found[1] if found else None


def resource_of(cluster: Cluster, content: DiskContent) -> Resource | None:
    """The Physical Disk resource that has this disk."""
    return next((item for item in cluster.resources if item.type == PHYSICAL_DISK and content.id and disk_id(item) == content.id), None)


def role(machine: Machine, content: DiskContent) -> str:
    """Storage.cluster_role: whether the machine's cluster has the disk, and whether this node owns it."""
    cluster = machine.clusters.of(machine)
    resource = resource_of(cluster, content) if cluster else None
    if cluster is None or resource is None:
        return ""
    return "owner" if cluster.group_of(resource).owner.lower() == machine.identity.computer_name.lower() else "other"


def available(machine: Machine, cluster: Cluster) -> list[ShownDisk]:
    """Disks that could be added: initialized, seen by all nodes that run, and in no cluster."""
    nodes = [machine.peers.find(node.name) for node in cluster.nodes if machine.clusters.runs(cluster, node)]
    found: dict[str, ShownDisk] = {}
    for disk in machine.storage.disks():
        shared = bool(disk.content.id) and machine.shared_luns.find(disk.content.id) is not None
        taken = any(resource_of(other, disk.content) for other in machine.clusters.all)
        seen = all(node is None or machine.shared_luns.sees(node.name, disk.content) for node in nodes)
        if shared and not taken and seen:
            found.setdefault(disk.content.id, disk)
    return list(found.values())


def storage_group(cluster: Cluster, owner: str) -> Group:
    """Available Storage; a cluster that was made without it gets it with its first disk."""
    group = cluster.group(AVAILABLE_STORAGE)
    if group is None:
        group = Group(AVAILABLE_STORAGE, "AvailableStorage", owner)
        cluster.groups.append(group)
    return group


def add_disk(machine: Machine, cluster: Cluster, content: DiskContent, name: str = "") -> Resource:
    """name: of the resource; without one it is numbered."""
    gpt = content.style == GPT
    resource = Resource(
        name=name or _numbered("Cluster Disk {}", [item.name for item in cluster.resources]),
        type=PHYSICAL_DISK,
        group=storage_group(cluster, machine.identity.computer_name).id,
        parameters={
            "DiskIdType": int(gpt), "DiskSignature": content.signature, "DiskIdGuid": f"{{{content.guid}}}" if gpt else "",
            "DiskRunChkDsk": 0, "DiskArbInterval": 3, "DiskPath": "", "DiskReload": 0, "MaintenanceMode": 0, "MaxIoLatency": 1000,
            "CsvEnforceWriteThrough": 0,
        },
    )
    cluster.resources.append(resource)
    machine.note(f"cluster {cluster.name}: disk {resource.name!r} added")
    return resource


def partition_of(machine: Machine, resource: Resource) -> Partition | None:
    """The one volume of the disk that can be a cluster shared volume or hold the quorum: NTFS or ReFS."""
    content = content_of(machine, resource)
    found = [item for item in content.data if item.file_system in _VOLUME_FILE_SYSTEMS] if content else []
    return found[0] if found else None


def settle(machine: Machine, cluster: Cluster) -> None:
    """A disk that its owner has lost goes to a node that sees it, alone in its group or as a shared volume; else it has failed."""
    running = [node.name for node in cluster.nodes if machine.clusters.runs(cluster, node)]
    for resource in cluster.resources if running else ():
        content = content_of(machine, resource) if resource.type == PHYSICAL_DISK else None
        if content is None or resource.id == cluster.witness:
            continue
        seeing = [name for name in running if (peer := machine.peers.find(name)) and machine.shared_luns.sees(peer.name, content)]
        group = cluster.group_of(resource)
        if seeing and group.owner in running and group.owner not in seeing and len(cluster.resources_of(group)) == 1:
            group.owner = seeing[0]
            machine.note(f"cluster {cluster.name}: {resource.name!r} went to {group.owner}, which still sees it")
        if resource.state in ("Online", "Failed"):
            resource.state = "Online" if group.owner in seeing or group.owner not in running else "Failed"


# Shared volumes

def volume_of(cluster: Cluster, resource: Resource) -> SharedVolume | None:
    return next((item for item in cluster.volumes if item.resource == resource.id), None)


def share(machine: Machine, cluster: Cluster, resource: Resource, partition: Partition, folder: str = "") -> SharedVolume:
    """Makes the disk a cluster shared volume, owned by the node that owns it now. folder: below C:\\ClusterStorage, else numbered."""
    owner = cluster.group_of(resource).owner
    group = Group(resource.id, "ClusterSharedVolume", owner)
    cluster.groups.append(group)
    resource.group = group.id
    volume = SharedVolume(resource.id, folder or _numbered("Volume{}", [item.folder for item in cluster.volumes]), partition.volume)
    cluster.volumes.append(volume)
    for node in cluster.nodes:
        _mount(machine, volume, node.name, at_once=node.name == owner)
    machine.note(f"cluster {cluster.name}: {resource.name!r} is a cluster shared volume, {ROOT}\\{volume.folder}")
    return volume


def unshare(machine: Machine, cluster: Cluster, volume: SharedVolume) -> Resource:
    """Back to Available Storage."""
    resource = next(item for item in cluster.resources if item.id == volume.resource)
    owner = cluster.group_of(resource).owner
    cluster.groups.remove(cluster.group_of(resource))
    cluster.volumes.remove(volume)
    resource.group = storage_group(cluster, owner).id
    machine.note(f"cluster {cluster.name}: {resource.name!r} is no cluster shared volume any more")
    return resource


def _mount(machine: Machine, volume: SharedVolume, node: str, at_once: bool = False) -> None:
    timing = machine.clusters.timing
    stuck = node.lower() in timing.csv_stuck_on and node not in volume.mounts_at
    lag = timedelta(seconds=0 if at_once else timing.csv_mount_seconds)
    peer = machine.peers.find(node)
    start = max(machine.now(), peer.boot_time) if peer else machine.now()
    volume.mounts_at[node] = _NEVER if stuck else (start + lag).isoformat()


def service_started(machine: Machine, service: Service) -> None:
    """A cluster service that starts mounts all shared volumes; a node that has just joined may fail to, until its service starts again."""
    cluster = machine.clusters.of(machine) if service.name.lower() == SERVICE.lower() else None
    if cluster is None:
        return
    machine.files.own.make_folder(ROOT)
    node = cluster.node(machine.identity.computer_name)
    assert node is not None
    with machine.clusters.changing():
        for volume in cluster.volumes:
            _mount(machine, volume, node.name)


def is_mounted(machine: Machine, cluster: Cluster, volume: SharedVolume, node: str) -> bool:
    resource = next(item for item in cluster.resources if item.id == volume.resource)
    moment = volume.mounts_at.get(node, _NEVER)
    return resource.state == "Online" and machine.now() >= datetime.fromisoformat(moment)


def volume_state(machine: Machine, cluster: Cluster, volume: SharedVolume, node: str) -> str:
    """A name of ClusterSharedVolumeState. ReFS goes through the file system of the owner, a node without a path over the network to it."""
    resource = next(item for item in cluster.resources if item.id == volume.resource)
    content, peer = content_of(machine, resource), machine.peers.find(node)
    if content is None or not is_mounted(machine, cluster, volume, node):
        return "Unavailable"
    if node in volume.states:
        return volume.states[node]
    if any(item.volume == volume.volume_id and item.file_system == "ReFS" for item in content.data):
        return "FileSystemRedirected"
    if peer is not None and not machine.shared_luns.sees(peer.name, content):
        return "BlockRedirected"
    return "Direct"


def mounted(machine: Machine) -> list[tuple[SharedVolume, DiskContent]]:
    """The shared volumes that this machine has below C:\\ClusterStorage now."""
    cluster = machine.clusters.of(machine)
    node = cluster.node(machine.identity.computer_name) if cluster else None
    if cluster is None or node is None or not cluster.formed or SERVICE.lower() not in machine.services.running:
        return []
    found = []
    for volume in cluster.volumes:
        resource = next(item for item in cluster.resources if item.id == volume.resource)
        content = content_of(machine, resource)
        if content is not None and is_mounted(machine, cluster, volume, node.name):
            found.append((volume, content))
    return found


def place(machine: Machine, path: str) -> Place | None:
    """Where a path lies that is on a shared volume."""
    if not path.lower().startswith(f"{ROOT}\\".lower()):
        return None
    for volume, _content in mounted(machine):
        outer = f"{ROOT}\\{volume.folder}"
        if f"{path}\\".lower().startswith(f"{outer}\\".lower()):
            return machine.shared_luns.volume(volume.volume_id, path[:len(outer)])
    return None


def folders(machine: Machine, path: str) -> list[str]:
    """The volumes that are mounted directly below this folder."""
    if path.rstrip("\\").lower() != ROOT.lower():
        return []
    return [f"{ROOT}\\{volume.folder}" for volume, _content in mounted(machine)]


def _numbered(pattern: str, taken: list[str]) -> str:
    """The first free name of Cluster Disk 1, Cluster Disk 2, ..."""
    known = {name.lower() for name in taken}
    return next(name for number in range(1, len(taken) + 2) if (name := pattern.format(number)).lower() not in known)
