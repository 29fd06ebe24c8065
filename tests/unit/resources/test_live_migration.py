# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/live_migration.md: what live migration reads, calls, refuses and warns of."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.live_migration import RESOURCE

RULE = "VIRT-MIGL-In-TCP-NoScope"
NOTHING: dict[str, Any] = {
    "enabled": None,
    "domain_join_planned": False,
    "authentication": None,
    "performance_option": None,
    "maximum_virtual_machine_migrations": None,
    "maximum_storage_migrations": None,
    "use_any_network": None,
    "networks": None,
    "firewall_rules": [RULE],
}
HOST: dict[str, Any] = {
    "VirtualMachineMigrationEnabled": True,
    "VirtualMachineMigrationAuthenticationType": "Kerberos",
    "VirtualMachineMigrationPerformanceOption": "SMB",
    "MaximumVirtualMachineMigrations": 4,
    "MaximumStorageMigrations": 2,
    "UseAnyNetworkForMigration": False,
}
STATE: dict[str, Any] = {
    "enabled": True,
    "authentication": "kerberos",
    "performance_option": "smb",
    "maximum_virtual_machine_migrations": 4,
    "maximum_storage_migrations": 2,
    "use_any_network": False,
}
FRESH: dict[str, Any] = {
    "VirtualMachineMigrationEnabled": False,
    "VirtualMachineMigrationAuthenticationType": "CredSSP",
    "VirtualMachineMigrationPerformanceOption": "Compression",
    "MaximumVirtualMachineMigrations": 2,
    "MaximumStorageMigrations": 2,
    "UseAnyNetworkForMigration": False,
}
NETWORKS = (("10.20.0.0/24", 1), ("fd00:20::/64", 2))
NO_RULE = CmdletError("CmdletizationQuery_NotFound_InstanceID,Get-NetFirewallRule", "No matching MSFT_NetFirewallRule objects found")
NO_COMMAND = CmdletError("CommandNotFoundException", "no")
OUTSIDE = (
    "enabled: this host is in no Active Directory domain, and live migration needs one that both hosts belong to or trust; "
    "join the host first, or leave live migration off"
)
CREDSSP_2025 = (
    "authentication: credssp does not work on Windows Server 2025: Credential Guard, which is on by default in a domain, keeps the "
    "credentials from the migration service of the source host; use kerberos with constrained delegation"
)


def options(**given: Any) -> dict[str, Any]:
    networks = given.get("networks")
    if networks is not None:
        given["networks"] = [{"subnet": subnet, "priority": priority} for subnet, priority in networks]
    return {**NOTHING, **given}


def host(  # pylint: disable=dangerous-default-value
    row: Mapping[str, Any] = HOST,
    networks: Sequence[tuple[str, int | None]] = NETWORKS,
    domain: bool | None = True,
    build: str = "20348",
    rule: str | CmdletError = "True",
) -> Answers:
    subnets = tuple({"Subnet": subnet, "Priority": priority} for subnet, priority in networks)
    return Answers({
        "host": Answer("host", (row,)),
        "networks": Answer("networks", subnets),
        "computer": Answer("computer", ({"PartOfDomain": domain},)),
        "system": Answer("system", ({"BuildNumber": build},)),
        "rule0": Answer("rule0", error=rule) if isinstance(rule, CmdletError) else Answer("rule0", ({"Enabled": rule},)),
    })


def without_hyper_v(domain: bool | None = True) -> Answers:
    missing = {name: Answer(name, error=NO_COMMAND) for name in ("host", "networks")}
    return Answers({**host(domain=domain, rule=NO_RULE), **missing})


def test_reads_everything_and_changes_nothing() -> None:
    properties = (
        "VirtualMachineMigrationEnabled", "VirtualMachineMigrationAuthenticationType", "VirtualMachineMigrationPerformanceOption",
        "MaximumVirtualMachineMigrations", "MaximumStorageMigrations", "UseAnyNetworkForMigration",
    )
    reads = [
        Cmdlet("host", "Get-VMHost", properties=properties),
        Cmdlet("networks", "Get-VMMigrationNetwork", properties=("Subnet", "Priority")),
        Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain",)),
        Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber",)),
    ]
    assert RESOURCE.read(options()) == reads
    assert RESOURCE.read(options(enabled=False)) == reads
    assert RESOURCE.read(options(enabled=True, firewall_rules=[RULE, "FPS-SMB-In-TCP", RULE])) == [
        *reads,
        Cmdlet("rule0", "Get-NetFirewallRule", {"Name": [RULE]}, ("Enabled",)),
        Cmdlet("rule1", "Get-NetFirewallRule", {"Name": ["FPS-SMB-In-TCP"]}, ("Enabled",)),
    ]


@pytest.mark.parametrize("wanted", [
    {},
    STATE,
    {**STATE, "networks": NETWORKS},
    {"networks": reversed(NETWORKS)},
    {"networks": [("10.20.0.0/24", None), ("fd00:20::/64", None)]},
    {"networks": [("10.20.0.99/24", 1), ("FD00:20:0:0::1/64", 2)]},
])
def test_as_wanted(wanted: dict[str, Any]) -> None:
    plan = RESOURCE.plan(options(**wanted), host())
    assert (plan.differences, plan.calls, plan.warnings, plan.refusals, plan.blockers) == ((), (), (), (), ())
    assert plan.state == {
        **STATE,
        "networks": [{"subnet": "10.20.0.0/24", "priority": 1}, {"subnet": "fd00:20::/64", "priority": 2}],
        "firewall_rules": {RULE: True} if "enabled" in wanted else {},
    }


def test_a_fresh_host_gets_everything_in_order() -> None:
    wanted = options(
        enabled=True, authentication="kerberos", performance_option="smb", maximum_virtual_machine_migrations=4,
        maximum_storage_migrations=3, use_any_network=False, networks=[("10.20.0.7/24", 1), ("10.30.0.5", None)],
    )
    plan = RESOURCE.plan(wanted, host(FRESH, networks=[("192.168.1.0/24", 0)], rule="False"))
    assert plan.differences == (
        Difference("enabled", False, True),
        Difference("authentication", "credssp", "kerberos"),
        Difference("performance_option", "compression", "smb"),
        Difference("maximum_virtual_machine_migrations", 2, 4),
        Difference("maximum_storage_migrations", 2, 3),
        Difference(
            "networks",
            [{"subnet": "192.168.1.0/24", "priority": 0}],
            [{"subnet": "10.20.0.0/24", "priority": 1}, {"subnet": "10.30.0.5/32", "priority": None}],
        ),
        Difference("firewall_rules", {RULE: False}, {RULE: True}),
    )
    patience = Retry(count=10, seconds=3)
    assert plan.calls == (
        Cmdlet("enable", "Enable-VMMigration"),
        Cmdlet("set", "Set-VMHost", {
            "VirtualMachineMigrationAuthenticationType": "Kerberos", "VirtualMachineMigrationPerformanceOption": "SMB",
            "MaximumVirtualMachineMigrations": 4, "MaximumStorageMigrations": 3,
        }),
        Cmdlet("add0", "Add-VMMigrationNetwork", {"Subnet": "10.20.0.0/24", "Priority": 1}, retry=patience),
        Cmdlet("add1", "Add-VMMigrationNetwork", {"Subnet": "10.30.0.5/32"}, retry=patience),
        Cmdlet("remove0", "Remove-VMMigrationNetwork", {"Subnet": "192.168.1.0/24"}),
        Cmdlet("firewall", "Enable-NetFirewallRule", {"Name": [RULE]}),
    )
    assert (plan.warnings, plan.refusals, plan.blockers, plan.reboot) == ((), (), (), ())


@pytest.mark.parametrize(("option", "value", "property_name", "theirs"), [
    ("authentication", "credssp", "VirtualMachineMigrationAuthenticationType", "CredSSP"),
    ("performance_option", "tcpip", "VirtualMachineMigrationPerformanceOption", "TCPIP"),
    ("performance_option", "compression", "VirtualMachineMigrationPerformanceOption", "Compression"),
    ("maximum_virtual_machine_migrations", 1, "MaximumVirtualMachineMigrations", 1),
    ("maximum_storage_migrations", 4294967295, "MaximumStorageMigrations", 4294967295),
    ("use_any_network", True, "UseAnyNetworkForMigration", True),
])
def test_one_setting_off_is_one_call(option: str, value: Any, property_name: str, theirs: Any) -> None:
    plan = RESOURCE.plan(options(**{option: value}), host())
    assert plan.differences == (Difference(option, STATE[option], value),)
    assert plan.calls == (Cmdlet("set", "Set-VMHost", {property_name: theirs}),)


def test_switching_off_comes_last_and_leaves_the_firewall() -> None:
    plan = RESOURCE.plan(options(enabled=False, networks=[], maximum_storage_migrations=1), host(domain=None))
    assert plan.calls == (
        Cmdlet("set", "Set-VMHost", {"MaximumStorageMigrations": 1}),
        Cmdlet("remove0", "Remove-VMMigrationNetwork", {"Subnet": "10.20.0.0/24"}),
        Cmdlet("remove1", "Remove-VMMigrationNetwork", {"Subnet": "fd00:20::/64"}),
        Cmdlet("disable", "Disable-VMMigration"),
    )
    assert (plan.refusals, plan.blockers, plan.warnings) == ((), (), ())


def test_only_the_networks_that_differ_are_touched_under_the_hosts_spelling() -> None:
    present = [("10.20.0.0/24", 1), ("10.30.0.5", 5), ("FD00:20:0:0:0:0:0:0/64", 2), ("10.40.0.0/16", 3)]
    plan = RESOURCE.plan(options(networks=[("10.20.0.0/24", 1), ("10.30.0.5/32", 6), ("fd00:20::/64", 4)]), host(networks=present))
    assert plan.calls == (
        Cmdlet("priority0", "Set-VMMigrationNetwork", {"Subnet": "10.30.0.5", "NewPriority": 6}),
        Cmdlet("priority1", "Set-VMMigrationNetwork", {"Subnet": "FD00:20:0:0:0:0:0:0/64", "NewPriority": 4}),
        Cmdlet("remove0", "Remove-VMMigrationNetwork", {"Subnet": "10.40.0.0/16"}),
    )
    assert plan.differences == (Difference(
        "networks",
        [
            {"subnet": "10.20.0.0/24", "priority": 1}, {"subnet": "10.30.0.5/32", "priority": 5},
            {"subnet": "fd00:20::/64", "priority": 2}, {"subnet": "10.40.0.0/16", "priority": 3},
        ],
        [
            {"subnet": "10.20.0.0/24", "priority": 1}, {"subnet": "10.30.0.5/32", "priority": 6},
            {"subnet": "fd00:20::/64", "priority": 4},
        ],
    ),)


@pytest.mark.parametrize("spelling", ["10.30.0.5", "10.30.0.5/32"])
@pytest.mark.parametrize("wanted", ["10.30.0.5", "10.30.0.5/32", " 10.30.0.5/255.255.255.255"])
def test_an_address_alone_is_a_network_of_its_own(spelling: str, wanted: str) -> None:
    assert RESOURCE.plan(options(networks=[(wanted, None)]), host(networks=[(spelling, 0)])).differences == ()


@pytest.mark.parametrize("closed", ["False", "True"])
def test_a_rule_is_enabled_by_its_name(closed: str) -> None:
    answers = host(rule="True")
    answers["rule1"] = Answer("rule1", ({"Enabled": closed},))
    plan = RESOURCE.plan(options(enabled=True, firewall_rules=[RULE, "FPS-SMB-In-TCP"]), answers)
    rules = {"FPS-SMB-In-TCP"} if closed == "False" else set()
    assert plan.calls == tuple(Cmdlet("firewall", "Enable-NetFirewallRule", {"Name": [name]}) for name in rules)
    assert plan.differences == tuple(Difference("firewall_rules", {name: False}, {name: True}) for name in rules)
    assert plan.state["firewall_rules"] == {RULE: True, "FPS-SMB-In-TCP": closed == "True"}


def test_a_rule_that_does_not_exist_is_refused() -> None:
    plan = RESOURCE.plan(options(enabled=True), host(rule=NO_RULE))
    assert plan.refusals == (f"firewall_rules: this host has no rule of the Name {RULE}",)
    assert plan.calls == ()


@pytest.mark.parametrize("domain", [False, None])
def test_outside_a_domain_it_is_refused(domain: bool | None) -> None:
    plan = RESOURCE.plan(options(enabled=True), host(FRESH, domain=domain))
    assert plan.refusals == (OUTSIDE,)
    assert plan.calls == ()
    assert RESOURCE.plan(options(enabled=True), without_hyper_v(domain)).refusals == (OUTSIDE,)


@pytest.mark.parametrize("domain", [False, None])
def test_before_a_planned_join_check_mode_says_what_would_change(domain: bool | None) -> None:
    plan = RESOURCE.plan(options(enabled=True, domain_join_planned=True), host(FRESH, domain=domain))
    assert plan.refusals == ()
    assert plan.differences == (Difference("enabled", False, True),)
    assert plan.blockers == ("this host is in no Active Directory domain yet, and live migration needs one",)


@pytest.mark.parametrize(("build", "refusals"), [("26100", (CREDSSP_2025,)), ("26200", (CREDSSP_2025,)), ("20348", ())])
def test_credssp_is_refused_from_2025_on(build: str, refusals: tuple[str, ...]) -> None:
    plan = RESOURCE.plan(options(authentication="credssp"), host(build=build))
    assert plan.refusals == refusals
    assert bool(plan.calls) == (not refusals)


def test_credssp_that_is_there_already_is_a_warning_on_2025() -> None:
    credssp = {**HOST, "VirtualMachineMigrationAuthenticationType": "CredSSP"}
    warning = "authentication: the host uses credssp, which fails on Windows Server 2025 while Credential Guard is on; set kerberos"
    assert RESOURCE.plan(options(enabled=True), host(credssp, build="26100")).warnings == (warning,)
    assert RESOURCE.plan(options(authentication="kerberos"), host(credssp, build="26100")).warnings == ()
    assert RESOURCE.plan(options(enabled=False), host(credssp, build="26100")).warnings == ()
    assert RESOURCE.plan(options(enabled=True), host(credssp, build="20348")).warnings == ()


def test_no_network_at_all_is_a_warning() -> None:
    warning = "networks: there are none and use_any_network is false, so nova-compute refuses live migration on this host"
    assert RESOURCE.plan(options(networks=[]), host()).warnings == (warning,)
    assert RESOURCE.plan(options(), host(networks=[])).warnings == (warning,)
    assert RESOURCE.plan(options(use_any_network=True), host(networks=[])).warnings == ()
    assert RESOURCE.plan(options(networks=[("10.0.0.0/8", None)]), host(networks=[])).warnings == ()


def test_without_the_role_it_says_what_would_change_and_what_is_missing() -> None:
    wanted = options(enabled=True, authentication="kerberos", networks=[("10.20.0.9/24", 1)])
    plan = RESOURCE.plan(wanted, without_hyper_v())
    assert plan.differences == (
        Difference("enabled", None, True),
        Difference("authentication", None, "kerberos"),
        Difference("networks", None, [{"subnet": "10.20.0.0/24", "priority": 1}]),
        Difference("firewall_rules", None, {RULE: True}),
    )
    assert plan.calls == ()
    assert (plan.refusals, plan.blockers) == ((), ("the Hyper-V role is not in effect on this host",))
    assert plan.state == {**dict.fromkeys(STATE), "networks": [], "firewall_rules": {}}
    assert RESOURCE.plan(options(), without_hyper_v()).differences == ()


@pytest.mark.parametrize(("wrong", "refusal"), [
    ({"maximum_virtual_machine_migrations": 0}, "maximum_virtual_machine_migrations: 0 is not between 1 and 4294967295"),
    ({"maximum_storage_migrations": 2**32}, "maximum_storage_migrations: 4294967296 is not between 1 and 4294967295"),
    ({"use_any_network": True, "networks": [("10.0.0.0/8", None)]},
     "networks: the host takes live migrations on any network with use_any_network: true; give one of the two"),
    ({"networks": [("10.0.0.0/33", None)]},
     "networks[0].subnet: '10.0.0.0/33' is no subnet; wanted is an address with a prefix length, such as 10.0.0.0/24 or fd00::/64"),
    ({"networks": [("10.0.0.0/8", None), ("10.0.*", None)]},
     "networks[1].subnet: '10.0.*' is no subnet; wanted is an address with a prefix length, such as 10.0.0.0/24 or fd00::/64"),
    ({"networks": [("0.0.0.0/0", None)]}, "networks[0].subnet: '0.0.0.0/0' is every network; that is what use_any_network is for"),
    ({"networks": [("127.0.0.0/8", None)]},
     "networks[0].subnet: '127.0.0.0/8' is a loopback or link-local network, which Hyper-V does not accept for live migration"),
    ({"networks": [("169.254.3.0/24", None)]},
     "networks[0].subnet: '169.254.3.0/24' is a loopback or link-local network, which Hyper-V does not accept for live migration"),
    ({"networks": [("10.0.0.0/24", None), ("10.0.0.7/24", 2)]}, "networks[1].subnet: '10.0.0.7/24' is the same network as '10.0.0.0/24'"),
    ({"networks": [("10.0.0.0/24", -1)]}, "networks[0].priority: -1 is not between 0 and 2147483647"),
    ({"firewall_rules": ["VIRT-*"]}, "firewall_rules: 'VIRT-*' is no Name of one rule: it is empty or has a wildcard in it"),
    ({"firewall_rules": [""]}, "firewall_rules: '' is no Name of one rule: it is empty or has a wildcard in it"),
])
def test_wrong_options_are_named(wrong: dict[str, Any], refusal: str) -> None:
    plan = RESOURCE.plan(options(**wrong), host())
    assert plan.refusals == (refusal,)
    assert (plan.differences, plan.calls) == ((), ())


@pytest.mark.parametrize("broken", ["host", "networks", "computer", "system", "rule0"])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    answers = host()
    answers[broken] = Answer(broken, error=CmdletError("OperationFailed,X", "vmms is busy"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed: vmms is busy"):
        RESOURCE.plan(options(enabled=True), answers)
