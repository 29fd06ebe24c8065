# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service's account as the registry has it, and its groups as CIM does. docs/resources/service_account.md names the sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref
from ..plans import Promise
from . import instances, promise, seen, seen_one, service_registry

_NOTE = "HKLM:\\SOFTWARE\\winstack.hyperv\\service_account\\"
_NOTE_VALUE = "PasswordVersion"


def calls(options: Mapping[str, Any], groups: Sequence[str]) -> list[Call]:
    if options["account"] is None:
        return []
    wanted: list[Call] = [service_registry("registry", options["name"], "ObjectName")]
    if options["password_version"] is not None:
        wanted.append(Cmdlet("note", "Get-ItemProperty", {"LiteralPath": _NOTE + options["name"]}, (f"{_NOTE_VALUE}?",)))
    for number, group in enumerate(groups):
        members = {"InputObject": Ref(f"group{number}"), "Association": "Win32_GroupUser"}
        wanted += [
            instances(f"group{number}", "Win32_Group", "SID", where=f"SID='{group}'"),
            Cmdlet(f"members{number}", "Get-CimAssociatedInstance", members, ("Caption?",)),
        ]
    return wanted


def promises(options: Mapping[str, Any], groups: Sequence[str], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, groups, answers)) if options["account"] is not None else ()


def _promises(options: Mapping[str, Any], groups: Sequence[str], answers: Answers) -> Iterator[Promise]:
    account = options["account"]
    found = seen_one(answers, "registry").get("ObjectName")
    same = (found or "").lower() == account.lower()
    yield Promise("account", account, account if same else found, "registry ObjectName", same)
    if options["password_version"] is not None:
        version = seen_one(answers, "note").get(_NOTE_VALUE)
        yield promise("password_version", options["password_version"], version, "registry, as it is read")
    for number, group in enumerate(groups):
        members = {str(row["Caption"]).lower() for row in seen(answers, f"members{number}") if row["Caption"]}
        yield promise(f"groups.{group}", "member", "member" if account.lower() in members else None, "CIM Win32_GroupUser")
