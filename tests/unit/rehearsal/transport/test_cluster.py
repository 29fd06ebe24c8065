# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab that is up, with a cluster: what a host does for another, and what a lab finds again. Oracle: docs/rehearsal.md."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rehearsal.batch import run_batch
from rehearsal.lab import from_mapping
from rehearsal.machine.caller import Caller, calling
from rehearsal.machine.membership import settled_state
from rehearsal.running import RunningLab, running
from winrm.protocol import Protocol

FEATURES = {"installed": ["Failover-Clustering", "RSAT-Clustering-PowerShell"]}
HOSTS = ("hv01", "hv02", "hv03")
LAB: dict[str, Any] = {
    "rehearsal": 1, "timing": {"reboot_seconds": 0.2, "shutdown_delay_seconds": 0}, "active_directory": {"dns_name": "example.org"},
    "hosts": {name: {"domain": "example.org", "features": FEATURES} for name in HOSTS},
}
DEPLOY = Caller(r"EXAMPLE\Administrator", r"EXAMPLE\Administrator")


class _Silent:
    def before(self, number: int, call: dict[str, Any]) -> None:
        return None

    def after(self, number: int, call: dict[str, Any], result: dict[str, Any]) -> None:
        pass


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], RunningLab]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(running(from_mapping(LAB), tmp_path / "state"))


def call(lab: RunningLab, host: str, name: str, *properties: str, **parameters: Any) -> list[dict[str, Any]]:
    batch = {"calls": [{"id": "call", "cmdlet": name, "parameters": parameters, "properties": list(properties)}]}
    with calling(DEPLOY):
        result = run_batch(lab.hosts[host].machine, batch, _Silent())[0]
    assert "error" not in result, result
    output: list[dict[str, Any]] = result["output"]
    return output


def states(lab: RunningLab, on: str = "hv01") -> list[str]:
    return [row["State"] for row in call(lab, on, "Get-ClusterNode", "State")]


def knock(lab: RunningLab, name: str) -> None:
    """One request, in which the host looks after itself."""
    client = Protocol(
        f"http://127.0.0.1:{lab.ports[name].http}/wsman", transport="plaintext", username="Administrator", password="Rehearsal-1",
        server_cert_validation="ignore", proxy=None,
    )
    client.close_shell(client.open_shell())


def test_a_host_does_what_the_cluster_wants_of_it_when_it_is_next_asked(start: Callable[[], RunningLab]) -> None:
    lab = start()
    call(lab, "hv01", "New-Cluster", Name="CL1", Node=list(HOSTS), NoStorage=True)
    assert states(lab) == ["Up", "Up", "Up"]
    second = lab.hosts["hv02"].machine
    assert settled_state(second) == 1
    knock(lab, "hv02")
    assert settled_state(second) == 19


def test_a_plug_that_is_pulled_takes_the_node_down_for_the_others(start: Callable[[], RunningLab]) -> None:
    lab = start()
    call(lab, "hv01", "New-Cluster", Name="CL1", Node=list(HOSTS), NoStorage=True)
    for name in HOSTS:
        knock(lab, name)
    lab.hosts["hv02"].switch(on=False)
    assert states(lab) == ["Up", "Down", "Up"]
    lab.hosts["hv02"].switch(on=True)
    assert states(lab) == ["Up", "Down", "Up"]
    time.sleep(0.3)
    assert states(lab) == ["Up", "Up", "Up"]
    assert settled_state(lab.hosts["hv02"].machine) == 19


def test_a_lab_that_comes_up_again_finds_its_cluster(start: Callable[[], RunningLab]) -> None:
    first = start()
    call(first, "hv01", "New-Cluster", Name="CL1", Node=["hv01", "hv02"], NoStorage=True)
    first.stop()
    second = start()
    assert states(second) == ["Up", "Up"]
    knock(second, "hv02")
    assert call(second, "hv02", "Get-Cluster", "Name") == [{"Name": "CL1"}]
    assert "cl1" in second.directory.accounts
