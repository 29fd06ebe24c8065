# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ..plugin_utils.options import validated
from ..plugin_utils.resource_action import ResourceAction
from ..plugin_utils.results import host_result
from ..plugin_utils.sections import chosen


class ActionModule(ResourceAction):
    def perform(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        options = validated("win_hv_host", self._task.args)
        return host_result(self.drive(chosen(options), options, task_vars))
