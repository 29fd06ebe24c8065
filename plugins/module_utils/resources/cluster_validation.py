# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Microsoft's own validation of the nodes of a failover cluster. docs/resources/cluster_validation.md."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..plans import Finding, Plan


class ClusterValidation:
    """Runs Test-Cluster, which has no verdict in its output: a report for a person is all that it leaves."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        parameters = {"Node": options["nodes"], "Include": options["include"], "Ignore": options["ignore"]}
        named = {"ReportName": options["report_name"]} if options["report_name"] else {}
        given = {name: value for name, value in parameters.items() if value}
        return [Cmdlet("report", "Test-Cluster", {**given, **named}, ("FullName",))]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        if answers["report"].missing_command:
            return Plan(findings=(_not_installed(),), state={"report": None})
        return Plan(state={"report": answers.row("report")["FullName"]})


RESOURCE = ClusterValidation()


def _not_installed() -> Finding:
    return Finding(
        "cluster_tools", "critical", "Test-Cluster", "no such cmdlet", "the feature RSAT-Clustering-PowerShell",
        "Add Failover-Clustering and RSAT-Clustering-PowerShell to the features of this host.",
    )
