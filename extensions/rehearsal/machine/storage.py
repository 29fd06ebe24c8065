# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks as Windows shows them, and the multipath driver that decides it. Sources: storage-and-time.md 1."""
from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ..powershell.errors import not_modelled
from .disk_content import GPT, DiskContent, formatted
from .hardware import Disk
from .registry import Registry
from .shared_luns import SharedDisk
from .storage_spec import SAN_POLICIES, Lun, StorageSpec

SERVICES = r"HKLM:\SYSTEM\CurrentControlSet\Services"
MPIO_KEY = rf"{SERVICES}\mpio\Parameters"
MSDSM_KEY = rf"{SERVICES}\msdsm\Parameters"
DISK_KEY = rf"{SERVICES}\Disk"
PARTITIONS_KEY = rf"{SERVICES}\partmgr\Parameters"
MPDEV_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Control\MPDEV"

# MSFT_Disk.BusType (storage-and-time.md 1.7).
BUS_TYPES = {"iscsi": 9, "fibre_channel": 6, "sas": 10, "spaces": 16}
# The ids that claim a whole bus: (vendor, product) as Get-MSDSMSupportedHW splits them (storage-and-time.md 1.4).
BUS_IDS = {"iscsi": ("MSFT2005", "iSCSIBusType_0x9"), "sas": ("MSFT2011", "SASBusType_0xA"), "fibre_channel": ("MSFT2015", "FCBusType_0x6")}
PLACEHOLDER = ("Vendor 8", "Product 16")
POLICIES = {"None": 0, "FOO": 1, "RR": 2, "LQD": 4, "LB": 6}

POLICY, REDUNDANT_PATH = 1, 2
_DISK_INTERFACE = "{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"


@dataclass(frozen=True)
class ShownDisk:
    """A disk as MSFT_Disk describes it. offline_reason is 0 for a disk that is online; media: HDD, SSD or empty for unknown."""

    number: int
    friendly_name: str
    manufacturer: str
    model: str
    serial: str
    path: str
    unique_id: str
    unique_id_format: int
    bus_type: int
    size: int
    offline_reason: int
    system: bool
    location: str
    letter: str
    content: DiskContent
    read_only: bool = False
    clustered: bool = False
    local: bool = False
    media: str = ""


class Storage:
    """The multipath claims live in the registry; `claimed` is what the driver took at the last boot or claim.

    shared: the disks that others see as well. pool_members: serial numbers of disks in a storage pool.
    cluster_role: of a disk, "owner" or "other" on a node of the cluster that has it, else empty.
    """

    def __init__(
        self, name: str, registry: Registry, disks: tuple[Disk, ...], spec: StorageSpec, note: Callable[[str], None],
    ) -> None:
        self.name = name
        self.spec = spec
        self.shared: Callable[[], list[SharedDisk]] = list
        self.shared_changed: Callable[[], None] = lambda: None
        self.cluster_role: Callable[[DiskContent], str] = lambda content: ""
        self.pool_members: Callable[[], Collection[str]] = tuple
        self.default_policy = "None"
        self.claimed: list[tuple[str, str]] = []
        self.node_address = spec.initiator
        self._registry = registry
        self._disks = disks
        self._note = note
        self._contents = {disk.serial: _fresh(name, disk) for disk in disks}
        self._contents.update({lun.serial: DiskContent(lun.size) for lun in spec.luns})

    # Claims

    def install_multipath(self) -> None:
        """What the driver packages bring: the driver defaults and the supported list with its placeholder."""
        for name, value in (("PathVerificationPeriod", 30), ("PDORemovePeriod", 20), ("RetryCount", 3), ("RetryInterval", 1),
                            ("PathVerifyEnabled", 0), ("UseCustomPathRecoveryInterval", 0), ("PathRecoveryInterval", 40)):
            if not self._registry.has(MPIO_KEY, name):
                self._registry.set(MPIO_KEY, name, value, "DWord")
        if not self._registry.has(MPDEV_KEY, "MPIOSupportedDeviceList"):
            self._write([PLACEHOLDER])

    def supported(self) -> list[tuple[str, str]]:
        """(vendor, product), unpadded, in their order."""
        entries = self._registry.get(MSDSM_KEY, "DsmSupportedDeviceList", [])
        return [(entry[:8].rstrip(), entry[8:].rstrip()) for entry in entries]

    def add_supported(self, vendor: str, product: str) -> bool:
        """False where the pair is there already. Compared exactly, as the driver does."""
        if (vendor, product) in self.supported():
            return False
        self._write([*self.supported(), (vendor, product)])
        self._note(f"multipath: {vendor}/{product} added to the supported hardware")
        return True

    def remove_supported(self, vendor: str, product: str) -> bool:
        if (vendor, product) not in self.supported():
            return False
        self._write([pair for pair in self.supported() if pair != (vendor, product)])
        self._note(f"multipath: {vendor}/{product} removed from the supported hardware")
        return True

    def _write(self, pairs: list[tuple[str, str]]) -> None:
        entries = [f"{vendor:<8}{product:<16}" for vendor, product in pairs]
        self._registry.set(MPDEV_KEY, "MPIOSupportedDeviceList", entries, "MultiString")
        self._registry.set(MSDSM_KEY, "DsmSupportedDeviceList", entries, "MultiString")

    def claim(self) -> None:
        """The driver takes what the lists say now: at boot, and when the claims are updated."""
        self.claimed = self.supported()

    def is_claimed(self, lun: Lun) -> bool:
        """By its own ids or by its bus. What an entry does that is only the beginning of the product's id is refused, as not known."""
        if (lun.vendor, lun.product) in self.claimed or BUS_IDS[lun.transport] in self.claimed:
            return True
        for vendor, product in self.claimed:
            if vendor == lun.vendor and lun.product.startswith(product):
                what = f"a claim of {vendor}/{product} where the LUN's product is {lun.product}"
                raise not_modelled(what, "say in machine/storage.py what MPIO does then")
        return False

    def set_default_policy(self, policy: str) -> None:
        if policy != self.default_policy:
            self.default_policy = policy
            self._note(f"multipath: default load balance policy {policy}")

    # Disks

    @property
    def new_disk_policy(self) -> int:
        """What stands in the registry, else what this server came with."""
        return int(self._registry.get(PARTITIONS_KEY, "SanPolicy", SAN_POLICIES[self.spec.san_policy]))

    def set_new_disk_policy(self, policy: int) -> None:
        if policy != self.new_disk_policy:
            self._registry.set(PARTITIONS_KEY, "SanPolicy", policy, "DWord")
            self._note(f"storage: new disk policy {policy}")

    def set_node_address(self, name: str) -> None:
        if name != self.node_address:
            self.node_address = name
            self._note(f"storage: iSCSI name {name}")

    def disks(self) -> list[ShownDisk]:
        """The local disks, then each LUN: once where multipath claimed it, else once a path. What a storage pool has taken is no disk."""
        pooled = self.pool_members()
        return [disk for disk in self.physical_disks() if disk.serial not in pooled]

    def physical_disks(self) -> list[ShownDisk]:
        """As disks, with those of a pool."""
        shown = [self._local(number, disk) for number, disk in enumerate(self._disks)]
        luns = [(lun, self._contents[lun.serial], False) for lun in self.spec.luns]
        luns += [(disk.lun, disk.content, disk.virtual) for disk in self.shared() if not disk.lost]
        for index, (lun, content, virtual) in enumerate(luns):
            claimed = virtual or self.is_claimed(lun)
            for path in range(1 if claimed else lun.paths):
                shown.append(self._lun(len(shown), index, lun, path, claimed, content))
        return shown

    def set_online(self, disk: ShownDisk, online: bool) -> None:
        if online == (disk.offline_reason == 0):
            return
        disk.content.online[self.name] = online
        self.disk_changed(f"disk {disk.number} is {'online' if online else 'offline'}")

    def set_writable(self, disk: ShownDisk, writable: bool) -> None:
        if writable == (not disk.read_only):
            return
        disk.content.writable[self.name] = writable
        self.disk_changed(f"disk {disk.number} is {'writable' if writable else 'read only'}")

    def disk_changed(self, what: str) -> None:
        """Something was changed in a disk's content, which may be one that others see."""
        self.shared_changed()
        self._note(f"storage: {what}")

    def _lun(self, number: int, index: int, lun: Lun, path: int, claimed: bool, content: DiskContent) -> ShownDisk:
        bus = "mpio" if claimed else "scsi"
        hardware = f"disk&ven_{lun.vendor}&prod_{lun.product}".lower().replace(" ", "_")
        instance = f"1&7f6ac24&0&{index:04x}{'' if claimed else f'{path:02x}'}"
        vendor_specific = lun.unique_id_format == 0 and not claimed
        role = self.cluster_role(content)
        by_policy = self.new_disk_policy in (2, 3)
        online = content.online.get(self.name, not by_policy)
        if role:
            online = role == "owner"
        return ShownDisk(
            number=number,
            friendly_name=f"{lun.vendor} {lun.product}".strip(),
            manufacturer=lun.vendor,
            model=lun.product,
            serial=lun.serial,
            path=f"\\\\?\\{bus}#{hardware}#{instance}#{_DISK_INTERFACE}",
            unique_id=f"SCSI\\{hardware}\\{instance}:{lun.serial}".upper() if vendor_specific else lun.unique_id,
            unique_id_format=lun.unique_id_format,
            bus_type=BUS_TYPES[lun.transport],
            size=lun.size,
            offline_reason=REDUNDANT_PATH if path else (0 if online else POLICY),
            system=False,
            location="" if claimed else f"Bus Number 0, Target Id {path}, LUN {index}",
            letter="",
            content=content,
            read_only=not (role == "owner" or content.writable.get(self.name, not by_policy)),
            clustered=bool(role),
        )

    def _local(self, number: int, disk: Disk) -> ShownDisk:
        hardware = f"disk&ven_&prod_{disk.name}".lower().replace(" ", "_")
        content = self._contents[disk.serial]
        online = content.online.get(self.name, True)
        return ShownDisk(
            number=number,
            friendly_name=disk.name,
            manufacturer="",
            model=disk.name,
            serial=disk.serial,
            path=f"\\\\?\\scsi#{hardware}#4&1c121344&0&{number:06x}#{_DISK_INTERFACE}",
            unique_id=f"eui.{disk.serial.encode().hex().upper():0<32.32}",
            unique_id_format=2,
            bus_type=disk.bus_type,
            size=disk.size,
            offline_reason=0 if online else POLICY,
            system=number == 0,
            location=f"Integrated : Adapter {number} : Port 0 : Target 0 : LUN 0",
            letter=disk.letter,
            content=content,
            read_only=not content.writable.get(self.name, True),
            local=True,
            media=disk.media,
        )

    # State

    def dump(self) -> dict[str, Any]:
        return {
            "default_policy": self.default_policy,
            "claimed": [list(pair) for pair in self.claimed],
            "node_address": self.node_address,
            "contents": {serial: content.dump() for serial, content in self._contents.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        self.default_policy = data["default_policy"]
        self.claimed = [(pair[0], pair[1]) for pair in data["claimed"]]
        self.node_address = data["node_address"]
        known = {serial: DiskContent.load(item) for serial, item in data["contents"].items() if serial in self._contents}
        self._contents.update(known)


def _fresh(name: str, disk: Disk) -> DiskContent:
    """A disk with a letter has its one volume; one without is empty."""
    style, file_system = (GPT, "NTFS") if disk.letter else ("RAW", "")
    return formatted(disk.size, style, file_system, "", f"{name}/{disk.serial}")
