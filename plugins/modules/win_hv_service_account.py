# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_service_account
short_description: Set the account that nova-compute's service runs as
version_added: 0.1.0
description:
  - Sets the account of a Windows service with its password, and makes that account a member of local groups, which are named by SID
    because Windows translates their names. Memberships are added, never taken away.
  - A running service is restarted in the same change, because a process keeps the account that it started with. A service that does not run
    is not started, unless a failed logon is why.
  - Does not grant the right to log on as a service, which no cmdlet can. Use M(ansible.windows.win_user_right) with
    C(action=add) before this module; its default action would take the right from every other account.
  - Does not create the service, nor the account.
options:
  name:
    description:
      - The name of the service, not its display name.
    type: str
    default: nova-compute
  account:
    description:
      - The account, as V(DOMAIN\\user) with the NetBIOS name of the domain; a group managed service account as V(DOMAIN\\name$); or
        V(LocalSystem).
      - Live migration and storage on other hosts need an account of the domain.
      - Left out, the module only reads.
    type: str
  password:
    description:
      - The password of the account. Needed when the service is to get another account, and not allowed for one that has no password.
      - It is written when the account changes, when O(password_version) does, and when the service stands still because its account could
        not log on; in the last case the service is started as well. Windows gives no password back, so nothing else can tell whether
        the one that it keeps is still right.
    type: str
  password_version:
    description:
      - A text that changes whenever the password does, such as a date or the version of the secret in a vault. It is not a secret and must
        tell nothing of the password.
      - It is kept on the host once the password was written and a running service has started with it. A run with another version
        writes the password again. The password itself, or a digest of it, is kept nowhere.
    type: str
  groups:
    description:
      - SIDs of the built-in local groups that the account must be in.
      - The default is Administrators, which nova-compute needs for cold migration over administrative shares and in a cluster.
        V(S-1-5-32-578) is Hyper-V Administrators.
      - Not looked at for V(LocalSystem).
    type: list
    elements: str
    default: [S-1-5-32-544]
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: ansible.windows.win_user_right
  - module: winstack.hyperv.win_hv_service
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Let the account log on as a service
  ansible.windows.win_user_right:
    name: SeServiceLogonRight
    users: [EXAMPLE\nova]
    action: add

- name: Run nova-compute as an account of the domain
  winstack.hyperv.win_hv_service_account:
    account: EXAMPLE\nova
    password: "{{ vault_nova_password }}"
    password_version: "2026-11"

- name: Run nova-compute as a group managed service account
  winstack.hyperv.win_hv_service_account:
    account: EXAMPLE\nova$
    groups: [S-1-5-32-544, S-1-5-32-578]
"""

RETURN = r"""
service_account:
  description: What was found after the task.
  returned: success
  type: dict
  contains:
    name:
      description: The name of the service.
      type: str
      sample: nova-compute
    account:
      description: The account as the service has it; null while there is no such service.
      type: str
      sample: EXAMPLE\nova
    logon_failed:
      description: Whether the service stands still because its account could not log on when it was last started.
      type: bool
      sample: false
    password_version:
      description: The version of the password that was written last; null when none was given then.
      type: str
      sample: "2026-11"
    groups:
      description: Those of O(groups) that the account is in.
      type: list
      elements: str
      sample: [S-1-5-32-544]
differences:
  description: The settings that were not as wanted. A password is never among them, only its version.
  returned: success
  type: list
  elements: dict
  sample: [{path: account, before: LocalSystem, after: EXAMPLE\nova}]
reboot_required:
  description: Whether a restart of the host is due.
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
