# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_time
short_description: Keep the clock of a compute node synchronized
version_added: 0.1.0
description:
  - Configures the Windows Time service (C(w32time)) and sees that it runs, and goes on running.
  - A member of a domain takes its time from the domain and is left that way, unless O(source=ntp) says otherwise.
  - Outside a domain the service has triggers that stop it right after the host has started. They are removed, and the service starts
    automatically.
  - What group policy sets is not fought, because the local setting has no effect then; a finding says so.
  - A first synchronization that fails does not fail the task. A finding says when the clock follows nothing.
options:
  source:
    description:
      - Where the time comes from.
      - V(domain) is the hierarchy of the domain, V(ntp) are the O(peers), V(auto) is the former for a member of a domain and the latter
        for any other host.
    type: str
    choices: [auto, domain, ntp]
    default: auto
  peers:
    description:
      - The time servers. The list replaces the present one. They are not used where the time comes from the domain.
      - Left out on a host outside a domain, the present servers are kept, and a warning names them.
      - Microsoft recommends three or more; of two, one should be V(fallback_only).
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - Name or address of the server.
        type: str
        required: true
      flags:
        description:
          - How the server is used.
        type: list
        elements: str
        choices: [client, fallback_only, symmetric_active]
        default: [client]
  poll_interval_seconds:
    description:
      - How often the O(peers) are asked. Left out, the service decides by itself, which is the better choice as a rule.
      - Windows keeps it between its own least and greatest interval, 1024 and 32768 seconds unless they were changed. A warning says so.
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
- name: Time from three servers, unless the host is in a domain
  winstack.hyperv.win_hv_time:
    peers:
      - host: ntp1.example.org
      - host: ntp2.example.org
      - host: 192.0.2.1
        flags: [client, fallback_only]

- name: Look what a host does about its time
  winstack.hyperv.win_hv_time:
  check_mode: true
  register: clock
"""

RETURN = r"""
time:
  description: The settings in effect after the task; where group policy sets one, the policy's.
  returned: success
  type: dict
  contains:
    source:
      description: What was wanted, V(domain) or V(ntp).
      type: str
      sample: ntp
    domain_member:
      description: Whether the host is in a domain.
      type: bool
      sample: false
    type:
      description: How the service finds its source, such as V(NTP) or V(NT5DS), the latter being the domain.
      type: str
      sample: NTP
    peers:
      description: The time servers with their flags.
      type: list
      elements: str
      sample: ["ntp1.example.org,0x8"]
    poll_interval_seconds:
      description: The interval for servers with the flag 0x1.
      type: int
      sample: 3600
    client_enabled:
      description: Whether the service fetches time at all.
      type: bool
      sample: true
    group_policy:
      description: Which of the settings group policy sets.
      type: list
      elements: str
      sample: []
    running:
      description: Whether the service runs.
      type: bool
      sample: true
    start_mode:
      description: V(automatic), V(manual) or V(disabled).
      type: str
      sample: automatic
    triggers:
      description: The events that start or stop the service.
      type: list
      elements: dict
      sample: [{action: stop, type: 3, subtype: ddaf516e-58c2-4866-9574-c3b615d42ea1}]
    follows:
      description: The source that the clock follows, in the words of C(w32tm); null while the service does not run.
      type: str
      sample: "ntp1.example.org,0x8"
    synchronized:
      description: Whether that is a source at all; null while the service does not run.
      type: bool
      sample: true
findings:
  description: C(group_policy) for a setting that the policy sets to another value, C(not_synchronized) for a clock that follows nothing.
  returned: success
  type: list
  elements: dict
  sample: []
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: peers, before: ["time.windows.com,0x8"], after: ["ntp1.example.org,0x8"]}]
"""
