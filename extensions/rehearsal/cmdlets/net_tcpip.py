# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module NetTCPIP: Test-NetConnection.

The result's class is that of Microsoft's Nano Server version of the function, which is a PowerShell class in clear text.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cim_schema import Unmodelled

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = (
    "windows-powershell-docs NetTCPIP/Test-NetConnection.md; the result class of Microsoft's Nano Server version; PowerShell/PowerShell "
    "issue 25818 (no ping where the TCP test succeeds)"
)
_UNCONFIRMED = "that a name that does not resolve and a port that does not answer are results, not errors; the name's null RemoteAddress"
_KNOWN = {"ComputerName", "Port", "InformationLevel"}
_OTHERS = (
    "PingSucceeded", "PingReplyDetails", "TcpClientSocket", "TraceRoute", "InterfaceAlias", "InterfaceIndex", "InterfaceDescription",
    "NetAdapter", "NetRoute", "SourceAddress", "BasicNameResolution", "LLMNRNetbiosRecords", "DNSOnlyRecords", "AllNameResolutionResults",
    "IsAdmin", "NetworkIsolationContext", "MatchingIPsecRules",
)


@cmdlet("Test-NetConnection", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def test_net_connection(machine: Machine, bound: Bound) -> list[Any]:
    for name in bound:
        if name not in _KNOWN:
            raise not_modelled(f"Test-NetConnection -{name}", "extend rehearsal/cmdlets/net_tcpip.py")
    if not {"ComputerName", "Port"} <= set(bound):
        raise not_modelled("Test-NetConnection without -ComputerName and -Port", "extend rehearsal/cmdlets/net_tcpip.py")
    host, port = bound["ComputerName"], bound["Port"]
    address = machine.resolve(host)
    succeeded = address is not None and machine.reaches(address, port)
    if str(bound.get("InformationLevel", "")) == "Quiet":
        return [succeeded]
    return [PSObject("TestNetConnectionResult", {
        **{name: Unmodelled(f"TestNetConnectionResult.{name}") for name in _OTHERS},
        "ComputerName": host,
        "RemoteAddress": address,
        "RemotePort": port,
        "NameResolutionSucceeded": address is not None,
        "TcpTestSucceeded": succeeded,
        "Detailed": str(bound.get("InformationLevel", "")) == "Detailed",
    })]
