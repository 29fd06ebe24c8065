# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""As whom a remote call runs: on the server itself, and on every other machine that it reaches over the network.

A WinRM logon is a network logon: it has no credentials to pass on, so other machines see nobody (the double hop). `become` with a password
makes a logon that has them (ad-and-cluster.md 4).
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SYSTEM = r"NT AUTHORITY\SYSTEM"


@dataclass(frozen=True)
class Caller:
    r"""user: the account of the process (`HV01\Administrator`, `CORP\deploy`, `NT AUTHORITY\SYSTEM`); it is a local administrator.

    network: the account that other machines see (`CORP\deploy`, of SYSTEM on a domain member `CORP\HV01$`); None where they see nobody, and
    where they refuse what is shown to them because its password is wrong.
    """

    user: str
    network: str | None = None


_CURRENT: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current() -> Caller | None:
    """The caller of the remote call that this thread carries out."""
    return _CURRENT.get()


@contextmanager
def calling(caller: Caller) -> Iterator[None]:
    """What runs within runs as this caller. Each remote call has a thread of its own."""
    token = _CURRENT.set(caller)
    try:
        yield
    finally:
        _CURRENT.reset(token)
