# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges a folder of wheels as the host would: tags, metadata, and the closure of all dependencies under Windows' markers."""
from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from . import HouseRefused
from .sources import run_uv
from .target import MARKERS, PYTHON, UV_PLATFORM, tags

_UNKNOWN = "not declared"


@dataclass(frozen=True)
class Wheel:
    """One wheel of the house, as its own metadata describes it."""

    file: str
    name: NormalizedName
    version: Version
    sha256: str
    size: int
    native: bool
    licence: str
    requires: tuple[Requirement, ...]

    @property
    def pin(self) -> str:
        return f"{self.name}=={self.version}"


def read_wheels(folder: Path) -> tuple[Wheel, ...]:
    """Every wheel of the folder, sorted by name. Raises HouseRefused for one that the host cannot take, or that is there twice."""
    wheels = sorted((_read(path) for path in folder.glob("*.whl")), key=lambda wheel: wheel.name)
    twice = sorted({one.name for one, following in pairwise(wheels) if one.name == following.name})
    if twice:
        raise HouseRefused(f"more than one wheel of {', '.join(twice)}")
    return tuple(wheels)


def _read(path: Path) -> Wheel:
    name, version, _unused, wheel_tags = parse_wheel_filename(path.name)
    if wheel_tags.isdisjoint(tags()):
        raise HouseRefused(f"{path.name}: no Python {PYTHON} x64 on Windows takes a wheel with these tags")
    metadata = _metadata(path)
    if (canonicalize_name(metadata.name), metadata.version) != (name, version):
        raise HouseRefused(f"{path.name} says inside that it is {metadata.name} {metadata.version}")
    if metadata.requires_python and not metadata.requires_python.contains(PYTHON):
        raise HouseRefused(f"{path.name} wants Python {metadata.requires_python}")
    return Wheel(
        file=path.name,
        name=name,
        version=version,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=path.stat().st_size,
        native=any(tag.platform != "any" for tag in wheel_tags),
        licence=_licence(metadata),
        requires=tuple(metadata.requires_dist or ()),
    )


def _metadata(path: Path) -> Metadata:
    with zipfile.ZipFile(path) as archive:
        inside = [entry for entry in archive.namelist() if entry.count("/") == 1 and entry.endswith(".dist-info/METADATA")]
        if len(inside) != 1:
            raise HouseRefused(f"{path.name} holds {len(inside)} METADATA files instead of one")
        # Without validation: packages of these years have faults in fields that nothing here reads.
        return Metadata.from_email(archive.read(inside[0]), validate=False)


def _licence(metadata: Metadata) -> str:
    """The licence expression, else the classifiers, else the first line of the free text."""
    if metadata.license_expression:
        return str(metadata.license_expression)
    classifiers = [line.split(" :: ")[-1] for line in metadata.classifiers or () if line.startswith("License :: ") and line.count("::") > 1]
    if classifiers:
        return "; ".join(classifiers)
    lines = (metadata.license or "").strip().splitlines()
    return lines[0].strip() if lines else _UNKNOWN


def require_closure(wheels: Iterable[Wheel], wanted: Iterable[str]) -> None:
    """Raises HouseRefused unless everything wanted is there, with every dependency that applies on the host, and nothing else."""
    house = {wheel.name: wheel for wheel in wheels}
    reached: dict[NormalizedName, set[str]] = {}
    faults: list[str] = []
    queue = [(Requirement(line), "the release") for line in wanted]
    while queue:
        requirement, origin = queue.pop()
        name = canonicalize_name(requirement.name)
        wheel = house.get(name)
        if wheel is None or not requirement.specifier.contains(wheel.version, prereleases=True):
            faults.append(f"{origin} needs {requirement}, the house has {wheel.pin if wheel else 'none'}")
            continue
        fresh = {"", *requirement.extras} - reached.setdefault(name, set())
        reached[name] |= fresh
        queue.extend((found, wheel.pin) for found in wheel.requires if any(_applies(found, extra) for extra in fresh))
    faults.extend(f"{house[name].pin} is needed by nothing" for name in sorted(set(house) - set(reached)))
    if faults:
        raise HouseRefused("; ".join(sorted(faults)))


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**MARKERS, "extra": extra})


def require_same_offline(wheels: Iterable[Wheel], wanted: Iterable[str], folder: Path) -> None:
    """Resolves once more, from the folder alone and without constraints. Raises HouseRefused unless that gives the same pins."""
    inputs, output = folder.parent / "offline.in", folder.parent / "offline.txt"
    inputs.write_text("".join(f"{line}\n" for line in wanted))
    run_uv(
        "pip", "compile", inputs, "--offline", "--no-index", "--find-links", folder, "--python-platform", UV_PLATFORM,
        "--python-version", PYTHON, "--no-config", "--upgrade", "--no-annotate", "--no-header", "--output-file", output,
    )
    found = {str(Requirement(line).name) + str(Requirement(line).specifier) for line in output.read_text().splitlines() if line}
    pins = {wheel.pin for wheel in wheels}
    if found != pins:
        raise HouseRefused(f"the house alone resolves differently: {', '.join(sorted(found ^ pins))}")
