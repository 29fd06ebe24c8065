# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nova-compute and the neutron agent out of one wheelhouse, from a bare host to an update of both.

The oracle is the simulated server: its services, what runs in them, and what the control plane heard of them.
"""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.software.python_environment import distributions

from tests.integration.site.conftest import Run, Site, StartSite

pytestmark = pytest.mark.long

ROOT = r"C:\Program Files\OpenStack\Driver"
SERVICES_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services"
SERVICES = ("nova-compute", "neutron-hyperv-agent")
AGENT_CONF = r"C:\OpenStack\Nova\etc\neutron_hyperv_agent.conf"
WITHOUT_AGENT = "nova-hyperv-2023.2-cp38-win_amd64.zip"
FIRST, SECOND = "nova-hyperv-2023.2-neutron-cp38-win_amd64.zip", "second.zip"


def prepared(lab: dict[str, Any]) -> None:
    """A bare host with the switch that the agent's file names, and two archives that bring the agent."""
    host = lab["hosts"]["hv01"]
    host["features"] = {"installed": ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"]}
    host["switches"] = [{"name": "external", "adapters": ["Ethernet"]}]
    packages = lab["downloads"][WITHOUT_AGENT]["packages"]
    agent = {"neutron": "23.5.0", "networking-hyperv": "14.0.0"}
    lab["downloads"][FIRST] = {"kind": "wheelhouse", "packages": {**packages, **agent}}
    lab["downloads"][SECOND] = {"kind": "wheelhouse", "packages": {**packages, **agent, "nova": "28.3.2", "networking-hyperv": "14.0.1"}}


class Node:
    """hv01 with both services, brought by archives of the lab."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.machine = site.lab.hosts["hv01"].machine
        self._downloads = site.lab.inventory()["all"]["vars"]["rehearsal_downloads"]

    def play(self, archive: str, *arguments: str, playbook: str = "site.yml", **variables: Any) -> Run:
        files = {name: {**self._file(name), "path": rf"C:\OpenStack\Install\{name}"} for name in self._downloads}
        wrapper = r"C:\OpenStack\bin\nssm.exe"
        return self.site.play("--limit", "hv01", *arguments, playbook=playbook, variables={
            "hyperv_compute_stages": ["driver", "folders", "nova_conf", "service", "verify"],
            "hyperv_compute_driver_method": "wheelhouse",
            "hyperv_compute_driver_files": [{"path": wrapper, **self._file("nssm.exe")}],
            "hyperv_compute_driver_wheelhouse": {
                "archive": files[archive], "python": {"installer": files["python-3.8.10-amd64.exe"]},
                "vc_runtime": {"installer": files["vc_redist.x64.exe"]}, "wrapper": {"kind": "nssm", "path": wrapper},
            },
            "hyperv_compute_neutron_enabled": True,
            "hyperv_compute_neutron_conf": {
                "path": AGENT_CONF, "release": "2023.2", "physical_network_vswitch_mappings": ["physical*:external"],
                "enable_security_group": True, "transport_url": "rabbit://openstack:example-rabbit@controller:5672/",
                "lock_path": r"C:\OpenStack\Lock", "log_dir": r"C:\OpenStack\Log", "log_file": "neutron-hyperv-agent.log",
                "options": {"DEFAULT": {"log_rotation_type": "size"}},
            },
            **variables,
        })

    def require_runs(self, archive: str, nova: str, agent: str) -> None:
        """Both services run out of the archive's environment, which holds these versions, and the control plane hears of both."""
        venv = rf"{ROOT}\{self._downloads[archive]['sha256'][:12]}\venv"
        for service in SERVICES:
            assert self.machine.services.get(service).state == "Running"
            command = str(self.machine.registry.get(rf"{SERVICES_KEY}\{service}\Parameters", "Application"))
            assert command == rf"{venv}\Scripts\{service}.exe"
        found = distributions(self.machine, venv)
        assert (found["nova"].version, found["networking-hyperv"].version) == (nova, agent)
        assert [item["state"] for item in self.site.lab.control_plane.services()] == ["up"]
        assert [(item["agent_type"], item["alive"]) for item in self.site.lab.control_plane.agents()] == [("HyperV agent", True)]

    def require_unchanged(self, archive: str) -> None:
        again = self.play(archive)
        assert again.code == 0, again.failures
        assert again.recap("changed") == {"hv01": 0}
        assert len(self.site.calls("hv01")) == 2
        assert self.site.changes("hv01") == []

    def pids(self) -> dict[str, int]:
        return {service: self.machine.services.get(service).pid for service in SERVICES}

    def _file(self, name: str) -> dict[str, str]:
        return {"url": self._downloads[name]["url"], "sha256": self._downloads[name]["sha256"]}


def test_both_services_come_from_one_archive_and_are_switched_together(site: StartSite) -> None:
    node = Node(site(prepared))
    check = node.play(FIRST, "--check")
    assert check.code == 0, check.failures
    assert node.site.changes("hv01") == []

    first = node.play(FIRST)
    assert first.code == 0, first.failures
    node.require_runs(FIRST, "28.3.1", "14.0.0")
    for service in SERVICES:
        assert node.machine.registry.get(rf"{SERVICES_KEY}\{service}", "Environment") == ["PYTHONUTF8=1"]
    assert b"physical_network_vswitch_mappings = physical*:external" in (node.site.read("hv01", AGENT_CONF) or b"")
    node.require_unchanged(FIRST)

    before = node.pids()
    update = node.play(SECOND)
    assert update.code == 0, update.failures
    node.require_runs(SECOND, "28.3.2", "14.0.1")
    assert all(pid != before[service] for service, pid in node.pids().items()), "both were restarted"
    node.require_unchanged(SECOND)

    back = node.play(FIRST)
    assert back.code == 0, back.failures
    node.require_runs(FIRST, "28.3.1", "14.0.0")


def test_an_agent_that_stopped_is_a_broken_promise_and_started_again(site: StartSite) -> None:
    node = Node(site(prepared))
    assert node.play(FIRST).code == 0
    node.machine.services.stop("neutron-hyperv-agent")
    verify = node.play(FIRST, playbook="verify.yml", hyperv_compute_verify_retries=1)
    assert verify.code != 0
    assert "neutron_service" in verify.failures[-1][1]
    again = node.play(FIRST)
    assert again.code == 0, again.failures
    node.require_runs(FIRST, "28.3.1", "14.0.0")


def test_an_archive_without_the_agent_is_named_before_a_service_is_made(site: StartSite) -> None:
    node = Node(site(prepared))
    fresh = node.play(WITHOUT_AGENT)
    assert fresh.code != 0
    assert "neutron-hyperv-agent" in fresh.failures[-1][1]
    assert node.machine.services.find("neutron-hyperv-agent") is None

    assert node.play(WITHOUT_AGENT, hyperv_compute_neutron_enabled=False).code == 0
    later = node.play(WITHOUT_AGENT)
    assert later.code != 0
    assert "has no program neutron-hyperv-agent: its archive was built without it" in later.output
    assert node.site.changes("hv01") == []
    assert node.machine.services.find("neutron-hyperv-agent") is None
    assert node.machine.services.get("nova-compute").state == "Running"
