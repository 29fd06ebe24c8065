# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action of a configuration file: two of its states need no host at all."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..module_utils import resources
from ..module_utils.nova_conf.engine import Service
from ..module_utils.nova_conf.file_resource import parse_offline, render_offline
from .engine import Outcome, Section
from .options import InvalidOptions, validated
from .resource_action import ResourceAction


class ConfigurationAction(ResourceAction):
    """An action for the configuration file of SERVICE."""

    SERVICE: Service

    def perform(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        options = validated(resources.module(self.RESOURCE), self._task.args)
        try:
            if options["state"] == "rendered":
                # Whoever sets no_log on the task has asked for a result that nobody prints, so it may hold the secrets.
                return {"changed": False, **render_offline(self.SERVICE, options, reveal=bool(self._task.no_log))}
            if options["state"] == "parsed":
                return {"changed": False, **parse_offline(self.SERVICE, options)}
        except ValueError as problems:
            raise InvalidOptions(str(problems)) from problems
        return super().perform(task_vars)

    def drive(self, sections: Sequence[Section], options: Mapping[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Outcome]:
        """As always; the state read back cannot know that a backup was made on the way, so the plan says it."""
        outcomes = super().drive(sections, options, task_vars)
        return {name: _with_backup(outcome) for name, outcome in outcomes.items()}


def _with_backup(outcome: Outcome) -> Outcome:
    backup = outcome.planned.state.get("backup_file")
    if not backup:
        return outcome
    return replace(outcome, final=replace(outcome.final, state={**outcome.final.state, "backup_file": backup}))
