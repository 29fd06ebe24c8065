# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The driver as a wheelhouse: Python, an environment a version, and the services that run it. docs/resources/driver_wheelhouse.md."""
from __future__ import annotations

import json
import ntpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, ReadFile, WriteFile
from ..driver import services
from ..driver.environment import Environment, HostFile, install_python, install_vc_runtime, make_environment, registry_values
from ..evidence import driver_wheelhouse as second_path
from ..plans import Difference, Plan, Promise

# PEP 514: where an installation for all users registers itself.
_PYTHON_KEY = "HKLM:\\SOFTWARE\\Python\\PythonCore\\3.8\\InstallPath"

# Microsoft's cpp-docs name the second (redistributing-visual-cpp-files); a 64-bit package is seen in the first.
_VC_KEYS = {
    "vc_runtime": "HKLM:\\SOFTWARE\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\x64",
    "vc_runtime_wow": "HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\x64",
}

# vcruntime140_1.dll, which greenlet and pywin32 load, came with Visual Studio 2019.
_VC_WANTED = (14, 20)

_LOCAL = re.compile(r"[A-Za-z]:\\[^<>:\"/|?*\x00-\x1f]*[^<>:\"/|?*\x00-\x1f\\]")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True)
class _Wanted:
    """The options in the terms of this resource. python: an interpreter that the operator has installed."""

    environment: Environment
    archive: HostFile
    python: str | None
    python_target: str
    python_installer: HostFile | None
    vc_installer: HostFile | None
    wrapper: Mapping[str, Any] | None
    services: tuple[services.ServiceWish, ...]

    @property
    def switch(self) -> str:
        """The file that says which environment the services use, and which they used before."""
        return ntpath.join(self.environment.root, "current.json")

    @property
    def files(self) -> tuple[HostFile, ...]:
        return tuple(file for file in (self.archive, self.python_installer, self.vc_installer) if file)


@dataclass(frozen=True)
class _Found:
    """What the host has. python: the interpreter's path; vc_runtime: its version."""

    python: str | None
    vc_runtime: tuple[int, int, int] | None
    installed: bool
    current: str | None
    previous: str | None

    @property
    def vc_is_enough(self) -> bool:
        return self.vc_runtime is not None and self.vc_runtime[:2] >= _VC_WANTED


class DriverWheelhouse:
    """Installs beside what is there, tries it, and only then points the services to it: an update is a switch, and so is the way back."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        if any(_refusals(options)):
            return []
        wanted = _wanted(options)
        return [
            _python_call(wanted),
            *(Cmdlet(call, "Get-ItemProperty", {"LiteralPath": key}, ("Major?", "Minor?", "Bld?")) for call, key in _VC_KEYS.items()),
            *(file.read() for file in wanted.files),
            ReadFile("installed", wanted.environment.marker),
            ReadFile("current", wanted.switch),
            *_wrapper_call(wanted),
            *_programs_call(options, wanted),
            *services.read(options["services"]),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refused = tuple(_refusals(options))
        if refused:
            return Plan(refusals=refused)
        wanted = _wanted(options)
        found = _found(wanted, answers)
        environment = tuple(_environment_differences(wanted, found, answers))
        service = tuple(services.differences(wanted.services, answers))
        switch = tuple(_switch_differences(wanted, found))
        return Plan(
            differences=(*environment, *service, *switch),
            calls=(
                *_environment_calls(options, wanted, found, answers),
                *services.calls(wanted.services, answers, service),
                *(_switch_calls(wanted, found) if service or switch else ()),
            ),
            refusals=tuple(_missing_programs(options, wanted, found, answers)),
            blockers=tuple(_blockers(wanted, found, answers)),
            state=_state(options, wanted, found, answers),
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        wanted = _wanted(options)
        return second_path.calls(wanted.environment, wanted.services, wanted.switch)

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        wanted = _wanted(options)
        return second_path.promises(wanted.environment, wanted.services, answers)


RESOURCE = DriverWheelhouse()


# What is wanted

def _wanted(options: Mapping[str, Any]) -> _Wanted:
    archive = HostFile.of("archive", options["archive"])
    environment = Environment(options["root"], archive.sha256)
    python = options["python"]
    return _Wanted(
        environment=environment,
        archive=archive,
        python=python["executable"],
        python_target=python["target"],
        python_installer=_installer("python", python),
        vc_installer=_installer("vc_runtime", options["vc_runtime"]),
        wrapper=options["wrapper"],
        services=services.wishes(options["services"], options["wrapper"], environment) if options["wrapper"] else (),
    )


def _installer(option: str, given: Mapping[str, Any]) -> HostFile | None:
    return HostFile.of(f"{option}.installer", given["installer"]) if given["installer"] else None


def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    python, vc_runtime = options["python"], options["vc_runtime"]
    files = {"archive": options["archive"], "python.installer": python["installer"], "vc_runtime.installer": vc_runtime["installer"]}
    paths = {
        "root": options["root"],
        "python.executable": python["executable"],
        "python.target": python["target"],
        "wrapper.path": (options["wrapper"] or {}).get("path"),
        **{f"{option}.path": given["path"] for option, given in files.items() if given},
    }
    for option, path in paths.items():
        if path is not None and not _LOCAL.fullmatch(path):
            yield f"{option}: {path!r} is no local path such as C:\\OpenStack\\Driver"
    for option, given in files.items():
        if given:
            yield from _file_refusals(option, given)
    yield from services.refusals(options["services"], options["wrapper"])


def _file_refusals(option: str, given: Mapping[str, Any]) -> Iterator[str]:
    if not _SHA256.fullmatch(given["sha256"]):
        yield f"{option}.sha256: {given['sha256']!r} is not the 64 hexadecimal digits of a SHA-256"
    if given["url"] is not None and not _URL.fullmatch(given["url"]):
        yield f"{option}.url: {given['url']!r} is no http or https address"


# What the host answered

def _python_call(wanted: _Wanted) -> Call:
    if wanted.python:
        return Cmdlet("python", "Test-Path", {"LiteralPath": [wanted.python], "PathType": "Leaf"}, ("$value",))
    return Cmdlet("python", "Get-ItemProperty", {"LiteralPath": _PYTHON_KEY}, ("ExecutablePath?",))


def _wrapper_call(wanted: _Wanted) -> Iterator[Call]:
    if wanted.wrapper:
        yield Cmdlet("wrapper", "Test-Path", {"LiteralPath": [wanted.wrapper["path"]], "PathType": "Leaf"}, ("$value",))


def _programs(options: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(service["program"] for service in options["services"]))


def _programs_call(options: Mapping[str, Any], wanted: _Wanted) -> Iterator[Call]:
    programs = _programs(options)
    if programs:
        paths = [wanted.environment.script(program) for program in programs]
        yield Cmdlet("programs", "Test-Path", {"LiteralPath": paths, "PathType": "Leaf"}, ("$value",))


def _found(wanted: _Wanted, answers: Answers) -> _Found:
    versions = [(row["Major"], row["Minor"] or 0, row["Bld"] or 0) for row in _vc_rows(answers) if row["Major"] is not None]
    current = _read_switch(answers["current"].content)
    return _Found(
        python=_found_python(wanted, answers),
        vc_runtime=max(versions) if versions else None,
        installed=wanted.environment.is_installed(answers["installed"].content),
        current=current.get("environment"),
        previous=current.get("previous"),
    )


def _vc_rows(answers: Answers) -> list[Mapping[str, Any]]:
    return [row for row in (registry_values(call, answers) for call in _VC_KEYS) if row is not None]


def _found_python(wanted: _Wanted, answers: Answers) -> str | None:
    if wanted.python:
        return wanted.python if answers.row("python")["$value"] else None
    registered = registry_values("python", answers)
    return registered["ExecutablePath"] if registered else None


def _read_switch(content: bytes | None) -> Mapping[str, Any]:
    """An unreadable file counts as none: it is written anew whenever a service changes."""
    try:
        read = json.loads(content or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _state(options: Mapping[str, Any], wanted: _Wanted, found: _Found, answers: Answers) -> dict[str, Any]:
    return {
        "environment": wanted.environment.name,
        "folder": wanted.environment.folder,
        "installed": found.installed,
        "python": found.python,
        "vc_runtime": ".".join(map(str, found.vc_runtime)) if found.vc_runtime else None,
        "current": found.current,
        "previous": found.previous,
        "switch": wanted.switch,
        "services": services.state(options["services"], answers),
    }


# What is to be done

def _environment_differences(wanted: _Wanted, found: _Found, answers: Answers) -> Iterator[Difference]:
    if not found.vc_is_enough:
        before = ".".join(map(str, found.vc_runtime)) if found.vc_runtime else None
        yield Difference("vc_runtime", before, f"{_VC_WANTED[0]}.{_VC_WANTED[1]} or newer")
    if not found.python:
        yield Difference("python", None, wanted.python or ntpath.join(wanted.python_target, "python.exe"))
    if found.installed:
        return
    if wanted.archive.found(answers) != wanted.archive.sha256:
        yield Difference("archive", wanted.archive.found(answers), wanted.archive.sha256)
    yield Difference("installed", None, wanted.environment.folder)


def _switch_differences(wanted: _Wanted, found: _Found) -> Iterator[Difference]:
    if wanted.services and found.current != wanted.environment.name:
        yield Difference("current", found.current, wanted.environment.name)


def _environment_calls(options: Mapping[str, Any], wanted: _Wanted, found: _Found, answers: Answers) -> Iterator[Call]:
    if not found.vc_is_enough and wanted.vc_installer:
        yield from install_vc_runtime(wanted.vc_installer, answers)
    if not found.python and wanted.python_installer:
        yield from install_python(wanted.python_installer, wanted.python_target, answers)
    if not found.installed:
        python = found.python or ntpath.join(wanted.python_target, "python.exe")
        yield from make_environment(wanted.environment, wanted.archive, python, _programs(options), answers)


def _switch_calls(wanted: _Wanted, found: _Found) -> Iterator[Call]:
    """Written last, and whenever a service changed: its time tells win_hv_service that a running process is older."""
    moved = found.current != wanted.environment.name
    content = {"environment": wanted.environment.name, "previous": found.current if moved else found.previous}
    yield WriteFile("switch", wanted.switch, (json.dumps(content) + "\n").encode())


def _blockers(wanted: _Wanted, found: _Found, answers: Answers) -> Iterator[str]:
    """What the operator has to bring first; in check mode another task may be about to."""
    needed = [] if found.installed else [wanted.archive]
    if not found.vc_is_enough:
        if wanted.vc_installer:
            needed.append(wanted.vc_installer)
        else:
            yield "the Visual C++ runtime is missing or too old, and vc_runtime.installer is not given"
    if not found.python:
        if wanted.python_installer and not wanted.python:
            needed.append(wanted.python_installer)
        else:
            yield f"Python 3.8 is not on this host ({wanted.python or _PYTHON_KEY}), and python.installer is not given"
    for file in needed:
        if not file.url and file.found(answers) != file.sha256:
            yield f"{file.path} is not there with the SHA-256 of {file.option}.sha256, and {file.option}.url is not given"
    if wanted.wrapper and not answers.row("wrapper")["$value"]:
        yield f"the service wrapper {wanted.wrapper['path']} is not on this host"


def _missing_programs(options: Mapping[str, Any], wanted: _Wanted, found: _Found, answers: Answers) -> Iterator[str]:
    """A wrapper would start a program that is not there over and over, and show Running; an environment stays as it was made."""
    if not found.installed or not options["services"]:
        return
    there = [bool(row["$value"]) for row in answers.rows("programs")]
    for number, program in enumerate(_programs(options)):
        if not there[number]:
            yield (
                f"services.program: {wanted.environment.folder} has no program {program}: its archive was built without it. Give one that "
                "has it; the neutron agent comes with tools.wheelhouse --neutron-agent"
            )
