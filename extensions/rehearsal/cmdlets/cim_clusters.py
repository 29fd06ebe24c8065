# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM classes of root/MSCluster. The namespace comes with the feature; while the cluster service does not run only GetNodeClusterState
answers."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..machine import cluster_storage, membership, witness
from ..machine.cluster import Cluster
from ..powershell.values import PSEnum, PSObject
from .cim_schema import CLASSES, CLUSTERS, CimClass, answers, cim_error, provides
from .cluster_objects import NUMBERS, cluster_object, group_object, node_object, resource_object

if TYPE_CHECKING:
    from ..machine import Machine

_GET = "Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand"
_PAGES = "learn.microsoft.com previous-versions/windows/desktop/cluswmi"
_MANAGED = ("Caption", "Description", "InstallDate", "Name", "Status")
_SYSTEM = (
    *_MANAGED, "CreationClassName", "NameFormat", "OtherIdentifyingInfo", "IdentifyingDescriptions", "Dedicated", "PrimaryOwnerContact",
    "PrimaryOwnerName", "Roles",
)
# The classes' own properties: the syntax on their pages, of MSCluster_Cluster also the MOF of Server 2025 as a public generator read it.
_PROPERTIES = {
    "MSCluster_Cluster": (
        *_SYSTEM, *sorted(set(NUMBERS) - {"DynamicQuorum"}), "AdminAccessPoint", "AdminExtensions", "ClusterFunctionalLevel",
        "ClusterLogSize", "ClusterUpgradeVersion", "CrossSiteDelay", "CrossSiteThreshold", "CsvBalancer", "DatabaseReadWriteMode",
        "DefaultNetworkRole", "DumpPolicy", "DynamicQuorumEnabled", "EnableSharedVolumes", "Fqdn", "MaintenanceFile", "MaxNumberOfNodes",
        "MessageBufferLength", "NetftIPSecEnabled", "NetworkPriorities", "PlacementOptions", "PreferredSite", "PrivateProperties",
        "QuorumArbitrationTimeMin", "QuorumLogFileSize", "QuorumPath", "QuorumType", "QuorumTypeValue", "RecentEventsResetTime",
        "ResiliencyLevel", "RootMemoryReserved", "RouteHistoryLength", "S2DCacheDesiredState", "S2DEnabled", "Security",
        "SharedVolumesRoot", "UseClientAccessNetworksForSharedVolumes", "WitnessDatabaseWriteTimeout", "WitnessDynamicWeight",
        "WitnessRestartInterval",
    ),
    "MSCluster_Node": (
        *_SYSTEM, "InitialLoadInfo", "LastLoadInfo", "PowerManagementCapabilities", "PowerManagementSupported", "PowerState",
        "ResetCapability", "NodeWeight", "DynamicWeight", "NodeHighestVersion", "NodeLowestVersion", "MajorVersion", "MinorVersion",
        "BuildNumber", "CSDVersion", "Id", "NodeInstanceID", "NodeDrainStatus", "NodeDrainTarget", "State", "Flags", "Characteristics",
        "NeedsPreventQuorum", "FaultDomainId", "StatusInformation", "FaultDomain", "PrivateProperties",
    ),
    "MSCluster_ResourceGroup": (
        *_MANAGED, "Flags", "Characteristics", "State", "AutoFailbackType", "FailbackWindowEnd", "FailbackWindowStart", "FailoverPeriod",
        "FailoverThreshold", "Id", "PersistentState", "AntiAffinityClassNames", "PrivateProperties", "InternalState", "Priority",
        "DefaultOwner", "CCFEpoch", "ResiliencyPeriod", "GroupType", "OwnerNode", "IsCore", "StatusInformation", "ColdStartSetting",
        "PreferredSite",
    ),
    "MSCluster_Resource": (
        *_MANAGED, "Flags", "Characteristics", "Id", "IsAlivePollInterval", "LooksAlivePollInterval", "PendingTimeout", "MonitorProcessId",
        "PersistentState", "RestartAction", "RestartPeriod", "RestartThreshold", "EmbeddedFailureAction", "RetryPeriodOnFailure",
        "SeparateMonitor", "Type", "State", "InternalState", "ResourceClass", "Subclass", "PrivateProperties", "CryptoCheckpoints",
        "RegistryCheckpoints", "QuorumCapable", "LocalQuorumCapable", "DeleteRequiresAllNodes", "CoreResource", "DeadlockTimeout",
        "StatusInformation", "LastOperationStatusCode", "ResourceSpecificData1", "ResourceSpecificData2", "ResourceSpecificStatus",
        "RestartDelay", "IsClusterSharedVolume", "RequiredDependencyTypes", "RequiredDependencyClasses", "OwnerGroup", "OwnerNode",
    ),
}
CLASSES[CLUSTERS] = {
    **CLASSES.get(CLUSTERS, {}),
    **{name.lower(): CimClass(CLUSTERS, name, properties, None, "") for name, properties in _PROPERTIES.items()},
}


@contextmanager
def running(machine: Machine) -> Iterator[Cluster]:
    """The local cluster, settled. RPC's error 1753 where its service does not run (os-win, clusterutils.py, waits while it sees it)."""
    with machine.clusters.changing():
        state, cluster = membership.settled_state(machine), machine.clusters.of(machine)
        if cluster is None or state != membership.RUNNING:
            raise cim_error(0x800706D9, "NotSpecified", _GET, "There are no more endpoints available from the endpoint mapper. ")
        cluster_storage.settle(machine, cluster)
        witness.refresh(machine, cluster)
        yield cluster


@answers(CLUSTERS, "MSCluster_Cluster", "GetNodeClusterState")
def get_node_cluster_state(machine: Machine, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"ClusterState": membership.settled_state(machine)}


@provides(CLUSTERS, "MSCluster_Cluster", source=f"{_PAGES}/mscluster-cluster")
def clusters(machine: Machine) -> list[dict[str, Any]]:
    with running(machine) as cluster:
        shown = cluster_object(machine, cluster)
        return [{
            **_numbers(shown, "MSCluster_Cluster"),
            "Name": cluster.name,
            "Caption": cluster.name,
            "Fqdn": f"{cluster.name}.{cluster.domain}" if cluster.domain else cluster.name,
            "Description": cluster.description,
            "Status": "OK",
            "CreationClassName": "MSCluster_Cluster",
            "AdminAccessPoint": _number(shown.properties["AdministrativeAccessPoint"]),
            "DynamicQuorumEnabled": shown.properties["DynamicQuorum"],
            "EnableSharedVolumes": 1,
        }]


@provides(CLUSTERS, "MSCluster_Node", source=f"{_PAGES}/mscluster-node")
def nodes(machine: Machine) -> list[dict[str, Any]]:
    with running(machine) as cluster:
        shown = [node_object(machine, cluster, node) for node in cluster.nodes]
        return [
            {
                **_numbers(item, "MSCluster_Node"), "Name": item.text, "Caption": item.text, "Status": "OK",
                "CreationClassName": "MSCluster_Node", "NodeDrainStatus": _number(item.properties["DrainStatus"]),
            }
            for item in shown
        ]


@provides(CLUSTERS, "MSCluster_ResourceGroup", source=f"{_PAGES}/mscluster-resourcegroup")
def groups(machine: Machine) -> list[dict[str, Any]]:
    with running(machine) as cluster:
        shown = [(item, group_object(machine, cluster, item)) for item in cluster.groups]
        return [
            {
                **_numbers(item, "MSCluster_ResourceGroup"), "Name": group.name, "Caption": group.name, "Status": "OK",
                "IsCore": item.properties["IsCoreGroup"], "OwnerNode": group.owner,
            }
            for group, item in shown
        ]


@provides(CLUSTERS, "MSCluster_Resource", source=f"{_PAGES}/mscluster-resource")
def resources(machine: Machine) -> list[dict[str, Any]]:
    with running(machine) as cluster:
        shared = {volume.resource for volume in cluster.volumes}
        shown = [(item, resource_object(machine, cluster, item)) for item in cluster.resources]
        return [
            {
                **_numbers(item, "MSCluster_Resource"), "Name": resource.name, "Caption": resource.name, "Status": "OK",
                "Type": resource.type, "CoreResource": resource.core, "OwnerGroup": cluster.group_of(resource).name,
                "OwnerNode": cluster.group_of(resource).owner, "IsClusterSharedVolume": resource.id in shared,
                "PrivateProperties": PSObject("CimInstance#MSCluster_Property", dict(resource.parameters)),
            }
            for resource, item in shown
        ]


def _numbers(item: PSObject, name: str) -> dict[str, Any]:
    """The properties that the cmdlets' object shares with the class, enumerations as their numbers."""
    return {
        key: _number(value) for key, value in item.properties.items() if key in _PROPERTIES[name] and not isinstance(value, PSObject)
    }


def _number(value: Any) -> Any:
    return value.number if isinstance(value, PSEnum) else value
