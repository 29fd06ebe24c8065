# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The driver store, which driver each device uses, and which device specific modules MPIO has registered.

Source: MicrosoftDocs/windows-driver-docs install/ (how-setup-ranks-drivers: rank, then date, then version; identifiers-for-pci-devices).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .inf import Inf
from .pci import Device, PciDevices
from .registry import Registry

CLASS_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Control\Class"
_REPOSITORY = r"C:\Windows\System32\DriverStore\FileRepository"
# System-defined device setup classes (install/system-defined-device-setup-classes-available-to-vendors).
CLASS_GUIDS = {
    "display": "{4d36e968-e325-11ce-bfc1-08002be10318}", "net": "{4d36e972-e325-11ce-bfc1-08002be10318}",
    "scsiadapter": "{4d36e97b-e325-11ce-bfc1-08002be10318}", "system": "{4d36e97d-e325-11ce-bfc1-08002be10318}",
    "hdc": "{4d36e96a-e325-11ce-bfc1-08002be10318}", "media": "{4d36e96c-e325-11ce-bfc1-08002be10318}",
    "usb": "{36fc9e60-c465-11cf-8056-444553540000}",
}
_UNKNOWN_CLASS = "{4d36e97e-e325-11ce-bfc1-08002be10318}"
# The date that Windows' own drivers carry, so that any vendor's is newer.
_INBOX_DATE = (2006, 6, 21)


@dataclass(frozen=True)
class Package:
    """A package of a vendor in the store. published: oem0.inf, oem1.inf, ...; inf: its original name; ids: all that its models name."""

    published: str
    inf: str
    provider: str
    version: str
    date: tuple[int, int, int]
    class_name: str
    class_guid: str
    ids: tuple[str, ...]

    @property
    def original_path(self) -> str:
        stem = self.inf.lower().removesuffix(".inf")
        return rf"{_REPOSITORY}\{stem}.inf_amd64_{int(self.published[3:-4]):016x}\{self.inf}"


@dataclass(frozen=True)
class Driver:
    """What a device uses. matched: the id by which."""

    device: str
    name: str
    class_name: str
    class_guid: str
    inf: str
    provider: str
    version: str
    date: tuple[int, int, int]
    matched: str


class DriverStore:
    """`bound`: instance id in lower case -> the published name of the vendor's package that the device uses."""

    def __init__(self, devices: PciDevices, registry: Registry, build: int, note: Callable[[str], None]) -> None:
        self._devices = devices
        self._registry = registry
        self._inbox_version = f"10.0.{build}.1"
        self._note = note
        self._packages: dict[str, Package] = {}
        self._bound: dict[str, str] = {}
        # Vendors' modules for MPIO: name -> version; those that MPIO registers at the next start.
        self.dsms: dict[str, str] = {}
        self._coming_dsms: dict[str, str] = {}

    def packages(self) -> list[Package]:
        return list(self._packages.values())

    def seed(self) -> None:
        """The software keys of the devices as Windows' own drivers leave them."""
        for driver in self.drivers():
            self._write_key(driver)

    def find(self, inf_name: str, inf: Inf) -> Package | None:
        """The same package, where it is in the store already."""
        wanted = (inf_name.lower(), inf.provider.lower(), inf.version, inf.date)
        present = {(item.inf.lower(), item.provider.lower(), item.version, item.date): item for item in self.packages()}
        return present.get(wanted)

    def add(self, inf_name: str, inf: Inf) -> Package:
        package = Package(
            published=f"oem{len(self._packages)}.inf", inf=inf_name, provider=inf.provider, version=inf.version, date=inf.date,
            class_name=inf.class_name, class_guid=inf.class_guid, ids=tuple(item for model in inf.models for item in model.ids),
        )
        self._packages[package.published] = package
        self._note(f"driver store: {inf_name} {inf.version} of {inf.provider} added as {package.published}")
        return package

    def install(self, package: Package) -> tuple[list[Device], bool]:
        """The devices that use it from now on, for which it is better than what they have; and whether one of them waits for a restart."""
        changed = [device for device in self._devices.all() if not device.state.dismounted and self._is_better(package, device)]
        for device in changed:
            self._bound[device.spec.instance_id.lower()] = package.published
            device.state.waits_for_restart = device.state.waits_for_restart or device.spec.in_use
            self._write_key(self._driver(device))
            self._note(f"device {device.spec.instance_id}: driver {package.published}{', after a restart' if device.spec.in_use else ''}")
        return changed, any(device.spec.in_use for device in changed)

    def drivers(self) -> list[Driver]:
        """Of every device that is there: the PCI devices, and the iSCSI initiator, which is on every server."""
        initiator = Driver(
            r"ROOT\ISCSIPRT\0000", "Microsoft iSCSI Initiator", "SCSIAdapter", CLASS_GUIDS["scsiadapter"], "iscsi.inf", "Microsoft",
            self._inbox_version, _INBOX_DATE, r"root\iscsiprt",
        )
        return [initiator, *(self._driver(device) for device in self._devices.all() if not device.state.dismounted)]

    def add_dsm(self, name: str, version: str, *, at_once: bool) -> None:
        (self.dsms if at_once else self._coming_dsms)[name] = version
        self._note(f"multipath: DSM {name} {version} registered{'' if at_once else ' from the next restart on'}")

    def boot(self) -> None:
        self.dsms |= self._coming_dsms
        self._coming_dsms = {}

    def dump(self) -> dict[str, Any]:
        return {"packages": [asdict(package) for package in self.packages()], "bound": self._bound, "dsms": [self.dsms, self._coming_dsms]}

    def load(self, data: dict[str, Any]) -> None:
        for item in data["packages"]:
            package = Package(**{**item, "date": tuple(item["date"]), "ids": tuple(item["ids"])})
            self._packages[package.published] = package
        self._bound = dict(data["bound"])
        self.dsms, self._coming_dsms = (dict(entries) for entries in data["dsms"])

    def _driver(self, device: Device) -> Driver:
        spec = device.spec
        package = self._packages.get(self._bound.get(spec.instance_id.lower(), ""))
        if package is not None:
            _rank, matched = _best_match(package.ids, spec.instance_id) or (0, "")
            return Driver(
                spec.instance_id, spec.name, package.class_name, package.class_guid, package.published, package.provider, package.version,
                package.date, matched,
            )
        guid = CLASS_GUIDS.get(spec.device_class.lower(), _UNKNOWN_CLASS)
        inbox = hardware_ids(spec.instance_id)[-1]
        return Driver(
            spec.instance_id, spec.name, spec.device_class, guid, "machine.inf", "Microsoft", self._inbox_version, _INBOX_DATE, inbox,
        )

    def _is_better(self, package: Package, device: Device) -> bool:
        match = _best_match(package.ids, device.spec.instance_id)
        if match is None:
            return False
        present = self._driver(device)
        ids = [item.lower() for item in hardware_ids(device.spec.instance_id)]
        present_rank = ids.index(present.matched.lower())
        return (-match[0], package.date, _numbers(package.version)) > (-present_rank, present.date, _numbers(present.version))

    def _keys(self) -> list[str]:
        folders = [rf"{CLASS_KEY}\{name}" for name in self._registry.subkeys(CLASS_KEY)]
        return [rf"{folder}\{name}" for folder in folders for name in self._registry.subkeys(folder)]

    def _write_key(self, driver: Driver) -> None:
        """The software key of the device, which other tools read, in its class and under the first free number."""
        for former in self._keys():
            if self._registry.get(former, "RehearsalDevice") == driver.device:
                self._registry.delete(former)
        folder = rf"{CLASS_KEY}\{driver.class_guid}"
        taken = self._registry.subkeys(folder)
        key = rf"{folder}\{next(name for number in range(10000) if (name := f'{number:04d}') not in taken)}"
        values = {
            "InfPath": driver.inf, "ProviderName": driver.provider, "DriverVersion": driver.version, "DriverDesc": driver.name,
            "DriverDate": f"{driver.date[1]}-{driver.date[2]}-{driver.date[0]}", "MatchingDeviceId": driver.matched.lower(),
            "RehearsalDevice": driver.device,
        }
        for name, value in values.items():
            self._registry.set(key, name, value, "String")


def hardware_ids(instance_id: str) -> list[str]:
    """The ids of a PCI device, the most exact first, from its instance id: PCI\\VEN_v&DEV_d&SUBSYS_s&REV_r\\..."""
    parts = instance_id.split("\\")[1].split("&")
    names = {part.partition("_")[0].upper(): part for part in parts}
    base = rf"PCI\{names['VEN']}&{names['DEV']}"
    found = []
    if "SUBSYS" in names and "REV" in names:
        found.append(rf"{base}&{names['SUBSYS']}&{names['REV']}")
    if "SUBSYS" in names:
        found.append(rf"{base}&{names['SUBSYS']}")
    if "REV" in names:
        found.append(rf"{base}&{names['REV']}")
    return [*found, base]


def _best_match(ids: Iterable[str], instance_id: str) -> tuple[int, str] | None:
    """(rank, id) of the best id of a package for a device; a lower rank is better."""
    known = [item.lower() for item in hardware_ids(instance_id)]
    ranks = sorted((known.index(item.lower()), item) for item in ids if item.lower() in known)
    return ranks[0] if ranks else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
