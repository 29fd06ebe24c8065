# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_numa
short_description: Read the NUMA topology of a Hyper-V host and set NUMA spanning
version_added: 0.1.0
description:
  - Returns the NUMA nodes of the host and sets whether virtual machines may span them.
  - A change restarts the service C(vmms) at once, because the setting has no effect before. Running virtual machines keep
    running, but keep their placement until they are restarted; a warning names them.
  - On a host with a single NUMA node nothing is changed and a warning says so.
options:
  spanning:
    description:
      - Whether a virtual machine may use memory of more than one NUMA node.
      - Left out, the module only reads.
    type: bool
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Keep virtual machines within their NUMA nodes
  winstack.hyperv.win_hv_numa:
    spanning: false

- name: Read the topology
  winstack.hyperv.win_hv_numa:
  register: numa
"""

RETURN = r"""
numa:
  description: The setting and the topology after the task.
  returned: success
  type: dict
  contains:
    spanning:
      description: Whether spanning is enabled; null while the Hyper-V role is not in effect.
      type: bool
      sample: false
    nodes:
      description: The NUMA nodes.
      type: list
      elements: dict
      contains:
        id:
          description: The number of the node.
          type: int
          sample: 0
        logical_processors:
          description: How many logical processors it has.
          type: int
          sample: 16
        memory_available_mb:
          description: Free memory in MB.
          type: int
          sample: 60211
        memory_total_mb:
          description: Memory in MB.
          type: int
          sample: 65398
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: spanning, before: true, after: false}]
reboot_required:
  description: Whether a restart of the host is due. RV(reboot_reasons) says why.
  returned: success
  type: bool
  sample: false
reboot_reasons:
  description: Why a restart is due; always empty, because spanning takes effect without one.
  returned: success
  type: list
  elements: str
  sample: []
"""
