# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node of a failover cluster: up, paused with its virtual machines moved away, or no node any more.

docs/resources/cluster_node.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import CONDITION_NOT_MET, Answers, CmdletError
from ..calls import Call, Cmdlet, Retry
from ..cluster import membership, names
from ..cluster.errors import explain
from ..cluster.membership import DOWN, JOINING, PAUSED, UP, Cluster, Node
from ..plans import Difference, Plan, Promise

_WANTED = {"up": UP, "paused": PAUSED, "absent": None}
_POLL_SECONDS = 5
_DRAINED = "Completed"

# MSCluster_Node.State, a number there (win32: CLUSTER_NODE_STATE).
_CIM_STATES = {0: UP, 1: DOWN, 2: PAUSED, 3: JOINING}
_SEEN_BY = "CIM MSCluster_Node"


@dataclass(frozen=True)
class _Host:
    """The host that the task runs on, and the node that it is about. found: its cluster, where the cluster service runs here."""

    computer: str
    local_state: int
    found: Cluster | None
    name: str

    @property
    def is_itself(self) -> bool:
        return self.name.lower() == self.computer.lower()

    @property
    def node(self) -> Node | None:
        """The node as the cluster sees it. A host whose cluster service is stopped cannot ask, but is down for certain."""
        if self.found is not None:
            return self.found.node(self.name)
        stopped = self.local_state == membership.STOPPED and self.is_itself
        return Node(self.name, DOWN, "NotInitiated") if stopped else None


class ClusterNode:
    """Reads the node's state; starts, resumes, drains or removes it."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName",)),
            *membership.read_local_state(),
            *membership.read_cluster(),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        if membership.local_state(answers) == membership.RUNNING and membership.lacks_cmdlets(answers):
            return Plan(refusals=(f"name: {membership.CMDLETS}, so its cluster cannot be asked",))
        host = _host(options, answers)
        state = _state(host)
        refusals = tuple(names.name_refusals("name", options["name"])) if options["name"] else ()
        refusals = refusals or tuple(_refusals(options, host))
        if refusals:
            return Plan(refusals=refusals, state=state)
        return Plan(
            differences=tuple(_differences(options, host.node)),
            calls=tuple(_calls(options, host)),
            blockers=tuple(_blockers(options, host)),
            state=state,
        )

    def explain(self, error: CmdletError) -> str:
        if error.id == CONDITION_NOT_MET:
            return (
                "The node did not get there within wait_seconds: a virtual machine that cannot move keeps a drain from its end, and a node "
                "that was paused before its service stopped comes back paused. Look at the node (Get-ClusterNode), then run again"
            )
        return explain(error)

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("cim_computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName",)),
            Cmdlet("cim_nodes", "Get-CimInstance", {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Node"}, ("Name", "State")),
        ]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        name = options["name"] or answers.row("cim_computer")["DNSHostName"]
        wanted = _WANTED[options["state"]]
        seen = {row["Name"].lower(): _CIM_STATES.get(row["State"], str(row["State"])) for row in answers["cim_nodes"].output}
        found = seen.get(name.lower())
        # Without an answer nothing is known, also not that the node is gone.
        return (Promise("state", wanted, found, _SEEN_BY, found == wanted and answers["cim_nodes"].ok),)


RESOURCE = ClusterNode()


def _host(options: Mapping[str, Any], answers: Answers) -> _Host:
    computer = answers.row("computer")["DNSHostName"]
    state = membership.local_state(answers)
    found = membership.cluster(answers) if state == membership.RUNNING else None
    return _Host(computer, state, found, options["name"] or computer)


def _state(host: _Host) -> dict[str, Any]:
    node = host.node
    return {
        "name": node.name if node else host.name,
        "state": node.state if node else None,
        "drain_status": node.drain_status if node else None,
        "local_state": host.local_state,
        "cluster": host.found.name if host.found else None,
    }


# What cannot be

def _refusals(options: Mapping[str, Any], host: _Host) -> Iterator[str]:
    if not 1 <= options["wait_seconds"] <= 86400:
        yield f"wait_seconds: {options['wait_seconds']} is not between 1 and 86400"
    if host.found is None and not host.is_itself:
        yield f"name: {host.computer} is in no running cluster, so it cannot tell or do anything about {host.name}; run the task on a node"
    elif host.found is not None and host.node is None and options["state"] != "absent":
        nodes = ", ".join(node.name for node in host.found.nodes)
        yield f"name: {host.name} is no node of {host.found.name} ({nodes}); win_hv_cluster adds nodes"
    elif options["state"] == "absent" and host.node is not None:
        yield from _removal_refusals(options, host, host.node)


def _removal_refusals(options: Mapping[str, Any], host: _Host, node: Node) -> Iterator[str]:
    if host.found is not None and len(host.found.nodes) == 1:
        yield f"state: {node.name} is the last node of {host.found.name}; removing it would destroy the cluster, which this never does"
    elif host.local_state == membership.STOPPED:
        if not options["clear_configuration"]:
            yield (
                f"state: {node.name} is a node of a cluster whose service is stopped here. If that cluster has evicted it, or was never "
                "finished, clear_configuration: true makes the host forget it; otherwise remove it on another node"
            )
    elif host.is_itself:
        yield f"state: {node.name} is the host that the task runs on; run it on another node, which sees whether the removal succeeded"
    elif node.state not in (UP, PAUSED) and not options["evict_down"]:
        yield (
            f"state: {node.name} is {node.state}, so it cannot be drained, and keeps its cluster configuration until Clear-ClusterNode is "
            "run on it; evict_down: true removes it all the same"
        )


def _blockers(options: Mapping[str, Any], host: _Host) -> Iterator[str]:
    node = host.node
    if node is None:
        if options["state"] != "absent":
            yield f"{host.name} is in no cluster"
    elif options["state"] == "up" and node.state not in (UP, PAUSED, JOINING) and not _can_be_started(host):
        yield f"{node.name} is {node.state}; run the task on {node.name} itself, which starts its cluster service"
    elif options["state"] == "paused" and node.state not in (UP, PAUSED):
        yield f"{node.name} is {node.state}, and only a node that is up can be paused"


def _can_be_started(host: _Host) -> bool:
    return host.local_state == membership.STOPPED


# What differs, and what is called

def _differences(options: Mapping[str, Any], node: Node | None) -> Iterator[Difference]:
    wanted, present = _WANTED[options["state"]], node.state if node else None
    if present != wanted:
        yield Difference("state", present, wanted)
    if options["state"] == "paused" and options["drain"] and (node is None or node.drain_status != _DRAINED):
        yield Difference("drain_status", node.drain_status if node else None, _DRAINED)


def _is_drained(node: Node) -> bool:
    return node.state == PAUSED and node.drain_status == _DRAINED


def _calls(options: Mapping[str, Any], host: _Host) -> Iterator[Call]:
    node = host.node
    if node is None:
        return
    if options["state"] == "up":
        yield from _start(options, host, node)
    elif options["state"] == "paused":
        yield from _pause(options, node)
    elif host.local_state == membership.STOPPED:
        yield Cmdlet("clear", "Clear-ClusterNode", {"Name": [node.name], "Force": True})
    else:
        yield from _drain(options, node) if options["drain"] else ()
        yield Cmdlet("remove", "Remove-ClusterNode", {"Name": [node.name], "Force": True})


def _start(options: Mapping[str, Any], host: _Host, node: Node) -> Iterator[Call]:
    if node.state == UP:
        return
    if node.state == PAUSED:
        failback = "Immediate" if options["failback"] else "NoFailback"
        yield Cmdlet("resume", "Resume-ClusterNode", {"Name": [node.name], "Failback": failback})
    elif _can_be_started(host):
        yield Cmdlet("start", "Start-Service", {"Name": "ClusSvc"})
    yield _until(options, node, "up", "State", UP)


def _pause(options: Mapping[str, Any], node: Node) -> Iterator[Call]:
    if options["drain"]:
        yield from _drain(options, node)
    elif node.state == UP:
        yield Cmdlet("pause", "Suspend-ClusterNode", {"Name": [node.name], "Confirm": False})


def _drain(options: Mapping[str, Any], node: Node) -> Iterator[Call]:
    """Moves everything away. What follows in the batch does not run unless the drain was completed."""
    if _is_drained(node) or node.state not in (UP, PAUSED):
        return
    if node.drain_status != "InProgress":
        if node.state == PAUSED:
            # To pause a paused node succeeds and does nothing (MS-CMRP 3.1.4.2.70), so a drain that failed starts anew from up.
            yield Cmdlet("resume", "Resume-ClusterNode", {"Name": [node.name], "Failback": "NoFailback"})
        yield Cmdlet("drain", "Suspend-ClusterNode", {"Name": [node.name], "Drain": True, "Wait": True, "Confirm": False})
    yield _until(options, node, "drained", "DrainStatus", _DRAINED)


def _until(options: Mapping[str, Any], node: Node, call: str, name: str, value: str) -> Cmdlet:
    patience = Retry(count=-(-options["wait_seconds"] // _POLL_SECONDS), seconds=_POLL_SECONDS)
    return Cmdlet(call, "Get-ClusterNode", {"Name": [node.name]}, (name,), until={name: value}, retry=patience)
