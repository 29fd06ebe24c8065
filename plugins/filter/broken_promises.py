# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: broken_promises
short_description: What a host does not keep of what it was asked
version_added: 0.1.0
description:
  - Takes the result of M(winstack.hyperv.win_hv_host) in check mode, and lists every difference, every reason for a restart and
    every critical finding. A result that could not be read is one broken promise, its message.
positional: _input
options:
  _input:
    description: The result.
    type: dict
    required: true
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Every promise is kept
  ansible.builtin.assert:
    that: verification | winstack.hyperv.broken_promises | length == 0
"""

RETURN = r"""
_value:
  description: One line a broken promise; empty when all are kept.
  type: list
  elements: str
"""

from collections.abc import Mapping  # noqa: E402
from typing import Any  # noqa: E402


def broken_promises(result: Mapping[str, Any]) -> list[str]:
    """What is left to do on a host, in words."""
    if "sections" not in result:
        return [str(result.get("msg", "the host gave no answer"))]
    differences = [f"{item['path']} is {item['before']!r}, wanted {item['after']!r}" for item in result["differences"]]
    restarts = [f"a restart is due: {reason}" for reason in result["reboot_reasons"]]
    findings = [
        f"{finding['name']} ({finding['target']}): found {finding['found']}, wanted {finding['wanted']}. {finding['remediation']}"
        for finding in result["findings"]
        if finding["severity"] == "critical"
    ]
    return [*differences, *restarts, *findings]


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"broken_promises": broken_promises}
