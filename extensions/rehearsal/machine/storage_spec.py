# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The storage network of a simulated server, as the lab file describes it."""
from __future__ import annotations

from dataclasses import dataclass

from .errors import SpecError
from .fields import Fields
from .hardware import GB

TRANSPORTS = ("iscsi", "fibre_channel", "sas")
_GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SAN_POLICIES = {"Unknown": 0, "OnlineAll": 1, "OfflineShared": 2, "OfflineAll": 3, "OfflineInternal": 4}


@dataclass(frozen=True)
class Lun:
    """A LUN that the storage presents to this host. paths: how often Windows sees it without multipathing.

    vendor and product as the device reports them, unpadded. unique_id_format: 8, 3, 2, 1 or 0 (storage-and-time.md 1.7); with 0 the
    id differs from path to path.
    """

    transport: str
    vendor: str
    product: str
    serial: str
    unique_id: str
    unique_id_format: int
    size: int
    paths: int


@dataclass(frozen=True)
class FibrePort:
    """A Fibre Channel port: bare hexadecimal world-wide names."""

    node: str
    port: str
    instance: str


@dataclass(frozen=True)
class ClusterVolume:
    """A cluster shared volume, in C:\\ClusterStorage. unique_id: the same on every node; sizes in bytes."""

    name: str
    unique_id: str
    size: int
    free: int


@dataclass(frozen=True)
class StorageSpec:
    """initiator: the iSCSI qualified name (empty: Windows' own, from the host name); san_policy: NewDiskPolicy."""

    luns: tuple[Lun, ...]
    fibre_ports: tuple[FibrePort, ...]
    cluster_volumes: tuple[ClusterVolume, ...]
    initiator: str
    san_policy: str


def read_storage(fields: Fields) -> StorageSpec:
    spec = StorageSpec(
        luns=tuple(read_lun(item, index) for index, item in enumerate(fields.children("luns"))),
        fibre_ports=tuple(_read_port(item, index) for index, item in enumerate(fields.children("fibre_ports"))),
        cluster_volumes=tuple(_read_cluster_volume(item, index) for index, item in enumerate(fields.children("cluster_volumes"))),
        initiator=fields.text("initiator", "", pattern=r"(iqn\..+)?", allowed="an iSCSI qualified name, or nothing"),
        san_policy=fields.text("san_policy", "OfflineShared", choices=tuple(SAN_POLICIES)),
    )
    fields.done()
    serials = [lun.serial for lun in spec.luns]
    for serial in serials:
        if serials.count(serial) > 1:
            raise SpecError(fields.at("luns"), serial, "each serial number once")
    return spec


def read_lun(fields: Fields, index: int, serial: str = "", paths: int = 2) -> Lun:
    """serial, paths: the defaults."""
    serial = fields.text("serial", serial or f"LUN{index:05d}")
    lun = Lun(
        transport=fields.text("transport", "iscsi", choices=TRANSPORTS),
        vendor=fields.text("vendor", "CONTOSO", pattern=r".{1,8}", allowed="1 to 8 characters"),
        product=fields.text("product", "VirtualDisk", pattern=r".{1,16}", allowed="1 to 16 characters"),
        serial=serial,
        unique_id=fields.text("unique_id", f"6001405{serial.encode().hex()[:25]:0<25}".upper()),
        unique_id_format=fields.number("unique_id_format", 3, maximum=8),
        size=fields.number("size_gb", 100, minimum=1) * GB,
        paths=fields.number("paths", paths, minimum=1, maximum=32),
    )
    fields.done()
    return lun


def _read_port(fields: Fields, index: int) -> FibrePort:
    port = FibrePort(
        node=fields.text("node", f"200000109B00000{index:X}", pattern=r"[0-9A-F]{16}", allowed="16 hexadecimal digits"),
        port=fields.text("port", f"100000109B00000{index:X}", pattern=r"[0-9A-F]{16}", allowed="16 hexadecimal digits"),
        instance=fields.text("instance", f"PCI\\VEN_1077&DEV_2031&SUBSYS_00000000&REV_02\\4&257301F0&0&{index:04d}_0"),
    )
    fields.done()
    return port


def _read_cluster_volume(fields: Fields, index: int) -> ClusterVolume:
    size = fields.number("size_gb", 1024, minimum=1)
    guid = f"6a1f1c3e-0000-4000-8000-{index + 1:012x}"
    volume = ClusterVolume(
        name=fields.text("name", f"Volume{index + 1}", pattern=r"[A-Za-z0-9 _-]+", allowed="a folder name"),
        unique_id=f"\\\\?\\Volume{{{fields.text('guid', guid, pattern=_GUID, allowed='a GUID in lower case')}}}\\",
        size=size * GB,
        free=fields.number("free_gb", size * 3 // 4, maximum=size) * GB,
    )
    fields.done()
    return volume
