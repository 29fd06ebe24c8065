# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The iSCSI initiator, the policy for new disks, and who answers. Oracle: storage-and-time.md 1.8, 2, 3, and the cmdlets' pages."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine import HostSpec, Machine, SpecError

from tests.unit.rehearsal.cmdlets.hosts import Host

NAME = "iqn.2026-01.org.example:hv01"
PORTS = {"Namespace": "root/microsoft/windows/storage", "ClassName": "MSFT_InitiatorPort"}
SERVERS = {"servers": [
    {"address": "10.40.0.10", "names": ["Array.example.org"], "ports": [3260]},
    {"address": "10.40.0.11", "names": ["dead"], "ports": [3260], "up": False},
    {"address": "FD00:0:0:40::10", "ports": [445]},
]}


def test_the_port_is_there_while_the_service_runs() -> None:
    host = Host(storage={"fibre_ports": [{}]})
    assert host.values("Get-CimInstance", "ConnectionType", **PORTS) == [1]
    host.rows("Start-Service", Name=["MSiSCSI"])
    assert host.values("Get-CimInstance", "ConnectionType", **PORTS) == [1, 2]
    assert host.values("Get-InitiatorPort", "ConnectionType") == ["Fibre Channel", "iSCSI"]
    assert host.values("Get-CimInstance", "InstanceName", **PORTS, Filter="ConnectionType=2") == ["ROOT\\ISCSIPRT\\0000_0"]


def test_renaming_the_initiator() -> None:
    host = Host()
    rename = {"NodeAddress": ["iqn.1991-05.com.microsoft:hv01"], "NewNodeAddress": NAME}
    assert host.error("Set-InitiatorPort", **rename) == "CmdletizationQuery_NotFound_NodeAddress,Set-InitiatorPort"
    host.rows("Start-Service", Name=["MSiSCSI"])
    host.machine.changes.clear()
    host.rows("Set-InitiatorPort", **rename)
    assert host.machine.changes == [f"storage: iSCSI name {NAME}"]
    assert host.values("Get-InitiatorPort", "NodeAddress") == [NAME]
    kept = Machine.load("hv01", host.spec, host.machine.dump(), host.clock)
    assert kept.storage.node_address == NAME
    assert host.error("Set-InitiatorPort", NodeAddress=[NAME], NewNodeAddress="Not A Name") == "RehearsalNotModelled"


def test_a_fibre_channel_port_keeps_its_name() -> None:
    host = Host(storage={"fibre_ports": [{}]})
    (name,) = host.values("Get-InitiatorPort", "NodeAddress")
    assert host.error("Set-InitiatorPort", NodeAddress=[name], NewNodeAddress=NAME) == "RehearsalNotModelled"


def test_the_policy_for_new_disks() -> None:
    host = Host(storage={"san_policy": "OnlineAll"})
    host.rows("Set-StorageSetting", NewDiskPolicy="OfflineAll")
    assert host.values("Get-StorageSetting", "NewDiskPolicy") == ["OfflineAll"]
    assert host.error("Set-StorageSetting", NewDiskPolicy="Sometimes") == "ParameterArgumentTransformationError,Set-StorageSetting"


@pytest.mark.parametrize(("host_name", "port", "remote", "succeeded"), [
    ("10.40.0.10", 3260, "10.40.0.10", True),
    ("array.EXAMPLE.org", 3260, "10.40.0.10", True),
    ("fd00:0:0:40:0::10", 445, "fd00:0:0:40::10", True),
    ("10.40.0.10", 445, "10.40.0.10", False),
    ("dead", 3260, "10.40.0.11", False),
    ("10.40.0.99", 3260, "10.40.0.99", False),
    ("nobody", 3260, None, False),
])
def test_who_answers(host_name: str, port: int, remote: str | None, succeeded: bool) -> None:
    host = Host(network=SERVERS)
    asked: dict[str, Any] = {"ComputerName": host_name, "Port": port}
    (row,) = host.rows("Test-NetConnection", "TcpTestSucceeded", "RemoteAddress", "NameResolutionSucceeded", **asked)
    assert row == {"TcpTestSucceeded": succeeded, "RemoteAddress": remote, "NameResolutionSucceeded": remote is not None}
    assert host.values("Test-NetConnection", "$value", **asked, InformationLevel="Quiet") == [succeeded]


@pytest.mark.parametrize("asked", [{"Port": 80}, {"ComputerName": "10.40.0.10", "TraceRoute": True}])
def test_what_no_source_says_is_refused(asked: dict[str, Any]) -> None:
    assert Host().error("Test-NetConnection", **asked) == "RehearsalNotModelled"


def test_ping_is_not_guessed() -> None:
    result = Host(network=SERVERS).call("Test-NetConnection", ("PingSucceeded",), ComputerName="10.40.0.10", Port=3260)
    assert result["error"]["id"] == "RehearsalNotModelled"


@pytest.mark.parametrize(("network", "path"), [
    ({"servers": [{"address": "fs1"}]}, "hosts.hv01.network.servers[0].address"),
    ({"servers": [{"address": "10.0.0.1", "ports": [0]}]}, "hosts.hv01.network.servers[0].ports"),
    ({"servers": [{"address": "10.0.0.1"}, {"address": "10.0.0.1"}]}, "hosts.hv01.network.servers"),
    ({"servers": [{"address": "10.0.0.1", "names": ["a"]}, {"address": "10.0.0.2", "names": ["A"]}]}, "hosts.hv01.network.servers"),
    ({"server": []}, "hosts.hv01.network.server"),
])
def test_wrong_lab_files_are_named(network: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        HostSpec.from_mapping({"network": network}, "hosts.hv01")
    assert str(caught.value).startswith(f"{path}:")
