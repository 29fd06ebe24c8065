# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What block storage needs of a host: the policy for new disks, the iSCSI initiator, Fibre Channel ports, and ways to the storage.

docs/resources/storage.md names the source of every rule.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers, CallFailed, CmdletError
from ..calls import Call, Cmdlet, Ref, Retry
from ..evidence import storage as second_path
from ..network import tcp_endpoints
from ..network.tcp_endpoints import Endpoint, Reached
from ..plans import Difference, Finding, Plan, Promise
from ..storage.locations import Location, locate
from ..wql import named

_SERVICE = "MSiSCSI"
_NAMESPACE = "root/microsoft/windows/storage"
_FIBRE_CHANNEL, _ISCSI = 1, 2
# What the port of Microsoft's own initiator has for a port address; hardware initiators have names of their own.
_SOFTWARE_PORT = "ISCSI ANY PORT"

_POLICIES = {"unknown": 0, "online_all": 1, "offline_shared": 2, "offline_all": 3, "offline_internal": 4}
_SPELLINGS = {"offline_shared": "OfflineShared", "offline_all": "OfflineAll"}

# RFC 3720 3.2.6 and RFC 3722: names are at most 223 bytes and in lower case.
_NODE_NAME = re.compile(
    r"iqn\.[0-9]{4}-(0[1-9]|1[0-2])\.[a-z0-9][a-z0-9.-]*(:[a-z0-9.:-]+)?|eui\.[0-9a-f]{16}|naa\.([0-9a-f]{16}|[0-9a-f]{32})"
)
_LONGEST_NODE_NAME = 223

# The port comes a moment after its service.
_PATIENCE = Retry(count=10, seconds=2)


@dataclass(frozen=True)
class _Current:
    policy: str
    start_mode: str
    running: bool
    ports: tuple[Mapping[str, Any], ...]
    reached: tuple[Reached, ...]

    def of_type(self, connection: int) -> list[Mapping[str, Any]]:
        return [port for port in self.ports if port["ConnectionType"] == connection]

    @property
    def initiator_name(self) -> str | None:
        """None while the service, without which Windows lists no port, does not run."""
        return next((port["NodeAddress"] for port in self.of_type(_ISCSI) if port["PortAddress"] == _SOFTWARE_PORT), None)


class Storage:
    """Sets what nova and os-brick only check, and leaves logging in to targets to them."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("settings", "Get-StorageSetting", properties=("NewDiskPolicy",)),
            Cmdlet("service", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": named([_SERVICE])}, ("State", "StartMode")),
            _read_ports("ports"),
            *tcp_endpoints.tests(_endpoints(options)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_refusals(options))
        if refusals:
            return Plan(refusals=refusals)
        current = _current(options, answers)
        differences = tuple(_differences(options, current))
        return Plan(
            differences=differences,
            calls=tuple(_calls(options, current, {item.path for item in differences})),
            findings=tuple(_findings(options, current)),
            warnings=tuple(_warnings(options, current)),
            state=_state(current),
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return second_path.calls(options, _endpoints(options))

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        return second_path.promises(options, _endpoints(options), answers)


RESOURCE = Storage()


def _read_ports(call: str) -> Cmdlet:
    """Through CIM, because the cmdlet shows words where the class has numbers."""
    properties = ("NodeAddress", "PortAddress", "InstanceName", "ConnectionType")
    return Cmdlet(call, "Get-CimInstance", {"Namespace": _NAMESPACE, "ClassName": "MSFT_InitiatorPort"}, properties)


def _endpoints(options: Mapping[str, Any]) -> list[Endpoint]:
    """The portals as given, and the SMB port of every server that has one of the shares."""
    portals = [Endpoint(portal["address"].lower(), portal["port"]) for portal in options["portals"]]
    locations = [locate(share) for share in options["shares"]]
    servers = [Endpoint(location.server, tcp_endpoints.SMB_PORT) for location in locations if location is not None and location.server]
    return tcp_endpoints.unique([*portals, *servers])


# What can never be

def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    name = options["initiator_name"]
    if name is not None and not options["iscsi"]:
        yield "initiator_name: needs iscsi: true, because Windows knows the name while the initiator's service runs only"
    if name is not None and (not _NODE_NAME.fullmatch(name) or len(name) > _LONGEST_NODE_NAME):
        allowed = f"an iSCSI name such as iqn.2026-01.org.example:hv01, in lower case and of at most {_LONGEST_NODE_NAME} characters"
        yield f"initiator_name: {name!r} is not {allowed}"
    for portal in options["portals"]:
        if not tcp_endpoints.is_host(portal["address"]):
            yield f"portals: {portal['address']!r} is no host name or address"
        if not 1 <= portal["port"] <= 65535:
            yield f"portals: the port {portal['port']} of {portal['address']} is not between 1 and 65535"
    for share in options["shares"]:
        location = locate(share)
        if location is None or location.kind != "share":
            yield f"shares: {share!r} is no UNC path such as \\\\server\\share"
    yield from _path_refusals(options)


def _path_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    paths = [("cinder_paths", path) for path in options["cinder_paths"]]
    if options["instances_path"] is not None:
        paths.append(("instances_path", options["instances_path"]))
    for option, path in paths:
        if locate(path) is None:
            yield f"{option}: {path!r} is no absolute Windows path"


# What the host answered

def _current(options: Mapping[str, Any], answers: Answers) -> _Current:
    service = answers.row("service")
    return _Current(
        policy=_policy(answers.row("settings")["NewDiskPolicy"]),
        start_mode={"Auto": "automatic"}.get(service["StartMode"], service["StartMode"].lower()),
        running=service["State"] == "Running",
        ports=answers.rows("ports"),
        reached=tuple(tcp_endpoints.results(_endpoints(options), answers)),
    )


def _policy(value: Any) -> str:
    """The cmdlet gives the number or the word, depending on whether its module's type data is in effect."""
    words = {name.replace("_", ""): name for name in _POLICIES}
    numbers = {str(number): name for name, number in _POLICIES.items()}
    text = str(value).replace(" ", "").lower()
    name = words.get(text) or numbers.get(text)
    if name is None:
        raise CallFailed("settings", CmdletError("UnexpectedValue", f"NewDiskPolicy is {value!r}"))
    return name


# What is wanted

def _differences(options: Mapping[str, Any], current: _Current) -> Iterator[Difference]:
    if options["san_policy"] not in (None, current.policy):
        yield Difference("san_policy", current.policy, options["san_policy"])
    if not options["iscsi"]:
        return
    if current.start_mode != "automatic":
        yield Difference("iscsi_service.start_mode", current.start_mode, "automatic")
    if not current.running:
        yield Difference("iscsi_service.running", False, True)
    name = options["initiator_name"]
    if name is not None and name != (current.initiator_name or "").lower():
        yield Difference("initiator_name", current.initiator_name, name)


def _calls(options: Mapping[str, Any], current: _Current, changed: set[str]) -> Iterator[Call]:
    """The name last: its port is there while the service runs only."""
    if "san_policy" in changed:
        yield Cmdlet("san_policy", "Set-StorageSetting", {"NewDiskPolicy": _SPELLINGS[options["san_policy"]]})
    if "iscsi_service.start_mode" in changed:
        yield Cmdlet("start_mode", "Set-Service", {"Name": _SERVICE, "StartupType": "Automatic"})
    if "iscsi_service.running" in changed:
        yield Cmdlet("start", "Start-Service", {"Name": _SERVICE})
    if "initiator_name" in changed:
        yield _software_port()
        old = Ref("port", where={"PortAddress": _SOFTWARE_PORT}, property="NodeAddress")
        yield Cmdlet("name", "Set-InitiatorPort", {"NodeAddress": old, "NewNodeAddress": options["initiator_name"], "Confirm": False})


def _software_port() -> Cmdlet:
    wanted = {"Namespace": _NAMESPACE, "ClassName": "MSFT_InitiatorPort", "Filter": f"PortAddress='{_SOFTWARE_PORT}'"}
    return Cmdlet("port", "Get-CimInstance", wanted, ("NodeAddress",), until={"PortAddress": _SOFTWARE_PORT}, retry=_PATIENCE)


# What a person must know

def _findings(options: Mapping[str, Any], current: _Current) -> Iterator[Finding]:
    for reached in current.reached:
        if not reached.reachable:
            yield _unreachable(reached)
    if options["san_policy"] is None and current.policy not in _SPELLINGS:
        yield Finding(
            "san_policy", "warning", "NewDiskPolicy", current.policy, " or ".join(_SPELLINGS),
            "Set san_policy: nova refuses to attach block volumes with any other policy.",
        )
    if options["fibre_channel"] and not current.of_type(_FIBRE_CHANNEL):
        yield Finding(
            "fibre_channel", "critical", "initiator ports", "no Fibre Channel port", "at least one",
            "See that the adapter is seated and enabled and that its vendor's driver is installed.",
        )
    yield from _shared(options)


def _unreachable(reached: Reached) -> Finding:
    return Finding(
        "storage_unreachable", "critical", str(reached.endpoint), reached.found(), "a TCP connection",
        "See that the storage network's adapter, address, VLAN and route are right on this host and that the storage listens there.",
    )


def _shared(options: Mapping[str, Any]) -> Iterator[Finding]:
    """Cinder and nova each report a location's free space as their own, and neither knows what the other takes."""
    ours = locate(options["instances_path"]) if options["instances_path"] is not None else None
    if ours is None:
        return
    for path in (*options["shares"], *options["cinder_paths"]):
        theirs = locate(path)
        if theirs is not None and ours.same(theirs):
            yield _shared_with(options["instances_path"], path, ours)


def _shared_with(instances_path: str, path: str, location: Location) -> Finding:
    return Finding(
        "shared_with_cinder", "warning", instances_path, f"Cinder's {path} lies on {location} as well", "a location of nova's own",
        "Give Cinder or nova another share or volume, or let both overcommit knowingly: each schedules by the same free space.",
    )


def _warnings(options: Mapping[str, Any], current: _Current) -> Iterator[str]:
    name = options["initiator_name"]
    old = current.initiator_name
    if name is not None and old is not None and old.lower() != name:
        yield f"initiator_name: storage that lets in {old} must be told of {name}; sessions that are open keep the former name."


def _state(current: _Current) -> dict[str, Any]:
    return {
        "san_policy": current.policy,
        "iscsi_service": {"start_mode": current.start_mode, "running": current.running},
        "initiator_name": current.initiator_name,
        "iscsi_initiator_list": list(dict.fromkeys(port["InstanceName"] for port in current.of_type(_ISCSI))),
        "fibre_channel_ports": [
            {"wwnn": port["NodeAddress"], "wwpn": port["PortAddress"], "instance": port["InstanceName"]}
            for port in current.of_type(_FIBRE_CHANNEL)
        ],
        "endpoints": [reached.as_state() for reached in current.reached],
    }
