# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_driver_packages
short_description: Install vendors' driver packages and tell whether Windows recognises them
version_added: 0.2.0
description:
  - Adds driver packages (INF) to the driver store and installs them on the devices that they fit, such as host bus adapters.
  - Looks whether vendors' programs (MSI or EXE) are installed, and whether MPIO has registered their device specific module (DSM). It runs
    no installer; that is the work of M(ansible.windows.win_package), which the role C(hyperv_compute) runs.
  - What is installed and not recognised is an error, since storage would silently go on without it.
options:
  packages:
    description: Driver packages. A host has one version of each; other versions in the driver store are left alone.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description:
          - The C(.inf) file on a drive of the host, with the package's other files beside it. Its name is part of the package's identity,
            and the file is needed only while the package is not in the driver store yet.
        type: str
        required: true
      provider:
        description: C(Provider) of the C(.inf) file, as C(Get-WindowsDriver) shows it. Compared without regard to case.
        type: str
        required: true
      version:
        description: The version, the second part of C(DriverVer) in the C(.inf) file. Compared by its numbers.
        type: str
        required: true
      device_required:
        description: Whether a device of this host must use it. Set V(false) for hardware that is still to come.
        type: bool
        default: true
  installers:
    description: Programs that must be there.
    type: list
    elements: dict
    default: []
    suboptions:
      product:
        description: How the program's display name begins, as the list of installed programs has it. Compared without regard to case.
        type: str
        required: true
      version:
        description: Its version in that list, exactly. Left out, any.
        type: str
      dsm:
        description: The name of the device specific module that MPIO must have registered, without regard to case.
        type: str
      dsm_version:
        description: The version of that module. Compared by its numbers. Left out, any.
        type: str
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_mpio
  - module: winstack.hyperv.win_hv_host
  - module: ansible.windows.win_package
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: The driver of the Fibre Channel adapters
  winstack.hyperv.win_hv_driver_packages:
    packages:
      - path: C:\Windows\Temp\fc\ql2300.inf
        provider: QLogic
        version: 9.4.5.20

- name: The array's own module for MPIO
  winstack.hyperv.win_hv_driver_packages:
    installers:
      - product: Contoso DSM for MPIO
        version: 4.2.1
        dsm: Contoso DSM
"""

RETURN = r"""
driver_packages:
  description: What is there after the task.
  returned: success
  type: dict
  contains:
    packages:
      description: The wanted packages.
      type: list
      elements: dict
      sample:
        - inf: ql2300.inf
          provider: QLogic
          version: 9.4.5.20
          published: oem7.inf
          other_versions: []
          devices: [{id: 'PCI\VEN_1077&DEV_2031\0', name: QLogic Fibre Channel Adapter, version: 9.4.5.20}]
          waiting_for_restart: []
      contains:
        inf:
          description: The name of the C(.inf) file.
          type: str
          sample: ql2300.inf
        provider:
          description: As in O(packages[].provider).
          type: str
          sample: QLogic
        version:
          description: As in O(packages[].version).
          type: str
          sample: 9.4.5.20
        published:
          description: Its name in the driver store; null while it is not there.
          type: str
          sample: oem7.inf
        other_versions:
          description: Versions of the same file and provider that are in the driver store besides.
          type: list
          elements: str
          sample: []
        devices:
          description: The devices that use it, with C(id), C(name) and C(version).
          type: list
          elements: dict
          sample: []
        waiting_for_restart:
          description: The ids of devices that wait for a restart.
          type: list
          elements: str
          sample: []
    installers:
      description: The wanted programs.
      type: list
      elements: dict
      sample:
        - product: Contoso DSM for MPIO
          installed: true
          name: Contoso DSM for MPIO
          version: 4.2.1
          dsm: Contoso DSM
          dsm_version: 4.2.1.0
      contains:
        product:
          description: As in O(installers[].product).
          type: str
          sample: Contoso DSM for MPIO
        installed:
          description: Whether it is there, in the wanted version.
          type: bool
          sample: true
        name:
          description: Its display name; null where it is not there.
          type: str
          sample: Contoso DSM for MPIO
        version:
          description: Its version; null where it is not there, or has none.
          type: str
          sample: 4.2.1
        dsm:
          description: As in O(installers[].dsm).
          type: str
          sample: Contoso DSM
        dsm_version:
          description: The version of the module that MPIO has registered; null where it has not.
          type: str
          sample: 4.2.1.0
    registered_dsms:
      description:
        - All modules that MPIO has registered, with C(name) and C(version).
        - Null while MPIO is not in effect, and where no C(dsm) is asked for.
      type: list
      elements: dict
      sample: [{name: Microsoft DSM, version: 10.0.20348.1}, {name: Contoso DSM, version: 4.2.1.0}]
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: packages.ql2300.version, before: 9.1.11.20, after: 9.4.5.20}]
findings:
  description: What a person must know, such as a package that no device uses.
  returned: success
  type: list
  elements: dict
  sample: []
reboot_required:
  description: Whether a restart of the host is due.
  returned: success
  type: bool
  sample: false
reboot_reasons:
  description: Why a restart is due.
  returned: success
  type: list
  elements: str
  sample: []
"""
