# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who acts for the cluster. Oracle: the rules of docs/resources/cluster.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.filter.cluster_executor import FilterModule

executor = FilterModule().filters()["cluster_executor"]

MEMBERS = ["hv01", "hv02", "hv03"]
OUTSIDE: dict[str, Any] = {"local_state": 1, "name": None, "id": None, "nodes": [], "problem": None}
BARE = {**OUTSIDE, "local_state": 0}
STOPPED = {**OUTSIDE, "local_state": 3}


def inside(name: str = "CL1", **states: str) -> dict[str, Any]:
    nodes = [{"name": node.upper(), "state": state, "drain_status": "NotInitiated"} for node, state in states.items()]
    return {"local_state": 19, "name": name, "id": "5c1e", "nodes": nodes, "problem": None}


def choose(name: str = "CL1", members: list[str] | None = None, **clusters: Any) -> dict[str, Any]:
    """clusters: what each host says of its cluster; None is a host that was not reached."""
    results = {
        host: {"unreachable": True} if cluster is None else {"cluster_survey": {"computer_name": host.upper(), "cluster": cluster}}
        for host, cluster in clusters.items()
    }
    return executor(results, members=MEMBERS if members is None else members, name=name)


def test_the_first_that_can_creates_it_when_all_answered() -> None:
    assert choose(hv01=OUTSIDE, hv02=OUTSIDE, hv03=OUTSIDE) == {
        "host": "hv01", "may_create": True, "reason": "all hosts answered and none is in a cluster, so hv01 may create CL1",
        "nodes": ["HV01", "HV02", "HV03"], "joined": [], "outside": ["hv01", "hv02", "hv03"], "silent": [],
    }


def test_a_host_with_the_feature_creates_it() -> None:
    assert choose(hv01=BARE, hv02=OUTSIDE, hv03=OUTSIDE)["host"] == "hv02"
    assert choose(hv01=BARE, hv02=BARE, hv03=BARE)["host"] == "hv01"


def test_a_node_that_is_up_acts_whichever_it_is() -> None:
    choice = choose(hv01=OUTSIDE, hv02=inside(hv02="Up", hv03="Down"), hv03=None)
    assert choice == {
        "host": "hv02", "may_create": False, "reason": "hv02 is a node of CL1 and up", "nodes": ["HV02", "HV03", "HV01"],
        "joined": ["hv02"], "outside": ["hv01"], "silent": ["hv03"],
    }


def test_the_clusters_name_is_compared_without_regard_to_case() -> None:
    assert choose(name="cl1", hv01=OUTSIDE, hv02=inside(hv02="Up"), hv03=OUTSIDE)["host"] == "hv02"


def test_a_paused_node_acts_only_when_none_is_up() -> None:
    view = {"hv01": "Paused", "hv02": "Up", "hv03": "Down"}
    assert choose(hv01=inside(**view), hv02=inside(**view), hv03=STOPPED)["host"] == "hv02"
    alone = choose(hv01=inside(hv01="Paused", hv02="Down"), hv02=None, hv03=STOPPED)
    assert (alone["host"], alone["reason"]) == ("hv01", "hv01 is a node of CL1 and paused")


def test_a_node_that_is_still_joining_does_not_act() -> None:
    choice = choose(hv01=inside(hv01="Joining"), hv02=OUTSIDE, hv03=OUTSIDE)
    assert (choice["host"], choice["may_create"], choice["reason"]) == (None, False, "hv01: in CL1, but none of them is up")


@pytest.mark.parametrize(("other", "why"), [
    (None, "hv03 did not answer, so it may be in a cluster"),
    (STOPPED, "hv03 is a node of a cluster whose service is stopped"),
    (inside("CL9", hv03="Up"), "hv03 is in the cluster CL9"),
    ({**inside(), "name": None, "problem": "no answer"}, "hv03 is a node of a cluster that does not answer"),
])
def test_beside_an_unknown_or_another_cluster_none_is_created(other: Any, why: str) -> None:
    choice = choose(hv01=OUTSIDE, hv02=OUTSIDE, hv03=other)
    assert (choice["host"], choice["may_create"]) == (None, False)
    assert choice["reason"] == f"no host is known to be in CL1, and it must not be created: {why}"


def test_with_a_limit_the_members_that_are_not_in_the_play_count_as_silent() -> None:
    limited = choose(hv02=OUTSIDE)
    assert (limited["host"], limited["silent"]) == (None, ["hv01", "hv03"])
    found = choose(hv02=inside(hv01="Up", hv02="Up"))
    assert (found["host"], found["nodes"], found["silent"]) == ("hv02", ["HV01", "HV02"], ["hv01", "hv03"])


def test_hosts_that_are_no_members_do_not_count() -> None:
    assert choose(members=["hv01"], hv01=OUTSIDE, dc1=inside("CL9", dc1="Up"))["may_create"] is True
    assert choose(members=[]) == {
        "host": None, "may_create": False, "reason": "there is no host", "nodes": [], "joined": [], "outside": [], "silent": [],
    }


def test_nodes_that_leave_are_not_wanted_however_they_are_spelt() -> None:
    cluster = inside(hv01="Up", hv02="Up", hv03="Up")
    results = {host: {"cluster_survey": {"computer_name": host.upper(), "cluster": cluster}} for host in MEMBERS}
    assert executor(results, members=MEMBERS, name="CL1", leaving=["hv03"])["nodes"] == ["HV01", "HV02"]
