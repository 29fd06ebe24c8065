# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-Volume, asked by a path. Source: storage-and-time.md 5."""
from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..machine.files import normalise
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cdxml import not_found
from .cim_system import free_bytes

if TYPE_CHECKING:
    from ..machine import Machine

_CLUSTER_STORAGE = "c:\\clusterstorage\\"


@cmdlet("Get-Volume", source="storage-and-time.md 5; windows-powershell-docs Storage/Get-Volume.md",
        unconfirmed="the error for a path that is not there; that a folder will do for -FilePath, also one on a cluster volume")
def get_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    if set(bound) != {"FilePath"}:
        raise not_modelled(f"Get-Volume by {', '.join(bound) or 'nothing'}", "extend rehearsal/cmdlets/volumes.py")
    path = normalise(bound["FilePath"]).lower()
    if path.startswith("\\\\"):
        raise not_modelled("Get-Volume -FilePath on a share", "find out what Windows answers and extend rehearsal/cmdlets/volumes.py")
    if not machine.files.exists(path):
        raise not_found("CmdletizationQuery_NotFound_FilePath", "Get-Volume")
    for volume in machine.spec.storage.cluster_volumes:
        root = f"{_CLUSTER_STORAGE}{volume.name.lower()}"
        if f"{path}\\".startswith(f"{root}\\"):
            return [_volume(None, volume.unique_id, "CSVFS", volume.size, volume.free)]
    letter = path[0].upper()
    disk = next(disk for disk in machine.spec.hardware.disks if disk.letter == letter)
    unique_id = f"\\\\?\\Volume{{{uuid.uuid5(uuid.NAMESPACE_OID, f'{machine.name}/{letter}')}}}\\"
    return [_volume(letter, unique_id, "NTFS", disk.size, free_bytes(machine, letter))]


def _volume(letter: str | None, unique_id: str, file_system: str, size: int, free: int) -> PSObject:
    return PSObject("CimInstance#MSFT_Volume", {
        "DriveLetter": letter, "UniqueId": unique_id, "Path": unique_id, "FileSystem": file_system, "Size": size, "SizeRemaining": free,
        "PSComputerName": None,
    })
