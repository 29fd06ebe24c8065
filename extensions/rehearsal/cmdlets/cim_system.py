# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM classes of the computer, its operating system, processors and volumes."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.catalogue import DISM_NAMES, FEATURES
from .cim_schema import provides

if TYPE_CHECKING:
    from ..machine import Machine

_W32 = "MicrosoftDocs/win32 CIMWin32Prov"
_SKUS = {"Standard": 7, "Datacenter": 8}
_STAND_ALONE, _MEMBER = 2, 3
_NETBIOS_LENGTH = 15


def free_bytes(machine: Machine, letter: str) -> int:
    """What is free on a volume: the lab's figure less the files that came since."""
    disk = next(disk for disk in machine.spec.hardware.disks if disk.letter == letter)
    return max(0, disk.free - machine.files.used(letter))


@provides("root/cimv2", "Win32_ComputerSystem", source=f"{_W32}/win32-computersystem.md; hyperv-host.md 1.1")
def computer_system(machine: Machine) -> list[dict[str, Any]]:
    hardware, identity = machine.spec.hardware, machine.identity
    return [{
        "Name": identity.computer_name[:_NETBIOS_LENGTH],
        "Caption": identity.computer_name[:_NETBIOS_LENGTH],
        "DNSHostName": identity.computer_name,
        "Domain": identity.domain or identity.workgroup,
        "Workgroup": None if identity.domain else identity.workgroup,
        "PartOfDomain": bool(identity.domain),
        "DomainRole": _MEMBER if identity.domain else _STAND_ALONE,
        "Manufacturer": hardware.manufacturer,
        "Model": hardware.model,
        "HypervisorPresent": machine.hypervisor_running,
        "TotalPhysicalMemory": hardware.memory,
        "NumberOfProcessors": len(hardware.processors),
        "NumberOfLogicalProcessors": hardware.logical_processors,
        "SystemType": "x64-based PC",
        "Status": "OK",
    }]


@provides("root/cimv2", "Win32_OperatingSystem", source=f"{_W32}/win32-operatingsystem.md; hyperv-host.md 1.3, 1.4")
def operating_system(machine: Machine) -> list[dict[str, Any]]:
    spec = machine.spec
    kilobytes = spec.hardware.memory // 1024
    caption = f"Microsoft Windows Server {spec.os.version} {spec.os.edition}"
    return [{
        "Caption": caption,
        "Name": f"{caption}|C:\\Windows|\\Device\\Harddisk0\\Partition4",
        "CSName": machine.identity.computer_name[:_NETBIOS_LENGTH],
        "Version": f"10.0.{spec.os.build}",
        "BuildNumber": str(spec.os.build),
        "ProductType": 3,
        "OperatingSystemSKU": _SKUS[spec.os.edition],
        "OSArchitecture": "64-bit",
        "OSType": 18,
        "SystemDrive": "C:",
        "SystemDirectory": r"C:\Windows\system32",
        "WindowsDirectory": r"C:\Windows",
        "DataExecutionPrevention_Available": spec.os.data_execution_prevention,
        "TotalVisibleMemorySize": kilobytes,
        "FreePhysicalMemory": kilobytes * 9 // 10,
        "LastBootUpTime": machine.boot_time,
        "LocalDateTime": machine.now(),
        # Minutes from GMT: the clock of a simulated machine runs in UTC.
        "CurrentTimeZone": 0,
        "Status": "OK",
    }]


@provides("root/cimv2", "Win32_Processor", source=f"{_W32}/win32-processor.md; hyperv-host.md 1.1")
def processors(machine: Machine) -> list[dict[str, Any]]:
    """With a hypervisor running two of the requirement bits read false on a good machine."""
    hidden = machine.hypervisor_running
    return [
        {
            "DeviceID": f"CPU{index}",
            "SocketDesignation": f"CPU{index + 1}",
            "Name": processor.name,
            "Manufacturer": processor.manufacturer,
            "ProcessorType": 3,
            "Architecture": 9,
            "AddressWidth": 64,
            "DataWidth": 64,
            "NumberOfCores": processor.cores,
            "NumberOfEnabledCore": processor.cores,
            "NumberOfLogicalProcessors": processor.logical,
            "ThreadCount": processor.logical,
            "MaxClockSpeed": processor.clock_mhz,
            "CurrentClockSpeed": processor.clock_mhz,
            "SecondLevelAddressTranslationExtensions": processor.slat,
            "VMMonitorModeExtensions": processor.vm_monitor and not hidden,
            "VirtualizationFirmwareEnabled": processor.firmware_virtualization and not hidden,
            "Status": "OK",
        }
        for index, processor in enumerate(machine.spec.hardware.processors)
    ]


@provides("root/cimv2", "Win32_LogicalDisk", source=f"{_W32}/win32-logicaldisk.md")
def logical_disks(machine: Machine) -> list[dict[str, Any]]:
    return [
        {
            "DeviceID": f"{disk.letter}:",
            "Name": f"{disk.letter}:",
            "Caption": f"{disk.letter}:",
            "Description": "Local Fixed Disk",
            "DriveType": 3,
            "FileSystem": "NTFS",
            "Size": disk.size,
            "FreeSpace": free_bytes(machine, disk.letter),
            "VolumeName": "",
            "Compressed": False,
        }
        for disk in machine.spec.hardware.disks
        if disk.letter
    ]


@provides("root/cimv2", "Win32_Directory", source=f"{_W32}/win32-directory.md")
def directories(machine: Machine) -> list[dict[str, Any]]:
    """Names are in lower case, as the page's examples have them."""
    return [
        {"Name": entry.path.lower(), "Caption": entry.path.lower(), "Drive": entry.path[:2].lower(), "CreationDate": entry.created,
         "LastModified": entry.modified, "Status": "OK"}
        for entry in machine.files.all()
        if entry.is_folder
    ]


@provides("root/cimv2", "CIM_DataFile", source=f"{_W32}/cim-datafile.md")
def data_files(machine: Machine) -> list[dict[str, Any]]:
    return [
        {"Name": entry.path.lower(), "Caption": entry.path.lower(), "Drive": entry.path[:2].lower(), "CreationDate": entry.created,
         "LastModified": entry.modified, "FileSize": entry.size, "Status": "OK"}
        for entry in machine.files.all()
        if not entry.is_folder
    ]


@provides("root/cimv2", "Win32_OptionalFeature", source=f"{_W32}/win32-optionalfeature.md; hyperv-host.md 2.1 (DISM names)")
def optional_features(machine: Machine) -> list[dict[str, Any]]:
    """Those whose DISM name a source gives; a feature that another edition has is not listed."""
    states = {"Installed": 1, "InstallPending": 1, "Available": 2, "UninstallPending": 2, "Removed": 3}
    return [
        {"Name": name, "Caption": FEATURES[feature].display, "InstallState": states[machine.features.state(feature)]}
        for name, feature in DISM_NAMES.items()
        if not FEATURES[feature].editions or machine.spec.os.edition in FEATURES[feature].editions
    ]


@provides("root/cimv2", "Win32_ServerFeature", source="MicrosoftDocs/win32 WmiSdk/win32-serverfeature.md; storage-and-time.md 1.1")
def server_features(machine: Machine) -> list[dict[str, Any]]:
    """An instance exists while the feature is installed; only features with a documented id have one here."""
    return [
        {"ID": feature.id, "ParentID": FEATURES[feature.parent].id if feature.parent else 0, "Name": feature.display}
        for feature in FEATURES.values()
        if feature.id and machine.features.installed(feature.name)
    ]


@provides("root/microsoft/windows/deviceguard", "Win32_DeviceGuard", source="hyperv-host.md 1.1 (PowerShell's Get-ComputerInfo)")
def device_guard(machine: Machine) -> list[dict[str, Any]]:
    hardware = machine.spec.hardware
    return [{
        "AvailableSecurityProperties": list(hardware.device_guard_properties),
        "SecurityServicesConfigured": [0],
        "SecurityServicesRunning": [0],
        "RequiredSecurityProperties": [0],
        "VirtualizationBasedSecurityStatus": machine.virtualization_based_security,
        "Version": "1.0",
    }]


@provides("root/cimv2/security/microsofttpm", "Win32_Tpm", source="MicrosoftDocs/win32 SecProv/win32-tpm.md")
def trusted_platform_module(machine: Machine) -> list[dict[str, Any]]:
    version = machine.spec.hardware.tpm
    if not version:
        return []
    return [{
        "IsEnabled_InitialValue": True,
        "IsActivated_InitialValue": True,
        "IsOwned_InitialValue": True,
        # The first of its comma-separated parts is the version of the specification.
        "SpecVersion": f"{version}, 0, 1.38" if version == "2.0" else f"{version}, 2, 3",
    }]
