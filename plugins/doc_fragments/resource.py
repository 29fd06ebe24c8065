# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  on_critical:
    description:
      - What a critical finding does.
      - V(fail) fails the task before anything is changed.
      - V(report) only returns it in RV(ignore:findings). It counts in check mode alone; nothing is ever changed past a critical finding.
    type: str
    choices: [fail, report]
    default: fail
notes:
  - Everything that a module of this collection does on the host is a batch of cmdlets; no text is evaluated there.
"""
