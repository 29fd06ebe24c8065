# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The witness of a failover cluster's quorum: a disk, a share, a storage account in a cloud (ad-and-cluster.md 5.7).

A share is written to as the cluster's computer account, unless the witness has an account of its own.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .cluster import CORE_GROUP, Cluster, Resource
from .cluster_storage import PHYSICAL_DISK, content_of, storage_group
from .errors import Win32Error, win32_error
from .fields import Fields

if TYPE_CHECKING:
    from .machine import Machine

SHARE, CLOUD = "File Share Witness", "Cloud Witness"
AZURE = "core.windows.net"
_HTTPS = 443


@dataclass(frozen=True)
class CloudAccount:
    """A storage account that answers where its name resolves: ACCOUNT.blob.ENDPOINT."""

    name: str
    key: str = field(repr=False)
    endpoint: str

    @property
    def host(self) -> str:
        return f"{self.name}.blob.{self.endpoint}".lower()


def read_cloud_account(fields: Fields) -> CloudAccount:
    account = CloudAccount(
        name=fields.text("name", pattern=r"[a-z0-9]{3,24}", allowed="3 to 24 lower-case letters and digits"),
        key=fields.text("key"),
        endpoint=fields.text("endpoint", AZURE),
    )
    fields.done()
    return account


def find(cluster: Cluster) -> Resource | None:
    return cluster.resource(cluster.witness) if cluster.witness else None


def identities(machine: Machine, cluster: Cluster, account: str = "") -> frozenset[str]:
    """Whom the file server sees. account: DOMAIN\\user or SERVER\\user that the witness uses; without one the cluster's own object."""
    own = f"{machine.directory.spec.netbios_name}\\{cluster.name}$" if machine.directory.computer(cluster.name) else None
    return machine.directory.identities(account or own)


def check_share(machine: Machine, cluster: Cluster, path: str, account: str = "") -> Win32Error | None:
    """Why the cluster cannot write its witness file there, None where it can."""
    obstacle = machine.file_servers.check_access(path, identities(machine, cluster, account))
    if obstacle is None and not _folder_exists(machine, cluster, path, account):
        return win32_error(3)
    return obstacle


def _folder_exists(machine: Machine, cluster: Cluster, path: str, account: str) -> bool:
    place = machine.file_servers.place(path, identities(machine, cluster, account), write=True)
    return place.store.is_folder(place.inside(path))


def check_cloud(machine: Machine, account: str, key: str, endpoint: str) -> bool:
    """Whether the nodes reach the account and its key is right."""
    known = next((item for item in machine.cloud_accounts if item.name == account and item.endpoint == endpoint), None)
    address = machine.resolve(known.host) if known else None
    return known is not None and address is not None and known.key == key and machine.reaches(address, _HTTPS)


def set_share(machine: Machine, cluster: Cluster, path: str, account: str = "") -> Resource:
    """The witness file lies in a folder of its own, below the share."""
    resource = _replace(machine, cluster, Resource(
        SHARE, SHARE, _core(cluster), core=True, parameters={"SharePath": path, "ArbitrationDelay": 6}, settings={},
    ))
    resource.parameters["SharePath"] = path
    place = machine.file_servers.place(path, identities(machine, cluster, account), write=True)
    folder = f"{place.inside(path)}\\{resource.id}".replace("\\\\", "\\")
    with place.lock:
        place.store.make_folder(folder)
        place.store.write(f"{folder}\\Witness.log", b"")
        place.changed()
    if account:
        cluster.extra["witness_account"] = account
    return resource


def set_cloud(machine: Machine, cluster: Cluster, account: str, key: str, endpoint: str) -> Resource:
    resource = _replace(machine, cluster, Resource(
        CLOUD, CLOUD, _core(cluster), core=True,
        parameters={"AccountName": account, "EndpointInfo": endpoint, "ContainerName": "msft-cloud-witness"},
    ))
    cluster.extra["witness_key"] = key
    return resource


def set_disk(machine: Machine, cluster: Cluster, resource: Resource, only: bool = False) -> Resource:
    """The disk moves to the core group."""
    if find(cluster) is not resource:
        clear(machine, cluster)
        resource.group, resource.core = _core(cluster), True
        cluster.witness = resource.id
        machine.note(f"cluster {cluster.name}: the disk {resource.name!r} is its witness")
    if cluster.disk_only != only:
        cluster.disk_only = only
        machine.note(f"cluster {cluster.name}: quorum by the disk alone: {only}")
    return resource


def clear(machine: Machine, cluster: Cluster) -> None:
    """A disk goes back to Available Storage, every other witness is deleted."""
    resource = find(cluster)
    cluster.witness, cluster.disk_only = "", False
    cluster.extra.pop("witness_account", None)
    cluster.extra.pop("witness_key", None)
    if resource is None:
        return
    if resource.type == PHYSICAL_DISK:
        resource.group, resource.core = storage_group(cluster, cluster.group_of(resource).owner).id, False
    else:
        cluster.resources.remove(resource)
    machine.note(f"cluster {cluster.name}: {resource.name!r} is no witness any more")


def _replace(machine: Machine, cluster: Cluster, resource: Resource) -> Resource:
    clear(machine, cluster)
    cluster.resources.append(resource)
    cluster.witness = resource.id
    machine.note(f"cluster {cluster.name}: witness {resource.name!r}")
    return resource


def _core(cluster: Cluster) -> str:
    group = cluster.group(CORE_GROUP)
    assert group is not None
    return group.id


def refresh(machine: Machine, cluster: Cluster) -> None:
    """Works out whether the witness answers now; one that does not has failed and has no vote."""
    resource = find(cluster)
    if resource is None:
        return
    if resource.type == SHARE:
        path, account = resource.parameters["SharePath"], cluster.extra.get("witness_account", "")
        answers = check_share(machine, cluster, path, account) is None
    elif resource.type == CLOUD:
        values = resource.parameters
        answers = check_cloud(machine, values["AccountName"], cluster.extra.get("witness_key", ""), values["EndpointInfo"])
    else:
        content = content_of(machine, resource)
        peers = [machine.peers.find(node.name) for node in cluster.nodes]
        answers = content is not None and any(peer is not None and machine.shared_luns.sees(peer.name, content) for peer in peers)
    if resource.state in ("Online", "Failed"):
        resource.state = "Online" if answers else "Failed"
