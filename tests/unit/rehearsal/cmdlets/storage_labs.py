# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster with LUNs that its nodes share, file servers, and a storage account in a cloud."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.lab import from_mapping
from rehearsal.machine.shared_luns import SharedLuns
from rehearsal.machine.shares import FileServers

from tests.unit.rehearsal.cmdlets.labs import DEPLOY, Lab

LUNS = [
    {"serial": "A", "unique_id": "60A", "size_gb": 100, "file_system": "NTFS", "label": "vms"},
    {"serial": "B", "unique_id": "60B", "size_gb": 200, "file_system": "ReFS", "label": "more"},
    {"serial": "W", "unique_id": "60W", "size_gb": 1, "file_system": "NTFS", "label": "witness"},
    {"serial": "R", "unique_id": "60R", "size_gb": 50},
    {"serial": "L", "unique_id": "60L", "size_gb": 10, "file_system": "NTFS", "lost_by": ["hv03"]},
]
SERVERS = [{
    "name": "FS1", "addresses": ["192.0.2.30"], "shares": [
        {"name": "witness", "ntfs_rights": [{"account": "EXAMPLE\\CL1$", "rights": "modify"}]},
        {"name": "other", "ntfs_rights": [{"account": "Domain Users", "rights": "full"}]},
        {"name": "local", "ntfs_rights": [{"account": "FS1\\witness", "rights": "modify"}]},
    ],
}]
CLOUD = [{"name": "mywitness", "key": "c2VjcmV0"}]
AZURE = {"address": "198.51.100.7", "names": ["mywitness.blob.core.windows.net"], "ports": [443]}


class StorageLab(Lab):
    """Its cluster is CL1, unless `cluster` is false; hv01 owns its groups."""

    def __init__(self, count: int = 3, *, timing: Mapping[str, Any] | None = None, cluster: bool = True, **spec: Any) -> None:
        super().__init__(count, timing=timing, **{"network": {"servers": [AZURE]}, **spec})
        self._share()
        if cluster:
            with self.call("hv01") as host:
                host.rows("New-Cluster", "Name", Name="CL1", Node=list(self.hosts), NoStorage=True)
        for host in self.hosts.values():
            host.machine.changes.clear()

    def _share(self) -> None:
        """The oracle of what the hosts share is the lab file's own reader."""
        lab = from_mapping({
            "rehearsal": 1, "hosts": {name: {} for name in [*self.hosts, "hv02", "hv03"]}, "active_directory": {"dns_name": "example.org"},
            "shared_luns": LUNS, "file_servers": SERVERS, "cloud_storage": CLOUD,
        })
        self.luns = SharedLuns(lab.shared_luns, lab.hosts, self.clock)
        self.servers = FileServers(lab.file_servers, self.clock)
        for host in self.hosts.values():
            host.machine.shared_luns, host.machine.file_servers = self.luns, self.servers
            host.machine.cloud_accounts = lab.cloud_storage

    def rows(self, name: str, *properties: str, on: str = "hv01", **parameters: Any) -> list[dict[str, Any]]:
        with self.call(on, DEPLOY) as host:
            return host.rows(name, *properties, **parameters)

    def error(self, name: str, on: str = "hv01", **parameters: Any) -> dict[str, Any]:
        """The error that the call must fail with."""
        with self.call(on, DEPLOY) as host:
            result = host.call(name, ("$value",), **parameters)
        assert "error" in result, result
        error: dict[str, Any] = result["error"]
        return error

    def add_disk(self, unique_id: str, *then: dict[str, Any], on: str = "hv01") -> list[dict[str, Any]]:
        """Adds a disk to the cluster as a playbook would; its resource is `disk` for further calls."""
        with self.call(on, DEPLOY) as host:
            results = host.batch(
                {"id": "local", "cmdlet": "Get-Disk", "parameters": {"UniqueId": unique_id}},
                {"id": "disk", "cmdlet": "Add-ClusterDisk", "parameters": {"InputObject": {"$ref": "local"}},
                 "properties": ["Name", "State"]},
                *then,
            )
        for result in results:
            assert "error" not in result, result
        return results

    def add_volume(self, unique_id: str, on: str = "hv01") -> str:
        """Makes a disk a cluster shared volume; its path."""
        volume = {"id": "csv", "cmdlet": "Add-ClusterSharedVolume", "parameters": {"InputObject": {"$ref": "disk"}}}
        info = {"id": "info", "cmdlet": "Write-Output", "parameters": {"InputObject": {"$ref": "csv", "property": "SharedVolumeInfo"}}}
        results = self.add_disk(unique_id, volume, {**info, "properties": ["FriendlyVolumeName"]}, on=on)
        path: str = results[-1]["output"][0]["FriendlyVolumeName"]
        return path
