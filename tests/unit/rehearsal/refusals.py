# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the strictness suite stands on: the reference as plain data, a host that has every module, and one call run on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import rehearsal
from rehearsal.batch import run_batch
from rehearsal.powershell.registry import Bound, Models

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

    def model(machine: Any, bound: Bound) -> list[Any]:
        reached.append(call["cmdlet"])
        return []

    models.cmdlet(call["cmdlet"], source="this test")(model)
    (result,) = run_batch(Host(version, missing), {"calls": [{"id": "it", **call}]}, Silent(), models=models)  # type: ignore[arg-type]
    return result.get("error", {}).get("id", ""), reached


def cmdlet(name: str, **parameters: Any) -> dict[str, Any]:
    return {"cmdlet": name, "parameters": parameters}


def entry(name: str) -> dict[str, Any]:
    known = {**REFERENCE, **SUPPLEMENT["cmdlets"]}
    return known[next(key for key in known if key.lower() == name.lower())]


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


def sample(fields: dict[str, Any]) -> Any:
    """A value that the parameter takes; None where only an object of the host would do."""
    if fields.get("values"):
        return fields["values"][0]
    return {
        "String": "text",
        "Boolean": True,
        "SwitchParameter": True,
        "UInt32": 1,
        "Int32": 1,
        "UInt16": 1,
        "UInt64": 1,
        "Int64": 1,
        "Guid": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "Object": 1,
        "Uri": "http://host/",
    }.get(own_type(fields))
