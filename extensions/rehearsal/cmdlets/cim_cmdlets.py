# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module CimCmdlets."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..powershell.errors import not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cim_filter import InvalidQuery, UnknownCondition, parse
from .cim_schema import CLASSES, CLUSTERS, VIRTUALIZATION, CimClass, cim_error, instance, namespace_name, require_namespace

if TYPE_CHECKING:
    from ..machine import Machine

_GET = "Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand"
_QUERY = re.compile(r"\s*select\s+(?P<properties>\*|[\w\s,]+?)\s+from\s+(?P<name>\w+)(?:\s+where\s+(?P<where>.+))?\s*", re.I | re.S)
# Namespaces that are on every server although no class of theirs is modelled: an unknown class there is unknown to us, not to Windows.
_BROAD = frozenset({"root/cimv2", "root/standardcimv2", "root/wmi", "root/microsoft/windows/storage"})


@cmdlet(
    "Get-CimInstance",
    source="PowerShell-Docs 5.1 CimCmdlets; error ids and categories from PowerShell's own tests and public transcripts",
    unconfirmed="the category of a namespace that does not exist",
)
def get_cim_instance(machine: Machine, bound: Bound) -> list[PSObject]:
    for name in ("CimSession", "ComputerName", "InputObject", "ResourceUri", "KeyOnly", "Shallow"):
        if name in bound:
            raise not_modelled(f"Get-CimInstance -{name}", "extend rehearsal/cmdlets/cim_cmdlets.py")
    class_name, where, properties = _wanted(bound)
    namespace = namespace_name(bound.get("Namespace", "root/cimv2"))
    cim_class = _find(machine, namespace, class_name)
    provider = cim_class.instances
    if provider is None:
        raise not_modelled(f"the CIM class {cim_class.name} of {namespace}", "register a provider for it in rehearsal/cmdlets")
    selected = _selection(cim_class, properties)
    rows = _filtered([instance(cim_class, values) for values in provider(machine)], cim_class, where)
    if selected is None:
        return rows
    return [instance(cim_class, {name: row.properties[name] for name in cim_class.properties}, selected) for row in rows]


def _wanted(bound: Bound) -> tuple[str, str, list[str] | None]:
    """Class name, condition and properties, from the parameters or from a query."""
    if "Query" not in bound:
        return bound["ClassName"], bound.get("Filter", ""), bound.get("Property")
    match = _QUERY.fullmatch(bound["Query"])
    if match is None:
        raise _invalid_query()
    properties = None if match["properties"] == "*" else [name.strip() for name in match["properties"].split(",")]
    return match["name"], match["where"] or "", properties


def _find(machine: Machine, namespace: str, name: str) -> CimClass:
    require_namespace(machine, namespace, _GET)
    if namespace == "root/wmi" and name.lower().startswith(("msdsm_", "mpio_")) and not machine.multipath_running:
        raise cim_error(0x80041010, "MetadataError", _GET, "Invalid class")
    classes = CLASSES.get(namespace)
    if classes is None:
        raise not_modelled(f"the CIM namespace {namespace}", "add its classes to rehearsal/cmdlets/cim_schema.py")
    found = classes.get(name.lower())
    if found is None and (namespace in _BROAD or namespace in (VIRTUALIZATION, CLUSTERS)) and _looks_real(name):
        raise not_modelled(f"the CIM class {name} of {namespace}", "add it to rehearsal.tools.cim_classes or cmdlets/cim_schema.py")
    if found is None:
        raise cim_error(0x80041010, "MetadataError", _GET, "Invalid class")
    return found


def _looks_real(name: str) -> bool:
    prefixes = ("win32_", "cim_", "msft_", "msvm_", "msiscsi", "msfc_", "msdsm_", "mpio_", "mscluster_")
    return name.lower().startswith(prefixes)


def _selection(cim_class: CimClass, properties: list[str] | None) -> frozenset[str] | None:
    if properties is None:
        return None
    known = {name.lower() for name in cim_class.properties}
    wanted = frozenset(name.lower() for name in properties)
    if not wanted <= known:
        raise _invalid_query()
    return wanted


def _filtered(rows: list[PSObject], cim_class: CimClass, where: str) -> list[PSObject]:
    if not where:
        return rows
    try:
        condition = parse(where, frozenset(name.lower() for name in cim_class.properties))
        return [row for row in rows if condition({name.lower(): value for name, value in row.properties.items()})]
    except InvalidQuery:
        raise _invalid_query() from None
    except UnknownCondition as error:
        raise not_modelled(f"the WQL condition {where!r} ({error})", "extend rehearsal/cmdlets/cim_filter.py") from None


def _invalid_query() -> Any:
    return cim_error(0x80041017, "InvalidArgument", _GET, "Invalid query")
