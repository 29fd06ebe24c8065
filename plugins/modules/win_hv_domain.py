# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_domain
short_description: Look whether a host has its computer name and is in its Active Directory domain
version_added: 0.1.0
description:
  - Compares the computer name and the domain with what is wanted, and knows of a rename or a join that waits for a restart.
  - Only looks. With C(check_mode) it reports what is missing. Without, it fails where something is missing, because renaming and joining
    is the work of M(microsoft.ad.membership), as in the domain stage of the role P(winstack.hyperv.hyperv_compute#role).
  - Refuses options with which M(microsoft.ad.membership) would do something else than it seems.
options:
  dns_domain_name:
    description:
      - The DNS name of the domain that the host must be in. Left out, the domain is not looked at.
      - A NetBIOS name, which has no dot, is refused. M(microsoft.ad.membership) would join by it and fail in every run after that.
      - Refused on a host that is in another domain.
    type: str
  hostname:
    description:
      - The computer name that the host must have, without a domain, at most 15 characters. Left out, the name is not looked at.
    type: str
  ou_path:
    description:
      - The organizational unit in which the join makes the computer's account, as a distinguished name.
      - For the join only, an account that is there is not moved. Not compared.
    type: str
  server:
    description:
      - The domain controller that the join talks to. Not compared.
    type: str
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: microsoft.ad.membership
  - module: winstack.hyperv.win_hv_live_migration
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Look whether the host is in its domain
  winstack.hyperv.win_hv_domain:
    dns_domain_name: example.org
    hostname: hv01
  check_mode: true
  register: domain

- name: Rename and join with one restart
  microsoft.ad.membership:
    state: domain
    dns_domain_name: example.org
    hostname: hv01
    domain_admin_user: joiner@example.org
    domain_admin_password: "{{ vault_joiner_password }}"
    reboot: true
    reboot_timeout: 1800
  when: domain.changed
"""

RETURN = r"""
domain:
  description: What was found.
  returned: success
  type: dict
  contains:
    hostname:
      description: The computer name in effect.
      type: str
      sample: HV01
    domain:
      description: The DNS name of the domain; null in a workgroup.
      type: str
      sample: example.org
    workgroup:
      description: The workgroup; null in a domain.
      type: str
      sample: WORKGROUP
    pending_hostname:
      description: The computer name after the next restart; null where it stays.
      type: str
      sample: HV01
    join_pending:
      description: Whether the next restart completes a domain join.
      type: bool
      sample: false
differences:
  description: What is missing.
  returned: success
  type: list
  elements: dict
  sample: [{path: dns_domain_name, before: null, after: example.org}]
reboot_required:
  description: Whether a rename or a join waits for a restart.
  returned: success
  type: bool
  sample: false
reboot_reasons:
  description: Why a restart is due.
  returned: success
  type: list
  elements: str
  sample: [a domain join waits for it]
"""
