# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The conditions of WQL that the rehearsal understands: comparisons joined by AND, OR and NOT, with parentheses.

Source: MicrosoftDocs/win32, WmiSdk/wql-sql-for-wmi.md and wql-operators.md.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Condition = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>-?\d+)|(?P<word>[A-Za-z_]\w*)|(?P<sign><>|!=|<=|>=|[=<>()]))"""
)


class InvalidQuery(Exception):
    """WMI would answer WBEM_E_INVALID_QUERY."""


class UnknownCondition(Exception):
    """Valid WQL as far as can be told, but not understood here."""


def parse(text: str, properties: frozenset[str]) -> Condition:
    """The condition as a function of one instance's properties. Names are lower-cased; properties: those that the class has."""
    parser = _Parser(_tokens(text), properties)
    condition = parser.alternatives()
    if parser.rest():
        raise InvalidQuery(text)
    return condition


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise InvalidQuery(text)
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], properties: frozenset[str]) -> None:
        self._tokens = tokens
        self._properties = properties

    def rest(self) -> bool:
        return bool(self._tokens)

    def alternatives(self) -> Condition:
        parts = [self._conjunction()]
        while self._take_word("or"):
            parts.append(self._conjunction())
        return lambda row: any(part(row) for part in parts)

    def _conjunction(self) -> Condition:
        parts = [self._one()]
        while self._take_word("and"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Condition:
        if self._take_word("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._peek() == ("sign", "("):
            self._next()
            inner = self.alternatives()
            if self._next() != ("sign", ")"):
                raise InvalidQuery("a parenthesis is not closed")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        kind, name = self._next()
        name = name.lower()
        if kind != "word" or name not in self._properties:
            raise InvalidQuery(f"{name!r} is not a property")
        kind, operator = self._next()
        operator = operator.lower()
        if operator == "is":
            negated = self._take_word("not")
            if not self._take_word("null"):
                raise InvalidQuery("IS takes NULL or NOT NULL")
            return lambda row: (_value(row, name) is None) != negated
        if operator == "isa":
            raise UnknownCondition(operator)
        wanted = self._literal()
        return lambda row: _compare(_value(row, name), operator, wanted)

    def _literal(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return int(text)
        if kind == "word" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind == "word" and text.lower() == "null":
            return None
        raise InvalidQuery(f"{text!r} is not a value")

    def _take_word(self, word: str) -> bool:
        kind, text = self._peek()
        if kind == "word" and text.lower() == word:
            self._next()
            return True
        return False

    def _peek(self) -> tuple[str, str]:
        return self._tokens[0] if self._tokens else ("end", "")

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise InvalidQuery("the condition ends early")
        return self._tokens.pop(0)


def _value(row: Mapping[str, Any], name: str) -> Any:
    value = row[name]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    # A value that nobody modelled refuses to be looked at; what else there is (lists, times) is not compared here.
    raise UnknownCondition(f"a comparison of {name} with {value}")


def _compare(actual: Any, operator: str, wanted: Any) -> bool:
    if operator == "like":
        return actual is not None and re.fullmatch(_like(str(wanted)), str(actual), re.IGNORECASE | re.DOTALL) is not None
    if isinstance(wanted, str) and isinstance(actual, str):
        actual, wanted = actual.lower(), wanted.lower()
    elif isinstance(actual, bool) or isinstance(wanted, bool):
        actual, wanted = _as_bool(actual), _as_bool(wanted)
    elif isinstance(actual, int) and isinstance(wanted, str):
        wanted = int(wanted) if wanted.lstrip("-").isdigit() else None
    if operator in ("=", "<>", "!="):
        return bool(actual == wanted) == (operator == "=")
    if actual is None or wanted is None:
        return False
    return bool({"<": actual < wanted, ">": actual > wanted, "<=": actual <= wanted, ">=": actual >= wanted}[operator])


def _as_bool(value: Any) -> Any:
    return value.lower() == "true" if isinstance(value, str) else (None if value is None else bool(value))


def _like(pattern: str) -> str:
    """WQL: % is any text, _ is one character, [] a set."""
    out = ""
    for part in re.findall(r"\[[^\]]+\]|.", pattern, re.DOTALL):
        out += part if len(part) > 1 else {"%": ".*", "_": "."}.get(part, re.escape(part))
    return out
