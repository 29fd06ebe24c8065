# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The batch interpreter. The oracle is docs/cmdlet-batch.md; models and machine are small ones of this file."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from rehearsal.batch import run_batch
from rehearsal.machine.files import FileStore
from rehearsal.machine.mounts import Files
from rehearsal.powershell.errors import PowerShellError
from rehearsal.powershell.registry import Bound, Models, ProgramResult
from rehearsal.powershell.values import PSCredential, PSEnum, PSObject, SecureString

NOW = datetime(2026, 11, 21, 2, 3, 4, 567890, tzinfo=timezone.utc)


class Host:
    os_version = "2022"

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.files = Files(FileStore(("C",), lambda: NOW), lambda path, write: None)
        self.files.make_folder("C:\\OpenStack")

    def module_available(self, module: str) -> bool:
        return True


class Watcher:
    """Notes what it is told; fails or breaks off where it is told to."""

    def __init__(self, error: PowerShellError | None = None, interrupt: str = "") -> None:
        self.seen: list[tuple[str, int, str]] = []
        self.error = error
        self.interrupt = interrupt

    def before(self, number: int, call: dict[str, Any]) -> PowerShellError | None:
        self.seen.append(("before", number, call["id"]))
        if call["id"] == self.interrupt:
            raise ConnectionAbortedError
        return self.error

    def after(self, number: int, call: dict[str, Any], result: dict[str, Any]) -> None:
        self.seen.append(("after", number, result["id"]))


def text(value: str) -> str:
    return base64.b64encode(value.encode("utf-16-le", "surrogatepass")).decode()


def run(
    models: Models,
    *calls: dict[str, Any],
    host: Host | None = None,
    stop: bool = False,
    watcher: Watcher | None = None,
    sleep: Any = None,
) -> list[dict[str, Any]]:
    batch = {"stop_on_error": stop, "calls": [{"id": f"c{number}", **call} for number, call in enumerate(calls)]}
    results = run_batch(host or Host(), batch, watcher or Watcher(), models=models, sleep=sleep or (lambda seconds: None))  # type: ignore[arg-type]
    json.dumps(results)
    return results


def answering(name: str, *objects: Any) -> Models:
    models = Models()
    models.cmdlet(name, source="this test")(lambda machine, bound: list(objects))
    return models


def recording(models: Models, name: str) -> list[Bound]:
    """The bound parameters of every call of the cmdlet, as they come in."""
    taken: list[Bound] = []

    def model(machine: Any, bound: Bound) -> list[Any]:
        taken.append(bound)
        return []

    models.cmdlet(name, source="this test")(model)
    return taken


def services(*states: str) -> list[PSObject]:
    return [
        PSObject("System.ServiceProcess.ServiceController", {"Name": f"s{i}", "Status": PSEnum("S", state)})
        for i, state in enumerate(states)
    ]


def test_every_kind_of_value_in_the_output() -> None:
    values = {
        "Text": "Ä",
        "Number": 2**63,
        "Whole": 2.0,
        "Part": 2.5,
        "Yes": True,
        "Nothing": None,
        "Time": NOW,
        "Span": timedelta(seconds=90),
        "Short": timedelta(milliseconds=1500),
        "Guid": uuid.UUID(int=5),
        "Enum": PSEnum("E", "Running", 4),
        "Bytes": b"\x00\xff",
        "One": ["x"],
        "None": [],
        "Nested": PSObject("Some.Class", {}, "as text"),
        "Bare": PSObject("Some.Class", {}),
        "Table": {"A": PSEnum("E", "On")},
        "Secret": SecureString("x"),
        "Credential": PSCredential("u", "p"),
    }
    (result,) = run(answering("Get-Date", PSObject("Test", values)), {"cmdlet": "Get-Date", "properties": list(values)})
    assert result["output"] == [
        {
            "Text": "Ä",
            "Number": 2**63,
            "Whole": 2,
            "Part": 2.5,
            "Yes": True,
            "Nothing": None,
            "Time": "2026-11-21T02:03:04.5678900Z",
            "Span": 90,
            "Short": 1.5,
            "Guid": "00000000-0000-0000-0000-000000000005",
            "Enum": "Running",
            "Bytes": {"$bytes": "AP8="},
            "One": ["x"],
            "None": [],
            "Nested": "as text",
            "Bare": "Some.Class",
            "Table": {"A": "On"},
            "Secret": "********",
            "Credential": "********",
        }
    ]


def test_properties_with_dots_question_marks_and_the_object_itself() -> None:
    node = PSObject("Node", {"Name": "n1", "Lost": None})
    models = answering("Get-Date", PSObject("Group", {"OwnerNode": node}))
    (result,) = run(
        models, {"cmdlet": "Get-Date", "properties": ["ownernode.NAME", "Absent?", "OwnerNode.Lost.Deeper", "OwnerNode.Absent?"]}
    )
    assert result["output"] == [{"ownernode.NAME": "n1", "Absent": None, "OwnerNode.Lost.Deeper": None, "OwnerNode.Absent": None}]
    (result,) = run(answering("Get-Date", "FOO"), {"cmdlet": "Get-Date", "properties": ["$value"]})
    assert result["output"] == [{"$value": "FOO"}]
    (result,) = run(answering("Get-Date", {"iSCSI": True}), {"cmdlet": "Get-Date", "properties": ["iscsi"]})
    assert result["output"] == [{"iscsi": True}]


def test_without_properties_the_output_is_thrown_away_but_references_see_it() -> None:
    models = answering("Get-Service", *services("Running"))
    taken = recording(models, "Restart-Service")
    first, second = run(models, {"cmdlet": "Get-Service"}, {"cmdlet": "Restart-Service", "parameters": {"InputObject": {"$ref": "c0"}}})
    assert first == {"id": "c0", "output": []}
    assert second == {"id": "c1", "output": []}
    assert [item.properties["Name"] for item in taken[0]["InputObject"]] == ["s0"]


def test_a_reference_filters_and_takes_a_property() -> None:
    models = answering("Get-Service", *services("Running", "Stopped", "Running"))
    taken = recording(models, "Stop-Service")
    reference = {"$ref": "c0", "where": {"status": "running"}, "property": "Name"}
    run(models, {"cmdlet": "Get-Service"}, {"cmdlet": "Stop-Service", "parameters": {"Name": reference}})
    assert taken[0]["Name"] == ["s0", "s2"]


@pytest.mark.parametrize("reference", [{"$ref": "c0", "where": {"Status": "Paused"}}, {"$ref": "c7"}])
def test_a_reference_that_yields_nothing(reference: dict[str, Any]) -> None:
    models = answering("Get-Service", *services("Running"))
    results = run(models, {"cmdlet": "Get-Service"}, {"cmdlet": "Stop-Service", "parameters": {"Name": reference}})
    assert results[1]["error"]["id"] == "ReferenceEmpty"


def test_tags_arrive_as_what_they_stand_for() -> None:
    models = Models()
    taken = recording(models, "New-Service")
    parameters = {
        "Name": {"$text": text("a\0\ud800$(x)")},
        "BinaryPathName": "x",
        "Credential": {"$credential": {"$text": text("LÄB\\u")}, "password": text("p'\"`")},
    }
    run(models, {"cmdlet": "New-Service", "parameters": parameters})
    assert taken[0]["Name"] == "a\0\ud800$(x)"
    assert taken[0]["Credential"] == PSCredential("LÄB\\u", "p'\"`")


def test_a_plain_secret_arrives_as_a_string_also_inside_a_hashtable() -> None:
    models = Models()
    taken = recording(models, "Invoke-CimMethod")
    arguments = {"StartName": "LAB\\nova", "StartPassword": {"$plain_secret": text("pä$(1)")}}
    run(models, {"cmdlet": "Invoke-CimMethod", "parameters": {"ClassName": "X", "MethodName": "Change", "Arguments": arguments}})
    assert taken[0]["Arguments"] == {"StartName": "LAB\\nova", "StartPassword": "pä$(1)"}


def test_until_and_retry() -> None:
    states = iter(["StartPending", "StartPending", "Running"])
    models = Models()
    models.cmdlet("Get-Service", source="this test")(lambda machine, bound: services(next(states)))
    slept: list[float] = []
    call = {"cmdlet": "Get-Service", "properties": ["Status"], "until": {"Status": "running"}, "retry": {"count": 5, "seconds": 2}}
    (result,) = run(models, call, sleep=slept.append)
    assert result["output"] == [{"Status": "Running"}]
    assert slept == [2, 2]


@pytest.mark.parametrize("objects", [services("Running", "Stopped"), []])
def test_until_wants_at_least_one_object_and_all_of_them(objects: list[PSObject]) -> None:
    (result,) = run(answering("Get-Service", *objects), {"cmdlet": "Get-Service", "until": {"Status": "Running"}})
    assert result["error"]["id"] == "ConditionNotMet"


def test_until_looks_into_a_property_that_is_a_list() -> None:
    models = answering("Get-Date", PSObject("Thing", {"Status": [PSEnum("S", "OK"), PSEnum("S", "Degraded")]}))
    (result,) = run(models, {"cmdlet": "Get-Date", "until": {"Status": "OK"}})
    assert result["error"]["id"] == "ConditionNotMet"


def test_the_first_error_ends_the_batch_where_that_is_wanted() -> None:
    models = answering("Get-Date", "now")
    calls = ({"cmdlet": "Get-Nothing"}, {"cmdlet": "Get-Date", "properties": ["$value"]})
    assert run(models, *calls)[1] == {"id": "c1", "output": [{"$value": "now"}]}
    watcher = Watcher()
    assert run(models, *calls, stop=True, watcher=watcher)[1] == {"id": "c1", "skipped": True}
    assert watcher.seen == [("before", 1, "c0"), ("after", 1, "c0")]


def test_an_injected_error_replaces_one_attempt_and_an_interruption_passes_through() -> None:
    models = answering("Get-Date", "now")
    error = PowerShellError("Injected,It", "NotSpecified", "System.Exception", "told to")
    (result,) = run(models, {"cmdlet": "Get-Date"}, watcher=Watcher(error))
    assert result["error"]["id"] == "Injected,It"
    (result,) = run(models, {"cmdlet": "Get-Date", "retry": {"count": 1, "seconds": 0}}, watcher=Watcher(error))
    assert result["output"] == []
    with pytest.raises(ConnectionAbortedError):
        run(models, {"cmdlet": "Get-Date"}, watcher=Watcher(interrupt="c0"))


def test_a_program_and_its_exit_codes() -> None:
    models = Models()
    models.program("w32tm.exe", source="this test")(lambda machine, arguments: ProgramResult(3, " ".join(arguments), "no"))
    call = {"program": "C:\\Windows\\System32\\W32TM.exe", "arguments": ["/resync", {"$text": text("ä")}]}
    (failed,) = run(models, call)
    assert (failed["stdout"], failed["stderr"], failed["exit_code"], failed["error"]["id"]) == ("/resync ä", "no", 3, "ProgramFailed")
    (accepted,) = run(models, {**call, "exit_codes": [0, 3]})
    assert accepted == {"id": "c0", "stdout": "/resync ä", "stderr": "no", "exit_code": 3}


def test_assign_sets_properties_through_the_model_of_the_class() -> None:
    network = PSObject("Microsoft.FailoverClusters.PowerShell.ClusterNetwork", {"Name": "n", "Role": 0})
    models = answering("Get-ClusterNetwork", network)
    told: list[tuple[str, Any]] = []
    models.assignment(network.type, source="this test")(lambda machine, item, name, value: told.append((name, value)))
    read = {"cmdlet": "Get-ClusterNetwork"}
    results = run(models, read, {"assign": {"$ref": "c0"}, "values": {"role": 1}}, {"assign": {"$ref": "c0"}, "values": {"Nope": 1}})
    assert results[1] == {"id": "c1", "output": []}
    assert told == [("role", 1)]
    assert network.properties["Role"] == 1
    assert results[2]["error"]["id"] == "PropertyNotFound"


def test_files_are_read_whole_or_by_their_end() -> None:
    host = Host()
    host.files.write("C:\\OpenStack\\x.log", b"one\ntwo\n")
    results = run(
        Models(),
        {"read_file": "C:\\OpenStack\\x.log"},
        {"read_file": "C:\\OpenStack\\x.log", "tail": 4},
        {"read_file": "C:\\no"},
        host=host,
    )
    assert [result["content"] for result in results] == ["b25lCnR3bwo=", "dHdvCg==", None]


def test_a_file_is_written_with_a_backup_of_what_was_there() -> None:
    host = Host()
    call = {"write_file": "C:\\OpenStack\\nova.conf", "backup": "C:\\OpenStack\\nova.conf.bak"}
    new, again = run(Models(), {**call, "content": {"$bytes": "YQ=="}}, {**call, "content": {"$bytes": "Yg=="}}, host=host)
    assert new == {"id": "c0", "output": []}
    assert again == {"id": "c1", "output": []}
    assert host.files.read("C:\\OpenStack\\nova.conf") == b"b"
    assert host.files.read("C:\\OpenStack\\nova.conf.bak") == b"a"
    assert len(host.changes) == 2


@pytest.mark.parametrize("field", ["write_file", "backup"])
def test_nothing_is_written_where_a_folder_is_missing(field: str) -> None:
    host = Host()
    host.files.write("C:\\OpenStack\\nova.conf", b"old")
    paths = {"write_file": "C:\\OpenStack\\nova.conf", "backup": "C:\\OpenStack\\bak", field: "C:\\Missing\\x"}
    (result,) = run(Models(), {**paths, "content": {"$bytes": "YQ=="}}, host=host)
    assert result["error"]["id"] == "DirectoryNotFoundException"
    assert host.files.read("C:\\OpenStack\\nova.conf") == b"old"


def test_a_model_may_not_invent_a_property() -> None:
    with pytest.raises(AssertionError, match="Invented"):
        run(answering("Get-VMHost", PSObject("Microsoft.HyperV.PowerShell.VMHost", {"Invented": 1})), {"cmdlet": "Get-VMHost"})


def test_a_property_that_only_the_model_lacks_is_not_modelled() -> None:
    models = answering("Get-VMHost", PSObject("Microsoft.HyperV.PowerShell.VMHost", {"Name": "hv"}))
    (result,) = run(models, {"cmdlet": "Get-VMHost", "properties": ["IovSupport"]})
    assert result["error"]["id"] == "RehearsalNotModelled"


def test_what_if_changes_nothing() -> None:
    models = Models()
    models.cmdlet("Set-VMHost", source="this test")(lambda machine, bound: pytest.fail("the model ran"))
    assert run(models, {"cmdlet": "Set-VMHost", "parameters": {"NumaSpanningEnabled": True, "WhatIf": True}}) == [
        {"id": "c0", "output": []}
    ]


def test_a_call_of_no_kind() -> None:
    (result,) = run(Models(), {"script": "whoami"})
    assert result["error"]["exception"] == "System.Management.Automation.RuntimeException"
