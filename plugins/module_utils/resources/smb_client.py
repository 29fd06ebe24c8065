# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB client: Multichannel, which interfaces it may use to which server, signing, RDMA, and whether the instance path will do.

docs/resources/smb_client.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..evidence import smb_client as second_path
from ..network import smb_constraints, tcp_endpoints
from ..network.tcp_endpoints import Endpoint, Reached
from ..plans import Difference, Finding, Plan, Promise
from ..storage.locations import Location, locate

# Server 2025, which signs what it sends by default.
_SIGNING_BUILD = 26100
_FIXED_DRIVE = 3

# The option, and the property of Get-SmbClientConfiguration, which Set-SmbClientConfiguration takes as a parameter.
_SETTINGS = {"multichannel": "EnableMultiChannel", "require_signing": "RequireSecuritySignature"}


@dataclass(frozen=True)
class _Current:
    settings: Mapping[str, bool]
    constraints: tuple[smb_constraints.Constraint, ...]
    adapters: tuple[smb_constraints.Interface, ...]
    interfaces: tuple[Mapping[str, Any], ...]
    rdma: Mapping[str, bool]
    build: int
    reached: tuple[Reached, ...]


class SmbClient:
    """Reads the client's settings and its views of the network; changes what differs, one server's constraints apart from another's."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        constraint = ("ServerName", "InterfaceAlias", "InterfaceIndex", "InterfaceGuid")
        interface = ("FriendlyName", "InterfaceIndex", "RdmaCapable", "RssCapable")
        return [
            Cmdlet("settings", "Get-SmbClientConfiguration", properties=tuple(_SETTINGS.values())),
            Cmdlet("constraints", "Get-SmbMultichannelConstraint", properties=constraint),
            *_read_adapters(options),
            Cmdlet("interfaces", "Get-SmbClientNetworkInterface", properties=interface),
            Cmdlet("rdma", "Get-NetAdapterRdma", properties=("Name", "Enabled")),
            Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber",)),
            *_read_drive(options),
            *tcp_endpoints.tests(_endpoints(options)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_option_refusals(options))
        if refusals:
            return Plan(refusals=refusals)
        current = _current(options, answers)
        servers = smb_constraints.wanted(options["constraints"], current.adapters)
        changed = {name: options[name] for name in _SETTINGS if options[name] not in (None, current.settings[name])}
        constraints = smb_constraints.difference(current.constraints, servers)
        differences = [Difference(name, current.settings[name], value) for name, value in changed.items()]
        return Plan(
            differences=(*differences, *([constraints] if constraints else [])),
            calls=(*_set(changed), *smb_constraints.calls(current.constraints, servers)),
            findings=tuple(_findings(options, current)),
            warnings=tuple(_warnings(options, current)),
            refusals=tuple(_drive_refusals(options, answers)),
            blockers=tuple(_blockers(servers)),
            state=_state(current),
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return second_path.calls(options, _endpoints(options))

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        return second_path.promises(options, _endpoints(options), answers)


RESOURCE = SmbClient()


# What is read besides

def _location(options: Mapping[str, Any]) -> Location | None:
    return None if options["instances_path"] is None else locate(options["instances_path"])


def _read_adapters(options: Mapping[str, Any]) -> Iterator[Call]:
    """By their names the constraints are given, by their GUIDs compared, by their indexes set."""
    if options["constraints"]:
        yield Cmdlet("adapters", "Get-NetAdapter", properties=("Name", "InterfaceIndex", "InterfaceGuid"))


def _read_drive(options: Mapping[str, Any]) -> Iterator[Call]:
    location = _location(options)
    if location is not None and location.kind == "drive":
        drive = {"ClassName": "Win32_LogicalDisk", "Filter": f"DeviceID='{location.name.upper()}:'"}
        yield Cmdlet("drive", "Get-CimInstance", drive, ("DriveType",))


def _endpoints(options: Mapping[str, Any]) -> list[Endpoint]:
    location = _location(options)
    return [Endpoint(location.server, tcp_endpoints.SMB_PORT)] if location is not None and location.kind == "share" else []


# What can never be

def _option_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    seen: set[str] = set()
    for constraint in options["constraints"]:
        server = constraint["server"]
        if not tcp_endpoints.is_host(server):
            yield f"constraints: {server!r} is no name or address of a server"
        for name in smb_constraints.server_names(server, constraint["short_name"]):
            if name in seen:
                yield f"constraints: {name} is there twice; name each server once, or set short_name: false"
            seen.add(name)
    if options["instances_path"] is not None and _location(options) is None:
        yield f"instances_path: {options['instances_path']!r} is no absolute Windows path"


def _drive_refusals(options: Mapping[str, Any], answers: Answers) -> Iterator[str]:
    """A mapped drive belongs to one logon session. This session sees none of nova-compute's, so a drive that is not there is refused."""
    location = _location(options)
    if location is None or location.kind != "drive":
        return
    if [row["DriveType"] for row in answers.rows("drive")] != [_FIXED_DRIVE]:
        yield (
            f"instances_path: {location.name.upper()}: is no local disk of this host; nova-compute and the other hosts do not see a mapped "
            "drive, so give the share as \\\\server\\share"
        )


def _blockers(servers: list[smb_constraints.Wanted]) -> Iterator[str]:
    for alias in dict.fromkeys(alias for server in servers for alias in server.missing):
        yield f"this host has no network adapter of the name {alias} yet"


# What the host answered

def _current(options: Mapping[str, Any], answers: Answers) -> _Current:
    settings = answers.row("settings")
    return _Current(
        settings={option: bool(settings[name]) for option, name in _SETTINGS.items()},
        constraints=smb_constraints.present(answers, "constraints"),
        adapters=smb_constraints.adapters(answers, "adapters") if options["constraints"] else (),
        interfaces=answers.rows("interfaces"),
        rdma={row["Name"]: bool(row["Enabled"]) for row in answers.rows("rdma")},
        build=int(answers.row("system")["BuildNumber"]),
        reached=tuple(tcp_endpoints.results(_endpoints(options), answers)),
    )


# What is called

def _set(changed: Mapping[str, bool]) -> Iterator[Call]:
    if changed:
        parameters = {_SETTINGS[name]: value for name, value in changed.items()}
        yield Cmdlet("set", "Set-SmbClientConfiguration", {**parameters, "Force": True})


# What a person must know

def _findings(options: Mapping[str, Any], current: _Current) -> Iterator[Finding]:
    for reached in current.reached:
        if not reached.reachable:
            yield Finding(
                "share_unreachable", "critical", str(reached.endpoint), reached.found(), "a TCP connection",
                "See that the network to the file server is right on this host and that the server is up.",
            )
    for interface in current.interfaces:
        if current.rdma.get(interface["FriendlyName"]) and not interface["RdmaCapable"]:
            yield Finding(
                "rdma", "warning", interface["FriendlyName"], "RDMA is enabled, but SMB cannot use it there", "RDMA that SMB can use",
                "See that the switch and the driver are set up for RDMA (a lossless network for RoCE), or disable RDMA on this adapter.",
            )
    if _signs_by_default(options, current):
        yield Finding(
            "signing", "information", "RequireSecuritySignature", "required, as is Windows Server 2025's default",
            "a file server that signs",
            "A share of a server that does not sign fails with 0xc000a000. Turn signing on there, or set require_signing: false here.",
        )


def _signs_by_default(options: Mapping[str, Any], current: _Current) -> bool:
    """Worth a word where nobody decided it and a share is in use."""
    uses_shares = bool(current.reached or options["constraints"])
    return options["require_signing"] is None and uses_shares and current.build >= _SIGNING_BUILD and current.settings["require_signing"]


def _warnings(options: Mapping[str, Any], current: _Current) -> Iterator[str]:
    multichannel = current.settings["multichannel"] if options["multichannel"] is None else options["multichannel"]
    if not multichannel and any(constraint["interfaces"] for constraint in options["constraints"]):
        yield "constraints: they have no effect while multichannel is off."


def _state(current: _Current) -> dict[str, Any]:
    constraints: dict[str, list[str]] = {}
    for item in current.constraints:
        constraints.setdefault(item.server.lower(), []).append(item.interface.alias)
    return {
        **current.settings,
        "constraints": {server: sorted(aliases) for server, aliases in sorted(constraints.items())},
        "interfaces": [_interface(row) for row in current.interfaces],
        "rdma_enabled": dict(current.rdma),
        "endpoints": [reached.as_state() for reached in current.reached],
    }


def _interface(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["FriendlyName"],
        "index": row["InterfaceIndex"],
        "rdma_capable": row["RdmaCapable"],
        "rss_capable": row["RssCapable"],
    }
