# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The promises of a host as rows: of sections that have a second path and of those that are only read."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .answers import Answers, CallFailed
from .calls import Call
from .plans import Finding, Plan, Promise, Resource

READ = "read as before a change"
# Of a value, and of its column: what is longer than the latter pushes the path to the right.
_WIDEST, _COLUMN = 48, 20


@dataclass(frozen=True)
class Row:
    """One promise of a section. remark: what to do about it, or why nothing was seen."""

    section: str
    promise: Promise
    remark: str = ""

    @property
    def name(self) -> str:
        return f"{self.section}.{self.promise.name}"

    def as_dict(self) -> dict[str, Any]:
        return {"section": self.section, **asdict(self.promise)}

    def __str__(self) -> str:
        found = "shows nothing" if self.promise.found is None else f"is {self.promise.found!r}"
        said = f"{self.name} {found}, wanted {self.promise.wanted!r}, seen by {self.promise.seen_by}"
        return f"{said}. {self.remark}" if self.remark else said


@dataclass(frozen=True)
class Seen:
    """What is known of one section."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...] = ()


def evidence_calls(resource: Resource, options: Mapping[str, Any]) -> list[Call]:
    """The calls that see the promises of a section; for a resource without a second path, those that read it."""
    evidence = getattr(resource, "evidence", None)
    calls: list[Call] = evidence(options) if evidence else resource.read(options)
    return calls


def see(section: str, resource: Resource, options: Mapping[str, Any], answers: Answers) -> Seen:
    """The rows of one section. A call that failed and that it cannot do without is a broken promise."""
    promises = getattr(resource, "promises", None)
    try:
        if not promises:
            plan = resource.plan(options, answers)
            return Seen(tuple(_plan_rows(section, plan)), plan.findings)
        return Seen(tuple(Row(section, item, _reason(item, answers)) for item in promises(options, answers)))
    except CallFailed as failure:
        return Seen((Row(section, Promise("answer", "an answer", None, READ if not promises else "its evidence", False), str(failure)),))


def table(rows: Sequence[Row]) -> list[str]:
    """One line a promise, in columns: kept or not, its name, what was found, and by which path."""
    cells = [("kept" if row.promise.kept else "BROKEN", row.name, _value(row.promise), row.promise.seen_by) for row in rows]
    longest = [max((len(line[column]) for line in cells), default=0) for column in range(3)]
    widths = (longest[0], longest[1], min(longest[2], _COLUMN))
    return [" | ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]) for line in cells]


def _plan_rows(section: str, plan: Plan) -> Iterator[Row]:
    """What a plan leaves open; one row that says so when it leaves nothing open."""
    critical = [finding for finding in plan.findings if finding.severity == "critical"]
    if not (plan.differences or plan.reboot or plan.refusals or critical):
        yield Row(section, Promise("all", "as wanted", "as wanted", READ, True))
    for difference in plan.differences:
        yield Row(section, Promise(difference.path, difference.after, difference.before, READ, False))
    for reason in plan.reboot:
        yield Row(section, Promise("restart", "none due", reason, READ, False))
    for refusal in plan.refusals:
        yield Row(section, Promise("options", "options that this host can fulfil", refusal, READ, False))
    for finding in critical:
        name = f"{finding.name} ({finding.target})"
        yield Row(section, Promise(name, finding.wanted, finding.found, READ, False), finding.remediation)


def _reason(promise: Promise, answers: Answers) -> str:
    """Where a path shows nothing, the errors of the section's calls say why."""
    if promise.kept or promise.found is not None:
        return ""
    return "; ".join(f"call '{answer.id}' failed: {answer.error}" for answer in answers.failed())


def _value(promise: Promise) -> str:
    if promise.kept:
        return _short(promise.found)
    return f"{'nothing' if promise.found is None else _short(promise.found)}, wanted {_short(promise.wanted)}"


def _short(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST - 3]}..."


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value)) or "none"
    return "none" if value is None else str(value)
