# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is made of the control plane's answers. Oracles: nova-and-driver facts 1, 10 and 11; rows as openstacksdk 4.14 gives them."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.control_plane import node_check as control_plane
from ansible_collections.winstack.hyperv.plugins.module_utils.control_plane import port_bindings
from ansible_collections.winstack.hyperv.plugins.module_utils.control_plane.node_check import Heard, Node, Question, judge

UUID = "8d3c0a52-3f0e-4c3c-9c39-0d3df0d6a001"
SERVICE = {"host": "HV01", "state": "up", "status": "enabled", "disabled_reason": None}
HYPERVISOR = {"id": UUID, "name": "HV01.example.org", "service_details": {"host": "HV01"}}
PROVIDER = {"id": UUID, "name": "HV01.example.org"}
AGENT = {
    "id": "1", "host": "HV01", "agent_type": "HyperV agent", "is_alive": True, "is_admin_state_up": True,
    "configuration": {"vswitch_mappings": {r"physical.*$": "external"}},
}
LAN: dict[str, Any] = {"id": "lan", "name": "lan", "provider_network_type": "vlan", "provider_physical_network": "physical1"}
OVERLAY: dict[str, Any] = {"id": "overlay", "name": "overlay", "provider_network_type": "vxlan", "provider_physical_network": None}
STORAGE: dict[str, Any] = {"id": "storage", "name": "storage", "provider_network_type": "flat", "provider_physical_network": "storage"}
SEGMENTS: dict[str, Any] = {"id": "segments", "name": "segments", "provider_network_type": None, "provider_physical_network": None}


def port(vif_type: str, network: dict[str, Any] | None = None, name: str = "1", host: str = "HV01") -> dict[str, Any]:
    return {"id": name, "network_id": (network or LAN)["id"], "binding_host_id": host, "binding_vif_type": vif_type}


GOOD: dict[Question, list[dict[str, Any]]] = {
    control_plane.SERVICES: [SERVICE], control_plane.HYPERVISORS: [HYPERVISOR], control_plane.PROVIDERS: [PROVIDER],
    control_plane.AGENTS: [AGENT], control_plane.NETWORKS: [], control_plane.PORTS: [port("hyperv")],
}


def findings(
    changes: dict[Question, list[dict[str, Any]]] | None = None, *, host: str = "hv01", agent: bool = True, microversion: str = "",
    release: str = "2023.2", accept: tuple[str, ...] = (),
) -> dict[str, str]:
    """The severities of what is found, by name."""
    heard = Heard({**GOOD, **(changes or {})}, {}, microversion)
    found = judge({"node": Node(host, agent)}, heard, release, accept)["node"]
    assert len({finding.name for finding in found}) == len(found)
    return {finding.name: finding.severity for finding in found}


def test_a_node_that_is_as_it_should_be() -> None:
    assert findings() == {}


@pytest.mark.parametrize(("changes", "names"), [
    ({control_plane.SERVICES: []}, ["compute_service_missing"]),
    ({control_plane.SERVICES: [{**SERVICE, "host": "HV011"}]}, ["compute_service_missing"]),
    ({control_plane.SERVICES: [{**SERVICE, "state": "down"}]}, ["compute_service_down"]),
    ({control_plane.SERVICES: [{**SERVICE, "status": "disabled", "disabled_reason": "repair"}]}, ["compute_service_disabled"]),
    ({control_plane.HYPERVISORS: [], control_plane.PROVIDERS: []}, ["host_not_mapped", "resource_provider_missing"]),
    ({control_plane.PROVIDERS: [{"id": "another", "name": "HV01.example.org"}]}, ["resource_provider_missing"]),
    ({control_plane.AGENTS: []}, ["network_agent_missing"]),
    ({control_plane.AGENTS: [{**AGENT, "is_alive": False}]}, ["network_agent_down"]),
    ({control_plane.AGENTS: [{**AGENT, "is_admin_state_up": False}]}, ["network_agent_disabled"]),
    ({control_plane.AGENTS: [AGENT, {**AGENT, "agent_type": "Open vSwitch agent"}]}, ["open_vswitch_agent"]),
])
def test_what_is_critical(changes: dict[Question, list[dict[str, Any]]], names: list[str]) -> None:
    assert findings(changes) == dict.fromkeys(names, "critical")
    assert findings(changes, accept=tuple(names)) == dict.fromkeys(names, "warning")


def test_an_unmapped_host_has_its_provider_under_the_name_of_its_node() -> None:
    """Then there is no UUID to go by."""
    assert findings({control_plane.HYPERVISORS: []}, host="hv01") == {"host_not_mapped": "critical"}


def test_the_agent_matters_only_where_the_node_has_one() -> None:
    assert findings({control_plane.AGENTS: []}, agent=False) == {}


def network(kind: str, physical: str | None = None) -> dict[str, Any]:
    return {"id": kind, "name": kind, "provider_network_type": kind, "provider_physical_network": physical}


@pytest.mark.parametrize(("networks", "found"), [
    ([network("vlan", "physical1"), network("local")], {}),
    ([network("vxlan")], {"network_types": "warning"}),
    ([network("flat", "storage")], {"physical_networks": "information"}),
])
def test_networks_that_the_mechanism_driver_cannot_bind_here(networks: list[dict[str, Any]], found: dict[str, str]) -> None:
    assert findings({control_plane.NETWORKS: networks}) == found


def test_nvgre_is_bound_where_the_agent_says_so() -> None:
    agent = {**AGENT, "configuration": {**AGENT["configuration"], "tunnel_types": ["gre"]}}  # type: ignore[dict-item]
    assert findings({control_plane.AGENTS: [agent], control_plane.NETWORKS: [network("gre")]}) == {}


@pytest.mark.parametrize(("ports", "found"), [
    ([port("hyperv")], {}),
    ([], {"mechanism_driver_unproven": "information"}),
    ([port("hyperv", host="HV02")], {"mechanism_driver_unproven": "information"}),
    ([port("binding_failed")], {"mechanism_driver": "critical"}),
    ([port("binding_failed", SEGMENTS)], {"mechanism_driver": "critical"}),
    ([port("binding_failed", {"id": "deleted"})], {"mechanism_driver": "critical"}),
    ([port("binding_failed"), port("hyperv", name="2")], {"port_binding_stale": "warning"}),
    ([port("binding_failed", OVERLAY)], {"mechanism_driver_unproven": "information", "port_binding": "warning"}),
    ([port("binding_failed", STORAGE)], {"mechanism_driver_unproven": "information", "port_binding": "warning"}),
    ([port("binding_failed", STORAGE), port("binding_failed", name="2")], {"mechanism_driver": "critical", "port_binding": "warning"}),
    ([port("unbound")], {"mechanism_driver_unproven": "information", "port_unbound": "information"}),
    ([port("ovs"), port("hyperv", name="2")], {"port_vif_type": "warning"}),
])
def test_what_ports_prove_of_the_mechanism_driver(ports: list[dict[str, Any]], found: dict[str, str]) -> None:
    networks = {control_plane.NETWORKS: [LAN, OVERLAY, STORAGE, SEGMENTS]}
    of_networks = {"network_types": "warning", "physical_networks": "information"}
    assert findings({**networks, control_plane.PORTS: ports}) == {**of_networks, **found}


def test_nothing_is_concluded_from_ports_while_the_agent_is_down() -> None:
    down: list[dict[str, Any]] = [{**AGENT, "is_alive": False}]
    nothing: list[dict[str, Any]] = []
    for ports in (nothing, [port("binding_failed")]):
        changes = {control_plane.AGENTS: down, control_plane.NETWORKS: [LAN], control_plane.PORTS: ports}
        assert findings(changes) == {"network_agent_down": "critical"}


def test_ports_that_were_not_asked_for_prove_nothing() -> None:
    heard = Heard({question: rows for question, rows in GOOD.items() if question != control_plane.PORTS}, {})
    assert judge({"node": Node("hv01", True)}, heard, "2023.2", ())["node"] == []


def test_what_is_said_of_a_missing_mechanism_driver() -> None:
    heard = Heard({**GOOD, control_plane.NETWORKS: [LAN], control_plane.PORTS: [port("binding_failed")]}, {})
    [finding] = judge({"node": Node("hv01", True)}, heard, "2023.2", ())["node"]
    assert finding.found == "ports of lan are binding_failed, none is bound"
    assert "add hyperv to [ml2] mechanism_drivers" in finding.remediation


def test_ports_are_asked_for_by_the_names_that_nova_and_neutron_have() -> None:
    """neutron's database may tell hv01 from HV01, and a URL has an end."""
    heard = Heard({**GOOD, control_plane.AGENTS: [{**AGENT, "host": "hv01.example.org"}, {**AGENT, "host": "other"}]}, {})
    nodes = [Node("hv01", True), Node("other", False)]
    assert [dict(question.parameters) for question in control_plane.port_questions(nodes, heard)] == [
        {"binding:host_id": ("HV01", "hv01.example.org")},
    ]
    many = [f"HV{number:03}" for number in range(120)]
    heard = Heard({control_plane.SERVICES: [{**SERVICE, "host": name} for name in many]}, {})
    asked = control_plane.port_questions([Node(name, True) for name in many], heard)
    assert [len(dict(question.parameters)["binding:host_id"]) for question in asked] == [50, 50, 20]
    assert sorted(name for question in asked for name in dict(question.parameters)["binding:host_id"]) == many
    assert {question.name for question in asked} == {"network/port"}


def test_how_ports_are_bound_is_counted() -> None:
    assert port_bindings.by_type([port("hyperv"), port("binding_failed"), port("hyperv")]) == {"binding_failed": 1, "hyperv": 2}


@pytest.mark.parametrize(("error", "refused"), [
    ("The request you have made requires authentication. (HTTP 401) (Request-ID: req-1)", True),
    ("Unable to establish connection to http://k/v3", False), ("Forbidden (HTTP 403)", False),
])
def test_a_refused_log_on(error: str, refused: bool) -> None:
    assert control_plane.logon_refused(error) is refused


@pytest.mark.parametrize(("release", "microversion", "found"), [
    ("2023.2", "2.95", "information"),   # 2023.1 would be older than the node, 2023.2 is the same
    ("2023.1", "2.95", None),
    ("2023.2", "2.96", "information"),   # 2024.1 is tested, 2024.2 accepts it
    ("zed", "2.95", "information"),      # 2023.1 accepts it, 2023.2 refuses
    ("zed", "2.96", "warning"),          # both refuse
    ("2023.2", "2.100", "warning"),      # 2025.1 accepts it untested, 2025.2 refuses
    ("2023.2", "2.200", "warning"),      # a release that is not known
    ("2023.2", "", None),
])
def test_the_release_of_the_control_plane(release: str, microversion: str, found: str | None) -> None:
    assert findings(release=release, microversion=microversion) == ({"control_plane_release": found} if found else {})


def test_one_error_is_one_finding_and_hides_what_was_not_answered() -> None:
    silence = dict.fromkeys(control_plane.COMPUTE_QUESTIONS, "HTTP 401")
    found = judge({"a": Node("a", True), "b": Node("b", False)}, Heard({}, silence), "2023.2", ())
    assert [(finding.name, finding.target) for finding in found["a"]] == [
        ("control_plane_silent", "compute/service, compute/hypervisor, placement/resource_provider"),
    ]
    assert found["a"] == found["b"]


@pytest.mark.parametrize(("one", "other", "same"), [
    ("HV01", "hv01", True), ("hv01.example.org", "HV01", True), ("hv01.a", "hv01.b", False), ("hv01", "hv011", False),
])
def test_names_of_a_host(one: str, other: str, same: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert control_plane.same_host(*pair) is same


@pytest.mark.parametrize(("url", "found"), [
    ("http://c:8774/v2.1", "http://c:8774/v2.1"),
    ("https://c/compute/v2.1/%(tenant_id)s", "https://c/compute/v2.1"),
    ("https://c/compute/v2/0123", "https://c/compute/v2"),
    ("https://c/compute", "https://c/compute"),
])
def test_where_the_compute_api_tells_its_versions(url: str, found: str) -> None:
    catalog = [{"id": "n"}]
    endpoints = [{"service_id": "x", "region_id": "R", "url": "no"}, {"service_id": "n", "region_id": "R", "url": url}]
    assert control_plane.compute_api_url(catalog, endpoints, "R") == found
    assert control_plane.compute_api_url(catalog, endpoints, "") == found
    assert control_plane.compute_api_url(catalog, endpoints, "S") == ""


@pytest.mark.parametrize(("document", "found"), [
    ({"version": {"id": "v2.1", "version": "2.95"}}, "2.95"),
    ({"versions": [{"id": "v2.0", "version": ""}, {"id": "v2.1", "version": "2.96"}]}, "2.96"),
    ({"version": {"id": "v2.0", "version": ""}}, ""),
    (None, ""), ([], ""), ({"choices": []}, ""),
])
def test_the_newest_microversion(document: Any, found: str) -> None:
    assert control_plane.newest_microversion(document) == found
