# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: groups (clustered roles), resources, their types and parameters, and who has access."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.cluster import Cluster, Group, Resource
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, assignment, cmdlet
from ..powershell.values import PSObject
from .cluster_nodes import unsigned
from .cluster_objects import RESOURCE_TYPES, group_object, resource_object, type_object
from .failover_clusters import (
    GROUP_NOT_FOUND,
    HELP,
    NODE_NOT_FOUND,
    RESOURCE_NOT_FOUND,
    SOURCE,
    TYPES,
    enum,
    failed,
    is_a,
    named,
    opened,
    refuse,
)
from .matching import as_list, has_wildcard, name_of

if TYPE_CHECKING:
    from ..machine import Machine

_NOT_THERE = "the errors of names that are not there: texts of the Win32 errors"
# Private properties of the type Virtual Machine; both are texts, and empty on a new cluster (ad-and-cluster.md 5.10).
TYPE_PARAMETERS: dict[str, dict[str, Any]] = {"Virtual Machine": {"MigrationExcludeNetworks": "", "MigrationNetworkOrder": ""}}
_BUILT_IN_ACCESS = (r"NT AUTHORITY\SYSTEM", r"NT AUTHORITY\NETWORK SERVICE", r"BUILTIN\Administrators")


@cmdlet("Get-ClusterGroup", source=SOURCE, unconfirmed=_NOT_THERE)
def get_group(machine: Machine, bound: Bound) -> list[PSObject]:
    """All of the cluster; of a node or resource that was piped in, its own."""
    command = "Get-ClusterGroup"
    refuse(bound, command, "VMId")
    with opened(machine, bound, command) as cluster:
        _require_known(machine, bound, command, [item.name for item in cluster.groups], GROUP_NOT_FOUND)
        # Groups of cluster shared volumes and of storage pools are not listed.
        hidden = ("ClusterSharedVolume", "ClusterStoragePool")
        found = [item for item in cluster.groups if item.type not in hidden and named(bound, "Name", item.name)]
        for piped in as_list(bound.get("InputObject", [])):
            if is_a(piped, "ClusterNode"):
                found = [item for item in found if item.owner == piped.properties["Name"]]
            elif is_a(piped, "ClusterResource"):
                found = [item for item in found if item.name == piped.properties["OwnerGroup"].properties["Name"]]
        return [group_object(machine, cluster, item) for item in found]


@cmdlet("Move-ClusterGroup", source=f"{SOURCE}; windowsserverdocs storage-replica known issues (an error record)", unconfirmed=_NOT_THERE)
def move_group(machine: Machine, bound: Bound) -> list[PSObject]:
    """To the node that is named, else to another one that is up."""
    command = "Move-ClusterGroup"
    with opened(machine, bound, command) as cluster:
        group = _group(machine, cluster, bound, command)
        up = [node for node in cluster.nodes if machine.clusters.state(cluster, node, machine.now()) == "Up"]
        wanted = bound.get("Node", "")
        if wanted and cluster.node(wanted) is None:
            raise failed(machine, command, f"An error occurred while moving the clustered role '{group.name}'.", NODE_NOT_FOUND)
        candidates = [node for node in up if (node is cluster.node(wanted) if wanted else node.name != group.owner)]
        if not candidates:
            cause = (
                "The operation failed because either the specified cluster node is not the owner of the group, or the node is not a "
                "possible owner of the group"
            )
            raise failed(machine, command, f"An error occurred while moving the clustered role '{group.name}'.", cause)
        group.owner, group.home = candidates[0].name, ""
        machine.note(f"cluster {cluster.name}: moved {group.name} to {group.owner}")
        return [group_object(machine, cluster, group)]


def _group(machine: Machine, cluster: Cluster, bound: Bound, command: str) -> Group:
    piped = next((item for item in as_list(bound.get("InputObject", [])) if is_a(item, "ClusterGroup")), None)
    name = bound["Name"] if "Name" in bound else name_of(piped) if piped is not None else ""
    group = cluster.group(name)
    if group is None:
        raise failed(machine, command, f"Unable to find the clustered role '{name}'.", GROUP_NOT_FOUND, category="ObjectNotFound")
    return group


@cmdlet("Get-ClusterResource", source=SOURCE, unconfirmed=f"{_NOT_THERE}; whether it lists the disks of cluster shared volumes")
def get_resource(machine: Machine, bound: Bound) -> list[PSObject]:
    """All of the cluster but for cluster shared volumes; of a node or group that was piped in, its own."""
    command = "Get-ClusterResource"
    refuse(bound, command, "VMId")
    with opened(machine, bound, command) as cluster:
        shared = {volume.resource for volume in cluster.volumes}
        found = [item for item in cluster.resources if item.id not in shared]
        _require_known(machine, bound, command, [item.name for item in found], RESOURCE_NOT_FOUND)
        found = [item for item in found if named(bound, "Name", item.name)]
        for piped in as_list(bound.get("InputObject", [])):
            if is_a(piped, "ClusterNode"):
                found = [item for item in found if cluster.group_of(item).owner == piped.properties["Name"]]
            elif is_a(piped, "ClusterGroup"):
                found = [item for item in found if item.group == piped.properties["Id"]]
        return [resource_object(machine, cluster, item) for item in found]


@cmdlet("Get-ClusterResourceType", source=SOURCE, unconfirmed=f"{_NOT_THERE}; the list of types of each version")
def get_resource_type(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Get-ClusterResourceType"
    with opened(machine, bound, command) as cluster:
        names = [name for name in RESOURCE_TYPES if _is_installed(machine, name)]
        _require_known(machine, bound, command, names, "The specified resource type cannot be found in the cluster.")
        return [type_object(machine, cluster, name) for name in names if named(bound, "Name", name)]


def _is_installed(machine: Machine, name: str) -> bool:
    return not name.startswith("Virtual Machine") or machine.features.in_effect("Hyper-V")


def _require_known(machine: Machine, bound: Bound, command: str, names: list[str], text: str) -> None:
    known = {name.lower() for name in names}
    for name in as_list(bound.get("Name", [])):
        if not has_wildcard(str(name)) and str(name).lower() not in known:
            raise failed(machine, command, f"Unable to find '{name}'.", text, category="ObjectNotFound")


# Parameters

@cmdlet("Get-ClusterParameter", source=f"{SOURCE}; a public transcript of 2025 (no object); Microsoft's TSS scripts (the cluster)",
        unconfirmed="the error of a parameter that is not there; what a cluster has before somebody adds to it, here nothing")
def get_parameter(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Get-ClusterParameter"
    with opened(machine, bound, command) as cluster:
        result = []
        for item in as_list(bound.get("InputObject", [])) or [None]:
            held = parameters_of(machine, cluster, item, command)
            known = {name.lower() for name in held}
            for name in as_list(bound.get("Name", [])):
                if not has_wildcard(str(name)) and str(name).lower() not in known:
                    raise failed(machine, command, f"Unable to find the parameter '{name}'.", category="ObjectNotFound")
            result += [_parameter(item, name, value) for name, value in held.items() if named(bound, "Name", name)]
        return result


def parameters_of(machine: Machine, cluster: Cluster, item: Any, command: str) -> dict[str, Any]:
    """The private properties of a resource, a resource type or the cluster, as they are kept: what is changed here is changed there."""
    if is_a(item, "ClusterResource"):
        return _resource(cluster, item).parameters
    if is_a(item, "ClusterResourceType"):
        name = item.properties["Name"]
        return cluster.type_parameters.setdefault(name, dict(TYPE_PARAMETERS.get(name, {})))
    if is_a(item, "Cluster"):
        return cluster.extra.setdefault("parameters", {})
    if item is None:
        raise failed(machine, command, "No cluster object was specified.", identifier="PSArgument", category="InvalidArgument")
    raise not_modelled(f"{command} of {item.type if isinstance(item, PSObject) else item!r}", HELP)


def _resource(cluster: Cluster, item: PSObject) -> Resource:
    found = cluster.resource(item.properties["Id"])
    assert found is not None
    return found


def _parameter(item: Any, name: str, value: Any) -> PSObject:
    kind = "UInt32" if isinstance(value, int) else "StringCollection" if isinstance(value, list) else "String"
    return PSObject(f"{TYPES}.ClusterParameter", {
        "ClusterObject": item, "Name": name, "IsReadOnly": False, "ParameterType": enum("ClusterParameterType", kind), "Value": value,
    }, text=name)


@cmdlet("Set-ClusterParameter", source=f"{SOURCE}; ad-and-cluster.md 5.10; windowsserverdocs on Kernel Soft Reboot (the cluster, -Create)",
        unconfirmed="the error of a parameter that is not there")
def set_parameter(machine: Machine, bound: Bound) -> list[PSObject]:
    """Of a resource type, a resource or the cluster. A parameter must be there, unless -Create is given."""
    command = "Set-ClusterParameter"
    refuse(bound, command, "Delete")
    values = dict(bound["Multiple"]) if "Multiple" in bound else {bound.get("Name", ""): bound.get("Value")}
    with opened(machine, bound, command) as cluster:
        for item in as_list(bound.get("InputObject", [])) or [None]:
            held = parameters_of(machine, cluster, item, command)
            proper = {name.lower(): name for name in held}
            for name, value in values.items():
                if name.lower() not in proper and not bound.get("Create"):
                    raise failed(machine, command, f"Unable to set the parameter '{name}'.", category="ObjectNotFound")
                key = proper.get(name.lower(), name)
                held[key] = value if not isinstance(held.get(key), int) else unsigned(key, value)
                machine.note(f"cluster {cluster.name}: {name_of(item)}.{key} = {held[key]}")
    return []


# Access

@cmdlet("Get-ClusterAccess", source=SOURCE, unconfirmed="which built-in accounts it lists")
def get_access(machine: Machine, bound: Bound) -> list[PSObject]:
    with opened(machine, bound, "Get-ClusterAccess") as cluster:
        rights = {**dict.fromkeys(_BUILT_IN_ACCESS, "Full"), **cluster.access}
        return [_access(account, right) for account, right in rights.items() if named(bound, "User", account)]


@cmdlet("Grant-ClusterAccess", source=SOURCE, unconfirmed="the error of an account that is not there")
def grant_access(machine: Machine, bound: Bound) -> list[PSObject]:
    right = "Full" if bound.get("Full") else "Read"
    with opened(machine, bound, "Grant-ClusterAccess") as cluster:
        result = []
        for user in as_list(bound["User"]):
            account = machine.accounts.find(str(user))
            if account is None:
                raise failed(machine, "Grant-ClusterAccess", f"Unable to find the account '{user}'.", category="ObjectNotFound")
            cluster.access[account.name] = right
            machine.note(f"cluster {cluster.name}: {right} access for {account.name}")
            result.append(_access(account.name, right))
        return result


def _access(account: str, right: str) -> PSObject:
    return PSObject(f"{TYPES}.ClusterAccessRule", {
        "IdentityReference": account, "AccessControlType": "Allow", "ClusterRights": enum("ClusterRights", right),
    }, text=account)


@assignment(f"{TYPES}.ClusterGroup", source=SOURCE)
def assign_group(machine: Machine, item: PSObject, name: str, value: Any) -> None:
    with machine.clusters.changing():
        cluster = machine.clusters.by_id(item.properties["Cluster"].properties["Id"])
        group = cluster.group(item.properties["Id"]) if cluster else None
        assert group is not None
        if name.lower() == "name":
            group.name = str(value)
        elif name.lower() == "description":
            group.description = str(value)
        elif name.lower() in ("priority", "autofailbacktype", "failoverperiod", "failoverthreshold"):
            proper = next(key for key in item.properties if key.lower() == name.lower())
            group.settings[proper] = unsigned(proper, value)
        else:
            raise not_modelled(f"setting the property {name} of a cluster's group", HELP)
    machine.note(f"cluster group {group.name}: {name} = {value}")
