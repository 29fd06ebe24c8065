# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a batch sees of objects: properties, comparison, and values as JSON (docs/cmdlet-batch.md, "Values" and "Results")."""
from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .catalogue import Catalogue
from .conversion import dotnet_type, text_of
from .errors import PowerShellError, not_modelled
from .values import PSCredential, PSEnum, PSObject, SecureString

# COR_E_INVALIDOPERATION, the HRESULT of System.InvalidOperationException.
_INVALID_OPERATION = -2146233079


def failure(error_id: str, message: str) -> PowerShellError:
    """An error that win_cmdlets.ps1 itself raises."""
    return PowerShellError(error_id, "InvalidOperation", "System.InvalidOperationException", message, _INVALID_OPERATION)


def check_class(value: Any, catalogue: Catalogue) -> None:
    """A model may only put out what the real class has; anything else is a mistake in the model, so an AssertionError."""
    if isinstance(value, (list, tuple)):
        for item in value:
            check_class(item, catalogue)
        return
    if not isinstance(value, PSObject):
        return
    known = catalogue.properties(value.type)
    invented = sorted(set(value.properties) - known) if known is not None else []
    assert not invented, f"the model of {value.type} has properties that the class lacks: {', '.join(invented)}"
    for item in value.properties.values():
        check_class(item, catalogue)


def get_property(value: Any, path: str, catalogue: Catalogue) -> Any:
    """A property by its dotted path. Null has every property, and it is null; a trailing `?` allows the property to be absent."""
    optional = path.endswith("?")
    for name in path.rstrip("?").split("."):
        if name == "$value" or value is None:
            return value
        found, inner = _look_up(value, name)
        if not found and _class_has(value, name, catalogue):
            raise not_modelled(f"the property {name} of {value.type}", "add it to the model that makes the object")
        if not found and optional:
            return None
        if not found:
            raise failure("PropertyNotFound", f"{dotnet_type(value)} has no property '{name}'.")
        value = inner
    return value


def _look_up(value: Any, name: str) -> tuple[bool, Any]:
    properties: Mapping[str, Any] = {}
    if isinstance(value, PSObject):
        properties = value.properties
    elif isinstance(value, Mapping):
        properties = value
    elif isinstance(value, (list, tuple, bytes)):
        properties = {"Length": len(value), "Count": len(value)}
    elif isinstance(value, str):
        properties = {"Length": len(value)}
    return next(((True, inner) for key, inner in properties.items() if key.lower() == name.lower()), (False, None))


def _class_has(value: Any, name: str, catalogue: Catalogue) -> bool:
    known = catalogue.properties(value.type) if isinstance(value, PSObject) else None
    return known is not None and name.lower() in {item.lower() for item in known - value.lacks}


def set_property(target: PSObject, name: str, value: Any) -> None:
    """Sets a property that is there; PowerShell does not mind the case of its name."""
    target.properties[next(key for key in target.properties if key.lower() == name.lower())] = value


def format_value(value: Any) -> Any:
    """A value as the results carry it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, PSEnum):
        return value.name
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    if isinstance(value, timedelta):
        return _number(value.total_seconds())
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, (SecureString, PSCredential)):
        return "********"
    if isinstance(value, (list, tuple)):
        return [format_value(item) for item in value]
    if isinstance(value, PSObject) and value.type == "Hashtable":
        value = value.properties
    if isinstance(value, Mapping):
        return {text_of(key): format_value(item) for key, item in value.items()}
    return text_of(value)


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def equal(left: Any, right: Any) -> bool:
    """PowerShell's -eq for values of the wire: the left side's type decides, text compares without regard to case.

    A list on the left is equal when one of its elements is, since -eq then filters and what is left counts as true.
    """
    if isinstance(left, list):
        return any(equal(item, right) for item in left)
    if left is None or right is None:
        return left is right
    if isinstance(left, bool):
        return left == bool(right)
    if isinstance(left, (int, float)):
        return left == _as_number(right)
    if isinstance(left, str):
        return left.lower() == text_of(right).lower()
    return bool(left == right)


def _as_number(value: Any) -> float | None:
    if isinstance(value, (bool, int, float)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def project(objects: Iterable[Any], properties: Iterable[str], catalogue: Catalogue) -> list[dict[str, Any]]:
    """The wanted properties of each object, in the form of the results."""
    wanted = list(properties)
    if not wanted:
        return []
    return [{name.rstrip("?"): format_value(get_property(item, name, catalogue)) for name in wanted} for item in objects]
