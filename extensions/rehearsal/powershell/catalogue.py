# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Microsoft's cmdlet reference, for each Server version: which cmdlets and parameters exist, and what their values may be.

data/catalogue.json and data/classes.json are made by tools/compact_catalogue.py; data/supplement.json is kept by hand and holds,
each with its source, what the reference does not say.
"""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

VERSIONS = ("2016", "2019", "2022", "2025")
DATA = Path(__file__).parent.parent / "data"

# Types whose documented values are a validated set, not an enumeration.
PRIMITIVES = frozenset({
    "String", "Boolean", "SwitchParameter", "Byte", "SByte", "Int16", "Int32", "Int64", "UInt16", "UInt32", "UInt64", "Single", "Double",
    "Decimal", "Char", "Guid", "DateTime", "TimeSpan", "Uri", "Version", "Object", "PSObject", "Hashtable", "IDictionary",
})
_SPELLINGS = {**{name.lower(): name for name in PRIMITIVES}, "switch": "SwitchParameter", "int": "Int32", "bool": "Boolean"}

# The parameters that every CDXML cmdlet has; the reference's data gives no types for them.
_CIM_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "CimSession": {"type": "CimSession[]", "aliases": ["Session"]},
    "ThrottleLimit": {"type": "Int32"},
    "AsJob": {"type": "SwitchParameter"},
}
_ACTION_PREFERENCES = ("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend")
# PowerShell-Docs reference/5.1 about_CommonParameters.md
_COMMON: Mapping[str, Mapping[str, Any]] = {
    "Debug": {"type": "SwitchParameter", "aliases": ["db"]},
    "ErrorAction": {"type": "ActionPreference", "values": _ACTION_PREFERENCES, "aliases": ["ea"]},
    "ErrorVariable": {"type": "String", "aliases": ["ev"]},
    "InformationAction": {"type": "ActionPreference", "values": _ACTION_PREFERENCES, "aliases": ["infa"]},
    "InformationVariable": {"type": "String", "aliases": ["iv"]},
    "OutBuffer": {"type": "Int32", "aliases": ["ob"]},
    "OutVariable": {"type": "String", "aliases": ["ov"]},
    "PipelineVariable": {"type": "String", "aliases": ["pv"]},
    "Verbose": {"type": "SwitchParameter", "aliases": ["vb"]},
    "WarningAction": {"type": "ActionPreference", "values": _ACTION_PREFERENCES, "aliases": ["wa"]},
    "WarningVariable": {"type": "String", "aliases": ["wv"]},
}
_SHOULD_PROCESS: Mapping[str, Mapping[str, Any]] = {
    "WhatIf": {"type": "SwitchParameter", "aliases": ["wi"]},
    "Confirm": {"type": "SwitchParameter", "aliases": ["cf"]},
}


@dataclass(frozen=True)
class Enumeration:
    """An enumeration's names, with their numbers where a source gives them."""

    type: str
    names: tuple[str, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """One parameter. type: the .NET type's short name, of one element where `array` is true.

    values: what the reference accepts, empty where anything of the type goes; enumeration: where the type is one;
    versions: the Server versions that have it; provider: the one provider that adds it ("Registry"), empty for the cmdlet's own.
    """

    name: str
    type: str
    array: bool = False
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    versions: frozenset[str] = frozenset(VERSIONS)
    enumeration: Enumeration | None = None
    provider: str = ""
    common: bool = False
    allows_null: bool = False
    allows_empty: bool = False


@dataclass(frozen=True)
class ParameterSet:
    """Names of parameters that may stand together; `required` ones must."""

    name: str
    default: bool
    required: frozenset[str]
    optional: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.required | self.optional


@dataclass(frozen=True)
class Confirmation:
    """Why a cmdlet asks before it acts; `unless` names the switches that keep it from asking, beside -Confirm:$false."""

    unless: tuple[str, ...]
    source: str
    unconfirmed: str = ""


@dataclass(frozen=True)
class Command:
    """One cmdlet as one Server version has it. kind: dll (a .NET class), cdxml or script (both functions).

    error_class is the last part of its FullyQualifiedErrorIds; allowance: the source that says that it exists on this version,
    where the reference has no page for it.
    """

    name: str
    module: str
    kind: str
    error_class: str
    parameters: Mapping[str, Parameter]
    sets: tuple[ParameterSet, ...]
    confirmation: Confirmation | None = None
    allowance: str = ""
    unconfirmed: str = ""

    @property
    def is_function(self) -> bool:
        return self.kind != "dll"

    def mandatory_somewhere(self, parameter: str) -> bool:
        return any(parameter in entry.required for entry in self.sets)


class Catalogue:
    """The three data files, read once."""

    def __init__(self, folder: Path) -> None:
        self._reference: Mapping[str, Any] = _read(folder / "catalogue.json")
        self._classes: Mapping[str, Any] = _read(folder / "classes.json")["modules"]
        self.supplement: Mapping[str, Any] = _read(folder / "supplement.json")
        self._cmdlets: Mapping[str, Any] = {**self._reference["cmdlets"], **self.supplement["cmdlets"], **self._added()}
        self._names = {name.lower(): name for name in self._cmdlets}
        self._found: dict[tuple[str, str], Command | None] = {}

    @property
    def sources(self) -> Mapping[str, str]:
        sources: Mapping[str, str] = self._reference["sources"]
        return sources

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._cmdlets)

    def versions(self, name: str) -> tuple[str, ...]:
        """The Server versions that have the cmdlet; empty for a name that no source knows."""
        return tuple(version for version in VERSIONS if self.find(name, version))

    def documented(self, name: str, version: str) -> bool:
        """The reference itself has the cmdlet for this version (an allowance of the supplement does not count)."""
        entry: Mapping[str, Any] = self._cmdlets.get(self._names.get(name.lower(), ""), {})
        return version in entry.get("os", ())

    def find(self, name: str, version: str) -> Command | None:
        """The cmdlet as this Server version has it, or None."""
        key = (name.lower(), version)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, name: str, version: str) -> Command | None:
        proper = self._names.get(name)
        if not proper:
            return None
        entry = self._cmdlets[proper]
        allowance = self._allowance(proper, version)
        if version not in entry["os"] and not allowance:
            return None
        parameters = self._parameters(proper, entry, version, allowance)
        own = frozenset(key for key, parameter in parameters.items() if not parameter.common)
        confirmation = self.supplement["confirm"].get(proper)
        return Command(
            name=proper,
            module=entry["module"],
            kind=entry["kind"],
            error_class=self._error_class(proper, entry),
            parameters=parameters,
            sets=_parameter_sets(entry, own, self._mandatory(proper)),
            confirmation=Confirmation(**{**confirmation, "unless": tuple(confirmation["unless"])}) if confirmation else None,
            allowance=allowance.get("source", ""),
            unconfirmed=allowance.get("unconfirmed", ""),
        )

    def _added(self) -> dict[str, Any]:
        """The cmdlets that have parameters which the reference lacks."""
        cmdlets, added = self._reference["cmdlets"], self.supplement["added"]
        return {name: _with(cmdlets[name], extra["parameters"]) for name, extra in added.items()}

    def _allowance(self, name: str, version: str) -> Mapping[str, Any]:
        entry: Mapping[str, Any] = self.supplement["os"].get(name, {})
        return entry if version in entry.get("versions", ()) else {}

    def _parameters(self, name: str, entry: Mapping[str, Any], version: str, allowance: Mapping[str, Any]) -> Mapping[str, Parameter]:
        extra = self.supplement["parameters"].get(name, {})
        own = {key: {**_CIM_PARAMETERS.get(key, {}), **fields, **extra.get(key, {})} for key, fields in entry["parameters"].items()}
        if allowance:
            own = {key: {**fields, "os": VERSIONS} for key, fields in own.items() if key not in allowance["except"]}
        common = {**_COMMON, **(_SHOULD_PROCESS if entry.get("should_process") else {})}
        result = {key: _parameter(key, fields, self._allowed(name, key)) for key, fields in own.items()}
        result.update({key: replace(_parameter(key, fields), common=True) for key, fields in common.items() if key not in own})
        return {
            key: replace(parameter, enumeration=self._enumeration(entry["module"], parameter))
            for key, parameter in result.items() if version in parameter.versions
        }

    def _allowed(self, command: str, parameter: str) -> tuple[str, ...]:
        """What a mandatory parameter takes all the same: "null", "empty"."""
        return tuple(self.supplement["allow"].get(f"{command} -{parameter}", {}).get("what", ()))

    def _mandatory(self, command: str) -> frozenset[str]:
        """Parameters that are mandatory wherever a set lists them, although the reference shows them as optional."""
        pairs = (entry.split(" -") for entry in self.supplement["mandatory"])
        return frozenset(parameter for name, parameter in pairs if name == command)

    def _error_class(self, name: str, entry: Mapping[str, Any]) -> str:
        if entry["kind"] != "dll":
            return name
        rule = self.supplement["error_classes"].get(entry["module"])
        if not rule:
            return name
        verb, noun = name.split("-", 1)
        exceptions: Mapping[str, str] = rule.get("exceptions", {})
        return exceptions.get(name) or str(rule["pattern"]).format(verb=verb, noun=noun)

    def _enumeration(self, module: str, parameter: Parameter) -> Enumeration | None:
        """The enumeration of a parameter: from the reflected module, the supplement, or the values that the reference lists."""
        if parameter.type in PRIMITIVES:
            return None
        supplied = self.supplement["enums"].get(parameter.type, {}).get("values")
        numbers = self._classes.get(module, {}).get("enums", {}).get(parameter.type) or supplied
        if numbers:
            return Enumeration(parameter.type, tuple(numbers), numbers)
        return Enumeration(parameter.type, parameter.values) if parameter.values else None

    def enumeration(self, module: str, name: str) -> Mapping[str, int]:
        """The values of an enumeration of a reflected module."""
        values: Mapping[str, int] = self._classes[module]["enums"][name]
        return values

    def is_class(self, name: str) -> bool:
        return any(name in module["classes"] for module in self._classes.values())

    def properties(self, type_name: str) -> frozenset[str] | None:
        """The properties of a reflected class by its full or short name; None for a class that no source describes."""
        short = type_name.rsplit(".", 1)[-1]
        if "#" in short or not self.is_class(short):
            return None
        own = next(module["classes"][short] for module in self._classes.values() if short in module["classes"])
        return frozenset(own) | frozenset(self.supplement["properties"].get(short, {}).get("names", ()))

    def output_properties(self, command: str) -> frozenset[str] | None:
        """The properties that a cmdlet's output may have, taken over all its output classes; None where they are not known."""
        name = self._names.get(command.lower(), command)
        classes: list[str] = next((module["outputs"][name] for module in self._classes.values() if name in module["outputs"]), [])
        found = [self.properties(item.removesuffix("[]")) for item in classes]
        if not found or None in found:
            return None
        return frozenset().union(*(item for item in found if item is not None))

    @cached_property
    def bases(self) -> Mapping[str, frozenset[str]]:
        """Base class -> the classes derived from it, both by short name."""
        return {base: frozenset(derived) for base, derived in self.supplement["bases"].items()}


@cache
def catalogue() -> Catalogue:
    return Catalogue(DATA)


def _with(entry: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "parameters": {**entry["parameters"], **parameters}, "all": [*entry["all"], *parameters]}


def _read(path: Path) -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _parameter(name: str, fields: Mapping[str, Any], allowed: tuple[str, ...] = ()) -> Parameter:
    kind = str(fields.get("type", ""))
    element = kind.removesuffix("[]")
    generic = re.fullmatch(r"([\w.]+)`1\[+(.+?)\]+", element)
    short = (generic.group(2) if generic else element).rsplit(".", 1)[-1]
    nullable = generic is not None and generic.group(1).endswith("Nullable")
    return Parameter(
        name=name,
        type=_SPELLINGS.get(short.lower(), short),
        array=kind.endswith("[]") or (generic is not None and generic.group(1).endswith("List")),
        values=tuple(fields.get("values", ())),
        aliases=tuple(fields.get("aliases", ())),
        versions=frozenset(fields.get("os", VERSIONS)),
        provider=fields.get("provider", ""),
        allows_null=nullable or "null" in allowed,
        allows_empty="empty" in allowed,
    )


def _parameter_sets(entry: Mapping[str, Any], existing: frozenset[str], mandatory: frozenset[str]) -> tuple[ParameterSet, ...]:
    listed = {name for item in entry["sets"] for name in (*item.get("required", ()), *item.get("optional", ()))}
    # A few pages describe a parameter that their SYNTAX forgets; it is taken as one of every set.
    everywhere = (set(entry["all"]) | (set(entry["parameters"]) - listed)) & existing
    return tuple(
        ParameterSet(
            name=item.get("name", ""),
            default=item.get("default", False),
            required=(frozenset(item.get("required", ())) | (mandatory & frozenset(item.get("optional", ())))) & existing,
            optional=((frozenset(item.get("optional", ())) - mandatory) & existing) | everywhere,
        )
        for item in entry["sets"]
    )
