# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real ansible-playbook runs against a lab."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.running import RunningLab, running

LAB: dict[str, Any] = {
    "rehearsal": 1,
    "timing": {"reboot_seconds": 0.3, "vmms_ready_seconds": 0, "shutdown_delay_seconds": 0},
    "downloads": {
        "nova.msi": {
            "product_code": "{6C1E3A52-0B7D-4C5A-9D0E-2F7A51B3C4D8}", "name": "OpenStack Hyper-V Compute 2023.2", "version": "28.3.1",
            "features": ["HyperVNovaCompute", "FreeRDP"],
            "files": [{"path": r"bin\OpenStackService.exe"}, {"path": r"etc\nova.conf", "text": "[DEFAULT]", "unless": "SKIPNOVACONF"}],
            "services": [{
                "name": "nova-compute", "display_name": "Nova", "feature": "HyperVNovaCompute", "account_property": "SERVICEUSER",
                "path": r'"[INSTALLDIR]\bin\OpenStackService.exe" nova-compute --config-file "[INSTALLDIR]\etc\nova.conf"',
            }],
        },
        "broken.msi": {
            "product_code": "{7C1E3A52-0B7D-4C5A-9D0E-2F7A51B3C4D8}", "name": "Broken", "version": "1.0", "exit_code": 1603,
        },
    },
    "hosts": {"hv01": {"os": {"version": "2022"}}},
}


@dataclass(frozen=True)
class Run:
    """An ended ansible-playbook. tasks: what each task of the play returned for hv01, in order."""

    code: int
    output: str
    tasks: list[dict[str, Any]]


Play = Callable[..., Run]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def start(state: Path) -> Iterator[Callable[..., RunningLab]]:
    """Starts the lab; keyword arguments go into hv01's entry."""
    with ExitStack() as stack:

        def run(**host: Any) -> RunningLab:
            mapping = {**LAB, "hosts": {"hv01": {**LAB["hosts"]["hv01"], **host}}}
            return stack.enter_context(running(from_mapping(mapping), state))

        yield run


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs tasks on hv01 of a lab with the ansible-playbook of this Python. variables: over those of the lab's inventory."""

    def run(lab: RunningLab, *tasks: dict[str, Any], transport: str = "http", **variables: Any) -> Run:
        (tmp_path / "inventory.json").write_text(json.dumps(lab.inventory(transport)))
        (tmp_path / "play.json").write_text(json.dumps([{"hosts": "hv01", "gather_facts": False, "tasks": list(tasks)}]))
        command: list[str | Path] = [
            Path(sys.executable).with_name("ansible-playbook"), "-i", tmp_path / "inventory.json", "-e", json.dumps(variables),
            tmp_path / "play.json",
        ]
        settings = {"STDOUT_CALLBACK": "ansible.posix.jsonl", "NOCOLOR": "1", "LOCAL_TEMP": str(tmp_path / "tmp")}
        environment = {**os.environ, **{f"ANSIBLE_{name}": value for name, value in settings.items()}}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment, cwd=tmp_path)
        return Run(ended.returncode, ended.stdout + ended.stderr, _results(ended.stdout))

    return run


def _results(stdout: str) -> list[dict[str, Any]]:
    found = []
    for line in stdout.splitlines():
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        if re.fullmatch(r"v2_runner_on_(ok|failed|unreachable|skipped)", event.get("_event", "")):
            found.append(event["hosts"]["hv01"])
    return found
