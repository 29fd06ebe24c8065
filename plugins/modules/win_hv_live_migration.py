# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_live_migration
short_description: Set up live migration on a Hyper-V host
version_added: 0.1.0
description:
  - Switches live migration on or off, sets how hosts authenticate to each other, how memory is transferred, how many migrations run at
    the same time and on which networks, and enables the firewall rules that it needs.
  - An option that is left out is not looked at.
  - Delegation, which O(authentication=kerberos) needs in Active Directory, is not a setting of the host and not handled here.
options:
  enabled:
    description:
      - Whether the host sends and receives live migrations. Migration of storage alone is always possible.
      - V(true) is refused on a host that is in no Active Directory domain.
    type: bool
  domain_join_planned:
    description:
      - Says that the host joins a domain later in the same run. Check mode then reports what would change instead of refusing
        O(enabled=true); applying still fails until the host is in a domain.
    type: bool
    default: false
  authentication:
    description:
      - How the source host proves to the destination who it is.
      - V(kerberos) needs constrained delegation between the hosts, and works whoever starts the migration.
      - V(credssp) needs no delegation. It is refused on Windows Server 2025, where Credential Guard makes it fail by default.
    type: str
    choices: [kerberos, credssp]
  performance_option:
    description: How memory travels, plainly (V(tcpip)), compressed, or over SMB, which makes use of RDMA and several network adapters.
    type: str
    choices: [tcpip, compression, smb]
  maximum_virtual_machine_migrations:
    description:
      - How many live migrations may run at the same time, at least one.
      - In a failover cluster the cluster's own property C(MaximumParallelMigrations) takes precedence.
    type: int
  maximum_storage_migrations:
    description: How many migrations of storage may run at the same time, at least one.
    type: int
  use_any_network:
    description: Whether incoming migrations are accepted on every network of the host instead of those in O(networks).
    type: bool
  networks:
    description:
      - The networks for incoming migrations, exactly these. Networks that are not listed are removed; an empty list removes all.
      - Networks that a failover cluster manages are neither seen nor touched, because Windows' own cmdlets do not show them.
      - Cannot be combined with O(use_any_network=true).
    type: list
    elements: dict
    suboptions:
      subnet:
        description:
          - An IPv4 or IPv6 subnet with its prefix length. Bits beyond the prefix are ignored; a single address stands for itself.
        type: str
        required: true
      priority:
        description: The lower the number, the earlier the network is used. Left out, the present one stays.
        type: int
  firewall_rules:
    description:
      - Names (not display names, which are translated) of the firewall rules to enable with O(enabled=true).
      - The default lets in TCP port 6600. Moving storage also needs SMB, whose rule is C(FPS-SMB-In-TCP).
    type: list
    elements: str
    default: [VIRT-MIGL-In-TCP-NoScope]
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.win_hv_host
  - module: winstack.hyperv.win_hv_service_account
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Live migration over a network of its own
  winstack.hyperv.win_hv_live_migration:
    enabled: true
    authentication: kerberos
    performance_option: smb
    maximum_virtual_machine_migrations: 4
    maximum_storage_migrations: 2
    use_any_network: false
    networks:
      - subnet: 10.20.0.0/24
        priority: 1
      - subnet: fd00:20::/64
        priority: 2

- name: No live migration
  winstack.hyperv.win_hv_live_migration:
    enabled: false
"""

RETURN = r"""
live_migration:
  description: The settings after the task; null while the Hyper-V role is not in effect.
  returned: success
  type: dict
  contains:
    enabled:
      description: Whether live migration is on.
      type: bool
      sample: true
    authentication:
      description: As in O(authentication).
      type: str
      sample: kerberos
    performance_option:
      description: As in O(performance_option).
      type: str
      sample: smb
    maximum_virtual_machine_migrations:
      description: The host's own limit.
      type: int
      sample: 4
    maximum_storage_migrations:
      description: The host's own limit.
      type: int
      sample: 2
    use_any_network:
      description: Whether any network is used.
      type: bool
      sample: false
    networks:
      description: The networks in normal form, those of a failover cluster not among them.
      type: list
      elements: dict
      sample: [{subnet: 10.20.0.0/24, priority: 1}]
    firewall_rules:
      description: The rules of O(firewall_rules) and whether they are enabled; empty unless O(enabled=true).
      type: dict
      sample: {VIRT-MIGL-In-TCP-NoScope: true}
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: authentication, before: credssp, after: kerberos}]
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
