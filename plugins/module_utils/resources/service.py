# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Windows service: start mode, dependencies, recovery, running or not, and restarted when what it has read has changed since.

docs/resources/service.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Program, Ref
from ..evidence import service as second_path
from ..plans import Difference, Plan
from ..service_recovery import Recovery, from_registry
from ..wql import named

_SERVICES_KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\"
_NO_SUCH_FILE = ("PathNotFound", "DriveNotFound")

_SC_START = {"automatic": "auto", "delayed": "delayed-auto", "manual": "demand", "disabled": "disabled"}
_STATES = {"started": "running", "stopped": "stopped"}


@dataclass(frozen=True)
class _Service:
    """started: when its process started, in the form of _instant; None while it does not run."""

    state: str
    start_mode: str
    account: str | None
    command: str
    dependencies: tuple[str, ...]
    recovery: Recovery
    started: str | None


class Service:
    """Reads one service and what it depends on; configures, then starts, stops or restarts it."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        if _name_refusals(options):
            return []
        name = options["name"]
        return [
            Cmdlet(
                "services",
                "Get-CimInstance",
                {"ClassName": "Win32_Service", "Filter": named([name, *_watched(options, "services")])},
                ("Name", "State", "StartMode", "DelayedAutoStart", "ProcessId", "StartName", "PathName"),
            ),
            Cmdlet(
                "registry",
                "Get-ItemProperty",
                {"LiteralPath": _SERVICES_KEY + name},
                ("DependOnService?", "FailureActions?", "FailureActionsOnNonCrashFailures?"),
            ),
            Cmdlet(
                "processes",
                "Get-Process",
                {"Id": Ref("services", where={"State": "Running"}, property="ProcessId")},
                ("Id", "StartTime"),
            ),
            *(
                Cmdlet(f"file{number}", "Get-Item", {"LiteralPath": path}, ("LastWriteTimeUtc",))
                for number, path in enumerate(_watched(options, "files"))
            ),
            Cmdlet("now", "Get-Date", properties=("$value",)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        name = options["name"]
        refusals = (*_name_refusals(options), *_refusals(options))
        if refusals:
            return Plan(refusals=refusals, state=_state(name, None))
        service = _service(name, answers)
        if service is None:
            return Plan(
                differences=tuple(_missing_differences(options)),
                blockers=(f"the service {name} does not exist on this host",),
                state=_state(name, None),
            )
        newer, warnings = _newer(options, answers, service)
        differences = tuple(_differences(options, service, newer))
        return Plan(
            differences=differences,
            calls=tuple(_calls(options, {difference.path for difference in differences})),
            warnings=warnings,
            state=_state(name, service),
        )

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = Service()


def _watched(options: Mapping[str, Any], kind: str) -> list[str]:
    return (options["restart_after_change_of"] or {}).get(kind) or []


def _name_refusals(options: Mapping[str, Any]) -> tuple[str, ...]:
    named = [("name", [options["name"]]), ("dependencies", options["dependencies"] or [])]
    named.append(("restart_after_change_of.services", _watched(options, "services")))
    return tuple(
        f"{option}: {name!r} is no service name, which is neither empty nor contains a slash or backslash"
        for option, names in named
        for name in names
        if not name or "/" in name or "\\" in name
    )


def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    if options["start_mode"] == "disabled" and options["state"] == "started":
        yield "state: a service whose start_mode is disabled cannot be started"
    for name in ("restart_delay_ms", "reset_seconds"):
        value = (options["recovery"] or {}).get(name, 0)
        if not 0 <= value <= 0xFFFFFFFF:
            yield f"recovery.{name}: {value} is not between 0 and 4294967295"


# What the host answered

def _service(name: str, answers: Answers) -> _Service | None:
    rows = {row["Name"].lower(): row for row in answers.rows("services")}
    row = rows.get(name.lower())
    if row is None:
        return None
    registry = answers.row("registry")
    return _Service(
        state=row["State"].lower().replace(" ", "_"),
        start_mode=_start_mode(row),
        account=row["StartName"],
        command=row["PathName"],
        dependencies=tuple(registry["DependOnService"] or ()),
        recovery=from_registry(registry),
        started=_starts(answers).get(name.lower()),
    )


def _start_mode(row: Mapping[str, Any]) -> str:
    if row["StartMode"] != "Auto":
        return str(row["StartMode"]).lower()
    return "delayed" if row["DelayedAutoStart"] else "automatic"


def _starts(answers: Answers) -> dict[str, str]:
    """When the process of each running service started, by the service's lower-cased name."""
    running = {row["Name"].lower(): row["ProcessId"] for row in answers.rows("services") if row["State"] == "Running"}
    if not running:
        return {}
    starts = {row["Id"]: _instant(row["StartTime"]) for row in answers.rows("processes")}
    return {name: starts[process] for name, process in running.items() if process in starts}


def _instant(text: str) -> str:
    """A time of a batch's result in a form that sorts: seven digits of a second, always."""
    whole, _unused, fraction = text.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<7}Z"


def _newer(options: Mapping[str, Any], answers: Answers, service: _Service) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The watched files and services that changed after the service's process started, and warnings about files."""
    newer, warnings = [], []
    now = _instant(answers.row("now")["$value"])
    for number, path in enumerate(_watched(options, "files")):
        changed = _changed(f"file{number}", answers)
        if changed is None:
            warnings.append(f"restart_after_change_of.files: {path} does not exist")
        elif changed > now:
            # No restart can be later than that, so this would restart the service in every run.
            warnings.append(f"restart_after_change_of.files: {path} was left out, because it was last written in the future, at {changed}")
        elif service.started and changed > service.started:
            newer.append(path)
    starts = _starts(answers)
    for name in _watched(options, "services"):
        if service.started and starts.get(name.lower(), "") > service.started:
            newer.append(name)
    return tuple(newer), tuple(warnings)


def _changed(call: str, answers: Answers) -> str | None:
    error = answers[call].error
    if error is not None and error.id.split(",")[0] in _NO_SUCH_FILE:
        return None
    return _instant(answers.row(call)["LastWriteTimeUtc"])


def _state(name: str, service: _Service | None) -> dict[str, Any]:
    return {
        "name": name,
        "exists": service is not None,
        "state": service.state if service else None,
        "start_mode": service.start_mode if service else None,
        "account": service.account if service else None,
        "command": service.command if service else None,
        "started": service.started if service else None,
        "dependencies": list(service.dependencies) if service else [],
        "recovery": service.recovery.as_state() if service else None,
    }


# What is wanted

def _differences(options: Mapping[str, Any], service: _Service, newer: Sequence[str]) -> Iterator[Difference]:
    for path, before, after in _wanted(options, service):
        if before != after:
            yield Difference(path, before, after)
    if newer and options["state"] != "stopped":
        yield Difference("process", {"started": service.started, "older_than": list(newer)}, "restarted")


def _missing_differences(options: Mapping[str, Any]) -> Iterator[Difference]:
    nothing = _Service("", "", None, "", (), Recovery(), None)
    for path, _unused, after in _wanted(options, nothing):
        yield Difference(path, None, after)


def _wanted(options: Mapping[str, Any], service: _Service) -> Iterator[tuple[str, Any, Any]]:
    """(path, present value, wanted value) of every setting that the options name."""
    if options["start_mode"] is not None:
        yield "start_mode", service.start_mode, options["start_mode"]
    if options["dependencies"] is not None:
        # Windows compares service names without regard to case; so the wanted spelling stands for the present one.
        present = {name.lower() for name in service.dependencies}
        same = present == {name.lower() for name in options["dependencies"]}
        yield "dependencies", options["dependencies"] if same else list(service.dependencies), options["dependencies"]
    if options["recovery"] is not None:
        for name in ("restart_delay_ms", "reset_seconds", "on_error_exit"):
            yield f"recovery.{name}", getattr(service.recovery, name), options["recovery"][name]
    if options["state"] is not None:
        yield "state", service.state, _STATES[options["state"]]


def _calls(options: Mapping[str, Any], changed: set[str]) -> Iterator[Call]:
    """Configuration first, so that a service that is started or restarted already has it."""
    name = options["name"]
    # Windows PowerShell's Set-Service knows no delayed start, and no cmdlet knows dependencies and recovery.
    if "start_mode" in changed:
        yield Program("start_mode", "sc.exe", ("config", name, "start=", _SC_START[options["start_mode"]]))
    if "dependencies" in changed:
        yield Program("dependencies", "sc.exe", ("config", name, "depend=", "/".join(options["dependencies"]) or "/"))
    recovery = options["recovery"]
    if {"recovery.restart_delay_ms", "recovery.reset_seconds"} & changed:
        actions = ("actions=", f"restart/{recovery['restart_delay_ms']}")
        yield Program("recovery", "sc.exe", ("failure", name, "reset=", str(recovery["reset_seconds"]), *actions))
    if "recovery.on_error_exit" in changed:
        yield Program("recovery_flag", "sc.exe", ("failureflag", name, "1" if recovery["on_error_exit"] else "0"))
    if "state" in changed and options["state"] == "stopped":
        yield Cmdlet("stop", "Stop-Service", {"Name": name, "Force": True})
    elif "state" in changed:
        yield Cmdlet("start", "Start-Service", {"Name": name})
    elif "process" in changed:
        yield Cmdlet("restart", "Restart-Service", {"Name": name, "Force": True})
