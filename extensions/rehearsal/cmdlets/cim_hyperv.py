# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM classes of root/virtualization/v2. They are there while vmms answers; Get-CimInstance sees to that."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cim_schema import provides

if TYPE_CHECKING:
    from ..machine import Machine

_NAMESPACE = "root/virtualization/v2"
_W32 = "MicrosoftDocs/win32 HyperV_v2"


@provides(_NAMESPACE, "Msvm_VirtualSystemManagementService", source=f"{_W32}/msvm-virtualsystemmanagementservice.md; hyperv-host.md 2.4")
def management_service(machine: Machine) -> list[dict[str, Any]]:
    return [{
        "CreationClassName": "Msvm_VirtualSystemManagementService",
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": machine.identity.computer_name,
        "Name": "vmms",
        "Caption": "Hyper-V Virtual System Management Service",
        "ElementName": "Hyper-V Virtual System Management Service",
        "Started": True,
        "StartMode": "Automatic",
        "Status": "OK",
        "EnabledState": 2,
        "HealthState": 5,
    }]


@provides(_NAMESPACE, "Msvm_VirtualSystemManagementServiceSettingData", source=f"{_W32}/...settingdata.md; hyperv-host.md 4")
def management_settings(machine: Machine) -> list[dict[str, Any]]:
    settings = machine.hyperv.settings
    return [{
        "ElementName": "Hyper-V Virtual System Management Service",
        "DefaultExternalDataRoot": settings["VirtualMachinePath"],
        "DefaultVirtualHardDiskPath": settings["VirtualHardDiskPath"],
        "MinimumMacAddress": settings["MacAddressMinimum"],
        "MaximumMacAddress": settings["MacAddressMaximum"],
        "NumaSpanningEnabled": settings["NumaSpanningEnabled"],
        "EnhancedSessionModeEnabled": settings["EnableEnhancedSessionMode"],
    }]


@provides(_NAMESPACE, "Msvm_VirtualSystemMigrationServiceSettingData", source=f"{_W32}/...; hyperv-host.md 5.1")
def migration_settings(machine: Machine) -> list[dict[str, Any]]:
    settings = machine.hyperv.settings
    option = settings["VirtualMachineMigrationPerformanceOption"]
    return [{
        "EnableVirtualSystemMigration": settings["VirtualMachineMigrationEnabled"],
        "MaximumActiveVirtualSystemMigration": settings["MaximumVirtualMachineMigrations"],
        "MaximumActiveStorageMigration": settings["MaximumStorageMigrations"],
        "AuthenticationType": {"CredSSP": 0, "Kerberos": 1}[settings["VirtualMachineMigrationAuthenticationType"]],
        "EnableCompression": option == "Compression",
        "EnableSmbTransport": option == "SMB",
    }]
