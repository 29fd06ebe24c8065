# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The networks that a Hyper-V host takes live migrations on, compared in one normal form: 10.0.0.0/24, 10.0.0.7/32, fd00::/64.

docs/resources/live_migration.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Retry
from ..plans import Difference

# vmms may refuse a network for a moment right after Enable-VMMigration.
_AFTER_ENABLING = Retry(count=10, seconds=3)
_HIGHEST_PRIORITY_NUMBER = 0x7FFFFFFF


@dataclass(frozen=True)
class Network:
    """spelling: the subnet as the host has it, which its cmdlets want; priority None in a wish leaves what is there."""

    subnet: str
    priority: int | None
    spelling: str

    def as_state(self) -> dict[str, Any]:
        return {"subnet": self.subnet, "priority": self.priority}


@dataclass(frozen=True)
class Change:
    """What brings the present networks to the wanted ones."""

    present: tuple[Network, ...]
    add: tuple[Network, ...]
    reprioritise: tuple[Network, ...]
    remove: tuple[Network, ...]

    @property
    def difference(self) -> Difference | None:
        """One for the whole list, its priorities as they will be."""
        if not (self.add or self.reprioritise or self.remove):
            return None
        changed = {network.subnet: network for network in self.reprioritise}
        kept = [changed.get(network.subnet, network) for network in self.present if network not in self.remove]
        return Difference("networks", _listed(self.present), _listed([*kept, *self.add]))

    def calls(self) -> Iterator[Call]:
        """Adds before it removes, so that the host is never without a network."""
        for number, network in enumerate(self.add):
            priority = {} if network.priority is None else {"Priority": network.priority}
            parameters = {"Subnet": network.subnet, **priority}
            yield Cmdlet(f"add{number}", "Add-VMMigrationNetwork", parameters, retry=_AFTER_ENABLING)
        for number, network in enumerate(self.reprioritise):
            parameters = {"Subnet": network.spelling, "NewPriority": network.priority}
            yield Cmdlet(f"priority{number}", "Set-VMMigrationNetwork", parameters)
        for number, network in enumerate(self.remove):
            yield Cmdlet(f"remove{number}", "Remove-VMMigrationNetwork", {"Subnet": network.spelling})


def refusals(networks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What no host takes as a migration network."""
    seen: dict[str, str] = {}
    for number, item in enumerate(networks):
        where, text, priority = f"networks[{number}]", item["subnet"], item["priority"]
        network = _parsed(text)
        if network is None:
            yield f"{where}.subnet: {text!r} is no subnet; wanted is an address with a prefix length, such as 10.0.0.0/24 or fd00::/64"
            continue
        if network.prefixlen == 0:
            yield f"{where}.subnet: {text!r} is every network; that is what use_any_network is for"
        if network.is_loopback or (network.version == 4 and network.is_link_local):
            yield f"{where}.subnet: {text!r} is a loopback or link-local network, which Hyper-V does not accept for live migration"
        if str(network) in seen:
            yield f"{where}.subnet: {text!r} is the same network as {seen[str(network)]!r}"
        if priority is not None and not 0 <= priority <= _HIGHEST_PRIORITY_NUMBER:
            yield f"{where}.priority: {priority} is not between 0 and {_HIGHEST_PRIORITY_NUMBER}"
        seen[str(network)] = text


def present(answers: Answers) -> tuple[Network, ...]:
    return tuple(Network(normal(row["Subnet"]), row["Priority"], row["Subnet"]) for row in answers.rows("networks"))


def compare(found: Sequence[Network], networks: Sequence[Mapping[str, Any]]) -> Change:
    """found: what the host has; networks: the option, without anything that `refusals` names."""
    wanted = {normal(item["subnet"]): item["priority"] for item in networks}
    kept: dict[str, Network] = {}
    remove = []
    for network in found:
        if network.subnet in wanted and network.subnet not in kept:
            kept[network.subnet] = network
        else:
            remove.append(network)
    return Change(
        present=tuple(found),
        add=tuple(Network(subnet, priority, subnet) for subnet, priority in wanted.items() if subnet not in kept),
        reprioritise=tuple(
            Network(subnet, wanted[subnet], network.spelling)
            for subnet, network in kept.items()
            if wanted[subnet] not in (None, network.priority)
        ),
        remove=tuple(remove),
    )


def normal(text: str) -> str:
    """The normal form of a subnet. A text that is none, which no host should have, stays as it is."""
    network = _parsed(text)
    return text if network is None else str(network)


def _parsed(text: str) -> IPv4Network | IPv6Network | None:
    """Host bits are masked off, because Add-VMMigrationNetwork refuses them; an address alone is a network of its own."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _listed(networks: Sequence[Network]) -> list[dict[str, Any]]:
    return [network.as_state() for network in networks]
