# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lies in a Python environment: its folders, and the distributions that its site-packages describe."""
from __future__ import annotations

import email.parser
import ntpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..machine import Machine

_REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Distribution:
    """An installed package, by its METADATA and WHEEL files. requires: normalised names; native: has compiled code."""

    name: str
    version: str
    requires: tuple[str, ...]
    native: bool


def canonical(name: str) -> str:
    """A package's name as packages are compared by (PyPA specifications, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


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
    return {canonical(item.name): item for item in found}


def describe(metadata: str, wheel: str) -> Distribution:
    """From the text of the two files (PyPA specifications: core metadata, binary distribution format)."""
    parser = email.parser.HeaderParser()
    about = parser.parsestr(metadata)
    requires = (_REQUIREMENT_NAME.match(line) for line in about.get_all("Requires-Dist", ()))
    return Distribution(
        name=about["Name"],
        version=about["Version"],
        requires=tuple(canonical(match.group()) for match in requires if match),
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
