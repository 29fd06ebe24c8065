# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, ReadFile, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Plan
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.nova_log import REMEDIES, RESOURCE

LOG = "C:\\OpenStack\\Log\\nova-compute.log"
OPTIONS: dict[str, Any] = {"path": LOG, "service": "nova-compute", "tail_bytes": 32768, "wanted": None}
NO_FILE = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand", "Cannot find path")
EMPTY = CmdletError("ReferenceEmpty", "The reference to 'service' yields no object.")

# Written by the real nova-compute 28.3.1 and its libraries, where not said otherwise.
VIF = "{time} 25120 INFO os_vif [-] Loaded VIF plugins: noop, ovs"
NO_RABBIT = (
    "{time} 25714 ERROR oslo.messaging._drivers.impl_rabbit [None req-f9385663-51ea-4a45-9a52-31be8c854715 - - - - - -] "
    "Connection failed: [Errno 111] ECONNREFUSED (retrying in 1.0 seconds): ConnectionRefusedError: [Errno 111] ECONNREFUSED"
)
NO_CONDUCTOR = (
    "{time} 25120 WARNING nova.conductor.api [None req-5dcc150c-ab28-4bfd-8de1-1fbdb495425a - - - - - -] Timed out waiting for "
    "nova-conductor.  Is it running? Or did this service start before nova-conductor?  Reattempting establishment of nova-conductor "
    "connection...: oslo_messaging.exceptions.MessagingTimeout: No reply on topic conductor"
)
LOADING = "{time} 26175 INFO nova.virt.driver [-] Loading compute driver 'compute_hyperv.driver.HyperVDriver'"
NO_DRIVER = "{time} 26041 ERROR nova.virt.driver [-] Compute driver option required, but not specified"
NO_MODULE = (
    "{time} 26056 ERROR nova.virt.driver [-] Unable to load the virtualization driver: "
    "ModuleNotFoundError: No module named 'nova.virt.nope'"
)
NO_WMI = "{time} 26175 CRITICAL nova [-] Unhandled error: AttributeError: 'NoneType' object has no attribute 'Win32_OperatingSystem'"
TRACEBACK = "{time} 26175 ERROR nova Traceback (most recent call last):"
# The texts are in the sources of the three releases (tests/real/nova_log), the lines are put together here.
CONDUCTOR = "{time} 25120 INFO nova.conductor.api [-] nova-conductor connection established successfully"
STARTING = "{time} 25120 INFO nova.service [-] Starting compute node (version 28.3.1)"
IDENTITY = "{time} 25120 INFO nova.virt.node [-] Determined node identity 3c6a from C:\\OpenStack\\State\\compute_id"
UNCLAIMED = (
    "{time} 25120 INFO nova.compute.manager [-] Looking for unclaimed instances stuck in BUILDING status for nodes managed by this host"
)
RECORD = "{time} 25120 INFO nova.compute.resource_tracker [-] Compute node record created for hv01:hv01 with uuid: 3c6a"
LOST = (
    "{time} 25120 ERROR oslo_service.service [-] Error starting thread.: nova.exception.InvalidConfiguration: "
    "No local node identity found, but this is not our first startup on this host. "
    "Refusing to start after potentially having lost that state!"
)
RENAMED = (
    "{time} 25120 ERROR oslo_service.service [-] Error starting thread.: nova.exception.InvalidConfiguration: My node 3c6a has host 'hv01' "
    "but my host is 'hv02'; Possible rename detected, refusing to start!"
)
CONFLICT = (
    "{time} 25120 ERROR oslo_service.service [-] Error starting thread.: nova.exception.InvalidNodeConfiguration: "
    "Invalid node identity configuration: Unable to parse UUID from C:\\OpenStack\\State\\compute_id"
)
PCI = (
    "{time} 25120 ERROR oslo_service.service [-] Error starting thread.: nova.exception.PciConfigInvalidSpec: "
    "Invalid [pci]device_spec config: Invalid entry: '{{x'"
)
TOO_OLD = (
    "{time} 25120 CRITICAL nova [-] Unhandled error: nova.exception.TooOldComputeService: Current Nova version does not support computes "
    "older than Epoxy but the minimum compute service level in your cell is 66 and the oldest supported service level is 68."
)
NO_PLACEMENT = "{time} 25120 ERROR nova.scheduler.client.report [-] No authentication information found for placement API."
SLOW_PLACEMENT = "{time} 25120 WARNING nova.scheduler.client.report [-] Placement API service is not responding."
UNREACHABLE = (
    "{time} 25120 ERROR oslo.messaging._drivers.impl_rabbit [-] [8a1b] AMQP server on 192.0.2.7:5672 is unreachable: timed out. "
    "Trying again in 1 seconds."
)
RECONNECTED = (
    "{time} 25120 INFO oslo.messaging._drivers.impl_rabbit [-] [8a1b] Reconnected to AMQP server on 192.0.2.7:5672 via [amqp] client with "
    "port 50000."
)
CLAIM = "{time} 25120 INFO nova.compute.claims [-] [instance: 77] Claim successful on node hv01"
OTHER = "{time} 25120 INFO os_brick.initiator [-] something else"


def log(*lines: str, time: str = "2026-11-21 10:00:01.000") -> bytes:
    return "".join(f"{line.format(time=time)}\r\n" for line in lines).encode()


def answers(content: bytes | None, *, state: str = "Running", started: str = "2026-11-21T09:00:00.1234567Z", **given: Answer) -> Answers:
    """A service that started at nine UTC, on a host an hour ahead, with a log that was last written as it says."""
    found = {
        "service": Answer("service", output=({"Name": "Nova-Compute", "State": state, "ProcessId": 812},)),
        "process": Answer("process", output=({"StartTime": started},)) if state == "Running" else Answer("process", error=EMPTY),
        "system": Answer("system", output=({"CurrentTimeZone": 60},)),
        "file": Answer("file", output=({"LastWriteTimeUtc": "2026-11-21T08:00:00Z"},)) if content else Answer("file", error=NO_FILE),
        "log": Answer("log", content=content),
    }
    return Answers({**found, **given})


def state(content: bytes | None, **given: Any) -> dict[str, Any]:
    return dict(RESOURCE.plan(OPTIONS, answers(content, **given)).state)


def test_reads_the_service_and_the_end_of_its_log() -> None:
    query = {"ClassName": "Win32_Service", "Filter": "Name='nova-compute'"}
    assert RESOURCE.read(OPTIONS) == [
        Cmdlet("service", "Get-CimInstance", query, ("Name", "State", "ProcessId")),
        Cmdlet("process", "Get-Process", {"Id": Ref("service", where={"State": "Running"}, property="ProcessId")}, ("StartTime",)),
        Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("CurrentTimeZone",)),
        Cmdlet("file", "Get-Item", {"LiteralPath": LOG}, ("LastWriteTimeUtc",)),
        ReadFile("log", LOG, tail=32768),
    ]


@pytest.mark.parametrize(
    ("lines", "expected", "evidence"),
    [
        ([VIF], "starting", VIF),
        ([VIF, NO_RABBIT, NO_RABBIT], "waiting_for_messaging", NO_RABBIT),
        ([VIF, NO_RABBIT, NO_CONDUCTOR], "waiting_for_conductor", NO_CONDUCTOR),
        ([VIF, NO_CONDUCTOR, CONDUCTOR], "starting", CONDUCTOR),
        ([VIF, NO_CONDUCTOR, LOADING], "loading_driver", LOADING),
        ([VIF, LOADING, STARTING, IDENTITY], "starting", STARTING),
        ([VIF, LOADING, STARTING, IDENTITY, UNCLAIMED], "up", UNCLAIMED),
        ([VIF, LOADING, STARTING, UNCLAIMED, RECORD, OTHER], "up", RECORD),
        ([VIF, NO_DRIVER], "no_compute_driver", NO_DRIVER),
        ([VIF, LOADING, NO_MODULE, TRACEBACK], "driver_failed", NO_MODULE),
        ([VIF, LOADING, NO_WMI, TRACEBACK], "driver_failed", NO_WMI),
        ([VIF, LOADING, STARTING, LOST, TRACEBACK], "lost_identity", LOST),
        ([VIF, LOADING, STARTING, IDENTITY, RENAMED], "renamed", RENAMED),
        ([VIF, LOADING, STARTING, CONFLICT], "identity_conflict", CONFLICT),
        ([VIF, LOADING, STARTING, PCI], "failed", PCI),
        ([VIF, NO_WMI], "failed", NO_WMI),
        ([VIF, LOADING, TOO_OLD], "too_old", TOO_OLD),
        ([VIF, NO_PLACEMENT, NO_WMI], "placement_failed", NO_PLACEMENT),
        ([VIF, LOADING, STARTING, UNCLAIMED, SLOW_PLACEMENT], "up", UNCLAIMED),
        ([VIF, LOADING, STARTING, UNCLAIMED, UNREACHABLE], "disconnected", UNREACHABLE),
        ([VIF, LOADING, STARTING, UNCLAIMED, UNREACHABLE, RECONNECTED], "up", UNCLAIMED),
        ([VIF, LOADING, STARTING, UNCLAIMED, NO_RABBIT], "up", UNCLAIMED),
        ([OTHER], "unknown", ""),
        ([OTHER, CLAIM, OTHER], "up", CLAIM),
        ([CLAIM, UNREACHABLE], "waiting_for_messaging", UNREACHABLE),
    ],
)
def test_the_last_milestone_counts(lines: list[str], expected: str, evidence: str) -> None:
    found = state(log(*lines))
    assert found["state"] == expected
    assert found["evidence"] == evidence.format(time="2026-11-21 10:00:01.000")[:400]
    assert found["remedy"] == REMEDIES[expected]


def test_only_the_last_start_counts_and_how_the_one_before_failed_is_told() -> None:
    found = state(log(VIF, LOADING, STARTING, UNCLAIMED, VIF, LOADING, NO_WMI, VIF))
    assert (found["state"], found["earlier_failure"]) == ("starting", NO_WMI.format(time="2026-11-21 10:00:01.000"))
    assert state(log(VIF, LOADING, NO_WMI, VIF, LOADING, STARTING, UNCLAIMED))["state"] == "up"
    assert state(log(VIF, LOADING, STARTING, UNCLAIMED, VIF))["earlier_failure"] is None


def test_a_log_from_before_the_service_started_says_nothing() -> None:
    up = log(VIF, LOADING, STARTING, UNCLAIMED, time="2026-11-21 09:59:59.000")
    found = state(up)
    assert found["state"] == "silent"
    assert found["evidence"] == "the service started at 2026-11-21T09:00:00.123Z, the log was last written at 2026-11-21T08:59:59.000Z"
    assert state(log(VIF, LOADING, NO_WMI, time="2026-11-21 09:59:59.000"))["state"] == "silent"


def test_either_time_saves_a_log_from_being_taken_for_old() -> None:
    old_line = log(VIF, LOADING, STARTING, UNCLAIMED, time="2026-11-21 09:59:59.000")
    fresh_file = Answer("file", output=({"LastWriteTimeUtc": "2026-11-21T09:00:00.2Z"},))
    assert state(old_line, file=fresh_file)["state"] == "up"
    fresh_line = log(VIF, LOADING, STARTING, UNCLAIMED, time="2026-11-21 10:00:00.200")
    assert state(fresh_line)["state"] == "up"


def test_a_log_format_without_times_is_judged_by_the_file() -> None:
    lines = b"INFO os_vif [-] Loaded VIF plugins: noop\n"
    assert state(lines)["state"] == "silent"
    assert state(lines, file=Answer("file", output=({"LastWriteTimeUtc": "2026-11-21T10:00:00Z"},)))["state"] == "starting"


@pytest.mark.parametrize(
    ("content", "given", "expected", "service"),
    [
        (None, {}, "silent", "running"),
        (log(VIF, LOADING, STARTING, UNCLAIMED), {"state": "Stopped"}, "stopped", "stopped"),
        (log(VIF, LOADING, NO_WMI), {"state": "Stopped"}, "driver_failed", "stopped"),
        (log(VIF, LOADING, NO_WMI), {"state": "Start Pending"}, "driver_failed", "start_pending"),
        (None, {"state": "Stopped"}, "stopped", "stopped"),
        (None, {"service": Answer("service"), "process": Answer("process", error=EMPTY)}, "absent", "absent"),
    ],
)
def test_the_service_has_its_say(content: bytes | None, given: dict[str, Any], expected: str, service: str) -> None:
    found = state(content, **given)
    assert (found["state"], found["service"]) == (expected, service)


def test_a_tail_that_begins_within_a_character_and_a_line() -> None:
    content = b"\xa9 cut" + log(OTHER, VIF, LOADING, STARTING, UNCLAIMED)
    assert state(content)["state"] == "up"


def test_a_log_that_cannot_be_read_is_an_error() -> None:
    denied = Answer("log", error=CmdletError("UnauthorizedAccessException", "Access to the path is denied."))
    with pytest.raises(CallFailed, match="denied"):
        RESOURCE.plan(OPTIONS, answers(b"x", log=denied))


def test_what_is_wanted_and_not_there_is_a_critical_finding() -> None:
    wanted = {**OPTIONS, "wanted": "up"}
    assert RESOURCE.plan(wanted, answers(log(VIF, LOADING, STARTING, UNCLAIMED))).findings == ()
    [finding] = RESOURCE.plan(wanted, answers(log(VIF, NO_CONDUCTOR))).findings
    assert (finding.name, finding.severity, finding.target, finding.wanted) == ("nova_compute_not_up", "critical", "nova-compute", "up")
    assert finding.found.startswith("waiting_for_conductor: 2026-11-21 10:00:01.000 25120 WARNING nova.conductor.api")
    assert finding.remediation == REMEDIES["waiting_for_conductor"]


def test_a_service_that_fails_again_and_again_is_told_by_its_last_failure() -> None:
    [finding] = RESOURCE.plan({**OPTIONS, "wanted": "up"}, answers(log(VIF, LOADING, NO_WMI, VIF))).findings
    assert finding.found.startswith("starting: ")
    assert "The start before this one failed (driver_failed): " in finding.remediation
    assert finding.remediation.endswith(REMEDIES["driver_failed"])


def test_without_a_wish_nothing_is_found_and_nothing_is_ever_changed() -> None:
    plan = RESOURCE.plan(OPTIONS, answers(log(VIF, NO_DRIVER)))
    assert (plan.findings, plan.differences, plan.calls) == ((), (), ())


@pytest.mark.parametrize("tail", [0, -1, 1023, 4194305])
def test_a_tail_out_of_range_is_refused(tail: int) -> None:
    wrong = {**OPTIONS, "tail_bytes": tail}
    assert RESOURCE.read(wrong) == []
    assert RESOURCE.plan(wrong, Answers()) == Plan(refusals=(f"tail_bytes: {tail} is not between 1024 and 4194304",))
