# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""oslo.config's file grammar, both ways. The rules and how they were found are in docs/nova-conf.md.

Reading follows oslo_config/iniparser.py of oslo.config 8.7 to 9.6. Writing is the inverse: `write(value)` gives lines from which
`parse` and `expand` give the value back, or None where no lines do.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_REFERENCE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<name>[_a-z][._a-z0-9]*)|\{(?P<braced>[_a-z][._a-z0-9]*)\}|)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class SyntaxFault(Exception):
    """A line that makes oslo.config refuse the whole file."""


@dataclass(frozen=True)
class Assignment:
    """One assignment of a file: the value as oslo.config has it before substitution, lines joined by newlines."""

    group: str
    name: str
    value: str


@dataclass(frozen=True)
class Expanded:
    """A value after substitution of escapes. references: names that oslo.config would replace when the option is read."""

    text: str
    references: tuple[str, ...] = ()


def parse(text: str) -> list[Assignment]:
    """All assignments in order. Raises SyntaxFault with the line's number, never its text: it may hold a secret."""
    found: list[Assignment] = []
    group = name = ""
    values: list[str] = []

    def flush() -> None:
        nonlocal name
        if name:
            found.append(Assignment(group, name, "\n".join(values)))
        name = ""

    for number, raw in enumerate(_lines(text), start=1):
        line = raw.rstrip()
        if line.startswith((" ", "\t")):
            if not name:
                raise SyntaxFault(f"line {number}: an indented line that continues nothing")
            values.append(line.lstrip())
            continue
        flush()
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            group = _group(line, number)
            continue
        name, value = _assignment(line, number)
        if not group:
            raise SyntaxFault(f"line {number}: an option before the first [group]")
        values = [value]
    flush()
    return found


def _lines(text: str) -> list[str]:
    """Lines as Python's text files give them: ended by LF, CRLF or CR, and by nothing else."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _group(line: str, number: int) -> str:
    if not line.endswith("]"):
        raise SyntaxFault(f"line {number}: a group header must end with ]")
    if line == "[]":
        raise SyntaxFault(f"line {number}: a group without a name")
    return line[1:-1]


def _assignment(line: str, number: int) -> tuple[str, str]:
    match = re.search("[:=]", line)
    if not match:
        raise SyntaxFault(f"line {number}: neither = nor :")
    name = line[:match.start()].strip()
    if not name:
        raise SyntaxFault(f"line {number}: a value without a name")
    return name, _without_quotes(line[match.end():].strip())


def _without_quotes(value: str) -> str:
    """One pair of equal outer quotes goes; a single quote alone is such a pair for oslo.config, and goes too."""
    return value[1:-1] if value and value[0] in "\"'" and value[-1] == value[0] else value


def expand(value: str) -> Expanded:
    """What oslo.config makes of `$` when the option is read; `\\$` and `$$` are a dollar sign, a lone `$` stays."""
    references: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        reference = match["name"] or match["braced"]
        if reference:
            references.append(reference)
        return match[0]

    text = _REFERENCE.sub(replace, value.replace(r"\$", "$$"))
    return Expanded(text, tuple(references))


def escape(text: str) -> str:
    """`$` as `\\$`: the one escape that survives also after a backslash (`$$` does not)."""
    return text.replace("$", r"\$")


def write(value: str) -> list[str] | None:
    """The lines after `name = ` that hold a value as it is before substitution, or None where none can."""
    first, *rest = value.split("\n")
    if _CONTROL.search(value) or not all(line.strip() for line in rest):
        return None
    lines = [_quoted(first), *(f"    {line}" for line in rest)]
    readable = parse("[g]\n" + assignment("n", lines))
    return lines if readable == [Assignment("g", "n", value)] else None


def _quoted(line: str) -> str:
    return f'"{line}"' if line != line.strip() or _without_quotes(line) != line else line


def assignment(name: str, lines: Iterable[str]) -> str:
    return f"{name} = " + "\n".join(lines)
