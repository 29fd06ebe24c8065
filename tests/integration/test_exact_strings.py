# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Strings arrive at a cmdlet's parameter exactly as they were given: through calls.encode_batch, ansible-playbook with Ansible's own winrm
connection, pywinrm, and the rehearsal's WS-Management server. Observed on the rehearsal's side, after it has bound the parameter.

Oracle: the strings themselves. The part that only a real host can show, the PowerShell file, is in tests/unit/test_win_cmdlets_pwsh.py.
"""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, encode_batch
from rehearsal.lab import from_mapping
from rehearsal.machine import Machine
from rehearsal.powershell.registry import MODELS, Bound, Model, load_models
from rehearsal.running import running

from tests.strings import exact_strings

ROOT = Path(__file__).parents[2]
STRINGS = 10_000
BATCH = 400

LAB = {"rehearsal": 1, "hosts": {"hv01": {"os": {"version": "2022"}}}}

PLAY = [{
    "hosts": "all",
    "gather_facts": False,
    "tasks": [{
        "name": "Run the batches",
        "winstack.hyperv.win_cmdlets": {"batch": "{{ item }}"},
        "loop": "{{ batches }}",
        "loop_control": {"label": "batch"},
        "register": "answer",
        "failed_when": "answer.results | selectattr('error', 'defined') | list | length > 0",
    }],
}]


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What Get-Date got as its optional string Format on the simulated host, in order. Any cmdlet would do; the binder is the real one."""
    values: list[Any] = []

    def record(machine: Machine, bound: Bound) -> list[Any]:
        values.append(bound["Format"])
        return []

    load_models()
    monkeypatch.setitem(MODELS.cmdlets, "get-date", Model("Get-Date", record, source="this test"))
    return values


def test_strings_arrive_exactly(received: list[Any], tmp_path: Path) -> None:
    sent = exact_strings(STRINGS)
    calls = [Cmdlet(f"s{number}", "Get-Date", {"Format": text}) for number, text in enumerate(sent)]
    batches = [encode_batch(calls[start:start + BATCH], stop_on_error=True) for start in range(0, STRINGS, BATCH)]
    (tmp_path / "play.json").write_text(json.dumps(PLAY))
    (tmp_path / "variables.json").write_text(json.dumps({"batches": batches}))
    with running(from_mapping(LAB), tmp_path / "state") as lab:
        (tmp_path / "inventory.json").write_text(json.dumps(lab.inventory()))
        result = subprocess.run(
            [
                Path(sys.executable).with_name("ansible-playbook"), "-i", tmp_path / "inventory.json",
                "-e", f"@{tmp_path / 'variables.json'}", tmp_path / "play.json",
            ],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
        )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    assert len(received) == STRINGS
    wrong = [(given, got) for given, got in zip(sent, received, strict=True) if not isinstance(got, str) or units(got) != units(given)]
    assert wrong == []


def units(text: str) -> bytes:
    """A string as Windows holds it. Python can hold the two halves of a surrogate pair apart, Windows cannot."""
    return text.encode("utf-16-le", "surrogatepass")
