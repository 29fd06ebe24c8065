# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: the cluster itself, and its nodes: seen, paused and drained, stopped and started, removed."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..machine import Win32Error, membership
from ..machine.cluster import Cluster, Node
from ..machine.clusters import SERVICE, fail_over
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, assignment, cmdlet
from ..powershell.values import PSObject
from .cluster_objects import NUMBERS, cluster_object, node_object
from .failover_clusters import (
    HELP,
    NODE_DOWN,
    NODE_NOT_FOUND,
    NODE_NOT_PAUSED,
    SOURCE,
    TYPES,
    failed,
    members,
    named,
    opened,
    refuse,
)
from .matching import as_list, has_wildcard

if TYPE_CHECKING:
    from ..machine import Machine

_REMOTE = f"{SOURCE}; ad-and-cluster.md 4 (they cannot be run remotely without delegated credentials)"
_TEXTS = "the error of a node that is down, paused or not there: texts of the Win32 errors"
_ORDERS = "the error without a logon on the network, which is that of New-Cluster and Add-ClusterNode"
_UINT32 = 0xFFFFFFFF


@cmdlet("Get-Cluster", source=SOURCE, unconfirmed="the id of a refused access over the network")
def get_cluster(machine: Machine, bound: Bound) -> list[PSObject]:
    refuse(bound, "Get-Cluster", "Domain")
    with opened(machine, bound, "Get-Cluster", "Name") as cluster:
        return [cluster_object(machine, cluster)]


@cmdlet("Get-ClusterNode", source=SOURCE, unconfirmed=_TEXTS)
def get_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, "Get-ClusterNode") as cluster:
        found = [node for node in cluster.nodes if named(bound, "Name", node.name)]
        for name in as_list(bound.get("Name", [])):
            if cluster.node(str(name)) is None and not has_wildcard(str(name)):
                raise failed(machine, "Get-ClusterNode", f"Unable to find node '{name}'.", NODE_NOT_FOUND, category="ObjectNotFound")
        return [node_object(machine, cluster, node) for node in found]


# Paused, resumed

@cmdlet("Suspend-ClusterNode", source=SOURCE, unconfirmed=f"{_TEXTS}; the error of a drain that finds no other node")
def suspend_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Suspend-ClusterNode"
    refuse(bound, command, "ForceDrain")
    with opened(machine, bound, command) as cluster:
        nodes = members(machine, bound, command, cluster)
        for node in nodes:
            _require_up(machine, cluster, node, command, "pausing")
            node.paused = True
            if bound.get("Drain"):
                _drain(machine, cluster, node, bound.get("TargetNode", ""))
    if bound.get("Drain") and bound.get("Wait"):
        _wait_for_drain(machine, nodes)
    with machine.clusters.changing():
        machine.clusters.settle(cluster, machine.now())
        for node in nodes:
            if bound.get("Drain") and bound.get("Wait") and node.drain == "Failed":
                raise failed(machine, command, f"The drain of the node '{node.name}' failed: no other node can take over its roles.")
        return [node_object(machine, cluster, node) for node in nodes]


def _drain(machine: Machine, cluster: Cluster, node: Node, target: str) -> None:
    """Moves what the node owns to another one that is up; virtual machines remember where they came from."""
    others = [item for item in cluster.nodes if item is not node and machine.clusters.state(cluster, item, machine.now()) == "Up"]
    if target:
        others = [item for item in others if item.name.lower() == target.lower()]
    owned = [group for group in cluster.groups if group.owner == node.name]
    if owned and not others:
        node.drain = "Failed"
        return
    for group in owned:
        group.home = node.name
        fail_over(cluster, group, others)
    seconds = machine.clusters.timing.drain_seconds
    node.drained_at = (machine.now() + timedelta(seconds=seconds)).isoformat()
    node.drain = "InProgress" if seconds else "Completed"


def _wait_for_drain(machine: Machine, nodes: list[Node]) -> None:
    ends = [datetime.fromisoformat(node.drained_at) for node in nodes if node.drain == "InProgress"]
    if ends:
        machine.sleep(max(0.0, (max(ends) - machine.now()).total_seconds()))


@cmdlet("Resume-ClusterNode", source=SOURCE, unconfirmed=f"{_TEXTS}; that the default failback is none")
def resume_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Resume-ClusterNode"
    failback = bound["Failback"].name if "Failback" in bound else "NoFailback"
    with opened(machine, bound, command) as cluster:
        nodes = members(machine, bound, command, cluster)
        for node in nodes:
            _require_up(machine, cluster, node, command, "resuming")
            if not node.paused:
                raise failed(machine, command, f"An error occurred while resuming the cluster node '{node.name}'.", NODE_NOT_PAUSED)
            node.paused, node.drain, node.drained_at = False, "NotInitiated", ""
            for group in cluster.groups:
                if group.home == node.name and failback == "Immediate":
                    group.owner = node.name
                if group.home == node.name:
                    group.home = ""
        return [node_object(machine, cluster, node) for node in nodes]


def _require_up(machine: Machine, cluster: Cluster, node: Node, command: str, what: str) -> None:
    if machine.clusters.state(cluster, node, machine.now()) == "Down":
        raise failed(machine, command, f"An error occurred while {what} the cluster node '{node.name}'.", NODE_DOWN)


# Started, stopped

@cmdlet("Start-ClusterNode", source=_REMOTE, unconfirmed=_ORDERS)
def start_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    """On the node itself, or, where others of the cluster run, for any of them."""
    command = "Start-ClusterNode"
    refuse(bound, command, "ForceQuorum", "IgnorePersistentState", "PreventQuorum", "ClearQuarantine")
    with machine.clusters.changing():
        cluster = machine.clusters.of(machine)
        if cluster is None:
            with opened(machine, bound, command) as cluster:
                nodes = members(machine, bound, command, cluster)
        else:
            nodes = members(machine, bound, command, cluster)
        for node in nodes:
            need_administrator(machine, node.name, command)
            start(machine, cluster, node, command)
        machine.clusters.settle(cluster, machine.now())
        return [node_object(machine, cluster, node) for node in nodes]


@cmdlet("Stop-ClusterNode", source=_REMOTE, unconfirmed=_ORDERS)
def stop_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Stop-ClusterNode"
    with opened(machine, bound, command) as cluster:
        nodes = members(machine, bound, command, cluster)
        for node in nodes:
            need_administrator(machine, node.name, command)
            stop(machine, cluster, node)
        return [node_object(machine, cluster, node) for node in nodes]


@cmdlet("Start-Cluster", source=_REMOTE, unconfirmed=_ORDERS)
def start_cluster(machine: Machine, bound: Bound) -> list[PSObject]:
    """All nodes of the cluster that this machine is configured for. Those that are away are passed over."""
    command = "Start-Cluster"
    refuse(bound, command, "IgnorePersistentState")
    with machine.clusters.changing():
        cluster = machine.clusters.of(machine)
        if cluster is None or "Name" in bound:
            raise not_modelled("Start-Cluster for another cluster than the local one", HELP)
        for node in cluster.nodes:
            need_administrator(machine, node.name, command)
        for node in cluster.nodes:
            if machine.peers.is_up(node.name):
                start(machine, cluster, node, command)
        machine.clusters.settle(cluster, machine.now())
        return [cluster_object(machine, cluster)]


@cmdlet("Stop-Cluster", source=_REMOTE, unconfirmed=_ORDERS)
def stop_cluster(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Stop-Cluster"
    with opened(machine, bound, command) as cluster:
        for node in cluster.nodes:
            need_administrator(machine, node.name, command)
        for node in cluster.nodes:
            if machine.clusters.runs(cluster, node):
                stop(machine, cluster, node)
    return []


def start(machine: Machine, cluster: Cluster, node: Node, command: str) -> None:
    """Has the node's cluster service started; nothing happens where it runs."""
    if machine.clusters.runs(cluster, node):
        return
    if not machine.peers.is_up(node.name):
        raise unreachable(machine, command, f"The cluster service on the node '{node.name}' could not be started.")
    node.joins_at = (machine.now() + timedelta(seconds=machine.clusters.timing.join_seconds)).isoformat()
    if node.name.lower() != machine.identity.computer_name.lower():
        machine.clusters.order(node.name, "start", cluster)
        return
    try:
        machine.services.start(SERVICE)
    except Win32Error as error:
        message = f"The cluster service on the node '{node.name}' could not be started."
        raise failed(machine, command, message, error.message) from error


def stop(machine: Machine, cluster: Cluster, node: Node) -> None:
    """Has the node's cluster service stopped, in good order."""
    peer = machine.peers.find(node.name)
    if node.name.lower() == machine.identity.computer_name.lower():
        machine.services.stop(SERVICE, force=True)
    elif peer is not None and machine.clusters.runs(cluster, node):
        machine.clusters.leaving(peer)
        machine.clusters.order(node.name, "stop", cluster)
    machine.clusters.settle(cluster, machine.now())


# Removed

@cmdlet("Remove-ClusterNode", source=_REMOTE, unconfirmed=f"{_ORDERS}; the error of the last node")
def remove_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    """Evicts. A node that is down keeps its configuration, until Clear-ClusterNode takes it away."""
    command = "Remove-ClusterNode"
    refuse(bound, command, "CleanupDisks")
    with opened(machine, bound, command) as cluster:
        nodes = members(machine, bound, command, cluster)
        if len(nodes) >= len(cluster.nodes):
            raise failed(
                machine, command, f"An error occurred while evicting the node '{nodes[-1].name}' from the cluster.",
                "The last node of a cluster cannot be evicted; destroy the cluster.",
            )
        for node in nodes:
            _need_logon(machine, node.name, command)
            if machine.clusters.runs(cluster, node):
                need_administrator(machine, node.name, command)
        for node in nodes:
            _evict(machine, cluster, node)
        machine.clusters.settle(cluster, machine.now())
    membership.obey(machine)
    return []


def _evict(machine: Machine, cluster: Cluster, node: Node) -> None:
    peer = machine.peers.find(node.name)
    if peer is not None and machine.clusters.runs(cluster, node):
        machine.clusters.leaving(peer)
        machine.clusters.order(node.name, "leave", cluster)
    cluster.nodes.remove(node)
    for network in cluster.networks:
        network.interfaces.pop(node.name, None)
    cluster.networks = [network for network in cluster.networks if network.interfaces]
    machine.note(f"evicted the node {node.name} from the cluster {cluster.name}")


@cmdlet("Clear-ClusterNode", source=_REMOTE, unconfirmed=f"{_ORDERS}; the error of a node that is no stale one")
def clear_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    """Takes away what an eviction, or a creation that failed, left on a machine."""
    command = "Clear-ClusterNode"
    refuse(bound, command, "CleanupDisks", "InputObject", "Cluster")
    names = [str(item) for item in as_list(bound["Name"])] if "Name" in bound else [machine.identity.computer_name]
    with machine.clusters.changing():
        for name in names:
            peer = machine.peers.find(name)
            if peer is None or not machine.peers.is_up(name):
                raise unreachable(machine, command, f"The cluster configuration of the node '{name}' could not be cleared.")
            need_administrator(machine, name, command)
            if machine.clusters.of(peer) is not None:
                raise not_modelled(f"Clear-ClusterNode on {name}, which is a member of a cluster", HELP)
            if peer is machine:
                membership.forget(machine)
            elif peer.cluster_id:
                machine.clusters.forget_elsewhere(peer)
    return []


# Who may

def unreachable(machine: Machine, command: str, message: str) -> PowerShellError:
    """Public transcript of New-Cluster with a node that does not answer."""
    cause = "the node cannot be contacted. Ensure that the node is powered on and is connected to the network."
    return failed(machine, command, message, cause, identifier="ClusterNodeNotReachable", category="ConnectionError")


def need_administrator(machine: Machine, name: str, command: str, message: str = "") -> None:
    """The caller's account on the network must be an administrator of that node (FailoverClusterDsc issue 185)."""
    peer = machine.peers.find(name)
    account = machine.caller.network
    own = peer is machine and machine.caller.user == "NT AUTHORITY\\SYSTEM"
    if own or (peer is not None and account is not None and peer.is_administrator(account)):
        return
    raise no_administrator(machine, name, command, message)


def _need_logon(machine: Machine, name: str, command: str) -> None:
    if machine.caller.network is None:
        raise no_administrator(machine, name, command, "")


def no_administrator(machine: Machine, name: str, command: str, message: str) -> PowerShellError:
    peer = machine.peers.find(name)
    text = f"You do not have administrative privileges on the server '{peer.identity.full_name if peer else name}'."
    return failed(machine, command, f"{message}\n    {text}" if message else text, "Requested registry access is not allowed.")


# Assigned properties

@assignment(f"{TYPES}.Cluster", source=f"{SOURCE}; Get-Cluster.md, examples 4, 5 and 7",
            unconfirmed="the error of a property that cannot be set")
def assign_cluster(machine: Machine, item: PSObject, name: str, value: Any) -> None:
    known = {key.lower(): key for key in NUMBERS}
    proper = known.get(name.lower())
    if proper is None and name.lower() != "description":
        raise not_modelled(f"setting the property {name} of a cluster", "extend rehearsal/cmdlets/cluster_nodes.py")
    with machine.clusters.changing():
        cluster = machine.clusters.by_id(item.properties["Id"])
        assert cluster is not None
        if proper is None:
            cluster.description = str(value)
        else:
            cluster.settings[proper] = unsigned(proper, value)
    machine.note(f"cluster {cluster.name}: {proper or 'Description'} = {value}")


@assignment(f"{TYPES}.ClusterNode", source=SOURCE)
def assign_node(machine: Machine, item: PSObject, name: str, value: Any) -> None:
    with machine.clusters.changing():
        cluster = machine.clusters.by_id(item.properties["Cluster"].properties["Id"])
        node = cluster.node(item.properties["Name"]) if cluster else None
        assert node is not None
        if name.lower() == "nodeweight":
            node.weight = unsigned("NodeWeight", value)
        elif name.lower() == "description":
            node.description = str(value)
        else:
            raise not_modelled(f"setting the property {name} of a cluster's node", "extend rehearsal/cmdlets/cluster_nodes.py")
    machine.note(f"cluster node {node.name}: {name} = {value}")


def unsigned(name: str, value: Any) -> int:
    """As .NET's setter of a UInt32 takes it from PowerShell."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if isinstance(value, float) or not 0 <= number <= _UINT32:
        raise PowerShellError(
            "ExceptionWhenSetting", "NotSpecified", "System.Management.Automation.SetValueInvocationException",
            f"Exception setting \"{name}\": \"Cannot convert value \"{value}\" to type \"System.UInt32\".\"", -2146233087,
        )
    return number
