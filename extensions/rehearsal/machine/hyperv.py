# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Hyper-V host's own settings and its virtual machines."""
from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .spec import HostSpec
from .switches import VmSwitch, from_spec

# Defaults of a fresh host: hyperv-host.md 4, 5.1 and 8. One entry a settable property of Microsoft.HyperV.PowerShell.VMHost.
_DEFAULTS: dict[str, Any] = {
    "NumaSpanningEnabled": True,
    "EnableEnhancedSessionMode": False,
    "MaximumStorageMigrations": 2,
    "MaximumVirtualMachineMigrations": 2,
    "UseAnyNetworkForMigration": False,
    "VirtualMachineMigrationEnabled": False,
    "VirtualMachineMigrationAuthenticationType": "CredSSP",
    "VirtualMachineMigrationPerformanceOption": "Compression",
    "VirtualMachinePath": r"C:\ProgramData\Microsoft\Windows\Hyper-V",
    "VirtualHardDiskPath": r"C:\Users\Public\Documents\Hyper-V\Virtual Hard Disks",
    "ResourceMeteringSaveInterval": 3600.0,
    "FibreChannelWwnn": "C003FF0000FFFF00",
    "FibreChannelWwpnMinimum": "C003FF0000000000",
    "FibreChannelWwpnMaximum": "C003FF000000FFFF",
}


@dataclass(frozen=True)
class VirtualMachine:
    id: uuid.UUID
    name: str
    state: str


@dataclass(frozen=True)
class NumaNode:
    """Memory in MB. logical_processors: how many."""

    id: int
    logical_processors: int
    memory_mb: int


@dataclass(frozen=True)
class MigrationNetwork:
    """subnet: with its prefix length; a lower priority comes first, None is no priority."""

    subnet: str
    priority: int | None


class HyperV:
    """settings: named as the properties of the VMHost object; numa_spanning_in_effect: what vmms read when it last started;
    takes_networks_from: vmms refuses migration networks until then, where live migration was just switched on.
    switches: a list that is replaced in place."""

    def __init__(self, name: str, spec: HostSpec, note: Callable[[str], None]) -> None:
        digest = hashlib.sha256(name.encode()).hexdigest().upper()[:4]
        self.settings = {**_DEFAULTS, "MacAddressMinimum": f"00155D{digest}00", "MacAddressMaximum": f"00155D{digest}FF"}
        self.numa_spanning_in_effect = True
        self.networks: tuple[MigrationNetwork, ...] = ()
        self.takes_networks_from: datetime | None = None
        self.virtual_machines = tuple(
            VirtualMachine(uuid.uuid5(uuid.NAMESPACE_DNS, f"{vm.name}.{name}"), vm.name, vm.state) for vm in spec.virtual_machines
        )
        self.switches = [from_spec(name, switch, spec.uplink) for switch in spec.switches]
        self._hardware = spec.hardware
        self._note = note

    def set(self, name: str, value: Any) -> None:
        if self.settings[name] != value:
            self.settings[name] = value
            self._note(f"Hyper-V host: {name} = {value}")

    def set_networks(self, networks: Iterable[MigrationNetwork]) -> None:
        self.networks = tuple(networks)
        self._note(f"migration networks: {', '.join(network.subnet for network in self.networks) or 'none'}")

    def numa_nodes(self) -> list[NumaNode]:
        """Processors and memory spread evenly, what is left over on the first nodes."""
        count = self._hardware.numa_nodes
        processors, extra = divmod(self._hardware.logical_processors, count)
        memory = self._hardware.memory // 2**20 // count
        return [NumaNode(index, processors + (index < extra), memory) for index in range(count)]

    def vmms_started(self) -> None:
        """NUMA spanning takes effect when vmms starts (compute-hyperv: install/prerequisites)."""
        self.numa_spanning_in_effect = self.settings["NumaSpanningEnabled"]

    def dump(self) -> dict[str, Any]:
        networks = [[network.subnet, network.priority] for network in self.networks]
        takes_from = self.takes_networks_from.isoformat() if self.takes_networks_from else None
        return {
            "settings": self.settings,
            "numa_spanning_in_effect": self.numa_spanning_in_effect,
            "networks": networks,
            "takes_networks_from": takes_from,
            "switches": [switch.dump() for switch in self.switches],
        }

    def load(self, data: dict[str, Any]) -> None:
        self.settings = dict(data["settings"])
        self.numa_spanning_in_effect = data["numa_spanning_in_effect"]
        self.networks = tuple(MigrationNetwork(subnet, priority) for subnet, priority in data["networks"])
        self.switches[:] = [VmSwitch.load(item) for item in data["switches"]]
        takes_from = data["takes_networks_from"]
        self.takes_networks_from = datetime.fromisoformat(takes_from) if takes_from else None


def obstacles(spec: HostSpec) -> list[str]:
    """Why the role cannot be installed on this hardware: the installer's own sentences (hyperv-host.md 2.5)."""
    hardware = spec.hardware
    if hardware.hypervisor_present and not hardware.guest:
        return []
    if hardware.guest and not all(item.vm_monitor for item in hardware.processors):
        return ["Hyper-V cannot be installed: A hypervisor is already running."]
    found = []
    if not all(item.slat and item.vm_monitor for item in hardware.processors):
        found.append("Hyper-V cannot be installed: The processor does not have required virtualization capabilities.")
    if not all(item.firmware_virtualization for item in hardware.processors):
        found.append("Hyper-V cannot be installed because virtualization support is not enabled in the BIOS.")
    if not spec.os.data_execution_prevention:
        found.append("Hyper-V cannot be installed: Data Execution Prevention is not enabled.")
    return found
