# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The values that models of cmdlets take and give.

Everything else is Python's own: str, bool, int, float, None, bytes, list, dict (a hashtable), an aware datetime, timedelta, uuid.UUID.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class PSObject:
    """One object that a cmdlet puts out.

    type: the full .NET type ("Microsoft.HyperV.PowerShell.VMHost") or, as PowerShell writes it, "CimInstance#Win32_Processor";
    properties: named and typed exactly as those of the real class;
    text: what the object's ToString() answers; empty means the type name, as in .NET;
    lacks: properties of the class as the sources describe it that this Server version does not have.
    """

    type: str
    properties: dict[str, Any]
    text: str = ""
    lacks: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.text or self.type


@dataclass(frozen=True)
class PSEnum:
    """A value of an enumeration. number is None where no source gives it; the wire carries the name only."""

    type: str
    name: str
    number: int | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class SecureString:
    """System.Security.SecureString. A model that sets a password may look at the text; nothing may show it."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class PSCredential:
    """System.Management.Automation.PSCredential."""

    username: str
    password: str = field(repr=False)
