# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_cluster_survey
short_description: Read what a host brings to a failover cluster
version_added: 0.2.0
description:
  - Reads which cluster the host is in, how it sees the nodes, and everything that must be the same on all nodes. Never changes anything.
  - Needs no rights on the network and no feature; what is not there yet is null.
  - P(winstack.hyperv.cluster_findings#filter) compares the results of several hosts, P(winstack.hyperv.cluster_executor#filter) tells
    from them which host acts for the cluster.
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_cluster
  - plugin: winstack.hyperv.cluster_findings
    plugin_type: filter
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Survey a host
  winstack.hyperv.win_hv_cluster_survey:
  register: survey
"""

RETURN = r"""
findings:
  description: What shows on this host alone, such as a computer name that is too long or a stopped cluster service.
  returned: always
  type: list
  elements: dict
cluster_survey:
  description: The facts that were read.
  returned: success
  type: dict
  contains:
    computer_name:
      description: The name of the computer, without its domain.
      type: str
      sample: hv01
    cluster:
      description: What the host knows of its cluster, as M(winstack.hyperv.win_hv_cluster) returns it. C(problem) says why a running
        cluster service does not answer, and is null otherwise.
      type: dict
      sample: {local_state: 1, name: null, id: null, functional_level: null, nodes: [], problem: null}
    release:
      description: The Windows Server release; null for a build that this collection does not know.
      type: str
      sample: "2022"
    build:
      description: The Windows build.
      type: int
      sample: 20348
    update:
      description: The update level, the registry value C(UBR); null where there is none.
      type: int
      sample: 2113
    edition:
      description: The edition, as the registry value C(EditionID) names it.
      type: str
      sample: ServerDatacenter
    installation:
      description: The kind of installation, V(Server) or V(Server Core).
      type: str
      sample: Server Core
    domain:
      description: The DNS name of the domain; null outside of one.
      type: str
      sample: example.org
    system_drive:
      description: The drive of Windows.
      type: str
      sample: "C:"
    features:
      description: The names of the installed features; null without Server Manager.
      type: list
      elements: str
      sample: [Failover-Clustering, Hyper-V]
    switches:
      description: The names of the virtual switches; null while Hyper-V is not in effect.
      type: list
      elements: str
      sample: [external]
    adapters:
      description: The names of the physical network adapters.
      type: list
      elements: str
      sample: [Ethernet 1, Ethernet 2]
    subnets:
      description: The networks in which the host has an address, and the interface.
      type: list
      elements: dict
      sample: [{subnet: 10.0.0.0/24, interface: Ethernet 1}]
    san_policy:
      description: The policy for new disks.
      type: str
      sample: OfflineShared
    clock:
      description: The host's clock in UTC, and by how many seconds it is ahead of the controller's, at least and at most. The two differ
        by as long as the reading took.
      type: dict
      sample: {utc: "2026-11-21T12:00:00+00:00", ahead_at_least: -1.8, ahead_at_most: 1.1}
"""
