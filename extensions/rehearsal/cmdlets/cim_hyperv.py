# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM classes of root/virtualization/v2. They are there while vmms answers; Get-CimInstance sees to that."""
from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from ..machine.addresses import addresses
from .cim_schema import provides
from .net_adapter import guid

if TYPE_CHECKING:
    from ..machine import Machine

_NAMESPACE = "root/virtualization/v2"
_W32 = "MicrosoftDocs/win32 HyperV_v2"
# Which networks of the class are the user's, and which stand for all of them (Microsoft's support scripts; public listings of the module).
_OURS, _EVERY = "Microsoft:UserManaged", "Microsoft:UserManagedAllNetworks"
# A metric that Get-VMMigrationNetwork shows as no priority: it converts the number to Int32 or null. Unconfirmed: that it is this one.
_NO_METRIC = 0xFFFFFFFF


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


@provides(_NAMESPACE, "Msvm_VirtualSystemMigrationNetworkSettingData", source=f"{_W32}/...; public listings of the Hyper-V module's code")
def migration_networks(machine: Machine) -> list[dict[str, Any]]:
    """The user's own, and with UseAnyNetworkForMigration one that stands for all."""
    rows = [(network.subnet, network.priority, _OURS) for network in machine.hyperv.networks]
    if machine.hyperv.settings["UseAnyNetworkForMigration"]:
        rows += [("0.0.0.0/0", None, _EVERY), ("::/0", None, _EVERY)]
    return [
        {
            "ElementName": "Hyper-V Migration Network",
            "SubnetNumber": subnet.partition("/")[0],
            "PrefixLength": int(subnet.partition("/")[2]),
            "Metric": _NO_METRIC if priority is None else priority,
            "Tags": [tag],
        }
        for subnet, priority, tag in rows
    ]


@provides(_NAMESPACE, "Msvm_VirtualSystemMigrationService", source=f"{_W32}/...; hyperv-host.md 5.3 (os-win)")
def migration_service(machine: Machine) -> list[dict[str, Any]]:
    return [{
        "Name": "migrationwmi",
        "CreationClassName": "Msvm_VirtualSystemMigrationService",
        "ElementName": "Hyper-V Migration Service",
        "Started": True,
        "MigrationServiceListenerIPAddressList": _listeners(machine),
    }]


def _listeners(machine: Machine) -> list[str]:
    """The host's addresses that lie in one of the networks, while live migration is on."""
    settings = machine.hyperv.settings
    if not settings["VirtualMachineMigrationEnabled"]:
        return []
    here = [str(address.ip) for _adapter, address in addresses(machine)]
    if settings["UseAnyNetworkForMigration"]:
        return here
    networks = [ip_network(network.subnet) for network in machine.hyperv.networks]
    return [address for address in here if any(ip_address(address) in network for network in networks)]


@provides(_NAMESPACE, "Msvm_PciExpress", source="hyperv-host.md 6.3 (os-win): one instance while free, a second once a machine has it")
def pci_express(machine: Machine) -> list[dict[str, Any]]:
    rows = []
    for device in machine.pci.all():
        if not device.state.dismounted:
            continue
        row = {"DeviceInstancePath": device.dismounted_id, "LocationPath": device.spec.location_path, "FunctionNumber": 0}
        rows += [row, row] if device.virtual_machine else [row]
    return rows


@provides(_NAMESPACE, "Msvm_VirtualEthernetSwitch", source=f"{_W32}/msvm-virtualethernetswitch.md; hyperv-host.md 3.1 (os-win)")
def switches(machine: Machine) -> list[dict[str, Any]]:
    return [
        {"CreationClassName": "Msvm_VirtualEthernetSwitch", "Name": str(switch.id).upper(), "ElementName": switch.name, "EnabledState": 5}
        for switch in machine.hyperv.switches
    ]


@provides(_NAMESPACE, "Msvm_VirtualEthernetSwitchSettingData", source=f"{_W32}/...; hyperv-host.md 3.1")
def switch_settings(machine: Machine) -> list[dict[str, Any]]:
    modes = {"Default": 0, "Weight": 1, "Absolute": 2, "None": 3}
    return [
        {
            "InstanceID": f"Microsoft:{str(switch.id).upper()}",
            "ElementName": switch.name,
            "VirtualSystemIdentifier": str(switch.id).upper(),
            "Notes": [switch.notes],
            "IOVPreferred": switch.iov,
            "BandwidthReservationMode": modes[switch.bandwidth],
            "TeamingEnabled": len(switch.adapters) > 1,
            "PacketDirectEnabled": False,
        }
        for switch in machine.hyperv.switches
    ]


@provides(_NAMESPACE, "Msvm_ExternalEthernetPort", source=f"{_W32}/...; public dumps of the class: DeviceID is Microsoft:{{GUID}}")
def external_ports(machine: Machine) -> list[dict[str, Any]]:
    """The GUID is taken to be that of the network adapter's interface."""
    bound = {name for switch in machine.hyperv.switches for name in switch.adapters}
    return [
        {
            "CreationClassName": "Msvm_ExternalEthernetPort",
            "ElementName": nic.description,
            "DeviceID": f"Microsoft:{guid(machine, nic)}",
            "PermanentAddress": nic.mac.replace("-", ""),
            "IsBound": nic.name in bound,
        }
        for nic in machine.spec.hardware.nics
        if nic.physical
    ]
