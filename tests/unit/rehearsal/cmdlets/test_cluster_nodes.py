# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes of a cluster: paused, drained, stopped, removed; what the cluster is asked for. Oracle: Microsoft's reference of FailoverClusters,
ad-and-cluster.md 5.2, 5.3, 5.6, 5.10."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine.caller import Caller
from rehearsal.machine.cluster import Group

from tests.unit.rehearsal.cmdlets.labs import Lab

COMMANDS = "Microsoft.FailoverClusters.PowerShell"
ADMINISTRATOR = Caller(r"HV01\Administrator")
STATE = {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Cluster", "MethodName": "GetNodeClusterState"}
NOT_RUNNING = "ClusterEndpointNotRegistered"


def made(count: int = 3, **lab: Any) -> Lab:
    """A cluster with a virtual machine on each node: vm1 on hv01, ..."""
    result = Lab(count, **lab)
    with result.call("hv01") as host:
        host.rows("New-Cluster", Name="CL1", Node=list(result.hosts), NoStorage=True)
    with result.clusters.changing():
        for number, node in enumerate(result.clusters.all[0].nodes, 1):
            result.clusters.all[0].groups.append(Group(f"vm{number}", "VirtualMachine", node.name))
    return result


def seen(lab: Lab, on: str = "hv02") -> list[tuple[str, str, str]]:
    rows = lab[on].rows("Get-ClusterNode", "Name", "State", "DrainStatus")
    return [(row["Name"], row["State"], row["DrainStatus"]) for row in rows]


def owners(lab: Lab, on: str = "hv02") -> dict[str, str]:
    rows = lab[on].rows("Get-ClusterGroup", "Name", "OwnerNode.Name", Name=["vm*"])
    return {row["Name"]: row["OwnerNode.Name"] for row in rows}


def local_states(lab: Lab) -> list[int]:
    return [host.values("Invoke-CimMethod", "ClusterState", **STATE)[0] for host in lab.hosts.values()]


# Paused

def test_a_drained_node_gives_its_groups_away_and_takes_them_back() -> None:
    lab = made(timing={"drain_seconds": 60})
    rows = lab["hv02"].rows("Suspend-ClusterNode", "Name", "State", "DrainStatus", Name=["hv01"], Drain=True)
    assert rows == [{"Name": "HV01", "State": "Paused", "DrainStatus": "InProgress"}]
    lab.clock.pass_by(60)
    assert seen(lab)[0] == ("HV01", "Paused", "Completed")
    assert owners(lab) == {"vm1": "HV02", "vm2": "HV02", "vm3": "HV03"}
    lab["hv03"].rows("Resume-ClusterNode", Name=["hv01"], Failback="Immediate")
    assert seen(lab)[0] == ("HV01", "Up", "NotInitiated")
    assert owners(lab) == {"vm1": "HV01", "vm2": "HV02", "vm3": "HV03"}


def test_waiting_for_a_drain_and_no_failback() -> None:
    lab = made(timing={"drain_seconds": 60})
    before = lab.clock.moment
    rows = lab["hv01"].rows("Suspend-ClusterNode", "DrainStatus", Drain=True, Wait=True, TargetNode="hv03")
    assert rows == [{"DrainStatus": "Completed"}]
    assert (lab.clock.moment - before).total_seconds() == 60
    lab["hv01"].rows("Resume-ClusterNode")
    assert owners(lab) == {"vm1": "HV03", "vm2": "HV02", "vm3": "HV03"}


def test_a_drain_without_another_node_fails() -> None:
    lab = made(2)
    lab["hv02"].rows("Suspend-ClusterNode", Name=["hv02"])
    assert seen(lab) == [("HV01", "Up", "NotInitiated"), ("HV02", "Paused", "NotInitiated")]
    assert lab["hv01"].error("Suspend-ClusterNode", Drain=True, Wait=True) == (
        f"Suspend-ClusterNode,{COMMANDS}.SuspendClusterNodeCommand"
    )
    assert seen(lab)[0] == ("HV01", "Paused", "Failed")
    assert owners(lab) == {"vm1": "HV01", "vm2": "HV02"}


def test_what_is_not_paused_is_not_resumed_and_what_is_down_is_not_paused() -> None:
    lab = made()
    error = lab["hv01"].call("Resume-ClusterNode", Name=["hv02"])["error"]
    assert error["message"].endswith("The cluster node is not paused.")
    lab["hv02"].machine.power_off()
    error = lab["hv01"].call("Suspend-ClusterNode", Name=["hv02"])["error"]
    assert error["message"].endswith("The cluster node is down.")
    error = lab["hv01"].call("Suspend-ClusterNode", Name=["hv09"])["error"]
    assert error["message"].endswith("The cluster node was not found.")


# Down and up

def test_groups_fail_over_from_a_node_that_loses_power_and_stay() -> None:
    lab = made()
    lab["hv01"].machine.power_off()
    assert [state for _name, state, _drain in seen(lab)] == ["Down", "Up", "Up"]
    assert owners(lab) == {"vm1": "HV02", "vm2": "HV02", "vm3": "HV03"}
    lab["hv01"].machine.power_on()
    assert [state for _name, state, _drain in seen(lab)] == ["Up", "Up", "Up"]
    assert owners(lab)["vm1"] == "HV02"


def test_a_node_joins_again_after_a_restart_and_stays_paused() -> None:
    lab = made(timing={"join_seconds": 20})
    lab.clock.pass_by(20)
    lab["hv01"].rows("Suspend-ClusterNode", Drain=True)
    lab["hv01"].machine.reboot()
    assert seen(lab)[0] == ("HV01", "Joining", "Completed")
    lab.clock.pass_by(20)
    assert seen(lab)[0] == ("HV01", "Paused", "Completed")


def test_without_a_majority_nothing_answers() -> None:
    lab = made()
    for name in ("hv02", "hv03"):
        lab[name].machine.power_off()
    assert lab["hv01"].error("Get-Cluster") == f"{NOT_RUNNING},{COMMANDS}.GetClusterCommand"
    assert lab["hv01"].error("Get-ClusterNode") == f"{NOT_RUNNING},{COMMANDS}.GetNodeCommand"
    assert lab["hv01"].values("Invoke-CimMethod", "ClusterState", **STATE) == [3]


def test_stopped_and_started_nodes() -> None:
    lab = made()
    with lab.call("hv01") as host:
        host.rows("Stop-ClusterNode", Name=["hv03"])
    assert local_states(lab) == [19, 19, 3]
    assert seen(lab)[2][1] == "Down"
    assert owners(lab)["vm3"] == "HV01"
    assert lab["hv03"].error("Get-Cluster") == f"{NOT_RUNNING},{COMMANDS}.GetClusterCommand"
    with lab.call("hv03") as host:
        assert host.values("Start-ClusterNode", "Name") == ["HV03"]
    assert local_states(lab) == [19, 19, 19]
    with lab.call("hv03") as host:
        host.rows("Stop-ClusterNode")
        host.rows("Start-ClusterNode")
    with lab.call("hv01") as host:
        host.rows("Stop-ClusterNode", Name=["hv02"])
        host.rows("Start-ClusterNode", Name=["hv02"])
    assert local_states(lab) == [19, 19, 19]


def test_starting_needs_a_logon_on_the_network_and_a_node_that_answers() -> None:
    lab = made()
    with lab.call("hv01") as host:
        host.rows("Stop-ClusterNode", Name=["hv02"])
        host.rows("Stop-ClusterNode", Name=["hv03"])
    with lab.call("hv01", ADMINISTRATOR) as host:
        assert host.error("Start-ClusterNode", Name=["hv02"]) == f"Start-ClusterNode,{COMMANDS}.StartClusterNodeCommand"
    lab["hv03"].machine.power_off()
    with lab.call("hv01") as host:
        assert host.error("Start-ClusterNode", Name=["hv03"]) == f"ClusterNodeNotReachable,{COMMANDS}.StartClusterNodeCommand"
    lab["hv02"].rows("Start-Service", Name="ClusSvc")
    assert local_states(lab)[:2] == [19, 19]


def test_the_whole_cluster_is_stopped_and_started() -> None:
    lab = made()
    with lab.call("hv02") as host:
        assert host.error("Stop-Cluster").startswith("HostFunctionNotImplemented")
        host.rows("Stop-Cluster", Force=True)
    assert local_states(lab) == [3, 3, 3]
    with lab.call("hv01") as host:
        host.rows("Start-Cluster")
    assert local_states(lab) == [19, 19, 19]
    assert owners(lab) == {"vm1": "HV03", "vm2": "HV03", "vm3": "HV03"}


# Removed

def test_an_evicted_node_forgets_the_cluster() -> None:
    lab = made()
    with lab.call("hv01") as host:
        assert host.error("Remove-ClusterNode", Name=["hv03"]).startswith("HostFunctionNotImplemented")
        host.rows("Remove-ClusterNode", Name=["hv03"], Force=True)
    assert [name for name, _state, _drain in seen(lab)] == ["HV01", "HV02"]
    assert owners(lab)["vm3"] == "HV01"
    assert local_states(lab) == [19, 19, 1]
    with lab.call("hv01") as host:
        host.rows("Add-ClusterNode", Name=["hv03"], NoStorage=True)
    assert [(name, state) for name, state, _drain in seen(lab)] == [("HV01", "Up"), ("HV02", "Up"), ("HV03", "Up")]
    assert [node.id for node in lab.clusters.all[0].nodes] == ["1", "2", "3"]


def test_a_node_that_is_down_keeps_what_it_had_until_it_is_cleared() -> None:
    lab = made()
    lab["hv03"].machine.power_off()
    with lab.call("hv01") as host:
        host.rows("Remove-ClusterNode", Name=["hv03"], Force=True)
        assert host.error("Clear-ClusterNode", Name=["hv03"], Force=True) == (
            f"ClusterNodeNotReachable,{COMMANDS}.ClearClusterNodeCommand"
        )
    lab["hv03"].machine.power_on()
    assert local_states(lab) == [19, 19, 3]
    assert lab["hv03"].error("Get-Cluster") == f"{NOT_RUNNING},{COMMANDS}.GetClusterCommand"
    with lab.call("hv01") as host:
        error = host.call("Add-ClusterNode", Name=["hv03"], NoStorage=True)["error"]
    assert error["message"].endswith("The computer 'HV03.example.org' is joined to a cluster.")
    with lab.call("hv03") as host:
        host.rows("Clear-ClusterNode", Force=True)
    assert local_states(lab) == [19, 19, 1]


def test_neither_the_last_node_nor_without_a_logon() -> None:
    lab = made(2)
    with lab.call("hv01") as host:
        error = host.call("Remove-ClusterNode", Name=["hv01", "hv02"], Force=True)["error"]
    assert error["id"] == f"Remove-ClusterNode,{COMMANDS}.RemoveClusterNodeCommand"
    with lab.call("hv01", ADMINISTRATOR) as host:
        assert host.error("Remove-ClusterNode", Name=["hv02"], Force=True) == (
            f"Remove-ClusterNode,{COMMANDS}.RemoveClusterNodeCommand"
        )
    assert len(seen(lab)) == 2


# Groups, parameters, properties

def test_groups_move_and_are_seen_by_node() -> None:
    lab = made()
    lab["hv01"].rows("Move-ClusterGroup", Name="vm1", Node="hv03")
    lab["hv01"].rows("Move-ClusterGroup", Name="vm2")
    assert owners(lab) == {"vm1": "HV03", "vm2": "HV01", "vm3": "HV03"}
    results = lab["hv02"].batch(
        {"id": "node", "cmdlet": "Get-ClusterNode", "parameters": {"Name": ["hv03"]}},
        {"id": "groups", "cmdlet": "Get-ClusterGroup", "parameters": {"InputObject": {"$ref": "node"}}, "properties": ["Name", "State"]},
    )
    assert results[1]["output"] == [{"Name": "vm1", "State": "Online"}, {"Name": "vm3", "State": "Online"}]
    lab["hv03"].rows("Suspend-ClusterNode")
    error = lab["hv01"].call("Move-ClusterGroup", Name="vm2", Node="hv03")["error"]
    assert error["id"] == f"Move-ClusterGroup,{COMMANDS}.MoveClusterGroupCommand"
    assert lab["hv01"].call("Move-ClusterGroup", Name="vm9")["error"]["message"].endswith("The cluster group could not be found.")


def test_core_groups() -> None:
    rows = made()["hv01"].rows("Get-ClusterGroup", "Name", "GroupType", "IsCoreGroup", "State", "OwnerNode.Name", Name=["[AC]*"])
    assert rows == [
        {"Name": "Cluster Group", "GroupType": "Cluster", "IsCoreGroup": True, "State": "Online", "OwnerNode.Name": "HV01"},
        {"Name": "Available Storage", "GroupType": "AvailableStorage", "IsCoreGroup": True, "State": "Offline", "OwnerNode.Name": "HV01"},
    ]


def test_parameters_of_a_resource_type() -> None:
    host = made(2)["hv01"]
    kind = {"id": "type", "cmdlet": "Get-ClusterResourceType", "parameters": {"Name": ["Virtual Machine"]}, "properties": ["Name"]}
    name = "MigrationExcludeNetworks"
    read = {
        "id": "read", "cmdlet": "Get-ClusterParameter", "parameters": {"InputObject": {"$ref": "type"}, "Name": [name]},
        "properties": ["Name", "Value"],
    }
    write: dict[str, Any] = {
        "id": "write", "cmdlet": "Set-ClusterParameter", "parameters": {"InputObject": {"$ref": "type"}, "Name": name, "Value": "a;b"},
    }
    results = host.batch(kind, read, write, {**read, "id": "again"})
    assert [result.get("error") for result in results] == [None] * 4
    assert results[1]["output"] == [{"Name": name, "Value": ""}]
    assert results[3]["output"] == [{"Name": name, "Value": "a;b"}]
    unknown = {**write, "parameters": {**write["parameters"], "Name": "Unknown"}}
    assert host.batch(kind, unknown)[1]["error"]["id"].startswith("Set-ClusterParameter,")
    assert host.error("Get-ClusterParameter", Name=["x"]) == f"PSArgument,{COMMANDS}.GetParameterCommand"


def test_private_properties_of_the_cluster_are_made_on_request() -> None:
    """windowsserverdocs on Kernel Soft Reboot: Get-Cluster | Set-ClusterParameter -Name CauEnableSoftReboot -Value 1 -Create."""
    lab = made(2)
    cluster = {"id": "cluster", "cmdlet": "Get-Cluster", "properties": ["Name"]}
    read = {
        "id": "read", "cmdlet": "Get-ClusterParameter", "parameters": {"InputObject": {"$ref": "cluster"}}, "properties": ["Name", "Value"],
    }
    write: dict[str, Any] = {
        "id": "write", "cmdlet": "Set-ClusterParameter",
        "parameters": {"InputObject": {"$ref": "cluster"}, "Name": "CauEnableSoftReboot", "Value": "1"},
    }
    results = lab["hv01"].batch(cluster, read, write)
    assert results[1]["output"] == []
    assert results[2]["error"]["id"].startswith("Set-ClusterParameter,")
    create = {**write, "parameters": {**write["parameters"], "Create": True}}
    assert [result.get("error") for result in lab["hv01"].batch(cluster, create)] == [None] * 2
    assert lab["hv02"].batch(cluster, read)[1]["output"] == [{"Name": "CauEnableSoftReboot", "Value": "1"}]


def assign(lab: Lab, values: dict[str, Any], cmdlet: str = "Get-Cluster", **parameters: Any) -> dict[str, Any]:
    read = {"id": "it", "cmdlet": cmdlet, "parameters": parameters}
    return lab["hv01"].batch(read, {"id": "set", "assign": {"$ref": "it"}, "values": values})[1]


def test_properties_of_the_cluster_are_assigned_for_all_nodes() -> None:
    lab = made(2)
    assert lab["hv02"].values("Get-Cluster", "MaximumParallelMigrations") == [1]
    assert "error" not in assign(lab, {"maximumParallelMigrations": 4, "SameSubnetThreshold": "40", "Description": "x"})
    rows = lab["hv02"].rows("Get-Cluster", "MaximumParallelMigrations", "SameSubnetThreshold", "Description")
    assert rows == [{"MaximumParallelMigrations": 4, "SameSubnetThreshold": 40, "Description": "x"}]
    assert assign(lab, {"MaximumParallelMigrations": -1})["error"]["id"] == "ExceptionWhenSetting"
    assert assign(lab, {"NoSuchProperty": 1})["error"]["id"] == "PropertyNotFound"
    assert assign(lab, {"Id": "x"})["error"]["id"] == "RehearsalNotModelled"
    assert "error" not in assign(lab, {"NodeWeight": 0}, "Get-ClusterNode", Name=["hv02"])
    assert lab["hv02"].values("Get-ClusterNode", "NodeWeight") == [1, 0]
    assert lab["hv02"].values("Get-ClusterNode", "DynamicWeight") == [1, 0]
    assert "error" not in assign(lab, {"Priority": 3000}, "Get-ClusterGroup", Name=["vm1"])
    assert lab["hv02"].values("Get-ClusterGroup", "Priority", Name=["vm*"]) == [3000, 2000]


def test_before_2022_there_is_no_limit_of_migrations_for_the_whole_cluster() -> None:
    lab = made(1, os={"version": "2019"})
    assert lab["hv01"].rows("Get-Cluster", "MaximumParallelMigrations?") == [{"MaximumParallelMigrations": None}]
    assert lab["hv01"].call("Get-Cluster", ("MaximumParallelMigrations",))["error"]["id"] == "PropertyNotFound"
    assert lab["hv01"].values("Get-Cluster", "ClusterFunctionalLevel") == [10]


def test_access() -> None:
    lab = made(1)
    lab["hv01"].rows("Grant-ClusterAccess", User=[r"EXAMPLE\installer"], Full=True)
    rows = lab["hv01"].rows("Get-ClusterAccess", "IdentityReference", "ClusterRights")
    assert rows[-1] == {"IdentityReference": r"EXAMPLE\installer", "ClusterRights": "Full"}
    assert {"IdentityReference": r"BUILTIN\Administrators", "ClusterRights": "Full"} in rows


# By CIM

def test_the_namespace_comes_with_the_feature_and_answers_with_the_service() -> None:
    assert Lab(1, features={})["hv01"].error("Invoke-CimMethod", **STATE).startswith("HRESULT 0x8004100e,")
    lab = Lab(1)
    query = {"Namespace": r"root\MSCluster", "ClassName": "MSCluster_Node"}
    assert lab["hv01"].error("Get-CimInstance", **query).startswith("HRESULT 0x800706d9,")
    assert lab["hv01"].error("Get-CimInstance", **{**query, "ClassName": "MSCluster_Service"}) == "RehearsalNotModelled"
    lab = made(2)
    lab["hv02"].rows("Suspend-ClusterNode", Drain=True)
    rows = lab["hv01"].rows("Get-CimInstance", "Name", "State", "NodeDrainStatus", **query)
    assert rows == [{"Name": "HV01", "State": 0, "NodeDrainStatus": 0}, {"Name": "HV02", "State": 2, "NodeDrainStatus": 2}]
    cluster = {**query, "ClassName": "MSCluster_Cluster"}
    assert lab["hv01"].rows("Get-CimInstance", "Name", "Fqdn", "DynamicQuorumEnabled", "MaximumParallelMigrations", **cluster) == [
        {"Name": "CL1", "Fqdn": "CL1.example.org", "DynamicQuorumEnabled": 1, "MaximumParallelMigrations": 1},
    ]
    groups = lab["hv01"].rows("Get-CimInstance", "Name", "OwnerNode", "GroupType", **{**query, "ClassName": "MSCluster_ResourceGroup"})
    assert {"Name": "vm2", "OwnerNode": "HV01", "GroupType": 111} in groups
    resources = lab["hv01"].rows("Get-CimInstance", "Name", "Type", "OwnerGroup", **{**query, "ClassName": "MSCluster_Resource"})
    assert resources == [{"Name": "Cluster Name", "Type": "Network Name", "OwnerGroup": "Cluster Group"}]


# Validation

def test_validation_leaves_a_report() -> None:
    lab = Lab(2)
    with lab.call("hv01") as host:
        rows = host.rows("Test-Cluster", "FullName", "Name", Node=["hv01", "hv02"], Ignore=["Storage"], ReportName="before")
        named = host.values("Test-Cluster", "FullName", Node=["hv01"], ReportName=r"C:\Temp\one")
    assert rows == [{"FullName": r"C:\Windows\Cluster\Reports\before.htm", "Name": "before.htm"}]
    assert named == [r"C:\Temp\one.htm"]
    report = (lab["hv01"].machine.files.read(rows[0]["FullName"]) or b"").decode()
    assert "HV01.example.org, HV02.example.org" in report
    assert "Validate Operating System Version</td><td>Success" in report
    assert "List Disks" not in report


def test_validation_finds_what_differs() -> None:
    lab = Lab(1)
    lab.add("hv02", domain="example.org", os={"version": "2019"})
    with lab.call("hv01") as host:
        path = host.values("Test-Cluster", "FullName", Node=["hv01", "hv02"], Include=["System Configuration"])[0]
    report = (lab["hv01"].machine.files.read(path) or b"").decode()
    assert "Validate Operating System Version</td><td>Failed</td><td>the version differs: 2019, 2022" in report


def test_validation_reaches_every_node() -> None:
    lab = made(2)
    lab["hv02"].machine.power_off()
    with lab.call("hv01") as host:
        error = host.call("Test-Cluster", Node=["hv01"])["error"]
        assert error["message"].startswith("Unable to connect to HV02 via WMI.")
    with lab.call("hv01", ADMINISTRATOR) as host:
        assert host.error("Test-Cluster", Node=["hv09"]) == f"Test-Cluster,{COMMANDS}.TestClusterCommand"
        assert host.call("Test-Cluster")["error"]["message"].startswith("You do not have administrative privileges")
        assert host.error("Test-Cluster", Include=["Nothing"]) == f"Test-Cluster,{COMMANDS}.TestClusterCommand"
        assert len(host.rows("Test-Cluster", "Category", List=True)) > 5


@pytest.mark.parametrize(("call", "parameters"), [
    ("Get-Cluster", {"Domain": "example.org"}),
    ("Get-ClusterGroup", {"VMId": "00000000-0000-0000-0000-000000000001"}),
    ("Start-ClusterNode", {"ForceQuorum": True}),
    ("Suspend-ClusterNode", {"ForceDrain": True}),
    ("Clear-ClusterNode", {"Force": True}),
])
def test_what_is_not_known_is_refused(call: str, parameters: dict[str, Any]) -> None:
    lab = made(1)
    with lab.call("hv01") as host:
        assert host.error(call, **parameters) == "RehearsalNotModelled"
