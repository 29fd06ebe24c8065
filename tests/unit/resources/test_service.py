# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/service.md; the recovery bytes are samples from public documentation."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Call, Cmdlet, Program, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Plan
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.service import RESOURCE
from ansible_collections.winstack.hyperv.plugins.module_utils.service_recovery import Action, Recovery, from_registry

CONF = r"C:\OpenStack\etc\nova.conf"
STARTED = "2026-11-21T10:00:00.0000000Z"
NOW = "2026-11-21T12:00:00.5000000Z"
# reset 5 s, no message, no command, one action at offset 20: restart after 1000 ms
RESTART_AFTER_1S = bytes.fromhex("05000000 00000000 00000000 01000000 14000000 01000000 e8030000")

ROW: dict[str, Any] = {
    "Name": "nova-compute",
    "State": "Running",
    "StartMode": "Auto",
    "DelayedAutoStart": True,
    "ProcessId": 4242,
    "StartName": "LocalSystem",
    "PathName": "OpenStackService.exe nova-compute",
}
VMMS = {**ROW, "Name": "vmms", "ProcessId": 1000, "DelayedAutoStart": False, "PathName": "vmms.exe"}
REGISTRY: dict[str, Any] = {"DependOnService": ["Winmgmt"], "FailureActions": RESTART_AFTER_1S, "FailureActionsOnNonCrashFailures": 1}
WANTED: dict[str, Any] = {
    "state": "started",
    "start_mode": "delayed",
    "dependencies": ["winmgmt"],
    "recovery": {"restart_delay_ms": 1000, "reset_seconds": 5, "on_error_exit": True},
    "restart_after_change_of": {"files": [CONF], "services": ["VMMS"]},
}
NOTHING: dict[str, Any] = {
    "name": "nova-compute",
    "state": None,
    "start_mode": None,
    "dependencies": None,
    "recovery": None,
    "restart_after_change_of": None,
}
MISSING_FILE = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand", "Cannot find path")


def options(**given: Any) -> dict[str, Any]:
    return {**NOTHING, **given}


def host(  # pylint: disable=dangerous-default-value
    row: Mapping[str, Any] | None = ROW,
    registry: Mapping[str, Any] = REGISTRY,
    started: str = STARTED,
    written: str | CmdletError = "2026-11-21T09:00:00.0000000Z",
    vmms_started: str | None = "2026-11-21T08:00:00.0000000Z",
) -> Answers:
    services = [item for item in (row, VMMS if vmms_started else None) if item]
    starts = {4242: started, 1000: vmms_started}
    running = [item["ProcessId"] for item in services if item["State"] == "Running"]
    file = Answer("file0", error=written) if isinstance(written, CmdletError) else Answer("file0", output=({"LastWriteTimeUtc": written},))
    empty = CmdletError("ReferenceEmpty", "The reference to 'services' yields no object.")
    return Answers({
        "services": Answer("services", output=tuple(services)),
        "registry": Answer("registry", output=(registry,))
        if row else Answer("registry", error=CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "no")),
        "processes": Answer("processes", output=tuple({"Id": item, "StartTime": starts[item]} for item in running))
        if running else Answer("processes", error=empty),
        "file0": file,
        "now": Answer("now", output=({"$value": NOW},)),
    })


def calls_of(plan: Plan) -> list[Call]:
    return list(plan.calls)


def test_reads_service_registry_processes_and_files() -> None:
    assert RESOURCE.read(options(**WANTED)) == [
        Cmdlet(
            "services",
            "Get-CimInstance",
            {"ClassName": "Win32_Service", "Filter": "Name='nova-compute' OR Name='VMMS'"},
            ("Name", "State", "StartMode", "DelayedAutoStart", "ProcessId", "StartName", "PathName"),
        ),
        Cmdlet(
            "registry",
            "Get-ItemProperty",
            {"LiteralPath": r"HKLM:\SYSTEM\CurrentControlSet\Services\nova-compute"},
            ("DependOnService?", "FailureActions?", "FailureActionsOnNonCrashFailures?"),
        ),
        Cmdlet("processes", "Get-Process", {"Id": Ref("services", where={"State": "Running"}, property="ProcessId")}, ("Id", "StartTime")),
        Cmdlet("file0", "Get-Item", {"LiteralPath": CONF}, ("LastWriteTimeUtc",)),
        Cmdlet("now", "Get-Date", properties=("$value",)),
    ]


def test_a_quote_in_a_name_does_not_end_the_filter() -> None:
    call = RESOURCE.read(options(name="it's"))[0]
    assert isinstance(call, Cmdlet)
    assert call.parameters["Filter"] == "Name='it\\'s'"


def test_as_wanted_changes_nothing() -> None:
    plan = RESOURCE.plan(options(**WANTED), host())
    assert plan == Plan(state=plan.state)
    assert plan.state == {
        "name": "nova-compute",
        "exists": True,
        "state": "running",
        "start_mode": "delayed",
        "account": "LocalSystem",
        "command": "OpenStackService.exe nova-compute",
        "started": STARTED,
        "dependencies": ["Winmgmt"],
        "recovery": {"actions": [{"action": "restart", "delay_ms": 1000}], "reset_seconds": 5, "on_error_exit": True},
    }


def test_options_left_out_are_left_alone() -> None:
    plan = RESOURCE.plan(options(), host(row={**ROW, "State": "Stopped", "StartMode": "Disabled"}, registry=dict.fromkeys(REGISTRY)))
    assert plan.differences == ()
    assert plan.calls == ()


@pytest.mark.parametrize(
    ("row", "wanted", "before", "argument"),
    [
        ({"StartMode": "Manual", "DelayedAutoStart": False}, "delayed", "manual", "delayed-auto"),
        ({"StartMode": "Auto", "DelayedAutoStart": True}, "automatic", "delayed", "auto"),
        ({"StartMode": "Auto", "DelayedAutoStart": False}, "disabled", "automatic", "disabled"),
        ({"StartMode": "Disabled", "DelayedAutoStart": True}, "manual", "disabled", "demand"),
    ],
)
def test_start_mode(row: Mapping[str, Any], wanted: str, before: str, argument: str) -> None:
    plan = RESOURCE.plan(options(start_mode=wanted), host(row={**ROW, **row}))
    assert plan.differences == (Difference("start_mode", before, wanted),)
    assert calls_of(plan) == [Program("start_mode", "sc.exe", ("config", "nova-compute", "start=", argument))]


@pytest.mark.parametrize(("wanted", "argument"), [(["Winmgmt", "vmms"], "Winmgmt/vmms"), ([], "/")])
def test_dependencies(wanted: list[str], argument: str) -> None:
    plan = RESOURCE.plan(options(dependencies=wanted), host())
    assert plan.differences == (Difference("dependencies", ["Winmgmt"], wanted),)
    assert calls_of(plan) == [Program("dependencies", "sc.exe", ("config", "nova-compute", "depend=", argument))]


def test_no_dependencies_wanted_and_none_there() -> None:
    assert RESOURCE.plan(options(dependencies=[]), host(registry=dict.fromkeys(REGISTRY))).differences == ()


def test_recovery() -> None:
    recovery = {"restart_delay_ms": 2000, "reset_seconds": 60, "on_error_exit": True}
    plan = RESOURCE.plan(options(recovery=recovery), host(registry=dict.fromkeys(REGISTRY)))
    assert plan.differences == (
        Difference("recovery.restart_delay_ms", None, 2000),
        Difference("recovery.reset_seconds", 0, 60),
        Difference("recovery.on_error_exit", False, True),
    )
    assert calls_of(plan) == [
        Program("recovery", "sc.exe", ("failure", "nova-compute", "reset=", "60", "actions=", "restart/2000")),
        Program("recovery_flag", "sc.exe", ("failureflag", "nova-compute", "1")),
    ]


def test_only_the_recovery_flag() -> None:
    recovery = {"restart_delay_ms": 1000, "reset_seconds": 5, "on_error_exit": False}
    plan = RESOURCE.plan(options(recovery=recovery), host())
    assert plan.differences == (Difference("recovery.on_error_exit", True, False),)
    assert calls_of(plan) == [Program("recovery_flag", "sc.exe", ("failureflag", "nova-compute", "0"))]


def test_start_comes_after_the_configuration() -> None:
    stopped = {**ROW, "State": "Stopped", "StartMode": "Disabled", "ProcessId": 0}
    plan = RESOURCE.plan(options(state="started", start_mode="automatic"), host(row=stopped))
    assert plan.differences == (Difference("start_mode", "disabled", "automatic"), Difference("state", "stopped", "running"))
    assert calls_of(plan) == [
        Program("start_mode", "sc.exe", ("config", "nova-compute", "start=", "auto")),
        Cmdlet("start", "Start-Service", {"Name": "nova-compute"}),
    ]


def test_stop_does_not_restart_first() -> None:
    changed = host(written="2026-11-21T11:00:00.0000000Z")
    plan = RESOURCE.plan(options(state="stopped", restart_after_change_of={"files": [CONF], "services": None}), changed)
    assert plan.differences == (Difference("state", "running", "stopped"),)
    assert calls_of(plan) == [Cmdlet("stop", "Stop-Service", {"Name": "nova-compute", "Force": True})]


def test_a_service_that_is_just_starting_is_not_running() -> None:
    plan = RESOURCE.plan(options(state="started"), host(row={**ROW, "State": "Start Pending"}))
    assert plan.differences == (Difference("state", "start_pending", "running"),)


RESTART = Cmdlet("restart", "Restart-Service", {"Name": "nova-compute", "Force": True})


@pytest.mark.parametrize("state", ["started", None])
def test_a_file_written_after_the_start_restarts(state: str | None) -> None:
    watched = {"files": [CONF], "services": None}
    plan = RESOURCE.plan(options(state=state, restart_after_change_of=watched), host(written="2026-11-21T10:00:00.0000001Z"))
    assert plan.differences == (Difference("process", {"started": STARTED, "older_than": [CONF]}, "restarted"),)
    assert calls_of(plan) == [RESTART]


def test_a_service_started_after_the_start_restarts() -> None:
    watched = {"files": None, "services": ["vmms"]}
    plan = RESOURCE.plan(options(restart_after_change_of=watched), host(vmms_started="2026-11-21T10:30:00.0000000Z"))
    assert plan.differences == (Difference("process", {"started": STARTED, "older_than": ["vmms"]}, "restarted"),)
    assert calls_of(plan) == [RESTART]


def test_the_restart_closes_its_own_difference() -> None:
    watched = {"files": [CONF], "services": ["vmms"]}
    written = "2026-11-21T11:00:00.0000000Z"
    assert RESOURCE.plan(options(restart_after_change_of=watched), host(written=written)).differences
    assert RESOURCE.plan(options(restart_after_change_of=watched), host(written=written, started=NOW)).differences == ()


def test_times_without_a_fraction_compare_right() -> None:
    watched = {"files": [CONF], "services": None}
    plan = RESOURCE.plan(options(restart_after_change_of=watched), host(started="2026-11-21T10:00:00Z", written="2026-11-21T10:00:00.5Z"))
    assert [difference.path for difference in plan.differences] == ["process"]


def test_a_stopped_service_is_started_and_not_restarted() -> None:
    stopped = {**ROW, "State": "Stopped", "ProcessId": 0}
    for answers in (host(row=stopped), host(row=stopped, vmms_started=None)):
        plan = RESOURCE.plan(options(**{**WANTED, "start_mode": None}), answers)
        assert calls_of(plan) == [Cmdlet("start", "Start-Service", {"Name": "nova-compute"})]


def test_a_file_from_the_future_warns_instead_of_restarting_for_ever() -> None:
    plan = RESOURCE.plan(options(restart_after_change_of={"files": [CONF], "services": None}), host(written="2027-01-01T00:00:00.0000000Z"))
    assert plan.differences == ()
    assert len(plan.warnings) == 1
    assert CONF in plan.warnings[0]


@pytest.mark.parametrize("error", [MISSING_FILE, CmdletError("DriveNotFound,Microsoft.PowerShell.Commands.GetItemCommand", "no drive")])
def test_a_missing_file_is_a_warning(error: CmdletError) -> None:
    plan = RESOURCE.plan(options(restart_after_change_of={"files": [CONF], "services": None}), host(written=error))
    assert plan.differences == ()
    assert plan.warnings == (f"restart_after_change_of.files: {CONF} does not exist",)


def test_a_file_that_cannot_be_read_is_an_error() -> None:
    watched = {"files": [CONF], "services": None}
    with pytest.raises(CallFailed, match=r"'file0'.*Denied"):
        RESOURCE.plan(options(restart_after_change_of=watched), host(written=CmdletError("Denied,X", "no access")))


def test_a_missing_service_blocks_and_still_shows_what_is_wanted() -> None:
    plan = RESOURCE.plan(options(**WANTED), host(row=None))
    assert plan.blockers == ("the service nova-compute does not exist on this host",)
    assert plan.calls == ()
    assert plan.differences == (
        Difference("start_mode", None, "delayed"),
        Difference("dependencies", None, ["winmgmt"]),
        Difference("recovery.restart_delay_ms", None, 1000),
        Difference("recovery.reset_seconds", None, 5),
        Difference("recovery.on_error_exit", None, True),
        Difference("state", None, "running"),
    )
    assert plan.state["exists"] is False


@pytest.mark.parametrize("call", ["services", "registry", "processes", "now"])
def test_a_call_that_fails_is_not_taken_for_an_answer(call: str) -> None:
    answers = host()
    answers[call] = Answer(call, error=CmdletError("Denied,X", "no access"))
    with pytest.raises(CallFailed, match=f"'{call}'.*Denied"):
        RESOURCE.plan(options(**WANTED), answers)


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"name": "a/b"}, "name"),
        ({"name": ""}, "name"),
        ({"dependencies": ["ok", "a\\b"]}, "dependencies"),
        ({"restart_after_change_of": {"files": None, "services": ["a/b"]}}, "restart_after_change_of.services"),
    ],
)
def test_wrong_names_are_refused_and_never_sent(given: Mapping[str, Any], option: str) -> None:
    assert RESOURCE.read(options(**given)) == []
    refusals = RESOURCE.plan(options(**given), Answers()).refusals
    assert len(refusals) == 1
    assert refusals[0].startswith(f"{option}: ")


def test_contradiction_and_numbers_out_of_range_are_refused() -> None:
    recovery = {"restart_delay_ms": -1, "reset_seconds": 2**32, "on_error_exit": True}
    assert RESOURCE.plan(options(state="started", start_mode="disabled", recovery=recovery), host()).refusals == (
        "state: a service whose start_mode is disabled cannot be started",
        "recovery.restart_delay_ms: -1 is not between 0 and 4294967295",
        "recovery.reset_seconds: 4294967296 is not between 0 and 4294967295",
    )


def recovery_of(data: str | None, flag: int | None = None) -> Recovery:
    return from_registry({"FailureActions": None if data is None else bytes.fromhex(data), "FailureActionsOnNonCrashFailures": flag})


def test_recovery_of_the_documented_sample() -> None:
    # Reset after a day, restart after a minute twice, then nothing: the example explained byte by byte in public answers.
    sample = "80510100 00000000 00000000 03000000 14000000 01000000 60ea0000 01000000 60ea0000 00000000 00000000"
    recovery = recovery_of(sample, 0)
    assert recovery == Recovery((Action("restart", 60000), Action("restart", 60000), Action("none", 0)), 86400, False)
    assert recovery.restart_delay_ms is None


def test_equal_restarts_are_one_setting() -> None:
    sample = "80510100 00000000 00000000 02000000 14000000 01000000 60ea0000 01000000 60ea0000"
    assert recovery_of(sample).restart_delay_ms == 60000


@pytest.mark.parametrize("data", [None, "", "80510100"])
def test_recovery_that_was_never_set(data: str | None) -> None:
    assert recovery_of(data) == Recovery()


def test_recovery_cut_short_yields_the_whole_actions_only() -> None:
    assert recovery_of("05000000 00000000 00000000 02000000 14000000 01000000 e8030000 0100").actions == (Action("restart", 1000),)


def test_other_actions_are_no_restart() -> None:
    assert recovery_of("05000000 00000000 00000000 01000000 14000000 02000000 e8030000").restart_delay_ms is None
