# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Users of the domain, and the computer object of a cluster's name. Oracle: ad-and-cluster.md 5.5."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine import HostSpec, Machine, Win32Error
from rehearsal.machine.accounts import ADMINISTRATORS
from rehearsal.machine.directory import Directory, read_directory
from rehearsal.machine.fields import Fields

UNIT = "OU=Clusters,DC=example,DC=org"
CONTAINER = "CN=Computers,DC=example,DC=org"
DOMAIN: dict[str, Any] = {
    "dns_name": "example.org", "units": [UNIT], "accounts": ["hv01"],
    "users": [
        {"name": "boss", "password": "a", "groups": ["Domain Admins"]},
        {"name": "builder", "password": "b", "rights": ["create_computers"]},
        {"name": "nobody", "password": "c"},
    ],
    "computers": [
        {"name": "CL7", "unit": UNIT, "enabled": False, "full_control": [r"EXAMPLE\nobody"]},
        {"name": "CL8", "enabled": False},
    ],
}


@pytest.fixture
def directory() -> Directory:
    return Directory(read_directory(Fields(DOMAIN, "lab.active_directory")))


@pytest.mark.parametrize("name", [r"EXAMPLE\Boss", "boss@example.org", r"example.org\boss"])
def test_a_user_has_several_names(directory: Directory, name: str) -> None:
    user = directory.find_user(name)
    assert user is not None
    assert directory.account(user) == r"EXAMPLE\boss"
    assert directory.log_on(name, "a") == user


@pytest.mark.parametrize(("name", "password"), [(r"EXAMPLE\boss", "b"), ("boss", "a"), (r"OTHER\boss", "a"), (r"EXAMPLE\x", "")])
def test_who_is_not_known_does_not_log_on(directory: Directory, name: str, password: str) -> None:
    with pytest.raises(Win32Error) as caught:
        directory.log_on(name, password)
    assert caught.value.code == 1326


@pytest.mark.parametrize(("creator", "name", "unit", "outcome"), [
    ("builder", "CL1", UNIT, UNIT),
    ("boss", "CL1", CONTAINER, CONTAINER),
    ("Administrator", "CL1", UNIT, UNIT),
    ("nobody", "CL1", UNIT, 5),
    ("nobody", "CL7", CONTAINER, UNIT),
    ("builder", "CL7", UNIT, 5),
    ("boss", "CL8", UNIT, CONTAINER),
    ("nobody", "CL8", CONTAINER, 5),
    ("boss", "HV01", CONTAINER, 2224),
    ("boss", "CL1", "OU=None,DC=example,DC=org", 2),
])
def test_who_may_have_the_object_of_a_cluster_made(directory: Directory, creator: str, name: str, unit: str, outcome: str | int) -> None:
    account = rf"EXAMPLE\{creator}"
    if isinstance(outcome, int):
        with pytest.raises(Win32Error) as caught:
            directory.claim(name, unit, account)
        assert caught.value.code == outcome
        return
    made = directory.claim(name, unit, account)
    assert (made.unit, made.enabled) == (outcome, True)
    assert directory.computer(name.lower()) == made
    with pytest.raises(Win32Error):
        directory.claim(name, unit, account)
    directory.disable(name)
    assert directory.computer(name) is not None


def test_who_made_an_object_may_have_it_made_anew(directory: Directory) -> None:
    directory.claim("CL1", UNIT, r"EXAMPLE\builder")
    directory.disable("CL1")
    with pytest.raises(Win32Error):
        directory.claim("CL1", UNIT, r"EXAMPLE\nobody")
    assert directory.claim("CL1", UNIT, r"EXAMPLE\builder").enabled


def test_administrators_of_a_member(directory: Directory) -> None:
    machine = Machine.build("hv01", HostSpec.from_mapping({"domain": "example.org"}, "hosts.hv01"))
    machine.directory = directory
    accounts = [r"HV01\Administrator", r"NT AUTHORITY\SYSTEM", r"EXAMPLE\boss", r"EXAMPLE\nobody", r"OTHER\boss"]
    assert [machine.is_administrator(account) for account in accounts] == [True, True, True, False, False]
    account = machine.accounts.find("nobody@example.org")
    assert account is not None
    assert account.name == r"EXAMPLE\nobody"
    machine.accounts.add_member(ADMINISTRATORS, account)
    assert machine.is_administrator(r"EXAMPLE\nobody")
    assert machine.network_account == r"EXAMPLE\HV01$"


def test_outside_the_domain_nobody_knows_its_users(directory: Directory) -> None:
    machine = Machine.build("hv01", HostSpec.from_mapping({}, "hosts.hv01"))
    machine.directory = directory
    assert not machine.is_administrator(r"EXAMPLE\boss")
    assert machine.network_account is None
