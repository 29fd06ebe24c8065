# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/cluster_networks.md: what a cluster's networks read, call, refuse and find."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Assign, Cmdlet, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import resource

RESOURCE: Any = resource("cluster_networks")
MANAGEMENT, MIGRATION, ISCSI = "bbb-1", "AAA-2", "ccc-3"
BUSY = CmdletError("X", "the cluster is busy")
GET_NETWORKS = Cmdlet("networks", "Get-ClusterNetwork", properties=("Id",))
GET_TYPE = Cmdlet("type", "Get-ClusterResourceType", {"Name": "Virtual Machine"}, ("Name",))
REGISTRY = r"HKLM:\Cluster\ResourceTypes\Virtual Machine\Parameters"


def options(**given: Any) -> dict[str, Any]:
    networks = given.get("networks")
    if networks is not None:
        given["networks"] = [{"name": None, "role": None, "metric": None, **item} for item in networks]
    return {"networks": None, "live_migration_networks": None, "maximum_parallel_migrations": None, **given}


def row(key: str, address: str, name: str, role: Any = "ClusterAndClient", **more: Any) -> dict[str, Any]:
    return {
        "Id": key, "Name": name, "Address": address, "AddressMask": "255.255.255.0" if address else "", "Ipv6Addresses": [],
        "Ipv6PrefixLengths": [], "Role": role, "Metric": 70000, "AutoMetric": True, "State": "Up", **more,
    }


NETWORKS = (
    row(MANAGEMENT, "10.0.0.0", "Cluster Network 2"),
    row(MIGRATION, "10.0.1.0", "Cluster Network 1", Metric=30000),
    row(ISCSI, "10.0.2.0", "Cluster Network 3", Metric=50000),
)


def cluster(*networks: dict[str, Any], exclude: str | None = None, order: str | None = None, parallel: int | None = 1) -> Answers:
    parameters = ({"Name": "MigrationExcludeNetworks", "Value": exclude}, {"Name": "MigrationNetworkOrder", "Value": order})
    return Answers({
        "state": Answer("state", ({"ClusterState": 19},)),
        "service": Answer("service", ({"State": "Running", "StartMode": "Auto"},)),
        "cluster": Answer("cluster", ({"Name": "CL1", "MaximumParallelMigrations": parallel},)),
        "networks": Answer("networks", networks or NETWORKS),
        "type": Answer("type", ({"Name": "Virtual Machine"},)),
        "migration": Answer("migration", parameters),
    })


def without_hyper_v() -> Answers:
    lost = {name: Answer(name, error=CmdletError("X", "no such type")) for name in ("type", "migration")}
    return Answers({**cluster(), **lost})


def outside() -> Answers:
    lost = {name: Answer(name, error=CmdletError("CommandNotFoundException", "no")) for name in cluster()}
    return Answers({**lost, "service": Answer("service")})


def test_reads_of_this_node_alone() -> None:
    calls = RESOURCE.read(options())
    assert [(call.id, call.name) for call in calls] == [
        ("state", "Invoke-CimMethod"), ("service", "Get-CimInstance"), ("cluster", "Get-Cluster"), ("networks", "Get-ClusterNetwork"),
        ("type", "Get-ClusterResourceType"), ("migration", "Get-ClusterParameter"),
    ]
    assert calls[2].properties == ("Name", "MaximumParallelMigrations?")
    assert calls[5].parameters == {"InputObject": Ref("type"), "Name": ["MigrationExcludeNetworks", "MigrationNetworkOrder"]}


def test_what_differs_is_assigned_by_id() -> None:
    wanted = options(networks=[
        {"subnet": "10.0.0.7/24", "name": "Management"},
        {"subnet": "10.0.1.0/24", "name": "Live Migration", "role": "cluster", "metric": 100},
        {"subnet": "10.0.2.0/24", "role": "none"},
    ], maximum_parallel_migrations=2)
    plan = RESOURCE.plan(wanted, cluster())
    assert plan.differences == (
        Difference(
            "networks",
            [{"subnet": "10.0.0.0/24", "name": "Cluster Network 2"},
             {"subnet": "10.0.1.0/24", "name": "Cluster Network 1", "role": "cluster_and_client", "metric": 30000},
             {"subnet": "10.0.2.0/24", "role": "cluster_and_client"}],
            [{"subnet": "10.0.0.0/24", "name": "Management"},
             {"subnet": "10.0.1.0/24", "name": "Live Migration", "role": "cluster", "metric": 100},
             {"subnet": "10.0.2.0/24", "role": "none"}],
        ),
        Difference("maximum_parallel_migrations", 1, 2),
    )
    assert plan.calls == (
        GET_NETWORKS,
        Assign("network0", Ref("networks", where={"Id": MANAGEMENT}), {"Name": "Management"}),
        Assign("network1", Ref("networks", where={"Id": MIGRATION}), {"Name": "Live Migration", "Role": 1, "Metric": 100}),
        Assign("network2", Ref("networks", where={"Id": ISCSI}), {"Role": 0}),
        Cmdlet("cluster", "Get-Cluster", properties=("Name",)),
        Assign("parallel", Ref("cluster"), {"MaximumParallelMigrations": 2}),
    )


def test_live_migration_networks_exclude_all_others() -> None:
    plan = RESOURCE.plan(options(live_migration_networks=["10.0.1.0/24", "10.0.0.0/24"]), cluster())
    assert plan.differences == (
        # By metric, as long as no order is set.
        Difference("live_migration_networks", ["10.0.1.0/24", "10.0.2.0/24", "10.0.0.0/24"], ["10.0.1.0/24", "10.0.0.0/24"]),
    )
    assert plan.calls == (
        GET_TYPE,
        Cmdlet("exclude", "Set-ClusterParameter", {"InputObject": Ref("type"), "Name": "MigrationExcludeNetworks", "Value": ISCSI}),
        Cmdlet("order", "Set-ClusterParameter", {
            "InputObject": Ref("type"), "Name": "MigrationNetworkOrder", "Value": f"{MIGRATION};{MANAGEMENT}",
        }),
    )


def test_ids_of_excluded_networks_are_sorted() -> None:
    plan = RESOURCE.plan(options(live_migration_networks=["10.0.2.0/24"]), cluster(exclude=ISCSI))
    assert plan.calls[1].parameters["Value"] == f"{MIGRATION};{MANAGEMENT}"
    assert plan.differences == (Difference("live_migration_networks", ["10.0.1.0/24", "10.0.0.0/24"], ["10.0.2.0/24"]),)


@pytest.mark.parametrize(("wanted", "answers"), [
    (options(), cluster()),
    (options(networks=[{"subnet": "10.0.0.0/24", "name": "Cluster Network 2", "role": "cluster_and_client", "metric": 70000}]), cluster()),
    (options(networks=[{"subnet": "10.0.0.0/24", "role": "cluster"}]), cluster(row(MANAGEMENT, "10.0.0.0", "N", 1))),
    (options(networks=[{"subnet": "10.0.0.0/24", "role": "cluster_and_client"}]), cluster(row(MANAGEMENT, "10.0.0.0", "N", 3))),
    (options(networks=[{"subnet": "fd00::/64", "role": "cluster"}]),
     cluster(row(MANAGEMENT, "", "N", "Cluster", Ipv6Addresses=["fe80::", "fd00::"], Ipv6PrefixLengths=["64", "64"]))),
    (options(live_migration_networks=["10.0.1.0/24", "10.0.0.0/24"]),
     cluster(exclude=f" {ISCSI.upper()} ;", order=f"{MIGRATION.lower()};{ISCSI};{MANAGEMENT}")),
    (options(live_migration_networks=["10.0.1.0/24"]), cluster(exclude=f"{ISCSI};{MANAGEMENT}")),
    (options(maximum_parallel_migrations=1), cluster()),
])
def test_what_is_there_is_left_alone(wanted: dict[str, Any], answers: Answers) -> None:
    plan = RESOURCE.plan(wanted, answers)
    assert (plan.differences, plan.calls, plan.findings, plan.refusals, plan.blockers) == ((), (), (), (), ())


def test_another_order_is_a_difference() -> None:
    plan = RESOURCE.plan(
        options(live_migration_networks=["10.0.0.0/24", "10.0.1.0/24"]), cluster(exclude=ISCSI, order=f"{MIGRATION};{MANAGEMENT}"),
    )
    assert plan.differences == (
        Difference("live_migration_networks", ["10.0.1.0/24", "10.0.0.0/24"], ["10.0.0.0/24", "10.0.1.0/24"]),
    )


def test_state() -> None:
    state = RESOURCE.plan(options(), cluster(exclude=ISCSI, order=MANAGEMENT)).state
    assert state["networks"][0] == {
        "id": MANAGEMENT, "name": "Cluster Network 2", "subnets": ["10.0.0.0/24"], "role": "cluster_and_client", "metric": 70000,
        "auto_metric": True, "state": "Up",
    }
    assert state["live_migration_networks"] == ["10.0.0.0/24", "10.0.1.0/24"]
    assert state["maximum_parallel_migrations"] == 1


def test_an_unknown_subnet_is_a_finding_that_lists_those_there_are() -> None:
    plan = RESOURCE.plan(options(networks=[{"subnet": "10.9.0.0/24"}], live_migration_networks=["10.0.1.0/25"]), cluster())
    assert [(item.name, item.severity, item.target) for item in plan.findings] == [
        ("cluster_network", "critical", "10.9.0.0/24"), ("cluster_network", "critical", "10.0.1.0/25"),
    ]
    assert plan.findings[0].found == (
        "the cluster has these networks: 10.0.0.0/24 (Cluster Network 2), 10.0.1.0/24 (Cluster Network 1), 10.0.2.0/24 (Cluster Network 3)"
    )
    assert (plan.differences, plan.calls) == ((), ())


def test_a_host_in_no_cluster_says_what_would_change() -> None:
    wanted = options(
        networks=[{"subnet": "10.0.0.0/24", "name": "Management"}], live_migration_networks=["10.0.1.9/24"], maximum_parallel_migrations=2,
    )
    plan = RESOURCE.plan(wanted, outside())
    assert plan.differences == (
        Difference("networks", None, [{"subnet": "10.0.0.0/24", "name": "Management"}]),
        Difference("live_migration_networks", None, ["10.0.1.0/24"]),
        Difference("maximum_parallel_migrations", None, 2),
    )
    assert plan.blockers == ("the feature Failover-Clustering is not installed on this host",)
    assert (plan.calls, plan.findings, plan.refusals) == ((), (), ())
    assert plan.state == {"networks": [], "live_migration_networks": [], "maximum_parallel_migrations": None}
    assert RESOURCE.plan(options(), outside()).differences == ()


def test_without_hyper_v_live_migration_networks_wait() -> None:
    plan = RESOURCE.plan(options(live_migration_networks=["10.0.1.0/24"]), without_hyper_v())
    assert plan.differences == (Difference("live_migration_networks", [], ["10.0.1.0/24"]),)
    blockers = ("the cluster has no resource type 'Virtual Machine' yet: the Hyper-V role is not in effect on its nodes",)
    assert plan.blockers == blockers
    assert RESOURCE.plan(options(), without_hyper_v()).blockers == ()


def test_a_cluster_without_the_limit_refuses_it() -> None:
    plan = RESOURCE.plan(options(maximum_parallel_migrations=2), cluster(parallel=None))
    (refusal,) = plan.refusals
    assert refusal.startswith("maximum_parallel_migrations: this cluster has no such setting, which came to Windows Server 2022 with")
    assert plan.calls == ()
    assert RESOURCE.plan(options(), cluster(parallel=None)).refusals == ()


@pytest.mark.parametrize(("wrong", "refusal"), [
    ({"networks": [{"subnet": "10.0.0.0"}]},
     "networks[0].subnet: '10.0.0.0' is no subnet; wanted is one with a prefix length, such as 10.0.0.0/24 or fd00::/64"),
    ({"networks": [{"subnet": "10.0.0.0/24"}, {"subnet": "10.0.0.9/24"}]},
     "networks[1].subnet: '10.0.0.9/24' is the same network as '10.0.0.0/24'"),
    ({"networks": [{"subnet": "10.0.0.0/24", "name": ""}]}, "networks[0].name: '' is empty or stands there twice"),
    ({"networks": [{"subnet": "10.0.0.0/24", "metric": 0}]}, "networks[0].metric: 0 is not between 1 and 4294967295"),
    ({"live_migration_networks": []},
     "live_migration_networks: it is empty, and live migration needs one network at least; leave it out to leave them alone"),
    ({"live_migration_networks": ["x/24"]},
     "live_migration_networks[0]: 'x/24' is no subnet; wanted is one with a prefix length, such as 10.0.0.0/24 or fd00::/64"),
    ({"maximum_parallel_migrations": 0}, "maximum_parallel_migrations: 0 is not between 1 and 4294967295"),
])
def test_wrong_options_are_named(wrong: dict[str, Any], refusal: str) -> None:
    plan = RESOURCE.plan(options(**wrong), cluster())
    assert plan.refusals == (refusal,)
    assert (plan.differences, plan.calls) == ((), ())


def test_two_networks_of_one_name_are_refused() -> None:
    twice = options(networks=[{"subnet": "10.0.0.0/24", "name": "A"}, {"subnet": "10.0.1.0/24", "name": "a"}])
    assert len(RESOURCE.plan(twice, cluster()).refusals) == 2
    taken = RESOURCE.plan(options(networks=[{"subnet": "10.0.0.0/24", "name": "cluster network 1"}]), cluster())
    assert taken.refusals == (
        "networks: 'cluster network 1', wanted for 10.0.0.0/24, is now the name of 10.0.1.0/24; rename that one first",
    )


def test_cim_and_the_registry_show_the_same() -> None:
    calls = RESOURCE.evidence(options())
    assert [(call.id, call.name) for call in calls] == [("networks", "Get-CimInstance"), ("registry", "Get-ItemProperty")]
    assert calls[1].parameters == {"LiteralPath": REGISTRY}
    rows = (
        {"ID": MANAGEMENT, "Name": "Management", "Address": "10.0.0.0", "AddressMask": "255.255.255.0", "Role": 3, "Metric": 1},
        {"ID": MIGRATION, "Name": "N", "Address": "10.0.1.0", "AddressMask": "255.255.255.0", "Role": 3, "Metric": 1},
    )
    answers = Answers({
        "networks": Answer("networks", rows),
        "registry": Answer("registry", ({"MigrationExcludeNetworks": MANAGEMENT.upper(), "MigrationNetworkOrder": None},)),
    })
    wanted = options(
        networks=[{"subnet": "10.0.0.0/24", "name": "Management", "role": "cluster_and_client"}, {"subnet": "10.0.2.0/24", "role": "none"}],
        live_migration_networks=["10.0.1.0/24"],
    )
    assert RESOURCE.promises(wanted, answers) == (
        Promise("networks.10.0.0.0/24.name", "Management", "Management", "CIM MSCluster_Network", True),
        Promise("networks.10.0.0.0/24.role", 3, 3, "CIM MSCluster_Network", True),
        Promise("networks.10.0.2.0/24.role", 0, None, "CIM MSCluster_Network", False),
        Promise("live_migration_networks", ["10.0.1.0/24"], ["10.0.1.0/24"], f"registry {REGISTRY}", True),
    )


def test_without_a_key_nobody_ever_chose_networks() -> None:
    missing = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "no such key")
    answers = Answers({"networks": Answer("networks"), "registry": Answer("registry", error=missing)})
    assert RESOURCE.promises(options(live_migration_networks=["10.0.1.0/24"]), answers) == (
        Promise("live_migration_networks", ["10.0.1.0/24"], None, f"registry {REGISTRY}", False),
    )
    answers["registry"] = Answer("registry", error=BUSY)
    with pytest.raises(CallFailed):
        RESOURCE.promises(options(live_migration_networks=["10.0.1.0/24"]), answers)


@pytest.mark.parametrize("broken", ["cluster", "networks", "migration"])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    answers = cluster()
    answers[broken] = Answer(broken, error=BUSY)
    with pytest.raises(CallFailed, match=f"call '{broken}' failed: the cluster is busy"):
        RESOURCE.plan(options(), answers)
