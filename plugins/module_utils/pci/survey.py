# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a device can be given to a virtual machine: the rules of Microsoft's SurveyDDA.ps1 in its current revision."""
from __future__ import annotations

from typing import Any

from .devices import Device

# DEVPROP_PCIDEVICE_DEVICETYPE and the PCI base class, pciprop.h.
_EXPRESS_ENDPOINT, _LEGACY_ENDPOINT, _INTEGRATED_ENDPOINT, _TREATED_AS_PCI = 2, 3, 4, 5
_DISPLAY_CONTROLLER = 3

# Message-signalled interrupts have negative numbers, which WMI shows unsigned.
_FIRST_MESSAGE_INTERRUPT = 2**31


def objections(device: Device, *, force: bool) -> list[str]:
    """The rules that the device fails, each as a sentence; none if it is assignable."""
    found = [
        _location(device),
        _reserved_memory(device.properties.get("reserved_memory")),
        "" if force else _access_control(device.properties.get("acs")),
        _type(device.properties.get("device_type"), device.properties.get("base_class")),
        _interrupts(device),
    ]
    return [objection for objection in found if objection]


def _location(device: Device) -> str:
    return "" if device.location_path else "it has no location path that starts with PCIROOT("


def _reserved_memory(value: Any) -> str:
    if value is None:
        return "reserved memory: the firmware does not say whether it needs memory of its own (RequiresReservedMemoryRegion is empty)"
    return "reserved memory: the firmware requires that it stays attached to memory of its own" if value else ""


def _access_control(value: Any) -> str:
    return "access control services: its traffic may be redirected to other devices (force overrides this)" if value == 0 else ""


def _type(device_type: Any, base_class: Any) -> str:
    if device_type in (_EXPRESS_ENDPOINT, _INTEGRATED_ENDPOINT):
        return ""
    if device_type == _LEGACY_ENDPOINT:
        if base_class == _DISPLAY_CONTROLLER:
            return ""
        return "device type: a legacy PCI Express endpoint that is not a display controller"
    if device_type == _TREATED_AS_PCI:
        return "device type: the firmware has kept control of PCI Express for it"
    return f"device type: an old-style PCI device, a bridge or a switch port (type {device_type})"


def _interrupts(device: Device) -> str:
    # A device that is off holds no resources; the survey then stops here as well.
    if device.disabled or not device.interrupts:
        return ""
    if any(number >= _FIRST_MESSAGE_INTERRUPT for number in device.interrupts):
        return ""
    return "interrupts: all of its interrupts are line-based"
