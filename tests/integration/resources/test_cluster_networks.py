# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_cluster_networks on simulated servers. The oracle is the lab's cluster and the servers' journals."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.resources.cluster_lab import bare, clustered

SUBNETS = ("192.0.2.0/24", "10.20.0.0/24", "10.30.0.0/24")
WANTED: dict[str, Any] = {
    "networks": [
        {"subnet": "192.0.2.0/24", "name": "Management", "role": "cluster_and_client"},
        {"subnet": "10.20.0.0/24", "name": "Migration", "role": "cluster", "metric": 500},
        {"subnet": "10.30.0.0/24", "name": "Storage", "role": "none"},
    ],
    "live_migration_networks": ["10.20.0.0/24", "192.0.2.0/24"],
    "maximum_parallel_migrations": 3,
}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_cluster_networks": options}


def test_networks_converge_and_every_node_finds_them_so(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        again = nodes.converge(task(**WANTED), again_on="hv03")
        found = {network.subnet: network for network in nodes.cluster.networks}
        assert {subnet: (network.name, network.role, network.metric) for subnet, network in found.items()} == {
            "192.0.2.0/24": ("Management", 3, None), "10.20.0.0/24": ("Migration", 1, 500), "10.30.0.0/24": ("Storage", 0, None),
        }
        parameters = nodes.cluster.type_parameters["Virtual Machine"]
        assert parameters["MigrationExcludeNetworks"] == found["10.30.0.0/24"].id
        assert parameters["MigrationNetworkOrder"] == f"{found['10.20.0.0/24'].id};{found['192.0.2.0/24'].id}"
        state = again.result["cluster_networks"]
        assert state["live_migration_networks"] == WANTED["live_migration_networks"]
        assert state["maximum_parallel_migrations"] == 3
        assert {item["name"]: item["role"] for item in state["networks"]} == {
            "Management": "cluster_and_client", "Migration": "cluster", "Storage": "none",
        }


def test_cim_and_the_registry_show_the_promises(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        before = nodes.verify(task(**WANTED))
        assert before["networks.10.30.0.0/24.role"] == (1, False)
        assert before["live_migration_networks"] == (None, False)
        assert nodes.play(task(**WANTED)).code == 0
        after = nodes.verify(task(**WANTED), host="hv02")
        assert after["networks.10.30.0.0/24.role"] == (0, True)
        assert after["networks.192.0.2.0/24.name"] == ("Management", True)
        assert sorted(after["live_migration_networks"][0]) == sorted(WANTED["live_migration_networks"])
        assert all(kept for _found, kept in after.values())


def test_no_rights_on_the_network_are_needed(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(task(**WANTED), become=False)
        assert run.code == 0, run.output
        assert nodes.play(task(**WANTED), become=False).result["changed"] is False


def test_an_unknown_subnet_stops_before_anything_is_touched(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(task(**{**WANTED, "live_migration_networks": ["10.99.0.0/24"]}))
        assert run.code != 0
        assert "cluster_network (10.99.0.0/24): found the cluster has these networks: " in run.result["msg"]
        assert all(subnet in run.result["msg"] for subnet in SUBNETS)
        assert nodes.changes() == []


def test_in_no_cluster_check_mode_says_what_would_change(tmp_path: Path) -> None:
    with bare(tmp_path) as nodes:
        planned = nodes.play(task(**WANTED), check=True)
        assert planned.code == 0, planned.output
        assert {item["path"] for item in planned.result["differences"]} == set(WANTED)
        applied = nodes.play(task(**WANTED))
        assert "cannot be changed yet: this host is in no cluster yet" in applied.result["msg"]
        assert nodes.changes() == []


def test_a_server_without_the_feature_is_a_blocker(tmp_path: Path) -> None:
    with bare(tmp_path, hosts={"features": {"installed": []}}) as nodes:
        assert nodes.play(task(**WANTED), check=True).code == 0
        applied = nodes.play(task(**WANTED))
        assert "the feature Failover-Clustering is not installed on this host" in applied.result["msg"]
