# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage as the registry, the service controller and the initiator's own class show it. docs/resources/storage.md names the sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..network import tcp_endpoints
from ..network.tcp_endpoints import Endpoint
from ..plans import Promise
from . import instances, promise, seen, seen_one, service_registry, service_status, start_mode

_SERVICE = "MSiSCSI"
_PARTITIONS = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\partmgr\\Parameters"
_STORAGE = "root/microsoft/windows/storage"
_FIBRE_CHANNEL = 1
_INITIATOR = "MSiSCSIInitiator_MethodClass"
# VDS_SAN_POLICY, which numbers them like Get-StorageSetting.
_POLICIES = {1: "online_all", 2: "offline_shared", 3: "offline_all", 4: "offline_internal"}


def calls(options: Mapping[str, Any], endpoints: Sequence[Endpoint]) -> list[Call]:
    wanted: list[Call] = []
    if options["san_policy"] is not None:
        wanted += [
            Cmdlet("partitions", "Get-ItemProperty", {"LiteralPath": _PARTITIONS}, ("SanPolicy?",)),
            Cmdlet("settings", "Get-StorageSetting", properties=("NewDiskPolicy",)),
        ]
    if options["iscsi"]:
        wanted += [service_registry("registry", _SERVICE), service_status("status", _SERVICE)]
    if options["initiator_name"] is not None:
        wanted.append(instances("initiator", _INITIATOR, "iSCSINodeName", namespace="root/wmi"))
    if options["fibre_channel"]:
        wanted.append(instances("ports", "MSFT_InitiatorPort", "ConnectionType", namespace=_STORAGE))
    return [*wanted, *tcp_endpoints.tests(endpoints)]


def promises(options: Mapping[str, Any], endpoints: Sequence[Endpoint], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, endpoints, answers))


def _promises(options: Mapping[str, Any], endpoints: Sequence[Endpoint], answers: Answers) -> Iterator[Promise]:
    if options["san_policy"] is not None:
        yield _policy(options["san_policy"], answers)
    if options["iscsi"]:
        yield promise("iscsi_service.start_mode", "automatic", start_mode(seen_one(answers, "registry")), "registry Start")
        status = seen_one(answers, "status").get("Status")
        yield promise("iscsi_service.running", True, None if status is None else status == "Running", "Get-Service")
    if options["initiator_name"] is not None:
        name = seen_one(answers, "initiator").get("iSCSINodeName")
        yield promise("initiator_name", options["initiator_name"], name.lower() if name else None, f"CIM {_INITIATOR}")
    if options["fibre_channel"]:
        ports = sum(row["ConnectionType"] == _FIBRE_CHANNEL for row in seen(answers, "ports"))
        yield Promise("fibre_channel", "one port or more", ports, "CIM MSFT_InitiatorPort, as it is read", ports > 0)
    for reached in tcp_endpoints.results(endpoints, answers):
        found = "reachable" if reached.reachable else reached.found()
        yield promise(f"endpoints.{reached.endpoint}", "reachable", found, "Test-NetConnection, as it is read")


def _policy(wanted: str, answers: Answers) -> Promise:
    """A policy that nobody has ever set need not stand in the registry."""
    number = seen_one(answers, "partitions").get("SanPolicy")
    if number is not None:
        return promise("san_policy", wanted, _POLICIES.get(number, str(number)), "registry SanPolicy")
    text = str(seen_one(answers, "settings").get("NewDiskPolicy", "")).replace(" ", "").lower()
    words = {**{name.replace("_", ""): name for name in _POLICIES.values()}, **{str(number): name for number, name in _POLICIES.items()}}
    return promise("san_policy", wanted, words.get(text), "Get-StorageSetting, as it is read")
