# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ..module_utils import resources
from ..plugin_utils.engine import Section
from ..plugin_utils.options import InvalidOptions, validated
from ..plugin_utils.resource_action import ResourceAction
from ..plugin_utils.results import host_result


class ActionModule(ResourceAction):
    def perform(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        options = validated("win_hv_host", self._task.args)
        wanted = options["only"] if options["only"] is not None else list(options["sections"])
        sections = [_section(name, options["sections"]) for name in wanted]
        return host_result(self.drive(sections, options, task_vars))


def _section(name: str, given: dict[str, Any]) -> Section:
    if name not in given:
        raise InvalidOptions(f"only: '{name}' is not among the sections given: {', '.join(given)}")
    if name not in resources.sections():
        raise InvalidOptions(f"sections: unknown section '{name}'; known are: {', '.join(resources.sections())}")
    options = validated(resources.module(name), given[name] or {}, where=f"sections.{name}: ")
    return Section(name, resources.resource(name), options)
