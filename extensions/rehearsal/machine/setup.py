# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a fresh Windows Server has in its registry, its services and its files, as far as the rehearsal knows it."""
from __future__ import annotations

from . import firewall
from .guardian import CLIENT_KEY
from .mounts import Files
from .registry import Registry
from .services import (
    DOMAIN_JOIN_TYPE,
    DOMAIN_JOINED,
    KERNEL_DRIVER,
    NOT_DOMAIN_JOINED,
    SHARE_PROCESS,
    Services,
    Trigger,
)
from .spec import HostSpec
from .storage import DISK_KEY, PARTITIONS_KEY

CURRENT_VERSION = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
UNINSTALL = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
UNINSTALL_32 = r"HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall"
INSTALLER_PRODUCTS = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products"
W32TIME = r"HKLM:\SYSTEM\CurrentControlSet\Services\W32Time"
W32TIME_POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\W32Time"
SERVICING = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
SERVER_MANAGER = r"HKLM:\SOFTWARE\Microsoft\ServerManager\ServicingStorage\ServerComponentCache"
SESSION_MANAGER = r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager"
HYPERV_POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\HyperV"
ACTIVE_NAME = r"HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName"
PENDING_NAME = r"HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
# The names that TCP/IP uses, the second from the next restart on.
TCPIP = r"HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
HOST_NAME, PENDING_HOST_NAME = "Hostname", "NV Hostname"
NETLOGON = r"HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon"
# Subkeys of Netlogon's key between a domain join and the restart (public scripts that look for pending restarts).
PENDING_JOIN = ("JoinDomain", "AvoidSpnSet")

# Where an absent key means that a real server has none either. Elsewhere it proves nothing. (knows_key adds what it can tell of services.)
KNOWN_AREAS = (
    r"HKLM:\SYSTEM\CurrentControlSet\Control\MPDEV",
    UNINSTALL, UNINSTALL_32, W32TIME_POLICY, SERVER_MANAGER, HYPERV_POLICY, rf"{SERVICING}\RebootPending",
    CLIENT_KEY,
    # Software that Windows does not bring: Python (PEP 514) and the runtime of Visual C++.
    r"HKLM:\SOFTWARE\Python",
    r"HKLM:\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes", r"HKLM:\SOFTWARE\WOW6432Node\Microsoft\VisualStudio\14.0\VC\Runtimes",
    # A failover cluster's database: there on members only.
    r"HKLM:\Cluster",
    # The collection's own key: no fresh server has it.
    r"HKLM:\SOFTWARE\winstack.hyperv",
)
# Services whose keys are modelled with all that is below them, and services of every Windows that are not modelled at all.
_WHOLE_SERVICES = frozenset({"w32time", "mpio", "msdsm", "disk"})
_OTHER_SERVICES = frozenset({
    "bfe", "http", "kdc", "netbt", "netlogon", "ntds", "sharedaccess", "tcpip", "tcpip6", "termservice", "wuauserv",
})

_SVCHOST = r"%SystemRoot%\system32\svchost.exe -k "
_LOCAL_SERVICE, _NETWORK_SERVICE = r"NT AUTHORITY\LocalService", r"NT AUTHORITY\NetworkService"

# name, display name, start mode, command line, account, depends on, type
_SERVICES = (
    ("RpcSs", "Remote Procedure Call (RPC)", "Automatic", f"{_SVCHOST}rpcss", _NETWORK_SERVICE, (), SHARE_PROCESS),
    ("EventLog", "Windows Event Log", "Automatic", f"{_SVCHOST}LocalServiceNetworkRestricted", _LOCAL_SERVICE, (), SHARE_PROCESS),
    ("Winmgmt", "Windows Management Instrumentation", "Automatic", f"{_SVCHOST}netsvcs", "LocalSystem", ("RpcSs",), SHARE_PROCESS),
    ("Schedule", "Task Scheduler", "Automatic", f"{_SVCHOST}netsvcs", "LocalSystem", ("RpcSs", "EventLog"), SHARE_PROCESS),
    ("Dhcp", "DHCP Client", "Automatic", f"{_SVCHOST}LocalServiceNetworkRestricted", _LOCAL_SERVICE, (), SHARE_PROCESS),
    ("Dnscache", "DNS Client", "Automatic", f"{_SVCHOST}NetworkService", _NETWORK_SERVICE, (), SHARE_PROCESS),
    ("LanmanServer", "Server", "Automatic", f"{_SVCHOST}netsvcs", "LocalSystem", (), SHARE_PROCESS),
    ("LanmanWorkstation", "Workstation", "Automatic", f"{_SVCHOST}NetworkService", _NETWORK_SERVICE, (), SHARE_PROCESS),
    ("MpsSvc", "Windows Defender Firewall", "Automatic", f"{_SVCHOST}LocalServiceNoNetwork", _LOCAL_SERVICE, (), SHARE_PROCESS),
    ("WinRM", "Windows Remote Management (WS-Management)", "Automatic", f"{_SVCHOST}NetworkService", _NETWORK_SERVICE,
     ("RpcSs",), SHARE_PROCESS),
    ("MSiSCSI", "Microsoft iSCSI Initiator Service", "Manual", f"{_SVCHOST}netsvcs", "LocalSystem", (), SHARE_PROCESS),
    ("VSS", "Volume Shadow Copy", "Manual", r"%systemroot%\system32\vssvc.exe", "LocalSystem", ("RpcSs",), 0x10),
    ("Disk", "Disk Driver", "Boot", r"System32\drivers\disk.sys", "", (), KERNEL_DRIVER),
)

FEATURE_SERVICES = {
    "Hyper-V": (
        ("vmms", "Hyper-V Virtual Machine Management", "Automatic", r"%systemroot%\system32\vmms.exe", "LocalSystem",
         ("RpcSs", "Winmgmt"), 0x10),
        ("vmcompute", "Hyper-V Host Compute Service", "Automatic", r"%systemroot%\system32\vmcompute.exe", "LocalSystem", ("RpcSs",), 0x10),
    ),
    "Multipath-IO": (
        ("mpio", "Microsoft Multi-Path Bus Driver", "Boot", r"System32\drivers\mpio.sys", "", (), KERNEL_DRIVER),
        ("msdsm", "Microsoft Multi-Path Device Specific Module", "Boot", r"System32\drivers\msdsm.sys", "", (), KERNEL_DRIVER),
    ),
    "Failover-Clustering": (
        ("ClusSvc", "Cluster Service", "Disabled", r"%systemroot%\Cluster\clussvc.exe -s", "LocalSystem", (), 0x10),
    ),
    "HostGuardian": (),
}

# Keys that come with a feature. That of the HGS client is unconfirmed: its cmdlets write values there and never make it.
FEATURE_KEYS = {"HostGuardian": (CLIENT_KEY,)}

_FOLDERS = (
    r"C:\Windows\System32", r"C:\Windows\Temp", r"C:\Program Files", r"C:\Program Files (x86)", r"C:\ProgramData", r"C:\Users\Public",
    r"C:\Users\Administrator\AppData\Local\Temp",
)


def knows_key(key: str) -> bool:
    """Whether the absence of this key (`HKLM:\\...`) means anything."""
    wanted = key.lower()
    services, separator, below = wanted.partition("\\currentcontrolset\\services\\")
    if separator and services == r"hklm:\system":
        name, _unused, rest = below.partition("\\")
        return _knows_service(name, rest)
    return any(f"{wanted}\\".startswith(f"{area.lower()}\\") for area in KNOWN_AREAS)


def _knows_service(name: str, rest: str) -> bool:
    """A service that is none of Windows' own has no key until somebody makes one; of Windows' own not every subkey is modelled."""
    if name in _OTHER_SERVICES:
        return False
    inbox = {definition[0].lower() for definitions in (_SERVICES, *FEATURE_SERVICES.values()) for definition in definitions}
    return name in _WHOLE_SERVICES or name not in inbox or rest.partition("\\")[0] in ("", "triggerinfo")


def seed_registry(registry: Registry, spec: HostSpec) -> None:
    edition = f"Server{spec.os.edition}"
    version = {
        "CurrentBuild": str(spec.os.build),
        "CurrentBuildNumber": str(spec.os.build),
        "EditionID": edition,
        "InstallationType": spec.os.installation,
        "ProductName": f"Windows Server {spec.os.version} {spec.os.edition}",
    }
    for name, text in version.items():
        registry.set(CURRENT_VERSION, name, text, "String")
    registry.set(CURRENT_VERSION, "CurrentMajorVersionNumber", 10, "DWord")
    registry.set(CURRENT_VERSION, "CurrentMinorVersionNumber", 0, "DWord")
    registry.set(CURRENT_VERSION, "UBR", spec.os.update, "DWord")
    levels = rf"{CURRENT_VERSION}\Server\ServerLevels"
    registry.set(levels, "ServerCore", 1, "DWord")
    if spec.os.installation == "Server":
        registry.set(levels, "Server-Gui-Mgmt", 1, "DWord")
        registry.set(levels, "Server-Gui-Shell", 1, "DWord")
    for key in (UNINSTALL, UNINSTALL_32, SERVICING, SERVER_MANAGER, SESSION_MANAGER, firewall.KEY, PARTITIONS_KEY, INSTALLER_PRODUCTS):
        registry.create(key)
    # storage-and-time.md 1.4: 60 is what the field finds on fresh systems.
    registry.set(DISK_KEY, "TimeOutValue", 60, "DWord")
    for name, text in spec.time.policy.items():
        registry.set(rf"{W32TIME_POLICY}\Parameters", name, text, "String")


def seed_names(registry: Registry, computer_name: str) -> None:
    for key in (ACTIVE_NAME, PENDING_NAME):
        registry.set(key, "ComputerName", computer_name[:15], "String")
    for name in (HOST_NAME, PENDING_HOST_NAME):
        registry.set(TCPIP, name, computer_name, "String")
    registry.create(rf"{NETLOGON}\Parameters")


def seed_services(services: Services, spec: HostSpec) -> None:
    create_services(services, _SERVICES)
    services.create("W32Time", f"{_SVCHOST}LocalService", display="Windows Time", start_mode=spec.time.start_mode,
                    account=_LOCAL_SERVICE, type=SHARE_PROCESS)
    if spec.time.triggers == "classic":
        services.configure("W32Time", triggers=(
            Trigger(DOMAIN_JOIN_TYPE, 1, DOMAIN_JOINED), Trigger(DOMAIN_JOIN_TYPE, 2, NOT_DOMAIN_JOINED),
        ))


def create_services(services: Services, definitions: tuple[tuple[str, str, str, str, str, tuple[str, ...], int], ...]) -> None:
    for name, display, start_mode, path_name, account, needed, kind in definitions:
        if services.find(name) is None:
            services.create(name, path_name, display=display, start_mode=start_mode, account=account, dependencies=needed, type=kind)


def seed_time(registry: Registry, spec: HostSpec) -> None:
    """The defaults of storage-and-time.md 6.1 for a member and for a stand-alone server."""
    member = bool(spec.domain)
    registry.set(rf"{W32TIME}\Parameters", "Type", "NT5DS" if member else "NTP", "String")
    registry.set(rf"{W32TIME}\Parameters", "NtpServer", "time.windows.com,0x8", "String")
    config = {
        "AnnounceFlags": 10,
        "MaxAllowedPhaseOffset": 300 if member else 1,
        "MaxNegPhaseCorrection": 0xFFFFFFFF if member else 54000,
        "MaxPosPhaseCorrection": 0xFFFFFFFF if member else 54000,
        "MinPollInterval": 10,
        "MaxPollInterval": 15,
        "UpdateInterval": 30000 if member else 360000,
        "UtilizeSslTimeData": 0 if spec.os.version == "2025" else 1,
    }
    for name, number in config.items():
        registry.set(rf"{W32TIME}\Config", name, number, "DWord")
    providers = rf"{W32TIME}\TimeProviders"
    registry.set(rf"{providers}\NtpClient", "Enabled", 1, "DWord")
    registry.set(rf"{providers}\NtpClient", "SpecialPollInterval", 3600 if member else 604800, "DWord")
    registry.set(rf"{providers}\NtpServer", "Enabled", 0, "DWord")
    registry.set(rf"{providers}\VMICTimeProvider", "Enabled", 1, "DWord")


def seed_files(files: Files, spec: HostSpec) -> None:
    for folder in _FOLDERS:
        files.make_folder(folder)
    for volume in spec.storage.cluster_volumes:
        files.make_folder(rf"C:\ClusterStorage\{volume.name}")
