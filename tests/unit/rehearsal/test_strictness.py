# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The strictness suite: calls that a real host refuses, each refused with PowerShell's own error id, and none that reaches a model.

The cases are generated from Microsoft's reference (data/catalogue.json, read here as plain data) and from public error records. The
rules for the ids are PowerShell's: a .NET cmdlet names its class in the id, a function its name, and a function's parameters are
converted by an argument transformation (PowerShell/PowerShell, ParameterBinderBase.cs and ArgumentTypeConverterAttribute.cs).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.rehearsal.refusals import REFERENCE, USED, VERSIONS, cmdlet, entry, exists, is_function, own_type, refused, run, sample

# Parameters that public code passes and that do not exist.
MISTAKES = [
    ("Set-VMSwitch", "EmbeddedTeamingEnabled", True),
    ("Set-VMSwitch", "MinimumBandwidthMode", "Weight"),
    ("Get-VMHost", "Name", "hv01"),
    ("Set-VMHost", "EnableNumaSpanning", True),
    ("Get-MSDSMSupportedHW", "BusType", "iSCSI"),
    ("Restart-Service", "Timeout", 30),
    ("Get-Disk", "BusType", "iSCSI"),
    ("Get-NetAdapter", "MacAddress", "00-15-5D-00-00-01"),
    ("Set-MPIOSetting", "DiskTimeoutValue", 60),
    ("Enable-MSDSMAutomaticClaim", "Policy", "RR"),
    ("Get-WindowsFeature", "FeatureName", "Hyper-V"),
    ("Install-WindowsFeature", "All", True),
    ("Get-PnpDevice", "LocationPath", "PCIROOT(0)"),
    ("Get-Date", "Zone", "UTC"),
    ("Get-CimInstance", "Where", "x"),
    ("New-VMSwitch", "VlanId", 5),
]


@pytest.mark.parametrize("name", USED)
def test_a_parameter_that_no_cmdlet_has(name: str) -> None:
    refused(cmdlet(name, NoSuchParameter=1), f"NamedParameterNotFound,{USED[name]}")


@pytest.mark.parametrize(("name", "parameter", "value"), MISTAKES)
def test_a_parameter_that_public_code_gets_wrong(name: str, parameter: str, value: Any) -> None:
    refused(cmdlet(name, **{parameter: value}), f"NamedParameterNotFound,{USED[name]}")


def parameters_of_other_versions() -> Iterator[tuple[str, str, str]]:
    """Only where the shorter list has no other parameter that begins with the name."""
    for name, reference in REFERENCE.items():
        for parameter, fields in reference["parameters"].items():
            others = {
                spelling.lower()
                for other, more in reference["parameters"].items()
                for spelling in (other, *more.get("aliases", ()))
                if other != parameter
            }
            if any(other.startswith(parameter.lower()) for other in others):
                continue
            for version in VERSIONS:
                if version in reference["os"] and version not in fields.get("os", VERSIONS):
                    yield name, parameter, version


@pytest.mark.parametrize(("name", "parameter", "version"), list(parameters_of_other_versions()))
def test_a_parameter_of_another_server_version(name: str, parameter: str, version: str) -> None:
    error, reached = run(cmdlet(name, **{parameter: 1}), version)
    assert error.split(",")[0] == "NamedParameterNotFound"
    assert reached == []


@pytest.mark.parametrize(
    ("version", "parameter"), [(v, p) for v in ("2016", "2019") for p in ("LocationPath", "InstancePath", "ResourcePoolName")]
)
def test_old_servers_list_assignable_devices_without_a_filter(version: str, parameter: str) -> None:
    refused(
        cmdlet("Get-VMHostAssignableDevice", **{parameter: "x"}), f"NamedParameterNotFound,{USED['Get-VMHostAssignableDevice']}", version
    )


WRONG = {
    "Boolean": "text",
    "SwitchParameter": "text",
    "UInt32": "ten",
    "Int32": "ten",
    "UInt16": 70000,
    "UInt64": -1,
    "Int64": "x",
    "Byte": 256,
    "Guid": "not-a-guid",
    "TimeSpan": "soon",
    "DateTime": "yesterday at noon",
    "CimInstance": "text",
    "VirtualMachine": "text",
    "SecureString": "clear text",
    "Hashtable": "text",
    "ScriptBlock": "{ whoami }",
    "Char": "two",
}
NO_MESSAGE = "CannotConvertArgumentNoMessage"


def wrongly_typed() -> Iterator[tuple[str, str, Any, str]]:
    """A .NET cmdlet says CannotConvertArgument for Booleans and lists, and CannotConvertArgumentNoMessage for every failed cast."""
    for name in USED:
        for parameter, fields in entry(name)["parameters"].items():
            kind = own_type(fields)
            if "provider" in fields or not exists(name, "2022") or "2022" not in fields.get("os", VERSIONS):
                continue
            if kind in WRONG and not fields.get("values"):
                yield name, parameter, WRONG[kind], "CannotConvertArgument" if kind in ("Boolean", "SwitchParameter") else NO_MESSAGE
            if kind in ("String", "UInt32", "Boolean") and not fields["type"].endswith("[]"):
                yield name, parameter, ["a", "b"], "CannotConvertArgument"


@pytest.mark.parametrize(("name", "parameter", "value", "error"), list(wrongly_typed()))
def test_a_value_of_the_wrong_type(name: str, parameter: str, value: Any, error: str) -> None:
    refused(cmdlet(name, **{parameter: value}), f"{'ParameterArgumentTransformationError' if is_function(name) else error},{USED[name]}")


def out_of_the_set() -> Iterator[tuple[str, str, bool]]:
    """Whose type is String is a validated set, any other an enumeration."""
    for name in USED:
        for parameter, fields in entry(name)["parameters"].items():
            if fields.get("values") and "2022" in fields.get("os", VERSIONS) and "provider" not in fields:
                yield name, parameter, own_type(fields) == "String"


@pytest.mark.parametrize(("name", "parameter", "validated"), [case for case in out_of_the_set() if case[0] != "New-Item"])
def test_a_value_outside_the_accepted_ones(name: str, parameter: str, validated: bool) -> None:
    expected = (
        "ParameterArgumentValidationError" if validated else ("ParameterArgumentTransformationError" if is_function(name) else NO_MESSAGE)
    )
    refused(cmdlet(name, **{parameter: "NoSuchValue"}), f"{expected},{USED[name]}")


def set_pairs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Pairs of parameters of which each belongs to one parameter set and no set has both."""
    for name, reference in REFERENCE.items():
        sets = [{*reference["all"], *item.get("required", ()), *item.get("optional", ())} for item in reference["sets"]]
        names = [parameter for item in reference["sets"] for parameter in item.get("required", ()) if parameter != "CimSession"]
        for first in names:
            second = next((other for other in names if other > first and not any({first, other} <= each for each in sets)), None)
            values = [sample(reference["parameters"].get(parameter, {})) for parameter in (first, second) if parameter]
            usable = second and None not in values and not any("os" in reference["parameters"][each] for each in (first, second))
            if usable and "2022" in reference["os"]:
                yield name, (first, str(second))


# Refused before anything is bound: commands that evaluate text, and one whose verb is not approved.
UNBOUND = {"Add-Type", "Invoke-Item", "Set-PSBreakpoint", "Tee-Object"}


@pytest.mark.parametrize(("name", "pair"), [case for case in set_pairs() if case[0] not in UNBOUND])
def test_parameters_of_two_sets(name: str, pair: tuple[str, str]) -> None:
    call = cmdlet(name, **{parameter: sample(entry(name)["parameters"][parameter]) for parameter in pair})
    error, reached = run(call)
    assert error.split(",")[0] == "AmbiguousParameterSet"
    assert reached == []


def with_one_mandatory_set() -> Iterator[str]:
    """Cmdlets that have one set, or a default one, which requires something."""
    for name, reference in REFERENCE.items():
        chosen = reference["sets"] if len(reference["sets"]) == 1 else [item for item in reference["sets"] if item.get("default")]
        if len(chosen) == 1 and chosen[0].get("required") and "2022" in reference["os"] and not name.startswith(("ForEach-", "Where-")):
            yield name


@pytest.mark.parametrize(
    "name", [*sorted(set(with_one_mandatory_set()) & set(USED)), "New-NetRoute", "Stop-Service", "Set-VHD", "Remove-VMSwitch"]
)
def test_nothing_given_where_something_is_mandatory(name: str) -> None:
    suffix = USED.get(name)
    error, reached = run(cmdlet(name))
    assert error.split(",")[0] == "MissingMandatoryParameter"
    assert suffix is None or error == f"MissingMandatoryParameter,{suffix}"
    assert reached == []


EMPTY = [
    ("Get-CimInstance", "ClassName", "", "EmptyString"),
    ("New-Item", "Path", [], "EmptyArray"),
    ("New-Item", "Path", [""], "EmptyString"),
    ("Restart-Service", "Name", "", "EmptyString"),
    ("Restart-Service", "Name", [], "EmptyArray"),
    ("Restart-Service", "Name", None, "Null"),
    ("Get-ItemProperty", "Path", [None], "Null"),
    ("Set-ItemProperty", "Name", "", "EmptyString"),
    ("New-VMSwitch", "Name", "", "EmptyString"),
    ("New-VMSwitch", "NetAdapterName", [], "EmptyArray"),
    ("Install-WindowsFeature", "Name", [], "EmptyArray"),
    ("Disable-PnpDevice", "InstanceId", "", "EmptyString"),
    ("Enable-MSDSMAutomaticClaim", "BusType", None, "Null"),
]


@pytest.mark.parametrize(("name", "parameter", "value", "what"), EMPTY)
def test_nothing_in_a_mandatory_parameter(name: str, parameter: str, value: Any, what: str) -> None:
    refused(cmdlet(name, **{parameter: value}), f"ParameterArgumentValidationError{what}NotAllowed,{USED[name]}")


@pytest.mark.parametrize(
    ("name", "beginning"), [("Set-VMHost", "Maximum"), ("Set-VMHost", "Virtual"), ("Get-Service", "D"), ("Get-Disk", "iSCSI")]
)
def test_the_beginning_of_several_parameters(name: str, beginning: str) -> None:
    refused(cmdlet(name, **{beginning: "x"}), f"AmbiguousParameter,{USED[name]}")


def test_a_parameter_given_by_two_of_its_names() -> None:
    refused(cmdlet("Get-Service", Name="vmms", ServiceName="vmms"), f"ParameterAlreadyBound,{USED['Get-Service']}")
