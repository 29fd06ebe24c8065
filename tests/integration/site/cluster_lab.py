# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts that are ready for a cluster, and the cluster of them that several tests start from."""
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from rehearsal.lab import from_mapping
from rehearsal.running import running

from tests.integration.site.conftest import FAST, ROOT, Run, Site

LAB = yaml.safe_load((ROOT / "extensions/molecule/cluster/lab.yml").read_text(encoding="utf-8"))
FEATURES = ["Hyper-V", "Hyper-V-PowerShell", "Failover-Clustering", "RSAT-Clustering-PowerShell", "FS-FileServer"]
NODES = ["node1", "node2", "node3"]
ADMIN = r"EXAMPLE\cluster-admin"
# What hyperv_compute does to the hosts is the business of other tests.
READY: dict[str, Any] = {
    "hyperv_compute_stages": ["features"], "hyperv_cluster_lock_backend": {}, "hyperv_cluster_networks": {}, "hyperv_cluster_disks": {},
    "hyperv_cluster_quorum": {},
}

StartCluster = Callable[..., Site]


def prepared(lab: dict[str, Any]) -> dict[str, Any]:
    """The lab with its servers renamed, in the domain and with their features."""
    ready = {
        name: {**host, "computer_name": name, "domain": "example.org", "features": {"installed": FEATURES}}
        for name, host in lab["hosts"].items()
    }
    return {**lab, "timing": dict(FAST), "hosts": ready}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartCluster]:
    with ExitStack() as stack:

        def begin(change: Callable[[dict[str, Any]], None] = lambda lab: None) -> Site:
            mapping = prepared(LAB)
            change(mapping)
            return Site(stack.enter_context(running(from_mapping(mapping), tmp_path / "lab")), tmp_path, "example_cluster")

        yield begin


def play(site: Site, *arguments: str, playbook: str = "cluster.yml", **variables: Any) -> Run:
    return site.play(*arguments, playbook=playbook, variables={**READY, **variables})


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a lab in which the cluster was made, for tests to start from a copy of it."""
    folder = tmp_path_factory.mktemp("made")
    with running(from_mapping(prepared(LAB)), folder / "lab") as lab:
        run = play(Site(lab, folder, "example_cluster"))
        assert run.code == 0, run.failures
    return folder / "lab"


@pytest.fixture
def made(made_once: Path, tmp_path: Path) -> Iterator[Site]:
    """The cluster of three nodes."""
    shutil.copytree(made_once, tmp_path / "lab")
    with running(from_mapping(prepared(LAB)), tmp_path / "lab") as lab:
        yield Site(lab, tmp_path, "example_cluster")
