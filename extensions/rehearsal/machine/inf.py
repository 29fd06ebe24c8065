# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The .inf file of a driver package, as far as Plug and Play decides by it.

Source: MicrosoftDocs/windows-driver-docs install/ (inf-version-section, inf-manufacturer-section, inf-models-section,
inf-sourcedisksfiles-section, inf-strings-section).
"""
from __future__ import annotations

import re
from dataclasses import dataclass

_SECTION = re.compile(r"\[([^\]]+)\]")
_DATE_AND_VERSION = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\s*,\s*(\d{1,5}(?:\.\d{1,5}){0,3})")
_ARCHITECTURE = "ntamd64"


class NoInf(Exception):
    """The text is not that of a driver package for this Windows."""


@dataclass(frozen=True)
class Model:
    """One device that the package is for: its description and its ids, the first of which is the hardware id."""

    description: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Inf:
    """date: as year, month, day; files: names of the other files of the package, the catalog not among them; catalog: empty for none."""

    provider: str
    version: str
    date: tuple[int, int, int]
    class_name: str
    class_guid: str
    catalog: str
    files: tuple[str, ...]
    models: tuple[Model, ...]


Sections = dict[str, list[tuple[str, str]]]


def parse(data: bytes) -> Inf:
    """Raises NoInf."""
    sections = _sections(_text(data))
    version = {key.lower(): value for key, value in sections.get("version", [])}
    if version.get("signature", "").strip('"').lower() not in ("$windows nt$", "$chicago$"):
        raise NoInf("no signature in [Version]")
    strings = {key.lower(): value.strip('"') for key, value in sections.get("strings", [])}
    stamp = _DATE_AND_VERSION.fullmatch(version.get("driverver", ""))
    if stamp is None:
        raise NoInf("no DriverVer in [Version]")
    month, day, year = (int(part) for part in stamp.groups()[:3])
    return Inf(
        provider=_expand(version.get("provider", ""), strings),
        version=stamp[4],
        date=(year, month, day),
        class_name=_expand(version.get("class", ""), strings),
        class_guid=version.get("classguid", "").lower(),
        catalog=version.get(f"catalogfile.{_ARCHITECTURE}", version.get("catalogfile", "")),
        files=tuple(key for name, lines in sections.items() if name.startswith("sourcedisksfiles") for key, _value in lines),
        models=tuple(_models(sections, strings)),
    )


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", "replace")


def _sections(text: str) -> Sections:
    """Lines of `key = value`, by the section's name in lower case. A semicolon begins a comment."""
    found: Sections = {}
    lines: list[tuple[str, str]] = []
    for line in text.splitlines():
        content = re.sub(r";.*", "", line).strip()
        heading = _SECTION.fullmatch(content)
        if heading:
            lines = found.setdefault(heading[1].strip().lower(), [])
        elif content:
            key, _equals, value = content.partition("=")
            lines.append((key.strip(), value.strip()))
    return found


def _models(sections: Sections, strings: dict[str, str]) -> list[Model]:
    """Those of the sections for x64, which [Manufacturer] names with their decorations."""
    models = []
    for _name, value in sections.get("manufacturer", []):
        base, *decorations = [part.strip().lower() for part in value.split(",")]
        for decoration in decorations:
            if not decoration.startswith(_ARCHITECTURE):
                continue
            for description, line in sections.get(f"{base}.{decoration}", []):
                _install, *ids = [part.strip() for part in line.split(",")]
                models.append(Model(_expand(description, strings), tuple(ids)))
    return models


def _expand(text: str, strings: dict[str, str]) -> str:
    return re.sub(r"%([^%]+)%", lambda match: strings.get(match[1].lower(), match[0]), text).strip('"')
