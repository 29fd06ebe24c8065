# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_cluster_disks and win_hv_storage_spaces_direct on three simulated nodes. The oracle is the cluster's state and what lies where."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rehearsal.machine import cluster_storage

from tests.integration.resources.cluster_lab import DATA, NODES, RAW, WITNESS, Nodes, clustered

GB = 2**30
DISKS: dict[str, Any] = {"hardware": {"disks": [{}, {"serial": "D1", "size_gb": 200}, {"serial": "D2", "size_gb": 200}]}}


def disks(*entries: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_cluster_disks": {"disks": list(entries), **options}}


def spaces(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_storage_spaces_direct": {"enabled": True, **options}}


def mounted(nodes: Nodes, path: str) -> list[str]:
    """The nodes that have this folder."""
    return [name for name, host in nodes.lab.hosts.items() if host.machine.files.is_folder(path)]


def shared(nodes: Nodes) -> list[str]:
    resources = {resource.id: resource.name for resource in nodes.cluster.resources}
    return [resources[volume.resource] for volume in nodes.cluster.volumes]


def test_from_luns_to_volumes_on_every_node(tmp_path: Path) -> None:
    """A formatted LUN, a raw one that is made a volume first, and a disk that stays one; found again on a node with other disk numbers."""
    with clustered(tmp_path) as nodes:
        again = nodes.converge(disks(
            {"unique_id": WITNESS, "name": "witness", "shared_volume": False},
            {"unique_id": DATA, "name": "vms", "shared_volume": True},
            {"unique_id": RAW, "initialize": True, "file_system": "refs", "label": "more", "shared_volume": True},
        ), again_on="hv02")
        assert shared(nodes) == ["vms", "Cluster Disk 1"]
        found = {disk["unique_id"]: disk for disk in again.result["cluster_disks"]["disks"]}
        assert [found[key]["kind"] for key in (WITNESS, DATA, RAW)] == ["cluster_disk", "shared_volume", "shared_volume"]
        (path,) = found[DATA]["mount_paths"]
        assert mounted(nodes, path) == list(NODES)
        nodes.lab.hosts["hv01"].machine.files.make_folder(f"{path}\\instances")
        assert mounted(nodes, f"{path}\\instances") == list(NODES)
        (refs,) = found[RAW]["mount_paths"]
        assert refs != path
        (raw,) = [disk for disk in nodes.lab.shared_luns.seen_by("hv03") if disk.lun.unique_id == RAW]
        assert [(item.file_system, item.label) for item in raw.content.data] == [("ReFS", "more")]


def test_the_mount_is_waited_for(tmp_path: Path) -> None:
    with clustered(tmp_path, cluster={"csv_mount_seconds": 2}) as nodes:
        run = nodes.play(disks({"unique_id": DATA, "shared_volume": True}))
        assert run.code == 0, run.output
        (volume,) = nodes.cluster.volumes
        assert mounted(nodes, f"{cluster_storage.ROOT}\\{volume.folder}") == list(NODES)


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


def test_a_lun_that_a_node_does_not_see_stops_before_anything_is_touched(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        nodes.lab.shared_luns.set_paths(DATA, "hv03", False)
        run = nodes.play(disks({"unique_id": WITNESS}, {"unique_id": DATA, "shared_volume": True}))
        assert run.code != 0
        assert DATA in run.result["msg"]
        assert "a disk that every node sees" in run.result["msg"]
        assert nodes.changes() == []
        assert shared(nodes) == []


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


# Storage Spaces Direct

@pytest.mark.parametrize("version", ["2016", "2022"])
def test_the_disks_inside_the_nodes_become_a_pool_with_volumes(tmp_path: Path, version: str) -> None:
    with clustered(tmp_path, hosts={**DISKS, "os": {"version": version}}) as nodes:
        again = nodes.converge(spaces(pool_name="Fast", volumes=[{"name": "vms", "size_gb": 50}]), again_on="hv03")
        state = again.result["storage_spaces_direct"]
        assert (state["enabled"], state["pools"]) == (True, ["Fast"])
        (volume,) = state["volumes"]
        assert mounted(nodes, volume["mount_paths"][0]) == list(NODES)
        assert [disk["size"] for disk in nodes.cluster.storage["disks"]] == [200 * GB] * 6


@pytest.mark.parametrize(("hosts", "message"), [
    ({**DISKS, "os": {"edition": "Standard"}}, "the Datacenter edition"),
    ({}, "empty data disks in every node"),
])
def test_conditions_stop_before_anything_is_touched(tmp_path: Path, hosts: dict[str, Any], message: str) -> None:
    with clustered(tmp_path, hosts=hosts) as nodes:
        run = nodes.play(spaces())
        assert run.code != 0
        assert message in run.result["msg"]
        assert nodes.changes() == []
        assert nodes.cluster.storage == {}


def test_a_plain_logon_is_not_enough_for_spaces_direct(tmp_path: Path) -> None:
    """The double hop: it asks every node."""
    with clustered(tmp_path, hosts=DISKS) as nodes:
        run = nodes.play(spaces(), become=False)
        assert run.code != 0
        assert "become" in run.result["msg"]
        assert nodes.cluster.storage == {}
