# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses, name servers, routes and connections, for the uplink of machine/switches.py."""
from __future__ import annotations

from ipaddress import ip_interface
from typing import TYPE_CHECKING

from ..machine.addresses import addresses
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cdxml import not_found
from .matching import as_list
from .net_adapter import interface_index

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "windows-powershell-docs NetTCPIP and DnsClient; win32 MSFT_NetIPAddress, MSFT_NetRoute, MSFT_NetTCPConnection"
_UNCONFIRMED = "nothing but the uplink, adapters with addresses in the lab, and loopback has addresses here"
_TYPES = "Microsoft.PowerShell.Cmdletization.GeneratedTypes"
_LOOPBACK_INDEX = 1
_IPV4, _IPV6 = 2, 23


@cmdlet("Get-NetIPAddress", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def get_net_ip_address(machine: Machine, bound: Bound) -> list[PSObject]:
    _only(bound, "Get-NetIPAddress")
    rows = [("127.0.0.1", 8, _LOOPBACK_INDEX, "Loopback Pseudo-Interface 1"), ("::1", 128, _LOOPBACK_INDEX, "Loopback Pseudo-Interface 1")]
    for alias, address in addresses(machine):
        rows.append((str(address.ip), address.network.prefixlen, interface_index(machine, alias), alias))
    return [
        PSObject("CimInstance#MSFT_NetIPAddress", {
            "IPAddress": address, "PrefixLength": length, "InterfaceIndex": index, "InterfaceAlias": alias,
        })
        for address, length, index, alias in rows
    ]


@cmdlet("Get-DnsClientServerAddress", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def get_dns_client_server_address(machine: Machine, bound: Bound) -> list[PSObject]:
    _only(bound, "Get-DnsClientServerAddress")
    alias = machine.uplink.interface
    if not alias:
        return []
    servers = {_IPV4: [item for item in machine.uplink.name_servers if ":" not in item],
               _IPV6: [item for item in machine.uplink.name_servers if ":" in item]}
    return [
        PSObject("CimInstance#MSFT_DNSClientServerAddress", {
            "InterfaceAlias": alias, "InterfaceIndex": interface_index(machine, alias), "AddressFamily": family, "ServerAddresses": items,
        })
        for family, items in servers.items()
    ]


@cmdlet("Get-NetRoute", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def get_net_route(machine: Machine, bound: Bound) -> list[PSObject]:
    _only(bound, "Get-NetRoute")
    rows = [("127.0.0.0/8", "0.0.0.0")]
    if machine.uplink.interface:
        spec = machine.uplink.spec
        everything = "::/0" if ":" in spec.gateway else "0.0.0.0/0"
        rows += [(str(ip_interface(spec.address).network), "::" if ":" in spec.address else "0.0.0.0"), (everything, spec.gateway)]
    return [PSObject("CimInstance#MSFT_NetRoute", {"DestinationPrefix": prefix, "NextHop": hop}) for prefix, hop in rows]


@cmdlet("Get-NetTCPConnection", source=_SOURCE, unconfirmed="no connection but the session's own is there")
def get_net_tcp_connection(machine: Machine, bound: Bound) -> list[PSObject]:
    """The one connection that asks."""
    if set(bound) - {"State"}:
        raise not_modelled("Get-NetTCPConnection other than by -State", "extend rehearsal/cmdlets/ip_configuration.py")
    wanted = [item.name for item in as_list(bound.get("State", []))]
    if not machine.uplink.interface or (wanted and "Established" not in wanted):
        raise not_found("CmdletizationQuery_NotFound_State", "Get-NetTCPConnection")
    spec = machine.uplink.spec
    return [PSObject("CimInstance#MSFT_NetTCPConnection", {
        "LocalAddress": str(ip_interface(spec.address).ip), "LocalPort": spec.session_port, "RemoteAddress": spec.gateway,
        "RemotePort": 50000, "State": PSEnum(f"{_TYPES}.NetTCPConnection.State", "Established", 5),
    })]


def _only(bound: Bound, command: str) -> None:
    if bound:
        raise not_modelled(f"{command} -{next(iter(bound))}", "extend rehearsal/cmdlets/ip_configuration.py")
