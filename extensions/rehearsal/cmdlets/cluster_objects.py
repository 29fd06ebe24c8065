# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The objects of the module FailoverClusters: a cluster, its nodes, groups and resources, as its cmdlets put them out.

A property that a class has and that is missing here is refused when somebody asks for it. Defaults of the cluster's properties: a public
listing of `Get-Cluster | Format-List *` of Server 2012 R2, and for what came or changed later windowsserverdocs and a transcript of 2025
(BlockCacheSize, Quarantine*, Resiliency*, AutoBalancer*, the thresholds); unconfirmed on later versions.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.cluster import Cluster, Group, Node, Resource
from ..powershell.values import PSObject
from .failover_clusters import TYPES, enum

if TYPE_CHECKING:
    from ..machine import Machine

_LEVEL_2016 = 9
# Whether a cluster has it follows from the update level as well: Server 2022 from September 2022 on (Get-Cluster.md).
PARALLEL_MIGRATIONS = "MaximumParallelMigrations"
_SINCE_2022 = frozenset({PARALLEL_MIGRATIONS})
# Properties of the Cluster object that may be assigned, all of them unsigned 32-bit numbers, with their defaults.
NUMBERS: dict[str, int] = {
    "AddEvictDelay": 60, "AutoBalancerMode": 2, "AutoBalancerLevel": 1, "BackupInProgress": 0, "BlockCacheSize": 1024,
    "ClusSvcHangTimeout": 60, "ClusSvcRegroupTickInMilliseconds": 300, "ClusterEnforcedAntiAffinity": 0, "ClusterGroupWaitDelay": 120,
    "ClusterLogLevel": 3, "CrossSubnetDelay": 1000, "CrossSubnetThreshold": 20, "DrainOnShutdown": 1, "DynamicQuorum": 1, "FixQuorum": 0,
    "HangRecoveryAction": 3, "IgnorePersistentStateOnStartup": 0, "LogResourceControls": 0, "LowerQuorumPriorityNodeId": 0,
    PARALLEL_MIGRATIONS: 1, "MinimumNeverPreemptPriority": 3000, "MinimumPreemptorPriority": 1, "PlumbAllCrossSubnetRoutes": 0,
    "PreventQuorum": 0, "QuarantineDuration": 7200, "QuarantineThreshold": 3, "QuorumArbitrationTimeMax": 20, "RequestReplyTimeout": 60,
    "ResiliencyDefaultPeriod": 240, "SameSubnetDelay": 1000, "SameSubnetThreshold": 20, "SecurityLevel": 1,
    "SharedVolumeVssWriterOperationTimeout": 1800, "ShutdownTimeoutInMinutes": 20,
}
_OS_MAJOR = 10


def cluster_object(machine: Machine, cluster: Cluster) -> PSObject:
    """-> Microsoft.FailoverClusters.PowerShell.Cluster. Its Id leads back to the cluster (Clusters.by_id)."""
    numbers = {**NUMBERS, **({"SameSubnetThreshold": 10} if cluster.functional_level == _LEVEL_2016 else {})}
    missing = _SINCE_2022 if machine.os_version in ("2016", "2019") else frozenset()
    return PSObject(f"{TYPES}.Cluster", {
        "Name": cluster.name,
        "Id": cluster.id,
        "Domain": cluster.domain,
        "Description": cluster.description,
        "AdministrativeAccessPoint": enum("AdminAccessPoint", cluster.access_point),
        "ClusterFunctionalLevel": cluster.functional_level,
        "EnableSharedVolumes": enum("ClusterSharedVolumesSetting", "Enabled"),
        "SharedVolumesRoot": r"C:\ClusterStorage",
        "S2DEnabled": int(bool(cluster.storage)),
        "S2DCacheDesiredState": enum("S2DCacheState", cluster.storage.get("cache", "Enabled")),
        "WitnessDynamicWeight": int(bool(cluster.witness)),
        **{name: cluster.settings.get(name, value) for name, value in numbers.items() if name not in missing},
    }, text=cluster.name, lacks=missing)


def node_object(machine: Machine, cluster: Cluster, node: Node) -> PSObject:
    """-> Microsoft.FailoverClusters.PowerShell.ClusterNode"""
    peer = machine.peers.find(node.name)
    status = {"Completed": "DrainCompleted", "InProgress": "DrainInProgress", "Failed": "DrainFailed"}.get(node.drain, "Normal")
    return PSObject(f"{TYPES}.ClusterNode", {
        "Cluster": cluster_object(machine, cluster),
        "Name": node.name,
        "NodeName": node.name,
        "Id": node.id,
        "NodeInstanceID": node.instance,
        "Description": node.description,
        "State": enum("ClusterNodeState", machine.clusters.state(cluster, node, machine.now())),
        "StatusInformation": enum("ClusterNodeStatusInformation", status),
        "DrainStatus": enum("ClusterNodeDrainStatus", node.drain),
        "NodeWeight": node.weight,
        "DynamicWeight": int(node.voting),
        "MajorVersion": _OS_MAJOR,
        "MinorVersion": 0,
        "BuildNumber": (peer or machine).spec.os.build,
        "CSDVersion": "",
        "Model": (peer or machine).spec.hardware.model,
        "Manufacturer": (peer or machine).spec.hardware.manufacturer,
        "Type": enum("NodeType", "Node"),
    }, text=node.name)


def group_object(machine: Machine, cluster: Cluster, group: Group) -> PSObject:
    """-> Microsoft.FailoverClusters.PowerShell.ClusterGroup"""
    owner = cluster.node(group.owner)
    defaults: dict[str, Any] = {
        "AutoFailbackType": 0, "ColdStartSetting": 0, "FailoverPeriod": 6, "FailoverThreshold": 0xFFFFFFFF, "FailbackWindowEnd": 0xFFFFFFFF,
        "FailbackWindowStart": 0xFFFFFFFF, "LockedFromMoving": 0, "Priority": 2000,
    }
    return PSObject(f"{TYPES}.ClusterGroup", {
        **defaults,
        **group.settings,
        "Cluster": cluster_object(machine, cluster),
        "Name": group.name,
        "Id": group.id,
        "Description": group.description,
        "GroupType": enum("GroupType", group.type),
        "IsCoreGroup": group.type in ("Cluster", "AvailableStorage"),
        "OwnerNode": node_object(machine, cluster, owner) if owner else None,
        "State": enum("ClusterGroupState", group_state(cluster, group)),
    }, text=group.name)


def group_state(cluster: Cluster, group: Group) -> str:
    """What its resources make of it (ClusResGroup.State); a group without resources has the state that it was given."""
    states = [item.state for item in cluster.resources_of(group)]
    if not states:
        return group.state
    if any(state == "Failed" for state in states):
        return "Failed"
    if any(state.endswith("Pending") for state in states):
        return "Pending"
    online = [state == "Online" for state in states]
    return "Online" if all(online) else "PartialOnline" if any(online) else "Offline"


def resource_object(machine: Machine, cluster: Cluster, resource: Resource) -> PSObject:
    """-> Microsoft.FailoverClusters.PowerShell.ClusterResource"""
    group = cluster.group_of(resource)
    shown = group_object(machine, cluster, group)
    defaults: dict[str, Any] = {
        "DeadlockTimeout": 300000, "EmbeddedFailureAction": 2, "PendingTimeout": 180000, "RestartAction": 2, "RestartDelay": 500,
        "RestartPeriod": 900000, "RestartThreshold": 1, "RetryPeriodOnFailure": 3600000, "SeparateMonitor": False,
    }
    return PSObject(f"{TYPES}.ClusterResource", {
        **defaults,
        **resource.settings,
        "Cluster": shown.properties["Cluster"],
        "Name": resource.name,
        "Id": resource.id,
        "Description": resource.description,
        "IsCoreResource": resource.core,
        "IsNetworkClassResource": resource.type in ("IP Address", "IPv6 Address", "Network Name", "Distributed Network Name"),
        "IsStorageClassResource": resource.type in ("Physical Disk", "Storage Pool"),
        "OwnerGroup": shown,
        "OwnerNode": shown.properties["OwnerNode"],
        "ResourceType": type_object(machine, cluster, resource.type),
        "State": enum("ClusterResourceState", resource.state),
    }, text=resource.name)


# "Windows Server 2016/2019 Cluster Resource / Resource Types" (techcommunity, Failover Clustering): inbox types, and those of Hyper-V.
RESOURCE_TYPES = (
    "Cloud Witness", "DFS Replicated Folder", "DHCP Service", "Disjoint IPv4 Address", "Disjoint IPv6 Address", "Distributed File System",
    "Distributed Network Name", "Distributed Transaction Coordinator", "File Server", "File Share Witness", "Generic Application",
    "Generic Script", "Generic Service", "Health Service", "IP Address", "IPv6 Address", "IPv6 Tunnel Address", "iSCSI Target Server",
    "Microsoft iSNS", "MSMQ", "MSMQTriggers", "Nat", "Network File System", "Network Name", "Physical Disk", "Provider Address",
    "Scale Out File Server", "Storage Pool", "Storage QoS Policy Manager", "Storage Replica", "Task Scheduler", "Virtual Machine",
    "Virtual Machine Cluster WMI", "Virtual Machine Configuration", "Virtual Machine Replication Broker",
    "Virtual Machine Replication Coordinator", "WINS Service",
)
_DISPLAY_NAMES = {"File Share Witness": "File Share Quorum Witness"}


def type_object(machine: Machine, cluster: Cluster, name: str) -> PSObject:
    """-> Microsoft.FailoverClusters.PowerShell.ClusterResourceType"""
    return PSObject(f"{TYPES}.ClusterResourceType", {
        "Cluster": cluster_object(machine, cluster),
        "Name": name,
        "DisplayName": _DISPLAY_NAMES.get(name, name),
        "Description": "",
    }, text=name)
