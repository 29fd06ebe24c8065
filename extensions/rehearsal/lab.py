# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab file: which servers there are, how they are reached, and what they download. docs/rehearsal.md is its manual."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .control_plane import ControlPlaneSpec, read_control_plane
from .faults import Fault
from .machine import HostSpec, SpecError
from .machine.clusters import ClusterTiming, read_timing
from .machine.directory import DirectorySpec, read_directory
from .machine.fields import Fields
from .machine.guardian import GuardianSpec, read_guardian
from .machine.shared_luns import SharedLunSpec, read_shared_luns
from .machine.shares import FileServerSpec, read_file_servers
from .machine.witness import CloudAccount, read_cloud_account
from .software import downloads as software
from .wsman.service import Quotas

VERSION = 1
_NO_LIMIT = 86400.0
_HOST_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"


@dataclass(frozen=True)
class Access:
    """How a host is reached. Port 0: a free one, which is remembered from then on."""

    address: str
    http_port: int
    https_port: int
    user: str
    password: str
    quotas: Quotas


@dataclass(frozen=True)
class HostLab:
    """One server of the lab. shutdown_delay: the longest time that `shutdown.exe /t` waits, in seconds."""

    name: str
    access: Access
    spec: HostSpec
    shutdown_delay: float
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Latency:
    """Seconds that are added for benchmarks: to each HTTP request, to each process start, to each module that compiles C#."""

    request: float
    process: float
    compile: float


@dataclass(frozen=True)
class Lab:
    """A whole lab."""

    hosts: Mapping[str, HostLab]
    downloads: Mapping[str, software.Download]
    control_plane: ControlPlaneSpec
    directory: DirectorySpec
    cluster: ClusterTiming
    file_servers: tuple[FileServerSpec, ...]
    shared_luns: tuple[SharedLunSpec, ...]
    cloud_storage: tuple[CloudAccount, ...]
    hgs: tuple[GuardianSpec, ...]
    latency: Latency
    source: Mapping[str, Any]


def load(path: Path) -> Lab:
    """Reads a lab file. Raises SpecError that names the key, the value and what is allowed."""
    try:
        mapping = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SpecError(str(path), None, f"YAML; {error}") from error
    return from_mapping(mapping)


def from_mapping(mapping: Any) -> Lab:
    """Checks a lab. Raises SpecError."""
    fields = Fields(mapping, "lab")
    if fields.number("rehearsal") != VERSION:
        raise SpecError(fields.at("rehearsal"), mapping["rehearsal"], f"{VERSION}, the version of the lab file's format")
    timing = _mapping(fields, mapping, "timing")
    access = _mapping(fields, mapping, "winrm")
    hosts = {name: _host(name, entry, timing, access) for name, entry in _mapping(fields, mapping, "hosts").items()}
    if not hosts:
        raise SpecError(fields.at("hosts"), None, "at least one host")
    downloads = _mapping(fields, mapping, "downloads")
    directory = read_directory(fields.child("active_directory"))
    lab = Lab(
        hosts=hosts,
        downloads={name: software.read(Fields(entry, f"lab.downloads.{name}")) for name, entry in downloads.items()},
        control_plane=read_control_plane(fields.child("control_plane")),
        directory=directory,
        cluster=read_timing(fields.child("cluster")),
        file_servers=read_file_servers(fields.children("file_servers"), directory.dns_name),
        shared_luns=read_shared_luns(fields.children("shared_luns"), hosts),
        cloud_storage=tuple(read_cloud_account(item) for item in fields.children("cloud_storage")),
        hgs=_guardians(fields),
        latency=_latency(fields.child("latency")),
        source=mapping,
    )
    fields.done()
    return lab


def _mapping(fields: Fields, mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = mapping[key] if fields.has(key) else {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise SpecError(fields.at(key), value, "a mapping with text keys")
    return value


def _host(name: str, entry: Any, timing: Mapping[str, Any], access: Mapping[str, Any]) -> HostLab:
    path = f"lab.hosts.{name}"
    if not isinstance(entry, Mapping):
        raise SpecError(path, entry, "a mapping")
    Fields({"name": name}, path).text("name", pattern=_HOST_NAME, allowed="a host name: letters, digits, dots, dashes")
    own = Fields({key: entry[key] for key in ("winrm", "faults") if key in entry}, path)
    machine = {key: value for key, value in entry.items() if key not in ("winrm", "faults")}
    timing = {**timing, **(entry.get("timing") or {})}
    shutdown_delay = Fields(timing, f"{path}.timing").seconds("shutdown_delay_seconds", _NO_LIMIT)
    machine["timing"] = {key: value for key, value in timing.items() if key != "shutdown_delay_seconds"}
    return HostLab(
        name=name,
        access=_access(Fields({**access, **(entry.get("winrm") or {})}, f"{path}.winrm")),
        spec=HostSpec.from_mapping(machine, path),
        shutdown_delay=shutdown_delay,
        faults=tuple(Fault.read(item) for item in own.children("faults")),
    )


def _access(fields: Fields) -> Access:
    quotas = Quotas(
        max_envelope_kb=fields.number("max_envelope_kb", 500, minimum=32, maximum=8192),
        max_shells_per_user=fields.number("max_shells_per_user", 30, minimum=1, maximum=10000),
        max_operations_per_user=fields.number("max_operations_per_user", 1500, minimum=1, maximum=100000),
        idle_timeout=fields.seconds("idle_timeout", 7200),
    )
    access = Access(
        address=fields.text("address", "127.0.0.1", pattern=r"127(\.\d+){3}", allowed="an address of the loopback network 127.0.0.0/8"),
        http_port=fields.number("http_port", 0, maximum=65535),
        https_port=fields.number("https_port", 0, maximum=65535),
        user=fields.text("user", "Administrator"),
        password=fields.text("password", "Rehearsal-1"),
        quotas=quotas,
    )
    fields.done()
    return access


def _guardians(fields: Fields) -> tuple[GuardianSpec, ...]:
    specs = tuple(read_guardian(item) for item in fields.children("hgs"))
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise SpecError(fields.at("hgs"), name, "each name once")
    return specs


def _latency(fields: Fields) -> Latency:
    latency = Latency(fields.seconds("request", 0), fields.seconds("process", 0), fields.seconds("compile", 0))
    fields.done()
    return latency
