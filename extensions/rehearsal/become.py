# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`become_method: runas`: whose process it makes, and why it fails. Source: Ansible.Become.cs and Ansible.AccessToken.cs of ansible-core.

Basic authentication stands for whatever a real play logs on with; the account of the connection is always a local administrator.
"""
from __future__ import annotations

from .machine import Machine
from .machine.caller import SYSTEM, Caller
from .payload import Become, NotUnderstood

_SYSTEM_NAMES = frozenset({"system", SYSTEM.lower()})
_SERVICES = frozenset({"localservice", "networkservice"})
# What a logon of these types with a password leaves in the process: credentials for other machines, or none.
_PASSES_ON = {"Interactive": True, "Batch": True, "NetworkCleartext": True, "Network": False}
_NOT_TRANSLATED = "Some or all identity references could not be translated."
# Texts of ERROR_LOGON_FAILURE and ERROR_LOGON_TYPE_NOT_GRANTED without their last full stop, which .NET takes away.
_LOGON_FAILURE = (1326, "The user name or password is incorrect")
_TYPE_NOT_GRANTED = (1385, "Logon failure: the user has not been granted the requested logon type at this computer")
_NO_TOKEN = "Failed to get token for NT AUTHORITY\\SYSTEM required for become as a service account or an account without a password"


class BecomeFailure(Exception):
    """The wrapper on the host could not start the process."""

    def __init__(self, become: Become, inner: str) -> None:
        super().__init__(f'{become.failure}: Exception calling "CreateProcessAsUser" with "9" argument(s): "{inner}"')


def connected(machine: Machine, user: str) -> Caller:
    """The caller of a call without become: a network logon of the connection's account, which has no credentials to pass on."""
    return Caller(_local(machine, user))


def becoming(machine: Machine, connection: tuple[str, str], become: Become) -> Caller:
    """connection: user and password of the connection's account. Raises BecomeFailure and, for what is not known, NotUnderstood."""
    if become.logon_type == "NewCredentials":
        return _new_credentials(machine, connection, become)
    if "NetCredentialsOnly" in become.logon_flags:
        raise NotUnderstood("the become flag netcredentials_only without logon_type=new_credentials")
    name = become.user.removeprefix(".\\")
    if name.lower() in _SYSTEM_NAMES:
        return Caller(SYSTEM, machine.network_account)
    if name.lower().replace(" ", "").removeprefix("ntauthority\\") in _SERVICES or become.logon_type not in _PASSES_ON:
        raise NotUnderstood(f"become as {become.user!r} with the logon type {become.logon_type}")
    account, password = _account(machine, connection, become, name)
    if become.password is None:
        return _administrator(machine, Caller(account))
    if become.password != password:
        raise _logon_failed(become, _LOGON_FAILURE)
    if become.logon_type == "Batch" and not machine.is_administrator(account):
        raise _logon_failed(become, _TYPE_NOT_GRANTED)
    return _administrator(machine, Caller(account, account if _PASSES_ON[become.logon_type] else None))


def _new_credentials(machine: Machine, connection: tuple[str, str], become: Become) -> Caller:
    """The process stays the connection's; nobody looks at the new credentials before another machine sees them."""
    if not become.password:
        raise BecomeFailure(become, _NO_TOKEN)
    user = machine.directory.find_user(become.user)
    good = user is not None and user.password == become.password
    return Caller(_local(machine, connection[0]), machine.directory.account(user) if user is not None and good else None)


def _account(machine: Machine, connection: tuple[str, str], become: Become, name: str) -> tuple[str, str]:
    """The account's full name and its password. Only members of the domain know its users."""
    if _local(machine, name).lower() == _local(machine, connection[0]).lower():
        return _local(machine, name), connection[1]
    user = machine.directory.find_user(name) if machine.in_lab_domain else None
    if user is None:
        raise BecomeFailure(become, _NOT_TRANSLATED)
    return machine.directory.account(user), user.password


def _administrator(machine: Machine, caller: Caller) -> Caller:
    if not machine.is_administrator(caller.user):
        raise NotUnderstood(f"what a process of {caller.user}, who is no administrator of {machine.identity.computer_name}, may do")
    return caller


def _logon_failed(become: Become, error: tuple[int, str]) -> BecomeFailure:
    code, text = error
    name = become.user if "\\" in become.user or "@" in become.user else f".\\{become.user}"
    return BecomeFailure(become, f"Failed to logon {name} ({text}, Win32ErrorCode {code} - 0x{code:08X})")


def _local(machine: Machine, name: str) -> str:
    return name if "\\" in name or "@" in name else f"{machine.identity.computer_name}\\{name}"
