# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Windows Time service: where the time comes from, and that the service keeps running.

docs/resources/time.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ..answers import Answers
from ..calls import Call, Cmdlet, Program
from ..evidence import time as second_path
from ..plans import Difference, Finding, Plan
from ..time_peers import Peer, invalid_hosts, present, wanted
from ..wql import named

_SERVICE = "W32Time"
_KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\W32Time"
_POLICY_KEY = "HKLM:\\SOFTWARE\\Policies\\Microsoft\\W32Time"
_CLIENT_KEY = f"{_KEY}\\TimeProviders\\NtpClient"

_TYPES = {"ntp": "NTP", "domain": "NT5DS"}
_SYNC_FROM = {"ntp": "/syncfromflags:MANUAL", "domain": "/syncfromflags:DOMHIER"}

# w32tm writes these in English whatever the language of Windows is: the clock follows nobody.
_NO_SOURCE = ("local cmos clock", "free-running system clock")

# What the service answers when it has no samples yet, only stale ones, too large a step, or is ending. None of it is a reason to
# fail: it goes on trying by itself.
_RESYNC_EXIT_CODES = (0, 1, 2, 3, 4)

_TRIGGER_ACTIONS = {1: "start", 2: "stop"}


@dataclass(frozen=True)
class _Current:
    """The settings in effect: where group policy sets one, the policy's. policy: the paths of those."""

    member: bool
    type: str
    peers: tuple[Peer, ...]
    client_enabled: bool
    poll_interval: int | None
    poll_bounds: tuple[int, int]
    policy: frozenset[str]
    running: bool
    start_mode: str
    triggers: tuple[Mapping[str, Any], ...]
    follows: str | None


class Time:
    """Compares registry values, because w32tm's output is translated; leaves domain members in the hierarchy unless told otherwise."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain",)),
            _registry("parameters", f"{_KEY}\\Parameters", "Type?", "NtpServer?"),
            _registry("client", _CLIENT_KEY, "Enabled?", "SpecialPollInterval?"),
            _registry("config", f"{_KEY}\\Config", "MinPollInterval", "MaxPollInterval"),
            _registry("policy", f"{_POLICY_KEY}\\Parameters", "Type?", "NtpServer?"),
            _registry("policy_client", f"{_POLICY_KEY}\\TimeProviders\\NtpClient", "Enabled?", "SpecialPollInterval?"),
            Cmdlet("service", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": named([_SERVICE])}, ("State", "StartMode")),
            Cmdlet("triggers", "Get-ItemProperty", {"Path": f"{_KEY}\\TriggerInfo\\*"}, ("Type", "Action", "GUID")),
            # Fails while the service is stopped.
            Program("follows", "w32tm.exe", ("/query", "/source")),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        current = _current(answers)
        source = _source(options, current.member)
        refusals = tuple(_refusals(options))
        settings = () if refusals else tuple(_differences(options, source, current))
        differences = tuple(item for item in settings if item.path not in current.policy)
        ruled = tuple(item for item in settings if item.path in current.policy)
        return Plan(
            differences=differences,
            calls=tuple(_calls(options, source, {item.path for item in differences})),
            findings=(*map(_policy_finding, ruled), *_sync_finding(current, differences)),
            warnings=tuple(_warnings(options, source, current)),
            refusals=refusals,
            state=_state(source, current),
        )

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = Time()


def _registry(call: str, key: str, *values: str) -> Cmdlet:
    return Cmdlet(call, "Get-ItemProperty", {"LiteralPath": key}, values)


# What the host answered

def _current(answers: Answers) -> _Current:
    local = {**answers.row("parameters"), **answers.row("client")}
    ruled = {**_row_or_none(answers, "policy"), **_row_or_none(answers, "policy_client")}
    policy = {name: value for name, value in ruled.items() if value is not None}
    effective = {**local, **policy}
    config, service = answers.row("config"), answers.row("service")
    paths = {"Type": "type", "NtpServer": "peers", "Enabled": "client_enabled", "SpecialPollInterval": "poll_interval_seconds"}
    return _Current(
        member=bool(answers.row("system")["PartOfDomain"]),
        type=(effective["Type"] or "").upper(),
        peers=tuple(present(effective["NtpServer"])),
        client_enabled=bool(effective["Enabled"]),
        poll_interval=effective["SpecialPollInterval"],
        poll_bounds=(2 ** config["MinPollInterval"], 2 ** config["MaxPollInterval"]),
        policy=frozenset(paths[name] for name in policy),
        running=service["State"] == "Running",
        start_mode={"Auto": "automatic"}.get(service["StartMode"], service["StartMode"].lower()),
        triggers=tuple(_trigger(row) for row in _rows_or_none(answers, "triggers")),
        follows=answers["follows"].stdout.strip() if answers["follows"].ok else None,
    )


def _row_or_none(answers: Answers, call: str) -> Mapping[str, Any]:
    rows = _rows_or_none(answers, call)
    return rows[0] if rows else {}


def _rows_or_none(answers: Answers, call: str) -> tuple[Mapping[str, Any], ...]:
    """The rows of a key that need not exist."""
    error = answers[call].error
    if error is not None and error.id.split(",")[0] == "PathNotFound":
        return ()
    return answers.rows(call)


def _trigger(row: Mapping[str, Any]) -> dict[str, Any]:
    action = _TRIGGER_ACTIONS.get(row["Action"], str(row["Action"]))
    return {"action": action, "type": row["Type"], "subtype": str(UUID(bytes_le=row["GUID"]))}


# What is wanted

def _source(options: Mapping[str, Any], member: bool) -> str:
    if options["source"] == "auto":
        return "domain" if member else "ntp"
    return str(options["source"])


def _peers(options: Mapping[str, Any]) -> list[Peer]:
    return wanted(options["peers"] or [], special_interval=options["poll_interval_seconds"] is not None)


def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    if options["source"] == "ntp" and not options["peers"]:
        yield "peers: source ntp needs at least one time server"
    for host in invalid_hosts(options["peers"] or []):
        yield f"peers: {host!r} is no host name or address"
    interval = options["poll_interval_seconds"]
    if interval is not None and not options["peers"]:
        yield "poll_interval_seconds: needs peers, because it counts for those that are marked with it"
    if interval is not None and not 1 <= interval <= 0xFFFFFFFF:
        yield f"poll_interval_seconds: {interval} is not between 1 and 4294967295"


def _differences(options: Mapping[str, Any], source: str, current: _Current) -> Iterator[Difference]:
    if current.type != _TYPES[source]:
        yield Difference("type", current.type, _TYPES[source])
    if not current.client_enabled:
        yield Difference("client_enabled", False, True)
    if source == "ntp":
        yield from _ntp_differences(options, current)
    if current.start_mode == "disabled" or (not current.member and current.start_mode != "automatic"):
        yield Difference("start_mode", current.start_mode, "automatic")
    # Outside a domain they stop the service right after boot, or keep it from starting (KB 2385818).
    if current.triggers and not current.member:
        yield Difference("triggers", list(current.triggers), [])
    if not current.running:
        yield Difference("running", False, True)


def _ntp_differences(options: Mapping[str, Any], current: _Current) -> Iterator[Difference]:
    peers = _peers(options)
    if peers and set(peers) != set(current.peers):
        yield Difference("peers", [str(peer) for peer in current.peers], [str(peer) for peer in peers])
    interval = options["poll_interval_seconds"]
    if interval is not None and interval != current.poll_interval:
        yield Difference("poll_interval_seconds", current.poll_interval, interval)


def _calls(options: Mapping[str, Any], source: str, changed: set[str]) -> Iterator[Call]:
    """Triggers first, or the service would stop again; the configuration without /update, which needs a running service."""
    if "triggers" in changed:
        yield Program("triggers", "sc.exe", ("triggerinfo", _SERVICE, "delete"))
    if "start_mode" in changed:
        yield Cmdlet("start_mode", "Set-Service", {"Name": _SERVICE, "StartupType": "Automatic"})
    if "client_enabled" in changed:
        yield _set_client("client_enabled", "Enabled", 1)
    if "poll_interval_seconds" in changed:
        yield _set_client("poll_interval", "SpecialPollInterval", options["poll_interval_seconds"])
    if {"type", "peers"} & changed:
        peers = _peers(options) if source == "ntp" and "peers" in changed else []
        listed = (f"/manualpeerlist:{' '.join(map(str, peers))}",) if peers else ()
        yield Program("config", "w32tm.exe", ("/config", *listed, _SYNC_FROM[source]))
    configured = {"type", "peers", "client_enabled", "poll_interval_seconds"} & changed
    if "running" in changed:
        yield Cmdlet("start", "Start-Service", {"Name": _SERVICE})
    elif configured:
        yield Cmdlet("restart", "Restart-Service", {"Name": _SERVICE, "Force": True})
    if configured or "running" in changed:
        yield Program("resync", "w32tm.exe", ("/resync", "/rediscover", "/nowait"), exit_codes=_RESYNC_EXIT_CODES)


def _set_client(call: str, value: str, number: int) -> Cmdlet:
    return Cmdlet(call, "Set-ItemProperty", {"LiteralPath": _CLIENT_KEY, "Name": value, "Value": number, "Type": "DWord"})


# What a person must know

def _policy_finding(difference: Difference) -> Finding:
    return Finding(
        "group_policy", "warning", difference.path, f"{difference.before}, set by group policy", str(difference.after),
        "Change the policy (Computer Configuration, System, Windows Time Service), or the option: the local setting has no effect.",
    )


def _sync_finding(current: _Current, differences: Sequence[Difference]) -> Iterator[Finding]:
    if differences or not current.running or (current.follows or "").lower() not in _NO_SOURCE:
        return
    yield Finding(
        "not_synchronized", "warning", "clock", f"the clock follows nothing ({current.follows})", "a time server or domain controller",
        "Just after a start this passes by itself. Otherwise see that the servers answer on UDP port 123 (from source port 123 too) and "
        "that the clock is less than 15 hours off; beyond that it must be set by hand once.",
    )


def _warnings(options: Mapping[str, Any], source: str, current: _Current) -> Iterator[str]:
    if source == "domain" and not current.member:
        yield "source is domain, but the host is in no domain: it will not find a time source until it has joined one."
    if source == "ntp" and not options["peers"] and options["source"] == "auto":
        listed = ", ".join(str(peer) for peer in current.peers) or "none"
        yield f"No peers are given and the host is in no domain, so the time servers are left as they are: {listed}."
    interval = options["poll_interval_seconds"]
    low, high = current.poll_bounds
    if source == "ntp" and interval is not None and not low <= interval <= high:
        yield f"poll_interval_seconds: Windows keeps the interval between {low} and {high} seconds (MinPollInterval, MaxPollInterval)."


def _state(source: str, current: _Current) -> dict[str, Any]:
    return {
        "source": source,
        "domain_member": current.member,
        "type": current.type,
        "peers": [str(peer) for peer in current.peers],
        "poll_interval_seconds": current.poll_interval,
        "client_enabled": current.client_enabled,
        "group_policy": sorted(current.policy),
        "running": current.running,
        "start_mode": current.start_mode,
        "triggers": [dict(trigger) for trigger in current.triggers],
        "follows": current.follows,
        "synchronized": None if current.follows is None else current.follows.lower() not in _NO_SOURCE,
    }
