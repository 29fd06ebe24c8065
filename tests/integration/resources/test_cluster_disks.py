# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_cluster_disks on simulated servers. The oracle is the lab's cluster, its LUNs and the servers' journals."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.resources.cluster_lab import DATA, NODES, RAW, WITNESS, bare, clustered

ROOT = r"C:\ClusterStorage"


def task(*disks: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_cluster_disks": {"disks": list(disks), **options}}


WANTED = task(
    {"unique_id": WITNESS, "name": "Witness", "shared_volume": False},
    {"unique_id": DATA.lower(), "name": "Instances"},
    {"unique_id": RAW, "name": "More", "initialize": True, "file_system": "refs", "label": "more"},
)


def test_disks_become_volumes_that_every_node_has_mounted(tmp_path: Path) -> None:
    """Under numbers that differ from node to node, read again by another node than the one that made them."""
    with clustered(tmp_path) as nodes:
        numbers = [
            next(disk.number for disk in nodes.lab.hosts[name].machine.storage.disks() if disk.unique_id == DATA) for name in NODES
        ]
        assert len(set(numbers)) > 1
        again = nodes.converge(WANTED, again_on="hv02")
        found = {item["name"]: item for item in again.result["cluster_disks"]["disks"]}
        assert (found["Witness"]["kind"], found["Witness"]["mount_paths"]) == ("cluster_disk", [])
        assert (found["Instances"]["kind"], found["More"]["kind"]) == ("shared_volume", "shared_volume")
        folders = {volume.folder for volume in nodes.cluster.volumes}
        assert {path for item in found.values() for path in item["mount_paths"]} == {rf"{ROOT}\{folder}" for folder in folders}
        assert set(found["Instances"]["nodes"].values()) == {"Direct"}
        assert set(found["More"]["nodes"].values()) == {"FileSystemRedirected"}
        assert {name.lower() for name in found["More"]["nodes"]} == set(NODES)
        for name in NODES:
            for folder in folders:
                assert nodes.lab.hosts[name].machine.files.is_folder(rf"{ROOT}\{folder}")
        letters = [disk.letter for disk in nodes.lab.hosts["hv01"].machine.storage.disks() if disk.unique_id in (WITNESS, DATA, RAW)]
        assert letters == ["", "", ""]


def test_cim_shows_the_promises(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        disks = ({"unique_id": WITNESS, "name": "Witness", "shared_volume": False}, {"unique_id": DATA, "name": "Data"}, {"unique_id": RAW})
        wanted = task(*disks)
        assert {found for found, _kept in nodes.verify(wanted).values()} == {None, False}
        assert nodes.play(task(*disks[:2])).code == 0
        assert nodes.verify(wanted, host="hv02") == {
            "disks.Witness": ("cluster_disk", True), "disks.Data": ("shared_volume", True), f"disks.{RAW}": (False, False),
        }


def test_it_waits_until_slow_nodes_have_mounted(tmp_path: Path) -> None:
    with clustered(tmp_path, cluster={"csv_mount_seconds": 7}) as nodes:
        run = nodes.play(task({"unique_id": DATA}))
        assert run.code == 0, run.output
        (disk,) = run.result["cluster_disks"]["disks"]
        assert (disk["name"], set(disk["nodes"].values())) == ("Cluster Disk 1", {"Direct"})


def test_a_node_that_never_mounts_ends_the_wait_with_an_explanation(tmp_path: Path) -> None:
    with clustered(tmp_path, cluster={"csv_mount_seconds": 3600}) as nodes:
        wanted = task({"unique_id": DATA, "name": "Instances"}, mount_seconds=5)
        run = nodes.play(wanted)
        assert run.code != 0
        assert "Get-ClusterSharedVolumeState failed in call 'mounted0'" in run.result["msg"]
        assert "A node has not mounted the volume" in run.result["msg"]
        assert [volume.folder for volume in nodes.cluster.volumes] == ["Volume1"]
        later = nodes.play(wanted, check=True)
        assert later.code == 0, later.output
        (difference,) = later.result["differences"]
        assert {name.lower() for name in difference["before"][0]["not_mounted"]} == {"hv02", "hv03"}


def test_a_disk_without_a_volume_is_formatted_with_consent_only(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        for check in (True, False):
            run = nodes.play(task({"unique_id": RAW}), check=check)
            assert run.code != 0
            assert f"critical: disk_empty ({RAW})" in run.result["msg"]
            assert nodes.changes() == []


def test_a_volume_keeps_what_is_on_it(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(task({"unique_id": DATA, "initialize": True, "label": "new"}))
        assert run.code == 0, run.output
        assert [line for line in nodes.changes() if "formatted" in line or "initialized" in line] == []
        assert run.result["cluster_disks"]["shared_volumes"][0]["file_systems"] == ["NTFS"]


def test_a_disk_that_one_node_does_not_see_is_not_taken(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        nodes.lab.shared_luns.set_paths(DATA, "hv03", False)
        run = nodes.play(task({"unique_id": WITNESS, "shared_volume": False}, {"unique_id": DATA}))
        assert run.code != 0
        assert f"critical: disk_not_shared ({DATA})" in run.result["msg"]
        assert nodes.changes() == []
        nodes.lab.shared_luns.set_paths(DATA, "hv03", True)
        assert nodes.play(task({"unique_id": DATA})).code == 0


def test_an_empty_disk_that_one_node_does_not_see_is_explained(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        nodes.lab.shared_luns.set_paths(RAW, "hv02", False)
        run = nodes.play(task({"unique_id": RAW, "initialize": True}))
        assert run.code != 0
        assert "Add-ClusterDisk failed" in run.result["msg"]
        assert "Every node must see the disk" in run.result["msg"]


def test_a_wrong_id_stops_before_anything_is_touched(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(task({"unique_id": DATA}, {"unique_id": "60003FF4NOSUCH"}))
        assert run.code != 0
        assert "critical: disk_missing (60003FF4NOSUCH)" in run.result["msg"]
        assert nodes.changes() == []


def test_a_disk_is_found_again_whatever_it_is_called(tmp_path: Path) -> None:
    """And a cluster disk becomes a shared volume later, and is not taken back."""
    with clustered(tmp_path) as nodes:
        nodes.converge(task({"unique_id": DATA, "name": "Spare", "shared_volume": False}))
        nodes.converge(task({"unique_id": DATA, "name": "Instances"}))
        nodes.converge(task({"unique_id": DATA, "name": "Renamed"}))
        (resource,) = [item for item in nodes.cluster.resources if item.type == "Physical Disk"]
        assert resource.name == "Renamed"
        run = nodes.play(task({"unique_id": DATA, "shared_volume": False}))
        assert "is the cluster shared volume 'Renamed' already" in run.result["msg"]


def test_no_rights_on_the_network_are_needed(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(WANTED, become=False)
        assert run.code == 0, run.output


def test_in_no_cluster_check_mode_says_what_would_change(tmp_path: Path) -> None:
    with bare(tmp_path) as nodes:
        planned = nodes.play(WANTED, check=True)
        assert planned.code == 0, planned.output
        (difference,) = planned.result["differences"]
        assert [item["kind"] for item in difference["after"]] == ["cluster_disk", "shared_volume", "shared_volume"]
        applied = nodes.play(WANTED)
        assert "cannot be changed yet: this host is in no cluster yet" in applied.result["msg"]
        assert nodes.changes() == []
