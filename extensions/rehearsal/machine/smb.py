# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB client of a simulated server. Source: storage-and-time.md 4.1."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .errors import SpecError
from .fields import Fields


@dataclass(frozen=True)
class RdmaAdapter:
    """An adapter with RDMA. enabled: in its driver; usable: SMB finds that it works, which takes a network that is set up for it."""

    name: str
    enabled: bool
    usable: bool


@dataclass(frozen=True)
class SmbSpec:
    """What the lab file says. multichannel, signing: of the client at the start; signing empty: the version's default."""

    rdma: tuple[RdmaAdapter, ...]
    multichannel: bool
    require_signing: bool | None


@dataclass(frozen=True)
class Constraint:
    """The SMB client uses this interface to the server. guid: of the interface, as Windows writes it."""

    server: str
    guid: str


def read_smb(fields: Fields) -> SmbSpec:
    spec = SmbSpec(
        rdma=tuple(_read_rdma(item) for item in fields.children("rdma")),
        multichannel=fields.flag("multichannel", True),
        require_signing=fields.flag("require_signing", False) if fields.has("require_signing") else None,
    )
    fields.done()
    return spec


def check_smb(spec: SmbSpec, adapters: Iterable[str], path: str) -> None:
    known = sorted(adapters)
    for index, adapter in enumerate(spec.rdma):
        if adapter.name not in known:
            raise SpecError(f"{path}.rdma[{index}].name", adapter.name, f"a name of hardware.nics: {known}")


def _read_rdma(fields: Fields) -> RdmaAdapter:
    adapter = RdmaAdapter(fields.text("name"), fields.flag("enabled", True), fields.flag("usable", True))
    fields.done()
    return adapter


@dataclass(frozen=True)
class Connection:
    """A connection to a share. server: as it was called; user: whose process made it; credential: whom the server sees."""

    server: str
    share: str
    user: str
    credential: str


class SmbClient:
    """Settings by the names that the cmdlets have for them. The requirement to sign is Server 2025's default (smb-signing.md)."""

    def __init__(self, spec: SmbSpec, version: str, note: Callable[[str], None]) -> None:
        signing = version == "2025" if spec.require_signing is None else spec.require_signing
        self.settings = {"EnableMultiChannel": spec.multichannel, "RequireSecuritySignature": signing}
        self.constraints: tuple[Constraint, ...] = ()
        self._note = note
        # Windows ends those that nobody uses; here they last until the restart, since nothing in the collection waits for their end.
        self.connections: tuple[Connection, ...] = ()

    def connected(self, server: str, share: str, *, user: str, credential: str) -> None:
        connection = Connection(server, share, user, credential)
        if connection not in self.connections:
            self.connections += (connection,)

    def set(self, name: str, value: bool) -> None:
        if self.settings[name] != value:
            self.settings[name] = value
            self._note(f"SMB client: {name} {value}")

    def add(self, constraint: Constraint) -> None:
        self.constraints += (constraint,)
        self._note(f"SMB client: {constraint.server} over {constraint.guid}")

    def remove(self, constraint: Constraint) -> None:
        self.constraints = tuple(item for item in self.constraints if item != constraint)
        self._note(f"SMB client: {constraint.server} no longer over {constraint.guid}")

    def dump(self) -> dict[str, Any]:
        return {"settings": dict(self.settings), "constraints": [[item.server, item.guid] for item in self.constraints]}

    def load(self, data: dict[str, Any]) -> None:
        self.settings = dict(data["settings"])
        self.constraints = tuple(Constraint(*item) for item in data["constraints"])
