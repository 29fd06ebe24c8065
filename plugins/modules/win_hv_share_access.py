# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_share_access
short_description: Try what an account may do in a folder on a share, from a Hyper-V host
version_added: 0.2.0
description:
  - nova-compute opens the instances on a share as the account of its service, and Hyper-V opens the virtual disks as the computer account
    of the host. This module looks at the folder as one of them, and says what is wrong and who mends it where.
  - Run it under C(become). With the service's account, C(runas) and the flags C(logon_type=new_credentials
    logon_flags=netcredentials_only) show the file server that account and nothing changes on the host itself, so the account needs no right
    to log on there. With C(become_user=SYSTEM) the file server sees the computer account. Without C(become) it sees nobody.
  - It tells a name that does not resolve, a server that does not answer, a share or folder that is not there, a missing right on the share,
    and a missing right in the folder (NTFS) from each other, as far as a client can.
  - It writes a folder C(winstack-probe-) and 16 digits with one small file into each folder and deletes both again. In check mode, and with
    O(probe=false), it only looks. A run that is cut off between may leave such a folder, which holds nothing.
options:
  paths:
    description:
      - Folders on shares, as C(\\server\share\folder). Drive letters are refused, because a mapped drive belongs to one logon session.
    type: list
    elements: str
    required: true
  account:
    description:
      - Whose access this is, as C(DOMAIN\user); the account that the task becomes. It stands in the findings, and is compared with whom the
        file server saw.
      - Left out, the computer account of the host, for a task that becomes SYSTEM.
    type: str
  probe:
    description: Whether to write and delete.
    type: bool
    default: true
  unverified_accounts:
    description:
      - Accounts that must have access and cannot be tried, such as a group managed service account, which nobody can log on as. Each is
        returned as a finding.
    type: list
    elements: str
    default: []
  on_critical:
    description: What a critical finding does, V(fail) the task, or V(report) it in RV(findings) only.
    type: str
    choices: [fail, report]
    default: fail
notes:
  - Everything that a module of this collection does on the host is a batch of cmdlets; no text is evaluated there.
  - A wrong password of the account is only found out by the file server, because C(new_credentials) is not checked on the host.
extends_documentation_fragment:
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_smb_client
  - module: winstack.hyperv.win_hv_service_account
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: What Hyper-V may do with the instances
  winstack.hyperv.win_hv_share_access:
    paths: ['\\fs1.example.org\instances\nova']
  become: true
  become_method: ansible.builtin.runas
  become_user: SYSTEM

- name: What nova-compute may do with the instances
  winstack.hyperv.win_hv_share_access:
    paths: ['\\fs1.example.org\instances\nova']
    account: EXAMPLE\nova
  become: true
  become_method: ansible.builtin.runas
  become_user: EXAMPLE\nova
  vars:
    ansible_become_password: "{{ vault_nova_password }}"
    ansible_become_flags: logon_type=new_credentials logon_flags=netcredentials_only
"""

RETURN = r"""
share_access:
  description: What was found of each folder.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The folder.
      type: str
      sample: \\fs1.example.org\instances\nova
    account:
      description: Whose access it is.
      type: str
      sample: EXAMPLE\nova
    readable:
      description: Whether the account may list the folder.
      type: bool
      sample: true
    writable:
      description: Whether it may write and delete there; null where nobody tried.
      type: bool
      sample: true
    left_behind:
      description: What could not be deleted again; null where nothing was left.
      type: str
      sample: null
findings:
  description: What is wrong, with its remedy.
  returned: success
  type: list
  elements: dict
  sample:
    - name: share_right_missing
      severity: critical
      target: '\\fs1.example.org\instances\nova as example.org\HV01$'
      found: the folder lets it write, but the share only lets it read
      wanted: Change or Full on the share
      remediation: "On the file server: Grant-SmbShareAccess -Name instances -AccountName 'example.org\\HV01$' -AccessRight Full -Force."
"""
