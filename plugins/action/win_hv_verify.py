# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ..plugin_utils.batch import batch_runner
from ..plugin_utils.options import validated
from ..plugin_utils.resource_action import ResourceAction
from ..plugin_utils.sections import chosen
from ..plugin_utils.verify import verify


class ActionModule(ResourceAction):
    def perform(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        options = validated("win_hv_verify", self._task.args)
        given = list(options["sections"])
        # `only` may come out of a filter of sets, in any order.
        sections = sorted(chosen(options), key=lambda section: given.index(section.name))
        return verify(sections, batch_runner(self, task_vars), fail=options["on_broken"] == "fail")
