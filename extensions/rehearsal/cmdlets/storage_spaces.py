# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage Spaces Direct: the cmdlets of FailoverClusters that switch it on, and those of Storage that show pools and make volumes.

Facts: ad-and-cluster.md 5.9. Output of Get-ClusterStorageSpacesDirect: a public transcript of Get-ClusterS2D.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine import spaces
from ..machine.cluster import Cluster
from ..machine.storage import ShownDisk
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cdxml import not_found, select
from .cim_schema import cim_error
from .failover_clusters import SOURCE, opened
from .partitions import storage_error
from .storage import BUS_NAMES

if TYPE_CHECKING:
    from ..machine import Machine

_ENABLE, _SET, _NEW = "Enable-ClusterStorageSpacesDirect", "Set-ClusterStorageSpacesDirect", "New-Volume"
_STORAGE = "windows-powershell-docs Storage; windows-hardware docs msft-physicaldisk, msft-storagepool, msft-virtualdisk"
_HELP = "extend rehearsal/cmdlets/storage_spaces.py"
_DEFAULT_RESERVE, _DEFAULT_PAGE = 34359738368, 16
_FILE_SYSTEMS = {"CSVFS_NTFS": "NTFS", "CSVFS_ReFS": "ReFS"}
# System error codes as HRESULTs: access denied, not supported, not found.
_DENIED, _UNSUPPORTED, _MISSING = 0x80070005, 0x80070032, 0x80070490


@cmdlet(
    _ENABLE, source=f"{SOURCE}; windowsserverdocs deploy-storage-spaces-direct.md",
    unconfirmed="the errors of a plain remote session, another edition, no empty disk, a node that is down; that it may be run again",
)
def enable_storage_spaces_direct(machine: Machine, bound: Bound) -> list[PSObject]:
    for name in ("XML", "CacheDeviceModel", "CachePageSizeKBytes", "CacheMetadataReserveBytes"):
        if name in bound:
            raise not_modelled(f"{_ENABLE} -{name}", _HELP)
    with opened(machine, bound, _ENABLE) as cluster:
        if cluster.storage:
            return []
        nodes = _nodes(machine, cluster)
        if not bound.get("SkipEligibilityChecks"):
            _check(nodes)
        pool = bound.get("PoolFriendlyName", f"S2D on {cluster.name}") if bound.get("Autoconfig", True) else ""
        spaces.enable(machine, cluster, nodes, pool, str(bound.get("CacheState", "Enabled")))
    return []


def _nodes(machine: Machine, cluster: Cluster) -> list[Machine]:
    """It asks every node over the network; the guide says not to run it in a remote session."""
    if machine.caller.network is None:
        raise cim_error(_DENIED, "PermissionDenied", _ENABLE, "Access is denied.")
    found = []
    for node in cluster.nodes:
        peer = machine.peers.find(node.name)
        if peer is None or not machine.clusters.runs(cluster, node):
            raise cim_error(_MISSING, "ObjectNotFound", _ENABLE, f"The cluster node {node.name} is down.")
        found.append(peer)
    return found


def _check(nodes: list[Machine]) -> None:
    for node in nodes:
        if node.spec.os.edition != "Datacenter":
            message = f"Storage Spaces Direct is not supported by the edition of Windows on {node.identity.computer_name}."
            raise cim_error(_UNSUPPORTED, "NotImplemented", _ENABLE, message)
        if not spaces.eligible(node):
            message = f"No disks with supported bus types found to be used for S2D on {node.identity.computer_name}."
            raise cim_error(_MISSING, "ObjectNotFound", _ENABLE, message)


@cmdlet("Get-ClusterStorageSpacesDirect", source=f"{SOURCE}; a public transcript of Get-ClusterS2D",
        unconfirmed="what it shows while S2D is off")
def get_storage_spaces_direct(machine: Machine, bound: Bound) -> list[PSObject]:
    if "Node" in bound:
        raise not_modelled("Get-ClusterStorageSpacesDirect -Node", _HELP)
    with opened(machine, bound, "Get-ClusterStorageSpacesDirect") as cluster:
        return [PSObject("CimInstance#MSCluster_StorageSpacesDirect", {
            "CacheMetadataReserveBytes": _DEFAULT_RESERVE,
            "CacheModeHDD": "ReadWrite",
            "CacheModeSSD": "WriteOnly",
            "CachePageSizeKBytes": _DEFAULT_PAGE,
            "CacheState": cluster.storage.get("cache", "Disabled"),
            "Name": cluster.name,
            "ScmUse": "Cache",
            "State": cluster.storage.get("state", "Disabled"),
            "PSComputerName": None,
        })]


@cmdlet(_SET, source=SOURCE, unconfirmed="the error while S2D is off")
def set_storage_spaces_direct(machine: Machine, bound: Bound) -> list[Any]:
    for name in bound:
        if name not in ("CacheState", "SkipEligibilityChecks"):
            raise not_modelled(f"{_SET} -{name}", _HELP)
    with opened(machine, bound, _SET) as cluster:
        if not cluster.storage:
            raise cim_error(_UNSUPPORTED, "NotImplemented", _SET, "Storage Spaces Direct is not enabled on the cluster.")
        wanted = str(bound.get("CacheState", cluster.storage["cache"]))
        if wanted != cluster.storage["cache"]:
            cluster.storage["cache"] = wanted
            machine.note(f"cluster {cluster.name}: cache of Storage Spaces Direct {wanted}")
    return []


# Physical disks, pools, virtual disks

@cmdlet("Get-PhysicalDisk", source=f"{_STORAGE}; windowsserverdocs storage-spaces-states.md (CannotPoolReason)",
        unconfirmed="CannotPoolReason of the system's disk; DeviceId of another node's disk")
def get_physical_disk(machine: Machine, bound: Bound) -> list[PSObject]:
    filters = {name: name for name in ("FriendlyName", "SerialNumber", "UniqueId", "CanPool")}
    _refuse_others(bound, "Get-PhysicalDisk", filters)
    cluster = machine.clusters.of(machine)
    own = [_physical(machine, disk) for disk in machine.storage.physical_disks()]
    others = [
        _physical_object(disk.name, disk.serial, f"{disk.node}/{disk.serial}", disk.bus_type, disk.media, disk.size, spaces.IN_A_POOL, "")
        for disk in (spaces.pool_disks(cluster) if cluster else []) if disk.node.lower() != machine.identity.computer_name.lower()
    ]
    return select([*own, *others], bound, "Get-PhysicalDisk", filters)


def _physical(machine: Machine, disk: ShownDisk) -> PSObject:
    reason = spaces.why_not(machine, disk)
    return _physical_object(
        disk.friendly_name, disk.serial, disk.unique_id, disk.bus_type, disk.media, disk.size, reason, str(disk.number),
    )


def _physical_object(name: str, serial: str, unique_id: str, bus: int, media: str, size: int, reason: str, device: str) -> PSObject:
    return PSObject("CimInstance#MSFT_PhysicalDisk", {
        "FriendlyName": name, "SerialNumber": serial, "UniqueId": unique_id, "BusType": BUS_NAMES.get(bus, "Unknown"),
        "MediaType": media or "Unspecified", "Size": size, "CanPool": not reason, "CannotPoolReason": reason or None, "DeviceId": device,
        "Usage": "Auto-Select", "HealthStatus": "Healthy", "OperationalStatus": "OK", "PSComputerName": None,
    })


@cmdlet("Get-StoragePool", source=_STORAGE)
def get_storage_pool(machine: Machine, bound: Bound) -> list[PSObject]:
    filters = {name: name for name in ("FriendlyName", "IsPrimordial", "UniqueId")}
    _refuse_others(bound, "Get-StoragePool", filters)
    cluster = machine.clusters.of(machine)
    free = sum(disk.size for disk in machine.storage.physical_disks())
    pools = [_pool("Primordial", "", True, free, 0)]
    if cluster is not None and cluster.storage.get("pool"):
        pools.append(_pool(cluster.storage["pool"], cluster.id, False, spaces.capacity(cluster), spaces.allocated(cluster)))
    return select(pools, bound, "Get-StoragePool", filters)


def _pool(name: str, unique_id: str, primordial: bool, size: int, allocated: int) -> PSObject:
    return PSObject("CimInstance#MSFT_StoragePool", {
        "FriendlyName": name, "UniqueId": unique_id, "IsPrimordial": primordial, "IsClustered": not primordial, "IsReadOnly": False,
        "Size": size, "AllocatedSize": allocated, "HealthStatus": "Healthy", "OperationalStatus": "OK", "PSComputerName": None,
    })


@cmdlet("Get-VirtualDisk", source=_STORAGE)
def get_virtual_disk(machine: Machine, bound: Bound) -> list[PSObject]:
    filters = {name: name for name in ("FriendlyName", "UniqueId")}
    _refuse_others(bound, "Get-VirtualDisk", filters)
    cluster = machine.clusters.of(machine)
    found = [
        PSObject("CimInstance#MSFT_VirtualDisk", {
            "FriendlyName": volume["name"], "UniqueId": volume["unique_id"], "Size": volume["size"], "AllocatedSize": volume["size"],
            "FootprintOnPool": volume["size"] * volume["copies"], "ResiliencySettingName": volume["resiliency"],
            "NumberOfDataCopies": volume["copies"], "HealthStatus": "Healthy", "OperationalStatus": "OK", "PSComputerName": None,
        })
        for volume in (spaces.virtual_disks(cluster) if cluster else [])
    ]
    return select(found, bound, "Get-VirtualDisk", filters)


@cmdlet(_NEW, source=f"{_STORAGE}; windowsserverdocs create-volumes.md", unconfirmed="the errors; the folder of the volume on each version")
def new_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    """On the pool of Storage Spaces Direct."""
    for name in bound:
        if name not in ("StoragePoolFriendlyName", "StoragePool", "FriendlyName", "FileSystem", "Size", "ResiliencySettingName"):
            raise not_modelled(f"{_NEW} -{name}", _HELP)
    file_system, resiliency = str(bound.get("FileSystem", "")), bound.get("ResiliencySettingName", "Mirror")
    if file_system not in _FILE_SYSTEMS or resiliency not in ("Mirror", "Simple") or "Size" not in bound:
        raise not_modelled(f"{_NEW} with the file system {file_system or '(none)'}, {resiliency}, of the size {bound.get('Size')}", _HELP)
    with opened(machine, Bound({}), _NEW) as cluster:
        pool = bound["StoragePool"].properties["FriendlyName"] if "StoragePool" in bound else bound.get("StoragePoolFriendlyName", "")
        if not cluster.storage.get("pool") or pool.lower() != cluster.storage["pool"].lower():
            raise not_found("CmdletizationQuery_NotFound_FriendlyName", _NEW)
        _require_room(cluster, bound["Size"], resiliency)
        if any(volume["name"].lower() == bound["FriendlyName"].lower() for volume in spaces.virtual_disks(cluster)):
            raise not_modelled("a second virtual disk of one name", _HELP)
        spaces.add_volume(machine, cluster, bound["FriendlyName"], bound["Size"], _FILE_SYSTEMS[file_system], resiliency)
    return []


def _require_room(cluster: Cluster, size: int, resiliency: str) -> None:
    free = spaces.capacity(cluster) - spaces.allocated(cluster)
    if size * spaces.copies(cluster, resiliency) > free:
        raise _no_room()


def _no_room() -> PowerShellError:
    return storage_error(40000, _NEW)


def _refuse_others(bound: Bound, command: str, known: dict[str, str]) -> None:
    for name in bound:
        if name not in known:
            raise not_modelled(f"{command} -{name}", _HELP)
