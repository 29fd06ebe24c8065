# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Active Directory that a lab's servers can join: one domain, its users, and the computer accounts in it.

Error texts: Windows' own of ERROR_FILE_NOT_FOUND (2), ERROR_ACCESS_DENIED (5), ERROR_LOGON_FAILURE (1326), ERROR_NO_SUCH_DOMAIN (1355) and
NERR_AccountReuseBlockedByPolicy (2732, KB5020276).
"""
from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .errors import SpecError, Win32Error, win32_error
from .fields import Fields

DOMAIN_ADMINS = "Domain Admins"
CREATE_COMPUTERS = "create_computers"
_GROUPS = (DOMAIN_ADMINS, "Domain Users")
_RIGHTS = (CREATE_COMPUTERS,)
_LOGON_FAILURE = (1326, "The user name or password is incorrect.")
_NO_SUCH_DOMAIN = (1355, "The specified domain either does not exist or could not be contacted.")
_REUSE_BLOCKED = (2732, "An account with the same name exists in Active Directory. Re-using the account was blocked by security policy.")


@dataclass(frozen=True)
class UserSpec:
    """name: without its domain. rights: what was delegated to the user; create_computers holds in every unit and container."""

    name: str
    password: str = field(repr=False)
    groups: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupSpec:
    """members: names of users, and of computers with their dollar sign, without the domain."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Computer:
    """A computer object. unit: the distinguished name of its unit or container; controllers: users who have full control of it, besides
    the domain's administrators."""

    name: str
    unit: str
    enabled: bool = True
    controllers: tuple[str, ...] = ()


@dataclass(frozen=True)
class DirectorySpec:
    """dns_name and netbios_name are empty where the lab has no domain. units: organizational units, by distinguished name.

    user: a domain administrator. accounts: computer accounts that are there from the start; blocked: those of them that the user may not
    take over; computers: objects of which more is known.
    """

    dns_name: str = ""
    netbios_name: str = ""
    server: str = ""
    user: str = ""
    password: str = ""
    units: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    users: tuple[UserSpec, ...] = ()
    computers: tuple[Computer, ...] = ()
    groups: tuple[GroupSpec, ...] = ()

    @property
    def root(self) -> str:
        """The distinguished name of the domain."""
        return ",".join(f"DC={label}" for label in self.dns_name.split("."))

    @property
    def container(self) -> str:
        """Where computer objects lie that nobody gave a unit."""
        return f"CN=Computers,{self.root}"


def read_directory(fields: Fields) -> DirectorySpec:
    dns_name = fields.text("dns_name", "", pattern=r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|", allowed="a DNS domain name with a dot")
    label = dns_name.partition(".")[0].upper()
    spec = DirectorySpec(
        dns_name=dns_name,
        netbios_name=fields.text("netbios_name", label),
        server=fields.text("server", f"dc1.{dns_name}"),
        user=fields.text("user", f"{label}\\Administrator"),
        password=fields.text("password", "Domain-1"),
        units=fields.texts("units"),
        accounts=fields.texts("accounts"),
        blocked=fields.texts("blocked"),
        users=tuple(_read_user(item) for item in fields.children("users")),
        computers=tuple(_read_computer(item) for item in fields.children("computers")),
        groups=tuple(_read_group(item) for item in fields.children("groups")),
    )
    fields.done()
    _check(spec, fields)
    return spec


def _read_user(fields: Fields) -> UserSpec:
    user = UserSpec(
        name=fields.text("name", pattern=r"[^\\/@\s]+", allowed="a user name without its domain"),
        password=fields.text("password"),
        groups=fields.texts("groups", choices=_GROUPS),
        rights=fields.texts("rights", choices=_RIGHTS),
    )
    fields.done()
    return user


def _read_computer(fields: Fields) -> Computer:
    computer = Computer(
        name=fields.text("name", pattern=r"[A-Za-z0-9-]{1,15}", allowed="1 to 15 letters, digits and dashes"),
        unit=fields.text("unit", ""),
        enabled=fields.flag("enabled", True),
        controllers=fields.texts("full_control"),
    )
    fields.done()
    return computer


def _read_group(fields: Fields) -> GroupSpec:
    group = GroupSpec(fields.text("name", pattern=r"[^\\/@]+", allowed="a group name without its domain"), fields.texts("members"))
    fields.done()
    return group


def _check(spec: DirectorySpec, fields: Fields) -> None:
    known = _lower(spec.units)
    for computer in spec.computers:
        if computer.unit and computer.unit.lower() not in known:
            raise SpecError(fields.at("computers"), computer.unit, f"one of the units {', '.join(spec.units) or '(none)'}")
    names = [user.name.lower() for user in spec.users]
    for name in names:
        if names.count(name) > 1:
            raise SpecError(fields.at("users"), name, "each user name once")


class Directory:
    """The one domain of a lab. Several servers may ask at the same moment."""

    def __init__(self, spec: DirectorySpec) -> None:
        self.spec = spec
        self._lock = threading.Lock()
        self._computers: dict[str, Computer] = {}
        for computer in (*(Computer(name, "") for name in (*spec.accounts, *spec.blocked)), *spec.computers):
            self._computers[computer.name.lower()] = replace(computer, unit=computer.unit or spec.container)

    # Users

    @property
    def users(self) -> tuple[UserSpec, ...]:
        """With the domain's administrator that every lab with a domain has."""
        administrator = UserSpec(self.spec.user.rpartition("\\")[2], self.spec.password, (DOMAIN_ADMINS,), (CREATE_COMPUTERS,))
        return (administrator, *self.spec.users)

    def find_user(self, text: str) -> UserSpec | None:
        r"""The user of the domain that `DOMAIN\user`, `dns.name\user` or `user@dns.name` names."""
        if not self.spec.dns_name:
            return None
        name, domain = text.split("@", 1) if "@" in text else reversed(text.rpartition("\\")[::2])
        if domain.lower() not in (self.spec.dns_name.lower(), self.spec.netbios_name.lower()):
            return None
        return next((user for user in self.users if user.name.lower() == name.lower()), None)

    def account(self, user: UserSpec) -> str:
        r"""`DOMAIN\user`"""
        return f"{self.spec.netbios_name}\\{user.name}"

    def log_on(self, text: str, password: str) -> UserSpec:
        """Raises Win32Error where the user or the password is wrong."""
        user = self.find_user(text)
        if user is None or user.password != password:
            raise Win32Error(*_LOGON_FAILURE)
        return user

    # Computers

    @property
    def accounts(self) -> frozenset[str]:
        """The names of all computer accounts, lower case."""
        return frozenset(self._computers)

    def computer(self, name: str) -> Computer | None:
        return self._computers.get(name.lower())

    def join(self, domain: str, computer: str, user: str, password: str, unit: str = "", server: str = "") -> str:
        """Makes or takes over the computer's account and returns the domain's DNS name. Raises Win32Error."""
        spec = self.spec
        if not spec.dns_name or domain.lower() not in (spec.dns_name.lower(), spec.netbios_name.lower()):
            raise Win32Error(*_NO_SUCH_DOMAIN)
        if server and server.lower() != spec.server.lower():
            raise Win32Error(*_NO_SUCH_DOMAIN)
        self.log_on(user, password)
        if unit and unit.lower() not in _lower(spec.units):
            raise win32_error(2)
        if computer.lower() in _lower(spec.blocked):
            raise Win32Error(*_REUSE_BLOCKED)
        self.add(computer, unit)
        return spec.dns_name

    def add(self, computer: str, unit: str = "") -> None:
        """The account of a machine that is a member already; one that is there stays where it is."""
        with self._lock:
            self._computers.setdefault(computer.lower(), Computer(computer, unit or self.spec.container))

    def rename(self, former: str, new: str) -> None:
        with self._lock:
            known = self._computers.pop(former.lower(), Computer(former, self.spec.container))
            self._computers[new.lower()] = replace(known, name=new)

    def claim(self, name: str, unit: str, creator: str) -> Computer:
        """Makes the object of a cluster's name, or enables the one that was prestaged for it (ad-and-cluster.md 5.5).

        creator: the account that asks, which controls the object from then on.
        Win32Error 2 where the unit is not there, 5 where the creator may not, 2224 where the name is taken.
        """
        if unit.lower() not in _lower((*self.spec.units, self.spec.container)):
            raise win32_error(2)
        user = self.find_user(creator)
        with self._lock:
            known = self._computers.get(name.lower())
            if known is None and (user is None or not _may(user, CREATE_COMPUTERS)):
                raise win32_error(5)
            if known is not None and known.enabled:
                raise win32_error(2224)
            if known is not None and not self._controls(creator, known):
                raise win32_error(5)
            made = replace(known, enabled=True) if known else Computer(name, unit, controllers=(creator,))
            self._computers[name.lower()] = made
        return made

    def identities(self, account: str | None) -> frozenset[str]:
        r"""Whom an access list may name to mean this account (`DOMAIN\user`, `DOMAIN\HOST$`), in lower case: itself and its groups."""
        if account is None:
            return frozenset()
        name = account.rpartition("\\")[2]
        user = self.find_user(account)
        groups = ["Domain Computers" if name.endswith("$") else "Domain Users", *(user.groups if user else ())]
        groups += [group.name for group in self.spec.groups if name.lower() in _lower(group.members)]
        named = [*groups, *(f"{self.spec.netbios_name}\\{group}" for group in groups)]
        return frozenset(_lower((account, "Everyone", "Authenticated Users", r"NT AUTHORITY\Authenticated Users", *named)))

    def disable(self, name: str) -> None:
        """What becomes of a cluster's object when the cluster is destroyed."""
        with self._lock:
            known = self._computers.get(name.lower())
            if known is not None:
                self._computers[name.lower()] = replace(known, enabled=False)

    def _controls(self, account: str, computer: Computer) -> bool:
        """Of an account of the domain, also of a computer's."""
        names, user = _lower(computer.controllers), self.find_user(account)
        if user is not None and DOMAIN_ADMINS in user.groups:
            return True
        own = self.account(user) if user is not None else account
        return own.lower() in names or own.rpartition("\\")[2].lower() in names


def _may(user: UserSpec, right: str) -> bool:
    return right in user.rights or DOMAIN_ADMINS in user.groups


def _lower(names: Iterable[str]) -> list[str]:
    return [name.lower() for name in names]
