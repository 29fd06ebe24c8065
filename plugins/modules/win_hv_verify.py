# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_verify
short_description: See whether a Hyper-V host keeps its promises, by other paths than those that set them
version_added: 0.2.0
description:
  - Takes the same sections as M(winstack.hyperv.win_hv_host) and looks, in one remote call, at what they promise.
  - A setting that a cmdlet has set is looked at through CIM, the registry, or what a program says, wherever Windows has such a second path.
    Where it has none, the promise is read as M(winstack.hyperv.win_hv_host) reads it, and RV(promises[].seen_by) says so.
  - Nothing is ever changed, in check mode or out of it.
options:
  sections:
    description:
      - What is promised, section by section, as in O(winstack.hyperv.win_hv_host#module:sections).
    type: dict
    required: true
  only:
    description:
      - The names of the sections to look at, out of those given. Left out, all of them.
    type: list
    elements: str
  on_broken:
    description:
      - What a broken promise does. V(fail) fails the task and names all of them; V(report) only returns them.
    type: str
    choices: [fail, report]
    default: fail
extends_documentation_fragment:
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Does the host still do what it was asked to
  winstack.hyperv.win_hv_verify:
    sections:
      numa: {spanning: false}
      live_migration: {enabled: true, authentication: kerberos}
    on_broken: report
  register: verification

- name: Show it, a line a promise
  ansible.builtin.debug:
    msg: "{{ verification.table }}"
"""

RETURN = r"""
promises:
  description: Every promise of every section.
  returned: always
  type: list
  elements: dict
  contains:
    section:
      description: The section.
      type: str
    name:
      description: The setting, named as in the section's differences.
      type: str
    wanted:
      description: What was asked for.
      type: raw
    found:
      description: What is there; null where the path shows nothing.
      type: raw
    seen_by:
      description: The path that it was seen by.
      type: str
    kept:
      description: Whether it is kept.
      type: bool
  sample:
    - {section: numa, name: spanning, wanted: false, found: false, seen_by: CIM Msvm_VirtualSystemManagementServiceSettingData, kept: true}
broken:
  description: The broken promises, one text each.
  returned: always
  type: list
  elements: str
table:
  description: All promises as lines of a table, one a promise.
  returned: always
  type: list
  elements: str
  sample: ["kept   | numa.spanning | no | CIM Msvm_VirtualSystemManagementServiceSettingData"]
findings:
  description: The findings of the sections that are only read, in the form of RV(winstack.hyperv.win_hv_host#module:findings).
  returned: always
  type: list
  elements: dict
"""
