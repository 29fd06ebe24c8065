# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_smb_client
short_description: Set up the SMB client of a Hyper-V host
version_added: 0.1.0
description:
  - Switches SMB Multichannel and required signing on or off, and sets which network interfaces the SMB client may use to which server.
  - Reports which interfaces can use RDMA.
  - Checks that nova's instance path is one that nova-compute and the other hosts can use too.
  - An option that is left out is not looked at.
options:
  multichannel:
    description: Whether the SMB client uses several interfaces and connections to a server, which RDMA needs as well.
    type: bool
  require_signing:
    description:
      - Whether the SMB client talks to servers that sign only. Windows Server 2025 requires it by default.
      - V(false) is for file servers that cannot sign.
    type: bool
  constraints:
    description:
      - The interfaces that the SMB client may use to a server, exactly these. Servers that are not listed are left alone.
      - They count for shares in use by virtual machines and files, not for the cluster's own traffic.
    type: list
    elements: dict
    default: []
    suboptions:
      server:
        description: The server as it is called in UNC paths, a name or an address.
        type: str
        required: true
      short_name:
        description: Whether the first label of a DNS name gets the same constraints. Windows takes the two for different servers.
        type: bool
        default: true
      interfaces:
        description: Names of network adapters, such as C(vEthernet (SMB1)). An empty list removes the server's constraints.
        type: list
        elements: str
        required: true
  instances_path:
    description:
      - Where nova keeps its instances. A share must be reachable on TCP port 445; a drive must be a local disk.
      - A mapped drive is refused, because it belongs to one logon session. Whether nova-compute's account may use a share is not tested.
    type: str
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
  - module: winstack.hyperv.win_hv_storage
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Instances on a file server, over two RDMA adapters
  winstack.hyperv.win_hv_smb_client:
    multichannel: true
    constraints:
      - server: fs1.example.org
        interfaces: [vEthernet (SMB1), vEthernet (SMB2)]
    instances_path: \\fs1.example.org\instances

- name: A file server that cannot sign, on Windows Server 2025
  winstack.hyperv.win_hv_smb_client:
    require_signing: false
"""

RETURN = r"""
smb_client:
  description: What the host has after the task.
  returned: success
  type: dict
  contains:
    multichannel:
      description: Whether Multichannel is on.
      type: bool
      sample: true
    require_signing:
      description: Whether signing is required.
      type: bool
      sample: false
    constraints:
      description: The interfaces by server, the server's name in lower case.
      type: dict
      sample: {fs1: [vEthernet (SMB1)], fs1.example.org: [vEthernet (SMB1)]}
    interfaces:
      description: The interfaces that the SMB client knows, and what it can use there.
      type: list
      elements: dict
      sample: [{name: vEthernet (SMB1), index: 12, rdma_capable: true, rss_capable: true}]
    rdma_enabled:
      description: The adapters that have RDMA, and whether it is enabled in their drivers.
      type: dict
      sample: {vEthernet (SMB1): true}
    endpoints:
      description: The file server of O(instances_path), and whether it answers.
      type: list
      elements: dict
      sample: [{address: fs1.example.org, port: 445, remote: 10.40.0.20, reachable: true}]
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: multichannel, before: false, after: true}]
findings:
  description: What a person must know; C(share_unreachable) is critical.
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
  description: Why a restart is due; always empty, because these settings take effect without one.
  returned: success
  type: list
  elements: str
  sample: []
"""
