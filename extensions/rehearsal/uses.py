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

_PROGRAM = re.compile(r"\w+\.exe", re.IGNORECASE)
_MODULE = re.compile(r"(ansible\.windows|community\.windows|microsoft\.ad|ansible\.builtin|winstack\.hyperv)\.(\w+)")
# Modules of ansible.builtin that never reach a host.
_CONTROLLER_ONLY = frozenset(f"ansible.builtin.{name}" for name in (
    "add_host", "assert", "debug", "fail", "group_by", "import_playbook", "import_role", "import_tasks", "include_role", "include_tasks",
    "include_vars", "meta", "pause", "set_fact", "set_stats", "validate_argument_spec",
))


@dataclass
class Uses:
    """Names, each with the files that use it; parameters: by cmdlet. strangers: parameters that no Server version knows."""

    cmdlets: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parameters: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    programs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    modules: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    strangers: set[str] = field(default_factory=set)


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
            _collect_call(node, strings, names, known, uses)


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


def _collect_call(call: ast.Call, strings: set[str], names: frozenset[str], known: Catalogue, uses: Uses) -> None:
    arguments: Mapping[str, ast.expr] = {
        **dict(zip(("id", "name", "parameters"), call.args, strict=False)),
        **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg},
    }
    if "name" not in arguments or "parameters" not in arguments:
        return
    parameters = arguments["parameters"]
    literal = isinstance(parameters, ast.Dict) and all(isinstance(key, ast.Constant) for key in parameters.keys)
    given = {str(key.value) for key in parameters.keys if isinstance(key, ast.Constant)} if isinstance(parameters, ast.Dict) else set()
    certain = _cmdlets_in(arguments["name"], names)
    for name in certain or strings & names:
        uses.parameters[name] |= (given if literal else given | strings) & parameter_names(name, known)
    for name in certain:
        common = frozenset(key for version in VERSIONS if (command := known.find(name, version)) for key in command.parameters)
        uses.strangers |= {f"{name} -{key}" for key in given - common}


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
