# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/switch.md: what the switch reads, calls, refuses and warns of."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.switch import RESOURCE
from ansible_collections.winstack.hyperv.plugins.module_utils.undo import Undo, with_vlan, without_switch_over

Rows = Sequence[Mapping[str, Any]]

NIC1, NIC2, NIC3 = (f"0000000{number}-1111-2222-3333-444444444444" for number in (1, 2, 3))
SWITCH, VNIC = "aaaaaaaa-1111-2222-3333-444444444444", "bbbbbbbb-1111-2222-3333-444444444444"
OPTIONS: dict[str, Any] = {
    "name": "external", "adapters": None, "allow_management_os": True, "bandwidth_mode": None, "iov": None, "vlan": None,
    "load_balancing": None,
    "recreate": False, "undo_seconds": 180, "session_ports": [5985, 5986, 22],
}


def adapter(name: str, identifier: str, index: int, *, status: str = "Up", hardware: bool = True) -> dict[str, Any]:
    return {
        "Name": name, "InterfaceDescription": f"Contoso {name}", "InterfaceGuid": f"{{{identifier.upper()}}}", "InterfaceIndex": index,
        "Status": status, "HardwareInterface": hardware,
    }


ADAPTERS = (adapter("Ethernet", NIC1, 2), adapter("Ethernet 2", NIC2, 3), adapter("Ethernet 3", NIC3, 4))
VETHERNET = adapter("vEthernet (external)", VNIC, 9, hardware=False)
EXTERNAL = {
    "Name": "External", "Id": SWITCH, "SwitchType": "External", "AllowManagementOS": True, "NetAdapterInterfaceGuid": [NIC1],
    "BandwidthReservationMode": "Weight", "IovEnabled": False,
}
PORT = {
    "IsManagementOs": True, "Name": "External", "VMName": None, "SwitchId": SWITCH, "DeviceId": f"{{{VNIC.upper()}}}",
    "VlanSetting.OperationMode": "Untagged", "VlanSetting.AccessVlanId": 0,
}
VM_PORT = {**PORT, "IsManagementOs": False, "VMName": "web1", "DeviceId": None}
SHOWN = {
    "name": "External", "id": SWITCH, "type": "external", "adapters": ["Ethernet"], "allow_management_os": True,
    "bandwidth_mode": "weight", "iov": False, "vlan": 0, "load_balancing": None,
}


NO_TASK = CmdletError("CmdletizationQuery_NotFound_TaskName,Get-ScheduledTask", "No MSFT_ScheduledTask objects found")


def answers(
    switches: Rows | CmdletError = (),
    ports: Rows | CmdletError = (),
    adapters: Rows = ADAPTERS,
    *,
    session: int = 2,
    **other: Rows | CmdletError,
) -> Answers:
    """A host whose session comes over the interface with this index."""
    given: dict[str, Rows | CmdletError] = {
        "switches": switches,
        "ports": ports,
        "adapters": adapters,
        "undo_left": NO_TASK,
        "clock": [{"$value": "2026-05-04T08:00:00"}],
        "addresses": [
            {"IPAddress": "192.0.2.10", "PrefixLength": 24, "InterfaceIndex": session},
            {"IPAddress": "fe80::1%7", "PrefixLength": 64, "InterfaceIndex": 4},
            {"IPAddress": "127.0.0.1", "PrefixLength": 8, "InterfaceIndex": 1},
        ],
        "name_servers": [{"ServerAddresses": ["192.0.2.53"]}, {"ServerAddresses": None}],
        "routes": [{"DestinationPrefix": "0.0.0.0/0", "NextHop": "192.0.2.1"}, {"DestinationPrefix": "192.0.2.0/24", "NextHop": "0.0.0.0"}],
        "sessions": [{"LocalAddress": "192.0.2.10", "LocalPort": 5986}, {"LocalAddress": "127.0.0.1", "LocalPort": 22}],
        **other,
    }
    return Answers({
        name: Answer(name, error=rows) if isinstance(rows, CmdletError) else Answer(name, output=tuple(rows))
        for name, rows in given.items()
    })


def plan(host: Answers, **options: Any) -> Any:
    return RESOURCE.plan({**OPTIONS, **options}, host)


def existing(**changes: Any) -> Answers:
    """The switch is there over Ethernet, and the session comes over it."""
    return answers([{**EXTERNAL, **changes}], [PORT], [*ADAPTERS, VETHERNET], session=9)


def elsewhere(ports: Rows = (PORT,), **changes: Any) -> Answers:
    """The switch is there over Ethernet, and the session comes over Ethernet 2."""
    return answers([{**EXTERNAL, **changes}], ports, [*ADAPTERS, VETHERNET], session=3)


def undo(text: str) -> Undo:
    return Undo(text, 180, datetime(2026, 5, 4, 8, 0))


def test_reading_changes_nothing_and_asks_no_port_by_number() -> None:
    calls = RESOURCE.read(OPTIONS)
    assert [call.name for call in calls if isinstance(call, Cmdlet)] == [
        "Get-VMSwitch", "Get-NetAdapter", "Get-VMNetworkAdapter", "Get-Date", "Get-ScheduledTask", "Get-NetIPAddress",
        "Get-DnsClientServerAddress", "Get-NetRoute", "Get-NetTCPConnection",
    ]


def test_without_a_name_it_only_reads() -> None:
    result = plan(existing(), name=None)
    assert (result.differences, result.calls, result.undo) == ((), (), None)
    assert result.state == {
        "switches": [SHOWN],
        "network": {"addresses": ["192.0.2.10/24"], "name_servers": ["192.0.2.53"], "routes": ["0.0.0.0/0 via 192.0.2.1"]},
    }


@pytest.mark.parametrize("options", [
    {}, {"name": "EXTERNAL", "adapters": ["ethernet"]}, {"bandwidth_mode": "weight", "iov": False, "vlan": 0},
])
def test_as_wanted_nothing_is_called(options: dict[str, Any]) -> None:
    result = plan(existing(), **options)
    assert (result.differences, result.calls, result.refusals) == ((), (), ())


def test_a_switch_over_the_session_is_created_explicitly_with_an_undo() -> None:
    result = plan(answers(), adapters=["ethernet"], bandwidth_mode="absolute", iov=True, vlan=20)
    assert result.differences == (
        Difference("type", None, "external"), Difference("adapters", None, ["Ethernet"]), Difference("allow_management_os", None, True),
        Difference("bandwidth_mode", None, "absolute"), Difference("iov", None, True), Difference("vlan", None, 20),
    )
    create, find, vlan = result.calls
    assert create == Cmdlet("create", "New-VMSwitch", {
        "Name": "external", "NetAdapterInterfaceDescription": ["Contoso Ethernet"], "AllowManagementOS": True, "Confirm": False,
        "MinimumBandwidthMode": "Absolute", "EnableIov": True,
    }, ("Name", "Id"))
    assert (find.name, find.parameters) == ("Get-VMNetworkAdapter", {"ManagementOS": True, "SwitchName": "external"})
    assert vlan == Cmdlet("vlan", "Set-VMNetworkAdapterVlan", {
        "VMNetworkAdapter": [Ref("adapter")], "Confirm": False, "Access": True, "VlanId": 20,
    })
    assert result.undo == undo(without_switch_over([NIC1]))


def test_a_team_for_virtual_machines_needs_no_undo_where_the_session_is_elsewhere() -> None:
    result = plan(answers(), adapters=["Ethernet 3", "Ethernet 2"], allow_management_os=False)
    assert result.calls == (Cmdlet("create", "New-VMSwitch", {
        "Name": "external", "NetAdapterInterfaceDescription": ["Contoso Ethernet 3", "Contoso Ethernet 2"], "AllowManagementOS": False,
        "Confirm": False, "EnableEmbeddedTeaming": True,
    }, ("Name", "Id")),)
    assert result.undo is None


def test_where_no_session_is_found_every_adapter_with_an_address_may_carry_it() -> None:
    no_session = CmdletError("CmdletizationQuery_NotFound_State,Get-NetTCPConnection", "No")
    for sessions in (no_session, [{"LocalAddress": "192.0.2.10", "LocalPort": 15985}]):
        result = plan(answers(sessions=sessions), adapters=["Ethernet"])
        assert result.undo == undo(without_switch_over([NIC1]))


def test_the_vlan_of_the_session_is_changed_with_an_undo_to_the_former_one() -> None:
    tagged = {**PORT, "VlanSetting.OperationMode": "Access", "VlanSetting.AccessVlanId": 7}
    result = plan(answers([EXTERNAL], [tagged], [*ADAPTERS, VETHERNET], session=9), vlan=0)
    assert result.differences == (Difference("vlan", 7, 0),)
    assert result.calls[-1].parameters == {"VMNetworkAdapter": [Ref("adapter")], "Confirm": False, "Untagged": True}
    assert result.undo == undo(with_vlan(SWITCH, 7))


def test_sharing_is_changed_in_place() -> None:
    result = plan(elsewhere(ports=(), AllowManagementOS=False))
    assert result.calls == (
        Cmdlet("switch", "Get-VMSwitch", {"Id": [SWITCH]}),
        Cmdlet("share", "Set-VMSwitch", {"VMSwitch": [Ref("switch")], "AllowManagementOS": True, "Confirm": False}),
    )
    unshared = plan(elsewhere(), allow_management_os=False)
    assert unshared.calls[1].parameters["AllowManagementOS"] is False
    assert (unshared.undo, unshared.refusals) == (None, ())


def test_what_is_fixed_is_recreated_with_consent_only() -> None:
    wish = {"adapters": ["Ethernet", "Ethernet 3"], "iov": True}
    refused = plan(elsewhere(), **wish)
    assert refused.refusals == ("adapters, iov: cannot be changed in place; recreate true removes the switch and makes it anew",)
    assert refused.calls == ()
    agreed = plan(elsewhere(), **wish, recreate=True)
    assert [call.name for call in agreed.calls] == ["Get-VMSwitch", "Remove-VMSwitch", "New-VMSwitch"]
    assert agreed.calls[1] == Cmdlet("remove", "Remove-VMSwitch", {"VMSwitch": [Ref("former")], "Force": True})


@pytest.mark.parametrize(("host", "options", "refusal"), [
    (existing(), {"iov": True, "recreate": True}, "recreate: the session comes over this switch"),
    (elsewhere((PORT, VM_PORT)), {"iov": True, "recreate": True}, "recreate: virtual machines are connected to the switch .*: web1"),
    (existing(), {"allow_management_os": False}, "allow_management_os: false would cut the session"),
    (answers(), {"adapters": ["Ethernet"], "allow_management_os": False}, "allow_management_os: false would cut the session"),
    (
        answers(adapters=[ADAPTERS[0], adapter("Ethernet 2", NIC2, 3, status="Disconnected")], session=8),
        {"adapters": ["Ethernet"], "allow_management_os": False}, "allow_management_os: false would cut off the host",
    ),
    (answers([EXTERNAL, {**EXTERNAL, "Name": "EXTERNAL"}]), {}, "name: this host has 2 switches named external"),
    (answers(), {}, "adapters: the switch is not there yet"),
    (answers(), {"adapters": ["Ethernet 9"]}, "no network adapter Ethernet 9; it has Ethernet, Ethernet 2, Ethernet 3"),
    (existing(), {"name": "other", "adapters": ["Ethernet"]}, "adapters: Ethernet belongs to the switch External already"),
    (elsewhere(({**PORT, "VlanSetting.OperationMode": "Trunk"},)), {"vlan": 5}, "is in the VLAN mode Trunk"),
    (elsewhere((PORT, {**PORT, "Name": "second"})), {"vlan": 5}, "several management adapters"),
    (answers(), {"name": "ext*"}, "name: 'ext\\*' is no name"),
    (answers(), {"vlan": 4095}, "vlan: 4095 is no VLAN"),
    (answers(), {"vlan": 5, "allow_management_os": False}, "vlan: it is the management operating system's"),
    (answers(), {"undo_seconds": 14}, "undo_seconds: 14 is too short"),
    (answers(), {"adapters": ["a", "A"]}, "adapters: give 1 to 8 network adapters, each once"),
])
def test_what_would_lose_the_host_or_cannot_be_meant_is_refused(host: Answers, options: dict[str, Any], refusal: str) -> None:
    result = plan(host, **options)
    assert result.calls == ()
    (message,) = result.refusals
    assert re.search(refusal, message)


def test_an_undo_that_an_earlier_run_left_armed_is_removed_before_it_strikes() -> None:
    left = [{"State": "Ready"}]
    done = plan(answers([EXTERNAL], [PORT], [*ADAPTERS, VETHERNET], session=9, undo_left=left))
    assert done.differences == (Difference("undo", "armed", None),)
    assert [call.name for call in done.calls] == ["Unregister-ScheduledTask"]
    other = plan(answers(undo_left=left), adapters=["Ethernet 2"])
    assert [call.name for call in other.calls] == ["Unregister-ScheduledTask", "New-VMSwitch"]
    # An undo of its own takes the place of the one that was left.
    risky = plan(answers(undo_left=left), adapters=["Ethernet"])
    assert [call.name for call in risky.calls] == ["New-VMSwitch"]
    assert plan(answers(undo_left=left)).calls == ()
    only_read = plan(answers(undo_left=left), name=None)
    assert (only_read.differences, only_read.calls) == ((), ())
    assert "left its undo armed" in only_read.warnings[0]


def test_before_the_role_is_there_it_says_what_would_change() -> None:
    absent = CmdletError("CommandNotFoundException", "no")
    result = plan(answers(switches=absent, ports=absent), adapters=["Ethernet"])
    assert [item.path for item in result.differences] == ["adapters", "allow_management_os"]
    assert result.blockers == ("the Hyper-V role is not in effect on this host",)
    assert plan(answers(switches=absent, ports=absent), name=None).differences == ()


def test_a_host_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(CallFailed, match="addresses"):
        plan(answers(addresses=CmdletError("Broken", "broken")), adapters=["Ethernet"])


def test_what_else_changed_is_told() -> None:
    before = {"network": {"addresses": ["192.0.2.10/24"], "name_servers": ["192.0.2.53"], "routes": ["a", "b"]}}
    after = {"network": {"addresses": ["169.254.7.7/16"], "name_servers": [], "routes": ["a"]}}
    prefix = "The change of the switch has a side effect: the"
    assert RESOURCE.side_effects(before, after) == (
        f"{prefix} address 192.0.2.10/24 is gone.", f"{prefix} name server 192.0.2.53 is gone.", f"{prefix} route b is gone.",
        f"{prefix} address 169.254.7.7/16 is new.",
    )
    assert RESOURCE.side_effects(before, before) == ()


def test_the_undo_is_a_task_of_the_system_at_the_hosts_own_time() -> None:
    parameters = {call.id: call.parameters for call in undo(with_vlan(SWITCH, 0)).arm() if isinstance(call, Cmdlet)}
    assert parameters["undo_action"]["Argument"] == (
        "-NoLogo -NoProfile -NonInteractive -Command \"Get-VMNetworkAdapter -ManagementOS | "
        f"Where-Object {{ [string]$_.SwitchId -eq '{SWITCH}' }} | Set-VMNetworkAdapterVlan -Untagged\""
    )
    assert parameters["undo_trigger"] == {"Once": True, "At": "2026-05-04T08:03:00"}
    assert parameters["undo_principal"]["UserId"] == "S-1-5-18"
    assert parameters["undo_register"]["TaskName"] == "undo"


@pytest.mark.parametrize("text", ["x'; Stop-Computer; '", "", f"{NIC1} -or $true"])
def test_nothing_but_a_guid_gets_into_the_text_of_an_undo(text: str) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        without_switch_over([NIC1, text])
    with pytest.raises(ValueError, match="badly formed"):
        with_vlan(text, 0)


def test_nothing_but_a_number_is_a_vlan_in_the_text_of_an_undo() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        with_vlan(SWITCH, "5; Stop-Computer")  # type: ignore[arg-type]
    assert with_vlan(SWITCH, 5).endswith("| Set-VMNetworkAdapterVlan -Access -VlanId 5")


# Teams

TEAM = {**EXTERNAL, "NetAdapterInterfaceGuid": [NIC1, NIC2]}


def teamed(algorithm: str) -> Answers:
    return answers([TEAM], [PORT], [*ADAPTERS, VETHERNET], session=4, teams=[{"Id": SWITCH, "LoadBalancingAlgorithm": algorithm}])


def test_teams_are_read_only_where_something_is_wanted_of_them() -> None:
    teams = Cmdlet("teams", "Get-VMSwitchTeam", properties=("Id", "LoadBalancingAlgorithm"))
    assert teams in RESOURCE.read({**OPTIONS, "load_balancing": "dynamic"})
    assert teams not in RESOURCE.read(OPTIONS)


def test_the_algorithm_of_a_team_is_changed_in_place() -> None:
    made = plan(teamed("Dynamic"), load_balancing="hyperv_port")
    assert made.differences == (Difference("load_balancing", "dynamic", "hyperv_port"),)
    assert made.calls == (
        Cmdlet("team", "Set-VMSwitchTeam", {"Name": ["External"], "LoadBalancingAlgorithm": "HyperVPort"}),
    )
    assert (made.refusals, made.undo) == ((), None)
    kept = plan(teamed("HyperVPort"), load_balancing="hyperv_port")
    assert (kept.differences, kept.calls) == ((), ())
    assert kept.state["switches"][0]["load_balancing"] == "hyperv_port"


def test_a_new_team_gets_its_algorithm_at_once() -> None:
    made = plan(answers(session=4, teams=()), adapters=["Ethernet", "Ethernet 2"], load_balancing="dynamic")
    assert [call.name for call in made.calls] == ["New-VMSwitch", "Set-VMSwitchTeam"]
    assert made.calls[1] == Cmdlet("team", "Set-VMSwitchTeam", {"Name": ["external"], "LoadBalancingAlgorithm": "Dynamic"})


def test_one_adapter_is_no_team() -> None:
    refused = ("load_balancing: it is a team's, and the switch has one network adapter",)
    assert plan(answers(session=4, teams=()), adapters=["Ethernet"], load_balancing="dynamic").refusals == refused
    alone = answers([EXTERNAL], [PORT], [*ADAPTERS, VETHERNET], session=9, teams=())
    assert plan(alone, load_balancing="dynamic").refusals == refused
