# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a resource found and what it would do: the result of its pure `plan` function."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from .answers import Answers
from .calls import Call
from .undo import Undo

MASK = "********"

Severity = Literal["critical", "warning", "information"]


@dataclass(frozen=True)
class Difference:
    """One setting that is not as wanted. `path` is dotted: `automatic_claim.iscsi`. A secret shows as MASK."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Finding:
    """Something about a host that a person must know; critical stops the play before anything is touched."""

    name: str
    severity: Severity
    target: str
    found: str
    wanted: str
    remediation: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.name} ({self.target}): found {self.found}, wanted {self.wanted}. {self.remediation}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Promise:
    """One setting, seen by another path than the one that set it. `name` is dotted like a Difference's path.

    seen_by: the path, for a person: `CIM Msvm_VirtualSystemManagementServiceSettingData`.
    found: None where that path shows nothing.
    """

    name: str
    wanted: Any
    found: Any
    seen_by: str
    kept: bool


@dataclass(frozen=True)
class Plan:
    """The differences of one resource and the calls that close them, in order.

    refusals: reasons why this cannot be done at all; nothing is applied then, and check mode fails too.
    blockers: what the host lacks before the calls can run (its role is not in effect yet). Check mode reports the
        differences all the same; applying fails and names the blocker.
    reboot: reasons why a restart of the host is due once the calls have run (also when there are no calls).
    undo: the calls may cut the connection that they come over; the host undoes them by itself unless the controller comes back.
    settle: calls that wait for what the calls set in motion. They run ahead of the reading back, in the same batch, and may fail: the
        reading back tells what has become of it.
    state: what was read, in the shape the module documents as its return value.
    """

    differences: tuple[Difference, ...] = ()
    calls: tuple[Call, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    reboot: tuple[str, ...] = ()
    undo: Undo | None = None
    settle: tuple[Call, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)


class Resource(Protocol):
    """One kind of Windows setting. Both methods are pure; the action runs the calls in between.

    A resource may also have `explain(error: CmdletError) -> str`: what a failed call means for an operator, or an empty string;
    `side_effects(before: Mapping, after: Mapping) -> tuple[str, ...]`: warnings of what else its calls changed, from the states of
    the plans before and after; and the pair `evidence(options) -> list[Call]` and `promises(options, answers) -> tuple[Promise, ...]`:
    calls that look at the same settings by another path than `read` and the plan's calls do, and what they show.
    """

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        """The calls that tell everything `plan` needs; none of them changes anything."""

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        """Compares what the host answered with what is wanted."""


def nested(differences: Iterable[Difference], side: Literal["before", "after"]) -> dict[str, Any]:
    """One side of the differences as a tree, for Ansible's diff: `a.b` becomes {"a": {"b": value}}."""
    tree: dict[str, Any] = {}
    for difference in differences:
        *parents, leaf = difference.path.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = getattr(difference, side)
    return tree
