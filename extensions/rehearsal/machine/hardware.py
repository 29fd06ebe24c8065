# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hardware of a simulated server, as the lab file describes it."""
from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface

from .errors import SpecError
from .fields import Fields

GB = 2**30
MB = 2**20

_MAC = r"[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}"
_LOCATION = r"PCIROOT\([0-9A-F]+\)(#PCI\([0-9A-F]{4}\))+"
_INSTANCE = r"PCI\\VEN_[0-9A-F]{4}&DEV_[0-9A-F]{4}\S*\\\S+"


@dataclass(frozen=True)
class Processor:
    """One socket. The last three are the requirement bits of Win32_Processor as the hardware has them, before any hypervisor runs."""

    name: str
    manufacturer: str
    cores: int
    logical: int
    clock_mhz: int
    slat: bool
    vm_monitor: bool
    firmware_virtualization: bool


@dataclass(frozen=True)
class Disk:
    """A local disk. letter: of its one volume, if any; the first disk is the system's."""

    name: str
    size: int
    free: int
    letter: str
    bus_type: int
    serial: str
    media: str


@dataclass(frozen=True)
class Nic:
    """A network adapter. physical is false for a team's or another virtual one; speed in bits a second; addresses: with their prefix
    lengths, besides the uplink's."""

    name: str
    description: str
    mac: str
    status: str
    speed: int
    driver: str
    physical: bool
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class PciDevice:
    """A PCI device. device_type, base_class, acs and reserved_memory are what Microsoft's survey script reads (hyperv-host.md 6.2);
    reserved_memory None means that the property is absent. interrupts: IRQNumber as WMI gives them (MSI from 2**32-1 downwards);
    memory: (first, last) address of each MMIO range; problem: the PnP problem code, 0 for none; in_use: disabling the device takes
    a reboot to come into effect; mitigated: the vendor ships a driver that lets it be dismounted without -Force."""

    name: str
    location_path: str
    instance_id: str
    device_class: str
    device_type: int
    base_class: int
    acs: int
    reserved_memory: bool | None
    interrupts: tuple[int, ...]
    memory: tuple[tuple[int, int], ...]
    location_info: str
    address: int
    problem: int
    in_use: bool
    mitigated: bool


@dataclass(frozen=True)
class Hardware:
    """guest: this server is itself a Hyper-V virtual machine; hypervisor_present: something (VBS, the outer host) runs a hypervisor
    before the Hyper-V role is there; tpm: the version of the TPM (empty: there is none); sr_iov_reason: why the firmware does not let
    Windows control PCI Express (empty: it does)."""

    manufacturer: str
    model: str
    guest: bool
    hypervisor_present: bool
    virtualization_based_security: int
    device_guard_properties: tuple[int, ...]
    tpm: str
    processors: tuple[Processor, ...]
    memory: int
    numa_nodes: int
    disks: tuple[Disk, ...]
    nics: tuple[Nic, ...]
    pci: tuple[PciDevice, ...]
    sr_iov_reason: str

    @property
    def logical_processors(self) -> int:
        return sum(processor.logical for processor in self.processors)


def read_hardware(fields: Fields) -> Hardware:
    guest = fields.flag("guest", False)
    hardware = Hardware(
        manufacturer=fields.text("manufacturer", "Microsoft Corporation" if guest else "Contoso Ltd."),
        model=fields.text("model", "Virtual Machine" if guest else "Rack Server"),
        guest=guest,
        hypervisor_present=fields.flag("hypervisor_present", guest),
        virtualization_based_security=fields.number("virtualization_based_security", 0, maximum=2),
        device_guard_properties=fields.numbers("device_guard_properties", (1, 2, 3), minimum=0, maximum=8),
        tpm=fields.text("tpm", "2.0", choices=("2.0", "1.2", "")),
        processors=tuple(_read_processor(item) for item in fields.children("processors", [{}])),
        memory=fields.number("memory_gb", 64, minimum=1, maximum=2**20) * GB,
        numa_nodes=fields.number("numa_nodes", 1, minimum=1, maximum=64),
        disks=tuple(_read_disk(item, index) for index, item in enumerate(fields.children("disks", [{}]))),
        nics=tuple(_read_nic(item, index) for index, item in enumerate(fields.children("nics", [{}]))),
        pci=tuple(_read_pci(item) for item in fields.children("pci")),
        sr_iov_reason=fields.text("sr_iov_reason", ""),
    )
    fields.done()
    _check(hardware, fields.path)
    return hardware


def _read_processor(fields: Fields) -> Processor:
    cores = fields.number("cores", 8, minimum=1, maximum=1024)
    processor = Processor(
        name=fields.text("name", "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz"),
        manufacturer=fields.text("manufacturer", "GenuineIntel"),
        cores=cores,
        logical=fields.number("logical", 2 * cores, minimum=cores, maximum=8 * cores),
        clock_mhz=fields.number("clock_mhz", 2900, minimum=1, maximum=10000),
        slat=fields.flag("slat", True),
        vm_monitor=fields.flag("vm_monitor", True),
        firmware_virtualization=fields.flag("firmware_virtualization", True),
    )
    fields.done()
    return processor


def _read_disk(fields: Fields, index: int) -> Disk:
    size = fields.number("size_gb", 256, minimum=1)
    disk = Disk(
        name=fields.text("name", "Contoso NVMe"),
        size=size * GB,
        free=fields.number("free_gb", size * 3 // 4, maximum=size) * GB,
        letter=fields.text("letter", "C" if index == 0 else "", pattern=r"[C-Z]?", allowed="a letter from C to Z, or nothing"),
        bus_type=fields.number("bus_type", 17, maximum=19),
        serial=fields.text("serial", f"LOCAL{index:04d}"),
        media=fields.text("media", "SSD", choices=("SSD", "HDD")),
    )
    fields.done()
    return disk


def _read_nic(fields: Fields, index: int) -> Nic:
    suffix = f" #{index + 1}" if index else ""
    nic = Nic(
        name=fields.text("name", f"Ethernet {index + 1}" if index else "Ethernet"),
        description=fields.text("description", f"Contoso 25G Ethernet Adapter{suffix}"),
        mac=fields.text("mac", f"02-00-00-00-00-{index + 1:02X}", pattern=_MAC, allowed="a MAC address such as 02-00-00-00-00-01").upper(),
        status=fields.text("status", "Up", choices=("Up", "Disconnected", "Disabled", "Not Present")),
        speed=fields.number("speed_gbps", 25, minimum=0, maximum=1000) * 10**9,
        driver=fields.text("driver", "contoso.sys"),
        physical=fields.flag("physical", True),
        addresses=fields.texts("addresses"),
    )
    for address in nic.addresses:
        if "/" not in address or not _is_interface(address):
            raise SpecError(fields.at("addresses"), address, "an address with its prefix length, such as 10.0.0.1/24")
    fields.done()
    return nic


def _is_interface(text: str) -> bool:
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True


def _read_pci(fields: Fields) -> PciDevice:
    device = PciDevice(
        name=fields.text("name"),
        location_path=fields.text("location_path", pattern=_LOCATION, allowed="such as PCIROOT(16)#PCI(0000)#PCI(0000)"),
        instance_id=fields.text("instance_id", pattern=_INSTANCE, allowed=r"such as PCI\VEN_10DE&DEV_1EB8&SUBSYS_12A210DE&REV_A1\4&1&0&0"),
        device_class=fields.text("class", "Display"),
        device_type=fields.number("device_type", 2, maximum=14),
        base_class=fields.number("base_class", 3, maximum=255),
        acs=fields.number("acs", 3, maximum=3),
        reserved_memory={"none": False, "required": True, "unknown": None}[
            fields.text("reserved_memory", "none", choices=("none", "required", "unknown"))
        ],
        interrupts=fields.numbers("interrupts", (2**32 - 10,), maximum=2**32 - 1),
        memory=_read_memory(fields),
        location_info=fields.text("location_info", "PCI bus 23, device 0, function 0"),
        address=fields.number("address", 0, maximum=2**32 - 1),
        problem=fields.number("problem", 0, maximum=60),
        in_use=fields.flag("in_use", False),
        mitigated=fields.flag("mitigated", False),
    )
    fields.done()
    return device


def _read_memory(fields: Fields) -> tuple[tuple[int, int], ...]:
    """MMIO ranges are given by their sizes in MB and laid out one after the other from 256 GB on."""
    start = 256 * GB
    ranges = []
    for size in fields.numbers("memory_mb", (16, 256), minimum=1, maximum=2**20):
        ranges.append((start, start + size * MB - 1))
        start += size * MB
    return tuple(ranges)


def _check(hardware: Hardware, path: str) -> None:
    if not hardware.processors:
        raise SpecError(f"{path}.processors", [], "at least one processor")
    if not hardware.disks:
        raise SpecError(f"{path}.disks", [], "at least one disk")
    for key in ("name", "mac"):
        _check_unique(f"{path}.nics", [getattr(nic, key) for nic in hardware.nics])
    for key in ("location_path", "instance_id"):
        _check_unique(f"{path}.pci", [getattr(device, key) for device in hardware.pci])
    _check_unique(f"{path}.disks", [disk.letter for disk in hardware.disks if disk.letter])
    if hardware.numa_nodes > hardware.logical_processors:
        raise SpecError(f"{path}.numa_nodes", hardware.numa_nodes, f"at most one a logical processor ({hardware.logical_processors})")


def _check_unique(path: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise SpecError(path, value, "each name, address and path once")
