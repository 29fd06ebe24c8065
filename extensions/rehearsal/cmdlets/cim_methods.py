# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module CimCmdlets: methods of CIM objects."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.services import START_MODES, Service
from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cim_schema import METHODS, namespace_name, require_namespace
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_HELP = "extend rehearsal/cmdlets/cim_methods.py"
_INVOKE = "Microsoft.Management.Infrastructure.CimCmdlets.InvokeCimMethodCommand"
_INVALID_ACCOUNT = 22
_MODES = {mode.lower(): mode for mode in START_MODES}


@cmdlet(
    "Invoke-CimMethod",
    source="PowerShell-Docs 5.1 CimCmdlets; win32 CIMWin32Prov/change-method-in-class-win32-service.md (return values 0 and 22)",
    unconfirmed="that a wrong password is taken: the page says that it is not, public experience that the start fails with 1069",
)
def invoke_cim_method(machine: Machine, bound: Bound) -> list[PSObject]:
    arguments = dict(bound.get("Arguments") or {})
    if "InputObject" not in bound:
        return [_static(machine, bound, arguments)]
    results = []
    for item in as_list(bound["InputObject"]):
        kind, method = item.type.rpartition("#")[2], bound["MethodName"].lower()
        if (kind.lower(), method) != ("win32_service", "change"):
            raise not_modelled(f"{kind}.{bound['MethodName']}", _HELP)
        code = _change_service(machine, machine.services.get(item.properties["Name"]), arguments)
        results.append(PSObject("CimInstance#__PARAMETERS", {"ReturnValue": code, "PSComputerName": None}))
    return results


def _static(machine: Machine, bound: Bound, arguments: dict[str, Any]) -> PSObject:
    for name in ("CimSession", "ComputerName", "Query", "ResourceUri", "CimClass"):
        if name in bound:
            raise not_modelled(f"Invoke-CimMethod -{name}", _HELP)
    namespace, class_name = namespace_name(bound.get("Namespace", "root/cimv2")), str(bound["ClassName"])
    require_namespace(machine, namespace, _INVOKE)
    method = METHODS.get((namespace, class_name.lower(), bound["MethodName"].lower()))
    if method is None:
        raise not_modelled(f"{class_name}.{bound['MethodName']} of {namespace}", _HELP)
    return PSObject("CimInstance#__PARAMETERS", {**method(machine, arguments), "PSComputerName": None})


def _change_service(machine: Machine, service: Service, arguments: dict[str, Any]) -> int:
    """The return value. A wrong password is found out when the service starts."""
    known = {"startname": "account", "startpassword": "", "displayname": "display", "pathname": "path_name", "startmode": "start_mode"}
    given = {name.lower(): value for name, value in arguments.items() if value is not None}
    for name in arguments:
        if name.lower() not in known:
            raise not_modelled(f"Win32_Service.Change with {name}", _HELP)
    if "startname" in given and machine.accounts.find(given["startname"]) is None:
        return _INVALID_ACCOUNT
    changes: dict[str, Any] = {known[name]: str(value) for name, value in given.items() if known[name]}
    if "start_mode" in changes:
        changes["start_mode"] = _MODES[changes["start_mode"].lower()]
    machine.services.configure(service.name, **changes)
    if "startpassword" in given:
        machine.accounts.keep_password(service.name, given["startpassword"])
    return 0
