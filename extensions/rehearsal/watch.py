# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks over a remote call's shoulder: writes the journal's list of calls, and lets the armed faults strike."""
from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .faults import Fault, Faults, Interrupted
from .journal import Entry, describe_call
from .machine import Machine
from .modules.arguments import ModuleFailure
from .powershell.errors import PowerShellError

Result = TypeVar("Result")

# The calls that put data on the disk.
_WRITERS = frozenset({
    "write_file", "winrm_put_file", "winrm_put_file.ps1", "ansible.windows.win_get_url", "ansible.windows.win_copy",
    "ansible.windows.win_package", "invoke-webrequest",
})


class Watch:
    """An observer of a batch (batch.Observer), and of modules and scripts through `around`.

    lock: the machine's, held while the call runs; drop, power_cycle: seconds, once a fault asked for it; the host acts on them when the
    call has ended.
    """

    def __init__(
        self, machine: Machine, faults: Faults, entry: Entry, terminated: threading.Event, lock: threading.Lock
    ) -> None:
        self.drop: float | None = None
        self.power_cycle: float | None = None
        self._machine = machine
        self._faults = faults
        self._entry = entry
        self._terminated = terminated
        self._lock = lock
        self._started = 0.0

    def before(self, number: int, call: Mapping[str, Any]) -> PowerShellError | None:
        """Called before each call of a batch. Raises Interrupted."""
        if self._terminated.is_set():
            raise Interrupted("the client ended the process")
        self._entry.calls.append(describe_call(call))
        self._started = time.monotonic()
        return self._strike(_names(call), "before", call)

    def after(self, number: int, call: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Called after each call of a batch. Raises Interrupted."""
        shown = self._entry.calls[-1]
        shown["seconds"] = round(time.monotonic() - self._started, 4)
        if "error" in result:
            shown["error"] = result["error"]["id"]
        self._strike(_names(call), "after", call)

    def around(self, name: str, run: Callable[[], Result]) -> Result:
        """Runs a module or script as one call. Raises Interrupted, and ModuleFailure for an injected error."""
        names = frozenset({name.lower(), name.lower().rpartition(".")[2]})
        error = self._strike(names, "before", {})
        if error is not None:
            raise ModuleFailure(error.message)
        result = run()
        self._strike(names, "after", {})
        return result

    def _strike(self, names: frozenset[str], moment: str, call: Mapping[str, Any]) -> PowerShellError | None:
        error: PowerShellError | None = None
        for fault in self._faults.take(names, moment):
            if fault.kind == "hang":
                self.sleep(fault.seconds or None)
            elif fault.kind == "error" or (fault.kind == "disk-full" and names & _WRITERS):
                error = fault.as_error()
            elif fault.kind == "power-cycle":
                self.power_cycle = fault.seconds
                self._half_write(fault, call)
                raise Interrupted("a fault of the rehearsal: the power was cut")
            elif fault.kind == "drop":
                self.drop = fault.seconds
                self._half_write(fault, call)
                if fault.when != "after":
                    raise Interrupted("a fault of the rehearsal: the connection was dropped and the process ended")
        return error

    def sleep(self, seconds: float | None) -> None:
        """Waits, None: for ever, while others on the host go on. Raises Interrupted when the process is ended meanwhile."""
        self.collect_changes()
        self._lock.release()
        try:
            ended = self._terminated.wait(seconds)
        finally:
            self._lock.acquire()
        if ended:
            raise Interrupted("the process was ended while it waited")

    def collect_changes(self) -> None:
        """Takes what changed on the machine until now into the entry."""
        self._entry.changes += self._machine.changes
        self._machine.changes.clear()

    def _half_write(self, fault: Fault, call: Mapping[str, Any]) -> None:
        """A file that was being written when the process ended: its new version lies half finished beside it."""
        path, content = call.get("write_file"), call.get("content")
        if fault.when == "during" and isinstance(path, str) and isinstance(content, Mapping):
            data = base64.b64decode(content.get("$bytes", ""))
            self._machine.files.write(f"{path}.{uuid.uuid4()}.new", data[:len(data) // 2])


def _names(call: Mapping[str, Any]) -> frozenset[str]:
    for kind in ("cmdlet", "program"):
        if kind in call:
            name = str(call[kind]).lower()
            return frozenset({name, name.rpartition("\\")[2]})
    return frozenset(kind for kind in ("assign", "read_file", "write_file") if kind in call)
