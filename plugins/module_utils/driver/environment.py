# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a Python environment is made of a wheelhouse: files that are checked before they are used, folders, and the calls in order."""
from __future__ import annotations

import json
import ntpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Program, WriteFile

# What the archive of tools/wheelhouse holds.
WHEELS = "wheels"
LOCK = "requirements.txt"

# Running a module imports it and does nothing more: both are a class taken from the real driver. Importing compute_hyperv.nova.conf
# would prove nothing, because that works even where the driver does not (facts of the release matrix in docs/driver.md).
DRIVER_MODULES = ("nova.virt.compute_hyperv.driver", "nova.virt.compute_hyperv.cluster.driver")

# Windows Installer's ERROR_SUCCESS_REBOOT_REQUIRED: done, some file will be replaced at the next start.
_INSTALLED = (0, 3010)

# The first part of the error id of Get-ItemProperty.
_NO_SUCH_KEY = "PathNotFound"


@dataclass(frozen=True)
class HostFile:
    """A file on the host, known by its SHA-256. url: where the host itself can get it; empty when it is pushed."""

    option: str
    path: str
    sha256: str
    url: str

    @classmethod
    def of(cls, option: str, given: Mapping[str, Any]) -> HostFile:
        return cls(option, given["path"], given["sha256"].upper(), given["url"] or "")

    def read(self) -> Call:
        return Cmdlet(f"{self.option}.hash", "Get-FileHash", self._subject(), ("Hash",))

    def found(self, answers: Answers) -> str | None:
        """The SHA-256 of what is there; None for a file that cannot be read, which most often is one that is not there."""
        row = answers[f"{self.option}.hash"].first
        return str(row["Hash"]).upper() if row else None

    def bring(self, answers: Answers) -> Iterator[Call]:
        """Downloads it when it is not there yet, and in any case ends the batch before its use when it is not the right one."""
        if self.found(answers) != self.sha256:
            download = {"Uri": self.url, "OutFile": self.path, "UseBasicParsing": True}
            yield Cmdlet(f"{self.option}.folder", "New-Item", _folder(ntpath.dirname(self.path)))
            yield Cmdlet(f"{self.option}.download", "Invoke-WebRequest", download)
        yield Cmdlet(f"{self.option}.check", "Get-FileHash", self._subject(), until={"Hash": self.sha256})

    def _subject(self) -> dict[str, Any]:
        return {"LiteralPath": [self.path], "Algorithm": "SHA256"}


@dataclass(frozen=True)
class Environment:
    """One version of the driver: a folder of its own, named by its archive, so that every version has its place."""

    root: str
    sha256: str

    @property
    def name(self) -> str:
        return self.sha256[:12].lower()

    @property
    def folder(self) -> str:
        return ntpath.join(self.root, self.name)

    @property
    def house(self) -> str:
        return ntpath.join(self.folder, "house")

    @property
    def venv(self) -> str:
        return ntpath.join(self.folder, "venv")

    @property
    def marker(self) -> str:
        """The file that is written when everything else has succeeded."""
        return ntpath.join(self.folder, "installed.json")

    def script(self, name: str) -> str:
        return ntpath.join(self.venv, "Scripts", f"{name}.exe")

    def is_installed(self, marker: bytes | None) -> bool:
        try:
            content = json.loads(marker or b"{}")
        except ValueError:
            return False
        return isinstance(content, dict) and content.get("archive_sha256") == self.sha256


def registry_values(call: str, answers: Answers) -> Mapping[str, Any] | None:
    """The values of a registry key; None when there is no such key. Raises CallFailed for any other trouble."""
    error = answers[call].error
    if error is not None and error.id.split(",")[0] == _NO_SUCH_KEY:
        return None
    return answers.row(call)


def install_python(installer: HostFile, target: str, answers: Answers) -> Iterator[Call]:
    """python.org's installer (CPython documentation, using/windows, Installing Without UI)."""
    yield from installer.bring(answers)
    options = ("InstallAllUsers=1", f"TargetDir={target}", "PrependPath=0", "Shortcuts=0", "Include_launcher=0", "Include_test=0")
    yield Program("python.install", installer.path, ("/quiet", *options), _INSTALLED)


def install_vc_runtime(installer: HostFile, answers: Answers) -> Iterator[Call]:
    """Microsoft's redistributable (cpp-docs, redistributing-visual-cpp-files)."""
    yield from installer.bring(answers)
    yield Program("vc_runtime.install", installer.path, ("/install", "/quiet", "/norestart"), _INSTALLED)


def make_environment(environment: Environment, archive: HostFile, python: str, programs: Iterable[str], answers: Answers) -> Iterator[Call]:
    """From the archive to an environment that has been tried. What an interrupted run left is made anew."""
    yield from archive.bring(answers)
    yield Cmdlet("folder", "New-Item", _folder(environment.folder))
    # zipfile and not Expand-Archive: Python is there anyway, and this is the same on every Windows.
    yield Program("expand", python, ("-m", "zipfile", "-e", archive.path, environment.house))
    yield Program("venv", python, ("-m", "venv", "--clear", environment.venv))
    inside = environment.script("python")
    yield Program("install", inside, (
        "-m", "pip", "install", "--isolated", "--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check",
        "--no-index", "--find-links", ntpath.join(environment.house, WHEELS),
        "--require-hashes", "--requirement", ntpath.join(environment.house, LOCK),
    ))
    yield Program("check", inside, ("-m", "pip", "check", "--disable-pip-version-check"))
    for number, module in enumerate(DRIVER_MODULES):
        yield Program(f"import{number}", inside, ("-m", module))
    for program in dict.fromkeys(programs):
        yield Program(f"version.{program}", environment.script(program), ("--version",))
    content = json.dumps({"archive_sha256": environment.sha256, "python": python}) + "\n"
    yield WriteFile("installed", environment.marker, content.encode())


def _folder(path: str) -> dict[str, Any]:
    return {"Path": [path], "ItemType": "Directory", "Force": True}
