# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SMB Multichannel constraints: which network interfaces the SMB client may use to a server, by the name it is called in a UNC path."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref
from ..plans import Difference
from ..storage.locations import short_name


@dataclass(frozen=True)
class Interface:
    """A network interface. guid: in lower case, without braces; it alone stays the same when adapters come, go or are renamed."""

    alias: str
    index: int
    guid: str


@dataclass(frozen=True)
class Constraint:
    """One row of Windows' list. server and raw_guid: as Windows spells them."""

    server: str
    raw_guid: str
    interface: Interface


@dataclass(frozen=True)
class Wanted:
    """Exactly these interfaces for a server; server in lower case. missing: aliases that no adapter has now."""

    server: str
    interfaces: tuple[Interface, ...]
    missing: tuple[str, ...]


def adapters(answers: Answers, call: str) -> tuple[Interface, ...]:
    return tuple(Interface(row["Name"], row["InterfaceIndex"], _plain(row["InterfaceGuid"])) for row in answers.rows(call))


def present(answers: Answers, call: str) -> tuple[Constraint, ...]:
    return tuple(_constraint(row) for row in answers.rows(call))


def _constraint(row: Mapping[str, Any]) -> Constraint:
    interface = Interface(row["InterfaceAlias"] or "", row["InterfaceIndex"], _plain(row["InterfaceGuid"]))
    return Constraint(row["ServerName"], row["InterfaceGuid"], interface)


def _plain(guid: str) -> str:
    return guid.strip("{}").lower()


def server_names(server: str, with_short_name: bool) -> list[str]:
    """The names that a server is called by, the longest first."""
    name = server.lower()
    return list(dict.fromkeys([name, short_name(name)])) if with_short_name else [name]


def wanted(options: Iterable[Mapping[str, Any]], known: Iterable[Interface]) -> list[Wanted]:
    """The option `constraints`, one entry a server name."""
    by_alias = {interface.alias.lower(): interface for interface in known}
    return [
        Wanted(
            name,
            tuple(by_alias[alias] for alias in _aliases(option) if alias in by_alias),
            tuple(alias for alias in option["interfaces"] if alias.lower() not in by_alias),
        )
        for option in options
        for name in server_names(option["server"], option["short_name"])
    ]


def _aliases(option: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(alias.lower() for alias in option["interfaces"]))


def difference(found: Sequence[Constraint], servers: Sequence[Wanted]) -> Difference | None:
    """The servers whose interfaces are not exactly those wanted; others are nobody's business."""
    before = {server.server: sorted(item.interface.alias for item in _of(found, server)) for server in servers if _differs(found, server)}
    after = {server.server: sorted(_names(server)) for server in servers if _differs(found, server)}
    return Difference("constraints", before, after) if after else None


def calls(found: Sequence[Constraint], servers: Sequence[Wanted]) -> Iterator[Call]:
    """What is missing is added first, so that no server is open to every interface in between."""
    for number, server in enumerate(servers):
        there = {item.interface.guid for item in _of(found, server)}
        indexes = [interface.index for interface in server.interfaces if interface.guid not in there]
        if indexes:
            parameters = {"ServerName": server.server, "InterfaceIndex": indexes, "Force": True}
            yield Cmdlet(f"constrain{number}", "New-SmbMultichannelConstraint", parameters)
    superfluous = [item for server in servers for item in _of(found, server) if item.interface.guid not in _guids(server)]
    if superfluous:
        yield Cmdlet("constraints", "Get-SmbMultichannelConstraint")
    for number, item in enumerate(superfluous):
        # As an object, because the adapter of an old constraint may be gone, and its index with it.
        row = Ref("constraints", where={"ServerName": item.server, "InterfaceGuid": item.raw_guid})
        yield Cmdlet(f"release{number}", "Remove-SmbMultichannelConstraint", {"InputObject": row, "Force": True})


def _of(found: Iterable[Constraint], server: Wanted) -> list[Constraint]:
    return [item for item in found if item.server.lower() == server.server]


def _guids(server: Wanted) -> set[str]:
    return {interface.guid for interface in server.interfaces}


def _differs(found: Sequence[Constraint], server: Wanted) -> bool:
    return bool(server.missing) or {item.interface.guid for item in _of(found, server)} != _guids(server)


def _names(server: Wanted) -> list[str]:
    return [*(interface.alias for interface in server.interfaces), *server.missing]
