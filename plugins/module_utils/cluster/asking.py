# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether this host can be asked about its cluster, for the resources that change what is inside a cluster.

Every call names no cluster: asked of the local node, it needs no credentials on the network. Sources: ad-and-cluster.md 4.
"""
from __future__ import annotations

from ..answers import Answers
from ..calls import Call, Cmdlet
from . import membership

NAMESPACE = "root/MSCluster"


def read(*properties: str) -> list[Call]:
    """The local state, and the cluster with those of its properties that are wanted besides its name."""
    return [*membership.read_local_state(), Cmdlet("cluster", "Get-Cluster", properties=("Name", *properties))]


def blocker(answers: Answers) -> str:
    """Why the cluster cannot be asked; an empty string where it can."""
    state = membership.local_state(answers)
    if state == membership.NOT_INSTALLED:
        return "the feature Failover-Clustering is not installed on this host"
    if state == membership.STOPPED:
        return "the cluster's service ClusSvc does not run on this host"
    if state != membership.RUNNING:
        return "this host is in no cluster yet"
    if answers["cluster"].missing_command:
        return "this host lacks the cluster's cmdlets (the feature RSAT-Clustering-PowerShell)"
    return ""
