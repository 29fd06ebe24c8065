# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults on request: what goes wrong, at which call, once or every time.

An armed fault lives in a file of the host, so that the command line and the daemon, or the next daemon, agree on it.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .machine.fields import Fields
from .powershell.errors import PowerShellError
from .store import locked, read_json, write_json

KINDS = ("drop", "power-cycle", "hang", "error", "disk-full")
MOMENTS = ("before", "during", "after")

# ERROR_DISK_FULL as an HRESULT, in the exception that PowerShell wraps around a failed method call.
_DISK_FULL = PowerShellError(
    "IOException", "NotSpecified", "System.Management.Automation.MethodInvocationException",
    'Exception calling "WriteAllBytes" with "2" argument(s): "There is not enough space on the disk."', -2146233087,
)


class Interrupted(Exception):
    """The process on the host ended in the middle: the machine or the connection went away under it."""


@dataclass(frozen=True)
class Fault:
    """One armed fault.

    kind: `drop` cuts the connections and ends the process on the host; `power-cycle` does so by power loss; `hang` stops the process;
    `error` makes a cmdlet fail; `disk-full` makes every write of a file fail.
    when: before the call, during it (it has its effect, its result is lost; a file write is cut in two), or after it (drop only: the
    process runs to its end, the answer is lost).
    match: the name of the cmdlet, program, module, script, `read_file` or `write_file` it waits for; empty means any.
    call: the how-many-th matching call since the fault was armed; seen: how many there were.
    seconds: how long the host stays unreachable (drop), is off (power-cycle, 0: as a reboot) or hangs (0: until the client gives up).
    error: what an `error` answers, with the keys id, message and, optionally, category, exception and hresult.
    persistent: stays armed, for the call and every one after it, until it is cleared.
    """

    kind: str
    when: str = "during"
    match: str = ""
    call: int = 1
    seconds: float = 0.0
    error: Mapping[str, Any] | None = None
    persistent: bool = False
    seen: int = 0

    @classmethod
    def read(cls, fields: Fields) -> Fault:
        """From the lab file. Raises SpecError."""
        kind = fields.text("kind", choices=KINDS)
        fault = cls(
            kind=kind,
            when=fields.text("when", "before" if kind == "error" else "during", choices=MOMENTS),
            match=fields.text("match", ""),
            call=fields.number("call", 1, minimum=1),
            seconds=fields.seconds("seconds", 0),
            error=_read_error(fields.child("error")) if kind == "error" else None,
            persistent=fields.flag("persistent", kind == "disk-full"),
        )
        fields.done()
        return fault

    def as_error(self) -> PowerShellError:
        """The error record that this fault injects."""
        return PowerShellError(**self.error) if self.error else _DISK_FULL


def _read_error(fields: Fields) -> dict[str, Any]:
    error = {
        "id": fields.text("id", "RehearsalFault"),
        "category": fields.text("category", "NotSpecified"),
        "exception": fields.text("exception", "System.Exception"),
        "message": fields.text("message", "A fault of the rehearsal."),
        "hresult": fields.number("hresult", -2146233088, minimum=-(2**31), maximum=2**31),
    }
    fields.done()
    return error


class Faults:
    """The armed faults of one host, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def armed(self) -> list[Fault]:
        return [Fault(**item) for item in read_json(self._path) or []]

    def arm(self, fault: Fault) -> None:
        self._update(lambda faults: [*faults, fault])

    def clear(self) -> None:
        self._update(lambda faults: [])

    def take(self, names: frozenset[str], moment: str) -> list[Fault]:
        """The faults that are due at this moment of a call that goes by any of these lower-cased names.

        `before` is the moment that counts the call; `after` looks at the faults whose count was reached by it.
        """
        if not self._path.exists():
            return []
        due: list[Fault] = []

        def step(faults: list[Fault]) -> list[Fault]:
            kept = []
            for fault in faults:
                matches = not fault.match or fault.match.lower() in names
                seen = fault.seen + (1 if matches and moment == "before" else 0)
                fault = replace(fault, seen=seen)
                hit = matches and (seen >= fault.call if fault.persistent else seen == fault.call) and _moment(fault, names) == moment
                if hit:
                    due.append(fault)
                if not hit or fault.persistent:
                    kept.append(fault)
            return kept

        self._update(step)
        return due

    def _update(self, change: Callable[[list[Fault]], list[Fault]]) -> None:
        with locked(self._path):
            write_json(self._path, [asdict(fault) for fault in change(self.armed())])


def _moment(fault: Fault, names: frozenset[str]) -> str:
    """A call that is cut in the middle has had its effect, so `during` is noticed after it; a file is half written, which is before."""
    if fault.when == "before" or fault.kind in ("hang", "error", "disk-full"):
        return "before"
    return "before" if fault.when == "during" and "write_file" in names else "after"
