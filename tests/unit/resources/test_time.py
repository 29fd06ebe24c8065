# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/time.md; the trigger's bytes are from a public registry export."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Program
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Plan
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.time import RESOURCE
from ansible_collections.winstack.hyperv.plugins.module_utils.time_peers import Peer, present

KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\W32Time"
POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\W32Time"
PEERS = [{"host": "ntp1.example.org", "flags": ["client"]}, {"host": "NTP2.example.org", "flags": ["client", "fallback_only"]}]
LISTED = "ntp1.example.org,0x8 ntp2.example.org,0xa"
START_TRIGGER = {"Type": 3, "Action": 1, "GUID": bytes.fromhex("BA0AE21C5198214494301DDEB766E809")}
STOP_TRIGGER = {"Type": 3, "Action": 2, "GUID": bytes.fromhex("6E51AFDDC25866489574C3B615D42EA1")}
START = {"action": "start", "type": 3, "subtype": "1ce20aba-9851-4421-9430-1ddeb766e809"}
STOP = {"action": "stop", "type": 3, "subtype": "ddaf516e-58c2-4866-9574-c3b615d42ea1"}

NO_KEY = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "Cannot find path")
NOT_STARTED = Answer("follows", exit_code=-2147023834, error=CmdletError("ProgramFailed", "w32tm.exe ended with exit code -2147023834."))
RESYNC = Program("resync", "w32tm.exe", ("/resync", "/rediscover", "/nowait"), exit_codes=(0, 1, 2, 3, 4))
RESTART = Cmdlet("restart", "Restart-Service", {"Name": "W32Time", "Force": True})


def options(source: str = "auto", peers: Sequence[Mapping[str, Any]] | None = None, interval: int | None = None) -> dict[str, Any]:
    return {"source": source, "peers": peers, "poll_interval_seconds": interval}


def host(
    *,
    member: bool | None = False,
    kind: str | None = "NTP",
    servers: str | None = LISTED,
    enabled: int = 1,
    interval: int = 604800,
    state: str = "Running",
    start_mode: str = "Auto",
    triggers: Sequence[Mapping[str, Any]] = (),
    policy: Mapping[str, Any] | None = None,
    policy_client: Mapping[str, Any] | None = None,
    follows: str = "ntp1.example.org,0x8\r\n",
) -> Answers:
    """A host that is as wanted outside a domain, less what the arguments change."""
    return Answers({
        "system": Answer("system", output=({"PartOfDomain": member},)),
        "parameters": Answer("parameters", output=({"Type": kind, "NtpServer": servers},)),
        "client": Answer("client", output=({"Enabled": enabled, "SpecialPollInterval": interval},)),
        "config": Answer("config", output=({"MinPollInterval": 10, "MaxPollInterval": 15},)),
        "policy": Answer("policy", output=({"Type": None, "NtpServer": None, **policy},)) if policy else Answer("policy", error=NO_KEY),
        "policy_client": Answer("policy_client", output=({"Enabled": None, "SpecialPollInterval": None, **policy_client},))
        if policy_client else Answer("policy_client", error=NO_KEY),
        "service": Answer("service", output=({"State": state, "StartMode": start_mode},)),
        "triggers": Answer("triggers", output=tuple(triggers)) if triggers else Answer("triggers", error=NO_KEY),
        "follows": Answer("follows", exit_code=0, stdout=follows) if state == "Running" else NOT_STARTED,
    })


BARE: dict[str, Any] = {
    "servers": "time.windows.com,0x8",
    "state": "Stopped",
    "start_mode": "Manual",
    "triggers": (START_TRIGGER, STOP_TRIGGER),
}


def test_reads_the_registry_and_not_the_text() -> None:
    assert RESOURCE.read(options()) == [
        Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain",)),
        Cmdlet("parameters", "Get-ItemProperty", {"LiteralPath": rf"{KEY}\Parameters"}, ("Type?", "NtpServer?")),
        Cmdlet("client", "Get-ItemProperty", {"LiteralPath": rf"{KEY}\TimeProviders\NtpClient"}, ("Enabled?", "SpecialPollInterval?")),
        Cmdlet("config", "Get-ItemProperty", {"LiteralPath": rf"{KEY}\Config"}, ("MinPollInterval", "MaxPollInterval")),
        Cmdlet("policy", "Get-ItemProperty", {"LiteralPath": rf"{POLICY}\Parameters"}, ("Type?", "NtpServer?")),
        Cmdlet(
            "policy_client", "Get-ItemProperty", {"LiteralPath": rf"{POLICY}\TimeProviders\NtpClient"}, ("Enabled?", "SpecialPollInterval?")
        ),
        Cmdlet("service", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": "Name='W32Time'"}, ("State", "StartMode")),
        Cmdlet("triggers", "Get-ItemProperty", {"Path": rf"{KEY}\TriggerInfo\*"}, ("Type", "Action", "GUID")),
        Program("follows", "w32tm.exe", ("/query", "/source")),
    ]


def test_as_wanted_outside_a_domain() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host())
    assert plan == Plan(state=plan.state)
    assert plan.state == {
        "source": "ntp",
        "domain_member": False,
        "type": "NTP",
        "peers": ["ntp1.example.org,0x8", "ntp2.example.org,0xa"],
        "poll_interval_seconds": 604800,
        "client_enabled": True,
        "group_policy": [],
        "running": True,
        "start_mode": "automatic",
        "triggers": [],
        "follows": "ntp1.example.org,0x8",
        "synchronized": True,
    }


@pytest.mark.parametrize(
    "servers", ["NTP2.EXAMPLE.ORG,0xA  ntp1.example.org,8", "ntp1.example.org,0x08 ntp2.example.org,0x0a"]
)
def test_the_same_servers_in_another_form_are_no_difference(servers: str) -> None:
    assert RESOURCE.plan(options(peers=PEERS), host(servers=servers)).differences == ()


def test_bare_workgroup_host_gets_everything_in_the_right_order() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(**BARE))
    assert plan.differences == (
        Difference("peers", ["time.windows.com,0x8"], ["ntp1.example.org,0x8", "ntp2.example.org,0xa"]),
        Difference("start_mode", "manual", "automatic"),
        Difference("triggers", [START, STOP], []),
        Difference("running", False, True),
    )
    assert plan.calls == (
        Program("triggers", "sc.exe", ("triggerinfo", "W32Time", "delete")),
        Cmdlet("start_mode", "Set-Service", {"Name": "W32Time", "StartupType": "Automatic"}),
        Program("config", "w32tm.exe", ("/config", f"/manualpeerlist:{LISTED}", "/syncfromflags:MANUAL")),
        Cmdlet("start", "Start-Service", {"Name": "W32Time"}),
        RESYNC,
    )
    assert (plan.blockers, plan.refusals, plan.reboot) == ((), (), ())
    assert plan.state["synchronized"] is None


def test_a_running_service_is_restarted_for_new_servers() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(servers="ntp1.example.org,0x8"))
    assert plan.calls == (
        Program("config", "w32tm.exe", ("/config", f"/manualpeerlist:{LISTED}", "/syncfromflags:MANUAL")),
        RESTART,
        RESYNC,
    )


def test_a_poll_interval_marks_the_servers_and_sets_the_value() -> None:
    plan = RESOURCE.plan(options(peers=PEERS, interval=3600), host())
    assert plan.differences == (
        Difference("peers", ["ntp1.example.org,0x8", "ntp2.example.org,0xa"], ["ntp1.example.org,0x9", "ntp2.example.org,0xb"]),
        Difference("poll_interval_seconds", 604800, 3600),
    )
    assert plan.calls == (
        Cmdlet(
            "poll_interval",
            "Set-ItemProperty",
            {"LiteralPath": rf"{KEY}\TimeProviders\NtpClient", "Name": "SpecialPollInterval", "Value": 3600, "Type": "DWord"},
        ),
        Program(
            "config", "w32tm.exe", ("/config", "/manualpeerlist:ntp1.example.org,0x9 ntp2.example.org,0xb", "/syncfromflags:MANUAL")
        ),
        RESTART,
        RESYNC,
    )
    assert plan.warnings == ()


@pytest.mark.parametrize(("interval", "warned"), [(1023, True), (1024, False), (32768, False), (32769, True)])
def test_an_interval_that_windows_bounds_is_a_warning(interval: int, warned: bool) -> None:
    assert bool(RESOURCE.plan(options(peers=PEERS, interval=interval), host()).warnings) is warned


def test_a_disabled_client_is_enabled() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(enabled=0))
    assert plan.differences == (Difference("client_enabled", False, True),)
    assert plan.calls == (
        Cmdlet(
            "client_enabled",
            "Set-ItemProperty",
            {"LiteralPath": rf"{KEY}\TimeProviders\NtpClient", "Name": "Enabled", "Value": 1, "Type": "DWord"},
        ),
        RESTART,
        RESYNC,
    )


def test_triggers_alone_need_no_restart() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(triggers=(START_TRIGGER,)))
    assert plan.differences == (Difference("triggers", [START], []),)
    assert plan.calls == (Program("triggers", "sc.exe", ("triggerinfo", "W32Time", "delete")),)


MEMBER: dict[str, Any] = {
    "member": True,
    "kind": "NT5DS",
    "servers": "time.windows.com,0x8",
    "start_mode": "Manual",
    "triggers": (START_TRIGGER, STOP_TRIGGER),
    "follows": "dc01.example.org\r\n",
}


def test_a_member_stays_in_the_hierarchy_with_its_triggers() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(**MEMBER))
    assert plan == Plan(state=plan.state)
    assert plan.state["source"] == "domain"


def test_a_member_that_was_set_to_ntp_goes_back() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(**{**MEMBER, "kind": "NTP"}))
    assert plan.differences == (Difference("type", "NTP", "NT5DS"),)
    assert plan.calls == (Program("config", "w32tm.exe", ("/config", "/syncfromflags:DOMHIER")), RESTART, RESYNC)


def test_a_member_uses_servers_when_told_so() -> None:
    plan = RESOURCE.plan(options("ntp", peers=PEERS), host(**MEMBER))
    assert [difference.path for difference in plan.differences] == ["type", "peers"]
    assert plan.calls == (
        Program("config", "w32tm.exe", ("/config", f"/manualpeerlist:{LISTED}", "/syncfromflags:MANUAL")),
        RESTART,
        RESYNC,
    )


def test_a_disabled_service_of_a_member_is_enabled_and_started() -> None:
    plan = RESOURCE.plan(options(), host(**{**MEMBER, "start_mode": "Disabled", "state": "Stopped"}))
    assert plan.differences == (Difference("start_mode", "disabled", "automatic"), Difference("running", False, True))
    assert plan.calls == (
        Cmdlet("start_mode", "Set-Service", {"Name": "W32Time", "StartupType": "Automatic"}),
        Cmdlet("start", "Start-Service", {"Name": "W32Time"}),
        RESYNC,
    )


def test_a_machine_that_never_was_in_a_domain_is_no_member() -> None:
    assert RESOURCE.plan(options(peers=PEERS), host(member=None)).state["source"] == "ntp"


def test_without_peers_the_present_servers_stay_with_a_warning() -> None:
    plan = RESOURCE.plan(options(), host(**BARE))
    assert [difference.path for difference in plan.differences] == ["start_mode", "triggers", "running"]
    assert len(plan.warnings) == 1
    assert "time.windows.com,0x8" in plan.warnings[0]


def test_back_from_a_domain_without_peers_keeps_the_list() -> None:
    plan = RESOURCE.plan(options(), host(kind="NT5DS"))
    assert plan.calls == (Program("config", "w32tm.exe", ("/config", "/syncfromflags:MANUAL")), RESTART, RESYNC)


def test_the_domain_as_source_outside_a_domain_is_a_warning() -> None:
    plan = RESOURCE.plan(options("domain"), host(kind="NT5DS"))
    assert plan.differences == ()
    assert len(plan.warnings) == 1


def test_group_policy_wins_and_is_reported() -> None:
    answers = host(policy={"NtpServer": "corp.example.org,0x9", "Type": "NTP"})
    plan = RESOURCE.plan(options(peers=PEERS), answers)
    assert (plan.differences, plan.calls) == ((), ())
    assert [(finding.name, finding.severity, finding.target) for finding in plan.findings] == [("group_policy", "warning", "peers")]
    assert plan.state["peers"] == ["corp.example.org,0x9"]
    assert plan.state["group_policy"] == ["peers", "type"]


def test_group_policy_leaves_the_service_to_us() -> None:
    answers = host(**{**BARE, "policy": {"NtpServer": "corp.example.org,0x9", "Type": "NTP"}})
    plan = RESOURCE.plan(options(peers=PEERS), answers)
    assert [difference.path for difference in plan.differences] == ["start_mode", "triggers", "running"]


def test_group_policy_that_says_the_same_is_no_finding() -> None:
    plan = RESOURCE.plan(options(peers=PEERS, interval=3600), host(
        servers="old.example.org,0x8",
        policy={"NtpServer": "ntp1.example.org,0x9 ntp2.example.org,0xb", "Type": "NTP"},
        policy_client={"SpecialPollInterval": 3600, "Enabled": 1},
    ))
    assert (plan.differences, plan.findings) == ((), ())


def test_a_client_that_group_policy_disabled_is_a_finding() -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(policy_client={"Enabled": 0}))
    assert plan.calls == ()
    assert [finding.target for finding in plan.findings] == ["client_enabled"]


@pytest.mark.parametrize("follows", ["Local CMOS Clock\r\n", "Free-running System Clock\r\n"])
def test_a_clock_that_follows_nothing_is_a_finding_and_no_failure(follows: str) -> None:
    plan = RESOURCE.plan(options(peers=PEERS), host(follows=follows))
    assert [(finding.name, finding.severity) for finding in plan.findings] == [("not_synchronized", "warning")]
    assert plan.state["synchronized"] is False
    assert RESOURCE.plan(options(peers=PEERS), host(follows=follows, servers="a,0x8")).findings == ()


def test_wrong_options_are_refused_by_name() -> None:
    assert RESOURCE.plan(options("ntp"), host()).refusals == ("peers: source ntp needs at least one time server",)
    hosts = [{"host": name, "flags": ["client"]} for name in ("a b", "a,0x1", "", 'a"', "ok.example.org", "2001:db8::1")]
    assert RESOURCE.plan(options(peers=hosts), host()).refusals == tuple(
        f"peers: {name!r} is no host name or address" for name in ("a b", "a,0x1", "", 'a"')
    )
    assert RESOURCE.plan(options(peers=PEERS, interval=0), host()).refusals == ("poll_interval_seconds: 0 is not between 1 and 4294967295",)
    assert RESOURCE.plan(options(interval=3600), host()).refusals == (
        "poll_interval_seconds: needs peers, because it counts for those that are marked with it",
    )


def test_refused_options_plan_no_call() -> None:
    plan = RESOURCE.plan(options("ntp"), host(**BARE))
    assert (plan.differences, plan.calls) == ((), ())


@pytest.mark.parametrize("call", ["system", "parameters", "client", "config", "policy", "policy_client", "service", "triggers"])
def test_a_call_that_fails_is_not_taken_for_an_answer(call: str) -> None:
    answers = host()
    answers[call] = Answer(call, error=CmdletError("Denied,X", "no access"))
    with pytest.raises(CallFailed, match=f"'{call}'.*Denied"):
        RESOURCE.plan(options(peers=PEERS), answers)


@pytest.mark.parametrize(
    ("value", "peers"),
    [
        (None, []),
        ("", []),
        ("a", [Peer("a", 0)]),
        ("A,0x1", [Peer("a", 1)]),
        ("a,0x9 b,9", [Peer("a", 9), Peer("b", 9)]),
        ("a,x", [Peer("a", -1)]),
    ],
)
def test_present_servers(value: str | None, peers: list[Peer]) -> None:
    assert present(value) == peers
