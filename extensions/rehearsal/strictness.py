# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proves without a machine that calls bind: every cmdlet call of a batch, on every Server version that it claims.

    problems = check_calls(calls, ("2019", "2022"))      # calls in the form of docs/cmdlet-batch.md
    assert not problems, "\\n".join(map(str, problems))
"""
from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .powershell.binder import bind
from .powershell.catalogue import Catalogue, catalogue
from .powershell.conversion import Unknown
from .powershell.errors import PowerShellError
from .powershell.values import PSCredential, SecureString


@dataclass(frozen=True)
class Problem:
    """A call that a host of this version would refuse; error is PowerShell's id."""

    version: str
    call: str
    command: str
    error: str
    message: str

    def __str__(self) -> str:
        return f"Server {self.version}, call {self.call} ({self.command}): {self.error}: {self.message}"


def check_calls(calls: Iterable[Mapping[str, Any]], versions: Iterable[str]) -> list[Problem]:
    """The problems of a batch's calls, none for a batch that every one of these versions accepts.

    A parameter that is {"$unknown": true} stands for a value that only a run can know; it fits everywhere.

    Looked at: cmdlet names, parameters and their values, parameter sets, open confirm prompts, references to calls that come later or
    never, and, where the output's class is known, the properties that are asked for, waited for, filtered by and assigned. A cmdlet that
    the supplement lists as newer need not be there on an older version.
    """
    listed = list(calls)
    return [problem for version in versions for problem in _check(listed, version, catalogue())]


def check_call(call: Mapping[str, Any], versions: Iterable[str]) -> list[Problem]:
    """The problems of one cmdlet call taken by itself: what it refers to is unknown."""
    alone = {**call, "parameters": {name: _unknown_references(value) for name, value in call.get("parameters", {}).items()}}
    return check_calls([alone], versions)


def _unknown_references(value: Any) -> Any:
    if isinstance(value, list):
        return [_unknown_references(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {"$unknown": True} if "$ref" in value else {name: _unknown_references(item) for name, item in value.items()}


def _check(calls: list[Mapping[str, Any]], version: str, known: Catalogue) -> Iterable[Problem]:
    commands: dict[str, str] = {}
    for call in calls:
        for error in _call_errors(call, version, commands, known):
            yield Problem(version, call["id"], call.get("cmdlet", "assign"), error.id, error.message)
        if "cmdlet" in call:
            commands[call["id"]] = call["cmdlet"]


def _call_errors(call: Mapping[str, Any], version: str, commands: Mapping[str, str], known: Catalogue) -> Iterable[PowerShellError]:
    for reference in _references(call):
        yield from _reference_errors(reference, commands, known)
    if "assign" in call:
        yield from _property_errors(commands.get(call["assign"]["$ref"], ""), call["values"], known)
    if "cmdlet" not in call:
        return
    command = known.find(call["cmdlet"], version)
    if command is None and call["cmdlet"] in known.supplement["newer"]:
        return
    if command is None:
        yield _problem("CommandNotFoundException", f"no source says that Server {version} has {call['cmdlet']}.")
        return
    try:
        bind(command, {name: _static(value) for name, value in call.get("parameters", {}).items()}, known)
    except PowerShellError as error:
        yield error
    yield from _property_errors(command.name, (*call.get("properties", ()), *call.get("until", {})), known)


def _references(value: Any) -> Iterable[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield value
        for item in value.values():
            yield from _references(item)
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


def _reference_errors(reference: Mapping[str, Any], commands: Mapping[str, str], known: Catalogue) -> Iterable[PowerShellError]:
    if reference["$ref"] not in commands:
        yield _problem("ReferenceEmpty", f"no earlier cmdlet call has the id '{reference['$ref']}'.")
        return
    names = (*reference.get("where", {}), *([reference["property"]] if reference.get("property") else []))
    yield from _property_errors(commands[reference["$ref"]], names, known)


def _property_errors(command: str, paths: Iterable[str], known: Catalogue) -> Iterable[PowerShellError]:
    properties = known.output_properties(command)
    if properties is None:
        return
    lowered = {name.lower() for name in properties}
    for path in paths:
        name = path.split(".")[0]
        if name != "$value" and not name.endswith("?") and name.lower() not in lowered:
            yield _problem("PropertyNotFound", f"the output of {command} has no property '{name}'.")


def _problem(error_id: str, message: str) -> PowerShellError:
    return PowerShellError(error_id, "InvalidOperation", "System.InvalidOperationException", message)


def _static(value: Any) -> Any:
    """A value of the wire; what only a run can know is Unknown."""
    if isinstance(value, list):
        return [_static(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "$ref" in value or "$unknown" in value:
        return Unknown()
    for tag in ("$text", "$plain_secret", "$secret"):
        if tag in value:
            text = base64.b64decode(value[tag]).decode("utf-16-le", "surrogatepass")
            return SecureString(text) if tag == "$secret" else text
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$credential" in value:
        return PSCredential(str(_static(value["$credential"])), "")
    return {key: _static(item) for key, item in value.items()}
