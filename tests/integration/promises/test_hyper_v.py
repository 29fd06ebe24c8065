# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each promise about Hyper-V, broken behind the collection's back. The oracle is the simulated server's one state."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsal.machine import Machine
from rehearsal.machine.hyperv import MigrationNetwork

from tests.integration.promises.node import Node
from tests.unit.rehearsal.cmdlets.hosts import hyper_v_host

RULE = "VIRT-MIGL-In-TCP-NoScope"
SECTIONS: dict[str, Any] = {
    "numa": {"spanning": False},
    "live_migration": {
        "enabled": True, "authentication": "kerberos", "performance_option": "smb", "maximum_virtual_machine_migrations": 4,
        "maximum_storage_migrations": 3, "use_any_network": False, "networks": [{"subnet": "192.0.2.0/24", "priority": 1}],
    },
}


@pytest.fixture
def node() -> Node:
    node = Node(hyper_v_host(domain="example.org", hardware={"numa_nodes": 2}), SECTIONS)
    node.converge()
    return node


def set_host(name: str, value: Any) -> Callable[[Machine], None]:
    return lambda machine: machine.hyperv.set(name, value)


def set_networks(*networks: tuple[str, int]) -> Callable[[Machine], None]:
    return lambda machine: machine.hyperv.set_networks(MigrationNetwork(*item) for item in networks)


def close(machine: Machine) -> None:
    machine.firewall.enable(next(rule for rule in machine.firewall.rules() if rule.name == RULE), False)


def test_all_are_kept_and_none_is_seen_by_reading(node: Node) -> None:
    seen = node.seen()
    assert [row["name"] for row in seen] == [
        "spanning", "enabled", "authentication", "performance_option", "maximum_virtual_machine_migrations",
        "maximum_storage_migrations", "use_any_network", "networks", "listeners", f"firewall_rules.{RULE}",
    ]
    assert all(row["kept"] for row in seen)
    assert {row["seen_by"].split()[0] for row in seen} == {"CIM", "registry"}


@pytest.mark.parametrize(("change", "broken"), [
    (set_host("NumaSpanningEnabled", True), {"numa.spanning": True}),
    (set_host("VirtualMachineMigrationAuthenticationType", "CredSSP"), {"live_migration.authentication": "credssp"}),
    (set_host("VirtualMachineMigrationPerformanceOption", "TCPIP"), {"live_migration.performance_option": "tcpip"}),
    (set_host("MaximumVirtualMachineMigrations", 2), {"live_migration.maximum_virtual_machine_migrations": 2}),
    (set_host("MaximumStorageMigrations", 9), {"live_migration.maximum_storage_migrations": 9}),
    (set_host("UseAnyNetworkForMigration", True), {"live_migration.use_any_network": True}),
    (set_networks(("192.0.2.0/24", 2)), {"live_migration.networks": [{"subnet": "192.0.2.0/24", "priority": 2}]}),
    (close, {f"live_migration.firewall_rules.{RULE}": False}),
])
def test_each_broken_promise_is_the_one_that_shows(node: Node, change: Callable[[Machine], None], broken: dict[str, Any]) -> None:
    change(node.host.machine)
    assert node.broken() == broken


def test_live_migration_that_is_off_listens_on_nothing(node: Node) -> None:
    node.host.machine.hyperv.set("VirtualMachineMigrationEnabled", False)
    assert node.broken() == {"live_migration.enabled": False, "live_migration.listeners": []}


def test_a_network_where_the_host_has_no_address_keeps_nova_from_migrating(node: Node) -> None:
    node.host.machine.hyperv.set_networks([MigrationNetwork("10.9.0.0/24", 1)])
    assert node.broken() == {"live_migration.networks": [{"subnet": "10.9.0.0/24", "priority": 1}], "live_migration.listeners": []}


def test_while_vmms_does_not_run_cim_shows_nothing(node: Node) -> None:
    node.host.machine.services.stop("vmms")
    broken = node.broken()
    assert broken["live_migration.enabled"] is None
    assert f"live_migration.firewall_rules.{RULE}" not in broken
