# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the service control manager does when a service fails, as it stands in the registry.

The value FailureActions is the structure of [MS-SCMR] 2.2.37: reset period in seconds, offsets of reboot message and command, count and
offset of the actions, all 32-bit little-endian; then the actions of [MS-SCMR] 2.2.19: type, delay in milliseconds.
"""
from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_HEADER = struct.Struct("<5I")
_ACTION = struct.Struct("<2I")
_ACTIONS = {0: "none", 1: "restart", 2: "reboot", 3: "run_command"}


@dataclass(frozen=True)
class Action:
    action: str
    delay_ms: int


@dataclass(frozen=True)
class Recovery:
    """actions: the first failure's, the second's, and so on; the last one counts for all further failures."""

    actions: tuple[Action, ...] = ()
    reset_seconds: int = 0
    on_error_exit: bool = False

    @property
    def restart_delay_ms(self) -> int | None:
        """The delay where every failure leads to a restart after the same one; None for anything else."""
        distinct = set(self.actions)
        if len(distinct) != 1:
            return None
        action = distinct.pop()
        return action.delay_ms if action.action == "restart" else None

    def as_state(self) -> dict[str, Any]:
        return {**asdict(self), "actions": [asdict(action) for action in self.actions]}


def from_registry(values: Mapping[str, Any]) -> Recovery:
    """From the values FailureActions and FailureActionsOnNonCrashFailures of a service's key; both may be absent."""
    on_error_exit = bool(values["FailureActionsOnNonCrashFailures"])
    data = values["FailureActions"] or b""
    if len(data) < _HEADER.size:
        return Recovery(on_error_exit=on_error_exit)
    reset_seconds, _unused, _unused, count, offset = _HEADER.unpack_from(data)
    count = min(count, (len(data) - offset) // _ACTION.size)
    found = (_ACTION.unpack_from(data, offset + number * _ACTION.size) for number in range(count))
    actions = tuple(Action(_ACTIONS.get(kind, str(kind)), delay) for kind, delay in found)
    return Recovery(actions, reset_seconds, on_error_exit)
