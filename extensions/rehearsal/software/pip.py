# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""pip in an environment of a simulated server: it reads the files that are there, checks them, and puts them in place.

Options, outcomes and sentences are pip's own (pypa/pip, cli/cmdoptions.py, exceptions.py, commands/check.py); the tests run the real pip
over the same files and compare.
"""
from __future__ import annotations

import hashlib
import ntpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ..machine import Machine
from ..machine.executables import Executable
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult
from .python_environment import Distribution, describe, distributions, entry_points, scripts, site_packages
from .wheelhouse import unzip

_HELP = "extend rehearsal/software/pip.py"
_FLAGS = frozenset({
    "--isolated", "--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-index", "--require-hashes",
})
_LOCKED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?:\s+--hash=sha256:(?P<sha256>[0-9a-f]{64}))?")
# What Python 3.8 x64 on Windows takes.
_PLATFORMS = ("win_amd64",)
_TAGS = frozenset(chain(cpython_tags((3, 8), platforms=_PLATFORMS), compatible_tags((3, 8), "cp38", _PLATFORMS)))
# Where pip puts the parts of a wheel's data folder (PyPA specifications, binary distribution format).
_DATA = {"purelib": site_packages, "platlib": site_packages, "scripts": scripts}


@dataclass(frozen=True)
class _Locked:
    """A line of the requirements file. sha256: empty where it has none."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class _Wheel:
    path: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def about(self) -> Distribution:
        files = {name.partition("/")[2]: data for name, data in unzip(self.data) if name.partition("/")[0].endswith(".dist-info")}
        return describe(files["METADATA"].decode(), files["WHEEL"].decode())


class _Failed(Exception):
    """pip ends with exit code 1 and this text."""


def pip(machine: Machine, environment: str, arguments: Sequence[str]) -> ProgramResult:
    """`python -m pip ...` in an environment."""
    command, *rest = arguments or [""]
    try:
        if command == "install":
            return _install(machine, environment, rest)
        if command == "check" and set(rest) <= {"--disable-pip-version-check"}:
            return _check(machine, environment)
    except _Failed as failed:
        return ProgramResult(1, stderr=f"ERROR: {failed}\r\n")
    raise not_modelled(f"pip {' '.join(arguments)}", _HELP)


def _install(machine: Machine, environment: str, arguments: Sequence[str]) -> ProgramResult:
    """Chooses and checks everything before the first file is put in place, as pip does."""
    house, lock = _install_options(arguments)
    locked = _read_lock(machine, lock)
    without = [f"{item.name}=={item.version}" for item in locked if not item.sha256]
    if without:
        raise _Failed(
            "Hashes are required in --require-hashes mode, but they are missing from some requirements. Here is a list of those "
            f"requirements along with the hashes their downloaded archives actually had. {', '.join(without)}"
        )
    wheels = [_find(machine, house, item) for item in locked]
    names = {canonicalize_name(item.name) for item in locked}
    unpinned = sorted({canonicalize_name(needed.name) for wheel in wheels for needed in wheel.about().requires} - names)
    if unpinned:
        raise _Failed(
            f"In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:\r\n    {unpinned[0]}"
        )
    for wheel in wheels:
        _lay_down(machine, environment, wheel)
    machine.note(f"pip installed {len(wheels)} packages into {environment}")
    return ProgramResult(0)


def _install_options(arguments: Sequence[str]) -> tuple[str, str]:
    """--find-links and --requirement."""
    values: dict[str, str] = {}
    flags = set()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("--find-links", "--requirement") and rest and word not in values:
            values[word] = rest.pop(0)
        elif word in _FLAGS:
            flags.add(word)
        else:
            raise not_modelled(f"pip install {word}", _HELP)
    if len(values) != 2 or not {"--no-index", "--require-hashes"} <= flags:
        raise not_modelled("pip install without --no-index, --require-hashes, --find-links and --requirement", _HELP)
    return values["--find-links"], values["--requirement"]


def _read_lock(machine: Machine, path: str) -> list[_Locked]:
    content = machine.files.read(path)
    if content is None:
        raise _Failed(f"Could not open requirements file: [Errno 2] No such file or directory: '{path}'")
    found = []
    for line in filter(None, map(str.strip, content.decode().splitlines())):
        match = _LOCKED.fullmatch(line)
        if match is None:
            raise not_modelled(f"the requirement {line!r}", _HELP)
        found.append(_Locked(match["name"], match["version"], match["sha256"] or ""))
    return found


def _find(machine: Machine, house: str, wanted: _Locked) -> _Wheel:
    """The wheel in the house, once its hash is the wanted one."""
    versions = []
    for version, wheel in _candidates(machine, house, wanted.name):
        if version == Version(wanted.version):
            _require_hash(wanted, wheel)
            return wheel
        versions.append(str(version))
    raise _Failed(
        f"Could not find a version that satisfies the requirement {wanted.name}=={wanted.version} (from versions: "
        f"{', '.join(versions) or 'none'})\r\nERROR: No matching distribution found for {wanted.name}=={wanted.version}"
    )


def _candidates(machine: Machine, house: str, name: str) -> Iterator[tuple[Version, _Wheel]]:
    """The wheels of a package that this Python takes."""
    for entry in machine.files.list(house):
        try:
            found, version, _unused, tags = parse_wheel_filename(ntpath.basename(entry.path))
        except InvalidWheelFilename:
            continue
        if found == canonicalize_name(name) and tags & _TAGS and entry.data is not None:
            yield version, _Wheel(entry.path, entry.data)


def _require_hash(wanted: _Locked, wheel: _Wheel) -> None:
    if wheel.sha256 == wanted.sha256:
        return
    raise _Failed(
        "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the "
        "hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.\r\n"
        f"    {wanted.name}=={wanted.version} from file:///{wheel.path.replace(chr(92), '/')}:\r\n"
        f"        Expected sha256 {wanted.sha256}\r\n             Got        {wheel.sha256}\r\n"
    )


def _lay_down(machine: Machine, environment: str, wheel: _Wheel) -> None:
    about = wheel.about()
    for name, data in unzip(wheel.data):
        path = _place(environment, name)
        if not path:
            continue
        machine.files.make_folder(ntpath.dirname(path))
        machine.files.write(path, data)
        if name.endswith(".dist-info/entry_points.txt"):
            for script, entry in entry_points(data.decode()).items():
                facts = {"environment": environment, "distribution": about.name, "entry": entry}
                machine.files.write(ntpath.join(scripts(environment), f"{script}.exe"), Executable("python_script", facts).encode())


def _place(environment: str, name: str) -> str:
    """Where a file of a wheel goes; empty for headers and other data, which no test of an installation looks at."""
    top, _unused, rest = name.partition("/")
    if not top.endswith(".data"):
        return ntpath.join(site_packages(environment), *name.split("/"))
    part, _unused, rest = rest.partition("/")
    return ntpath.join(_DATA[part](environment), *rest.split("/")) if part in _DATA else ""


def _check(machine: Machine, environment: str) -> ProgramResult:
    found = distributions(machine, environment)
    broken = "".join(_broken(f"{name} {item.version}", needed, found) for name, item in found.items() for needed in item.requires)
    return ProgramResult(1, broken) if broken else ProgramResult(0, "No broken requirements found.\r\n")


def _broken(package: str, needed: Requirement, found: Mapping[str, Distribution]) -> str:
    """The line for a requirement that is not met; empty where it is."""
    name = canonicalize_name(needed.name)
    if name not in found:
        return f"{package} requires {name}, which is not installed.\r\n"
    version = found[name].version
    if needed.specifier.contains(version, prereleases=True):
        return ""
    return f"{package} has requirement {needed}, but you have {name} {version}.\r\n"
