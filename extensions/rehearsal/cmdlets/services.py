# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The service cmdlets of Microsoft.PowerShell.Management.

Error ids, categories and sentences are those of PowerShell's own source (Service.cs, ServiceResources.resx), whose ancestor
Windows PowerShell 5.1 is.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..machine.errors import Win32Error
from ..machine.services import Service
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .matching import as_list, has_wildcard, like, like_any, name_of

if TYPE_CHECKING:
    from ..machine import Machine

_COMMANDS = "Microsoft.PowerShell.Commands"
_CONTROLLER = "System.ServiceProcess.ServiceController"
_SOURCE = "PowerShell/PowerShell Service.cs; PowerShell-Docs 5.1 Get-Service (drivers by exact name)"
_STATUS = {"Stopped": 1, "StartPending": 2, "StopPending": 3, "Running": 4}
_START_TYPES = {"Boot": 0, "System": 1, "Automatic": 2, "Manual": 3, "Disabled": 4}
_SERVICE_TYPES = {0x1: ("KernelDriver", 1), 0x10: ("Win32OwnProcess", 16), 0x20: ("Win32ShareProcess", 32)}


@cmdlet("Get-Service", source=_SOURCE)
def get_service(machine: Machine, bound: Bound) -> list[PSObject]:
    for name in ("ComputerName", "DependentServices"):
        if bound.get(name):
            raise not_modelled(f"Get-Service -{name}", "extend rehearsal/cmdlets/services.py")
    selected = _select(machine, bound, "GetServiceCommand")
    if bound.get("RequiredServices"):
        selected = [machine.services.get(name) for service in selected for name in service.dependencies]
    return [controller(machine, service) for service in selected]


@cmdlet("Start-Service", source=_SOURCE)
def start_service(machine: Machine, bound: Bound) -> list[PSObject]:
    def start(service: Service) -> None:
        # A service that runs already is left alone without an error.
        if service.run is None:
            machine.services.start(service.name)
        _wait(machine, service)

    return _control(machine, bound, "StartServiceCommand", start)


@cmdlet("Stop-Service", source=_SOURCE)
def stop_service(machine: Machine, bound: Bound) -> list[PSObject]:
    def stop(service: Service) -> None:
        if service.run is not None:
            machine.services.stop(service.name, force=bool(bound.get("Force")))

    return _control(machine, bound, "StopServiceCommand", stop)


@cmdlet("Restart-Service", source=_SOURCE)
def restart_service(machine: Machine, bound: Bound) -> list[PSObject]:
    def restart(service: Service) -> None:
        machine.services.restart(service.name, force=bool(bound.get("Force")))
        _wait(machine, service)

    return _control(machine, bound, "RestartServiceCommand", restart)


@cmdlet("Set-Service", source=f"{_SOURCE}")
def set_service(machine: Machine, bound: Bound) -> list[PSObject]:
    if "ComputerName" in bound:
        raise not_modelled("Set-Service -ComputerName", "run it on that machine")
    asked = name_of(bound["InputObject"] if "InputObject" in bound else bound["Name"])
    service = machine.services.find(asked)
    if service is None:
        raise PowerShellError(
            f"InvalidOperationException,{_COMMANDS}.SetServiceCommand", "ObjectNotFound", "System.InvalidOperationException",
            f"Service {asked} was not found on computer '.'.",
        )
    start_mode = str(bound["StartupType"]) if "StartupType" in bound else None
    machine.services.configure(
        service.name, start_mode=start_mode, display=bound.get("DisplayName"), description=bound.get("Description"),
        # Automatic through the service control manager clears the delay that only ChangeServiceConfig2 sets (unconfirmed).
        delayed=False if start_mode and service.delayed else None,
    )
    _set_status(machine, service, str(bound.get("Status", "")))
    return [controller(machine, service)] if bound.get("PassThru") else []


@cmdlet("New-Service", source=_SOURCE)
def new_service(machine: Machine, bound: Bound) -> list[PSObject]:
    account = bound["Credential"].username if "Credential" in bound else "LocalSystem"
    try:
        service = machine.services.create(
            bound["Name"], bound["BinaryPathName"], display=bound.get("DisplayName", ""), description=bound.get("Description", ""),
            start_mode=str(bound.get("StartupType", "Automatic")), account=account, dependencies=as_list(bound.get("DependsOn", [])),
        )
    except Win32Error as error:
        name = bound["Name"]
        raise _failure("CouldNotNewService", "NewServiceCommand", "PermissionDenied", name, name, "created", error) from None
    if "Credential" in bound:
        machine.accounts.keep_password(service.name, bound["Credential"].password)
    return [controller(machine, service)]


def controller(machine: Machine, service: Service) -> PSObject:
    state = service.state
    type_name, number = _SERVICE_TYPES[service.type]
    return PSObject(_CONTROLLER, {
        "Name": service.name,
        "ServiceName": service.name,
        "DisplayName": service.display,
        "Status": PSEnum("System.ServiceProcess.ServiceControllerStatus", state, _STATUS[state]),
        "StartType": PSEnum("System.ServiceProcess.ServiceStartMode", service.start_mode, _START_TYPES[service.start_mode]),
        "ServiceType": PSEnum("System.ServiceProcess.ServiceType", type_name, number),
        "MachineName": ".",
        "CanStop": state == "Running" and not service.is_driver,
        "CanShutdown": state == "Running" and not service.is_driver,
        "CanPauseAndContinue": False,
        "RequiredServices": _others(service.dependencies),
        "ServicesDependedOn": _others(service.dependencies),
        "DependentServices": _others(item.name for item in machine.services.dependents(service.name)),
    }, text=_CONTROLLER)


def _wait(machine: Machine, service: Service) -> None:
    """The cmdlets that start a service come back when it runs (Service.cs: DoWaitForStatus); sc.exe does not wait."""
    seconds = machine.services.seconds_to_run(service)
    if seconds:
        machine.sleep(seconds)


def _others(names: Iterable[str]) -> list[PSObject]:
    """Services inside a service: their names only, so that two that depend on each other come to an end."""
    return [PSObject(_CONTROLLER, {"Name": name, "ServiceName": name}, text=_CONTROLLER) for name in names]


def _select(machine: Machine, bound: Bound, command: str) -> list[Service]:
    """The services that a call names, by service name. Kernel drivers are found by their exact name only."""
    if "InputObject" in bound:
        names = [name_of(item) for item in as_list(bound["InputObject"])]
    elif "DisplayName" in bound:
        return _by_display(machine, as_list(bound["DisplayName"]), command)
    else:
        names = as_list(bound.get("Name", ["*"]))
    found: dict[str, Service] = {}
    for name in names:
        matching = [item for item in machine.services.all() if like(item.name, name)] if has_wildcard(name) else _exact(machine, name)
        if not matching and not has_wildcard(name):
            raise _not_found("NoServiceFoundForGivenName", command, f"Cannot find any service with service name '{name}'.")
        found.update({item.name.lower(): item for item in matching})
    kept = [item for item in found.values() if like_any(item.name, as_list(bound.get("Include", ["*"])))]
    kept = [item for item in kept if not like_any(item.name, as_list(bound.get("Exclude", [])))]
    return sorted(kept, key=lambda item: item.name.lower())


def _exact(machine: Machine, name: str) -> list[Service]:
    service = machine.services.find(name)
    return [service] if service else []


def _by_display(machine: Machine, names: list[str], command: str) -> list[Service]:
    found: list[Service] = []
    for name in names:
        matching = [item for item in machine.services.all() if like(item.display, name)]
        if not matching and not has_wildcard(name):
            raise _not_found("NoServiceFoundForGivenDisplayName", command, f"Cannot find any service with display name '{name}'.")
        found += matching
    return found


def _control(machine: Machine, bound: Bound, command: str, act: Callable[[Service], None]) -> list[PSObject]:
    services = _select(machine, bound, command)
    for service in services:
        try:
            act(service)
        except Win32Error as error:
            raise _control_error(command, service, error) from None
    return [controller(machine, service) for service in services] if bound.get("PassThru") else []


def _control_error(command: str, service: Service, error: Win32Error) -> PowerShellError:
    if error.code == 1051:
        message = f"Cannot stop service '{service.display} ({service.name})' because it has dependent services. "
        return PowerShellError(
            f"ServiceHasDependentServices,{_COMMANDS}.{command}", "InvalidOperation", f"{_COMMANDS}.ServiceCommandException",
            f"{message}It can only be stopped if the Force flag is set.",
        )
    inner = f"Cannot start service {service.name} on computer '.'."
    failure = Win32Error(error.code, inner)
    return _failure("CouldNotStartService", command, "OpenError", service.name, service.display, "started", failure)


def _failure(identifier: str, command: str, category: str, name: str, display: str, done: str, error: Win32Error) -> PowerShellError:
    return PowerShellError(
        f"{identifier},{_COMMANDS}.{command}", category, f"{_COMMANDS}.ServiceCommandException",
        f"Service '{display or name} ({name})' cannot be {done} due to the following error: {error.message}",
    )


def _not_found(identifier: str, command: str, message: str) -> PowerShellError:
    return PowerShellError(f"{identifier},{_COMMANDS}.{command}", "ObjectNotFound", f"{_COMMANDS}.ServiceCommandException", message)


def _set_status(machine: Machine, service: Service, wanted: str) -> None:
    if not wanted or wanted.lower() == service.state.lower():
        return
    if wanted.lower() == "paused":
        raise not_modelled("Set-Service -Status Paused", "extend rehearsal/cmdlets/services.py")
    try:
        if wanted.lower() == "running":
            machine.services.start(service.name)
            _wait(machine, service)
        else:
            machine.services.stop(service.name)
    except Win32Error as error:
        raise _control_error("SetServiceCommand", service, error) from None
