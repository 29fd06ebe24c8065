# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB client's constraints as the class below the cmdlets shows them; its settings have no second path. docs/resources/smb_client.md
names the sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..network import smb_constraints, tcp_endpoints
from ..network.tcp_endpoints import Endpoint
from ..plans import Promise
from . import instances, promise, seen_one

_CONSTRAINTS = "MSFT_SmbMultichannelConstraint"
_SETTINGS = {"multichannel": "EnableMultiChannel", "require_signing": "RequireSecuritySignature"}


def calls(options: Mapping[str, Any], endpoints: Sequence[Endpoint]) -> list[Call]:
    wanted: list[Call] = []
    if any(options[name] is not None for name in _SETTINGS):
        wanted.append(Cmdlet("settings", "Get-SmbClientConfiguration", properties=tuple(_SETTINGS.values())))
    if options["constraints"]:
        columns = ("ServerName", "InterfaceAlias", "InterfaceIndex", "InterfaceGuid")
        wanted += [
            instances("constraints", _CONSTRAINTS, *columns, namespace="root/microsoft/windows/smb"),
            instances("adapters", "MSFT_NetAdapter", "Name", "InterfaceIndex", "InterfaceGuid", namespace="root/standardcimv2"),
        ]
    return [*wanted, *tcp_endpoints.tests(endpoints)]


def promises(options: Mapping[str, Any], endpoints: Sequence[Endpoint], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, endpoints, answers))


def _promises(options: Mapping[str, Any], endpoints: Sequence[Endpoint], answers: Answers) -> Iterator[Promise]:
    for name, column in _SETTINGS.items():
        if options[name] is not None:
            yield promise(name, options[name], seen_one(answers, "settings").get(column), "Get-SmbClientConfiguration, as it is read")
    if options["constraints"]:
        found = smb_constraints.present(answers, "constraints")
        for server in smb_constraints.wanted(options["constraints"], smb_constraints.adapters(answers, "adapters")):
            wanted = sorted([*(item.alias for item in server.interfaces), *server.missing])
            there = sorted(item.interface.alias for item in found if item.server.lower() == server.server)
            same = [name.lower() for name in wanted] == [name.lower() for name in there]
            yield Promise(f"constraints.{server.server}", wanted, there, f"CIM {_CONSTRAINTS}", same)
    for reached in tcp_endpoints.results(endpoints, answers):
        said = "reachable" if reached.reachable else reached.found()
        yield promise(f"endpoints.{reached.endpoint}", "reachable", said, "Test-NetConnection, as it is read")
