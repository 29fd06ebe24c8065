# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PCI devices that are taken from the host, for nova to give them to virtual machines (Discrete Device Assignment)."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Answers, CmdletError
from ..calls import Call, Cmdlet, Retry
from ..evidence import pci_dismount as second_path
from ..pci.devices import Device, devices, matches, read_devices
from ..pci.nova import nova_view
from ..pci.survey import objections
from ..plans import Difference, Plan

_SELECTORS = ("location_path", "instance_id", "vendor_id", "product_id", "class")
_FORMS = {
    "location_path": (re.compile(r"PCIROOT\([^)]*\)(#[^#]+)+", re.IGNORECASE), "a path such as PCIROOT(40)#PCI(0200)#PCI(0000)"),
    "instance_id": (re.compile(r"PCIP?\\[^*?\[\]]+", re.IGNORECASE), "an id of Plug and Play that starts with PCI\\"),
    "vendor_id": (re.compile(r"[0-9a-f]{4}", re.IGNORECASE), "four hexadecimal digits"),
    "product_id": (re.compile(r"[0-9a-f]{4}", re.IGNORECASE), "four hexadecimal digits"),
}

# Plug and Play settles, and Hyper-V registers, within seconds; both are asynchronous.
_SETTLED = Retry(count=10, seconds=1)


class PciDismount:
    """Selects devices, surveys whether they can be assigned, and disables and dismounts them; or mounts and enables them again."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        host = Cmdlet("host", "Get-VMHost", properties=("IovSupport", "IovSupportReasons"))
        return [host, *read_devices(options["devices"], with_interrupts=options["state"] == "present")]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        malformed = _malformed(options["devices"])
        if malformed:
            return Plan(refusals=malformed, state={"devices": []})
        error = answers["host"].error
        found = devices(answers, hyper_v=error is None)
        selected = [device for device in found if any(matches(selector, device) for selector in options["devices"])]
        wanted = "dismounted" if options["state"] == "present" else "mounted"
        to_change = [device for device in selected if device.condition != wanted and not device.waits_for_restart]
        refusals = (*_unmatched(options["devices"], found), *_refusals(options, to_change, answers))
        return Plan(
            differences=() if refusals else tuple(_difference(device, wanted) for device in to_change),
            calls=() if refusals or error else _calls(options, to_change),
            warnings=_warnings(options, selected),
            refusals=refusals,
            blockers=(f"the Hyper-V role is not in effect on this host [{error.id}]",) if error else (),
            reboot=tuple(_waiting(device, wanted) for device in selected if device.waits_for_restart),
            state={"devices": [_state(device) for device in selected]},
        )

    def explain(self, error: CmdletError) -> str:
        """What a failed call means for an operator, or an empty string."""
        if error.id.startswith("ConditionNotMet"):
            return "The device is in use and is switched off only when the host restarts. Restart the host, and run this again."
        if error.id.startswith("OperationFailed,Microsoft.HyperV.PowerShell.Commands.DismountVMHostAssignableDevice"):
            return (
                "The device stays disabled. Windows asks for force where the vendor has no driver that secures the device; other causes"
                " are a firmware that keeps control of PCI Express, and a virtualization driver (pcip.sys) that does not load."
            )
        return ""

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = PciDismount()


def _malformed(selectors: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    refusals = []
    for index, selector in enumerate(selectors):
        if all(selector[name] is None for name in _SELECTORS):
            refusals.append(f"devices[{index}] selects nothing; give one or more of {', '.join(_SELECTORS)}")
        if selector["product_id"] is not None and selector["vendor_id"] is None:
            refusals.append(f"devices[{index}].product_id is '{selector['product_id']}' without a vendor_id")
        if selector["count"] is not None and selector["count"] < 1:
            refusals.append(f"devices[{index}].count is {selector['count']}; allowed is 1 and more")
        refusals += [
            f"devices[{index}].{name} is '{selector[name]}'; allowed is {allowed}"
            for name, (form, allowed) in _FORMS.items()
            if selector[name] is not None and not form.fullmatch(selector[name])
        ]
    return tuple(refusals)


def _unmatched(selectors: Sequence[Mapping[str, Any]], found: Sequence[Device]) -> list[str]:
    refusals = []
    for index, selector in enumerate(selectors):
        number = sum(matches(selector, device) for device in found)
        given = ", ".join(f"{name} {selector[name]}" for name in _SELECTORS if selector[name] is not None)
        if number == 0:
            refusals.append(f"devices[{index}] ({given}) matches no PCI device of this host")
        elif selector["count"] not in (None, number):
            refusals.append(f"devices[{index}] ({given}) matches {number} devices, expected {selector['count']}")
    return refusals


def _refusals(options: Mapping[str, Any], to_change: Sequence[Device], answers: Answers) -> list[str]:
    if options["state"] == "absent":
        return [
            f"{device} is assigned to the virtual machine '{device.assigned_to}'; take it from there first"
            for device in to_change
            if device.assigned_to
        ]
    refusals = [f"{device} is not assignable: {rule}" for device in to_change for rule in objections(device, force=options["force"])]
    if to_change and answers["host"].ok and not answers.row("host")["IovSupport"]:
        reasons = " ".join(answers.row("host")["IovSupportReasons"] or ())
        refusals.append(f"this host cannot give devices to virtual machines (IovSupport is false): {reasons}")
    return refusals


def _difference(device: Device, wanted: str) -> Difference:
    return Difference(f"devices.{_key(device)}", device.condition, wanted)


def _key(device: Device) -> str:
    """What stays the same when the device is dismounted."""
    return device.location_path or device.own_id


def _calls(options: Mapping[str, Any], to_change: Sequence[Device]) -> tuple[Call, ...]:
    calls: list[Call] = []
    for number, device in enumerate(to_change, 1):
        calls += _take(device, number, force=options["force"]) if options["state"] == "present" else _give_back(device, number)
    return tuple(calls)


def _take(device: Device, number: int, *, force: bool) -> list[Call]:
    node = {"InstanceId": device.instance_id}
    switch_off = [
        Cmdlet(f"disable_{number}", "Disable-PnpDevice", {**node, "Confirm": False}),
        # A device in use stays on until the host restarts; to dismount it nevertheless would fail less clearly.
        _settle(f"off_{number}", device.instance_id, "ConfigManagerErrorCode", "CM_PROB_DISABLED"),
    ]
    parameters = {"LocationPath": device.location_path, "Confirm": False, **({"Force": True} if force else {})}
    return [*([] if device.disabled else switch_off), Cmdlet(f"dismount_{number}", "Dismount-VMHostAssignableDevice", parameters)]


def _give_back(device: Device, number: int) -> list[Call]:
    mount = [
        Cmdlet(f"mount_{number}", "Mount-VMHostAssignableDevice", {"LocationPath": device.location_path, "Confirm": False}),
        _settle(f"back_{number}", device.own_id, "Present", True),
    ]
    # It comes back disabled (Microsoft: "Deploy graphics devices by using Discrete Device Assignment").
    enable = Cmdlet(f"enable_{number}", "Enable-PnpDevice", {"InstanceId": device.own_id, "Confirm": False})
    return [*(mount if device.dismounted else []), enable]


def _settle(call: str, instance_id: str, name: str, value: Any) -> Cmdlet:
    return Cmdlet(call, "Get-PnpDevice", {"InstanceId": instance_id}, (name,), until={name: value}, retry=_SETTLED)


def _warnings(options: Mapping[str, Any], selected: Sequence[Device]) -> tuple[str, ...]:
    if options["state"] == "absent":
        return ()
    unchecked = [
        f"{_key(device)}: its interrupts cannot be checked while it is disabled" for device in selected if device.condition == "disabled"
    ]
    return (*unchecked, *(f"{_key(device)}: {warning}" for device in selected for warning in nova_view(device).warnings))


def _waiting(device: Device, wanted: str) -> str:
    return f"{device} is in use and can be {wanted} only after a restart of the host, by running this again"


def _state(device: Device) -> dict[str, Any]:
    view = nova_view(device)
    return {
        "location_path": device.location_path or None,
        "instance_id": device.instance_id,
        "class": device.device_class,
        "condition": device.condition,
        "vendor_id": device.vendor_id,
        "product_id": device.product_id,
        "assigned_to": device.assigned_to or None,
        "address": view.address,
        "device_spec": view.device_spec,
        "warnings": list(view.warnings),
    }
