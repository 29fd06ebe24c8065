# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The budgets, held against what the last `make rehearse` left in build/rehearsal. Nothing here measures a time."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rehearsal.journal import Entry, Journal
from rehearsal.store import Store, read_json

STATE = Path(__file__).parents[1] / "build/rehearsal"

# An unchanged node in the whole of site.yml.
REMOTE_CALLS_UNCHANGED = 3
# One batch as the host gets it; an empty task of ansible.windows sends 169 KB.
BATCH_BYTES = 60 * 1024


@pytest.fixture(scope="module")
def second_run() -> dict[str, dict[str, Any]]:
    runs = {run["name"]: run for run in json.loads((STATE / "report.json").read_text())["runs"]}
    hosts: dict[str, dict[str, Any]] = runs["second"]["hosts"]
    assert hosts
    return hosts


def batches() -> list[tuple[str, Entry]]:
    store = Store(STATE)
    return [
        (host, entry)
        for host in read_json(store.lab)["hosts"]
        for entry in Journal(store.journal(host)).entries()
        if entry.name == "winstack.hyperv.win_cmdlets"
    ]


def test_an_unchanged_node_costs_few_remote_calls(second_run: dict[str, dict[str, Any]]) -> None:
    spent = {host: figures["remote_calls"] for host, figures in second_run.items()}
    assert {host: calls for host, calls in spent.items() if calls > REMOTE_CALLS_UNCHANGED} == {}
    assert all(calls > 0 for calls in spent.values())


def test_every_batch_is_small() -> None:
    sent = batches()
    assert sent
    largest = max(sent, key=lambda item: item[1].payload_bytes)
    print(f"largest batch: {largest[1].payload_bytes} bytes, {len(largest[1].calls)} calls, on {largest[0]}")
    assert largest[1].payload_bytes <= BATCH_BYTES
