# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_executor
short_description: Which host acts for a failover cluster, and whether it may be created
version_added: 0.2.0
description:
  - Takes the results of M(winstack.hyperv.win_hv_cluster_survey), or of M(winstack.hyperv.win_hv_host) with a section C(cluster_survey), of
    several hosts, and names the one that runs what concerns the whole cluster.
  - The first host that is in the cluster and itself up comes first, then one that is paused.
  - Where no host is in the cluster, the first host that can create it is named, but only if every member answered and none of them is in
    any cluster. A host that did not answer may be in the cluster, so it is never created then; neither beside a stopped cluster service.
positional: _input
options:
  _input:
    description: The results by host.
    type: dict
    required: true
  members:
    description: All hosts that are to be nodes, also those that are not in this play, in order.
    type: list
    elements: str
    required: true
  name:
    description: The name of the cluster.
    type: str
    required: true
  leaving:
    description: Computer names of nodes that are to be removed. They are not named in the choice's C(nodes).
    type: list
    elements: str
    default: []
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Who acts
  ansible.builtin.set_fact:
    executor: "{{ surveys | winstack.hyperv.cluster_executor(members=groups['hyperv_cluster'], name='CL1') }}"

- name: Create the cluster, or add nodes
  winstack.hyperv.win_hv_cluster:
    name: CL1
    nodes: "{{ executor.nodes }}"
    create: "{{ executor.may_create }}"
  when: inventory_hostname == executor.host
"""

RETURN = r"""
_value:
  description: The choice.
  type: dict
  contains:
    host:
      description: The host that acts; null where none may.
      type: str
    may_create:
      description: Whether that host may create the cluster.
      type: bool
    reason:
      description: Why, in words.
      type: str
    nodes:
      description: Computer names for O(winstack.hyperv.win_hv_cluster#module:nodes). They are the nodes that the cluster has, and all hosts
        that answered.
      type: list
      elements: str
    joined:
      description: The hosts that are in the cluster.
      type: list
      elements: str
    outside:
      description: The hosts that are in no cluster.
      type: list
      elements: str
    silent:
      description: The members that did not answer.
      type: list
      elements: str
"""

from collections.abc import Mapping, Sequence  # noqa: E402
from dataclasses import asdict  # noqa: E402
from typing import Any  # noqa: E402

from ..module_utils.cluster.executor import choose  # noqa: E402
from ..module_utils.cluster.surveys import surveys_of  # noqa: E402


def cluster_executor(results: Mapping[str, Any], members: Sequence[str], name: str, leaving: Sequence[str] = ()) -> dict[str, Any]:
    """The choice, its tuples as the lists that a playbook expects."""
    choice = asdict(choose(surveys_of(results), members, name, leaving))
    return {key: list(value) if isinstance(value, tuple) else value for key, value in choice.items()}


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"cluster_executor": cluster_executor}
