# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_storage_spaces_direct
short_description: Switch Storage Spaces Direct on and make volumes
version_added: 0.2.0
description:
  - Makes one pool of the disks inside the nodes of a failover cluster, and cluster shared volumes on it.
  - Looks first whether it can be - the Datacenter edition, and empty data disks in this host. A host that is in no cluster yet is checked
    as well, so run it in check mode on every node beforehand, and then on one node of the cluster.
  - Never switches it off, and changes no volume that is there.
  - Switching it on takes minutes and asks every node, so it needs C(become=true) with C(become_method=runas) and the password of a domain
    account that is a local administrator on every node.
options:
  enabled:
    description: Whether Storage Spaces Direct is to be on. V(false) is refused where it is.
    type: bool
    default: true
  pool_name:
    description: The name of the pool when it is made. Windows' own choice is C(S2D on CLUSTER).
    type: str
  cache:
    description: Whether the fastest disks serve the others as a cache. Left out, Windows decides by the disks that it finds.
    type: bool
  volumes:
    description: The volumes, cluster shared volumes all of them. Others are left alone.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of the volume.
        type: str
        required: true
      size_gb:
        description: Its size when it is made. One that is there is not resized; a difference is a warning.
        type: int
        required: true
      file_system:
        description: What it is formatted with. Microsoft recommends V(refs) here.
        type: str
        choices: [refs, ntfs]
        default: refs
      resiliency:
        description: How its data is kept safe. Left out, Windows mirrors it over two or three nodes. V(parity) needs four nodes.
        type: str
        choices: [mirror, parity]
  mount_seconds:
    description: How long to wait until every node that is up has mounted a new volume.
    type: int
    default: 120
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_cluster
  - module: winstack.hyperv.win_hv_cluster_disks
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: One pool, two volumes
  winstack.hyperv.win_hv_storage_spaces_direct:
    volumes:
      - name: Instances1
        size_gb: 2048
      - name: Instances2
        size_gb: 2048
        resiliency: mirror
  become: true
  become_method: ansible.builtin.runas
  vars:
    ansible_become_user: EXAMPLE\clusteradmin
    ansible_become_password: "{{ vault_cluster_password }}"
"""

RETURN = r"""
storage_spaces_direct:
  description: What was found after the task.
  returned: success
  type: dict
  contains:
    enabled:
      description: Whether it is on.
      type: bool
      sample: true
    cache:
      description: Whether its cache is wanted; null while it is off.
      type: bool
      sample: true
    pools:
      description: The pools that this host sees, the primordial one left out.
      type: list
      elements: str
      sample: [S2D on CL1]
    disks_ready:
      description: How many empty disks of this host a pool would take.
      type: int
      sample: 0
    volumes:
      description: The virtual disks of the pool.
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          type: str
          sample: Instances1
        size_gb:
          description: The size.
          type: int
          sample: 2048
        resiliency:
          description: Windows' word for it.
          type: str
          sample: Mirror
        mount_paths:
          description: Where it is mounted, the same on every node; empty for one that is no cluster shared volume.
          type: list
          elements: str
          sample: ['C:\\ClusterStorage\\Instances1']
        nodes:
          description: How each node reaches it.
          type: dict
          sample: {hv01: FileSystemRedirected, hv02: FileSystemRedirected}
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: enabled, before: false, after: true}]
findings:
  description: What a person should know, such as a disk that is not empty, each with name, severity, target, found, wanted and remediation.
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
