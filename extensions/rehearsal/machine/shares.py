# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB file servers of a lab: their shares, who may do what there, and the files that all hosts see.

Access over the network is the smaller one of what the share's rights and the folder's NTFS rights grant
(WindowsServerDocs storage/file-server; hyperv docs on SMB shares grant both). Nobody is without an account: a logon that
carries no credentials is nobody (ad-and-cluster.md 4).
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..store import read_json, write_json
from .errors import SpecError, Win32Error, win32_error
from .fields import Fields
from .files import FileStore
from .mounts import Place
from .network_spec import read_address

SMB_PORT = 445
_NETWORK_PATH, _NETWORK_NAME = 53, 67
_READ, _CHANGE, _FULL = 1, 2, 3
_SHARE_RIGHTS = {"read": _READ, "change": _CHANGE, "full": _FULL}
_NTFS_RIGHTS = {"read": _READ, "modify": _CHANGE, "full": _FULL}
_INSIDE = "S:\\"


@dataclass(frozen=True)
class Grant:
    """One entry of an access list: an account or group, in lower case, and the level that it gives."""

    account: str
    level: int


@dataclass(frozen=True)
class ShareSpec:
    name: str
    share_rights: tuple[Grant, ...]
    ntfs_rights: tuple[Grant, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True)
class FileServerSpec:
    """names: what DNS resolves to it, lower case; up: whether it answers at the start."""

    name: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    shares: tuple[ShareSpec, ...]
    up: bool


def read_file_servers(entries: Iterable[Fields], domain: str) -> tuple[FileServerSpec, ...]:
    """domain: the DNS name of the lab's domain, whose members the file servers are."""
    servers = tuple(_read_server(fields, domain, number) for number, fields in enumerate(entries))
    known = [name for server in servers for name in (*server.names, *server.addresses)]
    for name in known:
        if known.count(name) > 1:
            raise SpecError("lab.file_servers", name, "each name and address once")
    return servers


def _read_server(fields: Fields, domain: str, number: int) -> FileServerSpec:
    """Its names resolve, so it has an address: of those for documentation, where the lab file gives none."""
    name = fields.text("name", pattern=r"[A-Za-z0-9-]{1,15}", allowed="a computer name of at most 15 letters, digits and dashes")
    names = (name, *((f"{name}.{domain}",) if domain else ()), *fields.texts("names"))
    server = FileServerSpec(
        name=name,
        names=tuple(dict.fromkeys(item.lower() for item in names)),
        addresses=tuple(read_address(text, fields.at("addresses")) for text in fields.texts("addresses", (f"203.0.113.{number + 1}",))),
        shares=tuple(_read_share(item) for item in fields.children("shares")),
        up=fields.flag("up", True),
    )
    fields.done()
    return server


def _read_share(fields: Fields) -> ShareSpec:
    share = ShareSpec(
        name=fields.text("name", pattern=r"[^\\/:]{1,80}", allowed="a share name"),
        share_rights=_read_grants(fields.children("share_rights", [{"account": "Everyone", "rights": "full"}]), _SHARE_RIGHTS),
        ntfs_rights=_read_grants(fields.children("ntfs_rights"), _NTFS_RIGHTS),
        folders=fields.texts("folders"),
    )
    fields.done()
    return share


def _read_grants(entries: Iterable[Fields], rights: dict[str, int]) -> tuple[Grant, ...]:
    grants = []
    for fields in entries:
        grants.append(Grant(fields.text("account").lower(), rights[fields.text("rights", choices=tuple(rights))]))
        fields.done()
    return tuple(grants)


class FileServers:
    """All file servers of a lab. What changes on them is written to `path` at once, where there is one.

    off: of a server's name, the file that is there while it is switched off, so that the command line reaches the switch.
    """

    def __init__(
        self, specs: Iterable[FileServerSpec], now: Callable[[], datetime], path: Path | None = None,
        off: Callable[[str], Path] | None = None,
    ) -> None:
        self.specs = tuple(specs)
        self._off = off
        self._path = path
        self._lock = threading.RLock()
        self._up = {spec.name: spec.up for spec in self.specs}
        self._files = {(spec.name, share.name): _fresh(share, now) for spec in self.specs for share in spec.shares}
        saved = read_json(path) if path else None
        if saved is not None:
            self._load(saved)

    def server(self, host: str) -> FileServerSpec | None:
        """The server that has this name or address."""
        return next((spec for spec in self.specs if host.lower() in (*spec.names, *spec.addresses)), None)

    def resolve(self, host: str) -> str | None:
        """The address of a server's name."""
        spec = self.server(host)
        return spec.addresses[0] if spec and spec.addresses else None

    def is_up(self, name: str) -> bool:
        return self._up[name] and not (self._off is not None and self._off(name).exists())

    def set_up(self, name: str, up: bool) -> None:
        """Switches a server on or off."""
        with self._lock:
            self._up[name] = up
            self._save()

    def answers(self, host: str, port: int) -> bool:
        spec = self.server(host)
        return spec is not None and self.is_up(spec.name) and port == SMB_PORT

    def place(self, path: str, identities: frozenset[str], write: bool) -> Place:
        r"""Where \\server\share\... lies. Win32Error where nobody answers or there is no such share, PermissionError where it is denied."""
        host, _unused, rest = path.lstrip("\\").partition("\\")
        share_name = rest.partition("\\")[0]
        server = self.server(host)
        if server is None or not self.is_up(server.name):
            raise win32_error(_NETWORK_PATH)
        share = next((item for item in server.shares if item.name.lower() == share_name.lower()), None)
        if share is None:
            raise win32_error(_NETWORK_NAME)
        if level(share, identities) < (_CHANGE if write else _READ):
            raise PermissionError(path)
        outer = f"\\\\{host}\\{share_name}"
        return Place(self._files[server.name, share.name], _INSIDE, outer, self._lock, self._save)

    def connects(self, path: str, identities: frozenset[str]) -> tuple[str, str] | None:
        r"""(server as the path names it, share) where the share's own rights let these identities in, whatever the folder's say."""
        host, _unused, rest = path.lstrip("\\").partition("\\")
        share = self.share(host, rest.partition("\\")[0])
        return (host, share.name) if share is not None and granted(share.share_rights, identities) else None

    def share(self, host: str, name: str) -> ShareSpec | None:
        """A share of a server that answers."""
        server = self.server(host)
        if server is None or not self.is_up(server.name):
            return None
        return next((item for item in server.shares if item.name.lower() == name.lower()), None)

    def check_access(self, path: str, identities: frozenset[str]) -> Win32Error | None:
        """Why these identities cannot write there, None where they can."""
        try:
            self.place(path, identities, write=True)
        except Win32Error as error:
            return error
        except PermissionError:
            return win32_error(5)
        return None

    def _save(self) -> None:
        if self._path is not None:
            files = [[server, share, store.dump()] for (server, share), store in self._files.items()]
            write_json(self._path, {"up": self._up, "files": files})

    def _load(self, data: dict[str, Any]) -> None:
        """What was saved; servers and shares that the lab file has no more are forgotten."""
        self._up.update({name: up for name, up in data["up"].items() if name in self._up})
        for server, share, entries in data["files"]:
            if (server, share) in self._files:
                self._files[server, share].load(entries)


def level(share: ShareSpec, identities: frozenset[str]) -> int:
    """0 nothing, 1 read, 2 change, 3 full: what both access lists grant."""
    return min(granted(share.share_rights, identities), granted(share.ntfs_rights, identities))


def granted(grants: Iterable[Grant], identities: frozenset[str]) -> int:
    """What one access list grants."""
    return max((grant.level for grant in grants if grant.account in identities), default=0)


def _fresh(share: ShareSpec, now: Callable[[], datetime]) -> FileStore:
    files = FileStore(("S",), now)
    for folder in share.folders:
        files.make_folder(_INSIDE + folder)
    return files
