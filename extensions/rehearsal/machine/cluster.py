# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A failover cluster as data: what its database holds, the same for every node. machine/clusters.py keeps it and lets things happen to it.

Names of states and types are those of the module's enumerations (data/classes.json): a group is Online, Offline, Failed, PartialOnline or
Pending, a resource Online, Offline, Failed or one of the pending ones; a group's type is a name of GroupType, a resource's type a name of
RESOURCE_TYPES. What depends on the moment (is a node up, who owns a group now) is worked out by Clusters when somebody looks.
"""
from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

CORE_GROUP, AVAILABLE_STORAGE = "Cluster Group", "Available Storage"
NAME_RESOURCE, ADDRESS_RESOURCE = "Cluster Name", "Cluster IP Address"


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass
class Node:
    """A member. name: its computer name; id: "1", "2", ... in the order of joining.

    paused: suspended; drain: NotInitiated, InProgress, Completed or Failed; drained_at: when one that is under way ends.
    weight: NodeWeight. voting: it has its dynamic vote.
    joins_at: the moment (ISO 8601) from which on it is Up at the earliest; before it is Joining.
    """

    name: str
    id: str
    instance: str = field(default_factory=new_id)
    paused: bool = False
    drain: str = "NotInitiated"
    drained_at: str = ""
    weight: int = 1
    voting: bool = True
    joins_at: str = ""
    description: str = ""


@dataclass
class Group:
    """A clustered role. owner: a node's name; home: the node that it was drained from, to which a failback brings it; virtual machines,
    shared volumes and the core groups are all groups. settings: values of further properties that somebody assigned."""

    name: str
    type: str
    owner: str
    id: str = field(default_factory=new_id)
    state: str = "Online"
    home: str = ""
    description: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Resource:
    """name: unique in the cluster; type: of RESOURCE_TYPES; group: a group's id; parameters: its private properties, as
    Get-ClusterParameter shows them; state: of the resource itself, which is offline when its group's owner is down and nobody can take
    over; reason: why it failed, for tests and messages."""

    name: str
    type: str
    group: str
    id: str = field(default_factory=new_id)
    state: str = "Online"
    core: bool = False
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass
class Network:
    """subnet: with its prefix ("10.0.0.0/24"); role: a number of ClusterNetworkRole; metric: None while it is automatic;
    interfaces: by node name, the adapter's name and its address."""

    name: str
    subnet: str
    role: int
    automatic_metric: int
    id: str = field(default_factory=new_id)
    metric: int | None = None
    description: str = ""
    interfaces: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class SharedVolume:
    """A cluster shared volume. resource: the id of its Physical Disk resource; folder: below C:\\ClusterStorage.

    mounts_at: by node name, the moment (ISO 8601) from which on it is mounted there; states: by node name, what
    Get-ClusterSharedVolumeState answers where that is not Direct.
    """

    resource: str
    folder: str
    volume_id: str
    mounts_at: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)


@dataclass
class Order:
    """What a member is to do as soon as it can: `join` (configure itself and start the service), `start`, `stop`, `leave` (forget the
    cluster: an eviction). cluster: the cluster's id."""

    node: str
    what: str
    cluster: str


@dataclass
class Cluster:
    """One cluster. unit: where its computer object lies; access_point: a name of AdminAccessPoint.

    witness: the id of the quorum resource, empty for none; disk_only: QuorumType is DiskOnly. type_parameters: parameters by resource type.
    settings: properties of the Cluster object that were assigned. access: rights (Read, Full) by account, besides the built-in ones.
    named_at: the moment (ISO 8601) from which on DNS knows its name. formed: a majority of votes has been there ever since.
    storage: what Storage Spaces Direct has set up, empty while it is off; extra: room for what nobody thought of here.
    """

    name: str
    domain: str
    unit: str
    access_point: str
    functional_level: int
    named_at: str
    id: str = field(default_factory=new_id)
    description: str = ""
    nodes: list[Node] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    volumes: list[SharedVolume] = field(default_factory=list)
    type_parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    witness: str = ""
    disk_only: bool = False
    formed: bool = True
    storage: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def node(self, name: str) -> Node | None:
        """By its name, with or without a domain."""
        short = name.partition(".")[0].lower()
        return next((item for item in self.nodes if item.name.lower() == short), None)

    def group(self, name: str) -> Group | None:
        """By name or id."""
        return next((item for item in self.groups if name.lower() in (item.name.lower(), item.id)), None)

    def resource(self, name: str) -> Resource | None:
        """By name or id."""
        return next((item for item in self.resources if name.lower() in (item.name.lower(), item.id)), None)

    def resources_of(self, group: Group) -> list[Resource]:
        return [item for item in self.resources if item.group == group.id]

    def group_of(self, resource: Resource) -> Group:
        return next(item for item in self.groups if item.id == resource.group)

    def network(self, subnet: str) -> Network | None:
        return next((item for item in self.networks if item.subnet == subnet), None)

    def next_node_id(self) -> str:
        return str(max((int(item.id) for item in self.nodes), default=0) + 1)

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Cluster:
        parts = {"nodes": Node, "groups": Group, "resources": Resource, "networks": Network, "volumes": SharedVolume}
        values: dict[str, Any] = {key: [parts[key](**item) for item in value] if key in parts else value for key, value in data.items()}
        return cls(**values)
