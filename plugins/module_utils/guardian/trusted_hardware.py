# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What TPM attestation asks of a host's hardware, as far as Windows tells it: TPM 2.0, Secure Boot, an IOMMU, and what runs on them.

Source: windowsserverdocs guarded-fabric-guarded-host-prerequisites.md; win32 SecProv/win32-tpm.md; PowerShell's DeviceGuardHardwareSecure
and DeviceGuardSmartStatus (the numbers of Win32_DeviceGuard).
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..plans import Finding

_SECURE_BOOT, _DMA_PROTECTION, _RUNNING = 2, 3, 2


def read() -> list[Call]:
    return [
        Cmdlet(
            "tpm", "Get-CimInstance", {"Namespace": "root/cimv2/Security/MicrosoftTpm", "ClassName": "Win32_Tpm"},
            ("SpecVersion", "IsEnabled_InitialValue", "IsActivated_InitialValue"),
        ),
        Cmdlet(
            "device_guard", "Get-CimInstance", {"Namespace": "root/Microsoft/Windows/DeviceGuard", "ClassName": "Win32_DeviceGuard"},
            ("AvailableSecurityProperties", "VirtualizationBasedSecurityStatus"),
        ),
    ]


def findings(answers: Answers, *, in_effect: bool) -> Iterator[Finding]:
    """in_effect: the feature HostGuardian works, which switches virtualization-based security on."""
    yield from _tpm(answers.rows("tpm"))
    guard = answers.row("device_guard")
    available = guard["AvailableSecurityProperties"] or ()
    if _SECURE_BOOT not in available:
        yield Finding(
            "secure_boot", "critical", "firmware", "no Secure Boot", "UEFI with Secure Boot",
            "Enable Secure Boot in the UEFI settings. A system that was installed for BIOS has to be converted or installed anew.",
        )
    if _DMA_PROTECTION not in available:
        yield Finding(
            "iommu", "warning", "firmware", "no DMA protection", "an IOMMU (Intel VT-d, AMD-Vi)",
            "Enable the IOMMU in the UEFI settings. Only where the HGS does without it (Disable-HgsAttestationPolicy Hgs_IommuEnabled) can "
            "the host be attested as it is.",
        )
    if in_effect and guard["VirtualizationBasedSecurityStatus"] != _RUNNING:
        yield Finding(
            "virtualization_based_security", "warning", "Windows", "it does not run", "running",
            "The feature HostGuardian enables it. See what msinfo32 says of it, and that the hardware has what Device Guard requires.",
        )


def _tpm(rows: tuple[Mapping[str, Any], ...]) -> Iterator[Finding]:
    wanted = "a TPM 2.0, enabled and activated"
    if not rows:
        yield Finding(
            "tpm", "critical", "firmware", "no TPM", wanted, "Enable the TPM in the UEFI settings, or attest by host_key (Server 2019).",
        )
        return
    # "2.0, 0, 1.38": specification, revision level, errata.
    version = (rows[0]["SpecVersion"] or "").split(",")[0].strip()
    if version != "2.0":
        yield Finding(
            "tpm", "critical", "firmware", f"a TPM {version}", wanted, "Use a server with a TPM 2.0, or attest by host_key (Server 2019).",
        )
    elif not (rows[0]["IsEnabled_InitialValue"] and rows[0]["IsActivated_InitialValue"]):
        yield Finding("tpm", "critical", "firmware", "a TPM that is switched off", wanted, "Enable and activate it in the UEFI settings.")
