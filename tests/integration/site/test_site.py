# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The main job. The oracle is the simulated server's own state and journal, which know nothing of the collection."""
from __future__ import annotations

from typing import Any

from tests.integration.site.conftest import StartSite

CONF = r"C:\OpenStack\Nova\etc\nova.conf"
LOG = r"C:\OpenStack\Log\nova-compute.log"
HOSTS = ("hv01", "hv02")


def test_bare_servers_become_compute_nodes_and_a_second_run_changes_nothing(site: StartSite) -> None:
    running = site()

    check = running.play("--check", "--diff")
    assert check.code == 0, check.failures
    assert all(check.recap("changed").values())
    assert {host: running.changes(host) for host in HOSTS} == {"hv01": [], "hv02": []}

    first = running.play("--diff")
    assert first.code == 0, first.failures
    for host in HOSTS:
        machine = running.lab.hosts[host].machine
        assert machine.services.get("nova-compute").state == "Running"
        assert machine.module_available("MPIO")
        log = running.read(host, LOG)
        assert log is not None
        assert b"Compute node record created for" in log or b"Determined node identity" in log or b"Wrote node identity" in log
        conf = running.read(host, CONF)
        assert conf is not None
        assert conf.isascii()
        assert not conf.startswith(b"\xef\xbb\xbf")
        assert b"compute_driver = compute_hyperv.driver.HyperVDriver" in conf
    assert b"device_spec" in (running.read("hv01", CONF) or b"")
    assert b"device_spec" not in (running.read("hv02", CONF) or b"")
    for secret in ("example-rabbit", "example-neutron", "example-nova", "example$placement"):
        assert secret not in first.output, "a secret in Ansible's output"
        assert not any(secret in str(entry) for host in HOSTS for entry in running.calls(host)), "a secret in the journal"

    second = running.play("--diff")
    assert second.code == 0, second.failures
    assert second.recap("changed") == {"hv01": 0, "hv02": 0}
    assert {host: len(running.calls(host)) for host in HOSTS} == {"hv01": 2, "hv02": 2}
    assert {host: running.changes(host) for host in HOSTS} == {"hv01": [], "hv02": []}


def test_a_bad_host_stops_all_hosts_before_anything_is_touched(site: StartSite) -> None:
    def spoil(lab: dict[str, Any]) -> None:
        lab["hosts"]["hv02"]["hardware"]["memory_gb"] = 2
        lab["hosts"]["hv02"]["hardware"]["processors"][0]["firmware_virtualization"] = False

    running = site(spoil)
    run = running.play()
    assert run.code != 0
    assert "hv02 | critical | memory" in run.output
    assert "hv02 | critical | virtualization_firmware_enabled" in run.output
    assert "nothing was changed on any host" in run.output
    assert {host: len(running.calls(host)) for host in HOSTS} == {"hv01": 1, "hv02": 1}
    assert {host: running.changes(host) for host in HOSTS} == {"hv01": [], "hv02": []}


def test_a_wrong_option_is_named_before_anything_is_touched(site: StartSite) -> None:
    running = site()
    wrong = {
        "hyperv_compute_mpio": (
            {"load_balance_policy": "ROUND"}, "value of load_balance_policy must be one of: None, FOO, RR, LQD, LB, got: ROUND",
        ),
        "hyperv_compute_numa": (
            {"spaning": True}, "sections.numa: unsupported option spaning. Supported parameters include: on_critical, spanning",
        ),
    }
    for variable, (value, message) in wrong.items():
        run = running.play(variables={variable: value})
        assert run.code != 0
        assert message in run.output
    assert {host: running.calls(host) for host in HOSTS} == {"hv01": [], "hv02": []}


def test_an_option_that_nova_does_not_know_is_refused_with_the_closest_match(site: StartSite) -> None:
    running = site()
    conf = {
        "path": CONF, "instances_path": r"C:\OpenStack\Instances", "state_path": r"C:\OpenStack\State", "lock_path": r"C:\OpenStack\Lock",
        "log_dir": r"C:\OpenStack\Log", "log_file": "nova-compute.log", "options": {"hyperv": {"limit_cpu_featurs": True}},
    }
    run = running.play(variables={"hyperv_compute_nova_conf": conf})
    assert run.code != 0
    assert "limit_cpu_featurs" in run.output
    assert "limit_cpu_features" in run.output
    assert {host: running.changes(host) for host in HOSTS} == {"hv01": [], "hv02": []}


def test_a_wrong_password_is_unreachable_and_not_tried_again_and_again(site: StartSite) -> None:
    running = site()
    inventory = running.lab.inventory()
    inventory["all"]["children"]["hyperv_compute"]["hosts"]["hv02"]["ansible_password"] = "wrong"
    run = running.play(inventory=inventory)
    assert run.code != 0
    assert run.recap("unreachable")["hv02"] == 1
    assert "credentials were rejected" in run.output
    assert running.calls("hv02") == []
    assert {host: running.changes(host) for host in HOSTS} == {"hv01": [], "hv02": []}


def test_where_the_role_may_not_restart_it_says_why_a_restart_is_due(site: StartSite) -> None:
    running = site()
    run = running.play("--limit", "hv01", variables={"hyperv_compute_reboot": False})
    assert run.code != 0
    assert "A restart is due and hyperv_compute_reboot is false: features: " in run.output
    assert running.lab.hosts["hv01"].machine.reboots == 0


def test_a_stage_can_be_left_out_and_run_alone(site: StartSite) -> None:
    running = site()
    run = running.play("--limit", "hv02", "--tags", "time")
    assert run.code == 0, run.failures
    assert run.recap("changed") == {"hv02": 1}
    stages = ["time", "verify"]
    again = running.play("--limit", "hv02", variables={"hyperv_compute_stages": stages})
    assert again.code == 0, again.failures
    assert again.recap("changed") == {"hv02": 0}
    assert not running.lab.hosts["hv02"].machine.module_available("Hyper-V")
