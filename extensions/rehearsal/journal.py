# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal of a host: one JSON line for every remote call. It never holds a secret or a file's content."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SECRET_NAME = re.compile(r"(?i)pass|secret|credential|token|key|content")
_SWITCH = re.compile(r"([/-]{1,2}[A-Za-z][\w-]*|[A-Za-z][\w-]*(?==))")
_LONGEST = 200
HIDDEN = "********"
_METHODS = ("invoke-cimmethod", "invoke-wmimethod")


@dataclass
class Entry:
    """One remote call.

    time: ISO 8601 in UTC; seconds: how long it took; kind: module, script (core's or an action plugin's text), unknown, or power for a
    reboot, which is no call; name: the module or script; payload_bytes: the decoded command line and standard input; wire_bytes: the
    bodies of the HTTP requests that carried them; calls: what a batch ran; changes: what it did to the machine; error: why the call as a
    whole failed, in one line (what failed inside a batch is said there).
    """

    time: str
    kind: str = "unknown"
    name: str = ""
    seconds: float = 0.0
    check_mode: bool = False
    become: str = ""
    payload_bytes: int = 0
    wire_bytes: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    error: str = ""


class Journal:
    """Appends to the file of one host."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, entry: Entry) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")

    def entries(self) -> list[Entry]:
        if not self._path.exists():
            return []
        return [Entry(**json.loads(line)) for line in self._path.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True)
class Summary:
    """The figures of many entries. calls: those inside batches; failed_calls: of these, the ones with an error."""

    remote_calls: int
    payload_bytes: int
    wire_bytes: int
    seconds: float
    calls: int
    failed_calls: int
    changes: int
    errors: int
    reboots: int


def summarize(entries: Iterable[Entry]) -> Summary:
    found = list(entries)
    return Summary(
        remote_calls=sum(entry.kind != "power" for entry in found),
        payload_bytes=sum(entry.payload_bytes for entry in found),
        wire_bytes=sum(entry.wire_bytes for entry in found),
        seconds=round(sum(entry.seconds for entry in found), 3),
        calls=sum(len(entry.calls) for entry in found),
        failed_calls=sum("error" in call for entry in found for call in entry.calls),
        changes=sum(len(entry.changes) for entry in found),
        errors=sum(bool(entry.error) for entry in found),
        reboots=sum(entry.kind == "power" for entry in found),
    )


def describe_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """A call of a batch (docs/cmdlet-batch.md) as the journal keeps it."""
    shown: dict[str, Any] = {"id": call.get("id", "")}
    if "cmdlet" in call:
        shown["cmdlet"] = call["cmdlet"]
        shown["parameters"] = {name: _shown(name, value) for name, value in call.get("parameters", {}).items()}
        if str(call["cmdlet"]).lower() in _METHODS:
            # What a method takes may be a password, and its name tells nothing.
            shown["parameters"] = {name: _names_only(value) for name, value in shown["parameters"].items()}
    elif "program" in call:
        shown["program"] = call["program"]
        # A program's argument may be a password and nothing tells; the switches say what it was asked for.
        shown["switches"] = [match.group(1) for match in map(_SWITCH.match, _texts(call.get("arguments", []))) if match]
    elif "assign" in call:
        shown["assign"] = sorted(call.get("values", {}))
    else:
        kind = "read_file" if "read_file" in call else "write_file"
        shown[kind] = _shown(kind, call.get(kind))
    return shown


def _names_only(value: Any) -> Any:
    return dict.fromkeys(value, HIDDEN) if isinstance(value, Mapping) else value


def _texts(values: Iterable[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _shown(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        if "$ref" in value:
            return f"<{value['$ref']}>"
        if any(key.startswith("$") for key in value):
            return HIDDEN
        return {key: _shown(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(name, item) for item in value]
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[:_LONGEST] + "..."
    return value
