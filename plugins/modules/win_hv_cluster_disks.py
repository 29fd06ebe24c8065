# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_cluster_disks
short_description: Make disks cluster disks and cluster shared volumes
version_added: 0.2.0
description:
  - Brings disks that every node sees into a failover cluster, and makes cluster shared volumes of them; waits until every node has mounted
    them, and returns where.
  - Disks are found by their unique id, because a disk's number differs from node to node. No drive letter is ever assigned, and nothing is
    ever taken out of the cluster.
  - A disk is formatted only with O(disks[].initialize=true), and only when there is no volume on it.
  - Run it on one node. These are calls to that node alone, and need no rights on the network.
options:
  disks:
    description: The disks. Others are left alone. An empty list only reads.
    type: list
    elements: dict
    default: []
    suboptions:
      unique_id:
        description: The C(UniqueId) that Get-Disk shows on every node, without regard to case.
        type: str
        required: true
      name:
        description:
          - The name of the disk's cluster resource. Left out, the one that Windows gives stays.
        type: str
      shared_volume:
        description:
          - Whether it is to be a cluster shared volume. V(false) is for a disk witness. A disk that is a shared volume already is refused
            with V(false).
        type: bool
        default: true
      initialize:
        description:
          - Consent to make a volume on a disk that has none. The disk gets a GPT partition table and one volume of all of its space.
          - A disk with a volume is never formatted, whatever this option says.
        type: bool
        default: false
      file_system:
        description:
          - What O(disks[].initialize) formats with, and what a volume is taken to have while its disk is offline.
          - On a SAN choose V(ntfs); Windows redirects all access to V(refs) over the network to the one node that owns the volume.
        type: str
        choices: [ntfs, refs]
        default: ntfs
      label:
        description: The label of the volume that O(disks[].initialize) makes.
        type: str
  mount_seconds:
    description: How long to wait until every node that is up has mounted a new volume.
    type: int
    default: 120
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_cluster
  - module: winstack.hyperv.win_hv_cluster_quorum
  - module: winstack.hyperv.win_hv_storage
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Two volumes for instances, and a disk for the witness
  winstack.hyperv.win_hv_cluster_disks:
    disks:
      - unique_id: 60003FF44DC75ADC1111111111111111
        name: Instances1
        initialize: true
        label: instances1
      - unique_id: 60003FF44DC75ADC2222222222222222
        name: Instances2
      - unique_id: 60003FF44DC75ADC3333333333333333
        name: Witness
        shared_volume: false
"""

RETURN = r"""
cluster_disks:
  description: What was found after the task.
  returned: success
  type: dict
  contains:
    disks:
      description: The disks of O(disks).
      type: list
      elements: dict
      contains:
        unique_id:
          description: As in O(disks[].unique_id).
          type: str
          sample: 60003FF44DC75ADC1111111111111111
        kind:
          description: V(missing), V(empty) (without a volume), V(local) (not available to the cluster), V(available), V(cluster_disk) or
            V(shared_volume).
          type: str
          sample: shared_volume
        name:
          description: The name of its cluster resource.
          type: str
          sample: Instances1
        state:
          description: The state of its cluster resource.
          type: str
          sample: Online
        owner:
          description: The node that owns it.
          type: str
          sample: hv01
        mount_paths:
          description: Where a shared volume is mounted, the same on every node.
          type: list
          elements: str
          sample: ['C:\\ClusterStorage\\Volume1']
        nodes:
          description: How each node reaches a shared volume.
          type: dict
          sample: {hv01: Direct, hv02: Direct}
    shared_volumes:
      description: All shared volumes of the cluster, whoever made them.
      type: list
      elements: dict
      sample:
        - {name: Instances1, state: Online, owner: hv01, mount_paths: ['C:\\ClusterStorage\\Volume1'], file_systems: [NTFS],
           nodes: {hv01: Direct, hv02: Direct}}
    shared_volumes_root:
      description: The folder of all shared volumes; null on a host that is in no running cluster.
      type: str
      sample: C:\ClusterStorage
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: disks, before: [{unique_id: 60A, kind: available}], after: [{unique_id: 60A, kind: shared_volume}]}]
findings:
  description: Such as a disk that not every node sees, each with name, severity, target, found, wanted and remediation.
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
