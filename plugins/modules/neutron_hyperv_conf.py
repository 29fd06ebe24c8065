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
  state:
    description:
      - V(present) writes the file on the host when it says something else than the task.
      - V(gathered) only reads the file on the host and returns its options.
      - V(rendered) returns the file's text in RV(rendered), without a host. Secrets are masked unless the task has C(no_log=true).
      - V(parsed) returns the options that O(running_config) holds in RV(parsed), without a host.
    type: str
    choices: [present, gathered, rendered, parsed]
    default: present
  path:
    description:
      - The file on the host. Its folder must exist.
      - Needed for O(state=present) and O(state=gathered).
    type: str
  running_config:
    description:
      - The text of a file, for O(state=parsed).
    type: str
  release:
    description:
      - The OpenStack release of the packages on the host; it decides which options exist and how some are named.
      - One of C(yoga), C(zed), C(2023.1) and C(2023.2). No later release of nova can load the driver.
    type: str
    default: '2023.2'
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
  host:
    description:
      - Only where needed; must equal the Windows computer name.
    type: str
  transport_url:
    description:
      - The message queue, for example C(rabbit://USER:PASSWORD@HOST:5672/), with C(%) escapes in user and password. Secret.
    type: str
  log_dir:
    description:
      - Folder of the log.
    type: str
  log_file:
    description:
      - Name of the log, for example C(neutron-hyperv-agent.log).
    type: str
  debug:
    description:
      - Log at debug level.
    type: bool
  options:
    description:
      - Any options of the file, as a mapping of groups to mappings of names to values.
      - Names, types, ranges and choices are checked against what the real packages of O(release) register. An unknown name is an error
        that names the closest one, or what became of it.
      - A value of V(null) makes sure that the option is absent. A list is for list options and multi-valued options.
      - A dollar sign is literal; C($name) is never substituted.
    type: dict
    default: {}
  unmanaged:
    description:
      - What happens to options that stand in the file on the host and not in the task.
      - V(replace) drops them, V(keep) keeps them with their value as it stands, V(refuse) makes them an error.
    type: str
    choices: [replace, keep, refuse]
    default: replace
  unmanaged_options:
    description:
      - The same decision for single options and groups. Keys are C(GROUP.NAME) or C(GROUP.*), values as for O(unmanaged). A key without
        an asterisk goes first.
    type: dict
    default: {}
  accept:
    description:
      - Names of rules that do not apply here. A refusal by such a rule becomes a warning, and its warnings are silent.
      - Every refusal and warning names its rule; docs/nova-conf.md lists them.
    type: list
    elements: str
    default: []
  virtualenv:
    description:
      - The folder of the Python environment on the host, so that no state is put into it.
    type: str
  encoding:
    description:
      - V(ascii) refuses any other character, because the services read the file in the code page of the host.
      - V(utf-8) needs C(PYTHONUTF8=1) in the environment of the service.
    type: str
    choices: [ascii, utf-8]
    default: ascii
  newline:
    description:
      - How lines end.
    type: str
    choices: [crlf, lf]
    default: crlf
  backup:
    description:
      - Keep the former content beside the file, under a name that holds the first digits of its SHA-256.
    type: bool
    default: false
extends_documentation_fragment:
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
