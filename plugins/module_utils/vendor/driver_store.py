# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Driver packages in the driver store, and the devices that use them."""
from __future__ import annotations

import ntpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers, CmdletError
from ..calls import Call, Cmdlet, Program

# Microsoft's "PnPUtil Return Values": done; no device matches, or those that do have a better driver; done, but for a restart.
_DONE, _NO_DEVICE, _RESTART_REQUIRED = 0, 259, 3010
# Win32_PnPEntity.ConfigManagerErrorCode: the device needs a restart before it works.
_NEEDS_RESTART = 14

_PATH = re.compile(r"[A-Za-z]:(?:\\[^\\/:*?\"<>|]+)+\.inf", re.IGNORECASE)
_VERSION = re.compile(r"\d{1,5}(?:\.\d{1,5}){0,3}")
_EXIT_CODES = {
    2: "the INF file, or one that it names, is not in its folder on this host",
    5: "the session has no administrator's token",
    # ERROR_NO_CATALOG_FOR_OEM_INF and ERROR_FILE_HASH_NOT_IN_CATALOG of setupapi.h.
    -536870353: "Windows finds no signature for the package; the vendor's .cat file must lie beside the .inf file",
    -536870325: "the catalog of the package does not fit its files; take all of them from the same release of the vendor",
}


@dataclass(frozen=True)
class Device:
    """A device that uses a package. version: of the driver, as the device has it."""

    id: str
    name: str
    version: str


@dataclass(frozen=True)
class Package:
    """A wanted package as the host has it.

    published: its name in the driver store, empty where it is not there; other_versions: of the same file and provider;
    devices: those that use it; waiting: the ids of devices that wait for a restart before they use it, or before it works.
    """

    path: str
    provider: str
    version: str
    device_required: bool
    file_present: bool
    published: str
    other_versions: tuple[str, ...]
    devices: tuple[Device, ...]
    waiting: tuple[str, ...]

    @property
    def label(self) -> str:
        return ntpath.basename(self.path)

    @property
    def difference(self) -> str:
        """The path of its differences, where a dot would begin another level."""
        return _difference_path(self.path)

    def as_state(self) -> dict[str, Any]:
        return {
            "inf": self.label,
            "provider": self.provider,
            "version": self.version,
            "published": self.published or None,
            "other_versions": list(self.other_versions),
            "devices": [{"id": device.id, "name": device.name, "version": device.version} for device in self.devices],
            "waiting_for_restart": list(self.waiting),
        }


def read(wanted: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    """Reading the store and the devices takes Windows seconds, so it is only done where packages are asked for."""
    if not wanted:
        return
    yield Cmdlet("store", "Get-WindowsDriver", {"Online": True}, ("Driver", "OriginalFileName", "ProviderName", "Version"))
    yield Cmdlet(
        "drivers", "Get-CimInstance", {"ClassName": "Win32_PnPSignedDriver", "Filter": "InfName LIKE 'oem%'"},
        ("DeviceID", "DeviceName", "InfName", "DriverVersion"),
    )
    yield Cmdlet(
        "waiting", "Get-CimInstance", {"ClassName": "Win32_PnPEntity", "Filter": f"ConfigManagerErrorCode={_NEEDS_RESTART}"}, ("DeviceID",),
    )
    for number, item in enumerate(wanted):
        yield Cmdlet(f"file_{number}", "Test-Path", {"LiteralPath": item["path"], "PathType": "Leaf"}, ("$value",))


def refusals(wanted: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for index, item in enumerate(wanted):
        name = f"packages[{index}]"
        if not _PATH.fullmatch(item["path"]):
            yield f"{name}.path: {item['path']!r} is not the full path of an .inf file on a drive of the host"
        if not _VERSION.fullmatch(item["version"]):
            yield f"{name}.version: {item['version']!r} is not one to four numbers with dots, as in DriverVer of the .inf file"
        if not item["provider"].strip():
            yield f"{name}.provider: it is empty; give the Provider of the .inf file"
        key = (ntpath.basename(item["path"]).lower(), item["provider"].lower())
        if key in seen:
            yield f"{name}: {ntpath.basename(item['path'])} of {item['provider']} is there twice; a host uses one version of it"
        seen.add(key)


def packages(wanted: Sequence[Mapping[str, Any]], answers: Answers) -> tuple[Package, ...]:
    return tuple(_package(number, item, answers) for number, item in enumerate(wanted))


def add(call: str, path: str) -> Program:
    """Stages the package and installs it on the devices that it fits. That none does shows when the store is read again."""
    return Program(call, "pnputil.exe", ("/add-driver", path, "/install"), (_DONE, _NO_DEVICE, _RESTART_REQUIRED))


def explain(error: CmdletError) -> str:
    code = re.search(r"exit code (-?\d+)", error.message) if error.id == "ProgramFailed" else None
    if code is None:
        return ""
    meaning = _EXIT_CODES.get(int(code[1]))
    log = r"C:\Windows\INF\setupapi.dev.log on the host says more"
    return f"It means that {meaning}; {log}" if meaning else log


def _package(number: int, item: Mapping[str, Any], answers: Answers) -> Package:
    inf = ntpath.basename(item["path"])
    same = [row for row in answers.rows("store") if same_text(_inf_name(row), inf) and same_text(row["ProviderName"], item["provider"])]
    published = next((row["Driver"] for row in same if same_version(row["Version"], item["version"])), "")
    waiting = tuple(row["DeviceID"] for row in answers.rows("waiting"))
    devices = tuple(_devices(published, answers))
    # A device may show its former driver until the restart, so while nothing uses the package any device that waits may be the one.
    own = tuple(device.id for device in devices if device.id in waiting) if devices else (waiting if item["device_required"] else ())
    return Package(
        path=item["path"],
        provider=item["provider"],
        version=item["version"],
        device_required=item["device_required"],
        file_present=bool(answers.row(f"file_{number}")["$value"]),
        published=published,
        other_versions=tuple(sorted({row["Version"] for row in same if row["Driver"] != published})),
        devices=devices,
        waiting=own,
    )


def _devices(published: str, answers: Answers) -> Iterator[Device]:
    for row in answers.rows("drivers"):
        if published and same_text(row["InfName"], published):
            yield Device(row["DeviceID"], row["DeviceName"] or row["DeviceID"], row["DriverVersion"] or "")


def _difference_path(path: str) -> str:
    return f"packages.{ntpath.splitext(ntpath.basename(path))[0].replace('.', '_')}"


def _inf_name(row: Mapping[str, Any]) -> str:
    """The original name: the last part of where the package lies in the store."""
    return ntpath.basename(row["OriginalFileName"] or "")


def same_text(one: str | None, other: str) -> bool:
    return (one or "").strip().lower() == other.strip().lower()


def same_version(one: str | None, other: str) -> bool:
    """By numbers: a missing one is zero."""
    return _numbers(one or "") == _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) if part.isdigit() else -1 for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))
