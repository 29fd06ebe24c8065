# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_switch
short_description: Create and set the external virtual switch of a Hyper-V host without losing the host
version_added: 0.1.0
description:
  - Creates an external switch over one network adapter, or over a switch-embedded team of several, and sets whether the host itself
    uses it, and in which VLAN.
  - Adapters are given by name and compared by interface GUID. Names of switches are not unique on Windows; a host with two of the
    same name is refused.
  - Before a change that touches the adapter that the session comes over, an undo is armed on the host, a scheduled task of SYSTEM. When
    the controller has come back over a new connection it is removed. If the controller does not come back within O(undo_seconds), the
    host undoes the change by itself, and the task fails and says so.
  - Addresses, name servers and routes are compared before and after the change; what differs is a warning.
options:
  name:
    description:
      - The name of the switch.
      - Left out, the module only reads.
    type: str
  adapters:
    description:
      - The names of the network adapters, as C(Get-NetAdapter) shows them. Several become a switch-embedded team, which must be of the
        same make and model.
      - Required for a switch that is not there yet. Left out, the adapters of an existing switch stay as they are.
    type: list
    elements: str
  allow_management_os:
    description:
      - Whether the host itself uses the switch.
      - V(false) is refused where it would cut the session, or the host's only adapter that is up.
    type: bool
    default: true
  bandwidth_mode:
    description:
      - How minimum bandwidths of virtual machines are given.
      - Left out, a new switch gets Windows' default, V(weight), or V(none) with O(iov).
    type: str
    choices: [weight, absolute, none]
  iov:
    description: Whether the switch offers SR-IOV. Left out, a new switch does not.
    type: bool
  vlan:
    description:
      - The VLAN of the host's own adapter on the switch, 1 to 4094, or 0 for untagged. Left out, it stays as it is.
    type: int
  load_balancing:
    description:
      - How a switch-embedded team spreads traffic over its adapters. Left out, it stays as it is or as Windows sets it.
      - Refused for a switch over one adapter.
    type: str
    choices: [hyperv_port, dynamic]
    version_added: 0.2.0
  recreate:
    description:
      - Type, adapters, bandwidth mode and SR-IOV of a switch cannot be changed in place. With V(true) such a switch is removed and made
        anew; otherwise the wish is refused.
      - Refused in any case while virtual machines are connected to the switch, or the session comes over it.
    type: bool
    default: false
  undo_seconds:
    description: How long the host waits for the controller to come back before it undoes a change; at least 15.
    type: int
    default: 180
  session_ports:
    description:
      - The TCP ports that sessions to this host come to, to tell which adapter carries them. Where no session is found, every adapter with
        an address counts as one that does.
    type: list
    elements: int
    default: [5985, 5986, 22]
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: One adapter, shared with the host
  winstack.hyperv.win_hv_switch:
    name: external
    adapters: [Ethernet]

- name: A team of two for virtual machines only
  winstack.hyperv.win_hv_switch:
    name: tenants
    adapters: [Ethernet 2, Ethernet 3]
    allow_management_os: false

- name: Read the switches
  winstack.hyperv.win_hv_switch:
  register: switches
"""

RETURN = r"""
switch:
  description: What is there after the task.
  returned: success
  type: dict
  contains:
    switches:
      description: All switches of the host; empty while the Hyper-V role is not in effect.
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          type: str
          sample: external
        id:
          description: The GUID.
          type: str
          sample: 6f9619ff-8b86-d011-b42d-00cf4fc964ff
        type:
          description: V(external), V(internal) or V(private).
          type: str
          sample: external
        adapters:
          description: The names of its network adapters, sorted.
          type: list
          elements: str
          sample: [Ethernet]
        allow_management_os:
          description: Whether the host uses it.
          type: bool
          sample: true
        bandwidth_mode:
          description: V(weight), V(absolute), V(none) or V(default).
          type: str
          sample: weight
        iov:
          description: Whether it offers SR-IOV.
          type: bool
          sample: false
        vlan:
          description: The VLAN of the host's own adapter on it, 0 for untagged; null where there is not exactly one, or in another mode.
          type: int
          sample: 0
        load_balancing:
          description: The algorithm of a team; null where it has none, or was not asked for with O(load_balancing).
          type: str
          sample: dynamic
    network:
      description: The C(addresses), C(name_servers) and C(routes) of the host; null while the Hyper-V role is not in effect.
      type: dict
      sample: {addresses: [192.0.2.10/24], name_servers: [192.0.2.53], routes: [0.0.0.0/0 via 192.0.2.1]}
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: adapters, before: null, after: [Ethernet]}]
reboot_required:
  description: Whether a restart of the host is due; never because of a switch.
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
