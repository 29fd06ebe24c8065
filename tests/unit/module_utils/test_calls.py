# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The wire format; the oracle is docs/cmdlet-batch.md, written out by hand."""
from __future__ import annotations

import base64
import gzip
import json

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import CallFailed, decode_answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import (
    Assign,
    Cmdlet,
    Credential,
    PlainSecret,
    Program,
    ReadFile,
    Ref,
    Retry,
    Secret,
    WriteFile,
    encode_batch,
    encode_call,
    encode_value,
    prefixed,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(("call", "wire"), [
    (Cmdlet("host", "Get-VMHost", properties=("Name",)), {"id": "host", "cmdlet": "Get-VMHost", "properties": ["Name"]}),
    (
        Cmdlet("up", "Get-Service", {"Name": "vmms"}, ("Status",), {"Status": "Running"}, Retry(3, 2)),
        {"id": "up", "cmdlet": "Get-Service", "parameters": {"Name": "vmms"}, "properties": ["Status"], "until": {"Status": "Running"},
         "retry": {"count": 3, "seconds": 2}},
    ),
    (Cmdlet("off", "Set-VMHost", {"NumaSpanningEnabled": False, "Limit": 0, "Notes": ""}),
     {"id": "off", "cmdlet": "Set-VMHost", "parameters": {"NumaSpanningEnabled": False, "Limit": 0, "Notes": ""}}),
    (Program("sc", "sc.exe", ("failure", "x", ""), (0, 3010)),
     {"id": "sc", "program": "sc.exe", "arguments": ["failure", "x", ""], "exit_codes": [0, 3010]}),
    (Assign("role", Ref("net", {"Address": "10.0.0.0"}), {"Role": 1}),
     {"id": "role", "assign": {"$ref": "net", "where": {"Address": "10.0.0.0"}}, "values": {"Role": 1}}),
    (ReadFile("log", "C:\\x.log", 100), {"id": "log", "read_file": "C:\\x.log", "tail": 100}),
    (WriteFile("save", "C:\\x", b"\x00\xff", "C:\\x.bak"),
     {"id": "save", "write_file": "C:\\x", "content": {"$bytes": "AP8="}, "backup": "C:\\x.bak"}),
    (WriteFile("empty", "C:\\x", b""), {"id": "empty", "write_file": "C:\\x", "content": {"$bytes": ""}}),
])
def test_calls_on_the_wire(call, wire):
    assert encode_call(call) == wire


def test_credentials_and_secrets_travel_tagged_and_never_show():
    assert encode_value(Secret("pä")) == {"$secret": base64.b64encode("pä".encode("utf-16-le")).decode()}
    assert encode_value({"StartPassword": PlainSecret("pä")}) == {"StartPassword": {"$plain_secret": "cADkAA=="}}
    assert encode_value(Credential("LAB\\nova", "x")) == {"$credential": "LAB\\nova", "password": "eAA="}
    shown = repr([Secret("hunter2"), PlainSecret("hunter2"), Credential("nova", "hunter2"), WriteFile("f", "C:\\f", b"hunter2")])
    assert "hunter2" not in shown


@given(st.text(st.characters(exclude_categories=())))
def test_any_string_is_plain_ascii_on_the_wire_and_can_be_read_back(text):
    value = encode_value(text)
    if isinstance(value, str):
        assert value == text
        assert value.isascii()
        assert value.isprintable()
        return
    assert base64.b64decode(value["$text"]).decode("utf-16-le", "surrogatepass") == text


@pytest.mark.parametrize("text", ["2026-11-21T00:00:00Z", "2026-11-21", "/Date(1)/", "a\nb", "\x00", "é", "\ud800"])
def test_what_powershell_would_change_is_tagged(text):
    assert set(encode_value(text)) == {"$text"}


def test_a_batch_is_one_ascii_string():
    packed = encode_batch([Cmdlet("a", "Get-VMHost")], stop_on_error=True)
    batch = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert batch == {"stop_on_error": True, "calls": [{"id": "a", "cmdlet": "Get-VMHost"}]}
    assert packed == encode_batch([Cmdlet("a", "Get-VMHost")], stop_on_error=True)


def test_a_section_moves_ids_and_references():
    moved = prefixed(Cmdlet("set", "Set-X", {"InputObject": Ref("get"), "List": [Ref("other", {"A": 1})]}), "numa")
    assert isinstance(moved, Cmdlet)
    assert moved.id == "numa.set"
    assert moved.parameters == {"InputObject": Ref("numa.get"), "List": [Ref("numa.other", {"A": 1})]}
    assert prefixed(Assign("a", Ref("net"), {"Role": 1}), "s") == Assign("s.a", Ref("s.net"), {"Role": 1})


def test_answers():
    answers = decode_answers([
        {"id": "s.rows", "output": [{"A": 1}, {"A": {"$bytes": "AP8="}}]},
        {"id": "s.bad", "error": {"id": "X,Y", "category": "C", "exception": "E", "hresult": -1, "message": "no"}},
        {"id": "s.skip", "skipped": True},
        {"id": "s.gone", "error": {"id": "CommandNotFoundException", "message": "no"}},
        {"id": "s.file", "content": "AP8="},
        {"id": "s.none", "content": None},
        {"id": "t.rows", "output": []},
    ]).section("s")
    assert answers.rows("rows") == ({"A": 1}, {"A": b"\x00\xff"})
    assert answers["gone"].missing_command
    assert not answers["bad"].missing_command
    assert answers["file"].content == b"\x00\xff"
    assert answers["none"].content is None
    assert [answer.id for answer in answers.failed()] == ["s.bad", "s.gone"]
    for call, text in (("bad", r"call 'bad' failed: no \[X,Y\]"), ("skip", "it did not run"), ("rows", "2 objects instead of one")):
        with pytest.raises(CallFailed, match=text):
            answers.row(call)
