# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""LUNs that several hosts of a lab see, and the virtual disks of Storage Spaces Direct, which all nodes see in the same way.

What is written on them is the same for all; the disk number is not, and neither is whether a host has them online.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..store import read_json, write_json
from .disk_content import GPT, MBR, RAW, DiskContent, formatted
from .errors import SpecError
from .fields import Fields
from .files import FileStore
from .mounts import Place
from .storage_spec import Lun, read_lun

_INSIDE = "V:\\"


@dataclass(frozen=True)
class SharedLunSpec:
    """hosts: the lab's hosts that the storage presents it to, empty for all; lost: those of them whose paths are all down at the start."""

    lun: Lun
    hosts: tuple[str, ...]
    lost: tuple[str, ...]
    style: str
    file_system: str
    label: str


def read_shared_luns(entries: Iterable[Fields], hosts: Iterable[str]) -> tuple[SharedLunSpec, ...]:
    specs = tuple(_read(fields, index, tuple(hosts)) for index, fields in enumerate(entries))
    for value in [spec.lun.unique_id for spec in specs] + [spec.lun.serial for spec in specs]:
        if [value in (spec.lun.unique_id, spec.lun.serial) for spec in specs].count(True) > 1:
            raise SpecError("lab.shared_luns", value, "each unique id and serial number once")
    return specs


def _read(fields: Fields, index: int, hosts: tuple[str, ...]) -> SharedLunSpec:
    file_system = fields.text("file_system", RAW, choices=(RAW, "NTFS", "ReFS"))
    spec = SharedLunSpec(
        hosts=fields.texts("hosts", choices=hosts),
        lost=fields.texts("lost_by", choices=hosts),
        style=fields.text("partition_style", RAW if file_system == RAW else GPT, choices=(RAW, GPT, MBR)),
        file_system="" if file_system == RAW else file_system,
        label=fields.text("label", ""),
        lun=read_lun(fields, index, serial=f"SHARED{index:04d}", paths=1),
    )
    if spec.file_system and spec.style == RAW:
        raise SpecError(fields.at("partition_style"), RAW, "GPT or MBR where the LUN has a file system")
    return spec


@dataclass(frozen=True)
class SharedDisk:
    """A LUN or a virtual disk, as one host sees it: lost where it has no path to it."""

    lun: Lun
    content: DiskContent
    lost: bool
    virtual: bool


class SharedLuns:
    """All of a lab. What changes on them is written to `path` at once, where there is one."""

    def __init__(
        self, specs: Iterable[SharedLunSpec], hosts: Iterable[str], now: Callable[[], datetime], path: Path | None = None,
    ) -> None:
        self.specs = tuple(specs)
        self.lock = threading.RLock()
        self._hosts = tuple(hosts)
        self._now = now
        self._path = path
        self._contents = {spec.lun.unique_id: _fresh(spec) for spec in self.specs}
        self._lost = {(spec.lun.unique_id, host) for spec in self.specs for host in spec.lost}
        # Virtual disks, in the order of their making; files of the volumes by volume GUID.
        self._virtual: dict[str, Lun] = {}
        self._files: dict[str, FileStore] = {}
        saved = read_json(path) if path else None
        if saved is not None:
            self._load(saved)

    def seen_by(self, host: str) -> list[SharedDisk]:
        """In the order of the host's disk numbers, which differs from host to host."""
        specs = [spec for spec in self.specs if not spec.hosts or host in spec.hosts]
        turn = self._hosts.index(host) % len(specs) if specs and host in self._hosts else 0
        disks = [
            SharedDisk(spec.lun, self._contents[spec.lun.unique_id], (spec.lun.unique_id, host) in self._lost, False)
            for spec in [*specs[turn:], *specs[:turn]]
        ]
        return [*disks, *(SharedDisk(lun, self._contents[key], False, True) for key, lun in self._virtual.items())]

    def sees(self, host: str, content: DiskContent) -> bool:
        """Whether the host has a path to the disk."""
        return any(disk.content is content and not disk.lost for disk in self.seen_by(host))

    def find(self, disk_id: str) -> tuple[Lun, DiskContent] | None:
        """By the id that the cluster keeps, see DiskContent.id."""
        for key, content in self._contents.items():
            if content.id.lower() == disk_id.lower() and disk_id:
                return self._lun(key), content
        return None

    def _lun(self, unique_id: str) -> Lun:
        return self._virtual.get(unique_id) or next(spec.lun for spec in self.specs if spec.lun.unique_id == unique_id)

    def set_paths(self, unique_id: str, host: str, up: bool) -> None:
        """Takes a host its paths to a LUN, or gives them back."""
        if unique_id not in self._contents or host not in self._hosts:
            raise ValueError(f"{unique_id!r} on {host!r}; there are {sorted(self._contents)} on {sorted(self._hosts)}")
        with self.lock:
            (self._lost.discard if up else self._lost.add)((unique_id, host))
            self.save()

    def add_virtual(self, lun: Lun, content: DiskContent) -> None:
        with self.lock:
            self._virtual[lun.unique_id] = lun
            self._contents[lun.unique_id] = content
            self.save()

    # Files

    def volume(self, guid: str, outer: str) -> Place:
        """The files of a volume, as they appear below `outer`."""
        with self.lock:
            store = self._files.setdefault(guid, FileStore(("V",), self._now))
        return Place(store, _INSIDE, outer, self.lock, self.save)

    def used(self, guid: str) -> int:
        """The bytes of all files of a volume."""
        store = self._files.get(guid)
        return store.used("V") if store else 0

    # State

    def save(self) -> None:
        if self._path is None:
            return
        with self.lock:
            write_json(self._path, {
                "contents": {key: content.dump() for key, content in self._contents.items()},
                "lost": sorted(list(pair) for pair in self._lost),
                "virtual": [vars(lun) for lun in self._virtual.values()],
                "files": {guid: store.dump() for guid, store in self._files.items()},
            })

    def _load(self, data: dict[str, Any]) -> None:
        """What was saved; LUNs that the lab file has no more are forgotten."""
        self._virtual = {item["unique_id"]: Lun(**item) for item in data["virtual"]}
        known = {*self._contents, *self._virtual}
        self._contents.update({key: DiskContent.load(item) for key, item in data["contents"].items() if key in known})
        self._lost = {(key, host) for key, host in data["lost"] if key in known}
        for guid, entries in data["files"].items():
            store = FileStore(("V",), self._now)
            store.load(entries)
            self._files[guid] = store


def _fresh(spec: SharedLunSpec) -> DiskContent:
    return formatted(spec.lun.size, spec.style, spec.file_system, spec.label, spec.lun.unique_id)
