# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and return changed status prediction without modifying the target. On a host whose role is
      not installed yet it reports what would change.
  diff_mode:
    support: full
    description: Returns details on what has changed (or would change), setting by setting, secrets masked.
  idempotent:
    support: full
    description: When run twice in a row with the same options, the second run changes nothing. After a change the
      settings are read again; one that did not take is an error.
  platform:
    support: full
    platforms: windows
    description: Windows Server 2016, 2019, 2022 and 2025, over any connection plugin that Ansible has for Windows.
"""
