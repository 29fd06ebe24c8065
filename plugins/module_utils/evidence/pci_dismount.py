# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PCI devices as CIM's Plug and Play lists them, and as os-win finds those that Hyper-V can assign. docs/resources/pci_dismount.md names
the sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call
from ..plans import Promise
from . import VIRTUALIZATION, instances, seen

_NODES, _ASSIGNABLE = "Win32_PnPEntity", "Msvm_PciExpress"
_DISABLED = 22


def calls(options: Mapping[str, Any]) -> list[Call]:
    if not options["devices"]:
        return []
    return [
        # Present devices only: those of the host, PCI\..., and those that Hyper-V has taken, PCIP\...
        instances("nodes", _NODES, "DeviceID", "PNPClass", "ConfigManagerErrorCode", where="DeviceID LIKE 'PCI%'"),
        instances("assignable", _ASSIGNABLE, "DeviceInstancePath", "LocationPath", namespace=VIRTUALIZATION),
    ]


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    judge = _taken if options["state"] == "present" else _given_back
    return tuple(judge(selector, answers) for selector in options["devices"])


def _taken(selector: Mapping[str, Any], answers: Answers) -> Promise:
    """Every device that is meant, and as many as were counted."""
    nodes = list(_matching(selector, answers))
    taken = _assignable(selector, answers)
    here = [row["DeviceID"] for row in nodes if _is_own(row)]
    gone = [row["DeviceID"] for row in nodes if not _is_own(row)]
    number = len(taken) if selector["location_path"] else len(gone)
    enough = number == selector["count"] if selector["count"] is not None else number > 0
    found = f"mounted: {', '.join(here)}" if here else f"{number} dismounted" if number else None
    wanted = f"{selector['count']} dismounted" if selector["count"] is not None else "dismounted"
    kept = enough and not here
    return Promise(_name(selector), wanted, wanted if kept else found, _path(selector), kept)


def _given_back(selector: Mapping[str, Any], answers: Answers) -> Promise:
    nodes = list(_matching(selector, answers))
    if any(not _is_own(row) for row in nodes) or _assignable(selector, answers):
        found = "dismounted"
    else:
        found = "disabled" if any(row["ConfigManagerErrorCode"] == _DISABLED for row in nodes) else "mounted"
    return Promise(_name(selector), "mounted", found, _path(selector), found == "mounted")


def _assignable(selector: Mapping[str, Any], answers: Answers) -> set[str]:
    """Where in the server the devices are that Hyper-V can assign; one that a machine has is listed twice."""
    wanted = (selector["location_path"] or "").upper()
    places = (str(row["LocationPath"]).upper() for row in seen(answers, "assignable"))
    return {place for place in places if place == wanted}


def _matching(selector: Mapping[str, Any], answers: Answers) -> Iterator[Mapping[str, Any]]:
    """Plug and Play knows no location paths here; a device that was taken is of another class."""
    if selector["location_path"]:
        return
    for row in seen(answers, "nodes"):
        device = row["DeviceID"].upper()
        same_class = not selector["class"] or (row["PNPClass"] or "").lower() == selector["class"].lower()
        if not all(part in device for part in _parts(selector)):
            continue
        if same_class or (not _is_own(row) and _parts(selector)):
            yield row


def _parts(selector: Mapping[str, Any]) -> list[str]:
    parts = [f"{key}_{selector[name].upper()}" for key, name in (("VEN", "vendor_id"), ("DEV", "product_id")) if selector[name]]
    return [*parts, *([selector["instance_id"].partition("\\")[2].upper()] if selector["instance_id"] else [])]


def _is_own(row: Mapping[str, Any]) -> bool:
    return bool(row["DeviceID"].upper().startswith("PCI\\"))


def _name(selector: Mapping[str, Any]) -> str:
    if selector["location_path"] or selector["instance_id"]:
        return f"devices.{selector['location_path'] or selector['instance_id']}"
    return f"devices.{'&'.join([*_parts(selector), *([selector['class']] if selector['class'] else [])])}"


def _path(selector: Mapping[str, Any]) -> str:
    return f"CIM {_ASSIGNABLE}" if selector["location_path"] else f"CIM {_NODES}"
