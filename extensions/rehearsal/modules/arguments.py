# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of a module, checked in the order and refused in the words of ansible/module_utils/csharp/Ansible.Basic.cs."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TRUE = ("y", "yes", "on", "1", "true", "t", "1.0")
_FALSE = ("n", "no", "off", "0", "false", "f", "0.0")


class ModuleFailure(Exception):
    """FailJson: the module ends with `failed` and this message. result: what else it returns."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.message = message
        self.result = result


@dataclass(frozen=True)
class Option:
    """One option, as in a module's spec."""

    type: str = "str"
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spec:
    """required_if: (option, value, options of which all, or any, must be there, any?); required_by: option -> the one that it needs.

    strict is false for modules of the time before Ansible.Basic, which ignore options that they do not know.
    """

    options: Mapping[str, Option] = field(default_factory=dict)
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[str, Any, tuple[str, ...], bool], ...] = ()
    required_by: Mapping[str, str] = field(default_factory=dict)
    strict: bool = True


def parse(module: str, spec: Spec, args: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Every option of the spec with its converted value or None. environment: what `%NAME%` in paths stands for."""
    given = dict(args)
    aliases = {alias: name for name, option in spec.options.items() for alias in option.aliases}
    for alias, name in aliases.items():
        if alias in given:
            given[name] = given[alias]
    _check_known(module, spec, given, [*spec.options, *aliases])
    values = {name: given.get(name) for name in spec.options}
    values = {name: spec.options[name].default if value is None else value for name, value in values.items()}
    for exclusive in spec.mutually_exclusive:
        if len([name for name in exclusive if values[name] is not None]) > 1:
            raise ModuleFailure(f"parameters are mutually exclusive: {', '.join(exclusive)}")
    missing = [name for name, option in spec.options.items() if option.required and values[name] is None]
    if missing:
        raise ModuleFailure(f"missing required arguments: {', '.join(missing)}")
    for name, option in spec.options.items():
        if values[name] is not None:
            values[name] = _convert(name, option, values[name], environment)
    _check_combinations(spec, values)
    return values


def _check_known(module: str, spec: Spec, given: Mapping[str, Any], legal: list[str]) -> None:
    lower = {name.lower() for name in legal}
    unknown = [name for name in given if name.lower() not in lower]
    if unknown and spec.strict:
        raise ModuleFailure(
            f"Unsupported parameters for ({module}) module: {', '.join(unknown)}. Supported parameters include: {', '.join(legal)}"
        )


def _check_combinations(spec: Spec, values: Mapping[str, Any]) -> None:
    for name, wanted, needed, any_of in spec.required_if:
        if values[name] != wanted:
            continue
        missing = [other for other in needed if values[other] is None]
        if missing and (not any_of or len(missing) == len(needed)):
            raise ModuleFailure(f"{name} is {wanted} but {'any' if any_of else 'all'} of the following are missing: {', '.join(missing)}")
    for name, needed_name in spec.required_by.items():
        if values[name] is not None and values[needed_name] is None:
            raise ModuleFailure(f"missing parameter(s) required by '{name}': {needed_name}")


def _convert(name: str, option: Option, value: Any, environment: Mapping[str, str]) -> Any:
    try:
        converted = _CONVERTERS[option.type](value)
    except ValueError as error:
        raise ModuleFailure(
            f"argument for {name} is of type {_dotnet_type(value)} and we were unable to convert to {option.type}: {error}"
        ) from error
    if option.type == "path":
        converted = expand(converted, environment)
    found = converted if option.type == "list" else [converted]
    lower = {choice.lower(): choice for choice in option.choices}
    bad = [str(item) for item in found if option.choices and str(item).lower() not in lower]
    if bad:
        many = "one or more of" if option.type == "list" else "one of"
        raise ModuleFailure(f"value of {name} must be {many}: {', '.join(option.choices)}. Got no match for: {', '.join(bad)}")
    return converted


def expand(path: str, environment: Mapping[str, str]) -> str:
    """%NAME% replaced, as Environment.ExpandEnvironmentVariables does: a name that is not set stays as it is."""
    known = {name.lower(): value for name, value in environment.items()}
    return re.sub(r"%([^%]+)%", lambda match: known.get(match.group(1).lower(), match.group(0)), path)


def _dotnet_type(value: Any) -> str:
    names = {bool: "System.Boolean", int: "System.Int32", float: "System.Double", str: "System.String"}
    return names.get(type(value), "System.Object[]" if isinstance(value, list) else "System.Collections.Hashtable")


def _text(value: Any) -> str:
    return str(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in _TRUE + _FALSE:
        raise ValueError(f"The value '{value}' is not a valid boolean. Valid booleans include: {', '.join(_TRUE + _FALSE)}")
    return text in _TRUE


def _number(value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ValueError("Input string was not in a correct format.") from None


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [item.strip() for item in value.split(",")]
    if isinstance(value, int):
        return [value]
    raise ValueError(f"{_dotnet_type(value)} cannot be converted to a list")


def _table(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{_dotnet_type(value)} cannot be converted to a dict")


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "str": _text, "bool": _flag, "int": _number, "list": _list, "dict": _table, "path": _text, "raw": lambda value: value,
}
