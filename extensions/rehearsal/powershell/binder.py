# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Binds the parameters of one splatted call as Windows PowerShell 5.1 does, and fails as it fails.

The ids, categories and texts are those of PowerShell/PowerShell: resources/ParameterBinderStrings.resx and, in engine/,
CmdletParameterBinderController.cs, ParameterBinderBase.cs, ArgumentTypeConverterAttribute.cs, InternalHostUserInterface.cs.
A module of Ansible runs in a runspace whose host has no user interface, so a question to the user is an error.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .catalogue import Catalogue, Command, Parameter, ParameterSet
from .conversion import ConversionError, Unknown, convert
from .errors import PowerShellError, not_modelled
from .registry import Bound
from .values import PSEnum

# COR_E_SYSTEM, the HRESULT of System.SystemException, from which PowerShell's RuntimeException derives.
COR_E_SYSTEM = -2146233087

_BINDING = "System.Management.Automation.ParameterBindingException"
_VALIDATION = "System.Management.Automation.ParameterBindingValidationException"
_TRANSFORMATION = "System.Management.Automation.ParameterBindingArgumentTransformationException"
# about_Providers.md, reference/5.1
_PROVIDERS = (
    ("Registry", r"HK[A-Z]+:|(Microsoft\.PowerShell\.Core\\)?Registry::"),
    ("Certificate", r"Cert:"),
    ("WSMan", r"WSMan:"),
    ("FileSystem", r"[A-Z]:|\\\\"),
)
# .NET structures, which cannot hold null.
_VALUE_TYPES = frozenset({
    "Byte", "SByte", "Int16", "Int32", "Int64", "UInt16", "UInt32", "UInt64", "Single", "Double", "Decimal", "Char", "Guid", "DateTime",
    "TimeSpan",
})


def bind(command: Command, arguments: Mapping[str, Any], catalogue: Catalogue) -> Bound:
    """The call's parameters under their full names with converted values. Raises PowerShellError.

    arguments: parameter name, alias or beginning -> value as the batch carries it (or the objects that a reference yields).
    """
    available = _available(command, arguments)
    resolved = {name: _resolve(command, name, available) for name in arguments}
    given = {full: arguments[name] for name, full in resolved.items() if full}
    if len(given) != sum(bool(full) for full in resolved.values()):
        raise _binding_error(command, "ParameterAlreadyBound", "Cannot bind parameter because a parameter is specified more than once.")
    values = {name: _bind_one(command, available[name], value, catalogue) for name, value in given.items()}
    own = {name: value for name, value in values.items() if not available[name].common}
    # In the engine's order: a value that does not convert and sets that exclude each other come before a name that is not there.
    fitting = _fitting_sets(command, frozenset(own))
    for name, full in resolved.items():
        if not full:
            raise _binding_error(command, "NamedParameterNotFound", f"A parameter cannot be found that matches parameter name '{name}'.")
    parameter_set = _choose_set(command, fitting, frozenset(own))
    _require_error_action_stop(values.get("ErrorAction"))
    confirm = values.get("Confirm")
    bound = Bound(own, parameter_set.all, what_if=bool(values.get("WhatIf", False)), confirm=None if confirm is None else bool(confirm))
    _ask(command, bound)
    return bound


def _available(command: Command, arguments: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters that the call has: those of a provider only where the path is one of that provider."""
    paths = [value for name, value in arguments.items() if name.lower() in ("path", "literalpath", "pspath")]
    if any(isinstance(path, Unknown) for path in paths):
        return dict(command.parameters)
    paths = [str(path[0] if isinstance(path, list) and path else path) for path in paths]
    provider = next((name for name, pattern in _PROVIDERS if paths and re.match(pattern, paths[0], re.IGNORECASE)), "")
    return {name: parameter for name, parameter in command.parameters.items() if parameter.provider in ("", provider)}


def _resolve(command: Command, name: str, available: Mapping[str, Parameter]) -> str:
    """The full name of a parameter given by name, alias, or the beginning of either; empty where there is none."""
    wanted = name.lower()
    spelled = {alias.lower(): full for full, parameter in available.items() for alias in parameter.aliases}
    spelled.update({full.lower(): full for full in available})
    if wanted in spelled:
        return spelled[wanted]
    matches = list(dict.fromkeys(full for spelling, full in spelled.items() if spelling.startswith(wanted)))
    own = [full for full in matches if not available[full].common]
    if len(own) == 1:
        return own[0]
    if len(matches) > 1:
        possible = "".join(f" -{full}" for full in matches)
        raise _binding_error(
            command, "AmbiguousParameter",
            f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches include:{possible}.",
        )
    return matches[0] if matches else ""


def _bind_one(command: Command, parameter: Parameter, value: Any, catalogue: Catalogue) -> Any:
    if value is None:
        return _bind_null(command, parameter)
    try:
        converted = convert(value, parameter, catalogue)
    except ConversionError as error:
        raise _conversion_error(command, parameter, error) from None
    if parameter.values and not parameter.enumeration:
        converted = _validate_set(command, parameter, converted)
    if command.mandatory_somewhere(parameter.name):
        _refuse_empty(command, parameter, converted)
    return converted


def _conversion_error(command: Command, parameter: Parameter, error: ConversionError) -> PowerShellError:
    if command.is_function or error.id == "ParameterArgumentTransformationError":
        return _binding_error(
            command, "ParameterArgumentTransformationError",
            f"Cannot process argument transformation on parameter '{parameter.name}'. {error}", "InvalidData", _TRANSFORMATION,
        )
    return _binding_error(command, error.id, f"Cannot bind parameter '{parameter.name}'. {error}")


def _bind_null(command: Command, parameter: Parameter) -> Any:
    """What $null becomes: a switch is then given, a value type cannot hold it."""
    if parameter.allows_null:
        return None
    message = f"Cannot bind argument to parameter '{parameter.name}' because it is null."
    if parameter.type == "SwitchParameter":
        return True
    if command.mandatory_somewhere(parameter.name):
        raise _binding_error(command, "ParameterArgumentValidationErrorNullNotAllowed", message, "InvalidData", _VALIDATION)
    if parameter.type == "Boolean" and not parameter.array:
        raise _binding_error(command, "ParameterArgumentValidationErrorNullNotAllowed", message)
    value_type = parameter.enumeration is not None or parameter.type in _VALUE_TYPES
    if value_type and not parameter.array:
        raise _binding_error(
            command, "ParameterBindingFailed", f"Cannot bind parameter '{parameter.name}' to the target.", "WriteError",
        )
    return None


def _validate_set(command: Command, parameter: Parameter, value: Any) -> Any:
    """ValidateSet compares without regard to case; a model gets the documented spelling."""
    if isinstance(value, list):
        return [_validate_set(command, parameter, item) for item in value]
    if isinstance(value, Unknown) or parameter.type in ("Object", "PSObject"):
        return value
    for allowed in parameter.values:
        if str(value).lower() == allowed.lower():
            return allowed if isinstance(value, str) else value
    raise _binding_error(
        command, "ParameterArgumentValidationError",
        f"Cannot validate argument on parameter '{parameter.name}'. The argument \"{value}\" does not belong to the set "
        f"\"{','.join(parameter.values)}\" specified by the ValidateSet attribute. Supply an argument that is in the set and then try "
        "the command again.", "InvalidData", _VALIDATION,
    )


def _refuse_empty(command: Command, parameter: Parameter, value: Any) -> None:
    """A parameter that is mandatory in some set takes no empty string, no empty array, and no array that holds null or one."""
    if parameter.allows_empty or isinstance(value, Unknown):
        return
    begin = f"Cannot bind argument to parameter '{parameter.name}' because it is"
    if value == "" and parameter.type == "String":
        raise _binding_error(
            command, "ParameterArgumentValidationErrorEmptyStringNotAllowed", f"{begin} an empty string.", "InvalidData", _VALIDATION,
        )
    if not isinstance(value, (list, bytes)):
        return
    if not value:
        raise _binding_error(
            command, "ParameterArgumentValidationErrorEmptyArrayNotAllowed", f"{begin} an empty array.", "InvalidData", _VALIDATION,
        )
    if isinstance(value, list) and None in value:
        raise _binding_error(
            command, "ParameterArgumentValidationErrorNullNotAllowed", f"{begin} null.", "InvalidData", _VALIDATION,
        )
    if isinstance(value, list) and "" in value and parameter.type == "String":
        raise _binding_error(
            command, "ParameterArgumentValidationErrorEmptyStringNotAllowed", f"{begin} an empty string.", "InvalidData", _VALIDATION,
        )


def _fitting_sets(command: Command, given: frozenset[str]) -> list[ParameterSet]:
    """The sets in which all the given parameters may stand."""
    fitting = [entry for entry in command.sets if given <= entry.all]
    if not fitting:
        raise _ambiguous_set(command)
    return fitting


def _choose_set(command: Command, fitting: list[ParameterSet], given: frozenset[str]) -> ParameterSet:
    """The one set that the call means: the default one where it fits, else the only one whose mandatory parameters are all there."""
    default = [entry for entry in fitting if entry.default]
    complete = [entry for entry in fitting if entry.required <= given]
    chosen = fitting if len(fitting) == 1 else default or complete
    if len(chosen) != 1:
        raise _ambiguous_set(command)
    missing = sorted(chosen[0].required - given)
    if missing:
        names = "".join(f" {name}" for name in missing)
        raise _binding_error(
            command, "MissingMandatoryParameter", f"Cannot process command because of one or more missing mandatory parameters:{names}.",
        )
    return chosen[0]


def _ambiguous_set(command: Command) -> PowerShellError:
    return _binding_error(
        command, "AmbiguousParameterSet",
        "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be used together "
        "or an insufficient number of parameters were provided.",
    )


def _require_error_action_stop(value: Any) -> None:
    if isinstance(value, PSEnum) and value.name != "Stop":
        raise not_modelled(f"-ErrorAction {value.name}", "give batch.py non-terminating errors")


def _ask(command: Command, bound: Bound) -> None:
    """ShouldProcess: where the cmdlet would ask, nobody is there to answer."""
    if bound.what_if or bound.confirm is False:
        return
    confirmation = command.confirmation
    asks = bound.confirm or (confirmation and not any(_is_on(bound, switch) for switch in confirmation.unless))
    if not asks:
        return
    raise PowerShellError(
        f"HostFunctionNotImplemented,{command.error_class}", "NotImplemented", "System.Management.Automation.Host.HostException",
        "A command that prompts the user failed because the host program or the command type does not support user interaction. "
        "The host was attempting to request confirmation with the following message: Are you sure you want to perform this action? "
        f"Performing the operation \"{command.name}\".", COR_E_SYSTEM,
    )


def _is_on(bound: Bound, switch: str) -> bool:
    return bool(bound.get(switch, False))


def _binding_error(
    command: Command, error_id: str, message: str, category: str = "InvalidArgument", exception: str = _BINDING,
) -> PowerShellError:
    return PowerShellError(f"{error_id},{command.error_class}", category, exception, message, COR_E_SYSTEM)
