# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-Volume. Source: storage-and-time.md 5; windows-hardware docs drivers/storage/msft-volume.md.

A cluster shared volume is a volume of the file system CSVFS on every node that has mounted it.
"""
from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..machine import cluster_storage
from ..machine.cluster import SharedVolume
from ..machine.disk_content import DiskContent, Partition
from ..machine.files import normalise
from ..machine.storage import ShownDisk
from ..machine.storage_spec import ClusterVolume
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cdxml import not_found, select
from .cim_system import free_bytes

if TYPE_CHECKING:
    from ..machine import Machine

_CLUSTER_STORAGE = "c:\\clusterstorage\\"
_FILTERS = {"UniqueId": "UniqueId", "Path": "Path", "FileSystemLabel": "FileSystemLabel"}
_HELP = "extend rehearsal/cmdlets/volumes.py"


@cmdlet("Get-Volume", source="storage-and-time.md 5; windows-powershell-docs Storage/Get-Volume.md",
        unconfirmed="the error for a path that is not there; that a folder will do for -FilePath, also one on a cluster volume; that a "
                    "volume of a disk that is offline is not listed")
def get_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    if set(bound) == {"FilePath"}:
        return [_of_path(machine, bound["FilePath"])]
    if set(bound) == {"Partition"}:
        values = bound["Partition"].properties
        disk = next((disk for disk in machine.storage.disks() if disk.number == values["DiskNumber"]), None)
        paths = [_path(item.volume) for item in (disk.content.data if disk else ()) if item.number == values["PartitionNumber"]]
        return [item for item in _volumes(machine) if item.properties["Path"] in paths]
    if not set(bound) <= set(_FILTERS):
        raise not_modelled(f"Get-Volume by {', '.join(bound) or 'nothing'}", _HELP)
    return select(_volumes(machine), bound, "Get-Volume", _FILTERS)


def _volumes(machine: Machine) -> list[PSObject]:
    """Those of disks that are online, and cluster shared volumes wherever their disks are."""
    shared = [_shared(machine, volume, content) for volume, content in cluster_storage.mounted(machine)]
    ids = {volume.volume_id for volume, _content in cluster_storage.mounted(machine)}
    own = [
        shown_volume(machine, disk, partition)
        for disk in machine.storage.disks() if not disk.offline_reason for partition in disk.content.data if partition.volume not in ids
    ]
    given = [_given(volume) for volume in machine.spec.storage.cluster_volumes]
    return [*own, *shared, *given]


def shown_volume(machine: Machine, disk: ShownDisk, partition: Partition) -> PSObject:
    """A volume of a disk that is online."""
    path = _path(partition.volume)
    if disk.letter:
        return _volume(disk.letter, path, "NTFS", disk.size, free_bytes(machine, disk.letter), "")
    return _volume(None, path, partition.file_system, *_room(machine, partition), partition.label)


def _shared(machine: Machine, volume: SharedVolume, content: DiskContent) -> PSObject:
    partition = next(item for item in content.data if item.volume == volume.volume_id)
    return _volume(None, _path(partition.volume), "CSVFS", *_room(machine, partition), partition.label)


def _given(volume: ClusterVolume) -> PSObject:
    """A cluster shared volume of the lab file, without a cluster."""
    return _volume(None, volume.unique_id, "CSVFS", volume.size, volume.free, "")


def _room(machine: Machine, partition: Partition) -> tuple[int, int]:
    """Size and what is free of it."""
    size = partition.size if partition.file_system else 0
    return size, max(0, size - machine.shared_luns.used(partition.volume))


def _path(volume: str) -> str:
    return f"\\\\?\\Volume{{{volume}}}\\"


def _of_path(machine: Machine, file_path: str) -> PSObject:
    path = normalise(file_path).lower()
    if path.startswith("\\\\"):
        raise not_modelled("Get-Volume -FilePath on a share", f"find out what Windows answers and {_HELP}")
    if not machine.files.exists(path):
        raise not_found("CmdletizationQuery_NotFound_FilePath", "Get-Volume")
    for volume in machine.spec.storage.cluster_volumes:
        root = f"{_CLUSTER_STORAGE}{volume.name.lower()}"
        if f"{path}\\".startswith(f"{root}\\"):
            return _given(volume)
    for shared, content in cluster_storage.mounted(machine):
        if f"{path}\\".startswith(f"{_CLUSTER_STORAGE}{shared.folder.lower()}\\"):
            return _shared(machine, shared, content)
    letter = path[0].upper()
    disk = next(disk for disk in machine.spec.hardware.disks if disk.letter == letter)
    unique_id = f"\\\\?\\Volume{{{uuid.uuid5(uuid.NAMESPACE_OID, f'{machine.name}/{letter}')}}}\\"
    return _volume(letter, unique_id, "NTFS", disk.size, free_bytes(machine, letter), "")


def _volume(letter: str | None, unique_id: str, file_system: str, size: int, free: int, label: str) -> PSObject:
    return PSObject("CimInstance#MSFT_Volume", {
        "DriveLetter": letter, "UniqueId": unique_id, "Path": unique_id, "FileSystem": file_system, "FileSystemLabel": label, "Size": size,
        "SizeRemaining": free, "HealthStatus": "Healthy", "OperationalStatus": "OK", "DriveType": "Fixed", "PSComputerName": None,
    })
