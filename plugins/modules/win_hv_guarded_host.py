# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: win_hv_guarded_host
short_description: Make a Hyper-V host a guarded host for shielded virtual machines
version_added: 0.2.0
description:
  - Points the client of the Host Guardian Service (HGS) at its servers, gives the host a host key where it needs one and has none, and
    says what the HGS answers, what that means and what to do about it.
  - The feature C(HostGuardian) is installed by M(winstack.hyperv.win_hv_features). It is a part of the Datacenter edition only.
  - A host key that is set is never replaced or removed.
options:
  mode:
    description:
      - V(hgs) lets an HGS attest the host and keep the keys of its virtual machines. Needs O(attestation), O(attestation_url) and
        O(key_protection_url).
      - V(local) goes back to local mode, without attestation. The other options are not looked at then, and a host key stays.
    type: str
    choices: [hgs, local]
    default: hgs
  attestation:
    description:
      - By what the HGS attests. It is set on the HGS; here it decides what the host must have, and what is done for it.
      - V(tpm) needs a TPM 2.0 and UEFI with Secure Boot.
      - V(host_key) needs Windows Server 2019 or newer, and gives less assurance.
      - V(active_directory) is for Windows Server 2016, and deprecated.
    type: str
    choices: [tpm, host_key, active_directory]
  attestation_url:
    description: The URL of the attestation service, as C(Get-HgsServer) shows it on the HGS.
    type: str
  key_protection_url:
    description: The URL of the key protection service of the same HGS.
    type: str
  fallback:
    description:
      - A second HGS, which the host asks when the first one does not answer. Windows Server 2019 or newer.
      - Left out, the host has none, and one that is set is removed.
    type: dict
    suboptions:
      attestation_url:
        description: The URL of its attestation service.
        type: str
        required: true
      key_protection_url:
        description: The URL of its key protection service.
        type: str
        required: true
  host_key_thumbprint:
    description:
      - The thumbprint of a certificate in C(LocalMachine\My) of the host, with its private key, that becomes the host key.
      - Left out, a host without a host key makes one itself, and the key of any other host is kept, whatever it is.
      - A host that has another key is refused.
    type: str
  require_attestation:
    description:
      - Whether the host must pass.
      - V(true) makes a host that the HGS does not attest, and an HGS that does not answer, a critical finding. In a play that stops all
        hosts before anything is changed.
      - V(false) makes it a warning.
    type: bool
    default: true
  wait_seconds:
    description: How long to wait, after a change, until the host passes. What the HGS says then is returned either way.
    type: int
    default: 30
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
- name: Attested by its host key
  winstack.hyperv.win_hv_guarded_host:
    attestation: host_key
    attestation_url: http://hgs.example.org/Attestation
    key_protection_url: http://hgs.example.org/KeyProtection
    require_attestation: false
  register: guarded

- name: Keep the certificate for the administrator of the HGS
  ansible.builtin.copy:
    content: "{{ guarded.guarded_host.host_key.certificate }}"
    dest: "host-keys/{{ inventory_hostname }}.cer"
    mode: "0644"
  delegate_to: localhost

- name: Attested by its TPM, with a second HGS
  winstack.hyperv.win_hv_guarded_host:
    attestation: tpm
    attestation_url: https://hgs.example.org/Attestation
    key_protection_url: https://hgs.example.org/KeyProtection
    fallback:
      attestation_url: https://hgs2.example.org/Attestation
      key_protection_url: https://hgs2.example.org/KeyProtection

- name: Back to local mode
  winstack.hyperv.win_hv_guarded_host:
    mode: local
"""

RETURN = r"""
guarded_host:
  description: What the host has after the task.
  returned: success
  type: dict
  contains:
    mode:
      description: Either V(hgs) or V(local).
      type: str
      sample: hgs
    guarded:
      description: Whether the host may run shielded virtual machines.
      type: bool
      sample: true
    attestation:
      description: What the HGS says; null where the host has no client yet.
      type: dict
      contains:
        mode:
          description: By what the HGS attests; null while it has not judged.
          type: str
        status:
          description: C(AttestationStatus) of Windows.
          type: str
        substatus:
          description: The policies of the HGS that the host does not comply with.
          type: list
          elements: str
        meaning:
          description: What that means.
          type: str
      sample: {mode: host_key, status: Passed, substatus: [], meaning: the host may run shielded virtual machines}
    attestation_url:
      description: The attestation service; null in local mode.
      type: str
      sample: http://hgs.example.org/Attestation
    key_protection_url:
      description: The key protection service; null in local mode.
      type: str
      sample: http://hgs.example.org/KeyProtection
    fallback:
      description: The same two of the second HGS, or null.
      type: dict
    fallback_in_use:
      description: Whether the second HGS answers, because the first one does not.
      type: bool
      sample: false
    host_key:
      description: The host key; null where there is none or the host is not attested by one.
      type: dict
      contains:
        thumbprint:
          description: Its thumbprint.
          type: str
        origin:
          description: V(generated) by Windows, or V(supplied).
          type: str
        subject:
          description: The certificate's subject.
          type: str
        not_after:
          description: When the certificate expires. The HGS does not look at that.
          type: str
        certificate:
          description: The certificate, without the private key, as PEM. It is what the administrator of the HGS needs.
          type: str
    feature:
      description: The install state of C(HostGuardian); null where this edition does not have it.
      type: str
      sample: Installed
    endpoints:
      description: The servers in the URLs, and whether they answer.
      type: list
      elements: dict
      sample: [{address: hgs.example.org, port: 80, remote: 10.50.0.5, reachable: true}]
differences:
  description: The settings that were not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{path: mode, before: local, after: hgs}]
findings:
  description: What a person must know, each with its remedy.
  returned: success
  type: list
  elements: dict
  sample: []
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
