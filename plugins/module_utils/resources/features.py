# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows roles and features: installed in one go, and proven to be in effect after the restart.

docs/resources/features.md names the source of every rule.
"""
from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers, CmdletError
from ..calls import Call, Cmdlet, Retry
from ..evidence import features as second_path
from ..plans import Difference, Plan

_POLL_SECONDS = 5

# Installed is not in effect: what must answer before a feature can be used. The order is that of the calls: the namespace is
# served by vmms, so waiting for it waits for both, and the two others then say at once which of them it was.
_EVIDENCE = {"hyper-v": ("namespace", "vmms", "hypervisor"), "multipath-io": ("mpio",), "hostguardian": ("hgs_client",)}
_TESTS = {
    "namespace": "the namespace root/virtualization/v2 does not answer",
    "vmms": "the service vmms does not run",
    "hypervisor": "no hypervisor runs",
    "mpio": "the driver mpio does not run",
    "hgs_client": "the client of the Host Guardian Service does not answer",
}
_DATACENTER_ONLY = ("hostguardian",)

_INSTALLED = ("Installed", "InstallPending")

# Server Manager's own check of processor and firmware, before anything is installed.
_PREREQUISITE_FAILED = "Alteration_PrerequisiteCheck_Failed"


@dataclass(frozen=True)
class _Feature:
    """state: a name of Server Manager's InstallState; failed: the keys of _TESTS that did not pass."""

    name: str
    state: str
    failed: tuple[str, ...]

    @property
    def installed(self) -> bool:
        return self.state in _INSTALLED

    @property
    def in_effect(self) -> bool:
        return self.state == "Installed" and not self.failed

    def as_state(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "state": self.state,
            "installed": self.installed,
            "in_effect": self.in_effect,
            "reasons": [_TESTS[test] for test in self.failed] if self.installed else [],
        }


class Features:
    """Installs what is missing with one call; whether a restart is due is read from what is in effect, never from the call's answer."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        names = _names(options)
        if not names:
            return []
        calls: list[Call] = [Cmdlet("features", "Get-WindowsFeature", {"Name": names}, ("Name", "InstallState"))]
        wait = options["wait_seconds"]
        retry = Retry(math.ceil(wait / _POLL_SECONDS), _POLL_SECONDS) if wait > 0 else None
        if "hyper-v" in map(str.lower, names):
            calls += [
                Cmdlet(
                    "namespace",
                    "Get-CimInstance",
                    {"Namespace": "root/virtualization/v2", "ClassName": "Msvm_VirtualSystemManagementService"},
                    ("Started",),
                    until={"Started": True},
                    retry=retry,
                ),
                _running("vmms"),
                Cmdlet(
                    "hypervisor",
                    "Get-CimInstance",
                    {"ClassName": "Win32_ComputerSystem"},
                    ("HypervisorPresent",),
                    until={"HypervisorPresent": True},
                ),
            ]
        if "multipath-io" in map(str.lower, names):
            calls.append(_running("mpio"))
        if "hostguardian" in map(str.lower, names):
            calls.append(Cmdlet("hgs_client", "Get-HgsClientConfiguration", properties=("Mode",)))
        return calls

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        names = _names(options)
        if not names:
            return Plan(refusals=("names: give at least one feature",), state={"features": [], "ready": False})
        if answers["features"].missing_command:
            return Plan(refusals=("this is no Windows Server: it has no Get-WindowsFeature",), state={"features": [], "ready": False})
        features = _features(names, answers)
        missing = [feature for feature in features if not feature.installed]
        source, wait = options["source"], options["wait_seconds"]
        return Plan(
            differences=tuple(Difference(feature.name, feature.state, "Installed") for feature in missing),
            calls=_install(missing, source),
            refusals=(*_unknown(names, features), *_cannot_install(missing, source), *_not_ready(features, wait)),
            reboot=tuple(_reboot_reasons(features)),
            state={
                "features": [feature.as_state() for feature in features],
                "ready": len(features) == len(names) and all(feature.in_effect for feature in features),
            },
        )

    def explain(self, error: CmdletError) -> str:
        """What a failed call means for an operator; empty where Windows' own text must do."""
        if error.id.split(",")[0] != _PREREQUISITE_FAILED:
            return ""
        return (
            "Server Manager's prerequisite check refused a feature. For Hyper-V that means processors without "
            "virtualisation, virtualisation switched off in the firmware, or a virtual machine whose hypervisor does not expose it. "
            "win_hv_preflight tells which."
        )

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = Features()


def _names(options: Mapping[str, Any]) -> list[str]:
    """Every feature once; Windows compares their names without regard to case."""
    return list({name.lower(): name for name in options["names"]}.values())


def _running(service: str) -> Cmdlet:
    # Windows PowerShell's Get-Service finds a driver such as mpio when its exact name is given.
    return Cmdlet(service, "Get-Service", {"Name": service}, ("Status",), until={"Status": "Running"})


def _features(names: Sequence[str], answers: Answers) -> list[_Feature]:
    """The wanted features that this host knows, in the order in which they were asked for."""
    states = {row["Name"].lower(): (row["Name"], row["InstallState"]) for row in answers.rows("features")}
    return [_Feature(*states[name.lower()], _failed(name, answers)) for name in names if name.lower() in states]


def _failed(name: str, answers: Answers) -> tuple[str, ...]:
    # These calls carry the condition in `until`, so whatever error they end with, the test did not pass.
    return tuple(test for test in _EVIDENCE.get(name.lower(), ()) if not answers[test].ok)


def _install(missing: Sequence[_Feature], source: str | None) -> tuple[Call, ...]:
    if not missing:
        return ()
    parameters: dict[str, Any] = {"Name": [feature.name for feature in missing], "Confirm": False}
    if source:
        parameters["Source"] = [source]
    # Some failures are an object with Success false instead of an error.
    return (Cmdlet("install", "Install-WindowsFeature", parameters, ("Success", "ExitCode"), until={"Success": True}),)


def _unknown(names: Sequence[str], features: Sequence[_Feature]) -> tuple[str, ...]:
    known = {feature.name.lower() for feature in features}
    unknown = [name for name in names if name.lower() not in known]
    if not unknown:
        return ()
    larger = ", ".join(name for name in unknown if name.lower() in _DATACENTER_ONLY)
    hint = f"{larger} comes with Datacenter only" if larger else "Get-WindowsFeature lists what it has"
    return (f"names: this edition of Windows has no feature {', '.join(unknown)}; {hint}",)


def _cannot_install(missing: Sequence[_Feature], source: str | None) -> tuple[str, ...]:
    removed = [feature.name for feature in missing if feature.state == "Removed"]
    pending = [feature.name for feature in missing if feature.state == "UninstallPending"]
    refusals = []
    if removed and not source:
        refusals.append(
            f"the files of {', '.join(removed)} were removed from this host; set source to a folder with the side-by-side files "
            "(sources\\sxs of the installation medium) or to a WIM image"
        )
    if pending:
        refusals.append(f"{', '.join(pending)}: the removal waits for a restart; restart the host first")
    return tuple(refusals)


def _not_ready(features: Sequence[_Feature], wait: int) -> tuple[str, ...]:
    if wait <= 0:
        return ()
    return tuple(f"after {wait} seconds {_shortcoming(feature)}" for feature in features if not feature.in_effect)


def _reboot_reasons(features: Sequence[_Feature]) -> Iterator[str]:
    """The same words before and after the installation, so that the two do not show as two reasons; the state tells the rest."""
    for feature in features:
        if not feature.in_effect and (feature.installed or feature.name.lower() in _EVIDENCE):
            yield f"{feature.name} comes into effect with a restart"


def _shortcoming(feature: _Feature) -> str:
    if not feature.installed:
        return f"{feature.name} is not installed"
    reasons = [_TESTS[test] for test in feature.failed] or [f"its state is {feature.state}"]
    return f"{feature.name} is installed but not in effect: {', '.join(reasons)}"
