# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The account that a service runs as, and the local groups that the account is in.

docs/resources/service_account.md names the source of every rule, and says why a password has a version.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answer, Answers, CmdletError
from ..calls import Call, Cmdlet, PlainSecret, Ref
from ..evidence import service_account as second_path
from ..plans import Difference, Plan, Promise
from ..wql import named

_LOCAL_SYSTEM = "LocalSystem"
_ACCOUNT = re.compile(r"(?P<domain>[^\\/@\[\]:;|=,+*?<>\"\s]+)\\(?P<user>[^\\/@\[\]:;|=,+*?<>\"]+)")
_GROUP = re.compile(r"S-1-5-32-\d{3,4}")
_NOTE = "HKLM:\\SOFTWARE\\winstack.hyperv\\service_account\\"
_NOTE_VALUE = "PasswordVersion"
_NO_SUCH_KEY = "PathNotFound"

# Error ids of Microsoft.PowerShell.LocalAccounts.
_NO_MEMBER, _NO_GROUP = "PrincipalNotFound", "GroupNotFound"
# ERROR_SERVICE_LOGON_FAILED as Win32_Service.ExitCode.
_LOGON_FAILED = 1069
# The differences that writing account and password closes.
_REWRITES = {"account", "password_version", "logon_failed"}
_RETURNED = re.compile(r"ReturnValue is '(\d+)'")
# What Win32_Service.Change answers, as far as it has to do with the account.
_CHANGE_ANSWERS = {
    2: "the task's account may not change services",
    15: "the account could not log on",
    21: "a parameter was invalid",
    22: "the account does not exist, or may not run the service",
}


class ServiceAccount:
    """Reads a service's account and the account's local groups; adds memberships and changes the account with its password."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        if tuple(_refusals(options)):
            return []
        return [
            Cmdlet(
                "service", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": named([options["name"]])},
                ("StartName", "State", "ExitCode"),
            ),
            Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain",)),
            Cmdlet("note", "Get-ItemProperty", {"LiteralPath": _NOTE + options["name"]}, (f"{_NOTE_VALUE}?",)),
            *(
                # Asked for the one member, the cmdlet gets along with fewer of the others.
                Cmdlet(f"group{number}", "Get-LocalGroupMember", {"SID": group, "Member": options["account"]}, ("Name",))
                for number, group in enumerate(_groups(options))
            ),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_refusals(options))
        if refusals:
            return Plan(refusals=refusals, state=_state(options, None, None, []))
        service = next(iter(answers.rows("service")), None)
        version = _noted_version(answers)
        member_of = [group for number, group in enumerate(_groups(options)) if _is_member(f"group{number}", answers)]
        state = _state(options, service, version, member_of)
        refusals = tuple(_unreadable_groups(options, answers))
        if refusals:
            return Plan(refusals=refusals, state=state)
        differences = tuple(_differences(options, service, version, member_of))
        changed = {difference.path for difference in differences}
        if "account" in changed and _needs_password(options) and options["password"] is None:
            return Plan(refusals=(f"password: the account {options['account']} needs one",), state=state)
        return Plan(
            differences=differences,
            calls=(*_join(options, member_of), *_change(options, changed, service)),
            warnings=() if changed & _REWRITES else tuple(_warnings(service)),
            blockers=tuple(_blockers(options, answers, service)),
            state=state,
        )

    def explain(self, error: CmdletError) -> str:
        answered = _RETURNED.search(error.message)
        if answered:
            code = int(answered[1])
            return f"Win32_Service.Change refused the account with {code}: {_CHANGE_ANSWERS.get(code, 'see its documentation')}"
        if error.id.startswith("CouldNotStartService"):
            return (
                "A service with a new account that does not start has a wrong password or lacks the right to log on as a service "
                "(ansible.windows.win_user_right with SeServiceLogonRight and action: add)"
            )
        return ""

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return second_path.calls(options, _groups(options))

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        return second_path.promises(options, _groups(options), answers)


RESOURCE = ServiceAccount()


# What can never be

def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    name, account = options["name"], options["account"]
    if not name or "/" in name or "\\" in name:
        yield f"name: {name!r} is no service name, which is neither empty nor contains a slash or backslash"
    if account is None:
        if options["password"] is not None or options["password_version"] is not None:
            yield "account: needed with a password or its version"
        return
    yield from _account_refusals(account)
    if options["password"] == "":
        yield "password: it is empty"
    if options["password"] is not None and not _needs_password(options):
        yield f"password: {account} has none that anybody could give; leave it out"
    if options["password_version"] is not None and options["password"] is None:
        yield "password_version: it is the version of a password, and none is given"
    for group in options["groups"]:
        if not _GROUP.fullmatch(group):
            yield f"groups: {group!r} is no SID of a built-in local group, such as S-1-5-32-544 (Administrators)"


def _account_refusals(account: str) -> Iterator[str]:
    if account.lower() == _LOCAL_SYSTEM.lower():
        return
    match = _ACCOUNT.fullmatch(account)
    if match is None or match["domain"] == ".":
        yield f"account: {account!r} is none of LocalSystem, DOMAIN\\user, DOMAIN\\name$ (a group managed service account)"
    elif "." in match["domain"]:
        yield f"account: {account!r} has a DNS domain name; Windows lists accounts under the NetBIOS name of their domain, so give that"


def _unreadable_groups(options: Mapping[str, Any], answers: Answers) -> Iterator[str]:
    for number, group in enumerate(_groups(options)):
        answer = answers[f"group{number}"]
        if _is_unreadable(answer):
            yield (
                f"groups: the members of {group} cannot be listed ({answer.error}), most likely because the account of one of them is "
                "gone; remove that member, or leave the group out"
            )


def _blockers(options: Mapping[str, Any], answers: Answers, service: Mapping[str, Any] | None) -> Iterator[str]:
    if service is None:
        yield f"the service {options['name']} does not exist on this host"
    # Null on a computer that was never in a domain (win32: Win32_ComputerSystem).
    if _is_of_domain(options) and not answers.row("computer")["PartOfDomain"]:
        yield f"this host is in no domain, so it knows no account {options['account']}"
    for number, group in enumerate(_groups(options)):
        if _error_name(f"group{number}", answers) == _NO_GROUP:
            yield f"the local group {group} does not exist on this host"


def _warnings(service: Mapping[str, Any] | None) -> Iterator[str]:
    if _logon_failed(service):
        yield (
            "the service did not start, because its account could not log on (1069): the password is not the present one, or the "
            "right to log on as a service is missing; with a password given it is written and the service started"
        )


# What is wanted

def _differences(
    options: Mapping[str, Any], service: Mapping[str, Any] | None, version: str | None, member_of: list[str]
) -> Iterator[Difference]:
    if options["account"] is None:
        return
    present = service["StartName"] if service else None
    if (present or "").lower() != options["account"].lower():
        yield Difference("account", present, options["account"])
    if options["password_version"] not in (None, version):
        yield Difference("password_version", version, options["password_version"])
    if _logon_failed(service) and options["password"] is not None:
        yield Difference("logon_failed", True, False)
    if member_of != _groups(options):
        yield Difference("groups", member_of, _groups(options))


def _groups(options: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(options["groups"])) if _is_of_domain(options) else []


def _is_of_domain(options: Mapping[str, Any]) -> bool:
    """LocalSystem is no member of anything, and needs not to be."""
    return options["account"] is not None and options["account"].lower() != _LOCAL_SYSTEM.lower()


def _needs_password(options: Mapping[str, Any]) -> bool:
    return _is_of_domain(options) and not options["account"].endswith("$")


# What the host answered

def _noted_version(answers: Answers) -> str | None:
    if _error_name("note", answers) == _NO_SUCH_KEY:
        return None
    version: str | None = answers.row("note")[_NOTE_VALUE]
    return version


def _is_member(call: str, answers: Answers) -> bool:
    if _is_unreadable(answers[call]) or _error_name(call, answers) in (_NO_MEMBER, _NO_GROUP):
        return False
    return bool(answers.rows(call))


def _is_unreadable(answer: Answer) -> bool:
    """The id of this error is a translated sentence; its category is not."""
    return answer.error is not None and answer.error.category == "NotSpecified"


def _logon_failed(service: Mapping[str, Any] | None) -> bool:
    """Whether the service stands still, because its account could not log on when it was last started."""
    return service is not None and service["State"] == "Stopped" and service["ExitCode"] == _LOGON_FAILED


def _error_name(call: str, answers: Answers) -> str:
    error = answers[call].error
    return error.id.split(",")[0] if error else ""


def _state(options: Mapping[str, Any], service: Mapping[str, Any] | None, version: str | None, member_of: list[str]) -> dict[str, Any]:
    return {
        "name": options["name"],
        "account": service["StartName"] if service else None,
        "logon_failed": _logon_failed(service),
        "password_version": version,
        "groups": member_of,
    }


# What is called

def _join(options: Mapping[str, Any], member_of: list[str]) -> Iterator[Call]:
    for number, group in enumerate(_groups(options)):
        if group not in member_of:
            yield Cmdlet(f"join{number}", "Add-LocalGroupMember", {"SID": group, "Member": [options["account"]]})


def _change(options: Mapping[str, Any], changed: set[str], service: Mapping[str, Any] | None) -> Iterator[Call]:
    """The version is noted last, so that a run that breaks off before is done again."""
    if changed.isdisjoint(_REWRITES):
        return
    name = options["name"]
    # Windows PowerShell's Set-Service has no -Credential, and a password has no place on sc.exe's command line.
    yield Cmdlet("instance", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": named([name])}, ("Name",))
    # An empty password, not null, for accounts that have none (win32: Win32_Service.Change).
    arguments = {"StartName": options["account"], "StartPassword": PlainSecret(options["password"] or "")}
    parameters = {"InputObject": Ref("instance"), "MethodName": "Change", "Arguments": arguments}
    yield Cmdlet("change", "Invoke-CimMethod", parameters, ("ReturnValue",), until={"ReturnValue": 0})
    if service is not None and service["State"] == "Running":
        # A process keeps the account and the tickets that it started with.
        yield Cmdlet("restart", "Restart-Service", {"Name": name, "Force": True})
    elif "logon_failed" in changed:
        yield Cmdlet("start", "Start-Service", {"Name": name})
    if options["password_version"] is not None:
        value = {"Name": _NOTE_VALUE, "Value": options["password_version"], "PropertyType": "String"}
        yield Cmdlet("note_key", "New-Item", {"Path": _NOTE + name, "Force": True})
        yield Cmdlet("note_value", "New-ItemProperty", {"LiteralPath": _NOTE + name, **value})
