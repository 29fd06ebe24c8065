# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the resources' `evidence` and `promises` have in common. docs/verify.md says which path each promise is seen by."""
from __future__ import annotations

import ntpath
from collections.abc import Mapping
from typing import Any

from ..answers import Answers
from ..calls import Cmdlet
from ..plans import Promise
from ..wql import named

VIRTUALIZATION = "root/virtualization/v2"
_FOLDER = "Win32_Directory"
_SERVICES = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\"
# SERVICE_BOOT_START to SERVICE_DISABLED of [MS-SCMR].
_START_MODES = {0: "boot", 1: "system", 2: "automatic", 3: "manual", 4: "disabled"}


def promise(name: str, wanted: Any, found: Any, seen_by: str) -> Promise:
    """A promise that is kept when both values are the same."""
    return Promise(name, wanted, found, seen_by, wanted == found)


def instances(call: str, class_name: str, *properties: str, namespace: str = "", where: str = "") -> Cmdlet:
    """The instances of a CIM class, of root/cimv2 where no namespace is given."""
    place = {"Namespace": namespace} if namespace else {}
    condition = {"Filter": where} if where else {}
    return Cmdlet(call, "Get-CimInstance", {**place, "ClassName": class_name, **condition}, properties)


def seen(answers: Answers, call: str) -> tuple[Mapping[str, Any], ...]:
    """What a call shows; nothing where it failed, because its path is not there."""
    return answers[call].output if answers[call].ok else ()


def seen_one(answers: Answers, call: str) -> Mapping[str, Any]:
    """The first object that a call shows, or an empty mapping."""
    rows = seen(answers, call)
    return rows[0] if rows else {}


def folder(call: str, path: str) -> Cmdlet:
    """A folder by its path, which is this class's key: with any other condition WMI walks through the whole disk."""
    return instances(call, _FOLDER, "Name", where=named([ntpath.normpath(path)]))


def folder_seen(path: str, answers: Answers, call: str) -> Promise:
    return promise(path, "folder", "folder" if seen(answers, call) else None, f"CIM {_FOLDER}")


def service_registry(call: str, service: str, *more: str) -> Cmdlet:
    """A service's key, which the service control manager keeps its configuration in."""
    values = ("Start?", "DelayedAutostart?", *(f"{value}?" for value in more))
    return Cmdlet(call, "Get-ItemProperty", {"LiteralPath": f"{_SERVICES}{service}"}, values)


def start_mode(row: Mapping[str, Any]) -> str | None:
    """The start mode in the words of win_hv_service, of a row of `service_registry`."""
    mode = _START_MODES.get(row.get("Start", -1))
    return "delayed" if mode == "automatic" and row.get("DelayedAutostart") else mode


def service_status(call: str, service: str) -> Cmdlet:
    return Cmdlet(call, "Get-Service", {"Name": [service]}, ("Status",))
