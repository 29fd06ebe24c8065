# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cluster shared volumes: where each is mounted, and what each node makes of it.

docs/resources/cluster_disks.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref, Retry

# ClusterSharedVolumeState: a node that has one of these cannot use the volume.
_NOT_MOUNTED = ("Unavailable", "Paused")
# A ReFS volume is never in direct mode (ClusterSharedVolumeFileSystemRedirectedIOReasons.FileSystemReFs).
_MOUNTED = {"ntfs": "Direct", "refs": "FileSystemRedirected"}
_SECONDS = 5


@dataclass(frozen=True)
class SharedVolume:
    """name: of its cluster resource; mount_paths: as the cluster tells them; nodes: by node name, the state there."""

    name: str
    state: str
    owner: str
    mount_paths: tuple[str, ...]
    file_systems: tuple[str, ...]
    nodes: Mapping[str, str]

    def not_mounted(self, nodes: Iterable[str]) -> dict[str, str]:
        """Those of the nodes that cannot use it, and why."""
        states = {name.lower(): state for name, state in self.nodes.items()}
        found = {name: states.get(name.lower(), "Unavailable") for name in nodes}
        return {name: state for name, state in found.items() if state in _NOT_MOUNTED}

    def as_state(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "state": self.state,
            "owner": self.owner,
            "mount_paths": list(self.mount_paths),
            "file_systems": list(self.file_systems),
            "nodes": dict(self.nodes),
        }


def read() -> list[Call]:
    """SharedVolumeInfo is a collection, so its elements are put out one by one to get at their properties."""
    return [
        Cmdlet("volumes", "Get-ClusterSharedVolume", properties=("Name", "State", "OwnerNode.Name")),
        Cmdlet("paths", "Write-Output", {"InputObject": Ref("volumes", property="SharedVolumeInfo")},
               ("FriendlyVolumeName", "Partition.FileSystem")),
        Cmdlet("mounts", "Get-ClusterSharedVolumeState", properties=("Name", "Node", "StateInfo", "VolumeFriendlyName")),
    ]


def present(answers: Answers) -> tuple[SharedVolume, ...]:
    volumes = answers.rows("volumes")
    if not volumes:
        # A reference to nothing is an error, so what refers to it is not read.
        return ()
    places, mounts = answers.rows("paths"), answers.rows("mounts")
    return tuple(_volume(row, places, mounts) for row in volumes)


def wait(call: str, name: Any, nodes: Iterable[str], file_system: str, seconds: int) -> Call:
    """Until every one of the nodes has mounted the volume; name may be a reference."""
    return Cmdlet(
        call, "Get-ClusterSharedVolumeState", {"Name": name, "Node": list(nodes)}, ("Node", "StateInfo"),
        until={"StateInfo": _MOUNTED.get(file_system.lower(), "Direct")}, retry=Retry(-(-seconds // _SECONDS), _SECONDS),
    )


def _volume(row: Mapping[str, Any], places: Iterable[Mapping[str, Any]], mounts: Iterable[Mapping[str, Any]]) -> SharedVolume:
    """The state of a volume knows the last folder of its mount path, and whose volume it is."""
    mine = [mount for mount in mounts if mount["Name"] == row["Name"]]
    folders = {(mount["VolumeFriendlyName"] or "").lower() for mount in mine}
    found = [place for place in places if _folder(place["FriendlyVolumeName"]) in folders]
    return SharedVolume(
        name=row["Name"],
        state=row["State"],
        owner=row["OwnerNode.Name"],
        mount_paths=tuple(place["FriendlyVolumeName"] for place in found),
        file_systems=tuple(str(place["Partition.FileSystem"]) for place in found),
        nodes={mount["Node"]: mount["StateInfo"] for mount in mine},
    )


def _folder(path: str) -> str:
    return path.rstrip("\\").rsplit("\\", 1)[-1].lower()
