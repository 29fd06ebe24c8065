# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Multipath I/O as the registry and MSDSM's own class show it. docs/resources/mpio.md names the sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..mpio.disks import BUS_WIDE, Hardware, disks, read_disks, repeated
from ..mpio.registry import claimed, key_values, read_registry, timers
from ..plans import Promise
from . import instances, promise, seen_one

_POLICY_CLASS = "MSDSM_DEFAULT_LOAD_BALANCE_POLICY"
_POLICIES = {0: "None", 1: "FOO", 2: "RR", 4: "LQD", 6: "LB"}
_NOTE = "HKLM:\\SOFTWARE\\winstack.hyperv\\mpio"
_NOTE_VALUE = "ChangedAfterStart"
# Of the lists, what is not set through the option hardware.
_NOT_HARDWARE = frozenset({Hardware("Vendor 8", "Product 16"), *BUS_WIDE.values()})
_LISTS = "registry DsmSupportedDeviceList, MPIOSupportedDeviceList"


def calls(options: Mapping[str, Any]) -> list[Call]:
    return [
        *read_registry(),
        *read_disks(),
        Cmdlet("cluster", "Get-Service", {"Name": "ClusSvc"}, ("Status",)),
        instances("policy", _POLICY_CLASS, "LoadBalancePolicy", namespace="root/wmi"),
        instances("system", "Win32_OperatingSystem", "LastBootUpTime"),
        Cmdlet("note", "Get-ItemProperty", {"LiteralPath": _NOTE}, (f"{_NOTE_VALUE}?",)),
    ]


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, answers))


def _promises(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    listed = claimed(answers)
    for bus, wanted in (options["automatic_claim"] or {}).items():
        if wanted is not None:
            yield promise(f"automatic_claim.{bus}", wanted, BUS_WIDE[bus] in listed, _LISTS)
    if options["hardware"] is not None:
        yield _hardware(options, listed)
    if options["load_balance_policy"] is not None:
        number = seen_one(answers, "policy").get("LoadBalancePolicy", -1)
        yield promise("load_balance_policy", options["load_balance_policy"], _POLICIES.get(number), f"CIM {_POLICY_CLASS}")
    found = timers(answers)
    for name, value in (options["timers"] or {}).items():
        if value is not None:
            yield promise(f"timers.{name}", value, found[name], "registry, as it is read")
    boot = answers.row("system")["LastBootUpTime"]
    due = key_values(answers, "note").get(_NOTE_VALUE) == boot
    yield promise("restart", "none due", "claims or timers were changed since the last start" if due else "none due", "registry, CIM")
    yield promise("luns", "each once", "each once" if due else _repeated(answers, listed), "CIM MSFT_Disk, as it is read")


def _hardware(options: Mapping[str, Any], listed: frozenset[Hardware]) -> Promise:
    """The list after what was asked for, next to the list that there is; whole buses and the placeholder are none of it."""
    given = {Hardware(entry["vendor_id"].strip(), entry["product_id"].strip()) for entry in options["hardware"]}
    found = listed - (_NOT_HARDWARE - given)
    state = options["hardware_state"]
    wanted = found - given if state == "absent" else given if state == "exact" else found | given
    return promise("hardware", sorted(map(str, wanted)), sorted(map(str, found)), _LISTS)


def _repeated(answers: Answers, listed: frozenset[Hardware]) -> str:
    """LUNs that MPIO claims and that are several disks nevertheless."""
    member = seen_one(answers, "cluster").get("Status") == "Running"
    groups = [group for group in repeated(disks(answers), cluster_member=member) if any(disk.claimed_by(listed) for disk in group)]
    return "; ".join(f"one LUN as disks {', '.join(str(disk.number) for disk in group)}" for group in groups) or "each once"
