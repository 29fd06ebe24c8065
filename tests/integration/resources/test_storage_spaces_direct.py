# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_storage_spaces_direct on simulated servers. The oracle is the lab's cluster and the servers' journals."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.resources.cluster_lab import NODES, bare, clustered

BOOT = {"size_gb": 240, "bus_type": 11}
DATA = [{"name": f"SSD{number}", "serial": f"S{number}", "size_gb": 900, "bus_type": 17} for number in (1, 2)]
WANTED: dict[str, Any] = {
    "cache": False, "volumes": [{"name": "Instances1", "size_gb": 200}, {"name": "Instances2", "size_gb": 100, "file_system": "ntfs"}],
}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_storage_spaces_direct": options}


def servers(disks: list[dict[str, Any]], edition: str = "Datacenter") -> dict[str, Any]:
    """Servers with the disk of the system and these, and without shared ones."""
    nics = [{"name": "Ethernet"}]
    system = {"version": "2022", "edition": edition}
    return {"shared_luns": [], "hosts": {"hardware": {"nics": nics, "disks": [BOOT, *disks]}, "os": system}}


def test_it_is_switched_on_and_its_volumes_are_mounted_everywhere(tmp_path: Path) -> None:
    with clustered(tmp_path, **servers(DATA), cluster={"csv_mount_seconds": 3}) as nodes:
        again = nodes.converge(task(**WANTED), again_on="hv03")
        state = again.result["storage_spaces_direct"]
        assert (state["enabled"], state["cache"], state["pools"]) == (True, False, ["S2D on CL1"])
        volumes = {volume["name"]: volume for volume in state["volumes"] if volume["name"].startswith("Instances")}
        assert {name: volume["size_gb"] for name, volume in volumes.items()} == {"Instances1": 200, "Instances2": 100}
        assert set(volumes["Instances1"]["nodes"].values()) == {"FileSystemRedirected"}
        assert set(volumes["Instances2"]["nodes"].values()) == {"Direct"}
        for volume in volumes.values():
            (path,) = volume["mount_paths"]
            assert all(nodes.lab.hosts[name].machine.files.is_folder(path) for name in NODES)
        assert nodes.verify(task(**WANTED)) == {
            "enabled": ("Enabled", True), "volumes.Instances1": (True, True), "volumes.Instances2": (True, True),
        }
        more = nodes.play(task(cache=True, volumes=[*WANTED["volumes"], {"name": "Third", "size_gb": 10}]))
        assert more.code == 0, more.output
        assert [item["path"] for item in more.result["differences"]] == ["cache", "volumes"]
        refused = nodes.play(task(enabled=False))
        assert "switching it off would destroy the pool" in refused.result["msg"]
        assert nodes.changes() == []


def test_a_pool_of_another_name(tmp_path: Path) -> None:
    with clustered(tmp_path, **servers(DATA)) as nodes:
        run = nodes.play(task(pool_name="Compute", volumes=[{"name": "V", "size_gb": 10}]))
        assert run.code == 0, run.output
        assert run.result["storage_spaces_direct"]["pools"] == ["Compute"]
        assert not nodes.play(task(volumes=[{"name": "V", "size_gb": 10}])).result["changed"]


def test_it_asks_every_node_so_it_needs_become(tmp_path: Path) -> None:
    with clustered(tmp_path, **servers(DATA)) as nodes:
        run = nodes.play(task(), become=False)
        assert run.code != 0
        assert "Enable-ClusterStorageSpacesDirect failed" in run.result["msg"]
        assert "become_method: runas" in run.result["msg"]
        assert nodes.changes() == []
        assert nodes.cluster.storage == {}


def test_standard_edition_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    with clustered(tmp_path, **servers(DATA, edition="Standard")) as nodes:
        run = nodes.play(task())
        assert run.code != 0
        assert "critical: s2d_edition (Windows)" in run.result["msg"]
        assert nodes.changes() == []


def test_every_node_reports_its_own_disks_in_check_mode_beforehand(tmp_path: Path) -> None:
    used = {"name": "Old", "serial": "OLD1", "size_gb": 900, "bus_type": 17, "letter": "E"}
    with bare(tmp_path, **servers([used])) as nodes:
        run = nodes.play(task(on_critical="report"), host="hv02", check=True)
        assert run.code == 0, run.output
        (finding,) = run.result["findings"]
        assert (finding["name"], finding["severity"]) == ("s2d_disks", "critical")
        assert "OLD1" in finding["remediation"]
        assert run.result["differences"] == [{"path": "enabled", "before": None, "after": True}]


def test_in_no_cluster_it_waits(tmp_path: Path) -> None:
    with bare(tmp_path, **servers(DATA)) as nodes:
        assert nodes.play(task(**WANTED), check=True).code == 0
        applied = nodes.play(task(**WANTED))
        assert "cannot be changed yet: this host is in no cluster yet" in applied.result["msg"]
        assert nodes.changes() == []
