# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a host's clock is from the controller's, as far as that can be known.

A host's clock is read somewhere between the moment when the batch is sent and the moment when its answers are there. So a reading gives two
bounds, and two hosts differ for certain only by what lies between their bounds. How long after one another hosts are read does not matter.
"""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

# What Kerberos tolerates between two machines by default (Microsoft: Maximum tolerance for computer clock synchronization).
TOLERANCE = 300


def clock_state(reading: str, asked: tuple[datetime, datetime] | None) -> dict[str, Any]:
    """reading: the host's clock in UTC, ISO 8601; asked: the controller's clock before and after."""
    # Windows gives seven digits of a second's fraction, which Python before 3.11 does not read.
    host = datetime.strptime(reading[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    if asked is None:
        return {"utc": host.isoformat(), "ahead_at_least": None, "ahead_at_most": None}
    sent, answered = asked
    return {
        "utc": host.isoformat(),
        "ahead_at_least": round((host - answered).total_seconds(), 1),
        "ahead_at_most": round((host - sent).total_seconds(), 1) + 1,
    }


def certain_skew(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """By how many seconds two hosts' clocks differ at the very least. 0 where it was not measured."""
    if one["ahead_at_least"] is None or other["ahead_at_least"] is None:
        return 0
    return max(0, one["ahead_at_least"] - other["ahead_at_most"], other["ahead_at_least"] - one["ahead_at_most"])


def middle(clock: Mapping[str, Any]) -> float:
    """The most likely distance from the controller's clock, for sorting."""
    return ((clock["ahead_at_least"] or 0) + (clock["ahead_at_most"] or 0)) / 2
