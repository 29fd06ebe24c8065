# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal shows what was asked for and never a secret. Oracle: docs/rehearsal.md."""
from __future__ import annotations

import json
from typing import Any

import pytest
from rehearsal.journal import Entry, describe_call, summarize

SECRET = "Pa55-w0rd"
ENCODED = "UABhADUANQAtAHcAMAByAGQA"


@pytest.mark.parametrize("call", [
    {"id": "a", "cmdlet": "New-SmbMapping", "parameters": {"Password": SECRET}},
    {"id": "a", "cmdlet": "Add-Computer", "parameters": {"Credential": {"$credential": "u", "password": ENCODED}}},
    {"id": "a", "cmdlet": "X-Y", "parameters": {"Value": {"$secret": ENCODED}}},
    {"id": "a", "cmdlet": "X-Y", "parameters": {"Value": {"$text": ENCODED}}},
    {"id": "a", "cmdlet": "Invoke-CimMethod", "parameters": {"Arguments": {"Value": {"$plain_secret": ENCODED}}}},
    {"id": "a", "cmdlet": "Invoke-CimMethod", "parameters": {"Arguments": {"Any": SECRET, "List": [SECRET]}}},
    {"id": "a", "cmdlet": "Set-Content", "parameters": {"Value": {"$bytes": ENCODED}}},
    {"id": "a", "cmdlet": "X-Y", "parameters": {"Table": {"ApiToken": SECRET}, "List": [{"Passphrase": SECRET}]}},
    {"id": "a", "program": "sc.exe", "arguments": ["config", "nova-compute", "password=", SECRET]},
    {"id": "a", "program": "msiexec.exe", "arguments": ["/i", "x.msi", f"NOVACOMPUTESERVICEPASSWORD={SECRET}"]},
    {"id": "a", "program": "net.exe", "arguments": [f"/user:nova:{SECRET}", {"$text": ENCODED}]},
    {"id": "a", "write_file": "C:\\nova.conf", "content": {"$bytes": ENCODED}},
    {"id": "a", "assign": {"$ref": "x"}, "values": {"Key": SECRET}},
])
def test_secrets_do_not_show(call: dict[str, Any]) -> None:
    shown = json.dumps(describe_call(call))
    assert SECRET not in shown
    assert ENCODED not in shown


def test_names_and_plain_values_show() -> None:
    call = {"id": "s", "cmdlet": "Set-VMHost", "parameters": {"NumaSpanningEnabled": False, "VMHost": {"$ref": "h"}}}
    assert describe_call(call) == {"id": "s", "cmdlet": "Set-VMHost", "parameters": {"NumaSpanningEnabled": False, "VMHost": "<h>"}}
    assert describe_call({"id": "p", "program": "w32tm.exe", "arguments": ["/resync", "/nowait"]})["switches"] == ["/resync", "/nowait"]
    assert describe_call({"id": "r", "read_file": "C:\\a"}) == {"id": "r", "read_file": "C:\\a"}


def test_a_summary_counts_calls_and_not_reboots() -> None:
    entries = [
        Entry("t", "module", payload_bytes=10, wire_bytes=20, seconds=0.5, calls=[{"id": "a"}, {"id": "b", "error": "X"}], changes=["c"]),
        Entry("t", "power", "reboot", changes=["restarting"]),
        Entry("t", "script", error="broken"),
    ]
    summary = summarize(entries)
    assert (summary.remote_calls, summary.payload_bytes, summary.wire_bytes, summary.seconds) == (2, 10, 20, 0.5)
    assert (summary.calls, summary.failed_calls, summary.changes, summary.errors, summary.reboots) == (2, 1, 2, 1, 1)
