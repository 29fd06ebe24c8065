# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The calls that a cmdlet batch carries to a host. The wire format is documented in docs/cmdlet-batch.md.

A call names a command and its values; it never contains script text. Calls are value objects: two calls are equal
when they would do the same thing, which is what the unit tests of the resources compare.
"""
from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

# Windows PowerShell's and PowerShell 7's JSON readers turn look-alikes of dates into dates, so only plain printable
# ASCII that cannot be mistaken for one travels as a JSON string. Everything else travels as base64.
_PLAIN = re.compile(r"(?!\d{4}-)(?!/Date)[\x20-\x7e]*")


@dataclass(frozen=True)
class Ref:
    """The output of an earlier call of the batch, as PowerShell objects.

    where: keeps the objects whose property equals the value; property: takes that property of each object.
    """

    call: str
    where: Mapping[str, Any] = field(default_factory=dict)
    property: str = ""


@dataclass(frozen=True)
class Secret:
    """A value that reaches the host as a SecureString and is never shown."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class PlainSecret:
    """A value that reaches the host as a plain string, because what takes it takes no SecureString, and is never shown here."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Credential:
    """A PSCredential."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Retry:
    """Repeat a call that fails, or whose `until` is not met: `count` more times, `seconds` apart."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Cmdlet:
    """One cmdlet, its parameters bound by splatting.

    properties: what is wanted of each output object. A dot descends (`OwnerNode.Name`), a trailing `?` allows the
    property to be absent, and `$value` is the object itself (for cmdlets that return strings or numbers).
    """

    id: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    properties: tuple[str, ...] = ()
    until: Mapping[str, Any] = field(default_factory=dict)
    retry: Retry | None = None


@dataclass(frozen=True)
class Program:
    """One executable with its arguments; an exit code outside `exit_codes` is an error."""

    id: str
    name: str
    arguments: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = (0,)
    retry: Retry | None = None


@dataclass(frozen=True)
class Assign:
    """Sets properties on the objects of an earlier call (failover cluster objects have no Set- cmdlet)."""

    id: str
    target: Ref
    values: Mapping[str, Any]


@dataclass(frozen=True)
class ReadFile:
    """Reads a file whole, or its last `tail` bytes. A file that is absent is an answer, not an error."""

    id: str
    path: str
    tail: int = 0


@dataclass(frozen=True)
class WriteFile:
    """Replaces a file whole or not at all; `backup` is the path that keeps the former content, if any."""

    id: str
    path: str
    content: bytes = field(repr=False)
    backup: str = ""


Call: TypeAlias = "Cmdlet | Program | Assign | ReadFile | WriteFile"


def prefixed(call: Call, section: str) -> Call:
    """The same call with its id, and the ids it refers to, moved into a section's own space."""
    call = replace(call, id=f"{section}.{call.id}")
    if isinstance(call, Assign):
        return replace(call, target=_move(call.target, section), values=_move(call.values, section))
    if isinstance(call, Cmdlet):
        return replace(call, parameters=_move(call.parameters, section))
    return call


def _move(value: Any, section: str) -> Any:
    if isinstance(value, Ref):
        return replace(value, call=f"{section}.{value.call}")
    if isinstance(value, Mapping):
        return {key: _move(item, section) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_move(item, section) for item in value]
    return value


def secrets(calls: Iterable[Call]) -> frozenset[str]:
    """The texts in these calls that must never show."""
    return frozenset(text for call in calls if isinstance(call, Cmdlet) for text in _secrets(call.parameters) if text)


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, (Secret, PlainSecret)):
        yield value.text
    elif isinstance(value, Credential):
        yield value.password
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _secrets(item)


def encode_batch(calls: Iterable[Call], *, stop_on_error: bool) -> str:
    """The one argument of win_cmdlets.ps1: base64 of gzip of JSON, so that a batch stays small on the wire."""
    batch = {"stop_on_error": stop_on_error, "calls": [encode_call(call) for call in calls]}
    text = json.dumps(batch, ensure_ascii=True, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def encode_call(call: Call) -> dict[str, Any]:
    """A call as the JSON object that docs/cmdlet-batch.md describes."""
    if isinstance(call, Cmdlet):
        return _without_empty({
            "id": call.id,
            "cmdlet": call.name,
            "parameters": encode_value(call.parameters),
            "properties": list(call.properties),
            "until": encode_value(call.until),
            "retry": _encode_retry(call.retry),
        })
    if isinstance(call, Program):
        return _without_empty({
            "id": call.id,
            "program": call.name,
            "arguments": encode_value(call.arguments),
            "exit_codes": list(call.exit_codes),
            "retry": _encode_retry(call.retry),
        })
    if isinstance(call, Assign):
        return {"id": call.id, "assign": encode_value(call.target), "values": encode_value(call.values)}
    if isinstance(call, ReadFile):
        return _without_empty({"id": call.id, "read_file": encode_value(call.path), "tail": call.tail})
    return _without_empty({
        "id": call.id,
        "write_file": encode_value(call.path),
        "content": encode_value(call.content),
        "backup": encode_value(call.backup),
    })


def encode_value(value: Any) -> Any:
    """A parameter value as JSON, with a tag where JSON or PowerShell's reader would change it."""
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else {"$text": _base64(value.encode("utf-16-le", "surrogatepass"))}
    if isinstance(value, bytes):
        return {"$bytes": _base64(value)}
    if isinstance(value, Secret):
        return {"$secret": _base64(value.text.encode("utf-16-le", "surrogatepass"))}
    if isinstance(value, PlainSecret):
        return {"$plain_secret": _base64(value.text.encode("utf-16-le", "surrogatepass"))}
    if isinstance(value, Credential):
        password = _base64(value.password.encode("utf-16-le", "surrogatepass"))
        return {"$credential": encode_value(value.username), "password": password}
    if isinstance(value, Ref):
        return _without_empty({"$ref": value.call, "where": encode_value(value.where), "property": value.property})
    if isinstance(value, Mapping):
        return {key: encode_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode_value(item) for item in value]
    return value


def _encode_retry(retry: Retry | None) -> dict[str, Any] | None:
    return {"count": retry.count, "seconds": retry.seconds} if retry else None


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in (None, "", 0, [], {})}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
