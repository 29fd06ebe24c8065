# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The truth about nova-compute, from its log: a service that runs proves nothing. docs/resources/nova_log.md."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, ReadFile, Ref
from ..nova_milestones import FAILED, Verdict, earlier_failure, last_time, runs, verdict
from ..plans import Finding, Plan
from ..wql import named

_TAIL = range(1024, 4 * 1024 * 1024 + 1)
_EVIDENCE = 400

# What to do about each state; docs/troubleshooting.md says more under the same names.
REMEDIES = {
    "up": "",
    "absent": "Install the driver and register the service.",
    "stopped": "Start the service. If it stops again, the log's last lines or, without any, a run by hand with use_stderr = true say why.",
    "silent": "Nothing was logged since the service started: check log_dir in nova.conf, its folder and its rights, and that nova.conf can "
    "be parsed and has no byte order mark; run the service's command line by hand.",
    "starting": "Wait. If it stays, look at the conductor's and placement's logs on the control plane.",
    "loading_driver": "Wait. If it stays, Windows Management Instrumentation or the cluster does not answer.",
    "waiting_for_messaging": "Check transport_url, the firewall towards RabbitMQ, its credentials and its certificate.",
    "waiting_for_conductor": "RabbitMQ answers, but no nova-conductor: check that one runs, in this cell, with the same transport_url.",
    "disconnected": "The connection to RabbitMQ was lost and is retried: check RabbitMQ and the network.",
    "no_compute_driver": "Set compute_driver in nova.conf.",
    "driver_failed": "Check compute_driver, that Hyper-V is in effect after its restart, that the cluster service runs for the cluster "
    "driver, and that nova is no newer than 2023.2.",
    "lost_identity": "Restore the file compute_id in state_path from a backup, or write the UUID that the control plane has for this host.",
    "identity_conflict": "Leave one compute_id, in state_path, that can be read and holds this host's UUID.",
    "renamed": "Give the host its former name, or remove its compute service and resource provider before it comes back under the new one.",
    "too_old": "Update this node: the control plane accepts no compute service of so old a release.",
    "placement_failed": "Check [placement] in nova.conf: auth_url, credentials, region_name, and that keystone and placement answer.",
    "failed": "The line and the traceback after it in the log say why.",
    "unknown": "The last start is further up than what was read: raise tail_bytes.",
}


@dataclass(frozen=True)
class _Log:
    """written: when the file was last written; said: the time of its last line, both in UTC. earlier: how the start before failed."""

    exists: bool
    written: datetime | None
    said: datetime | None
    verdict: Verdict
    earlier: Verdict | None


class NovaLog:
    """Reads the service and the end of its log; changes nothing."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        if _refusals(options):
            return []
        query = {"ClassName": "Win32_Service", "Filter": named([options["service"]])}
        running = Ref("service", where={"State": "Running"}, property="ProcessId")
        return [
            Cmdlet("service", "Get-CimInstance", query, ("Name", "State", "ProcessId")),
            Cmdlet("process", "Get-Process", {"Id": running}, ("StartTime",)),
            Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("CurrentTimeZone",)),
            Cmdlet("file", "Get-Item", {"LiteralPath": options["path"]}, ("LastWriteTimeUtc",)),
            ReadFile("log", options["path"], tail=options["tail_bytes"]),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = _refusals(options)
        if refusals:
            return Plan(refusals=refusals)
        service = _service_state(options["service"], answers)
        started = _started(answers) if service == "running" else None
        log = _log(answers)
        found = _judge(service, started, log)
        return Plan(
            findings=tuple(_findings(options, found, log.earlier)),
            state={
                "state": found.state,
                "evidence": found.evidence[:_EVIDENCE],
                "remedy": REMEDIES[found.state],
                "earlier_failure": log.earlier.evidence[:_EVIDENCE] if log.earlier else None,
                "service": service,
                "started": _text(started),
                "path": options["path"],
                "written": _text(log.said or log.written),
            },
        )


RESOURCE = NovaLog()


def _refusals(options: Mapping[str, Any]) -> tuple[str, ...]:
    if options["tail_bytes"] in _TAIL:
        return ()
    return (f"tail_bytes: {options['tail_bytes']} is not between {_TAIL.start} and {_TAIL.stop - 1}",)


def _service_state(name: str, answers: Answers) -> str:
    """As Win32_Service says it, in lower case with underscores; absent when there is none."""
    row = next((row for row in answers.rows("service") if row["Name"].lower() == name.lower()), None)
    return row["State"].lower().replace(" ", "_") if row else "absent"


def _started(answers: Answers) -> datetime | None:
    """When the wrapper's process started. None when it ended between the two calls."""
    row = answers["process"].first
    return _instant(row["StartTime"]) if row else None


def _log(answers: Answers) -> _Log:
    answers.rows("log")  # raises CallFailed where the log is there and cannot be read
    content = answers["log"].content
    file = answers["file"].first
    all_runs = runs((content or b"").decode("utf-8", errors="replace"))
    said = last_time(all_runs[-1]) if all_runs else None
    return _Log(
        exists=content is not None,
        written=_instant(file["LastWriteTimeUtc"]) if file else None,
        said=said - timedelta(minutes=answers.row("system")["CurrentTimeZone"]) if said else None,
        verdict=verdict(all_runs[-1]) if all_runs else Verdict("unknown"),
        earlier=earlier_failure(all_runs),
    )


def _instant(text: str) -> datetime:
    """A time of a batch's result. Windows counts in tenths of a microsecond, Python does not."""
    whole, _unused, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}")


def _text(instant: datetime | None) -> str | None:
    return f"{instant.isoformat(timespec='milliseconds')}Z" if instant else None


def _judge(service: str, started: datetime | None, log: _Log) -> Verdict:
    """The log counts only for the process that writes it: not when the service stands, nor when it has said nothing yet."""
    if service == "absent":
        return Verdict("absent")
    silent = started is not None and _is_older(log, started)
    if log.verdict.state in FAILED and not silent:
        return log.verdict
    if service != "running":
        return Verdict("stopped", f"the service is {service.replace('_', ' ')}")
    if not log.exists:
        return Verdict("silent", "there is no log")
    if silent:
        return Verdict("silent", f"the service started at {_text(started)}, the log was last written at {_text(log.said or log.written)}")
    return log.verdict


def _is_older(log: _Log, started: datetime) -> bool:
    """Whether all that the log is from before the process. Either time alone may lie: Windows may leave the file's as it was while the
    file is open, and the last line's is local time, an hour off when daylight saving has begun since."""
    times = [instant for instant in (log.written, log.said) if instant]
    return bool(times) and max(times) < started


def _findings(options: Mapping[str, Any], found: Verdict, earlier: Verdict | None) -> Iterator[Finding]:
    if options["wanted"] is None or found.state == options["wanted"]:
        return
    remedy = REMEDIES[found.state]
    if earlier and found.state not in FAILED:
        remedy = f"The start before this one failed ({earlier.state}): {earlier.evidence[:_EVIDENCE]} {REMEDIES[earlier.state]}"
    yield Finding(
        name="nova_compute_not_up",
        severity="critical",
        target=options["service"],
        found=f"{found.state}: {found.evidence[:_EVIDENCE]}" if found.evidence else found.state,
        wanted=options["wanted"],
        remediation=remedy,
    )
