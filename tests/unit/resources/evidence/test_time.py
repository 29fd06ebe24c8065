# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/time.md, and captures of w32tm in English and in traditional Chinese."""
from __future__ import annotations

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Program
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.time import RESOURCE

KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\W32Time"
POLICY = "HKLM:\\SOFTWARE\\Policies\\Microsoft\\W32Time"
QUERY = "w32tm /query /configuration"
WANTED = {"source": "auto", "peers": [{"host": "A", "flags": ["client"]}, {"host": "b", "flags": ["client"]}], "poll_interval_seconds": 900}
ENGLISH = """[Configuration]

EventLogFlags: 2 (Local)
MinPollInterval: 10 (Local)

[TimeProviders]

NtpClient (Local)
DllName: C:\\Windows\\system32\\w32time.dll (Local)
Enabled: 1 (Local)
SpecialPollInterval: 900 (Local)
Type: NTP (Local)
NtpServer: a,0x9 b,0x9 (Local)

NtpServer (Local)
DllName: C:\\Windows\\system32\\w32time.dll (Local)
Enabled: 0 (Local)
"""
CHINESE = ENGLISH.replace("(Local)", "(本機)")
TRIGGERS = """[SC] QueryServiceConfig2 SUCCESS

SERVICE_NAME: w32time

        START SERVICE
          DOMAIN JOINED STATUS         : 1ce20aba-9851-4421-9430-1ddeb766e809 [DOMAIN JOINED]
        STOP SERVICE
          DOMAIN JOINED STATUS         : ddaf516e-58c2-4866-9574-c3b615d42ea1 [NOT DOMAIN JOINED]
"""
NONE = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "no")


def answers(text=ENGLISH, *, member=False, start=2, triggers="", status="Running", policy=None):
    return Answers({
        "system": Answer("system", ({"PartOfDomain": member},)),
        "configuration": Answer("configuration", exit_code=0, stdout=text) if text else Answer("configuration", error=NONE),
        "policy": Answer("policy", (policy,)) if policy else Answer("policy", error=NONE),
        "policy_client": Answer("policy_client", error=NONE),
        "registry": Answer("registry", ({"Start": start, "DelayedAutostart": None},)),
        "status": Answer("status", ({"Status": status},)),
        "triggers": Answer("triggers", exit_code=0, stdout=triggers),
    })


def seen(wanted=None, **changed):
    return {item.name: item for item in RESOURCE.promises({**WANTED, **(wanted or {})}, answers(**changed))}


def broken(wanted=None, **changed):
    return {name: item.found for name, item in seen(wanted, **changed).items() if not item.kept}


def test_it_asks_the_service_the_registry_and_sc():
    assert RESOURCE.evidence(WANTED) == [
        Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain",)),
        Program("configuration", "w32tm.exe", ("/query", "/configuration")),
        Cmdlet("policy", "Get-ItemProperty", {"LiteralPath": f"{POLICY}\\Parameters"}, ("Type?", "NtpServer?")),
        Cmdlet(
            "policy_client", "Get-ItemProperty", {"LiteralPath": f"{POLICY}\\TimeProviders\\NtpClient"},
            ("Enabled?", "SpecialPollInterval?"),
        ),
        Cmdlet("registry", "Get-ItemProperty", {"LiteralPath": KEY}, ("Start?", "DelayedAutostart?")),
        Cmdlet("status", "Get-Service", {"Name": ["W32Time"]}, ("Status",)),
        Program("triggers", "sc.exe", ("qtriggerinfo", "W32Time")),
    ]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, ENGLISH.replace("\n", "\r\n")])
def test_the_client_is_read_whatever_the_language_of_the_origins(text):
    found = seen(text=text)
    assert all(item.kept for item in found.values())
    assert found["peers"] == Promise("peers", ["a,0x9", "b,0x9"], ["a,0x9", "b,0x9"], QUERY, True)
    assert list(found) == ["type", "client_enabled", "peers", "poll_interval_seconds", "start_mode", "triggers", "running"]


@pytest.mark.parametrize(("old", "new", "name", "found"), [
    ("Type: NTP", "Type: NT5DS", "type", "NT5DS"),
    ("Enabled: 1", "Enabled: 0", "client_enabled", False),
    ("a,0x9 b,0x9", "a,0x9", "peers", ["a,0x9"]),
    ("SpecialPollInterval: 900", "SpecialPollInterval: 64", "poll_interval_seconds", 64),
])
def test_each_setting_is_broken_by_itself(old, new, name, found):
    assert broken(text=ENGLISH.replace(old, new)) == {name: found}


def test_a_service_that_stands_tells_nothing():
    assert broken(text="", status="Stopped") == {
        "type": None, "client_enabled": None, "peers": None, "poll_interval_seconds": None, "running": False,
    }


def test_outside_a_domain_it_starts_by_itself_and_has_no_triggers():
    assert broken(start=3, triggers=TRIGGERS) == {
        "start_mode": "manual", "triggers": ["1ce20aba-9851-4421-9430-1ddeb766e809", "ddaf516e-58c2-4866-9574-c3b615d42ea1"],
    }


def test_in_a_domain_it_may_start_by_a_trigger():
    domain = ENGLISH.replace("Type: NTP", "Type: NT5DS")
    assert broken(text=domain, member=True, start=3, triggers=TRIGGERS) == {}
    assert broken(text=domain, member=True, start=4) == {"start_mode": "disabled"}
    assert broken({"source": "ntp"}, text=domain, member=True) == {"type": "NT5DS"}


def test_what_group_policy_sets_is_left_to_it():
    assert "type" not in seen(policy={"Type": "NT5DS", "NtpServer": None})
