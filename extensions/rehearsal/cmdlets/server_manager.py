# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module ServerManager."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..machine import hyperv
from ..machine.catalogue import FEATURES, FeatureInfo, children, find, path
from ..machine.features import Change, PayloadMissing
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cim_schema import Unmodelled
from .matching import as_list, has_wildcard, like, name_of

if TYPE_CHECKING:
    from ..machine import Machine

_TYPES = "Microsoft.Windows.ServerManager.Commands"
_ADD, _REMOVE = f"{_TYPES}.AddWindowsFeatureCommand", f"{_TYPES}.RemoveWindowsFeatureCommand"
# What Format-List shows besides (public transcripts).
_FURTHER = ("ServerComponentDescriptor", "SystemService", "Notification", "BestPracticesModelId", "EventQuery", "AdditionalInfo")
# Numbers as Chef's feature provider reads them.
_STATES = {"Available": 0, "Installed": 1, "UninstallPending": 2, "InstallPending": 3, "Removed": 5}


@cmdlet(
    "Get-WindowsFeature",
    source="hyperv-host.md 2.1, 2.2; windows-powershell-docs ServerManager",
    unconfirmed="that an unknown name answers nothing; Installed of a feature that waits for a restart",
)
def get_windows_feature(machine: Machine, bound: Bound) -> list[PSObject]:
    _refuse(bound, "Get-WindowsFeature", "ComputerName", "Vhd")
    patterns = [name_of(item) for item in as_list(bound.get("Name", ["*"]))]
    return [_feature(machine, info) for info in _offered(machine) if any(like(info.name, pattern) for pattern in patterns)]


@cmdlet(
    "Install-WindowsFeature",
    source="hyperv-host.md 2.3, 2.5 (public transcripts of the error ids); storage-and-time.md 1.1",
    unconfirmed="that one transaction waits as a whole for a restart; the exit code names "
    "SuccessRestartRequired and the error id of missing payload",
)
def install_windows_feature(machine: Machine, bound: Bound) -> list[PSObject]:
    _refuse(bound, "Install-WindowsFeature", "ComputerName", "Vhd", "ConfigurationFilePath", "Restart")
    names = _names(machine, bound, _ADD)
    features = machine.features.wanted(names, bool(bound.get("IncludeManagementTools")), bool(bound.get("IncludeAllSubFeature")))
    for feature in features:
        _check_edition(machine, feature.name, _ADD)
    if any(feature.name == "Hyper-V" for feature in features):
        _check_prerequisites(machine)
    try:
        change = machine.install_features(features, source="Source" in bound)
    except PayloadMissing as error:
        message = "The request to add or remove features on the specified server failed. The source files could not be found."
        raise PowerShellError(
            f"DISMAPI_Error__Failed_Sources,{_ADD}", "InvalidOperation", "System.Exception", f"{message} ({error.feature.name})",
        ) from None
    return [_result(change)]


@cmdlet(
    "Uninstall-WindowsFeature",
    source="hyperv-host.md 2.3; windows-powershell-docs ServerManager",
    unconfirmed="the exit code name SuccessRestartRequired",
)
def uninstall_windows_feature(machine: Machine, bound: Bound) -> list[PSObject]:
    _refuse(bound, "Uninstall-WindowsFeature", "ComputerName", "Vhd", "Restart", "Remove")
    features = machine.features.unwanted(_names(machine, bound, _REMOVE), bool(bound.get("IncludeManagementTools")))
    change = machine.uninstall_features(features)
    return [_result(change)]


def _refuse(bound: Bound, name: str, *parameters: str) -> None:
    for parameter in parameters:
        if parameter in bound and bound[parameter] is not False:
            raise not_modelled(f"{name} -{parameter}", "extend rehearsal/cmdlets/server_manager.py")


def _offered(machine: Machine) -> list[FeatureInfo]:
    edition = machine.spec.os.edition
    return [info for info in FEATURES.values() if not info.editions or edition in info.editions]


def _names(machine: Machine, bound: Bound, command: str) -> list[str]:
    """The asked names in the catalogue's spelling. A name that Windows does not offer fails the whole call."""
    asked = [name_of(item) for item in as_list(bound["Name"])]
    names: list[str] = []
    for text in asked:
        if has_wildcard(text):
            names += [info.name for info in _offered(machine) if like(info.name, text)]
            continue
        _check_edition(machine, text, command)
        info = find(text)
        assert info is not None
        names.append(info.name)
    return names


def _check_edition(machine: Machine, name: str, command: str) -> None:
    info = find(name)
    if info is not None and info in _offered(machine):
        return
    message = f"ArgumentNotValid: The role, role service, or feature name is not valid: '{name}'. The name was not found."
    raise PowerShellError(f"NameDoesNotExist,{command}", "InvalidArgument", "System.Exception", message)


def _check_prerequisites(machine: Machine) -> None:
    obstacles = hyperv.obstacles(machine.spec)
    if not obstacles:
        return
    lines = "".join(f"\n{number}. {text}" for number, text in enumerate(obstacles, 1))
    raise PowerShellError(
        f"Alteration_PrerequisiteCheck_Failed,{_ADD}", "InvalidOperation", "System.Exception",
        f"A prerequisite check for the Hyper-V feature failed.{lines}",
    )


def _feature(machine: Machine, info: FeatureInfo) -> PSObject:
    state = machine.features.state(info.name)
    return PSObject(f"{_TYPES}.Feature", {
        "Name": info.name,
        "DisplayName": info.display,
        "Description": "",
        "Installed": state == "Installed",
        "InstallState": PSEnum(f"{_TYPES}.InstallState", state, _STATES[state]),
        "FeatureType": info.kind,
        "Path": path(info),
        "Depth": path(info).count("\\") + 1,
        "DependsOn": list(info.requires),
        "Parent": info.parent or None,
        "SubFeatures": list(children(info.name)),
        "PostConfigurationNeeded": False,
        **{name: Unmodelled(f"the property {name} of {_TYPES}.Feature") for name in _FURTHER},
    }, text=info.name)


def _result(change: Change) -> PSObject:
    restart = "Yes" if change.restart else "No"
    exit_code = "SuccessRestartRequired" if change.restart else "Success"
    if not change.features:
        exit_code = "NoChangeNeeded"
    return PSObject(f"{_TYPES}.FeatureOperationResult", {
        "Success": True,
        "RestartNeeded": PSEnum(f"{_TYPES}.RestartState", restart),
        "FeatureResult": [_feature_result(feature, restart) for feature in change.features],
        "ExitCode": PSEnum(f"{_TYPES}.FeatureOperationExitCode", exit_code),
    })


def _feature_result(feature: FeatureInfo, restart: str) -> PSObject:
    return PSObject(f"{_TYPES}.FeatureResult", {
        "Id": feature.id,
        "DisplayName": feature.display,
        "Name": feature.name,
        "Message": [],
        "RestartNeeded": restart == "Yes" and feature.restart,
        "SkipReason": PSEnum(f"{_TYPES}.SkipReason", "NotSkipped"),
        "Success": True,
    })
