# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_switch on simulated servers, whose network goes away as it does on real ones. The oracle is the server's own state."""
from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rehearsal.machine.tasks import Task

from tests.integration.resources.conftest import Server, StartServer

VERSIONS = ("2016", "2019", "2022", "2025")
HYPER_V: dict[str, Any] = {
    "features": {"installed": ["Hyper-V", "Hyper-V-PowerShell"]},
    "hardware": {"nics": [{}, {}, {}]},
}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_switch": options}


def names(host: Server) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(switch.name, switch.adapters, switch.allow_management_os) for switch in host.machine.hyperv.switches]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_session_survives_a_switch_over_its_own_adapter(server: StartServer, version: str) -> None:
    host = server(os={"version": version}, uplink={"outage_seconds": 1}, **HYPER_V)
    again = host.converge(task(name="external", adapters=["Ethernet"], undo_seconds=60))
    assert names(host) == [("external", ("Ethernet",), True)]
    assert again.result["switch"]["switches"][0]["bandwidth_mode"] == "weight"
    assert again.result["switch"]["network"]["addresses"] == ["192.0.2.10/24"]
    assert host.machine.tasks.all() == []
    armed, created, disarmed = [line for entry in host.entries() for line in entry.changes]
    assert armed.startswith("scheduled task \\winstack.hyperv\\undo for ")
    assert created == "virtual switch external over Ethernet"
    assert disarmed == "scheduled task \\winstack.hyperv\\undo removed"


def test_as_a_section_it_comes_after_those_that_cannot_cut_the_connection(server: StartServer) -> None:
    host = server(**{**HYPER_V, "hardware": {"numa_nodes": 2}})
    sections = {"switch": {"name": "external", "adapters": ["Ethernet"]}, "numa": {"spanning": False}}
    run = host.play({"winstack.hyperv.win_hv_host": {"sections": sections}})
    assert run.code == 0, run.output
    assert run.result["pending"] == ["switch", "numa"]
    changes = host.changes()
    assert changes.index("virtual switch external over Ethernet") > changes.index("Hyper-V host: NumaSpanningEnabled = False")


def test_a_switch_that_the_session_does_not_need_is_made_without_an_undo(server: StartServer) -> None:
    host = server(**HYPER_V)
    wanted = {"name": "tenants", "adapters": ["Ethernet 3", "ethernet 2"], "allow_management_os": False, "bandwidth_mode": "absolute"}
    again = host.converge(task(**wanted))
    assert again.result["switch"]["switches"][0]["adapters"] == ["Ethernet 2", "Ethernet 3"]
    assert names(host) == [("tenants", ("Ethernet 3", "Ethernet 2"), False)]
    assert not any("scheduled task" in line for entry in host.entries() for line in entry.changes)


def test_a_link_that_never_comes_back_is_undone_by_the_host_itself(server: StartServer) -> None:
    host = server(uplink={"link_returns": False}, **HYPER_V)
    run = host.play(task(name="external", adapters=["Ethernet"], undo_seconds=15))
    assert run.code != 0
    assert run.result["msg"] == (
        "switch: the controller did not come back to the host within 15 seconds after the change, so the host has undone it by itself; "
        "it answers again"
    )
    assert names(host) == []
    assert host.machine.uplink.reachable
    assert host.machine.tasks.all() == []
    assert host.play(task()).result["switch"]["network"]["addresses"] == ["192.0.2.10/24"]


def test_name_servers_that_are_lost_are_a_warning(server: StartServer) -> None:
    host = server(uplink={"keeps_name_servers": False}, **HYPER_V)
    run = host.play(task(name="external", adapters=["Ethernet"]))
    assert run.code == 0, run.output
    assert "The change of the switch has a side effect: the name server 192.0.2.53 is gone." in run.result["warnings"]


def test_an_undo_that_a_dead_controller_left_is_disarmed_by_the_next_one(server: StartServer) -> None:
    host = server(switches=[{"name": "external", "adapters": ["Ethernet"]}], **HYPER_V)
    later = host.machine.now() + timedelta(hours=1)
    host.machine.tasks.register(Task("undo", "\\winstack.hyperv\\", "powershell.exe", "", later, "S-1-5-18"))
    host.converge(task(name="external"))
    assert host.machine.tasks.all() == []
    assert names(host) == [("external", ("Ethernet",), True)]


def test_a_vlan_that_cuts_the_session_is_undone(server: StartServer) -> None:
    host = server(switches=[{"name": "external", "adapters": ["Ethernet"]}], **HYPER_V)
    run = host.play(task(name="external", vlan=20, undo_seconds=15))
    assert run.code != 0
    assert "so the host has undone it by itself" in run.result["msg"]
    assert host.machine.hyperv.switches[0].vlan == 0


def test_the_vlan_that_the_controller_is_in_is_set_with_the_switch(server: StartServer) -> None:
    host = server(uplink={"vlan": 20}, **HYPER_V)
    host.converge(task(name="external", adapters=["Ethernet"], vlan=20))
    assert host.machine.hyperv.switches[0].vlan == 20


@pytest.mark.parametrize(("options", "message"), [
    ({"adapters": ["Ethernet"], "allow_management_os": False}, "allow_management_os: false would cut the session"),
    ({"adapters": ["Ethernet 9"]}, "adapters: this host has no network adapter Ethernet 9; it has Ethernet, Ethernet 2, Ethernet 3"),
    ({"adapters": ["Ethernet 3"]}, "adapters: Ethernet 3 belongs to the switch old already"),
    ({"name": "old", "iov": True}, "iov: cannot be changed in place"),
    ({"name": "twice"}, "name: this host has 2 switches named twice"),
    ({"vlan": 4095, "adapters": ["Ethernet"]}, "vlan: 4095 is no VLAN"),
])
def test_what_is_refused_changes_nothing(server: StartServer, options: dict[str, Any], message: str) -> None:
    switches = [
        {"name": "old", "adapters": ["Ethernet 3"]}, {"name": "twice", "type": "Internal"}, {"name": "Twice", "type": "Internal"},
    ]
    host = server(switches=switches, **HYPER_V)
    for check in (True, False):
        run = host.play(task(**{"name": "external", **options}), check=check)
        assert run.code != 0
        assert message in run.result["msg"]
        assert host.changes() == []


def test_a_switch_is_recreated_with_consent_only(server: StartServer) -> None:
    host = server(switches=[{"name": "tenants", "adapters": ["Ethernet 2"]}], **HYPER_V)
    host.converge(task(name="tenants", adapters=["Ethernet 2", "Ethernet 3"], recreate=True))
    assert names(host) == [("tenants", ("Ethernet 2", "Ethernet 3"), True)]


def test_before_the_role_is_there_check_mode_says_what_would_change(server: StartServer) -> None:
    host = server()
    planned = host.play(task(name="external", adapters=["Ethernet"]), check=True)
    assert planned.code == 0, planned.output
    assert [item["path"] for item in planned.result["differences"]] == ["adapters", "allow_management_os"]
    assert "cannot be changed yet" in host.play(task(name="external", adapters=["Ethernet"])).result["msg"]
