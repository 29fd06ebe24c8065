# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nodes as the control plane knows them, and the neutron agent. Oracles: the real openstack.cloud and openstacksdk, and a control plane
that refuses whatever it does not know."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.control_plane import NetworkAgent

from tests.integration.site.conftest import Run, Site, StartSite

pytestmark = pytest.mark.long

PLAYBOOK = "control_plane.yml"
CLOUD = {
    "hyperv_compute_control_plane_enabled": True,
    "hyperv_compute_control_plane_cloud": "{{ rehearsal_cloud }}",
    "hyperv_compute_control_plane_wait": 0,
}
NODES = {"hv01": "8d3c0a52-3f0e-4c3c-9c39-0d3df0d6a001", "hv02": "8d3c0a52-3f0e-4c3c-9c39-0d3df0d6a002"}
AGENT_CONF = r"C:\OpenStack\Nova\etc\neutron_hyperv_agent.conf"
NEUTRON = {
    "hyperv_compute_mpio": {},
    "hyperv_compute_neutron_enabled": True,
    "hyperv_compute_neutron_conf": {
        "path": AGENT_CONF, "release": "2023.2", "physical_network_vswitch_mappings": ["physical*:external"], "enable_security_group": True,
        "transport_url": "rabbit://openstack:example-rabbit@controller:5672/", "lock_path": r"C:\OpenStack\Lock",
        "log_dir": r"C:\OpenStack\Log", "log_file": "neutron-hyperv-agent.log",
        "options": {"DEFAULT": {"log_rotation_type": "size"}},
    },
}


def known(site: Site, *hosts: str) -> None:
    """As if nova-compute ran there; vmms stands for its service."""
    for host in hosts:
        site.lab.control_plane.compute_started(host.upper(), host.upper(), NODES[host], host, "vmms")


def ask(site: Site, *arguments: str, **variables: Any) -> Run:
    """The log must not tell of a request that the control plane does not know."""
    run = site.play(*arguments, playbook=PLAYBOOK, variables={**CLOUD, **variables})
    log = site.lab.store.control_plane_log
    assert not log.exists() or "NOT MODELLED" not in log.read_text()
    return run


def with_hyper_v(lab: dict[str, Any], **control_plane: Any) -> None:
    for host in lab["hosts"].values():
        host["features"] = {"installed": ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"]}
    lab["control_plane"] = control_plane


def test_hosts_that_are_up_mapped_and_in_placement(site: StartSite) -> None:
    running = site(with_hyper_v)
    known(running, "hv01", "hv02")
    run = ask(running)
    assert run.code == 0, run.failures
    assert run.recap("changed") == {"hv01": 0, "hv02": 0}
    assert {host: running.calls(host) for host in NODES} == {"hv01": [], "hv02": []}
    log = running.lab.store.control_plane_log.read_text()
    for path in ("/compute/v2.1/os-services", "/compute/v2.1/os-hypervisors/detail", "/placement/resource_providers"):
        assert log.count(f"GET {path} 200\n") == 1, "asked once for all hosts"


def test_only_the_host_that_is_missing_or_down_fails(site: StartSite) -> None:
    running = site(with_hyper_v)
    known(running, "hv01")
    run = ask(running)
    assert [host for host, _message in run.failures] == ["hv02"]
    assert "compute_service_missing (hv02)" in run.failures[0][1]

    known(running, "hv02")
    running.lab.hosts["hv01"].machine.services.stop("vmms")
    run = ask(running)
    assert [host for host, _message in run.failures] == ["hv01"]
    assert "compute_service_down (hv01) | found: nova-compute is down" in run.failures[0][1]


def test_a_host_that_is_in_no_cell_until_hosts_are_discovered(site: StartSite) -> None:
    running = site(lambda lab: with_hyper_v(lab, discover_hosts=False))
    known(running, "hv02")
    run = ask(running, "--limit", "hv02")
    assert len(run.failures) == 1
    assert "host_not_mapped (hv02) | found: not in the list of hypervisors, though it has a resource provider" in run.failures[0][1]
    assert "nova-manage cell_v2 discover_hosts" in run.failures[0][1]
    running.lab.control_plane.discover_hosts()
    assert ask(running, "--limit", "hv02").code == 0


def test_a_host_without_resource_provider_and_disabled(site: StartSite) -> None:
    running = site(lambda lab: with_hyper_v(lab, resource_providers=False, new_services_enabled=False))
    known(running, "hv02")
    run = ask(running, "--limit", "hv02")
    assert len(run.failures) == 1
    assert "resource_provider_missing (hv02)" in run.failures[0][1]
    assert "compute_service_disabled (hv02)" in run.failures[0][1]
    accepted = ["resource_provider_missing", "compute_service_disabled"]
    assert ask(running, "--limit", "hv02", hyperv_compute_control_plane_accept=accepted).code == 0


@pytest.mark.parametrize(("change", "said"), [
    ({"password": "wrong"}, "The request you have made requires authentication. (HTTP 401)"),
    ({"auth_url": "http://127.0.0.1:9/identity/v3"}, "http://127.0.0.1:9/identity/v3"),
])
def test_a_control_plane_that_does_not_answer(site: StartSite, change: dict[str, str], said: str) -> None:
    running = site(with_hyper_v)
    known(running, "hv02")
    cloud = running.lab.inventory()["all"]["vars"]["rehearsal_cloud"]
    cloud["auth"].update(change)
    wait = 600 if "password" in change else 0
    run = ask(running, "--limit", "hv02", hyperv_compute_control_plane_cloud=cloud, hyperv_compute_control_plane_wait=wait)
    assert len(run.failures) == 1
    message = run.failures[0][1]
    assert message.count("control_plane_silent (compute/service, compute/hypervisor, placement/resource_provider)") == 1
    assert said in message
    assert "Rehearsal-1" not in run.output
    log = running.lab.store.control_plane_log
    refused = log.read_text().count("POST /identity/v3/auth/tokens 401\n") if log.exists() else 0
    assert refused == ("password" in change), "a refused log-on is tried once, and not waited for"


def test_a_control_plane_that_refuses_the_release(site: StartSite) -> None:
    running = site(lambda lab: with_hyper_v(lab, release="2024.1"))
    known(running, "hv02")
    conf = {"release": "zed"}
    run = ask(running, "--limit", "hv02", hyperv_compute_nova_conf=conf)
    assert run.code == 0, run.failures
    assert "warning | control_plane_release (compute API)" in run.output
    assert "a 2024.1 control plane refuses nova-compute of zed" in run.output


def switched(lab: dict[str, Any], **switch: Any) -> None:
    with_hyper_v(lab, networks=[{"name": "lan", "type": "vlan", "physical_network": "physical1"}, {"name": "overlay", "type": "vxlan"}])
    lab["hosts"]["hv02"]["switches"] = [{"name": "external", "adapters": ["Ethernet"], **switch}]


def test_a_node_with_its_network_agent_from_bare_metal_to_the_control_plane(site: StartSite) -> None:
    running = site(switched)
    variables = {**NEUTRON, **CLOUD}
    check = running.play("--limit", "hv02", "--check", variables=variables)
    assert check.code == 0, check.failures
    assert running.changes("hv02") == []

    first = running.play("--limit", "hv02", variables=variables)
    assert first.code == 0, first.failures
    assert running.lab.hosts["hv02"].machine.services.get("neutron-hyperv-agent").state == "Running"
    assert b"physical_network_vswitch_mappings = physical*:external" in (running.read("hv02", AGENT_CONF) or b"")
    assert [agent["alive"] for agent in running.lab.control_plane.agents()] == [True]
    assert "warning | network_types (HV02) | found: networks of type vxlan" in first.output
    assert "physical_networks" not in first.output
    assert "information | mechanism_driver_unproven (HV02)" in first.output
    assert "example-rabbit" not in first.output

    second = running.play("--limit", "hv02", variables=variables)
    assert second.code == 0, second.failures
    assert second.recap("changed") == {"hv02": 0}
    assert running.changes("hv02") == []

    running.lab.hosts["hv02"].machine.services.stop("neutron-hyperv-agent")
    down = ask(running, "--limit", "hv02", hyperv_compute_neutron_enabled=True)
    assert "network_agent_down (hv02)" in down.failures[0][1]


def with_ports(lab: dict[str, Any], **control_plane: Any) -> None:
    """A node with its agent; ports of a network that it reaches and of one that it does not, and a port of another host."""
    switched(lab)
    ports = [{"name": name, "network": name, "host": "HV02"} for name in ("lan", "overlay")]
    lab["control_plane"].update(ports=[*ports, {"name": "other", "network": "lan", "host": "HV01"}], **control_plane)


def with_agent(site: Site, *hosts: str) -> None:
    """As if the neutron agent ran there; vmms stands for its service."""
    known(site, *hosts)
    for host in hosts:
        agent = NetworkAgent(
            host.upper(), "neutron-hyperv-agent", "HyperV agent", {"vswitch_mappings": {"physical.*$": "external"}}, host, "vmms"
        )
        site.lab.control_plane.agent_started(agent)


def test_a_bound_port_proves_the_mechanism_driver(site: StartSite) -> None:
    running = site(with_ports)
    with_agent(running, "hv02")
    run = ask(running, "--limit", "hv02", hyperv_compute_neutron_enabled=True)
    assert run.code == 0, run.failures
    assert "mechanism_driver" not in run.output
    assert "warning | port_binding (hv02) | found: ports are binding_failed: overlay: its type vxlan is none of" in run.output
    log = running.lab.store.control_plane_log.read_text()
    assert log.count("GET /networking/v2.0/ports 200\n") == 1


def test_ports_that_fail_where_neutron_lacks_the_mechanism_driver(site: StartSite) -> None:
    running = site(lambda lab: with_ports(lab, mechanism_drivers=["openvswitch"]))
    with_agent(running, "hv02")
    run = ask(running, "--limit", "hv02", hyperv_compute_neutron_enabled=True)
    assert len(run.failures) == 1
    assert "mechanism_driver (hv02) | found: ports of lan are binding_failed, none is bound" in run.failures[0][1]
    assert "add hyperv to [ml2] mechanism_drivers" in run.failures[0][1]
    accepted = ask(
        running, "--limit", "hv02", hyperv_compute_neutron_enabled=True, hyperv_compute_control_plane_accept=["mechanism_driver"]
    )
    assert accepted.code == 0, accepted.failures


@pytest.mark.parametrize(("switch", "reason"), [
    ({"name": "other"}, "'external': the host has no such virtual switch; it has other"),
    ({"extensions": [{"name": "Cloudbase Open vSwitch Extension"}]}, "'external': the Open vSwitch extension is enabled"),
])
def test_a_switch_that_the_agent_would_refuse_stops_before_anything_is_touched(
    site: StartSite, switch: dict[str, Any], reason: str
) -> None:
    running = site(lambda lab: switched(lab, **switch))
    run = running.play("--limit", "hv02", variables=NEUTRON)
    assert run.code != 0
    assert reason in run.output
    assert running.changes("hv02") == []
