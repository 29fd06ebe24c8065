# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The strictness suite, second part: commands, prompts and properties (test_strictness.py says what it stands on)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rehearsal.batch import run_batch
from rehearsal.powershell.registry import Models
from rehearsal.powershell.values import PSObject

from tests.unit.rehearsal.refusals import (
    CLASSES,
    REFERENCE,
    SUPPLEMENT,
    USED,
    VERSIONS,
    Host,
    Silent,
    cmdlet,
    entry,
    exists,
    refused,
    run,
    sample,
)


@pytest.mark.parametrize(("name", "version"), [(name, version) for name in REFERENCE for version in VERSIONS if not exists(name, version)])
def test_a_cmdlet_of_another_server_version(name: str, version: str) -> None:
    refused(cmdlet(name), "CommandNotFoundException", version)


@pytest.mark.parametrize(
    "name", ["Get-VMHosts", "Set-NumaSpanning", "Get-MPIOSettings", "New-VirtualSwitch", "Get-Hypervisor", "Get-DiskPath"]
)
def test_a_cmdlet_that_never_was(name: str) -> None:
    refused(cmdlet(name), "CommandNotFoundException")


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Get-VMHost", "Hyper-V"),
        ("Set-VMHost", "Hyper-V"),
        ("Get-VM", "Hyper-V"),
        ("Get-MSDSMAutomaticClaimSettings", "MPIO"),
        ("Enable-MSDSMAutomaticClaim", "MPIO"),
        ("Get-MPIOSetting", "MPIO"),
        ("Get-Cluster", "FailoverClusters"),
        ("Get-HgsClientConfiguration", "HgsClient"),
    ],
)
def test_a_cmdlet_whose_module_is_not_there(name: str, module: str) -> None:
    refused(cmdlet(name), "CommandNotFoundException", missing=(module,))


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
    "Invoke-Expression",
    "invoke-expression",
    "Invoke-Command",
    "Invoke-History",
    "Invoke-Item",
    "Start-Process",
    "Start-Job",
    "Start-ThreadJob",
    "New-PSSession",
    "Enter-PSSession",
    "Add-Type",
    "Import-Module",
    "New-Module",
    "New-Alias",
    "Set-Alias",
    "ForEach-Object",
    "Where-Object",
    "Register-ScheduledJob",
    "Set-PSBreakpoint",
    "Set-Variable",
    "iex",
    "ls",
    "cmd.exe",
    "C:\\x.ps1",
    "Microsoft.PowerShell.Utility\\Get-Date",
    "Get-*",
    "Get-Date;Get-Date",
    "",
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
    ("Get-VMSwitch", "VMSwitch", "MinimumBandwidthMode"),
    ("Get-VMSwitch", "VMSwitch", "NetAdapterName"),
    ("Get-VMHost", "VMHost", "NumaSpanning"),
    ("Get-VMHost", "VMHost", "LiveMigrationEnabled"),
    ("Get-VMHostNumaNode", "VMHostNumaNode", "Memory"),
    ("Get-VMHostAssignableDevice", "VMHostAssignableDevice", "FriendlyName"),
    ("Get-VM", "VirtualMachine", "Running"),
    ("Get-Cluster", "Cluster", "QuorumType"),
    ("Get-ClusterNode", "ClusterNode", "Status"),
    ("Get-ClusterNetwork", "ClusterNetwork", "Subnet"),
    ("Get-ClusterResource", "ClusterResource", "Status"),
    ("Get-VMNetworkAdapter", "VMNetworkAdapter", "Vlan"),
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
