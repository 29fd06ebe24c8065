# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""w32time: service, registry and w32tm.exe. Oracle: the fact sheet storage-and-time.md 6."""
from __future__ import annotations

import base64
import uuid

import pytest

from tests.unit.rehearsal.cmdlets.hosts import Host

KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\W32Time"
NOT_STARTED = -2147023834


def status(host: Host) -> list[str]:
    return host.values("Get-Service", "Status", Name=["w32time"])


@pytest.mark.parametrize(("domain", "running"), [("", "Stopped"), ("lab.example", "Running")])
def test_stop_trigger_ends_the_service_outside_a_domain(domain: str, running: str) -> None:
    """6.4: even Automatic is stopped right after boot on a workgroup machine."""
    host = Host(domain=domain, time={"start_mode": "Automatic"})
    assert status(host) == [running]
    host.machine.reboot()
    assert status(host) == [running]


def test_without_triggers_automatic_is_enough() -> None:
    host = Host(time={"start_mode": "Automatic"})
    assert host.program("sc.exe", "triggerinfo", "w32time", "delete")["exit_code"] == 0
    host.machine.reboot()
    assert status(host) == ["Running"]


def test_triggers_in_the_registry() -> None:
    """6.4: START on domain joined, STOP on not domain joined."""
    host = Host()
    rows = host.rows("Get-ItemProperty", "Type", "Action", "GUID", Path=rf"{KEY}\TriggerInfo\*")
    found = [(row["Action"], str(uuid.UUID(bytes_le=_bytes(row["GUID"])))) for row in rows]
    assert found == [(1, "1ce20aba-9851-4421-9430-1ddeb766e809"), (2, "ddaf516e-58c2-4866-9574-c3b615d42ea1")]
    host.program("sc.exe", "triggerinfo", "w32time", "start/networkon", "stop/networkoff")
    shown = host.program("sc.exe", "qtriggerinfo", "w32time")["stdout"]
    assert "START SERVICE" in shown
    assert "STOP SERVICE" in shown
    assert "1ce20aba" not in shown


def _bytes(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["$bytes"])


def test_stopped_service() -> None:
    """6.2: /config works without /update; /config /update, /resync and /query end with -2147023834."""
    host = Host()
    peers = '/manualpeerlist:ntp1.example,0x8 ntp2.example,0x8'
    assert host.program("w32tm.exe", "/config", peers, "/syncfromflags:MANUAL")["exit_code"] == 0
    assert host.values("Get-ItemProperty", "NtpServer", LiteralPath=rf"{KEY}\Parameters") == ["ntp1.example,0x8 ntp2.example,0x8"]
    for arguments in (("/config", "/update"), ("/resync",), ("/query", "/source"), ("/query", "/status")):
        result = host.program("w32tm.exe", *arguments)
        assert (result["exit_code"], result["error"]["id"]) == (NOT_STARTED, "ProgramFailed")


@pytest.mark.parametrize(("flags", "type_name"), [("MANUAL", "NTP"), ("domhier", "NT5DS"), ("ALL", "AllSync"), ("NO", "NoSync"),
                                                  ("MANUAL,DOMHIER", "AllSync")])
def test_sync_flags_are_the_type(flags: str, type_name: str) -> None:
    host = Host()
    host.program("w32tm.exe", "/config", f"/syncfromflags:{flags}")
    assert host.values("Get-ItemProperty", "Type", LiteralPath=rf"{KEY}\Parameters") == [type_name]


def test_source_follows_peers_domain_and_policy() -> None:
    """6.1: group policy wins over the local settings; 6.3: Local CMOS Clock is English everywhere."""
    host = Host(time={"triggers": "none", "start_mode": "Automatic"})
    assert host.program("w32tm.exe", "/query", "/source")["stdout"].strip() == "time.windows.com,0x8"
    host.program("w32tm.exe", "/config", "/syncfromflags:NO", "/update")
    assert host.program("w32tm.exe", "/query", "/source")["stdout"].strip() == "Local CMOS Clock"
    assert "0x00000000" in host.program("w32tm.exe", "/query", "/status")["stdout"]
    member = Host(domain="lab.example")
    assert member.program("w32tm.exe", "/query", "/source")["stdout"].strip() == "dc.lab.example"
    ruled = Host(domain="lab.example", time={"policy": {"Type": "NTP", "NtpServer": "policy.example,0x9"}})
    assert ruled.program("w32tm.exe", "/query", "/source")["stdout"].strip() == "policy.example,0x9"


def test_resync_of_a_service_that_just_started() -> None:
    """6.2: it often answers "no time data" once or twice while collecting samples."""
    host = Host(domain="lab.example", time={"resync_refusals": 2})
    codes = [host.program("w32tm.exe", "/resync")["exit_code"] for _unused in range(3)]
    assert codes == [1, 1, 0]
    host.rows("Restart-Service", Name=["w32time"])
    assert host.program("w32tm.exe", "/resync")["exit_code"] == 1
    assert host.program("w32tm.exe", "/resync", "/nowait")["exit_code"] == 0, "/nowait does not wait for the result"


@pytest.mark.parametrize("arguments", [("/resync", "/force"), ("/config", "/manualpeers:x"), ("/query", "/peers"), ("/stripchart",)])
def test_forms_that_nobody_modelled(arguments: tuple[str, ...]) -> None:
    assert Host(domain="lab.example").program("w32tm.exe", *arguments)["error"]["id"] == "RehearsalNotModelled"


def test_defaults_of_members_and_stand_alone_servers() -> None:
    """6.1."""
    for domain, type_name, interval in (("", "NTP", 604800), ("lab.example", "NT5DS", 3600)):
        host = Host(domain=domain)
        assert host.values("Get-ItemProperty", "Type", LiteralPath=rf"{KEY}\Parameters") == [type_name]
        assert host.values("Get-ItemProperty", "SpecialPollInterval", LiteralPath=rf"{KEY}\TimeProviders\NtpClient") == [interval]
    assert Host(os={"version": "2025"}).values("Get-ItemProperty", "UtilizeSslTimeData", LiteralPath=rf"{KEY}\Config") == [0]


def test_tickets_are_purged() -> None:
    host = Host(domain="lab.example")
    assert host.program("klist.exe", "-li", "0x3e7", "purge")["exit_code"] == 0
    assert host.machine.changes == ["Kerberos tickets of the logon session 0x3e7 purged"]


def test_configuration_tells_what_is_in_effect_and_where_it_comes_from() -> None:
    """6.3: sections, `Name: value (origin)`; the list of servers stands under NtpClient, and only where it counts."""
    host = Host(time={"start_mode": "Automatic", "policy": {"NtpServer": "ruled,0x9"}})
    assert host.program("w32tm.exe", "/query", "/configuration")["exit_code"] == NOT_STARTED
    host.program("sc.exe", "triggerinfo", "w32time", "delete")
    host.rows("Start-Service", Name=["w32time"])
    host.machine.registry.set(rf"{KEY}\TimeProviders\NtpClient", "SpecialPollInterval", 900, "DWord")
    shown = host.program("w32tm.exe", "/query", "/configuration")["stdout"].splitlines()
    assert shown.index("[TimeProviders]") < shown.index("NtpClient (Local)") < shown.index("NtpServer: ruled,0x9 (Policy)")
    assert {"SpecialPollInterval: 900 (Local)", "Type: NTP (Local)", "MinPollInterval: 10 (Local)", "NtpServer (Local)"} <= set(shown)
    host.machine.registry.set(rf"{KEY}\Parameters", "Type", "NT5DS", "String")
    shown = host.program("w32tm.exe", "/query", "/configuration")["stdout"].splitlines()
    assert "Type: NT5DS (Local)" in shown
    assert not [line for line in shown if line.startswith("NtpServer: ")]
