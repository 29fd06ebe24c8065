# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Live migration and the firewall. Oracle: hyperv-host.md 5 and 8, and the checks in public listings of the Hyper-V module's code."""
from __future__ import annotations

from typing import Any

import pytest

from tests.unit.rehearsal.cmdlets.hosts import Host, hyper_v_host

RULE = "VIRT-MIGL-In-TCP-NoScope"
COMMANDS = "Microsoft.HyperV.PowerShell.Commands"


def networks(host: Host, **parameters: Any) -> list[tuple[str, int | None]]:
    return [(row["Subnet"], row["Priority"]) for row in host.rows("Get-VMMigrationNetwork", "Subnet", "Priority", **parameters)]


def filled() -> Host:
    host = hyper_v_host(domain="example.org")
    for subnet, priority in (("10.20.0.0/24", 1), ("10.30.0.5", 2), ("fd00:20::/64", 2)):
        host.rows("Add-VMMigrationNetwork", Subnet=subnet, Priority=priority)
    return host


def test_only_a_member_of_a_domain_switches_it_on() -> None:
    alone = hyper_v_host()
    assert alone.error("Enable-VMMigration") == f"OperationFailed,{COMMANDS}.EnableVMMigration"
    assert alone.values("Get-VMHost", "VirtualMachineMigrationEnabled") == [False]
    member = hyper_v_host(domain="example.org")
    member.rows("Enable-VMMigration")
    assert member.values("Get-VMHost", "VirtualMachineMigrationEnabled") == [True]
    member.rows("Disable-VMMigration")
    assert member.values("Get-VMHost", "VirtualMachineMigrationEnabled") == [False]


def test_networks_have_their_prefix_and_their_priority() -> None:
    host = filled()
    assert networks(host) == [("10.20.0.0/24", 1), ("10.30.0.5/32", 2), ("fd00:20::/64", 2)]
    assert networks(host, Subnet=["10.*"]) == [("10.20.0.0/24", 1), ("10.30.0.5/32", 2)]
    assert networks(host, Subnet=["10.30.0.5"]) == [("10.30.0.5/32", 2)]
    assert networks(host, Priority=[2]) == [("10.30.0.5/32", 2), ("fd00:20::/64", 2)]


@pytest.mark.parametrize(("subnet", "identifier"), [
    ("10.20.0.0/24", "OperationFailed"),
    ("10.40.0.7/24", "InvalidParameter"),
    ("10.40.0.0/33", "InvalidParameter"),
    ("127.0.0.0/8", "InvalidParameter"),
    ("169.254.0.0/16", "InvalidParameter"),
])
def test_what_is_no_new_subnet_is_refused(subnet: str, identifier: str) -> None:
    host = filled()
    before = networks(host)
    assert host.error("Add-VMMigrationNetwork", Subnet=subnet) == f"{identifier},{COMMANDS}.AddVMMigrationNetwork"
    assert networks(host) == before


def test_a_network_is_changed_in_its_place() -> None:
    host = filled()
    host.rows("Set-VMMigrationNetwork", Subnet="10.30.0.5", NewPriority=7)
    host.rows("Set-VMMigrationNetwork", Subnet="fd00:20::/64", NewSubnet="fd00:30::/64")
    assert networks(host) == [("10.20.0.0/24", 1), ("10.30.0.5/32", 7), ("fd00:30::/64", 2)]


@pytest.mark.parametrize(("parameters", "identifier"), [
    ({"Subnet": "10.99.0.0/24", "NewPriority": 1}, "ObjectNotFound"),
    ({"Subnet": "10.20.0.0/24"}, "InvalidParameter"),
    ({"Subnet": "10.*", "NewPriority": 1}, "OperationFailed"),
    ({"Subnet": "10.20.0.0/24", "NewSubnet": "10.30.0.5/32"}, "OperationFailed"),
])
def test_a_change_that_fits_no_single_network_is_refused(parameters: dict[str, Any], identifier: str) -> None:
    assert filled().error("Set-VMMigrationNetwork", **parameters) == f"{identifier},{COMMANDS}.SetVMMigrationNetwork"


def test_networks_are_removed_by_wildcard_too() -> None:
    host = filled()
    host.rows("Remove-VMMigrationNetwork", Subnet="10.*")
    assert networks(host) == [("fd00:20::/64", 2)]
    assert host.error("Remove-VMMigrationNetwork", Subnet="10.*") == f"ObjectNotFound,{COMMANDS}.RemoveVMMigrationNetwork"


def test_a_network_may_be_refused_right_after_switching_on() -> None:
    host = hyper_v_host(domain="example.org", timing={"vmms_ready_seconds": 5})
    host.clock.pass_by(5)
    host.rows("Enable-VMMigration")
    assert host.error("Add-VMMigrationNetwork", Subnet="10.0.0.0/8") == f"OperationFailed,{COMMANDS}.AddVMMigrationNetwork"
    host.clock.pass_by(5)
    host.rows("Enable-VMMigration")
    host.rows("Add-VMMigrationNetwork", Subnet="10.0.0.0/8")
    assert networks(host) == [("10.0.0.0/8", None)]


def test_rules_come_with_the_role_and_are_found_by_name() -> None:
    host = hyper_v_host()
    host.rows("Disable-NetFirewallRule", Name=[RULE])
    assert host.values("Get-NetFirewallRule", "Enabled", Name=[RULE]) == ["False"]
    host.rows("Enable-NetFirewallRule", Name=[RULE])
    assert host.values("Get-NetFirewallRule", "Enabled", Name=[RULE]) == ["True"]
    assert Host().error("Get-NetFirewallRule", Name=[RULE]) == "CmdletizationQuery_NotFound_InstanceID,Get-NetFirewallRule"


V2 = "root/virtualization/v2"


def cim(host: Host, name: str, *properties: str) -> list[dict[str, Any]]:
    return host.rows("Get-CimInstance", *properties, Namespace=V2, ClassName=f"Msvm_VirtualSystemMigration{name}")


def test_cim_tells_the_networks_of_the_user_from_the_one_that_stands_for_all() -> None:
    host = filled()
    shown = cim(host, "NetworkSettingData", "SubnetNumber", "PrefixLength", "Metric", "Tags")
    assert shown[0] == {"SubnetNumber": "10.20.0.0", "PrefixLength": 24, "Metric": 1, "Tags": ["Microsoft:UserManaged"]}
    assert [row["PrefixLength"] for row in shown] == [24, 32, 64]
    host.rows("Set-VMHost", UseAnyNetworkForMigration=True)
    every = cim(host, "NetworkSettingData", "SubnetNumber", "PrefixLength", "Tags")[3:]
    assert [(row["SubnetNumber"], row["PrefixLength"]) for row in every] == [("0.0.0.0", 0), ("::", 0)]
    assert {tag for row in every for tag in row["Tags"]} == {"Microsoft:UserManagedAllNetworks"}


def listeners(host: Host) -> Any:
    return cim(host, "Service", "MigrationServiceListenerIPAddressList")[0]["MigrationServiceListenerIPAddressList"]


def test_it_listens_while_it_is_on_and_on_the_addresses_of_its_networks() -> None:
    host = hyper_v_host(domain="example.org", uplink={"address": "10.20.0.7/24", "gateway": "10.20.0.1"})
    assert listeners(host) == []
    host.rows("Enable-VMMigration")
    host.rows("Add-VMMigrationNetwork", Subnet="10.30.0.0/24")
    assert listeners(host) == []
    host.rows("Add-VMMigrationNetwork", Subnet="10.20.0.0/24")
    assert listeners(host) == ["10.20.0.7"]
    host.rows("Remove-VMMigrationNetwork", Subnet="10.20.0.0/24")
    host.rows("Set-VMHost", UseAnyNetworkForMigration=True)
    assert listeners(host) == ["10.20.0.7"]


FIREWALL = r"HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"


def test_a_rule_stands_in_the_registry() -> None:
    bare = Host()
    assert bare.rows("Get-ItemProperty", f"{RULE}?", LiteralPath=[FIREWALL]) == [{RULE: None}]
    host = hyper_v_host()
    (text,) = host.values("Get-ItemProperty", RULE, LiteralPath=[FIREWALL])
    assert "|Active=TRUE|" in text
    host.rows("Disable-NetFirewallRule", Name=[RULE])
    (text,) = host.values("Get-ItemProperty", RULE, LiteralPath=[FIREWALL])
    assert "|Active=FALSE|" in text
    assert host.values("Get-NetFirewallRule", "Enabled", Name=[RULE]) == ["False"]
