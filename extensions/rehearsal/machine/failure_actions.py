# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry form of a service's recovery actions: SERVICE_FAILURE_ACTIONS as 32-bit words, its pointers dead.

The layout is that of public registry exports (wuauserv, TermService): reset period, two flags, count, 0x14, then type and delay of each.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass

ACTIONS = {"none": 0, "restart": 1, "reboot": 2, "run": 3}
_NAMES = {number: name for name, number in ACTIONS.items()}
_HEADER = struct.Struct("<5I")
_ACTION = struct.Struct("<2I")


@dataclass(frozen=True)
class FailureActions:
    """reset_seconds: 0xFFFFFFFF means never; actions: (one of ACTIONS, delay in milliseconds)."""

    reset_seconds: int = 0
    actions: tuple[tuple[str, int], ...] = ()


def pack(failure: FailureActions) -> bytes:
    header = _HEADER.pack(failure.reset_seconds, 0, 0, len(failure.actions), _HEADER.size)
    return header + b"".join(_ACTION.pack(ACTIONS[name], delay) for name, delay in failure.actions)


def unpack(data: bytes | None) -> FailureActions:
    """No data is a service without recovery actions."""
    if not data:
        return FailureActions()
    reset, _unused, _unused, count, offset = _HEADER.unpack_from(data)
    pairs = (_ACTION.unpack_from(data, offset + index * _ACTION.size) for index in range(count))
    return FailureActions(reset, tuple((_NAMES[kind], delay) for kind, delay in pairs))
