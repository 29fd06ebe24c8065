# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The virtual switches of the lab file."""
from __future__ import annotations

from dataclasses import dataclass

from .errors import SpecError
from .fields import Fields

SWITCH_TYPES = ("Private", "Internal", "External")
EXTENSION_TYPES = ("Capture", "Filter", "Forwarding", "Monitoring")


@dataclass(frozen=True)
class SwitchExtensionSpec:
    """An extension of a virtual switch. type: as in VMSwitchExtensionType."""

    name: str
    type: str
    vendor: str
    enabled: bool


@dataclass(frozen=True)
class SwitchSpec:
    """A virtual switch that is on the host already. adapters: names of hardware.nics; several are a switch-embedded team."""

    name: str
    type: str
    adapters: tuple[str, ...]
    allow_management_os: bool
    extensions: tuple[SwitchExtensionSpec, ...]


def read_switch(fields: Fields) -> SwitchSpec:
    spec = SwitchSpec(
        name=fields.text("name"),
        type=fields.text("type", "External", choices=SWITCH_TYPES),
        adapters=fields.texts("adapters"),
        allow_management_os=fields.flag("allow_management_os", True),
        extensions=tuple(_read_extension(item) for item in fields.children("extensions")),
    )
    fields.done()
    if bool(spec.adapters) != (spec.type == "External"):
        raise SpecError(fields.at("adapters"), spec.adapters, "network adapters for an External switch, none for any other")
    return spec


def _read_extension(fields: Fields) -> SwitchExtensionSpec:
    spec = SwitchExtensionSpec(
        name=fields.text("name"),
        type=fields.text("type", "Forwarding", choices=EXTENSION_TYPES),
        vendor=fields.text("vendor", ""),
        enabled=fields.flag("enabled", True),
    )
    fields.done()
    return spec
