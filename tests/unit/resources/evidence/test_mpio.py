# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/mpio.md: by which paths Multipath I/O is seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.mpio.disks import read_disks
from ansible_collections.winstack.hyperv.plugins.module_utils.mpio.registry import read_registry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.mpio import RESOURCE

POLICY = "MSDSM_DEFAULT_LOAD_BALANCE_POLICY"
LISTS = "registry DsmSupportedDeviceList, MPIOSupportedDeviceList"
NOTE = "HKLM:\\SOFTWARE\\winstack.hyperv\\mpio"
NO_KEY = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "no")
ISCSI, SAS, PURE, OTHER = (
    "MSFT2005iSCSIBusType_0x9", "MSFT2011SASBusType_0xA", f"{'PURE':8}{'FlashArray':16}", f"{'3PARdata':8}{'VV':16}",
)
WANTED: dict[str, Any] = {
    "automatic_claim": {"iscsi": True, "sas": False}, "hardware": [{"vendor_id": "PURE", "product_id": "FlashArray"}],
    "hardware_state": "present", "load_balance_policy": "RR",
    "timers": {"path_verification": True, "disk_timeout": 60, "retry_count": None},
}


def answers(*, dsm=(ISCSI, PURE, "Vendor 8Product 16"), ports=None, policy=2, verify=1, disk=60, note=None, luns=()):
    rows: dict[str, Any] = {
        "msdsm_key": {"PathVerifyEnabled": verify, "DsmSupportedDeviceList": list(dsm)}, "mpio_key": {},
        "disk_key": {"TimeOutValue": disk}, "port_key": {"MPIOSupportedDeviceList": list(dsm if ports is None else ports)},
        "policy": {"LoadBalancePolicy": policy}, "system": {"LastBootUpTime": "2026-05-04T08:00:00Z"},
    }
    found = {name: Answer(name, (row,)) for name, row in rows.items()}
    found["note"] = Answer("note", ({"ChangedAfterStart": note},)) if note else Answer("note", error=NO_KEY)
    found["cluster"] = Answer("cluster", error=CmdletError("NoServiceFoundForGivenName,X", "no"))
    found.update({call.id: Answer(call.id, tuple(luns) if call.id == "disks_iscsi" else ()) for call in read_disks()})
    return Answers(found)


def broken(wanted=None, **changed):
    return {item.name: item.found for item in RESOURCE.promises({**WANTED, **(wanted or {})}, answers(**changed)) if not item.kept}


def test_it_is_seen_through_the_registry_and_msdsm():
    assert RESOURCE.evidence(WANTED) == [
        *read_registry(), *read_disks(), Cmdlet("cluster", "Get-Service", {"Name": "ClusSvc"}, ("Status",)),
        Cmdlet("policy", "Get-CimInstance", {"Namespace": "root/wmi", "ClassName": POLICY}, ("LoadBalancePolicy",)),
        Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("LastBootUpTime",)),
        Cmdlet("note", "Get-ItemProperty", {"LiteralPath": NOTE}, ("ChangedAfterStart?",)),
    ]


def test_all_kept():
    found = {item.name: item for item in RESOURCE.promises(WANTED, answers())}
    assert all(item.kept for item in found.values())
    assert list(found) == [
        "automatic_claim.iscsi", "automatic_claim.sas", "hardware", "load_balance_policy",
        "timers.path_verification", "timers.disk_timeout", "restart", "luns",
    ]
    assert found["hardware"] == Promise("hardware", ["PURE/FlashArray"], ["PURE/FlashArray"], LISTS, True)


@pytest.mark.parametrize(("changed", "found"), [
    ({"dsm": (PURE,)}, {"automatic_claim.iscsi": False}),
    ({"ports": (PURE,)}, {"automatic_claim.iscsi": False}),
    ({"dsm": (ISCSI, SAS, PURE)}, {"automatic_claim.sas": True}),
    ({"dsm": (ISCSI,)}, {"hardware": []}),
    ({"policy": 6}, {"load_balance_policy": "LB"}),
    ({"verify": 0}, {"timers.path_verification": False}),
    ({"disk": None}, {"timers.disk_timeout": None}),
    ({"note": "2026-05-04T08:00:00Z"}, {"restart": "claims or timers were changed since the last start"}),
])
def test_each_promise_is_broken_by_itself(changed, found):
    assert broken(**changed) == found


@pytest.mark.parametrize(("state", "dsm", "found"), [
    ("present", (ISCSI, PURE, OTHER), {}),
    ("exact", (ISCSI, PURE, OTHER), {"hardware": ["3PARdata/VV", "PURE/FlashArray"]}),
    ("exact", (ISCSI, PURE), {}),
    ("absent", (ISCSI, OTHER), {}),
    ("absent", (ISCSI, PURE, OTHER), {"hardware": ["3PARdata/VV", "PURE/FlashArray"]}),
])
def test_the_list_is_compared_as_its_state_says(state, dsm, found):
    assert broken({"hardware_state": state}, dsm=dsm) == found


def test_what_is_not_asked_for_is_not_promised():
    nothing = {"automatic_claim": None, "hardware": None, "hardware_state": "present", "load_balance_policy": None, "timers": None}
    assert [item.name for item in RESOURCE.promises(nothing, answers())] == ["restart", "luns"]
