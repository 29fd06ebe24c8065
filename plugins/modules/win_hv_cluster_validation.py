# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_cluster_validation
short_description: Run Microsoft's validation of failover cluster nodes
version_added: 0.2.0
description:
  - Runs C(Test-Cluster) on this host for the given nodes and returns where its report is, for M(ansible.builtin.fetch) to bring.
  - The cmdlet gives no verdict. What the report says is for a person to read; the module fails only when the validation could not run.
  - It takes minutes, also in check mode, and never changes a setting. For its tests of cluster shared volumes Windows makes a local
    account C(CliTest2) for as long as they run.
  - It reaches the other nodes over the network, so run it under C(become) with C(runas) and an account that administers all of them.
options:
  nodes:
    description: The computer names of the nodes, members of a cluster or not yet.
    type: list
    elements: str
    required: true
  include:
    description: Only these tests, by category such as V(Inventory), V(Network), V(System Configuration), or by test.
    type: list
    elements: str
    default: []
  ignore:
    description:
      - Not these tests, by category or by test. The tests of storage take disks that are in use offline where they are forced to, so
        they are left out unless this says otherwise.
    type: list
    elements: str
    default: [Storage]
  report_name:
    description: The name of the report's file, without its ending. Left out, Windows makes one of the time.
    type: str
    default: ""
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_cluster
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Validate two nodes before they become a cluster
  winstack.hyperv.win_hv_cluster_validation:
    nodes: [hv01, hv02]
  become: true
  become_method: ansible.builtin.runas
  become_user: EXAMPLE\cluster-admin
  vars:
    ansible_become_password: "{{ vault_cluster_admin_password }}"
  register: validation

- name: Bring the report
  ansible.builtin.fetch:
    src: "{{ validation.cluster_validation.report }}"
    dest: reports/
    flat: true
"""

RETURN = r"""
cluster_validation:
  description: What the validation left.
  returned: success
  type: dict
  contains:
    report:
      description: The path of the report on the host.
      type: str
      sample: C:\Windows\Cluster\Reports\Validation Report 2026.11.21 At 12.00.00.htm
"""
