# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster's networks, told apart by their subnets: Windows calls them Cluster Network 1, 2, ... in no order that anybody chose.

docs/resources/cluster_networks.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet

# ClusterNetworkRole; 2, Client, is not used.
ROLES = {"none": 0, "cluster": 1, "client": 2, "cluster_and_client": 3}
_WORDS = {"none": "none", "cluster": "cluster", "client": "client", "clusterandclient": "cluster_and_client"}


@dataclass(frozen=True)
class Network:
    """subnets: in normal form, the first of them the one that names it."""

    id: str
    name: str
    subnets: tuple[str, ...]
    role: str
    metric: int
    auto_metric: bool
    state: str

    def as_state(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "subnets": list(self.subnets),
            "role": self.role,
            "metric": self.metric,
            "auto_metric": self.auto_metric,
            "state": self.state,
        }


def read(call: str) -> Call:
    properties = ("Id", "Name", "Address", "AddressMask", "Ipv6Addresses?", "Ipv6PrefixLengths?", "Role", "Metric", "AutoMetric", "State")
    return Cmdlet(call, "Get-ClusterNetwork", properties=properties)


def present(answers: Answers, call: str) -> tuple[Network, ...]:
    return tuple(_network(row) for row in answers.rows(call))


def normal(subnet: str) -> str | None:
    """The normal form of a subnet, 10.0.0.0/24 or fd00::/64. None for what is none."""
    if "/" not in subnet:
        return None
    try:
        return str(ip_network(subnet.strip(), strict=False))
    except ValueError:
        return None


def find(networks: Iterable[Network], subnet: str) -> Network | None:
    """The network that has the subnet, which is in normal form."""
    return next((network for network in networks if subnet in network.subnets), None)


def _network(row: Mapping[str, Any]) -> Network:
    return Network(
        id=row["Id"],
        name=row["Name"],
        subnets=tuple(_subnets(row)),
        role=_role(row["Role"]),
        metric=row["Metric"],
        auto_metric=row["AutoMetric"],
        state=str(row["State"]),
    )


def _role(value: Any) -> str:
    """The name of an enumeration's member since Server 2016, its number before."""
    numbers = {str(number): name for name, number in ROLES.items()}
    text = str(value).lower()
    return numbers.get(text) or _WORDS.get(text, text)


def _subnets(row: Mapping[str, Any]) -> Iterator[str]:
    """A network that has IPv6 only has no Address; the link-local one is everywhere, so it tells nothing."""
    if row["Address"]:
        yield str(ip_network(f"{row['Address']}/{row['AddressMask']}", strict=False))
    for subnet in map("{}/{}".format, row["Ipv6Addresses"] or (), row["Ipv6PrefixLengths"] or ()):
        network = ip_network(subnet, strict=False)
        if not network.is_link_local:
            yield str(network)
