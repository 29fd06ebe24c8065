# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exact calls and differences. Oracle: Microsoft's reference of the module FailoverClusters, MS-CMRP's ApiPauseNode."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import resource

RESOURCE: Any = resource("cluster_node")
PATIENCE = Retry(count=60, seconds=5)
NOT_RUNNING = CmdletError("Get-Cluster,Microsoft.FailoverClusters.PowerShell.GetClusterCommand", "The cluster service is not running.")
NODES = {"HV01": "Up", "HV02": "Up", "HV03": "Up"}


def options(**given: Any) -> dict[str, Any]:
    defaults = {
        "name": None, "state": "up", "drain": True, "failback": True, "evict_down": False, "clear_configuration": False,
        "wait_seconds": 300, "on_critical": "fail",
    }
    return {**defaults, **given}


def answers(local: int = 19, drain: str = "NotInitiated", **states: str) -> Answers:
    """HV01 is the host. states: by node; drain: of every node."""
    running = local == 19
    error = None if running else NOT_RUNNING
    rows = tuple({"Name": name, "State": state, "DrainStatus": drain} for name, state in {**NODES, **states}.items())
    return Answers({item.id: item for item in (
        Answer("computer", ({"DNSHostName": "hv01"},)),
        Answer("state", ({"ClusterState": local},)),
        Answer("service", ({"State": "Running", "StartMode": "Auto"},) if local else ()),
        Answer("cluster", ({"Name": "CL1", "Id": "5c1e", "ClusterFunctionalLevel": 11},) if running else (), error),
        Answer("nodes", rows if running else (), error),
    )})


def until(call: str, name: str, value: str, node: str = "HV01", retry: Retry = PATIENCE) -> Cmdlet:
    return Cmdlet(call, "Get-ClusterNode", {"Name": [node]}, (name,), until={name: value}, retry=retry)


def drain(node: str = "HV01") -> tuple[Cmdlet, Cmdlet]:
    return (
        Cmdlet("drain", "Suspend-ClusterNode", {"Name": [node], "Drain": True, "Wait": True, "Confirm": False}),
        until("drained", "DrainStatus", "Completed", node),
    )


def remove(node: str) -> Cmdlet:
    return Cmdlet("remove", "Remove-ClusterNode", {"Name": [node], "Force": True})


def test_up_and_up_is_nothing() -> None:
    plan = RESOURCE.plan(options(), answers())
    assert (plan.differences, plan.calls, plan.refusals, plan.blockers) == ((), (), (), ())
    assert plan.state == {"name": "HV01", "state": "Up", "drain_status": "NotInitiated", "local_state": 19, "cluster": "CL1"}


@pytest.mark.parametrize(("failback", "theirs"), [(True, "Immediate"), (False, "NoFailback")])
def test_a_paused_node_is_resumed(failback: bool, theirs: str) -> None:
    plan = RESOURCE.plan(options(failback=failback, name="hv02"), answers(HV02="Paused"))
    assert plan.differences == (Difference("state", "Paused", "Up"),)
    assert plan.calls == (
        Cmdlet("resume", "Resume-ClusterNode", {"Name": ["HV02"], "Failback": theirs}), until("up", "State", "Up", "HV02"),
    )
    assert plan.blockers == ()


def test_a_joining_node_is_waited_for() -> None:
    plan = RESOURCE.plan(options(name="HV02", wait_seconds=12), answers(HV02="Joining"))
    assert plan.differences == (Difference("state", "Joining", "Up"),)
    assert plan.calls == (until("up", "State", "Up", "HV02", Retry(count=3, seconds=5)),)
    assert plan.blockers == ()


def test_a_stopped_service_is_started_on_its_own_host() -> None:
    plan = RESOURCE.plan(options(), answers(3))
    assert plan.differences == (Difference("state", "Down", "Up"),)
    assert plan.calls == (Cmdlet("start", "Start-Service", {"Name": "ClusSvc"}), until("up", "State", "Up", "hv01"))
    assert plan.state == {"name": "hv01", "state": "Down", "drain_status": "NotInitiated", "local_state": 3, "cluster": None}


@pytest.mark.parametrize("state", ["Down", "Unknown"])
def test_another_node_that_is_down_cannot_be_started_from_here(state: str) -> None:
    plan = RESOURCE.plan(options(name="hv02"), answers(HV02=state))
    assert plan.differences == (Difference("state", state, "Up"),)
    assert plan.blockers == (f"HV02 is {state}; run the task on HV02 itself, which starts its cluster service",)


def test_paused_with_everything_moved_away() -> None:
    plan = RESOURCE.plan(options(state="paused"), answers())
    assert plan.differences == (Difference("state", "Up", "Paused"), Difference("drain_status", "NotInitiated", "Completed"))
    assert plan.calls == drain()
    assert RESOURCE.plan(options(state="paused"), answers(HV01="Paused", drain="Completed")).differences == ()


def test_paused_without_moving_anything() -> None:
    plan = RESOURCE.plan(options(state="paused", drain=False), answers())
    assert plan.differences == (Difference("state", "Up", "Paused"),)
    assert plan.calls == (Cmdlet("pause", "Suspend-ClusterNode", {"Name": ["HV01"], "Confirm": False}),)
    assert RESOURCE.plan(options(state="paused", drain=False), answers(HV01="Paused", drain="Failed")).calls == ()


@pytest.mark.parametrize("status", ["NotInitiated", "Failed"])
def test_a_paused_node_that_was_not_drained_is_drained_from_up(status: str) -> None:
    plan = RESOURCE.plan(options(state="paused"), answers(HV01="Paused", drain=status))
    assert plan.differences == (Difference("drain_status", status, "Completed"),)
    assert plan.calls == (Cmdlet("resume", "Resume-ClusterNode", {"Name": ["HV01"], "Failback": "NoFailback"}), *drain())


def test_a_drain_that_an_interrupted_run_began_is_waited_for() -> None:
    plan = RESOURCE.plan(options(state="paused"), answers(HV01="Paused", drain="InProgress"))
    assert plan.calls == (until("drained", "DrainStatus", "Completed"),)


def test_a_node_that_is_up_again_after_a_drain_is_drained_anew() -> None:
    plan = RESOURCE.plan(options(state="paused"), answers(drain="Completed"))
    assert plan.differences == (Difference("state", "Up", "Paused"),)
    assert plan.calls == drain()


@pytest.mark.parametrize("state", ["Down", "Joining", "Unknown"])
def test_only_a_node_that_is_up_is_paused(state: str) -> None:
    plan = RESOURCE.plan(options(state="paused", name="hv02"), answers(HV02=state))
    assert plan.blockers == (f"HV02 is {state}, and only a node that is up can be paused",)
    assert plan.calls == ()


def test_removed_after_a_drain_that_was_completed() -> None:
    plan = RESOURCE.plan(options(state="absent", name="hv02"), answers())
    assert plan.differences == (Difference("state", "Up", None),)
    assert plan.calls == (*drain("HV02"), remove("HV02"))
    drained = RESOURCE.plan(options(state="absent", name="hv02"), answers(HV02="Paused", drain="Completed"))
    assert drained.calls == (remove("HV02"),)
    assert RESOURCE.plan(options(state="absent", name="hv02", drain=False), answers()).calls == (remove("HV02"),)


def test_what_is_no_node_is_absent() -> None:
    assert RESOURCE.plan(options(state="absent", name="hv09"), answers()).differences == ()
    for local in (0, 1):
        plan = RESOURCE.plan(options(state="absent"), answers(local))
        assert (plan.differences, plan.calls, plan.refusals, plan.blockers) == ((), (), (), ())


def test_a_node_that_is_down_is_only_evicted_on_demand() -> None:
    plan = RESOURCE.plan(options(state="absent", name="hv02"), answers(HV02="Down"))
    assert plan.refusals == (
        "state: HV02 is Down, so it cannot be drained, and keeps its cluster configuration until Clear-ClusterNode is run on it; "
        "evict_down: true removes it all the same",
    )
    assert plan.calls == ()
    assert RESOURCE.plan(options(state="absent", name="hv02", evict_down=True), answers(HV02="Down")).calls == (remove("HV02"),)


def test_the_last_node_and_the_acting_host_are_not_removed() -> None:
    alone = answers()
    alone["nodes"] = Answer("nodes", alone["nodes"].output[:1])
    assert RESOURCE.plan(options(state="absent"), alone).refusals == (
        "state: HV01 is the last node of CL1; removing it would destroy the cluster, which this never does",
    )
    assert RESOURCE.plan(options(state="absent"), answers()).refusals == (
        "state: HV01 is the host that the task runs on; run it on another node, which sees whether the removal succeeded",
    )


def test_a_stopped_host_forgets_its_cluster_only_on_demand() -> None:
    assert RESOURCE.plan(options(state="absent"), answers(3)).refusals == (
        "state: hv01 is a node of a cluster whose service is stopped here. If that cluster has evicted it, or was never finished, "
        "clear_configuration: true makes the host forget it; otherwise remove it on another node",
    )
    plan = RESOURCE.plan(options(state="absent", clear_configuration=True), answers(3))
    assert plan.differences == (Difference("state", "Down", None),)
    assert plan.calls == (Cmdlet("clear", "Clear-ClusterNode", {"Name": ["hv01"], "Force": True}),)
    assert (plan.refusals, plan.blockers) == ((), ())
    for local in (1, 19):
        running = RESOURCE.plan(options(state="absent", clear_configuration=True), answers(local))
        assert all(call.name != "Clear-ClusterNode" for call in running.calls)
        assert bool(running.refusals) == (local == 19)


@pytest.mark.parametrize("local", [0, 1, 3])
def test_a_host_in_no_running_cluster_cannot_tell_of_others(local: int) -> None:
    assert RESOURCE.plan(options(name="hv02"), answers(local)).refusals == (
        "name: hv01 is in no running cluster, so it cannot tell or do anything about hv02; run the task on a node",
    )


def test_before_there_is_a_cluster_check_mode_says_what_would_change() -> None:
    plan = RESOURCE.plan(options(state="paused"), answers(1))
    assert plan.differences == (Difference("state", None, "Paused"), Difference("drain_status", None, "Completed"))
    assert plan.blockers == ("hv01 is in no cluster",)
    assert plan.calls == ()


def test_without_the_cmdlets_it_says_which_feature_is_missing() -> None:
    given = answers()
    given["cluster"] = Answer("cluster", error=CmdletError("CommandNotFoundException", "not recognized"))
    assert RESOURCE.plan(options(), given).refusals == (
        "name: the feature RSAT-Clustering-PowerShell, which has the cluster's cmdlets, is not installed on this host, so its cluster "
        "cannot be asked",
    )


def test_an_unknown_node_is_named() -> None:
    assert RESOURCE.plan(options(name="hv09"), answers()).refusals == (
        "name: hv09 is no node of CL1 (HV01, HV02, HV03); win_hv_cluster adds nodes",
    )


@pytest.mark.parametrize(("wrong", "refusal"), [
    ({"name": "hv02.example.org"}, "name: 'hv02.example.org' has a dot; wanted is the short name hv02, without a domain"),
    ({"wait_seconds": 0}, "wait_seconds: 0 is not between 1 and 86400"),
])
def test_wrong_options_are_named(wrong: dict[str, Any], refusal: str) -> None:
    assert RESOURCE.plan(options(**wrong), answers()).refusals == (refusal,)


@pytest.mark.parametrize("broken", ["computer", "service", "cluster", "nodes"])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    given = answers()
    given[broken] = Answer(broken, error=CmdletError("X", "Generic failure"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed: Generic failure"):
        RESOURCE.plan(options(), given)


def test_errors_are_explained() -> None:
    assert "within wait_seconds" in RESOURCE.explain(CmdletError("ConditionNotMet", "DrainStatus is Failed"))
    assert "become_method: runas" in RESOURCE.explain(CmdletError("X", "You do not have administrative privileges on the server 'hv02'."))


@pytest.mark.parametrize(("state", "seen", "found", "kept"), [
    ("up", 0, "Up", True), ("up", 2, "Paused", False), ("paused", 2, "Paused", True), ("absent", None, None, True),
    ("absent", 1, "Down", False),
])
def test_the_other_path_is_cim(state: str, seen: int | None, found: str | None, kept: bool) -> None:
    rows = () if seen is None else ({"Name": "HV02", "State": seen},)
    given = Answers({
        "cim_computer": Answer("cim_computer", ({"DNSHostName": "hv02"},)),
        "cim_nodes": Answer("cim_nodes", ({"Name": "HV01", "State": 0}, *rows)),
    })
    wanted = {"up": "Up", "paused": "Paused", "absent": None}[state]
    for name in (None, "hv02"):
        assert RESOURCE.promises(options(state=state, name=name), given) == (Promise("state", wanted, found, "CIM MSCluster_Node", kept),)


def test_without_an_answer_absence_is_not_proven() -> None:
    given = Answers({
        "cim_computer": Answer("cim_computer", ({"DNSHostName": "hv02"},)), "cim_nodes": Answer("cim_nodes", error=NOT_RUNNING),
    })
    assert [promise.kept for promise in RESOURCE.promises(options(state="absent"), given)] == [False]
