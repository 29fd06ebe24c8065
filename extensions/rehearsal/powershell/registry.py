# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the models of cmdlets, programs and assignable classes are known by name."""
from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from .values import PSObject

if TYPE_CHECKING:
    from ..machine import Machine
    from ..machine.executables import Executable

Function = TypeVar("Function", bound=Callable[..., Any])


class Bound(Mapping[str, Any]):
    """The parameters of one call after binding: canonical name -> converted value, only those that the call gave.

    A switch is a bool, an enumeration a PSEnum, a validated string the catalogue's spelling of it.
    parameter_set: the names of all parameters that may stand together with the given ones; empty where the catalogue has no sets.
    what_if, confirm: the common switches; confirm is None when the call did not say.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        parameter_set: frozenset[str] = frozenset(),
        what_if: bool = False,
        confirm: bool | None = None,
    ) -> None:
        self._values = dict(values)
        self.parameter_set = parameter_set
        self.what_if = what_if
        self.confirm = confirm

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class ProgramResult:
    """What a program left behind."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""


CmdletFunction = Callable[["Machine", Bound], "list[Any]"]
ProgramFunction = Callable[["Machine", "list[str]"], ProgramResult]
ExecutableFunction = Callable[["Machine", "Executable", "list[str]"], ProgramResult]
AssignFunction = Callable[["Machine", PSObject, str, Any], None]


@dataclass(frozen=True)
class Model:
    """A model and what is known about it. source: where its behaviour is known from; unconfirmed: what no source confirms."""

    name: str
    function: Callable[..., Any]
    source: str
    unconfirmed: str = ""


@dataclass
class Models:
    """The models by lower-cased name: Windows compares command names without regard to case."""

    cmdlets: dict[str, Model] = field(default_factory=dict)
    programs: dict[str, Model] = field(default_factory=dict)
    executables: dict[str, Model] = field(default_factory=dict)
    assignments: dict[str, Model] = field(default_factory=dict)

    def cmdlet(self, name: str, *, source: str, unconfirmed: str = "") -> Callable[[Function], Function]:
        """Registers a CmdletFunction: gets the machine and a Bound, answers the output objects, raises PowerShellError."""
        return _registrar(self.cmdlets, name, source, unconfirmed)

    def program(self, name: str, *, source: str, unconfirmed: str = "") -> Callable[[Function], Function]:
        """Registers a ProgramFunction by its file name (`w32tm.exe`); a call may name it with a path or without `.exe`."""
        return _registrar(self.programs, name, source, unconfirmed)

    def executable(self, kind: str, *, source: str, unconfirmed: str = "") -> Callable[[Function], Function]:
        """Registers an ExecutableFunction: what a file of this kind does when it is run (machine/executables.py)."""
        return _registrar(self.executables, kind, source, unconfirmed)

    def assignment(self, type_name: str, *, source: str, unconfirmed: str = "") -> Callable[[Function], Function]:
        """Registers an AssignFunction: what setting a property on an object of this .NET type does to the machine."""
        return _registrar(self.assignments, type_name, source, unconfirmed)


def _registrar(table: dict[str, Model], name: str, source: str, unconfirmed: str) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        if name.lower() in table:
            raise ValueError(f"{name} is modelled twice: by {table[name.lower()].function} and {function}")
        table[name.lower()] = Model(name, function, source, unconfirmed)
        return function

    return register


MODELS = Models()
cmdlet = MODELS.cmdlet
program = MODELS.program
executable = MODELS.executable
assignment = MODELS.assignment


def load_models() -> Models:
    """Imports every module of rehearsal.cmdlets and rehearsal.programs, which registers their models."""
    for package_name in ("rehearsal.cmdlets", "rehearsal.programs"):
        package = importlib.import_module(package_name)
        for module in pkgutil.iter_modules(package.__path__, f"{package_name}."):
            importlib.import_module(module.name)
    return MODELS
