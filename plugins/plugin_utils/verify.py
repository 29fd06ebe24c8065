# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sees every promise of the sections in one remote batch that changes nothing."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.common.parameters import remove_values

from ..module_utils import resources
from ..module_utils.calls import prefixed
from ..module_utils.verification import evidence_calls, see, table
from .batch import RunBatch
from .engine import Section
from .options import secret_texts


def verify(sections: Sequence[Section], run: RunBatch, *, fail: bool) -> dict[str, Any]:
    """The result of win_hv_verify. fail: a broken promise fails the task."""
    calls = [prefixed(call, section.name) for section in sections for call in evidence_calls(section.resource, section.options)]
    answers = run(calls, False)
    found = [see(section.name, section.resource, section.options, answers.section(section.name)) for section in sections]
    rows = [row for item in found for row in item.rows]
    broken = [str(row) for row in rows if not row.promise.kept]
    result: Mapping[str, Any] = {
        "changed": False,
        "promises": [row.as_dict() for row in rows],
        "broken": broken,
        "findings": [finding.as_dict() for item in found for finding in item.findings],
        "table": table(rows),
    }
    failure = {"failed": True, "msg": f"{len(broken)} of {len(rows)} promises are broken: {'; '.join(broken)}"} if broken and fail else {}
    hidden = frozenset(text for section in sections for text in secret_texts(resources.module(section.name), section.options))
    return dict(remove_values({**result, **failure}, hidden))
