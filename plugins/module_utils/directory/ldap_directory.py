# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Active Directory over LDAP: what the module ad_delegation needs of ldap3, and nothing that knows about delegation.

The connection is always protected: TLS with a verified certificate, or Kerberos with signing and sealing.
"""
from __future__ import annotations

import ssl
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

LDAP3_ERROR = ""
try:
    import ldap3
    import ldap3.core.exceptions
    import ldap3.utils.conv
except ImportError:
    LDAP3_ERROR = traceback.format_exc()

GSSAPI_ERROR = ""
try:
    import gssapi
except ImportError:
    GSSAPI_ERROR = traceback.format_exc()

PAGE = 200
# A filter of so many names stays far below what a domain controller accepts, and is one request for most deployments.
NAMES_A_FILTER = 50

# What is done with an attribute's values, in order.
Operation: TypeAlias = tuple[Literal["add", "delete", "replace"], tuple[bytes, ...]]
Operations: TypeAlias = Mapping[str, tuple[Operation, ...]]

_Answer = TypeVar("_Answer")


class DirectoryError(Exception):
    """The directory could not be reached, or refused something. The text names what was being done."""


@dataclass(frozen=True)
class Settings:
    """server: name of a domain controller, as in its certificate. ca_file: PEM; empty for the controller's own authorities.

    transport `ldap` is Kerberos with signing and sealing; `ldaps` takes both kinds of authentication. timeout in seconds.
    """

    server: str
    port: int
    transport: Literal["ldaps", "ldap"]
    authentication: Literal["simple", "kerberos"]
    ca_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: int = 30


@dataclass(frozen=True)
class Entry:
    """One object. Attribute names are compared without regard to case; values are as the server sent them."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def raw(self, name: str) -> bytes:
        return next(iter(self.attributes.get(name.lower(), ())), b"")

    def text(self, name: str) -> str:
        return self.raw(name).decode()

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(value.decode() for value in self.attributes.get(name.lower(), ()))


def missing_library(settings: Settings) -> tuple[str, str]:
    """The library that these settings need and that is absent, with the traceback; two empty strings if none is."""
    if LDAP3_ERROR:
        return "ldap3", LDAP3_ERROR
    if settings.authentication == "kerberos" and GSSAPI_ERROR:
        return "gssapi", GSSAPI_ERROR
    return "", ""


def escape(value: str) -> str:
    """The value as it stands in a filter."""
    return str(ldap3.utils.conv.escape_filter_chars(value))


def binary(value: bytes) -> str:
    """A binary value as it stands in a filter."""
    return str(ldap3.utils.conv.escape_bytes(value))


class Directory:
    """A bound connection to one domain controller; every read and write goes to the same one."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.base = str(connection.server.info.other["defaultNamingContext"][0])

    @property
    def domain(self) -> str:
        """The domain's DNS name, from its distinguished name."""
        return ".".join(part.split("=", 1)[1] for part in self.base.split(",")).lower()

    def search(self, query: str, attributes: Iterable[str], base: str = "") -> list[Entry]:
        """All matching objects of the domain, or of the one object `base`, page by page."""
        pages = _translated(
            f"searching for {query}",
            lambda: list(
                self._connection.extend.standard.paged_search(
                    base or self.base,
                    query,
                    search_scope=ldap3.BASE if base else ldap3.SUBTREE,
                    attributes=list(attributes),
                    paged_size=PAGE,
                    time_limit=self._connection.receive_timeout,
                    generator=False,
                )
            ),
        )
        return [_entry(found) for found in pages if found["type"] == "searchResEntry"]

    def search_any(self, kind: str, conditions: Iterable[str], attributes: Iterable[str]) -> list[Entry]:
        """The objects that fulfil `kind` and any of the conditions, each once, in as many requests as the conditions need."""
        wanted, names = list(conditions), list(attributes)
        found: dict[str, Entry] = {}
        for start in range(0, len(wanted), NAMES_A_FILTER):
            query = f"(&{kind}(|{''.join(wanted[start : start + NAMES_A_FILTER])}))"
            found.update((entry.dn, entry) for entry in self.search(query, names))
        return list(found.values())

    def modify(self, dn: str, operations: Operations) -> None:
        """All of it in one request, which the server does as a whole or not at all."""
        names = {"add": ldap3.MODIFY_ADD, "delete": ldap3.MODIFY_DELETE, "replace": ldap3.MODIFY_REPLACE}
        changes = {name: [(names[verb], list(values)) for verb, values in steps] for name, steps in operations.items()}
        _translated(f"changing {dn}", lambda: self._connection.modify(dn, changes))

    def close(self) -> None:
        self._connection.unbind()


def connect(settings: Settings) -> Directory:
    """A bound connection. Raises DirectoryError, also where the settings would leave it unprotected."""
    if settings.transport == "ldap" and settings.authentication == "simple":
        raise DirectoryError("a simple bind sends the password in the clear without TLS and is refused")
    if settings.transport == "ldap" and not hasattr(ldap3, "ENCRYPT"):
        raise DirectoryError(
            f"Kerberos without TLS needs signing and sealing, which ldap3 has from 2.10 on; {ldap3.__version__} is installed"
        )
    return _translated(f"connecting to {settings.transport}://{settings.server}:{settings.port}", lambda: Directory(_bound(settings)))


def _bound(settings: Settings) -> Any:
    secure = settings.transport == "ldaps"
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=settings.ca_file or None, sni=settings.server) if secure else None
    server = ldap3.Server(
        settings.server, port=settings.port, use_ssl=secure, tls=tls, get_info=ldap3.DSA, connect_timeout=settings.timeout
    )
    return ldap3.Connection(
        server,
        auto_bind=ldap3.AUTO_BIND_NO_TLS,  # no StartTLS: the connection is TLS from the start, or sealed by Kerberos
        auto_referrals=False,
        check_names=False,
        raise_exceptions=True,
        receive_timeout=settings.timeout,
        **_credentials(settings),
    )


def _credentials(settings: Settings) -> dict[str, Any]:
    if settings.authentication == "simple":
        return {"authentication": ldap3.SIMPLE, "user": settings.username, "password": settings.password}
    kerberos = {"authentication": ldap3.SASL, "sasl_mechanism": ldap3.GSSAPI}
    return kerberos if settings.transport == "ldaps" else {**kerberos, "session_security": ldap3.ENCRYPT}


def _translated(doing: str, request: Callable[[], _Answer]) -> _Answer:
    kerberos: tuple[type[Exception], ...] = () if GSSAPI_ERROR else (gssapi.exceptions.GSSError,)
    try:
        return request()
    except (ldap3.core.exceptions.LDAPException, OSError, *kerberos) as error:
        # When Kerberos fails, ldap3 ends the bind, and the server's complaint about that hides the reason.
        reason = error.__context__ if isinstance(error.__context__, kerberos) else error
        raise DirectoryError(f"{doing}: {reason}") from error


def _entry(found: Mapping[str, Any]) -> Entry:
    return Entry(found["dn"], {name.lower(): tuple(values) for name, values in found["raw_attributes"].items()})
