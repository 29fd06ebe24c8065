# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/pci_dismount.md: by which paths PCI devices are seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.pci_dismount import RESOURCE

PATH = "PCIROOT(16)#PCI(0000)#PCI(0000)"
ONE, TWO = "VEN_10DE&DEV_1EB8&SUBSYS_12A210DE&REV_A1\\4&1", "VEN_10DE&DEV_1EB8&SUBSYS_12A210DE&REV_A1\\4&2"
NONE: dict[str, Any] = dict.fromkeys(("location_path", "instance_id", "vendor_id", "product_id", "class", "count"))


def selector(**given: Any) -> dict[str, Any]:
    return {**NONE, **given}


def answers(nodes=(), assignable=()):
    rows = tuple({"DeviceID": device, "PNPClass": kind, "ConfigManagerErrorCode": code} for device, kind, code in nodes)
    places = tuple({"DeviceInstancePath": "PCIP\\X", "LocationPath": path} for path in assignable)
    return Answers({"nodes": Answer("nodes", rows), "assignable": Answer("assignable", places)})


def judged(state, nodes=(), assignable=(), **given):
    (item,) = RESOURCE.promises({"state": state, "devices": [selector(**given)]}, answers(nodes, assignable))
    return item


def test_two_queries_for_all_devices():
    assert RESOURCE.evidence({"state": "present", "devices": [selector(class_="x")]}) == [
        Cmdlet(
            "nodes", "Get-CimInstance", {"ClassName": "Win32_PnPEntity", "Filter": "DeviceID LIKE 'PCI%'"},
            ("DeviceID", "PNPClass", "ConfigManagerErrorCode"),
        ),
        Cmdlet(
            "assignable", "Get-CimInstance", {"Namespace": "root/virtualization/v2", "ClassName": "Msvm_PciExpress"},
            ("DeviceInstancePath", "LocationPath"),
        ),
    ]
    assert RESOURCE.evidence({"state": "present", "devices": []}) == []


def test_a_place_is_assignable_or_not_however_often_it_is_listed():
    there = judged("present", assignable=(PATH.lower(), PATH), location_path=PATH)
    assert there == Promise(f"devices.{PATH}", "dismounted", "dismounted", "CIM Msvm_PciExpress", True)
    assert judged("present", location_path=PATH).found is None
    assert judged("absent", assignable=(PATH,), location_path=PATH).found == "dismounted"
    assert judged("absent", location_path=PATH).kept


TAKEN, OTHER = (f"PCIP\\{ONE}", "System", 0), (f"PCIP\\{TWO}", "System", 0)
HERE, OFF = (f"PCI\\{TWO}", "Display", 0), (f"PCI\\{TWO}", "Display", 22)
IDS = {"vendor_id": "10de", "product_id": "1eb8"}


@pytest.mark.parametrize(("nodes", "given", "found", "kept"), [
    ((TAKEN, OTHER), {**IDS, "count": 2}, "2 dismounted", True),
    ((TAKEN,), {**IDS, "count": 2}, "1 dismounted", False),
    ((TAKEN, HERE), IDS, f"mounted: PCI\\{TWO}", False),
    ((TAKEN, OFF), IDS, f"mounted: PCI\\{TWO}", False),
    ((), IDS, None, False),
    ((TAKEN, OTHER), {"instance_id": f"PCI\\{ONE.lower()}"}, "dismounted", True),
    ((HERE,), {"instance_id": f"PCI\\{TWO}"}, f"mounted: PCI\\{TWO}", False),
    ((TAKEN,), {**IDS, "class": "Display"}, "dismounted", True),
    ((TAKEN, HERE), {"class": "display"}, f"mounted: PCI\\{TWO}", False),
])
def test_every_device_that_is_meant_must_be_taken(nodes, given, found, kept):
    item = judged("present", nodes, **given)
    assert (item.found, item.kept, item.seen_by) == (found, kept, "CIM Win32_PnPEntity")


@pytest.mark.parametrize(("nodes", "found"), [((HERE,), "mounted"), ((OFF,), "disabled"), ((TAKEN, HERE), "dismounted")])
def test_a_device_that_is_given_back_works_again(nodes, found):
    assert (judged("absent", nodes, **IDS).found, judged("absent", nodes, **IDS).kept) == (found, found == "mounted")


def test_names():
    names = [judged("present", **given).name for given in (IDS, {"class": "Net"}, {"instance_id": "PCI\\X"})]
    assert names == ["devices.VEN_10DE&DEV_1EB8", "devices.Net", "devices.PCI\\X"]
