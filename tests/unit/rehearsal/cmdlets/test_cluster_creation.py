# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clusters made and joined. Oracle: ad-and-cluster.md 4 and 5; FailoverClusterDsc issues 115, 180, 185; public transcripts."""
from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rehearsal.machine.accounts import ADMINISTRATORS
from rehearsal.machine.caller import SYSTEM, Caller

from tests.unit.rehearsal.cmdlets.labs import DEPLOY, Lab

COMMANDS = "Microsoft.FailoverClusters.PowerShell"
NODES = ["hv01", "hv02", "hv03"]
UNIT = "OU=Clusters,DC=example,DC=org"
ADMINISTRATOR = Caller(r"HV01\Administrator")
INSTALLER = Caller(r"EXAMPLE\installer", r"EXAMPLE\installer")
FAILED = f"New-Cluster,{COMMANDS}.NewClusterCommand"


def create(lab: Lab, on: str = "hv01", caller: Caller = DEPLOY, **parameters: Any) -> dict[str, Any]:
    wanted = {"Name": "CL1", "Node": NODES[:len(lab.hosts)], "NoStorage": True, "Force": True, **parameters}
    with lab.call(on, caller) as host:
        return host.call("New-Cluster", ("Name", "Id"), **wanted)


def refused(result: dict[str, Any]) -> tuple[str, str]:
    return result["error"]["id"], result["error"]["message"].rpartition("\n")[2].strip()


def states(lab: Lab, on: str = "hv01") -> list[tuple[str, str]]:
    return [(row["Name"], row["State"]) for row in lab[on].rows("Get-ClusterNode", "Name", "State")]


def local_state(lab: Lab, on: str) -> Any:
    where = {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Cluster", "MethodName": "GetNodeClusterState"}
    return lab[on].values("Invoke-CimMethod", "ClusterState", **where)[0]


def test_created_with_all_nodes_and_seen_from_each_of_them() -> None:
    lab = Lab()
    assert [local_state(lab, name) for name in NODES] == [1, 1, 1]
    assert create(lab)["output"][0]["Name"] == "CL1"
    for name in NODES:
        assert states(lab, name) == [("HV01", "Up"), ("HV02", "Up"), ("HV03", "Up")]
        assert local_state(lab, name) == 19
        assert lab[name].rows("Get-Cluster", "Name", "Domain", "ClusterFunctionalLevel") == [
            {"Name": "CL1", "Domain": "example.org", "ClusterFunctionalLevel": 11},
        ]
        assert lab[name].values("Get-Service", "Status", Name="ClusSvc") == ["Running"]
    computer = lab.directory.computer("CL1")
    assert computer is not None
    assert (computer.enabled, computer.unit) == (True, "CN=Computers,DC=example,DC=org")
    reports = [item["Name"] for item in lab["hv01"].rows("Get-ChildItem", "Name", Path=r"C:\Windows\Cluster\Reports")]
    assert reports == ["Create Cluster Wizard CL1 on 2026.05.04 At 08.00.00.htm"]


def test_a_distinguished_name_says_where_the_computer_object_goes() -> None:
    lab = Lab(2)
    assert "error" not in create(lab, Name=f"CN=CL1,{UNIT}")
    computer = lab.directory.computer("cl1")
    assert computer is not None
    assert computer.unit == UNIT
    assert lab["hv02"].values("Get-Cluster", "Name") == ["CL1"]


def test_without_a_computer_object() -> None:
    lab = Lab(2)
    assert "error" not in create(lab, caller=DEPLOY, AdministrativeAccessPoint="Dns")
    assert lab.directory.computer("cl1") is None
    assert lab["hv01"].values("Get-Cluster", "AdministrativeAccessPoint") == ["Dns"]


def test_a_long_name_is_cut_and_a_second_creation_finds_the_node_taken() -> None:
    lab = Lab(1)
    create(lab, Name="SqlFailoverCluster")
    assert lab["hv01"].values("Get-Cluster", "Name") == ["SqlFailoverClus"]
    assert refused(create(lab, Name="SqlFailoverCluster")) == (FAILED, "The computer 'HV01.example.org' is joined to a cluster.")


@pytest.mark.parametrize(("caller", "server"), [
    (ADMINISTRATOR, "HV01.example.org"),
    (Caller(r"EXAMPLE\deploy"), "HV01.example.org"),
    (INSTALLER, "HV01.example.org"),
    (Caller(SYSTEM, r"EXAMPLE\HV01$"), "HV02.example.org"),
])
def test_who_is_no_administrator_of_all_nodes_makes_nothing(caller: Caller, server: str) -> None:
    lab = Lab()
    result = create(lab, caller=caller)
    assert refused(result) == (FAILED, "Requested registry access is not allowed.")
    assert f"You do not have administrative privileges on the server '{server}'." in result["error"]["message"]
    assert lab.clusters.all == []
    assert lab.directory.computer("CL1") is None
    assert [local_state(lab, name) for name in NODES] == [1, 1, 1]


def make_administrator(lab: Lab, user: str) -> None:
    for host in lab.hosts.values():
        account = host.machine.accounts.find(user)
        assert account is not None
        host.machine.accounts.add_member(ADMINISTRATORS, account)


def test_an_administrator_of_the_nodes_needs_a_computer_object_all_the_same() -> None:
    lab = Lab()
    make_administrator(lab, r"EXAMPLE\installer")
    assert refused(create(lab, caller=INSTALLER)) == (FAILED, "Access is denied.")
    assert lab.clusters.all == []
    assert "error" not in create(lab, caller=DEPLOY)


@pytest.mark.parametrize(("computer", "cause"), [
    ({"full_control": ["installer"], "enabled": False}, ""),
    ({"full_control": [], "enabled": False}, "Access is denied."),
    ({"full_control": ["installer"], "enabled": True}, "The account already exists."),
])
def test_a_prestaged_computer_object(computer: dict[str, Any], cause: str) -> None:
    lab = Lab(directory={"computers": [{"name": "CL1", "unit": UNIT, **computer}]})
    make_administrator(lab, r"EXAMPLE\installer")
    result = create(lab, caller=INSTALLER)
    if cause:
        assert refused(result) == (FAILED, cause)
        return
    assert "error" not in result
    made = lab.directory.computer("CL1")
    assert made is not None
    assert (made.unit, made.enabled) == (UNIT, True)


def test_the_first_nodes_own_account_makes_the_cluster_where_it_is_an_administrator_and_controls_the_object() -> None:
    lab = Lab(directory={"computers": [{"name": "CL1", "enabled": False, "full_control": ["hv01$"]}]})
    make_administrator(lab, r"EXAMPLE\HV01$")
    assert "error" not in create(lab, caller=Caller(SYSTEM, r"EXAMPLE\HV01$"))
    assert len(states(lab)) == 3


def off(lab: Lab) -> None:
    lab["hv03"].machine.power_off()


def outside(lab: Lab) -> None:
    lab["hv03"].machine.identity.domain = ""


@pytest.mark.parametrize(("what", "identifier", "cause"), [
    (off, f"ClusterNodeNotReachable,{COMMANDS}.NewClusterCommand",
     "the node cannot be contacted. Ensure that the node is powered on and is connected to the network."),
    (outside, FAILED, "Requested registry access is not allowed."),
])
def test_a_node_that_cannot_be_one(what: Callable[[Lab], None], identifier: str, cause: str) -> None:
    lab = Lab()
    what(lab)
    assert refused(create(lab, Node=NODES)) == (identifier, cause)
    assert lab.clusters.all == []


def test_a_node_without_the_feature() -> None:
    lab = Lab(2)
    lab.add("hv03", domain="example.org")
    assert refused(create(lab, Node=NODES))[1] == (
        "The computer 'HV03.example.org' does not have the Failover Clustering feature installed."
    )
    assert refused(create(lab, Node=["hv01", "hv04"]))[0] == f"ClusterNodeNotReachable,{COMMANDS}.NewClusterCommand"


def test_a_node_that_goes_away_while_the_cluster_is_made_keeps_what_it_had_configured() -> None:
    lab = Lab(timing={"create_seconds": 60})
    machines = [lab[name].machine for name in NODES]

    def passing(seconds: float) -> None:
        for machine in machines[1:]:
            machine.settle()
        lab.clock.pass_by(seconds / 2)
        machines[2].power_off()

    machines[0].sleep = passing
    assert refused(create(lab)) == (FAILED, "This operation returned because the timeout period expired")
    assert lab.clusters.all == []
    machines[2].power_on()
    assert [local_state(lab, name) for name in NODES] == [1, 1, 3]
    machines[0].sleep = lab.clock.pass_by
    assert refused(create(lab)) == (FAILED, "The computer 'HV03.example.org' is joined to a cluster.")
    with lab.call("hv01") as host:
        host.rows("Clear-ClusterNode", Name=["hv03"], Force=True)
    assert local_state(lab, "hv03") == 1
    assert "error" not in create(lab)


def test_two_creators_at_once_make_one_cluster() -> None:
    lab = Lab(timing={"create_seconds": 0.2})
    results: list[dict[str, Any]] = []

    def run(name: str) -> None:
        results.append(create(lab, on=name))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("hv01", "hv02", "hv03")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("error" in result for result in results) == [False, True, True]
    assert [cluster.name for cluster in lab.clusters.all] == ["CL1"]
    assert len(lab.clusters.all[0].nodes) == 3


def test_a_name_is_taken_once() -> None:
    lab = Lab()
    create(lab, Node=["hv01"])
    assert refused(create(lab, on="hv02", Node=["hv02"])) == (FAILED, "The account already exists.")


def test_static_addresses_lie_in_networks_of_the_nodes() -> None:
    lab = Lab(2)
    assert refused(create(lab, StaticAddress=["10.9.9.9"]))[1] == "Static address '10.9.9.9' was not found on any cluster network."
    assert lab.directory.computer("CL1") is None
    assert "error" not in create(lab, StaticAddress=["192.0.2.50"])
    rows = lab["hv02"].rows("Get-ClusterResource", "Name", "ResourceType.Name", "State", "OwnerGroup.Name")
    assert rows == [
        {"Name": "Cluster Name", "ResourceType.Name": "Network Name", "State": "Online", "OwnerGroup.Name": "Cluster Group"},
        {"Name": "Cluster IP Address", "ResourceType.Name": "IP Address", "State": "Online", "OwnerGroup.Name": "Cluster Group"},
    ]


def test_networks_are_those_of_the_nodes() -> None:
    nics = [{"name": "Management"}, {"name": "Migration", "addresses": ["10.1.0.7/24"]}]
    lab = Lab(2, hardware={"nics": nics})
    create(lab)
    networks = lab.clusters.all[0].networks
    assert [(item.name, item.subnet, item.role) for item in networks] == [
        ("Cluster Network 1", "192.0.2.0/24", 3), ("Cluster Network 2", "10.1.0.0/24", 1),
    ]
    assert networks[1].interfaces == {"HV01": ["Migration", "10.1.0.7"], "HV02": ["Migration", "10.1.0.7"]}
    rows = lab["hv01"].rows("Get-NetIPAddress", "IPAddress", "PrefixLength", "InterfaceAlias")
    assert {"IPAddress": "10.1.0.7", "PrefixLength": 24, "InterfaceAlias": "Migration"} in rows


@pytest.mark.parametrize(("parameters", "what"), [
    ({"NoStorage": False}, "without -NoStorage"),
    ({"S2D": True}, "S2D"),
    ({"AdministrativeAccessPoint": "None"}, "AccessPoint None"),
    ({"ManagementPointNetworkType": "Distributed"}, "distributed"),
])
def test_what_is_not_known_is_refused(parameters: dict[str, Any], what: str) -> None:
    error = create(Lab(1), **parameters)["error"]
    assert error["id"] == "RehearsalNotModelled"
    assert what in error["message"]


# Joining

def test_missing_nodes_are_added_in_one_call() -> None:
    lab = Lab(4, timing={"join_seconds": 30})
    create(lab, Node=["hv01", "hv02"])
    lab.clock.pass_by(30)
    with lab.call("hv02") as host:
        assert host.values("Add-ClusterNode", "Name", Name=["hv03", "HV04.example.org"], NoStorage=True) == ["HV03", "HV04"]
    assert states(lab) == [("HV01", "Up"), ("HV02", "Up"), ("HV03", "Joining"), ("HV04", "Joining")]
    lab.clock.pass_by(30)
    assert states(lab, "hv04") == [("HV01", "Up"), ("HV02", "Up"), ("HV03", "Up"), ("HV04", "Up")]


def test_joining_needs_a_logon_on_the_network_and_a_free_node() -> None:
    lab = Lab(3)
    create(lab, Node=["hv01", "hv02"])
    with lab.call("hv01", ADMINISTRATOR) as host:
        assert host.error("Add-ClusterNode", Name=["hv03"], NoStorage=True) == f"Add-ClusterNode,{COMMANDS}.AddClusterNodeCommand"
    with lab.call("hv01") as host:
        error = host.call("Add-ClusterNode", Name=["hv02"], NoStorage=True)
    assert refused(error)[1] == "The computer 'HV02.example.org' is joined to a cluster."
    lab["hv03"].machine.power_off()
    with lab.call("hv01") as host:
        assert host.error("Add-ClusterNode", Name=["hv03"], NoStorage=True) == (
            f"ClusterNodeNotReachable,{COMMANDS}.AddClusterNodeCommand"
        )
    assert len(states(lab)) == 2


def test_a_node_joins_by_another_nodes_name_at_once_and_by_the_clusters_when_dns_knows_it() -> None:
    lab = Lab(4, timing={"dns_seconds": 300})
    create(lab, Node=["hv01", "hv02"])
    with lab.call("hv03") as host:
        assert host.error("Get-Cluster", Name="CL1") == f"ClusterRpcConnection,{COMMANDS}.GetClusterCommand"
        assert host.error("Add-ClusterNode", Cluster="CL1", NoStorage=True) == f"ClusterRpcConnection,{COMMANDS}.AddClusterNodeCommand"
        host.rows("Add-ClusterNode", Cluster="hv01", NoStorage=True)
    lab.clock.pass_by(300)
    with lab.call("hv04") as host:
        assert host.values("Get-Cluster", "Name", Name="cl1.example.org") == ["CL1"]
        host.rows("Add-ClusterNode", Cluster="CL1", NoStorage=True)
    assert len(states(lab, "hv04")) == 4


def test_asking_over_the_network_needs_a_logon() -> None:
    lab = Lab(3)
    create(lab, Node=["hv01", "hv02"])
    with lab.call("hv03", ADMINISTRATOR) as host:
        assert host.error("Get-Cluster", Name="CL1") == f"ClusterAccessDenied,{COMMANDS}.GetClusterCommand"
    with lab.call("hv01", ADMINISTRATOR) as host:
        assert host.values("Get-ClusterNode", "Name", Cluster="hv01") == ["HV01", "HV02"]


def test_everything_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "clusters.json"
    lab = Lab(2, path=path)
    create(lab, StaticAddress=["192.0.2.50"])
    before = [cluster.dump() for cluster in lab.clusters.all]
    again = type(lab.clusters)(lab.clusters.peers, path=path)
    assert [cluster.dump() for cluster in again.all] == before
    assert again.of(lab["hv02"].machine) is again.all[0]
