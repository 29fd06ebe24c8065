# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A machine that goes down and comes back, and one that is slow, as pywinrm sees them. Oracle: docs/rehearsal.md."""
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from rehearsal.lab import from_mapping
from rehearsal.machine.catalogue import find
from rehearsal.running import RunningLab, running
from winrm.exceptions import WSManFaultError
from winrm.protocol import Protocol

Start = Callable[..., RunningLab]
Connect = Callable[..., Protocol]


def reboots(lab: RunningLab) -> list[str]:
    return [entry.name for entry in lab.hosts["hv01"].journal.entries() if entry.kind == "power"]


def wait_until_up(lab: RunningLab, connect: Connect, count: int) -> None:
    """Until the host answers after that many reboots; fails after five seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            connect(lab).open_shell()
        except requests.exceptions.ConnectionError:
            time.sleep(0.05)
            continue
        if len(reboots(lab)) >= count:
            return
        time.sleep(0.05)
    pytest.fail(f"the host did not come back; reboots: {reboots(lab)}")


def test_a_reboot_ends_shells_and_connections(start: Start, connect: Connect) -> None:
    lab = start()
    client = connect(lab)
    shell = client.open_shell()
    host = lab.hosts["hv01"]
    assert host.schedule_reboot(0)
    assert not host.schedule_reboot(0)
    time.sleep(0.5)
    with pytest.raises(requests.exceptions.ConnectionError):
        client.close_shell(shell, close_session=False)
    wait_until_up(lab, connect, 1)
    with pytest.raises(WSManFaultError):
        connect(lab).close_shell(shell, close_session=False)
    assert reboots(lab) == ["reboot"]


def test_an_aborted_reboot_does_not_happen(start: Start, connect: Connect) -> None:
    lab = start()
    host = lab.hosts["hv01"]
    assert not host.abort_reboot()
    host.schedule_reboot(0)
    assert host.abort_reboot()
    time.sleep(0.5)
    connect(lab).open_shell()
    assert reboots(lab) == []


def test_the_second_reboot_of_the_hyper_v_role(start: Start, connect: Connect) -> None:
    timing = {"reboot_seconds": 0.2, "second_reboot": True, "second_reboot_seconds": 0.3, "shutdown_delay_seconds": 0}
    lab = start(timing=timing)
    host = lab.hosts["hv01"]
    role = find("Hyper-V")
    assert role is not None
    host.machine.install_features([role])
    host.schedule_reboot(0)
    wait_until_up(lab, connect, 2)
    assert reboots(lab) == ["reboot", "second reboot"]
    assert host.machine.reboots == 2


def test_latency_is_added_to_requests_and_processes(connect: Connect, tmp_path: Path) -> None:
    mapping = {"rehearsal": 1, "latency": {"request": 0.1, "process": 0.2}, "hosts": {"hv01": {}}}
    with running(from_mapping(mapping), tmp_path / "slow") as lab:
        client = connect(lab)
        started = time.monotonic()
        shell = client.open_shell()
        assert time.monotonic() - started >= 0.1
        client.get_command_output(shell, client.run_command(shell, "ipconfig"))
        assert lab.hosts["hv01"].journal.entries()[0].seconds >= 0.2


def test_a_host_that_is_switched_off_answers_nobody_until_it_is_switched_on(start: Start, connect: Connect) -> None:
    lab = start()
    client = connect(lab)
    client.open_shell()
    host = lab.hosts["hv01"]
    assert lab.clusters.peers.is_up("hv01")
    host.switch(on=False)
    assert not lab.clusters.peers.is_up("hv01")
    with pytest.raises(requests.exceptions.ConnectionError):
        connect(lab).open_shell()
    assert host.machine.powered is False
    host.switch(on=True)
    wait_until_up(lab, connect, 1)
    assert lab.clusters.peers.is_up("hv01")
    assert reboots(lab) == ["power on"]


def test_the_control_plane_misses_the_services_of_a_host_without_power(start: Start) -> None:
    lab = start()
    lab.control_plane.compute_started("hv01", "hv01", "6f1d9a3e-64f6-4c0c-9f0e-5b1f6c2a7d10", "hv01", "WinRM")
    assert [service["state"] for service in lab.control_plane.services()] == ["up"]
    lab.hosts["hv01"].switch(on=False)
    assert [service["state"] for service in lab.control_plane.services()] == ["down"]


def test_a_host_stays_off_while_the_lab_is_down(start: Start, connect: Connect) -> None:
    first = start()
    first.hosts["hv01"].switch(on=False)
    first.stop()
    second = start()
    assert not second.clusters.peers.is_up("hv01")
    with pytest.raises(requests.exceptions.ConnectionError):
        connect(second).open_shell()
