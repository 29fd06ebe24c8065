# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shapes outcomes into the results that Ansible shows and playbooks register."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ..module_utils.plans import Finding, nested
from .engine import Outcome, SectionFailed


def section_result(name: str, outcome: Outcome) -> dict[str, Any]:
    """The result of one resource, as every module's RETURN documents it; diff is the form that --diff prints."""
    differences = outcome.planned.differences
    return {
        "changed": outcome.changed,
        "differences": [asdict(difference) for difference in differences],
        "diff": {"before": nested(differences, "before"), "after": nested(differences, "after")},
        "findings": [finding.as_dict() for finding in _findings(name, outcome)],
        "reboot_required": bool(outcome.reboot),
        "reboot_reasons": list(outcome.reboot),
        "warnings": list(outcome.warnings),
        name: dict(outcome.final.state),
    }


def host_result(outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """The result of win_hv_host: everything at the top, and each section's own result under `sections`."""
    sections = {name: section_result(name, outcome) for name, outcome in outcomes.items()}
    differences = [
        replace(difference, path=f"{name}.{difference.path}")
        for name, outcome in outcomes.items()
        for difference in outcome.planned.differences
    ]
    reboot = [f"{name}: {reason}" for name, outcome in outcomes.items() for reason in outcome.reboot]
    return {
        "changed": any(outcome.changed for outcome in outcomes.values()),
        "differences": [asdict(difference) for difference in differences],
        "diff": {"before": nested(differences, "before"), "after": nested(differences, "after")},
        "findings": [finding for result in sections.values() for finding in result["findings"]],
        "pending": [name for name, outcome in outcomes.items() if outcome.changed or outcome.reboot],
        "reboot_required": bool(reboot),
        "reboot_reasons": reboot,
        "warnings": [f"{name}: {warning}" for name, outcome in outcomes.items() for warning in outcome.warnings],
        "sections": {name: _without(result, "diff", "warnings") for name, result in sections.items()},
    }


def failure_result(failure: SectionFailed) -> dict[str, Any]:
    """A failed task that names the section, the call and Windows' error id."""
    result: dict[str, Any] = {"failed": True, "msg": str(failure), "section": failure.section}
    if failure.call:
        result["call"] = failure.call
    if failure.error:
        result["error"] = asdict(failure.error)
    return result


def _findings(name: str, outcome: Outcome) -> list[Finding]:
    refused = [
        Finding(f"{name} refused", "critical", name, "a wish that this host or release cannot fulfil", "another option", reason)
        for reason in outcome.final.refusals
    ]
    return [*outcome.final.findings, *refused]


def _without(result: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in keys}
