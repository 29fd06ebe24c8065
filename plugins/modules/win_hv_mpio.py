# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_mpio
short_description: Set what Multipath I/O claims, how it balances and its timers, and find LUNs seen several times
version_added: 0.1.0
description:
  - Sets the automatic claim of buses, the supported hardware, the default load-balance policy and the timers of Microsoft's DSM.
  - Does not install the feature C(Multipath-IO). While the feature is missing, or installed but not in effect before a restart,
    check mode reports what would change, and a change fails with the reason.
  - Claims and timers take effect when the host starts. After a change the module leaves a note in the registry of the host, so that every
    later run still says that a restart is due until the host was restarted.
  - Finds LUNs that show up as several disks. Where MPIO is in effect and claims them this is a critical finding, because
    writing to such disks corrupts data. Where they are not claimed yet, or the claim waits for a restart, it is a warning.
  - Everything is read in a form that does not depend on the host's language; the timers come from the registry.
options:
  automatic_claim:
    description: The buses of which MPIO claims every disk. Fibre Channel has no such switch; name its arrays in O(hardware).
    type: dict
    suboptions:
      iscsi:
        description: Whether MPIO claims all iSCSI disks.
        type: bool
      sas:
        description: Whether MPIO claims all SAS disks, those in the host included.
        type: bool
  hardware:
    description:
      - Arrays that MPIO claims, by what they answer to SCSI INQUIRY, without padding. Upper and lower case matter.
      - Ids of a whole bus and Windows' placeholder C(Vendor 8)/C(Product 16) are never touched, whatever O(hardware_state) is.
        The one exception is the id of all Fibre Channel, C(MSFT2015)/C(FCBusType_0x6), if it is given here.
    type: list
    elements: dict
    suboptions:
      vendor_id:
        description: The vendor, up to 8 characters.
        type: str
        required: true
      product_id:
        description: The product, up to 16 characters.
        type: str
        required: true
  hardware_state:
    description:
      - What O(hardware) is.
      - V(present), the arrays that are added where they are missing.
      - V(absent), the arrays that are removed.
      - V(exact), all the arrays that there are; others are removed.
    type: str
    choices: [present, absent, exact]
    default: present
  load_balance_policy:
    description:
      - The default policy for disks that MPIO claims from now on. Disks under MPIO keep theirs; a warning names them.
      - V(None) is no default, V(FOO) fail over only, V(RR) round robin, V(LQD) least queue depth, V(LB) least blocks.
    type: str
    choices: ["None", FOO, RR, LQD, LB]
  timers:
    description:
      - MPIO's timers, in seconds where they are times. The numbers start at 1, because C(Set-MPIOSetting) ignores 0.
      - C(Set-MPIOSetting) has limits of its own that Microsoft does not document; what it refuses fails with its error.
    type: dict
    suboptions:
      path_verification:
        description: Whether idle paths are verified.
        type: bool
      path_verification_period:
        description: How often paths are verified.
        type: int
      pdo_remove_period:
        description: How long a disk stays after its last path was lost.
        type: int
      retry_count:
        description: How often a failed request is repeated before the path is given up.
        type: int
      retry_interval:
        description: The time between such repetitions.
        type: int
      disk_timeout:
        description: The time-out of a request to any disk of the host.
        type: int
      custom_path_recovery:
        description: Whether O(timers.path_recovery_interval) counts, instead of twice O(timers.pdo_remove_period).
        type: bool
      path_recovery_interval:
        description: How long a failed path is given to recover.
        type: int
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Claim all iSCSI disks and spread requests over their paths
  winstack.hyperv.win_hv_mpio:
    automatic_claim:
      iscsi: true
    load_balance_policy: RR
    timers:
      path_verification: true
      path_verification_period: 30
      disk_timeout: 60
  register: mpio

- name: Restart where a claim or timer waits for it
  ansible.windows.win_reboot:
  when: mpio.reboot_required

- name: Claim the Fibre Channel arrays of this site and no others
  winstack.hyperv.win_hv_mpio:
    hardware:
      - vendor_id: PURE
        product_id: FlashArray
    hardware_state: exact
"""

RETURN = r"""
mpio:
  description: MPIO after the task.
  returned: success
  type: dict
  contains:
    in_effect:
      description: Whether MPIO works, which takes the feature and a restart. While it does not, the settings are null.
      type: bool
      sample: true
    automatic_claim:
      description: Whether all disks of a bus are claimed, by bus.
      type: dict
      sample: {iscsi: true, sas: false}
    hardware:
      description: The arrays in MSDSM's list; without the ids of all iSCSI and SAS disks and the placeholder.
      type: list
      elements: dict
      sample: [{vendor_id: PURE, product_id: FlashArray}]
    load_balance_policy:
      description: The default policy.
      type: str
      sample: RR
    timers:
      description: The timers, by the names of the suboptions of O(timers); null where Windows holds no value.
      type: dict
      sample: {path_verification: true, path_verification_period: 30, retry_count: 3}
    claimed:
      description: What MPIO claims, which is what stands both in MSDSM's list and in that of the port drivers; with ids of buses.
      type: list
      elements: dict
      sample: [{vendor_id: MSFT2005, product_id: iSCSIBusType_0x9}]
    disks:
      description: The disks on Fibre Channel, iSCSI and SAS.
      type: list
      elements: dict
      contains:
        number:
          description: The disk's number in Windows.
          type: int
          sample: 2
        bus:
          description: V(fc), V(iscsi) or V(sas).
          type: str
          sample: iscsi
        under_mpio:
          description: Whether MPIO presents it.
          type: bool
          sample: true
        serial_number:
          description: The serial number that the LUN reports.
          type: str
          sample: 6C0A5E3B
findings:
  description:
    - C(lun_seen_several_times), a LUN that shows up as several disks, critical if MPIO claims it and is in effect.
    - C(claim_pending), a disk that is claimed but not under MPIO although no restart is due.
    - C(claim_incomplete), hardware that stands in only one of the two lists of claimed hardware.
  returned: success
  type: list
  elements: dict
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: automatic_claim.iscsi, before: false, after: true}]
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
  sample: ["MPIO was changed since the host was last started; claims and timers take effect when it starts"]
"""
