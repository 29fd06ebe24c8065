# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_findings
short_description: What differs between hosts that are to be nodes of one failover cluster
version_added: 0.2.0
description:
  - Takes the results of M(winstack.hyperv.win_hv_cluster_survey), or of M(winstack.hyperv.win_hv_host) with a section C(cluster_survey), of
    several hosts, and returns one finding for each difference. A finding names both hosts and both values.
  - The value that most hosts have is taken for the right one.
  - What makes a cluster impossible or unsafe is critical. These are another Windows build, domain, system drive letter, other names of
    virtual switches, clocks that are certainly more than 300 seconds apart, two hosts of one computer name, and hosts of different
    clusters.
  - Another update level, kind of installation, SAN policy, set of features, adapter names and subnets are warnings.
positional: _input
options:
  _input:
    description: The results by host. A host that was not reached is left out.
    type: dict
    required: true
  same_edition:
    description: Whether another edition is critical instead of a warning, as Storage Spaces Direct and guarded hosts need it.
    type: bool
    default: false
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Survey every host
  winstack.hyperv.win_hv_cluster_survey:
  register: survey

- name: Look at them together
  ansible.builtin.set_fact:
    between_hosts: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'survey')))
      | winstack.hyperv.cluster_findings }}"
  run_once: true

- name: One table of all
  ansible.builtin.debug:
    msg: "{{ ({'several hosts': {'findings': between_hosts}} | winstack.hyperv.findings_report).lines }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The findings, critical ones first, in the form that P(winstack.hyperv.findings_report#filter) shows.
  type: list
  elements: dict
  contains:
    name:
      description: What differs, such as V(cluster_windows_build).
      type: str
    severity:
      description: One of critical, warning.
      type: str
    target:
      description: The two hosts.
      type: str
    found:
      description: Both values.
      type: str
    wanted:
      description: What should be there.
      type: str
    remediation:
      description: What to do about it.
      type: str
"""

from collections.abc import Mapping  # noqa: E402
from typing import Any  # noqa: E402

from ..module_utils.cluster.comparison import compare  # noqa: E402
from ..module_utils.cluster.surveys import surveys_of  # noqa: E402


def cluster_findings(results: Mapping[str, Any], same_edition: bool = False) -> list[dict[str, str]]:
    """The findings as dictionaries."""
    return [finding.as_dict() for finding in compare(surveys_of(results), same_edition=same_edition)]


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"cluster_findings": cluster_findings}
