# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module NetAdapter."""
from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from ..machine.hardware import Nic
from ..machine.switches import VmSwitch
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cdxml import select
from .cim_schema import objects, provides

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "hyperv-host.md 1.3; windows-powershell-docs NetAdapter; win32 msft-netadapter.md"
_FIRST_INDEX = 2
_STATES = {"Up": 2, "Disabled": 3, "Disconnected": 2, "Not Present": 1}


def guid(machine: Machine, nic: Nic) -> str:
    """Interface GUIDs do not change; made from the machine and the MAC address, with braces and in upper case as Windows has them."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, f"{machine.name}/{nic.mac}")).upper() + "}"


def nics(machine: Machine) -> list[Nic]:
    """Those of the hardware, and those that switches give to the management operating system."""
    return [*machine.spec.hardware.nics, *(management_adapter(switch) for switch in machine.hyperv.switches if switch.managed)]


def interface_index(machine: Machine, name: str) -> int:
    """The index of an adapter that is there."""
    return _FIRST_INDEX + [nic.name for nic in nics(machine)].index(name)


def management_adapter(switch: VmSwitch) -> Nic:
    """The adapter of the management operating system on a switch (hyperv-host.md 3.2; description and MAC address unconfirmed)."""
    octets = switch.id.hex[:6].upper()
    mac = f"00-15-5D-{octets[:2]}-{octets[2:4]}-{octets[4:]}"
    return Nic(switch.interface, f"Hyper-V Virtual Ethernet Adapter ({switch.name})", mac, "Up", 10 * 10**9, "vmswitch.sys", False)


@provides("root/standardcimv2", "MSFT_NetAdapter", source=_SOURCE)
def adapters(machine: Machine) -> list[dict[str, Any]]:
    return [
        {
            "Name": nic.name,
            "InterfaceDescription": nic.description,
            "DriverDescription": nic.description,
            "InterfaceGuid": guid(machine, nic),
            "DeviceID": guid(machine, nic),
            "InterfaceIndex": _FIRST_INDEX + index,
            "PermanentAddress": nic.mac.replace("-", ""),
            "NetworkAddresses": [nic.mac.replace("-", "")],
            "Virtual": not nic.physical,
            "HardwareInterface": nic.physical,
            "ConnectorPresent": nic.physical,
            "Hidden": False,
            "State": _STATES[nic.status],
            "MediaConnectState": 1 if nic.status == "Up" else 2,
            "Speed": nic.speed if nic.status == "Up" else 0,
            "TransmitLinkSpeed": nic.speed if nic.status == "Up" else 0,
            "ReceiveLinkSpeed": nic.speed if nic.status == "Up" else 0,
            "MtuSize": 1500,
            "VlanID": None,
            "PnPDeviceID": f"PCI\\VEN_FFFF&DEV_0001&SUBSYS_00000000&REV_00\\{index}" if nic.physical else f"ROOT\\NET\\{index:04d}",
        }
        for index, nic in enumerate(nics(machine))
    ]


@cmdlet("Get-NetAdapter", source=_SOURCE, unconfirmed="interface indexes; the display of the link speed")
def get_net_adapter(machine: Machine, bound: Bound) -> list[PSObject]:
    rows = objects(machine, "root/standardcimv2", "MSFT_NetAdapter")
    found = [_shown(item, nic) for item, nic in zip(rows, nics(machine), strict=True)]
    if bound.get("Physical"):
        found = [item for item in found if item.properties["HardwareInterface"]]
    filters = {"Name": "Name", "InterfaceDescription": "InterfaceDescription", "InterfaceIndex": "InterfaceIndex"}
    return select(found, bound, "Get-NetAdapter", filters)


def _shown(item: PSObject, nic: Nic) -> PSObject:
    """What the module's type data adds to the class."""
    up = nic.status == "Up"
    return PSObject(item.type, {
        **item.properties,
        "Status": nic.status,
        "MacAddress": nic.mac,
        "LinkSpeed": f"{nic.speed // 10**9} Gbps" if up else "0 bps",
        "ifIndex": item.properties["InterfaceIndex"],
        "InterfaceAlias": nic.name,
        "ifAlias": nic.name,
        "ifDesc": nic.description,
        "DriverFileName": nic.driver,
        "MediaConnectionState": "Connected" if up else "Disconnected",
        "AdminStatus": "Down" if nic.status == "Disabled" else "Up",
    })
