# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clusters as data: votes, failover, and what members do of what the cluster orders. Oracle: windowsserverdocs, manage-cluster-quorum.md
(dynamic quorum), and ad-and-cluster.md 5.2 and 5.6."""
from __future__ import annotations

from pathlib import Path

import pytest
from rehearsal.machine import Win32Error, membership
from rehearsal.machine.cluster import Cluster, Group, Node, Resource
from rehearsal.machine.clusters import SERVICE, Clusters

from tests.unit.rehearsal.cmdlets.labs import Lab


def formed(lab: Lab, *, witness: bool = False) -> Cluster:
    """All hosts of the lab as one cluster, whose one virtual machine runs on the first."""
    cluster = Cluster("CL1", "example.org", "", "ActiveDirectoryAndDns", 11, lab.clock().isoformat())
    with lab.clusters.changing():
        cluster.groups = [Group("vm1", "VirtualMachine", "HV01")]
        if witness:
            cluster.resources = [Resource("File Share Witness", "File Share Witness", cluster.groups[0].id)]
            cluster.witness = cluster.resources[0].id
        lab.clusters.all.append(cluster)
        for host in lab.hosts.values():
            name = host.machine.identity.computer_name
            cluster.nodes.append(Node(name, cluster.next_node_id()))
            lab.clusters.order(name, "join", cluster)
    lab.settle()
    settle(lab, cluster)
    return cluster


def settle(lab: Lab, cluster: Cluster) -> list[str]:
    """The states of the nodes."""
    with lab.clusters.changing():
        lab.clusters.settle(cluster, lab.clock())
        return [lab.clusters.state(cluster, node, lab.clock()) for node in cluster.nodes]


def test_an_order_makes_a_machine_a_member() -> None:
    lab = Lab(2)
    assert [membership.node_state(host.machine) for host in lab.hosts.values()] == [1, 1]
    cluster = formed(lab)
    machine = lab["hv02"].machine
    assert settle(lab, cluster) == ["Up", "Up"]
    assert membership.node_state(machine) == 19
    assert machine.services.get(SERVICE).start_mode == "Automatic"
    assert machine.registry.get(membership.KEY, "ClusterName") == "CL1"


def test_a_node_is_up_for_the_others_before_it_has_looked_at_its_orders() -> None:
    lab = Lab(2)
    cluster = Cluster("CL1", "example.org", "", "ActiveDirectoryAndDns", 11, lab.clock().isoformat())
    cluster.nodes = [Node("HV01", "1"), Node("HV02", "2")]
    with lab.clusters.changing():
        lab.clusters.all.append(cluster)
        for node in cluster.nodes:
            lab.clusters.order(node.name, "join", cluster)
    assert settle(lab, cluster) == ["Up", "Up"]
    assert lab["hv02"].machine.cluster_id == ""
    with lab.clusters.changing():
        lab.clusters.order("HV02", "stop", cluster)
    assert settle(lab, cluster) == ["Up", "Down"]


@pytest.mark.parametrize(("orders", "state"), [(["join", "leave"], 1), (["join"], 3)])
def test_a_node_that_was_evicted_before_it_looked_does_not_join(orders: list[str], state: int) -> None:
    lab = Lab(2)
    cluster = Cluster("CL1", "example.org", "", "ActiveDirectoryAndDns", 11, lab.clock().isoformat())
    cluster.nodes = [Node("HV01", "1")]
    with lab.clusters.changing():
        lab.clusters.all.append(cluster)
        for what in orders:
            lab.clusters.order("HV02", what, cluster)
    lab.settle()
    assert membership.node_state(lab["hv02"].machine) == state
    assert SERVICE.lower() not in lab["hv02"].machine.services.running


def test_a_rebooting_node_is_down_until_it_is_back_and_its_groups_move() -> None:
    lab = Lab(3, timing={})
    cluster = formed(lab)
    machine = lab["hv01"].machine
    machine.spec = lab.add("hv09", timing={"reboot_seconds": 60}).spec
    machine.reboot()
    assert settle(lab, cluster) == ["Down", "Up", "Up"]
    assert cluster.groups[0].owner == "HV02"
    lab.clock.pass_by(60)
    assert settle(lab, cluster) == ["Up", "Up", "Up"]
    assert cluster.groups[0].owner == "HV02"


@pytest.mark.parametrize(("count", "witness", "lost", "states"), [
    (2, False, ["hv02"], ["Up", "Down"]),
    (2, False, ["hv01"], ["Down", "Down"]),
    (2, True, ["hv01"], ["Down", "Up"]),
    (3, False, ["hv01"], ["Down", "Up", "Up"]),
    (3, False, ["hv01", "hv02"], ["Down", "Down", "Down"]),
    (4, False, ["hv01", "hv02"], ["Down", "Down", "Down", "Down"]),
    (4, True, ["hv01", "hv02"], ["Down", "Down", "Up", "Up"]),
])
def test_power_lost_at_once_leaves_a_cluster_only_with_a_majority(count: int, witness: bool, lost: list[str], states: list[str]) -> None:
    lab = Lab(count)
    cluster = formed(lab, witness=witness)
    for name in lost:
        lab[name].machine.power_off()
    assert settle(lab, cluster) == states
    for name in lost:
        lab[name].machine.power_on()
    assert settle(lab, cluster) == ["Up"] * count


def test_power_lost_one_after_the_other_leaves_the_last_but_one() -> None:
    lab = Lab(3)
    cluster = formed(lab)
    lab["hv03"].machine.power_off()
    assert settle(lab, cluster) == ["Up", "Up", "Down"]
    lab["hv02"].machine.power_off()
    assert settle(lab, cluster) == ["Up", "Down", "Down"]
    assert membership.node_state(lab["hv01"].machine) == 19


def test_a_service_that_is_stopped_in_good_order_takes_no_vote_along() -> None:
    lab = Lab(2)
    cluster = formed(lab)
    lab["hv01"].machine.services.stop(SERVICE)
    assert settle(lab, cluster) == ["Down", "Up"]
    assert cluster.groups[0].owner == "HV02"
    assert membership.node_state(lab["hv01"].machine) == 3
    lab["hv01"].machine.services.start(SERVICE)
    assert settle(lab, cluster) == ["Up", "Up"]


def test_a_node_that_was_evicted_while_it_was_away_keeps_a_stale_configuration() -> None:
    lab = Lab(3)
    cluster = formed(lab)
    machine = lab["hv03"].machine
    machine.power_off()
    with lab.clusters.changing():
        cluster.nodes = cluster.nodes[:2]
    machine.power_on()
    assert membership.node_state(machine) == 3
    with pytest.raises(Win32Error):
        machine.services.start(SERVICE)
    membership.forget(machine)
    assert membership.node_state(machine) == 1
    assert not machine.registry.exists(membership.KEY)


def test_an_order_to_leave_is_carried_out_when_the_machine_is_up_again() -> None:
    lab = Lab(3)
    cluster = formed(lab)
    with lab.clusters.changing():
        cluster.nodes = cluster.nodes[:2]
        lab.clusters.order("HV03", "leave", cluster)
    lab.settle()
    assert membership.node_state(lab["hv03"].machine) == 1
    assert lab["hv03"].machine.services.get(SERVICE).start_mode == "Disabled"


def test_without_the_feature_there_is_no_cluster_service() -> None:
    lab = Lab(1, features={})
    assert membership.node_state(lab["hv01"].machine) == 0


def test_what_is_saved_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "clusters.json"
    lab = Lab(2, path=path)
    cluster = formed(lab, witness=True)
    with lab.clusters.changing():
        lab.clusters.order("HV02", "stop", cluster)
    again = Clusters(lab.clusters.peers, path=path)
    assert [item.dump() for item in again.all] == [cluster.dump()]
    assert [order.what for order in again.take_orders("hv02")] == ["stop"]
    assert Clusters(lab.clusters.peers, path=path).take_orders("hv02") == []


def test_peers_are_found_by_short_and_full_name() -> None:
    lab = Lab(2)
    assert lab.clusters.peers.find("HV02.example.ORG") is lab["hv02"].machine
    assert lab.clusters.peers.find("hv03") is None
    lab["hv02"].machine.power_off()
    assert [lab.clusters.peers.is_up(name) for name in ("hv01", "hv02", "hv03")] == [True, False, False]
