# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PCI devices as Plug and Play and Hyper-V see them. Sources: hyperv-host.md 6."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .hardware import PciDevice

# Win32_PnPEntity.ConfigManagerErrorCode (MicrosoftDocs/win32 win32-pnpentity.md).
PROBLEM_NEED_RESTART, PROBLEM_DISABLED = 14, 22


@dataclass
class DeviceState:
    disabled: bool = False
    waits_for_restart: bool = False
    dismounted: bool = False


class Device:
    """A device of the machine: what it is, and what was done to it."""

    def __init__(self, spec: PciDevice, state: DeviceState, virtual_machine: str) -> None:
        self.spec = spec
        self.state = state
        self.virtual_machine = virtual_machine

    @property
    def problem(self) -> int:
        """The problem code that Plug and Play shows for the device's own node; 0 for none."""
        if self.state.waits_for_restart:
            return PROBLEM_NEED_RESTART
        return PROBLEM_DISABLED if self.state.disabled else self.spec.problem

    @property
    def dismounted_id(self) -> str:
        return f"PCIP{self.spec.instance_id.removeprefix('PCI')}"


class PciDevices:
    def __init__(self, devices: Iterable[PciDevice], assigned: dict[str, str], note: Callable[[str], None]) -> None:
        """assigned: the virtual machine of each location path that one has."""
        self._devices = {spec.location_path: Device(spec, DeviceState(), assigned.get(spec.location_path, "")) for spec in devices}
        for device in self._devices.values():
            if device.virtual_machine:
                device.state.disabled = device.state.dismounted = True
        self._note = note

    def all(self) -> list[Device]:
        return list(self._devices.values())

    def by_instance(self, instance_id: str) -> Device | None:
        """By the id of the device's own node or of its dismounted one."""
        wanted = instance_id.lower()
        return next((d for d in self.all() if wanted in (d.spec.instance_id.lower(), d.dismounted_id.lower())), None)

    def by_location(self, location_path: str) -> Device | None:
        return next((d for d in self.all() if d.spec.location_path.lower() == location_path.lower()), None)

    def disable(self, device: Device) -> None:
        if device.state.disabled:
            return
        device.state.disabled = True
        device.state.waits_for_restart = device.spec.in_use
        self._note(f"device {device.spec.instance_id}: disabled{', after a restart' if device.spec.in_use else ''}")

    def enable(self, device: Device) -> None:
        if not device.state.disabled:
            return
        device.state.disabled = device.state.waits_for_restart = False
        self._note(f"device {device.spec.instance_id}: enabled")

    def dismount(self, device: Device) -> None:
        device.state.dismounted = True
        self._note(f"device {device.spec.location_path}: dismounted from the host")

    def mount(self, device: Device) -> None:
        """It comes back disabled (windowsserverdocs: deploy graphics devices by using Discrete Device Assignment)."""
        device.state.dismounted = False
        device.state.disabled = True
        self._note(f"device {device.spec.location_path}: mounted on the host")

    def boot(self) -> None:
        for device in self.all():
            device.state.waits_for_restart = False

    def dump(self) -> dict[str, Any]:
        return {path: [d.state.disabled, d.state.waits_for_restart, d.state.dismounted] for path, d in self._devices.items()}

    def load(self, data: dict[str, Any]) -> None:
        for path, (disabled, waits, dismounted) in data.items():
            self._devices[path].state = DeviceState(disabled, waits, dismounted)
