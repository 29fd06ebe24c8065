# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machines of a lab as they see each other over the network.

A call on one machine runs under that machine's lock alone. It may look at another one, but never changes it: what the other one is to do
is left to it in the clusters' state (machine/clusters.py).
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .machine import Machine


def _always() -> bool:
    return True


class Peers:
    """`machine.peers`. Machines are found by computer name, with or without the domain, without regard to case."""

    def __init__(self) -> None:
        self._machines: list[tuple[Machine, Callable[[], bool]]] = []

    def add(self, machine: Machine, reachable: Callable[[], bool] = _always) -> None:
        """reachable: whether the network reaches it now; called from other machines' calls, so it takes no lock."""
        self._machines.append((machine, reachable))

    def __iter__(self) -> Iterator[Machine]:
        return iter([machine for machine, _unused in self._machines])

    def find(self, name: str) -> Machine | None:
        """The machine of that name, up or not."""
        wanted = name.lower()
        return next((item for item in self if wanted in (item.identity.computer_name.lower(), item.identity.full_name.lower())), None)

    def is_up(self, name: str) -> bool:
        """Whether a machine of that name runs and the network reaches it."""
        for machine, reachable in self._machines:
            if machine is self.find(name):
                return machine.booted and reachable()
        return False
