# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the binder accepts. The oracle is Windows PowerShell: about_Parameters, about_Parameter_Sets, and the engine's sources."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from rehearsal.powershell.binder import bind
from rehearsal.powershell.catalogue import catalogue
from rehearsal.powershell.errors import PowerShellError
from rehearsal.powershell.registry import Bound
from rehearsal.powershell.values import PSCredential, PSEnum, PSObject, SecureString


def bound(name: str, version: str = "2022", **arguments: Any) -> Bound:
    command = catalogue().find(name, version)
    assert command is not None
    return bind(command, arguments, catalogue())


def refusal(name: str, version: str = "2022", **arguments: Any) -> PowerShellError:
    with pytest.raises(PowerShellError) as raised:
        bound(name, version, **arguments)
    return raised.value


def test_names_are_found_without_regard_to_case_by_alias_and_by_their_beginning() -> None:
    assert dict(bound("get-service", servicename="vmms")) == {"Name": ["vmms"]}
    assert dict(bound("Set-VMHost", NumaSpan=False)) == {"NumaSpanningEnabled": False}
    assert dict(bound("Get-Disk", DeviceId=3)) == {"Number": [3]}


def test_the_beginning_of_one_own_parameter_wins_over_common_ones() -> None:
    assert dict(bound("Set-VMHost", Pass=True)) == {"Passthru": True}


def test_common_parameters_are_taken_and_not_shown_to_the_model() -> None:
    given = bound("Restart-Service", Name="vmms", ErrorAction="Stop", Verbose=True, Confirm=False, WhatIf=True)
    assert dict(given) == {"Name": ["vmms"]}
    assert given.what_if
    assert given.confirm is False


def test_a_cmdlet_without_should_process_has_no_confirm() -> None:
    assert refusal("Get-VMHost", Confirm=False).id == "NamedParameterNotFound,Microsoft.HyperV.PowerShell.Commands.GetVMHost"


def test_an_error_action_that_would_go_on_is_not_modelled() -> None:
    assert refusal("Get-VMHost", ErrorAction="SilentlyContinue").id == "RehearsalNotModelled"


def test_an_array_parameter_takes_one_value() -> None:
    assert bound("Get-PnpDevice", InstanceId="PCI\\X")["InstanceId"] == ["PCI\\X"]


@pytest.mark.parametrize(
    ("given", "name", "number"), [("Kerberos", "Kerberos", 1), ("kerb", "Kerberos", 1), (0, "CredSSP", 0), ("1", "Kerberos", 1)]
)
def test_an_enumeration_by_name_beginning_or_number(given: Any, name: str, number: int) -> None:
    value = bound("Set-VMHost", VirtualMachineMigrationAuthenticationType=given)["VirtualMachineMigrationAuthenticationType"]
    assert value == PSEnum("MigrationAuthenticationType", name, number)


def test_a_validated_string_gets_the_documented_spelling() -> None:
    assert bound("Enable-MSDSMAutomaticClaim", BusType="ISCSI", Confirm=False)["BusType"] == "iSCSI"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("01:00:00", timedelta(hours=1)),
        ("2.03:04:05.5", timedelta(days=2, hours=3, minutes=4, seconds=5.5)),
        ("2", timedelta(days=2)),
        (10_000_000, timedelta(seconds=1)),
        ("-00:01:00", timedelta(minutes=-1)),
    ],
)
def test_time_spans(given: Any, expected: timedelta) -> None:
    assert bound("Set-VMHost", ResourceMeteringSaveInterval=given)["ResourceMeteringSaveInterval"] == expected


@pytest.mark.parametrize(("given", "expected"), [(5, 5), ("5", 5), ("0x10", 16), (2.5, 2), (3.5, 4), (True, 1), (4294967295, 4294967295)])
def test_numbers_are_read_and_rounded_to_even(given: Any, expected: int) -> None:
    assert bound("Set-VMHost", MaximumStorageMigrations=given)["MaximumStorageMigrations"] == expected


@pytest.mark.parametrize(("given", "expected"), [(1, True), (0, False), (False, False), (2.5, True)])
def test_numbers_are_booleans(given: Any, expected: bool) -> None:
    assert bound("Set-VMHost", NumaSpanningEnabled=given)["NumaSpanningEnabled"] is expected


def test_null_gives_a_switch_and_leaves_a_string_null() -> None:
    assert bound("Get-NetAdapter", Physical=None)["Physical"] is True
    assert bound("Set-VMHost", VirtualMachinePath=None)["VirtualMachinePath"] is None


def test_null_is_no_boolean_and_no_number() -> None:
    suffix = "Microsoft.HyperV.PowerShell.Commands.SetVMHost"
    boolean = refusal("Set-VMHost", NumaSpanningEnabled=None)
    assert (boolean.id, boolean.category) == (f"ParameterArgumentValidationErrorNullNotAllowed,{suffix}", "InvalidArgument")
    number = refusal("Set-VMHost", MaximumStorageMigrations=None)
    assert (number.id, number.category) == (f"ParameterBindingFailed,{suffix}", "WriteError")


def test_where_null_is_allowed_although_mandatory() -> None:
    assert bound("Set-ItemProperty", LiteralPath="HKLM:\\SOFTWARE\\X", Name="a", Value=None)["Value"] is None


def test_a_guid_is_a_guid() -> None:
    identity = uuid.UUID("3f2504e0-4f89-11d3-9a0c-0305e82c3301")
    assert bound("Get-VMSwitch", Id="{3F2504E0-4F89-11D3-9A0C-0305E82C3301}")["Id"] == [identity]


def test_objects_are_bound_by_their_class() -> None:
    device = PSObject("CimInstance#Win32_PnPEntity", {"InstanceId": "X"})
    assert bound("Disable-PnpDevice", InputObject=device, Confirm=False)["InputObject"] == [device]
    switch = PSObject("Microsoft.HyperV.PowerShell.VMSwitch", {"Name": "s"})
    assert bound("Set-VMSwitch", VMSwitch=switch, Notes="n")["VMSwitch"] == [switch]
    assert refusal("Set-VMSwitch", VMSwitch=device, Notes="n").id.startswith("CannotConvertArgumentNoMessage,")


def test_a_derived_class_stands_for_its_base() -> None:
    adapter = PSObject("Microsoft.HyperV.PowerShell.VMInternalNetworkAdapter", {"Name": "a"})
    assert bound("Set-VMNetworkAdapterVlan", VMNetworkAdapter=adapter, Untagged=True)["VMNetworkAdapter"] == [adapter]


def test_secrets_bind_and_a_plain_password_does_not() -> None:
    credential = PSCredential("LAB\\nova", "secret")
    assert bound("New-Service", Name="n", BinaryPathName="n.exe", Credential=credential)["Credential"] == credential
    assert bound("ConvertFrom-SecureString", SecureString=SecureString("s"))["SecureString"] == SecureString("s")
    error = refusal("New-Service", Name="n", BinaryPathName="n.exe", Credential="LAB\\nova")
    assert error.id == "ParameterArgumentTransformationError,Microsoft.PowerShell.Commands.NewServiceCommand"


def test_the_set_is_the_default_one_where_it_fits() -> None:
    assert "Name" in bound("Get-Service").parameter_set
    assert bound("Get-VMSwitch", Id="3f2504e0-4f89-11d3-9a0c-0305e82c3301").parameter_set.isdisjoint({"Name"})


def test_without_a_default_the_one_set_that_is_complete() -> None:
    assert "IncludeUserName" not in bound("Get-Process", Id=4).parameter_set


@pytest.mark.parametrize(
    ("path", "accepted"),
    [("HKLM:\\SOFTWARE\\X", True), ("Registry::HKEY_LOCAL_MACHINE\\SOFTWARE", True), ("C:\\X", False), ("\\\\server\\share", False)],
)
def test_the_registry_adds_a_parameter_to_set_item_property(path: str, accepted: bool) -> None:
    arguments: dict[str, Any] = {"LiteralPath": path, "Name": "a", "Value": 1, "Type": "DWord"}
    if accepted:
        assert bound("Set-ItemProperty", **arguments)["Type"] == PSEnum("RegistryValueKind", "DWord", 4)
    else:
        assert refusal("Set-ItemProperty", **arguments).id == "NamedParameterNotFound,Microsoft.PowerShell.Commands.SetItemPropertyCommand"


def test_errors_carry_powershells_category_exception_and_hresult() -> None:
    error = refusal("Get-VMHost", Nope=1)
    assert error.as_wire() == {
        "id": "NamedParameterNotFound,Microsoft.HyperV.PowerShell.Commands.GetVMHost",
        "category": "InvalidArgument",
        "exception": "System.Management.Automation.ParameterBindingException",
        "hresult": -2146233087,
        "message": "A parameter cannot be found that matches parameter name 'Nope'.",
    }
    validation = refusal("Set-MSDSMGlobalDefaultLoadBalancePolicy", Policy="WP")
    assert (validation.category, validation.exception) == (
        "InvalidData",
        "System.Management.Automation.ParameterBindingValidationException",
    )
    transformation = refusal("Set-MPIOSetting", NewDiskTimeout="x")
    assert transformation.exception == "System.Management.Automation.ParameterBindingArgumentTransformationException"


def test_no_error_shows_a_secret() -> None:
    assert "hunter2" not in refusal("Set-VMHost", NumaSpanningEnabled=SecureString("hunter2")).message
    assert "hunter2" not in refusal("Set-VMHost", MaximumStorageMigrations=PSCredential("u", "hunter2")).message
    assert "hunter2" not in refusal("Set-MPIOSetting", CustomPathRecovery=SecureString("hunter2")).message


def test_a_type_that_nobody_taught_it_is_refused_loudly() -> None:
    assert refusal("Set-TimeZone", InputObject="UTC").id == "RehearsalNotModelled"


def test_what_comes_first_of_several_mistakes() -> None:
    assert refusal("Set-VMHost", Nope=1, NumaSpanningEnabled="text").id.startswith("CannotConvertArgument,")
    assert refusal("New-VMSwitch", Nope=1, NetAdapterName="a", SwitchType="Internal").id.startswith("AmbiguousParameterSet,")
    assert refusal("New-VMSwitch", Nope=1).id.startswith("NamedParameterNotFound,")


def test_the_certificate_provider_adds_its_own_parameters() -> None:
    assert bound("Get-ChildItem", Path="Cert:\\LocalMachine\\My", CodeSigningCert=True)["CodeSigningCert"] is True
    error = refusal("Get-ChildItem", Path="C:\\Windows", CodeSigningCert=True)
    assert error.id == "NamedParameterNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand"
    assert refusal("Get-Content", LiteralPath="HKLM:\\SOFTWARE", Raw=True).id.startswith("NamedParameterNotFound,")
