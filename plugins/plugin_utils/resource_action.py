# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of every action: validates the task's options and drives the resources they name."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils import resources
from .batch import BatchFailed, batch_runner
from .engine import Outcome, Section, SectionFailed, drive
from .options import InvalidOptions, validated
from .reconnect import reconnector
from .results import failure_result, section_result


class ResourceAction(ActionBase):
    """An action for the one resource that a subclass names in RESOURCE."""

    RESOURCE = ""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        del tmp
        try:
            result.update(self.perform(task_vars))
        except SectionFailed as failure:
            result.update(failure_result(failure))
        except InvalidOptions as invalid:
            result.update(failed=True, msg=str(invalid))
        except BatchFailed as broken:
            result.update({**broken.result, "failed": True, "msg": str(broken)})
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def perform(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """The task's result. Raises InvalidOptions, SectionFailed or BatchFailed."""
        options = validated(resources.module(self.RESOURCE), self._task.args)
        section = Section(self.RESOURCE, resources.resource(self.RESOURCE), options)
        outcomes = self.drive([section], options, task_vars)
        return section_result(self.RESOURCE, outcomes[self.RESOURCE])

    def drive(self, sections: Sequence[Section], options: Mapping[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Outcome]:
        """Runs the sections with this task's check mode and its `on_critical` option."""
        return drive(
            sections,
            batch_runner(self, task_vars),
            check_mode=self._task.check_mode,
            report_only=options.get("on_critical") == "report",
            reconnect=reconnector(self._connection),
        )
