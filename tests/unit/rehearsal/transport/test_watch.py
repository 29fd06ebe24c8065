# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults in the middle of a batch, on a real machine model. Oracle: docs/rehearsal.md."""
from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import Any

import pytest
from rehearsal.batch import run_batch
from rehearsal.faults import Fault, Faults, Interrupted
from rehearsal.journal import Entry
from rehearsal.machine import HostSpec, Machine
from rehearsal.powershell.registry import load_models
from rehearsal.watch import Watch

CONTENT = b"0123456789"
BATCH = {"stop_on_error": True, "calls": [
    {"id": "folder", "cmdlet": "New-Item", "parameters": {"Path": "C:\\a", "ItemType": "Directory"}},
    {"id": "conf", "write_file": "C:\\nova.conf", "content": {"$bytes": base64.b64encode(CONTENT).decode()}},
    {"id": "service", "cmdlet": "Get-Service", "parameters": {"Name": "Winmgmt"}, "properties": ["Name"]},
]}


class Host:
    """A machine with its faults and the entry of one remote call."""

    def __init__(self, folder: Path) -> None:
        load_models()
        self.machine = Machine.build("hv01", HostSpec.from_mapping({"os": {"version": "2022"}}, "lab.hosts.hv01"))
        self.machine.files.write("C:\\nova.conf", b"old")
        self.faults = Faults(folder / "faults.json")
        self.entry = Entry("t")
        self.terminated = threading.Event()
        self.lock = threading.Lock()
        self.watch = Watch(self.machine, self.faults, self.entry, self.terminated, self.lock)

    def run(self) -> list[dict[str, Any]]:
        with self.lock:
            return run_batch(self.machine, BATCH, self.watch)

    @property
    def files(self) -> list[str]:
        return [entry.path for entry in self.machine.files.list("C:\\") if entry.path.lower().startswith("c:\\nova")]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_without_a_fault_the_entry_lists_the_calls(host: Host) -> None:
    assert [result["id"] for result in host.run()] == ["folder", "conf", "service"]
    assert [call["id"] for call in host.entry.calls] == ["folder", "conf", "service"]
    assert host.machine.files.read("C:\\nova.conf") == CONTENT


@pytest.mark.parametrize("kind", ["drop", "power-cycle"])
@pytest.mark.parametrize(("when", "made"), [("before", False), ("during", True)])
def test_a_cut_before_or_during_a_cmdlet(host: Host, kind: str, when: str, made: bool) -> None:
    host.faults.arm(Fault(kind, when, "New-Item", seconds=3))
    with pytest.raises(Interrupted):
        host.run()
    assert host.machine.files.exists("C:\\a") is made
    assert host.machine.files.read("C:\\nova.conf") == b"old"
    assert (host.watch.drop if kind == "drop" else host.watch.power_cycle) == 3


def test_a_cut_during_a_file_write_leaves_the_target_alone(host: Host) -> None:
    host.faults.arm(Fault("power-cycle", "during", "write_file"))
    with pytest.raises(Interrupted):
        host.run()
    assert host.machine.files.read("C:\\nova.conf") == b"old"
    assert [host.machine.files.read(path) for path in host.files] == [b"old", CONTENT[:5]]


def test_a_drop_after_a_call_lets_the_batch_end(host: Host) -> None:
    host.faults.arm(Fault("drop", "after", "New-Item"))
    assert "output" in host.run()[2]
    assert host.watch.drop == 0


def test_the_second_call_of_any_name(host: Host) -> None:
    host.faults.arm(Fault("power-cycle", "before", call=2))
    with pytest.raises(Interrupted):
        host.run()
    assert host.machine.files.exists("C:\\a")
    assert host.files == ["C:\\nova.conf"]


def test_an_error_takes_the_place_of_the_call(host: Host) -> None:
    error = {"id": "X,Y", "category": "ResourceBusy", "exception": "E", "message": "busy", "hresult": -1}
    host.faults.arm(Fault("error", "before", "new-item", error=error))
    results = host.run()
    assert results[0]["error"] == error
    assert results[1] == {"id": "conf", "skipped": True}
    assert not host.machine.files.exists("C:\\a")
    assert host.entry.calls[0]["error"] == "X,Y"


def test_a_full_disk_fails_the_write_and_nothing_else(host: Host) -> None:
    host.faults.arm(Fault("disk-full", persistent=True))
    results = host.run()
    assert "error" not in results[0]
    assert "not enough space" in results[1]["error"]["message"]
    assert host.machine.files.read("C:\\nova.conf") == b"old"
    assert len(host.faults.armed()) == 1


def test_a_process_that_hangs_ends_when_the_client_ends_it_and_lets_others_work(host: Host) -> None:
    host.faults.arm(Fault("hang", match="New-Item"))
    caught: list[Interrupted] = []

    def work() -> None:
        try:
            host.run()
        except Interrupted as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while not host.entry.calls:
        thread.join(0.01)
    assert host.lock.acquire(timeout=5)
    host.lock.release()
    host.terminated.set()
    thread.join(5)
    assert len(caught) == 1
    assert not host.machine.files.exists("C:\\a")


def test_others_work_while_a_batch_waits_and_may_end_it(host: Host) -> None:
    def end() -> None:
        with host.lock:
            host.terminated.set()

    with host.lock:
        threading.Timer(0.1, end).start()
        with pytest.raises(Interrupted, match="while it waited"):
            host.watch.sleep(5)
