# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts as one server sees them: who is in its local groups, who has which user right, and who may log on as a service.

Well-known SIDs: MicrosoftDocs/windowsserverdocs identity/ad-ds/manage/understand-security-identifiers.md. SIDs of domains and of their
accounts are made from their names.
"""
from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import win32_error
from .fields import Fields

if TYPE_CHECKING:
    from .services import Service

ADMINISTRATORS, USERS, HYPER_V_ADMINISTRATORS = "S-1-5-32-544", "S-1-5-32-545", "S-1-5-32-578"
LOGON_AS_A_SERVICE = "SeServiceLogonRight"
_ALL_SERVICES = "S-1-5-80-0"
_LOGON_FAILED = 1069
_WELL_KNOWN = {
    "LocalSystem": "S-1-5-18",
    r"NT AUTHORITY\SYSTEM": "S-1-5-18",
    r"NT AUTHORITY\LocalService": "S-1-5-19",
    r"NT AUTHORITY\LOCAL SERVICE": "S-1-5-19",
    r"NT AUTHORITY\NetworkService": "S-1-5-20",
    r"NT AUTHORITY\NETWORK SERVICE": "S-1-5-20",
    r"NT SERVICE\ALL SERVICES": _ALL_SERVICES,
    r"BUILTIN\Administrators": ADMINISTRATORS,
    r"BUILTIN\Users": USERS,
    r"BUILTIN\Hyper-V Administrators": HYPER_V_ADMINISTRATORS,
}
LOCAL_SERVICE = "S-1-5-19"
BUILT_IN_SERVICES = frozenset({"S-1-5-18", LOCAL_SERVICE, "S-1-5-20"})
_DOMAIN_ACCOUNT = re.compile(r"[^\\/@]+\\[^\\/@]+|[^\\/@]+@[^\\/@]+")


@dataclass(frozen=True)
class AccountSpec:
    """A domain account. managed: a group managed service account, whose password Windows fetches itself."""

    name: str
    password: str = field(repr=False)
    managed: bool


def read_account(fields: Fields) -> AccountSpec:
    spec = AccountSpec(
        name=fields.text("name", pattern=r"[^\\/@]+\\[^\\/@]+", allowed=r"DOMAIN\user"),
        password=fields.text("password", ""),
        managed=fields.flag("managed", False),
    )
    fields.done()
    return spec


@dataclass(frozen=True)
class Account:
    name: str
    sid: str


class Accounts:
    """groups: members of the local groups, rights: holders of the user rights, both as SIDs.

    A server whose lab lists accounts knows these and no other. One whose lab lists none takes every domain account and every password,
    because nothing is known that would speak against them.
    """

    def __init__(self, computer_name: str, specs: Iterable[AccountSpec], note: Callable[[str], None]) -> None:
        administrator = Account(f"{computer_name}\\Administrator", f"{_authority(computer_name)}-500")
        self.groups: dict[str, list[str]] = {ADMINISTRATORS: [administrator.sid], USERS: [], HYPER_V_ADMINISTRATORS: []}
        self.rights: dict[str, list[str]] = {LOGON_AS_A_SERVICE: [_ALL_SERVICES]}
        self._specs = {spec.name.lower(): spec for spec in specs}
        self._names = {sid: name for name, sid in reversed(_WELL_KNOWN.items())}
        self._names[administrator.sid] = administrator.name
        self._names.update({_sid(spec.name): spec.name for spec in self._specs.values()})
        # Of each service whose account has a password: a digest of what the service control manager was given.
        self._passwords: dict[str, str] = {}
        self._failed: set[str] = set()
        self._note = note
        # DOMAIN\\user of a user whom the server's domain has, however he is named.
        self.domain_user: Callable[[str], str | None] = lambda text: None

    def find(self, text: str) -> Account | None:
        """The account that a name or SID stands for."""
        if text.upper() in self._names:
            return Account(self._names[text.upper()], text.upper())
        for sid, name in [*((sid, name) for name, sid in _WELL_KNOWN.items()), *self._names.items()]:
            if name.lower() == text.lower():
                return Account(name, sid)
        known = self.domain_user(text)
        if known is None and (self._specs or not _DOMAIN_ACCOUNT.fullmatch(text)):
            return None
        name = known or text
        self._names[_sid(name)] = name
        return Account(name, _sid(name))

    def name_of(self, sid: str) -> str | None:
        """None for a SID whose account is gone."""
        return self._names.get(sid)

    def add_member(self, group: str, account: Account) -> None:
        self.groups[group].append(account.sid)
        self._note(f"local group {self.name_of(group)}: {account.name} added")

    def set_right(self, right: str, account: Account, granted: bool) -> None:
        holders = self.rights.setdefault(right, [])
        if granted:
            holders.append(account.sid)
        else:
            holders.remove(account.sid)
        self._note(f"user right {right}: {account.name} {'added' if granted else 'removed'}")

    # Logging on as a service

    def keep_password(self, service: str, password: str) -> None:
        """What the service control manager was given for a service; it is not looked at before the service starts."""
        digest = _digest(service, password)
        if self._passwords.get(service.lower()) != digest:
            self._passwords[service.lower()] = digest
            self._note(f"service {service}: password set")

    def log_on(self, service: Service) -> None:
        """Win32Error 1069 where the account of a service that is about to start may not log on."""
        name = service.name.lower()
        self._failed.discard(name)
        if self._specs and service.account and not self._may_log_on(service):
            self._failed.add(name)
            raise win32_error(_LOGON_FAILED)

    def logon_failed(self, service: str) -> bool:
        """Whether the last start of a service ended so."""
        return service.lower() in self._failed

    def _may_log_on(self, service: Service) -> bool:
        account = self.find(service.account)
        if account is None:
            return False
        if account.sid in BUILT_IN_SERVICES:
            return True
        spec = self._specs.get(account.name.lower())
        if spec is None or account.sid not in self.rights[LOGON_AS_A_SERVICE]:
            return False
        return spec.managed or self._passwords.get(service.name.lower()) == _digest(service.name, spec.password)

    # State

    def dump(self) -> dict[str, Any]:
        return {
            "groups": self.groups, "rights": self.rights, "names": self._names, "passwords": self._passwords,
            "failed": sorted(self._failed),
        }

    def load(self, data: dict[str, Any]) -> None:
        self.groups, self.rights = dict(data["groups"]), dict(data["rights"])
        self._names, self._passwords, self._failed = dict(data["names"]), dict(data["passwords"]), set(data["failed"])


def _authority(name: str) -> str:
    """The SID of a computer or domain."""
    digest = hashlib.sha256(name.upper().encode()).digest()
    return "S-1-5-21-" + "-".join(str(int.from_bytes(digest[start:start + 4], "big")) for start in (0, 4, 8))


def _sid(name: str) -> str:
    """The SID of a domain account, from DOMAIN\\user or user@domain."""
    user, domain = name.split("@") if "@" in name else reversed(name.split("\\"))
    number = int.from_bytes(hashlib.sha256(user.lower().encode()).digest()[:3], "big")
    return f"{_authority(domain)}-{1000 + number}"


def _digest(service: str, password: str) -> str:
    return hashlib.sha256(f"{service.lower()}\0{password}".encode("utf-8", "surrogatepass")).hexdigest()
