# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows Time as the running service tells its configuration. docs/resources/time.md names the sources.

What w32tm says is translated but for the names of the settings and their values; where each comes from stands behind it in parentheses.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Program
from ..plans import Promise
from ..time_peers import present, wanted
from . import instances, promise, seen_one, service_registry, service_status, start_mode

_SERVICE = "W32Time"
_POLICY_KEY = "HKLM:\\SOFTWARE\\Policies\\Microsoft\\W32Time"
_TYPES = {"ntp": "NTP", "domain": "NT5DS"}
_CONFIGURATION = "w32tm /query /configuration"
_PROVIDER = re.compile(r"(\w+)(?: \([^)]*\))?")
_SETTING = re.compile(r"(\w+): (.*?)(?: \([^()]*\))?")
_SUBTYPE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def calls(options: Mapping[str, Any]) -> list[Call]:
    return [
        instances("system", "Win32_ComputerSystem", "PartOfDomain"),
        # Fails while the service is stopped.
        Program("configuration", "w32tm.exe", ("/query", "/configuration")),
        Cmdlet("policy", "Get-ItemProperty", {"LiteralPath": f"{_POLICY_KEY}\\Parameters"}, ("Type?", "NtpServer?")),
        Cmdlet(
            "policy_client", "Get-ItemProperty", {"LiteralPath": f"{_POLICY_KEY}\\TimeProviders\\NtpClient"},
            ("Enabled?", "SpecialPollInterval?"),
        ),
        service_registry("registry", _SERVICE),
        service_status("status", _SERVICE),
        Program("triggers", "sc.exe", ("qtriggerinfo", _SERVICE)),
    ]


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, answers))


def _promises(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    member = bool(answers.row("system")["PartOfDomain"])
    ruled = {name for call in ("policy", "policy_client") for name, value in seen_one(answers, call).items() if value is not None}
    yield from (item for value, item in _settings(options, member, _client(answers)) if value not in ruled)
    mode = start_mode(seen_one(answers, "registry"))
    if member:
        yield Promise("start_mode", "not disabled", mode, "registry Start", mode not in (None, "disabled"))
    else:
        yield promise("start_mode", "automatic", mode, "registry Start")
        triggers = _SUBTYPE.findall(answers["triggers"].stdout) if answers["triggers"].ok else None
        yield promise("triggers", [], triggers, "sc qtriggerinfo")
    status = seen_one(answers, "status").get("Status")
    yield promise("running", True, None if status is None else status == "Running", "Get-Service")


def _settings(options: Mapping[str, Any], member: bool, client: Mapping[str, str]) -> Iterator[tuple[str, Promise]]:
    """Each with the name of the value that group policy may set in its place."""
    source = ("domain" if member else "ntp") if options["source"] == "auto" else options["source"]
    kind = client.get("Type")
    yield "Type", promise("type", _TYPES[source], kind.upper() if kind else None, _CONFIGURATION)
    enabled = client.get("Enabled")
    yield "Enabled", promise("client_enabled", True, None if enabled is None else enabled == "1", _CONFIGURATION)
    if source != "ntp":
        return
    interval = options["poll_interval_seconds"]
    if options["peers"]:
        peers = wanted(options["peers"], special_interval=interval is not None)
        found = present(client["NtpServer"]) if "NtpServer" in client else None
        same = found is not None and set(found) == set(peers)
        listed = None if found is None else [str(peer) for peer in found]
        yield "NtpServer", Promise("peers", [str(peer) for peer in peers], listed, _CONFIGURATION, same)
    if interval is not None:
        seconds = client.get("SpecialPollInterval")
        yield "SpecialPollInterval", promise("poll_interval_seconds", interval, int(seconds) if seconds else None, _CONFIGURATION)


def _client(answers: Answers) -> dict[str, str]:
    """The settings of the provider NtpClient; none while the service does not answer."""
    found: dict[str, dict[str, str]] = {}
    provider = ""
    for line in answers["configuration"].stdout.splitlines() if answers["configuration"].ok else ():
        if setting := _SETTING.fullmatch(line.strip()):
            found.setdefault(provider, {})[setting[1]] = setting[2].strip()
        elif heading := _PROVIDER.fullmatch(line.strip()):
            provider = heading[1]
    return found.get("NtpClient", {})
