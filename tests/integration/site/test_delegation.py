# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When the role sets up delegation, for which hosts, and who gets new tickets. The directory itself is tested in tests/real/delegation."""
from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from tests.integration.site.conftest import Site, StartSite

PASSWORD = "Delegate-the-8th"


def variables() -> dict[str, Any]:
    """A directory at a port where nobody answers, so that the stage fails where it runs, and says what it wanted."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "hyperv_compute_stages": ["delegation"],
        "hyperv_compute_delegation": {"server": "127.0.0.1", "port": port, "username": "admin@example.org", "timeout": 2},
        "hyperv_compute_delegation_password": PASSWORD,
    }


def write(folder: Path, *plays: dict[str, Any]) -> str:
    path = folder / "play.json"
    path.write_text(json.dumps([{"hosts": "hyperv_compute", "gather_facts": False, **play} for play in plays]))
    return str(path)


def role(entry: str = "main", **values: Any) -> dict[str, Any]:
    name = "winstack.hyperv.hyperv_compute"
    return {"ansible.builtin.include_role": {"name": name, "tasks_from": f"{entry}.yml"}, "vars": values}


def purged(site: Site) -> list[str]:
    return [host for host in ("hv01", "hv02") if any("0x3e7 purged" in change for change in site.changes(host))]


def test_with_limit_delegation_is_between_all_hosts_of_the_group(site: StartSite) -> None:
    running = site()
    run = running.play("--limit", "hv01", "-vvv", variables=variables())
    assert run.code != 0
    assert [host for host, message in run.failures] == ["hv01"]
    events = [json.loads(line) for line in run.output.splitlines() if line.startswith("{")]
    calls = [result.get("invocation", {}).get("module_args", {}) for event in events for result in event.get("hosts", {}).values()]
    (arguments,) = [call for call in calls if "protocol_transition" in call]
    assert arguments["hosts"] == ["hv01", "hv02"]
    assert PASSWORD not in run.output


def test_the_computer_names_are_those_that_the_hosts_are_given(site: StartSite) -> None:
    running = site()
    inventory = running.lab.inventory()
    inventory["all"]["children"]["hyperv_compute"]["hosts"]["hv02"]["hyperv_compute_domain"] = {"hostname": "compute-{{ 1 + 1 }}"}
    shown = write(running.folder, {
        "roles": [{"role": "winstack.hyperv.hyperv_compute", "when": False}],
        "post_tasks": [{"ansible.builtin.debug": {"msg": "{{ hyperv_compute_delegation_names | join('+') }}"}}],
    })
    run = running.play(playbook=shown, inventory=inventory)
    assert run.code == 0, run.failures
    assert "hv01+compute-2" in run.output


def test_with_serial_delegation_waits_for_the_last_batch(site: StartSite) -> None:
    running = site()
    plays = {"tasks": [role("preflight")]}, {"serial": 1, "tasks": [role()]}
    run = running.play(playbook=write(running.folder, *plays), variables=variables())
    assert run.code != 0
    assert [host for host, message in run.failures] == ["hv02"]
    assert run.recap("failures") == {"hv01": 0, "hv02": 1}


def test_tickets_are_purged_on_changed_hosts_also_of_an_earlier_batch(site: StartSite) -> None:
    running = site()
    tickets = role("tickets", hyperv_compute_delegation_change={"changed_hosts": ["hv01"]})
    run = running.play(playbook=write(running.folder, {"tasks": [tickets]}))
    assert run.code == 0, run.failures
    assert purged(running) == ["hv01"]

    both = role("tickets", hyperv_compute_delegation_change={"changed_hosts": ["hv01", "hv02"]})
    last = {**both, "when": "inventory_hostname == 'hv02'"}
    run = running.play(playbook=write(running.folder, {"serial": 1, "tasks": [last]}))
    assert run.code == 0, run.failures
    assert purged(running) == ["hv01", "hv02"]


def test_hosts_outside_of_the_play_are_named(site: StartSite) -> None:
    running = site()
    tickets = role("tickets", hyperv_compute_delegation_change={"changed_hosts": ["hv01", "hv02"]})
    run = running.play("--limit", "hv01", playbook=write(running.folder, {"tasks": [tickets]}))
    assert run.code == 0, run.failures
    assert purged(running) == ["hv01"]
    assert "Not in this play, or failed in it: hv02." in run.output
