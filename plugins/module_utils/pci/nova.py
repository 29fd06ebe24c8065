# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How nova sees a dismounted device: the address that os-win computes, and the [pci] device_spec entry that matches it."""
from __future__ import annotations

import re
from dataclasses import dataclass

from .devices import Device

# nova's limits for the parts of an address (nova.pci.devspec).
_MAX_BUS, _MAX_SLOT, _MAX_FUNCTION = 0xFF, 0x1F, 7


@dataclass(frozen=True)
class NovaView:
    """address and device_spec are None where nova cannot use the device; `warnings` then say why."""

    address: str | None
    device_spec: dict[str, str] | None
    warnings: tuple[str, ...]


def nova_view(device: Device) -> NovaView:
    """What os-win 5.9.0 (hostutils10.get_pci_passthrough_devices) and nova 28 make of the device."""
    if "&SUBSYS" not in device.instance_id.upper() or not device.vendor_id:
        return _hidden("its instance id has no VEN_, DEV_ and SUBSYS_ in a row, so os-win does not report it to nova")
    location = device.properties.get("location_info") or ""
    numbers = [int(number) for number in re.findall(r"\b\d+\b", location)]
    if len(numbers) != 3:
        return _hidden(f"its location text '{location}' has {len(numbers)} numbers instead of 3, so os-win does not report it to nova")
    slot = device.properties.get("address")
    if slot is None:
        return _hidden("it has no DEVPKEY_Device_Address, so os-win does not report it to nova")
    # os-win takes the number of the device for the PCI domain, and Windows' address (device << 16 | function) for the slot.
    bus, number, function = numbers
    address = f"{number:04x}:{bus:02x}:{slot:02x}.{function:x}"
    if bus > _MAX_BUS or slot > _MAX_SLOT or function > _MAX_FUNCTION:
        return NovaView(address, None, (f"nova refuses the address {address} that os-win computes for it",))
    return _with_address(device, address)


def _with_address(device: Device, address: str) -> NovaView:
    if (device.vendor_id + device.product_id).isdecimal():
        return NovaView(address, {"vendor_id": device.vendor_id, "product_id": device.product_id}, ())
    warning = (
        f"nova never matches it by vendor_id and product_id: it compares them in lower case with {device.vendor_id} and"
        f" {device.product_id}, as os-win reports them; use its address {address}"
    )
    return NovaView(address, {"address": address}, (warning,))


def _hidden(reason: str) -> NovaView:
    return NovaView(None, None, (reason,))
