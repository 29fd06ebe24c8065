# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab file's host entry: what is refused, and how."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine import HostSpec, SpecError
from rehearsal.machine.spec import KEYS

LOCATION, INSTANCE = "PCIROOT(0)#PCI(0100)", r"PCI\VEN_10DE&DEV_1EB8\4&1"
PCI = {"name": "GPU", "location_path": LOCATION, "instance_id": INSTANCE}
HYPER_V = {"features": {"installed": ["Hyper-V"]}, "hardware": {"nics": [{"name": "a"}]}}


def test_nothing_but_defaults() -> None:
    spec = HostSpec.from_mapping({}, "hosts.a")
    assert (spec.os.version, spec.os.build, spec.hardware.logical_processors, spec.hardware.memory) == ("2022", 20348, 16, 64 * 2**30)
    assert [disk.letter for disk in spec.hardware.disks] == ["C"]


@pytest.mark.parametrize(("mapping", "path"), [
    ({"colour": "red"}, "hosts.a.colour"),
    ({"os": {"version": 2022}}, "hosts.a.os.version"),
    ({"os": {"version": "2008"}}, "hosts.a.os.version"),
    ({"os": {"editon": "Standard"}}, "hosts.a.os.editon"),
    ({"os": "2022"}, "hosts.a.os"),
    ({"hardware": {"memory_gb": "64"}}, "hosts.a.hardware.memory_gb"),
    ({"hardware": {"memory_gb": True}}, "hosts.a.hardware.memory_gb"),
    ({"hardware": {"memory_gb": 0}}, "hosts.a.hardware.memory_gb"),
    ({"hardware": {"processors": []}}, "hosts.a.hardware.processors"),
    ({"hardware": {"processors": [{}, {"cores": 4, "logical": 2}]}}, "hosts.a.hardware.processors[1].logical"),
    ({"hardware": {"processors": [{"slat": "yes"}]}}, "hosts.a.hardware.processors[0].slat"),
    ({"hardware": {"numa_nodes": 17}}, "hosts.a.hardware.numa_nodes"),
    ({"hardware": {"nics": [{"mac": "02:00:00:00:00:01"}]}}, "hosts.a.hardware.nics[0].mac"),
    ({"hardware": {"nics": [{"name": "a"}, {"name": "a"}]}}, "hosts.a.hardware.nics"),
    ({"hardware": {"disks": [{"size_gb": 10, "free_gb": 11}]}}, "hosts.a.hardware.disks[0].free_gb"),
    ({"hardware": {"pci": [{"name": "GPU"}]}}, "hosts.a.hardware.pci[0].location_path"),
    ({"hardware": {"pci": [{**PCI, "location_path": "bus 4"}]}}, "hosts.a.hardware.pci[0].location_path"),
    ({"hardware": {"pci": [PCI, PCI]}}, "hosts.a.hardware.pci"),
    ({"features": {"installed": ["HyperV"]}}, "hosts.a.features.installed"),
    ({"features": {"installed": ["Hyper-V"], "removed": ["Hyper-V"]}}, "hosts.a.features.removed"),
    ({"os": {"edition": "Standard"}, "features": {"installed": ["HostGuardian"]}}, "hosts.a.features.installed"),
    ({"storage": {"luns": [{"paths": 0}]}}, "hosts.a.storage.luns[0].paths"),
    ({"storage": {"luns": [{"vendor": "A name too long"}]}}, "hosts.a.storage.luns[0].vendor"),
    ({"storage": {"luns": [{"serial": "1"}, {"serial": "1"}]}}, "hosts.a.storage.luns"),
    ({"storage": {"san_policy": "Offline Shared"}}, "hosts.a.storage.san_policy"),
    ({"time": {"start_mode": "automatic"}}, "hosts.a.time.start_mode"),
    ({"time": {"policy": {"Server": "x"}}}, "hosts.a.time.policy.Server"),
    ({"timing": {"reboot_seconds": -1}}, "hosts.a.timing.reboot_seconds"),
    ({"pending": ["windows_update"]}, "hosts.a.pending"),
    ({"virtual_machines": [{"name": "vm"}]}, "hosts.a.virtual_machines[0]"),
    ({"features": {"installed": ["Hyper-V"]}, "virtual_machines": [{"name": "vm", "devices": [LOCATION]}]},
     "hosts.a.virtual_machines[0].devices"),
    ({"switches": [{"name": "s", "type": "Internal"}]}, "hosts.a.switches[0]"),
    ({**HYPER_V, "switches": [{"name": "s"}]}, "hosts.a.switches[0].adapters"),
    ({**HYPER_V, "switches": [{"name": "s", "type": "Private", "adapters": ["a"]}]}, "hosts.a.switches[0].adapters"),
    ({**HYPER_V, "switches": [{"name": "s", "adapters": ["b"]}]}, "hosts.a.switches[0].adapters"),
    ({**HYPER_V, "switches": [{"name": "s", "adapters": ["a"]}, {"name": "t", "adapters": ["a"]}]}, "hosts.a.switches[1].adapters"),
    ({**HYPER_V, "switches": [{"name": "s", "type": "Private", "extensions": [{"name": "x", "kind": "Filter"}]}]},
     "hosts.a.switches[0].extensions[0].kind"),
    ({"computer_name": "two words"}, "hosts.a.computer_name"),
])
def test_refusals_name_the_place_the_value_and_what_is_allowed(mapping: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        HostSpec.from_mapping(mapping, "hosts.a")
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: {caught.value.value!r} is not allowed; allowed: ")


def test_the_keys_are_the_ones_that_are_read() -> None:
    with pytest.raises(SpecError) as caught:
        HostSpec.from_mapping({"x": 1}, "h")
    assert set(caught.value.allowed.removeprefix("one of the keys ").split(", ")) == KEYS


def test_a_guest_is_a_hyper_v_guest_under_a_hypervisor() -> None:
    hardware = HostSpec.from_mapping({"hardware": {"guest": True}}, "h").hardware
    assert (hardware.manufacturer, hardware.model, hardware.hypervisor_present) == ("Microsoft Corporation", "Virtual Machine", True)
