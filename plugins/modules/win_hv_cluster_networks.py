# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_cluster_networks
short_description: Set the names, roles and order of a failover cluster's networks
version_added: 0.2.0
description:
  - Sets names, roles and metrics of a failover cluster's networks, which of them live migration uses in which order, and how many live
    migrations a node takes part in at the same time.
  - Networks are found by their subnets; Windows makes one of every subnet in which the nodes have adapters, and numbers them in no
    particular order. A network that is not named is left alone, and so is an option that is left out.
  - Run it on one node. These are settings of the cluster, and need no rights on the network.
options:
  networks:
    description: The networks to set. A subnet that the cluster does not have is a critical finding, which lists those that it has.
    type: list
    elements: dict
    suboptions:
      subnet:
        description: An IPv4 or IPv6 subnet with its prefix length. Bits beyond the prefix are ignored.
        type: str
        required: true
      name:
        description: The name of the network, for people.
        type: str
      role:
        description:
          - What the cluster may use it for, nothing (V(none), for iSCSI), its own traffic (V(cluster)), or that and clients
            (V(cluster_and_client)).
        type: str
        choices: [none, cluster, cluster_and_client]
      metric:
        description: The lower, the more the cluster prefers it for its own traffic. Setting one ends the automatic choice.
        type: int
  live_migration_networks:
    description:
      - The subnets that live migration uses, the preferred one first, exactly these. All other networks are excluded.
      - They replace the networks of each host (M(winstack.hyperv.win_hv_live_migration)) for virtual machines of the cluster.
      - A network that is added to the cluster later is used as well, until the next run excludes it.
    type: list
    elements: str
  maximum_parallel_migrations:
    description:
      - How many live migrations a node takes part in at the same time, at least one. It overrides the limit of each host.
      - Came to Windows Server 2022 with the update of September 2022; refused on a cluster that does not have it.
    type: int
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_cluster
  - module: winstack.hyperv.win_hv_live_migration
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Three networks, live migration on its own one first
  winstack.hyperv.win_hv_cluster_networks:
    networks:
      - subnet: 10.0.0.0/24
        name: Management
        role: cluster_and_client
      - subnet: 10.0.1.0/24
        name: Live Migration
        role: cluster
      - subnet: 10.0.2.0/24
        name: iSCSI
        role: none
    live_migration_networks: [10.0.1.0/24, 10.0.0.0/24]
    maximum_parallel_migrations: 2
"""

RETURN = r"""
cluster_networks:
  description: The networks after the task.
  returned: success
  type: dict
  contains:
    networks:
      description: All networks of the cluster; empty on a host that is in no running cluster.
      type: list
      elements: dict
      sample:
        - {id: 4c4f44b1-833f-4b01-a963-692b6872a1a6, name: Management, subnets: [10.0.0.0/24], role: cluster_and_client, metric: 70240,
           auto_metric: true, state: Up}
    live_migration_networks:
      description: The subnets that live migration uses, the preferred one first.
      type: list
      elements: str
      sample: [10.0.1.0/24, 10.0.0.0/24]
    maximum_parallel_migrations:
      description: The limit; null where the cluster has no such setting.
      type: int
      sample: 2
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: maximum_parallel_migrations, before: 1, after: 2}]
findings:
  description: Subnets that the cluster does not have, each with name, severity, target, found, wanted and remediation.
  returned: success
  type: list
  elements: dict
  sample: []
reboot_required:
  description: Whether a restart of the host is due; never.
  returned: success
  type: bool
  sample: false
reboot_reasons:
  description: Why a restart is due; always empty.
  returned: success
  type: list
  elements: str
  sample: []
"""
