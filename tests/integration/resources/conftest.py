# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Single modules, run by real ansible-playbook on one simulated server."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rehearsal.journal import Entry
from rehearsal.lab import from_mapping
from rehearsal.machine import Machine
from rehearsal.running import RunningLab, running

COLLECTIONS = Path(__file__).resolve().parents[3] / "build/collections"


@dataclass(frozen=True)
class Run:
    """An ended ansible-playbook: its exit code, all it printed, and what each task returned, in order."""

    code: int
    output: str = field(repr=False)
    tasks: list[dict[str, Any]]

    @property
    def result(self) -> dict[str, Any]:
        return self.tasks[-1]


def ansible_playbook(lab: RunningLab, folder: Path, host: str, tasks: Sequence[Mapping[str, Any]], *, check: bool) -> Run:
    """Plays tasks on a host of the lab, with everything that Ansible can be made to say."""
    (folder / "inventory.json").write_text(json.dumps(lab.inventory()))
    (folder / "play.json").write_text(json.dumps([{"hosts": host, "gather_facts": False, "tasks": list(tasks)}]))
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(folder / "inventory.json"), "--diff", "-vvv",
        *(["--check"] if check else []), str(folder / "play.json"),
    ]
    settings = {
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    }
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **settings}, cwd=folder)
    return Run(ended.returncode, ended.stdout + ended.stderr, [hosts[host] for hosts in _results(ended.stdout)])


@dataclass
class Server:
    """The one server of a running lab, and how to play tasks on it."""

    lab: RunningLab
    folder: Path
    _mark: int = 0

    @property
    def machine(self) -> Machine:
        return self.lab.hosts["hv01"].machine

    def entries(self) -> list[Entry]:
        return self.lab.hosts["hv01"].journal.entries()

    def changes(self) -> list[str]:
        """What the last play changed; a play without a change leaves none."""
        return [line for entry in self.entries()[self._mark:] for line in entry.changes]

    def play(self, *tasks: Mapping[str, Any], check: bool = False) -> Run:
        """Runs tasks with everything that Ansible can be made to say: --diff and -vvv."""
        self._mark = len(self.entries())
        self.machine.changes.clear()
        return ansible_playbook(self.lab, self.folder, "hv01", tasks, check=check)

    def converge(self, task: Mapping[str, Any]) -> Run:
        """What every resource promises: check mode changes nothing, the task changes it, and another time nothing is left to change."""
        planned = self.play(task, check=True)
        assert planned.code == 0, planned.output
        assert planned.result["changed"]
        assert self.changes() == []
        applied = self.play(task)
        assert applied.code == 0, applied.output
        assert applied.result.get("differences") == planned.result.get("differences")
        assert self.changes() != []
        again = self.play(task)
        assert again.code == 0, again.output
        assert not again.result["changed"]
        assert self.changes() == []
        assert len(self.entries()) - self._mark == 1
        return again


StartServer = Callable[..., Server]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts a server; keyword arguments go into its entry of the lab, `hgs` into the lab itself."""
    with ExitStack() as stack:

        def start(hgs: Sequence[Mapping[str, Any]] = (), **host: Any) -> Server:
            timing = {"reboot_seconds": 0.2, "vmms_ready_seconds": 0, "shutdown_delay_seconds": 0, **host.pop("timing", {})}
            lab = from_mapping({"rehearsal": 1, "timing": timing, "hgs": list(hgs), "hosts": {"hv01": host}})
            return Server(stack.enter_context(running(lab, tmp_path / "state")), tmp_path)

        yield start


def _results(stdout: str) -> Iterator[dict[str, Any]]:
    for line in stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("_event", "").startswith("v2_runner_on_") and event["_event"] != "v2_runner_on_start":
            yield event["hosts"]
