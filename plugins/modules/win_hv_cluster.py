# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_cluster
short_description: Create a failover cluster once, and add nodes to it
version_added: 0.2.0
description:
  - Creates a failover cluster with all of its nodes in one step, without storage, and waits until it answers and every node is up.
  - In a cluster that is there already, adds the nodes that it lacks, in one step. Nothing is ever evicted, not even a node that is down,
    and a cluster is never made anew.
  - Run it on one node; P(winstack.hyperv.cluster_executor#filter) says on which. Every node finds the cluster again.
  - Reading needs no rights on the network. Creating and adding log on to the other nodes and to Active Directory, so these need
    C(become=true) with C(become_method=runas) and the password of a domain account that is a local administrator on every node.
options:
  name:
    description:
      - The name of the cluster, at most 15 characters, without a domain.
      - A host that is in another cluster is refused.
    type: str
    required: true
  nodes:
    description:
      - The short computer names of all nodes, at most 15 characters each. The host on which the task runs must be one of them.
      - Nodes of the cluster that are not listed are left alone, and named in a warning.
    type: list
    elements: str
    required: true
  static_addresses:
    description:
      - The addresses of the cluster, one for each network without DHCP whose subnet O(ignore_networks) does not name.
      - They count when the cluster is created, and never later.
    type: list
    elements: str
    default: []
  ignore_networks:
    description: Subnets without DHCP in which the cluster is to have no address, such as C(10.0.1.0/24). They count when it is created.
    type: list
    elements: str
    default: []
  unit:
    description:
      - The distinguished name of the organizational unit for the cluster's computer object, such as C(OU=Clusters,DC=example,DC=org). It
        counts when the cluster is created.
      - Left out, Windows puts it where the computer object of the node is, or takes the disabled object of that name that was made
        beforehand.
    type: str
  access_point:
    description:
      - Where the cluster's name is registered. It counts when the cluster is created.
      - V(dns) needs no computer object, but live migration then lacks Kerberos; keep the default for compute nodes.
    type: str
    choices: [active_directory_and_dns, dns]
    default: active_directory_and_dns
  create:
    description: Whether the cluster may be created when this host is in none. With V(false) such a host is refused.
    type: bool
    default: true
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_cluster_survey
  - module: winstack.hyperv.win_hv_cluster_node
  - plugin: winstack.hyperv.cluster_executor
    plugin_type: filter
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: A cluster of three nodes
  winstack.hyperv.win_hv_cluster:
    name: CL1
    nodes: [hv01, hv02, hv03]
    static_addresses: [10.0.0.50]
    unit: OU=Clusters,DC=example,DC=org
  become: true
  become_method: ansible.builtin.runas
  vars:
    ansible_become_user: EXAMPLE\clusteradmin
    ansible_become_password: "{{ vault_cluster_password }}"
  when: inventory_hostname == executor.host
"""

RETURN = r"""
cluster:
  description: What the host knows of its cluster after the task.
  returned: success
  type: dict
  contains:
    local_state:
      description: V(0) the feature is not installed, V(1) in no cluster, V(3) in a cluster whose service is stopped here,
        V(19) in a cluster whose service runs here.
      type: int
      sample: 19
    name:
      description: The name of the cluster; null unless the cluster service runs.
      type: str
      sample: CL1
    id:
      description: The cluster's id.
      type: str
      sample: 5c1e7a3f-6f0f-4d3e-9b8e-0c7a0b1d2e3f
    functional_level:
      description: The cluster's functional level.
      type: int
      sample: 11
    nodes:
      description: The nodes as this host sees them.
      type: list
      elements: dict
      contains:
        name:
          description: The name of the node.
          type: str
          sample: hv01
        state:
          description: One of Up, Down, Paused, Joining, Unknown.
          type: str
          sample: Up
        drain_status:
          description: One of NotInitiated, InProgress, Completed, Failed.
          type: str
          sample: NotInitiated
findings:
  description: Nodes that are down.
  returned: always
  type: list
  elements: dict
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: nodes, before: [hv01, hv02], after: [hv01, hv02, hv03]}]
"""
