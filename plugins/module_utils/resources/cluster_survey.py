# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host brings to a failover cluster: its own view of the cluster, and everything that must be the same on all nodes. Read only.

docs/resources/cluster_survey.md names the source of every rule. What hosts say is compared in module_utils/cluster/comparison.py.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from ..answers import Answers, CallFailed
from ..calls import Call, Cmdlet
from ..cluster import membership, names
from ..cluster.clock import clock_state
from ..cluster.membership import Cluster
from ..plans import Finding, Plan
from ..preflight_facts import RELEASES, is_physical

_CURRENT_VERSION = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


class ClusterSurvey:
    """Reads; what is missing on a host that is not set up yet is null, and no error."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            *membership.read_local_state(),
            *membership.read_cluster(),
            Cmdlet("os", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber", "SystemDrive")),
            Cmdlet("edition", "Get-ItemProperty", {"LiteralPath": _CURRENT_VERSION}, ("EditionID", "InstallationType", "UBR?")),
            Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName", "PartOfDomain", "Domain")),
            Cmdlet("features", "Get-WindowsFeature", properties=("Name", "InstallState")),
            Cmdlet("switches", "Get-VMSwitch", properties=("Name",)),
            Cmdlet("adapters", "Get-NetAdapter", {"Physical": True}, ("Name", "DriverFileName")),
            Cmdlet("addresses", "Get-NetIPAddress", properties=("InterfaceAlias", "IPAddress", "PrefixLength")),
            Cmdlet("disks", "Get-StorageSetting", properties=("NewDiskPolicy",)),
            Cmdlet("clock", "Get-Date", properties=("$value",)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        state = _state(answers)
        return Plan(findings=tuple(_findings(state)), state=state)


RESOURCE = ClusterSurvey()


def _state(answers: Answers) -> dict[str, Any]:
    windows, edition, computer = answers.row("os"), answers.row("edition"), answers.row("computer")
    build = int(windows["BuildNumber"])
    local = membership.local_state(answers)
    found, problem = _cluster(local, answers)
    return {
        "computer_name": computer["DNSHostName"],
        "cluster": {**membership.as_state(local, found), "problem": problem},
        "release": RELEASES.get(build),
        "build": build,
        "update": edition["UBR"],
        "edition": edition["EditionID"],
        "installation": edition["InstallationType"],
        "domain": computer["Domain"] if computer["PartOfDomain"] else None,
        "system_drive": windows["SystemDrive"],
        "features": _features(answers),
        "switches": _switches(answers),
        "adapters": sorted(row["Name"] for row in answers.rows("adapters") if is_physical(row)),
        "subnets": _subnets(answers),
        "san_policy": answers.row("disks")["NewDiskPolicy"],
        "clock": clock_state(answers.row("clock")["$value"], answers.asked),
    }


def _cluster(local: int, answers: Answers) -> tuple[Cluster | None, str | None]:
    """A service that runs need not answer: it may still look for the other nodes, or lack the quorum."""
    if local != membership.RUNNING:
        return None, None
    try:
        return membership.cluster(answers), None
    except CallFailed as failure:
        return None, str(failure)


def _features(answers: Answers) -> list[str] | None:
    """The names of the features that are installed; null where there is no Server Manager."""
    if answers["features"].missing_command:
        return None
    return sorted(row["Name"] for row in answers.rows("features") if row["InstallState"] == "Installed")


def _switches(answers: Answers) -> list[str] | None:
    """The names of the virtual switches, which need not be unique; null while Hyper-V is not in effect."""
    if answers["switches"].missing_command:
        return None
    return sorted(row["Name"] for row in answers.rows("switches"))


def _subnets(answers: Answers) -> list[dict[str, str]]:
    """The networks that the host has an address in, less loopback and link-local ones, such as the cluster's own adapter has."""
    found = {
        (str(ip_network(f"{address}/{row['PrefixLength']}", strict=False)), row["InterfaceAlias"])
        for row in answers.rows("addresses")
        if not ((address := ip_address(row["IPAddress"].partition("%")[0])).is_loopback or address.is_link_local)
    }
    return [{"subnet": subnet, "interface": interface} for subnet, interface in sorted(found)]


def _findings(state: Mapping[str, Any]) -> Iterator[Finding]:
    """What shows on one host alone."""
    name, cluster = state["computer_name"], state["cluster"]
    if len(name) > names.LENGTH:
        yield Finding(
            "cluster_node_name", "critical", name, f"{len(name)} characters", f"at most {names.LENGTH}",
            "Rename the host: NetBIOS cuts the name, and the cluster then looks for a node that is not there.",
        )
    if cluster["local_state"] == membership.STOPPED:
        yield Finding(
            "cluster_service_stopped", "warning", name, "a node of a cluster whose service is stopped here", "a running cluster service",
            "Start it (win_hv_cluster_node with state: up), or look in the System log why it stopped.",
        )
    if cluster["problem"]:
        yield Finding(
            "cluster_unanswered", "warning", name, f"the cluster service runs but does not answer: {cluster['problem']}", "an answer",
            "The node may lack the quorum: start the other nodes, or look in the System log.",
        )
    down = [node["name"] for node in cluster["nodes"] if node["state"] == membership.DOWN]
    if down:
        yield Finding(
            "cluster_node_down", "warning", ", ".join(down), f"down, as {name} sees it", "up", "Start the computer or its cluster service.",
        )
