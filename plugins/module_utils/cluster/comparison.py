# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between hosts that are to be nodes of one cluster. Each difference names both hosts and both values.

The value that most hosts have is taken for the right one, so one odd host makes one finding. docs/resources/cluster_survey.md says why each
difference has its severity.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..plans import Finding, Severity
from .clock import TOLERANCE, certain_skew, middle

_SAME = "the same on all nodes"

State = Mapping[str, Any]


@dataclass(frozen=True)
class _Rule:
    """value: what is compared, None where a host has no answer; such a host is left out of this rule."""

    name: str
    severity: Severity
    value: Callable[[State], Any]
    remediation: str


_VALUES = (
    _Rule(
        "cluster_windows_build", "critical", lambda state: state["build"],
        "Nodes run one Windows Server release. Neighbouring releases mix only while a cluster is upgraded.",
    ),
    _Rule(
        "cluster_domain", "critical", lambda state: state["domain"] or "no domain",
        "Join all nodes to one domain: the cluster's name is an object of it, and live migration needs it.",
    ),
    _Rule(
        "cluster_system_drive", "critical", lambda state: state["system_drive"].upper(),
        "Cluster shared volumes are mounted below the system drive, whose letter must be the same on all nodes.",
    ),
    _Rule("cluster_windows_update", "warning", lambda state: state["update"], "Bring all nodes to the same update."),
    _Rule("cluster_installation", "warning", lambda state: state["installation"], "Install the same kind of Windows Server everywhere."),
    _Rule("cluster_san_policy", "warning", lambda state: state["san_policy"], "Set one policy (win_hv_storage, san_policy)."),
)
_EDITION = "Install one edition on all nodes; Storage Spaces Direct and guarded hosts need Datacenter."

_SETS = (
    _Rule(
        "cluster_switches", "critical", lambda state: state["switches"],
        "A virtual machine that moves looks for a switch of the same name. Give the switches of all nodes the same names.",
    ),
    _Rule("cluster_features", "warning", lambda state: state["features"], "Install the same features on all nodes (win_hv_features)."),
    _Rule("cluster_adapters", "warning", lambda state: state["adapters"], "Give the same adapter the same name on all nodes."),
    _Rule(
        "cluster_subnets", "warning", lambda state: [entry["subnet"] for entry in state["subnets"]],
        "Every network of the cluster should reach every node.",
    ),
)


def compare(states: Mapping[str, State], *, same_edition: bool = False) -> list[Finding]:
    """The findings of hosts looked at together, critical ones first. same_edition: another edition is critical."""
    edition = _Rule("cluster_edition", "critical" if same_edition else "warning", lambda state: state["edition"], _EDITION)
    findings = [
        *_same_name(states),
        *_clusters(states),
        *(finding for rule in (*_VALUES, edition) for finding in _values(rule, states)),
        *(finding for rule in _SETS for finding in _sets(rule, states)),
        *_clocks(states),
    ]
    return sorted(findings, key=lambda finding: (finding.severity != "critical", finding.name, finding.target))


def _values(rule: _Rule, states: Mapping[str, State]) -> Iterator[Finding]:
    values = {host: rule.value(state) for host, state in states.items() if rule.value(state) is not None}
    for host, usual in _odd(values):
        found = f"{values[host]} on {host}, {values[usual]} on {usual}"
        yield Finding(rule.name, rule.severity, f"{host} and {usual}", found, _SAME, rule.remediation)


def _sets(rule: _Rule, states: Mapping[str, State]) -> Iterator[Finding]:
    """Names of a kind that are missing on one of two hosts; the others are not shown."""
    values = {host: frozenset(rule.value(state)) for host, state in states.items() if rule.value(state) is not None}
    for host, usual in _odd(values):
        found = "; ".join([
            *_only(values[host] - values[usual], host, usual),
            *_only(values[usual] - values[host], usual, host),
        ])
        yield Finding(rule.name, rule.severity, f"{host} and {usual}", found, _SAME, rule.remediation)


def _only(names: Collection[str], host: str, other: str) -> Iterator[str]:
    if names:
        yield f"{', '.join(sorted(names))} on {host}, but not on {other}"


def _odd(values: Mapping[str, Hashable]) -> Iterator[tuple[str, str]]:
    """Each host that has not the value that most have, with the first host that has; of equally common values the first host's counts."""
    if not values:
        return
    hosts = sorted(values)
    common = Counter(values.values())
    usual = max(hosts, key=lambda host: common[values[host]])
    for host in hosts:
        if values[host] != values[usual]:
            yield host, usual


def _same_name(states: Mapping[str, State]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for host in sorted(states):
        name = states[host]["computer_name"]
        other = first.setdefault(name.lower(), host)
        if other != host:
            yield Finding(
                "cluster_computer_name", "critical", f"{host} and {other}", f"the computer name {name} on both", "a name of its own each",
                "Rename one of them, or correct the inventory if both are the same computer.",
            )


def _clusters(states: Mapping[str, State]) -> Iterator[Finding]:
    """Hosts of different clusters. Two clusters of one name are told apart by their ids."""
    seen = {host: state["cluster"] for host, state in states.items() if state["cluster"]["id"] is not None}
    for host, usual in _odd({host: cluster["id"] for host, cluster in seen.items()}):
        found = "; ".join(f"{name} is in {seen[name]['name']} ({seen[name]['id']})" for name in (host, usual))
        yield Finding(
            "cluster_membership", "critical", f"{host} and {usual}", found, "one cluster",
            "Remove the host from the inventory's group, or take it out of its cluster first; a node is never moved from one to another.",
        )


def _clocks(states: Mapping[str, State]) -> Iterator[Finding]:
    """Every host against the one in the middle, and the two ends against each other."""
    clocks = {host: state["clock"] for host, state in states.items()}
    hosts = sorted(clocks, key=lambda host: (middle(clocks[host]), host))
    if len(hosts) < 2:
        return
    centre = hosts[len(hosts) // 2]
    pairs = [(host, centre) for host in sorted(hosts) if certain_skew(clocks[host], clocks[centre]) > TOLERANCE]
    ends = (hosts[0], hosts[-1])
    if not pairs and certain_skew(clocks[ends[0]], clocks[ends[1]]) > TOLERANCE:
        pairs = [ends]
    for one, other in pairs:
        seconds = round(certain_skew(clocks[one], clocks[other]))
        yield Finding(
            "cluster_time", "critical", f"{one} and {other}",
            f"clocks at least {seconds} seconds apart: {clocks[one]['utc']} on {one}, {clocks[other]['utc']} on {other} (not read at once)",
            f"at most {TOLERANCE} seconds apart", "Set the time source (win_hv_time): Kerberos refuses what is further apart.",
        )
