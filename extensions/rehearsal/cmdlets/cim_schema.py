# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM namespaces, classes and their properties.

cim_classes.json is taken from Microsoft's reference (rehearsal.tools.cim_classes); the classes below are from pages that repository does
not hold, in the words of the fact sheets.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.values import PSObject

if TYPE_CHECKING:
    from ..machine import Machine

Provider = Callable[["Machine"], "list[dict[str, Any]]"]
# A static method: gets the arguments, answers the output parameters.
Method = Callable[["Machine", Mapping[str, Any]], "dict[str, Any]"]

VIRTUALIZATION, CLUSTERS, GUARDIAN = "root/virtualization/v2", "root/mscluster", "root/microsoft/windows/hgs"
_STORAGE, _SMB = "root/microsoft/windows/storage", "root/microsoft/windows/smb"
# storage-and-time.md 4.1 (MSFT_Smb...),
# 1.7, 1.8, 2 (MSFT_Disk, MSFT_StorageSetting, MSFT_InitiatorPort), 1.2, 1.3; hyperv-host.md 1.1 (Win32_DeviceGuard);
# Microsoft Learn whqlprov (Win32_PnPSignedDriver), windows-driver-docs storage (MPIO_REGISTERED_DSM).
# MicrosoftDocs/win32 SecProv/win32-tpm.md (Win32_Tpm).
_FROM_FACTS: dict[str, dict[str, tuple[str, ...]]] = {
    _STORAGE: {
        "MSFT_Disk": (
            "Number", "Path", "UniqueId", "UniqueIdFormat", "SerialNumber", "BusType", "IsOffline", "OfflineReason", "Size", "FriendlyName",
            "Manufacturer", "Model", "Location", "IsClustered", "IsSystem", "IsBoot", "ObjectId", "FirmwareVersion", "OperationalStatus",
            "HealthStatus", "AllocatedSize", "LogicalSectorSize", "PhysicalSectorSize", "NumberOfPartitions", "IsReadOnly",
            "PartitionStyle", "Signature", "Guid", "BootFromDisk", "LargestFreeExtent", "ProvisioningType", "IsHighlyAvailable",
            "IsScaleOut", "AdapterSerialNumber", "PassThroughClass", "PassThroughIds", "PassThroughNamespace", "PassThroughServer",
        ),
        # windows-hardware docs drivers/storage/msft-partition.md, msft-volume.md; DiskId, Offset: wutils.com MSFT_Partition.
        "MSFT_Partition": (
            "DiskNumber", "PartitionNumber", "DriveLetter", "AccessPaths", "OperationalStatus", "TransitionState", "Size", "MbrType",
            "GptType", "Guid", "IsReadOnly", "IsOffline", "IsSystem", "IsBoot", "IsActive", "IsHidden", "IsShadowCopy",
            "NoDefaultDriveLetter", "DiskId", "Offset", "ObjectId", "UniqueId", "Type", "DiskPath",
        ),
        "MSFT_Volume": (
            "DriveLetter", "Path", "HealthStatus", "FileSystem", "FileSystemLabel", "FileSystemType", "Size", "SizeRemaining", "DriveType",
            "DedupMode", "ObjectId", "UniqueId", "OperationalStatus", "AllocationUnitSize",
        ),
        "MSFT_StorageSetting": ("NewDiskPolicy", "ScrubPolicy"),
        "MSFT_InitiatorPort": (
            "NodeAddress", "PortAddress", "InstanceName", "ConnectionType", "PortType", "OperationalStatus", "AlternatePortAddress",
            "AlternateNodeAddress", "OtherConnectionTypeDescription", "ObjectId", "UniqueId",
        ),
        "MSFT_MSDSMSupportedHW": ("VendorId", "ProductId"),
        "MSFT_MPIOAvailableHW": ("VendorId", "ProductId", "BusType", "IsMultipathed", "IsSPC3Supported"),
    },
    "root/cimv2": {
        "Win32_PnPSignedDriver": (
            "ClassGuid", "CompatID", "Description", "DeviceClass", "DeviceID", "DeviceName", "DevLoader", "DriverDate", "DriverName",
            "DriverVersion", "FriendlyName", "HardWareID", "InfName", "InstallDate", "IsSigned", "Location", "Manufacturer", "Name", "PDO",
            "DriverProviderName", "Signer", "Started", "StartMode", "Status", "SystemCreationClassName", "SystemName",
        ),
    },
    _SMB: {
        "MSFT_SmbMultichannelConstraint": ("ServerName", "InterfaceAlias", "InterfaceGuid", "InterfaceIndex"),
    },
    "root/wmi": {
        "MSiSCSIInitiator_MethodClass": ("iSCSINodeName",),
        "MPIO_REGISTERED_DSM": ("InstanceName", "Active", "NumberDSMs", "DsmParameters"),
        "MSDSM_DEFAULT_LOAD_BALANCE_POLICY": ("InstanceName", "Active", "LoadBalancePolicy", "Reserved", "PreferredPath"),
    },
    "root/cimv2/security/microsofttpm": {
        "Win32_Tpm": (
            "IsActivated_InitialValue", "IsEnabled_InitialValue", "IsOwned_InitialValue", "SpecVersion", "ManufacturerVersion",
            "ManufacturerVersionInfo", "ManufacturerId", "PhysicalPresenceVersionInfo",
        ),
    },
    "root/microsoft/windows/deviceguard": {
        "Win32_DeviceGuard": (
            "AvailableSecurityProperties", "CodeIntegrityPolicyEnforcementStatus", "InstanceIdentifier", "RequiredSecurityProperties",
            "SecurityServicesConfigured", "SecurityServicesRunning", "UsermodeCodeIntegrityPolicyEnforcementStatus", "Version",
            "VirtualizationBasedSecurityStatus",
        ),
    },
}


class Unmodelled:
    """Stands for a property that the class has and the rehearsal does not know: refused when somebody looks at it, never null."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __str__(self) -> str:
        raise not_modelled(self._what, "give the property a value where the object is made")


@dataclass(frozen=True)
class CimClass:
    namespace: str
    name: str
    properties: tuple[str, ...]
    instances: Provider | None
    source: str


def namespace_name(text: str) -> str:
    """Both slashes are the same to WMI, and so is the case."""
    return text.replace("\\", "/").strip("/").lower()


def _read() -> dict[str, dict[str, CimClass]]:
    data = json.loads(Path(__file__).with_name("cim_classes.json").read_text())
    tables: dict[str, Mapping[str, Any]] = {**data["classes"]}
    for namespace, classes in _FROM_FACTS.items():
        tables[namespace] = {**tables.get(namespace, {}), **classes}
    return {
        namespace: {name.lower(): CimClass(namespace, name, tuple(properties), None, "") for name, properties in classes.items()}
        for namespace, classes in tables.items()
    }


CLASSES = _read()


def provides(namespace: str, name: str, *, source: str) -> Callable[[Provider], Provider]:
    """Registers a function that gives the instances of a class: one mapping of property values each."""

    def register(provider: Provider) -> Provider:
        known = CLASSES[namespace_name(namespace)]
        known[name.lower()] = CimClass(namespace_name(namespace), name, known[name.lower()].properties, provider, source)
        return provider

    return register


METHODS: dict[tuple[str, str, str], Method] = {}


def answers(namespace: str, name: str, method: str) -> Callable[[Method], Method]:
    """Registers a static method of a class."""

    def register(function: Method) -> Method:
        METHODS[namespace_name(namespace), name.lower(), method.lower()] = function
        return function

    return register


def instance(cim_class: CimClass, values: Mapping[str, Any], selected: frozenset[str] | None = None) -> PSObject:
    """One object of the class. selected: lower-cased names that -Property asked for; the others are null then, as on Windows."""
    unknown = set(values) - set(cim_class.properties)
    if unknown:
        raise ValueError(f"{cim_class.name} has no properties {sorted(unknown)}")
    properties: dict[str, Any] = {}
    for name in cim_class.properties:
        if selected is not None and name.lower() not in selected:
            properties[name] = None
        elif name in values:
            properties[name] = values[name]
        else:
            properties[name] = Unmodelled(f"{cim_class.name}.{name}")
    return PSObject(f"CimInstance#{cim_class.name}", {**properties, "PSComputerName": None})


def require_namespace(machine: Machine, namespace: str, command: str) -> None:
    """Where a service or feature brings the namespace, it is not there without it. That of the HGS client is unconfirmed; os-win takes its
    absence for an old Windows. Source: hyperv-host.md 7 and 8."""
    feature = {CLUSTERS: "Failover-Clustering", GUARDIAN: "HostGuardian"}.get(namespace)
    gone = namespace == VIRTUALIZATION and not machine.vmms_ready
    if gone or (feature and not machine.features.in_effect(feature)):
        raise cim_error(0x8004100E, "MetadataError", command, "Invalid namespace")


def objects(machine: Machine, namespace: str, name: str) -> list[PSObject]:
    """All instances of a class, for cmdlets that are views of it."""
    cim_class = CLASSES[namespace_name(namespace)][name.lower()]
    if cim_class.instances is None:
        raise not_modelled(f"the CIM class {cim_class.name} of {cim_class.namespace}", "register a provider for it in rehearsal/cmdlets")
    return [instance(cim_class, values) for values in cim_class.instances(machine)]


def cim_error(hresult: int, category: str, command: str, message: str) -> PowerShellError:
    """A CimException. The exception's own HRESULT is the general one of CIM errors; the id carries WMI's (seen in public transcripts)."""
    return PowerShellError(
        f"HRESULT 0x{hresult:08x},{command}", category, "Microsoft.Management.Infrastructure.CimException", message, -2146233088,
    )
