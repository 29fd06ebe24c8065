# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small cmdlets of Microsoft.PowerShell.Utility and Management: hashes, clocks, processes."""
from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..machine.services import Service
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .items import path_not_found
from .matching import as_list, like

if TYPE_CHECKING:
    from ..machine import Machine

_DOCS = "PowerShell-Docs 5.1"
_ALGORITHMS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA384": hashlib.sha384, "SHA512": hashlib.sha512, "MD5": hashlib.md5}
_PROCESS = "System.Diagnostics.Process"


@cmdlet("Get-FileHash", source=f"{_DOCS} Microsoft.PowerShell.Utility", unconfirmed="the id of a file that is not there")
def get_file_hash(machine: Machine, bound: Bound) -> list[PSObject]:
    if "InputStream" in bound:
        raise not_modelled("Get-FileHash -InputStream", "extend rehearsal/cmdlets/utility.py")
    algorithm = str(bound.get("Algorithm", "SHA256")).upper()
    if algorithm not in _ALGORITHMS:
        raise not_modelled(f"Get-FileHash -Algorithm {algorithm}", "extend rehearsal/cmdlets/utility.py")
    found = []
    for path in as_list(bound["LiteralPath"] if "LiteralPath" in bound else bound["Path"]):
        data = machine.files.read(path)
        if data is None:
            raise path_not_found("GetFileHashCommand", path)
        digest = _ALGORITHMS[algorithm](data).hexdigest().upper()
        found.append(PSObject("Microsoft.PowerShell.Commands.FileHashInfo", {"Algorithm": algorithm, "Hash": digest, "Path": path}))
    return found


@cmdlet("Select-Object", source="PowerShell/PowerShell Select-Object.cs (error id); PowerShell-Docs 5.1 Microsoft.PowerShell.Utility")
def select_object(machine: Machine, bound: Bound) -> list[Any]:
    """With -ExpandProperty: the elements of one property of one object."""
    given = bound.get("InputObject")
    if set(bound) != {"InputObject", "ExpandProperty"} or not isinstance(given, PSObject):
        raise not_modelled(f"Select-Object -{' -'.join(sorted(bound))}", "extend rehearsal/cmdlets/utility.py")
    name = bound["ExpandProperty"]
    for key, value in given.properties.items():
        if key.lower() == name.lower():
            return list(value) if isinstance(value, (list, tuple)) else [value]
    raise PowerShellError(
        "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand", "InvalidArgument", "System.ArgumentException",
        f'Property "{name}" cannot be found.',
    )


@cmdlet("Start-Sleep", source=f"{_DOCS} Microsoft.PowerShell.Utility")
def start_sleep(machine: Machine, bound: Bound) -> list[Any]:
    machine.sleep(bound["Milliseconds"] / 1000 if "Milliseconds" in bound else bound["Seconds"])
    return []


@cmdlet("Get-Date", source=f"{_DOCS} Microsoft.PowerShell.Utility")
def get_date(machine: Machine, bound: Bound) -> list[Any]:
    if set(bound) - {"Format"} or bound.get("Format", "s") != "s":
        raise not_modelled(f"Get-Date -{' -'.join(bound)}", "extend rehearsal/cmdlets/utility.py")
    if "Format" not in bound:
        return [machine.now()]
    if machine.spec.os.time_zone != "UTC":
        raise not_modelled("local time in another zone than UTC", "extend rehearsal/cmdlets/utility.py")
    return [machine.now().strftime("%Y-%m-%dT%H:%M:%S")]


@cmdlet("Get-TimeZone", source=f"{_DOCS} Microsoft.PowerShell.Management")
def get_time_zone(machine: Machine, bound: Bound) -> list[PSObject]:
    if bound:
        raise not_modelled(f"Get-TimeZone -{next(iter(bound))}", "extend rehearsal/cmdlets/utility.py")
    zone = machine.spec.os.time_zone
    if zone != "UTC":
        return [PSObject("System.TimeZoneInfo", {"Id": zone, "StandardName": zone}, text=zone)]
    return [PSObject("System.TimeZoneInfo", {
        "Id": "UTC", "DisplayName": "(UTC) Coordinated Universal Time", "StandardName": "Coordinated Universal Time",
        "DaylightName": "Coordinated Universal Time", "BaseUtcOffset": timedelta(0), "SupportsDaylightSavingTime": False,
    }, text="(UTC) Coordinated Universal Time")]


@cmdlet("Get-Process", source="PowerShell/PowerShell Process.cs (error ids); the processes of services only")
def get_process(machine: Machine, bound: Bound) -> list[PSObject]:
    others = sorted(set(bound) - {"Id", "Name"})
    if others:
        raise not_modelled(f"Get-Process -{others[0]}", "extend rehearsal/cmdlets/utility.py")
    running = [service for service in machine.services.all() if service.run is not None]
    if "Id" in bound:
        return [_by_id(running, number) for number in as_list(bound["Id"])]
    found = []
    for name in as_list(bound.get("Name", ["*"])):
        matching = [service for service in running if like(_process_name(service), name)]
        if not matching and name != "*":
            raise _no_process("NoProcessFoundForGivenName", f"Cannot find a process with the name \"{name}\".")
        found += matching
    return [_process(service) for service in found]


def _by_id(running: list[Service], number: int) -> PSObject:
    service = next((service for service in running if service.pid == number), None)
    if service is None:
        raise _no_process("NoProcessFoundForGivenId", f"Cannot find a process with the process identifier {number}.")
    return _process(service)


def _no_process(identifier: str, message: str) -> PowerShellError:
    return PowerShellError(
        f"{identifier},Microsoft.PowerShell.Commands.GetProcessCommand", "ObjectNotFound",
        "Microsoft.PowerShell.Commands.ProcessCommandException", message,
    )


def _process_name(service: Service) -> str:
    return service.path_name.strip('"').partition(".exe")[0].rpartition("\\")[2]


def _process(service: Service) -> PSObject:
    name = _process_name(service)
    return PSObject(_PROCESS, {
        "Id": service.pid, "ProcessName": name, "Name": name, "StartTime": service.started_at, "HasExited": False, "SessionId": 0,
    }, text=f"{_PROCESS} ({name})")


@cmdlet("Write-Output", source="PowerShell-Docs 5.1 Write-Output; PowerShell/PowerShell Write-Object.cs")
def write_output(machine: Machine, bound: Bound) -> list[Any]:
    """What it was given; a collection among it comes out item by item."""
    output: list[Any] = []
    for item in as_list(bound["InputObject"]):
        output += item if isinstance(item, list) and not bound.get("NoEnumerate") else [item]
    return output
