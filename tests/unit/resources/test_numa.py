# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/numa.md: what NUMA spanning reads, calls and says."""
from __future__ import annotations

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.numa import RESOURCE

NODE0 = {"NodeId": 0, "ProcessorsAvailability": [100] * 16, "MemoryAvailable": 60000, "MemoryTotal": 65536}
NODE1 = {"NodeId": 1, "ProcessorsAvailability": [100] * 8, "MemoryAvailable": 30000, "MemoryTotal": 32768}
STATE_NODES = [
    {"id": 0, "logical_processors": 16, "memory_available_mb": 60000, "memory_total_mb": 65536},
    {"id": 1, "logical_processors": 8, "memory_available_mb": 30000, "memory_total_mb": 32768},
]


def change(wanted):
    """The calls that set spanning, in order: the setting, the restart, and both signs that vmms is back."""
    patience = Retry(60, 2)
    return (
        Cmdlet("set", "Set-VMHost", {"NumaSpanningEnabled": wanted}),
        Cmdlet("restart", "Restart-Service", {"Name": "vmms", "Force": True}),
        Cmdlet("running", "Get-Service", {"Name": "vmms"}, ("Status",), until={"Status": "Running"}, retry=patience),
        Cmdlet("answering", "Get-VMHost", properties=("NumaSpanningEnabled",), retry=patience),
    )


def host(spanning=True, nodes=(NODE0, NODE1), machines=()):
    return Answers({
        "host": Answer("host", ({"NumaSpanningEnabled": spanning},)),
        "nodes": Answer("nodes", tuple(nodes)),
        "machines": Answer("machines", tuple({"Name": name, "State": state} for name, state in machines)),
    })


def refused(error):
    return Answers({name: Answer(name, error=CmdletError(error, "no")) for name in ("host", "nodes", "machines")})


def test_reads_three_things_and_changes_none():
    assert RESOURCE.read({"spanning": True}) == [
        Cmdlet("host", "Get-VMHost", properties=("NumaSpanningEnabled",)),
        Cmdlet("nodes", "Get-VMHostNumaNode", properties=("NodeId", "ProcessorsAvailability", "MemoryAvailable", "MemoryTotal")),
        Cmdlet("machines", "Get-VM", properties=("Name", "State")),
    ]


@pytest.mark.parametrize("spanning", [True, False])
@pytest.mark.parametrize("wanted", [None, "same"])
def test_as_wanted(spanning, wanted):
    plan = RESOURCE.plan({"spanning": spanning if wanted == "same" else None}, host(spanning, machines=[("a", "Running")]))
    assert (plan.differences, plan.calls, plan.warnings) == ((), (), ())
    assert plan.state == {"spanning": spanning, "nodes": STATE_NODES}


@pytest.mark.parametrize("wanted", [True, False])
def test_a_change_restarts_vmms_in_the_same_batch(wanted):
    plan = RESOURCE.plan({"spanning": wanted}, host(not wanted))
    assert plan.differences == (Difference("spanning", not wanted, wanted),)
    assert plan.calls == change(wanted)
    assert (plan.warnings, plan.blockers, plan.reboot) == ((), (), ())


def test_names_the_running_machines_that_keep_their_placement():
    plan = RESOURCE.plan({"spanning": False}, host(machines=[("web", "Running"), ("old", "Off"), ("db", "Running"), ("s", "Saved")]))
    assert plan.warnings == ("These virtual machines keep their former NUMA placement until they are restarted: db, web.",)


def test_one_node_is_a_warning_and_no_change():
    plan = RESOURCE.plan({"spanning": False}, host(nodes=[NODE0]))
    assert (plan.differences, plan.calls) == ((), ())
    assert plan.warnings == ("The host has one NUMA node: spanning makes no difference and was left alone.",)
    assert plan.state == {"spanning": True, "nodes": STATE_NODES[:1]}


@pytest.mark.parametrize(("wanted", "differences"), [(None, ()), (False, (Difference("spanning", None, False),))])
def test_without_the_role_it_says_what_would_change_and_what_is_missing(wanted, differences):
    plan = RESOURCE.plan({"spanning": wanted}, refused("CommandNotFoundException"))
    assert plan.differences == differences
    assert plan.calls == ()
    assert plan.blockers == ("the Hyper-V role is not in effect on this host",)
    assert plan.state == {"spanning": None, "nodes": []}


def test_an_answer_that_is_an_error_is_not_taken_for_a_missing_role():
    with pytest.raises(CallFailed, match="call 'host' failed: no \\[AccessDenied,Get-VMHost\\]"):
        RESOURCE.plan({"spanning": True}, refused("AccessDenied,Get-VMHost"))


@pytest.mark.parametrize("broken", ["nodes", "machines"])
def test_no_change_without_every_answer(broken):
    answers = host()
    answers[broken] = Answer(broken, error=CmdletError("OperationFailed,X", "vmms is busy"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed"):
        RESOURCE.plan({"spanning": False}, answers)
