# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A machine's own side of a failover cluster: its service, its registry, and what it does of what the cluster tells it."""
from __future__ import annotations

from typing import TYPE_CHECKING

from .clusters import SERVICE
from .errors import Win32Error

if TYPE_CHECKING:
    from .machine import Machine
    from .services import Service

KEY = r"HKLM:\Cluster"
# What MSCluster_Cluster.GetNodeClusterState and clusapi answer (ad-and-cluster.md 5.2).
NOT_INSTALLED, NOT_CONFIGURED, NOT_RUNNING, RUNNING = 0, 1, 3, 19
# ERROR_PROCESS_ABORTED; what a real service says whose node was evicted is not known.
_ENDED = Win32Error(1067, "The process terminated unexpectedly.")


def node_state(machine: Machine) -> int:
    """GetNodeClusterState of this machine, without the network."""
    if not machine.features.in_effect("Failover-Clustering"):
        return NOT_INSTALLED
    if not machine.cluster_id:
        return NOT_CONFIGURED
    cluster = machine.clusters.of(machine)
    if cluster is None or not cluster.formed or SERVICE.lower() not in machine.services.running:
        return NOT_RUNNING
    return RUNNING


def settled_state(machine: Machine) -> int:
    """The same, after the moment's votes were counted."""
    with machine.clusters.changing():
        cluster = machine.clusters.of(machine)
        if cluster is not None:
            machine.clusters.settle(cluster, machine.now())
        return node_state(machine)


def obey(machine: Machine) -> None:
    """Carries out what the cluster ordered while nobody looked."""
    name = machine.identity.computer_name
    for order in machine.clusters.take_orders(name):
        cluster = machine.clusters.by_id(order.cluster)
        if order.what == "join" and cluster is not None:
            configure(machine, order.cluster, cluster.name)
        elif order.what == "leave":
            forget(machine)
        elif order.what == "start" and SERVICE.lower() not in machine.services.running:
            machine.services.start(SERVICE)
        elif order.what == "stop" and SERVICE.lower() in machine.services.running:
            machine.services.stop(SERVICE, force=True)
    _show_database(machine)


def _show_database(machine: Machine) -> None:
    """Every member sees the cluster's database in its registry; of it only the parameters of resource types are modelled."""
    cluster = machine.clusters.of(machine)
    for kind, parameters in cluster.type_parameters.items() if cluster else ():
        for name, value in parameters.items():
            machine.registry.set(rf"{KEY}\ResourceTypes\{kind}\Parameters", name, value, "String")


def configure(machine: Machine, cluster_id: str, name: str) -> None:
    """Makes the machine a member, with its service running. One that was evicted before anybody looked here is left configured, no more."""
    machine.cluster_id = cluster_id
    machine.note(f"member of the failover cluster {name}")
    machine.registry.set(KEY, "ClusterName", name, "String")
    machine.files.make_folder(r"C:\ClusterStorage")
    machine.services.configure(SERVICE, start_mode="Automatic")
    if SERVICE.lower() not in machine.services.running and machine.clusters.of(machine) is not None:
        machine.services.start(SERVICE)


def forget(machine: Machine) -> None:
    """Takes every trace of the cluster away, as an eviction and Clear-ClusterNode do."""
    machine.cluster_id = ""
    machine.note("no member of a failover cluster any more")
    machine.registry.delete(KEY)
    if machine.services.find(SERVICE) is None:
        return
    if SERVICE.lower() in machine.services.running:
        machine.services.stop(SERVICE, force=True)
    machine.services.configure(SERVICE, start_mode="Disabled")


def check_start(machine: Machine, service: Service) -> None:
    """The cluster service of a machine that is in no cluster, or was evicted while it was away, does not stay."""
    if service.name.lower() == SERVICE.lower() and machine.clusters.of(machine) is None:
        raise _ENDED


def stopping(machine: Machine, service: Service) -> None:
    if service.name.lower() == SERVICE.lower():
        machine.clusters.leaving(machine)
