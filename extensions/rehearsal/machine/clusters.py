# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The failover clusters of a lab: kept in one file, seen by all machines, changed by one at a time.

Nothing happens in the background. `settle` works out what the moment brings: which nodes are up, whether they are a majority, which groups
have moved to another node because their owner is gone. Whoever reads a cluster settles it first; `of` does.
"""
from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..store import read_json, write_json
from .cluster import Cluster, Group, Node, Order
from .fields import Fields

if TYPE_CHECKING:
    from .machine import Machine
    from .peers import Peers

SERVICE = "ClusSvc"
# What an order means for whether the node's cluster service runs.
_RUNS_AFTER = {"join": True, "start": True, "stop": False, "leave": False}


@dataclass(frozen=True)
class ClusterTiming:
    """create_seconds: how long New-Cluster takes; join_seconds: how long a node is Joining; dns_seconds: from the creation until DNS knows
    the cluster's name; drain_seconds: how long a drain takes; csv_mount_seconds: from the moment that a disk is a cluster shared volume
    until each node has mounted it; csv_stuck_on: nodes that do not mount a volume that is new to them before their service starts again."""

    create_seconds: float = 0.0
    join_seconds: float = 0.0
    dns_seconds: float = 0.0
    drain_seconds: float = 0.0
    csv_mount_seconds: float = 0.0
    csv_stuck_on: tuple[str, ...] = ()


def read_timing(fields: Fields) -> ClusterTiming:
    timing = ClusterTiming(
        create_seconds=fields.seconds("create_seconds", 0),
        join_seconds=fields.seconds("join_seconds", 0),
        dns_seconds=fields.seconds("dns_seconds", 0),
        drain_seconds=fields.seconds("drain_seconds", 0),
        csv_mount_seconds=fields.seconds("csv_mount_seconds", 0),
        csv_stuck_on=tuple(name.lower() for name in fields.texts("csv_stuck_on")),
    )
    fields.done()
    return timing


class Clusters:
    """`machine.clusters`: all clusters of the lab. peers: its machines. path: where they are kept; None: nowhere.

    with machine.clusters.changing():
        cluster = machine.clusters.of(machine)
        ...change it...

    holds the lock and saves at the end. A machine's own side (its service, its registry) is changed by its own calls only; `orders` tells
    the other ones what to do.
    """

    def __init__(self, peers: Peers, timing: ClusterTiming | None = None, path: Path | None = None) -> None:
        self.peers = peers
        self.timing = timing or ClusterTiming()
        self._path = path
        self._lock = threading.RLock()
        saved = (read_json(path) if path else None) or {"clusters": [], "orders": []}
        self.all: list[Cluster] = [Cluster.load(item) for item in saved["clusters"]]
        self._orders: list[Order] = [Order(**item) for item in saved["orders"]]
        self._saved: dict[str, Any] = saved

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the lock; saves what was changed."""
        with self._lock:
            yield
            if self._path is None:
                return
            data = {"clusters": [item.dump() for item in self.all], "orders": [asdict(item) for item in self._orders]}
            if data != self._saved:
                write_json(self._path, data)
                self._saved = data

    # Finding

    def of(self, machine: Machine) -> Cluster | None:
        """The cluster that this machine takes itself for a member of; None also where that cluster is gone or has evicted it."""
        found = self.by_id(machine.cluster_id)
        return found if found is not None and found.node(machine.identity.computer_name) is not None else None

    def by_id(self, identifier: str) -> Cluster | None:
        return next((item for item in self.all if item.id == identifier), None)

    def by_name(self, name: str) -> Cluster | None:
        """By its name, with or without the domain."""
        wanted = name.lower()
        return next((item for item in self.all if wanted in (item.name.lower(), f"{item.name}.{item.domain}".lower())), None)

    def with_member(self, computer_name: str) -> Cluster | None:
        return next((item for item in self.all if item.node(computer_name) is not None), None)

    # What a moment brings

    def runs(self, cluster: Cluster, node: Node) -> bool:
        """Whether the node's cluster service runs and the others hear of it."""
        machine = self.peers.find(node.name)
        if machine is None or not self.peers.is_up(node.name):
            return False
        waiting = [item for item in self._orders if item.node.lower() == node.name.lower()]
        if waiting:
            return _RUNS_AFTER[waiting[-1].what]
        return machine.cluster_id == cluster.id and SERVICE.lower() in machine.services.running

    def state(self, cluster: Cluster, node: Node, now: datetime) -> str:
        """A name of ClusterNodeState."""
        if not cluster.formed or not self.runs(cluster, node):
            return "Down"
        if now < self._ready_at(node, now):
            return "Joining"
        return "Paused" if node.paused else "Up"

    def _ready_at(self, node: Node, now: datetime) -> datetime:
        """When a node whose cluster service runs, or is about to, has joined."""
        machine = self.peers.find(node.name)
        run = machine.services.running.get(SERVICE.lower()) if machine else None
        joins_at = datetime.fromisoformat(node.joins_at) if node.joins_at else now
        return max(joins_at, run.started_at + timedelta(seconds=self.timing.join_seconds)) if run else joins_at

    def settle(self, cluster: Cluster, now: datetime) -> None:
        """Votes, and who owns what. Call it within `changing`."""
        running = [node for node in cluster.nodes if self.runs(cluster, node)]
        for node in running:
            if node.drain == "InProgress" and now >= datetime.fromisoformat(node.drained_at):
                node.drain = "Completed"
        cluster.formed = _majority(cluster, running)
        if not cluster.formed:
            return
        _give_votes(cluster, running)
        up = [node for node in running if self.state(cluster, node, now) in ("Up", "Paused")]
        for group in cluster.groups:
            if not any(node.name == group.owner for node in up):
                fail_over(cluster, group, up)

    # Orders

    def order(self, node: str, what: str, cluster: Cluster) -> None:
        """what: see Order. Call it within `changing`."""
        self._orders.append(Order(node, what, cluster.id))

    def withdraw(self, cluster: Cluster) -> None:
        """Takes a cluster away whose creation failed. A node that is there cleans up; one that is away and has begun stays as it is."""
        for node in cluster.nodes:
            machine = self.peers.find(node.name)
            begun = machine is not None and machine.cluster_id == cluster.id
            self._orders = [item for item in self._orders if not (item.node == node.name and item.cluster == cluster.id)]
            if begun and self.peers.is_up(node.name):
                self._orders.append(Order(node.name, "leave", cluster.id))
        self.all.remove(cluster)

    def forget_elsewhere(self, machine: Machine) -> None:
        """Has another machine forget the cluster that it was configured for. Call it within `changing`."""
        self._orders.append(Order(machine.identity.computer_name, "leave", machine.cluster_id))

    def take_orders(self, node: str) -> list[Order]:
        """The orders of a machine that is about to carry them out."""
        if not any(item.node.lower() == node.lower() for item in self._orders):
            return []
        with self.changing():
            mine = [item for item in self._orders if item.node.lower() == node.lower()]
            self._orders = [item for item in self._orders if item not in mine]
        return mine

    def leaving(self, machine: Machine) -> None:
        """The machine's cluster service ends in good order (a stop, a reboot): its groups move, and the others have all the votes."""
        with self.changing():
            cluster = self.of(machine)
            node = cluster.node(machine.identity.computer_name) if cluster else None
            if cluster is None or node is None or SERVICE.lower() not in machine.services.running:
                return
            self.settle(cluster, machine.now())
            others = [item for item in cluster.nodes if item is not node and self.state(cluster, item, machine.now()) in ("Up", "Paused")]
            if not others:
                return
            _give_votes(cluster, others)
            for group in cluster.groups:
                if group.owner == node.name:
                    fail_over(cluster, group, others)


def fail_over(cluster: Cluster, group: Group, up: list[Node]) -> None:
    """Another node takes the group over: one that is not paused where there is one."""
    candidates = [node for node in up if not node.paused] or up
    if candidates:
        group.owner = candidates[0].name


def _majority(cluster: Cluster, running: list[Node]) -> bool:
    """Dynamic quorum: a majority of the votes that were given out last."""
    voters = [node for node in cluster.nodes if node.voting and node.weight]
    witness = _witness_vote(cluster)
    return (len([node for node in voters if node in running]) + witness) * 2 > len(voters) + witness


def _witness_vote(cluster: Cluster) -> int:
    witness = cluster.resource(cluster.witness) if cluster.witness else None
    return int(witness is not None and witness.state == "Online")


def _give_votes(cluster: Cluster, running: list[Node]) -> None:
    """Every running node votes; of an even number without a witness one does not, so that the loss of a node leaves a majority."""
    for node in cluster.nodes:
        node.voting = node in running and node.weight > 0
    voters = [node for node in cluster.nodes if node.voting]
    if voters and len(voters) % 2 == 0 and not _witness_vote(cluster):
        voters[-1].voting = False
