# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage Spaces Direct: the disks inside the nodes of a cluster made one pool, and volumes on it.

docs/resources/storage_spaces_direct.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import CONDITION_NOT_MET, Answers, CmdletError
from ..calls import Call, Cmdlet
from ..cluster import asking, shared_volumes
from ..cluster.shared_volumes import SharedVolume
from ..plans import Difference, Finding, Plan, Promise

# Win32_OperatingSystem.OperatingSystemSKU: Datacenter in its installations, its evaluation, Azure Edition.
_DATACENTER = {8, 12, 80, 147, 407}
_BUSES = ("SAS", "SATA", "NVMe", "SCM")
_IN_A_POOL = "In a Pool"
_FILE_SYSTEMS = {"refs": "CSVFS_ReFS", "ntfs": "CSVFS_NTFS"}
_MOST_NODES = 16
_GB = 2**30


@dataclass(frozen=True)
class _Volume:
    name: str
    size: int
    resiliency: str


@dataclass(frozen=True)
class _Current:
    """pools: of the cluster's own making, the primordial one left out; ready: empty disks of this host that a pool would take."""

    cluster: str | None
    enabled: bool
    cache: bool | None
    pools: tuple[str, ...]
    volumes: tuple[_Volume, ...]
    shared: tuple[SharedVolume, ...]
    up: tuple[str, ...]
    ready: int
    unusable: tuple[str, ...]

    def volume(self, name: str) -> _Volume | None:
        return next((volume for volume in self.volumes if volume.name.lower() == name.lower()), None)

    def mounted(self, name: str) -> SharedVolume | None:
        return next((volume for volume in self.shared if volume.name.lower() == _resource(name).lower()), None)

    def not_mounted(self, name: str) -> dict[str, str]:
        shared = self.mounted(name)
        return shared.not_mounted(self.up) if shared else {}


class StorageSpacesDirect:
    """Looks at its conditions first; switches it on once and for all, and makes the volumes that are not there."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        disk = ("FriendlyName", "SerialNumber", "BusType", "CanPool", "CannotPoolReason")
        return [
            *asking.read("S2DEnabled?", "S2DCacheDesiredState?"),
            Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("OperatingSystemSKU", "Caption")),
            Cmdlet("physical", "Get-PhysicalDisk", properties=disk),
            Cmdlet("nodes", "Get-ClusterNode", properties=("Name", "State")),
            Cmdlet("pools", "Get-StoragePool", properties=("FriendlyName", "IsPrimordial")),
            Cmdlet("virtual", "Get-VirtualDisk", properties=("FriendlyName", "Size", "ResiliencySettingName")),
            *shared_volumes.read(),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_refusals(options))
        if refusals:
            return Plan(refusals=refusals)
        blocker = asking.blocker(answers)
        current = _outside(answers) if blocker else _inside(answers)
        if current.enabled and not options["enabled"]:
            return Plan(refusals=(_STAYS,), state=_state(current))
        differences = tuple(_differences(options, current))
        return Plan(
            differences=differences,
            calls=() if blocker else tuple(_calls(options, current)),
            findings=tuple(_conditions(answers, current)) if options["enabled"] and not current.enabled else (),
            warnings=tuple(_warnings(options, current)),
            blockers=(blocker,) if blocker else (),
            state=_state(current),
        )

    def explain(self, error: CmdletError) -> str:
        if error.id == CONDITION_NOT_MET:
            return "A node has not mounted the volume yet: see the state of its storage (Get-StorageJob, Get-VirtualDisk)"
        if "storagespacesdirect" in error.id.lower().replace("-", ""):
            return (
                "It asks every node, which a WinRM logon cannot: run the task with become: true, become_method: runas and a domain account "
                "with its password. The data disks of every node must be empty"
            )
        return ""

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        resources = {"Namespace": asking.NAMESPACE, "ClassName": "MSCluster_Resource", "Filter": "Type='Physical Disk'"}
        return [
            Cmdlet("s2d", "Get-ClusterStorageSpacesDirect", properties=("State",)),
            Cmdlet("resources", "Get-CimInstance", resources, ("Name", "IsClusterSharedVolume")),
        ]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        if not options["enabled"]:
            return ()
        found = answers.row("s2d")["State"]
        shared = {row["Name"].lower(): row["IsClusterSharedVolume"] for row in answers.rows("resources")}
        seen = [(item["name"], shared.get(_resource(item["name"]).lower())) for item in options["volumes"]]
        return (
            Promise("enabled", "Enabled", found, "Get-ClusterStorageSpacesDirect", found == "Enabled"),
            *(Promise(f"volumes.{name}", True, flag, "CIM MSCluster_Resource.IsClusterSharedVolume", flag is True) for name, flag in seen),
        )


RESOURCE = StorageSpacesDirect()
_STAYS = (
    "enabled: Storage Spaces Direct is on, and switching it off would destroy the pool with all volumes; that is not done here "
    "(Disable-ClusterStorageSpacesDirect)"
)


# What can never be

def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    seen: set[str] = set()
    for number, item in enumerate(options["volumes"]):
        where = f"volumes[{number}]"
        if not item["name"] or item["name"].lower() in seen:
            yield f"{where}.name: {item['name']!r} is empty or stands there twice"
        if item["size_gb"] < 1:
            yield f"{where}.size_gb: {item['size_gb']} is not 1 or more"
        seen.add(item["name"].lower())
    if options["volumes"] and not options["enabled"]:
        yield "volumes: they need enabled: true"
    if options["pool_name"] == "":
        yield "pool_name: it is empty"
    if options["mount_seconds"] < 1:
        yield f"mount_seconds: {options['mount_seconds']} is not 1 or more"


# What a person must know

def _conditions(answers: Answers, current: _Current) -> Iterator[Finding]:
    """What a host must be before it is switched on; these hold for every node, so every node should be asked."""
    system = answers.row("system")
    if system["OperatingSystemSKU"] not in _DATACENTER:
        found = f"{system['Caption']} (SKU {system['OperatingSystemSKU']})"
        yield Finding(
            "s2d_edition", "critical", "Windows", found, "the Datacenter edition",
            "Storage Spaces Direct is part of Windows Server Datacenter only: change the edition of every node, or use shared storage.",
        )
    if not current.ready:
        yield Finding(
            "s2d_disks", "critical", "data disks", f"no empty disk on {', '.join(_BUSES)}", "empty data disks in every node",
            f"Delete the partitions of the data disks. Those that it would not take: {'; '.join(current.unusable) or 'none'}.",
        )
    elif current.unusable:
        yield Finding(
            "s2d_disks_left", "information", "data disks", "; ".join(current.unusable), "empty data disks",
            "These are left out, the system's own disk always among them; delete the partitions of those that it should take.",
        )
    if current.cluster is not None:
        yield from _node_findings(answers, current)


def _node_findings(answers: Answers, current: _Current) -> Iterator[Finding]:
    nodes = [row["Name"] for row in answers.rows("nodes")]
    if not 2 <= len(nodes) <= _MOST_NODES:
        yield Finding(
            "s2d_nodes", "warning", current.cluster or "", f"{len(nodes)} nodes", f"2 to {_MOST_NODES}",
            "Add the other nodes first: the resiliency of the pool follows from the number of nodes that it starts with.",
        )
    down = sorted(set(nodes) - set(current.up))
    if down:
        yield Finding(
            "s2d_node_down", "warning", current.cluster or "", f"down: {', '.join(down)}", "all nodes up",
            "Bring them up first, or their disks are claimed only when they come back.",
        )


def _warnings(options: Mapping[str, Any], current: _Current) -> Iterator[str]:
    for item in options["volumes"]:
        volume = current.volume(item["name"])
        if volume is not None and volume.size // _GB != item["size_gb"]:
            yield f"volumes: {item['name']} has {volume.size // _GB} GB, not {item['size_gb']}; a volume that is there is not resized"
    name = options["pool_name"]
    if current.enabled and name is not None and name.lower() not in [pool.lower() for pool in current.pools]:
        yield f"pool_name: there is no pool {name!r}; the name is given when Storage Spaces Direct is switched on, and stays"


# What is wanted

def _differences(options: Mapping[str, Any], current: _Current) -> Iterator[Difference]:
    if options["enabled"] and not current.enabled:
        yield Difference("enabled", False if current.cluster is not None else None, True)
    if options["enabled"] and options["cache"] is not None and options["cache"] != current.cache:
        yield Difference("cache", current.cache, options["cache"])
    missing = [item for item in options["volumes"] if current.volume(item["name"]) is None]
    if missing:
        yield Difference("volumes", [volume.name for volume in current.volumes], [
            *(volume.name for volume in current.volumes), *(item["name"] for item in missing),
        ])
    away = {item["name"]: nodes for item in options["volumes"] if (nodes := current.not_mounted(item["name"]))}
    if away:
        yield Difference("not_mounted", away, {})


# What was found

def _outside(answers: Answers) -> _Current:
    """A host that is in no cluster: only its own disks can be seen."""
    ready, unusable = _disks(answers)
    return _Current(None, False, None, (), (), (), (), ready, unusable)


def _inside(answers: Answers) -> _Current:
    cluster = answers.row("cluster")
    enabled = bool(cluster["S2DEnabled"])
    ready, unusable = _disks(answers)
    return _Current(
        cluster=cluster["Name"],
        enabled=enabled,
        cache=cluster["S2DCacheDesiredState"] != "Disabled" if enabled else None,
        pools=tuple(row["FriendlyName"] for row in answers.rows("pools") if not row["IsPrimordial"]),
        volumes=tuple(_Volume(row["FriendlyName"], row["Size"], row["ResiliencySettingName"]) for row in answers.rows("virtual")),
        shared=shared_volumes.present(answers),
        up=tuple(row["Name"] for row in answers.rows("nodes") if row["State"] in ("Up", "Paused")),
        ready=ready,
        unusable=unusable,
    )


def _disks(answers: Answers) -> tuple[int, tuple[str, ...]]:
    """How many a pool would take, and those on the same buses that it would not, with Windows' reason."""
    disks = [row for row in answers.rows("physical") if str(row["BusType"]) in _BUSES]
    left = [row for row in disks if not row["CanPool"] and str(row["CannotPoolReason"]) != _IN_A_POOL]
    named = (f"{row['FriendlyName']} {(row['SerialNumber'] or '').strip()} ({row['CannotPoolReason']})" for row in left)
    return sum(1 for row in disks if row["CanPool"]), tuple(named)


def _resource(volume: str) -> str:
    """The cluster resource of a virtual disk."""
    return f"Cluster Virtual Disk ({volume})"


def _pool(options: Mapping[str, Any], current: _Current) -> str:
    """The one that is there once it is on, whatever its name; a new one is named after the cluster unless it gets a name."""
    if current.enabled and len(current.pools) == 1:
        return current.pools[0]
    return options["pool_name"] or f"S2D on {current.cluster}"


def _state(current: _Current) -> dict[str, Any]:
    return {
        "enabled": current.enabled,
        "cache": current.cache,
        "pools": list(current.pools),
        "disks_ready": current.ready,
        "volumes": [_volume_state(volume, current.mounted(volume.name)) for volume in current.volumes],
    }


def _volume_state(volume: _Volume, shared: SharedVolume | None) -> dict[str, Any]:
    return {
        "name": volume.name,
        "size_gb": volume.size // _GB,
        "resiliency": volume.resiliency,
        "mount_paths": list(shared.mount_paths) if shared else [],
        "nodes": dict(shared.nodes) if shared else {},
    }


# What is called

def _calls(options: Mapping[str, Any], current: _Current) -> Iterator[Call]:
    cache = {} if options["cache"] is None else {"CacheState": "Enabled" if options["cache"] else "Disabled"}
    if options["enabled"] and not current.enabled:
        name = {"PoolFriendlyName": options["pool_name"]} if options["pool_name"] else {}
        yield Cmdlet("enable", "Enable-ClusterStorageSpacesDirect", {**name, "Autoconfig": True, **cache, "Confirm": False})
    elif cache and options["cache"] != current.cache:
        yield Cmdlet("cache", "Set-ClusterStorageSpacesDirect", cache)
    missing = [item for item in options["volumes"] if current.volume(item["name"]) is None]
    for number, item in enumerate(missing):
        yield Cmdlet(f"volume{number}", "New-Volume", _volume_parameters(item, _pool(options, current)))
    waiting = [item for item in options["volumes"] if item in missing or current.not_mounted(item["name"])]
    yield from _waits(waiting, current.up, options["mount_seconds"])


def _volume_parameters(item: Mapping[str, Any], pool: str) -> dict[str, Any]:
    resiliency = {"ResiliencySettingName": item["resiliency"].capitalize()} if item["resiliency"] else {}
    return {
        "FriendlyName": item["name"], "FileSystem": _FILE_SYSTEMS[item["file_system"]], "StoragePoolFriendlyName": pool,
        "Size": item["size_gb"] * _GB, **resiliency,
    }


def _waits(volumes: Sequence[Mapping[str, Any]], nodes: Sequence[str], seconds: int) -> Iterator[Call]:
    for number, item in enumerate(volumes):
        yield shared_volumes.wait(f"mounted{number}", _resource(item["name"]), nodes, item["file_system"], seconds)
