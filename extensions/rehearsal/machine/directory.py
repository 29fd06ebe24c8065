# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Active Directory that a lab's servers can join: one domain, who may join to it, and the computer accounts in it.

Error texts: Windows' own of ERROR_FILE_NOT_FOUND (2), ERROR_LOGON_FAILURE (1326), ERROR_NO_SUCH_DOMAIN (1355) and
NERR_AccountReuseBlockedByPolicy (2732, KB5020276).
"""
from __future__ import annotations

import threading
from dataclasses import dataclass

from .errors import Win32Error
from .fields import Fields

_NOT_FOUND = (2, "The system cannot find the file specified.")
_LOGON_FAILURE = (1326, "The user name or password is incorrect.")
_NO_SUCH_DOMAIN = (1355, "The specified domain either does not exist or could not be contacted.")
_REUSE_BLOCKED = (2732, "An account with the same name exists in Active Directory. Re-using the account was blocked by security policy.")


@dataclass(frozen=True)
class DirectorySpec:
    """dns_name and netbios_name are empty where the lab has no domain. units: organizational units, by distinguished name.

    accounts: computer accounts that are there from the start; blocked: those of them that the user may not take over.
    """

    dns_name: str = ""
    netbios_name: str = ""
    server: str = ""
    user: str = ""
    password: str = ""
    units: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


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
    )
    fields.done()
    return spec


class Directory:
    """The one domain of a lab. Several servers may join at the same moment."""

    def __init__(self, spec: DirectorySpec) -> None:
        self.spec = spec
        self._lock = threading.Lock()
        self._accounts = {name.lower() for name in (*spec.accounts, *spec.blocked)}

    @property
    def accounts(self) -> frozenset[str]:
        """The names of all computer accounts, lower case."""
        return frozenset(self._accounts)

    def check_logon(self, user: str, password: str) -> None:
        """Raises Win32Error. The user may be given as DOMAIN\\user or user@domain."""
        if user.lower() not in self._spellings() or password != self.spec.password:
            raise Win32Error(*_LOGON_FAILURE)

    def join(self, domain: str, computer: str, user: str, password: str, unit: str = "", server: str = "") -> str:
        """Makes or takes over the computer's account and returns the domain's DNS name. Raises Win32Error."""
        spec = self.spec
        if not spec.dns_name or domain.lower() not in (spec.dns_name.lower(), spec.netbios_name.lower()):
            raise Win32Error(*_NO_SUCH_DOMAIN)
        if server and server.lower() != spec.server.lower():
            raise Win32Error(*_NO_SUCH_DOMAIN)
        self.check_logon(user, password)
        if unit and unit.lower() not in [known.lower() for known in spec.units]:
            raise Win32Error(*_NOT_FOUND)
        if computer.lower() in [name.lower() for name in spec.blocked]:
            raise Win32Error(*_REUSE_BLOCKED)
        self.add(computer)
        return spec.dns_name

    def add(self, computer: str) -> None:
        """The account of a machine that is a member already."""
        with self._lock:
            self._accounts.add(computer.lower())

    def rename(self, former: str, new: str) -> None:
        with self._lock:
            self._accounts = {*self._accounts - {former.lower()}, new.lower()}

    def _spellings(self) -> tuple[str, str]:
        user = self.spec.user.rpartition("\\")[2]
        return f"{self.spec.netbios_name}\\{user}".lower(), f"{user}@{self.spec.dns_name}".lower()
