# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_preflight
short_description: Check whether a Windows Server can become a Hyper-V compute node
version_added: 0.1.0
description:
  - Checks every requirement of the compute-hyperv documentation, and returns one finding, with its remediation, for each that is not met.
    These are second level address translation, VM monitor mode extensions, virtualisation enabled in the firmware, data execution
    prevention, memory, room on the disk of the operating system, physical network adapters, the Windows release and edition,
    and the length of the computer name.
  - Every socket counts. The answers of the processors are only trusted while no hypervisor runs, because a hypervisor hides them; so the
    result is right on a bare machine, on a running compute node, and where virtualization-based security has started a hypervisor.
  - Never changes anything.
options:
  minimum_memory_gb:
    description:
      - How much memory the host needs at least, in units of 1024^3 bytes.
    type: int
    default: 4
  minimum_free_disk_gb:
    description:
      - How much room the disk of the operating system must have at least, in units of 1024^3 bytes.
      - Less is critical before the Hyper-V role is installed and a warning afterwards.
    type: int
    default: 16
  minimum_network_adapters:
    description:
      - How many physical network adapters the host needs at least. With a single one the finding C(network_adapters) tells what to mind.
    type: int
    default: 1
  computer_name:
    description:
      - The name that the host is going to have, where a later step renames it. It is checked instead of the present one.
    type: str
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_features
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Stop here unless the host can become a compute node
  winstack.hyperv.win_hv_preflight:
    minimum_memory_gb: 64

- name: Gather the findings of a host without failing
  winstack.hyperv.win_hv_preflight:
    on_critical: report
  check_mode: true
  register: preflight
"""

RETURN = r"""
findings:
  description: What is not as it should be; empty on a host that meets every requirement.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The requirement. It never changes between releases of this collection, so that playbooks can rely on it.
      type: str
      sample: virtualization_firmware_enabled
    severity:
      description: V(critical) stops the deployment, V(warning) and V(information) do not.
      type: str
      sample: critical
    target:
      description: The part of the host.
      type: str
      sample: CPU0, CPU1
    found:
      description: What the host has.
      type: str
      sample: "no"
    wanted:
      description: What it should have.
      type: str
      sample: yes, on every socket
    remediation:
      description: What to do.
      type: str
      sample: Enable virtualisation (Intel VT-x, AMD-V or SVM) in the BIOS or UEFI settings, then power-cycle.
preflight:
  description: The facts that were read.
  returned: success
  type: dict
  contains:
    computer_name:
      description: The full name of the computer, without its domain.
      type: str
      sample: hv01
    domain_member:
      description: Whether the host is in a domain.
      type: bool
      sample: true
    manufacturer:
      description: The manufacturer of the machine.
      type: str
      sample: Dell Inc.
    model:
      description: The model of the machine.
      type: str
      sample: PowerEdge R750
    virtual_machine:
      description: Whether manufacturer or model are those of a virtual machine.
      type: bool
      sample: false
    version:
      description: The Windows version.
      type: str
      sample: 10.0.20348
    build:
      description: The Windows build.
      type: int
      sample: 20348
    release:
      description: The Windows Server release; null for a build that this collection does not know.
      type: str
      sample: "2022"
    edition:
      description: The edition, as the registry value C(EditionID) names it.
      type: str
      sample: ServerDatacenter
    installation:
      description: The kind of installation, V(Server) or V(Server Core).
      type: str
      sample: Server Core
    product_type:
      description: 1 is a workstation, 2 a domain controller, 3 any other server.
      type: int
      sample: 3
    sku:
      description: The number of the edition, C(OperatingSystemSKU).
      type: int
      sample: 8
    hypervisor_present:
      description: Whether a hypervisor runs, be it Hyper-V's own or one below a virtual machine.
      type: bool
      sample: false
    hyper_v_state:
      description: The install state of the role, such as V(Available) or V(Installed); null where the role is not offered.
      type: str
      sample: Available
    data_execution_prevention:
      description: Whether data execution prevention is available in hardware.
      type: bool
      sample: true
    memory_gb:
      description: Memory in units of 1024^3 bytes.
      type: float
      sample: 255.8
    os_disk:
      description: The disk of the operating system, sizes in units of 1024^3 bytes.
      type: dict
      sample: {drive: "C:", size_gb: 446.0, free_gb: 401.3}
    processors:
      description: The sockets. What they say of virtualisation is misleading while a hypervisor runs.
      type: list
      elements: dict
      contains:
        id:
          description: The name of the socket.
          type: str
          sample: CPU0
        cores:
          description: How many cores it has.
          type: int
          sample: 16
        logical_processors:
          description: How many logical processors it has.
          type: int
          sample: 32
        second_level_address_translation:
          description: Whether the processor has it; null where Windows cannot tell.
          type: bool
          sample: true
        vm_monitor_mode_extensions:
          description: Whether the processor has them; null where Windows cannot tell.
          type: bool
          sample: true
        virtualization_firmware_enabled:
          description: Whether the firmware enabled virtualisation; null where Windows cannot tell.
          type: bool
          sample: true
    network_adapters:
      description: The physical network adapters.
      type: list
      elements: dict
      contains:
        name:
          description: The name of the adapter.
          type: str
          sample: Ethernet 1
        description:
          description: The description of the interface.
          type: str
          sample: Intel(R) Ethernet Controller X710
"""
