# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disks of a failover cluster, by unique id: from a LUN that every node sees to a cluster shared volume that every node has mounted.

docs/resources/cluster_disks.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from ..answers import CONDITION_NOT_MET, Answers, CmdletError
from ..calls import Assign, Call, Cmdlet, Ref, Retry
from ..cluster import asking, shared_volumes
from ..cluster import disks as cluster_disks
from ..cluster.disks import ClusterResource, LocalDisk
from ..cluster.shared_volumes import SharedVolume
from ..plans import Difference, Finding, Plan, Promise

_SPELLINGS = {"ntfs": "NTFS", "refs": "ReFS"}
_ONLINE = Retry(count=24, seconds=5)
# What a disk is, from nothing to a volume of the cluster.
_MISSING, _EMPTY, _LOCAL, _AVAILABLE = "missing", "empty", "local", "available"
_CLUSTER_DISK, _SHARED_VOLUME = "cluster_disk", "shared_volume"
_STORAGE = "root/microsoft/windows/storage"


@dataclass(frozen=True)
class _Found:
    """One of the disks that are wanted. seen: how many disks of that unique id this host has, more than one without multipath."""

    number: int
    item: Mapping[str, Any]
    kind: str
    local: LocalDisk | None
    seen: int
    resource: ClusterResource | None
    volume: SharedVolume | None

    @property
    def name(self) -> str | None:
        """Of the cluster resource, as it is now."""
        if self.volume is not None:
            return self.volume.name
        return self.resource.name if self.resource else None

    @property
    def wanted_kind(self) -> str:
        return _SHARED_VOLUME if self.item["shared_volume"] else _CLUSTER_DISK

    @property
    def renamed(self) -> bool:
        return self.item["name"] is not None and self.item["name"] != self.name

    @property
    def file_system(self) -> str:
        """What it has, or what it will be formatted with; of an offline disk it cannot be read, and the option is believed."""
        if self.volume is not None and self.volume.file_systems:
            return self.volume.file_systems[0]
        return (self.local.file_system if self.local else None) or self.item["file_system"]

    def as_state(self) -> dict[str, Any]:
        volume, resource = self.volume, self.resource
        return {
            "unique_id": self.item["unique_id"],
            "kind": self.kind,
            "name": self.name,
            "state": volume.state if volume else (resource.state if resource else None),
            "owner": volume.owner if volume else (resource.owner if resource else None),
            "mount_paths": list(volume.mount_paths) if volume else [],
            "nodes": dict(volume.nodes) if volume else {},
        }


class ClusterDisks:
    """Looks for each disk among this host's disks, those available to the cluster, its resources and its shared volumes."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            *asking.read("SharedVolumesRoot"),
            Cmdlet("nodes", "Get-ClusterNode", properties=("Name", "State")),
            *cluster_disks.read(),
            *shared_volumes.read(),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_option_refusals(options))
        if refusals:
            return Plan(refusals=refusals)
        blocker = asking.blocker(answers)
        if blocker:
            return Plan(differences=tuple(_all_differences(options)), blockers=(blocker,), state=_state([], (), None))
        volumes = shared_volumes.present(answers)
        found = list(_find(options, answers, volumes))
        nodes = [row["Name"] for row in answers.rows("nodes") if row["State"] in ("Up", "Paused")]
        state = _state(found, volumes, answers.row("cluster")["SharedVolumesRoot"])
        findings = tuple(finding for disk in found for finding in _findings(disk))
        names = {*cluster_disks.resources(answers), *(volume.name.lower() for volume in volumes)}
        refusals = tuple(reason for disk in found for reason in _refusals(disk, names))
        if refusals or findings:
            return Plan(findings=findings, refusals=refusals, state=state)
        due = [disk for disk in found if _is_due(disk, nodes)]
        return Plan(
            differences=_differences(due, nodes),
            calls=(*(call for disk in due for call in _calls(disk)), *_waits(due, nodes, options["mount_seconds"])),
            state=state,
        )

    def explain(self, error: CmdletError) -> str:
        command = error.id.lower().replace("-", "")
        if error.id == CONDITION_NOT_MET:
            return _NOT_MOUNTED if "StateInfo" in error.message else _NOT_ONLINE
        if "clusterdisk" in command:
            return "Every node must see the disk, and it must be a basic disk that no other cluster has reserved"
        if "clustersharedvolume" in command:
            return "Only a disk of the group Available Storage with one NTFS or ReFS volume becomes a cluster shared volume"
        return ""

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        resources = {"Namespace": asking.NAMESPACE, "ClassName": "MSCluster_Resource", "Filter": "Type='Physical Disk'"}
        return [
            Cmdlet("physical", "Get-CimInstance", resources, ("Name", "IsClusterSharedVolume")),
            Cmdlet("storage", "Get-CimInstance", {"Namespace": _STORAGE, "ClassName": "MSFT_Disk"}, ("UniqueId", "IsClustered")),
        ]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        shared = {row["Name"].lower(): row["IsClusterSharedVolume"] for row in answers.rows("physical")}
        clustered = {(row["UniqueId"] or "").strip().lower(): row["IsClustered"] for row in answers.rows("storage")}
        return tuple(_promise(item, shared, clustered) for item in options["disks"])


RESOURCE = ClusterDisks()

_NOT_ONLINE = "The disk did not come online in the cluster: see the cluster's events on the node that owns it"
_NOT_MOUNTED = (
    "A node has not mounted the volume. See that it has a path to the storage; on a node that has just joined, a restart of its service "
    "ClusSvc has helped where waiting did not. FileSystemRedirected on every node is another matter: the volume is ReFS although "
    "file_system says ntfs, or a filter driver keeps it from direct access, which is slow; the next run takes it"
)


# What can never be

def _option_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    seen: dict[str, int] = {}
    names: dict[str, int] = {}
    for number, item in enumerate(options["disks"]):
        unique_id = item["unique_id"].strip().lower()
        if not unique_id:
            yield f"disks[{number}].unique_id: it is empty"
        if unique_id in seen:
            yield f"disks[{number}].unique_id: {item['unique_id']!r} is disks[{seen[unique_id]}] already"
        if item["name"] is not None and (not item["name"] or item["name"].lower() in names):
            yield f"disks[{number}].name: {item['name']!r} is empty or stands there twice"
        seen.setdefault(unique_id, number)
        names.setdefault((item["name"] or "").lower(), number)
    if options["mount_seconds"] < 1:
        yield f"mount_seconds: {options['mount_seconds']} is not 1 or more"


def _refusals(disk: _Found, names: Set[str]) -> Iterator[str]:
    """names: of all resources, in lower case; shared volumes may not be listed among the resources."""
    unique_id = disk.item["unique_id"]
    if disk.kind == _SHARED_VOLUME and not disk.item["shared_volume"]:
        yield f"disks: {unique_id} is the cluster shared volume {disk.name!r} already, and to take it back is not done here"
    if disk.kind == _CLUSTER_DISK and disk.item["shared_volume"] and disk.resource and disk.resource.group_type != "AvailableStorage":
        yield f"disks: {unique_id} ({disk.name!r}) is in use by {disk.resource.group!r}, so it cannot become a cluster shared volume"
    if disk.renamed and disk.item["name"].lower() in names - {(disk.name or "").lower()}:
        yield f"disks: the name {disk.item['name']!r}, wanted for {unique_id}, belongs to another resource of the cluster"


# What a person must know

def _findings(disk: _Found) -> Iterator[Finding]:
    unique_id = disk.item["unique_id"]
    if disk.kind in (_CLUSTER_DISK, _SHARED_VOLUME, _AVAILABLE):
        return
    if disk.kind == _MISSING:
        yield Finding(
            "disk_missing", "critical", unique_id, "no disk of this unique id on this host", "a disk that every node sees",
            "Compare with Get-Disk's UniqueId; present the LUN to every node, and rescan (Update-HostStorageCache).",
        )
    elif disk.seen > 1:
        yield Finding(
            "disk_twice", "critical", unique_id, f"{disk.seen} disks of this unique id", "one",
            "Set up multipath I/O (win_hv_mpio): without it Windows sees each path as a disk of its own, and may write by both.",
        )
    elif disk.kind == _EMPTY and not disk.item["initialize"]:
        yield Finding(
            "disk_empty", "critical", unique_id, "a disk without any volume", "an NTFS or ReFS volume",
            "Set initialize: true for this disk if it may be formatted; that deletes whatever is on it.",
        )
    elif disk.kind == _LOCAL:
        yield _local_finding(disk)


def _local_finding(disk: _Found) -> Finding:
    """Not empty, in no cluster, and not available to this one."""
    unique_id = disk.item["unique_id"]
    if disk.local is not None and disk.local.clustered:
        return Finding(
            "disk_foreign", "critical", unique_id, "a disk of a cluster that does not list it as its own", "a disk that is free",
            "See which cluster has it: another one that the LUN is presented to must give it up first.",
        )
    if disk.local is not None and disk.local.file_system == "":
        return Finding(
            "disk_unformatted", "critical", unique_id, "a partition without a file system", "an NTFS or ReFS volume",
            "Format it, or delete its partitions and set initialize: true.",
        )
    return Finding(
        "disk_not_shared", "critical", unique_id, "not among the disks that are available to the cluster", "a disk that every node sees",
        "Present the LUN to every node; it must be a basic disk and free of reservations of other clusters.",
    )


# What is wanted

def _is_due(disk: _Found, nodes: Sequence[str]) -> bool:
    return disk.kind != disk.wanted_kind or disk.renamed or bool(disk.volume and disk.volume.not_mounted(nodes))


def _differences(due: Sequence[_Found], nodes: Sequence[str]) -> tuple[Difference, ...]:
    """One for the whole list, each disk with what changes."""
    if not due:
        return ()
    return (Difference("disks", [_before(disk, nodes) for disk in due], [_after(disk, nodes) for disk in due]),)


def _before(disk: _Found, nodes: Sequence[str]) -> dict[str, Any]:
    named = {"name": disk.name} if disk.renamed else {}
    missing = disk.volume.not_mounted(nodes) if disk.volume else {}
    return {"unique_id": disk.item["unique_id"], "kind": disk.kind, **named, **({"not_mounted": missing} if missing else {})}


def _after(disk: _Found, nodes: Sequence[str]) -> dict[str, Any]:
    named = {"name": disk.item["name"]} if disk.renamed else {}
    formatted = {"file_system": disk.item["file_system"]} if disk.kind == _EMPTY else {}
    missing = bool(disk.volume and disk.volume.not_mounted(nodes))
    return {"unique_id": disk.item["unique_id"], "kind": disk.wanted_kind, **named, **formatted, **({"not_mounted": {}} if missing else {})}


def _all_differences(options: Mapping[str, Any]) -> Iterator[Difference]:
    """On a host where nothing can be read yet."""
    wanted = [
        {"unique_id": item["unique_id"], "kind": _SHARED_VOLUME if item["shared_volume"] else _CLUSTER_DISK, "name": item["name"]}
        for item in options["disks"]
    ]
    if wanted:
        yield Difference("disks", None, wanted)


# What was found

def _find(options: Mapping[str, Any], answers: Answers, volumes: Sequence[SharedVolume]) -> Iterator[_Found]:
    local = cluster_disks.local_disks(answers)
    names = cluster_disks.resource_names(answers)
    resources = cluster_disks.resources(answers)
    shared = {volume.name.lower(): volume for volume in volumes}
    available = cluster_disks.available_ids(answers)
    for number, item in enumerate(options["disks"]):
        unique_id = item["unique_id"].strip().lower()
        mine = [disk for disk in local if disk.unique_id.lower() == unique_id]
        first = mine[0] if mine else None
        keys = (unique_id, *(first.ids if first else ()))
        name = next((names[key] for key in keys if key in names), "").lower()
        kind = _kind(first, len(mine), name in resources, name in shared, available)
        yield _Found(number, item, kind, first, len(mine), resources.get(name), shared.get(name))


def _kind(disk: LocalDisk | None, seen: int, resource: bool, shared: bool, available: frozenset[str]) -> str:
    if shared:
        return _SHARED_VOLUME
    if resource:
        return _CLUSTER_DISK
    if disk is None:
        return _MISSING
    if seen > 1 or disk.clustered:
        return _LOCAL
    if disk.empty:
        return _EMPTY
    if disk.file_system == "":
        return _LOCAL
    return _AVAILABLE if disk.ids & available else _LOCAL


def _state(found: Sequence[_Found], volumes: Sequence[SharedVolume], root: str | None) -> dict[str, Any]:
    return {
        "disks": [disk.as_state() for disk in found],
        "shared_volumes": [volume.as_state() for volume in volumes],
        "shared_volumes_root": root,
    }


# What is called

def _calls(disk: _Found) -> Iterator[Call]:
    number, unique_id = disk.number, disk.item["unique_id"].strip()
    if disk.kind == _SHARED_VOLUME:
        if disk.renamed:
            yield Cmdlet(f"resource{number}", "Get-ClusterSharedVolume", {"Name": disk.name}, ("Name",))
            yield Assign(f"name{number}", Ref(f"resource{number}"), {"Name": disk.item["name"]})
        return
    if disk.kind == _EMPTY:
        yield from _prepare(disk)
    if disk.kind == _CLUSTER_DISK:
        yield Cmdlet(f"resource{number}", "Get-ClusterResource", {"Name": disk.name}, ("Name",))
    else:
        yield Cmdlet(f"disk{number}", "Get-Disk", {"UniqueId": unique_id}, ("Number",))
        yield Cmdlet(f"resource{number}", "Add-ClusterDisk", {"InputObject": Ref(f"disk{number}")}, ("Name",))
    if disk.renamed:
        yield Assign(f"name{number}", Ref(f"resource{number}"), {"Name": disk.item["name"]})
    if disk.kind == disk.wanted_kind:
        return
    named = Ref(f"resource{number}", property="Name")
    yield Cmdlet(f"online{number}", "Get-ClusterResource", {"Name": named}, ("Name", "State"), until={"State": "Online"}, retry=_ONLINE)
    if disk.item["shared_volume"]:
        yield Cmdlet(f"share{number}", "Add-ClusterSharedVolume", {"InputObject": Ref(f"online{number}")}, ("Name",))


def _prepare(disk: _Found) -> Iterator[Call]:
    """A disk that nothing was ever put on, made a volume without a drive letter. Only with consent."""
    number, unique_id = disk.number, disk.item["unique_id"].strip()
    local = disk.local
    if local is not None and local.offline:
        # What the SAN policy took offline is read-only as well.
        yield Cmdlet(f"online_here{number}", "Set-Disk", {"UniqueId": unique_id, "IsOffline": False})
    if local is not None and (local.offline or local.read_only):
        yield Cmdlet(f"writable{number}", "Set-Disk", {"UniqueId": unique_id, "IsReadOnly": False})
    if local is not None and local.raw:
        yield Cmdlet(f"initialize{number}", "Initialize-Disk", {"UniqueId": unique_id, "PartitionStyle": "GPT", "Confirm": False})
    yield Cmdlet(f"empty{number}", "Get-Disk", {"UniqueId": unique_id}, ("Number",))
    whole = {"InputObject": Ref(f"empty{number}"), "UseMaximumSize": True}
    yield Cmdlet(f"partition{number}", "New-Partition", whole, ("PartitionNumber",))
    label = {"NewFileSystemLabel": disk.item["label"]} if disk.item["label"] else {}
    parameters = {"Partition": Ref(f"partition{number}"), "FileSystem": _SPELLINGS[disk.item["file_system"]], **label, "Confirm": False}
    yield Cmdlet(f"format{number}", "Format-Volume", parameters, ("FileSystem",))


def _waits(due: Sequence[_Found], nodes: Sequence[str], seconds: int) -> Iterator[Call]:
    """After all changes, so that a node that is slow keeps no disk from being added."""
    for disk in due:
        if not disk.item["shared_volume"]:
            continue
        new = disk.kind != _SHARED_VOLUME
        if new or (disk.volume and disk.volume.not_mounted(nodes)):
            name = Ref(f"share{disk.number}", property="Name") if new else (disk.item["name"] or disk.name)
            yield shared_volumes.wait(f"mounted{disk.number}", name, nodes, disk.file_system, seconds)


# What another path shows

def _promise(item: Mapping[str, Any], shared: Mapping[str, bool], clustered: Mapping[str, bool]) -> Promise:
    if item["name"] is None:
        found = clustered.get(item["unique_id"].strip().lower())
        return Promise(f"disks.{item['unique_id']}", True, found, "CIM MSFT_Disk.IsClustered", found is True)
    wanted = _SHARED_VOLUME if item["shared_volume"] else _CLUSTER_DISK
    flag = shared.get(item["name"].lower())
    kind = None if flag is None else (_SHARED_VOLUME if flag else _CLUSTER_DISK)
    return Promise(f"disks.{item['name']}", wanted, kind, "CIM MSCluster_Resource.IsClusterSharedVolume", kind == wanted)
