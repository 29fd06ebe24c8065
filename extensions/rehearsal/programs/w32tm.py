# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""w32tm.exe. Source: storage-and-time.md 6."""
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..machine.setup import W32TIME, W32TIME_POLICY
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult, program

if TYPE_CHECKING:
    from ..machine import Machine

_DONE = "The command completed successfully.\r\n"
# HRESULT_FROM_WIN32(ERROR_SERVICE_NOT_ACTIVE), as captured of /query /status (storage-and-time.md 6.2).
_NOT_STARTED = ProgramResult(-2147023834, "The following error occurred: The service has not been started. (0x80070426)\r\n")
_NO_DATA = ProgramResult(
    1, "Sending resync command to local computer\r\nThe computer did not resync because no time data was available.\r\n",
)
_TYPES = {"no": "NoSync", "manual": "NTP", "domhier": "NT5DS", "all": "AllSync"}
_LOCAL_CLOCK = "Local CMOS Clock"
# Config\AnnounceFlags of a reliable time source: always announced (0x5); otherwise the default.
_RELIABLE = {"yes": 5, "no": 10}


@program(
    "w32tm.exe",
    source="storage-and-time.md 6.1 to 6.3 (Microsoft's Tools-and-Settings page, field captures of exit codes and configurations)",
    unconfirmed="the exit code of a resync without data; that /update writes the registry although the service is stopped; AnnounceFlags",
)
def w32tm(machine: Machine, arguments: list[str]) -> ProgramResult:
    words = [argument.lower() for argument in arguments]
    if words[:1] == ["/config"]:
        return _config(machine, arguments[1:])
    if words[:1] == ["/resync"]:
        return _resync(machine, words[1:])
    if words[:1] == ["/query"]:
        return _query(machine, words[1:])
    raise not_modelled(f"w32tm.exe {' '.join(arguments)}", "extend rehearsal/programs/w32tm.py")


def _running(machine: Machine) -> bool:
    return machine.services.get("W32Time").run is not None


def _config(machine: Machine, arguments: list[str]) -> ProgramResult:
    values: list[tuple[str, str, str | int]] = []
    update = False
    for argument in arguments:
        name, _unused, value = argument.partition(":")
        option = name.lower()
        if option == "/update" and not value:
            update = True
        elif option == "/manualpeerlist":
            values.append((f"{W32TIME}\\Parameters", "NtpServer", value))
        elif option == "/syncfromflags" and _sync_type(value):
            values.append((f"{W32TIME}\\Parameters", "Type", _sync_type(value)))
        elif option == "/reliable" and value.lower() in _RELIABLE:
            values.append((f"{W32TIME}\\Config", "AnnounceFlags", _RELIABLE[value.lower()]))
        else:
            raise not_modelled(f"w32tm.exe /config {argument}", "extend rehearsal/programs/w32tm.py")
    for key, value_name, data in values:
        if machine.registry.get(key, value_name) != data:
            machine.registry.set(key, value_name, data, "DWord" if isinstance(data, int) else "String")
            machine.note(f"w32time: {value_name} = {data}")
    return _NOT_STARTED if update and not _running(machine) else ProgramResult(0, _DONE)


def _sync_type(flags: str) -> str:
    """MANUAL, DOMHIER, NO, ALL, or MANUAL and DOMHIER together, which is all; empty for anything else."""
    words = {word.strip().lower() for word in flags.split(",")}
    return "AllSync" if words == {"manual", "domhier"} else _TYPES.get(flags.lower(), "")


def _resync(machine: Machine, words: list[str]) -> ProgramResult:
    unknown = set(words) - {"/rediscover", "/nowait", "/soft"}
    if unknown:
        raise not_modelled(f"w32tm.exe /resync {sorted(unknown)[0]}", "extend rehearsal/programs/w32tm.py")
    if not _running(machine):
        return _NOT_STARTED
    refused = machine.resyncs_refused < machine.spec.time.resync_refusals
    if refused:
        machine.resyncs_refused += 1
    if refused and "/nowait" not in words:
        return _NO_DATA
    return ProgramResult(0, f"Sending resync command to local computer\r\n{_DONE}")


def _query(machine: Machine, words: list[str]) -> ProgramResult:
    if words not in (["/source"], ["/status"], ["/configuration"]):
        raise not_modelled(f"w32tm.exe /query {' '.join(words)}", "extend rehearsal/programs/w32tm.py; its text is for people only")
    if not _running(machine):
        return _NOT_STARTED
    if words == ["/configuration"]:
        return ProgramResult(0, _configuration(machine))
    source = time_source(machine)
    return ProgramResult(0, f"{source}\r\n" if words == ["/source"] else _status(machine, source))


def time_source(machine: Machine) -> str:
    """What the clock follows: the first peer, the domain, or nothing. Group policy wins over the local settings."""
    kind, peers = _effective(machine, "Type").lower(), _effective(machine, "NtpServer").split()
    if machine.resyncs_refused < machine.spec.time.resync_refusals:
        return _LOCAL_CLOCK
    if kind in ("nt5ds", "allsync") and machine.identity.domain:
        return f"dc.{machine.identity.domain}"
    if kind in ("ntp", "allsync") and peers and machine.registry.get(f"{W32TIME}\\TimeProviders\\NtpClient", "Enabled") == 1:
        return peers[0]
    return _LOCAL_CLOCK


def _effective(machine: Machine, name: str) -> str:
    local = machine.registry.get(f"{W32TIME}\\Parameters", name, "")
    return str(machine.registry.get(f"{W32TIME_POLICY}\\Parameters", name, local))


def _configuration(machine: Machine) -> str:
    """The settings in effect, and where each comes from. Names and values are the same in every language, the origins are not: captures in
    English and in traditional Chinese. Of the settings those that this machine has; the list of servers only where it counts."""
    client = {
        "DllName": (r"C:\Windows\system32\w32time.dll", "Local"),
        "Enabled": _ruled(machine, r"TimeProviders\NtpClient", "Enabled"),
        "InputProvider": (1, "Local"),
        "SpecialPollInterval": _ruled(machine, r"TimeProviders\NtpClient", "SpecialPollInterval"),
        "Type": _ruled(machine, "Parameters", "Type"),
    }
    if str(client["Type"][0]).lower() in ("ntp", "allsync"):
        client["NtpServer"] = _ruled(machine, "Parameters", "NtpServer")
    providers = {
        "NtpClient": client,
        "NtpServer": {
            "DllName": (r"C:\Windows\system32\w32time.dll", "Local"),
            "Enabled": _ruled(machine, r"TimeProviders\NtpServer", "Enabled"),
            "InputProvider": (0, "Local"),
        },
    }
    general = {name: _ruled(machine, "Config", name) for name in ("AnnounceFlags", "MinPollInterval", "MaxPollInterval", "UpdateInterval")}
    blocks = [["[Configuration]", "", *_lines(general)], ["", "[TimeProviders]"]]
    blocks += [["", f"{name} (Local)", *_lines(settings)] for name, settings in providers.items()]
    return "\r\n".join(line for block in blocks for line in block) + "\r\n"


def _lines(settings: dict[str, tuple[Any, str]]) -> list[str]:
    return [f"{name}: {value} ({origin})" for name, (value, origin) in settings.items()]


def _ruled(machine: Machine, key: str, name: str) -> tuple[Any, str]:
    """A value with its origin; group policy wins."""
    policy = machine.registry.get(f"{W32TIME_POLICY}\\{key}", name)
    return (machine.registry.get(f"{W32TIME}\\{key}", name), "Local") if policy is None else (policy, "Policy")


def _status(machine: Machine, source: str) -> str:
    synchronised = source != _LOCAL_CLOCK
    last = _when(machine.now()) if synchronised else "unspecified"
    lines = (
        "Leap Indicator: 0(no warning)" if synchronised else "Leap Indicator: 3(not synchronized)",
        f"Stratum: {'3 (secondary reference - syncd by (S)NTP)' if synchronised else '0 (unspecified)'}",
        "Precision: -23 (119.209ns per tick)",
        f"Root Delay: {'0.0310000s' if synchronised else '0.0000000s'}",
        f"Root Dispersion: {'0.0200000s' if synchronised else '0.0000000s'}",
        f"ReferenceId: {'0xC0000201 (source IP:  192.0.2.1)' if synchronised else '0x00000000 (unspecified)'}",
        f"Last Successful Sync Time: {last}",
        f"Source: {source}",
        "Poll Interval: 10 (1024s)",
    )
    return "\r\n".join(lines) + "\r\n"


def _when(moment: datetime) -> str:
    return moment.strftime("%m/%d/%Y %H:%M:%S")
