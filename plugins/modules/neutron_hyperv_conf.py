# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: neutron_hyperv_conf
short_description: Write the configuration of the neutron agent for Hyper-V
version_added: 0.1.0
description:
  - Writes the configuration of C(neutron-hyperv-agent) (networking-hyperv), checked and replaced as M(winstack.hyperv.nova_hyperv_conf)
    does for nova.conf.
  - What makes the agent refuse to start is refused here first. That is no virtual switch, a missing one, or one with the Open vSwitch
    extension enabled.
options:
  physical_network_vswitch_mappings:
    description:
      - Which virtual switch carries which physical network, each as C(NETWORK:SWITCH); C(*) stands for any network.
      - The agent refuses to start without a switch, or when a named one is missing; both are checked beforehand.
    type: list
    elements: str
  local_network_vswitch:
    description:
      - The virtual switch of local networks.
    type: str
  polling_interval:
    description:
      - Seconds between two looks at the ports.
    type: int
  worker_count:
    description:
      - How many ports are worked on at a time.
    type: int
  enable_metrics_collection:
    description:
      - Collect network metrics for ceilometer.
    type: bool
  enable_qos_extension:
    description:
      - Apply quality of service policies.
    type: bool
  firewall_driver:
    description:
      - Only V(hyperv) works on Windows.
    type: str
    default: hyperv
  enable_security_group:
    description:
      - Whether security groups are enforced.
    type: bool
  lock_path:
    description:
      - Local folder for locks between the processes of the host.
    type: str
  log_file:
    description:
      - Name of the log, for example C(neutron-hyperv-agent.log).
    type: str
extends_documentation_fragment:
  - winstack.hyperv.configuration_file
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
notes:
  - Open vSwitch is no way around this agent, because compute-hyperv 13 (Xena) and newer refuse Open vSwitch ports.
  - The C(hyperv) mechanism driver must be installed and enabled on the neutron server as well.
seealso:
  - module: winstack.hyperv.nova_hyperv_conf
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: One switch for all physical networks
  winstack.hyperv.neutron_hyperv_conf:
    path: C:\OpenStack\etc\neutron_hyperv_agent.conf
    physical_network_vswitch_mappings: ["*:external"]
    enable_security_group: true
    transport_url: "{{ neutron_transport_url }}"
    lock_path: C:\OpenStack\Lock
    log_dir: C:\OpenStack\Log
    log_file: neutron-hyperv-agent.log
"""

RETURN = r"""
neutron_conf:
  description: The file as it is after the task (in check mode, before it). Secrets are masked.
  returned: when O(state) is V(present) or V(gathered)
  type: dict
  contains:
    path:
      description: The file on the host.
      type: str
      sample: C:\OpenStack\etc\neutron_hyperv_agent.conf
    exists:
      description: Whether it was there when it was read.
      type: bool
      sample: true
    options:
      description: Groups, names and typed values. A value that the service could not read is the text as it stands.
      type: dict
      sample: {AGENT: {local_network_vswitch: external}}
    backup_file:
      description: The file that keeps the former content.
      returned: when O(backup) is true and the file is replaced
      type: str
      sample: C:\OpenStack\etc\neutron_hyperv_agent.conf.0a1b2c3d4e5f.bak
rendered:
  description: The text of the file.
  returned: when O(state) is V(rendered)
  type: str
parsed:
  description: Groups, names and typed values, secrets masked.
  returned: when O(state) is V(parsed)
  type: dict
differences:
  description: The options whose meaning changes, with their values before and after. Order, comments and spelling are no change.
  returned: when O(state) is V(present)
  type: list
  elements: dict
  sample: [{path: hyperv.use_multipath_io, before: false, after: true}]
"""
