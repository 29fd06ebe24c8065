# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_lock_backend
short_description: Test the lock backend of the cluster driver from a node
version_added: 0.2.0
description:
  - Checks the URL of the lock backend against what the driver's release can use on Windows, and tests from the node that it is reached.
    The cluster driver takes a lock there before it fails over an instance, and C(nova-compute) does not start without it.
  - A URL that locks nothing between nodes is refused, such as a folder of the host, which is the driver's own default. So is one that the
    tooz of O(release) does not take.
  - What the host shows is a finding. That is a TCP port that does not answer, a share or cluster volume that is not there, a certificate or
    key that the URL names and the host does not have, and a package that the environment of the driver lacks.
  - Never changes anything, and takes no lock.
options:
  backend_url:
    description:
      - The URL, as C([coordination] backend_url) of nova.conf has it. All nodes of a cluster must have the same. Secret.
      - One of C(etcd3+http://HOST:2379?api_version=v3), C(etcd3+https) likewise with C(ca_cert) and others,
        C(mysql://USER:PASSWORD@HOST:3306/DATABASE), C(file:////SERVER/SHARE/FOLDER).
    type: str
    required: true
  release:
    description:
      - The OpenStack release of the driver.
    type: str
    choices: [yoga, zed, '2023.1', '2023.2']
    default: '2023.2'
  environment:
    description:
      - The folder of the Python environment that C(nova-compute) runs from, C(ROOT\\NAME\\venv) of a wheelhouse or C(INSTALLDIR\\Python)
        of an MSI. The packages that the backend needs are looked for there. An environment that is not there yet is passed over.
    type: str
  network_credentials:
    description:
      - Whether this task may use the network in an account's name, as with C(become), C(become_method=runas) and a password. Only then is a
        share itself looked for. A plain WinRM session has no rights on a second machine, and tests the file server's port 445 only.
      - Use the account of C(nova-compute).
    type: bool
    default: false
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
seealso:
  - module: winstack.hyperv.nova_hyperv_conf
  - module: winstack.hyperv.win_hv_host
  - module: winstack.hyperv.win_hv_share_access
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Locks in etcd
  winstack.hyperv.win_hv_lock_backend:
    backend_url: etcd3+http://etcd.example.org:2379?api_version=v3
    environment: C:\Program Files\OpenStack\Driver\0a1b2c3d4e5f\venv

- name: Locks on a share, looked at as nova-compute's account
  winstack.hyperv.win_hv_lock_backend:
    backend_url: file:////fs1.example.org/locks/nova
    network_credentials: true
  become: true
  become_method: ansible.builtin.runas
  become_user: EXAMPLE\nova
  vars:
    ansible_become_password: "{{ nova_service_password }}"
"""

RETURN = r"""
lock_backend:
  description: The backend as this node sees it.
  returned: success
  type: dict
  contains:
    url:
      description: The URL without its password.
      type: str
      sample: mysql://tooz:********@10.0.0.11:3306/locks
    kind:
      description: One of etcd, mysql, share, cluster_volume, other.
      type: str
      sample: mysql
    endpoints:
      description: The TCP port that was tested. None for a cluster volume and a backend that nobody tried.
      type: list
      elements: dict
      sample: [{address: 10.0.0.11, port: 3306, remote: 10.0.0.11, reachable: true}]
    folders:
      description: The share or cluster volume of a file URL, and whether it is there. Empty where it was not looked for.
      type: dict
      sample: {'\\fs1.example.org\locks': true}
    files:
      description: The certificates and keys that the URL names, and whether they are there.
      type: dict
      sample: {'C:\OpenStack\etc\ca.pem': true}
    packages:
      description: The versions of the packages that the backend needs; null where no environment was given or there is none yet.
      type: dict
      sample: {tooz: 4.2.0, PyMySQL: 1.0.3}
findings:
  description: What keeps the node from using the backend; all of them are critical.
  returned: always
  type: list
  elements: dict
  sample:
    - {name: lock_backend_unreachable, severity: critical, target: '10.0.0.11:3306', found: no TCP connection to 10.0.0.11,
       wanted: a TCP connection, remediation: See that the server runs.}
"""
