# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_cluster_quorum
short_description: Set the witness of a failover cluster
version_added: 0.2.0
description:
  - Sets the witness that gives a failover cluster its additional vote, a disk, a share or an Azure storage account, or takes it away.
  - Run it on one node. The quorum is a setting of the cluster, so every other node finds it done.
  - Reading needs no rights on the network. A share or a cloud witness is tried from the node under the account of the task, so setting one
    needs C(become=true) with C(become_method=runas) and the password of a domain account.
options:
  witness:
    description:
      - What the witness is. Compared with what it really is, because since Windows Server 2016 the type of the quorum no longer tells.
      - V(none) leaves the votes to the nodes, which a cluster of two nodes should not do.
      - V(disk) is a small disk of the cluster that serves nothing else, V(share) a folder on a file server outside of the cluster,
        V(cloud) a blob in an Azure storage account.
    type: str
    choices: [none, disk, share, cloud]
    required: true
  disk:
    description:
      - The name of the cluster disk for O(witness=disk). M(winstack.hyperv.win_hv_cluster_disks) adds a disk under a name of its own.
      - A cluster shared volume is refused.
    type: str
  share:
    description:
      - The UNC path for O(witness=share). Compared without regard to case and to a backslash at its end.
      - The computer account of the cluster needs Change and Read on the share and Modify in its file system.
      - Refused are local paths, paths on a node or on the cluster itself, and the DFS namespaces of the domain.
    type: str
  share_credential:
    description:
      - An account of the file server that the cluster uses instead of its computer account, for a server that is in no domain. Needs
        Windows Server 2019.
      - It counts when the share is set. Windows gives it back in no way, so another account alone is no difference.
    type: dict
    suboptions:
      username:
        description: The account, such as V(SERVER\\witness).
        type: str
        required: true
      password:
        description: Its password.
        type: str
        required: true
  cloud:
    description: The storage account for O(witness=cloud).
    type: dict
    suboptions:
      account:
        description: The name of the storage account, 3 to 24 lower-case letters and digits.
        type: str
        required: true
      access_key:
        description:
          - One of the account's access keys. Needed whenever the witness is set.
          - The cluster keeps a token that it makes of the key, and gives neither back; so another key alone is no difference. Say
            O(cloud.key_version) to have it written.
        type: str
      key_version:
        description:
          - A text that changes whenever the key does, such as a date or the version of the secret in a vault. It is not a secret and must
            tell nothing of the key.
          - It is kept in the cluster's database once the witness was set with the key. A run with another version takes the witness away
            and sets it again.
        type: str
      endpoint:
        description:
          - The endpoint of the storage service where it is not Azure's own, such as V(core.chinacloudapi.cn).
          - It counts when the witness is set, and is not compared.
        type: str
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
- name: A share on a file server as the witness
  winstack.hyperv.win_hv_cluster_quorum:
    witness: share
    share: \\fs1.example.org\witness-cl1
  become: true
  become_method: ansible.builtin.runas
  vars:
    ansible_become_user: EXAMPLE\clusteradmin
    ansible_become_password: "{{ vault_cluster_password }}"

- name: A storage account as the witness
  winstack.hyperv.win_hv_cluster_quorum:
    witness: cloud
    cloud:
      account: examplewitness
      access_key: "{{ vault_witness_key }}"
      key_version: "2026-11"
  become: true
  become_method: ansible.builtin.runas
  vars:
    ansible_become_user: EXAMPLE\clusteradmin
    ansible_become_password: "{{ vault_cluster_password }}"

- name: A disk of the cluster as the witness
  winstack.hyperv.win_hv_cluster_quorum:
    witness: disk
    disk: Witness
"""

RETURN = r"""
cluster_quorum:
  description: The witness after the task; all null on a host that is in no running cluster.
  returned: success
  type: dict
  contains:
    witness:
      description: As in O(witness); V(disk_only) where a disk alone decides, or the name of a resource type that this module does not know.
      type: str
      sample: share
    resource:
      description: The name of the witness' cluster resource.
      type: str
      sample: File Share Witness
    state:
      description: The state of that resource.
      type: str
      sample: Online
    share:
      description: The path of a share.
      type: str
      sample: \\fs1.example.org\witness-cl1
    account:
      description: The name of a storage account.
      type: str
      sample: examplewitness
    key_version:
      description: The version of the key that the witness was set with; null when none was given then.
      type: str
      sample: "2026-11"
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: witness, before: none, after: share}]
findings:
  description: What a person should know about the witness, each with name, severity, target, found, wanted and remediation.
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
