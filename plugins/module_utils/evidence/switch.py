# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The virtual switch as CIM shows it, and its adapters as other cmdlets than those of the switch. docs/resources/switch.md names the
sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref
from ..plans import Promise
from . import VIRTUALIZATION, instances, promise, seen, seen_one

_SWITCH, _SETTINGS, _PORT = "Msvm_VirtualEthernetSwitch", "Msvm_VirtualEthernetSwitchSettingData", "Msvm_ExternalEthernetPort"
_ALGORITHMS = {"HyperVPort": "hyperv_port", "Dynamic": "dynamic"}
_BANDWIDTH = {0: "default", 1: "weight", 2: "absolute", 3: "none"}


def calls(options: Mapping[str, Any]) -> list[Call]:
    name = options["name"]
    if name is None:
        return []
    wanted: list[Call] = [
        instances("switch", _SWITCH, "ElementName", namespace=VIRTUALIZATION),
        instances("settings", _SETTINGS, "ElementName", "BandwidthReservationMode", "IOVPreferred", namespace=VIRTUALIZATION),
        Cmdlet("management", "Get-VMNetworkAdapter", {"ManagementOS": True, "SwitchName": name}, ("Name",)),
    ]
    if options["adapters"]:
        wanted += [
            instances("adapters", "MSFT_NetAdapter", "Name", "InterfaceGuid", namespace="root/standardcimv2"),
            instances("ports", _PORT, "DeviceID", "IsBound", namespace=VIRTUALIZATION),
        ]
    if options["vlan"] is not None:
        vlan = ("OperationMode", "AccessVlanId")
        wanted.append(Cmdlet("vlan", "Get-VMNetworkAdapterVlan", {"VMNetworkAdapter": Ref("management")}, vlan))
    if options["load_balancing"] is not None:
        wanted.append(Cmdlet("team", "Get-VMSwitchTeam", {"Name": name}, ("LoadBalancingAlgorithm",)))
    return wanted


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, answers)) if options["name"] is not None else ()


def _promises(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    name = options["name"]
    number = sum(row["ElementName"].lower() == name.lower() for row in seen(answers, "switch"))
    yield promise("switch", "one of this name", "one of this name" if number == 1 else f"{number} of this name", f"CIM {_SWITCH}")
    settings = next((row for row in seen(answers, "settings") if row["ElementName"].lower() == name.lower()), {})
    if options["bandwidth_mode"] is not None:
        mode = _BANDWIDTH.get(settings.get("BandwidthReservationMode", -1))
        yield promise("bandwidth_mode", options["bandwidth_mode"], mode, f"CIM {_SETTINGS}")
    if options["iov"] is not None:
        yield promise("iov", options["iov"], settings.get("IOVPreferred"), f"CIM {_SETTINGS}")
    if options["adapters"]:
        yield _bound(options["adapters"], answers)
    shared = bool(answers["management"].output) if answers["management"].ok else None
    yield promise("allow_management_os", options["allow_management_os"], shared, "Get-VMNetworkAdapter")
    if options["vlan"] is not None:
        yield promise("vlan", options["vlan"], _vlan(seen_one(answers, "vlan")), "Get-VMNetworkAdapterVlan")
    if options["load_balancing"] is not None:
        algorithm = _ALGORITHMS.get(seen_one(answers, "team").get("LoadBalancingAlgorithm", ""))
        yield promise("load_balancing", options["load_balancing"], algorithm, "Get-VMSwitchTeam, as it is read")


def _bound(wanted: list[str], answers: Answers) -> Promise:
    """Which of the adapters are bound to a switch; to which one the port does not say."""
    ports = {_guid(row["DeviceID"]) for row in seen(answers, "ports") if row["IsBound"]}
    bound = {row["Name"].lower() for row in seen(answers, "adapters") if _guid(row["InterfaceGuid"]) in ports}
    return promise("adapters", sorted(wanted), sorted(name for name in wanted if name.lower() in bound), f"CIM {_PORT}")


def _vlan(row: Mapping[str, Any]) -> int | None:
    if row.get("OperationMode") == "Untagged":
        return 0
    vlan: int | None = row["AccessVlanId"] if row.get("OperationMode") == "Access" else None
    return vlan


def _guid(device: str) -> str:
    """A port's DeviceID is Microsoft:{GUID}, an adapter's is {GUID}."""
    return device.partition(":")[2].lower() or device.lower()
