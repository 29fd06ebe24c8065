# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role hyperv_cluster in site.yml: one cluster, whoever is there to make it, on hosts that are ready for it.

The oracle is what reached the nodes, in their journals, and the clusters of the lab.
"""
from __future__ import annotations

from typing import Any

import pytest

from tests.integration.site.cluster_lab import ADMIN, NODES, READY, StartCluster, made, made_once, play, start
from tests.integration.site.conftest import Site

__all__ = ["made", "made_once", "start"]

pytestmark = pytest.mark.long


def called(site: Site, *names: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Host, cmdlet and parameters of every call of these cmdlets in the last play, host by host in the order of their calls."""
    return [
        (host, call["cmdlet"], call["parameters"])
        for host in site.lab.hosts for entry in site.calls(host) for call in entry.calls if call.get("cmdlet") in names
    ]


def clusters(site: Site) -> dict[str, list[str]]:
    """The lab's clusters and their nodes, from the state that the machines share."""
    shared = site.lab.hosts["node1"].machine.clusters
    return {cluster.name: sorted(node.name.lower() for node in cluster.nodes) for cluster in shared.all}


def lower(names: list[str]) -> list[str]:
    return sorted(name.lower() for name in names)


def changes(site: Site) -> list[str]:
    return [line for host in site.lab.hosts for line in site.changes(host)]


def test_check_mode_plans_all_of_it_and_changes_nothing(start: StartCluster) -> None:
    site = start()
    run = play(site, "--check", "--diff")
    assert run.code == 0, run.failures
    assert changes(site) == []
    assert "192.0.2.0/24" in run.output
    assert clusters(site) == {}


def test_made_once_by_one_node_as_the_account_that_may_and_never_again(start: StartCluster) -> None:
    site = start()
    first = play(site)
    assert first.code == 0, first.failures
    ((host, name, parameters),) = called(site, "New-Cluster")
    assert (host, lower(parameters["Node"]), parameters["NoStorage"]) == ("node1", NODES, True)
    assert [entry.become for entry in site.calls("node1") if any(call.get("cmdlet") == name for call in entry.calls)] == [ADMIN]
    assert clusters(site) == {"cluster1": NODES}
    assert play(site, "--check").code == 0  # What a node has learnt of its cluster meanwhile is in its journal from here on.
    again = play(site, playbook="site.yml")
    assert (again.code, again.recap("changed")) == (0, dict.fromkeys(NODES, 0)), again.failures
    assert changes(site) == []
    # Survey of the host, survey of the node; on the acting node also the cluster and what it promised.
    assert {host: len(site.calls(host)) for host in NODES} == {"node1": 4, "node2": 2, "node3": 2}


def test_a_node_that_is_missing_comes_in_and_one_that_is_down_stays(start: StartCluster) -> None:
    site = start()
    two: dict[str, Any] = {"hyperv_cluster_members": ["node1", "node2"]}
    assert play(site, "--limit", "node1,node2", **two).code == 0
    assert clusters(site) == {"cluster1": ["node1", "node2"]}
    site.lab.hosts["node2"].switch(False)
    run = play(site, "--limit", "node1,node3")
    assert run.code == 0, run.failures
    assert called(site, "New-Cluster", "Remove-ClusterNode") == []
    ((host, _cmdlet, parameters),) = called(site, "Add-ClusterNode")
    assert (host, lower(parameters["Name"])) == ("node1", ["node3"])
    assert clusters(site) == {"cluster1": NODES}


def test_found_again_from_another_node_when_the_first_is_down(made: Site) -> None:
    site = made
    site.lab.hosts["node1"].switch(False)
    run = play(site, "--limit", "node2,node3", hyperv_cluster_networks={"networks": [{"subnet": "10.20.0.0/24", "role": "none"}]})
    assert run.code == 0, run.failures
    assert called(site, "New-Cluster", "Add-ClusterNode", "Remove-ClusterNode") == []
    assert [entry.become for entry in site.calls("node2") if any("assign" in call for call in entry.calls)] == [ADMIN]
    assert clusters(site) == {"cluster1": NODES}


def test_one_host_of_three_makes_the_cluster_of_all_three(start: StartCluster) -> None:
    site = start()
    run = play(site, "--limit", "node2")
    assert run.code == 0, run.failures
    ((host, _cmdlet, parameters),) = called(site, "New-Cluster")
    assert (host, lower(parameters["Node"])) == ("node1", NODES)


def test_nothing_is_made_while_a_member_does_not_answer(start: StartCluster) -> None:
    site = start()
    site.lab.hosts["node3"].switch(False)
    run = play(site, "--limit", "node1,node2")
    assert run.code != 0
    assert any("node3 did not answer" in message for _host, message in run.failures)
    assert (changes(site), clusters(site)) == ([], {})


def test_in_batches_it_is_one_cluster_all_the_same(start: StartCluster) -> None:
    site = start()
    run = play(site, hyperv_serial=1)
    assert run.code == 0, run.failures
    assert clusters(site) == {"cluster1": NODES}
    assert len(called(site, "New-Cluster")) == 1


def test_nodes_that_cannot_be_one_cluster_stop_the_play_before_any_change(start: StartCluster) -> None:
    def older(lab: dict[str, Any]) -> None:
        lab["hosts"]["node2"]["os"] = {"version": "2019", "edition": "Datacenter"}

    site = start(older)
    run = play(site, playbook="site.yml")
    assert run.code != 0
    assert "node1 and node2" in run.output or "node2 and node1" in run.output
    assert (changes(site), clusters(site)) == ([], {})


@pytest.mark.parametrize(("variables", "reason"), [
    ({"hyperv_cluster_admin_user": ""}, "become"),
    ({"hyperv_cluster_admin_password": "wrong"}, "incorrect"),
])
def test_without_rights_on_the_network_it_says_what_is_missing(start: StartCluster, variables: dict[str, Any], reason: str) -> None:
    site = start()
    run = play(site, **variables)
    assert run.code != 0
    assert [host for host, _message in run.failures] == ["node1"]
    assert reason in run.failures[0][1]
    assert (changes(site), clusters(site)) == ([], {})


def test_a_node_leaves_only_when_it_is_named(made: Site) -> None:
    site = made
    run = play(site, "--limit", "node1,node2", hyperv_cluster_removed_nodes=["node3"])
    assert run.code == 0, run.failures
    assert [name for _host, name, _parameters in called(site, "Suspend-ClusterNode", "Remove-ClusterNode")] == [
        "Suspend-ClusterNode", "Remove-ClusterNode",
    ]
    assert clusters(site) == {"cluster1": ["node1", "node2"]}


def test_the_report_of_the_validation_comes_to_the_controller(start: StartCluster) -> None:
    site = start()
    folder = site.folder / "reports"
    run = play(site, hyperv_cluster_validation=True, hyperv_cluster_report_folder=str(folder))
    assert run.code == 0, run.failures
    ((host, _cmdlet, parameters),) = called(site, "Test-Cluster")
    assert (host, lower(parameters["Node"]), parameters["Ignore"]) == ("node1", NODES, ["Storage"])
    (report,) = folder.iterdir()
    assert report.read_bytes()
    again = play(site, hyperv_cluster_validation=True, hyperv_cluster_report_folder=str(folder))
    assert (again.code, called(site, "Test-Cluster")) == (0, [])


def test_one_inventory_may_have_several_clusters(start: StartCluster) -> None:
    site = start()
    inventory = site.lab.inventory()
    inventory["all"]["children"]["hyperv_compute"]["hosts"]["node3"].update(
        hyperv_cluster_name="cluster2", hyperv_cluster_options={"static_addresses": ["192.0.2.21"]},
    )
    run = site.play(playbook="cluster.yml", inventory=inventory, variables=READY)
    assert run.code == 0, run.failures
    assert clusters(site) == {"cluster1": ["node1", "node2"], "cluster2": ["node3"]}


def test_storage_spaces_direct_looks_at_the_disks_of_every_node_before_it_touches_one(start: StartCluster) -> None:
    def disks(lab: dict[str, Any]) -> None:
        for name, host in lab["hosts"].items():
            data = [] if name == "node3" else [{"name": f"SSD-{name}", "serial": f"S-{name}", "size_gb": 900, "bus_type": 17}]
            host["hardware"] = {**host["hardware"], "disks": [{"size_gb": 240, "bus_type": 11}, *data]}
        lab["shared_luns"] = []

    site = start(disks)
    run = play(site, hyperv_cluster_storage_spaces_direct={"volumes": [{"name": "Instances", "size_gb": 100}]})
    assert [host for host, _message in run.failures] == ["node3"]
    assert changes(site) == []
    assert clusters(site) == {}
