# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated control plane. Oracles: OpenStack's API references, nova 28's os-services and os-hypervisors, networking-hyperv's agent."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from rehearsal.control_plane import ControlPlane, NetworkAgent, read_control_plane
from rehearsal.control_plane_api import ControlPlaneServer
from rehearsal.machine import HostSpec, Machine, SpecError
from rehearsal.machine.fields import Fields
from rehearsal.software import neutron_agent

NODE = "8d3c0a52-3f0e-4c3c-9c39-0d3df0d6a001"
SERVICES = "/compute/v2.1/os-services"
HYPERVISORS = "/compute/v2.1/os-hypervisors/detail"
COMPUTE = {"OpenStack-API-Version": "compute 2.88"}


def plane(folder: Path, running: tuple[str, ...] = ("hv01",), **spec: Any) -> ControlPlane:
    read = read_control_plane(Fields(spec, "lab.control_plane"))
    return ControlPlane(read, folder / "control_plane.json", lambda host, service: host in running)


@pytest.fixture
def servers() -> Iterator[list[ControlPlaneServer]]:
    started: list[ControlPlaneServer] = []
    yield started
    for server in started:
        server.close()


def log_in(server: ControlPlaneServer, password: str = "Rehearsal-1") -> requests.Response:
    user = {"name": "admin", "password": password, "domain": {"name": "Default"}}
    scope = {"project": {"name": "admin", "domain": {"name": "Default"}}}
    body: Any = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    return requests.post(f"{server.auth_url}/auth/tokens", json=body, timeout=5)


def get(server: ControlPlaneServer, path: str, **headers: str) -> requests.Response:
    token = log_in(server).headers["X-Subject-Token"]
    return requests.get(server.url + path, headers={"X-Auth-Token": token, **headers}, timeout=5)


def test_a_wrong_password_or_no_token_is_401(servers: list[ControlPlaneServer], tmp_path: Path) -> None:
    servers.append(ControlPlaneServer(plane(tmp_path), tmp_path / "log"))
    assert log_in(servers[0], "wrong").status_code == 401
    assert requests.get(servers[0].url + SERVICES, headers=COMPUTE, timeout=5).status_code == 401
    assert log_in(servers[0]).status_code == 201


def test_what_is_not_modelled_is_501_and_loud_in_the_log(servers: list[ControlPlaneServer], tmp_path: Path) -> None:
    servers.append(ControlPlaneServer(plane(tmp_path), tmp_path / "log"))
    for path, headers in (
        ("/compute/v2.1/servers", COMPUTE), (f"{SERVICES}?limit=1", COMPUTE), (SERVICES, {}),
        (SERVICES, {"OpenStack-API-Version": "compute 2.11"}), ("/placement/traits", {}),
    ):
        answer = get(servers[0], path, **headers)
        assert answer.status_code == 501
        assert "NOT MODELLED" in answer.json()["error"]["message"]
    assert (tmp_path / "log").read_text().count("NOT MODELLED") == 5


def test_a_microversion_that_the_release_lacks_is_406(servers: list[ControlPlaneServer], tmp_path: Path) -> None:
    servers.append(ControlPlaneServer(plane(tmp_path, release="zed"), tmp_path / "log"))
    assert get(servers[0], "/compute/v2.1").json()["version"]["version"] == "2.93"
    assert get(servers[0], SERVICES, **{"OpenStack-API-Version": "compute 2.95"}).status_code == 406
    assert get(servers[0], SERVICES, **COMPUTE).headers["OpenStack-API-Version"] == "compute 2.88"


def test_hypervisors_are_listed_only_when_mapped_to_a_cell(servers: list[ControlPlaneServer], tmp_path: Path) -> None:
    known = plane(tmp_path, discover_hosts=False)
    known.compute_started("HV01", "HV01", NODE, "hv01", "nova-compute")
    servers.append(ControlPlaneServer(known, tmp_path / "log"))
    assert [service["host"] for service in get(servers[0], SERVICES, **COMPUTE).json()["services"]] == ["HV01"]
    assert get(servers[0], HYPERVISORS, **COMPUTE).json() == {"hypervisors": []}
    known.discover_hosts()
    assert get(servers[0], HYPERVISORS, **COMPUTE).json()["hypervisors"][0]["service"]["host"] == "HV01"


def test_a_service_that_does_not_run_is_down_and_what_is_known_survives(tmp_path: Path) -> None:
    known = plane(tmp_path, resource_providers=False, new_services_enabled=False)
    known.compute_started("HV02", "HV02", NODE, "hv02", "nova-compute")
    again = plane(tmp_path)
    assert [(item["state"], item["status"]) for item in again.services()] == [("down", "disabled")]
    assert again.resource_providers() == []
    again.compute_started("HV02", "HV02", NODE, "hv02", "nova-compute")
    assert [item["uuid"] for item in again.resource_providers()] == [NODE]


SWITCH = {"name": "external", "adapters": ["Ethernet"]}
OVS = {**SWITCH, "extensions": [{"name": "Cloudbase Open vSwitch Extension"}]}


@pytest.mark.parametrize(("switches", "mapping", "state"), [
    ([SWITCH], "physical*:external", "Running"),
    ([SWITCH], "physical1:absent", "Stopped"),
    ([OVS], "physical1:external", "Stopped"),
    ([SWITCH], "external", "Stopped"),
])
def test_the_agent_stops_without_its_switch_or_with_open_vswitch(
    tmp_path: Path, switches: list[dict[str, Any]], mapping: str, state: str
) -> None:
    host = {
        "features": {"installed": ["Hyper-V"]}, "timing": {"vmms_ready_seconds": 0}, "switches": switches,
        "hardware": {"nics": [{"name": "Ethernet", "mac": "02-00-5E-01-01-01"}]},
    }
    machine = Machine.build("hv01", HostSpec.from_mapping(host, "lab.hosts.hv01"))
    known = plane(tmp_path)
    machine.hooks.service_started.append(neutron_agent.starter(known))
    machine.files.write(r"C:\agent.conf", f"[DEFAULT]\r\n[agent]\r\nphysical_network_vswitch_mappings = {mapping}\r\n".encode())
    machine.services.create("neutron-hyperv-agent", r"C:\Windows\neutron-hyperv-agent.exe --config-file C:\agent.conf")
    machine.services.start("neutron-hyperv-agent")
    assert machine.services.get("neutron-hyperv-agent").state == state
    agents = [(agent["host"], agent["agent_type"], agent["configurations"]) for agent in known.agents()]
    assert agents == ([("HV01", "HyperV agent", {"vswitch_mappings": {r"physical.*$": "external"}})] if state == "Running" else [])


NETWORKS = [
    {"name": "lan", "type": "vlan", "physical_network": "physical1"}, {"name": "storage", "type": "flat", "physical_network": "storage"},
    {"name": "inside", "type": "local"}, {"name": "overlay", "type": "vxlan"},
]


def bindings(known: ControlPlane) -> dict[str, str]:
    return {port["name"]: port["binding:vif_type"] for port in known.ports()}


def test_ports_are_bound_as_the_mechanism_driver_can(tmp_path: Path) -> None:
    ports = [{"name": network["name"], "network": network["name"], "host": "HV01"} for network in NETWORKS]
    ports += [{"name": "elsewhere", "network": "lan", "host": "HV02"}, {"name": "nowhere", "network": "lan"}]
    agent = NetworkAgent("HV01", "b", "HyperV agent", {"vswitch_mappings": {"physical.*$": "external"}}, "hv01", "b")
    known = plane(tmp_path, networks=NETWORKS, ports=ports)
    nothing = {**dict.fromkeys(("lan", "storage", "inside", "overlay", "elsewhere"), "binding_failed"), "nowhere": "unbound"}
    assert bindings(known) == nothing
    known.agent_started(agent)
    assert bindings(known) == {**nothing, "lan": "hyperv", "inside": "hyperv"}
    assert bindings(plane(tmp_path, (), networks=NETWORKS, ports=ports)) == nothing
    without = plane(tmp_path, networks=NETWORKS, ports=ports, mechanism_drivers=["openvswitch"])
    assert bindings(without) == nothing


def test_ports_are_listed_by_their_hosts(servers: list[ControlPlaneServer], tmp_path: Path) -> None:
    ports = [{"name": name, "network": "lan", "host": name} for name in ("HV01", "HV02", "HV03")]
    servers.append(ControlPlaneServer(plane(tmp_path, networks=NETWORKS, ports=ports), tmp_path / "log"))
    for query, names in (
        ("", ["HV01", "HV02", "HV03"]), ("?binding:host_id=HV02&binding:host_id=HV03", ["HV02", "HV03"]), ("?binding:host_id=hv01", []),
    ):
        answer = get(servers[0], f"/networking/v2.0/ports{query}")
        assert [port["name"] for port in answer.json()["ports"]] == names
    for query in ("?name=HV01&name=HV02", "?binding:vif_type=hyperv"):
        assert get(servers[0], f"/networking/v2.0/ports{query}").status_code == 501


def test_a_port_of_an_unknown_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"control_plane\.ports\[0\]\.network"):
        plane(tmp_path, networks=NETWORKS, ports=[{"name": "a", "network": "wan"}])


def test_agents_are_known_by_host_and_binary(tmp_path: Path) -> None:
    known = plane(tmp_path)
    for mappings in ({}, {"x$": "external"}):
        known.agent_started(NetworkAgent("HV01", "b", "HyperV agent", {"vswitch_mappings": mappings}, "hv01", "b"))
    assert [agent["configurations"] for agent in plane(tmp_path).agents()] == [{"vswitch_mappings": {"x$": "external"}}]
