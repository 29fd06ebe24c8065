# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of a simulated server: absolute Windows paths, compared without regard to case."""
from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass
class Entry:
    """A file, or a folder where data is None. path: as it was first written. Times are aware UTC."""

    path: str
    data: bytes | None
    created: datetime
    modified: datetime

    @property
    def is_folder(self) -> bool:
        return self.data is None

    @property
    def size(self) -> int:
        return len(self.data or b"")


class FileStore:
    """drives: the letters of the volumes that exist. A path on another drive is a path that does not exist."""

    def __init__(self, drives: tuple[str, ...], now: Callable[[], datetime]) -> None:
        self._drives = tuple(letter.upper() for letter in drives)
        self._now = now
        self._entries: dict[str, Entry] = {}

    def info(self, path: str) -> Entry | None:
        text = normalise(path)
        if text.rstrip("\\").upper() in (f"{letter}:" for letter in self._drives):
            return Entry(text, None, self._now(), self._now())
        return self._entries.get(text.lower())

    def exists(self, path: str) -> bool:
        return self.info(path) is not None

    def is_folder(self, path: str) -> bool:
        entry = self.info(path)
        return entry is not None and entry.is_folder

    def read(self, path: str) -> bytes | None:
        """None where there is no such file."""
        entry = self.info(path)
        return entry.data if entry else None

    def write(self, path: str, data: bytes) -> None:
        """Replaces or creates the file. FileNotFoundError where its folder is missing, IsADirectoryError where it is one."""
        text = normalise(path)
        former = self.info(text)
        if former is not None and former.is_folder:
            raise IsADirectoryError(text)
        if not self.is_folder(parent(text)):
            raise FileNotFoundError(parent(text))
        created = former.created if former else self._now()
        self._entries[text.lower()] = Entry(former.path if former else text, data, created, self._now())

    def make_folder(self, path: str) -> None:
        """Creates the folder and those above it. FileNotFoundError for a drive that is not there, FileExistsError over a file."""
        text = normalise(path)
        entry = self.info(text)
        if entry is not None:
            if not entry.is_folder:
                raise FileExistsError(text)
            return
        above = parent(text)
        if above == text:
            raise FileNotFoundError(text)
        self.make_folder(above)
        self._entries[text.lower()] = Entry(text, None, self._now(), self._now())

    def delete(self, path: str) -> bool:
        """Deletes a file, or a folder with all that is in it. False where there is nothing."""
        text = normalise(path).lower()
        for inner in [key for key in self._entries if key.startswith(text + "\\")]:
            del self._entries[inner]
        return self._entries.pop(text, None) is not None

    def all(self) -> tuple[Entry, ...]:
        """Every file and folder but the drives' roots."""
        return tuple(self._entries.values())

    def used(self, letter: str) -> int:
        """The bytes of all files on a drive."""
        prefix = f"{letter.lower()}:\\"
        return sum(entry.size for key, entry in self._entries.items() if key.startswith(prefix))

    def move(self, source: str, target: str) -> None:
        """Renames a file over whatever file is there. FileNotFoundError where the source is missing."""
        data = self.read(source)
        if data is None:
            raise FileNotFoundError(source)
        self.write(target, data)
        self.delete(source)

    def dump(self) -> list[dict[str, Any]]:
        return [
            {
                "path": entry.path,
                "data": None if entry.data is None else base64.b64encode(entry.data).decode(),
                "created": entry.created.isoformat(),
                "modified": entry.modified.isoformat(),
            }
            for entry in self._entries.values()
        ]

    def load(self, data: list[dict[str, Any]]) -> None:
        for item in data:
            content = None if item["data"] is None else base64.b64decode(item["data"])
            created, modified = (datetime.fromisoformat(item[name]) for name in ("created", "modified"))
            self._entries[item["path"].lower()] = Entry(item["path"], content, created, modified)

    def list(self, path: str) -> list[Entry]:
        """What lies directly in the folder, by name. (Last in the class: the annotations above mean the builtin.)"""
        text = normalise(path).rstrip("\\").lower()
        inside = [entry for key, entry in self._entries.items() if key.rpartition("\\")[0] == text]
        return sorted(inside, key=lambda entry: entry.path.lower())


def normalise(path: str) -> str:
    """Backslashes only, no doubled or trailing ones (but `C:\\`); ValueError for a path that is not absolute."""
    text = path.replace("/", "\\")
    if len(text) >= 2 and text[1] == ":" and text[0].isalpha():
        parts = [part for part in text[2:].split("\\") if part not in ("", ".")]
        return text[:2] + "\\" + "\\".join(parts)
    if text.startswith("\\\\"):
        return "\\\\" + "\\".join(part for part in text.split("\\") if part)
    raise ValueError(f"{path!r} is not an absolute Windows path")


def parent(path: str) -> str:
    """The folder above; a drive's root is its own parent."""
    head, _unused, _unused = path.rpartition("\\")
    if len(head) == 2 and head[1] == ":":
        return head + "\\"
    return head or path


def name(path: str) -> str:
    return normalise(path).rpartition("\\")[2]
