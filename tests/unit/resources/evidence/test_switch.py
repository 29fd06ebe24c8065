# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/switch.md: by which paths a virtual switch is seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.switch import RESOURCE

V2 = {"Namespace": "root/virtualization/v2"}
WANTED: dict[str, Any] = {
    "name": "External", "adapters": ["Data", "data2"], "allow_management_os": True, "bandwidth_mode": "weight", "iov": False, "vlan": 7,
    "load_balancing": "dynamic",
}


def answers(
    *, names=("external", "other"), bandwidth=1, iov=False, bound=(True, True), management=("external",), vlan=("Access", 7), team="Dynamic"
):
    rows: dict[str, Any] = {
        "switch": [{"ElementName": name} for name in names],
        "settings": [{"ElementName": name, "BandwidthReservationMode": bandwidth, "IOVPreferred": iov} for name in names],
        "management": [{"Name": name} for name in management],
        "adapters": [{"Name": "Data", "InterfaceGuid": "{AA}"}, {"Name": "Data2", "InterfaceGuid": "{BB}"}],
        "ports": [{"DeviceID": f"Microsoft:{guid}", "IsBound": yes} for guid, yes in zip(("{aa}", "{BB}"), bound, strict=True)],
        "vlan": [{"OperationMode": vlan[0], "AccessVlanId": vlan[1]}],
        "team": [{"LoadBalancingAlgorithm": team}],
    }
    return Answers({call: Answer(call, tuple(found)) for call, found in rows.items()})


def broken(**changed):
    return {item.name: item.found for item in RESOURCE.promises(WANTED, answers(**changed)) if not item.kept}


def cim(call, name, *properties):
    return Cmdlet(call, "Get-CimInstance", {**V2, "ClassName": name}, properties)


def test_it_is_seen_through_cim_and_its_adapters():
    assert RESOURCE.evidence(WANTED) == [
        cim("switch", "Msvm_VirtualEthernetSwitch", "ElementName"),
        cim("settings", "Msvm_VirtualEthernetSwitchSettingData", "ElementName", "BandwidthReservationMode", "IOVPreferred"),
        Cmdlet("management", "Get-VMNetworkAdapter", {"ManagementOS": True, "SwitchName": "External"}, ("Name",)),
        Cmdlet(
            "adapters", "Get-CimInstance", {"Namespace": "root/standardcimv2", "ClassName": "MSFT_NetAdapter"}, ("Name", "InterfaceGuid"),
        ),
        cim("ports", "Msvm_ExternalEthernetPort", "DeviceID", "IsBound"),
        Cmdlet("vlan", "Get-VMNetworkAdapterVlan", {"VMNetworkAdapter": Ref("management")}, ("OperationMode", "AccessVlanId")),
        Cmdlet("team", "Get-VMSwitchTeam", {"Name": "External"}, ("LoadBalancingAlgorithm",)),
    ]
    plain = {**WANTED, "adapters": None, "bandwidth_mode": None, "iov": None, "vlan": None, "load_balancing": None}
    assert [call.id for call in RESOURCE.evidence(plain)] == ["switch", "settings", "management"]
    assert [item.name for item in RESOURCE.promises(plain, answers())] == ["switch", "allow_management_os"]
    nothing = {**plain, "name": None}
    assert (RESOURCE.evidence(nothing), RESOURCE.promises(nothing, Answers())) == ([], ())


@pytest.mark.parametrize(("changed", "found"), [
    ({}, {}),
    ({"names": ("External", "EXTERNAL")}, {"switch": "2 of this name"}),
    ({"bandwidth": 3}, {"bandwidth_mode": "none"}),
    ({"iov": True}, {"iov": True}),
    ({"bound": (False, True)}, {"adapters": ["data2"]}),
    ({"vlan": ("Untagged", 0)}, {"vlan": 0}),
    ({"vlan": ("Trunk", 7)}, {"vlan": None}),
    ({"team": "HyperVPort"}, {"load_balancing": "hyperv_port"}),
    ({"management": ()}, {"allow_management_os": False}),
])
def test_each_promise_is_broken_by_itself(changed, found):
    assert broken(**changed) == found


def test_without_the_role_nothing_is_seen():
    gone = CmdletError("CommandNotFoundException", "no")
    nothing = Answers({name: Answer(name, error=gone) for name in answers()})
    assert {item.name: item.found for item in RESOURCE.promises(WANTED, nothing)} == {
        "switch": "0 of this name", "bandwidth_mode": None, "iov": None, "adapters": [], "allow_management_os": None, "vlan": None,
        "load_balancing": None,
    }
