# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Installer packages of the rehearsal: a file that the lab serves, and what msiexec makes of it on a machine.

The file is not a Windows Installer database but starts like one and says in JSON what it installs. Exit codes and command line are
those of msiexec (https://learn.microsoft.com/windows/win32/msi/error-codes and /command-line-options).
"""
from __future__ import annotations

import json
import ntpath
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..machine import Machine, SpecError
from ..machine.fields import Fields
from ..machine.setup import INSTALLER_PRODUCTS

UNINSTALL = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"

SUCCESS = 0
INSTALL_FAILURE = 1603
UNKNOWN_PRODUCT = 1605
PACKAGE_OPEN_FAILED = 1619
PACKAGE_INVALID = 1620
INVALID_COMMAND_LINE = 1639
SUCCESS_REBOOT_REQUIRED = 3010

# The magic of an OLE compound file, which is what an MSI file is; then ours.
_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1") + b"rehearsal package\n"
_PRODUCT_CODE = r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}"
_START_MODES = ("Automatic", "Manual", "Disabled")


@dataclass(frozen=True)
class PackageFile:
    """A file below the install folder. unless: a property that keeps it away when it is 1."""

    path: str
    text: str
    unless: str


@dataclass(frozen=True)
class PackageService:
    """A service that the package creates. path may hold [INSTALLDIR]; feature: installed with it only; account_property: the property
    that names its account."""

    name: str
    display_name: str
    path: str
    start_mode: str
    depends: tuple[str, ...]
    feature: str
    account_property: str


@dataclass(frozen=True)
class PackageDsm:
    """The module for MPIO that a package brings. registered: when MPIO knows it: at_once, after_restart or never."""

    name: str
    version: str
    registered: str


@dataclass(frozen=True)
class Package:
    """What a package installs.

    features: what ADDLOCAL may name; exit_code: what its installation ends with (0, 3010 for success with a restart due, anything else
    installs nothing).
    dsm: the module for MPIO that it brings, if any.
    """

    product_code: str
    name: str
    version: str
    publisher: str
    install_dir: str
    features: tuple[str, ...]
    files: tuple[PackageFile, ...]
    services: tuple[PackageService, ...]
    exit_code: int
    dsm: PackageDsm | None = None

    @classmethod
    def read(cls, fields: Fields) -> Package:
        """From the lab file. Raises SpecError."""
        package = cls(
            product_code=fields.text("product_code", pattern=_PRODUCT_CODE, allowed="a GUID in braces, in upper case"),
            name=fields.text("name"),
            version=fields.text("version", pattern=r"\d+(\.\d+){0,3}", allowed="numbers with dots"),
            publisher=fields.text("publisher", "Cloudbase Solutions Srl"),
            install_dir=fields.text("install_dir", r"C:\Program Files\Cloudbase Solutions\OpenStack\Nova"),
            features=fields.texts("features"),
            files=tuple(_read_file(item) for item in fields.children("files")),
            services=tuple(_read_service(item) for item in fields.children("services")),
            exit_code=fields.number("exit_code", 0, maximum=2**31 - 1),
            dsm=_read_dsm(fields.child("dsm")) if fields.has("dsm") else None,
        )
        fields.done()
        for service in package.services:
            if service.feature and service.feature not in package.features:
                raise SpecError(fields.at("services"), service.feature, f"one of the package's features: {', '.join(package.features)}")
        return package

    def encode(self) -> bytes:
        """The file that the lab serves."""
        return _MAGIC + json.dumps(asdict(self), sort_keys=True).encode()

    @property
    def facts(self) -> dict[str, str]:
        return {"product_code": self.product_code}

    @property
    def key(self) -> str:
        return f"{UNINSTALL}\\{self.product_code}"


def _read_file(fields: Fields) -> PackageFile:
    file = PackageFile(fields.text("path"), fields.text("text", ""), fields.text("unless", ""))
    fields.done()
    return file


def _read_service(fields: Fields) -> PackageService:
    service = PackageService(
        name=fields.text("name"),
        display_name=fields.text("display_name"),
        path=fields.text("path"),
        start_mode=fields.text("start_mode", "Automatic", choices=_START_MODES),
        depends=fields.texts("depends"),
        feature=fields.text("feature", ""),
        account_property=fields.text("account_property", ""),
    )
    fields.done()
    return service


def _read_dsm(fields: Fields) -> PackageDsm:
    dsm = PackageDsm(
        fields.text("name"),
        fields.text("version", pattern=r"\d+(\.\d+){0,3}", allowed="numbers with dots"),
        fields.text("registered", "after_restart", choices=("at_once", "after_restart", "never")),
    )
    fields.done()
    return dsm


def decode(data: bytes) -> Package | None:
    """The package in a file's bytes; None where they are no package of the rehearsal."""
    if not data.startswith(_MAGIC):
        return None
    return from_facts(json.loads(data[len(_MAGIC):]))


def from_facts(facts: Mapping[str, Any]) -> Package:
    """The package as `asdict` took it apart."""
    found = dict(facts)
    files = tuple(PackageFile(**file) for file in found.pop("files"))
    services = tuple(PackageService(**{**service, "depends": tuple(service["depends"])}) for service in found.pop("services"))
    dsm = found.pop("dsm")
    features = tuple(found.pop("features"))
    return Package(**found, features=features, files=files, services=services, dsm=PackageDsm(**dsm) if dsm else None)


def installer_key(product_code: str) -> str:
    """Where Windows Installer keeps a product's properties: its code with the digits of each part in reverse order, those of the last two
    parts in pairs (public scripts that pack product codes)."""
    first, second, third, *rest = product_code.strip("{}").split("-")
    pairs = "".join(rest)
    packed = first[::-1] + second[::-1] + third[::-1] + "".join(pairs[place:place + 2][::-1] for place in range(0, len(pairs), 2))
    return rf"{INSTALLER_PRODUCTS}\{packed}\InstallProperties"


def is_installed(machine: Machine, product_code: str) -> bool:
    return machine.registry.exists(f"{UNINSTALL}\\{product_code}")


@dataclass
class _CommandLine:
    """msiexec's options. action: install or uninstall; target: a path or a product code."""

    action: str = ""
    target: str = ""
    log: str = ""
    quiet: bool = False
    properties: dict[str, str] = field(default_factory=dict)


class NeedsUser(Exception):
    """Without /qn or its like msiexec would wait for somebody at the screen."""


def msiexec(machine: Machine, arguments: Sequence[str]) -> int:
    """Runs msiexec with these arguments and answers its exit code. Raises NeedsUser."""
    line = _parse(arguments)
    if line is None:
        return INVALID_COMMAND_LINE
    if not line.quiet:
        raise NeedsUser("msiexec without /qn, /quiet or /passive waits for a user")
    log: list[str] = [f"Command Line: {line.action} {line.target}"]
    code = _install(machine, line, log) if line.action == "install" else _uninstall(machine, line, log)
    if line.log:
        _write_log(machine, line.log, [*log, f"MainEngineThread is returning {code}"])
    return code


def _parse(arguments: Sequence[str]) -> _CommandLine | None:
    line = _CommandLine()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        option = word[1:].lower() if word[:1] in "/-" else ""
        if option in ("i", "package", "x", "uninstall"):
            if line.action or not rest:
                return None
            line.action = "install" if option in ("i", "package") else "uninstall"
            line.target = rest.pop(0)
        elif option in ("qn", "q", "quiet", "passive", "qb", "qr"):
            line.quiet = True
        elif option in ("norestart", "promptrestart", "forcerestart"):
            continue
        elif option.startswith("l") and option.rstrip("!+").strip("iwearucmopvx*l") == "":
            if not rest:
                return None
            line.log = rest.pop(0)
        elif not option and "=" in word:
            name, _unused, value = word.partition("=")
            line.properties[name.upper()] = value.strip('"')
        else:
            return None
    return line if line.action else None


def _install(machine: Machine, line: _CommandLine, log: list[str]) -> int:
    try:
        data = machine.files.read(line.target)
    except ValueError:
        data = None
    if data is None:
        return PACKAGE_OPEN_FAILED
    package = decode(data)
    if package is None:
        return PACKAGE_INVALID
    log.append(f"Product: {package.name} -- Installation started.")
    if is_installed(machine, package.product_code):
        log.append(f"Product: {package.name} -- Configuration completed successfully.")
        return SUCCESS
    chosen = [name for name in line.properties.get("ADDLOCAL", "ALL").split(",") if name]
    unknown = [name for name in chosen if name not in (*package.features, "ALL")]
    if unknown:
        log.append(f"Internal Error 2711. The specified Feature name ('{unknown[0]}') not found in Feature table.")
        return INSTALL_FAILURE
    if package.exit_code not in (SUCCESS, SUCCESS_REBOOT_REQUIRED):
        log.append(f"Product: {package.name} -- Installation failed.")
        return package.exit_code
    lay_down(machine, package, line.properties, chosen)
    log.append(f"Product: {package.name} -- Installation completed successfully.")
    machine.note(f"installed {package.name} {package.version}")
    return package.exit_code


def lay_down(machine: Machine, package: Package, properties: dict[str, str], chosen: list[str]) -> None:
    folder = properties.get("INSTALLDIR", package.install_dir).rstrip("\\")
    for file in package.files:
        path = f"{folder}\\{file.path}"
        if file.unless and properties.get(file.unless) == "1":
            continue
        machine.files.make_folder(ntpath.dirname(path))
        machine.files.write(path, file.text.encode())
    for service in package.services:
        if service.feature and service.feature not in chosen and "ALL" not in chosen:
            continue
        machine.services.create(
            service.name,
            service.path.replace("[INSTALLDIR]", folder),
            display=service.display_name,
            start_mode=service.start_mode,
            account=properties.get(service.account_property, "LocalSystem"),
            dependencies=service.depends,
        )
    if package.dsm and package.dsm.registered != "never":
        machine.drivers.add_dsm(package.dsm.name, package.dsm.version, at_once=package.dsm.registered == "at_once")
    values = {
        "DisplayName": package.name, "DisplayVersion": package.version, "Publisher": package.publisher, "InstallLocation": f"{folder}\\",
        "UninstallString": f"MsiExec.exe /X{package.product_code}",
        "RehearsalServices": ",".join(service.name for service in package.services),
    }
    for name, value in values.items():
        machine.registry.set(package.key, name, value, "String")
    machine.registry.set(package.key, "WindowsInstaller", 1, "DWord")
    for name in ("DisplayName", "DisplayVersion", "Publisher", "InstallLocation"):
        machine.registry.set(installer_key(package.product_code), name, values[name], "String")


def _uninstall(machine: Machine, line: _CommandLine, log: list[str]) -> int:
    code = line.target
    if not code.startswith("{"):
        package = decode(machine.files.read(code) or b"")
        if package is None:
            return PACKAGE_OPEN_FAILED
        code = package.product_code
    key = f"{UNINSTALL}\\{code}"
    if not machine.registry.exists(key):
        return UNKNOWN_PRODUCT
    name = machine.registry.get(key, "DisplayName")
    for service in filter(None, machine.registry.get(key, "RehearsalServices").split(",")):
        if machine.services.find(service) is not None:
            machine.services.delete(service)
    machine.files.delete(machine.registry.get(key, "InstallLocation"))
    machine.registry.delete(key)
    machine.registry.delete(installer_key(code).rpartition("\\")[0])
    log.append(f"Product: {name} -- Removal completed successfully.")
    machine.note(f"removed {name}")
    return SUCCESS


def _write_log(machine: Machine, path: str, lines: list[str]) -> None:
    """A verbose log is UTF-16 with a byte order mark. A log that cannot be written does not keep msiexec from its work here."""
    stamp = machine.now().strftime("%m/%d/%Y  %H:%M:%S")
    text = "\r\n".join([f"=== Verbose logging started: {stamp} ===", *lines, f"=== Verbose logging stopped: {stamp} ===", ""])
    try:
        machine.files.write(path, text.encode("utf-16"))
    except (FileNotFoundError, IsADirectoryError, ValueError):
        machine.note(f"msiexec could not write its log {path}")
