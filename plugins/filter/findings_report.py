# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: findings_report
short_description: One table of what the surveys of several hosts found
version_added: 0.1.0
description:
  - Turns the results of M(winstack.hyperv.win_hv_host) or M(winstack.hyperv.win_hv_preflight) of several hosts into one table, the
    critical findings first, and counts them.
  - Adds what only shows when several hosts are looked at together, such as hosts that report the same storage to nova.
positional: _input
options:
  _input:
    description: The results by host.
    type: dict
    required: true
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ ({'hv01': survey} | winstack.hyperv.findings_report).lines }}"
"""

RETURN = r"""
_value:
  description: The table and the counts.
  type: dict
  contains:
    lines:
      description: The table, one line an item.
      type: list
      elements: str
    critical:
      description: How many findings are critical.
      type: int
    hosts:
      description: The hosts that have a critical finding.
      type: list
      elements: str
"""

from collections.abc import Mapping  # noqa: E402
from typing import Any  # noqa: E402

from ..module_utils.storage.shared_instance_storage import overcommit  # noqa: E402

_ALL = "several hosts"
_ORDER = ("critical", "warning", "information")


def findings_report(surveys: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Rows sorted by severity, then host; what is fine is not in the table."""
    rows = [(finding, host) for host, survey in surveys.items() for finding in survey.get("findings", ())]
    rows += [(finding.as_dict(), _ALL) for finding in overcommit(_instance_paths(surveys))]
    rows.sort(key=lambda row: (_ORDER.index(row[0]["severity"]), row[1], row[0]["name"]))
    hosts = list(dict.fromkeys(host for finding, host in rows if finding["severity"] == "critical"))
    return {
        "lines": [_line(finding, host) for finding, host in rows],
        "critical": sum(finding["severity"] == "critical" for finding, host in rows),
        "hosts": hosts,
    }


def _instance_paths(surveys: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the hosts say of their instances' folder, for those that were asked."""
    sections = {host: survey.get("sections", {}).get("instance_paths") for host, survey in surveys.items()}
    return {host: section["instance_paths"] for host, section in sections.items() if section}


def _line(finding: Mapping[str, str], host: str) -> str:
    where = f"{host} | {finding['severity']} | {finding['name']} ({finding['target']})"
    return f"{where} | found: {finding['found']} | wanted: {finding['wanted']} | {finding['remediation']}"


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"findings_report": findings_report}
