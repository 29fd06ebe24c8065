# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Quorum and networks of a cluster. Oracle: ad-and-cluster.md 4, 5.7, 5.10 with the issues that it names."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine.caller import Caller

from tests.unit.rehearsal.cmdlets.labs import DEPLOY
from tests.unit.rehearsal.cmdlets.storage_labs import StorageLab

COMMAND = "Set-ClusterQuorum,Microsoft.FailoverClusters.PowerShell.SetClusterQuorumCommand"
SHARE = "\\\\fs1\\witness"
CLOUD: dict[str, Any] = {"CloudWitness": True, "AccountName": "mywitness", "AccessKey": "c2VjcmV0"}
WINRM = Caller("HV01\\Administrator")


def quorum(lab: StorageLab, on: str = "hv02") -> list[Any]:
    properties = ("QuorumType", "QuorumResource.Name", "QuorumResource.ResourceType.Name", "QuorumResource.State")
    (row,) = lab.rows("Get-ClusterQuorum", *properties, on=on)
    return list(row.values())


def parameter(lab: StorageLab, name: str) -> Any:
    results = lab["hv03"].batch(
        {"id": "q", "cmdlet": "Get-ClusterQuorum", "parameters": {}},
        {"id": "p", "cmdlet": "Get-ClusterParameter", "properties": ["Value"],
         "parameters": {"InputObject": {"$ref": "q", "property": "QuorumResource"}, "Name": [name]}},
    )
    return results[1]["output"][0]["Value"]


def test_a_new_cluster_has_no_witness() -> None:
    assert quorum(StorageLab()) == ["Majority", None, None, None]


def test_a_share() -> None:
    lab = StorageLab()
    lab.rows("Set-ClusterQuorum", FileShareWitness=SHARE)
    assert quorum(lab) == ["Majority", "File Share Witness", "File Share Witness", "Online"]
    assert parameter(lab, "SharePath") == SHARE
    display = lab.rows("Get-ClusterQuorum", "QuorumResource.ResourceType.DisplayName")
    assert list(display[0].values()) == ["File Share Quorum Witness"]
    (private,) = lab.rows("Get-CimInstance", "PrivateProperties.SharePath", Namespace="root/MSCluster", ClassName="MSCluster_Resource",
                          Filter="Name='File Share Witness'")
    assert list(private.values()) == [SHARE]
    lab["hv01"].machine.changes.clear()
    lab.rows("Set-ClusterQuorum", FileShareWitness=SHARE.upper())
    assert lab["hv01"].machine.changes == []


def test_a_share_needs_a_logon_on_the_network() -> None:
    """windowsserverdocs issue 6056: 0x8009030e in a plain WinRM session."""
    lab = StorageLab()
    with lab.call("hv01", WINRM) as host:
        error = host.call("Set-ClusterQuorum", FileShareWitness=SHARE)["error"]
    assert (error["id"], "0x8009030e" in error["message"]) == (COMMAND, True)
    with lab.call("hv01", WINRM) as host:
        assert "error" not in host.call("Set-ClusterQuorum", NoWitness=True)
    assert quorum(lab)[1] is None


@pytest.mark.parametrize(("path", "cause"), [
    ("\\\\fs1\\other", "Access is denied."), ("\\\\fs1\\nothing", "The network name cannot be found."),
    ("\\\\fs9\\witness", "The network path was not found."), ("\\\\fs1\\witness\\below", "The system cannot find the path specified."),
])
def test_a_share_that_the_cluster_cannot_write_to(path: str, cause: str) -> None:
    """The rights of whoever asks do not count; those of the cluster's computer account do."""
    lab = StorageLab()
    error = lab.error("Set-ClusterQuorum", FileShareWitness=path)
    assert (error["id"], error["message"].rpartition("\n")[2].strip()) == (COMMAND, cause)
    assert quorum(lab)[1] is None


def test_a_share_with_an_account_of_its_own() -> None:
    lab = StorageLab(os={"version": "2022"})
    credential = {"$credential": "FS1\\witness", "password": ""}
    assert lab.error("Set-ClusterQuorum", FileShareWitness="\\\\fs1\\local")["id"] == COMMAND
    lab.rows("Set-ClusterQuorum", FileShareWitness="\\\\fs1\\local", Credential=credential)
    assert quorum(lab)[3] == "Online"


def test_a_witness_that_is_out_of_reach_has_failed_and_counts_no_more() -> None:
    lab = StorageLab(2)
    lab.rows("Set-ClusterQuorum", FileShareWitness=SHARE)
    lab.servers.set_up("FS1", False)
    assert quorum(lab)[3] == "Failed"
    assert lab.rows("Get-ClusterResource", "State", Name=["File Share Witness"]) == [{"State": "Failed"}]
    lab.servers.set_up("FS1", True)
    assert quorum(lab)[3] == "Online"


@pytest.mark.parametrize(("witness", "answers"), [(False, False), (True, True)])
def test_the_witness_keeps_the_second_of_two_nodes_alive(witness: bool, answers: bool) -> None:
    """Dynamic quorum takes the vote of one of two nodes away where there is no witness."""
    lab = StorageLab(2)
    if witness:
        lab.rows("Set-ClusterQuorum", FileShareWitness=SHARE)
    votes = {row["Name"]: row["DynamicWeight"] for row in lab.rows("Get-ClusterNode", "Name", "DynamicWeight")}
    assert votes == {"HV01": 1, "HV02": int(witness)}
    lab["hv01"].machine.power_off()
    with lab.call("hv02") as host:
        assert ("error" not in host.call("Get-Cluster", ("Name",))) == answers


def test_a_disk_moves_to_the_core_group_and_back() -> None:
    lab = StorageLab()
    lab.add_disk("60W")
    where: Any = {"Name": ["Cluster Disk 1"]}
    lab.rows("Set-ClusterQuorum", DiskWitness="Cluster Disk 1")
    assert quorum(lab) == ["Majority", "Cluster Disk 1", "Physical Disk", "Online"]
    assert lab.rows("Get-ClusterResource", "OwnerGroup.Name", **where) == [{"OwnerGroup.Name": "Cluster Group"}]
    lab.rows("Set-ClusterQuorum", DiskOnly="Cluster Disk 1")
    assert quorum(lab)[0] == "DiskOnly"
    lab.rows("Set-ClusterQuorum", NoWitness=True)
    assert quorum(lab) == ["Majority", None, None, None]
    assert lab.rows("Get-ClusterResource", "OwnerGroup.Name", **where) == [{"OwnerGroup.Name": "Available Storage"}]


def test_disks_that_cannot_be_the_witness() -> None:
    lab = StorageLab()
    assert lab.error("Set-ClusterQuorum", DiskWitness="Cluster Disk 1")["id"] == COMMAND, "there is none"
    lab.add_volume("60A")
    assert lab.error("Set-ClusterQuorum", DiskWitness="Cluster Disk 1")["id"] == COMMAND, "a shared volume"
    assert lab.error("Set-ClusterQuorum", DiskWitness="Cluster Name")["id"] == COMMAND
    assert lab.error("Set-ClusterQuorum")["category"] == "InvalidArgument"
    assert lab.error("Set-ClusterQuorum", NoWitness=True, FileShareWitness=SHARE)["category"] == "InvalidArgument"


def test_the_cloud_and_that_it_is_not_set_twice() -> None:
    """FailoverClusterDsc issue 197."""
    lab = StorageLab()
    lab.rows("Set-ClusterQuorum", **CLOUD)
    assert quorum(lab) == ["Majority", "Cloud Witness", "Cloud Witness", "Online"]
    assert parameter(lab, "AccountName") == "mywitness"
    error = lab.error("Set-ClusterQuorum", **CLOUD)
    assert error["message"] == "An error occurred while creating resource 'Cloud Witness (2)' for the clustered role 'Cluster Group'."
    lab.rows("Set-ClusterQuorum", FileShareWitness=SHARE)
    lab.rows("Set-ClusterQuorum", **CLOUD)
    assert "c2VjcmV0" not in str([host.machine.changes for host in lab.hosts.values()])


@pytest.mark.parametrize("wrong", [{"AccessKey": "b3RoZXI="}, {"AccountName": "other"}, {"Endpoint": "core.chinacloudapi.cn"}])
def test_a_cloud_that_does_not_take_it(wrong: dict[str, str]) -> None:
    """azure-docs issue 94345."""
    lab = StorageLab()
    error = lab.error("Set-ClusterQuorum", **{**CLOUD, **wrong})
    assert error["message"].startswith('An error occurred while validating access to Azure from cluster node "HV01".')
    assert quorum(lab)[1] is None


def test_the_cloud_out_of_reach() -> None:
    lab = StorageLab(network={"servers": []})
    assert lab.error("Set-ClusterQuorum", **CLOUD)["id"] == COMMAND


# Networks

NICS = [[
    {"name": "Ethernet", "mac": f"02-00-00-00-01-{number:02}"},
    {"name": "Storage", "mac": f"02-00-00-00-02-{number:02}", "addresses": [f"10.1.0.{number}/24"]},
] for number in (1, 2, 3)]


def networked() -> StorageLab:
    """Two nodes with two networks."""
    lab = StorageLab(2, cluster=False, hardware={"nics": NICS[0]})
    lab.rows("New-Cluster", Name="CL1", Node=["hv01", "hv02"], NoStorage=True)
    lab["hv01"].machine.changes.clear()
    return lab


def test_networks_are_told_apart_by_their_subnets_and_changed_by_assignment() -> None:
    lab = networked()
    properties = ("Name", "AddressMask", "Role", "Metric", "AutoMetric", "State", "Id")
    before = {row["Address"]: row for row in lab.rows("Get-ClusterNetwork", "Address", *properties)}
    assert set(before) == {"192.0.2.0", "10.1.0.0"}
    storage = before["10.1.0.0"]
    assert (storage["AddressMask"], storage["Role"], storage["AutoMetric"], storage["State"]) == ("255.255.255.0", "Cluster", True, "Up")
    with lab.call("hv01", DEPLOY) as host:
        results = host.batch(
            {"id": "n", "cmdlet": "Get-ClusterNetwork", "parameters": {}},
            {"id": "a", "assign": {"$ref": "n", "where": {"Id": storage["Id"]}}, "values": {"Role": 0, "Name": "Storage", "Metric": 900}},
        )
    assert "error" not in results[1], results[1]
    after = {row["Address"]: row for row in lab.rows("Get-ClusterNetwork", "Address", *properties, on="hv02")}
    assert after["192.0.2.0"] == before["192.0.2.0"]
    changed = {"Role": "None", "Name": "Storage", "Metric": 900, "AutoMetric": False}
    assert after["10.1.0.0"] == {**storage, **changed}
    assert lab["hv01"].machine.changes == [
        "cluster CL1: network 10.1.0.0/24: Role 0", "cluster CL1: network 10.1.0.0/24: Name Storage",
        "cluster CL1: network 10.1.0.0/24: Metric 900",
    ]
    where = {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Network", "Filter": "Address='10.1.0.0'"}
    assert lab.rows("Get-CimInstance", "Name", "Role", "Metric", "AutoMetric", "ID", **where) == [
        {"Name": "Storage", "Role": 0, "Metric": 900, "AutoMetric": False, "ID": storage["Id"]},
    ]


@pytest.mark.parametrize(("values", "error"), [
    ({"Role": 7}, "ExceptionWhenSetting"), ({"Role": "Nobody"}, "ExceptionWhenSetting"), ({"Metric": "much"}, "ExceptionWhenSetting"),
    ({"Role": "ClusterAndClient"}, ""), ({"AutoMetric": True}, ""), ({"State": 1}, "RehearsalNotModelled"),
    ({"Nonsense": 1}, "PropertyNotFound"),
])
def test_what_a_network_takes(values: dict[str, Any], error: str) -> None:
    lab = networked()
    with lab.call("hv01", DEPLOY) as host:
        results = host.batch(
            {"id": "n", "cmdlet": "Get-ClusterNetwork", "parameters": {"Name": ["Cluster Network 1"]}},
            {"id": "a", "assign": {"$ref": "n"}, "values": values},
        )
    assert results[1].get("error", {}).get("id", "") == error


def test_interfaces() -> None:
    rows = networked().rows("Get-ClusterNetworkInterface", "Node", "Adapter", "Address", "Network.Name", "State", Node=["hv02"])
    assert [(row["Node"], row["Adapter"], row["State"]) for row in rows] == [("HV02", "Ethernet", "Up"), ("HV02", "Storage", "Up")]


def test_migration_networks_and_where_the_registry_has_them() -> None:
    lab = networked()
    with lab.call("hv01", DEPLOY) as host:
        results = host.batch(
            {"id": "t", "cmdlet": "Get-ClusterResourceType", "parameters": {"Name": ["Virtual Machine"]}},
            {"id": "s", "cmdlet": "Set-ClusterParameter",
             "parameters": {"InputObject": {"$ref": "t"}, "Name": "MigrationExcludeNetworks", "Value": "a;b"}},
            {"id": "g", "cmdlet": "Get-ClusterParameter", "properties": ["Name", "Value"],
             "parameters": {"InputObject": {"$ref": "t"}, "Name": ["MigrationExcludeNetworks", "MigrationNetworkOrder"]}},
        )
    assert "error" not in results[1]
    assert results[2]["output"] == [
        {"Name": "MigrationExcludeNetworks", "Value": "a;b"}, {"Name": "MigrationNetworkOrder", "Value": ""},
    ]
    key = "HKLM:\\Cluster\\ResourceTypes\\Virtual Machine\\Parameters"
    for on in lab.hosts:
        assert lab.rows("Get-ItemProperty", "MigrationExcludeNetworks", on=on, LiteralPath=key) == [{"MigrationExcludeNetworks": "a;b"}]
