# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses, name servers and routes of a host, and the adapters that a remote session comes over."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from ..answers import Answers
from ..calls import Call, Cmdlet

_WHAT = {"addresses": "address", "name_servers": "name server", "routes": "route"}


def read_network() -> list[Call]:
    """The calls that `network` and `session_interfaces` read the answers of."""
    return [
        Cmdlet("addresses", "Get-NetIPAddress", properties=("IPAddress", "PrefixLength", "InterfaceIndex")),
        Cmdlet("name_servers", "Get-DnsClientServerAddress", properties=("ServerAddresses",)),
        Cmdlet("routes", "Get-NetRoute", properties=("DestinationPrefix", "NextHop")),
        # No -LocalPort here: with one port of several that nobody uses the whole call fails.
        Cmdlet("sessions", "Get-NetTCPConnection", {"State": ["Established"]}, ("LocalAddress", "LocalPort")),
    ]


def network(answers: Answers) -> dict[str, list[str]]:
    """The whole host's, by no adapter: after a change the same address may sit on another one. What every adapter has is left out."""
    addresses = {f"{row['IPAddress']}/{row['PrefixLength']}" for row in answers.rows("addresses") if _is_own(row["IPAddress"])}
    servers = {server for row in answers.rows("name_servers") for server in row["ServerAddresses"] or ()}
    hops = {
        f"{row['DestinationPrefix']} via {row['NextHop']}"
        for row in answers.rows("routes") if not ip_address(row["NextHop"]).is_unspecified
    }
    return {"addresses": sorted(addresses), "name_servers": sorted(servers), "routes": sorted(hops)}


def network_changes(before: Mapping[str, Iterable[str]], after: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """A sentence for everything that is gone, and for everything that was not there before."""
    gone = [f"the {_WHAT[kind]} {item} is gone" for kind in _WHAT for item in sorted(set(before[kind]) - set(after[kind]))]
    new = [f"the {_WHAT[kind]} {item} is new" for kind in _WHAT for item in sorted(set(after[kind]) - set(before[kind]))]
    return tuple(gone + new)


def session_interfaces(answers: Answers, ports: Iterable[int]) -> frozenset[int]:
    """The indexes of the interfaces that sessions to these ports come over; every interface with an address where there is none.

    The second is for a host that listens on a port that nobody named: then any adapter may carry the session.
    """
    owner = {row["IPAddress"]: row["InterfaceIndex"] for row in answers.rows("addresses") if _is_own(row["IPAddress"])}
    wanted = set(ports)
    sessions = answers["sessions"].output
    indexes = {owner[row["LocalAddress"]] for row in sessions if row["LocalPort"] in wanted and row["LocalAddress"] in owner}
    return frozenset(indexes or owner.values())


def _is_own(address: str) -> bool:
    """Not a loopback or link-local address, which every interface has."""
    parsed = ip_address(address.partition("%")[0])
    return not (parsed.is_loopback or parsed.is_link_local)
