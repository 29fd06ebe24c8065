# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/live_migration.md: by which paths live migration is seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.live_migration import RESOURCE

RULE = "VIRT-MIGL-In-TCP-NoScope"
V2 = {"Namespace": "root/virtualization/v2"}
SETTINGS, NETWORKS, SERVICE = (
    f"Msvm_VirtualSystemMigration{name}" for name in ("ServiceSettingData", "NetworkSettingData", "Service")
)
KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
WANTED: dict[str, Any] = {
    "enabled": True, "domain_join_planned": False, "authentication": "kerberos", "performance_option": "smb",
    "maximum_virtual_machine_migrations": 4, "maximum_storage_migrations": 3, "use_any_network": False,
    "networks": [{"subnet": "10.20.0.9/24", "priority": 1}, {"subnet": "fd00:20::/64", "priority": None}], "firewall_rules": [RULE],
}
ROW: dict[str, Any] = {
    "EnableVirtualSystemMigration": True, "AuthenticationType": 1, "EnableCompression": True, "EnableSmbTransport": True,
    "MaximumActiveVirtualSystemMigration": 4, "MaximumActiveStorageMigration": 3,
}
OURS, EVERY = "Microsoft:UserManaged", "Microsoft:UserManagedAllNetworks"


def network(subnet, length, metric, *tags):
    return {"SubnetNumber": subnet, "PrefixLength": length, "Metric": metric, "Tags": list(tags) or None}


HERE = (network("10.20.0.0", 24, 1, OURS), network("fd00:20::", 64, 9, OURS), network("10.9.0.0", 16, 5))


def answers(row=ROW, networks=HERE, listening=("10.20.0.7",), rule="v2.30|Action=Allow|Active=TRUE|Dir=In|"):  # pylint: disable=dangerous-default-value
    return Answers({
        "settings": Answer("settings", (row,)),
        "networks": Answer("networks", tuple(networks)),
        "service": Answer("service", ({"MigrationServiceListenerIPAddressList": list(listening)},)),
        "firewall": Answer("firewall", ({RULE: rule},)),
    })


def seen(given=None, **changed):
    return {item.name: item for item in RESOURCE.promises({**WANTED, **(given or {})}, answers(**changed))}


def broken(given=None, **changed):
    return [name for name, item in seen(given, **changed).items() if not item.kept]


def test_it_is_seen_through_cim_and_the_registry():
    assert RESOURCE.evidence(WANTED) == [
        Cmdlet("settings", "Get-CimInstance", {**V2, "ClassName": SETTINGS}, tuple(ROW)),
        Cmdlet("networks", "Get-CimInstance", {**V2, "ClassName": NETWORKS}, ("SubnetNumber", "PrefixLength", "Metric", "Tags")),
        Cmdlet("service", "Get-CimInstance", {**V2, "ClassName": SERVICE}, ("MigrationServiceListenerIPAddressList",)),
        Cmdlet("firewall", "Get-ItemProperty", {"LiteralPath": KEY}, (f"{RULE}?",)),
    ]
    assert [call.id for call in RESOURCE.evidence({**WANTED, "enabled": False})] == ["settings", "networks"]
    assert [call.id for call in RESOURCE.evidence({**WANTED, "networks": None})] == ["settings", "networks", "firewall"]


def test_all_kept():
    found = seen()
    assert all(item.kept for item in found.values())
    assert list(found) == [
        "enabled", "authentication", "performance_option", "maximum_virtual_machine_migrations", "maximum_storage_migrations",
        "use_any_network", "networks", "listeners", f"firewall_rules.{RULE}",
    ]
    assert found["networks"].found == [{"subnet": "10.20.0.0/24", "priority": 1}, {"subnet": "fd00:20::/64", "priority": 9}]
    assert found["listeners"] == Promise("listeners", "one address or more", ["10.20.0.7"], f"CIM {SERVICE}", True)


@pytest.mark.parametrize(("row", "name", "found"), [
    ({"EnableVirtualSystemMigration": False}, "enabled", False),
    ({"AuthenticationType": 0}, "authentication", "credssp"),
    ({"EnableSmbTransport": False}, "performance_option", "compression"),
    ({"EnableSmbTransport": False, "EnableCompression": False}, "performance_option", "tcpip"),
    ({"MaximumActiveVirtualSystemMigration": 2}, "maximum_virtual_machine_migrations", 2),
    ({"MaximumActiveStorageMigration": 2}, "maximum_storage_migrations", 2),
])
def test_each_setting_is_broken_by_itself(row, name, found):
    assert broken(row={**ROW, **row}) == [name]
    assert seen(row={**ROW, **row})[name].found == found


@pytest.mark.parametrize("networks", [
    HERE[:1],
    (network("10.20.0.0", 24, 2, OURS), HERE[1]),
    (*HERE, network("10.30.0.0", 24, 3, OURS)),
    (network("10.20.0.0", 24, 1), HERE[1]),
])
def test_the_networks_are_an_exact_set(networks):
    assert broken(networks=networks) == ["networks"]


def test_the_network_that_stands_for_all_is_a_setting_of_its_own():
    every = (*HERE, network("0.0.0.0", 0, 0, EVERY))
    assert broken(networks=every) == ["use_any_network"]
    assert broken({"use_any_network": True, "networks": None}, networks=every) == []


def test_nova_needs_an_address_to_listen_on():
    assert broken(listening=()) == ["listeners"]
    assert broken({"networks": None, "use_any_network": True}, networks=(*HERE, network("::", 0, 0, EVERY)), listening=()) == ["listeners"]
    assert broken({"networks": None}, listening=()) == []


@pytest.mark.parametrize(("rule", "found"), [(None, None), ("v2.30|Action=Allow|Active=FALSE|Dir=In|", False)])
def test_a_rule_is_on_when_its_text_says_so(rule, found):
    assert broken(rule=rule) == [f"firewall_rules.{RULE}"]
    assert seen(rule=rule)[f"firewall_rules.{RULE}"].found is found


def test_without_the_namespace_nothing_is_seen():
    gone = CmdletError("HRESULT 0x8004100e,X", "Invalid namespace")
    nothing = Answers({name: Answer(name, error=gone) for name in ("settings", "networks", "service", "firewall")})
    found = RESOURCE.promises(WANTED, nothing)
    assert len(found) == 9
    assert all(item.found is None and not item.kept for item in found)


def test_what_is_not_asked_for_is_not_promised():
    assert RESOURCE.promises({name: [] if name == "firewall_rules" else None for name in WANTED}, answers()) == ()
