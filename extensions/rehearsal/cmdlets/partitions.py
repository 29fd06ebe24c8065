# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module Storage: what writes on disks. Codes of errors: windows-hardware docs, the methods of MSFT_Disk and MSFT_Partition."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..machine.disk_content import BASIC, GPT, RAW, RESERVED, Partition
from ..machine.storage import ShownDisk
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cdxml import not_found, select
from .cim_schema import objects, provides
from .matching import as_list, like
from .storage import shown_disks
from .volumes import shown_volume

if TYPE_CHECKING:
    from ..machine import Machine

_NAMESPACE = "root/microsoft/windows/storage"
_SOURCE = "windows-powershell-docs Storage; windows-hardware docs msft-disk, msft-partition, msft-volume"
_ERROR_ID = "the form of the error ids beyond the codes, which one transcript of New-Volume shows"
_HELP = "extend rehearsal/cmdlets/partitions.py"
_GPT_TYPES = {BASIC: "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}", RESERVED: "{e3c9e316-0b5c-4db8-817d-f92df00215ae}"}
_CODES = {
    5: "Invalid Parameter",
    40000: "Not enough available capacity",
    41000: "The disk has not been initialized.",
    41001: "The disk has already been initialized.",
    41002: "The disk is read only.",
    41003: "The disk is offline.",
    41018: "The specified object is managed by the Microsoft Failover Clustering component. The disk must be in cluster maintenance mode "
           "and the cluster resource status must be online to perform this operation.",
}
_ANY_SIZE = frozenset({"NTFS", "ReFS"})


def storage_error(code: int, command: str) -> PowerShellError:
    return PowerShellError(
        f"StorageWMI {code},{command}", "NotSpecified", "Microsoft.Management.Infrastructure.CimException", _CODES[code],
    )


@cmdlet("Set-Disk", source=_SOURCE, unconfirmed=_ERROR_ID)
def set_disk(machine: Machine, bound: Bound) -> list[Any]:
    for name in ("Signature", "Guid", "PartitionStyle"):
        if name in bound:
            raise not_modelled(f"Set-Disk -{name}", _HELP)
    for disk in _disks(machine, bound, "Set-Disk"):
        if disk.clustered:
            raise storage_error(41018, "Set-Disk")
        if "IsOffline" in bound:
            machine.storage.set_online(disk, not bound["IsOffline"])
        if "IsReadOnly" in bound:
            machine.storage.set_writable(disk, not bound["IsReadOnly"])
    return []


@cmdlet("Initialize-Disk", source=_SOURCE, unconfirmed=f"{_ERROR_ID}; that an offline disk is refused and not brought online")
def initialize_disk(machine: Machine, bound: Bound) -> list[PSObject]:
    if "VirtualDisk" in bound:
        raise not_modelled("Initialize-Disk -VirtualDisk", _HELP)
    chosen = _disks(machine, bound, "Initialize-Disk")
    for disk in chosen:
        _require_writable(disk, "Initialize-Disk")
        if disk.content.style != RAW:
            raise storage_error(41001, "Initialize-Disk")
        # The page: GPT is the default.
        style = str(bound.get("PartitionStyle", GPT))
        disk.content.initialize(style, _seed(machine, disk))
        machine.storage.disk_changed(f"disk {disk.number} initialized as {style}")
    return _numbered(machine, chosen) if bound.get("PassThru") else []


@cmdlet("Clear-Disk", source=_SOURCE, unconfirmed=_ERROR_ID)
def clear_disk(machine: Machine, bound: Bound) -> list[PSObject]:
    chosen = _disks(machine, bound, "Clear-Disk")
    for disk in chosen:
        _require_writable(disk, "Clear-Disk")
        if disk.system:
            raise not_modelled("Clear-Disk on the system's disk", _HELP)
        if disk.content.style == RAW:
            raise storage_error(41000, "Clear-Disk")
        if disk.content.data and not bound.get("RemoveData"):
            raise not_modelled("Clear-Disk without -RemoveData where there is data", _HELP)
        disk.content.clear()
        machine.storage.disk_changed(f"disk {disk.number} cleared")
    return _numbered(machine, chosen) if bound.get("PassThru") else []


@provides(_NAMESPACE, "MSFT_Partition", source="windows-hardware docs drivers/storage/msft-partition.md")
def partitions(machine: Machine) -> list[dict[str, Any]]:
    return [_partition(disk, partition) for disk in machine.storage.disks() for partition in disk.content.partitions]


def _partition(disk: ShownDisk, partition: Partition) -> dict[str, Any]:
    letter = disk.letter if partition.kind == BASIC and disk.letter else None
    path = f"\\\\?\\Volume{{{partition.volume}}}\\"
    gpt = disk.content.style == GPT
    return {
        "DiskNumber": disk.number,
        "PartitionNumber": partition.number,
        "DriveLetter": letter,
        "AccessPaths": [*([f"{letter}:\\"] if letter else []), path] if partition.kind == BASIC else [],
        "Size": partition.size,
        "Offset": partition.offset,
        "GptType": _GPT_TYPES[partition.kind] if gpt else None,
        "Guid": f"{{{partition.guid}}}" if gpt else None,
        "Type": partition.kind,
        "IsOffline": disk.offline_reason != 0,
        "IsReadOnly": disk.read_only,
        "IsSystem": disk.system,
        "IsBoot": disk.system,
        "IsHidden": partition.kind == RESERVED,
        "DiskId": disk.path,
        "DiskPath": disk.path,
        "UniqueId": f"{{{partition.guid}}}{disk.unique_id}",
    }


@cmdlet("Get-Partition", source=_SOURCE, unconfirmed="the form of UniqueId; what Get-Partition shows of a disk that is offline")
def get_partition(machine: Machine, bound: Bound) -> list[PSObject]:
    filters = {name: name for name in ("DiskNumber", "PartitionNumber", "DriveLetter", "UniqueId", "DiskId", "Offset")}
    for name in bound:
        if name not in (*filters, "Disk"):
            raise not_modelled(f"Get-Partition -{name}", _HELP)
    found = objects(machine, _NAMESPACE, "MSFT_Partition")
    if "Disk" in bound:
        number = bound["Disk"].properties["Number"]
        found = [item for item in found if item.properties["DiskNumber"] == number]
    return select(found, bound, "Get-Partition", filters)


@cmdlet("New-Partition", source=_SOURCE, unconfirmed=_ERROR_ID)
def new_partition(machine: Machine, bound: Bound) -> list[PSObject]:
    for name in ("Alignment", "AssignDriveLetter", "DriveLetter", "GptType", "IsActive", "IsHidden", "MbrType", "Offset"):
        if name in bound:
            raise not_modelled(f"New-Partition -{name}", _HELP)
    if bool(bound.get("UseMaximumSize")) == ("Size" in bound):
        raise storage_error(5, "New-Partition")
    created = []
    for disk in _disks(machine, bound, "New-Partition"):
        _require_writable(disk, "New-Partition")
        if disk.content.style == RAW:
            raise storage_error(41000, "New-Partition")
        size = bound.get("Size", disk.content.free)
        if not 0 < size <= disk.content.free:
            raise storage_error(40000, "New-Partition")
        partition = disk.content.add_partition(size, _seed(machine, disk))
        machine.storage.disk_changed(f"disk {disk.number} has a new partition {partition.number} of {size} bytes")
        created.append((disk.number, partition.number))
    found = objects(machine, _NAMESPACE, "MSFT_Partition")
    return [item for item in found if (item.properties["DiskNumber"], item.properties["PartitionNumber"]) in created]


@cmdlet("Format-Volume", source=_SOURCE, unconfirmed=f"{_ERROR_ID}; whether it asks first")
def format_volume(machine: Machine, bound: Bound) -> list[PSObject]:
    for name in bound:
        if name not in ("Partition", "InputObject", "Path", "FileSystem", "NewFileSystemLabel", "AllocationUnitSize", "Full", "Force"):
            raise not_modelled(f"Format-Volume -{name}", _HELP)
    file_system = bound.get("FileSystem", "NTFS")
    if file_system not in _ANY_SIZE:
        raise not_modelled(f"Format-Volume -FileSystem {file_system}", _HELP)
    formatted = []
    for disk, partition in _volumes(machine, bound):
        _require_writable(disk, "Format-Volume")
        if disk.system:
            raise not_modelled("formatting a volume of the system's disk", _HELP)
        partition.file_system, partition.label = file_system, bound.get("NewFileSystemLabel", "")
        machine.storage.disk_changed(f"disk {disk.number} partition {partition.number} formatted as {file_system}")
        formatted.append(shown_volume(machine, disk, partition))
    return formatted


def _volumes(machine: Machine, bound: Bound) -> list[tuple[ShownDisk, Partition]]:
    """The volumes that a call names: by partition, volume or path."""
    if "Partition" in bound:
        values = bound["Partition"].properties
        wanted = [(values["DiskNumber"], values["PartitionNumber"])]
        found = [(disk, item) for disk, item in _data(machine) if (disk.number, item.number) in wanted]
    else:
        paths = [item.properties["Path"] for item in as_list(bound.get("InputObject", []))] + as_list(bound.get("Path", []))
        found = [(disk, item) for disk, item in _data(machine) if f"\\\\?\\Volume{{{item.volume}}}\\" in paths]
    if not found:
        raise not_found("CmdletizationQuery_NotFound", "Format-Volume")
    return found


def _data(machine: Machine) -> Iterable[tuple[ShownDisk, Partition]]:
    return ((disk, partition) for disk in machine.storage.disks() for partition in disk.content.data)


def _disks(machine: Machine, bound: Bound, command: str) -> list[ShownDisk]:
    """The disks that a call names, by whichever parameter."""
    ways = {
        "Number": "number", "DiskNumber": "number", "UniqueId": "unique_id", "Path": "path", "DiskPath": "path", "DiskId": "path",
        "FriendlyName": "friendly_name",
    }
    disks = machine.storage.disks()
    if "InputObject" in bound:
        paths = [item.properties["Path"] for item in as_list(bound["InputObject"])]
        return [disk for disk in disks if disk.path in paths]
    parameter = next(name for name in ways if name in bound)
    chosen: list[ShownDisk] = []
    for wanted in as_list(bound[parameter]):
        found = [disk for disk in disks if _fits(getattr(disk, ways[parameter]), wanted)]
        if not found:
            raise not_found(f"CmdletizationQuery_NotFound_{parameter}", command)
        chosen += [disk for disk in found if disk not in chosen]
    return chosen


def _fits(actual: Any, wanted: Any) -> bool:
    return like(actual, wanted) if isinstance(actual, str) else actual == wanted


def _require_writable(disk: ShownDisk, command: str) -> None:
    """A disk of the cluster may be written on where it is online, which is at its owner; changing its partitions wants maintenance mode."""
    if disk.clustered:
        raise storage_error(41018, command)
    if disk.offline_reason:
        raise storage_error(41003, command)
    if disk.read_only:
        raise storage_error(41002, command)


def _seed(machine: Machine, disk: ShownDisk) -> str:
    """What the ids on the disk are made from."""
    return f"{machine.name}/{disk.serial}" if disk.local else disk.unique_id


def _numbered(machine: Machine, disks: list[ShownDisk]) -> list[PSObject]:
    numbers = [disk.number for disk in disks]
    return [item for item in shown_disks(machine) if item.properties["Number"] in numbers]
