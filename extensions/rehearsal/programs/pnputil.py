# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""pnputil.exe: packages into the driver store and onto devices."""
from __future__ import annotations

import ntpath
from typing import TYPE_CHECKING

from ..machine.inf import Inf, NoInf, parse
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult, program

if TYPE_CHECKING:
    from ..machine import Machine

_HEAD = "Microsoft PnP Utility\r\n\r\n"
_SUCCESS, _FILE_NOT_FOUND, _NO_MORE_ITEMS, _RESTART_REQUIRED = 0, 2, 259, 3010
# ERROR_WRONG_INF_STYLE (0xE0000100) and ERROR_NO_CATALOG_FOR_OEM_INF (0xE000022F) of setupapi.h.
_WRONG_STYLE, _NO_CATALOG = -536870656, -536870353
_MESSAGES = {
    _FILE_NOT_FOUND: "The system cannot find the file specified.",
    _WRONG_STYLE: "The style of the INF is different than what was requested.",
    _NO_CATALOG: "The third-party INF does not contain digital signature information.",
}


@program(
    "pnputil.exe",
    source="MicrosoftDocs/windows-driver-docs devtest/pnputil-command-syntax.md, pnputil-return-values.md; public transcripts (texts, "
    "the exit code -536870353)",
    unconfirmed="the exit codes of a file that is missing and of a text that is no INF; that a device shows the new driver before the "
    "restart that it waits for",
)
def pnputil(machine: Machine, arguments: list[str]) -> ProgramResult:
    words = [argument.lower() for argument in arguments]
    if len(words) < 2 or words[0] != "/add-driver" or set(words[2:]) - {"/install"} or "*" in words[1]:
        raise not_modelled(f"pnputil.exe {' '.join(arguments)}", "extend rehearsal/programs/pnputil.py")
    return _add(machine, arguments[1], install="/install" in words)


def _add(machine: Machine, path: str, *, install: bool) -> ProgramResult:
    name = ntpath.basename(path)
    inf = _read(machine, path)
    if isinstance(inf, int):
        text = f"Adding driver package:  {name}\r\nFailed to add driver package: {_MESSAGES[inf]}\r\n\r\n"
        return ProgramResult(inf, f"{_HEAD}{text}Total driver packages:  1\r\nAdded driver packages:  0\r\n")
    present = machine.drivers.find(name, inf)
    package = present or machine.drivers.add(name, inf)
    added = "Driver package added successfully." + (" (Already exists in the system)" if present else "")
    lines = [f"Adding driver package:  {name}", added, f"Published Name:         {package.published}"]
    code = _SUCCESS
    if install:
        devices, restart = machine.drivers.install(package)
        lines += [f"Driver package installed on device: {device.spec.instance_id}" for device in devices]
        code = (_RESTART_REQUIRED if restart else _SUCCESS) if devices else _NO_MORE_ITEMS
    lines += ["", "Total driver packages:  1", "Added driver packages:  1"]
    if code == _RESTART_REQUIRED:
        lines += ["", "System reboot is needed to complete install operations!"]
    return ProgramResult(code, _HEAD + "\r\n".join(lines) + "\r\n")


def _read(machine: Machine, path: str) -> Inf | int:
    """The package, or the exit code of what is wrong with it."""
    data = machine.files.read(path)
    if data is None:
        return _FILE_NOT_FOUND
    try:
        inf = parse(data)
    except NoInf:
        return _WRONG_STYLE
    folder = ntpath.dirname(path)
    if not inf.catalog or not machine.files.exists(ntpath.join(folder, inf.catalog)):
        return _NO_CATALOG
    if not all(machine.files.exists(ntpath.join(folder, file)) for file in inf.files):
        return _FILE_NOT_FOUND
    return inf
