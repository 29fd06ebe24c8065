# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: quorum. Facts: ad-and-cluster.md 4 (double hop), 5.7.

Sources of errors: windowsserverdocs issue 6056 (a share without a logon on the network), azure-docs issue 94345 (a cloud out of reach),
FailoverClusterDsc issue 197 (a cloud witness set anew).
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..machine import cluster_storage, witness
from ..machine.cluster import Cluster, Resource
from ..machine.cluster_storage import PHYSICAL_DISK
from ..powershell.errors import PowerShellError
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cluster_objects import cluster_object, resource_object
from .failover_clusters import RESOURCE_NOT_FOUND, SOURCE, TYPES, enum, failed, opened

if TYPE_CHECKING:
    from ..machine import Machine

_SET = "Set-ClusterQuorum"
_WAYS = ("NoWitness", "DiskWitness", "FileShareWitness", "CloudWitness", "DiskOnly")
_LEAST = 512 * 2**20
_NO_LOGON = (
    "ERROR CODE : 0x80131500; NATIVE ERROR CODE : 1. WinRM cannot process the request. The following error with errorcode 0x8009030e "
    "occurred while using Kerberos authentication: A specified logon session does not exist. It may already have been terminated."
)


@cmdlet("Get-ClusterQuorum", source=SOURCE)
def get_cluster_quorum(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, "Get-ClusterQuorum") as cluster:
        return [_quorum(machine, cluster)]


@cmdlet(
    "Set-ClusterQuorum", source=f"{SOURCE}; windowsserverdocs issue 6056, azure-docs issue 94345, FailoverClusterDsc issue 197",
    unconfirmed="the errors of a share that the cluster's account may not write to, of a disk that will not do and of two ways in one "
                "call; that Server 2016 asks for a logon on the network as well",
)
def set_cluster_quorum(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, _SET) as cluster:
        ways = [name for name in _WAYS if bound.get(name)]
        if len(ways) != 1:
            raise _refused(machine, f"Specify one of {', '.join(_WAYS)}.", "")
        if ways == ["NoWitness"]:
            witness.clear(machine, cluster)
        elif ways == ["FileShareWitness"]:
            _set_share(machine, cluster, bound)
        elif ways == ["CloudWitness"]:
            _set_cloud(machine, cluster, bound)
        else:
            resource = _disk(machine, cluster, bound[ways[0]])
            witness.set_disk(machine, cluster, resource, only=ways == ["DiskOnly"])
        machine.clusters.settle(cluster, machine.now())
        return [_quorum(machine, cluster)]


def _quorum(machine: Machine, cluster: Cluster) -> PSObject:
    resource = witness.find(cluster)
    return PSObject(f"{TYPES}.ClusterQuorumSettings", {
        "Cluster": cluster_object(machine, cluster),
        "QuorumResource": resource_object(machine, cluster, resource) if resource else None,
        "QuorumType": enum("ClusterQuorumType", "DiskOnly" if cluster.disk_only else "Majority"),
    })


def _set_share(machine: Machine, cluster: Cluster, bound: Bound) -> None:
    path = bound["FileShareWitness"]
    if machine.caller.network is None:
        raise failed(machine, _SET, _NO_LOGON)
    account = bound["Credential"].username if "Credential" in bound else ""
    obstacle = witness.check_share(machine, cluster, path, account)
    if obstacle is not None:
        message = f"There was an error configuring the file share witness '{path}'."
        raise _refused(machine, message, f"Unable to save property changes for '{witness.SHARE}'.\n    {obstacle.message}")
    present = witness.find(cluster)
    same = present is not None and present.type == witness.SHARE and present.parameters["SharePath"].lower() == path.lower()
    if not same or cluster.extra.get("witness_account", "") != account:
        witness.set_share(machine, cluster, path, account)


def _set_cloud(machine: Machine, cluster: Cluster, bound: Bound) -> None:
    if "AccountName" not in bound or "AccessKey" not in bound:
        raise _refused(machine, "A cloud witness needs AccountName and AccessKey.", "")
    account, key, endpoint = bound["AccountName"], bound["AccessKey"], bound.get("Endpoint", witness.AZURE)
    present = witness.find(cluster)
    if present is not None and present.type == witness.CLOUD:
        raise failed(machine, _SET, "An error occurred while creating resource 'Cloud Witness (2)' for the clustered role 'Cluster Group'.")
    if not witness.check_cloud(machine, account, key, endpoint):
        raise failed(
            machine, _SET, f'An error occurred while validating access to Azure from cluster node "{machine.identity.computer_name}". '
            "Please check your storage account name, endpoint, and access key.",
        )
    witness.set_cloud(machine, cluster, account, key, endpoint)


def _disk(machine: Machine, cluster: Cluster, name: str) -> Resource:
    resource = cluster.resource(name)
    if resource is None or resource.type != PHYSICAL_DISK:
        raise _refused(machine, f"The disk resource '{name}' was not found.", RESOURCE_NOT_FOUND)
    if resource is witness.find(cluster):
        return resource
    partition = cluster_storage.partition_of(machine, resource)
    if cluster.group_of(resource).type != "AvailableStorage" or partition is None or partition.size <= _LEAST:
        message = f"The disk '{name}' cannot be the witness."
        raise _refused(machine, message, "It must be in Available Storage, with an NTFS or ReFS volume of more than 512 MB.")
    return resource


def _refused(machine: Machine, message: str, cause: str) -> PowerShellError:
    return failed(machine, _SET, message, cause, category="InvalidArgument")
