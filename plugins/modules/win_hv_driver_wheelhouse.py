# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_driver_wheelhouse
short_description: Install nova-compute and its Hyper-V driver from a wheelhouse, and switch services to it
version_added: 0.1.0
description:
  - Installs the archive that C(make wheelhouse) builds into a Python environment of its own, tries it there, and only then points the
    services to it. The host needs no compiler, no package index and no proxy.
  - Every archive has its own environment, named by the first 12 digits of its SHA-256. So an update is a switch, and giving the former
    archive's SHA-256 again is the way back, without a download. Nothing is ever removed.
  - An environment counts as installed when C(pip check), the import of both drivers and C(--version) of every program have succeeded in it.
    What an interrupted run has left is made anew.
  - Services are created and pointed to the environment, but not started, stopped or restarted. M(winstack.hyperv.win_hv_service) does
    that; let it watch RV(driver_wheelhouse.switch), which is written whenever a service has changed.
options:
  archive:
    description:
      - The archive that C(make wheelhouse) has built.
    type: dict
    required: true
    suboptions:
      path: &path
        description:
          - Where the file is on the host, or is to be downloaded to.
        type: str
        required: true
      sha256: &sha256
        description:
          - The SHA-256 of the file. Nothing is used that has another one.
        type: str
        required: true
      url: &url
        description:
          - Where the host downloads the file from, when it is not there yet. Left out, another task has to bring it.
          - Windows Server 2016 may refuse an HTTPS server that has no protocol older than TLS 1.2; then push the file.
        type: str
  root:
    description:
      - The folder that holds the environments. Below C(C:\\Program Files) other users of the host cannot write into them.
    type: str
    default: C:\Program Files\OpenStack\Driver
  python:
    description:
      - Python 3.8 x64, the one version that every compiled package of nova and the driver has a Windows wheel for.
    type: dict
    default: {}
    suboptions:
      executable:
        description:
          - The path of an interpreter that is there. Left out, the one that the registry names is used (Python 3.8 for all users).
        type: str
      installer:
        description:
          - Python's installer, such as C(python-3.8.10-amd64.exe), used when there is no Python 3.8 yet.
        type: dict
        suboptions:
          path: *path
          sha256: *sha256
          url: *url
      target:
        description:
          - The folder that Python is installed to.
        type: str
        default: C:\Program Files\Python38
  vc_runtime:
    description:
      - The runtime of Visual C++ that compiled packages load, version 14.20 or newer.
    type: dict
    default: {}
    suboptions:
      installer:
        description:
          - Microsoft's C(vc_redist.x64.exe), used when the runtime is missing or too old.
        type: dict
        suboptions:
          path: *path
          sha256: *sha256
          url: *url
  wrapper:
    description:
      - The program that makes a Windows service of a console program. Needed for O(services).
    type: dict
    suboptions:
      kind:
        description:
          - V(nssm) is the Non-Sucking Service Manager, 2.24 or newer; V(openstackservice) is Cloudbase's C(OpenStackService.exe).
        type: str
        choices: [nssm, openstackservice]
        required: true
      path:
        description:
          - Where it is on the host. Another task has to bring it.
        type: str
        required: true
  services:
    description:
      - The services that run programs of the environment.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name of the service.
        type: str
        default: nova-compute
      program:
        description:
          - The program in the environment's folder C(Scripts), without C(.exe).
        type: str
        default: nova-compute
        choices: [nova-compute, neutron-hyperv-agent]
      arguments:
        description:
          - The arguments of the program, each as it is. Name the configuration file; none of its default places exists on Windows.
        type: list
        elements: str
        required: true
      account:
        description:
          - The account that the service runs as, V(LocalSystem), V(DOMAIN\\user), V(.\\user), V(user@domain), or a group managed
            service account such as V(DOMAIN\\nova$). Left out, a new service runs as LocalSystem, and another keeps its own.
          - The account needs the right to log on as a service, which this module does not give.
        type: str
      password:
        description:
          - The password of O(services[].account). It is used when the service is created or its account changes, because Windows does
            not tell whether the present one is right.
        type: str
      environment:
        description:
          - Environment variables of the service. They replace those that it has; an empty dictionary leaves them.
          - C(PYTHONUTF8=1) makes Python read a C(nova.conf) with other than ASCII characters as UTF-8.
        type: dict
        default:
          PYTHONUTF8: "1"
extends_documentation_fragment:
  - winstack.hyperv.resource
  - winstack.hyperv.attributes
notes:
  - An installer of Python or Visual C++ that wants a restart of the host (exit code 3010) counts as done.
seealso:
  - module: winstack.hyperv.win_hv_service
  - module: winstack.hyperv.win_hv_driver_msi
  - module: winstack.hyperv.win_hv_nova_log
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Nova-compute 2023.2 from a wheelhouse that the host downloads
  winstack.hyperv.win_hv_driver_wheelhouse:
    archive:
      url: https://files.example.org/nova-hyperv-2023.2-cp38-win_amd64.zip
      path: C:\Install\nova-hyperv-2023.2-cp38-win_amd64.zip
      sha256: "{{ lookup('ansible.builtin.file', 'build/wheelhouse/nova-hyperv-2023.2-cp38-win_amd64.zip.sha256') | split | first }}"
    python:
      installer:
        url: https://www.python.org/ftp/python/3.8.10/python-3.8.10-amd64.exe
        path: C:\Install\python-3.8.10-amd64.exe
        sha256: "{{ python_installer_sha256 }}"
    vc_runtime:
      installer:
        url: https://files.example.org/vc_redist.x64.exe
        path: C:\Install\vc_redist.x64.exe
        sha256: "{{ vc_redist_sha256 }}"
    wrapper:
      kind: nssm
      path: C:\Program Files\OpenStack\nssm.exe
    services:
      - name: nova-compute
        arguments: [--config-file, C:\OpenStack\etc\nova.conf]
        account: EXAMPLE\nova
        password: "{{ nova_service_password }}"
  register: driver

- name: Restart nova-compute when it has been switched
  winstack.hyperv.win_hv_service:
    state: started
    restart_after_change_of:
      files: ["{{ driver.driver_wheelhouse.switch }}", C:\OpenStack\etc\nova.conf]
"""

RETURN = r"""
driver_wheelhouse:
  description: The driver after the task.
  returned: success
  type: dict
  contains:
    environment:
      description: The name of the environment, the first 12 digits of its archive's SHA-256.
      type: str
      sample: c44ca4027cd8
    folder:
      description: The folder of the environment.
      type: str
      sample: C:\Program Files\OpenStack\Driver\c44ca4027cd8
    installed:
      description: Whether it has been installed and tried.
      type: bool
      sample: true
    python:
      description: The interpreter of Python 3.8; null when there is none.
      type: str
      sample: C:\Program Files\Python38\python.exe
    vc_runtime:
      description: The version of the Visual C++ runtime; null when there is none.
      type: str
      sample: 14.38.33135
    current:
      description: The environment that the services use.
      type: str
      sample: c44ca4027cd8
    previous:
      description: The environment that they used before.
      type: str
      sample: 9b01d7f1a2c3
    switch:
      description: The file that says so, written whenever a service has changed.
      type: str
      sample: C:\Program Files\OpenStack\Driver\current.json
    services:
      description: The services that were asked for.
      type: list
      elements: dict
      contains:
        name:
          description: The name that was asked for.
          type: str
          sample: nova-compute
        exists:
          description: Whether the host has the service; where not, all that follows is null or empty.
          type: bool
          sample: true
        command:
          description: The command line of the service.
          type: str
          sample: C:\OpenStack\bin\nssm.exe
        application:
          description: The program that NSSM runs; null with another wrapper.
          type: str
          sample: C:\Program Files\OpenStack\Driver\c44ca4027cd8\venv\Scripts\nova-compute.exe
        account:
          description: The account that the service runs as.
          type: str
          sample: EXAMPLE\nova
        environment:
          description: Environment variables of the service.
          type: list
          elements: str
          sample: [PYTHONUTF8=1]
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: current, before: 9b01d7f1a2c3, after: c44ca4027cd8}]
"""
