# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts in batches: site.yml with hyperv_serial, and the role in a play of an operator's own. The oracle is the servers' journals."""
from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.site.conftest import Site, StartSite

pytestmark = pytest.mark.long

HOSTS = ("hv01", "hv02")
FOLDERS = {"hyperv_compute_stages": ["folders", "verify"]}
BROKEN = {"hyperv_compute_preflight": {"minimum_memory_gb": 128}}


def own_play(site: Site) -> str:
    path = site.folder / "own.json"
    play = {"hosts": "hyperv_compute", "gather_facts": False, "serial": 1, "any_errors_fatal": True}
    path.write_text(json.dumps([{**play, "roles": [{"role": "winstack.hyperv.hyperv_compute"}]}]))
    return str(path)


def changes(site: Site) -> dict[str, bool]:
    return {host: bool(site.changes(host)) for host in HOSTS}


@pytest.mark.parametrize("through_site", [True, False])
def test_batches_converge_and_a_second_run_changes_nothing(site: StartSite, through_site: bool) -> None:
    running = site()
    playbook = "site.yml" if through_site else own_play(running)
    variables = {**FOLDERS, "hyperv_serial": 1}
    first = running.play(playbook=playbook, variables=variables)
    assert first.code == 0, first.failures
    assert changes(running) == dict.fromkeys(HOSTS, True)
    second = running.play(playbook=playbook, variables=variables)
    assert second.code == 0, second.failures
    assert changes(running) == dict.fromkeys(HOSTS, False)


def test_site_yml_looks_at_all_hosts_before_the_first_batch(site: StartSite) -> None:
    """hv02 has 64 GB."""
    running = site()
    run = running.play(variables={**FOLDERS, **BROKEN, "hyperv_serial": 1})
    assert run.code != 0
    assert changes(running) == dict.fromkeys(HOSTS, False)


def test_a_play_of_ones_own_looks_at_each_batch_when_it_comes(site: StartSite) -> None:
    """Unless it has the preflight before it: docs/live-migration.md."""
    running = site()
    run = running.play(playbook=own_play(running), variables={**FOLDERS, **BROKEN})
    assert run.code != 0
    assert "hv02 | critical | memory" in run.output
    assert changes(running) == {"hv01": True, "hv02": False}


def test_the_control_plane_is_asked_about_the_hosts_that_there_are_so_far(site: StartSite) -> None:
    def with_hyper_v(lab: dict[str, Any]) -> None:
        for host in lab["hosts"].values():
            host["features"] = {"installed": ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"]}

    running = site(with_hyper_v)
    cloud = {
        "hyperv_compute_control_plane_enabled": True, "hyperv_compute_control_plane_cloud": "{{ rehearsal_cloud }}",
        "hyperv_compute_control_plane_wait": 0, "hyperv_serial": 1,
    }
    run = running.play(variables={**FOLDERS, **cloud})
    # The first batch is one host, and with it the play ends. What it fails with is the control plane's answer.
    (failure,) = run.failures
    assert failure[0] == "hv01"
    assert failure[1].startswith("hv01 | critical | compute_service_missing (HV01)")
