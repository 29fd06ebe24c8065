# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exact calls and differences. Oracle: Microsoft's reference of the module FailoverClusters and of GetNodeClusterState."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import resource

RESOURCE: Any = resource("cluster")
SETTLES = Retry(count=30, seconds=10)
NO_SERVICE = CmdletError("HRESULT 0x8004100e,Microsoft.Management.Infrastructure.CimCmdlets.InvokeCimMethodCommand", "Invalid namespace")
NOT_RUNNING = CmdletError("Get-Cluster,Microsoft.FailoverClusters.PowerShell.GetClusterCommand", "The cluster service is not running.")
NODES = [("hv01", "Up"), ("hv02", "Up"), ("hv03", "Up")]
CLUSTER = {"name": "CL1", "id": "5c1e", "functional_level": 11}


def options(**given: Any) -> dict[str, Any]:
    defaults = {
        "name": "CL1", "nodes": ["hv01", "hv02", "hv03"], "static_addresses": [], "ignore_networks": [], "unit": None,
        "access_point": "active_directory_and_dns", "create": True, "on_critical": "fail",
    }
    return {**defaults, **given}


def answers(state: int, nodes: Any = (), *, name: str = "CL1", computer: str = "HV01", domain: bool | None = True) -> Answers:
    running = state == 19
    service = () if state == 0 else ({"State": "Running" if running else "Stopped", "StartMode": "Auto"},)
    no_cluster = None if running else NOT_RUNNING
    rows = tuple({"Name": node, "State": status, "DrainStatus": "NotInitiated"} for node, status in nodes)
    return Answers({item.id: item for item in (
        Answer("computer", ({"DNSHostName": computer, "PartOfDomain": domain},)),
        Answer("state", () if state == 0 else ({"ClusterState": state},), NO_SERVICE if state == 0 else None),
        Answer("service", service),
        Answer("cluster", ({"Name": name, "Id": "5c1e", "ClusterFunctionalLevel": 11},) if running else (), no_cluster),
        Answer("nodes", rows, no_cluster),
    )})


def seen(nodes: Any) -> list[dict[str, str]]:
    return [{"name": name, "state": status, "drain_status": "NotInitiated"} for name, status in nodes]


def members(*nodes: str) -> Cmdlet:
    return Cmdlet("members", "Get-ClusterNode", {"Name": list(nodes)}, ("Name", "State"), until={"State": "Up"}, retry=SETTLES)


def test_what_is_read() -> None:
    assert RESOURCE.read(options()) == [
        Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName", "PartOfDomain")),
        Cmdlet(
            "state", "Invoke-CimMethod",
            {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Cluster", "MethodName": "GetNodeClusterState"}, ("ClusterState",),
        ),
        Cmdlet("service", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": "Name='ClusSvc'"}, ("State", "StartMode")),
        Cmdlet("cluster", "Get-Cluster", properties=("Name", "Id", "ClusterFunctionalLevel")),
        Cmdlet("nodes", "Get-ClusterNode", properties=("Name", "State", "DrainStatus")),
    ]


def test_created_with_all_nodes() -> None:
    plan = RESOURCE.plan(options(), answers(1))
    assert plan.differences == (Difference("name", None, "CL1"), Difference("nodes", [], ["hv01", "hv02", "hv03"]))
    assert plan.calls == (
        Cmdlet("create", "New-Cluster", {
            "Name": "CL1", "Node": ["hv01", "hv02", "hv03"], "AdministrativeAccessPoint": "ActiveDirectoryAndDns", "NoStorage": True,
            "Force": True,
        }),
        Cmdlet("answering", "Get-Cluster", properties=("Name",), until={"Name": "CL1"}, retry=SETTLES),
        members("hv01", "hv02", "hv03"),
    )
    assert (plan.blockers, plan.refusals, plan.warnings, plan.findings, plan.reboot) == ((), (), (), (), ())
    assert plan.state == {"local_state": 1, "name": None, "id": None, "functional_level": None, "nodes": []}


def test_created_in_a_unit_with_addresses() -> None:
    given = options(
        unit="OU=Clusters,DC=example,DC=org", static_addresses=["10.0.0.50", "10.1.0.50"], ignore_networks=["10.2.0.0/24"], nodes=["HV01"],
    )
    create, answering, up = RESOURCE.plan(given, answers(1)).calls
    assert create.parameters == {
        "Name": "CN=CL1,OU=Clusters,DC=example,DC=org", "Node": ["HV01"], "AdministrativeAccessPoint": "ActiveDirectoryAndDns",
        "NoStorage": True, "Force": True, "StaticAddress": ["10.0.0.50", "10.1.0.50"], "IgnoreNetwork": ["10.2.0.0/24"],
    }
    assert answering.until == {"Name": "CL1"}
    assert up == members("HV01")


def test_what_the_cluster_has_is_left_alone() -> None:
    plan = RESOURCE.plan(options(name="cl1", nodes=["HV03", "Hv01", "hv02"], static_addresses=["10.0.0.50"]), answers(19, NODES))
    assert (plan.differences, plan.calls, plan.warnings, plan.findings, plan.refusals) == ((), (), (), (), ())
    assert plan.state == {"local_state": 19, **CLUSTER, "nodes": seen(NODES)}


def test_missing_nodes_are_added_in_one_call() -> None:
    plan = RESOURCE.plan(options(nodes=["hv01", "hv02", "hv03", "hv04"]), answers(19, [("HV01", "Up"), ("HV03", "Up")]))
    assert plan.differences == (Difference("nodes", ["HV01", "HV03"], ["HV01", "HV03", "hv02", "hv04"]),)
    assert plan.calls == (Cmdlet("add", "Add-ClusterNode", {"Name": ["hv02", "hv04"], "NoStorage": True}), members("hv02", "hv04"))


def test_a_node_that_is_down_is_neither_evicted_nor_added_again() -> None:
    plan = RESOURCE.plan(options(), answers(19, [("hv01", "Up"), ("hv02", "Down"), ("hv03", "Up")]))
    assert (plan.differences, plan.calls) == ((), ())
    assert [(finding.name, finding.severity, finding.target) for finding in plan.findings] == [("cluster_node_down", "warning", "hv02")]


def test_nodes_that_are_not_listed_are_named_and_left() -> None:
    plan = RESOURCE.plan(options(nodes=["hv01"]), answers(19, NODES))
    assert (plan.differences, plan.calls) == ((), ())
    assert plan.warnings == ("nodes: the cluster has more nodes than listed here, which are left alone: hv02, hv03",)


@pytest.mark.parametrize(("state", "blockers"), [("Up", 0), ("Paused", 0), ("Joining", 1), ("Down", 1)])
def test_nodes_are_added_from_a_node_that_is_up(state: str, blockers: int) -> None:
    plan = RESOURCE.plan(options(), answers(19, [("hv01", state), ("hv02", "Up")]))
    assert plan.differences == (Difference("nodes", ["hv01", "hv02"], ["hv01", "hv02", "hv03"]),)
    assert plan.blockers == (f"in the cluster CL1 this host, HV01, is {state}; run the task on a node that is up",) * blockers


@pytest.mark.parametrize("domain", [True, None])
def test_without_the_feature_or_a_domain_it_says_what_would_change(domain: bool | None) -> None:
    plan = RESOURCE.plan(options(), answers(0, domain=domain))
    assert plan.differences == (Difference("name", None, "CL1"), Difference("nodes", [], ["hv01", "hv02", "hv03"]))
    lacking = () if domain else (
        "this host is in no Active Directory domain yet, and the cluster's name is to be an object of it",
    )
    assert plan.blockers == ("the feature Failover-Clustering is not installed on this host", *lacking)
    assert RESOURCE.plan(options(access_point="dns"), answers(1, domain=domain)).blockers == ()


@pytest.mark.parametrize("state", [1, 19])
def test_without_the_cmdlets_it_says_which_feature_is_missing(state: int) -> None:
    given = answers(state, NODES if state == 19 else ())
    given["cluster"] = Answer("cluster", error=CmdletError("CommandNotFoundException", "not recognized"))
    lacking = "the feature RSAT-Clustering-PowerShell, which has the cluster's cmdlets, is not installed on this host"
    plan = RESOURCE.plan(options(), given)
    assert plan.blockers == ((lacking,) if state == 1 else ())
    assert plan.refusals == ((f"name: {lacking}, so its cluster cannot be asked",) if state == 19 else ())


def test_a_stopped_cluster_service_is_not_read_as_no_cluster() -> None:
    plan = RESOURCE.plan(options(), answers(3))
    assert (plan.differences, plan.calls) == ((), ())
    assert plan.refusals == (
        "name: HV01 is a node of a cluster whose service is stopped here, and a stopped service does not say of which one. Start it "
        "(win_hv_cluster_node with state: up), or run the task on another node. It is not made anew",
    )


def test_another_cluster_is_refused() -> None:
    plan = RESOURCE.plan(options(), answers(19, NODES, name="CL9"))
    assert plan.refusals == ("name: HV01 is in the cluster CL9, not in CL1; a node is never moved from one to another",)
    assert (plan.differences, plan.calls) == ((), ())


@pytest.mark.parametrize("state", [0, 1])
def test_creation_can_be_forbidden(state: int) -> None:
    assert RESOURCE.plan(options(create=False), answers(state)).refusals == (
        "create: HV01 is in no cluster, and create is false, so CL1 is not made here",
    )
    assert RESOURCE.plan(options(create=False), answers(19, NODES)).refusals == ()


def test_a_host_that_is_no_node_does_not_act() -> None:
    assert RESOURCE.plan(options(), answers(1, computer="HV09")).refusals == (
        "nodes: this host, HV09, is not one of them (hv01, hv02, hv03); run the task on a node of the cluster",
    )


@pytest.mark.parametrize(("wrong", "refusal"), [
    ({"name": "A-CLUSTER-OF-16C"}, "name: 'A-CLUSTER-OF-16C' has 16 characters; allowed are 15, because NetBIOS cuts what is longer"),
    ({"name": "CL1.example.org"}, "name: 'CL1.example.org' has a dot; wanted is the short name CL1, without a domain"),
    ({"name": "CL_1"}, "name: 'CL_1' is no computer name; allowed are letters, digits and dashes inside, and not digits alone"),
    ({"nodes": ["hv01", "hv02.example.org"]}, "nodes[1]: 'hv02.example.org' has a dot; wanted is the short name hv02, without a domain"),
    ({"nodes": ["hv01", "Hv01"]}, "nodes[1]: 'Hv01' is there twice"),
    ({"nodes": ["hv01", "a-node-of-16-chr"]},
     "nodes[1]: 'a-node-of-16-chr' has 16 characters; allowed are 15, because NetBIOS cuts what is longer"),
    ({"nodes": []}, "nodes: the list is empty; wanted are the short names of all nodes"),
    ({"static_addresses": ["10.0.0.5", "10.0.0"]}, "static_addresses[1]: '10.0.0' is no address; wanted is one such as 10.0.0.50"),
    ({"ignore_networks": ["10.0.0.0"]},
     "ignore_networks[0]: '10.0.0.0' is no subnet; wanted is an address with a prefix length, such as 10.0.1.0/24"),
    ({"unit": "Clusters"}, "unit: 'Clusters' is no distinguished name such as OU=Clusters,DC=example,DC=org"),
    ({"unit": "OU=Clusters,DC=example,DC=org", "access_point": "dns"},
     "unit: with access_point: dns the cluster has no computer object, so there is nothing to put into a unit"),
])
def test_wrong_options_are_named(wrong: dict[str, Any], refusal: str) -> None:
    for state in (0, 1, 3, 19):
        plan = RESOURCE.plan(options(**wrong), answers(state, NODES if state == 19 else ()))
        assert plan.refusals == (refusal,)
        assert (plan.differences, plan.calls) == ((), ())


@pytest.mark.parametrize(("mode", "status", "state"), [
    ("Disabled", "Stopped", 1), ("Auto", "Stopped", 3), ("Manual", "Start Pending", 3), ("Auto", "Running", 19),
])
def test_where_the_provider_does_not_answer_the_service_decides(mode: str, status: str, state: int) -> None:
    given = answers(state, NODES if state == 19 else ())
    given["state"] = Answer("state", error=CmdletError("HRESULT 0x80041001,X", "Generic failure"))
    given["service"] = Answer("service", ({"State": status, "StartMode": mode},))
    assert RESOURCE.plan(options(), given).state["local_state"] == state


@pytest.mark.parametrize("broken", ["service", "cluster", "nodes", "computer"])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    given = answers(19, NODES)
    given[broken] = Answer(broken, error=CmdletError("HRESULT 0x80041001,X", "Generic failure"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed: Generic failure"):
        RESOURCE.plan(options(), given)


BECOME = "Run the task with become: true, become_method: runas"
FAILED = "An error occurred while performing the operation.\n    An error occurred while creating the cluster 'CL1'.\n    "


@pytest.mark.parametrize(("message", "hresult", "says"), [
    ("There was an error adding node 'hv02' to the cluster\n    You do not have administrative privileges on the server 'hv02'.\n"
     "    Requested registry access is not allowed.", -2146233087, BECOME),
    ("ERROR CODE : 0x80131500; WinRM cannot process the request. The following error with errorcode 0x8009030e occurred while using "
     "Kerberos authentication: A specified logon session does not exist.", 0, BECOME),
    ("Zugriff verweigert", -2147024891, BECOME),
    (f"{FAILED}An error occurred creating cluster 'CL1'.\n    Access is denied", -2146233088, "Create Computer objects"),
    (f"{FAILED}An error occurred creating cluster 'CL1'.\n    Access is denied", -2146233088, BECOME),
    (f"{FAILED}An error occurred creating cluster 'CL1'.\n    The account already exists.", 0, "The name is in use"),
    (f"{FAILED}An error occurred creating cluster 'CL1'.\n    Unknown error (0xc000005e)", 0, "port 464"),
    (f"{FAILED}An error occurred creating cluster 'CL1'.\n    This operation returned because the timeout period expired", 0, "UDP 3343"),
    ("The computer 'hv02.example.org' is joined to a cluster.", -2146233088, "Run the task on that node: it finds the cluster there"),
    ("There was an error adding node 'hv02' to the cluster\n    the node cannot be contacted.", 0, "A node does not answer"),
    ("The RPC server is unavailable", -2147023174, "DNS does not know the new name yet"),
    ("The name used to access the cluster is not currently available", 0, "DNS does not know the new name yet"),
    ("Something else", 0, None),
])
def test_an_error_is_explained(message: str, hresult: int, says: str | None) -> None:
    text = RESOURCE.explain(CmdletError("New-Cluster,Microsoft.FailoverClusters.PowerShell.NewClusterCommand", message, hresult=hresult))
    assert says in text if says else text == ""


def test_an_error_id_needs_no_text() -> None:
    unreachable = CmdletError("ClusterNodeNotReachable,Microsoft.FailoverClusters.PowerShell.NewClusterCommand", "Knoten nicht erreichbar")
    assert RESOURCE.explain(unreachable).startswith("A node does not answer")


def test_a_cluster_that_was_not_ready_in_time() -> None:
    text = RESOURCE.explain(CmdletError("ConditionNotMet", "State is Joining"))
    assert text.startswith("The cluster is there, but was not ready in time")


def test_the_other_path_is_cim() -> None:
    assert RESOURCE.evidence(options()) == [
        Cmdlet("cim_cluster", "Get-CimInstance", {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Cluster"}, ("Name",)),
        Cmdlet("cim_nodes", "Get-CimInstance", {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Node"}, ("Name", "State")),
    ]
    seen_there = Answers({
        "cim_cluster": Answer("cim_cluster", ({"Name": "CL1"},)),
        "cim_nodes": Answer("cim_nodes", ({"Name": "HV01", "State": 0}, {"Name": "HV02", "State": 1})),
    })
    assert RESOURCE.promises(options(), seen_there) == (
        Promise("name", "CL1", "CL1", "CIM MSCluster_Cluster", True),
        Promise("nodes.hv01", "hv01", "HV01", "CIM MSCluster_Node", True),
        Promise("nodes.hv02", "hv02", "HV02", "CIM MSCluster_Node", True),
        Promise("nodes.hv03", "hv03", None, "CIM MSCluster_Node", False),
    )
    nothing = Answers({name: Answer(name, error=NO_SERVICE) for name in ("cim_cluster", "cim_nodes")})
    assert [promise.kept for promise in RESOURCE.promises(options(), nothing)] == [False] * 4
