# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which host acts for the whole cluster, and whether the cluster may be created."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .membership import NOT_CONFIGURED, NOT_INSTALLED, PAUSED, RUNNING, UP

State = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """host: None where no host may act; reason says why, for a person.

    nodes: computer names for win_hv_cluster: what the cluster has already, and every host that answered.
    joined, outside, silent: the hosts in the cluster, in none, and without an answer.
    """

    host: str | None
    may_create: bool
    reason: str
    nodes: tuple[str, ...]
    joined: tuple[str, ...]
    outside: tuple[str, ...]
    silent: tuple[str, ...]


def choose(states: Mapping[str, State], members: Sequence[str], name: str, leaving: Sequence[str] = ()) -> Choice:
    """states: the surveys by host, of those that answered; members: every host that is to be a node, in order; name: the cluster's.

    leaving: computer names of nodes that are to be removed, so that they are not wanted as nodes.
    """
    answered = [host for host in members if host in states]
    joined = [host for host in answered if _in(states[host], name)]
    outside = [host for host in answered if states[host]["cluster"]["local_state"] in (NOT_INSTALLED, NOT_CONFIGURED)]
    silent = [host for host in members if host not in states]
    host, may_create, reason = _choose(states, members, name, joined, outside)
    known = states[host]["cluster"]["nodes"] if host else ()
    return Choice(
        host, may_create, reason,
        nodes=_unique([*(node["name"] for node in known), *(states[item]["computer_name"] for item in answered)], leaving),
        joined=tuple(joined), outside=tuple(outside), silent=tuple(silent),
    )


def _choose(
    states: Mapping[str, State], members: Sequence[str], name: str, joined: Sequence[str], outside: Sequence[str],
) -> tuple[str | None, bool, str]:
    for wanted in (UP, PAUSED):
        acting = next((host for host in joined if _own_state(states[host]) == wanted), None)
        if acting:
            return acting, False, f"{acting} is a node of {name} and {wanted.lower()}"
    if joined:
        return None, False, f"{', '.join(joined)}: in {name}, but none of them is up"
    others = [host for host in members if host not in outside]
    if others:
        reasons = "; ".join(_why(host, states) for host in others)
        return None, False, f"no host is known to be in {name}, and it must not be created: {reasons}"
    if not outside:
        return None, False, "there is no host"
    acting = next((host for host in outside if states[host]["cluster"]["local_state"] == NOT_CONFIGURED), outside[0])
    return acting, True, f"all hosts answered and none is in a cluster, so {acting} may create {name}"


def _in(state: State, name: str) -> bool:
    cluster = state["cluster"]
    return cluster["local_state"] == RUNNING and (cluster["name"] or "").lower() == name.lower()


def _own_state(state: State) -> str | None:
    """What the host's own cluster service says of the host."""
    own = state["computer_name"].lower()
    return next((node["state"] for node in state["cluster"]["nodes"] if node["name"].lower() == own), None)


def _why(host: str, states: Mapping[str, State]) -> str:
    if host not in states:
        return f"{host} did not answer, so it may be in a cluster"
    cluster = states[host]["cluster"]
    if cluster["local_state"] != RUNNING:
        return f"{host} is a node of a cluster whose service is stopped"
    if cluster["name"] is None:
        return f"{host} is a node of a cluster that does not answer"
    return f"{host} is in the cluster {cluster['name']}"


def _unique(names: Iterable[str], leaving: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in its first spelling, but those that leave."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.lower(), name)
    gone = {name.lower() for name in leaving}
    return tuple(name for key, name in first.items() if key not in gone)
