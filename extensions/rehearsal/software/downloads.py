# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a lab's file server serves, by kind."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ..machine.executables import Executable
from ..machine.fields import Fields
from .msi import Package
from .wheelhouse import Wheelhouse


class Download(Protocol):
    """A file of the lab. facts: what its inventory tells beside address and hash."""

    @property
    def facts(self) -> Mapping[str, Any]: ...

    def encode(self) -> bytes: ...


@dataclass(frozen=True)
class PlainFile:
    """Any text."""

    text: str

    @property
    def facts(self) -> Mapping[str, Any]:
        return {}

    def encode(self) -> bytes:
        return self.text.encode()


def read(fields: Fields) -> Download:
    """From the lab file. Raises SpecError."""
    kind = fields.text("kind", "msi", choices=_KINDS)
    return _KINDS[kind](fields)


def _python(fields: Fields) -> Executable:
    return _installer(fields, "python_installer", r"3\.\d+\.\d+", "a version such as 3.8.10")


def _vc_runtime(fields: Fields) -> Executable:
    return _installer(fields, "vc_runtime_installer", r"\d+\.\d+\.\d+", "a version such as 14.38.33135")


def _installer(fields: Fields, kind: str, pattern: str, allowed: str) -> Executable:
    facts = {
        "version": fields.text("version", pattern=pattern, allowed=allowed),
        "exit_code": fields.number("exit_code", 0, maximum=2**31 - 1),
    }
    fields.done()
    return Executable(kind, facts)


def _vendor_setup(fields: Fields) -> Executable:
    """An installer that is no MSI: product_code is the name of its entry in the list of programs, in the form of those of packages."""
    return Executable("vendor_setup", asdict(Package.read(fields)))


def _file(fields: Fields) -> PlainFile:
    file = PlainFile(fields.text("text"))
    fields.done()
    return file


def _program(fields: Fields) -> Executable:
    fields.done()
    return Executable("program")


_KINDS: Mapping[str, Callable[[Fields], Download]] = {
    "msi": Package.read, "wheelhouse": Wheelhouse.read, "python": _python, "vc_runtime": _vc_runtime, "program": _program,
    "setup": _vendor_setup, "file": _file,
}
