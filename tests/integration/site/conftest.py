# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site.yml as an operator runs it: real ansible-playbook, the example inventory, the example lab of simulated servers."""
from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from rehearsal.journal import Entry
from rehearsal.lab import from_mapping
from rehearsal.running import RunningLab, running

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = yaml.safe_load((ROOT / "extensions/rehearsal/labs/example.yml").read_text(encoding="utf-8"))
FAST = {"reboot_seconds": 0.2, "vmms_ready_seconds": 0, "shutdown_delay_seconds": 0}


@dataclass(frozen=True)
class Run:
    """An ended ansible-playbook: its exit code, all it printed, each host's recap, and what failed with which message."""

    code: int
    output: str = field(repr=False)
    stats: Mapping[str, Mapping[str, int]]
    failures: list[tuple[str, str]]

    def recap(self, key: str) -> dict[str, int]:
        return {host: values[key] for host, values in self.stats.items()}


@dataclass
class Site:
    """A running lab and how to play on it."""

    lab: RunningLab
    folder: Path
    example: str = "example"
    marks: dict[str, int] = field(default_factory=dict)

    def play(
        self, *arguments: str, playbook: str = "site.yml", inventory: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Run:
        """Runs a playbook; `calls` counts from here on. variables: over those of the example inventory."""
        self.marks = {host: len(self._journal(host)) for host in self.lab.hosts}
        overlay = self.folder / "inventory.json"
        overlay.write_text(json.dumps(inventory or self.lab.inventory()))
        defaults = {"hyperv_compute_verify_delay": 1, "hyperv_compute_log_folder": str(self.folder / "logs")}
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i", str(ROOT / "playbooks" / self.example), "-i", str(overlay),
            "-e", json.dumps({**defaults, **(variables or {})}),
            *arguments, str(ROOT / "playbooks" / playbook),
        ]
        settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"),
                    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl"}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **settings})
        events = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
        stats: dict[str, dict[str, int]] = next((event["stats"] for event in events if "stats" in event), {})
        return Run(ended.returncode, ended.stdout + ended.stderr, stats, list(_failures(events)))

    def wait(self, host: str) -> None:
        """Returns when the host answers again after it went away."""
        url = f"http://{self.lab.lab.hosts[host].access.address}:{self.lab.ports[host].http}/wsman"
        for _unused in range(100):
            try:
                requests.post(url, timeout=5)
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError(f"{host} did not come back")

    def calls(self, host: str) -> list[Entry]:
        """The remote calls of the last play."""
        return [entry for entry in self._journal(host)[self.marks[host]:] if entry.kind != "power"]

    def changes(self, host: str) -> list[str]:
        return [change for entry in self._journal(host)[self.marks[host]:] for change in entry.changes]

    def read(self, host: str, path: str) -> bytes | None:
        return self.lab.hosts[host].machine.files.read(path)

    def _journal(self, host: str) -> list[Entry]:
        return self.lab.hosts[host].journal.entries()


StartSite = Callable[..., Site]


def _failures(events: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for event in events:
        if event.get("_event") in ("v2_runner_on_failed", "v2_runner_on_unreachable"):
            yield from ((host, str(result.get("msg"))) for host, result in event["hosts"].items())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[StartSite]:
    """Starts the example lab; a function given changes the lab's mapping first."""
    with ExitStack() as stack:

        def start(change: Callable[[dict[str, Any]], None] = lambda lab: None) -> Site:
            mapping = copy.deepcopy(EXAMPLE)
            mapping["timing"] = dict(FAST)
            change(mapping)
            return Site(stack.enter_context(running(from_mapping(mapping), tmp_path / "lab")), tmp_path)

        yield start
