# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which cluster a host is in, and what that cluster says of its nodes. All is asked of the host itself, so a plain WinRM logon will do.

docs/resources/cluster.md says why the state code is the anchor.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet

# NODE_CLUSTER_STATE (win32: clusapi.h); these are bits, so the values are not consecutive.
NOT_INSTALLED, NOT_CONFIGURED, STOPPED, RUNNING = 0, 1, 3, 19

CMDLETS = "the feature RSAT-Clustering-PowerShell, which has the cluster's cmdlets, is not installed on this host"

UP, DOWN, PAUSED, JOINING = "Up", "Down", "Paused", "Joining"

_NAMESPACE = "root/MSCluster"


@dataclass(frozen=True)
class Node:
    """state: Up, Down, Paused, Joining or Unknown; drain_status: NotInitiated, InProgress, Completed or Failed."""

    name: str
    state: str
    drain_status: str

    def is_called(self, name: str) -> bool:
        return self.name.lower() == name.lower()


@dataclass(frozen=True)
class Cluster:
    """A cluster as one of its nodes sees it."""

    name: str
    id: str
    functional_level: int
    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.is_called(name)), None)


def read_local_state() -> list[Call]:
    """The calls that `local_state` reads the answers of."""
    return [
        Cmdlet(
            "state", "Invoke-CimMethod",
            {"Namespace": _NAMESPACE, "ClassName": "MSCluster_Cluster", "MethodName": "GetNodeClusterState"}, ("ClusterState",),
        ),
        Cmdlet("service", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": "Name='ClusSvc'"}, ("State", "StartMode")),
    ]


def read_cluster() -> list[Call]:
    """The calls that `cluster` reads the answers of. They fail on a host that is in no running cluster."""
    return [
        Cmdlet("cluster", "Get-Cluster", properties=("Name", "Id", "ClusterFunctionalLevel")),
        Cmdlet("nodes", "Get-ClusterNode", properties=("Name", "State", "DrainStatus")),
    ]


def local_state(answers: Answers) -> int:
    """NOT_INSTALLED, NOT_CONFIGURED, STOPPED or RUNNING. Raises CallFailed where it cannot be known."""
    services = answers.rows("service")
    if not services:
        # Without the feature there is neither the service nor the CIM namespace.
        return NOT_INSTALLED
    if answers["state"].ok:
        return int(answers.row("state")["ClusterState"])
    return _from_service(services[0])


def _from_service(service: Mapping[str, Any]) -> int:
    """Where the provider does not answer. The service of a configured node is never disabled (MS-CMRP), so only a disabled one is in no
    cluster for certain; another one is taken for a node, which keeps it from being put into a second cluster."""
    if service["StartMode"] == "Disabled":
        return NOT_CONFIGURED
    return RUNNING if service["State"] == "Running" else STOPPED


def cluster(answers: Answers) -> Cluster:
    """The cluster of a host whose local state is RUNNING. Raises CallFailed."""
    row = answers.row("cluster")
    return Cluster(row["Name"], row["Id"], row["ClusterFunctionalLevel"], tuple(_node(item) for item in answers.rows("nodes")))


def lacks_cmdlets(answers: Answers) -> bool:
    """Whether the feature with the cluster's cmdlets is missing on a host that may be a node all the same."""
    return answers["cluster"].missing_command


def as_state(state: int, found: Cluster | None) -> dict[str, Any]:
    """As the modules document it."""
    seen: Mapping[str, Any] = asdict(found) if found else {"name": None, "id": None, "functional_level": None, "nodes": ()}
    return {"local_state": state, **seen, "nodes": [dict(node) for node in seen["nodes"]]}


def _node(row: Mapping[str, Any]) -> Node:
    return Node(row["Name"], row["State"], row["DrainStatus"])
