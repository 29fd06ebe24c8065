# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/smb_client.md: what is read, called, found and refused."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.smb_client import RESOURCE

NOTHING: dict[str, Any] = {"multichannel": None, "require_signing": None, "constraints": [], "instances_path": None}
# Two adapters that carry SMB, one that does not; Windows writes GUIDs in either case.
ADAPTERS = {
    "SMB1": (12, "{597B0A73-2B66-4BE0-9E6D-F42EAE8A35D6}"), "SMB2": (15, "{BD3C4A04-64CF-4205-88F5-38C4C35DFC38}"), "LAN": (3, "{AA}"),
}


def options(**given: Any) -> dict[str, Any]:
    return {**NOTHING, **given}


def constrain(server: str, *interfaces: str, short_name: bool = True) -> dict[str, Any]:
    return {"server": server, "short_name": short_name, "interfaces": list(interfaces)}


def row(server: str, alias: str, guid: str = "") -> dict[str, Any]:
    index, known = ADAPTERS.get(alias, (99, guid))
    return {"ServerName": server, "InterfaceAlias": alias, "InterfaceIndex": index, "InterfaceGuid": known.lower()}


def host(
    settings: tuple[bool, bool] = (True, False),
    constraints: Sequence[Mapping[str, Any]] = (),
    rdma: Mapping[str, tuple[bool, bool]] | None = None,
    build: str = "20348",
    drive: Sequence[int] = (3,),
    reached: tuple[bool, str | None] = (True, "10.40.0.20"),
) -> Answers:
    """rdma: of each adapter, whether its driver enables it and whether SMB can use it."""
    rdma = rdma or {}
    adapters = tuple({"Name": name, "InterfaceIndex": index, "InterfaceGuid": guid} for name, (index, guid) in ADAPTERS.items())
    interfaces = tuple(
        {"FriendlyName": name, "InterfaceIndex": index, "RdmaCapable": rdma.get(name, (False, False))[1], "RssCapable": True}
        for name, (index, _unused) in ADAPTERS.items()
    )
    return Answers({
        "settings": Answer("settings", ({"EnableMultiChannel": settings[0], "RequireSecuritySignature": settings[1]},)),
        "constraints": Answer("constraints", tuple(constraints)),
        "adapters": Answer("adapters", adapters),
        "interfaces": Answer("interfaces", interfaces),
        "rdma": Answer("rdma", tuple({"Name": name, "Enabled": enabled} for name, (enabled, _unused) in rdma.items())),
        "system": Answer("system", ({"BuildNumber": build},)),
        "drive": Answer("drive", tuple({"DriveType": kind} for kind in drive)),
        "endpoint0": Answer("endpoint0", ({"TcpTestSucceeded": reached[0], "RemoteAddress": reached[1]},)),
    })


def test_reads_everything_and_changes_nothing() -> None:
    names = ("ServerName", "InterfaceAlias", "InterfaceIndex", "InterfaceGuid")
    first = [
        Cmdlet("settings", "Get-SmbClientConfiguration", properties=("EnableMultiChannel", "RequireSecuritySignature")),
        Cmdlet("constraints", "Get-SmbMultichannelConstraint", properties=names),
    ]
    last = [
        Cmdlet("interfaces", "Get-SmbClientNetworkInterface", properties=("FriendlyName", "InterfaceIndex", "RdmaCapable", "RssCapable")),
        Cmdlet("rdma", "Get-NetAdapterRdma", properties=("Name", "Enabled")),
        Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber",)),
    ]
    adapters = Cmdlet("adapters", "Get-NetAdapter", properties=("Name", "InterfaceIndex", "InterfaceGuid"))
    drive = Cmdlet("drive", "Get-CimInstance", {"ClassName": "Win32_LogicalDisk", "Filter": "DeviceID='D:'"}, ("DriveType",))
    tested = ("TcpTestSucceeded", "RemoteAddress")
    endpoint = Cmdlet("endpoint0", "Test-NetConnection", {"ComputerName": "fs1.example.org", "Port": 445}, tested)
    assert RESOURCE.read(options(multichannel=True)) == [*first, *last]
    assert RESOURCE.read(options(constraints=[constrain("fs1", "SMB1")])) == [*first, adapters, *last]
    assert RESOURCE.read(options(instances_path="d:\\instances")) == [*first, *last, drive]
    assert RESOURCE.read(options(instances_path="\\\\FS1.example.org\\nova")) == [*first, *last, endpoint]
    assert RESOURCE.read(options(instances_path="C:\\ClusterStorage\\Volume1\\nova")) == [*first, *last]


@pytest.mark.parametrize("wanted", [
    {},
    {"multichannel": True, "require_signing": False},
    {"constraints": [constrain("FS1.example.org", "smb2", "SMB1")]},
    {"constraints": [constrain("fs1", "SMB1", "SMB2", "smb1", short_name=False)]},
    {"constraints": [constrain("fs9.example.org")]},
    {"instances_path": "D:\\instances"},
    {"instances_path": "\\\\fs1.example.org\\nova"},
])
def test_as_wanted(wanted: dict[str, Any]) -> None:
    there = [row(server, alias) for server in ("FS1", "fs1.Example.org") for alias in ("SMB1", "SMB2")]
    plan = RESOURCE.plan(options(**wanted), host(constraints=[*there, row("other", "LAN")]))
    assert (plan.differences, plan.calls, plan.findings, plan.warnings, plan.refusals, plan.blockers) == ((), (), (), (), (), ())
    assert plan.reboot == ()
    assert {name: value for name, value in plan.state.items() if name not in ("interfaces", "endpoints")} == {
        "multichannel": True, "require_signing": False, "rdma_enabled": {},
        "constraints": {"fs1": ["SMB1", "SMB2"], "fs1.example.org": ["SMB1", "SMB2"], "other": ["LAN"]},
    }


@pytest.mark.parametrize(("wanted", "parameters"), [
    ({"multichannel": False}, {"EnableMultiChannel": False}),
    ({"require_signing": True}, {"RequireSecuritySignature": True}),
    ({"multichannel": False, "require_signing": True}, {"EnableMultiChannel": False, "RequireSecuritySignature": True}),
])
def test_settings_in_one_call_that_does_not_ask(wanted: dict[str, bool], parameters: dict[str, bool]) -> None:
    plan = RESOURCE.plan(options(**wanted), host())
    assert plan.differences == tuple(Difference(name, not value, value) for name, value in wanted.items())
    assert plan.calls == (Cmdlet("set", "Set-SmbClientConfiguration", {**parameters, "Force": True}),)


def test_constraints_for_both_names_of_a_server() -> None:
    plan = RESOURCE.plan(options(constraints=[constrain("fs1.example.org", "SMB1", "SMB2")]), host(constraints=[row("fs1", "SMB1")]))
    both = ["SMB1", "SMB2"]
    assert plan.differences == (
        Difference("constraints", {"fs1.example.org": [], "fs1": ["SMB1"]}, {"fs1.example.org": both, "fs1": both}),
    )
    assert plan.calls == (
        Cmdlet("constrain0", "New-SmbMultichannelConstraint", {"ServerName": "fs1.example.org", "InterfaceIndex": [12, 15], "Force": True}),
        Cmdlet("constrain1", "New-SmbMultichannelConstraint", {"ServerName": "fs1", "InterfaceIndex": [15], "Force": True}),
    )


def test_superfluous_constraints_go_after_the_new_ones_came() -> None:
    gone = row("fs1", "", "{dead}")
    there = [row("FS1", "LAN"), gone, row("fs1", "SMB1"), row("fs2", "LAN")]
    plan = RESOURCE.plan(options(constraints=[constrain("fs1", "SMB1", "SMB2")]), host(constraints=there))
    assert plan.differences == (Difference("constraints", {"fs1": ["", "LAN", "SMB1"]}, {"fs1": ["SMB1", "SMB2"]}),)
    remove = "Remove-SmbMultichannelConstraint"
    assert plan.calls == (
        Cmdlet("constrain0", "New-SmbMultichannelConstraint", {"ServerName": "fs1", "InterfaceIndex": [15], "Force": True}),
        Cmdlet("constraints", "Get-SmbMultichannelConstraint"),
        Cmdlet("release0", remove, {
            "InputObject": Ref("constraints", where={"ServerName": "FS1", "InterfaceGuid": "{aa}"}), "Force": True,
        }),
        Cmdlet("release1", remove, {
            "InputObject": Ref("constraints", where={"ServerName": "fs1", "InterfaceGuid": "{dead}"}), "Force": True,
        }),
    )


def test_an_empty_list_removes_what_is_there() -> None:
    plan = RESOURCE.plan(options(constraints=[constrain("10.40.0.20")]), host(constraints=[row("10.40.0.20", "LAN"), row("10", "LAN")]))
    assert plan.differences == (Difference("constraints", {"10.40.0.20": ["LAN"]}, {"10.40.0.20": []}),)
    assert [call.id for call in plan.calls] == ["constraints", "release0"]


def test_an_adapter_that_is_not_there_yet_blocks() -> None:
    plan = RESOURCE.plan(options(constraints=[constrain("fs1.example.org", "vEthernet (SMB1)")]), host())
    new = ["vEthernet (SMB1)"]
    assert plan.differences == (Difference("constraints", {"fs1.example.org": [], "fs1": []}, {"fs1.example.org": new, "fs1": new}),)
    assert plan.blockers == ("this host has no network adapter of the name vEthernet (SMB1) yet",)
    assert plan.refusals == ()


@pytest.mark.parametrize(("wanted", "settings", "warned"), [
    (None, (False, False), True), (True, (False, False), False), (False, (True, False), True), (None, (True, False), False),
])
def test_constraints_without_multichannel(wanted: bool | None, settings: tuple[bool, bool], warned: bool) -> None:
    asked = options(multichannel=wanted, constraints=[constrain("fs1", "SMB1")])
    warnings = RESOURCE.plan(asked, host(settings=settings)).warnings
    assert warnings == (("constraints: they have no effect while multichannel is off.",) if warned else ())


def test_rdma_that_smb_cannot_use() -> None:
    rdma = {"SMB1": (True, True), "SMB2": (True, False), "LAN": (False, False), "Physical": (True, False)}
    plan = RESOURCE.plan(options(), host(rdma=rdma))
    assert [(item.name, item.severity, item.target) for item in plan.findings] == [("rdma", "warning", "SMB2")]
    assert plan.state["rdma_enabled"] == {"SMB1": True, "SMB2": True, "LAN": False, "Physical": True}
    assert [item["rdma_capable"] for item in plan.state["interfaces"]] == [True, False, False]


@pytest.mark.parametrize(("given", "build", "signing", "told"), [
    ({"instances_path": "\\\\fs1\\nova"}, "26100", True, True),
    ({"constraints": [constrain("fs9")]}, "26100", True, True),
    ({}, "26100", True, False),
    ({"instances_path": "\\\\fs1\\nova", "require_signing": True}, "26100", True, False),
    ({"instances_path": "\\\\fs1\\nova"}, "26100", False, False),
    ({"instances_path": "\\\\fs1\\nova"}, "20348", True, False),
])
def test_signing_that_nobody_decided(given: dict[str, Any], build: str, signing: bool, told: bool) -> None:
    findings = RESOURCE.plan(options(**given), host(settings=(True, signing), build=build)).findings
    assert [(item.name, item.severity) for item in findings] == ([("signing", "information")] if told else [])


@pytest.mark.parametrize(("remote", "found"), [
    ("10.40.0.20", "no TCP connection to 10.40.0.20"), (None, "the name does not resolve on this host"),
])
def test_a_file_server_that_does_not_answer_is_critical(remote: str | None, found: str) -> None:
    (finding,) = RESOURCE.plan(options(instances_path="\\\\fs1\\nova"), host(reached=(False, remote))).findings
    assert (finding.name, finding.severity, finding.target, finding.found) == ("share_unreachable", "critical", "fs1:445", found)


@pytest.mark.parametrize("drive", [(), (4,), (2,), (5,)])
def test_only_a_local_disk_will_do(drive: tuple[int, ...]) -> None:
    (refusal,) = RESOURCE.plan(options(instances_path="x:\\instances"), host(drive=drive)).refusals
    assert refusal.startswith("instances_path: X: is no local disk of this host")


@pytest.mark.parametrize(("wrong", "refusal"), [
    ({"constraints": [constrain("\\\\fs1", "SMB1")]}, "constraints: '\\\\\\\\fs1' is no name or address of a server"),
    ({"constraints": [constrain("fs1.a", "SMB1"), constrain("FS1.b", "SMB1")]}, "constraints: fs1 is there twice"),
    ({"constraints": [constrain("fs1", "SMB1"), constrain("fs1", "SMB2")]}, "constraints: fs1 is there twice"),
    ({"instances_path": "instances"}, "instances_path: 'instances' is no absolute Windows path"),
])
def test_wrong_options_are_refused(wrong: dict[str, Any], refusal: str) -> None:
    plan = RESOURCE.plan(options(**wrong), host())
    assert len(plan.refusals) == 1
    assert plan.refusals[0].startswith(refusal)
    assert plan.calls == ()


@pytest.mark.parametrize("call", ["settings", "constraints", "adapters", "interfaces", "rdma", "system", "drive"])
def test_what_cannot_be_read_is_an_error(call: str) -> None:
    answers = host()
    answers[call] = Answer(call, error=CmdletError("X", "no"))
    with pytest.raises(CallFailed, match=call):
        RESOURCE.plan(options(constraints=[constrain("fs1", "SMB1")], instances_path="D:\\x"), answers)
