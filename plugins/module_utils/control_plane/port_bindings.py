# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the ports of a node prove of the mechanism driver `hyperv`, which no API lists: how neutron bound them.

neutron binds a port as soon as it has a host, by asking each mechanism driver; when none could, the port is binding_failed, and is tried
again when it is updated (neutron 23.5 plugins/ml2/plugin.py, managers.py; networking-hyperv 14 ml2/mech_hyperv.py).
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plans import Finding

HYPERV = "hyperv"
FAILED = "binding_failed"
UNBOUND = "unbound"

# What the mechanism driver can bind, beside the tunnel types that an agent reports, and which of them need a virtual switch.
_NETWORK_TYPES = frozenset({"local", "flat", "vlan"})
_PHYSICAL_TYPES = frozenset({"flat", "vlan"})


@dataclass(frozen=True)
class Reach:
    """Which networks an agent can bind. mappings: patterns of physical networks with a virtual switch."""

    types: frozenset[str]
    mappings: tuple[str, ...]

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Reach:
        """From what the agent reports of itself."""
        types = _NETWORK_TYPES | set(configuration.get("tunnel_types") or ())
        return cls(types, tuple(configuration.get("vswitch_mappings") or ()))

    def maps(self, physical_network: str) -> bool:
        return any(re.match(pattern, physical_network) for pattern in self.mappings)

    def obstacle(self, network: Mapping[str, Any]) -> str:
        """Why no port of a network can be bound; empty where nothing speaks against it, or where a network has several segments."""
        kind, physical = network.get("provider_network_type"), network.get("provider_physical_network")
        if kind and kind not in self.types:
            return f"its type {kind} is none of {', '.join(sorted(self.types))}"
        if kind in _PHYSICAL_TYPES and physical and not self.maps(physical):
            return f"its physical network {physical} has no virtual switch here"
        return ""


def by_type(ports: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many ports are bound in which way; hyperv is the one that an instance on Hyper-V needs."""
    return dict(sorted(Counter(str(port["binding_vif_type"]) for port in ports).items()))


def findings(
    host: str, alive: bool, reach: Reach, ports: Sequence[Mapping[str, Any]], networks: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """alive: whether the host's agent is, without which nothing can be bound and nothing be concluded."""
    named = {network["id"]: network for network in networks}
    failed = [port for port in ports if port["binding_vif_type"] == FAILED]
    obstacles = {port["id"]: reach.obstacle(named.get(port["network_id"], {})) for port in failed}
    unexplained = [port for port in failed if not obstacles[port["id"]]]
    proven = any(port["binding_vif_type"] == HYPERV for port in ports)
    if unexplained and alive and not proven:
        yield _driver_fails(host, _networks(unexplained, named))
    elif alive and not proven:
        yield _driver_unproven(host)
    reasons = [f"{_network(port, named)}: {obstacles[port['id']]}" for port in failed if obstacles[port["id"]]]
    if reasons:
        yield _unreachable(host, reasons)
    if unexplained and proven:
        yield _failed_once(host, _networks(unexplained, named))
    yield from _unbound(host, [port for port in ports if port["binding_vif_type"] == UNBOUND], named)
    yield from _others(host, ports)


def _driver_fails(host: str, networks: str) -> Finding:
    return Finding(
        "mechanism_driver", "critical", host, f"ports of {networks} are binding_failed, none is bound", "ports with the vif_type hyperv",
        "Install networking-hyperv on every neutron server, add hyperv to [ml2] mechanism_drivers there (such as openvswitch,hyperv) and "
        "restart neutron-server; its log says 'Failed to bind port' with the reason above it. Then bind the ports again: rebuild or "
        "restart their instances.",
    )


def _driver_unproven(host: str) -> Finding:
    return Finding(
        "mechanism_driver_unproven", "information", host, "no port that tells whether neutron can bind one here",
        "one with the vif_type hyperv",
        f"No API lists mechanism drivers. openstack port create --network NETWORK --host {host} NAME shows binding_vif_type: hyperv where "
        "mechanism_drivers of the neutron server has hyperv, binding_failed where not.",
    )


def _unreachable(host: str, reasons: Sequence[str]) -> Finding:
    return Finding(
        "port_binding", "warning", host, f"ports are binding_failed: {'; '.join(sorted(set(reasons)))}", "networks that this node reaches",
        "The mechanism driver hyperv binds local, flat and VLAN networks whose physical network is in physical_network_vswitch_mappings.",
    )


def _failed_once(host: str, networks: str) -> Finding:
    return Finding(
        "port_binding_stale", "warning", host, f"ports of {networks} are binding_failed, though others are bound", "no such port",
        "The agent was down, or had no mapping, when they were bound. neutron tries again when the port is updated: rebuild or restart "
        "the instance, or delete the port when nothing uses it.",
    )


def _unbound(host: str, ports: Sequence[Mapping[str, Any]], named: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    if ports:
        yield Finding(
            "port_unbound", "information", host, f"ports of {_networks(ports, named)} have this host but are not bound yet", "bound ports",
            "neutron binds them with their next update. Where that lasts, the log of neutron-server has the reason.",
        )


def _others(host: str, ports: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Bound, but by the driver of another agent: compute-hyperv plugs hyperv ports only."""
    others = [name for name in by_type(ports) if name not in (HYPERV, FAILED, UNBOUND)]
    if others:
        yield Finding(
            "port_vif_type", "warning", host, f"ports with the vif_type {', '.join(others)}", HYPERV,
            "Another mechanism driver bound them; compute-hyperv 13 and newer refuse to plug them. Remove its agent from this host.",
        )


def _networks(ports: Sequence[Mapping[str, Any]], named: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(sorted({_network(port, named) for port in ports}))


def _network(port: Mapping[str, Any], named: Mapping[str, Mapping[str, Any]]) -> str:
    return str(named.get(port["network_id"], {}).get("name") or port["network_id"])
