# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual switches, the uplink and scheduled tasks. Oracle: hyperv-host.md 3, Microsoft's cmdlet reference."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine import HostSpec, Machine, SpecError

from tests.unit.rehearsal.cmdlets.hosts import Host, hyper_v_host

COMMANDS = "Microsoft.HyperV.PowerShell.Commands"
NICS: dict[str, Any] = {"hardware": {"nics": [{}, {}, {"status": "Disabled"}]}}
POWERSHELL = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"


def host(**spec: Any) -> Host:
    return hyper_v_host(**{**NICS, **spec})


def created(**spec: Any) -> Host:
    result = host(**spec)
    result.rows("New-VMSwitch", Name="external", NetAdapterName=["Ethernet"], AllowManagementOS=True)
    return result


def vlan(server: Host, **mode: Any) -> dict[str, Any]:
    adapter = {"id": "adapter", "cmdlet": "Get-VMNetworkAdapter", "parameters": {"ManagementOS": True}}
    parameters = {"VMNetworkAdapter": [{"$ref": "adapter"}], **mode}
    return server.batch(adapter, {"id": "vlan", "cmdlet": "Set-VMNetworkAdapterVlan", "parameters": parameters})[1]


def arm(server: Host, text: str, at: str = "2026-05-04T08:01:00") -> list[dict[str, Any]]:
    calls: dict[str, dict[str, Any]] = {
        "New-ScheduledTaskAction": {"Execute": POWERSHELL, "Argument": f'-NoLogo -NoProfile -NonInteractive -Command "{text}"'},
        "New-ScheduledTaskTrigger": {"Once": True, "At": at},
        "New-ScheduledTaskPrincipal": {"UserId": "S-1-5-18"},
        "Register-ScheduledTask": {
            "TaskName": "undo", "Action": [{"$ref": "New-ScheduledTaskAction"}], "Trigger": [{"$ref": "New-ScheduledTaskTrigger"}],
            "Principal": {"$ref": "New-ScheduledTaskPrincipal"},
        },
    }
    return server.batch(*({"id": name, "cmdlet": name, "parameters": parameters} for name, parameters in calls.items()))


def owner(server: Host) -> list[str]:
    """The adapters that have the uplink's address."""
    rows = server.rows("Get-NetIPAddress", "InterfaceAlias", "IPAddress")
    return [row["InterfaceAlias"] for row in rows if row["IPAddress"] == "192.0.2.10"]


def remover(server: Host) -> str:
    guid = server.values("Get-NetAdapter", "InterfaceGuid", Name=["Ethernet"])[0].strip("{}").lower()
    return (
        "Get-VMSwitch -SwitchType External | "
        f"Where-Object {{ $_.NetAdapterInterfaceGuid | Where-Object {{ @('{guid}') -contains [string]$_ }} }} | Remove-VMSwitch -Force"
    )


def test_a_new_switch_has_windows_defaults_and_the_guid_of_its_adapter() -> None:
    server = created()
    (row,) = server.rows("Get-VMSwitch", "SwitchType", "BandwidthReservationMode", "IovEnabled", "NetAdapterInterfaceGuid")
    guid = server.values("Get-NetAdapter", "InterfaceGuid", Name=["Ethernet"])[0]
    assert row == {
        "SwitchType": "External", "BandwidthReservationMode": "Weight", "IovEnabled": False,
        "NetAdapterInterfaceGuid": [guid.strip("{}").lower()],
    }
    assert server.values("Get-NetAdapter", "Name") == ["Ethernet", "Ethernet 2", "Ethernet 3", "vEthernet (external)"]


def test_with_iov_there_is_no_bandwidth_mode() -> None:
    server = host()
    server.rows("New-VMSwitch", Name="fast", NetAdapterName=["Ethernet 2"], EnableIov=True)
    assert server.values("Get-VMSwitch", "BandwidthReservationMode") == ["None"]


@pytest.mark.parametrize(("parameters", "identifier"), [
    ({"NetAdapterName": ["Ethernet"]}, "ObjectNotFound"),
    ({"NetAdapterName": ["Ethernet 3"]}, "ObjectNotFound"),
    ({"NetAdapterName": ["Ethernet 9"]}, "InvalidOperation"),
    ({"NetAdapterName": ["Ethernet 2", "Ethernet 3"]}, "InvalidParameter"),
    ({"NetAdapterName": ["Ethernet 2"], "SwitchType": "Internal"}, "AmbiguousParameterSet"),
])
def test_what_cannot_be_bound_is_refused(parameters: dict[str, Any], identifier: str) -> None:
    server = created()
    assert server.error("New-VMSwitch", Name="other", **parameters) == f"{identifier},{COMMANDS}.NewVMSwitch"
    assert server.values("Get-VMSwitch", "Name") == ["external"]


def test_names_are_not_unique() -> None:
    server = created()
    server.rows("New-VMSwitch", Name="external", NetAdapterName=["Ethernet 2"])
    assert server.values("Get-VMSwitch", "Name", Name="external") == ["external", "external"]
    assert len(set(server.values("Get-VMSwitch", "Id"))) == 2


def test_the_address_moves_with_the_adapter_and_back() -> None:
    server = host()
    assert owner(server) == ["Ethernet"]
    server.rows("New-VMSwitch", Name="external", NetAdapterName=["Ethernet"])
    assert owner(server) == ["vEthernet (external)"]
    server.rows("Set-VMSwitch", Name=["external"], AllowManagementOS=False)
    assert owner(server) == []
    server.rows("Remove-VMSwitch", Name=["external"], Force=True)
    assert owner(server) == ["Ethernet"]


def test_the_network_is_away_while_the_adapter_is_bound_anew() -> None:
    server = created(uplink={"outage_seconds": 5})
    assert server.machine.uplink.take_cut()
    at_once = server.machine.uplink.reachable
    server.clock.pass_by(5)
    assert (at_once, server.machine.uplink.reachable) == (False, True)
    server.rows("New-VMSwitch", Name="other", NetAdapterName=["Ethernet 2"])
    assert not server.machine.uplink.take_cut()


@pytest.mark.parametrize(("uplink", "reachable"), [({}, False), ({"vlan": 20}, True), ({"vlan": 20, "link_returns": False}, False)])
def test_the_controller_gets_through_in_its_own_vlan_only(uplink: dict[str, Any], reachable: bool) -> None:
    server = created(uplink=uplink)
    assert "error" not in vlan(server, Access=True, VlanId=20)
    server.clock.pass_by(10)
    assert server.machine.uplink.reachable is reachable
    assert server.rows("Get-VMNetworkAdapterVlan", "OperationMode", "AccessVlanId", ManagementOS=True) == [
        {"OperationMode": "Access", "AccessVlanId": 20},
    ]


def test_a_vlan_needs_its_mode() -> None:
    assert vlan(created(), Access=True)["error"]["id"] == f"InvalidParameter,{COMMANDS}.SetVMNetworkAdapterVlan"
    assert vlan(created(), Trunk=True)["error"]["id"] == "RehearsalNotModelled"


def test_lost_name_servers_are_gone_with_a_new_switch_only() -> None:
    server = host(uplink={"keeps_name_servers": False})
    assert server.values("Get-DnsClientServerAddress", "ServerAddresses") == [["192.0.2.53"], []]
    server.rows("New-VMSwitch", Name="external", NetAdapterName=["Ethernet"])
    assert server.values("Get-DnsClientServerAddress", "ServerAddresses") == [[], []]


def test_a_task_runs_at_its_time_and_once() -> None:
    server = created(uplink={"link_returns": False})
    assert all("error" not in result for result in arm(server, remover(server)))
    info = ("Get-ScheduledTaskInfo", "LastTaskResult")
    assert server.values(*info, TaskName="undo") == [267011]
    server.clock.pass_by(60)
    assert server.machine.up
    assert server.values("Get-VMSwitch", "Name") == []
    assert server.values(*info, TaskName="undo") == [0]
    server.rows("New-VMSwitch", Name="external", NetAdapterName=["Ethernet"])
    server.clock.pass_by(3600)
    assert server.machine.up
    assert server.values("Get-VMSwitch", "Name") == ["external"]


def test_a_disabled_task_does_not_run_and_a_removed_one_is_gone() -> None:
    server = created()
    arm(server, remover(server))
    server.rows("Disable-ScheduledTask", TaskName="undo")
    server.clock.pass_by(60)
    assert server.machine.up
    assert server.values("Get-VMSwitch", "Name") == ["external"]
    assert server.error("Unregister-ScheduledTask", TaskName=["undo"]) == "HostFunctionNotImplemented,Unregister-ScheduledTask"
    server.rows("Unregister-ScheduledTask", TaskName=["undo"], Confirm=False)
    assert server.error("Get-ScheduledTask", TaskName=["undo"]) == "CmdletizationQuery_NotFound_TaskName,Get-ScheduledTask"
    assert server.error("Disable-ScheduledTask", TaskName="undo") == "HRESULT 0x80070002,Disable-ScheduledTask"


def test_a_task_is_replaced_with_force_only() -> None:
    server = created()
    arm(server, remover(server))
    assert arm(server, remover(server))[-1]["error"]["id"] == "HRESULT 0x800700b7,Register-ScheduledTask"


def test_any_other_text_is_refused() -> None:
    server = created()
    result = server.program("powershell.exe", "-Command", "Get-Date")
    assert result["error"]["id"] == "RehearsalNotModelled"
    assert server.program("powershell.exe", f'-NoLogo -NoProfile -NonInteractive -Command "{remover(server)}; Get-Date"')["error"]


def test_switches_and_tasks_outlive_a_restart_of_the_rehearsal() -> None:
    server = created()
    arm(server, remover(server))
    vlan(server, Access=True, VlanId=3)
    again = Machine.load("hv01", server.spec, server.machine.dump(), server.clock)
    assert again.hyperv.switches == server.machine.hyperv.switches
    assert again.tasks.all() == server.machine.tasks.all()


@pytest.mark.parametrize("uplink", [
    {"adapter": "Ethernet 9"}, {"address": "192.0.2.300/24"}, {"gateway": "router"}, {"vlan": 4095}, {"colour": "red"},
])
def test_an_uplink_that_cannot_be_is_an_error_of_the_lab_file(uplink: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"hosts\.hv01\.uplink"):
        HostSpec.from_mapping({"uplink": uplink}, "hosts.hv01")


V2 = "root/virtualization/v2"


def test_cim_shows_switches_their_settings_and_which_ports_are_bound() -> None:
    nics = [{"name": "Ethernet", "mac": "02-00-5E-00-00-01"}, {"name": "Data", "mac": "02-00-5E-00-00-02"}]
    host = hyper_v_host(hardware={"nics": nics})
    settings = {"MinimumBandwidthMode": "Absolute", "EnableIov": False}
    host.rows("New-VMSwitch", Name="data", NetAdapterName=["Data"], AllowManagementOS=False, **settings)
    (identifier,) = host.values("Get-VMSwitch", "Id")
    assert host.rows("Get-CimInstance", "Name", "ElementName", Namespace=V2, ClassName="Msvm_VirtualEthernetSwitch") == [
        {"Name": identifier.upper(), "ElementName": "data"},
    ]
    query = {"Namespace": V2, "ClassName": "Msvm_VirtualEthernetSwitchSettingData"}
    assert host.rows("Get-CimInstance", "ElementName", "BandwidthReservationMode", "IOVPreferred", "TeamingEnabled", **query) == [
        {"ElementName": "data", "BandwidthReservationMode": 2, "IOVPreferred": False, "TeamingEnabled": False},
    ]
    guids = {row["Name"]: row["InterfaceGuid"] for row in host.rows("Get-NetAdapter", "Name", "InterfaceGuid")}
    ports = host.rows("Get-CimInstance", "DeviceID", "IsBound", Namespace=V2, ClassName="Msvm_ExternalEthernetPort")
    assert {row["DeviceID"]: row["IsBound"] for row in ports} == {
        f"Microsoft:{guids['Ethernet']}": False, f"Microsoft:{guids['Data']}": True,
    }


def test_a_team_has_an_algorithm_and_one_adapter_is_no_team() -> None:
    nics = [{"name": name, "mac": f"02-00-5E-00-00-0{number}"} for number, name in enumerate(("A", "B", "C"), 1)]
    host = hyper_v_host(hardware={"nics": nics}, uplink={"adapter": "C"})
    host.rows("New-VMSwitch", Name="team", NetAdapterName=["A", "B"], EnableEmbeddedTeaming=True, AllowManagementOS=False)
    host.rows("New-VMSwitch", Name="plain", NetAdapterName=["C"], AllowManagementOS=True)
    assert host.rows("Get-VMSwitchTeam", "Name", "LoadBalancingAlgorithm", "TeamingMode") == [
        {"Name": "team", "LoadBalancingAlgorithm": "Dynamic", "TeamingMode": "SwitchIndependent"},
    ]
    host.rows("Set-VMSwitchTeam", Name=["team"], LoadBalancingAlgorithm="HyperVPort")
    assert host.values("Get-VMSwitchTeam", "LoadBalancingAlgorithm", Name="TEAM") == ["HyperVPort"]
    assert host.values("Get-VMSwitchTeam", "Name", Name="plain") == []
    identifier = "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.SetVMSwitchTeam"
    assert host.error("Set-VMSwitchTeam", Name=["plain"], LoadBalancingAlgorithm="Dynamic") == identifier
    assert host.error("Set-VMSwitchTeam", Name=["team"], NetAdapterName=["A"]).startswith("RehearsalNotModelled")
