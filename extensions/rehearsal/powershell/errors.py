# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Errors as PowerShell reports them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# COR_E_EXCEPTION, the HRESULT of every .NET exception that sets none of its own.
# https://learn.microsoft.com/dotnet/api/system.exception.hresult
COR_E_EXCEPTION = -2146233088

NOT_MODELLED = "RehearsalNotModelled"


@dataclass(eq=False)
class PowerShellError(Exception):
    """An error record: what a failed call brings back as its "error" (docs/cmdlet-batch.md).

    id: the FullyQualifiedErrorId; category: a name of System.Management.Automation.ErrorCategory; exception: the full .NET type.
    """

    id: str
    category: str
    exception: str
    message: str
    hresult: int = COR_E_EXCEPTION

    def __str__(self) -> str:
        return f"{self.message} [{self.id}]"

    def as_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "category": self.category,
            "exception": self.exception,
            "hresult": self.hresult,
            "message": self.message,
        }


def not_modelled(what: str, add: str) -> PowerShellError:
    """The rehearsal's own refusal: it does not know `what`. `add` says what would teach it."""
    message = f"The rehearsal does not model {what}. To teach it: {add}."
    return PowerShellError(NOT_MODELLED, "NotImplemented", "Rehearsal.NotModelled", message)
