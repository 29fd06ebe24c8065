# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: control_plane_info
short_description: Ask the OpenStack control plane what it knows of the compute nodes
version_added: 0.1.0
description:
  - Asks nova, placement and neutron whether each host's compute service is up and enabled, its hypervisor and resource provider are
    there, the host is mapped to a cell, and its network agent is alive. Warns where the release of the control plane and that of
    C(nova-compute) do not go together.
  - Looks at the ports of the hosts with a network agent, because no API lists mechanism drivers. A port with the C(vif_type) V(hyperv)
    proves that neutron has the mechanism driver, one that is V(binding_failed) on a network that the agent reaches shows that it has not.
  - Runs on the controller through M(openstack.cloud.resources), so use it with C(delegate_to=localhost), once for all hosts.
  - Never changes anything, and never fails because of what it found. Look at RV(critical).
options:
  cloud:
    description:
      - The cloud, as M(openstack.cloud.resources) takes it. Either the name of one in C(clouds.yaml), or a dictionary of what stands there.
      - Left out, C(OS_CLOUD) and the other environment variables of the controller count.
      - The account needs the role of an administrator.
    type: raw
  hosts:
    description:
      - The nodes by inventory name. Each is a dictionary of C(host), the name that C(nova-compute) has for itself (the computer name, or
        C(host) in nova.conf), and C(network_agent), whether C(neutron-hyperv-agent) has to be alive there (V(false) if left out).
    type: dict
    required: true
  release:
    description:
      - The release of C(nova-compute) on the hosts.
    type: str
    choices: [yoga, zed, '2023.1', '2023.2']
    default: '2023.2'
  accept:
    description:
      - Names of findings that shall be warnings, such as V(compute_service_disabled). docs/control-plane.md lists all.
    type: list
    elements: str
    default: []
  wait_seconds:
    description:
      - How long to ask again while something critical is found. New hosts are mapped to their cell only every now and then.
      - A refused log-on (HTTP 401) ends the task at once, after one attempt.
    type: int
    default: 0
requirements:
  - openstacksdk on the controller; openstack.cloud up to 2.5.0 needs one older than 4.15
attributes:
  check_mode:
    support: full
    description: Changes nothing in any mode.
  diff_mode:
    support: none
    description: Changes nothing, so there is no difference to show.
  platform:
    support: full
    platforms: all
    description: Runs on the controller; the control plane may be of any release from Yoga on.
seealso:
  - module: openstack.cloud.resources
  - module: winstack.hyperv.win_hv_nova_log
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: What the control plane knows of two nodes
  winstack.hyperv.control_plane_info:
    cloud: production
    hosts:
      hv01: {host: HV01, network_agent: true}
      hv02: {host: HV02}
    wait_seconds: 60
  delegate_to: localhost
  run_once: true
  register: known
"""

RETURN = r"""
hosts:
  description: The findings by inventory name.
  returned: success
  type: dict
  contains:
    findings:
      description: What is not as it should be, in the form of M(winstack.hyperv.win_hv_preflight).
      type: list
      elements: dict
    ports:
      description: How many ports of the host neutron bound in which way, by C(binding:vif_type). Empty without a network agent.
      type: dict
      sample: {hyperv: 12, binding_failed: 1}
  sample: {hv01: {findings: [], ports: {hyperv: 12}}}
critical:
  description: How many findings of all hosts are critical.
  returned: success
  type: int
microversion:
  description: The newest microversion of the compute API, empty where it could not be read.
  returned: success
  type: str
  sample: "2.95"
"""
