# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module CimCmdlets: methods of CIM objects."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.services import START_MODES, Service
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_HELP = "extend rehearsal/cmdlets/cim_methods.py"
_MODES = {mode.lower(): mode for mode in START_MODES}


@cmdlet(
    "Invoke-CimMethod",
    source="PowerShell-Docs 5.1 CimCmdlets; win32 CIMWin32Prov/change-method-in-class-win32-service.md (return value 0: accepted)",
)
def invoke_cim_method(machine: Machine, bound: Bound) -> list[PSObject]:
    if "InputObject" not in bound:
        raise not_modelled("Invoke-CimMethod without -InputObject", _HELP)
    arguments = dict(bound.get("Arguments") or {})
    results = []
    for item in as_list(bound["InputObject"]):
        kind, method = item.type.rpartition("#")[2], bound["MethodName"].lower()
        if (kind.lower(), method) != ("win32_service", "change"):
            raise not_modelled(f"{kind}.{bound['MethodName']}", _HELP)
        _change_service(machine, machine.services.get(item.properties["Name"]), arguments)
        results.append(PSObject("CimInstance#__PARAMETERS", {"ReturnValue": 0, "PSComputerName": None}))
    return results


def _change_service(machine: Machine, service: Service, arguments: dict[str, Any]) -> None:
    """StartPassword is taken and forgotten: whether an account may log on is not this machine's knowledge."""
    known = {"startname": "account", "startpassword": "", "displayname": "display", "pathname": "path_name", "startmode": "start_mode"}
    changes: dict[str, Any] = {}
    for name, value in arguments.items():
        if name.lower() not in known:
            raise not_modelled(f"Win32_Service.Change with {name}", _HELP)
        target = known[name.lower()]
        if target and value is not None:
            changes[target] = _MODES[str(value).lower()] if target == "start_mode" else str(value)
    machine.services.configure(service.name, **changes)
