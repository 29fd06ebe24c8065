# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: New-Cluster and Add-ClusterNode.

Sources beside the reference: ad-and-cluster.md 5.4 to 5.6; FailoverClusterDsc issues 180 (a name is cut to 15 characters; a node that is in
a cluster) and 185 (no administrator of a node); public transcripts of a node that does not answer and of a creation that failed half way.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from ..machine import Win32Error, membership
from ..machine.addresses import find_networks
from ..machine.cluster import ADDRESS_RESOURCE, AVAILABLE_STORAGE, CORE_GROUP, NAME_RESOURCE, Cluster, Group, Node, Resource
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cluster_nodes import need_administrator, unreachable
from .cluster_objects import cluster_object, node_object
from .failover_clusters import HELP, SOURCE, failed, opened, refuse
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_NETBIOS_LENGTH = 15
# ad-and-cluster.md 5.11; those of 2022 and 2025 are unconfirmed.
FUNCTIONAL_LEVELS = {"2016": 9, "2019": 10, "2022": 11, "2025": 12}
_DISTINGUISHED = re.compile(r"CN=(?P<name>[^,=]+),(?P<unit>.+)", re.IGNORECASE)
_TIMEOUT = "This operation returned because the timeout period expired"
_UNCONFIRMED = (
    "the texts of a computer object that the caller may not make, of a name that is taken, of a node without the feature or in another "
    "domain, and of a static address outside every network; functional levels 11 and 12"
)


@cmdlet("New-Cluster", source=f"{SOURCE}; FailoverClusterDsc issues 180, 185; public transcripts", unconfirmed=_UNCONFIRMED)
def new_cluster(machine: Machine, bound: Bound) -> list[PSObject]:
    """All or nothing: the nodes, the computer object and the cluster are taken in one step, so that one of two creators fails."""
    command = "New-Cluster"
    refuse(bound, command, "S2D")
    _need_no_storage(bound, command)
    point = str(bound["AdministrativeAccessPoint"]) if "AdministrativeAccessPoint" in bound else "ActiveDirectoryAndDns"
    if point not in ("ActiveDirectoryAndDns", "Dns"):
        raise not_modelled(f"New-Cluster -AdministrativeAccessPoint {point}", HELP)
    if str(bound.get("ManagementPointNetworkType", "Automatic")) not in ("Automatic", "Singleton"):
        raise not_modelled("New-Cluster with a distributed name", HELP)
    name, unit = _name_and_unit(bound["Name"])
    names = [str(item) for item in as_list(bound["Node"])] if "Node" in bound else [machine.identity.computer_name]
    with machine.clusters.changing():
        peers = [_joinable(machine, node, command) for node in names]
        cluster = _make(machine, name, unit, point, peers, bound)
    machine.sleep(machine.clusters.timing.create_seconds)
    with machine.clusters.changing():
        _require_all_up(machine, cluster, names)
        membership.obey(machine)
        machine.clusters.settle(cluster, machine.now())
        _write_report(machine, cluster)
        return [cluster_object(machine, cluster)]


@cmdlet("Add-ClusterNode", source=f"{SOURCE}; FailoverClusterDsc issues 7, 115, 154, 185",
        unconfirmed="the texts of a node without the feature or in another domain, or of another version of Windows")
def add_cluster_node(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Add-ClusterNode"
    _need_no_storage(bound, command)
    with opened(machine, bound, command) as cluster:
        names = [str(item) for item in as_list(bound["Name"])] if "Name" in bound else [machine.identity.computer_name]
        peers = [_joinable(machine, node, command) for node in names]
        for peer in peers:
            _require_version(machine, cluster, peer)
        nodes = [_enter(machine, cluster, peer) for peer in peers]
        membership.obey(machine)
        machine.clusters.settle(cluster, machine.now())
        return [node_object(machine, cluster, node) for node in nodes]


def _need_no_storage(bound: Bound, command: str) -> None:
    if not bound.get("NoStorage"):
        raise not_modelled(f"{command} without -NoStorage", "add what it does with the disks to rehearsal/cmdlets/cluster_creation.py")


def _name_and_unit(text: str) -> tuple[str, str]:
    """A distinguished name says where the computer object goes; NetBIOS cuts the name."""
    match = _DISTINGUISHED.fullmatch(text)
    name, unit = (match["name"], match["unit"]) if match else (text, "")
    return name[:_NETBIOS_LENGTH], unit


# Nodes

def _joinable(machine: Machine, name: str, command: str) -> Machine:
    """The machine of a node that may become a member now. PowerShellError otherwise."""
    adding = f"There was an error adding node '{name}' to the cluster"
    peer = machine.peers.find(name)
    if peer is None or not machine.peers.is_up(name):
        raise unreachable(machine, command, adding)
    need_administrator(machine, name, command, adding)
    if not peer.features.in_effect("Failover-Clustering"):
        text = f"The computer '{peer.identity.full_name}' does not have the Failover Clustering feature installed."
        raise failed(machine, command, adding, text)
    if peer.cluster_id or machine.clusters.with_member(peer.identity.computer_name) is not None:
        raise failed(machine, command, adding, f"The computer '{peer.identity.full_name}' is joined to a cluster.")
    if peer.identity.domain.lower() != machine.identity.domain.lower():
        text = f"The computer '{peer.identity.full_name}' is not in the domain '{machine.identity.domain}'."
        raise failed(machine, command, adding, text)
    return peer


def _require_version(machine: Machine, cluster: Cluster, peer: Machine) -> None:
    """Only neighbours among the versions mix, during an upgrade."""
    level = FUNCTIONAL_LEVELS[peer.os_version]
    if not cluster.functional_level <= level <= cluster.functional_level + 1:
        raise not_modelled(f"Windows Server {peer.os_version} in a cluster of the functional level {cluster.functional_level}", HELP)


def _enter(machine: Machine, cluster: Cluster, peer: Machine) -> Node:
    ready = machine.now() + timedelta(seconds=machine.clusters.timing.join_seconds)
    node = Node(peer.identity.computer_name, cluster.next_node_id(), joins_at=ready.isoformat())
    cluster.nodes.append(node)
    machine.clusters.order(node.name, "join", cluster)
    find_networks(cluster, [peer])
    machine.note(f"cluster {cluster.name}: added the node {node.name}")
    return node


# The cluster

def _make(machine: Machine, name: str, unit: str, point: str, peers: list[Machine], bound: Bound) -> Cluster:
    clusters = machine.clusters
    if clusters.by_name(name) is not None:
        raise _not_created(machine, name, "The account already exists.")
    cluster = Cluster(
        name=name, domain=machine.identity.domain, unit="", access_point=point, functional_level=FUNCTIONAL_LEVELS[machine.os_version],
        named_at=(machine.now() + timedelta(seconds=clusters.timing.create_seconds + clusters.timing.dns_seconds)).isoformat(),
    )
    find_networks(cluster, peers)
    static = _static_addresses(machine, cluster, bound)
    if point == "ActiveDirectoryAndDns":
        cluster.unit = _claim(machine, name, unit)
    clusters.all.append(cluster)
    for peer in peers:
        _enter(machine, cluster, peer)
    _add_core_groups(machine, cluster, static)
    machine.note(f"made the cluster {name} of {', '.join(node.name for node in cluster.nodes)}")
    return cluster


def _claim(machine: Machine, name: str, unit: str) -> str:
    """Where the computer object lies: by default where those of the nodes are (CNO blog series)."""
    directory = machine.directory
    if not machine.in_lab_domain:
        raise _not_created(machine, name, "The specified domain either does not exist or could not be contacted.")
    own = directory.computer(machine.identity.computer_name)
    try:
        return directory.claim(name, unit or (own.unit if own else directory.spec.container), machine.caller.network or "").unit
    except Win32Error as error:
        raise _not_created(machine, name, error.message) from error


def _static_addresses(machine: Machine, cluster: Cluster, bound: Bound) -> dict[str, str]:
    """By subnet. A network that is ignored gets no address."""
    ignored = [str(item) for item in as_list(bound.get("IgnoreNetwork", []))]
    result: dict[str, str] = {}
    for text in as_list(bound.get("StaticAddress", [])):
        subnet = next((item.subnet for item in cluster.networks if _contains(item.subnet, str(text)) and item.subnet not in ignored), None)
        if subnet is None:
            message = f"Static address '{text}' was not found on any cluster network."
            raise failed(machine, "New-Cluster", message)
        result[subnet] = str(text)
    return result


def _contains(subnet: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(subnet)
    except ValueError:
        return False


def _add_core_groups(machine: Machine, cluster: Cluster, static: dict[str, str]) -> None:
    owner = machine.identity.computer_name if cluster.node(machine.identity.computer_name) else cluster.nodes[0].name
    core, storage = Group(CORE_GROUP, "Cluster", owner), Group(AVAILABLE_STORAGE, "AvailableStorage", owner, state="Offline")
    cluster.groups += [core, storage]
    parameters: dict[str, Any] = {"Name": cluster.name.upper(), "DnsName": cluster.name}
    cluster.resources.append(Resource(NAME_RESOURCE, "Network Name", core.id, core=True, parameters=parameters))
    for number, (subnet, address) in enumerate(static.items()):
        network = cluster.network(subnet)
        assert network is not None
        cluster.resources.append(Resource(
            f"{ADDRESS_RESOURCE} {address}" if number else ADDRESS_RESOURCE, "IP Address", core.id, core=True,
            parameters={
                "Network": network.name, "Address": address, "SubnetMask": str(ip_network(subnet).netmask), "EnableDhcp": 0,
            },
        ))


def _require_all_up(machine: Machine, cluster: Cluster, names: Iterable[str]) -> None:
    """Takes a cluster back one of whose nodes went away while it was made. What the nodes had configured by then stays on them."""
    if all(machine.peers.is_up(name) for name in names):
        return
    clusters = machine.clusters
    clusters.withdraw(cluster)
    machine.directory.disable(cluster.name)
    membership.obey(machine)
    raise _not_created(machine, cluster.name, _TIMEOUT)


def _not_created(machine: Machine, name: str, cause: str) -> PowerShellError:
    text = f"An error occurred while creating the cluster '{name}'.\n    An error occurred creating cluster '{name}'.\n    {cause}"
    return failed(machine, "New-Cluster", "An error occurred while performing the operation.", text)


def _write_report(machine: Machine, cluster: Cluster) -> None:
    stamp = machine.now().strftime("%Y.%m.%d At %H.%M.%S")
    folder = r"C:\Windows\Cluster\Reports"
    machine.files.make_folder(folder)
    rows = "".join(f"<li>{node.name}</li>" for node in cluster.nodes)
    text = f"<html><head><title>Create Cluster Wizard {cluster.name}</title></head><body><ul>{rows}</ul></body></html>"
    machine.files.write(rf"{folder}\Create Cluster Wizard {cluster.name} on {stamp}.htm", text.encode())
