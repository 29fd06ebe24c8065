# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_folders
short_description: Create the local folders that nova expects
version_added: 0.1.0
description:
  - Creates folders with their parents where they are missing. Folders that exist, and what they hold, are left alone.
options:
  paths:
    description:
      - Local folders, each from its drive letter on.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
  - module: winstack.hyperv.nova_hyperv_conf
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Folders for the log and the node's identity
  winstack.hyperv.win_hv_folders:
    paths: ['C:\OpenStack\Log', 'C:\OpenStack\State']
"""

RETURN = r"""
folders:
  description: The folders that were asked for, and those of them that are missing after the task.
  returned: success
  type: dict
  contains:
    paths:
      description: The folders.
      type: list
      elements: str
      sample: ['C:\OpenStack\Log']
    missing:
      description: Those that do not exist; in check mode, those that would be created.
      type: list
      elements: str
      sample: []
differences:
  description: The folders that were missing.
  returned: success
  type: list
  elements: dict
  sample: [{path: 'C:\OpenStack\Log', before: absent, after: folder}]
"""
