# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rename and join in the role. The oracle is the state of the simulated servers and of their domain."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.faults import Fault

from tests.integration.site.conftest import Run, Site, StartSite

pytestmark = pytest.mark.long

HYPER_V = {"names": ["Hyper-V", "Hyper-V-PowerShell"]}
PASSWORD = "Join-the-7th"
DOMAIN: dict[str, Any] = {
    "hyperv_compute_stages": ["domain", "features", "live_migration", "verify"],
    "hyperv_compute_features": HYPER_V,
    "hyperv_compute_domain": {
        "dns_domain_name": "example.org", "hostname": "compute-{{ inventory_hostname }}", "ou_path": "OU=Compute,DC=example,DC=org",
    },
    "hyperv_compute_domain_admin_user": "joiner@example.org",
    "hyperv_compute_domain_admin_password": PASSWORD,
    "hyperv_compute_live_migration": {"enabled": True, "authentication": "kerberos", "use_any_network": True},
}


def with_domain(lab: dict[str, Any]) -> None:
    lab["active_directory"] = {
        "dns_name": "example.org", "user": "joiner", "password": PASSWORD,
        "units": ["OU=Compute,DC=example,DC=org"], "blocked": ["compute-hv02"],
    }


def play(site: Site, *arguments: str, **changed: Any) -> Run:
    return site.play("--limit", "hv01", "-vvv", *arguments, variables={**DOMAIN, **changed})


def full_name(site: Site, host: str = "hv01") -> str:
    return site.lab.hosts[host].machine.identity.full_name


def modules(site: Site, host: str = "hv01") -> list[str]:
    return [entry.name for entry in site.calls(host) if entry.kind == "module"]


def test_name_domain_features_and_live_migration_with_one_restart(site: StartSite) -> None:
    running = site(with_domain)
    machine = running.lab.hosts["hv01"].machine

    check = play(running, "--check", "--diff")
    assert check.code == 0, check.failures
    assert running.changes("hv01") == []

    first = play(running, "--diff")
    assert first.code == 0, first.failures
    assert full_name(running) == "COMPUTE-HV01.example.org"
    assert machine.directory.accounts == {"compute-hv01", "compute-hv02"}
    assert machine.hyperv.settings["VirtualMachineMigrationEnabled"] is True
    assert machine.reboots == 1
    assert modules(running).count("microsoft.ad.membership") == 1
    assert PASSWORD not in check.output + first.output
    assert not any(PASSWORD in str(entry) for entry in running.calls("hv01"))

    second = play(running, "--diff")
    assert second.code == 0, second.failures
    assert second.recap("changed") == {"hv01": 0}
    assert running.changes("hv01") == []
    assert modules(running) == ["winstack.hyperv.win_cmdlets"] * 2


def test_alone_the_stage_restarts_itself_and_installs_nothing(site: StartSite) -> None:
    running = site(with_domain)
    run = play(running, "--tags", "domain")
    assert run.code == 0, run.failures
    machine = running.lab.hosts["hv01"].machine
    assert (full_name(running), machine.reboots) == ("COMPUTE-HV01.example.org", 1)
    assert not machine.module_available("Hyper-V")


def test_a_rename_alone_needs_no_domain(site: StartSite) -> None:
    running = site()
    wish = {"hyperv_compute_stages": ["domain", "verify"], "hyperv_compute_domain": {"hostname": "compute-01"}}
    run = running.play("--limit", "hv01", variables=wish)
    assert run.code == 0, run.failures
    assert (full_name(running), running.lab.hosts["hv01"].machine.reboots) == ("COMPUTE-01", 1)
    again = running.play("--limit", "hv01", variables=wish)
    assert again.recap("changed") == {"hv01": 0}


@pytest.mark.parametrize(("domain", "message"), [
    ({"dns_domain_name": "EXAMPLE"}, "'EXAMPLE' has no dot, so it is a NetBIOS name"),
    ({"dns_domain_name": "example.org", "hostname": "compute-node-hv01"}, "has 17 characters; allowed are 15"),
])
def test_a_wish_that_cannot_come_true_stops_before_the_first_change(site: StartSite, domain: dict[str, str], message: str) -> None:
    running = site(with_domain)
    run = play(running, hyperv_compute_domain=domain)
    assert run.code != 0
    assert message in run.output
    assert modules(running) == ["winstack.hyperv.win_cmdlets"]
    assert running.changes("hv01") == []


def test_another_domain_stops_before_the_first_change(site: StartSite) -> None:
    def elsewhere(lab: dict[str, Any]) -> None:
        with_domain(lab)
        lab["hosts"]["hv01"]["domain"] = "other.org"

    running = site(elsewhere)
    run = play(running)
    assert run.code != 0
    assert "this host is in the domain other.org already" in run.output
    assert running.changes("hv01") == []


def test_a_join_without_an_account_says_which_variables_are_missing(site: StartSite) -> None:
    running = site(with_domain)
    run = play(running, hyperv_compute_domain_admin_password="")
    assert run.code != 0
    assert "hyperv_compute_domain_admin_password" in run.failures[-1][1]
    assert running.changes("hv01") == []


def test_after_a_wrong_password_the_next_run_restarts_first_and_then_joins(site: StartSite) -> None:
    running = site(with_domain)
    wrong = "not-the-Password-9"
    run = play(running, hyperv_compute_domain_admin_password=wrong)
    assert run.code != 0
    message = run.failures[-1][1]
    assert "failed to join domain 'example.org'" in message
    assert "The user name or password is incorrect." in message
    assert wrong not in run.output
    assert running.lab.hosts["hv01"].machine.reboots == 0

    right = play(running)
    assert right.code == 0, right.failures
    assert full_name(running) == "COMPUTE-HV01.example.org"
    assert running.lab.hosts["hv01"].machine.directory.accounts == {"compute-hv01", "compute-hv02"}
    assert running.lab.hosts["hv01"].machine.reboots == 2


def test_an_account_that_must_not_be_taken_over_is_explained(site: StartSite) -> None:
    running = site(with_domain)
    run = running.play("--limit", "hv02", variables=DOMAIN)
    assert run.code != 0
    message = run.failures[-1][1]
    assert "Re-using the account was blocked by security policy." in message
    assert "Error 2732" in message
    assert "NetSetup.LOG" in message


def test_a_host_that_goes_away_between_join_and_restart_is_finished_by_the_next_run(site: StartSite) -> None:
    running = site(with_domain)
    running.lab.hosts["hv01"].faults.arm(Fault("drop", match="Install-WindowsFeature", when="before"))
    run = play(running)
    assert run.recap("unreachable") == {"hv01": 1}
    running.wait("hv01")
    assert full_name(running) == "HV01"

    finished = play(running)
    assert finished.code == 0, finished.failures
    assert "microsoft.ad.membership" not in modules(running)
    assert full_name(running) == "COMPUTE-HV01.example.org"


def test_live_migration_outside_of_a_domain_is_refused_before_the_first_change(site: StartSite) -> None:
    running = site(with_domain)
    run = play(running, hyperv_compute_domain={})
    assert run.code != 0
    assert "live_migration refused" in run.output
    assert "join the host first" in run.output
    assert running.changes("hv01") == []
