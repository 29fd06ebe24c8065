# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The strictness suite, third part: what only a whole machine can refuse. The ids are those of public error records.

NoServiceFoundForGivenName, NoProcessFoundForGivenId, PathNotFound: PowerShell/PowerShell Service.cs, Process.cs, Navigation.cs;
CmdletizationQuery_NotFound_*: CDXML query jobs; NameDoesNotExist: public transcripts of Install-WindowsFeature; InvalidParameter and
ObjectNotFound of Hyper-V: public notes on Server 2022. Unknown registry keys and CIM classes are refused by the rehearsal itself.
"""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from rehearsal.batch import run_batch
from rehearsal.machine import HostSpec, Machine
from rehearsal.modules import registry
from rehearsal.modules.arguments import ModuleFailure, parse
from rehearsal.powershell.registry import load_models

from tests.unit.rehearsal.refusals import Silent, cmdlet

SPEC: Mapping[str, Any] = {
    "os": {"version": "2022", "edition": "Datacenter", "installation": "Server Core"},
    "hardware": {
        "memory_gb": 64, "numa_nodes": 1, "processors": [{"cores": 8}], "nics": [{"name": "Ethernet", "mac": "02-00-5E-01-02-01"}],
    },
}
ROLE = cmdlet("Install-WindowsFeature", Name=["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"])
OF_A_ROLE = [
    cmdlet("Get-VMHost"), cmdlet("Get-VM"), cmdlet("Get-VMSwitch"), cmdlet("Get-VMHostNumaNode"), cmdlet("Get-VMHostAssignableDevice"),
    cmdlet("Set-VMHost", NumaSpanningEnabled=False), cmdlet("Get-MSDSMSupportedHW"), cmdlet("Get-MSDSMAutomaticClaimSettings"),
    cmdlet("Set-MPIOSetting", NewDiskTimeout=60), cmdlet("New-MSDSMSupportedHW", VendorId="PURE", ProductId="FlashArray"),
]


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.time


def machine(*, role: bool = False) -> Machine:
    load_models()
    clock = Clock()
    built = Machine.build("hv", HostSpec.from_mapping(SPEC, "hosts.hv"), clock)
    if role:
        run(built, ROLE)
        built.reboot()
        clock.time += timedelta(minutes=10)
    return built


def run(host: Machine, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    return run_batch(host, {"calls": [{"id": str(number), **call} for number, call in enumerate(calls)]}, Silent())


def error_of(host: Machine, call: dict[str, Any]) -> str:
    (result,) = run(host, call)
    return str(result["error"]["id"])


@pytest.mark.parametrize("call", OF_A_ROLE, ids=lambda call: call["cmdlet"])
def test_a_cmdlet_of_a_role_that_is_not_installed(call: dict[str, Any]) -> None:
    assert error_of(machine(), call) == "CommandNotFoundException"


@pytest.mark.parametrize("call", OF_A_ROLE, ids=lambda call: call["cmdlet"])
def test_a_cmdlet_of_a_role_that_waits_for_its_reboot(call: dict[str, Any]) -> None:
    installed, refused = run(machine(), {**ROLE, "properties": ["RestartNeeded"]}, call)
    assert installed["output"] == [{"RestartNeeded": "Yes"}]
    assert "error" in refused


NOT_THERE = [
    (cmdlet("Get-Service", Name="nope"), "NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand"),
    (cmdlet("Restart-Service", Name="nope"), "NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.RestartServiceCommand"),
    (cmdlet("Stop-Service", Name="nope"), "NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.StopServiceCommand"),
    (cmdlet("Get-Process", Id=99999), "NoProcessFoundForGivenId,Microsoft.PowerShell.Commands.GetProcessCommand"),
    (cmdlet("Get-Item", LiteralPath="C:\\nope"), "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand"),
    (cmdlet("Get-PnpDevice", InstanceId="PCI\\NOPE"), "CmdletizationQuery_NotFound_InstanceId,Get-PnpDevice"),
    (cmdlet("Get-NetAdapter", Name="nope"), "CmdletizationQuery_NotFound_Name,Get-NetAdapter"),
    (cmdlet("Install-WindowsFeature", Name=["Nope"]), "NameDoesNotExist,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"),
    (cmdlet("Get-VM", Name="nope"), "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVM"),
    (cmdlet("Get-VMSwitch", Name="nope"), "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVMSwitch"),
    (
        cmdlet("Dismount-VMHostAssignableDevice", LocationPath="PCIROOT(9)", Force=True),
        "ObjectNotFound,Microsoft.HyperV.PowerShell.Commands.DismountVMHostAssignableDevice",
    ),
    (
        cmdlet("Mount-VMHostAssignableDevice", LocationPath="PCIROOT(9)"),
        "ObjectNotFound,Microsoft.HyperV.PowerShell.Commands.MountVMHostAssignableDevice",
    ),
    (cmdlet("Get-ItemProperty", LiteralPath="HKLM:\\SOFTWARE\\Nobody\\Nothing"), "RehearsalNotModelled"),
    (cmdlet("Get-CimInstance", ClassName="Win32_Nope"), "RehearsalNotModelled"),
    (cmdlet("Get-CimInstance", Namespace="root/nope", ClassName="Nope"), "RehearsalNotModelled"),
]


@pytest.mark.parametrize(("call", "expected"), NOT_THERE, ids=lambda value: value["cmdlet"] if isinstance(value, dict) else "")
def test_an_object_that_is_not_there(call: dict[str, Any], expected: str) -> None:
    assert error_of(machine(role=True), call) == expected


LACKING = [
    {**cmdlet("Get-VMHost"), "properties": ["NumaSpanning"]},
    {**cmdlet("Get-VMHostNumaNode"), "properties": ["Memory"]},
    {**cmdlet("Get-CimInstance", ClassName="Win32_ComputerSystem"), "properties": ["VirtualizationFirmwareEnabled"]},
    {**cmdlet("Get-CimInstance", ClassName="Win32_OperatingSystem"), "properties": ["InstallationType"]},
    {**cmdlet("Get-Service", Name="vmms"), "properties": ["State"]},
    {**cmdlet("Get-MSDSMSupportedHW"), "properties": ["BusType"]},
    {**cmdlet("Get-MSDSMAutomaticClaimSettings"), "properties": ["FibreChannel"]},
    {**cmdlet("Get-NetAdapter", Physical=True), "properties": ["Mac"]},
    {**cmdlet("Get-WindowsFeature", Name=["Hyper-V"]), "properties": ["State"]},
]


@pytest.mark.parametrize("call", LACKING, ids=lambda call: f"{call['cmdlet']}.{call['properties'][0]}")
def test_a_property_that_the_object_lacks(call: dict[str, Any]) -> None:
    assert error_of(machine(role=True), call) == "PropertyNotFound"


@pytest.mark.parametrize("name", sorted(name for name, model in registry.models().items() if model.spec.strict))
def test_an_option_that_no_module_has(name: str) -> None:
    with pytest.raises(ModuleFailure, match=r"Unsupported parameters.*no_such_option"):
        parse(name, registry.models()[name].spec, {"no_such_option": 1}, {})
