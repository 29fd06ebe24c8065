# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role hyperv_cluster in site.yml: one cluster, whoever is there to make it, on hosts that are ready for it."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from rehearsal.lab import from_mapping
from rehearsal.running import running

from tests.integration.site.conftest import FAST, ROOT, Site

LAB = yaml.safe_load((ROOT / "extensions/molecule/cluster/lab.yml").read_text(encoding="utf-8"))
FEATURES = ["Hyper-V", "Hyper-V-PowerShell", "Failover-Clustering", "RSAT-Clustering-PowerShell", "FS-FileServer"]
# The hosts are ready: what hyperv_compute does to them is the business of other tests.
READY = {"hyperv_compute_stages": ["features"]}
NODES = ["node1", "node2", "node3"]

StartCluster = Callable[..., Site]


def prepared(lab: dict[str, Any]) -> dict[str, Any]:
    """The lab with its servers renamed, in the domain and with their features."""
    ready = {name: {**host, "computer_name": name, "domain": "example.org", "features": {"installed": FEATURES}}
             for name, host in lab["hosts"].items()}
    return {**lab, "timing": dict(FAST), "hosts": ready}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[StartCluster]:
    with ExitStack() as stack:

        def start(change: Callable[[dict[str, Any]], None] = lambda lab: None) -> Site:
            mapping = prepared(LAB)
            change(mapping)
            return Site(stack.enter_context(running(from_mapping(mapping), tmp_path / "lab")), tmp_path, "example_cluster")

        yield start


def cmdlets(site: Site, host: str, *names: str) -> list[dict[str, Any]]:
    """The calls of these cmdlets in the last play on a host, with their parameters."""
    return [call for entry in site.calls(host) for call in entry.calls if call["name"] in names]
