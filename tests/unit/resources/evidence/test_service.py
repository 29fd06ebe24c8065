# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/service.md: by which paths a service is seen."""
from __future__ import annotations

import struct
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Program
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.service import RESOURCE

CONF = "C:\\OpenStack\\nova.conf"
KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\nova-compute"
RECOVERY = {"restart_delay_ms": 5000, "reset_seconds": 86400, "on_error_exit": True}
WANTED: dict[str, Any] = {
    "name": "nova-compute", "state": "started", "start_mode": "automatic", "dependencies": ["winmgmt", "rpcss"], "recovery": RECOVERY,
    "restart_after_change_of": {"files": [CONF], "services": ["vmms"]},
}
NOTHING: dict[str, Any] = {**dict.fromkeys(WANTED), "name": "nova-compute"}
GONE = CmdletError("NoServiceFoundForGivenName,X", "no")


def failure_actions(delay=5000, reset=86400):
    return struct.pack("<5I2I", reset, 0, 0, 1, 20, 1, delay)


def answers(*, start=2, delayed=None, actions=None, flag=1, required=("Winmgmt", "RpcSs"), status="Running",
            started="2026-05-04T08:00:00.5000001Z", vmms="2026-05-04T07:00:00Z", written="2026-05-04T07:59:59Z", pid=7):
    return Answers({
        "registry": Answer("registry", ({
            "Start": start, "DelayedAutostart": delayed, "FailureActions": failure_actions() if actions is None else actions,
            "FailureActionsOnNonCrashFailures": flag,
        },)),
        "status": Answer("status", ({"Status": status},)),
        "required": Answer("required", tuple({"Name": name} for name in required)),
        "services": Answer("services", ({"Name": "Nova-Compute", "ProcessId": pid}, {"Name": "vmms", "ProcessId": 9})),
        "processes": Answer("processes", (
            {"ProcessId": 0, "CreationDate": None}, {"ProcessId": 7, "CreationDate": started}, {"ProcessId": 9, "CreationDate": vmms},
        )),
        "now": Answer("now", ({"LocalDateTime": "2026-05-04T09:00:00Z"},)),
        "file0": Answer("file0", ({"LastModified": written},) if written else ()),
    })


def broken(wanted=None, **changed):
    return {item.name: item.found for item in RESOURCE.promises({**WANTED, **(wanted or {})}, answers(**changed)) if not item.kept}


def test_it_is_seen_through_the_registry_the_service_controller_and_cim():
    assert RESOURCE.evidence(WANTED) == [
        Cmdlet(
            "registry", "Get-ItemProperty", {"LiteralPath": KEY},
            ("Start?", "DelayedAutostart?", "FailureActions?", "FailureActionsOnNonCrashFailures?"),
        ),
        Cmdlet("status", "Get-Service", {"Name": ["nova-compute"]}, ("Status",)),
        Cmdlet("required", "Get-Service", {"Name": ["nova-compute"], "RequiredServices": True}, ("Name",)),
        Cmdlet(
            "services", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": "Name='nova-compute' OR Name='vmms'"},
            ("Name", "ProcessId"),
        ),
        Cmdlet(
            "processes", "Get-CimInstance", {"ClassName": "Win32_Process", "Property": ["ProcessId", "CreationDate"]},
            ("ProcessId", "CreationDate"),
        ),
        Cmdlet("now", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("LocalDateTime",)),
        Cmdlet(
            "file0", "Get-CimInstance", {"ClassName": "CIM_DataFile", "Filter": r"Name='C:\\OpenStack\\nova.conf'"}, ("LastModified",),
        ),
    ]
    assert [call.id for call in RESOURCE.evidence(NOTHING)] == ["registry", "status"]


def test_all_kept():
    assert broken() == {}
    found = RESOURCE.promises(WANTED, answers())
    assert [(item.name, item.seen_by) for item in found] == [
        ("start_mode", "registry Start"), ("dependencies", "Get-Service -RequiredServices"),
        *((f"recovery.{name}", "registry FailureActions, as it is read") for name in RECOVERY),
        ("state", "Get-Service"), ("process", "CIM Win32_Process, CIM_DataFile"),
    ]
    assert RESOURCE.promises(NOTHING, answers()) == ()


@pytest.mark.parametrize(("changed", "found"), [
    ({"start": 3}, {"start_mode": "manual"}),
    ({"start": 4}, {"start_mode": "disabled"}),
    ({"delayed": 1}, {"start_mode": "delayed"}),
    ({"required": ("RpcSs",)}, {"dependencies": ["RpcSs"]}),
    ({"actions": failure_actions(delay=1)}, {"recovery.restart_delay_ms": 1}),
    ({"actions": failure_actions(reset=1)}, {"recovery.reset_seconds": 1}),
    ({"flag": 0}, {"recovery.on_error_exit": False}),
    ({"status": "StartPending"}, {"state": "startpending"}),
    ({"written": "2026-05-04T08:00:01Z"}, {"process": f"older than {CONF}"}),
    ({"vmms": "2026-05-04T08:00:00.6Z"}, {"process": "older than vmms"}),
])
def test_each_promise_is_broken_by_itself(changed, found):
    assert broken(**changed) == found


@pytest.mark.parametrize("changed", [
    {"written": "2026-05-04T09:00:01Z"}, {"written": ""},
    {"started": "2026-05-04T08:00:00.5000009Z", "written": "2026-05-04T08:00:00.500Z"},
    {"pid": 0, "written": "2026-05-04T08:59:00Z"},
])
def test_the_process_is_not_to_blame_for_the_future_a_missing_file_or_when_there_is_none(changed):
    assert "process" not in broken(**changed)


def test_a_stopped_service_is_asked_for_no_process():
    stopped = {"state": "stopped"}
    assert "processes" not in [call.id for call in RESOURCE.evidence({**WANTED, **stopped})]
    assert broken(stopped, status="Stopped", written="2026-05-04T08:59:00Z") == {}


def test_a_service_that_is_not_there():
    nothing = Answers({name: Answer(name, error=GONE) for name in answers()})
    found = RESOURCE.promises(WANTED, nothing)
    assert {item.found for item in found} == {None}
    assert [item for item in found if item.kept] == []
    assert isinstance(found[0], Promise)
    assert not any(isinstance(call, Program) for call in RESOURCE.evidence(WANTED))
