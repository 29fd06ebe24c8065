# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What becomes of a cluster's volumes after they were made: a node that does not mount, an owner that is gone, instances on them."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from rehearsal.machine import cluster_storage

from tests.integration.resources.cluster_lab import DATA, NODES, Nodes, clustered

GB = 2**30
DISKS: dict[str, Any] = {"hardware": {"disks": [{}, {"serial": "D1", "size_gb": 200}, {"serial": "D2", "size_gb": 200}]}}


def disks(*entries: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_cluster_disks": {"disks": list(entries), **options}}


def spaces(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_storage_spaces_direct": {"enabled": True, **options}}


def mounted(nodes: Nodes, path: str) -> list[str]:
    """The nodes that have this folder."""
    return [name for name, host in nodes.lab.hosts.items() if host.machine.files.is_folder(path)]


def test_a_node_that_never_mounts_is_named_and_mends_with_its_service(tmp_path: Path) -> None:
    with clustered(tmp_path, cluster={"csv_stuck_on": ["hv02"]}) as nodes:
        task = disks({"unique_id": DATA, "shared_volume": True}, mount_seconds=1)
        failed = nodes.play(task)
        assert failed.code != 0
        assert "has not mounted the volume" in failed.result["msg"]
        assert mounted(nodes, f"{cluster_storage.ROOT}\\{nodes.cluster.volumes[0].folder}") == ["hv01", "hv03"]
        services = nodes.lab.hosts["hv02"].machine.services
        services.stop("ClusSvc", force=True)
        services.start("ClusSvc")
        run = nodes.play(task)
        assert run.code == 0, run.output
        assert not run.result["changed"]


def test_it_stays_where_it_is_when_its_owner_is_gone(tmp_path: Path) -> None:
    """Another node takes the volume over; a play there finds nothing to change, and the dead node is no reason to wait."""
    with clustered(tmp_path) as nodes:
        task = disks({"unique_id": DATA, "name": "vms", "shared_volume": True})
        assert nodes.play(task).code == 0
        nodes.lab.hosts["hv01"].switch(False)
        run = nodes.play(task, host="hv02")
        assert run.code == 0, run.output
        assert not run.result["changed"]
        (disk,) = run.result["cluster_disks"]["disks"]
        assert disk["owner"] in ("HV02", "HV03")
        assert set(disk["nodes"]) == {"HV02", "HV03"}


def test_instances_on_a_shared_volume_are_there_for_all_nodes(tmp_path: Path) -> None:
    """The folder that one node makes is there when the next one asks for it."""
    with clustered(tmp_path) as nodes:
        assert nodes.play(disks({"unique_id": DATA, "shared_volume": True})).code == 0
        path = f"{cluster_storage.ROOT}\\{nodes.cluster.volumes[0].folder}\\instances"
        task = {"winstack.hyperv.win_hv_instance_paths": {"path": path, "minimum_free_gb": 100}}
        made = nodes.play(task, become=False)
        assert made.code == 0, made.output
        assert made.result["changed"]
        assert mounted(nodes, path) == list(NODES)
        again = nodes.play(task, host="hv03", become=False)
        assert again.code == 0, again.output
        assert not again.result["changed"]
        assert again.result["instance_paths"]["location"] == "cluster_volume"
        assert again.result["instance_paths"]["storage"] == made.result["instance_paths"]["storage"]


def test_the_oldest_windows_numbers_the_folders_of_its_pool(tmp_path: Path) -> None:
    with clustered(tmp_path, hosts={**DISKS, "os": {"version": "2016"}}) as nodes:
        run = nodes.play(spaces(volumes=[{"name": "vms", "size_gb": 50}]))
        assert run.code == 0, run.output
        assert mounted(nodes, r"C:\ClusterStorage\Volume1") == list(NODES)
        (volume,) = run.result["storage_spaces_direct"]["volumes"]
        assert volume["mount_paths"] == [r"C:\ClusterStorage\Volume1"]
        assert [disk["size"] for disk in nodes.cluster.storage["disks"]] == [200 * GB] * 6
