# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: what all of its cmdlets have in common.

    with opened(machine, bound, "Get-ClusterNode") as cluster:
        ...read or change it; what is changed is saved at the end...

Classes and enumerations are those of data/classes.json. Error ids and texts: public transcripts, named at each of them; the text of a Win32
error stands below the cmdlet's own, indented (the same transcripts).
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..machine import cluster_storage, membership, witness
from ..powershell.catalogue import catalogue
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound
from ..powershell.values import PSEnum, PSObject
from .matching import as_list, like

if TYPE_CHECKING:
    from ..machine import Machine
    from ..machine.cluster import Cluster, Node

SOURCE = "windows-powershell-docs FailoverClusters; ad-and-cluster.md 5 (object types reflected from the real module)"
TYPES = "Microsoft.FailoverClusters.PowerShell"
HELP = "extend rehearsal/cmdlets/cluster_*.py"

# Texts of system error codes 4000-5999.
NODE_NOT_FOUND = "The cluster node was not found."
NODE_DOWN = "The cluster node is down."
NODE_NOT_PAUSED = "The cluster node is not paused."
GROUP_NOT_FOUND = "The cluster group could not be found."
RESOURCE_NOT_FOUND = "The cluster resource could not be found."

# FailoverClusterDsc issues 115, 148, 154, 186.
_WRONG_NAME = (
    "Check the spelling of the cluster name. Otherwise, there might be a problem with your network. Make sure the cluster nodes are turned "
    "on and connected to the network or contact your network administrator.\n    The RPC server is unavailable"
)
# dpaulson45/HealthChecker issue 195.
_NOT_RUNNING = (
    "The cluster service is not running.  Make sure that the service is running on all nodes in the cluster.\n    There are no more "
    "endpoints available from the endpoint mapper"
)
# SupportArticles-docs, Windows Server high availability ("Get-Cluster: You do not have administrative privileges ...").
_NO_ACCESS = (
    "You do not have administrative privileges on the cluster. Contact your network administrator to request access.\n    Access is denied"
)


def failed(
    machine: Machine, command: str, message: str, cause: str = "", *, identifier: str = "", category: str = "NotSpecified",
) -> PowerShellError:
    """A cmdlet's error. Without an id of its own it has the cmdlet's name for one; cause: the text of the error below it."""
    found = catalogue().find(command, machine.os_version)
    assert found is not None, command
    text = f"{message}\n    {cause}" if cause else message
    return PowerShellError(f"{identifier or command},{found.error_class}", category, f"{TYPES}.ClusterCmdletException", text)


def enum(kind: str, name: str) -> PSEnum:
    """A value of one of the module's enumerations."""
    return PSEnum(f"{TYPES}.{kind}", name, catalogue().enumeration("FailoverClusters", kind)[name])


@contextmanager
def opened(machine: Machine, bound: Bound, command: str, parameter: str = "Cluster") -> Iterator[Cluster]:
    """The cluster that a call is for: the local one, the one that -Cluster names, or the one of the object that was piped in.

    It is settled, and nobody else changes it meanwhile. PowerShellError where there is none, or the caller may not ask it.
    """
    with machine.clusters.changing():
        cluster = _wanted(machine, bound, command, parameter)
        cluster_storage.settle(machine, cluster)
        witness.refresh(machine, cluster)
        machine.clusters.settle(cluster, machine.now())
        if not cluster.formed:
            raise failed(machine, command, _NOT_RUNNING, identifier="ClusterEndpointNotRegistered", category="ConnectionError")
        yield cluster


def _wanted(machine: Machine, bound: Bound, command: str, parameter: str) -> Cluster:
    piped = next((item for item in as_list(bound.get("InputObject", [])) if isinstance(item, PSObject)), None)
    if piped is not None and "Cluster" in piped.properties:
        piped = piped.properties["Cluster"]
    if piped is not None and piped.type == f"{TYPES}.Cluster":
        found = machine.clusters.by_id(piped.properties["Id"])
        if found is not None:
            return found
    name = bound.get(parameter, ".")
    own = (".", "localhost", machine.identity.computer_name.lower(), machine.identity.full_name.lower())
    if name.lower() not in own:
        return _remote(machine, name, command)
    if membership.settled_state(machine) != membership.RUNNING:
        raise failed(machine, command, _NOT_RUNNING, identifier="ClusterEndpointNotRegistered", category="ConnectionError")
    cluster = machine.clusters.of(machine)
    assert cluster is not None
    return cluster


def _remote(machine: Machine, name: str, command: str) -> Cluster:
    """By the cluster's name, once DNS knows it, or by that of a node whose service runs; both need a logon on the network."""
    clusters = machine.clusters
    cluster = clusters.by_name(name)
    if cluster is not None and machine.now() < datetime.fromisoformat(cluster.named_at):
        cluster = None
    if cluster is None:
        member = clusters.with_member(name)
        node = member.node(name) if member else None
        cluster = member if member is not None and node is not None and clusters.runs(member, node) else None
    if cluster is None or not any(clusters.runs(cluster, node) for node in cluster.nodes):
        raise failed(machine, command, _WRONG_NAME, identifier="ClusterRpcConnection", category="ConnectionError")
    if not may_manage(machine, cluster):
        raise failed(machine, command, _NO_ACCESS, identifier="ClusterAccessDenied", category="PermissionDenied")
    return cluster


def may_manage(machine: Machine, cluster: Cluster) -> bool:
    """Whether the caller has full access to a cluster over the network: an administrator of its nodes, or one whom it was granted."""
    account = machine.caller.network
    if account is None:
        return False
    if any(name.lower() == account.lower() and right == "Full" for name, right in cluster.access.items()):
        return True
    peers = [machine.peers.find(node.name) for node in cluster.nodes]
    return any(peer is not None and peer.is_administrator(account) for peer in peers)


def members(machine: Machine, bound: Bound, command: str, cluster: Cluster, parameter: str = "Name") -> list[Node]:
    """The nodes that a call names, or that were piped in; without either this machine's own one."""
    piped = [item.properties["Name"] for item in as_list(bound.get("InputObject", [])) if is_a(item, "ClusterNode")]
    names = as_list(bound[parameter]) if parameter in bound else piped or [machine.identity.computer_name]
    found = [cluster.node(str(name)) for name in names]
    for name, node in zip(names, found, strict=True):
        if node is None:
            raise failed(machine, command, f"Unable to find node '{name}'.", NODE_NOT_FOUND, category="ObjectNotFound")
    return [node for node in found if node is not None]


def is_a(value: Any, kind: str) -> bool:
    return isinstance(value, PSObject) and value.type == f"{TYPES}.{kind}"


def named(bound: Bound, parameter: str, name: str) -> bool:
    """Whether a name is among those that the call asks for; a name may be a wildcard."""
    return parameter not in bound or any(like(name, str(pattern)) for pattern in as_list(bound[parameter]))


def refuse(bound: Bound, command: str, *parameters: str) -> None:
    """Refuses parameters that are not modelled."""
    for parameter in parameters:
        if parameter in bound and bound[parameter] is not False:
            raise not_modelled(f"{command} -{parameter}", HELP)
