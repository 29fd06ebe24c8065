# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lies in a Python environment: its folders, and the distributions that its site-packages describe."""
from __future__ import annotations

import email.parser
import ntpath
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..machine import Machine

# What the markers of requirements are held against: Python 3.8 x64 on Windows (PyPA specifications, dependency specifiers).
_MARKERS = {
    "extra": "", "implementation_name": "cpython", "os_name": "nt", "platform_machine": "AMD64", "platform_system": "Windows",
    "platform_python_implementation": "CPython", "python_full_version": "3.8.10", "python_version": "3.8", "sys_platform": "win32",
}


@dataclass(frozen=True)
class Distribution:
    """An installed package, by its METADATA and WHEEL files. requires: what it needs on Windows; native: has compiled code."""

    name: str
    version: str
    requires: tuple[Requirement, ...]
    native: bool


def site_packages(environment: str) -> str:
    return ntpath.join(environment, "Lib", "site-packages")


def scripts(environment: str) -> str:
    return ntpath.join(environment, "Scripts")


def distributions(machine: Machine, environment: str) -> dict[str, Distribution]:
    """The installed packages by normalised name."""
    folders = [entry.path for entry in machine.files.list(site_packages(environment)) if entry.path.endswith(".dist-info")]
    found = (
        describe(_text(machine, ntpath.join(folder, "METADATA")), _text(machine, ntpath.join(folder, "WHEEL"))) for folder in folders
    )
    return {canonicalize_name(item.name): item for item in found}


def describe(metadata: str, wheel: str) -> Distribution:
    """From the text of the two files (PyPA specifications: core metadata, binary distribution format)."""
    parser = email.parser.HeaderParser()
    about = parser.parsestr(metadata)
    requires = map(Requirement, about.get_all("Requires-Dist", ()))
    return Distribution(
        name=about["Name"],
        version=about["Version"],
        requires=tuple(item for item in requires if item.marker is None or item.marker.evaluate(_MARKERS)),
        native=parser.parsestr(wheel)["Root-Is-Purelib"] == "false",
    )


def entry_points(text: str) -> Mapping[str, str]:
    """The console scripts of an entry_points.txt: name -> module:function (PyPA specifications, entry points)."""
    section, found = "", {}
    for line in text.splitlines():
        name, separator, target = line.partition("=")
        if line.startswith("["):
            section = line.strip("[] ")
        elif separator and section == "console_scripts":
            found[name.strip()] = target.strip()
    return found


def _text(machine: Machine, path: str) -> str:
    return (machine.files.read(path) or b"").decode()
