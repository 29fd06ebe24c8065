# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_service
short_description: Configure the Windows service of nova-compute, and restart it when what it reads has changed
version_added: 0.1.0
description:
  - Sets start mode, dependencies and recovery of a service, and starts or stops it.
  - Restarts a running service that is older than the files and services it depends on. That is read from the host each time, so a run
    that was interrupted between writing a file and restarting the service is finished by the next one.
  - Does not create the service. A service that runs proves nothing of the nova-compute in it, so that is not looked at either.
options:
  name:
    description:
      - The name of the service, not its display name.
    type: str
    default: nova-compute
  state:
    description:
      - Whether the service runs. Left out, it is left as it is.
    type: str
    choices: [started, stopped]
  start_mode:
    description:
      - How the service starts. V(delayed) is automatic, but some minutes after the host.
    type: str
    choices: [automatic, delayed, manual, disabled]
  dependencies:
    description:
      - The services that must run before this one starts. The list replaces the present one; an empty list removes all.
    type: list
    elements: str
  recovery:
    description:
      - Restart the service each time it fails.
    type: dict
    suboptions:
      restart_delay_ms:
        description:
          - How long to wait before the restart, in milliseconds.
        type: int
        default: 1000
      reset_seconds:
        description:
          - After how many seconds without a failure the count of failures starts anew.
        type: int
        default: 5
      on_error_exit:
        description:
          - Whether a service that ends by itself with an error counts as failed, and not only one that crashes.
        type: bool
        default: true
  restart_after_change_of:
    description:
      - What the service reads once when it starts. A running service is restarted when one of these is newer than its process.
      - In M(winstack.hyperv.win_hv_host) all sections are planned before any is applied. So give the section that writes the file to an
        earlier task than this one.
    type: dict
    suboptions:
      files:
        description:
          - Paths of files. The time of the last change counts. A file that does not exist is a warning.
        type: list
        elements: str
      services:
        description:
          - Names of services. The start of their processes counts.
        type: list
        elements: str
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
  - module: winstack.hyperv.win_hv_driver_msi
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Nova-compute runs, comes back when it fails, and has read its configuration
  winstack.hyperv.win_hv_service:
    name: nova-compute
    state: started
    start_mode: delayed
    dependencies: [Winmgmt, vmms]
    recovery:
      restart_delay_ms: 5000
      reset_seconds: 86400
    restart_after_change_of:
      files: [C:\OpenStack\etc\nova.conf]
      services: [vmms]

- name: Take a node out of service
  winstack.hyperv.win_hv_service:
    state: stopped
    start_mode: disabled
"""

RETURN = r"""
service:
  description: The service after the task.
  returned: success
  type: dict
  contains:
    name:
      description: The name that was asked for.
      type: str
      sample: nova-compute
    exists:
      description: Whether the host has the service; where not, all that follows is null or empty.
      type: bool
      sample: true
    state:
      description: What the service does, such as V(running), V(stopped) or V(start_pending).
      type: str
      sample: running
    start_mode:
      description: V(automatic), V(delayed), V(manual) or V(disabled).
      type: str
      sample: delayed
    account:
      description: The account that the service runs as.
      type: str
      sample: LocalSystem
    command:
      description: The command line of the service.
      type: str
      sample: '"C:\OpenStack\bin\OpenStackService.exe" nova-compute'
    started:
      description: When its process started, in UTC; null while it does not run.
      type: str
      sample: "2026-11-21T02:10:44.1234567Z"
    dependencies:
      description: The services that it depends on.
      type: list
      elements: str
      sample: [Winmgmt]
    recovery:
      description: What happens when it fails. C(actions) are those of the first failure, the second and so on; the last one repeats.
      type: dict
      sample: {actions: [{action: restart, delay_ms: 1000}], reset_seconds: 5, on_error_exit: true}
differences:
  description: The settings that were not as wanted. C(process) is a service that is older than what it depends on.
  returned: success
  type: list
  elements: dict
  sample: [{path: start_mode, before: manual, after: delayed}]
"""
