# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remote shells and the commands that run in them."""
from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CommandResult:
    """What a process left behind."""

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""


@dataclass(frozen=True)
class Output:
    """What one Receive brings back. exit_code is None while there is more to come."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None


class Command:
    """One process in a shell. It starts when its standard input is complete, or at once when it reads none.

    run: called with the whole standard input in a thread of its own; answers None when the process died with the machine.
    received: the bytes of the requests that brought the command line and its input.
    """

    def __init__(self, line: str, received: int, reads_input: bool, run: Callable[[Command], CommandResult | None]) -> None:
        self.id = str(uuid.uuid4()).upper()
        self.line = line
        self.received = received
        self.terminated = threading.Event()
        self._run = run
        self._input = bytearray()
        self._condition = threading.Condition()
        self._result: CommandResult | None = None
        self._sent = 0
        self._started = False
        if not reads_input:
            self._start()

    @property
    def input(self) -> bytes:
        """The standard input as it stands."""
        return bytes(self._input)

    def feed(self, data: bytes, end: bool) -> None:
        """Appends to the standard input; `end` closes it. Input to a process that reads none is dropped, as on Windows."""
        with self._condition:
            if self._started:
                return
            self._input += data
        if end:
            self._start()

    def read(self, timeout: float, limit: int) -> Output | None:
        """Waits for output and takes at most `limit` bytes of it; None after `timeout` seconds without any."""
        with self._condition:
            if not self._condition.wait_for(lambda: self._result is not None, timeout):
                return None
            result = self._result
            assert result is not None
            whole = result.stdout + result.stderr
            start, self._sent = self._sent, min(len(whole), self._sent + limit)
            border = len(result.stdout)
            return Output(
                stdout=whole[start:min(self._sent, border)],
                stderr=whole[max(start, border):self._sent],
                exit_code=result.exit_code if self._sent == len(whole) else None,
            )

    def terminate(self) -> None:
        """Ends the process: a model that waits stops waiting."""
        self.terminated.set()

    def _start(self) -> None:
        with self._condition:
            if self._started:
                return
            self._started = True
        threading.Thread(target=self._work, name=f"command {self.id}", daemon=True).start()

    def _work(self) -> None:
        result = self._run(self)
        with self._condition:
            self._result = result
            self._condition.notify_all()


@dataclass
class Shell:
    """One remote shell. used: seconds of the monotonic clock at its last request; operations: commands started in it so far."""

    owner: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    commands: dict[str, Command] = field(default_factory=dict)
    used: float = field(default_factory=time.monotonic)
    operations: int = 0
