# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Windows features that the rehearsal knows, and what each brings with it.

Names and Win32_ServerFeature ids: hyperv-host.md 2.1, MicrosoftDocs/win32 win32-serverfeature.md. An id of 0 means that no source
gives one; such a feature has no Win32_ServerFeature instance here (unconfirmed).
"""
from __future__ import annotations

from dataclasses import dataclass

ROLE, ROLE_SERVICE, FEATURE = "Role", "Role Service", "Feature"


@dataclass(frozen=True)
class FeatureInfo:
    """tools: what -IncludeManagementTools adds; requires: what is installed along; modules: the PowerShell modules it brings;
    restart: it comes into effect with a reboot only; editions: empty means every edition."""

    name: str
    display: str
    id: int = 0
    kind: str = FEATURE
    parent: str = ""
    restart: bool = False
    tools: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    editions: tuple[str, ...] = ()


_ALL = (
    FeatureInfo("FileAndStorage-Services", "File and Storage Services", 481, ROLE),
    FeatureInfo("Storage-Services", "Storage Services", 482, ROLE_SERVICE, "FileAndStorage-Services"),
    FeatureInfo("File-Services", "File and iSCSI Services", 6, ROLE_SERVICE, "FileAndStorage-Services"),
    FeatureInfo("FS-FileServer", "File Server", 255, ROLE_SERVICE, "File-Services"),
    FeatureInfo("Hyper-V", "Hyper-V", 20, ROLE, restart=True, tools=("RSAT-Hyper-V-Tools", "Hyper-V-Tools", "Hyper-V-PowerShell")),
    FeatureInfo("NET-Framework-Features", ".NET Framework 3.5 Features", 36),
    FeatureInfo("NET-Framework-Core", ".NET Framework 3.5 (includes .NET 2.0 and 3.0)", 220, parent="NET-Framework-Features"),
    FeatureInfo("Failover-Clustering", "Failover Clustering", 33,
                tools=("RSAT-Clustering", "RSAT-Clustering-Mgmt", "RSAT-Clustering-PowerShell")),
    FeatureInfo("Multipath-IO", "Multipath I/O", 57, restart=True, modules=("MPIO",)),
    FeatureInfo("HostGuardian", "Host Guardian Hyper-V Support", restart=True, requires=("Hyper-V",), modules=("HgsClient",),
                editions=("Datacenter",)),
    FeatureInfo("FabricShieldedTools", "VM Shielding Tools for Fabric Management"),
    FeatureInfo("Data-Center-Bridging", "Data Center Bridging", modules=("DcbQos",)),
    FeatureInfo("Telnet-Client", "Telnet Client", 44),
    FeatureInfo("RSAT", "Remote Server Administration Tools", 67),
    FeatureInfo("RSAT-Feature-Tools", "Feature Administration Tools", 265, parent="RSAT"),
    FeatureInfo("RSAT-Clustering", "Failover Clustering Tools", 268, parent="RSAT-Feature-Tools"),
    FeatureInfo("RSAT-Clustering-Mgmt", "Failover Cluster Management Tools", 484, parent="RSAT-Clustering"),
    FeatureInfo("RSAT-Clustering-PowerShell", "Failover Cluster Module for Windows PowerShell", parent="RSAT-Clustering",
                modules=("FailoverClusters",)),
    FeatureInfo("RSAT-Shielded-VM-Tools", "Shielded VM Tools", parent="RSAT-Feature-Tools"),
    FeatureInfo("RSAT-Role-Tools", "Role Administration Tools", 256, parent="RSAT"),
    FeatureInfo("RSAT-AD-Tools", "AD DS and AD LDS Tools", 329, parent="RSAT-Role-Tools"),
    FeatureInfo("RSAT-AD-PowerShell", "Active Directory module for Windows PowerShell", 331, parent="RSAT-AD-Tools",
                modules=("ActiveDirectory",)),
    FeatureInfo("RSAT-Hyper-V-Tools", "Hyper-V Management Tools", parent="RSAT-Role-Tools"),
    FeatureInfo("Hyper-V-Tools", "Hyper-V GUI Management Tools", 301, parent="RSAT-Hyper-V-Tools"),
    FeatureInfo("Hyper-V-PowerShell", "Hyper-V Module for Windows PowerShell", 450, parent="RSAT-Hyper-V-Tools", modules=("Hyper-V",)),
)

FEATURES = {feature.name: feature for feature in _ALL}

# What DISM calls some of them (hyperv-host.md 2.1).
DISM_NAMES = {
    "Microsoft-Hyper-V": "Hyper-V", "Microsoft-Hyper-V-Management-PowerShell": "Hyper-V-PowerShell", "MultiPathIO": "Multipath-IO",
    "HostGuardian": "HostGuardian",
}

# Installed on every server from the start (unconfirmed as a list: it differs a little between versions and images).
DEFAULT_INSTALLED = ("FileAndStorage-Services", "Storage-Services")

# PowerShell modules that need no feature. A module in neither place is refused as not modelled.
INBOX_MODULES = frozenset({
    "cimcmdlets", "dnsclient", "international", "iscsi", "microsoft.powershell.core", "microsoft.powershell.diagnostics",
    "microsoft.powershell.localaccounts", "microsoft.powershell.management", "microsoft.powershell.security",
    "microsoft.powershell.utility", "microsoft.wsman.management", "netadapter", "netconnection", "netsecurity", "nettcpip",
    "pnpdevice", "scheduledtasks", "servermanager", "smbshare", "smbwitness", "storage", "dism", "netlbfo", "netqos", "pki",
})


def find(name: str) -> FeatureInfo | None:
    """Feature names compare without regard to case."""
    return _BY_LOWER.get(name.lower())


def path(feature: FeatureInfo) -> str:
    """As in the object's Path: the display names from the top, separated by backslashes."""
    parent = FEATURES.get(feature.parent)
    return f"{path(parent)}\\{feature.display}" if parent else feature.display


def children(name: str) -> tuple[str, ...]:
    return tuple(feature.name for feature in _ALL if feature.parent == name)


_BY_LOWER = {feature.name.lower(): feature for feature in _ALL}
MODULE_FEATURES = {module.lower(): feature.name for feature in _ALL for module in feature.modules}
