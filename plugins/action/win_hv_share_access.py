# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from ..module_utils.answers import Answers
from ..module_utils.calls import Call, prefixed
from ..module_utils.storage import share_access
from ..module_utils.storage.share_access import Access, Target
from ..plugin_utils.batch import RunBatch, batch_runner
from ..plugin_utils.options import InvalidOptions, validated
from ..plugin_utils.resource_action import ResourceAction


class ActionModule(ResourceAction):
    """Looks, and outside of check mode tries: what it writes it takes away again, so there is nothing to plan and nothing to read back."""

    def perform(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        options = validated("win_hv_share_access", self._task.args)
        refused = list(share_access.refusals(options))
        if refused:
            raise InvalidOptions("; ".join(refused))
        found = _examine(options, batch_runner(self, task_vars), tries=options["probe"] and not self._task.check_mode)
        findings = [*share_access.unverified(options["unverified_accounts"]), *(finding for item in found for finding in item.findings)]
        critical = [str(finding) for finding in findings if finding.severity == "critical"]
        result = {
            "changed": any(item.left_behind for item in found),
            "findings": [finding.as_dict() for finding in findings],
            "share_access": [item.as_state() for item in found],
        }
        if critical and options["on_critical"] == "fail":
            result |= {"failed": True, "msg": "; ".join(critical)}
        return result


def _examine(options: Mapping[str, Any], run: RunBatch, *, tries: bool) -> list[Access]:
    first = run(share_access.read_first(options), False)
    targets = share_access.targets(options, first)
    found = {target: share_access.unreachable(target, options, first) for target in targets}
    reachable = [target for target in targets if found[target] is None]
    looked = run(_numbered(reachable, [share_access.look(target) for target in reachable]), False)
    for target in reachable:
        found[target] = share_access.judge(target, _of(target, looked))
    if tries:
        found.update(_try(found, looked, run))
    return [access for access in found.values() if access is not None]


def _try(found: Mapping[Target, Access | None], looked: Answers, run: RunBatch) -> dict[Target, Access]:
    """Writes where reading works."""
    name = f"{share_access.PROBE_PREFIX}{secrets.token_hex(8)}"
    readable = {target: access for target, access in found.items() if access is not None and access.readable}
    probed = run(_numbered(list(readable), [share_access.probe(target, name) for target in readable]), False)
    return {
        target: share_access.judge_probe(access, _of(target, looked), _of(target, probed), name) for target, access in readable.items()
    }


def _numbered(targets: Sequence[Target], calls: Sequence[Sequence[Call]]) -> list[Call]:
    return [prefixed(call, str(target.number)) for target, group in zip(targets, calls, strict=True) for call in group]


def _of(target: Target, answers: Answers) -> Answers:
    return answers.section(str(target.number))
