# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The strictness suite: calls that a real host refuses, each refused with PowerShell's own error id, and none that reaches a model.

The cases are generated from Microsoft's reference (data/catalogue.json, read here as plain data) and from public error records. The
rules for the ids are PowerShell's: a .NET cmdlet names its class in the id, a function its name, and a function's parameters are
converted by an argument transformation (PowerShell/PowerShell, ParameterBinderBase.cs and ArgumentTypeConverterAttribute.cs).
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rehearsal
from rehearsal.batch import run_batch
from rehearsal.powershell.registry import Models
from rehearsal.powershell.values import PSObject

DATA = Path(rehearsal.__file__).parent / "data"
REFERENCE: dict[str, Any] = json.loads((DATA / "catalogue.json").read_text())["cmdlets"]
SUPPLEMENT: dict[str, Any] = json.loads((DATA / "supplement.json").read_text())
CLASSES: dict[str, Any] = json.loads((DATA / "classes.json").read_text())["modules"]

# The cmdlets of this project's field, with the last part of their error ids as public error records show it.
USED = {
    "Get-VMHost": "Microsoft.HyperV.PowerShell.Commands.GetVMHost",
    "Set-VMHost": "Microsoft.HyperV.PowerShell.Commands.SetVMHost",
    "Get-VMHostNumaNode": "Microsoft.HyperV.PowerShell.Commands.GetVMHostNumaNode",
    "Get-VM": "Microsoft.HyperV.PowerShell.Commands.GetVM",
    "Get-VMSwitch": "Microsoft.HyperV.PowerShell.Commands.GetVMSwitch",
    "New-VMSwitch": "Microsoft.HyperV.PowerShell.Commands.NewVMSwitch",
    "Set-VMSwitch": "Microsoft.HyperV.PowerShell.Commands.SetVMSwitch",
    "Get-VMHostAssignableDevice": "Microsoft.HyperV.PowerShell.Commands.GetVMHostAssignableDevice",
    "Dismount-VMHostAssignableDevice": "Microsoft.HyperV.PowerShell.Commands.DismountVMHostAssignableDevice",
    "Mount-VMHostAssignableDevice": "Microsoft.HyperV.PowerShell.Commands.MountVMHostAssignableDevice",
    "Get-Service": "Microsoft.PowerShell.Commands.GetServiceCommand",
    "Restart-Service": "Microsoft.PowerShell.Commands.RestartServiceCommand",
    "Set-Service": "Microsoft.PowerShell.Commands.SetServiceCommand",
    "Get-ItemProperty": "Microsoft.PowerShell.Commands.GetItemPropertyCommand",
    "Set-ItemProperty": "Microsoft.PowerShell.Commands.SetItemPropertyCommand",
    "New-ItemProperty": "Microsoft.PowerShell.Commands.NewItemPropertyCommand",
    "Remove-ItemProperty": "Microsoft.PowerShell.Commands.RemoveItemPropertyCommand",
    "Test-Path": "Microsoft.PowerShell.Commands.TestPathCommand",
    "New-Item": "Microsoft.PowerShell.Commands.NewItemCommand",
    "Get-Date": "Microsoft.PowerShell.Commands.GetDateCommand",
    "Get-CimInstance": "Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
    "Get-CimAssociatedInstance": "Microsoft.Management.Infrastructure.CimCmdlets.GetCimAssociatedInstanceCommand",
    "Get-WindowsFeature": "Microsoft.Windows.ServerManager.Commands.GetWindowsFeatureCommand",
    "Install-WindowsFeature": "Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand",
    "Uninstall-WindowsFeature": "Microsoft.Windows.ServerManager.Commands.RemoveWindowsFeatureCommand",
    "Get-WindowsOptionalFeature": "Microsoft.Dism.Commands.GetWindowsOptionalFeatureCommand",
    "Get-Cluster": "Microsoft.FailoverClusters.PowerShell.GetClusterCommand",
    "New-Cluster": "Microsoft.FailoverClusters.PowerShell.NewClusterCommand",
    "Get-ClusterResource": "Microsoft.FailoverClusters.PowerShell.GetResourceCommand",
    "Get-Disk": "Get-Disk",
    "Get-Volume": "Get-Volume",
    "Get-NetAdapter": "Get-NetAdapter",
    "Get-PnpDevice": "Get-PnpDevice",
    "Get-PnpDeviceProperty": "Get-PnpDeviceProperty",
    "Disable-PnpDevice": "Disable-PnpDevice",
    "Enable-PnpDevice": "Enable-PnpDevice",
    "New-NetFirewallRule": "New-NetFirewallRule",
    "Get-MSDSMSupportedHW": "Get-MSDSMSupportedHW",
    "New-MSDSMSupportedHW": "New-MSDSMSupportedHW",
    "Enable-MSDSMAutomaticClaim": "Enable-MSDSMAutomaticClaim",
    "Set-MSDSMGlobalDefaultLoadBalancePolicy": "Set-MSDSMGlobalDefaultLoadBalancePolicy",
    "Set-MPIOSetting": "Set-MPIOSetting",
    "Set-HgsClientConfiguration": "Set-HgsClientConfiguration",
    "Set-SmbClientConfiguration": "Set-SmbClientConfiguration",
    "New-IscsiTargetPortal": "New-IscsiTargetPortal",
}
VERSIONS = ("2016", "2019", "2022", "2025")


class Host:
    """A host on which every module is there. What gets past the binder is counted in `reached`."""

    def __init__(self, version: str = "2022", missing: tuple[str, ...] = ()) -> None:
        self.os_version = version
        self.changes: list[str] = []
        self.missing = missing

    def module_available(self, module: str) -> bool:
        return module not in self.missing


class Silent:
    def before(self, number: int, call: dict[str, Any]) -> None:
        return None

    def after(self, number: int, call: dict[str, Any], result: dict[str, Any]) -> None:
        return None


def run(call: dict[str, Any], version: str = "2022", missing: tuple[str, ...] = ()) -> tuple[str, list[str]]:
    """The error id of one call ("" when it went through) and the models that it reached."""
    reached: list[str] = []
    models = Models()
    models.cmdlet(call["cmdlet"], source="this test")(lambda machine, bound: reached.append(call["cmdlet"]) or [])
    (result,) = run_batch(Host(version, missing), {"calls": [{"id": "it", **call}]}, Silent(), models=models)  # type: ignore[arg-type]
    return result.get("error", {}).get("id", ""), reached


def cmdlet(name: str, **parameters: Any) -> dict[str, Any]:
    return {"cmdlet": name, "parameters": parameters}


def entry(name: str) -> dict[str, Any]:
    return REFERENCE[next(key for key in REFERENCE if key.lower() == name.lower())]


def is_function(name: str) -> bool:
    return bool(entry(name)["kind"] != "dll")


def own_type(parameter: dict[str, Any]) -> str:
    return str(parameter.get("type", "")).removesuffix("[]")


def exists(name: str, version: str) -> bool:
    return version in entry(name)["os"] or version in SUPPLEMENT["os"].get(name, {}).get("versions", ())


def refused(call: dict[str, Any], expected: str, version: str = "2022", missing: tuple[str, ...] = ()) -> None:
    error, reached = run(call, version, missing)
    assert error == expected
    assert reached == []


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
            others = {spelling.lower() for other, more in reference["parameters"].items() for spelling in (other, *more.get("aliases", ()))
                      if other != parameter}
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


@pytest.mark.parametrize(("version", "parameter"), [(v, p) for v in ("2016", "2019") for p in ("LocationPath", "InstancePath", "ResourcePoolName")])
def test_old_servers_list_assignable_devices_without_a_filter(version: str, parameter: str) -> None:
    refused(cmdlet("Get-VMHostAssignableDevice", **{parameter: "x"}), f"NamedParameterNotFound,{USED['Get-VMHostAssignableDevice']}", version)


@pytest.mark.parametrize(
    ("name", "version"), [(name, version) for name in REFERENCE for version in VERSIONS if not exists(name, version)]
)
def test_a_cmdlet_of_another_server_version(name: str, version: str) -> None:
    refused(cmdlet(name), "CommandNotFoundException", version)


@pytest.mark.parametrize("name", ["Get-VMHosts", "Set-NumaSpanning", "Get-MPIOSettings", "New-VirtualSwitch", "Get-Hypervisor", "Get-DiskPath"])
def test_a_cmdlet_that_never_was(name: str) -> None:
    refused(cmdlet(name), "CommandNotFoundException")


@pytest.mark.parametrize(
    ("name", "module"),
    [("Get-VMHost", "Hyper-V"), ("Set-VMHost", "Hyper-V"), ("Get-VM", "Hyper-V"), ("Get-MSDSMAutomaticClaimSettings", "MPIO"),
     ("Enable-MSDSMAutomaticClaim", "MPIO"), ("Get-MPIOSetting", "MPIO"), ("Get-Cluster", "FailoverClusters"),
     ("Get-HgsClientConfiguration", "HgsClient")],
)
def test_a_cmdlet_whose_module_is_not_there(name: str, module: str) -> None:
    refused(cmdlet(name), "CommandNotFoundException", missing=(module,))


WRONG = {
    "Boolean": "text", "SwitchParameter": "text", "UInt32": "ten", "Int32": "ten", "UInt16": 70000, "UInt64": -1, "Int64": "x", "Byte": 256,
    "Guid": "not-a-guid", "TimeSpan": "soon", "DateTime": "yesterday at noon", "CimInstance": "text", "VirtualMachine": "text",
    "SecureString": "clear text", "Hashtable": "text", "ScriptBlock": "{ whoami }", "Char": "two",
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
    expected = "ParameterArgumentValidationError" if validated else (
        "ParameterArgumentTransformationError" if is_function(name) else NO_MESSAGE
    )
    refused(cmdlet(name, **{parameter: "NoSuchValue"}), f"{expected},{USED[name]}")


def sample(fields: dict[str, Any]) -> Any:
    """A value that the parameter takes; None where only an object of the host would do."""
    if fields.get("values"):
        return fields["values"][0]
    return {"String": "text", "Boolean": True, "SwitchParameter": True, "UInt32": 1, "Int32": 1, "UInt16": 1, "UInt64": 1, "Int64": 1,
            "Guid": "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "Object": 1, "Uri": "http://host/"}.get(own_type(fields))


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


@pytest.mark.parametrize("name", sorted(set(with_one_mandatory_set()) & set(USED)) + ["New-NetRoute", "Stop-Service", "Set-VHD", "Remove-VMSwitch"])
def test_nothing_given_where_something_is_mandatory(name: str) -> None:
    suffix = USED.get(name)
    error, reached = run(cmdlet(name))
    assert error.split(",")[0] == "MissingMandatoryParameter"
    assert suffix is None or error == f"MissingMandatoryParameter,{suffix}"
    assert reached == []


EMPTY = [
    ("Get-CimInstance", "ClassName", "", "EmptyString"), ("New-Item", "Path", [], "EmptyArray"), ("New-Item", "Path", [""], "EmptyString"),
    ("Restart-Service", "Name", "", "EmptyString"), ("Restart-Service", "Name", [], "EmptyArray"), ("Restart-Service", "Name", None, "Null"),
    ("Get-ItemProperty", "Path", [None], "Null"), ("Set-ItemProperty", "Name", "", "EmptyString"), ("New-VMSwitch", "Name", "", "EmptyString"),
    ("New-VMSwitch", "NetAdapterName", [], "EmptyArray"), ("Install-WindowsFeature", "Name", [], "EmptyArray"),
    ("Disable-PnpDevice", "InstanceId", "", "EmptyString"), ("Enable-MSDSMAutomaticClaim", "BusType", None, "Null"),
]


@pytest.mark.parametrize(("name", "parameter", "value", "what"), EMPTY)
def test_nothing_in_a_mandatory_parameter(name: str, parameter: str, value: Any, what: str) -> None:
    refused(cmdlet(name, **{parameter: value}), f"ParameterArgumentValidationError{what}NotAllowed,{USED[name]}")


@pytest.mark.parametrize(("name", "beginning"), [("Set-VMHost", "Maximum"), ("Set-VMHost", "Virtual"), ("Get-Service", "D"), ("Get-Disk", "iSCSI")])
def test_the_beginning_of_several_parameters(name: str, beginning: str) -> None:
    refused(cmdlet(name, **{beginning: "x"}), f"AmbiguousParameter,{USED[name]}")


def test_a_parameter_given_by_two_of_its_names() -> None:
    refused(cmdlet("Get-Service", Name="vmms", ServiceName="vmms"), f"ParameterAlreadyBound,{USED['Get-Service']}")


def asking() -> Iterator[dict[str, Any]]:
    for name in SUPPLEMENT["confirm"]:
        reference = entry(name)
        for item in reference["sets"]:
            parameters = {parameter: sample(reference["parameters"][parameter]) for parameter in item.get("required", ())}
            if None not in parameters.values():
                yield cmdlet(name, **parameters)
                break


@pytest.mark.parametrize("call", list(asking()), ids=lambda call: call["cmdlet"])
def test_a_confirm_prompt_left_open(call: dict[str, Any]) -> None:
    error, reached = run(call)
    assert error.split(",")[0] == "HostFunctionNotImplemented"
    assert reached == []
    answered = {**call, "parameters": {**call["parameters"], "Confirm": False}}
    assert run(answered) == ("", [call["cmdlet"]])


@pytest.mark.parametrize("name", ["Set-SmbClientConfiguration", "Set-SmbServerConfiguration"])
def test_force_answers_where_the_reference_says_so(name: str) -> None:
    assert run(cmdlet(name, EnableMultiChannel=True, Force=True)) == ("", [name])


@pytest.mark.parametrize("name", ["Set-VMHost", "Restart-Service"])
def test_asking_on_purpose_is_a_prompt_too(name: str) -> None:
    parameters = {"Name": "vmms"} if name == "Restart-Service" else {}
    refused(cmdlet(name, **parameters, Confirm=True), f"HostFunctionNotImplemented,{USED[name]}")


REFUSED = [
    "Invoke-Expression", "invoke-expression", "Invoke-Command", "Invoke-History", "Invoke-Item", "Start-Process", "Start-Job", "Start-ThreadJob",
    "New-PSSession", "Enter-PSSession", "Add-Type", "Import-Module", "New-Module", "New-Alias", "Set-Alias", "ForEach-Object", "Where-Object",
    "Register-ScheduledJob", "Set-PSBreakpoint", "Set-Variable", "iex", "ls", "cmd.exe", "C:\\x.ps1", "Microsoft.PowerShell.Utility\\Get-Date",
    "Get-*", "Get-Date;Get-Date", "",
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_command_that_evaluates_text_or_is_no_cmdlet(name: str) -> None:
    refused(cmdlet(name), "CommandRefused")


@pytest.mark.parametrize("name", ["Invoke-CimMethod", "Invoke-WmiMethod"])
def test_a_process_made_through_wmi(name: str) -> None:
    parameter = "ClassName" if name == "Invoke-CimMethod" else "Class"
    method = "MethodName" if name == "Invoke-CimMethod" else "Name"
    refused(cmdlet(name, **{parameter: "win32_process", method: "Create"}), "CommandRefused")


def properties_of(name: str) -> list[str]:
    """The properties of a reflected class."""
    return [prop for module in CLASSES.values() for prop in module["classes"].get(name, ())]


# Property names that public code reads and that the class does not have.
LACKING = [
    ("Get-VMSwitch", "VMSwitch", "MinimumBandwidthMode"), ("Get-VMSwitch", "VMSwitch", "NetAdapterName"), ("Get-VMHost", "VMHost", "NumaSpanning"),
    ("Get-VMHost", "VMHost", "LiveMigrationEnabled"), ("Get-VMHostNumaNode", "VMHostNumaNode", "Memory"),
    ("Get-VMHostAssignableDevice", "VMHostAssignableDevice", "FriendlyName"), ("Get-VM", "VirtualMachine", "Running"),
    ("Get-Cluster", "Cluster", "QuorumType"), ("Get-ClusterNode", "ClusterNode", "Status"), ("Get-ClusterNetwork", "ClusterNetwork", "Subnet"),
    ("Get-ClusterResource", "ClusterResource", "Status"), ("Get-VMNetworkAdapter", "VMNetworkAdapter", "Vlan"),
    ("Get-VMMigrationNetwork", "VMMigrationNetwork", "Network"),
]


@pytest.mark.parametrize(("name", "kind", "prop"), LACKING)
def test_a_property_that_the_class_lacks(name: str, kind: str, prop: str) -> None:
    assert properties_of(kind)
    models = Models()
    models.cmdlet(name, source="this test")(lambda machine, bound: [PSObject(f"Namespace.{kind}", dict.fromkeys(properties_of(kind)))])
    calls = [{"id": "it", "cmdlet": name, "parameters": {"VMName": "x"} if name == "Get-VMNetworkAdapter" else {}, "properties": [prop]}]
    (result,) = run_batch(Host(), {"calls": calls}, Silent(), models=models)  # type: ignore[arg-type]
    assert result["error"]["id"] == "PropertyNotFound"


def test_what_the_rehearsal_does_not_know_it_says_loudly() -> None:
    (result,) = run_batch(Host(), {"calls": [{"id": "it", "cmdlet": "Get-VMHost"}]}, Silent(), models=Models())  # type: ignore[arg-type]
    assert result["error"]["id"] == "RehearsalNotModelled"
    (result,) = run_batch(Host(), {"calls": [{"id": "it", "program": "bcdedit.exe"}]}, Silent(), models=Models())  # type: ignore[arg-type]
    assert result["error"]["id"] == "RehearsalNotModelled"
