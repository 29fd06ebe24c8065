# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The PCI devices of a host as Plug and Play and Hyper-V see them, dismounted ones included.

A dismounted device has a present node `PCIP\\VEN_...` in place of its own `PCI\\VEN_...`, which stays behind as one that is not
present. What both have in common is the rest of the id, and the location path, which is the key in all of Hyper-V.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref

# Device properties by the names that Microsoft's SurveyDDA.ps1 uses (two spaces); pciprop.h of the WDK defines them.
_PCI = "{3AB22E31-8264-4b4e-9AF5-A8D2D8E33E62}"
PROPERTIES = {
    "location_paths": "DEVPKEY_Device_LocationPaths",
    "location_info": "DEVPKEY_Device_LocationInfo",
    "address": "DEVPKEY_Device_Address",
    "device_type": f"{_PCI}  1",
    "base_class": f"{_PCI}  3",
    "acs": f"{_PCI}  31",
    "reserved_memory": f"{_PCI}  34",
}

_IDS = re.compile(r"VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", re.IGNORECASE)
_DISABLED = ("CM_PROB_DISABLED", 22)
_NEED_RESTART = ("CM_PROB_NEED_RESTART", 14)


@dataclass(frozen=True)
class Device:
    """One PCI device.

    instance_id: of the node that is present now; own_id: of the node that the host's own driver has.
    properties: by the names in PROPERTIES; one that the device lacks is absent or None.
    interrupts: the numbers of its interrupts; assigned_to: the virtual machine that has it, or an empty string.
    """

    instance_id: str
    own_id: str
    location_path: str
    device_class: str
    problem: str | int
    dismounted: bool
    assigned_to: str
    properties: Mapping[str, Any]
    interrupts: tuple[int, ...]

    @property
    def vendor_id(self) -> str:
        """Four hexadecimal digits as Windows writes them, in upper case; empty for an id of another form."""
        found = _IDS.search(self.instance_id)
        return found[1] if found else ""

    @property
    def product_id(self) -> str:
        found = _IDS.search(self.instance_id)
        return found[2] if found else ""

    @property
    def disabled(self) -> bool:
        return self.problem in _DISABLED

    @property
    def waits_for_restart(self) -> bool:
        """It is in use: that it was disabled counts from the next start of the host."""
        return self.problem in _NEED_RESTART

    @property
    def condition(self) -> str:
        if self.dismounted:
            return "dismounted"
        return "disabled" if self.disabled else "mounted"

    def __str__(self) -> str:
        return f"{self.location_path or 'no location path'} ({self.instance_id})"


def read_devices(selectors: Iterable[Mapping[str, Any]], *, with_interrupts: bool) -> list[Call]:
    """The calls that tell all of the devices that the selectors can mean. Properties come a call each, which keeps rows small."""
    nodes = ("InstanceId", "Class", "ConfigManagerErrorCode", "Present")
    present = Ref("devices", where={"Present": True}, property="InstanceId")
    calls: list[Call] = [
        Cmdlet("dismounted", "Get-VMHostAssignableDevice", properties=("InstanceID", "LocationPath")),
        Cmdlet("machines", "Get-VM"),
        Cmdlet("assigned", "Get-VMAssignableDevice", {"VM": Ref("machines")}, ("LocationPath", "VMName")),
        Cmdlet("devices", "Get-PnpDevice", {"InstanceId": _patterns(selectors)}, nodes),
        *(
            Cmdlet(name, "Get-PnpDeviceProperty", {"InstanceId": present, "KeyName": [key]}, ("DeviceID", "Data?"))
            for name, key in PROPERTIES.items()
        ),
    ]
    if with_interrupts:
        # One query for all devices: WMI takes seconds for each pass over this association.
        properties = ("Dependent.DeviceID", "Antecedent.IRQNumber?")
        calls.append(Cmdlet("resources", "Get-CimInstance", {"ClassName": "Win32_PnPAllocatedResource"}, properties))
    return calls


def devices(answers: Answers, *, hyper_v: bool) -> list[Device]:
    """The devices, by location path. hyper_v: whether Hyper-V is there to say what is dismounted. Raises CallFailed."""
    dismounted = {row["InstanceID"].upper(): row["LocationPath"] for row in answers.rows("dismounted")} if hyper_v else {}
    assigned = {row["LocationPath"].upper(): row["VMName"] for row in _rows_or_none(answers, "assigned")} if hyper_v else {}
    taken = {*map(str.upper, dismounted.values()), *assigned}
    properties = {name: _by_instance(answers, name) for name in PROPERTIES}
    interrupts = _interrupts(answers)
    found = []
    for nodes in _nodes_by_device(answers).values():
        present = next((node for node in nodes if node["Present"]), None)
        if present is None:
            continue
        key = present["InstanceId"].upper()
        values = {name: by_instance.get(key) for name, by_instance in properties.items()}
        path = _location_path(values["location_paths"]) or dismounted.get(key, "")
        own = next((node for node in nodes if node["InstanceId"].upper().startswith("PCI\\")), None)
        found.append(Device(
            instance_id=present["InstanceId"],
            own_id=own["InstanceId"] if own else f"PCI\\{_rest(present['InstanceId'])}",
            location_path=path,
            device_class=(own or present)["Class"] or "",
            problem=present["ConfigManagerErrorCode"],
            dismounted=path.upper() in taken or key.startswith("PCIP\\"),
            assigned_to=assigned.get(path.upper(), ""),
            properties=values,
            interrupts=interrupts.get(key, ()),
        ))
    return sorted(found, key=lambda device: (device.location_path, device.instance_id))


def matches(selector: Mapping[str, Any], device: Device) -> bool:
    """Whether the device is what every part of the selector that is given says."""
    compared = (
        (selector["location_path"], device.location_path),
        (selector["instance_id"] and _rest(selector["instance_id"]), _rest(device.instance_id)),
        (selector["vendor_id"], device.vendor_id),
        (selector["product_id"], device.product_id),
        (selector["class"], device.device_class),
    )
    return all(wanted is None or wanted.casefold() == actual.casefold() for wanted, actual in compared)


def _patterns(selectors: Iterable[Mapping[str, Any]]) -> list[str]:
    """Wildcards for the narrowest set of ids that holds every selected device; only a wildcard may find nothing without an error."""
    rests = [_pattern(selector) for selector in selectors]
    if "*" in rests:
        rests = ["*"]
    return [f"{bus}\\{rest}" for rest in dict.fromkeys(rests) for bus in ("PCI", "PCIP")] or ["PCIP\\*"]


def _pattern(selector: Mapping[str, Any]) -> str:
    if selector["instance_id"]:
        return f"{_rest(selector['instance_id'])}*"
    if selector["vendor_id"]:
        product = f"&DEV_{selector['product_id'].upper()}" if selector["product_id"] else ""
        return f"VEN_{selector['vendor_id'].upper()}{product}&*"
    return "*"


def _rest(instance_id: str) -> str:
    return instance_id.partition("\\")[2]


def _rows_or_none(answers: Answers, call: str) -> tuple[Mapping[str, Any], ...]:
    """The rows of a call on the objects of an earlier one, none if there were no such objects. Raises CallFailed."""
    error = answers[call].error
    return () if error and error.id.startswith("ReferenceEmpty") else answers.rows(call)


def _nodes_by_device(answers: Answers) -> dict[str, list[Mapping[str, Any]]]:
    nodes: dict[str, list[Mapping[str, Any]]] = {}
    for row in answers.rows("devices"):
        nodes.setdefault(_rest(row["InstanceId"]).upper(), []).append(row)
    return nodes


def _by_instance(answers: Answers, call: str) -> dict[str, Any]:
    return {row["DeviceID"].upper(): row["Data"] for row in _rows_or_none(answers, call)}


def _interrupts(answers: Answers) -> dict[str, tuple[int, ...]]:
    if "resources" not in answers:
        return {}
    found: dict[str, tuple[int, ...]] = {}
    for row in answers.rows("resources"):
        if row["Antecedent.IRQNumber"] is not None:
            key = row["Dependent.DeviceID"].upper()
            found[key] = (*found.get(key, ()), row["Antecedent.IRQNumber"])
    return found


def _location_path(paths: Any) -> str:
    # A device may have an ACPI path as well, and a list of one may come as a single string.
    every = [paths] if isinstance(paths, str) else paths or ()
    return next((path for path in every if path.upper().startswith("PCIROOT(")), "")
