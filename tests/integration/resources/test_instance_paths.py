# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_instance_paths on simulated servers. The oracle is the server's own state and journal."""
from __future__ import annotations

from typing import Any

import pytest

from tests.integration.resources.conftest import StartServer

FRESH: dict[str, Any] = {
    "hardware": {"disks": [{}, {"letter": "D", "size_gb": 500, "free_gb": 300}]},
    "storage": {"cluster_volumes": [{"size_gb": 2048, "free_gb": 1000}]},
}


def task(path: str, **options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_instance_paths": {"path": path, **options}}


@pytest.mark.parametrize(("version", "path", "location", "total", "free"), [
    ("2016", "D:\\nova\\instances", "drive", 500, 300),
    ("2019", "C:\\ClusterStorage\\Volume1\\instances", "cluster_volume", 2048, 1000),
    ("2022", "D:\\instances", "drive", 500, 300),
    ("2025", "C:\\ClusterStorage\\Volume1\\nova\\instances", "cluster_volume", 2048, 1000),
])
def test_the_folder_comes_and_its_space_is_told(
    server: StartServer, version: str, path: str, location: str, total: int, free: int
) -> None:
    host = server(os={"version": version}, **FRESH)
    again = host.converge(task(path, minimum_free_gb=100))
    assert host.machine.files.is_folder(path)
    state = again.result["instance_paths"]
    assert {name: state[name] for name in ("path", "location", "exists", "total_gb", "free_gb")} == {
        "path": path, "location": location, "exists": True, "total_gb": total, "free_gb": free,
    }
    assert (state["storage"] is None) == (location == "drive")


@pytest.mark.parametrize(("path", "options", "message"), [
    ("X:\\instances", {}, "path: the drive X: is not on this host"),
    ("C:\\ClusterStorage\\Volume9\\instances", {}, "path: the cluster volume volume9 is not on this host"),
    ("D:\\instances", {"minimum_free_gb": 301}, "instances_space (D:\\instances): found 300 GB free of 500 GB, wanted at least 301 GB"),
    ("instances", {}, "path: 'instances' is no absolute Windows path"),
])
def test_what_will_not_do_changes_nothing(server: StartServer, path: str, options: dict[str, Any], message: str) -> None:
    host = server(**FRESH)
    run = host.play(task(path, **options))
    assert run.code != 0
    assert message in run.result["msg"]
    assert host.changes() == []


def test_a_share_is_left_alone(server: StartServer) -> None:
    host = server(**FRESH)
    run = host.play(task("\\\\fs1\\instances"))
    assert run.code == 0, run.output
    assert not run.result["changed"]
    assert run.result["instance_paths"]["storage"] == "\\\\fs1\\instances"
    assert host.changes() == []
