# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: networks of a cluster. Facts: ad-and-cluster.md 5.10."""
from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Any

from ..machine.cluster import Cluster, Network
from ..powershell.catalogue import catalogue
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, assignment, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cluster_objects import cluster_object
from .failover_clusters import HELP, SOURCE, TYPES, enum, failed, is_a, named, opened
from .matching import as_list, has_wildcard

if TYPE_CHECKING:
    from ..machine import Machine

_HIGHEST = 2**32 - 1
# COR_E_SYSTEM, the HRESULT of a SetValueException.
_COR_E_SYSTEM = -2146233087


@cmdlet("Get-ClusterNetwork", source=SOURCE, unconfirmed="the text of a name that is not there; AddressMask and Address of an IPv6 network")
def get_cluster_network(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Get-ClusterNetwork"
    with opened(machine, bound, command) as cluster:
        for name in as_list(bound.get("Name", [])):
            if not has_wildcard(str(name)) and str(name).lower() not in [item.name.lower() for item in cluster.networks]:
                raise failed(
                    machine, command, f"Unable to find network '{name}'.", "The cluster network was not found.", category="ObjectNotFound",
                )
        return [network_object(machine, cluster, item) for item in cluster.networks if named(bound, "Name", item.name)]


@cmdlet("Get-ClusterNetworkInterface", source=SOURCE, unconfirmed="the form of Name; AdapterId, which is made up")
def get_cluster_network_interface(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, "Get-ClusterNetworkInterface") as cluster:
        piped = as_list(bound.get("InputObject", []))
        nodes = [item.properties["Name"] for item in piped if is_a(item, "ClusterNode")]
        networks = [item.properties["Id"] for item in piped if is_a(item, "ClusterNetwork")]
        found = [
            (network, node) for network in cluster.networks for node in network.interfaces
            if named(bound, "Network", network.name) and named(bound, "Node", node)
            and (not nodes or node in nodes) and (not networks or network.id in networks)
        ]
        shown = [_interface(machine, cluster, network, node) for network, node in found]
        return [item for item in shown if named(bound, "Name", item.properties["Name"])]


def network_object(machine: Machine, cluster: Cluster, network: Network) -> PSObject:
    """-> Microsoft.FailoverClusters.PowerShell.ClusterNetwork"""
    subnet = ip_network(network.subnet)
    fourth = isinstance(subnet, IPv4Network)
    first, length = str(subnet.network_address), subnet.prefixlen
    return PSObject(f"{TYPES}.ClusterNetwork", {
        "Cluster": cluster_object(machine, cluster),
        "Name": network.name,
        "Id": network.id,
        "Description": network.description,
        "Address": first if fourth else "",
        "AddressMask": str(subnet.netmask) if fourth else "",
        "Ipv4Addresses": [first] if fourth else [],
        "Ipv4PrefixLengths": [length] if fourth else [],
        "Ipv6Addresses": [] if fourth else [first],
        "Ipv6PrefixLengths": [] if fourth else [length],
        "Role": _role(network.role),
        "Metric": network.automatic_metric if network.metric is None else network.metric,
        "AutoMetric": network.metric is None,
        "State": enum("ClusterNetworkState", "Up" if _up(machine, cluster, network) else "Unavailable"),
    }, text=network.name)


def _role(number: int) -> PSEnum:
    numbers = catalogue().enumeration("FailoverClusters", "ClusterNetworkRole")
    return enum("ClusterNetworkRole", next(name for name, known in numbers.items() if known == number))


def _up(machine: Machine, cluster: Cluster, network: Network) -> bool:
    """Whether a node that runs has an interface in it."""
    return any(node.name in network.interfaces and machine.clusters.runs(cluster, node) for node in cluster.nodes)


def _interface(machine: Machine, cluster: Cluster, network: Network, node: str) -> PSObject:
    adapter, address = network.interfaces[node]
    fourth = isinstance(ip_network(network.subnet), IPv4Network)
    member = cluster.node(node)
    running = member is not None and machine.clusters.runs(cluster, member)
    return PSObject(f"{TYPES}.ClusterNetworkInterface", {
        "Cluster": cluster_object(machine, cluster),
        "Name": f"{node} - {adapter}",
        "Id": f"{network.id}-{node}",
        "Adapter": adapter,
        "AdapterId": f"{network.id}-{node}",
        "Description": "",
        "Address": address,
        "Ipv4Addresses": [address] if fourth else [],
        "Ipv6Addresses": [] if fourth else [address],
        "DhcpEnabled": 0,
        "Network": network_object(machine, cluster, network),
        "Node": node,
        "State": enum("ClusterNetworkInterfaceState", "Up" if running else "Unavailable"),
    }, text=f"{node} - {adapter}")


@assignment(f"{TYPES}.ClusterNetwork", source="ad-and-cluster.md 5.10; FailoverClusterDsc DSC_ClusterNetwork.psm1",
            unconfirmed="the errors of a value that will not do; that a new metric takes AutoMetric away")
def set_network(machine: Machine, item: PSObject, name: str, value: Any) -> None:
    with machine.clusters.changing():
        cluster = machine.clusters.of(machine)
        network = next((known for known in cluster.networks if known.id == item.properties["Id"]), None) if cluster else None
        if cluster is None or network is None:
            raise not_modelled("setting a property of a network of another cluster", HELP)
        former = (network.name, network.role, network.metric, network.description)
        _SETTERS.get(name.lower(), _unknown)(cluster, network, value)
        if former != (network.name, network.role, network.metric, network.description):
            machine.note(f"cluster {cluster.name}: network {network.subnet}: {name} {value}")


def _set_role(_cluster: Cluster, network: Network, value: Any) -> None:
    """By number or by name, as PowerShell converts to an enumeration."""
    numbers = catalogue().enumeration("FailoverClusters", "ClusterNetworkRole")
    by_name = {name.lower(): number for name, number in numbers.items()}
    number = by_name.get(str(value).lower(), int(value) if str(value).isdigit() else -1)
    if number not in numbers.values():
        raise _wrong("Role", value)
    network.role = number


def _set_name(cluster: Cluster, network: Network, value: Any) -> None:
    if any(known is not network and known.name.lower() == str(value).lower() for known in cluster.networks):
        raise not_modelled("giving a network the name of another one", "say in rehearsal/cmdlets/cluster_networks.py what Windows answers")
    network.name = str(value)


def _set_metric(_cluster: Cluster, network: Network, value: Any) -> None:
    if isinstance(value, bool) or not str(value).isdigit() or int(value) > _HIGHEST:
        raise _wrong("Metric", value)
    network.metric = int(value)


def _set_automatic(_cluster: Cluster, network: Network, value: Any) -> None:
    network.metric = None if value else network.metric or network.automatic_metric


def _set_description(_cluster: Cluster, network: Network, value: Any) -> None:
    network.description = str(value)


def _unknown(_cluster: Cluster, _network: Network, value: Any) -> None:
    raise not_modelled(f"setting another property of a cluster network to {value!r}", HELP)


_SETTERS = {"role": _set_role, "name": _set_name, "metric": _set_metric, "autometric": _set_automatic, "description": _set_description}


def _wrong(name: str, value: Any) -> PowerShellError:
    """PowerShell's setter fails with ExceptionWhenSetting; PowerShell/PowerShell CoreAdapter.cs."""
    return PowerShellError(
        "ExceptionWhenSetting", "NotSpecified", "System.Management.Automation.SetValueInvocationException",
        f'Exception setting "{name}": "Cannot convert value "{value}"."', _COR_E_SYSTEM,
    )
