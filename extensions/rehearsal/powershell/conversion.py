# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Type conversion of arguments, as LanguagePrimitives.ConvertTo and the parameter binder do it.

The rules are those of PowerShell/PowerShell src/System.Management.Automation/engine/{LanguagePrimitives,ParameterBinderBase}.cs.
"""
from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .catalogue import Catalogue, Enumeration, Parameter
from .errors import not_modelled
from .values import PSCredential, PSEnum, PSObject, SecureString

_RANGES = {
    "Byte": (0, 2**8 - 1), "SByte": (-(2**7), 2**7 - 1), "Int16": (-(2**15), 2**15 - 1), "UInt16": (0, 2**16 - 1),
    "Int32": (-(2**31), 2**31 - 1), "UInt32": (0, 2**32 - 1), "Int64": (-(2**63), 2**63 - 1), "UInt64": (0, 2**64 - 1),
}
# Types that PowerShell makes from a string, and for which the text is all that a model needs.
_FROM_TEXT = frozenset({"Uri", "Version", "WildcardPattern", "CultureInfo", "FlagsExpression", "Feature"})
_ANYTHING = frozenset({"Object", "PSObject"})
_TIME_SPAN = re.compile(r"(?P<sign>-)?(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})(?::(?P<seconds>\d{1,2}(?:\.\d{1,7})?))?")
_SECURITY_IDENTIFIER = re.compile(r"S-1-\d+(-\d+){1,15}", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_HEXADECIMAL = re.compile(r"\s*0[xX][0-9a-fA-F]+\s*")


@dataclass(frozen=True)
class Unknown:
    """A value that a static check cannot know: the output of an earlier call. It converts to everything."""


class ConversionError(Exception):
    """The value cannot become the type.

    id: the binder's error id for a .NET cmdlet's parameter (a function's is always ParameterArgumentTransformationError).
    """

    def __init__(self, message: str, id: str = "CannotConvertArgumentNoMessage") -> None:
        super().__init__(message)
        self.id = id


def convert(value: Any, parameter: Parameter, catalogue: Catalogue) -> Any:
    """The value as the parameter's type has it. Raises ConversionError; null is the caller's business."""
    if isinstance(value, Unknown) or value is None:
        return value
    if parameter.array or parameter.type == "StringCollection":
        if isinstance(value, bytes) and parameter.type == "Byte":
            return value
        items = value if isinstance(value, (list, tuple)) else [value]
        return [None if item is None else convert_one(item, parameter, catalogue) for item in items]
    if isinstance(value, (list, tuple, bytes)) and parameter.type not in _ANYTHING:
        if parameter.enumeration:
            raise not_modelled(
                f"several values for the enumeration parameter -{parameter.name}", "say in conversion.py whether its type is a set of flags"
            )
        raise ConversionError(
            f"Cannot convert 'System.Object[]' to the type '{parameter.type}' required by parameter '{parameter.name}'. "
            "Specified method is not supported.", "CannotConvertArgument",
        )
    return convert_one(value, parameter, catalogue)


def convert_one(value: Any, parameter: Parameter, catalogue: Catalogue) -> Any:
    """One element. A model gets a PSEnum for an enumeration and the catalogue's spelling for a validated string."""
    if isinstance(value, Unknown):
        return value
    if parameter.enumeration:
        return _to_enum(value, parameter.enumeration)
    if parameter.type in _RANGES:
        return _to_integer(value, parameter.type)
    converter = _CONVERTERS.get(parameter.type)
    if converter:
        return converter(value)
    if parameter.type in _ANYTHING:
        return value
    if parameter.type in _FROM_TEXT and isinstance(value, str):
        return value
    return _to_object(value, parameter, catalogue)


def _cannot(value: Any, type_name: str) -> ConversionError:
    return ConversionError(f'Cannot convert the "{text_of(value)}" value of type "{dotnet_type(value)}" to type "{type_name}".')


def _to_string(value: Any) -> str:
    if isinstance(value, (SecureString, PSCredential)):
        return dotnet_type(value)
    return text_of(value)


def _to_boolean(value: Any) -> bool:
    if isinstance(value, (bool, int, float)):
        return bool(value)
    raise ConversionError(f"Cannot convert '{dotnet_type(value)}' to the type 'System.Boolean'.", "CannotConvertArgument")


def _to_integer(value: Any, type_name: str) -> int:
    if isinstance(value, PSEnum) and value.number is not None:
        value = value.number
    if isinstance(value, str):
        value = _number(value, type_name)
    if not isinstance(value, (bool, int, float)):
        raise _cannot(value, f"System.{type_name}")
    number = round(value)
    low, high = _RANGES[type_name]
    if not low <= number <= high:
        raise ConversionError(
            f'Cannot convert value "{value}" to type "System.{type_name}". '
            f'Error: "Value was either too large or too small for {type_name}."'
        )
    return number


def _number(text: str, type_name: str) -> int | float:
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if not _NUMBER.fullmatch(text):
        raise ConversionError(
            f'Cannot convert value "{text}" to type "System.{type_name}". Error: "Input string was not in a correct format."'
        )
    return float(text) if re.search(r"[.eE]", text) else int(text)


def _to_double(value: Any) -> float:
    if isinstance(value, str):
        value = _number(value, "Double")
    if isinstance(value, (bool, int, float)):
        return float(value)
    raise _cannot(value, "System.Double")


def _to_char(value: Any) -> str:
    if isinstance(value, str) and len(value) == 1:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return chr(value)
    raise _cannot(value, "System.Char")


def _to_guid(value: Any) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise _cannot(value, "System.Guid") from None


def _to_time_span(value: Any) -> timedelta:
    """A number counts ticks of 100 ns; a text is [d.]hh:mm[:ss[.f]] or a number of days."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return timedelta(microseconds=value / 10)
    if isinstance(value, str) and re.fullmatch(r"\d+", value):
        return timedelta(days=int(value))
    match = _TIME_SPAN.fullmatch(value) if isinstance(value, str) else None
    if not match or int(match["hours"]) > 23 or int(match["minutes"]) > 59 or float(match["seconds"] or 0) >= 60:
        raise _cannot(value, "System.TimeSpan")
    parts = {name: float(match[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
    return timedelta(**parts) * (-1 if match["sign"] else 1)


def _to_date_time(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        parsed = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise _cannot(value, "System.DateTime") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def _to_hashtable(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, PSObject) and value.type == "Hashtable":
        return dict(value.properties)
    raise _cannot(value, "System.Collections.Hashtable")


def _to_credential(value: Any) -> PSCredential:
    """A name instead of a credential makes PowerShell ask for the password."""
    if isinstance(value, PSCredential):
        return value
    if isinstance(value, str):
        raise ConversionError(
            "A command that prompts the user failed because the host program or the command type does not support user interaction.",
            "ParameterArgumentTransformationError",
        )
    raise _cannot(value, "System.Management.Automation.PSCredential")


def _to_secure_string(value: Any) -> SecureString:
    if isinstance(value, SecureString):
        return value
    raise _cannot(value, "System.Security.SecureString")


def _to_security_identifier(value: Any) -> str:
    """The text of the SID, which is all that a model needs."""
    if isinstance(value, str) and _SECURITY_IDENTIFIER.fullmatch(value):
        return value.upper()
    raise _cannot(value, "System.Security.Principal.SecurityIdentifier")


def _to_local_principal(value: Any) -> str:
    """A name or a SID as text, also of an object that another cmdlet put out."""
    if isinstance(value, PSObject) and value.type == "Microsoft.PowerShell.Commands.LocalPrincipal":
        return str(value.properties["SID"])
    if isinstance(value, str):
        return value
    raise _cannot(value, "Microsoft.PowerShell.Commands.LocalPrincipal")


def _to_script_block(value: Any) -> Any:
    raise _cannot(value, "System.Management.Automation.ScriptBlock")


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "String": _to_string, "StringCollection": _to_string, "Boolean": _to_boolean, "SwitchParameter": _to_boolean, "Char": _to_char,
    "Double": _to_double, "Single": _to_double, "Decimal": _to_double, "Guid": _to_guid, "TimeSpan": _to_time_span,
    "DateTime": _to_date_time, "Hashtable": _to_hashtable, "IDictionary": _to_hashtable, "PSCredential": _to_credential,
    "SecureString": _to_secure_string, "ScriptBlock": _to_script_block, "SecurityIdentifier": _to_security_identifier,
    "LocalPrincipal": _to_local_principal,
}


def _to_enum(value: Any, enumeration: Enumeration) -> PSEnum:
    """By name or by its unambiguous beginning, without regard to case; by number where the numbers are known."""
    if isinstance(value, PSEnum):
        value = value.name
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _enum_by_number(int(value), enumeration)
    if not isinstance(value, str):
        raise _cannot(value, enumeration.type)
    if re.fullmatch(r"-?\d+", value.strip()):
        return _enum_by_number(int(value), enumeration)
    if "," in value:
        raise not_modelled(f"several values for the enumeration {enumeration.type}", "say in conversion.py whether it is a set of flags")
    wanted = value.strip().lower()
    exact = [name for name in enumeration.names if name.lower() == wanted]
    matches = exact or [name for name in enumeration.names if wanted and name.lower().startswith(wanted)]
    if len(matches) == 1:
        return PSEnum(enumeration.type, matches[0], enumeration.numbers.get(matches[0]))
    reason = "because at least two matches were found" if matches else "due to enumeration values that are not valid"
    raise ConversionError(
        f'Cannot convert value "{value}" to type "{enumeration.type}" {reason}. Specify one of the following enumeration values and '
        f'try again. The possible enumeration values are "{",".join(enumeration.names)}".'
    )


def _enum_by_number(number: int, enumeration: Enumeration) -> PSEnum:
    if not enumeration.numbers:
        raise not_modelled(f"a number for the enumeration {enumeration.type}", "add its numbers to enums in data/supplement.json")
    for name, known in enumeration.numbers.items():
        if known == number:
            return PSEnum(enumeration.type, name, number)
    raise _cannot(number, enumeration.type)


def _to_object(value: Any, parameter: Parameter, catalogue: Catalogue) -> PSObject:
    """An object of a .NET class or CIM class; nothing converts to these, so it must be one already."""
    if isinstance(value, PSObject):
        if parameter.type == "CimInstance" and value.type.startswith("CimInstance#"):
            return value
        short = value.type.rsplit(".", 1)[-1]
        if short == parameter.type or short in catalogue.bases.get(parameter.type, ()):
            return value
    known = parameter.type in ("CimInstance", "CimSession", "ServiceController") or catalogue.is_class(parameter.type)
    if known or isinstance(value, PSObject):
        raise _cannot(value, parameter.type)
    raise not_modelled(f"the parameter type {parameter.type or '(none documented)'} of -{parameter.name}", "add the type to conversion.py")


def dotnet_type(value: Any) -> str:
    """The .NET type that a value of the batch has on the host."""
    if isinstance(value, PSObject):
        return value.type
    if isinstance(value, PSEnum):
        return value.type
    names = {
        bool: "System.Boolean", int: "System.Int32", float: "System.Double", str: "System.String", bytes: "System.Byte[]",
        list: "System.Object[]", tuple: "System.Object[]", dict: "System.Collections.Hashtable", uuid.UUID: "System.Guid",
        timedelta: "System.TimeSpan", datetime: "System.DateTime", SecureString: "System.Security.SecureString",
        PSCredential: "System.Management.Automation.PSCredential",
    }
    return names.get(type(value), "System.Object")


def text_of(value: Any) -> str:
    """[string]$value, without showing a secret."""
    if value is None:
        return ""
    if isinstance(value, (SecureString, PSCredential)):
        return "********"
    if isinstance(value, Mapping):
        return "System.Collections.Hashtable"
    if isinstance(value, (list, tuple, bytes)):
        return " ".join(text_of(item) for item in value)
    return str(value)
