# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What preflight knows of a host, in units that a person reads. Sizes are in GB of 1024^3 bytes."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .answers import Answers, CallFailed, CmdletError

# Win32_OperatingSystem.ProductType
WORKSTATION = 1
DOMAIN_CONTROLLER = 2

RELEASES = {9200: "2012", 9600: "2012 R2", 14393: "2016", 17763: "2019", 20348: "2022", 26100: "2025"}

_GB = 1024**3

# What a virtual machine calls itself, lower case (ansible.windows, module setup).
_GUEST_MODELS = frozenset((
    "virtual machine", "kvm", "kvm server", "bochs", "ahv", "rhev hypervisor", "openstack compute", "openstack nova",
    "xen", "hvm domu", "virtualbox",
))
_GUEST_MANUFACTURERS = (
    "vmware", "qemu", "ovirt", "amazon ec2", "digitalocean", "google", "scaleway", "nutanix", "openstack foundation", "parallels",
)

# Virtual adapters of a virtual switch and of an LBFO team say that they are physical (nova-hyperv-charm).
_VIRTUAL_ADAPTER_DRIVERS = frozenset(("vmswitch.sys", "ndisimplatform.sys"))


@dataclass(frozen=True)
class Processor:
    """One socket. The last three are null where Windows cannot tell, and misleading while a hypervisor runs."""

    id: str
    cores: int
    logical_processors: int
    second_level_address_translation: bool | None
    vm_monitor_mode_extensions: bool | None
    virtualization_firmware_enabled: bool | None


@dataclass(frozen=True)
class NetworkAdapter:
    name: str
    description: str


@dataclass(frozen=True)
class OsDisk:
    drive: str
    size_gb: float
    free_gb: float


@dataclass(frozen=True)
class Facts:
    """A host as preflight sees it. hyper_v_state is None where Server Manager does not offer the role."""

    computer_name: str
    domain_member: bool
    manufacturer: str
    model: str
    version: str
    build: int
    edition: str
    installation: str
    product_type: int
    sku: int
    hypervisor_present: bool
    hyper_v_state: str | None
    data_execution_prevention: bool
    memory_gb: float
    processors: tuple[Processor, ...]
    network_adapters: tuple[NetworkAdapter, ...]
    os_disk: OsDisk

    @property
    def release(self) -> str | None:
        """The long-term release, such as 2022; None for any other build."""
        return RELEASES.get(self.build)

    @property
    def hyper_v_installed(self) -> bool:
        return self.hyper_v_state == "Installed"

    @property
    def virtual_machine(self) -> bool:
        return self.model.lower() in _GUEST_MODELS or self.manufacturer.lower().startswith(_GUEST_MANUFACTURERS)

    def as_state(self) -> dict[str, Any]:
        """As win_hv_preflight documents it."""
        return {
            **asdict(self),
            "release": self.release,
            "virtual_machine": self.virtual_machine,
            "processors": [asdict(processor) for processor in self.processors],
            "network_adapters": [asdict(adapter) for adapter in self.network_adapters],
        }


def gather(answers: Answers) -> Facts:
    """The facts from the answers to preflight's calls. Raises CallFailed for one that is missing."""
    windows, system, edition = answers.row("os"), answers.row("system"), answers.row("edition")
    return Facts(
        computer_name=system["DNSHostName"],
        # Null on a machine that was never in a domain (Win32_ComputerSystem).
        domain_member=bool(system["PartOfDomain"]),
        manufacturer=system["Manufacturer"] or "",
        model=system["Model"] or "",
        version=windows["Version"],
        build=int(windows["BuildNumber"]),
        edition=edition["EditionID"],
        installation=edition["InstallationType"],
        product_type=windows["ProductType"],
        sku=windows["OperatingSystemSKU"],
        hypervisor_present=bool(system["HypervisorPresent"]),
        hyper_v_state=_hyper_v_state(answers),
        data_execution_prevention=windows["DataExecutionPrevention_Available"] is True,
        memory_gb=_in_gb(system["TotalPhysicalMemory"]),
        processors=tuple(_processor(row) for row in answers.rows("processors")),
        network_adapters=tuple(_adapter(row) for row in answers.rows("adapters") if is_physical(row)),
        os_disk=_os_disk(answers, windows["SystemDrive"]),
    )


def _in_gb(size: int) -> float:
    # One decimal: a machine of 4 GB reports some MB less, which its firmware keeps.
    return round(size / _GB, 1)


def _hyper_v_state(answers: Answers) -> str | None:
    if answers["hyper_v"].missing_command:
        return None
    rows = answers.rows("hyper_v")
    return rows[0]["InstallState"] if rows else None


def _processor(row: Mapping[str, Any]) -> Processor:
    return Processor(
        id=row["DeviceID"],
        cores=row["NumberOfCores"],
        logical_processors=row["NumberOfLogicalProcessors"],
        second_level_address_translation=row["SecondLevelAddressTranslationExtensions"],
        vm_monitor_mode_extensions=row["VMMonitorModeExtensions"],
        virtualization_firmware_enabled=row["VirtualizationFirmwareEnabled"],
    )


def _adapter(row: Mapping[str, Any]) -> NetworkAdapter:
    return NetworkAdapter(row["Name"], row["InterfaceDescription"])


def is_physical(row: Mapping[str, Any]) -> bool:
    """Whether a row of Get-NetAdapter -Physical is one: it needs the property DriverFileName."""
    return (row["DriverFileName"] or "").lower() not in _VIRTUAL_ADAPTER_DRIVERS


def _os_disk(answers: Answers, drive: str) -> OsDisk:
    for row in answers.rows("disks"):
        if row["DeviceID"].lower() == drive.lower():
            return OsDisk(row["DeviceID"], _in_gb(row["Size"]), _in_gb(row["FreeSpace"]))
    raise CallFailed("disks", CmdletError("ObjectNotFound", f"the system drive {drive} is not among the local disks"))
