# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks as one node sees them and as the cluster knows them, told apart by their unique id: numbers differ from node to node.

docs/resources/cluster_disks.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from .asking import NAMESPACE

_RAW = "RAW"
_RESERVED = "Reserved"


@dataclass(frozen=True)
class LocalDisk:
    """A disk of this host. file_system: of its first data partition; empty where there is none, None while it cannot be seen (offline)."""

    unique_id: str
    number: int
    raw: bool
    offline: bool
    read_only: bool
    clustered: bool
    ids: frozenset[str]
    partitions: int
    file_system: str | None

    @property
    def empty(self) -> bool:
        """Nothing was ever put on it but a partition table."""
        return self.partitions == 0


@dataclass(frozen=True)
class ClusterResource:
    """group_type: a name of GroupType, AvailableStorage where nobody uses the disk."""

    name: str
    state: str
    owner: str
    group: str
    group_type: str


def read() -> list[Call]:
    """What MSCluster_Disk has for a disk says its own unique id; which resource it is, only the association tells."""
    disk = ("UniqueId", "Number", "PartitionStyle", "IsOffline", "IsReadOnly", "IsClustered", "Guid", "Signature")
    resource = ("Name", "State", "OwnerNode.Name", "OwnerGroup.Name", "OwnerGroup.GroupType", "ResourceType.Name")
    return [
        Cmdlet("disks", "Get-Disk", properties=disk),
        Cmdlet("partitions", "Get-Partition", properties=("DiskNumber", "Type", "AccessPaths")),
        Cmdlet("file_systems", "Get-Volume", properties=("Path", "FileSystem")),
        Cmdlet("available", "Get-ClusterAvailableDisk", properties=("Id",)),
        Cmdlet("resources", "Get-ClusterResource", properties=resource),
        Cmdlet("clustered", "Get-CimInstance", {"Namespace": NAMESPACE, "ClassName": "MSCluster_Disk"}, ("Id", "UniqueId")),
        Cmdlet("links", "Get-CimInstance", {"Namespace": NAMESPACE, "ClassName": "MSCluster_ResourceToDisk"},
               ("GroupComponent.Name", "PartComponent.Id")),
    ]


def local_disks(answers: Answers) -> tuple[LocalDisk, ...]:
    systems = {row["Path"]: row["FileSystem"] for row in answers.rows("file_systems")}
    return tuple(_local(row, answers.rows("partitions"), systems) for row in answers.rows("disks"))


def available_ids(answers: Answers) -> frozenset[str]:
    """What every node sees, and no cluster has yet."""
    return frozenset(normal_id(row["Id"]) for row in answers.rows("available"))


def resources(answers: Answers) -> dict[str, ClusterResource]:
    """All resources, by their name in lower case."""
    return {row["Name"].lower(): _resource(row) for row in answers.rows("resources")}


def resource_names(answers: Answers) -> dict[str, str]:
    """The resource of each disk of the cluster: by its unique id, and by the id that its partition table gives it."""
    linked = {normal_id(row["PartComponent.Id"]): row["GroupComponent.Name"] for row in answers.rows("links")}
    names = dict(linked)
    for row in answers.rows("clustered"):
        name = linked.get(normal_id(row["Id"]))
        if name is not None and row["UniqueId"]:
            names[row["UniqueId"].lower()] = name
    return names


def normal_id(text: Any) -> str:
    """A GUID comes with braces or without; a signature as a number or in hexadecimal."""
    value = str(text).strip("{} ").lower()
    return str(int(value, 16)) if value.startswith("0x") else value


def _local(row: Mapping[str, Any], partitions: tuple[Mapping[str, Any], ...], systems: Mapping[str, str]) -> LocalDisk:
    mine = [item for item in partitions if item["DiskNumber"] == row["Number"] and item["Type"] != _RESERVED]
    found = [systems.get(path) for item in mine for path in item["AccessPaths"] or () if path in systems]
    return LocalDisk(
        unique_id=(row["UniqueId"] or "").strip(),
        number=row["Number"],
        raw=row["PartitionStyle"] == _RAW,
        offline=row["IsOffline"],
        read_only=row["IsReadOnly"],
        clustered=row["IsClustered"],
        ids=frozenset(normal_id(value) for value in (row["Guid"], row["Signature"]) if value),
        partitions=len(mine),
        file_system=None if row["IsOffline"] else next((name for name in found if name), ""),
    )


def _resource(row: Mapping[str, Any]) -> ClusterResource:
    return ClusterResource(row["Name"], row["State"], row["OwnerNode.Name"], row["OwnerGroup.Name"], row["OwnerGroup.GroupType"])
