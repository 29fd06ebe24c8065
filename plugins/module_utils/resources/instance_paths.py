# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The folder that nova keeps its instances in: that it is there, and the space that nova will report.

docs/resources/instance_paths.md names the source of every rule.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..evidence import folder, folder_seen, instances, promise, seen_one
from ..plans import Difference, Finding, Plan, Promise
from ..storage.locations import Location, locate

_GIB = 2**30
_DRIVE = "Win32_LogicalDisk"
_LOCAL = re.compile(r"[A-Za-z]:\\[^<>:\"/|?*\x00-\x1f]*")
_SPACE = ("UniqueId", "Size", "SizeRemaining")


@dataclass(frozen=True)
class _Volume:
    """Sizes in whole GB, rounded down as nova does."""

    unique_id: str
    total_gb: int
    free_gb: int


class InstancePaths:
    """Creates a local folder or one on a cluster volume; leaves shares to whoever may write there."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        path = options["path"]
        location = locate(path)
        if location is None or location.kind == "share":
            return []
        return [
            Cmdlet("folder", "Test-Path", {"LiteralPath": [path], "PathType": "Container"}, ("$value",)),
            # Fails while the folder is not there.
            Cmdlet("volume", "Get-Volume", {"FilePath": path}, _SPACE),
            Cmdlet("root", "Get-Volume", {"FilePath": _root(path, location)}, _SPACE),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        path = options["path"]
        location = locate(path)
        if location is None or (location.kind != "share" and not _LOCAL.fullmatch(path)):
            return Plan(refusals=(f"path: {path!r} is no absolute Windows path",))
        if location.kind == "share":
            return Plan(state=_state(path, location, None, None))
        if not answers["root"].ok:
            return Plan(refusals=(f"path: {location} is not on this host: {answers['root'].error}",))
        return _plan(options, location, answers)

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        location = locate(options["path"])
        if location is None or location.kind != "drive":
            return self.read(options)
        drive = instances("drive", _DRIVE, "FreeSpace", where=f"DeviceID='{location.name.upper()}:'")
        return [folder("folder", options["path"]), *([drive] if options["minimum_free_gb"] is not None else [])]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        """Nothing is promised of a share, which is left to whoever may write there."""
        path, wanted = options["path"], options["minimum_free_gb"]
        location = locate(path)
        if location is None or location.kind == "share":
            return ()
        if location.kind == "drive":
            free, seen_by = seen_one(answers, "drive").get("FreeSpace") if wanted is not None else None, f"CIM {_DRIVE}"
            there = folder_seen(path, answers, "folder")
        else:
            free, seen_by = seen_one(answers, "volume").get("SizeRemaining"), "Get-Volume, as it is read"
            exists = seen_one(answers, "folder").get("$value")
            there = promise(path, "folder", "folder" if exists else None, "Test-Path, as it is read")
        if wanted is None:
            return (there,)
        found = None if free is None else free // _GIB
        return (there, Promise("free_gb", f"at least {wanted}", found, seen_by, found is not None and found >= wanted))


RESOURCE = InstancePaths()


def _plan(options: Mapping[str, Any], location: Location, answers: Answers) -> Plan:
    path = options["path"]
    exists = bool(answers.row("folder")["$value"])
    volume = _volume(answers.row("volume" if exists else "root"))
    create = Cmdlet("create", "New-Item", {"Path": [path], "ItemType": "Directory", "Force": True})
    return Plan(
        differences=() if exists else (Difference("path", None, path),),
        calls=() if exists else (create,),
        findings=_findings(options, volume),
        state=_state(path, location, exists, volume),
    )


def _root(path: str, location: Location) -> str:
    """The drive, or the folder that the cluster volume is mounted in."""
    parts = path.replace("/", "\\").split("\\")
    return "\\".join(parts[:3]) if location.kind == "cluster_volume" else f"{parts[0]}\\"


def _volume(row: Mapping[str, Any]) -> _Volume:
    return _Volume(row["UniqueId"], row["Size"] // _GIB, row["SizeRemaining"] // _GIB)


def _findings(options: Mapping[str, Any], volume: _Volume) -> tuple[Finding, ...]:
    wanted = options["minimum_free_gb"]
    if wanted is None or volume.free_gb >= wanted:
        return ()
    return (Finding(
        "instances_space", "critical", options["path"], f"{volume.free_gb} GB free of {volume.total_gb} GB", f"at least {wanted} GB free",
        "Free space there, give another path, or lower minimum_free_gb.",
    ),)


def _state(path: str, location: Location, exists: bool | None, volume: _Volume | None) -> dict[str, Any]:
    """storage: what hosts have in common that keep their instances in the same place; null for a disk of the host's own."""
    storage = None
    if location.kind == "share":
        storage = str(location)
    if location.kind == "cluster_volume" and volume is not None:
        storage = volume.unique_id
    return {
        "path": path,
        "location": location.kind,
        "storage": storage,
        "exists": exists,
        "total_gb": volume.total_gb if volume else None,
        "free_gb": volume.free_gb if volume else None,
    }
