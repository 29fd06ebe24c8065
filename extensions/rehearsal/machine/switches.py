# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual switches, and the network that the controller reaches the server over."""
from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_interface
from typing import Any

from .errors import SpecError
from .fields import Fields
from .spec_switches import SwitchExtensionSpec, SwitchSpec


@dataclass(frozen=True)
class VmSwitch:
    """adapters: names of hardware.nics, several are a switch-embedded team; bandwidth: a name of VMSwitchBandwidthMode; vlan: of the
    management adapter, 0 for untagged; made_here: not from the lab file; load_balancing: of a team, a name of
    VMSwitchLoadBalancingAlgorithm."""

    id: uuid.UUID
    name: str
    type: str
    adapters: tuple[str, ...]
    allow_management_os: bool
    extensions: tuple[SwitchExtensionSpec, ...] = ()
    notes: str = ""
    bandwidth: str = "Weight"
    iov: bool = False
    vlan: int = 0
    made_here: bool = True
    load_balancing: str = "Dynamic"

    @property
    def managed(self) -> bool:
        """Whether the management operating system has an adapter on it."""
        return self.type == "Internal" or (self.type == "External" and self.allow_management_os)

    @property
    def interface(self) -> str:
        """The name of that adapter among the network adapters of Windows."""
        return f"vEthernet ({self.name})"

    def dump(self) -> dict[str, Any]:
        return {**asdict(self), "id": str(self.id)}

    @classmethod
    def load(cls, data: dict[str, Any]) -> VmSwitch:
        extensions = tuple(SwitchExtensionSpec(**item) for item in data["extensions"])
        return cls(**{**data, "id": uuid.UUID(data["id"]), "adapters": tuple(data["adapters"]), "extensions": extensions})


def from_spec(machine: str, spec: SwitchSpec, uplink: UplinkSpec) -> VmSwitch:
    """A switch of the lab file; over the uplink it lets the controller through."""
    identifier = uuid.uuid5(uuid.NAMESPACE_DNS, f"switch.{spec.name}.{machine}")
    vlan = uplink.vlan if uplink.adapter in spec.adapters else 0
    return VmSwitch(
        identifier, spec.name, spec.type, spec.adapters, spec.allow_management_os, spec.extensions, vlan=vlan, made_here=False,
    )


@dataclass(frozen=True)
class UplinkSpec:
    """The adapter that sessions come over, and its configuration; empty: the server has none.

    vlan: what the management adapter of a switch over it must have for the controller to get through; outage_seconds: how long the
    network is away when the adapter is bound anew; link_returns, keeps_name_servers: what a new switch over it does to the host.
    """

    adapter: str
    address: str
    gateway: str
    name_servers: tuple[str, ...]
    session_port: int
    vlan: int
    outage_seconds: float
    link_returns: bool
    keeps_name_servers: bool


def read_uplink(fields: Fields, adapters: tuple[str, ...], switches: tuple[SwitchSpec, ...]) -> UplinkSpec:
    """By default the first adapter that no switch keeps from the server itself."""
    taken = {name for switch in switches if not switch.allow_management_os for name in switch.adapters}
    free = tuple(name for name in adapters if name not in taken)
    spec = UplinkSpec(
        adapter=fields.text("adapter", free[0] if free else "", choices=(*free, "")),
        address=fields.text("address", "192.0.2.10/24"),
        gateway=fields.text("gateway", "192.0.2.1"),
        name_servers=fields.texts("name_servers", ["192.0.2.53"]),
        session_port=fields.number("session_port", 5985, minimum=1, maximum=65535),
        vlan=fields.number("vlan", 0, maximum=4094),
        outage_seconds=fields.seconds("outage_seconds", 0.5),
        link_returns=fields.flag("link_returns", True),
        keeps_name_servers=fields.flag("keeps_name_servers", True),
    )
    fields.done()
    _check(fields, "address", spec.address, ip_interface)
    for key, texts in (("gateway", (spec.gateway,)), ("name_servers", spec.name_servers)):
        for text in texts:
            _check(fields, key, text, ip_address)
    return spec


def _check(fields: Fields, key: str, text: str, parse: Callable[[str], object]) -> None:
    try:
        parse(text)
    except ValueError:
        raise SpecError(fields.at(key), text, "an IP address, with its prefix length for address") from None


class Uplink:
    """Whether the controller reaches the server, worked out from the switches whenever somebody asks."""

    def __init__(self, spec: UplinkSpec, switches: Callable[[], list[VmSwitch]], now: Callable[[], datetime]) -> None:
        self.spec = spec
        self.away_until: datetime | None = None
        self._switches = switches
        self._now = now
        self._cut = False

    @property
    def switch(self) -> VmSwitch | None:
        return next((switch for switch in self._switches() if self.spec.adapter in switch.adapters), None)

    @property
    def interface(self) -> str:
        """The name of the adapter that has the address; empty where the address is lost."""
        switch = self.switch
        if switch is None:
            return self.spec.adapter
        return switch.interface if switch.managed else ""

    @property
    def name_servers(self) -> tuple[str, ...]:
        switch = self.switch
        lost = switch is not None and switch.made_here and not self.spec.keeps_name_servers
        return () if lost else self.spec.name_servers

    @property
    def reachable(self) -> bool:
        if self.away_until is not None and self._now() < self.away_until:
            return False
        switch = self.switch
        if switch is None:
            return True
        return switch.managed and switch.vlan == self.spec.vlan and (self.spec.link_returns or not switch.made_here)

    def bound_anew(self) -> None:
        """The adapter's bindings change: everybody's connections end, for as long as it takes."""
        self._cut = True
        self.away_until = self._now() + timedelta(seconds=self.spec.outage_seconds)

    def take_cut(self) -> bool:
        """Whether connections were cut since somebody last asked."""
        cut, self._cut = self._cut, False
        return cut
