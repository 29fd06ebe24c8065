# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one way every setting goes: read, plan, stop here in check mode, apply, read back.

All sections are read in one batch and applied in one batch, so their number does not change the number of remote calls.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ..module_utils.calls import Call, prefixed
from ..module_utils.plans import Difference, Finding, Plan, Resource
from ..module_utils.undo import Undo
from .batch import BatchFailed, ConnectionLost, RunBatch
from .reconnect import NotBack, Reconnect

# How long the host may need, once its undo is due, to carry it out and to answer again.
UNDO_TAKES = 120


@dataclass(frozen=True)
class Section:
    """One resource with its validated options."""

    name: str
    resource: Resource
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of one section: the plan it started from, and the plan that was left when all was done."""

    planned: Plan
    final: Plan

    @property
    def changed(self) -> bool:
        return bool(self.planned.differences)

    @property
    def reboot(self) -> tuple[str, ...]:
        return _union(self.planned.reboot, self.final.reboot)

    @property
    def warnings(self) -> tuple[str, ...]:
        return _union(self.planned.warnings, self.final.warnings)


class SectionFailed(Exception):
    """A section could not be read, applied or verified. `section`, `call` and `error` say where; nothing is hidden in the text."""

    def __init__(self, section: str, message: str, call: str = "", error: CmdletError | None = None) -> None:
        super().__init__(f"{section}: {message}")
        self.section = section
        self.call = call
        self.error = error


def drive(
    sections: Sequence[Section], run: RunBatch, *, reconnect: Reconnect, check_mode: bool, report_only: bool = False
) -> dict[str, Outcome]:
    """Brings every section to its wanted state, or in check mode says what that would take.

    report_only: in check mode, critical findings and refusals do not raise; used to gather the findings of all hosts first.
    reconnect: how to come back to a host after a change that may have cut the connection.
    """
    plans = _plan_all(sections, run)
    if not (check_mode and report_only):
        _refuse(plans)
    outcomes = {name: Outcome(plan, plan) for name, plan in plans.items()}
    if check_mode:
        return outcomes
    _require_no_blockers(plans)
    pending = [section for section in sections if plans[section.name].calls]
    if not pending:
        return outcomes
    _apply([section for section in pending if not plans[section.name].undo], plans, run)
    for section in pending:
        if undo := plans[section.name].undo:
            _apply_with_undo(section, plans[section.name], undo, run, reconnect)
    after = _plan_all(pending, run, [prefixed(call, section.name) for section in pending for call in plans[section.name].settle])
    for section in pending:
        plan = after[section.name]
        _require_taken(section.name, plan.differences)
        plan = replace(plan, warnings=_union(plan.warnings, _side_effects(section, plans[section.name], plan)))
        outcomes[section.name] = replace(outcomes[section.name], final=plan)
    return outcomes


def critical(plan: Plan) -> list[Finding]:
    """The findings that stop a play; a refusal counts as one."""
    return [finding for finding in plan.findings if finding.severity == "critical"]


def _plan_all(sections: Sequence[Section], run: RunBatch, before: Sequence[Call] = ()) -> dict[str, Plan]:
    """before: calls that come ahead of the reading, whatever becomes of them."""
    calls = [prefixed(call, section.name) for section in sections for call in section.resource.read(section.options)]
    answers = run([*before, *calls], False)
    return {section.name: _plan(section, answers.section(section.name)) for section in sections}


def _plan(section: Section, answers: Answers) -> Plan:
    try:
        return section.resource.plan(section.options, answers)
    except CallFailed as failure:
        raise SectionFailed(section.name, f"cannot be read: {failure}", failure.call, failure.error) from failure


def _refuse(plans: Mapping[str, Plan]) -> None:
    for name, plan in plans.items():
        reasons = [*plan.refusals, *map(str, critical(plan))]
        if reasons:
            raise SectionFailed(name, "; ".join(reasons))


def _require_no_blockers(plans: Mapping[str, Plan]) -> None:
    for name, plan in plans.items():
        if plan.differences and plan.blockers:
            raise SectionFailed(name, f"cannot be changed yet: {'; '.join(plan.blockers)}")


def _apply(sections: Sequence[Section], plans: Mapping[str, Plan], run: RunBatch) -> None:
    calls: list[Call] = [prefixed(call, section.name) for section in sections for call in plans[section.name].calls]
    if not calls:
        return
    failed = run(calls, True).failed()
    if failed:
        resources = {section.name: section.resource for section in sections}
        raise _apply_failure(failed[0], {call.id: call for call in calls}, resources)


def _apply_with_undo(section: Section, plan: Plan, undo: Undo, run: RunBatch, reconnect: Reconnect) -> None:
    """One section whose calls may cut the connection. Whatever became of it, only a host that answers again is spared its undo."""
    calls = [prefixed(call, section.name) for call in (*undo.arm(), *plan.calls)]
    try:
        answers = run(calls, True)
    except (ConnectionLost, BatchFailed):
        # The batch runs on to its end on the host; what it did is read back.
        answers = Answers()
    disarm = [prefixed(call, section.name) for call in undo.disarm()]
    try:
        disarmed = reconnect(lambda: run(disarm, False), undo.seconds + UNDO_TAKES)
    except NotBack as away:
        raise SectionFailed(section.name, (
            f"the change cut the connection, and the host does not answer again: {away}. Its undo was due {undo.seconds} seconds after the "
            "change. Look at its console"
        )) from away
    disarmed = disarmed.section(section.name)
    if undo.still_armed(disarmed):
        raise SectionFailed(section.name, "the undo on the host cannot be disarmed", "undo_remove", disarmed["undo_remove"].error)
    if failed := answers.failed():
        raise _apply_failure(failed[0], {call.id: call for call in calls}, {section.name: section.resource})
    if undo.fired(disarmed):
        raise SectionFailed(section.name, (
            f"the controller did not come back to the host within {undo.seconds} seconds after the change, so the host has undone it by "
            "itself; it answers again"
        ))


def _side_effects(section: Section, before: Plan, after: Plan) -> tuple[str, ...]:
    look = getattr(section.resource, "side_effects", None)
    return look(before.state, after.state) if look else ()


def _apply_failure(answer: Answer, calls: Mapping[str, Call], resources: Mapping[str, Resource]) -> SectionFailed:
    section, call_id = answer.id.split(".", 1)
    command = getattr(calls[answer.id], "name", type(calls[answer.id]).__name__)
    message = f"{command} failed in call '{call_id}': {answer.error}"
    if answer.exit_code is not None:
        message += f"; it printed: {answer.stdout.strip()} {answer.stderr.strip()}".rstrip()
    explain = getattr(resources[section], "explain", None)
    if explain and answer.error and (explanation := explain(answer.error)):
        message += f". {explanation}"
    return SectionFailed(section, message, call_id, answer.error)


def _require_taken(name: str, differences: Sequence[Difference]) -> None:
    if not differences:
        return
    left = ", ".join(f"{item.path} is {item.before!r}, wanted {item.after!r}" for item in differences)
    raise SectionFailed(name, f"every call succeeded, but the change did not take: {left}")


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *second]))
