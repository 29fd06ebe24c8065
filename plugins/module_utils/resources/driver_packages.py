# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The vendors' drivers and device specific modules: in the driver store or among the programs, and recognised by Windows.

docs/resources/driver_packages.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..answers import Answers, CmdletError
from ..calls import Call
from ..evidence import driver_packages
from ..plans import Difference, Finding, Plan, Promise
from ..vendor import driver_store
from ..vendor import programs as vendor_programs
from ..vendor.driver_store import Package
from ..vendor.programs import Program


class DriverPackages:
    """Stages and installs driver packages itself. Programs it only looks at: running an installer is win_package's work."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [*driver_store.read(options["packages"]), *vendor_programs.read(options["installers"])]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = (*driver_store.refusals(options["packages"]), *vendor_programs.refusals(options["installers"]))
        if refusals:
            return Plan(refusals=refusals, state=_state((), (), None))
        packages = driver_store.packages(options["packages"], answers)
        programs = vendor_programs.programs(options["installers"], answers)
        return Plan(
            differences=(*_package_differences(packages), *vendor_programs.differences(programs)),
            calls=(*_install(packages), *vendor_programs.calls(programs, answers)),
            findings=(*_package_findings(packages), *vendor_programs.findings(programs)),
            blockers=(*_missing_files(packages), *vendor_programs.blockers(programs, answers)),
            reboot=(*_package_restarts(packages), *vendor_programs.restarts(programs)),
            state=_state(packages, programs, vendor_programs.registered(answers) if programs else None),
        )

    def explain(self, error: CmdletError) -> str:
        """What a failed call means for an operator; empty where Windows' own text must do."""
        return driver_store.explain(error)

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return driver_packages.calls(options)

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        return driver_packages.promises(options, answers)


RESOURCE = DriverPackages()


def _unrecognised(package: Package) -> bool:
    """In the store, wanted by a device, used by none, and no restart can be what it waits for."""
    return bool(package.published) and package.device_required and not package.devices and not package.waiting


def _package_differences(packages: Sequence[Package]) -> Iterator[Difference]:
    for package in packages:
        if not package.published:
            yield Difference(f"{package.difference}.version", ", ".join(package.other_versions) or None, package.version)
        elif _unrecognised(package):
            yield Difference(
                f"{package.difference}.recognised", f"in the driver store as {package.published}, but no device uses it",
                "used by a device",
            )


def _install(packages: Sequence[Package]) -> Iterator[Call]:
    for number, package in enumerate(packages):
        if not package.published or _unrecognised(package):
            yield driver_store.add(f"add_{number}", package.path)


def _missing_files(packages: Sequence[Package]) -> Iterator[str]:
    for package in packages:
        if not package.file_present and (not package.published or _unrecognised(package)):
            yield f"the file {package.path} is not on this host yet"


def _package_findings(packages: Sequence[Package]) -> Iterator[Finding]:
    for package in packages:
        if _unrecognised(package):
            yield Finding(
                "driver_not_recognised", "warning", package.label,
                f"version {package.version} is in the driver store as {package.published}, but no device of this host uses it",
                "a device that uses it",
                "See with Get-PnpDevice that Windows finds the hardware. A driver that is newer or fits better keeps this one from it; "
                r"C:\Windows\INF\setupapi.dev.log on the host says which. For hardware that is still to come set device_required: false.",
            )


def _package_restarts(packages: Sequence[Package]) -> Iterator[str]:
    for package in packages:
        if package.published and package.waiting:
            yield f"{package.label}: a device waits for a restart ({', '.join(package.waiting)})"


def _state(packages: Sequence[Package], programs: Sequence[Program], dsms: Sequence[Mapping[str, str]] | None) -> dict[str, Any]:
    return {
        "packages": [package.as_state() for package in packages],
        "installers": [program.as_state() for program in programs],
        "registered_dsms": None if dsms is None else list(dsms),
    }
