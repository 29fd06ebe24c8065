# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service as the registry, the service controller and CIM's processes and files show it. docs/resources/service.md names the sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..plans import Promise
from ..service_recovery import from_registry
from ..wql import named
from . import instances, promise, seen, seen_one, service_registry, service_status, start_mode

_STATES = {"started": "running", "stopped": "stopped"}
_RECOVERY = ("restart_delay_ms", "reset_seconds", "on_error_exit")


def calls(options: Mapping[str, Any]) -> list[Call]:
    name = options["name"]
    wanted: list[Call] = [
        service_registry("registry", name, "FailureActions", "FailureActionsOnNonCrashFailures"), service_status("status", name),
    ]
    if options["dependencies"] is not None:
        wanted.append(Cmdlet("required", "Get-Service", {"Name": [name], "RequiredServices": True}, ("Name",)))
    if _watches(options):
        wanted += [
            instances("services", "Win32_Service", "Name", "ProcessId", where=named([name, *_watched(options, "services")])),
            Cmdlet(
                "processes", "Get-CimInstance", {"ClassName": "Win32_Process", "Property": ["ProcessId", "CreationDate"]},
                ("ProcessId", "CreationDate"),
            ),
            instances("now", "Win32_OperatingSystem", "LocalDateTime"),
            *(
                instances(f"file{number}", "CIM_DataFile", "LastModified", where=named([path]))
                for number, path in enumerate(_watched(options, "files"))
            ),
        ]
    return wanted


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, answers))


def _promises(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    row = seen_one(answers, "registry")
    if options["start_mode"] is not None:
        yield promise("start_mode", options["start_mode"], start_mode(row), "registry Start")
    if options["dependencies"] is not None:
        yield _dependencies(options["dependencies"], answers)
    for name in _RECOVERY if options["recovery"] is not None else ():
        found = getattr(from_registry(row), name) if row else None
        # No cmdlet and no class of CIM tells the recovery; sc.exe, which sets it, tells it in the language of Windows.
        yield promise(f"recovery.{name}", options["recovery"][name], found, "registry FailureActions, as it is read")
    if options["state"] is not None:
        status = seen_one(answers, "status").get("Status")
        yield promise("state", _STATES[options["state"]], status.lower() if status else None, "Get-Service")
    if _watches(options):
        yield from _process(options, answers)


def _dependencies(wanted: list[str], answers: Answers) -> Promise:
    """Names compare without regard to case."""
    found = [row["Name"] for row in answers["required"].output] if answers["required"].ok else None
    same = found is not None and {name.lower() for name in found} == {name.lower() for name in wanted}
    return Promise("dependencies", wanted, found, "Get-Service -RequiredServices", same)


def _process(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    """Whether the process is younger than what it has read; a service that does not run has none."""
    started = _starts(answers)
    own = started.get(options["name"].lower())
    if own is None:
        return
    now = seen_one(answers, "now")["LocalDateTime"]
    written = {
        path: seen_one(answers, f"file{number}").get("LastModified", "") for number, path in enumerate(_watched(options, "files"))
    }
    older = [path for path, changed in written.items() if _instant(own) < _instant(changed) <= _instant(now)]
    older += [name for name in _watched(options, "services") if _instant(started.get(name.lower(), "")) > _instant(own)]
    found = f"older than {', '.join(older)}" if older else "newer than what it has read"
    yield promise("process", "newer than what it has read", found, "CIM Win32_Process, CIM_DataFile")


def _starts(answers: Answers) -> dict[str, str]:
    """When the process of each running service started, by the service's lower-cased name."""
    created = {row["ProcessId"]: row["CreationDate"] for row in seen(answers, "processes")}
    processes = {row["Name"].lower(): row["ProcessId"] for row in seen(answers, "services")}
    return {name: created[process] for name, process in processes.items() if process and created.get(process)}


def _instant(text: str) -> str:
    """A time in a form that sorts, in microseconds, which is all that CIM tells."""
    whole, _unused, fraction = text.rstrip("Z").partition(".")
    return f"{whole}.{fraction[:6]:0<6}"


def _watches(options: Mapping[str, Any]) -> bool:
    return options["state"] != "stopped" and bool(_watched(options, "files") or _watched(options, "services"))


def _watched(options: Mapping[str, Any], kind: str) -> list[str]:
    return (options["restart_after_change_of"] or {}).get(kind) or []
