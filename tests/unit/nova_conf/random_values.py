# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Random options with random values, and random texts of files: for the unit tests and for those against each release's oslo.config."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.catalogue import Option, ValueType

# What breaks careless writers: escapes, quotes, comment and group characters, separators, blanks, a backslash before anything.
AWKWARD = "$\\\"'{}#;:=[],% \t"
ALPHABET = AWKWARD * 2 + string.ascii_letters + string.digits + "_-./@&()<>|!?*+~^`"
SNIPPETS = (
    "$name",
    "${name}",
    "$$",
    r"\$",
    r"\\$",
    "$DEFAULT.x",
    "${",
    "}",
    r"C:\$Recycle.Bin",
    r"\\srv\C$\x",
    "''",
    '""',
    "a\\",
    "# x",
    "; x",
    "[g]",
    "k = v",
    '{"a": "b"}',
    "%24",
    "%(x)s",
    " lead",
    "trail ",
    "\ttab",
    "None",
    "true",
    "0x10",
    ",",
    "a,b",
    "$1",
    "$",
    "pa$word",
    "=",
    ":",
)
NAMES = ("yes", "No", "ON", "off", "1", "0", "TRUE", "false")


@dataclass(frozen=True)
class Case:
    """One option with the value that an operator gives, and the value that oslo.config must read. spec: as in the catalogue's data."""

    spec: dict[str, Any]
    option: Option
    given: Any
    expected: Any


def text(chance: random.Random, alphabet: str = ALPHABET) -> str:
    pieces = [chance.choice(SNIPPETS) if chance.random() < 0.2 else chance.choice(alphabet) for _number in range(chance.randint(0, 14))]
    return "".join(pieces)


def item(chance: random.Random) -> str:
    """What a list can hold: no comma, no outer blanks, not empty."""
    return text(chance).replace(",", "").strip() or "x"


def case(chance: random.Random, name: str) -> Case:
    kind = chance.choice(tuple(_MAKERS))
    spec, given, expected = _MAKERS[kind](chance)
    option = Option("g", name, value_type(spec), multi=spec.get("multi", False))
    return Case(spec, option, given, expected)


def value_type(spec: dict[str, Any]) -> ValueType:
    """A catalogue entry's type."""
    return ValueType(
        spec["type"],
        item=value_type(spec["item"]) if "item" in spec else None,
        minimum=spec.get("min"),
        maximum=spec.get("max"),
        choices=tuple(spec.get("choices", ())),
        regex=spec.get("regex", ""),
        ignore_case=spec.get("ignore_case", False),
        quotes=spec.get("quotes", False),
        bounds=spec.get("bounds", False),
        max_length=spec.get("max_length", 0),
        version=spec.get("version"),
        schemes=tuple(spec.get("schemes", ())),
    )


Made = tuple[dict[str, Any], Any, Any]


def _same(spec: dict[str, Any], value: Any) -> Made:
    return spec, value, value


def _string(chance: random.Random) -> Made:
    return _same({"type": "string"}, text(chance))


def _multi(chance: random.Random) -> Made:
    return _same({"type": "string", "multi": True}, [text(chance) for _number in range(chance.randint(1, 4))])


def _lines(chance: random.Random) -> Made:
    first = text(chance).strip() or "x"
    return _same({"type": "string"}, "\n".join([first, *(text(chance).strip() or "y" for _number in range(chance.randint(1, 3)))]))


def _integer(chance: random.Random) -> Made:
    value = chance.choice((0, -1, 1, chance.randint(-(10**9), 10**9), chance.randint(-(10**20), 10**20)))
    given = chance.choice((value, str(value), f"+{abs(value)}" if value > 0 else value))
    return {"type": "integer"}, given, value


def _bounded(chance: random.Random) -> Made:
    low = chance.randint(-50, 50)
    high = low + chance.randint(0, 50)
    return _same({"type": "integer", "min": low, "max": high}, chance.randint(low, high))


def _float(chance: random.Random) -> Made:
    return _same(
        {"type": "float"},
        chance.choice((0.0, -0.5, 1e-300, chance.uniform(-1e6, 1e6), chance.uniform(-1, 1) * 10.0 ** chance.randint(-20, 20))),
    )


def _boolean(chance: random.Random) -> Made:
    value = chance.random() < 0.5
    words = [word for word in NAMES if (word.lower() in ("yes", "on", "1", "true")) == value]
    return {"type": "boolean"}, chance.choice((value, int(value), chance.choice(words))), value


def _list(chance: random.Random) -> Made:
    return _same({"type": "list", "item": {"type": "string"}, "bounds": False}, [item(chance) for _number in range(chance.randint(0, 5))])


def _bounded_list(chance: random.Random) -> Made:
    # A bracket at an end of an item would be taken for the list's own; nothing in the releases has such values.
    items = [item(chance).strip("[]\"' \t") or "z" for _number in range(chance.randint(0, 4))]
    return _same({"type": "list", "item": {"type": "string"}, "bounds": True}, items)


def _integer_list(chance: random.Random) -> Made:
    return _same(
        {"type": "list", "item": {"type": "integer"}, "bounds": False}, [chance.randint(-9, 99) for _number in range(chance.randint(0, 5))]
    )


def _dict(chance: random.Random) -> Made:
    keys = {item(chance).replace(":", "").strip() or f"k{number}" for number in range(chance.randint(0, 4))}
    return _same({"type": "dict", "item": {"type": "string"}, "bounds": False}, {key: item(chance) for key in sorted(keys)})


def _choice(chance: random.Random) -> Made:
    return _same(
        {"type": "string", "choices": ["interval", "size", "none"], "ignore_case": True}, chance.choice(("interval", "SIZE", "None"))
    )


def _port(chance: random.Random) -> Made:
    return _same({"type": "port"}, chance.randint(0, 65535))


def _ip(chance: random.Random) -> Made:
    four = ".".join(str(chance.randint(0, 255)) for _number in range(4))
    six = ":".join(f"{chance.randint(0, 0xFFFF):x}" for _number in range(8))
    version = chance.choice((4, 6))
    return _same({"type": "ip", "version": version}, four if version == 4 else six)


def _host(chance: random.Random) -> Made:
    labels = [
        "".join(chance.choice(string.ascii_letters + string.digits) for _number in range(chance.randint(1, 12)))
        for _number in range(chance.randint(1, 3))
    ]
    return _same({"type": chance.choice(("hostaddress", "hostname", "hostdomain"))}, ".".join([*labels, "n" + labels[0]]))


def _uri(chance: random.Random) -> Made:
    path = "".join(chance.choice(string.ascii_letters + "/-_.~!$&'()*+,;=:@") for _number in range(chance.randint(0, 12)))
    return _same(
        {"type": "uri"}, f"{chance.choice(('http', 'https', 'ws'))}://h{chance.randint(0, 99)}.example:{chance.randint(1, 9999)}/{path}"
    )


_MAKERS: dict[str, Callable[[random.Random], Made]] = {
    "string": _string,
    "string2": _string,
    "string3": _string,
    "multi": _multi,
    "lines": _lines,
    "integer": _integer,
    "bounded": _bounded,
    "float": _float,
    "boolean": _boolean,
    "list": _list,
    "bounded list": _bounded_list,
    "integer list": _integer_list,
    "dict": _dict,
    "choice": _choice,
    "port": _port,
    "ip": _ip,
    "host": _host,
    "uri": _uri,
}

_LINES = (
    "[g]",
    "[DEFAULT]",
    "[ g ]",
    "[]",
    "[g",
    "[g] x",
    "# comment",
    "; comment",
    " # continued",
    "",
    "   ",
    "\t",
    "key",
    "=x",
    ":x",
    "k=",
    "k =",
    "k = v",
    "k: v",
    "k = 'v'",
    'k = "v"',
    "k = '",
    "k = \"v'",
    " more",
    "\tmore",
    "k = v = w",
    "k = v : w",
    "k : v = w",
    "K = v",
    "k-1 = v",
    "k = \\",
    "k = a\\",
    "k = ''v''",
    "k = v # c",
    "x = $k",
    "k = \x0b",
    "k = \x1c v",
    "\x0b",
    "k = v\x0c",
    "  k = v",
    "k =   spaced  ",
    "[h]",
    "k = [v]",
)


def file_text(chance: random.Random) -> str:
    """Lines of all kinds, with all three ends of lines; most begin with a group so that they are not all refused."""
    lines = ["[g]"] if chance.random() < 0.8 else []
    lines += [chance.choice(_LINES) if chance.random() < 0.9 else text(chance) for _number in range(chance.randint(0, 8))]
    return "".join(line + chance.choice(("\n", "\r\n", "\n", "\r")) for line in lines)


_TEXTS = (
    "",
    " ",
    "5",
    "5.0",
    "0x10",
    "1_000",
    " 7 ",
    "+3",
    "-1",
    "1e3",
    "yes",
    "YES",
    "t",
    "y",
    "enabled",
    "true ",
    "None",
    "a,b",
    "a,,b",
    ",",
    ",a",
    "a,",
    "a, b ,c",
    "[a,b]",
    "[a",
    "k:v",
    "k:v,k:w",
    "k:v,l",
    ":v",
    "{k:v}",
    "10.0.0.1",
    "10.0.0.256",
    "010.0.0.1",
    "::1",
    "fe80::1",
    "host",
    "host.",
    "ho_st",
    "-host",
    "host-",
    "1.2.3",
    "a" * 64,
    "a..b",
    "http://h/",
    "http://",
    "h",
    "ftp://h",
    "http://h:x/",
    "http://h/ b",
    "http://h/%zz",
    "http://[::1]:80/",
    "http://u:p@h/",
    "size",
    "SIZE",
    "65535",
    "65536",
    "-5",
    "'quoted'",
    '"',
    "10.0.0",
    "1",
    "host.example",
    "http://h_h/",
    "https://h/a?b#c",
    "http:/h",
    "http://h:99999/",
)


def raw_text(chance: random.Random) -> str:
    """A text that a file may hold for an option of any type."""
    return chance.choice(_TEXTS) if chance.random() < 0.8 else text(chance, string.digits + "abf.:,-_/ ")


TYPES: tuple[dict[str, Any], ...] = (
    {"type": "string"},
    {"type": "string", "choices": ["interval", "size", "none"], "ignore_case": True},
    {"type": "string", "choices": ["a", "size"]},
    {"type": "string", "regex": "^[a-z]+$"},
    {"type": "string", "max_length": 3},
    {"type": "string", "quotes": True},
    {"type": "integer"},
    {"type": "integer", "min": 0, "max": 5},
    {"type": "integer", "choices": [1, 7]},
    {"type": "port", "min": 0, "max": 65535},
    {"type": "float"},
    {"type": "float", "min": 1.5},
    {"type": "boolean"},
    {"type": "list", "item": {"type": "string"}},
    {"type": "list", "item": {"type": "integer"}},
    {"type": "list", "item": {"type": "string", "quotes": True}},
    {"type": "list", "item": {"type": "string"}, "bounds": True},
    {"type": "dict", "item": {"type": "string"}},
    {"type": "dict", "item": {"type": "integer"}, "bounds": True},
    {"type": "ip"},
    {"type": "ip", "version": 4},
    {"type": "ip", "version": 6},
    {"type": "hostname"},
    {"type": "hostaddress"},
    {"type": "hostdomain"},
    {"type": "uri"},
    {"type": "uri", "schemes": ["http", "https"]},
    {"type": "uri", "max_length": 12},
)
