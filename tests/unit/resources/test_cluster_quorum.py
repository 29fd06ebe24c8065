# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/cluster_quorum.md: what the quorum reads, calls, refuses and finds."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Credential, PlainSecret, Ref, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import resource

RESOURCE: Any = resource("cluster_quorum")
NOTHING: dict[str, Any] = {"witness": "none", "disk": None, "share": None, "share_credential": None, "cloud": None}
SHARE = r"\\fs1.example.org\witness"
CLOUD: dict[str, Any] = {"account": "examplewitness", "access_key": "S3cr3t==", "key_version": None, "endpoint": None}
RESOURCES = {"Cluster Name": "Network Name", "Witness": "Physical Disk", "Data": "Physical Disk"}
FAILED = CmdletError("Get-ClusterParameter,X", "no such parameter")
ONLINE = Cmdlet(
    "online", "Get-ClusterQuorum", properties=("QuorumResource.State",), until={"QuorumResource.State": "Online"},
    retry=Retry(count=24, seconds=5),
)


def options(**given: Any) -> dict[str, Any]:
    return {**NOTHING, **given}


def cloud(**given: Any) -> dict[str, Any]:
    return options(witness="cloud", cloud={**CLOUD, **given})


def cluster(
    kind: str | None = None,
    name: str | None = None,
    state: str | None = "Online",
    quorum_type: str = "Majority",
    share: str | None = None,
    account: str | None = None,
    notes: Mapping[str, str] | None = None,
    nodes: tuple[str, ...] = ("hv01", "hv02", "hv03"),
    build: str = "20348",
    reached: bool = True,
) -> Answers:
    quorum = {
        "QuorumType": quorum_type, "QuorumResource.Name": name, "QuorumResource.State": state if kind else None,
        "QuorumResource.ResourceType.Name": kind,
    }
    return Answers({
        "state": Answer("state", ({"ClusterState": 19},)),
        "service": Answer("service", ({"State": "Running", "StartMode": "Auto"},)),
        "cluster": Answer("cluster", ({"Name": "CL1", "Domain": "example.org"},)),
        "system": Answer("system", ({"BuildNumber": build},)),
        "nodes": Answer("nodes", tuple({"Name": node} for node in nodes)),
        "quorum": Answer("quorum", (quorum,)),
        "share": Answer("share", ({"Value": share},)) if share else Answer("share", error=FAILED),
        "account": Answer("account", ({"Value": account},)) if account else Answer("account", error=FAILED),
        "notes": Answer("notes", tuple({"Name": key, "Value": value} for key, value in (notes or {}).items())),
        "resources": Answer("resources", tuple({"Name": key, "ResourceType.Name": value} for key, value in RESOURCES.items())),
        "volumes": Answer("volumes", ({"Name": "Instances"},)),
        "endpoint0": Answer("endpoint0", ({"TcpTestSucceeded": reached, "RemoteAddress": "10.0.0.9"},)),
    })


def with_share(path: str = SHARE, **given: Any) -> Answers:
    return cluster("File Share Witness", "File Share Witness", share=path, **given)


def with_cloud(**given: Any) -> Answers:
    return cluster("Cloud Witness", "Cloud Witness", **{"account": "examplewitness", **given})


def outside(state: int = 1) -> Answers:
    lost = {name: Answer(name, error=CmdletError("X", "no cluster")) for name in cluster()}
    return Answers({
        **lost,
        "state": Answer("state", ({"ClusterState": state},)),
        "service": Answer("service", ({"State": "Stopped", "StartMode": "Disabled"},)),
    })


def test_reads_of_this_node_alone_and_changes_nothing() -> None:
    calls = RESOURCE.read(options(witness="share", share=SHARE))
    assert [(call.id, call.name) for call in calls] == [
        ("state", "Invoke-CimMethod"), ("service", "Get-CimInstance"), ("cluster", "Get-Cluster"), ("system", "Get-CimInstance"),
        ("nodes", "Get-ClusterNode"), ("quorum", "Get-ClusterQuorum"), ("share", "Get-ClusterParameter"),
        ("account", "Get-ClusterParameter"), ("resources", "Get-ClusterResource"), ("volumes", "Get-ClusterSharedVolume"),
        ("endpoint0", "Test-NetConnection"),
    ]
    assert not [call for call in calls if "Cluster" in call.parameters]
    assert calls[6].parameters == {"InputObject": Ref("quorum", property="QuorumResource"), "Name": "SharePath"}
    assert calls[10].parameters == {"ComputerName": "fs1.example.org", "Port": 445}
    assert "endpoint0" not in [call.id for call in RESOURCE.read(options())]
    assert RESOURCE.read(cloud())[8] == Cmdlet("notes", "Get-ClusterParameter", {"InputObject": Ref("cluster")}, ("Name", "Value"))


@pytest.mark.parametrize(("wanted", "answers", "differences", "calls"), [
    (options(witness="share", share=SHARE), cluster(),
     [Difference("witness", "none", "share"), Difference("share", None, SHARE)],
     [Cmdlet("set", "Set-ClusterQuorum", {"FileShareWitness": SHARE}), ONLINE]),
    (options(witness="share", share=SHARE + "2\\"), with_share(),
     [Difference("share", SHARE, SHARE + "2\\")],
     [Cmdlet("set", "Set-ClusterQuorum", {"FileShareWitness": SHARE + "2"}), ONLINE]),
    (options(witness="disk", disk="Witness"), with_share(),
     [Difference("witness", "share", "disk"), Difference("disk", None, "Witness")],
     [Cmdlet("set", "Set-ClusterQuorum", {"DiskWitness": "Witness"}), ONLINE]),
    (options(witness="disk", disk="Witness"), cluster("Physical Disk", "Data"),
     [Difference("disk", "Data", "Witness")],
     [Cmdlet("set", "Set-ClusterQuorum", {"DiskWitness": "Witness"}), ONLINE]),
    (options(witness="disk", disk="Witness"), cluster("Physical Disk", "Witness", quorum_type="DiskOnly"),
     [Difference("witness", "disk_only", "disk"), Difference("disk", None, "Witness")],
     [Cmdlet("set", "Set-ClusterQuorum", {"DiskWitness": "Witness"}), ONLINE]),
    (options(), with_share(),
     [Difference("witness", "share", "none")],
     [Cmdlet("set", "Set-ClusterQuorum", {"NoWitness": True})]),
    (cloud(endpoint="core.chinacloudapi.cn"), with_share(),
     [Difference("witness", "share", "cloud"), Difference("cloud.account", None, "examplewitness")],
     [Cmdlet("set", "Set-ClusterQuorum", {
         "CloudWitness": True, "AccountName": "examplewitness", "AccessKey": PlainSecret("S3cr3t=="), "Endpoint": "core.chinacloudapi.cn",
     }), ONLINE]),
    (cloud(), with_cloud(account="other"),
     [Difference("cloud.account", "other", "examplewitness")],
     [Cmdlet("clear", "Set-ClusterQuorum", {"NoWitness": True}),
      Cmdlet("set", "Set-ClusterQuorum", {"CloudWitness": True, "AccountName": "examplewitness", "AccessKey": PlainSecret("S3cr3t==")}),
      ONLINE]),
    (cloud(key_version="2"), with_cloud(notes={"WinstackWitnessKeyVersion": "1"}),
     [Difference("cloud.key_version", "1", "2")],
     [Cmdlet("clear", "Set-ClusterQuorum", {"NoWitness": True}),
      Cmdlet("set", "Set-ClusterQuorum", {"CloudWitness": True, "AccountName": "examplewitness", "AccessKey": PlainSecret("S3cr3t==")}),
      ONLINE,
      Cmdlet("cluster", "Get-Cluster", properties=("Name",)),
      Cmdlet("note", "Set-ClusterParameter", {
          "InputObject": Ref("cluster"), "Name": "WinstackWitnessKeyVersion", "Value": "2", "Create": True,
      })]),
])
def test_what_differs_is_set_and_waited_for(
    wanted: dict[str, Any], answers: Answers, differences: list[Difference], calls: list[Cmdlet]
) -> None:
    plan = RESOURCE.plan(wanted, answers)
    assert list(plan.differences) == differences
    assert list(plan.calls) == calls
    assert (plan.refusals, plan.blockers) == ((), ())


@pytest.mark.only_on("2019", "2022", "2025")
def test_a_share_may_be_entered_with_an_account_of_its_server() -> None:
    wanted = options(witness="share", share=SHARE, share_credential={"username": "FS1\\w", "password": "pw"})
    assert RESOURCE.plan(wanted, cluster()).calls == (
        Cmdlet("set", "Set-ClusterQuorum", {"FileShareWitness": SHARE, "Credential": Credential("FS1\\w", "pw")}), ONLINE,
    )


@pytest.mark.parametrize(("wanted", "answers"), [
    (options(), cluster()),
    (options(witness="share", share=SHARE.upper() + "\\"), with_share()),
    (options(witness="share", share=SHARE), cluster("File Share Quorum Witness", "File Share Witness", share=SHARE)),
    (options(witness="share", share=SHARE, share_credential={"username": "FS1\\w", "password": "new"}), with_share()),
    (options(witness="disk", disk="WITNESS"), cluster("Physical Disk", "Witness")),
    (cloud(), with_cloud()),
    (cloud(access_key=None), with_cloud()),
    (cloud(key_version="1"), with_cloud(notes={"WinstackWitnessKeyVersion": "1", "Other": "x"})),
])
def test_what_is_there_is_left_alone(wanted: dict[str, Any], answers: Answers) -> None:
    plan = RESOURCE.plan(wanted, answers)
    assert (plan.differences, plan.calls, plan.findings, plan.refusals, plan.blockers) == ((), (), (), (), ())


def test_the_key_is_in_no_text() -> None:
    plan = RESOURCE.plan(cloud(key_version="2"), cluster())
    assert "S3cr3t" not in str((plan.differences, plan.state, plan.findings, plan.calls))


def test_state() -> None:
    assert RESOURCE.plan(options(witness="share", share=SHARE), with_share(state="Failed")).state == {
        "witness": "share", "resource": "File Share Witness", "state": "Failed", "share": SHARE, "account": None, "key_version": None,
    }
    unknown = RESOURCE.plan(options(witness="none"), cluster("Something New", "X"))
    assert unknown.state["witness"] == "Something New"
    assert unknown.differences == (Difference("witness", "Something New", "none"),)


def test_a_host_in_no_cluster_says_what_would_change() -> None:
    plan = RESOURCE.plan(options(witness="share", share=SHARE), outside())
    assert plan.differences == (Difference("witness", None, "share"), Difference("share", None, SHARE))
    assert plan.blockers == ("this host is in no cluster yet",)
    assert (plan.calls, plan.findings, plan.refusals) == ((), (), ())
    assert set(plan.state.values()) == {None}
    assert RESOURCE.plan(options(), outside(3)).blockers == ("the cluster's service ClusSvc does not run on this host",)
    bare = Answers({**outside(), "service": Answer("service")})
    assert RESOURCE.plan(options(), bare).blockers == ("the feature Failover-Clustering is not installed on this host",)
    headless = Answers({**cluster(), "cluster": Answer("cluster", error=CmdletError("CommandNotFoundException", "no"))})
    blockers = ("this host lacks the cluster's cmdlets (the feature RSAT-Clustering-PowerShell)",)
    assert RESOURCE.plan(options(), headless).blockers == blockers


def test_a_disk_that_is_not_there_yet_is_a_blocker() -> None:
    plan = RESOURCE.plan(options(witness="disk", disk="New"), cluster())
    assert plan.blockers == ("the cluster has no disk 'New' yet; win_hv_cluster_disks adds it under that name",)
    assert plan.differences


@pytest.mark.parametrize(("wrong", "refusal"), [
    (options(witness="share"), "share: needed with witness: share; it is share"),
    (options(disk="Witness"), "disk: only with witness: disk; it is none"),
    (options(share_credential={"username": "a", "password": "b"}), "share_credential: only with witness: share; it is none"),
    (options(witness="share", share="C:\\witness"),
     "share: 'C:\\\\witness' is no UNC path such as \\\\server\\share; the nodes would each see another folder there"),
    (cloud(account="No_Account"),
     "cloud.account: 'No_Account' is no name of an Azure storage account, which is 3 to 24 lower-case letters and digits"),
    (cloud(access_key=""), "cloud.access_key: it is empty"),
    (cloud(access_key=None, key_version="1"), "cloud.key_version: it is the version of a key, and none is given"),
    (cloud(endpoint="https://x"), "cloud.endpoint: 'https://x' is no server name such as core.chinacloudapi.cn"),
])
def test_wrong_options_are_named_and_nothing_is_read(wrong: dict[str, Any], refusal: str) -> None:
    assert RESOURCE.read(wrong) == []
    assert RESOURCE.plan(wrong, Answers()).refusals == (refusal,)


@pytest.mark.parametrize(("wrong", "answers", "refusal"), [
    (options(witness="share", share=r"\\HV02\w"), cluster(),
     r"share: '\\\\HV02\\w' lies on hv02, a node of this cluster; when that node fails its vote and the witness are lost together"),
    (options(witness="share", share=r"\\hv02.example.org\w"), cluster(),
     r"share: '\\\\hv02.example.org\\w' lies on hv02, a node of this cluster; when that node fails its vote and the witness are lost "
     "together"),
    (options(witness="share", share=r"\\cl1\w"), cluster(),
     r"share: '\\\\cl1\\w' lies on this cluster itself; the witness must be outside of it"),
    (options(witness="share", share=r"\\example.org\dfs\w"), cluster(),
     r"share: '\\\\example.org\\dfs\\w' is in a DFS namespace of the domain, which is not supported for a witness; give the server's name"),
    (options(witness="share", share=SHARE, share_credential={"username": "a", "password": "b"}), cluster(build="14393"),
     "share_credential: needs Windows Server 2019 (build 17763); this host has build 14393"),
    (options(witness="disk", disk="instances"), cluster(),
     "disk: 'instances' is a cluster shared volume, which cannot be a witness; give a cluster disk of its own"),
    (options(witness="disk", disk="Cluster Name"), cluster(),
     "disk: the cluster resource 'Cluster Name' is a Network Name, not a Physical Disk"),
    (cloud(access_key=None), cluster(), "cloud.access_key: the storage account examplewitness needs one when the witness is set"),
])
def test_what_this_cluster_cannot_have_is_refused(wrong: dict[str, Any], answers: Answers, refusal: str) -> None:
    plan = RESOURCE.plan(wrong, answers)
    assert plan.refusals == (refusal,)
    assert (plan.differences, plan.calls) == ((), ())


def test_findings() -> None:
    two = RESOURCE.plan(options(), cluster(nodes=("hv01", "hv02")))
    assert [(item.name, item.severity, item.target) for item in two.findings] == [("no_witness", "warning", "CL1")]
    away = RESOURCE.plan(options(witness="share", share=SHARE), cluster(reached=False))
    assert [(item.name, item.severity, item.found) for item in away.findings] == [
        ("witness_unreachable", "critical", "no TCP connection to 10.0.0.9"),
    ]
    there = RESOURCE.plan(options(witness="share", share=SHARE), with_share(reached=False, state="Failed"))
    assert [(item.name, item.severity) for item in there.findings] == [("witness_unreachable", "warning"), ("witness_state", "warning")]
    assert there.findings[1].found == "Failed"


@pytest.mark.parametrize(("error", "part"), [
    (CmdletError("X,Microsoft.FailoverClusters.PowerShell.SetClusterQuorumCommand", "errorcode 0x8009030E"), "become_method: runas"),
    (CmdletError("Set-ClusterQuorum,X", "An error occurred while validating access to Azure from cluster node 'hv01'."), "blob endpoint"),
    (CmdletError("Set-ClusterQuorum,X", "Zugriff verweigert"), "Change and Read for the cluster's computer account (CLUSTER$)"),
    (CmdletError("ConditionNotMet", "QuorumResource.State is 'Failed'"), "does not come online. A share needs Change and Read"),
])
def test_a_failure_is_explained(error: CmdletError, part: str) -> None:
    assert part in RESOURCE.explain(error)


def test_other_failures_are_not_explained() -> None:
    assert RESOURCE.explain(CmdletError("Something,Else", "no idea")) == ""


def test_cim_shows_the_witness_by_another_path() -> None:
    (call,) = RESOURCE.evidence(options())
    assert (call.name, call.parameters["ClassName"], call.parameters["Filter"]) == (
        "Get-CimInstance", "MSCluster_Resource", "CoreResource=TRUE",
    )
    rows: list[dict[str, Any]] = [
        {"Name": "Cluster Name", "Type": "Network Name", "PrivateProperties.SharePath": None, "PrivateProperties.AccountName": None},
        {"Name": "File Share Witness", "Type": "File Share Witness", "PrivateProperties.SharePath": SHARE.upper(),
         "PrivateProperties.AccountName": None},
    ]
    answers = Answers({"core": Answer("core", tuple(rows))})
    assert RESOURCE.promises(options(witness="share", share=SHARE), answers) == (
        Promise("witness", "share", "share", "CIM MSCluster_Resource", True),
        Promise("share", SHARE, SHARE, "CIM MSCluster_Resource", True),
    )
    assert RESOURCE.promises(cloud(), answers) == (Promise("witness", "cloud", "share", "CIM MSCluster_Resource", False),)
    none = Answers({"core": Answer("core", tuple(rows[:1]))})
    assert RESOURCE.promises(options(), none) == (Promise("witness", "none", "none", "CIM MSCluster_Resource", True),)


@pytest.mark.parametrize("broken", ["cluster", "quorum", "nodes", "resources", "share"])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    answers = with_share()
    answers[broken] = Answer(broken, error=CmdletError("X", "the cluster is busy"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed: the cluster is busy"):
        RESOURCE.plan(options(witness="share", share=SHARE), answers)
