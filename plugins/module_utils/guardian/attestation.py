# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Host Guardian Service says of a host, what that means, and what to do about it.

Source: windowsserverdocs guarded-fabric-troubleshoot-hosts.md; sql-docs always-encrypted-enclaves-host-guardian-service-register.md.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TPM, HOST_KEY, ACTIVE_DIRECTORY = "tpm", "host_key", "active_directory"
PASSED, UNKNOWN = "Passed", "Unknown"

# As Get-HgsClientConfiguration spells them; any other spelling is an unknown mode.
_MODES = {"Tpm": TPM, "HostKey": HOST_KEY, "ActiveDirectory": ACTIVE_DIRECTORY}
_UNAUTHORIZED = "UnauthorizedHost"
_NOTHING = ("", "NoInformation", UNKNOWN)

_MEANINGS = {
    PASSED: "the host may run shielded virtual machines",
    "Expired": "the host was attested before, and its health certificate has expired",
    "InsecureHostConfiguration": "the host does not comply with policies of the HGS",
    "NotConfigured": "the host knows no HGS",
    "TransientError": "the last attempt failed for the network, the service or another passing reason",
    "TpmError": "the TPM failed during the last attempt",
    _UNAUTHORIZED: "the HGS does not know this host",
    UNKNOWN: "the host has not tried to attest yet",
}
_REMEDIES = {
    "Expired": "See that the clocks of host and HGS agree, then ask again: Get-HgsClientConfiguration attests anew.",
    "NotConfigured": "Set the URLs of the HGS.",
    "TransientError": (
        "See that the host resolves the name in the URL and reaches its port (80, or 443 with https), that the URL is the one that "
        "Get-HgsServer shows on the HGS, and that the service is up; then ask again."
    ),
    "TpmError": "Look into the TPM's log. Clearing the TPM may help; suspend BitLocker and what else relies on it before.",
    UNKNOWN: "Wait, then ask again: Get-HgsClientConfiguration attests.",
}
# What the administrator of the HGS does for a host that it does not know.
_REGISTRATION = {
    HOST_KEY: (
        "Give the certificate of the host key to the administrator of the HGS: Add-HgsAttestationHostKey -Name {host} -Path {host}.cer."
    ),
    TPM: (
        "Give the host's TPM identifier (Get-PlatformIdentifier) to the administrator of the HGS: Add-HgsAttestationTpmHost -Name {host} "
        "-Path {host}.xml. Baseline and code integrity policy must be there too (Add-HgsAttestationTpmPolicy, Add-HgsAttestationCIPolicy)."
    ),
    ACTIVE_DIRECTORY: (
        "Put the host's computer account into the security group that the HGS trusts (Add-HgsAttestationHostGroup there), and restart the "
        "host so that it gets to know it."
    ),
}
# The policies of an insecure host configuration.
_POLICIES = {
    "BitLocker": ("the system volume is not encrypted", "encrypt it with BitLocker"),
    "CodeIntegrityPolicy": (
        "no code integrity policy is in effect, or none that the HGS trusts",
        "apply one, restart, and register it (Add-HgsAttestationCIPolicy)",
    ),
    "DumpsEnabled": ("crash or live dumps are on", "switch dumps off"),
    "DumpEncryption": ("dumps are on and not encrypted", "switch dumps off or encrypt them"),
    "DumpEncryptionKey": ("dumps are encrypted with a key that the HGS does not know", "change the key, or register it with the HGS"),
    "FullBoot": ("the host came back from sleep or hibernation", "restart it"),
    "HibernationEnabled": ("hibernation is on and its file not encrypted", "switch hibernation off and restart"),
    "HypervisorEnforcedCodeIntegrityPolicy": (
        "code integrity is not enforced by the hypervisor", "switch on virtualization-based protection of code integrity",
    ),
    "Iommu": (
        "virtualization-based security does not require an IOMMU",
        "enable the IOMMU in the firmware, and DMA protection in Device Guard",
    ),
    "PagefileEncryption": ("the page file is not encrypted", "run fsutil behavior set encryptpagingfile 1"),
    "SecureBoot": ("Secure Boot is off or does not use Microsoft's template", "enable it in the firmware"),
    "SecureBootSettings": (
        "the TPM baseline matches none that the HGS trusts", "capture a new one if the host is as it should be, and register it",
    ),
    "TcgLogVerification": (
        "the TCG log cannot be had or verified", "look at firmware and TPM; where the host tries PXE first, at the boot programs there",
    ),
    "VirtualSecureMode": ("virtualization-based security does not run", "enable it; see that the hardware has what Device Guard requires"),
}


@dataclass(frozen=True)
class Attestation:
    """mode: how the HGS attests, None while it has not judged; substatus: the policies that failed, sorted."""

    mode: str | None
    status: str
    substatus: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return self.status == PASSED

    @property
    def meaning(self) -> str:
        details = [f"{name}: {_POLICIES[name][0]}" for name in self.substatus if name in _POLICIES]
        meaning = _MEANINGS.get(self.status, "a status that this collection does not know")
        return f"{meaning} ({'; '.join(details)})" if details else meaning

    def remedy(self, mode: str, host: str) -> str:
        """mode: how the host is to be attested; host: its name."""
        if self.passed:
            return ""
        if self.status == _UNAUTHORIZED:
            return _REGISTRATION[mode].format(host=host)
        steps = [f"{name}: {_POLICIES[name][1]}." for name in self.substatus if name in _POLICIES]
        return " ".join(steps) or _REMEDIES.get(self.status, "Run Get-HgsTrace -RunDiagnostics -Detailed on the host.")

    def __str__(self) -> str:
        return f"{self.status} ({', '.join(self.substatus)})" if self.substatus else self.status

    def as_state(self) -> dict[str, Any]:
        return {"mode": self.mode, "status": self.status, "substatus": list(self.substatus), "meaning": self.meaning}


def attestation(mode: str, status: str, substatus: str) -> Attestation:
    """From the names that the cmdlet gives; several policies come as one text, with commas."""
    return Attestation(_MODES.get(mode), status, tuple(_policies(substatus.split(","))))


def _policies(names: Iterable[str]) -> list[str]:
    return sorted(name.strip() for name in names if name.strip() not in _NOTHING)
