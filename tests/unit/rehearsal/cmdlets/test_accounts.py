# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts, local groups, logon as a service. Oracle: PowerShell's own tests of the LocalAccounts module, win32's page of Change."""
from __future__ import annotations

import json
from time import sleep
from typing import Any

import pytest
from rehearsal.machine import Machine
from rehearsal.machine.accounts import ADMINISTRATORS, Account
from rehearsal.modules.arguments import ModuleFailure, parse
from rehearsal.modules.registry import Context, find

from tests.unit.rehearsal.cmdlets.hosts import Host
from tests.unit.rehearsal.refusals import Silent

COMMANDS = "Microsoft.PowerShell.Commands"
NOVA, GMSA = r"EXAMPLE\nova", r"EXAMPLE\gmsa$"
PASSWORD = "Pa55-w0rd"
ACCOUNTS = [{"name": NOVA, "password": PASSWORD}, {"name": GMSA, "managed": True}]
FILTER = "Name='nova-compute'"


def member() -> Host:
    host = Host(domain="example.org", accounts=ACCOUNTS)
    host.machine.services.create("nova-compute", r"C:\nova.exe")
    host.machine.changes.clear()
    return host


def change(host: Host, account: str, password: str | None) -> int:
    """What Win32_Service.Change answers."""
    arguments = {"StartName": account, "StartPassword": password}
    results = host.batch(
        {"id": "get", "cmdlet": "Get-CimInstance", "parameters": {"ClassName": "Win32_Service", "Filter": FILTER}},
        {"id": "change", "cmdlet": "Invoke-CimMethod", "properties": ["ReturnValue"],
         "parameters": {"InputObject": {"$ref": "get"}, "MethodName": "Change", "Arguments": arguments}},
    )
    code: int = results[1]["output"][0]["ReturnValue"]
    return code


def user_right(machine: Machine, check: bool = False, **params: Any) -> dict[str, Any]:
    model = find("ansible.windows.win_user_right")
    assert model is not None
    return model.function(Context(machine, parse("win_user_right", model.spec, params, {}), check, True, Silent(), sleep))


def grant(host: Host, account: str) -> None:
    user_right(host.machine, name="SeServiceLogonRight", users=[account], action="add")


def test_members_come_and_are_found_by_name_and_sid() -> None:
    host = member()
    host.rows("Add-LocalGroupMember", SID=ADMINISTRATORS, Member=[r"example\NOVA"])
    assert host.values("Get-LocalGroupMember", "Name", SID=ADMINISTRATORS) == [NOVA, r"HV01\Administrator"]
    assert host.values("Get-LocalGroupMember", "Name", SID=ADMINISTRATORS, Member=r"EXAMPLE\NOVA") == [NOVA]
    assert host.values("Get-LocalGroupMember", "Name", SID=ADMINISTRATORS, Member="administrator") == [r"HV01\Administrator"]
    (sid,) = host.values("Get-LocalGroupMember", "SID", SID=ADMINISTRATORS, Member=NOVA)
    assert host.values("Get-LocalGroupMember", "Name", SID=ADMINISTRATORS, Member=sid) == [NOVA]


@pytest.mark.parametrize(("cmdlet", "parameters", "identifier"), [
    ("Get-LocalGroupMember", {"SID": "S-1-5-32-999"}, "GroupNotFound"),
    ("Get-LocalGroupMember", {"SID": ADMINISTRATORS, "Member": NOVA}, "PrincipalNotFound"),
    ("Get-LocalGroupMember", {"SID": "Administrators"}, "CannotConvertArgumentNoMessage"),
    ("Add-LocalGroupMember", {"SID": "S-1-5-32-999", "Member": [NOVA]}, "GroupNotFound"),
    ("Add-LocalGroupMember", {"SID": ADMINISTRATORS, "Member": [r"EXAMPLE\nobody"]}, "PrincipalNotFound"),
    ("Add-LocalGroupMember", {"SID": ADMINISTRATORS, "Member": ["administrator", r"HV01\Administrator"]}, "PrincipalNotFound"),
    ("Add-LocalGroupMember", {"SID": ADMINISTRATORS, "Member": [r"HV01\Administrator"]}, "MemberExists"),
    ("Add-LocalGroupMember", {"Member": [NOVA]}, "AmbiguousParameterSet"),
])
def test_what_does_not_exist_is_refused(cmdlet: str, parameters: dict[str, Any], identifier: str) -> None:
    host = member()
    verb = cmdlet.partition("-")[0]
    assert host.error(cmdlet, **parameters) == f"{identifier},{COMMANDS}.{verb}LocalGroupMemberCommand"
    assert host.machine.changes == []


def test_a_member_that_is_gone_breaks_the_listing() -> None:
    """PowerShell/PowerShell issue 2996."""
    host = member()
    host.machine.accounts.groups[ADMINISTRATORS].append("S-1-5-21-1-2-3-1104")
    assert host.error("Get-LocalGroupMember", SID=ADMINISTRATORS) == f"An unspecified error occurred.,{COMMANDS}.GetLocalGroupMemberCommand"


@pytest.mark.parametrize(("account", "password", "right", "starts"), [
    (NOVA, PASSWORD, True, True),
    (NOVA, "wrong", True, False),
    (NOVA, PASSWORD, False, False),
    (NOVA, None, True, False),
    (GMSA, "", True, True),
    (GMSA, "", False, False),
    ("LocalSystem", "", False, True),
    (r"NT AUTHORITY\NetworkService", "", False, True),
])
def test_a_service_starts_with_the_password_and_the_right(account: str, password: str | None, right: bool, starts: bool) -> None:
    host = member()
    if right:
        grant(host, account)
    assert change(host, account, password) == 0
    result = host.call("Start-Service", Name=["nova-compute"])
    assert ("error" not in result) == starts
    codes = host.values("Get-CimInstance", "ExitCode", ClassName="Win32_Service", Filter=FILTER)
    assert codes == [0 if starts else 1069]
    assert PASSWORD not in json.dumps([result, host.machine.changes, host.machine.dump()])


def test_an_account_that_is_not_there_is_answered_with_22() -> None:
    host = member()
    assert change(host, r"EXAMPLE\nobody", "x") == 22
    assert host.values("Get-CimInstance", "StartName", ClassName="Win32_Service", Filter=FILTER) == ["LocalSystem"]


def test_the_state_is_kept() -> None:
    host = member()
    grant(host, NOVA)
    host.rows("Add-LocalGroupMember", SID=ADMINISTRATORS, Member=[NOVA])
    change(host, NOVA, PASSWORD)
    again = Machine.load("hv01", host.spec, json.loads(json.dumps(host.machine.dump())), host.clock)
    again.services.start("nova-compute")
    assert again.accounts.groups == host.machine.accounts.groups


def test_a_server_without_a_list_takes_every_domain_account() -> None:
    host = Host(domain="example.org")
    assert host.machine.accounts.find(NOVA) is not None
    assert host.machine.accounts.find("nova@example.org") is not None
    assert host.machine.accounts.find("nova") is None


def test_user_rights_are_added_and_the_default_replaces_all() -> None:
    host = member()
    accounts = host.machine.accounts
    services, nova = Account(r"NT SERVICE\ALL SERVICES", "S-1-5-80-0"), accounts.find(NOVA)
    assert nova is not None
    wanted: dict[str, Any] = {"name": "SeServiceLogonRight", "users": [NOVA, nova.sid], "action": "add"}
    planned = user_right(host.machine, check=True, **wanted)
    assert (planned["changed"], planned["added"], host.machine.changes) == (True, [NOVA], [])
    assert user_right(host.machine, **wanted) == planned
    assert planned["diff"]["after"] == {"SeServiceLogonRight": [services.name, NOVA]}
    assert not user_right(host.machine, **wanted)["changed"]
    replaced = user_right(host.machine, name="SeServiceLogonRight", users=[NOVA])
    assert (replaced["added"], replaced["removed"]) == ([], [services.name])
    assert user_right(host.machine, name="SeServiceLogonRight", users=[NOVA], action="remove")["removed"] == [NOVA]
    assert accounts.rights["SeServiceLogonRight"] == []


@pytest.mark.parametrize(("params", "message"), [
    ({"name": "SeServiceLogonRight", "users": [r"EXAMPLE\nobody"]}, r"Failed to translate the account 'EXAMPLE\nobody' to a SID"),
    ({"name": "LogonAsService", "users": [NOVA]}, "the specified right LogonAsService is not a valid right"),
    ({"name": "SeDebugPrivilege", "users": [NOVA]}, "The rehearsal does not know who has the right SeDebugPrivilege"),
    ({"name": "SeServiceLogonRight"}, "missing required arguments: users"),
    ({"name": "SeServiceLogonRight", "users": [NOVA], "action": "grant"}, "value of action must be one of: add, remove, set"),
])
def test_wrong_rights_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure, match=message.replace("\\", "\\\\")):
        user_right(member().machine, **params)
