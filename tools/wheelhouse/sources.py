# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which files a house is made of: resolved by uv for Windows under the release's upper constraints, from PyPI."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import tomllib
from packaging.pylock import Package, Pylock
from packaging.tags import Tag
from packaging.utils import NormalizedName, parse_wheel_filename

from ..option_catalogue.environments import COMMON, Release
from . import HouseRefused
from .target import PYTHON, PYTHON_SERIES, UV_PLATFORM, tags

# Not in the constraints. 1.0.6 is the last with a wheel for Python 3.8; pip would prefer the newest sdist, which wants a compiler.
PYMI = "PyMI==1.0.6"


@dataclass(frozen=True)
class Source:
    """One file of the index that becomes one wheel of the house."""

    name: NormalizedName
    version: str
    url: str
    sha256: str

    @property
    def requirement(self) -> str:
        """As pip takes it: a direct reference, so that no index has a say any more."""
        return f"{self.name} @ {self.url}#sha256={self.sha256}"


@dataclass(frozen=True)
class Sources:
    """wheels: taken as they are; sdists: what has no wheel for the host and is built (and must turn out to be pure Python)."""

    wheels: tuple[Source, ...]
    sdists: tuple[Source, ...]


def requirements(release: Release, *, neutron_agent: bool) -> tuple[str, ...]:
    """What a house holds, before its dependencies."""
    agent = (f"neutron=={release.neutron}", f"networking-hyperv=={release.networking_hyperv}") if neutron_agent else ()
    return (f"nova=={release.nova}", f"compute-hyperv=={release.compute_hyperv}", *agent, PYMI, *COMMON)


def resolve(wanted: Iterable[str], constraints: Path, folder: Path) -> Pylock:
    """Resolves for the host and leaves pylock.toml (PEP 751) in the folder. Raises HouseRefused when there is no solution."""
    inputs, lock = folder / "requirements.in", folder / "pylock.toml"
    inputs.write_text("".join(f"{line}\n" for line in wanted))
    run_uv(
        "pip", "compile", inputs, "--constraints", constraints, "--python-platform", UV_PLATFORM, "--python-version", PYTHON,
        "--no-config", "--upgrade", "--generate-hashes", "--no-header", "--format", "pylock.toml", "--output-file", lock,
    )
    return Pylock.from_dict(tomllib.loads(lock.read_text()))


def run_uv(*arguments: str | Path) -> None:
    """Raises HouseRefused with uv's own explanation."""
    done = subprocess.run([sys.executable, "-m", "uv", "--quiet", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise HouseRefused(f"uv could not resolve it for Python {PYTHON_SERIES} on Windows:\n{done.stderr.strip()}")


def choose(lock: Pylock) -> Sources:
    """The best file of every pin: the wheel with the best tag, else the sdist. Raises HouseRefused for one that cannot be had."""
    rank = {tag: number for number, tag in enumerate(tags())}
    chosen = [(package, _best_wheel(package, rank)) for package in lock.packages]
    wheels = tuple(wheel for _unused, wheel in chosen if wheel)
    return Sources(wheels, tuple(_sdist(package) for package, wheel in chosen if not wheel))


def _best_wheel(package: Package, rank: Mapping[Tag, int]) -> Source | None:
    ranked = []
    for wheel in package.wheels or ():
        fitting = [rank[tag] for tag in parse_wheel_filename(wheel.filename)[3] if tag in rank]
        if fitting:
            ranked.append((min(fitting), wheel.filename, _source(package, wheel.url, wheel.hashes["sha256"])))
    return min(ranked)[2] if ranked else None


def _sdist(package: Package) -> Source:
    if package.sdist is None:
        raise HouseRefused(f"{package.name} {package.version} has neither a wheel for the host nor an sdist")
    return _source(package, package.sdist.url, package.sdist.hashes["sha256"])


def _source(package: Package, url: str | None, sha256: str) -> Source:
    if url is None:
        raise HouseRefused(f"{package.name} {package.version} has no address to download it from")
    return Source(package.name, str(package.version), url, sha256)
