# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The list of time servers as w32time keeps it: `host,0xFLAGS`, separated by spaces.

Source: Microsoft's Windows Time Service Tools and Settings, value NtpServer.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SPECIAL_INTERVAL = 0x1
FLAGS = {"fallback_only": 0x2, "symmetric_active": 0x4, "client": 0x8}

_HOST = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True)
class Peer:
    """host in lower case; flags: the sum of FLAGS and SPECIAL_INTERVAL, or -1 for flags that are no number."""

    host: str
    flags: int

    def __str__(self) -> str:
        return f"{self.host},0x{self.flags:x}"


def wanted(peers: Iterable[Mapping[str, Any]], *, special_interval: bool) -> list[Peer]:
    """The option `peers` as peers; the special interval is a flag of each of them."""
    common = SPECIAL_INTERVAL if special_interval else 0
    return [Peer(peer["host"].lower(), sum({FLAGS[flag] for flag in peer["flags"]}) | common) for peer in peers]


def present(value: str | None) -> list[Peer]:
    """The registry value NtpServer as peers. A server without flags has none."""
    return [_peer(item) for item in (value or "").split()]


def invalid_hosts(peers: Iterable[Mapping[str, Any]]) -> list[str]:
    """The hosts that cannot stand in the list, because they would end it or become another entry."""
    return [peer["host"] for peer in peers if not _HOST.fullmatch(peer["host"])]


def _peer(item: str) -> Peer:
    host, _unused, flags = item.partition(",")
    try:
        return Peer(host.lower(), int(flags or "0", 0))
    except ValueError:
        return Peer(host.lower(), -1)
