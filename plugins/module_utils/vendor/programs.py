# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Vendors' installers (MSI, EXE): whether the program is there, and whether MPIO has registered its device specific module (DSM)."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref
from ..plans import Difference, Finding

# A 32-bit package on 64-bit Windows is listed in the second.
_UNINSTALL = [
    "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*",
    "HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*",
]
_ELSEWHERE = "the stage driver_packages of the role hyperv_compute runs its installer with ansible.windows.win_package"
_VERSION = re.compile(r"\d{1,10}(?:\.\d{1,10}){0,3}")
_VERSION_PARTS = ("MajorVersion", "MinorVersion", "ProductBuild", "QfeNumber")

# A DSM is registered when its driver is loaded, which may take a restart, and nothing in Windows tells whether there was one since. So the
# start that it was first missed after is noted: one restart is asked for, and after that a DSM that is still missing is an error.
_NOTE = "HKLM:\\SOFTWARE\\winstack.hyperv\\driver_packages"
_NOTE_VALUE = "MissedAfterStart"


@dataclass(frozen=True)
class Program:
    """A wanted program as the host has it.

    name, installed_version: of the entry found, empty without one; dsm_found: what MPIO has registered of that name; missed_since: the
    start of the host that the DSM was first missed after, empty where it was not yet; started: the host's last start.
    """

    product: str
    version: str
    dsm: str
    dsm_version: str
    name: str
    installed_version: str
    dsm_found: str | None
    missed_since: str
    started: str

    @property
    def installed(self) -> bool:
        return bool(self.name) and self.version in ("", self.installed_version)

    @property
    def recognised(self) -> bool:
        if not self.dsm:
            return True
        return self.dsm_found is not None and (not self.dsm_version or _numbers(self.dsm_found) == _numbers(self.dsm_version))

    @property
    def path(self) -> str:
        """Of its differences, where a dot would begin another level."""
        return f"installers.{self.product.strip().replace('.', '_')}"

    @property
    def note(self) -> str:
        return f"{self.product} {self.installed_version}"

    def as_state(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "installed": self.installed,
            "name": self.name or None,
            "version": self.installed_version or None,
            "dsm": self.dsm or None,
            "dsm_version": self.dsm_found,
        }


def read(wanted: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    if not wanted:
        return
    yield Cmdlet("programs", "Get-ItemProperty", {"Path": _UNINSTALL}, ("PSChildName", "DisplayName?", "DisplayVersion?"))
    if not _dsms(wanted):
        return
    # The class is there while MPIO's driver is. Its one instance lists all modules, each an object within it.
    yield Cmdlet("mpio", "Get-CimInstance", {"Namespace": "root/wmi", "ClassName": "MPIO_REGISTERED_DSM"}, ("NumberDSMs",))
    parts = tuple(f"DsmVersion.{name}" for name in _VERSION_PARTS)
    yield Cmdlet("dsms", "Select-Object", {"InputObject": Ref("mpio"), "ExpandProperty": "DsmParameters"}, ("DsmName", *parts))
    yield Cmdlet("started", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("LastBootUpTime",))
    yield Cmdlet("note", "Get-ItemProperty", {"LiteralPath": _NOTE}, (f"{_NOTE_VALUE}?",))


def refusals(wanted: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(wanted):
        name = f"installers[{index}]"
        if not item["product"].strip():
            yield f"{name}.product: it is empty; give the beginning of the program's display name"
        if item["product"].lower() in seen:
            yield f"{name}.product: {item['product']!r} is there twice"
        seen.add(item["product"].lower())
        if item["dsm_version"] is not None and not _VERSION.fullmatch(item["dsm_version"]):
            yield f"{name}.dsm_version: {item['dsm_version']!r} is not one to four numbers with dots"
        if item["dsm_version"] is not None and not item["dsm"]:
            yield f"{name}.dsm_version: it needs dsm, the name of the module"


def programs(wanted: Sequence[Mapping[str, Any]], answers: Answers) -> tuple[Program, ...]:
    found = registered(answers) if _dsms(wanted) else ()
    notes = _notes(answers) if _dsms(wanted) else {}
    started = answers.row("started")["LastBootUpTime"] if _dsms(wanted) else ""
    return tuple(_program(item, answers, found or (), notes, started) for item in wanted)


def registered(answers: Answers) -> tuple[Mapping[str, str], ...] | None:
    """The modules that MPIO has registered; None where MPIO is not in effect, or nobody asked."""
    if "mpio" not in answers or not answers["mpio"].ok:
        return None
    if not answers.row("mpio")["NumberDSMs"]:
        return ()
    return tuple(
        {"name": row["DsmName"], "version": ".".join(str(row[f"DsmVersion.{part}"]) for part in _VERSION_PARTS)}
        for row in answers.rows("dsms")
    )


def differences(wanted: Sequence[Program]) -> Iterator[Difference]:
    for program in wanted:
        if not program.installed:
            yield Difference(f"{program.path}.version", program.installed_version or program.name or None, program.version or "installed")
        elif not program.recognised and not program.missed_since:
            yield Difference(f"{program.path}.dsm", _before(program), _after(program))


def blockers(wanted: Sequence[Program], answers: Answers) -> Iterator[str]:
    for program in wanted:
        if not program.installed:
            yield f"the program {program.product.strip()} {program.version}".rstrip() + f" is not installed: {_ELSEWHERE}"
    if any(program.dsm for program in wanted) and not answers["mpio"].ok:
        yield "MPIO is not in effect on this host, so no DSM can be registered"


def calls(wanted: Sequence[Program], answers: Answers) -> Iterator[Call]:
    """Nothing but the note; a restart is asked for beside it."""
    missed = [program for program in wanted if program.installed and not program.recognised and not program.missed_since]
    if not missed:
        return
    lines = [f"{name}={start}" for name, start in _notes(answers).items()]
    lines += [f"{program.note}={program.started}" for program in missed]
    value = {"Name": _NOTE_VALUE, "Value": lines, "PropertyType": "MultiString"}
    yield Cmdlet("note_key", "New-Item", {"Path": _NOTE, "Force": True})
    yield Cmdlet("note_value", "New-ItemProperty", {"LiteralPath": _NOTE, **value})


def restarts(wanted: Sequence[Program]) -> Iterator[str]:
    for program in wanted:
        if program.installed and not program.recognised and program.missed_since in ("", program.started):
            yield f"{program.name} is installed, and MPIO registers its DSM when the host starts"


def findings(wanted: Sequence[Program]) -> Iterator[Finding]:
    for program in wanted:
        if program.installed and not program.recognised and program.missed_since not in ("", program.started):
            yield Finding(
                "dsm_not_recognised", "critical", program.name,
                f"version {program.installed_version or 'unknown'} is installed, MPIO has {_before(program)}, and a restart did not help",
                _after(program),
                "See that the DSM supports this release of Windows and repair or reinstall it. "
                "mpclaim.exe -e and the class MPIO_REGISTERED_DSM of root\\wmi show what MPIO knows.",
            )


def _program(
    item: Mapping[str, Any], answers: Answers, dsms: Sequence[Mapping[str, str]], notes: Mapping[str, str], started: str
) -> Program:
    prefix = item["product"].lower()
    entries = [row for row in answers.rows("programs") if (row["DisplayName"] or "").lower().startswith(prefix)]
    version = item["version"] or ""
    entry = next((row for row in entries if row["DisplayVersion"] == version), entries[0] if entries else None)
    name, installed_version = (entry["DisplayName"], entry["DisplayVersion"] or "") if entry else ("", "")
    return Program(
        product=item["product"],
        version=version,
        dsm=item["dsm"] or "",
        dsm_version=item["dsm_version"] or "",
        name=name,
        installed_version=installed_version,
        dsm_found=next((dsm["version"] for dsm in dsms if dsm["name"].lower() == (item["dsm"] or "").lower()), None),
        missed_since=notes.get(f"{item['product']} {installed_version}", ""),
        started=started,
    )


def _before(program: Program) -> str:
    return f"registered {program.dsm} {program.dsm_found}" if program.dsm_found else f"not registered {program.dsm}"


def _after(program: Program) -> str:
    return f"registered {program.dsm} {program.dsm_version}".rstrip()


def _notes(answers: Answers) -> dict[str, str]:
    """Program and version -> start, from lines of `program version=start`. Without a note the key is not there."""
    if not answers["note"].ok:
        return {}
    lines = answers.row("note")[_NOTE_VALUE] or []
    return dict(line.rpartition("=")[::2] for line in lines)


def _dsms(wanted: Sequence[Mapping[str, Any]]) -> bool:
    return any(item["dsm"] for item in wanted)


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))
