# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_storage
short_description: Prepare a Hyper-V host for block storage and shares
version_added: 0.1.0
description:
  - Sets the policy for new disks, starts Microsoft's iSCSI initiator and names it, and lists the initiator ports in nova's own form.
  - Tests from the host that the portals and file servers that Cinder uses answer.
  - Does not log in to targets, which nova does itself.
options:
  san_policy:
    description:
      - What Windows does with a disk that it sees for the first time. Nova attaches block volumes with these two values only.
      - V(offline_shared) leaves disks on a bus that hosts can share (iSCSI, Fibre Channel, SAS) offline, V(offline_all) every disk.
      - Left out, the policy is not changed, and one that nova refuses is a finding.
    type: str
    choices: [offline_shared, offline_all]
  iscsi:
    description:
      - Whether the host uses Microsoft's iSCSI initiator. With V(true) its service starts with Windows and runs.
      - V(false) leaves the service alone.
    type: bool
    default: false
  initiator_name:
    description:
      - The host's iSCSI name, such as C(iqn.2026-01.org.example:hv01), in lower case. Left out, it stays as it is.
      - Storage that lets in the former name must be told of the new one. Needs O(iscsi=true).
    type: str
  fibre_channel:
    description: Whether the host must have a Fibre Channel port. Without one, the finding C(fibre_channel) is critical then.
    type: bool
    default: false
  portals:
    description:
      - The TCP ports of the storage that this host must reach, such as the portals of iSCSI targets.
      - Each is tested from the host. One that does not answer is a critical finding, so nothing is changed then.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: An IPv4 or IPv6 address, or a name that the host resolves.
        type: str
        required: true
      port:
        description: The TCP port.
        type: int
        default: 3260
  shares:
    description:
      - The shares that Cinder keeps volumes on, as UNC paths.
      - TCP port 445 of their servers is tested like O(portals). Whether an account may use a share cannot be seen from here.
    type: list
    elements: str
    default: []
  cinder_paths:
    description: Folders of this host, or of the cluster, that Cinder keeps volumes in.
    type: list
    elements: str
    default: []
  instances_path:
    description:
      - Where nova keeps its instances. A finding warns when one of O(shares) or O(cinder_paths) lies on the same share, cluster volume or
        drive, because Cinder and nova then both count on the same free space.
    type: str
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
  - module: winstack.hyperv.win_hv_mpio
  - module: winstack.hyperv.nova_hyperv_conf
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: iSCSI over two networks
  winstack.hyperv.win_hv_storage:
    san_policy: offline_shared
    iscsi: true
    initiator_name: "iqn.2026-01.org.example:{{ inventory_hostname_short }}"
    portals:
      - address: 10.40.0.10
      - address: 10.41.0.10
  register: storage

- name: nova.conf with the host's own initiators
  winstack.hyperv.nova_hyperv_conf:
    iscsi_initiator_list: "{{ storage.storage.iscsi_initiator_list }}"
  check_mode: true

- name: Volumes on a share, instances somewhere else
  winstack.hyperv.win_hv_storage:
    san_policy: offline_shared
    shares: ['\\fs1.example.org\volumes']
    instances_path: C:\ClusterStorage\Volume1\instances
"""

RETURN = r"""
storage:
  description: What the host has after the task.
  returned: success
  type: dict
  contains:
    san_policy:
      description: The policy for new disks.
      type: str
      sample: offline_shared
    iscsi_service:
      description: Start mode of the initiator's service, and whether it runs.
      type: dict
      sample: {start_mode: automatic, running: true}
    initiator_name:
      description: The iSCSI name of Microsoft's initiator; null while its service does not run.
      type: str
      sample: iqn.2026-01.org.example:hv01
    iscsi_initiator_list:
      description: The iSCSI initiators in the form of nova's option C([hyperv] iscsi_initiator_list).
      type: list
      elements: str
      sample: ['ROOT\ISCSIPRT\0000_0']
    fibre_channel_ports:
      description: The Fibre Channel ports, C(wwnn) and C(wwpn) as Windows writes them.
      type: list
      elements: dict
      sample: [{wwnn: 200000109B000000, wwpn: 100000109B000000, instance: 'PCI\VEN_1077&DEV_2031\4&257301F0&0&0010_0'}]
    endpoints:
      description: What was tested, and the address that was tried; C(remote) is empty for a name that does not resolve.
      type: list
      elements: dict
      sample: [{address: 10.40.0.10, port: 3260, remote: 10.40.0.10, reachable: true}]
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: san_policy, before: online_all, after: offline_shared}]
findings:
  description: What a person must know; C(storage_unreachable) and C(fibre_channel) are critical.
  returned: success
  type: list
  elements: dict
  sample:
    - name: storage_unreachable
      severity: critical
      target: 10.40.0.10:3260
      found: no TCP connection to 10.40.0.10
      wanted: a TCP connection
      remediation: See that the storage network's adapter, address, VLAN and route are right on this host.
reboot_required:
  description: Whether a restart of the host is due.
  returned: success
  type: bool
  sample: false
reboot_reasons:
  description: Why a restart is due; always empty, because these settings take effect without one.
  returned: success
  type: list
  elements: str
  sample: []
"""
