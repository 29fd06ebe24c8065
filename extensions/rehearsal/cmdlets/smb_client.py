# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The client side of the module SmbShare, and Get-NetAdapterRdma. Source: storage-and-time.md 4.1."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.smb import Constraint
from ..powershell.catalogue import catalogue
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cdxml import not_found, select
from .cim_schema import Unmodelled, objects, provides
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "storage-and-time.md 4.1; windows-powershell-docs SmbShare"
_SETTERS = "Set-SmbClientConfiguration"
_TEACH = "extend rehearsal/cmdlets/smb_client.py"
# What the setter takes besides settings.
_NO_SETTINGS = frozenset({"Force", "AsJob", "CimSession", "ThrottleLimit", "WhatIf", "Confirm"})


@cmdlet("Get-SmbClientConfiguration", source=f"{_SOURCE}; a version's settings are those that its setter takes")
def get_configuration(machine: Machine, bound: Bound) -> list[PSObject]:
    known = catalogue().find(_SETTERS, machine.os_version)
    names = [] if known is None else [name for name in known.parameters if name not in _NO_SETTINGS]
    values: dict[str, Any] = {name: Unmodelled(f"MSFT_SmbClientConfiguration.{name}") for name in names}
    return [PSObject("CimInstance#MSFT_SmbClientConfiguration", {**values, **machine.smb.settings})]


@cmdlet("Set-SmbClientConfiguration", source=f"{_SOURCE}; in effect at once, for new connections")
def set_configuration(machine: Machine, bound: Bound) -> list[Any]:
    settings = {name: value for name, value in bound.items() if name not in _NO_SETTINGS}
    for name in settings:
        if name not in machine.smb.settings:
            raise not_modelled(f"{_SETTERS} -{name}", _TEACH)
    for name, value in settings.items():
        machine.smb.set(name, bool(value))
    return []


@cmdlet("Get-SmbMultichannelConstraint", source=_SOURCE)
def get_constraints(machine: Machine, bound: Bound) -> list[PSObject]:
    rows = [_row(machine, item) for item in machine.smb.constraints]
    return select(rows, bound, "Get-SmbMultichannelConstraint", {"ServerName": "ServerName"})


@cmdlet("New-SmbMultichannelConstraint", source=_SOURCE,
        unconfirmed="a pair that is there already and an interface that is none, both refused here; that constraints survive a restart")
def new_constraint(machine: Machine, bound: Bound) -> list[PSObject]:
    name = "InterfaceIndex" if "InterfaceIndex" in bound else "InterfaceAlias"
    new = [Constraint(bound["ServerName"], _guid(machine, name, wanted)) for wanted in as_list(bound[name])]
    there = {(item.server.lower(), item.guid) for item in machine.smb.constraints}
    for item in new:
        if (item.server.lower(), item.guid) in there:
            raise not_modelled(f"a second constraint of {item.server} to {item.guid}", f"find out what Windows answers and {_TEACH}")
    for item in new:
        machine.smb.add(item)
    return [_row(machine, item) for item in new]


@cmdlet("Remove-SmbMultichannelConstraint", source=f"{_SOURCE}: without an interface all of the server's",
        unconfirmed="the error where nothing matches: that of other CDXML cmdlets")
def remove_constraint(machine: Machine, bound: Bound) -> list[PSObject]:
    command = "Remove-SmbMultichannelConstraint"
    filters = {name: name for name in ("ServerName", "InterfaceIndex", "InterfaceAlias")}
    rows = [_row(machine, item) for item in machine.smb.constraints]
    chosen = as_list(bound["InputObject"]) if "InputObject" in bound else select(rows, bound, command, filters)
    if not chosen:
        raise not_found("CmdletizationQuery_NotFound_ServerName", command)
    for row in chosen:
        machine.smb.remove(Constraint(row.properties["ServerName"], row.properties["InterfaceGuid"]))
    return chosen if bound.get("PassThru") else []


def _guid(machine: Machine, name: str, wanted: Any) -> str:
    property_name = {"InterfaceIndex": "InterfaceIndex", "InterfaceAlias": "Name"}[name]
    for adapter in _adapters(machine):
        value = adapter.properties[property_name]
        if value == wanted or str(value).lower() == str(wanted).lower():
            return str(adapter.properties["InterfaceGuid"])
    raise not_modelled(f"a constraint to the interface {wanted}, which is not there", f"find out what Windows answers and {_TEACH}")


def _row(machine: Machine, item: Constraint) -> PSObject:
    adapter = next((one for one in _adapters(machine) if one.properties["InterfaceGuid"] == item.guid), None)
    return PSObject("CimInstance#MSFT_SmbMultichannelConstraint", {
        "ServerName": item.server,
        "InterfaceGuid": item.guid,
        # Of an adapter that is gone.
        "InterfaceAlias": adapter.properties["Name"] if adapter else Unmodelled("the alias of an adapter that is gone"),
        "InterfaceIndex": adapter.properties["InterfaceIndex"] if adapter else Unmodelled("the index of an adapter that is gone"),
        "PSComputerName": None,
    })


@provides("root/microsoft/windows/smb", "MSFT_SmbMultichannelConstraint", source="storage-and-time.md 4.1: the class below the cmdlets")
def constraints(machine: Machine) -> list[dict[str, Any]]:
    rows = (_row(machine, item).properties for item in machine.smb.constraints)
    return [{name: value for name, value in row.items() if name != "PSComputerName"} for row in rows]


@cmdlet("Get-SmbClientNetworkInterface", source=f"{_SOURCE}, example 3", unconfirmed="adapters without a link are left out; RssCapable")
def get_interfaces(machine: Machine, bound: Bound) -> list[PSObject]:
    usable = {item.name for item in machine.spec.smb.rdma if item.enabled and item.usable}
    return [
        PSObject("CimInstance#MSFT_SmbClientNetworkInterface", {
            "FriendlyName": adapter.properties["Name"],
            "InterfaceIndex": adapter.properties["InterfaceIndex"],
            "IpAddresses": Unmodelled("MSFT_SmbClientNetworkInterface.IpAddresses"),
            "LinkSpeed": adapter.properties["Speed"],
            "RdmaCapable": adapter.properties["Name"] in usable,
            "RssCapable": True,
            "PSComputerName": None,
        })
        for adapter in _adapters(machine)
        if adapter.properties["MediaConnectState"] == 1
    ]


@cmdlet("Get-NetAdapterRdma", source="storage-and-time.md 4.1: only capable adapters, none otherwise; windows-powershell-docs NetAdapter")
def get_rdma(machine: Machine, bound: Bound) -> list[PSObject]:
    if "InterfaceDescription" in bound or bound.get("IncludeHidden"):
        raise not_modelled("Get-NetAdapterRdma -InterfaceDescription or -IncludeHidden", _TEACH)
    kind = "CimInstance#MSFT_NetAdapterRdmaSettingData"
    found = [PSObject(kind, {"Name": item.name, "Enabled": item.enabled}) for item in machine.spec.smb.rdma]
    return select(found, bound, "Get-NetAdapterRdma", {"Name": "Name"})


def _adapters(machine: Machine) -> list[PSObject]:
    return objects(machine, "root/standardcimv2", "MSFT_NetAdapter")
