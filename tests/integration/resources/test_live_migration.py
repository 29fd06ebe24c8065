# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_live_migration on simulated servers. The oracle is the server's own state and journal."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine.hyperv import MigrationNetwork

from tests.integration.resources.conftest import StartServer

VERSIONS = ("2016", "2019", "2022", "2025")
RULE = "VIRT-MIGL-In-TCP-NoScope"
HYPER_V: dict[str, Any] = {"features": {"installed": ["Hyper-V", "Hyper-V-PowerShell"]}, "domain": "example.org"}
WANTED: dict[str, Any] = {
    "enabled": True, "authentication": "kerberos", "performance_option": "smb", "maximum_virtual_machine_migrations": 4,
    "maximum_storage_migrations": 3, "use_any_network": False,
    "networks": [{"subnet": "10.20.0.9/24", "priority": 1}, {"subnet": "10.30.0.5"}],
}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_live_migration": options}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fresh_host_converges(server: StartServer, version: str) -> None:
    host = server(os={"version": version}, **HYPER_V)
    machine = host.machine
    machine.hyperv.set_networks([MigrationNetwork("192.168.0.0/16", 0)])
    machine.firewall.enable(next(rule for rule in machine.firewall.rules() if rule.name == RULE), False)
    again = host.converge(task(**WANTED))
    assert machine.hyperv.networks == (MigrationNetwork("10.20.0.0/24", 1), MigrationNetwork("10.30.0.5/32", None))
    settings = machine.hyperv.settings
    assert settings["VirtualMachineMigrationEnabled"] is True
    assert settings["VirtualMachineMigrationAuthenticationType"] == "Kerberos"
    assert settings["VirtualMachineMigrationPerformanceOption"] == "SMB"
    assert (settings["MaximumVirtualMachineMigrations"], settings["MaximumStorageMigrations"]) == (4, 3)
    assert next(rule for rule in machine.firewall.rules() if rule.name == RULE).enabled
    assert again.result["live_migration"] == {
        **{name: value for name, value in WANTED.items() if name != "networks"},
        "networks": [{"subnet": "10.20.0.0/24", "priority": 1}, {"subnet": "10.30.0.5/32", "priority": None}],
        "firewall_rules": {RULE: True},
    }


def test_networks_are_added_again_while_vmms_refuses_them(server: StartServer) -> None:
    host = server(timing={"vmms_ready_seconds": 1}, **HYPER_V)
    run = host.play(task(enabled=True, networks=[{"subnet": "10.20.0.0/24", "priority": 1}]))
    assert run.code == 0, run.output
    assert host.machine.hyperv.networks == (MigrationNetwork("10.20.0.0/24", 1),)


def test_outside_a_domain_nothing_is_touched(server: StartServer) -> None:
    host = server(features=HYPER_V["features"])
    for check in (True, False):
        run = host.play(task(**WANTED), check=check)
        assert run.code != 0
        assert run.result["msg"].startswith("live_migration: enabled: this host is in no Active Directory domain")
    planned = host.play(task(**WANTED, domain_join_planned=True), check=True)
    assert planned.code == 0, planned.output
    assert planned.result["changed"]
    refused = host.play(task(**WANTED, domain_join_planned=True))
    assert "live_migration: cannot be changed yet: this host is in no Active Directory domain yet" in refused.result["msg"]
    assert all(entry.changes == [] for entry in host.entries())


@pytest.mark.parametrize("version", VERSIONS)
def test_credssp_is_refused_on_2025_only(server: StartServer, version: str) -> None:
    host = server(os={"version": version}, **HYPER_V)
    host.machine.hyperv.set("VirtualMachineMigrationAuthenticationType", "Kerberos")
    run = host.play(task(authentication="credssp"))
    assert (run.code == 0) == (version != "2025"), run.output
    if version == "2025":
        assert "Credential Guard" in run.result["msg"]


def test_before_the_role_is_there_check_mode_says_what_would_change(server: StartServer) -> None:
    host = server(domain="example.org")
    planned = host.play(task(**WANTED), check=True)
    assert planned.code == 0, planned.output
    assert {item["path"] for item in planned.result["differences"]} == {*WANTED, "firewall_rules"}
    refused = host.play(task(**WANTED))
    assert "cannot be changed yet: the Hyper-V role is not in effect on this host" in refused.result["msg"]


@pytest.mark.parametrize(("options", "message"), [
    ({"networks": [{"subnet": "10.0.0.0/33"}]}, "networks[0].subnet: '10.0.0.0/33' is no subnet"),
    ({"authentication": "ntlm"}, "value of authentication must be one of: kerberos, credssp, got: ntlm"),
    ({"enabled": True, "firewall_rules": ["VIRT-NO-SUCH"]}, "firewall_rules: this host has no rule of the Name VIRT-NO-SUCH"),
])
def test_wrong_options_are_named_and_change_nothing(server: StartServer, options: dict[str, Any], message: str) -> None:
    host = server(**HYPER_V)
    run = host.play(task(**options))
    assert run.code != 0
    assert message in run.result["msg"]
    assert host.changes() == []
