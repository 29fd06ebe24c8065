# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disks behind a storage network, as MPIO sees them: which are claimed, which are under MPIO, which are one LUN seen twice."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet

# The path of a disk that MPIO presents; nova-compute waits for it (os-win: diskutils.is_mpio_disk).
_MPIO_PATH = "\\\\?\\mpio"

# MSFT_Disk.BusType of the buses that carry LUNs, and the hardware id with which MSDSM claims all of a bus
# ("MPIO on Nano Server": MSFT2005iSCSIBusType_0x9 and so on; the suffix is the bus type in hexadecimal).
BUSES = {"fc": 6, "iscsi": 9, "sas": 10}
REDUNDANT_PATH = 2  # VDS_DISK_OFFLINE_REASON
_VENDOR_SPECIFIC_ID = 0  # MSFT_Disk.UniqueIdFormat

_STORAGE = "root/microsoft/windows/storage"
_DISK_PROPERTIES = ("Number", "Path", "UniqueId", "UniqueIdFormat", "SerialNumber", "Size", "Manufacturer", "Model", "IsClustered")


@dataclass(frozen=True, order=True)
class Hardware:
    """A vendor and product id of SCSI INQUIRY, 8 and 16 characters at most, without padding."""

    vendor: str
    product: str

    def __str__(self) -> str:
        return f"{self.vendor}/{self.product}"

    def as_dict(self) -> dict[str, str]:
        return {"vendor_id": self.vendor, "product_id": self.product}


BUS_WIDE = {
    "fc": Hardware("MSFT2015", "FCBusType_0x6"),
    "iscsi": Hardware("MSFT2005", "iSCSIBusType_0x9"),
    "sas": Hardware("MSFT2011", "SASBusType_0xA"),
}


@dataclass(frozen=True)
class Disk:
    """One disk object of Windows: a LUN under MPIO, or one path of a LUN that is not."""

    number: int
    bus: str
    under_mpio: bool
    hardware: Hardware
    identity: tuple[Any, ...]
    serial: str
    clustered: bool
    redundant: bool

    def claimed_by(self, ids: Iterable[Hardware]) -> bool:
        """Whether MPIO claims this disk, by its bus or by its vendor and product; a product id may be a prefix (WDK, DSM INF)."""
        return any(
            hardware == BUS_WIDE[self.bus]
            or (hardware.vendor == self.hardware.vendor and self.hardware.product.startswith(hardware.product))
            for hardware in ids
        )

    def as_dict(self) -> dict[str, Any]:
        return {"number": self.number, "bus": self.bus, "under_mpio": self.under_mpio, "serial_number": self.serial}


def read_disks() -> list[Call]:
    """Numbers are compared by the query, on the host: once anything has loaded the Storage module, PowerShell shows
    BusType, OfflineReason and UniqueIdFormat of the same objects as display strings (Storage.types.ps1xml)."""
    return [
        *(_query(f"disks_{bus}", f"BusType={number}", _DISK_PROPERTIES) for bus, number in BUSES.items()),
        _query("redundant", f"OfflineReason={REDUNDANT_PATH}", ("Number",)),
        _query("vendor_specific", f"UniqueIdFormat={_VENDOR_SPECIFIC_ID}", ("Number",)),
    ]


def disks(answers: Answers) -> list[Disk]:
    """The disks on Fibre Channel, iSCSI and SAS, by number. Raises CallFailed."""
    redundant = {row["Number"] for row in answers.rows("redundant")}
    vendor_specific = {row["Number"] for row in answers.rows("vendor_specific")}
    found = [
        _disk(bus, row, row["Number"] in redundant, row["Number"] in vendor_specific)
        for bus in BUSES
        for row in answers.rows(f"disks_{bus}")
    ]
    return sorted(found, key=lambda disk: disk.number)


def repeated(found: Sequence[Disk], *, cluster_member: bool) -> list[tuple[Disk, ...]]:
    """The groups of disks that are one LUN.

    A member of a failover cluster may be shown the disks of other nodes as well, so there only a path that Windows itself calls
    redundant counts (Microsoft's Get-Disk reference: in a cluster the cmdlets work at cluster level).
    """
    groups: dict[tuple[Any, ...], list[Disk]] = {}
    for disk in found:
        if not disk.clustered:
            groups.setdefault(disk.identity, []).append(disk)
    several = [tuple(group) for group in groups.values() if len(group) > 1 and not cluster_member]
    grouped = {disk.number for group in several for disk in group}
    return several + [(disk,) for disk in found if disk.redundant and disk.number not in grouped]


def _query(call: str, condition: str, properties: tuple[str, ...]) -> Cmdlet:
    parameters = {"Namespace": _STORAGE, "ClassName": "MSFT_Disk", "Filter": condition}
    return Cmdlet(call, "Get-CimInstance", parameters, properties)


def _disk(bus: str, row: Mapping[str, Any], redundant: bool, vendor_specific: bool) -> Disk:
    return Disk(
        number=row["Number"],
        bus=bus,
        under_mpio=_text(row["Path"]).lower().startswith(_MPIO_PATH),
        hardware=Hardware(_text(row["Manufacturer"]), _text(row["Model"])),
        identity=_identity(row, vendor_specific),
        serial=_text(row["SerialNumber"]),
        clustered=bool(row["IsClustered"]),
        redundant=redundant,
    )


def _identity(row: Mapping[str, Any], vendor_specific: bool) -> tuple[Any, ...]:
    # A vendor specific id is made from the PnP path, so two paths of one LUN differ in it (community.windows: win_disk_facts).
    serial = _text(row["SerialNumber"])
    if vendor_specific and serial:
        return ("serial", serial, row["Size"], _text(row["Model"]))
    unique = _text(row["UniqueId"])
    return ("unique", unique, row["UniqueIdFormat"]) if unique else ("number", row["Number"])


def _text(value: str | None) -> str:
    return (value or "").strip()
