# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a host can become a Hyper-V compute node at all: hardware, firmware, Windows version and edition, sizes, names.

docs/resources/preflight.md names the source of every rule. Nothing is ever changed.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..answers import Answers, CallFailed, CmdletError
from ..calls import Call, Cmdlet
from ..plans import Finding, Plan
from ..preflight_facts import DOMAIN_CONTROLLER, WORKSTATION, Facts, Processor, gather

NAME_LENGTH = 15

_OLDEST_BUILD = 9200
_DEPRECATED = ("2012", "2012 R2")
_EDITIONS_WITHOUT_HYPER_V = range(36, 42)

# The four requirements by the attribute of Processor that holds them; DEP is a property of the system and checked apart.
_PROCESSOR_REQUIREMENTS = (
    (
        "second_level_address_translation",
        "Use a server whose processors have EPT (Intel) or RVI/NPT (AMD); Hyper-V does not run without.",
    ),
    ("vm_monitor_mode_extensions", "Use a server whose processors have VT-x (Intel) or AMD-V (AMD); Hyper-V does not run without."),
    ("virtualization_firmware_enabled", "Enable virtualisation (Intel VT-x, AMD-V or SVM) in the BIOS or UEFI settings, then power-cycle."),
)


class Preflight:
    """Reads the facts and turns every requirement that is not met into a finding."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet(
                "os",
                "Get-CimInstance",
                {"ClassName": "Win32_OperatingSystem"},
                ("Version", "BuildNumber", "ProductType", "OperatingSystemSKU", "SystemDrive", "DataExecutionPrevention_Available"),
            ),
            Cmdlet(
                "system",
                "Get-CimInstance",
                {"ClassName": "Win32_ComputerSystem"},
                ("DNSHostName", "PartOfDomain", "Manufacturer", "Model", "HypervisorPresent", "TotalPhysicalMemory"),
            ),
            Cmdlet(
                "processors",
                "Get-CimInstance",
                {"ClassName": "Win32_Processor"},
                (
                    "DeviceID",
                    "NumberOfCores",
                    "NumberOfLogicalProcessors",
                    "SecondLevelAddressTranslationExtensions",
                    "VMMonitorModeExtensions",
                    "VirtualizationFirmwareEnabled",
                ),
            ),
            # 3 is a local disk: asking the others would wait for network shares and optical drives.
            Cmdlet(
                "disks",
                "Get-CimInstance",
                {"ClassName": "Win32_LogicalDisk", "Filter": "DriveType=3"},
                ("DeviceID", "Size", "FreeSpace"),
            ),
            Cmdlet("adapters", "Get-NetAdapter", {"Physical": True}, ("Name", "InterfaceDescription", "DriverFileName")),
            Cmdlet(
                "edition",
                "Get-ItemProperty",
                {"LiteralPath": r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"},
                ("EditionID", "InstallationType"),
            ),
            Cmdlet("hyper_v", "Get-WindowsFeature", {"Name": ["Hyper-V"]}, ("InstallState",)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        facts = gather(answers)
        if not facts.processors:
            raise CallFailed("processors", CmdletError("UnexpectedCount", "the host reports no processor"))
        findings = (
            *_windows(facts),
            *_hyper_v_offered(facts),
            *_virtualization(facts),
            *_memory(facts, options["minimum_memory_gb"]),
            *_os_disk(facts, options["minimum_free_disk_gb"]),
            *_network_adapters(facts, options["minimum_network_adapters"]),
            *_computer_name(options["computer_name"] or facts.computer_name),
        )
        return Plan(findings=findings, state=facts.as_state())


RESOURCE = Preflight()


def _windows(facts: Facts) -> Iterator[Finding]:
    """Product type, release, and the editions that come without Hyper-V."""
    found = f"build {facts.build}"
    wanted = "Windows Server 2016, 2019, 2022 or 2025"
    if facts.product_type == WORKSTATION:
        yield Finding("product_type", "critical", "Windows", "a workstation", wanted, "Install Windows Server.")
        return
    if facts.product_type == DOMAIN_CONTROLLER:
        yield Finding(
            "product_type", "warning", "Windows", "a domain controller", "a member or stand-alone server",
            "Keep the domain controller apart from the hypervisor, or run it as a virtual machine.",
        )
    if facts.build < _OLDEST_BUILD:
        yield Finding("windows_release", "critical", "Windows", found, wanted, "Install a supported Windows Server.")
    elif facts.release is None:
        yield Finding(
            "windows_release", "warning", "Windows", found, wanted,
            "This build is none of the long-term releases this collection is made for; expect differences.",
        )
    elif facts.release in _DEPRECATED:
        yield Finding(
            "windows_release", "warning", "Windows", f"Windows Server {facts.release}", wanted,
            "This release is deprecated: plan its replacement.",
        )
    if facts.sku in _EDITIONS_WITHOUT_HYPER_V:
        yield Finding(
            "edition", "critical", "Windows", f"{facts.edition} (SKU {facts.sku}), an edition without Hyper-V",
            "Standard, Datacenter or Hyper-V Server", "Install an edition that contains Hyper-V.",
        )


def _hyper_v_offered(facts: Facts) -> Iterator[Finding]:
    """Whether Server Manager knows the role on this installation."""
    if facts.product_type == WORKSTATION or facts.sku in _EDITIONS_WITHOUT_HYPER_V or facts.hyper_v_state:
        return
    yield Finding(
        "hyper_v_role", "critical", "Windows", f"{facts.edition} ({facts.installation}) without the role Hyper-V", "the role Hyper-V",
        "Install Standard, Datacenter or Hyper-V Server, as Server Core or with Desktop Experience.",
    )


def _virtualization(facts: Facts) -> Iterator[Finding]:
    """HypervisorPresent decides first: once a hypervisor runs, it hides the processors' own answers."""
    if not facts.hypervisor_present:
        yield from _requirements(facts)
        return
    if facts.hyper_v_installed:
        return
    if facts.virtual_machine:
        yield Finding(
            "nested_virtualization", "warning", "system", f"a virtual machine ({facts.manufacturer} {facts.model})", "a physical server",
            "The hypervisor below must expose virtualisation extensions (Hyper-V: Set-VMProcessor -ExposeVirtualizationExtensions). "
            "From inside this cannot be proven; the installation of the role will tell.",
        )
        return
    yield Finding(
        "hypervisor_without_role", "information", "system", "a hypervisor, but not the role", "no hypervisor, or both",
        "Nothing to do: virtualization-based security does this, and it has the same requirements as Hyper-V.",
    )


def _requirements(facts: Facts) -> Iterator[Finding]:
    for name, remediation in _PROCESSOR_REQUIREMENTS:
        lacking = _without(name, facts.processors)
        if lacking:
            yield Finding(name, "critical", ", ".join(lacking), "no", "yes, on every socket", remediation)
    if not facts.data_execution_prevention:
        yield Finding(
            "data_execution_prevention", "critical", "system", "not available", "available",
            "Enable execute disable (Intel XD, AMD NX, also called No-Execute Memory Protection) in the BIOS or UEFI settings.",
        )
    if facts.hyper_v_installed:
        yield Finding(
            "hypervisor_not_running", "warning", "system", "the role Hyper-V is installed, but no hypervisor runs", "a running hypervisor",
            "Restart the host. If that does not help, look for 'hypervisorlaunchtype Off' in the boot configuration (bcdedit).",
        )


def _without(name: str, processors: Sequence[Processor]) -> list[str]:
    # Windows answers null for what it cannot tell, and that is not a yes.
    return [processor.id for processor in processors if getattr(processor, name) is not True]


def _memory(facts: Facts, minimum: int) -> Iterator[Finding]:
    if facts.memory_gb < minimum:
        yield Finding(
            "memory", "critical", "system", f"{facts.memory_gb} GB", f"at least {minimum} GB",
            "Add memory: the host and its virtual machines share it.",
        )


def _os_disk(facts: Facts, minimum: int) -> Iterator[Finding]:
    """Too little room stops an installation; on a node that is already set up it is a warning, for it still runs."""
    if facts.os_disk.free_gb < minimum:
        yield Finding(
            "os_disk", "warning" if facts.hyper_v_installed else "critical", facts.os_disk.drive, f"{facts.os_disk.free_gb} GB free",
            f"at least {minimum} GB free", "Free space on the disk of the operating system or enlarge it.",
        )


def _network_adapters(facts: Facts, minimum: int) -> Iterator[Finding]:
    count = len(facts.network_adapters)
    if count < minimum:
        yield Finding(
            "network_adapters", "critical", "system", f"{count} physical network adapters", f"at least {minimum}",
            "Add a network adapter, or install the driver of the one that Windows does not show.",
        )
    elif count == 1:
        yield Finding(
            "network_adapters", "information", facts.network_adapters[0].name, "1 physical network adapter", "2: management, guest data",
            "With one adapter the virtual switch must be shared with the management system (AllowManagementOS), or the host is lost.",
        )


def _computer_name(name: str) -> Iterator[Finding]:
    if len(name) > NAME_LENGTH:
        yield Finding(
            "computer_name", "critical", name, f"{len(name)} characters", f"at most {NAME_LENGTH}",
            "Rename the host: NetBIOS cuts the name, and Hyper-V and cluster commands then look for a host that is not there.",
        )
