# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of options: what an operator gives, what a file holds, and the typed value that both stand for.

`from_text` follows oslo_config/types.py. The typed value of a list is a list, of a dict a dict, of an empty number None.
"""
from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from .catalogue import ValueType

_TRUE, _FALSE = ("true", "1", "on", "yes"), ("false", "0", "off", "no")
_LABEL = re.compile(r"(?!-)[A-Z0-9-]{1,63}(?<!-)$", re.IGNORECASE)
_LABEL_UNDERSCORE = re.compile(r"(?!-)[A-Z0-9-_]{1,63}(?<!-)$", re.IGNORECASE)
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?(?:\?[^#]*)?(?:#.*)?"
)


class BadValue(Exception):
    """A value that an option does not take. The text says what is allowed and never repeats the value."""


def to_text(kind: ValueType, value: Any) -> str:
    """The text of a value that an operator gave, ready for `from_text`. Raises BadValue for a shape that the type cannot have."""
    if isinstance(value, bool):
        if kind.kind != "boolean":
            raise BadValue(f"{wanted(kind)} is needed; a YAML boolean is not one (quote the word if it is text)")
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _mapping_text(kind, value)
    if isinstance(value, (list, tuple)):
        return _list_text(kind, value)
    if isinstance(value, float):
        return repr(value)
    return str(value)


def _list_text(kind: ValueType, value: Any) -> str:
    if kind.kind != "list" or kind.item is None:
        raise BadValue(f"{wanted(kind)} is needed, not a list")
    text = ",".join(to_text(kind.item, item) for item in value)
    text = f"[{text}]" if kind.bounds else text
    if from_text(kind, text) != [from_text(kind.item, to_text(kind.item, item)) for item in value]:
        raise BadValue("an item of a list cannot be empty, hold a comma, or begin or end with a blank: oslo.config has no way to write it")
    return text


def _mapping_text(kind: ValueType, value: Mapping[Any, Any]) -> str:
    if kind.kind != "dict" or kind.item is None:
        raise BadValue(f"{wanted(kind)} is needed, not a mapping")
    text = ",".join(f"{key}:{to_text(kind.item, item)}" for key, item in value.items())
    text = f"{{{text}}}" if kind.bounds else text
    if from_text(kind, text) != {str(key): from_text(kind.item, to_text(kind.item, item)) for key, item in value.items()}:
        raise BadValue("a key or value cannot hold a comma, or begin or end with a blank, and a key no colon")
    return text


def from_text(kind: ValueType, text: str) -> Any:
    """The typed value of a text. Raises BadValue where oslo.config would refuse it when the option is read."""
    return _READERS[kind.kind](kind, text)


def wanted(kind: ValueType) -> str:
    """What a type allows, for errors: `an integer, at least 0`."""
    words = _WORDS[kind.kind]
    if kind.kind in ("list", "dict") and kind.item is not None and kind.item.kind != "string":
        words += f" of items that are each {wanted(kind.item)}"
    if kind.choices:
        return f"{words}, one of {', '.join(map(str, kind.choices))}"
    limits = {
        f"at least {kind.minimum}": kind.minimum is not None,
        f"at most {kind.maximum}": kind.maximum is not None,
        f"scheme {' or '.join(kind.schemes)}": kind.schemes,
        f"matching {kind.regex}": kind.regex,
        f"at most {kind.max_length} characters": kind.max_length,
        f"version {kind.version}": kind.version,
    }
    return ", ".join([words, *(limit for limit, given in limits.items() if given)])


_WORDS = {
    "string": "text",
    "integer": "an integer",
    "port": "a port number",
    "float": "a number",
    "boolean": "a boolean (true, false, yes, no, on, off, 1, 0)",
    "list": "a list",
    "dict": "a mapping",
    "ip": "an IP address",
    "hostaddress": "a host name or IP address",
    "hostdomain": "a host name or IP address",
    "hostname": "a host name",
    "uri": "a URI with scheme and host",
}


def _string(kind: ValueType, text: str) -> str:
    if kind.quotes and text and text[0] in "\"'":
        if len(text) == 1 or text[-1] != text[0]:
            raise BadValue("a quote that opens must close")
        text = text[1:-1]
    if kind.max_length and len(text) > kind.max_length:
        raise BadValue(f"{wanted(kind)} is needed")
    if kind.regex and not re.search(kind.regex, text, re.IGNORECASE if kind.ignore_case else 0):
        raise BadValue(f"{wanted(kind)} is needed")
    if kind.choices and not _chosen(kind, text):
        raise BadValue(f"{wanted(kind)} is needed")
    return text


def _chosen(kind: ValueType, text: str) -> bool:
    if kind.ignore_case:
        return text.lower() in [str(choice).lower() for choice in kind.choices]
    return text in kind.choices


def _number(convert: Callable[[str], float]) -> Callable[[ValueType, str], Any]:
    def read(kind: ValueType, text: str) -> Any:
        if not text.strip():
            return None
        try:
            value = convert(text.strip())
        except ValueError:
            raise BadValue(f"{wanted(kind)} is needed") from None
        if not math.isfinite(value) or not _in_range(kind, value):
            raise BadValue(f"{wanted(kind)} is needed")
        return value

    return read


def _in_range(kind: ValueType, value: float) -> bool:
    if kind.choices:
        return value in kind.choices
    return (kind.minimum is None or value >= kind.minimum) and (kind.maximum is None or value <= kind.maximum)


def _boolean(kind: ValueType, text: str) -> bool:
    word = text.lower()
    if word not in (*_TRUE, *_FALSE):
        raise BadValue(f"{wanted(kind)} is needed")
    return word in _TRUE


def _list(kind: ValueType, text: str) -> list[Any]:
    if kind.item is None:
        raise AssertionError(f"{kind} has no item type")
    text = _unbound(kind, text.strip().rstrip(","), "[", "]")
    pieces = text.split(",") if text else []
    items: list[Any] = []
    while pieces:
        # An item that does not validate takes in the next piece, comma and all (oslo_config/types.py, List).
        piece = pieces.pop(0)
        while True:
            try:
                items.append(from_text(kind.item, piece.strip()))
                break
            except BadValue:
                if not pieces:
                    raise
            piece += "," + pieces.pop(0)
    return items


def _dict(kind: ValueType, text: str) -> dict[str, Any]:
    if kind.item is None:
        raise AssertionError(f"{kind} has no item type")
    text = _unbound(kind, text.strip(), "{", "}")
    pieces = text.split(",") if text else []
    found: dict[str, Any] = {}
    while pieces:
        piece = pieces.pop(0)
        while True:
            try:
                key, value = _pair(kind.item, piece)
                break
            except BadValue:
                if not pieces:
                    raise
            piece += "," + pieces.pop(0)
        if not key or key in found:
            raise BadValue("each key once, and none empty, is needed")
        found[key] = value
    return found


def _pair(item: ValueType, piece: str) -> tuple[str, Any]:
    key, colon, value = piece.partition(":")
    if not colon:
        raise BadValue("NAME:VALUE pairs separated by commas are needed")
    return key.strip(), from_text(item, value.strip())


def _unbound(kind: ValueType, text: str, opening: str, closing: str) -> str:
    if not kind.bounds:
        return text
    if not (text.startswith(opening) and text.endswith(closing)):
        raise BadValue(f"{opening} and {closing} around the value are needed")
    return text[1:-1]


def _ip(kind: ValueType, text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise BadValue(f"{wanted(kind)} is needed") from None
    if "%" in text or kind.version not in (None, address.version):
        raise BadValue(f"{wanted(kind)} is needed")
    return text


def _hostname(kind: ValueType, text: str, pattern: re.Pattern[str] = _LABEL) -> str:
    bare = text[:-1] if text.endswith(".") else text
    labels = bare.split(".")
    if not text or len(text) > 253 or not re.search("[a-zA-Z-]", labels[-1]) or not all(pattern.match(label) for label in labels):
        raise BadValue(f"{wanted(kind)} is needed")
    return bare


def _host_address(pattern: re.Pattern[str]) -> Callable[[ValueType, str], str]:
    def read(kind: ValueType, text: str) -> str:
        try:
            return _ip(kind, text)
        except BadValue:
            return _hostname(kind, text, pattern)

    return read


def _uri(kind: ValueType, text: str) -> str:
    match = _URI.fullmatch(text)
    if not match or (kind.max_length and len(text) > kind.max_length):
        raise BadValue(f"{wanted(kind)} is needed")
    if kind.schemes and match["scheme"].lower() not in kind.schemes:
        raise BadValue(f"{wanted(kind)} is needed")
    return text


_READERS: Mapping[str, Callable[[ValueType, str], Any]] = {
    "string": _string,
    "integer": _number(int),
    "port": _number(int),
    "float": _number(float),
    "boolean": _boolean,
    "list": _list,
    "dict": _dict,
    "ip": _ip,
    "hostname": _hostname,
    "hostaddress": _host_address(_LABEL),
    "hostdomain": _host_address(_LABEL_UNDERSCORE),
    "uri": _uri,
}
