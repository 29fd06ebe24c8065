# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The driver's locks in the role hyperv_cluster: every node has to reach them, with packages that know the backend.

The oracle is the lab: who listens there, and what lies in the environment that the role's variables name.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.running import running

from tests.integration.site.cluster_lab import LAB, NODES, READY, StartCluster, play, prepared
from tests.integration.site.conftest import Run, Site

pytestmark = pytest.mark.long

SHA256 = "AB" * 32
PACKAGES = r"C:\Program Files\OpenStack\Driver\abababababab\venv\Lib\site-packages"
WHEELHOUSE: dict[str, Any] = {"hyperv_compute_driver_wheelhouse": {"archive": {"path": r"C:\house.zip", "sha256": SHA256}}}
SERVER = "192.0.2.40"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartCluster]:
    with ExitStack() as stack:

        def begin(*silent: str) -> Site:
            """silent: the nodes that the lock server does not answer."""
            mapping = prepared(LAB)
            mapping["hosts"] = {name: _with_server(host, name not in silent) for name, host in mapping["hosts"].items()}
            return Site(stack.enter_context(running(from_mapping(mapping), tmp_path / "lab")), tmp_path, "example_cluster")

        yield begin


def _with_server(host: dict[str, Any], up: bool) -> dict[str, Any]:
    network = host.get("network", {})
    servers = [*network.get("servers", []), {"address": SERVER, "ports": [2379], "up": up}]
    return {**host, "network": {**network, "servers": servers}}


def lock(site: Site) -> Run:
    """A cluster without networks, disks and quorum, whose locks are in etcd and whose driver comes from a wheelhouse."""
    options = {"backend_url": f"etcd3+http://{SERVER}:2379?api_version=v3", "environment": "{{ hyperv_cluster_driver_environment }}"}
    return play(site, hyperv_cluster_lock_backend=options, **WHEELHOUSE)


def install(site: Site, *packages: str) -> None:
    for node in NODES:
        for package in packages:
            site.lab.hosts[node].machine.files.make_folder(rf"{PACKAGES}\{package}.dist-info")


def test_locks_that_every_node_reaches_with_packages_that_know_them(start: StartCluster) -> None:
    """As the example has it: nova.conf's own URL, and the environment of its wheelhouse, which comes after the cluster."""
    running = start()
    variables = {name: value for name, value in READY.items() if name != "hyperv_cluster_lock_backend"}
    first = running.play(playbook="cluster.yml", variables=variables)
    assert first.code == 0, first.failures
    digest = running.lab.inventory()["all"]["vars"]["rehearsal_downloads"]["nova-hyperv-2023.2-cp38-win_amd64.zip"]["sha256"]
    packages = rf"C:\Program Files\OpenStack\Driver\{digest[:12].lower()}\venv\Lib\site-packages"
    for node in NODES:
        looked = [call for entry in running.calls(node) for call in entry.calls if call.get("cmdlet") == "Get-ChildItem"]
        assert {call["parameters"]["LiteralPath"][0] for call in looked} == {packages}


def test_a_node_that_does_not_reach_them_and_packages_that_are_missing_are_named(start: StartCluster) -> None:
    running = start("node2")
    install(running, "tooz-4.2.0")
    run = lock(running)
    assert run.code != 0
    messages = dict(run.failures)
    for node in NODES:
        assert "the package etcd3gw is missing" in messages[node]
        assert (f"lock_backend_unreachable ({SERVER}:2379)" in messages[node]) == (node == "node2")
