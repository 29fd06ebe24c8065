# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services and kernel drivers. Their configuration lives in the registry, as on Windows; what runs lives here."""
from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import Win32Error, win32_error
from .failure_actions import FailureActions, pack, unpack
from .registry import Registry

ROOT = r"HKLM:\SYSTEM\CurrentControlSet\Services"
START_MODES = ("Boot", "System", "Automatic", "Manual", "Disabled")
KERNEL_DRIVER, OWN_PROCESS, SHARE_PROCESS = 0x1, 0x10, 0x20
_DRIVER_TYPES = KERNEL_DRIVER | 0x2


@dataclass(frozen=True)
class Trigger:
    """A service trigger, as the numbers of SERVICE_TRIGGER (win32: winsvc.h). action: START or STOP."""

    type: int
    action: int
    subtype: str


START, STOP = 1, 2
DOMAIN_JOIN_TYPE, NETWORK_TYPE = 3, 2
# SERVICE_TRIGGER subtypes: storage-and-time.md 6.4; MicrosoftDocs/win32 Services/service-trigger-events.md and winsvc.h.
DOMAIN_JOINED = "1ce20aba-9851-4421-9430-1ddeb766e809"
NOT_DOMAIN_JOINED = "ddaf516e-58c2-4866-9574-c3b615d42ea1"
NETWORK_ON = "4f27f2de-14e2-430b-a549-7cd48cbc8245"
NETWORK_OFF = "cc4ba62a-162e-4648-847a-b6bdf993e335"


@dataclass
class Run:
    """A running service."""

    pid: int
    started_at: datetime


class Service:
    """One installed service, read from the registry each time."""

    def __init__(self, services: Services, name: str) -> None:
        self._services = services
        self.name = name
        self.key = f"{ROOT}\\{name}"

    def _get(self, value: str, default: Any) -> Any:
        return self._services.registry.get(self.key, value, default)

    @property
    def display(self) -> str:
        return str(self._get("DisplayName", "")) or self.name

    @property
    def description(self) -> str:
        return str(self._get("Description", ""))

    @property
    def path_name(self) -> str:
        return str(self._get("ImagePath", ""))

    @property
    def type(self) -> int:
        return int(self._get("Type", OWN_PROCESS))

    @property
    def is_driver(self) -> bool:
        return bool(self.type & _DRIVER_TYPES)

    @property
    def start_mode(self) -> str:
        return START_MODES[self._get("Start", 3)]

    @property
    def delayed(self) -> bool:
        return bool(self._get("DelayedAutostart", 0))

    @property
    def account(self) -> str:
        return str(self._get("ObjectName", ""))

    @property
    def dependencies(self) -> list[str]:
        return list(self._get("DependOnService", []))

    @property
    def failure(self) -> FailureActions:
        return unpack(self._get("FailureActions", None))

    @property
    def failure_flag(self) -> bool:
        return bool(self._get("FailureActionsOnNonCrashFailures", 0))

    @property
    def failure_command(self) -> str:
        return str(self._get("FailureCommand", ""))

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        registry, key = self._services.registry, f"{self.key}\\TriggerInfo"
        return tuple(
            Trigger(
                registry.get(f"{key}\\{child}", "Type"),
                registry.get(f"{key}\\{child}", "Action"),
                str(uuid.UUID(bytes_le=registry.get(f"{key}\\{child}", "GUID"))),
            )
            for child in sorted(registry.subkeys(key), key=int)
        )

    @property
    def run(self) -> Run | None:
        return self._services.running.get(self.name.lower())

    @property
    def state(self) -> str:
        """Stopped, StartPending or Running."""
        return self._services.state_of(self)

    @property
    def pid(self) -> int:
        """0 while the service does not run."""
        return self.run.pid if self.run else 0

    @property
    def started_at(self) -> datetime | None:
        return self.run.started_at if self.run else None


class Services:
    """The service control manager. Errors are Win32Error with the codes of the real one.

    starting, started: called with the service before and after each start; `starting` may raise Win32Error (a logon failure).
    stopping: called before a stop.
    """

    def __init__(self, registry: Registry, now: Callable[[], datetime], start_seconds: float, note: Callable[[str], None]) -> None:
        self.registry = registry
        self.running: dict[str, Run] = {}
        self.starting: list[Callable[[Service], None]] = []
        self.started: list[Callable[[Service], None]] = []
        self.stopping: list[Callable[[Service], None]] = []
        self._now = now
        self._start_seconds = start_seconds
        self._note = note
        self._next_pid = 1000

    # Reading

    def find(self, name: str) -> Service | None:
        if not self.registry.has(f"{ROOT}\\{name}", "Type"):
            return None
        spelling = next(child for child in self.registry.subkeys(ROOT) if child.lower() == name.lower())
        return Service(self, spelling)

    def get(self, name: str) -> Service:
        """Win32Error 1060 where there is none."""
        service = self.find(name)
        if service is None:
            raise win32_error(1060)
        return service

    def all(self, drivers: bool = False) -> list[Service]:
        """Services by name; with drivers, the kernel drivers instead."""
        found = (self.find(name) for name in sorted(self.registry.subkeys(ROOT), key=str.lower))
        return [service for service in found if service is not None and service.is_driver == drivers]

    def state_of(self, service: Service) -> str:
        run = self.running.get(service.name.lower())
        if run is None:
            return "Stopped"
        return "StartPending" if self.seconds_to_run(service) else "Running"

    def seconds_to_run(self, service: Service) -> float:
        """How long a service that was started is still StartPending."""
        if service.run is None or service.is_driver:
            return 0.0
        return max(0.0, (service.run.started_at - self._now()).total_seconds() + self._start_seconds)

    def dependents(self, name: str) -> list[Service]:
        """The services that depend on this one directly."""
        return [service for service in self.all() if name.lower() in (item.lower() for item in service.dependencies)]

    # Configuration

    def create(
        self,
        name: str,
        path_name: str,
        *,
        display: str = "",
        description: str = "",
        start_mode: str = "Manual",
        account: str = "LocalSystem",
        dependencies: Iterable[str] = (),
        type: int = OWN_PROCESS,
    ) -> Service:
        """Win32Error 1073 where the name is taken."""
        if self.find(name) is not None:
            raise win32_error(1073)
        key = f"{ROOT}\\{name}"
        self.registry.set(key, "Type", type, "DWord")
        self.registry.set(key, "Start", START_MODES.index(start_mode), "DWord")
        self.registry.set(key, "ErrorControl", 1, "DWord")
        self.registry.set(key, "ImagePath", path_name, "ExpandString")
        self.registry.set(key, "DisplayName", display or name, "String")
        if description:
            self.registry.set(key, "Description", description, "String")
        if not type & _DRIVER_TYPES:
            self.registry.set(key, "ObjectName", account, "String")
        if dependencies:
            self.registry.set(key, "DependOnService", list(dependencies), "MultiString")
        self._note(f"service {name}: created")
        return Service(self, name)

    def delete(self, name: str) -> None:
        """Deletes it at once, running or not: Windows puts the deletion of a running service off until it stops."""
        service = self.get(name)
        self.running.pop(service.name.lower(), None)
        self.registry.delete(service.key)
        self._note(f"service {service.name}: deleted")

    def configure(
        self,
        name: str,
        *,
        start_mode: str | None = None,
        delayed: bool | None = None,
        account: str | None = None,
        path_name: str | None = None,
        display: str | None = None,
        description: str | None = None,
        dependencies: Iterable[str] | None = None,
        failure: FailureActions | None = None,
        failure_command: str | None = None,
        failure_flag: bool | None = None,
        triggers: Iterable[Trigger] | None = None,
    ) -> Service:
        """Changes what is given."""
        service = self.get(name)
        values: dict[str, tuple[Any, str]] = {}
        if start_mode is not None:
            values["Start"] = (START_MODES.index(start_mode), "DWord")
        if delayed is not None:
            values["DelayedAutostart"] = (int(delayed), "DWord")
        if failure is not None:
            values["FailureActions"] = (pack(failure), "Binary")
        if failure_flag is not None:
            values["FailureActionsOnNonCrashFailures"] = (int(failure_flag), "DWord")
        if dependencies is not None:
            values["DependOnService"] = (list(dependencies), "MultiString")
        texts = {
            "ObjectName": account, "ImagePath": path_name, "DisplayName": display, "Description": description,
            "FailureCommand": failure_command,
        }
        values.update({key: (text, "ExpandString" if key == "ImagePath" else "String") for key, text in texts.items() if text is not None})
        for value, (data, kind) in values.items():
            self._set(service, value, data, kind)
        if triggers is not None:
            self._set_triggers(service, tuple(triggers))
        return service

    def _set(self, service: Service, value: str, data: Any, kind: str) -> None:
        if self.registry.get(service.key, value) == data:
            return
        self.registry.set(service.key, value, data, kind)
        shown = data.hex() if isinstance(data, bytes) else data
        self._note(f"service {service.name}: {value} = {shown}")

    def _set_triggers(self, service: Service, triggers: tuple[Trigger, ...]) -> None:
        if triggers == service.triggers:
            return
        key = f"{service.key}\\TriggerInfo"
        self.registry.delete(key)
        for index, trigger in enumerate(triggers):
            child = f"{key}\\{index}"
            self.registry.set(child, "Type", trigger.type, "DWord")
            self.registry.set(child, "Action", trigger.action, "DWord")
            self.registry.set(child, "GUID", uuid.UUID(trigger.subtype).bytes_le, "Binary")
        self._note(f"service {service.name}: {len(triggers)} triggers")

    # Running

    def start(self, name: str) -> Service:
        """Starts the services it depends on first. Win32Error 1056 where it runs, 1058 where it is disabled, 1075 and 1068 for those."""
        service = self.get(name)
        if service.run is not None:
            raise win32_error(1056)
        if service.start_mode == "Disabled":
            raise win32_error(1058)
        for needed in service.dependencies:
            dependency = self.find(needed)
            if dependency is None:
                raise win32_error(1075)
            if dependency.run is None and dependency.start_mode == "Disabled":
                raise win32_error(1068)
            if dependency.run is None:
                self.start(needed)
        for hook in self.starting:
            hook(service)
        self._run(service, self._now())
        self._note(f"service {service.name}: started")
        return service

    def stop(self, name: str, force: bool = False) -> Service:
        """Win32Error 1062 where it does not run, 1051 where services that depend on it run and force is not given."""
        service = self.get(name)
        if service.run is None:
            raise win32_error(1062)
        dependents = [item for item in self.dependents(service.name) if item.run is not None]
        if dependents and not force:
            raise win32_error(1051)
        for dependent in dependents:
            self.stop(dependent.name, force=True)
        for hook in self.stopping:
            hook(service)
        del self.running[service.name.lower()]
        self._note(f"service {service.name}: stopped")
        return service

    def restart(self, name: str, force: bool = False) -> Service:
        """Stops and starts it, and with force the running services that depend on it as well."""
        service = self.get(name)
        again = [item.name for item in self.dependents(service.name) if item.run is not None]
        if service.run is not None:
            self.stop(service.name, force)
        self.start(service.name)
        for dependent in again:
            self.start(dependent)
        return service

    def boot(self, at: datetime, starts: Callable[[Service], bool]) -> None:
        """Everything stops; then what `starts` at boot runs from `at` on. A service whose start fails stays stopped, as on Windows."""
        self.running.clear()
        for service in [*self.all(drivers=True), *self.all()]:
            if starts(service) and service.run is None:
                self._boot_one(service, at)

    def _boot_one(self, service: Service, at: datetime) -> None:
        for needed in service.dependencies:
            dependency = self.find(needed)
            if dependency is None or (dependency.run is None and dependency.start_mode == "Disabled"):
                return
            if dependency.run is None:
                self._boot_one(dependency, at)
        try:
            for hook in self.starting:
                hook(service)
        except Win32Error as error:
            self._note(f"service {service.name}: did not start at boot: {error}")
            return
        self._run(service, at)

    def _run(self, service: Service, at: datetime) -> None:
        self._next_pid += 4
        self.running[service.name.lower()] = Run(0 if service.is_driver else self._next_pid, at)
        for hook in self.started:
            hook(service)

    # State

    def dump(self) -> dict[str, Any]:
        running = {name: [run.pid, run.started_at.isoformat()] for name, run in self.running.items()}
        return {"next_pid": self._next_pid, "running": running}

    def load(self, data: dict[str, Any]) -> None:
        self._next_pid = data["next_pid"]
        self.running = {name: Run(pid, datetime.fromisoformat(at)) for name, (pid, at) in data["running"].items()}
