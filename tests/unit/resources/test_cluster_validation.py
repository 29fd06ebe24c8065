# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/cluster_validation.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import COMMAND_NOT_FOUND, Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.cluster_validation import RESOURCE

OPTIONS: dict[str, Any] = {"nodes": ["hv01", "hv02"], "include": [], "ignore": ["Storage"], "report_name": ""}
REPORT = r"C:\Windows\Cluster\Reports\first.htm"


@pytest.mark.parametrize(("options", "parameters"), [
    ({}, {"Node": ["hv01", "hv02"], "Ignore": ["Storage"]}),
    ({"ignore": []}, {"Node": ["hv01", "hv02"]}),
    ({"include": ["Inventory"], "ignore": [], "report_name": "first"},
     {"Node": ["hv01", "hv02"], "Include": ["Inventory"], "ReportName": "first"}),
])
def test_one_call_with_what_was_given(options: dict[str, Any], parameters: dict[str, Any]) -> None:
    assert RESOURCE.read({**OPTIONS, **options}) == [Cmdlet("report", "Test-Cluster", parameters, ("FullName",))]


def test_returns_the_report_and_changes_nothing() -> None:
    plan = RESOURCE.plan(OPTIONS, Answers({"report": Answer("report", ({"FullName": REPORT},))}))
    assert plan.state == {"report": REPORT}
    assert (plan.differences, plan.calls, plan.findings) == ((), (), ())


def test_says_what_is_missing_where_the_cmdlet_is_not_there() -> None:
    plan = RESOURCE.plan(OPTIONS, Answers({"report": Answer("report", error=CmdletError(COMMAND_NOT_FOUND, "no"))}))
    assert [(finding.name, finding.severity) for finding in plan.findings] == [("cluster_tools", "critical")]


def test_a_validation_that_could_not_run_is_an_error() -> None:
    with pytest.raises(CallFailed, match="RPC"):
        RESOURCE.plan(OPTIONS, Answers({"report": Answer("report", error=CmdletError("X", "RPC server is unavailable"))}))
