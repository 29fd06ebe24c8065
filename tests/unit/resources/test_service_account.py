# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/service_account.md: what is read, what is called in which order, and that no password shows."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, PlainSecret, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.service_account import RESOURCE

NOVA, GMSA, SECRET = r"EXAMPLE\nova", r"EXAMPLE\nova$", "Pa55-w0rd"
ADMINISTRATORS, HYPER_V = "S-1-5-32-544", "S-1-5-32-578"
KEY = r"HKLM:\SOFTWARE\winstack.hyperv\service_account\nova-compute"
QUERY = {"ClassName": "Win32_Service", "Filter": "Name='nova-compute'"}
WANTED: dict[str, Any] = {
    "name": "nova-compute", "account": NOVA, "password": SECRET, "password_version": "1", "groups": [ADMINISTRATORS],
}
SERVICE: Mapping[str, Any] = MappingProxyType({"StartName": NOVA, "State": "Running", "ExitCode": 0})
COMMAND = "Microsoft.PowerShell.Commands.GetLocalGroupMemberCommand"
NO_MEMBER = CmdletError(f"PrincipalNotFound,{COMMAND}", "Principal was not found.", "ObjectNotFound")
NO_GROUP = CmdletError(f"GroupNotFound,{COMMAND}", "Group was not found.", "ObjectNotFound")
BROKEN = CmdletError(f"Ein unbekannter Fehler ist aufgetreten.,{COMMAND}", "Fehler beim Vergleichen.", "NotSpecified")
NO_KEY = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "no", "ObjectNotFound")
IN = None


def options(**given: Any) -> dict[str, Any]:
    return {**WANTED, **given}


def host(
    service: Mapping[str, Any] | None = SERVICE,
    version: str | CmdletError | None = "1",
    groups: Sequence[CmdletError | None] = (IN,),
    domain: bool | None = True,
) -> Answers:
    answers = {
        "service": Answer("service", (service,) if service else ()),
        "computer": Answer("computer", ({"PartOfDomain": domain},)),
        "note": Answer("note", error=version) if isinstance(version, CmdletError) else Answer("note", ({"PasswordVersion": version},)),
    }
    for number, error in enumerate(groups):
        answers[f"group{number}"] = Answer(f"group{number}", error=error) if error else Answer(f"group{number}", ({"Name": NOVA},))
    return Answers(answers)


def change(account: str = NOVA, password: str = SECRET, *, restart: bool = True, version: str | None = "1") -> tuple[Cmdlet, ...]:
    arguments = {"StartName": account, "StartPassword": PlainSecret(password)}
    parameters = {"InputObject": Ref("instance"), "MethodName": "Change", "Arguments": arguments}
    calls = [
        Cmdlet("instance", "Get-CimInstance", QUERY, ("Name",)),
        Cmdlet("change", "Invoke-CimMethod", parameters, ("ReturnValue",), until={"ReturnValue": 0}),
    ]
    if restart:
        calls.append(Cmdlet("restart", "Restart-Service", {"Name": "nova-compute", "Force": True}))
    if version:
        value = {"Name": "PasswordVersion", "Value": version, "PropertyType": "String"}
        calls.append(Cmdlet("note_key", "New-Item", {"Path": KEY, "Force": True}))
        calls.append(Cmdlet("note_value", "New-ItemProperty", {"LiteralPath": KEY, **value}))
    return tuple(calls)


def test_reads_the_service_the_note_and_one_member_of_each_group() -> None:
    reads = [
        Cmdlet("service", "Get-CimInstance", QUERY, ("StartName", "State", "ExitCode")),
        Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain",)),
        Cmdlet("note", "Get-ItemProperty", {"LiteralPath": KEY}, ("PasswordVersion?",)),
    ]
    assert RESOURCE.read(options(groups=[ADMINISTRATORS, HYPER_V, ADMINISTRATORS])) == [
        *reads,
        Cmdlet("group0", "Get-LocalGroupMember", {"SID": ADMINISTRATORS, "Member": NOVA}, ("Name",)),
        Cmdlet("group1", "Get-LocalGroupMember", {"SID": HYPER_V, "Member": NOVA}, ("Name",)),
    ]
    assert RESOURCE.read(options(account="localsystem", password=None, password_version=None)) == reads


@pytest.mark.parametrize(("given", "answers"), [
    ({}, host()),
    ({"account": r"example\NOVA"}, host()),
    ({"password_version": None}, host()),
    ({"password_version": None}, host(version=NO_KEY)),
    ({"password": None, "password_version": None}, host(version=None)),
    ({"account": GMSA, "password": None, "password_version": None}, host({**SERVICE, "StartName": GMSA})),
    ({"account": "LocalSystem", "password": None, "password_version": None},
     host({**SERVICE, "StartName": "LocalSystem"}, groups=(), domain=None)),
])
def test_as_wanted(given: dict[str, Any], answers: Answers) -> None:
    plan = RESOURCE.plan(options(**given), answers)
    assert (plan.differences, plan.calls, plan.warnings, plan.refusals, plan.blockers) == ((), (), (), (), ())
    assert plan.state["account"] in (NOVA, GMSA, "LocalSystem")
    assert plan.state["logon_failed"] is False


def test_without_an_account_it_only_reads() -> None:
    given = options(account=None, password=None, password_version=None)
    assert [call.id for call in RESOURCE.read(given)] == ["service", "computer", "note"]
    plan = RESOURCE.plan(given, host(domain=None, groups=()))
    assert (plan.differences, plan.calls, plan.refusals, plan.blockers) == ((), (), (), ())
    assert plan.state == {"name": "nova-compute", "account": NOVA, "logon_failed": False, "password_version": "1", "groups": []}
    assert RESOURCE.plan(given, host(None, NO_KEY, ())).differences == ()


def test_another_account_joins_its_groups_first_and_the_version_is_noted_last() -> None:
    fresh = host({**SERVICE, "StartName": "LocalSystem"}, NO_KEY, groups=(NO_MEMBER, IN))
    plan = RESOURCE.plan(options(groups=[ADMINISTRATORS, HYPER_V]), fresh)
    assert plan.differences == (
        Difference("account", "LocalSystem", NOVA),
        Difference("password_version", None, "1"),
        Difference("groups", [HYPER_V], [ADMINISTRATORS, HYPER_V]),
    )
    assert plan.calls == (Cmdlet("join0", "Add-LocalGroupMember", {"SID": ADMINISTRATORS, "Member": [NOVA]}), *change())
    assert (plan.warnings, plan.blockers, plan.refusals) == ((), (), ())
    assert plan.state == {
        "name": "nova-compute", "account": "LocalSystem", "logon_failed": False, "password_version": None, "groups": [HYPER_V],
    }


def test_a_new_version_writes_the_password_again() -> None:
    plan = RESOURCE.plan(options(password_version="2"), host())
    assert plan.differences == (Difference("password_version", "1", "2"),)
    assert plan.calls == change(version="2")


def test_without_a_version_the_password_is_written_with_the_account_only() -> None:
    given = options(password_version=None)
    assert RESOURCE.plan(given, host({**SERVICE, "StartName": "LocalSystem"}, None)).calls == change(version=None)
    assert RESOURCE.plan(given, host(version=None)).calls == ()


@pytest.mark.parametrize("state", ["Stopped", "Start Pending"])
def test_a_service_that_does_not_run_is_not_started(state: str) -> None:
    assert RESOURCE.plan(options(password_version="2"), host({**SERVICE, "State": state})).calls == change(restart=False, version="2")


@pytest.mark.parametrize("account", [GMSA, "LocalSystem"])
def test_an_account_without_a_password_gets_an_empty_one(account: str) -> None:
    plan = RESOURCE.plan(options(account=account, password=None, password_version=None), host())
    assert plan.differences == (Difference("account", NOVA, account),)
    assert plan.calls == change(account, "", version=None)


def test_only_a_group_is_missing() -> None:
    plan = RESOURCE.plan(options(), host(groups=(NO_MEMBER,)))
    assert plan.differences == (Difference("groups", [], [ADMINISTRATORS]),)
    assert plan.calls == (Cmdlet("join0", "Add-LocalGroupMember", {"SID": ADMINISTRATORS, "Member": [NOVA]}),)


def test_no_password_shows_anywhere() -> None:
    plan = RESOURCE.plan(options(password_version="2"), host())
    assert any(call.id == "change" for call in plan.calls)
    assert SECRET not in repr(plan)


@pytest.mark.parametrize(("given", "answers", "blockers"), [
    ({}, host(service=None), ("the service nova-compute does not exist on this host",)),
    ({}, host(domain=None, groups=(NO_MEMBER,)), (rf"this host is in no domain, so it knows no account {NOVA}",)),
    ({"groups": [HYPER_V]}, host(groups=(NO_GROUP,)), (f"the local group {HYPER_V} does not exist on this host",)),
])
def test_what_the_host_lacks_is_a_blocker(given: dict[str, Any], answers: Answers, blockers: tuple[str, ...]) -> None:
    plan = RESOURCE.plan(options(**given), answers)
    assert plan.blockers == blockers
    assert plan.differences
    assert plan.refusals == ()


def test_without_the_service_everything_would_change() -> None:
    plan = RESOURCE.plan(options(), host(None, NO_KEY, (NO_MEMBER,)))
    assert plan.differences == (
        Difference("account", None, NOVA), Difference("password_version", None, "1"), Difference("groups", [], [ADMINISTRATORS]),
    )
    assert plan.state == {"name": "nova-compute", "account": None, "logon_failed": False, "password_version": None, "groups": []}


FAILED = {**SERVICE, "State": "Stopped", "ExitCode": 1069}


def test_after_a_failed_logon_the_password_is_written_and_the_service_started() -> None:
    plan = RESOURCE.plan(options(password_version=None), host(FAILED))
    assert plan.differences == (Difference("logon_failed", True, False),)
    assert plan.calls == (*change(restart=False, version=None), Cmdlet("start", "Start-Service", {"Name": "nova-compute"}))
    assert (plan.warnings, plan.state["logon_failed"]) == ((), True)
    noted = RESOURCE.plan(options(password_version="2"), host(FAILED))
    assert [call.id for call in noted.calls] == ["instance", "change", "start", "note_key", "note_value"]


def test_without_a_password_a_failed_logon_is_a_warning() -> None:
    warning = (
        "the service did not start, because its account could not log on (1069): the password is not the present one, or the right to "
        "log on as a service is missing; with a password given it is written and the service started"
    )
    given = options(password=None, password_version=None)
    plan = RESOURCE.plan(given, host(FAILED))
    assert (plan.warnings, plan.calls, plan.state["logon_failed"]) == ((warning,), (), True)
    for other in ({"State": "Running"}, {"ExitCode": 1077}):
        plan = RESOURCE.plan(given, host({**FAILED, **other}))
        assert (plan.warnings, plan.state["logon_failed"]) == ((), False)


def test_a_group_that_cannot_be_listed_is_refused_whatever_the_language() -> None:
    plan = RESOURCE.plan(options(), host(groups=(BROKEN,)))
    assert plan.refusals == (
        f"groups: the members of {ADMINISTRATORS} cannot be listed (Fehler beim Vergleichen. [{BROKEN.id}]), most likely because the "
        "account of one of them is gone; remove that member, or leave the group out",
    )
    assert plan.calls == ()


@pytest.mark.parametrize(("given", "refusal"), [
    ({"name": "a/b"}, "name: 'a/b' is no service name, which is neither empty nor contains a slash or backslash"),
    ({"account": "nova"}, r"account: 'nova' is none of LocalSystem, DOMAIN\user, DOMAIN\name$ (a group managed service account)"),
    ({"account": r".\nova"}, r"account: '.\\nova' is none of LocalSystem, DOMAIN\user, DOMAIN\name$ (a group managed service account)"),
    ({"account": "nova@example.org"},
     r"account: 'nova@example.org' is none of LocalSystem, DOMAIN\user, DOMAIN\name$ (a group managed service account)"),
    ({"account": r"example.org\nova"},
     r"account: 'example.org\\nova' has a DNS domain name; Windows lists accounts under the NetBIOS name of their domain, so give that"),
    ({"password": ""}, "password: it is empty"),
    ({"account": None}, "account: needed with a password or its version"),
    ({"account": GMSA, "password_version": None}, rf"password: {GMSA} has none that anybody could give; leave it out"),
    ({"account": "LocalSystem", "password_version": None}, "password: LocalSystem has none that anybody could give; leave it out"),
    ({"password": None}, "password_version: it is the version of a password, and none is given"),
    ({"groups": ["Administrators"]}, "groups: 'Administrators' is no SID of a built-in local group, such as S-1-5-32-544 (Administrators)"),
])
def test_wrong_options_are_named(given: dict[str, Any], refusal: str) -> None:
    assert RESOURCE.read(options(**given)) == []
    plan = RESOURCE.plan(options(**given), Answers())
    assert plan.refusals == (refusal,)
    assert plan.calls == ()


def test_another_account_needs_its_password() -> None:
    plan = RESOURCE.plan(options(password=None, password_version=None), host({**SERVICE, "StartName": "LocalSystem"}))
    assert plan.refusals == (rf"password: the account {NOVA} needs one",)
    assert plan.calls == ()


@pytest.mark.parametrize("broken", ["service", "computer", "note", "group0"])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    answers = host()
    answers[broken] = Answer(broken, error=CmdletError("AccessDenied,X", "no", "PermissionDenied"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed"):
        RESOURCE.plan(options(), answers)


@pytest.mark.parametrize(("error", "explanation"), [
    (CmdletError("ConditionNotMet", "Invoke-CimMethod: ReturnValue is '22', not yet '0'."),
     "Win32_Service.Change refused the account with 22: the account does not exist, or may not run the service"),
    (CmdletError("ConditionNotMet", "Invoke-CimMethod: ReturnValue is '8', not yet '0'."),
     "Win32_Service.Change refused the account with 8: see its documentation"),
    (CmdletError("CouldNotStartService,Microsoft.PowerShell.Commands.RestartServiceCommand", "Der Dienst kann nicht gestartet werden."),
     "A service with a new account that does not start has a wrong password or lacks the right to log on as a service "
     "(ansible.windows.win_user_right with SeServiceLogonRight and action: add)"),
    (CmdletError("AccessDenied,X", "no"), ""),
])
def test_what_failed_is_explained(error: CmdletError, explanation: str) -> None:
    assert RESOURCE.explain(error) == explanation
