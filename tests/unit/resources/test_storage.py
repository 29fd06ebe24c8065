# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/storage.md: what is read, called, found and refused."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Ref, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Finding
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.storage import RESOURCE

NAME = "iqn.2026-01.org.example:hv01"
DEFAULT_NAME = "iqn.1991-05.com.microsoft:hv01.example.org"
NOTHING: dict[str, Any] = {
    "san_policy": None, "iscsi": False, "initiator_name": None, "fibre_channel": False, "portals": [], "shares": [], "cinder_paths": [],
    "instances_path": None,
}
ISCSI_PORT = {
    "NodeAddress": DEFAULT_NAME, "PortAddress": "ISCSI ANY PORT", "InstanceName": "ROOT\\ISCSIPRT\\0000_0", "ConnectionType": 2,
}
HARDWARE_PORT = {
    "NodeAddress": "iqn.2000-04.com.qlogic:x", "PortAddress": "0x1", "InstanceName": "PCI\\VEN_1077&DEV_2031\\4&257301f0&0&0010_0",
    "ConnectionType": 2,
}
FIBRE_PORT = {
    "NodeAddress": "200000109B000000", "PortAddress": "100000109B000000", "InstanceName": "PCI\\VEN_10DF\\1_0", "ConnectionType": 1,
}
SAS_PORT = {"NodeAddress": "5000", "PortAddress": "5001", "InstanceName": "PCI\\VEN_1000\\1_0", "ConnectionType": 3}


def options(**given: Any) -> dict[str, Any]:
    return {**NOTHING, **given}


def portal(address: str, port: int = 3260) -> dict[str, Any]:
    return {"address": address, "port": port}


def host(
    policy: Any = "OfflineShared",
    service: tuple[str, str] = ("Running", "Auto"),
    ports: Sequence[Mapping[str, Any]] = (ISCSI_PORT,),
    reached: Sequence[tuple[bool, str | None]] = (),
) -> Answers:
    answers = {
        "settings": Answer("settings", ({"NewDiskPolicy": policy},)),
        "service": Answer("service", ({"State": service[0], "StartMode": service[1]},)),
        "ports": Answer("ports", tuple(ports)),
    }
    for number, (succeeded, remote) in enumerate(reached):
        answers[f"endpoint{number}"] = Answer(f"endpoint{number}", ({"TcpTestSucceeded": succeeded, "RemoteAddress": remote},))
    return Answers(answers)


def fresh(**given: Any) -> Answers:
    return host(**{"policy": "OnlineAll", "service": ("Stopped", "Manual"), "ports": (), **given})


def test_reads_everything_and_changes_nothing() -> None:
    reads = [
        Cmdlet("settings", "Get-StorageSetting", properties=("NewDiskPolicy",)),
        Cmdlet("service", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": "Name='MSiSCSI'"}, ("State", "StartMode")),
        Cmdlet("ports", "Get-CimInstance", {"Namespace": "root/microsoft/windows/storage", "ClassName": "MSFT_InitiatorPort"},
               ("NodeAddress", "PortAddress", "InstanceName", "ConnectionType")),
    ]
    assert RESOURCE.read(options(san_policy="offline_all", iscsi=True, initiator_name=NAME)) == reads
    asked = options(
        portals=[portal("10.40.0.10"), portal("Array.Example.org", 860), portal("10.40.0.10")],
        shares=["\\\\FS1.example.org\\volumes", "//fs1.example.org/other"],
    )
    tested = ("TcpTestSucceeded", "RemoteAddress")
    assert RESOURCE.read(asked) == [
        *reads,
        Cmdlet("endpoint0", "Test-NetConnection", {"ComputerName": "10.40.0.10", "Port": 3260}, tested),
        Cmdlet("endpoint1", "Test-NetConnection", {"ComputerName": "array.example.org", "Port": 860}, tested),
        Cmdlet("endpoint2", "Test-NetConnection", {"ComputerName": "fs1.example.org", "Port": 445}, tested),
    ]


@pytest.mark.parametrize("wanted", [
    {}, {"san_policy": "offline_shared"}, {"iscsi": True}, {"iscsi": True, "initiator_name": DEFAULT_NAME},
])
def test_as_wanted(wanted: dict[str, Any]) -> None:
    plan = RESOURCE.plan(options(**wanted), host())
    assert (plan.differences, plan.calls, plan.findings, plan.warnings, plan.refusals, plan.reboot) == ((), (), (), (), (), ())
    assert plan.state == {
        "san_policy": "offline_shared",
        "iscsi_service": {"start_mode": "automatic", "running": True},
        "initiator_name": DEFAULT_NAME,
        "iscsi_initiator_list": ["ROOT\\ISCSIPRT\\0000_0"],
        "fibre_channel_ports": [],
        "endpoints": [],
    }


def test_a_fresh_host_gets_everything_in_order() -> None:
    plan = RESOURCE.plan(options(san_policy="offline_shared", iscsi=True, initiator_name=NAME), fresh())
    assert plan.differences == (
        Difference("san_policy", "online_all", "offline_shared"),
        Difference("iscsi_service.start_mode", "manual", "automatic"),
        Difference("iscsi_service.running", False, True),
        Difference("initiator_name", None, NAME),
    )
    port = {
        "Namespace": "root/microsoft/windows/storage", "ClassName": "MSFT_InitiatorPort", "Filter": "PortAddress='ISCSI ANY PORT'",
    }
    old = Ref("port", where={"PortAddress": "ISCSI ANY PORT"}, property="NodeAddress")
    assert plan.calls == (
        Cmdlet("san_policy", "Set-StorageSetting", {"NewDiskPolicy": "OfflineShared"}),
        Cmdlet("start_mode", "Set-Service", {"Name": "MSiSCSI", "StartupType": "Automatic"}),
        Cmdlet("start", "Start-Service", {"Name": "MSiSCSI"}),
        Cmdlet("port", "Get-CimInstance", port, ("NodeAddress",), until={"PortAddress": "ISCSI ANY PORT"}, retry=Retry(10, 2)),
        Cmdlet("name", "Set-InitiatorPort", {"NodeAddress": old, "NewNodeAddress": NAME, "Confirm": False}),
    )
    assert plan.state["initiator_name"] is None
    assert plan.state["iscsi_initiator_list"] == []


@pytest.mark.parametrize(("answer", "policy"), [
    (1, "online_all"), ("1", "online_all"), ("OnlineAll", "online_all"), ("Online All", "online_all"), (4, "offline_internal"),
    (0, "unknown"),
])
def test_the_policy_is_a_number_or_a_word(answer: Any, policy: str) -> None:
    plan = RESOURCE.plan(options(san_policy="offline_all"), host(policy=answer))
    assert plan.differences == (Difference("san_policy", policy, "offline_all"),)
    assert plan.calls == (Cmdlet("san_policy", "Set-StorageSetting", {"NewDiskPolicy": "OfflineAll"}),)
    (finding,) = RESOURCE.plan(options(), host(policy=answer)).findings
    assert (finding.name, finding.severity, finding.found) == ("san_policy", "warning", policy)
    assert finding.wanted == "offline_shared or offline_all"


@pytest.mark.parametrize("answer", [2, "2", "OfflineShared", "Offline Shared"])
def test_every_spelling_of_the_wanted_policy_is_equal(answer: Any) -> None:
    assert RESOURCE.plan(options(san_policy="offline_shared"), host(policy=answer)).differences == ()


@pytest.mark.parametrize("answer", [None, 7, "Sometimes"])
def test_a_policy_that_does_not_exist_is_an_error(answer: Any) -> None:
    with pytest.raises(CallFailed, match="NewDiskPolicy"):
        RESOURCE.plan(options(), host(policy=answer))


@pytest.mark.parametrize(("service", "calls"), [
    (("Stopped", "Auto"), ("start",)),
    (("Running", "Manual"), ("start_mode",)),
    (("Stopped", "Disabled"), ("start_mode", "start")),
])
def test_the_service_is_started_and_stays(service: tuple[str, str], calls: tuple[str, ...]) -> None:
    plan = RESOURCE.plan(options(iscsi=True), host(service=service))
    assert tuple(call.id for call in plan.calls) == calls
    assert RESOURCE.plan(options(), host(service=service)).differences == ()


def test_the_software_initiator_is_renamed_and_no_other() -> None:
    plan = RESOURCE.plan(options(iscsi=True, initiator_name=NAME), host(ports=(HARDWARE_PORT, ISCSI_PORT)))
    assert plan.differences == (Difference("initiator_name", DEFAULT_NAME, NAME),)
    assert [call.id for call in plan.calls] == ["port", "name"]
    assert plan.warnings == (
        f"initiator_name: storage that lets in {DEFAULT_NAME} must be told of {NAME}; sessions that are open keep the former name.",
    )
    shouting = {**ISCSI_PORT, "NodeAddress": NAME.upper()}
    assert RESOURCE.plan(options(iscsi=True, initiator_name=NAME), host(ports=(shouting,))).differences == ()


def test_ports_by_the_number_of_their_type() -> None:
    plan = RESOURCE.plan(options(fibre_channel=True), host(ports=(FIBRE_PORT, SAS_PORT, ISCSI_PORT, HARDWARE_PORT, ISCSI_PORT)))
    assert plan.findings == ()
    assert plan.state["iscsi_initiator_list"] == ["ROOT\\ISCSIPRT\\0000_0", "PCI\\VEN_1077&DEV_2031\\4&257301f0&0&0010_0"]
    assert plan.state["fibre_channel_ports"] == [
        {"wwnn": "200000109B000000", "wwpn": "100000109B000000", "instance": "PCI\\VEN_10DF\\1_0"},
    ]
    (missing,) = RESOURCE.plan(options(fibre_channel=True), host(ports=(SAS_PORT, ISCSI_PORT))).findings
    assert (missing.name, missing.severity) == ("fibre_channel", "critical")


def test_what_does_not_answer_is_critical() -> None:
    asked = options(portals=[portal("10.40.0.10"), portal("FD00:40::10"), portal("array")], shares=["\\\\fs1\\volumes"])
    plan = RESOURCE.plan(asked, host(reached=((True, "10.40.0.10"), (False, "fd00:40::10"), (False, None), (True, "10.0.0.5"))))
    wanted = "a TCP connection"
    remedy = "See that the storage network's adapter, address, VLAN and route are right on this host and that the storage listens there."
    assert plan.findings == (
        Finding("storage_unreachable", "critical", "[fd00:40::10]:3260", "no TCP connection to fd00:40::10", wanted, remedy),
        Finding("storage_unreachable", "critical", "array:3260", "the name does not resolve on this host", wanted, remedy),
    )
    assert plan.state["endpoints"] == [
        {"address": "10.40.0.10", "port": 3260, "remote": "10.40.0.10", "reachable": True},
        {"address": "fd00:40::10", "port": 3260, "remote": "fd00:40::10", "reachable": False},
        {"address": "array", "port": 3260, "remote": "", "reachable": False},
        {"address": "fs1", "port": 445, "remote": "10.0.0.5", "reachable": True},
    ]


@pytest.mark.parametrize(("instances", "cinder", "where"), [
    ("D:\\instances", "d:/volumes", "the drive D:"),
    ("C:\\ClusterStorage\\Volume1\\instances", "c:\\clusterstorage\\VOLUME1", "the cluster volume volume1"),
    ("\\\\fs1\\nova\\instances", "\\\\FS1.example.org\\Nova", "\\\\fs1\\nova"),
    ("\\\\10.0.0.5\\nova", "\\\\10.0.0.5\\nova\\volumes", "\\\\10.0.0.5\\nova"),
])
def test_a_location_that_cinder_and_nova_share(instances: str, cinder: str, where: str) -> None:
    (finding,) = RESOURCE.plan(options(instances_path=instances, cinder_paths=[cinder]), host()).findings
    assert (finding.name, finding.severity, finding.target) == ("shared_with_cinder", "warning", instances)
    assert finding.found == f"Cinder's {cinder} lies on {where} as well"


@pytest.mark.parametrize(("instances", "cinder"), [
    ("D:\\instances", "E:\\volumes"),
    ("C:\\ClusterStorage\\Volume1\\instances", "C:\\ClusterStorage\\Volume2"),
    ("C:\\ClusterStorage\\Volume1\\instances", "C:\\volumes"),
    ("\\\\fs1\\nova", "\\\\fs1\\cinder"),
    ("\\\\fs1\\nova", "\\\\fs2\\nova"),
    ("\\\\fs1.a.example\\nova", "\\\\fs1.b.example\\nova"),
    ("\\\\10.0.0.5\\nova", "\\\\10.0.0.6\\nova"),
])
def test_locations_of_their_own(instances: str, cinder: str) -> None:
    assert RESOURCE.plan(options(instances_path=instances, cinder_paths=[cinder]), host()).findings == ()


@pytest.mark.parametrize(("wrong", "refusal"), [
    ({"initiator_name": NAME}, "initiator_name: needs iscsi: true"),
    ({"iscsi": True, "initiator_name": "hv01"}, "initiator_name: 'hv01' is not an iSCSI name"),
    ({"iscsi": True, "initiator_name": NAME.upper()}, "initiator_name: "),
    ({"iscsi": True, "initiator_name": "iqn.2026-13.org.example"}, "initiator_name: "),
    ({"iscsi": True, "initiator_name": NAME + "x" * 200}, "initiator_name: "),
    ({"portals": [portal("a b")]}, "portals: 'a b' is no host name or address"),
    ({"portals": [portal("-x")]}, "portals: '-x' is no host name or address"),
    ({"portals": [portal("10.0.0.1", 0)]}, "portals: the port 0 of 10.0.0.1 is not between 1 and 65535"),
    ({"portals": [portal("10.0.0.1", 65536)]}, "portals: the port 65536 of 10.0.0.1"),
    ({"shares": ["C:\\volumes"]}, "shares: 'C:\\\\volumes' is no UNC path"),
    ({"shares": ["\\\\fs1"]}, "shares: '\\\\\\\\fs1' is no UNC path"),
    ({"cinder_paths": ["volumes"]}, "cinder_paths: 'volumes' is no absolute Windows path"),
    ({"instances_path": "C:instances"}, "instances_path: 'C:instances' is no absolute Windows path"),
])
def test_wrong_options_are_refused(wrong: dict[str, Any], refusal: str) -> None:
    plan = RESOURCE.plan(options(**wrong), fresh())
    assert len(plan.refusals) == 1
    assert plan.refusals[0].startswith(refusal)
    assert plan.calls == ()


@pytest.mark.parametrize("call", ["settings", "service", "ports", "endpoint0"])
def test_what_cannot_be_read_is_an_error(call: str) -> None:
    answers = host(reached=((True, "10.0.0.1"),))
    answers[call] = Answer(call, error=CmdletError("X", "no"))
    with pytest.raises(CallFailed, match=call):
        RESOURCE.plan(options(portals=[portal("10.0.0.1")]), answers)
