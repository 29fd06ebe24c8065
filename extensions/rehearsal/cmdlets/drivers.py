# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The driver store as the module Dism shows it, the drivers of devices as WMI does, and the modules that MPIO has registered."""
from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cim_schema import provides

if TYPE_CHECKING:
    from ..machine import Machine


@cmdlet(
    "Get-WindowsDriver",
    source="windows-powershell-docs Dism; the properties as public DSC tests and scripts show them",
    unconfirmed="the hash in the folder's name",
)
def get_windows_driver(machine: Machine, bound: Bound) -> list[PSObject]:
    """Without -All the packages of vendors only, which is what there is here."""
    if set(bound) != {"Online"} or not bound["Online"]:
        raise not_modelled(f"Get-WindowsDriver -{' -'.join(sorted(bound))}", "extend rehearsal/cmdlets/drivers.py")
    return [
        PSObject("Microsoft.Dism.Commands.BasicDriverObject", {
            "Driver": package.published,
            "OriginalFileName": package.original_path,
            "Inbox": False,
            "ClassName": package.class_name,
            "ClassGuid": package.class_guid.upper(),
            "BootCritical": package.class_name.lower() in ("scsiadapter", "hdc"),
            "ProviderName": package.provider,
            "Date": datetime(*package.date, tzinfo=timezone.utc),
            "Version": package.version,
        })
        for package in machine.drivers.packages()
    ]


@provides("root/cimv2", "Win32_PnPSignedDriver", source="Microsoft Learn, previous-versions/whqlprov win32-pnpsigneddriver")
def signed_drivers(machine: Machine) -> list[dict[str, Any]]:
    return [
        {
            "DeviceID": driver.device, "DeviceName": driver.name, "Description": driver.name, "DeviceClass": driver.class_name.upper(),
            "ClassGuid": driver.class_guid, "InfName": driver.inf, "DriverProviderName": driver.provider, "DriverVersion": driver.version,
            "HardWareID": driver.matched, "IsSigned": True, "Manufacturer": driver.provider,
        }
        for driver in machine.drivers.drivers()
    ]


@provides(
    "root/wmi", "MPIO_REGISTERED_DSM",
    source="MicrosoftDocs/windows-driver-docs storage/ mpio-registered-dsm-, dsm-parameters-, dsm-version-wmi-class.md",
)
def registered_dsms(machine: Machine) -> list[dict[str, Any]]:
    """One instance, of the MPIO control object. The version of Windows' own module is unconfirmed."""
    dsms = [("Microsoft DSM", f"10.0.{machine.spec.os.build}.1"), *machine.drivers.dsms.items()]
    return [{
        "InstanceName": "Root\\MPIO\\0000_0",
        "Active": True,
        "NumberDSMs": len(dsms),
        "DsmParameters": [_dsm(name, version) for name, version in dsms],
    }]


def _dsm(name: str, version: str) -> PSObject:
    parts = [*map(int, version.split(".")), 0, 0, 0][:4]
    numbers = dict(zip(("MajorVersion", "MinorVersion", "ProductBuild", "QfeNumber"), parts, strict=True))
    return PSObject("CimInstance#DSM_PARAMETERS", {"DsmName": name, "DsmVersion": PSObject("CimInstance#DSM_VERSION", numbers)})
