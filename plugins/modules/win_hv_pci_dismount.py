# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_pci_dismount
short_description: Take PCI devices from a Hyper-V host, so that nova can give them to virtual machines
version_added: 0.1.0
description:
  - Selects devices, checks by the rules of Microsoft's survey script that they can be assigned, disables them, and dismounts them
    from the host (Discrete Device Assignment). Or mounts them back and enables them.
  - A device is looked up among the dismounted ones as well, so a second run finds it again and changes nothing.
  - Returns for each device what nova sees of it, and the entry for C(device_spec) in the section C([pci]) of nova.conf. Warns where nova
    could never match or use it.
  - A device that is in use is switched off only when the host restarts. The task then fails after it was disabled; once the host
    was restarted, the next run dismounts it. A run in between changes nothing and says that a restart is due.
options:
  devices:
    description:
      - Which devices. All parts that are given of an entry must be true of a device, and an entry may select several.
      - An entry that selects no device is an error that names it.
      - A vendor or an instance id keeps the reading short; for a location path or a class alone all PCI devices are read.
    type: list
    elements: dict
    required: true
    suboptions:
      location_path:
        description: The location path, which stays the same as long as the device stays in its slot.
        type: str
      instance_id:
        description: The instance id, which starts with C(PCI\), or C(PCIP\) for a dismounted device. Both mean the same device.
        type: str
      vendor_id:
        description: The vendor, four hexadecimal digits. Quote them, for YAML takes some for numbers.
        type: str
      product_id:
        description: The product, four hexadecimal digits in quotes. Needs a vendor.
        type: str
      class:
        description:
          - The class in Plug and Play, such as V(Display) or V(SCSIAdapter). It is not translated.
          - For a dismounted device it is the class that the device had in the host.
        type: str
      count:
        description: How many devices the entry must select. Left out, one or more.
        type: int
  state:
    description:
      - V(present), the devices are dismounted from the host.
      - V(absent), the devices are mounted and enabled. A device that a virtual machine has is a refusal.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Dismounts devices whose vendor has no driver that secures them (a mitigation driver), which is most devices.
      - It also allows devices without access control services on the way to the root, whose traffic may reach other devices. A virtual
        machine may then reach the host's memory or crash the host; use it for virtual machines that you trust.
    type: bool
    default: false
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
- name: Give both GPUs of each host to nova
  winstack.hyperv.win_hv_pci_dismount:
    devices:
      - vendor_id: "10de"
        product_id: "1db6"
        count: 2
    force: true
  register: gpus

- name: What goes into the section [pci] of nova.conf
  ansible.builtin.debug:
    msg: "{{ gpus.pci_dismount.devices | map(attribute='device_spec') | select | list }}"

- name: Take one device back for the host
  winstack.hyperv.win_hv_pci_dismount:
    devices:
      - location_path: PCIROOT(40)#PCI(0200)#PCI(0000)
    state: absent
"""

RETURN = r"""
pci_dismount:
  description: The selected devices after the task.
  returned: success
  type: dict
  contains:
    devices:
      description: One entry a device, ordered by location path.
      type: list
      elements: dict
      contains:
        location_path:
          description: The location path; null for a device without one that starts with C(PCIROOT).
          type: str
          sample: PCIROOT(40)#PCI(0200)#PCI(0000)
        instance_id:
          description: The instance id now.
          type: str
          sample: PCIP\VEN_10DE&DEV_1DB6&SUBSYS_124A10DE&REV_A1\4&3687&0&0010
        class:
          description: The class that it has, or had, in the host.
          type: str
          sample: Display
        condition:
          description: V(mounted), V(disabled) or V(dismounted).
          type: str
          sample: dismounted
        vendor_id:
          description: The vendor as os-win reports it to nova, in upper case.
          type: str
          sample: 10DE
        product_id:
          description: The product as os-win reports it to nova, in upper case.
          type: str
          sample: 1DB6
        assigned_to:
          description: The virtual machine that has it, null if none.
          type: str
          sample: instance-0000001a
        address:
          description: The PCI address as os-win computes it, null where it computes none and leaves the device out.
          type: str
          sample: "0000:41:00.0"
        device_spec:
          description: The entry for nova.conf, by address if an id holds letters; null where nova can never match it.
          type: dict
          sample: {address: "0000:41:00.0"}
        warnings:
          description: Why nova cannot match it, or not by its ids.
          type: list
          elements: str
differences:
  description: The devices that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: "devices.PCIROOT(40)#PCI(0200)#PCI(0000)", before: mounted, after: dismounted}]
reboot_required:
  description: Whether a restart of the host is due. RV(reboot_reasons) says why.
  returned: success
  type: bool
  sample: false
reboot_reasons:
  description: The devices in use that wait for a restart.
  returned: success
  type: list
  elements: str
"""
