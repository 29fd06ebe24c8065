# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The addresses of a machine, and the networks that a cluster makes of its nodes' addresses."""
from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import TYPE_CHECKING

from .cluster import Cluster, Network

if TYPE_CHECKING:
    from .machine import Machine

Address = IPv4Interface | IPv6Interface
CLUSTER_ONLY, CLUSTER_AND_CLIENT = 1, 3
# What automatic metrics look like: networks with a default gateway cost more (Failover Clustering team blog on network metrics).
_METRIC_WITH_GATEWAY, _METRIC_WITHOUT, _STEP = 70240, 30240, 1


def addresses(machine: Machine) -> list[tuple[str, Address]]:
    """Adapter and address: the uplink's, and those of adapters that no switch has taken from the server."""
    found: list[tuple[str, Address]] = []
    if machine.uplink.interface:
        found.append((machine.uplink.interface, ip_interface(machine.uplink.spec.address)))
    bound = {name for switch in machine.hyperv.switches for name in switch.adapters}
    for nic in machine.spec.hardware.nics:
        if nic.name not in bound and nic.status == "Up":
            found += [(nic.name, ip_interface(text)) for text in nic.addresses]
    return found


def find_networks(cluster: Cluster, machines: Iterable[Machine]) -> None:
    """Adds the subnets of these nodes to the cluster's networks; of several adapters in one subnet it uses the first (itprotoday, "Six
    common problems with failover clusters")."""
    for machine in machines:
        gateway = ip_interface(machine.uplink.spec.address).network
        for adapter, address in addresses(machine):
            subnet = str(address.network)
            network = cluster.network(subnet)
            if network is None:
                leads_out = address.network == gateway
                number = len(cluster.networks) + 1
                metric = (_METRIC_WITH_GATEWAY if leads_out else _METRIC_WITHOUT) + number * _STEP
                role = CLUSTER_AND_CLIENT if leads_out else CLUSTER_ONLY
                network = Network(f"Cluster Network {number}", subnet, role, metric)
                cluster.networks.append(network)
            network.interfaces.setdefault(machine.identity.computer_name, [adapter, str(address.ip)])
