# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Python on a simulated server: its installer, the interpreter, and the programs that pip makes."""
from __future__ import annotations

import ntpath
import zipfile
from typing import TYPE_CHECKING

from ..machine.executables import Executable
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult, executable
from ..software.pip import pip
from ..software.python_environment import distributions, scripts, site_packages
from ..software.wheelhouse import unzip
from .vc_redist import runtime_version

if TYPE_CHECKING:
    from ..machine import Machine

_HELP = "extend rehearsal/programs/python.py"
# CPython documentation, using/windows, Installing Without UI: what an unattended installation for all users may be told.
_OPTIONS = frozenset({
    "installallusers", "targetdir", "prependpath", "shortcuts", "include_launcher", "include_test", "include_doc", "include_pip",
    "include_tcltk", "associatefiles",
})


@executable("python_installer", source="CPython documentation, using/windows, Installing Without UI; PEP 514 (registry)",
            unconfirmed="that the target folder's default is C:\\Program Files\\Python38 on every version of Windows")
def python_installer(machine: Machine, file: Executable, arguments: list[str]) -> ProgramResult:
    switches = {word.lower() for word in arguments if word.startswith("/")}
    options = dict(word.partition("=")[::2] for word in arguments if not word.startswith("/"))
    given = {name.lower(): value for name, value in options.items()}
    unknown = sorted((switches - {"/quiet", "/passive"}) | (set(given) - _OPTIONS))
    if unknown or not switches:
        raise not_modelled(f"Python's installer {unknown[0] if unknown else 'without /quiet, which waits for a user'}", _HELP)
    if given.get("installallusers") != "1":
        raise not_modelled("Python's installer for one user", "give InstallAllUsers=1")
    version = file.facts["version"]
    if file.facts["exit_code"]:
        return ProgramResult(file.facts["exit_code"])
    series = ".".join(version.split(".")[:2])
    folder = given.get("targetdir") or rf"C:\Program Files\Python{series.replace('.', '')}"
    interpreter = ntpath.join(folder, "python.exe")
    machine.files.make_folder(folder)
    machine.files.write(interpreter, Executable("python", {"version": version, "environment": ""}).encode())
    key = rf"HKLM:\SOFTWARE\Python\PythonCore\{series}\InstallPath"
    machine.registry.set(key, "", f"{folder}\\", "String")
    machine.registry.set(key, "ExecutablePath", interpreter, "String")
    machine.note(f"installed Python {version} in {folder}")
    return ProgramResult(0)


@executable("python", source="CPython documentation: zipfile, venv and runpy, and using/cmdline; pypa/pip")
def python(machine: Machine, file: Executable, arguments: list[str]) -> ProgramResult:
    """Only `python -m`."""
    if arguments[:1] != ["-m"] or len(arguments) < 2:
        raise not_modelled(f"python.exe {' '.join(arguments[:1])}", _HELP)
    module, rest = arguments[1], arguments[2:]
    environment = file.facts["environment"]
    if module == "zipfile":
        return _expand(machine, rest)
    if module == "venv" and not environment:
        return _make_environment(machine, file, rest)
    if not environment:
        raise not_modelled(f"python.exe -m {module} outside of an environment", _HELP)
    if module == "pip":
        return pip(machine, environment, rest)
    return _run_module(machine, file, module)


@executable("python_script", source="pypa/distlib's launchers, which pip puts into Scripts; oslo.config (--version)")
def python_script(machine: Machine, file: Executable, arguments: list[str]) -> ProgramResult:
    """Only `--version`: as services they are software/nova_compute.py's."""
    if arguments != ["--version"]:
        raise not_modelled(f"{file.path} {' '.join(arguments)}", _HELP)
    failure = _native_failure(machine, file.facts["environment"])
    if failure is not None:
        return failure
    return ProgramResult(0, f"{distributions(machine, file.facts['environment'])[file.facts['distribution']].version}\r\n")


def _expand(machine: Machine, arguments: list[str]) -> ProgramResult:
    if len(arguments) != 3 or arguments[0] != "-e":
        raise not_modelled(f"python.exe -m zipfile {' '.join(arguments)}", _HELP)
    source, target = arguments[1:]
    data = machine.files.read(source)
    if data is None:
        return _traceback(f"FileNotFoundError: [Errno 2] No such file or directory: {source!r}")
    try:
        files = unzip(data)
    except zipfile.BadZipFile as error:
        return _traceback(f"zipfile.BadZipFile: {error}")
    for name, content in files:
        path = ntpath.join(target, *name.split("/"))
        machine.files.make_folder(ntpath.dirname(path))
        machine.files.write(path, content)
    machine.note(f"expanded {source} into {target}")
    return ProgramResult(0)


def _make_environment(machine: Machine, file: Executable, arguments: list[str]) -> ProgramResult:
    """With pip in it, as ensurepip leaves it."""
    options, folders = [word for word in arguments if word.startswith("-")], [word for word in arguments if not word.startswith("-")]
    if options != ["--clear"] or len(folders) != 1:
        raise not_modelled(f"python.exe -m venv {' '.join(arguments)}", _HELP)
    folder = folders[0]
    machine.files.delete(folder)
    pip_folder = ntpath.join(site_packages(folder), "pip")
    for path in (scripts(folder), pip_folder):
        machine.files.make_folder(path)
    inside = Executable("python", {"version": file.facts["version"], "environment": folder})
    machine.files.write(ntpath.join(scripts(folder), "python.exe"), inside.encode())
    machine.files.write(ntpath.join(pip_folder, "__main__.py"), b"")
    home = f"home = {ntpath.dirname(file.path)}\r\nversion = {file.facts['version']}\r\n"
    machine.files.write(ntpath.join(folder, "pyvenv.cfg"), home.encode())
    machine.note(f"made the Python environment {folder}")
    return ProgramResult(0)


def _run_module(machine: Machine, file: Executable, module: str) -> ProgramResult:
    """Imports a module of an installed package, which does nothing more."""
    environment = file.facts["environment"]
    folder = site_packages(environment)
    parents = module.split(".")[:-1]
    for depth in range(1, len(parents) + 1):
        if not machine.files.is_folder(ntpath.join(folder, *parents[:depth])):
            error = f"ModuleNotFoundError: No module named {'.'.join(parents[:depth])!r}"
            return ProgramResult(1, stderr=f"{file.path}: Error while finding module specification for {module!r} ({error})\r\n")
    if machine.files.read(ntpath.join(folder, *parents, f"{module.rpartition('.')[2]}.py")) is None:
        return ProgramResult(1, stderr=f"{file.path}: No module named {module}\r\n")
    return _native_failure(machine, environment) or ProgramResult(0)


def _native_failure(machine: Machine, environment: str) -> ProgramResult | None:
    """Compiled packages do not load without the runtime of Visual C++ (docs/driver.md)."""
    native = [item.name for item in distributions(machine, environment).values() if item.native]
    if not native or runtime_version(machine) >= (14, 20):
        return None
    return _traceback(f"ImportError: DLL load failed while importing {native[0]}: The specified module could not be found.")


def _traceback(line: str) -> ProgramResult:
    return ProgramResult(1, stderr=f"Traceback (most recent call last):\r\n{line}\r\n")
