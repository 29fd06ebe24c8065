# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_nova_log
short_description: Tell from its log whether nova-compute is up, and if not, why
version_added: 0.1.0
description:
  - A service that runs proves nothing of the nova-compute in it, which waits for RabbitMQ and for C(nova-conductor) before it even looks
    for its driver. This module reads the service and the end of its log, and says how far the last start has come or what ended it.
  - Only reads. To wait for a start, repeat the task until RV(nova_log.state) is V(up), with O(on_critical=report).
options:
  path:
    description:
      - The log of nova-compute on the host.
    type: str
    default: C:\OpenStack\Log\nova-compute.log
  service:
    description:
      - The name of the service.
    type: str
    default: nova-compute
  tail_bytes:
    description:
      - How much of the end of the log is read, 1024 to 4194304. With O(ignore:debug=true) in C(nova.conf) a start needs some megabytes.
    type: int
    default: 32768
  wanted:
    description:
      - The state that is wanted. Anything else is a critical finding. Left out, the module only tells.
      - In M(winstack.hyperv.win_hv_host) a critical finding keeps every other section from being applied. So give this one to a task of
        its own, after the service was started.
    type: str
    choices: [up]
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_service
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Wait until nova-compute is up
  winstack.hyperv.win_hv_nova_log:
    wanted: up
    on_critical: report
  register: compute
  until: compute.nova_log.state == 'up'
  retries: 30
  delay: 10

- name: Why is it not
  winstack.hyperv.win_hv_nova_log:
    tail_bytes: 1048576
"""

RETURN = r"""
nova_log:
  description: What became of the last start.
  returned: success
  type: dict
  contains:
    state:
      description:
        - V(up); on the way there V(starting), V(waiting_for_messaging), V(waiting_for_conductor) or V(loading_driver).
        - V(disconnected) was up and has lost RabbitMQ. V(absent), V(stopped) and V(silent) are a service that is not there, does not run,
          or has logged nothing since it started.
        - V(no_compute_driver), V(driver_failed), V(lost_identity), V(identity_conflict), V(renamed), V(too_old), V(placement_failed)
          and V(failed) have ended the process.
        - V(unknown) means that the last start is further up in the log than O(tail_bytes).
      type: str
      sample: waiting_for_conductor
    evidence:
      description: The line of the log that this stands on, up to 400 characters.
      type: str
      sample: "2026-11-21 02:37:52.975 25120 WARNING nova.conductor.api [-] Timed out waiting for nova-conductor. ..."
    remedy:
      description: What to do about it.
      type: str
      sample: "RabbitMQ answers, but no nova-conductor: ..."
    earlier_failure:
      description: How the start before the last one failed; null when it did not.
      type: str
      sample: null
    service:
      description: What the service does, such as V(running), V(stopped) or V(start_pending); V(absent) when there is none.
      type: str
      sample: running
    started:
      description: When the service's process started, in UTC; null while it does not run.
      type: str
      sample: "2026-11-21T02:37:41.123Z"
    path:
      description: The log.
      type: str
      sample: C:\OpenStack\Log\nova-compute.log
    written:
      description: When the log's last line was written, in UTC; null when there is none.
      type: str
      sample: "2026-11-21T02:37:52.975Z"
findings:
  description: A critical one when O(wanted) is not met.
  returned: success
  type: list
  elements: dict
  sample: []
"""
