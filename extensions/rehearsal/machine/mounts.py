# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All files that a server sees: those of its own drives, those of cluster shared volumes, and those on file servers."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from .errors import Win32Error
from .files import Entry, FileStore, normalise


@dataclass(frozen=True)
class Place:
    """A part of the tree that another store keeps: `outer` here is `inner` there. changed: what has to be told of a change."""

    store: FileStore
    inner: str
    outer: str
    lock: AbstractContextManager[Any]
    changed: Callable[[], None]

    def inside(self, path: str) -> str:
        return self.inner + path[len(self.outer):].lstrip("\\")

    def outside(self, entry: Entry) -> Entry:
        below = entry.path[len(self.inner):]
        return replace(entry, path=f"{self.outer}\\{below}" if below else self.outer)


Elsewhere = Callable[[str, bool], "Place | None"]


class Files:
    """The interface of a FileStore, over the server's own store and whatever lies elsewhere.

    elsewhere(path, write): the place of a path that is not the server's own. It raises Win32Error where the network ends and
    PermissionError where access is denied. Reading beyond the network's end finds nothing; changing something there is an error.
    mounted(path): the folders directly below a folder of its own that are such places.
    """

    def __init__(self, own: FileStore, elsewhere: Elsewhere, mounted: Callable[[str], Iterable[str]] = lambda path: ()) -> None:
        self.own = own
        self._elsewhere = elsewhere
        self._mounted = mounted

    def info(self, path: str) -> Entry | None:
        text = normalise(path)
        try:
            place = self._elsewhere(text, False)
        except Win32Error:
            return None
        if place is None:
            return self.own.info(text)
        with place.lock:
            entry = place.store.info(place.inside(text))
        return place.outside(entry) if entry else None

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
        self._change(path, lambda store, inside: store.write(inside, data))

    def make_folder(self, path: str) -> None:
        """Creates the folder and those above it. FileNotFoundError for a drive that is not there, FileExistsError over a file."""
        self._change(path, lambda store, inside: store.make_folder(inside))

    def delete(self, path: str) -> bool:
        """Deletes a file, or a folder with all that is in it. False where there is nothing."""
        return bool(self._change(path, lambda store, inside: store.delete(inside)))

    def move(self, source: str, target: str) -> None:
        """Renames a file over whatever file is there. FileNotFoundError where the source is missing."""
        data = self.read(source)
        if data is None:
            raise FileNotFoundError(source)
        self.write(target, data)
        self.delete(source)

    def reach(self, path: str) -> None:
        """Raises what keeps a change away from the path: Win32Error, PermissionError."""
        self._elsewhere(normalise(path), True)

    def all(self) -> tuple[Entry, ...]:
        """Every file and folder of the server's own drives."""
        return self.own.all()

    def used(self, letter: str) -> int:
        """The bytes of all files on a drive of the server's own."""
        return self.own.used(letter)

    def _change(self, path: str, change: Callable[[FileStore, str], Any]) -> Any:
        text = normalise(path)
        place = self._elsewhere(text, True)
        if place is None:
            return change(self.own, text)
        with place.lock:
            result = change(place.store, place.inside(text))
            place.changed()
        return result

    def dump(self) -> list[dict[str, Any]]:
        return self.own.dump()

    def load(self, data: list[dict[str, Any]]) -> None:
        self.own.load(data)

    def list(self, path: str) -> list[Entry]:
        """What lies directly in the folder, by name. (Last in the class: the annotations above mean the builtin.)"""
        text = normalise(path)
        place = self._elsewhere(text, False)
        if place is None:
            mounted = [entry for path in self._mounted(text) if (entry := self.info(path))]
            return sorted([*self.own.list(text), *mounted], key=lambda entry: entry.path.lower())
        with place.lock:
            return [place.outside(entry) for entry in place.store.list(place.inside(text))]
