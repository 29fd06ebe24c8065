# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The OpenStack control plane of a lab: what its simulated compute services told it, in the store between two runs of the lab.

os-services lists every service of every cell, os-hypervisors only hosts that are mapped to a cell
(nova/api/openstack/compute/{services,hypervisors}.py of nova 28).
"""
from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .machine.fields import Fields
from .store import read_json, write_json

# The newest microversion of each release's compute API (nova/api/openstack/api_version_request.py of nova 25 to 32).
MICROVERSIONS = {
    "yoga": "2.90", "zed": "2.93", "2023.1": "2.95", "2023.2": "2.95", "2024.1": "2.96", "2024.2": "2.96", "2025.1": "2.100",
    "2025.2": "2.100",
}
NETWORK_TYPES = ("local", "flat", "vlan", "gre", "vxlan", "geneve")
_NAMESPACE = uuid.UUID("6f1d9a3e-64f6-5c0c-9f0e-5b1f6c2a7d10")


@dataclass(frozen=True)
class Network:
    """A network as an administrator sees it. physical_network: empty where the type has none."""

    name: str
    type: str
    physical_network: str


@dataclass(frozen=True)
class Port:
    """A port of a network. host: the one it is to be bound on, empty for none yet."""

    name: str
    network: str
    host: str


@dataclass(frozen=True)
class ControlPlaneSpec:
    """conductor: whether nova-conductor answers. release: of the control plane. discover_hosts: new hosts are mapped to their cell without
    nova-manage. new_services_enabled: nova's enable_new_services. resource_providers: nova-compute may make its own in placement.
    mechanism_drivers: those of the neutron server."""

    conductor: bool
    release: str
    discover_hosts: bool
    new_services_enabled: bool
    resource_providers: bool
    port: int
    user: str
    password: str
    mechanism_drivers: tuple[str, ...]
    networks: tuple[Network, ...]
    ports: tuple[Port, ...]

    @property
    def microversion(self) -> str:
        return MICROVERSIONS[self.release]


def read_control_plane(fields: Fields) -> ControlPlaneSpec:
    """From the lab file. Raises SpecError."""
    plane = ControlPlaneSpec(
        conductor=fields.text("conductor", "up", choices=("up", "down")) == "up",
        release=fields.text("release", "2023.2", choices=tuple(MICROVERSIONS)),
        discover_hosts=fields.flag("discover_hosts", True),
        new_services_enabled=fields.flag("new_services_enabled", True),
        resource_providers=fields.flag("resource_providers", True),
        port=fields.number("port", 0, maximum=65535),
        user=fields.text("user", "admin"),
        password=fields.text("password", "Rehearsal-1"),
        mechanism_drivers=fields.texts("mechanism_drivers", ("openvswitch", "hyperv")),
        networks=tuple(_read_network(item) for item in fields.children("networks")),
        ports=(),
    )
    names = [network.name for network in plane.networks]
    ports = tuple(_read_port(item, names) for item in fields.children("ports"))
    fields.done()
    return replace(plane, ports=ports)


def _read_port(fields: Fields, networks: list[str]) -> Port:
    port = Port(fields.text("name"), fields.text("network", choices=networks), fields.text("host", ""))
    fields.done()
    return port


def _read_network(fields: Fields) -> Network:
    network = Network(
        fields.text("name"), fields.text("type", choices=NETWORK_TYPES), fields.text("physical_network", ""),
    )
    fields.done()
    return network


@dataclass(frozen=True)
class ComputeService:
    """A nova-compute that made itself known. host: as nova calls it; node: its hypervisor; machine, service: where it runs."""

    host: str
    node_name: str
    node_uuid: str
    machine: str
    service: str
    enabled: bool
    mapped: bool
    provider: bool


@dataclass(frozen=True)
class NetworkAgent:
    """A neutron agent that made itself known."""

    host: str
    binary: str
    agent_type: str
    configurations: Mapping[str, Any]
    machine: str
    service: str


class ControlPlane:
    """What the control plane knows. runs(machine, service): whether that service runs now, which stands for a recent heartbeat."""

    def __init__(self, spec: ControlPlaneSpec, path: Path, runs: Callable[[str, str], bool]) -> None:
        self.spec = spec
        self._path = path
        self._runs = runs
        self._lock = threading.Lock()
        saved = read_json(path) or {"services": [], "agents": []}
        self._services = {item["host"]: ComputeService(**item) for item in saved["services"]}
        self._agents = {(item["host"], item["binary"]): NetworkAgent(**item) for item in saved["agents"]}

    def compute_started(self, host: str, node_name: str, node_uuid: str, machine: str, service: str) -> None:
        """nova-compute made or found its service record, compute node and resource provider."""
        with self._lock:
            known = self._services.get(host)
            self._services[host] = ComputeService(
                host, node_name, node_uuid, machine, service,
                enabled=known.enabled if known else self.spec.new_services_enabled,
                mapped=self.spec.discover_hosts or (known is not None and known.mapped),
                provider=self.spec.resource_providers or (known is not None and known.provider),
            )
            self._save()

    def agent_started(self, agent: NetworkAgent) -> None:
        with self._lock:
            self._agents[agent.host, agent.binary] = agent
            self._save()

    def discover_hosts(self) -> None:
        """As `nova-manage cell_v2 discover_hosts`."""
        with self._lock:
            self._services = {host: replace(service, mapped=True) for host, service in self._services.items()}
            self._save()

    def services(self) -> list[dict[str, Any]]:
        """As GET /os-services from 2.69 on."""
        return [
            {
                "id": _identifier("service", service.host), "binary": "nova-compute", "host": service.host, "zone": "nova",
                "status": _status(service), "state": self._state(service), "updated_at": None, "disabled_reason": None,
                "forced_down": False,
            }
            for service in self._services.values()
        ]

    def hypervisors(self, detail: bool) -> list[dict[str, Any]]:
        """As GET /os-hypervisors and /os-hypervisors/detail from 2.88 on: mapped hosts only."""
        return [self._hypervisor(service, detail) for service in self._services.values() if service.mapped]

    def _hypervisor(self, service: ComputeService, detail: bool) -> dict[str, Any]:
        short = {
            "id": service.node_uuid, "hypervisor_hostname": service.node_name, "state": self._state(service), "status": _status(service),
        }
        if not detail:
            return short
        known = {"host": service.host, "id": _identifier("service", service.host), "disabled_reason": None}
        return {**short, "hypervisor_type": "hyperv", "hypervisor_version": 10000, "host_ip": "127.0.0.1", "uptime": None, "service": known}

    def resource_providers(self) -> list[dict[str, Any]]:
        """As GET /resource_providers from 1.14 on."""
        return [
            {
                "uuid": service.node_uuid, "name": service.node_name, "generation": 1, "links": [],
                "parent_provider_uuid": None, "root_provider_uuid": service.node_uuid,
            }
            for service in self._services.values() if service.provider
        ]

    def agents(self) -> list[dict[str, Any]]:
        """As GET /v2.0/agents."""
        return [
            {
                "id": _identifier("agent", agent.host, agent.binary), "binary": agent.binary, "agent_type": agent.agent_type,
                "host": agent.host, "topic": "N/A", "admin_state_up": True, "alive": self._runs(agent.machine, agent.service),
                "configurations": dict(agent.configurations),
            }
            for agent in self._agents.values()
        ]

    def networks(self) -> list[dict[str, Any]]:
        """As GET /v2.0/networks with an administrator's eyes."""
        return [
            {
                "id": _identifier("network", network.name), "name": network.name, "status": "ACTIVE", "admin_state_up": True,
                "provider:network_type": network.type, "provider:physical_network": network.physical_network or None,
            }
            for network in self.spec.networks
        ]

    def ports(self) -> list[dict[str, Any]]:
        """As GET /v2.0/ports with an administrator's eyes. Every port is bound as if it had been updated this moment."""
        networks = {network.name: network for network in self.spec.networks}
        with self._lock:
            return [self._port(port, networks[port.network]) for port in self.spec.ports]

    def _port(self, port: Port, network: Network) -> dict[str, Any]:
        vif_type = self._vif_type(port, network)
        return {
            "id": _identifier("port", port.name), "name": port.name, "network_id": _identifier("network", network.name),
            "admin_state_up": True, "status": "DOWN", "device_id": "", "device_owner": "", "mac_address": _mac(port.name), "fixed_ips": [],
            "binding:host_id": port.host, "binding:vif_type": vif_type, "binding:vnic_type": "normal", "binding:profile": {},
            "binding:vif_details": {"port_filter": False} if vif_type == "hyperv" else {},
        }

    def _vif_type(self, port: Port, network: Network) -> str:
        """As neutron with networking-hyperv's mechanism driver binds it."""
        if not port.host:
            return "unbound"
        agents = [agent for agent in self._agents.values() if agent.host == port.host and agent.agent_type == "HyperV agent"]
        alive = [agent for agent in agents if self._runs(agent.machine, agent.service)]
        bound = "hyperv" in self.spec.mechanism_drivers and any(_can_bind(agent, network) for agent in alive)
        return "hyperv" if bound else "binding_failed"

    def _state(self, service: ComputeService) -> str:
        return "up" if self._runs(service.machine, service.service) else "down"

    def _save(self) -> None:
        write_json(self._path, {
            "services": [asdict(service) for service in self._services.values()],
            "agents": [asdict(agent) for agent in self._agents.values()],
        })


def _can_bind(agent: NetworkAgent, network: Network) -> bool:
    """SimpleAgentMechanismDriverBase.check_segment_for_agent of neutron 23.5 with what networking-hyperv 14 puts into it."""
    if network.type not in ("local", "flat", "vlan", *agent.configurations.get("tunnel_types", ())):
        return False
    mappings = agent.configurations.get("vswitch_mappings", {})
    return network.type not in ("flat", "vlan") or any(re.match(pattern, network.physical_network) for pattern in mappings)


def _mac(name: str) -> str:
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in uuid.uuid5(_NAMESPACE, f"mac/{name}").bytes[:3])


def _status(service: ComputeService) -> str:
    return "enabled" if service.enabled else "disabled"


def _identifier(*names: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "/".join(names)))
