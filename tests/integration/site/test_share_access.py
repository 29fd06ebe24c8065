# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instances on a share in site.yml. The oracle is what the simulated file server grants, and its files."""
from __future__ import annotations

from typing import Any

import pytest

from tests.integration.site.conftest import StartSite

pytestmark = pytest.mark.long

PATH = r"\\fs1.example.org\instances\nova"
ACCOUNT, PASSWORD = r"EXAMPLE\nova", "Nova-Password-1"
STAGES = ["folders", "share_access"]


def lab(mapping: dict[str, Any], *, ntfs: tuple[str, ...] = (ACCOUNT, "Domain Computers")) -> None:
    mapping["active_directory"] = {
        "dns_name": "example.org", "accounts": ["hv01", "hv02"], "users": [{"name": "nova", "password": PASSWORD}],
    }
    for host in mapping["hosts"].values():
        host["domain"] = "example.org"
    rights = [{"account": account, "rights": "modify"} for account in ntfs]
    mapping["file_servers"] = [{
        "name": "FS1", "addresses": ["192.0.2.30"], "shares": [{"name": "instances", "folders": ["nova"], "ntfs_rights": rights}],
    }]


def variables(**account: str) -> dict[str, Any]:
    return {
        "hyperv_compute_stages": STAGES, "hyperv_compute_share_access_paths": [PATH, r"C:\OpenStack\Instances"],
        "hyperv_compute_service_account": {"account": ACCOUNT, "password": PASSWORD, **account},
    }


def probes(running: Any) -> dict[str, int]:
    return {host: sum("winstack-probe-" in line for line in running.changes(host)) for host in running.lab.hosts}


def test_both_accounts_are_tried_where_something_was_to_be_done(site: StartSite) -> None:
    running = site(lab)
    first = running.play(variables=variables())
    assert first.code == 0, first.failures
    # A folder, a file, and both away again; as either account.
    assert probes(running) == {"hv01": 6, "hv02": 6}
    assert sorted({entry.become for entry in running.calls("hv01")}) == ["", ACCOUNT, "SYSTEM"]
    assert PASSWORD not in first.output

    second = running.play(variables=variables())
    assert second.code == 0, second.failures
    assert probes(running) == {"hv01": 0, "hv02": 0}
    assert {len(running.calls(host)) for host in running.lab.hosts} == {1}

    verify = running.play(playbook="verify.yml", variables=variables())
    assert verify.code == 0, verify.failures
    assert probes(running) == {"hv01": 0, "hv02": 0}
    assert {"SYSTEM", ACCOUNT} <= {entry.become for entry in running.calls("hv01")}


def test_a_right_that_the_computer_accounts_lack_stops_the_hosts_before_the_service(site: StartSite) -> None:
    running = site(lambda mapping: lab(mapping, ntfs=(ACCOUNT,)))
    run = running.play(variables=variables())
    assert run.code != 0
    messages = dict(run.failures)
    for host in ("hv01", "hv02"):
        assert rf"{host} | critical | ntfs_right_missing ({PATH} as example.org\{host.upper()}$)" in messages[host]


def test_a_managed_account_is_not_tried_and_that_is_said(site: StartSite) -> None:
    running = site(lab)
    run = running.play("--limit", "hv01", variables=variables(account="EXAMPLE\\nova$", password=""))
    assert run.code == 0, run.failures
    assert "share_access_not_verified (EXAMPLE\\\\nova$)" in run.output
    assert {entry.become for entry in running.calls("hv01")} == {"", "SYSTEM"}


def test_check_mode_writes_nothing_to_the_share(site: StartSite) -> None:
    running = site(lab)
    run = running.play("--check", variables=variables())
    assert run.code == 0, run.failures
    assert probes(running) == {"hv01": 0, "hv02": 0}
