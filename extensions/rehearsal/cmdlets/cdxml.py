# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What cmdlets made from CDXML have in common: they are views of CIM classes, and a value that finds nothing is an error."""
from __future__ import annotations

from typing import Any

from ..powershell.errors import PowerShellError
from ..powershell.registry import Bound
from ..powershell.values import PSEnum, PSObject
from .matching import as_list, has_wildcard, like


def not_found(identifier: str, command: str, message: str = "No matching objects found by the query.") -> PowerShellError:
    """storage-and-time.md 2: CimJobException, ObjectNotFound, CmdletizationQuery_NotFound_<Parameter>,<Cmdlet>."""
    return PowerShellError(
        f"{identifier},{command}", "ObjectNotFound", "Microsoft.PowerShell.Cmdletization.Cim.CimJobException", message,
    )


def select(found: list[PSObject], bound: Bound, command: str, filters: dict[str, str]) -> list[PSObject]:
    """Keeps the objects that every given filter lets through.

    filters: property by parameter. Texts may be wildcards; a value without one that finds nothing raises `not_found`.
    """
    for parameter, property_name in filters.items():
        if parameter not in bound:
            continue
        kept: list[PSObject] = []
        for wanted in as_list(bound[parameter]):
            matching = [item for item in found if _fits(item.properties[property_name], wanted)]
            if not matching and not (isinstance(wanted, str) and has_wildcard(wanted)):
                raise not_found(f"CmdletizationQuery_NotFound_{parameter}", command)
            kept += [item for item in matching if item not in kept]
        found = kept
    return found


def _fits(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, PSEnum):
        return str(actual).lower() == wanted.name.lower() or actual == wanted.number
    if isinstance(wanted, str) and actual is not None:
        return like(str(actual), wanted)
    return bool(actual == wanted)
