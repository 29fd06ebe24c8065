# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The budgets of DESIGN, read from the report that `make rehearse` wrote just before."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

REPORT = Path(__file__).resolve().parent.parent / "build" / "rehearsal" / "report.json"

# Of one batch, with the command line that starts PowerShell.
LARGEST_BATCH = 60_000
MOST_CALLS = 3


@pytest.fixture(scope="module")
def runs() -> dict[str, dict[str, dict[str, int]]]:
    return {run["name"]: run["hosts"] for run in json.loads(REPORT.read_text(encoding="utf-8"))["runs"]}


def test_an_unchanged_node_costs_few_remote_calls(runs: dict[str, dict[str, dict[str, int]]]) -> None:
    assert {host: values["remote_calls"] for host, values in runs["second"].items() if values["remote_calls"] > MOST_CALLS} == {}


@pytest.mark.parametrize("name", ["first", "second"])
def test_every_batch_is_small(runs: dict[str, dict[str, dict[str, int]]], name: str) -> None:
    assert {host: values["largest_batch"] for host, values in runs[name].items() if values["largest_batch"] > LARGEST_BATCH} == {}
