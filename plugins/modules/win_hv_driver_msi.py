# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_driver_msi
short_description: Look whether the installer package of the compute driver is on a host
version_added: 0.1.0
description:
  - Finds the package in the list of installed programs, 64-bit and 32-bit, and the service that it makes.
  - Only looks. With C(check_mode) it reports what is missing. Without, it fails where something is missing, because the installation is
    the work of M(ansible.windows.win_package), as in the driver stage of the role P(winstack.hyperv.hyperv_compute#role).
options:
  product:
    description:
      - The beginning of the program's display name. The product codes of the packages differ from release to release.
    type: str
    default: "OpenStack Hyper-V "
  version:
    description:
      - The version that must be installed. Left out, any will do.
    type: str
  service:
    description:
      - The service that the package makes.
    type: str
    default: nova-compute
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: ansible.windows.win_package
  - module: winstack.hyperv.win_hv_service
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Look whether the driver is installed
  winstack.hyperv.win_hv_driver_msi:
  check_mode: true
  register: driver

- name: Install it
  ansible.windows.win_package:
    path: C:\Windows\Temp\HyperVNovaCompute.msi
    arguments: [ADDLOCAL=HyperVNovaCompute, SKIPNOVACONF=0]
    creates_service: nova-compute
  when: driver.changed
"""

RETURN = r"""
driver_msi:
  description: What was found.
  returned: success
  type: dict
  contains:
    products:
      description: The installed programs whose name begins with O(product).
      type: list
      elements: dict
      contains:
        id:
          description: The name of the entry, for a Windows Installer package its product code.
          type: str
          sample: "{7A1F7D5C-0B4E-4A63-9C6D-0A2C1C6B9E11}"
        name:
          description: The display name.
          type: str
          sample: OpenStack Hyper-V Compute Ussuri
        version:
          description: The display version; null where the program states none.
          type: str
          sample: 21.0.0.0
    service:
      description: Whether the service exists.
      type: bool
      sample: true
differences:
  description: What is missing.
  returned: success
  type: list
  elements: dict
  sample: [{path: service, before: null, after: nova-compute}]
"""
