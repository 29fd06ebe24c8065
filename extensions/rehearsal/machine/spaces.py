# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage Spaces Direct: the empty disks inside a cluster's nodes as one pool, and virtual disks on it (ad-and-cluster.md 5.9).

All of it is kept with the cluster; a virtual disk is one more disk that all nodes see (machine/shared_luns.py).
"""
from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import cluster_storage
from .cluster import Cluster, Group, Resource, SharedVolume
from .disk_content import GPT, RAW, formatted
from .hardware import GB
from .storage import ShownDisk
from .storage_spec import Lun

if TYPE_CHECKING:
    from .machine import Machine

# MSFT_PhysicalDisk.BusType: SAS, SATA, NVMe, SCM.
BUSES = frozenset({10, 11, 17, 18})
STORAGE_POOL = "Storage Pool"
# windowsserverdocs storage/storage-spaces/storage-spaces-states.md, "Reasons a drive can't be pooled".
IN_A_POOL, IN_USE, OFFLINE, NO_ROOM = "In a Pool", "In Use by Cluster", "Offline", "Insufficient Capacity"
_LEAST = 4 * GB


@dataclass(frozen=True)
class PoolDisk:
    """A disk that the pool has taken."""

    node: str
    serial: str
    name: str
    size: int
    media: str
    bus_type: int


def pool_disks(cluster: Cluster) -> list[PoolDisk]:
    return [PoolDisk(**item) for item in cluster.storage.get("disks", [])]


def members(machine: Machine) -> frozenset[str]:
    """The serial numbers of this machine's disks that are in the pool; the operating system does not list them as disks."""
    cluster = machine.clusters.of(machine)
    if cluster is None or not cluster.storage.get("pool"):
        return frozenset()
    own = machine.identity.computer_name.lower()
    return frozenset(disk.serial for disk in pool_disks(cluster) if disk.node.lower() == own)


def why_not(machine: Machine, disk: ShownDisk) -> str:
    """Why a pool cannot take a disk, empty where it can."""
    if disk.serial in members(machine):
        return IN_A_POOL
    if disk.clustered:
        return IN_USE
    if disk.offline_reason:
        return OFFLINE
    return "" if disk.content.style == RAW and not disk.system and disk.size >= _LEAST else NO_ROOM


def eligible(machine: Machine) -> list[ShownDisk]:
    return [disk for disk in machine.storage.physical_disks() if disk.local and disk.bus_type in BUSES and not why_not(machine, disk)]


def enable(machine: Machine, cluster: Cluster, nodes: list[Machine], pool: str, cache: str) -> None:
    """pool: its name, empty for none (no automatic configuration)."""
    cluster.storage.update(state="Enabled", cache=cache, volumes=[], disks=[], pool="")
    machine.note(f"cluster {cluster.name}: Storage Spaces Direct is on")
    if not pool:
        return
    taken = [
        PoolDisk(node.identity.computer_name, disk.serial, disk.friendly_name, disk.size, disk.media, disk.bus_type)
        for node in nodes for disk in eligible(node)
    ]
    cluster.storage.update(pool=pool, disks=[vars(disk) for disk in taken])
    group = Group(STORAGE_POOL, "ClusterStoragePool", machine.identity.computer_name)
    cluster.groups.append(group)
    cluster.resources.append(Resource("Cluster Pool 1", STORAGE_POOL, group.id, parameters={"PoolId": str(uuid.uuid4())}))
    machine.note(f"cluster {cluster.name}: pool {pool!r} of {len(taken)} disks")


def capacity(cluster: Cluster) -> int:
    return sum(disk.size for disk in pool_disks(cluster))


def allocated(cluster: Cluster) -> int:
    return sum(volume["size"] * volume["copies"] for volume in cluster.storage.get("volumes", []))


def copies(cluster: Cluster, resiliency: str) -> int:
    """How often a mirror keeps the data: three times where there are enough nodes (windowsserverdocs fault-tolerance.md)."""
    if resiliency == "Simple":
        return 1
    return 2 if len({disk.node for disk in pool_disks(cluster)}) < 3 else 3


def add_volume(machine: Machine, cluster: Cluster, name: str, size: int, file_system: str, resiliency: str) -> SharedVolume:
    """A virtual disk, formatted, a resource of the cluster, a cluster shared volume. Its folder is named after it from Server 2019 on."""
    unique_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{cluster.id}/{name}").hex.upper()
    lun = Lun("spaces", name, "", f"{{{uuid.UUID(unique_id)}}}", unique_id, 8, size, 1)
    content = formatted(size, GPT, file_system, name, unique_id)
    machine.shared_luns.add_virtual(lun, content)
    volume = {"name": name, "size": size, "resiliency": resiliency, "copies": copies(cluster, resiliency), "unique_id": unique_id}
    cluster.storage["volumes"].append(volume)
    resource = cluster_storage.add_disk(machine, cluster, content, f"Cluster Virtual Disk ({name})")
    folder = "" if machine.os_version == "2016" else name
    return cluster_storage.share(machine, cluster, resource, content.data[0], folder)


def virtual_disks(cluster: Cluster) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = cluster.storage.get("volumes", [])
    return volumes
