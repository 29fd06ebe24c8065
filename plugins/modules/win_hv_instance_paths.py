# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_instance_paths
short_description: Create the folder for nova's instances and report its space
version_added: 0.1.0
description:
  - Creates the folder on a local disk or on a cluster shared volume, and reports the space that nova will report for it.
  - A share is neither created nor measured, because this session has no credentials for the file server.
    M(winstack.hyperv.win_hv_smb_client) tests that the server answers.
options:
  path:
    description: The folder, as nova's option C(instances_path) has it.
    type: str
    required: true
  minimum_free_gb:
    description: How much must be free, in GB (2**30 bytes). Less is a critical finding. Left out, any space will do.
    type: int
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_folders
  - module: winstack.hyperv.win_hv_host
  - module: winstack.hyperv.win_hv_smb_client
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Instances on a cluster volume
  winstack.hyperv.win_hv_instance_paths:
    path: C:\ClusterStorage\Volume1\instances
    minimum_free_gb: 200
"""

RETURN = r"""
instance_paths:
  description: The folder after the task.
  returned: success
  type: dict
  contains:
    path:
      description: As in O(path).
      type: str
      sample: C:\ClusterStorage\Volume1\instances
    location:
      description: One of drive, cluster_volume, share.
      type: str
      sample: cluster_volume
    storage:
      description: What all hosts report that keep their instances in the same place; null for a disk of the host's own.
      type: str
      sample: '\\?\Volume{6a1f1c3e-0000-4000-8000-000000000001}\'
    exists:
      description: Whether the folder is there; null for a share.
      type: bool
      sample: true
    total_gb:
      description: The size of its volume in GB, rounded down as nova does; null for a share.
      type: int
      sample: 2048
    free_gb:
      description: What is free of it; null for a share.
      type: int
      sample: 1500
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: path, before: null, after: 'D:\instances'}]
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
