# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module MPIO. It is there with the feature; its cmdlets work once the drivers run. Source: storage-and-time.md 1."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.storage import BUS_IDS, BUS_TYPES, DISK_KEY, MPIO_KEY, MSDSM_KEY, POLICIES
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cdxml import not_found
from .cim_schema import cim_error, objects, provides
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "storage-and-time.md 1.2 to 1.5; windows-powershell-docs MPIO"
_BEFORE_RESTART = "the error ids before the restart: 'Invalid class' is from field notes, the form of the id from other CDXML cmdlets"
_STORAGE = "root/microsoft/windows/storage"
_AUTOMATIC = {"iSCSI": "iscsi", "SAS": "sas"}

# Parameter of Set-MPIOSetting -> where its function writes (storage-and-time.md 1.4, 1.5).
_SETTINGS = {
    "NewPathVerificationState": (MSDSM_KEY, "PathVerifyEnabled"),
    "NewPathVerificationPeriod": (MSDSM_KEY, "PathVerificationPeriod"),
    "NewPDORemovePeriod": (MSDSM_KEY, "PDORemovePeriod"),
    "NewRetryCount": (MSDSM_KEY, "RetryCount"),
    "NewRetryInterval": (MSDSM_KEY, "RetryInterval"),
    "NewDiskTimeout": (DISK_KEY, "TimeOutValue"),
    "CustomPathRecovery": (MPIO_KEY, "UseCustomPathRecoveryInterval"),
    "NewPathRecoveryInterval": (MPIO_KEY, "PathRecoveryInterval"),
}
# Get-MPIOSetting ends in Format-List: these are what it puts out (storage-and-time.md 1.2).
_FORMAT_TYPES = ("FormatStartData", "GroupStartData", "FormatEntryData", "GroupEndData", "FormatEndData")


def _need_driver(machine: Machine, command: str) -> None:
    """Invalid class: the drivers' WMI classes exist only while the drivers run."""
    if not machine.multipath_running:
        raise cim_error(0x80041010, "MetadataError", command, "Invalid class")


@cmdlet("Get-MSDSMAutomaticClaimSettings", source=_SOURCE, unconfirmed=f"Boolean values; {_BEFORE_RESTART}")
def get_automatic_claim(machine: Machine, bound: Bound) -> list[dict[str, Any]]:
    _need_driver(machine, "Get-MSDSMAutomaticClaimSettings")
    supported = machine.storage.supported()
    return [{name: BUS_IDS[bus] in supported for name, bus in _AUTOMATIC.items()}]


@cmdlet("Enable-MSDSMAutomaticClaim", source=_SOURCE, unconfirmed=_BEFORE_RESTART)
def enable_automatic_claim(machine: Machine, bound: Bound) -> list[Any]:
    _need_driver(machine, "Enable-MSDSMAutomaticClaim")
    machine.storage.add_supported(*_bus(bound))
    return []


@cmdlet("Disable-MSDSMAutomaticClaim", source=f"{_SOURCE}: claimed disks stay claimed", unconfirmed=_BEFORE_RESTART)
def disable_automatic_claim(machine: Machine, bound: Bound) -> list[Any]:
    _need_driver(machine, "Disable-MSDSMAutomaticClaim")
    machine.storage.remove_supported(*_bus(bound))
    return []


def _bus(bound: Bound) -> tuple[str, str]:
    name = next(name for name in _AUTOMATIC if name.lower() == str(bound["BusType"]).lower())
    return BUS_IDS[_AUTOMATIC[name]]


@provides(_STORAGE, "MSFT_MSDSMSupportedHW", source=_SOURCE)
def supported_hardware(machine: Machine) -> list[dict[str, Any]]:
    return [{"VendorId": vendor, "ProductId": product} for vendor, product in machine.storage.supported()]


@cmdlet("Get-MSDSMSupportedHW", source=_SOURCE, unconfirmed=_BEFORE_RESTART)
def get_supported_hardware(machine: Machine, bound: Bound) -> list[PSObject]:
    _need_driver(machine, "Get-MSDSMSupportedHW")
    found = objects(machine, _STORAGE, "MSFT_MSDSMSupportedHW")
    for name in ("VendorId", "ProductId"):
        if name in bound:
            wanted = [str(item).lower() for item in as_list(bound[name])]
            found = [item for item in found if item.properties[name].lower() in wanted]
    if not found and bound:
        name = next(iter(bound))
        raise not_found(f"CmdletizationQuery_NotFound_{name}", "Get-MSDSMSupportedHW")
    return found


@cmdlet("New-MSDSMSupportedHW", source=_SOURCE, unconfirmed=f"a pair that is there already is accepted; {_BEFORE_RESTART}")
def new_supported_hardware(machine: Machine, bound: Bound) -> list[PSObject]:
    _need_driver(machine, "New-MSDSMSupportedHW")
    connected = [(lun.vendor, lun.product) for lun in machine.spec.storage.luns]
    pairs = [(bound["VendorId"], bound["ProductId"])] if "VendorId" in bound else connected
    for vendor, product in pairs:
        machine.storage.add_supported(vendor, product)
    return [item for item in objects(machine, _STORAGE, "MSFT_MSDSMSupportedHW") if _pair(item) in pairs]


@cmdlet("Remove-MSDSMSupportedHW", source=_SOURCE, unconfirmed=f"two arrays are taken as a cross product; {_BEFORE_RESTART}")
def remove_supported_hardware(machine: Machine, bound: Bound) -> list[PSObject]:
    _need_driver(machine, "Remove-MSDSMSupportedHW")
    if "InputObject" in bound:
        pairs = [_pair(item) for item in as_list(bound["InputObject"])]
    else:
        pairs = [(vendor, product) for vendor in as_list(bound["VendorId"]) for product in as_list(bound["ProductId"])]
    known = {(vendor.lower(), product.lower()): (vendor, product) for vendor, product in machine.storage.supported()}
    for vendor, product in pairs:
        spelling = known.get((vendor.lower(), product.lower()))
        if spelling is None:
            raise not_found("CmdletizationQuery_NotFound_VendorId", "Remove-MSDSMSupportedHW")
        machine.storage.remove_supported(*spelling)
    return []


def _pair(item: PSObject) -> tuple[str, str]:
    return item.properties["VendorId"], item.properties["ProductId"]


@cmdlet("Get-MSDSMGlobalDefaultLoadBalancePolicy", source=_SOURCE, unconfirmed=_BEFORE_RESTART)
def get_default_policy(machine: Machine, bound: Bound) -> list[str]:
    _need_driver(machine, "Get-MSDSMGlobalDefaultLoadBalancePolicy")
    return [machine.storage.default_policy]


@cmdlet("Set-MSDSMGlobalDefaultLoadBalancePolicy", source=_SOURCE, unconfirmed=_BEFORE_RESTART)
def set_default_policy(machine: Machine, bound: Bound) -> list[Any]:
    _need_driver(machine, "Set-MSDSMGlobalDefaultLoadBalancePolicy")
    machine.storage.set_default_policy(next(name for name in POLICIES if name.lower() == str(bound["Policy"]).lower()))
    return []


@provides("root/wmi", "MSDSM_DEFAULT_LOAD_BALANCE_POLICY", source="storage-and-time.md 1.3 (msdsmdsm.mof)")
def default_policy(machine: Machine) -> list[dict[str, Any]]:
    return [{
        "InstanceName": "Root\\MPIO\\0000_0",
        "Active": True,
        "LoadBalancePolicy": POLICIES[machine.storage.default_policy],
        "Reserved": 0,
        "PreferredPath": 0,
    }]


@cmdlet("Get-MPIOSetting", source="storage-and-time.md 1.2: the function's own text ends in Format-List", unconfirmed="on 2022 and 2025")
def get_mpio_setting(machine: Machine, bound: Bound) -> list[PSObject]:
    return [PSObject(f"Microsoft.PowerShell.Commands.Internal.Format.{name}", {}) for name in _FORMAT_TYPES]


@cmdlet("Set-MPIOSetting", source=f"{_SOURCE}: a zero counts as not given; in effect after a restart", unconfirmed="the allowed ranges")
def set_mpio_setting(machine: Machine, bound: Bound) -> list[Any]:
    for parameter, (key, name) in _SETTINGS.items():
        value = bound.get(parameter)
        if not value:
            continue
        number = {"enabled": 1, "disabled": 0}[str(value).lower()] if isinstance(value, str) else int(value)
        if machine.registry.get(key, name) != number:
            machine.registry.set(key, name, number, "DWord")
            machine.note(f"multipath: {name} = {number} from the next restart on")
    return []


@provides(_STORAGE, "MSFT_MPIOAvailableHW", source=_SOURCE)
def available_hardware(machine: Machine) -> list[dict[str, Any]]:
    """One row a vendor, product and bus; multipathed where a LUN of it has several paths."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for lun in machine.spec.storage.luns:
        row = rows.setdefault((lun.vendor, lun.product, lun.transport), {
            "VendorId": lun.vendor, "ProductId": lun.product, "BusType": BUS_TYPES[lun.transport], "IsMultipathed": False,
            "IsSPC3Supported": True,
        })
        row["IsMultipathed"] = row["IsMultipathed"] or lun.paths > 1
    return list(rows.values())


@cmdlet("Get-MPIOAvailableHW", source=_SOURCE, unconfirmed=f"BusType as a number; {_BEFORE_RESTART}")
def get_available_hardware(machine: Machine, bound: Bound) -> list[PSObject]:
    _need_driver(machine, "Get-MPIOAvailableHW")
    found = objects(machine, _STORAGE, "MSFT_MPIOAvailableHW")
    for name, value in bound.items():
        wanted = [_plain(item) for item in as_list(value)]
        found = [item for item in found if _plain(item.properties[name]) in wanted]
    return found


def _plain(value: Any) -> Any:
    names = {"fibrechannel": BUS_TYPES["fibre_channel"], "iscsi": BUS_TYPES["iscsi"], "sas": BUS_TYPES["sas"]}
    text = str(value).lower()
    return names.get(text, value if isinstance(value, (bool, int)) else text)


@cmdlet("Update-MPIOClaimedHW", source=_SOURCE, unconfirmed=f"that it always succeeds; {_BEFORE_RESTART}")
def update_claimed_hardware(machine: Machine, bound: Bound) -> list[Any]:
    _need_driver(machine, "Update-MPIOClaimedHW")
    machine.storage.claim()
    machine.note("multipath: claims brought up to date")
    return []
