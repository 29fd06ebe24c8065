# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verify stage over a whole node. The oracle is the simulated servers' own state and journal."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine import Machine

from tests.integration.site.conftest import StartSite

pytestmark = pytest.mark.long

QUICK = {"hyperv_compute_verify_retries": 0}
W32TIME = r"HKLM:\SYSTEM\CurrentControlSet\Services\W32Time"


def spoil(machine: Machine) -> None:
    """What somebody may do to a node by hand."""
    machine.hyperv.set("NumaSpanningEnabled", True)
    machine.files.delete(r"C:\OpenStack\Lock")
    machine.registry.set(rf"{W32TIME}\Parameters", "NtpServer", "elsewhere.example.org,0x9", "String")
    machine.storage.set_default_policy("FOO")
    machine.services.configure("nova-compute", failure_flag=False)
    machine.changes.clear()


def test_what_somebody_changed_on_a_node_is_broken_and_nothing_else(site: StartSite) -> None:
    running = site()
    first = running.play("--limit", "hv01")
    assert first.code == 0, first.failures
    assert "kept | numa.spanning" in first.output
    assert "BROKEN | " not in first.output.rpartition("Show the host's promises")[2]

    kept = running.play("--limit", "hv01", playbook="verify.yml")
    assert kept.code == 0, kept.failures
    assert (len(running.calls("hv01")), running.changes("hv01")) == (1, [])

    spoil(running.lab.hosts["hv01"].machine)
    broken = running.play("--limit", "hv01", playbook="verify.yml", variables=QUICK)
    assert broken.code != 0
    assert running.changes("hv01") == []
    (promises,) = [message for host, message in broken.failures if message.startswith("mpio.")]
    assert [item.split(" ")[0] for item in promises.split("; ")] == [
        "mpio.load_balance_policy", "time.peers", "numa.spanning", r"folders.C:\OpenStack\Lock",
        "service.recovery.on_error_exit",
    ]
    assert broken.output.count("BROKEN | ") >= 5

    again = running.play("--limit", "hv01")
    assert again.code == 0, again.failures
    assert running.play("--limit", "hv01", playbook="verify.yml", variables=QUICK).code == 0


def test_no_secret_shows_in_the_table(site: StartSite) -> None:
    running = site()
    secrets: tuple[Any, ...] = ("example-rabbit", "example-neutron", "example-nova", "example$placement")
    run = running.play("--limit", "hv02", "-vvv")
    assert run.code == 0, run.failures
    assert "nova_conf.file" in run.output
    assert not [secret for secret in secrets if secret in run.output]
