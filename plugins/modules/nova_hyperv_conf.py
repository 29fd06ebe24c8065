# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: nova_hyperv_conf
short_description: Write nova.conf of a Hyper-V compute node
version_added: 0.1.0
description:
  - Writes the configuration of C(nova-compute) with the compute-hyperv driver. The file is checked on the controller before anything is
    written, and then replaced whole or not at all.
  - Every option is checked against the catalogue of O(release), which is read from the real packages; all errors come at once.
  - What belongs together is checked too, such as what the cluster driver needs beside itself, or a lock URL that this release accepts.
  - The comparison with the file on the host is by meaning. Order, comments and spelling make no change. Secrets are masked everywhere.
options:
  compute_driver:
    description:
      - The driver class. V(compute_hyperv.cluster.driver.HyperVClusterDriver) is for hosts of a failover cluster.
    type: str
    default: compute_hyperv.driver.HyperVDriver
  instances_path:
    description:
      - Where instance files go. It is a local folder, a folder on another drive, an SMB share (a UNC path) or a cluster shared volume.
      - Must be set, here or in O(options).
    type: str
  state_path:
    description:
      - Local folder for the state of the service. From release 2023.1 on it holds the identity of the node, so it must outlive upgrades.
    type: str
  lock_path:
    description:
      - Local folder for locks between the processes of the host. Must be set.
    type: str
  my_ip:
    description:
      - The address of the host for RDP consoles and volume attachments.
    type: str
  log_file:
    description:
      - Name of the log, for example C(nova-compute.log).
    type: str
  sync_power_state_interval:
    description:
      - Seconds between two comparisons of power states. V(-1), which the cluster driver needs, turns them off.
    type: int
  handle_virt_lifecycle_events:
    description:
      - Whether nova reacts to events of virtual machines. The cluster driver needs V(false).
    type: bool
  remove_unused_base_images:
    description:
      - Whether images that are not in use leave the cache. Must be V(false) where hosts use different cluster shared volumes.
    type: bool
  use_multipath_io:
    description:
      - Use all paths to a volume, through MPIO.
    type: bool
  volume_attach_retry_count:
    description:
      - How often an attachment of a volume is tried again.
    type: int
  volume_attach_retry_interval:
    description:
      - Seconds between these attempts.
    type: int
  mounted_disk_query_retry_count:
    description:
      - How often the disks are scanned again for an attached volume.
    type: int
  mounted_disk_query_retry_interval:
    description:
      - Seconds between these scans.
    type: int
  iscsi_initiator_list:
    description:
      - The hardware iSCSI initiators to use, by the instance names that C(Get-InitiatorPort) returns.
    type: list
    elements: str
  limit_cpu_features:
    description:
      - Hide CPU features that other hosts may lack, so that instances can migrate to them.
    type: bool
  backend_url:
    description:
      - Where the cluster driver takes its locks, as the tooz of O(release) accepts it, for example
        C(etcd3+http://HOST:2379?api_version=v3), C(mysql://USER:PASSWORD@HOST:3306/DATABASE) or C(file:////SERVER/SHARE/FOLDER).
    type: str
  connect_cluster_timeout:
    description:
      - Seconds that C(nova-compute) waits for the failover cluster when it starts. The default of the service is to wait for ever, so the
        cluster driver needs a number here.
    type: int
  pci_devices:
    description:
      - The PCI devices that instances may get. Written as C([pci] device_spec), or C(passthrough_whitelist) up to Yoga.
      - On Windows an id with letters usually never matches; O(pci_devices[].address) does.
    type: list
    elements: dict
    suboptions:
      address:
        description:
          - C(DDDD:BB:SS.F), with C(*) for any part.
        type: str
      vendor_id:
        description:
          - Four hexadecimal digits, or C(*).
        type: str
      product_id:
        description:
          - Four hexadecimal digits, or C(*).
        type: str
      resource_class:
        description:
          - The resource class in placement, from Zed on.
        type: str
      traits:
        description:
          - Traits in placement separated by commas, from Zed on.
        type: str
  pci_aliases:
    description:
      - Names for devices, as flavors ask for them.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name.
        type: str
        required: true
      vendor_id:
        description:
          - Four hexadecimal digits.
        type: str
      product_id:
        description:
          - Four hexadecimal digits.
        type: str
      device_type:
        description:
          - The driver reports all devices as V(type-PCI).
        type: str
        choices: [type-PCI, type-PF, type-VF]
      numa_policy:
        description:
          - How instance and device are placed. The driver reports no NUMA node for a device.
        type: str
        choices: [legacy, preferred, required, socket]
      resource_class:
        description:
          - The resource class in placement, from 2023.1 on.
        type: str
      traits:
        description:
          - Traits in placement separated by commas, from 2023.1 on.
        type: str
  keystone:
    description:
      - How the service logs on to keystone, for each group of the file that O(keystone.users) names.
    type: dict
    suboptions:
      auth_url:
        description:
          - The identity service, for example C(https://keystone.example:5000/v3).
        type: str
      auth_type:
        description:
          - The keystoneauth plugin.
        type: str
        default: password
      project_name:
        description:
          - The project of the service users.
        type: str
        default: service
      project_domain_name:
        description:
          - The domain of that project.
        type: str
        default: Default
      user_domain_name:
        description:
          - The domain of the service users.
        type: str
        default: Default
      region_name:
        description:
          - The region whose endpoints are used.
        type: str
      cafile:
        description:
          - The certificate authorities to trust, a file on the host.
        type: str
      insecure:
        description:
          - Do not verify certificates.
        type: bool
      users:
        description:
          - The user of each group. O(keystone.users.service_user) turns service tokens on, which every nova service needs.
        type: dict
        suboptions:
          placement:
            description:
              - The user of C([placement]).
            type: dict
            suboptions:
              username:
                description:
                  - The name.
                type: str
                required: true
              password:
                description:
                  - The password.
                type: str
                required: true
          neutron:
            description:
              - The user of C([neutron]).
            type: dict
            suboptions:
              username:
                description:
                  - The name.
                type: str
                required: true
              password:
                description:
                  - The password.
                type: str
                required: true
          service_user:
            description:
              - The user of C([service_user]).
            type: dict
            suboptions:
              username:
                description:
                  - The name.
                type: str
                required: true
              password:
                description:
                  - The password.
                type: str
                required: true
          cinder:
            description:
              - The user of C([cinder]).
            type: dict
            suboptions:
              username:
                description:
                  - The name.
                type: str
                required: true
              password:
                description:
                  - The password.
                type: str
                required: true
  control_plane_release:
    description:
      - The release of the control plane, for a warning when it would refuse a compute service of O(release) or when nobody tests the pair.
    type: str
extends_documentation_fragment:
  - winstack.hyperv.configuration_file
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.neutron_hyperv_conf
  - module: winstack.hyperv.win_hv_host
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: A stand-alone node
  winstack.hyperv.nova_hyperv_conf:
    path: C:\OpenStack\etc\nova.conf
    instances_path: C:\OpenStack\Instances
    state_path: C:\OpenStack\State
    lock_path: C:\OpenStack\Lock
    log_dir: C:\OpenStack\Log
    log_file: nova-compute.log
    my_ip: 10.0.0.21
    transport_url: "{{ nova_transport_url }}"
    use_multipath_io: true
    keystone:
      auth_url: https://keystone.example:5000/v3
      region_name: RegionOne
      users:
        placement: {username: placement, password: "{{ placement_password }}"}
        neutron: {username: neutron, password: "{{ neutron_password }}"}
        service_user: {username: nova, password: "{{ nova_password }}"}
    options:
      DEFAULT:
        log_rotation_type: size
        reserved_host_memory_mb: 4096
    backup: true

- name: A node of a failover cluster
  winstack.hyperv.nova_hyperv_conf:
    path: C:\OpenStack\etc\nova.conf
    compute_driver: compute_hyperv.cluster.driver.HyperVClusterDriver
    instances_path: C:\ClusterStorage\Volume1\Instances
    state_path: C:\OpenStack\State
    lock_path: C:\OpenStack\Lock
    sync_power_state_interval: -1
    handle_virt_lifecycle_events: false
    remove_unused_base_images: false
    backend_url: etcd3+http://10.0.0.10:2379?api_version=v3
    connect_cluster_timeout: 300
    limit_cpu_features: false
    transport_url: "{{ nova_transport_url }}"

- name: What would the file look like
  winstack.hyperv.nova_hyperv_conf:
    state: rendered
    instances_path: C:\OpenStack\Instances
    state_path: C:\OpenStack\State
    lock_path: C:\OpenStack\Lock
    transport_url: "{{ nova_transport_url }}"
    pci_devices:
      - address: "0000:3b:00.0"
  delegate_to: localhost
"""

RETURN = r"""
nova_conf:
  description: The file as it is after the task (in check mode, before it). Secrets are masked.
  returned: when O(state) is V(present) or V(gathered)
  type: dict
  contains:
    path:
      description: The file on the host.
      type: str
      sample: C:\OpenStack\etc\nova.conf
    exists:
      description: Whether it was there when it was read.
      type: bool
      sample: true
    options:
      description: Groups, names and typed values. A value that the service could not read is the text as it stands.
      type: dict
      sample: {DEFAULT: {my_ip: 10.0.0.21}}
    backup_file:
      description: The file that keeps the former content.
      returned: when O(backup) is true and the file is replaced
      type: str
      sample: C:\OpenStack\etc\nova.conf.0a1b2c3d4e5f.bak
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
