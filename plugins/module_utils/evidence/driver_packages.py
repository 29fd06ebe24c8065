# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Vendors' drivers as the Plug and Play manager noted them when it installed them; programs and DSMs have no second path.
docs/resources/driver_packages.md names the sources."""
from __future__ import annotations

import ntpath
from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..plans import Promise
from ..vendor import driver_store
from ..vendor import programs as vendor_programs
from . import promise, seen

# Two levels of wildcards; the keys that administrators may not read have other names.
_CLASS_KEYS = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Class\\*\\0*"
_REGISTRY = "registry Control\\Class"
_STORE = "Get-WindowsDriver, as it is read"
_PROGRAMS = "the list of programs, as it is read"
_DSM = "CIM MPIO_REGISTERED_DSM, as it is read"
_WAITING = "CIM Win32_PnPSignedDriver, Win32_PnPEntity"


def calls(options: Mapping[str, Any]) -> list[Call]:
    wanted = options["packages"]
    found: list[Call] = []
    if any(item["device_required"] for item in wanted):
        found.append(Cmdlet("class_keys", "Get-ItemProperty", {"Path": _CLASS_KEYS}, ("InfPath?", "ProviderName?", "DriverVersion?")))
    return [*found, *driver_store.read(wanted), *vendor_programs.read(options["installers"])]


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return (*_packages(options, answers), *_installers(options, answers))


def _packages(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    for package, item in zip(driver_store.packages(options["packages"], answers), options["packages"], strict=True):
        path = f"{package.difference}.version"
        if not item["device_required"]:
            yield promise(path, item["version"], item["version"] if package.published else None, _STORE)
            continue
        versions = _noted(item, answers)
        kept = any(driver_store.same_version(version, item["version"]) for version in versions)
        yield Promise(path, item["version"], item["version"] if kept else (", ".join(versions) or None), _REGISTRY, kept)
        due = f"due for {', '.join(package.waiting)}" if package.waiting else "none due"
        yield promise(f"{package.difference}.restart", "none due", due, _WAITING)


def _noted(item: Mapping[str, Any], answers: Answers) -> list[str]:
    """The versions of this provider's packages that devices use; Windows' own have other names."""
    rows = [
        row["DriverVersion"] for row in seen(answers, "class_keys")
        if driver_store.same_text(row["ProviderName"], item["provider"]) and ntpath.basename(row["InfPath"] or "").lower().startswith("oem")
    ]
    return sorted(set(filter(None, rows)))


def _installers(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    for program in vendor_programs.programs(options["installers"], answers):
        wanted = program.version or "installed"
        found = (program.installed_version if program.version else "installed") if program.name else None
        yield Promise(f"{program.path}.version", wanted, found, _PROGRAMS, program.installed)
        if program.dsm:
            found = f"{program.dsm} {program.dsm_found}" if program.dsm_found else None
            yield Promise(f"{program.path}.dsm", f"{program.dsm} {program.dsm_version}".rstrip(), found, _DSM, program.recognised)
