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
from collections.abc import Sequence
from dataclasses import dataclass

from ..machine import Machine
from ..machine.executables import Executable
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult
from .python_environment import Distribution, canonical, describe, distributions, entry_points, scripts, site_packages
from .wheelhouse import unzip

_HELP = "extend rehearsal/software/pip.py"
_FLAGS = frozenset({
    "--isolated", "--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-index", "--require-hashes",
})
_LOCKED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?:\s+--hash=sha256:(?P<sha256>[0-9a-f]{64}))?")
_WHEEL = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)-(?P<tag>[^-]+-[^-]+-[^-]+)\.whl")
# What Python 3.8 x64 on Windows takes, as far as labs have wheels.
_TAGS = frozenset({"py3-none-any", "py2.py3-none-any", "cp38-cp38-win_amd64"})


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
        files = {name.rpartition("/")[2]: data.decode() for name, data in unzip(self.data) if ".dist-info/" in name}
        return describe(files["METADATA"], files["WHEEL"])


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
    names = {canonical(item.name) for item in locked}
    unpinned = sorted({needed for wheel in wheels for needed in wheel.about().requires} - names)
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
    for entry in machine.files.list(house):
        match = _WHEEL.fullmatch(ntpath.basename(entry.path))
        if match is None or entry.data is None or canonical(match["name"]) != canonical(wanted.name) or match["tag"] not in _TAGS:
            continue
        versions.append(match["version"])
        wheel = _Wheel(entry.path, entry.data)
        if match["version"] == wanted.version:
            _require_hash(wanted, wheel)
            return wheel
    raise _Failed(
        f"Could not find a version that satisfies the requirement {wanted.name}=={wanted.version} (from versions: "
        f"{', '.join(versions) or 'none'})\r\nERROR: No matching distribution found for {wanted.name}=={wanted.version}"
    )


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
    target = site_packages(environment)
    about = wheel.about()
    for name, data in unzip(wheel.data):
        path = ntpath.join(target, *name.split("/"))
        machine.files.make_folder(ntpath.dirname(path))
        machine.files.write(path, data)
        if name.endswith(".dist-info/entry_points.txt"):
            for script, entry in entry_points(data.decode()).items():
                facts = {"environment": environment, "distribution": about.name, "entry": entry}
                machine.files.write(ntpath.join(scripts(environment), f"{script}.exe"), Executable("python_script", facts).encode())


def _check(machine: Machine, environment: str) -> ProgramResult:
    found = distributions(machine, environment)
    broken = [
        f"{item.name} {item.version} requires {needed}, which is not installed.\r\n"
        for item in found.values() for needed in item.requires if needed not in found
    ]
    return ProgramResult(1, "".join(broken)) if broken else ProgramResult(0, "No broken requirements found.\r\n")
