# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_cluster_node
short_description: Start, drain or remove one node of a failover cluster
version_added: 0.2.0
description:
  - Brings a node up, pauses it with its virtual machines moved to other nodes, or removes it from the cluster.
  - A node is only paused or removed when the drain has really been completed; one that fails leaves the node in the cluster.
  - Run it on a node of the cluster. Removing another node needs rights on the network, so C(become=true) with C(become_method=runas) and a
    password; pausing and resuming do not.
options:
  name:
    description: The short name of the node. Left out, it is the host that the task runs on.
    type: str
  state:
    description:
      - V(up) resumes a paused node and waits for one that is joining. A cluster service that is stopped is started, which needs the task to
        run on that node itself.
      - V(paused) pauses the node. It stays paused through restarts.
      - V(absent) removes the node from the cluster. It is refused for the last node, and for the host that the task runs on, unless its
        cluster service is stopped and O(clear_configuration) is set.
    type: str
    choices: [up, paused, absent]
    default: up
  drain:
    description: With V(paused) and V(absent), whether the virtual machines are moved to other nodes first, and waited for.
    type: bool
    default: true
  failback:
    description: With V(up), whether what was moved away comes back at once.
    type: bool
    default: true
  evict_down:
    description: With V(absent), whether a node that is down may be removed. It keeps its configuration until C(Clear-ClusterNode) is run
      on it.
    type: bool
    default: false
  clear_configuration:
    description:
      - With V(absent), on the host itself while its cluster service is stopped, whether it forgets the cluster it was in.
      - For a node that was evicted while it was down, or that a failed creation left behind. The host cannot tell whether the cluster
        still counts it as a node, so look there first.
    type: bool
    default: false
  wait_seconds:
    description: How long to wait for the node to be up, and for the end of a drain that Windows reports after the pause.
    type: int
    default: 300
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_cluster
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Move everything away before an update
  winstack.hyperv.win_hv_cluster_node:
    state: paused

- name: Take part again
  winstack.hyperv.win_hv_cluster_node:
    state: up

- name: Let a host that was evicted while it was down forget its cluster, so that it can be added again
  winstack.hyperv.win_hv_cluster_node:
    state: absent
    clear_configuration: true
  become: true
  become_method: ansible.builtin.runas
  vars:
    ansible_become_user: EXAMPLE\clusteradmin
    ansible_become_password: "{{ vault_cluster_password }}"

- name: Remove a node for good
  winstack.hyperv.win_hv_cluster_node:
    name: hv03
    state: absent
  delegate_to: hv01
  become: true
  become_method: ansible.builtin.runas
  vars:
    ansible_become_user: EXAMPLE\clusteradmin
    ansible_become_password: "{{ vault_cluster_password }}"
"""

RETURN = r"""
cluster_node:
  description: The node after the task.
  returned: success
  type: dict
  contains:
    name:
      description: The name of the node, in the cluster's spelling.
      type: str
      sample: HV01
    state:
      description: One of Up, Down, Paused, Joining, Unknown; null where it is no node.
      type: str
      sample: Paused
    drain_status:
      description: One of NotInitiated, InProgress, Completed, Failed; null where it is no node.
      type: str
      sample: Completed
    local_state:
      description: The state of the cluster service on the host that the task runs on, as M(winstack.hyperv.win_hv_cluster) returns it.
      type: int
      sample: 19
    cluster:
      description: The name of the cluster; null where the cluster service does not run.
      type: str
      sample: CL1
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: state, before: Up, after: Paused}]
"""
