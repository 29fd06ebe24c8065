# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the collection uses of Windows, read from its source text without importing any of it.

A cmdlet is used where a string of the plugins is its name (an f-string counts for every cmdlet that it can name). Its parameters are
the keys of the dictionary that a `Cmdlet(...)` is given; where that dictionary is built elsewhere, every string of the file that is a
parameter of the cmdlet. A program is a string that names an .exe file. A module is a task of a role or playbook, or one that an
action plugin names.
"""
from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .powershell.catalogue import VERSIONS, Catalogue

UNKNOWN: Mapping[str, Any] = {"$unknown": True}
_PROGRAM = re.compile(r"\w+\.exe", re.IGNORECASE)
_MODULE = re.compile(r"(ansible\.windows|community\.windows|microsoft\.ad|ansible\.builtin|winstack\.hyperv)\.(\w+)")
# Modules of ansible.builtin that never reach a host.
_CONTROLLER_ONLY = frozenset(f"ansible.builtin.{name}" for name in (
    "add_host", "assert", "debug", "fail", "group_by", "import_playbook", "import_role", "import_tasks", "include_role", "include_tasks",
    "include_vars", "meta", "pause", "set_fact", "set_stats", "validate_argument_spec",
))


@dataclass
class Uses:
    """Names, each with the files that use it; parameters: by cmdlet.

    calls: the cmdlet calls as the source text has them, in the form of docs/cmdlet-batch.md, with UNKNOWN for what only a run can know;
    unread: how many calls could not be read so, because their name or the keys of their parameters are not in the text.
    """

    cmdlets: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parameters: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    programs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    modules: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    calls: list[dict[str, Any]] = field(default_factory=list)
    unread: int = 0


def collect(root: Path, known: Catalogue) -> Uses:
    """The uses of the collection whose checkout is `root`."""
    uses = Uses()
    own_actions = {f"winstack.hyperv.{path.stem}" for path in (root / "plugins" / "action").glob("*.py")}
    for path in sorted((root / "plugins").rglob("*.py")):
        _collect_source(ast.parse(path.read_text(encoding="utf-8")), path.relative_to(root).as_posix(), known, uses)
    for path in sorted([*(root / "roles").rglob("*.yml"), *(root / "playbooks").rglob("*.yml")]):
        if path.parent.name in ("tasks", "handlers", "playbooks"):
            for name in _task_modules(yaml.safe_load(path.read_text(encoding="utf-8"))):
                uses.modules[name].add(path.relative_to(root).as_posix())
    uses.modules = {name: files for name, files in uses.modules.items() if name not in _CONTROLLER_ONLY | own_actions}
    return uses


def parameter_names(name: str, known: Catalogue) -> frozenset[str]:
    """Every parameter that some Server version has, but for the common ones."""
    commands = [command for version in VERSIONS if (command := known.find(name, version))]
    return frozenset(key for command in commands for key, parameter in command.parameters.items() if not parameter.common)


def _collect_source(tree: ast.Module, file: str, known: Catalogue, uses: Uses) -> None:
    names = frozenset(known.names)
    strings = set(_strings(tree))
    for text in strings:
        if text in names:
            uses.cmdlets[text].add(file)
        if _PROGRAM.fullmatch(text):
            uses.programs[text.lower()].add(file)
        if _MODULE.fullmatch(text) and "/action/" in file.replace("plugin_utils", "action"):
            uses.modules[text].add(file)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for name in _named_by(node, names):
                uses.cmdlets[name].add(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cmdlet":
            read = _read_call(node, f"{file}:{node.lineno}", names)
            uses.calls += read
            uses.unread += not read
            _collect_parameters(node, strings, names, known, uses)


def _strings(tree: ast.Module) -> Iterator[str]:
    """Every string but the docstrings and the pieces of f-strings."""
    passed_over = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    passed_over |= {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
            yield node.value


def _named_by(text: ast.JoinedStr, names: Iterable[str]) -> list[str]:
    """The cmdlets that an f-string can name: `f"{verb}-Service"`. One that is all hole names nothing."""
    pieces = [piece.value if isinstance(piece, ast.Constant) else None for piece in text.values]
    if not any(isinstance(piece, str) and len(piece) > len("-x") and "-" in piece for piece in pieces):
        return []
    pattern = re.compile("".join(r"\w+" if piece is None else re.escape(str(piece)) for piece in pieces))
    return [name for name in names if pattern.fullmatch(name)]


def _collect_parameters(call: ast.Call, strings: set[str], names: frozenset[str], known: Catalogue, uses: Uses) -> None:
    arguments = _arguments(call)
    if "name" not in arguments or "parameters" not in arguments:
        return
    parameters = arguments["parameters"]
    literal = isinstance(parameters, ast.Dict) and all(isinstance(key, ast.Constant) for key in parameters.keys)
    given = {str(key.value) for key in parameters.keys if isinstance(key, ast.Constant)} if isinstance(parameters, ast.Dict) else set()
    certain = _cmdlets_in(arguments["name"], names)
    for name in certain or strings & names:
        uses.parameters[name] |= (given if literal else given | strings) & parameter_names(name, known)


def _read_call(call: ast.Call, place: str, names: frozenset[str]) -> list[dict[str, Any]]:
    """The calls that one `Cmdlet(...)` can make; none where its name or the keys of its parameters are not in the text."""
    arguments = _arguments(call)
    parameters = arguments.get("parameters", ast.Dict([], []))
    if not isinstance(parameters, ast.Dict) or not all(isinstance(key, ast.Constant) for key in parameters.keys):
        return []
    properties = arguments.get("properties", ast.Tuple([], ast.Load()))
    wanted = [value for value in map(_value, getattr(properties, "elts", ())) if isinstance(value, str)]
    values = {str(getattr(key, "value", "")): _value(value) for key, value in zip(parameters.keys, parameters.values, strict=True)}
    return [
        {"id": place, "cmdlet": name, "parameters": values, "properties": wanted} for name in _cmdlets_in(arguments["name"], names)
    ]


def _arguments(call: ast.Call) -> Mapping[str, ast.expr]:
    return {
        **dict(zip(("id", "name", "parameters", "properties"), call.args, strict=False)),
        **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg},
    }


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List) and not any(isinstance(item, ast.Starred) for item in node.elts):
        return [_value(item) for item in node.elts]
    return UNKNOWN


def _cmdlets_in(expression: ast.expr, names: frozenset[str]) -> list[str]:
    """The cmdlets that a call's name can be; none for a variable, which may be any that the file names."""
    found = [node.value for node in ast.walk(expression) if isinstance(node, ast.Constant) and node.value in names]
    joined = [name for node in ast.walk(expression) if isinstance(node, ast.JoinedStr) for name in _named_by(node, names)]
    return [*map(str, found), *joined]


def _task_modules(document: Any) -> Iterator[str]:
    """The fully qualified modules of a list of tasks or plays, blocks included."""
    for item in document if isinstance(document, list) else []:
        if not isinstance(item, Mapping):
            continue
        for key, value in item.items():
            if isinstance(key, str) and _MODULE.fullmatch(key):
                yield key
            if key in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"):
                yield from _task_modules(value)
