# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A failover cluster: made once, with all of its nodes; nodes that are missing are added. Nothing is ever evicted or made anew.

docs/resources/cluster.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from ..answers import Answers, CmdletError
from ..calls import Call, Cmdlet, Retry
from ..cluster import membership, names
from ..cluster.errors import explain
from ..cluster.membership import Cluster, as_state
from ..plans import Difference, Finding, Plan, Promise

# Right after the creation the cluster's name is not resolved everywhere yet, and its groups still move (FailoverClusterDsc issues 115,
# 148, 190).
_SETTLES = Retry(count=30, seconds=10)
_ACCESS_POINTS = {"active_directory_and_dns": "ActiveDirectoryAndDns", "dns": "Dns"}
_SEEN_BY = "CIM MSCluster_{}"


class ClusterResource:
    """Reads which cluster the host is in; creates it, or adds the nodes that it lacks."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName", "PartOfDomain")),
            *membership.read_local_state(),
            *membership.read_cluster(),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        state = membership.local_state(answers)
        if state == membership.RUNNING and membership.lacks_cmdlets(answers):
            return Plan(refusals=(f"name: {membership.CMDLETS}, so its cluster cannot be asked",), state=as_state(state, None))
        found = membership.cluster(answers) if state == membership.RUNNING else None
        computer = answers.row("computer")
        refusals = tuple(_option_refusals(options)) or tuple(_host_refusals(options, computer["DNSHostName"], state, found))
        if refusals:
            return Plan(refusals=refusals, state=as_state(state, found))
        if found is None:
            lacking = (membership.CMDLETS,) if membership.lacks_cmdlets(answers) else ()
            return _creation(options, state, bool(computer["PartOfDomain"]), lacking)
        return _addition(options, found, computer["DNSHostName"])

    def explain(self, error: CmdletError) -> str:
        return explain(error)

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("cim_cluster", "Get-CimInstance", {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Cluster"}, ("Name",)),
            Cmdlet("cim_nodes", "Get-CimInstance", {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Node"}, ("Name", "State")),
        ]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        name = next((row["Name"] for row in answers["cim_cluster"].output), None)
        nodes = {row["Name"].lower(): row["Name"] for row in answers["cim_nodes"].output}
        return (
            Promise("name", options["name"], name, _SEEN_BY.format("Cluster"), (name or "").lower() == options["name"].lower()),
            *(
                Promise(f"nodes.{node}", node, nodes.get(node.lower()), _SEEN_BY.format("Node"), node.lower() in nodes)
                for node in options["nodes"]
            ),
        )


RESOURCE = ClusterResource()


# What can never be

def _option_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    yield from names.name_refusals("name", options["name"])
    yield from names.node_list_refusals("nodes", options["nodes"])
    for number, address in enumerate(options["static_addresses"]):
        if not _parses(ip_address, address):
            yield f"static_addresses[{number}]: {address!r} is no address; wanted is one such as 10.0.0.50"
    for number, subnet in enumerate(options["ignore_networks"]):
        if "/" not in subnet or not _parses(ip_network, subnet):
            yield f"ignore_networks[{number}]: {subnet!r} is no subnet; wanted is an address with a prefix length, such as 10.0.1.0/24"
    if options["unit"] is not None and not names.is_unit(options["unit"]):
        yield f"unit: {options['unit']!r} is no distinguished name such as OU=Clusters,DC=example,DC=org"
    if options["unit"] is not None and options["access_point"] == "dns":
        yield "unit: with access_point: dns the cluster has no computer object, so there is nothing to put into a unit"


def _parses(parser: Any, text: str) -> bool:
    try:
        parser(text)
    except ValueError:
        return False
    return True


def _host_refusals(options: Mapping[str, Any], computer: str, state: int, found: Cluster | None) -> Iterator[str]:
    if computer.lower() not in (name.lower() for name in options["nodes"]):
        yield f"nodes: this host, {computer}, is not one of them ({', '.join(options['nodes'])}); run the task on a node of the cluster"
    if found is not None and found.name.lower() != options["name"].lower():
        yield f"name: {computer} is in the cluster {found.name}, not in {options['name']}; a node is never moved from one to another"
    if state == membership.STOPPED:
        yield (
            f"name: {computer} is a node of a cluster whose service is stopped here, and a stopped service does not say of which one. "
            "Start it (win_hv_cluster_node with state: up), or run the task on another node. It is not made anew"
        )
    if state in (membership.NOT_INSTALLED, membership.NOT_CONFIGURED) and not options["create"]:
        yield f"create: {computer} is in no cluster, and create is false, so {options['name']} is not made here"


# What is called

def _creation(options: Mapping[str, Any], state: int, in_domain: bool, lacking: Sequence[str]) -> Plan:
    blockers = [*lacking]
    if state == membership.NOT_INSTALLED:
        blockers.append("the feature Failover-Clustering is not installed on this host")
    if not in_domain and options["access_point"] == "active_directory_and_dns":
        blockers.append("this host is in no Active Directory domain yet, and the cluster's name is to be an object of it")
    name, nodes = options["name"], options["nodes"]
    return Plan(
        differences=(Difference("name", None, name), Difference("nodes", [], list(nodes))),
        calls=(
            Cmdlet("create", "New-Cluster", _creation_parameters(options)),
            Cmdlet("answering", "Get-Cluster", properties=("Name",), until={"Name": name}, retry=_SETTLES),
            _all_up(nodes),
        ),
        blockers=tuple(blockers),
        state=as_state(state, None),
    )


def _creation_parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """Without storage: disks are added by their ids, by another resource. -Force keeps it from asking."""
    name, unit = options["name"], options["unit"]
    parameters: dict[str, Any] = {
        "Name": f"CN={name},{unit}" if unit else name,
        "Node": list(options["nodes"]),
        "AdministrativeAccessPoint": _ACCESS_POINTS[options["access_point"]],
        "NoStorage": True,
        "Force": True,
    }
    if options["static_addresses"]:
        parameters["StaticAddress"] = list(options["static_addresses"])
    if options["ignore_networks"]:
        parameters["IgnoreNetwork"] = list(options["ignore_networks"])
    return parameters


def _addition(options: Mapping[str, Any], found: Cluster, computer: str) -> Plan:
    findings, warnings = tuple(_node_findings(found)), tuple(_others(options["nodes"], found))
    missing = [name for name in options["nodes"] if found.node(name) is None]
    if not missing:
        return Plan(findings=findings, warnings=warnings, state=as_state(membership.RUNNING, found))
    present = [node.name for node in found.nodes]
    return Plan(
        differences=(Difference("nodes", present, [*present, *missing]),),
        calls=(Cmdlet("add", "Add-ClusterNode", {"Name": missing, "NoStorage": True}), _all_up(missing)),
        findings=findings,
        warnings=warnings,
        blockers=tuple(_not_a_member_yet(found, computer)),
        state=as_state(membership.RUNNING, found),
    )


def _all_up(nodes: Sequence[str]) -> Cmdlet:
    """Fails until every one of them is known to the cluster and up."""
    return Cmdlet("members", "Get-ClusterNode", {"Name": list(nodes)}, ("Name", "State"), until={"State": membership.UP}, retry=_SETTLES)


def _not_a_member_yet(found: Cluster, computer: str) -> Iterator[str]:
    node = found.node(computer)
    if node is None or node.state not in (membership.UP, membership.PAUSED):
        state = node.state if node else "not among its nodes"
        yield f"in the cluster {found.name} this host, {computer}, is {state}; run the task on a node that is up"


def _node_findings(found: Cluster) -> Iterator[Finding]:
    for node in found.nodes:
        if node.state == membership.DOWN:
            yield Finding(
                "cluster_node_down", "warning", node.name, f"down in the cluster {found.name}", "up",
                "Start the computer or its cluster service. It is never evicted by this; win_hv_cluster_node with state: absent does that.",
            )


def _others(nodes: Sequence[str], found: Cluster) -> Iterator[str]:
    wanted = {name.lower() for name in nodes}
    others = [node.name for node in found.nodes if node.name.lower() not in wanted]
    if others:
        yield f"nodes: the cluster has more nodes than listed here, which are left alone: {', '.join(others)}"
