# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Features as CIM lists them, and the service or driver that each brings. docs/resources/features.md names the sources."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..plans import Promise
from ..wql import named
from . import instances, promise, seen, seen_one

# ServerManager's names, and what Microsoft's page of Win32_ServerFeature or DISM calls the same. Others have no second path.
_IDS = {"hyper-v": 20, "failover-clustering": 33, "multipath-io": 57}
_DISM = {"hyper-v-powershell": "Microsoft-Hyper-V-Management-PowerShell", "hostguardian": "HostGuardian"}
_ENABLED = 1


def calls(options: Mapping[str, Any]) -> list[Call]:
    names = _names(options)
    ids, dism = _known(names, _IDS), _known(names, _DISM)
    wanted: list[Call] = []
    if ids:
        wanted.append(instances("roles", "Win32_ServerFeature", "ID", where=" OR ".join(f"ID={number}" for number in ids.values())))
    if dism:
        wanted.append(instances("optional", "Win32_OptionalFeature", "Name", "InstallState", where=named(dism.values())))
    if others := _others(names):
        wanted.append(Cmdlet("others", "Get-WindowsFeature", {"Name": others}, ("Name", "InstallState")))
    if "hyper-v" in names:
        wanted += [
            instances("vmms", "Win32_Service", "State", where=named(["vmms"])),
            instances("hypervisor", "Win32_ComputerSystem", "HypervisorPresent"),
        ]
    if "multipath-io" in names:
        wanted.append(instances("mpio", "Win32_SystemDriver", "State", where=named(["mpio"])))
    return wanted


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(_names(options), answers))


def _promises(names: Mapping[str, str], answers: Answers) -> Iterator[Promise]:
    present = {row["ID"] for row in seen(answers, "roles")} if "roles" in answers else set()
    optional = {row["Name"].lower(): row["InstallState"] for row in seen(answers, "optional")} if "optional" in answers else {}
    others = {row["Name"].lower(): row["InstallState"] for row in seen(answers, "others")} if "others" in answers else {}
    for key, name in names.items():
        if key in _IDS:
            yield _installed(name, _IDS[key] in present, "CIM Win32_ServerFeature")
        elif key in _DISM:
            yield _installed(name, optional.get(_DISM[key].lower()) == _ENABLED, "CIM Win32_OptionalFeature")
        else:
            yield _installed(name, others.get(key) == "Installed", "Get-WindowsFeature, as it is read")
    if "hyper-v" in names:
        yield promise(f"{names['hyper-v']}.vmms", "Running", seen_one(answers, "vmms").get("State"), "CIM Win32_Service")
        present_now = seen_one(answers, "hypervisor").get("HypervisorPresent")
        yield promise(f"{names['hyper-v']}.hypervisor", True, present_now, "CIM Win32_ComputerSystem, as it is read")
    if "multipath-io" in names:
        yield promise(f"{names['multipath-io']}.mpio", "Running", seen_one(answers, "mpio").get("State"), "CIM Win32_SystemDriver")


def _installed(name: str, found: bool, seen_by: str) -> Promise:
    return promise(name, "installed", "installed" if found else None, seen_by)


def _names(options: Mapping[str, Any]) -> dict[str, str]:
    """Every feature once, by its name in lower case."""
    return {name.lower(): name for name in options["names"]}


def _known(names: Mapping[str, str], table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: table[name] for name in names if name in table}


def _others(names: Mapping[str, str]) -> list[str]:
    return [name for key, name in names.items() if key not in _IDS and key not in _DISM]
