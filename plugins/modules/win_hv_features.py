# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_features
short_description: Install Windows features, and prove that they are in effect
version_added: 0.1.0
description:
  - Installs the missing roles and features in one go. It never restarts the host; RV(reboot_required) says that a restart is due.
  - Installed is not in effect. C(Hyper-V) counts as in effect when a hypervisor runs, the service C(vmms) runs and the namespace
    C(root/virtualization/v2) answers, C(Multipath-IO) when the driver C(mpio) runs, any other feature when its state is C(Installed).
    That is read anew each time, so a restart that was due before is still due in the next run.
  - The installation goes through Server Manager, whose own check of the hardware refuses a host that cannot run Hyper-V.
options:
  names:
    description:
      - The features that must be installed, by their Server Manager names. Tools are features of their own, such as C(Hyper-V-PowerShell).
      - A name that this edition of Windows does not know is an error.
    type: list
    elements: str
    default: [Hyper-V, Hyper-V-PowerShell, Multipath-IO]
  source:
    description:
      - Where the files of a feature come from when they were removed from the host. It is a folder with the side-by-side files, on the
        host or a share that its computer account can read, or a WIM image.
    type: str
  wait_seconds:
    description:
      - How long to wait, on the host and within this one task, until all O(names) are in effect. The task fails when they are not,
        and names the test that did not pass.
      - Meant for the task after the restart; V(0) only looks.
    type: int
    default: 0
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_preflight
  - module: winstack.hyperv.win_hv_host
  - module: ansible.windows.win_reboot
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Install what a compute node needs
  winstack.hyperv.win_hv_features:
    names: [Hyper-V, Hyper-V-PowerShell, Multipath-IO]
  register: features

- name: Restart where that is due
  ansible.windows.win_reboot:
  when: features.reboot_required

- name: Wait until Hyper-V really answers
  winstack.hyperv.win_hv_features:
    names: [Hyper-V, Hyper-V-PowerShell, Multipath-IO]
    wait_seconds: 600
"""

RETURN = r"""
features:
  description: The features after the task.
  returned: success
  type: dict
  contains:
    ready:
      description: Whether all of them are in effect.
      type: bool
      sample: false
    features:
      description: The features, in the order in which they were asked for.
      type: list
      elements: dict
      contains:
        name:
          description: The name of the feature.
          type: str
          sample: Hyper-V
        state:
          description: Its state, such as V(Available), V(Installed), V(InstallPending) or V(Removed).
          type: str
          sample: Installed
        installed:
          description: Whether it is installed, be it with a restart to come.
          type: bool
          sample: true
        in_effect:
          description: Whether it can be used.
          type: bool
          sample: false
        reasons:
          description: Why an installed feature is not in effect.
          type: list
          elements: str
          sample: [no hypervisor runs]
differences:
  description: The features that were missing.
  returned: success
  type: list
  elements: dict
  sample: [{path: Hyper-V, before: Available, after: Installed}]
reboot_required:
  description: Whether a restart of the host is due. RV(reboot_reasons) says why.
  returned: success
  type: bool
  sample: true
reboot_reasons:
  description: Why a restart is due.
  returned: success
  type: list
  elements: str
  sample: [Hyper-V comes into effect with a restart]
"""
