# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_host
short_description: Bring many settings of a Hyper-V host to their wanted state in one remote call
version_added: 0.1.0
description:
  - Takes the options of many modules of this collection as sections, reads all of them in one remote call, shows one diff, and
    applies what differs in one more. A host on which nothing differs costs one remote call in all.
  - Everything is validated and planned before the first change. A refusal or a critical finding in one section leaves all of them alone.
  - With C(check_mode) it is the survey of a host, what is and what would change.
options:
  sections:
    description:
      - What is wanted, section by section. A section's name is that of a module without its C(win_hv_) prefix, and its value are
        that module's options. C(nova_conf) takes the options of M(winstack.hyperv.nova_hyperv_conf) and
        C(neutron_conf) those of M(winstack.hyperv.neutron_hyperv_conf).
      - C(neutron_service) takes the options of M(winstack.hyperv.win_hv_service), so that two services can be sections of one task.
      - Sections are planned and applied in the order in which they are given.
    type: dict
    required: true
  only:
    description:
      - The names of the sections to handle, out of those given. Left out, all of them.
    type: list
    elements: str
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_mpio
  - module: winstack.hyperv.win_hv_numa
  - module: winstack.hyperv.win_hv_preflight
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Time, MPIO and NUMA in one go
  winstack.hyperv.win_hv_host:
    sections:
      time:
        source: ntp
        peers: [{host: ntp1.example.org}, {host: ntp2.example.org}]
      mpio:
        automatic_claim: {iscsi: true}
      numa:
        spanning: false

- name: Survey a host without changing it
  winstack.hyperv.win_hv_host:
    sections:
      preflight: {}
      numa: {spanning: false}
    on_critical: report
  check_mode: true
  register: survey
"""

RETURN = r"""
sections:
  description: The result of each section, in the shape that its module documents.
  returned: success
  type: dict
  sample: {numa: {changed: false, differences: [], findings: [], numa: {spanning: false, nodes: []}}}
pending:
  description: The sections in which something differs or for which a restart of the host is due.
  returned: success
  type: list
  elements: str
  sample: [mpio]
differences:
  description: The settings that were not as wanted, their paths beginning with the section.
  returned: success
  type: list
  elements: dict
  sample: [{path: numa.spanning, before: true, after: false}]
findings:
  description: The findings of all sections.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What was looked at.
      type: str
    severity:
      description: One of critical, warning, information.
      type: str
    target:
      description: The part of the host that it is about.
      type: str
    found:
      description: What is there.
      type: str
    wanted:
      description: What should be there.
      type: str
    remediation:
      description: What to do about it.
      type: str
reboot_required:
  description: Whether a restart of the host is due.
  returned: success
  type: bool
reboot_reasons:
  description: Why, each reason beginning with its section.
  returned: success
  type: list
  elements: str
"""
