# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a simulated server is made of: the part of a lab file's host entry that describes the machine itself.

HostSpec never changes; everything that a run can change lives in Machine. Sizes are in GB (2**30 bytes), times in seconds.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .accounts import AccountSpec, read_account
from .catalogue import FEATURES
from .errors import SpecError
from .fields import Fields
from .hardware import Hardware, read_hardware
from .network_spec import NetworkSpec, read_network
from .smb import SmbSpec, check_smb, read_smb
from .spec_switches import SwitchSpec, read_switch
from .storage_spec import StorageSpec, read_storage
from .switches import UplinkSpec, read_uplink

# The builds of hyperv-host.md 1.4 (Microsoft's release information).
BUILDS = {"2016": 14393, "2019": 17763, "2022": 20348, "2025": 26100}
EDITIONS = ("Standard", "Datacenter")
INSTALLATIONS = ("Server", "Server Core")
VM_STATES = ("Running", "Off", "Saved", "Paused")
PENDING = ("component_servicing", "server_manager", "file_rename")
TIME_TRIGGERS = ("classic", "none")


@dataclass(frozen=True)
class OsSpec:
    """version: 2016, 2019, 2022 or 2025; installation: as in the registry's InstallationType. time_zone: Windows' id of the zone.

    update: the registry's UBR, which every cumulative update raises.
    """

    version: str
    edition: str
    installation: str
    data_execution_prevention: bool
    time_zone: str
    update: int

    @property
    def build(self) -> int:
        return BUILDS[self.version]


@dataclass(frozen=True)
class FeatureSpec:
    """installed: features that are there and in effect from the start; removed: features without payload (InstallState Removed).

    multipath_restart_needed: what the installation of Multipath-IO answers. False is what Server 2022 was seen to answer, with
    the cmdlets failing until a reboot all the same (storage-and-time.md 1.1).
    """

    installed: tuple[str, ...]
    removed: tuple[str, ...]
    multipath_restart_needed: bool


@dataclass(frozen=True)
class TimeSpec:
    """start_mode of w32time, its service triggers, and what group policy sets (NtpServer and Type; empty: no policy).

    resync_refusals: how many resyncs after each start of the service answer that no time data was available (storage-and-time.md 6.2).
    """

    start_mode: str
    triggers: str
    policy: Mapping[str, str]
    resync_refusals: int


@dataclass(frozen=True)
class VmSpec:
    """A virtual machine that is on the host already. devices: location paths of the devices assigned to it."""

    name: str
    state: str
    devices: tuple[str, ...]


@dataclass(frozen=True)
class TimingSpec:
    """reboot_seconds: how long the machine is away; vmms_ready_seconds: from vmms' start until its cmdlets answer;
    service_start_seconds: how long a service stays StartPending; second_reboot: the Hyper-V role reboots once more on its own,
    second_reboot_seconds after the first boot."""

    reboot_seconds: float
    vmms_ready_seconds: float
    service_start_seconds: float
    second_reboot: bool
    second_reboot_seconds: float


@dataclass(frozen=True)
class HostSpec:
    """The machine of one host entry."""

    os: OsSpec
    hardware: Hardware
    features: FeatureSpec
    storage: StorageSpec
    network: NetworkSpec
    smb: SmbSpec
    uplink: UplinkSpec
    time: TimeSpec
    timing: TimingSpec
    computer_name: str
    domain: str
    workgroup: str
    virtual_machines: tuple[VmSpec, ...]
    switches: tuple[SwitchSpec, ...]
    pending: tuple[str, ...]
    accounts: tuple[AccountSpec, ...]

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], path: str) -> HostSpec:
        """Reads and checks; SpecError names the path, the value and what is allowed. Only the keys of KEYS may be there."""
        fields = Fields(mapping, path)
        hardware = read_hardware(fields.child("hardware"))
        switches = tuple(read_switch(item) for item in fields.children("switches"))
        spec = cls(
            os=_read_os(fields.child("os")),
            hardware=hardware,
            features=_read_features(fields.child("features")),
            storage=read_storage(fields.child("storage")),
            network=read_network(fields.child("network")),
            smb=read_smb(fields.child("smb")),
            uplink=read_uplink(fields.child("uplink"), tuple(nic.name for nic in hardware.nics), switches),
            time=_read_time(fields.child("time")),
            timing=_read_timing(fields.child("timing")),
            computer_name=fields.text("computer_name", "", pattern=r"[A-Za-z0-9-]{0,63}", allowed="a host name without dots"),
            domain=fields.text("domain", "", pattern=r"[A-Za-z0-9.-]*", allowed="a DNS domain name, or nothing"),
            workgroup=fields.text("workgroup", "WORKGROUP", pattern=r"[A-Za-z0-9-]{1,15}", allowed="1 to 15 letters and digits"),
            virtual_machines=tuple(_read_vm(item) for item in fields.children("virtual_machines")),
            switches=switches,
            pending=fields.texts("pending", choices=PENDING),
            accounts=tuple(read_account(item) for item in fields.children("accounts")),
        )
        fields.done()
        _check(spec, path)
        return spec


KEYS = frozenset({
    "os", "hardware", "features", "storage", "time", "timing", "computer_name", "domain", "workgroup", "virtual_machines", "switches",
    "pending", "accounts", "network", "smb", "uplink",
})


def _read_os(fields: Fields) -> OsSpec:
    spec = OsSpec(
        version=fields.text("version", "2022", choices=tuple(BUILDS)),
        edition=fields.text("edition", "Datacenter", choices=EDITIONS),
        installation=fields.text("installation", "Server Core", choices=INSTALLATIONS),
        data_execution_prevention=fields.flag("data_execution_prevention", True),
        time_zone=fields.text("time_zone", "UTC"),
        update=fields.number("update", 1),
    )
    fields.done()
    return spec


def _read_features(fields: Fields) -> FeatureSpec:
    names = tuple(FEATURES)
    spec = FeatureSpec(
        installed=fields.texts("installed", choices=names),
        removed=fields.texts("removed", choices=names),
        multipath_restart_needed=fields.flag("multipath_restart_needed", True),
    )
    fields.done()
    for name in spec.removed:
        if name in spec.installed:
            raise SpecError(fields.at("removed"), name, "a feature that is not installed as well")
    return spec


def _read_time(fields: Fields) -> TimeSpec:
    policy = fields.child("policy")
    spec = TimeSpec(
        start_mode=fields.text("start_mode", "Manual", choices=("Automatic", "Manual", "Disabled")),
        triggers=fields.text("triggers", "classic", choices=TIME_TRIGGERS),
        policy={name: policy.text(name) for name in ("NtpServer", "Type") if policy.has(name)},
        resync_refusals=fields.number("resync_refusals", 0, maximum=100),
    )
    policy.done()
    fields.done()
    return spec


def _read_timing(fields: Fields) -> TimingSpec:
    spec = TimingSpec(
        reboot_seconds=fields.seconds("reboot_seconds", 1),
        vmms_ready_seconds=fields.seconds("vmms_ready_seconds", 1),
        service_start_seconds=fields.seconds("service_start_seconds", 0),
        second_reboot=fields.flag("second_reboot", False),
        second_reboot_seconds=fields.seconds("second_reboot_seconds", 1),
    )
    fields.done()
    return spec


def _read_vm(fields: Fields) -> VmSpec:
    spec = VmSpec(fields.text("name"), fields.text("state", "Off", choices=VM_STATES), fields.texts("devices"))
    fields.done()
    return spec


def _check(spec: HostSpec, path: str) -> None:
    """What one value alone cannot tell."""
    check_smb(spec.smb, [nic.name for nic in spec.hardware.nics], f"{path}.smb")
    for name in spec.features.installed:
        editions = FEATURES[name].editions
        if editions and spec.os.edition not in editions:
            raise SpecError(f"{path}.features.installed", name, f"a feature of the edition {spec.os.edition}")
    paths = {device.location_path for device in spec.hardware.pci}
    for index, machine in enumerate(spec.virtual_machines):
        if "Hyper-V" not in spec.features.installed:
            raise SpecError(f"{path}.virtual_machines[{index}]", machine.name, "a virtual machine only where Hyper-V is installed")
        for device in machine.devices:
            if device not in paths:
                raise SpecError(f"{path}.virtual_machines[{index}].devices", device, f"a location path of hardware.pci: {sorted(paths)}")
    _check_switches(spec, path)


def _check_switches(spec: HostSpec, path: str) -> None:
    adapters = {nic.name for nic in spec.hardware.nics}
    taken: set[str] = set()
    for index, switch in enumerate(spec.switches):
        if "Hyper-V" not in spec.features.installed:
            raise SpecError(f"{path}.switches[{index}]", switch.name, "a virtual switch only where Hyper-V is installed")
        for adapter in switch.adapters:
            if adapter not in adapters - taken:
                raise SpecError(f"{path}.switches[{index}].adapters", adapter, f"a name of hardware.nics, once: {sorted(adapters - taken)}")
            taken.add(adapter)
