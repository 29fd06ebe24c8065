# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""rolling_update.yml: one node after the other, drained and resumed. A feature that needs a restart stands for every change."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.faults import Fault

from tests.integration.site.cluster_lab import FEATURES, NODES, READY, made, made_once
from tests.integration.site.conftest import Run, Site

__all__ = ["made", "made_once"]

pytestmark = pytest.mark.long

UPDATE: dict[str, Any] = {**READY, "hyperv_compute_features": {"names": [*FEATURES, "Multipath-IO"]}}


def update(site: Site, **variables: Any) -> Run:
    return site.play(playbook="rolling_update.yml", variables={**UPDATE, **variables})


def course(site: Site) -> list[tuple[str, str]]:
    """Who was drained, restarted and resumed in the last play, in the order of time over all hosts."""
    wanted = {"Suspend-ClusterNode": "drained", "Resume-ClusterNode": "resumed", "Install-WindowsFeature": "changed"}
    steps = []
    for host in NODES:
        for entry in site.lab.hosts[host].journal.entries()[site.marks[host]:]:
            if entry.kind == "power":
                steps.append((entry.time, host, "restarted"))
            steps += [(entry.time, host, wanted[call["cmdlet"]]) for call in entry.calls
                      if call.get("cmdlet") in wanted and "error" not in call]
    return [(host, step) for _time, host, step in sorted(steps)]


def whole(host: str) -> list[tuple[str, str]]:
    return [(host, step) for step in ("drained", "changed", "restarted", "resumed")]


def test_one_after_the_other_and_nothing_for_a_node_that_is_as_wanted(made: Site) -> None:
    site = made
    assert update(site).code == 0
    assert course(site) == [step for host in NODES for step in whole(host)]
    again = update(site)
    assert (again.code, again.recap("changed")) == (0, dict.fromkeys(NODES, 0)), again.failures
    assert course(site) == []


def test_stops_at_the_node_that_does_not_come_back_and_goes_on_there(made: Site) -> None:
    site = made
    error = {"id": "X", "message": "stuck", "category": "NotSpecified", "exception": "System.Exception"}
    stuck = Fault(kind="error", match="Resume-ClusterNode", persistent=True, error=error)
    site.lab.hosts["node2"].faults.arm(stuck)
    stopped = update(site)
    assert stopped.code != 0
    assert [(host, "stuck" in message) for host, message in stopped.failures] == [("node2", True)]
    assert course(site) == [*whole("node1"), *whole("node2")[:-1]]
    site.lab.hosts["node2"].faults.clear()
    resumed = update(site)
    assert resumed.code == 0, resumed.failures
    assert course(site) == [("node2", "resumed"), *whole("node3")]


def test_no_node_is_drained_while_another_one_is_down(made: Site) -> None:
    site = made
    site.lab.hosts["node3"].switch(False)
    stopped = site.play("--limit", "node1,node2", playbook="rolling_update.yml", variables=UPDATE)
    assert stopped.code != 0
    assert any("node3" in message and "hyperv_cluster_tolerated_nodes" in message for _host, message in stopped.failures)
    assert course(site) == []
    site.play("--limit", "node1,node2", playbook="rolling_update.yml", variables={**UPDATE, "hyperv_cluster_tolerated_nodes": ["node3"]})
    assert course(site)[0] == ("node1", "drained")
