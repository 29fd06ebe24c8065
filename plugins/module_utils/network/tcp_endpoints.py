# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the host reaches a TCP port of another machine: Test-NetConnection, one call an endpoint.

Source: MicrosoftDocs/windows-powershell-docs NetTCPIP Test-NetConnection; its result class as Microsoft's Nano Server version of it has it.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet

SMB_PORT = 445

# A name, an IPv4 or an IPv6 address.
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


@dataclass(frozen=True)
class Endpoint:
    """An address or name in lower case, and a TCP port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Reached:
    """What the test of an endpoint found. remote: the address that was tried, empty where the name did not resolve."""

    endpoint: Endpoint
    reachable: bool
    remote: str

    def as_state(self) -> dict[str, Any]:
        return {"address": self.endpoint.address, "port": self.endpoint.port, "remote": self.remote, "reachable": self.reachable}

    def found(self) -> str:
        """Why it is not reachable, in words for an operator."""
        return f"no TCP connection to {self.remote}" if self.remote else "the name does not resolve on this host"


def unique(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    return list(dict.fromkeys(endpoints))


def is_host(text: str) -> bool:
    return bool(_HOST.fullmatch(text))


def tests(endpoints: Iterable[Endpoint]) -> list[Call]:
    """One read call an endpoint; `results` reads the answers in the same order."""
    return [
        Cmdlet(
            f"endpoint{number}", "Test-NetConnection", {"ComputerName": endpoint.address, "Port": endpoint.port},
            ("TcpTestSucceeded", "RemoteAddress"),
        )
        for number, endpoint in enumerate(endpoints)
    ]


def results(endpoints: Iterable[Endpoint], answers: Answers) -> list[Reached]:
    return [_result(endpoint, answers.row(f"endpoint{number}")) for number, endpoint in enumerate(endpoints)]


def _result(endpoint: Endpoint, row: Any) -> Reached:
    return Reached(endpoint, bool(row["TcpTestSucceeded"]), row["RemoteAddress"] or "")
