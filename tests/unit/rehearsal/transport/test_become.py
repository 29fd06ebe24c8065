# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose process become makes. Oracle: Ansible.Become.cs of ansible-core, and its documentation of become on Windows."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rehearsal.become import BecomeFailure, becoming, connected
from rehearsal.machine import HostSpec, Machine
from rehearsal.machine.caller import SYSTEM, Caller
from rehearsal.machine.directory import Directory, read_directory
from rehearsal.machine.fields import Fields
from rehearsal.payload import Become, NotUnderstood

CONNECTION = ("Administrator", "Rehearsal-1")
USERS = [
    {"name": "boss", "password": "Boss-1", "groups": ["Domain Admins"]},
    {"name": "guest", "password": "Guest-1"},
]
BOSS = Become(r"EXAMPLE\boss", "Boss-1")
INCORRECT = "The user name or password is incorrect, Win32ErrorCode 1326 - 0x0000052E"
CALL = 'failure during exec_wrapper: Exception calling "CreateProcessAsUser" with "9" argument(s): '


def machine(**spec: Any) -> Machine:
    made = Machine.build("hv01", HostSpec.from_mapping({"domain": "example.org", **spec}, "hosts.hv01"))
    made.directory = Directory(read_directory(Fields({"dns_name": "example.org", "users": USERS}, "lab.active_directory")))
    return made


def test_a_network_logon_has_nothing_to_show_to_others() -> None:
    assert connected(machine(), "Administrator") == Caller(r"HV01\Administrator", None)


@pytest.mark.parametrize(("become", "caller"), [
    (BOSS, Caller(r"EXAMPLE\boss", r"EXAMPLE\boss")),
    (replace(BOSS, user="boss@example.org"), Caller(r"EXAMPLE\boss", r"EXAMPLE\boss")),
    (replace(BOSS, logon_type="Batch"), Caller(r"EXAMPLE\boss", r"EXAMPLE\boss")),
    (replace(BOSS, logon_type="NetworkCleartext"), Caller(r"EXAMPLE\boss", r"EXAMPLE\boss")),
    (replace(BOSS, logon_type="Network"), Caller(r"EXAMPLE\boss", None)),
    (replace(BOSS, password=None), Caller(r"EXAMPLE\boss", None)),
    (replace(BOSS, logon_type="NewCredentials", logon_flags=frozenset({"NetCredentialsOnly"})),
     Caller(r"HV01\Administrator", r"EXAMPLE\boss")),
    (Become(r"EXAMPLE\boss", "wrong", "NewCredentials"), Caller(r"HV01\Administrator", None)),
    (Become("SYSTEM"), Caller(SYSTEM, r"EXAMPLE\HV01$")),
    (Become(SYSTEM), Caller(SYSTEM, r"EXAMPLE\HV01$")),
    (Become("Administrator"), Caller(r"HV01\Administrator", None)),
    (Become(r".\Administrator", "Rehearsal-1"), Caller(r"HV01\Administrator", r"HV01\Administrator")),
])
def test_whose_process_it_makes(become: Become, caller: Caller) -> None:
    assert becoming(machine(), CONNECTION, become) == caller


def test_outside_a_domain_system_is_nobody_to_others() -> None:
    assert becoming(machine(domain=""), CONNECTION, Become("SYSTEM")) == Caller(SYSTEM, None)


@pytest.mark.parametrize(("become", "message"), [
    (replace(BOSS, password="x"), rf"Failed to logon EXAMPLE\boss ({INCORRECT})"),
    (Become("Administrator", "x"), rf"Failed to logon .\Administrator ({INCORRECT})"),
    (Become(r"EXAMPLE\guest", "Guest-1", "Batch"),
     r"Failed to logon EXAMPLE\guest (Logon failure: the user has not been granted the requested logon type at this computer, "
     "Win32ErrorCode 1385 - 0x00000569)"),
    (Become(r"EXAMPLE\nobody", "x"), "Some or all identity references could not be translated."),
    (Become("boss", "Boss-1"), "Some or all identity references could not be translated."),
    (Become(r"EXAMPLE\boss", None, "NewCredentials"),
     r"Failed to get token for NT AUTHORITY\SYSTEM required for become as a service account or an account without a password"),
])
def test_why_it_fails(become: Become, message: str) -> None:
    with pytest.raises(BecomeFailure) as caught:
        becoming(machine(), CONNECTION, become)
    assert str(caught.value) == f'{CALL}"{message}"'


def test_outside_the_domain_its_users_have_no_name() -> None:
    with pytest.raises(BecomeFailure, match="could not be translated"):
        becoming(machine(domain=""), CONNECTION, BOSS)


@pytest.mark.parametrize("become", [
    Become(r"EXAMPLE\guest", "Guest-1"),
    Become(r"NT AUTHORITY\LOCAL SERVICE"),
    Become("NetworkService"),
    replace(BOSS, logon_type="Service"),
    replace(BOSS, logon_type="Unlock"),
    replace(BOSS, logon_flags=frozenset({"NetCredentialsOnly"})),
])
def test_what_is_not_known_is_refused(become: Become) -> None:
    with pytest.raises(NotUnderstood):
        becoming(machine(), CONNECTION, become)
