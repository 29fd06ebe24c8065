# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Installer packages of the rehearsal: a file that the lab serves, and what installing it does to a machine.

The file is not a Windows Installer database but starts like one and says in JSON what it installs. The exit codes are those of
msiexec (https://learn.microsoft.com/windows/win32/msi/error-codes); services, folders and properties follow Cloudbase's installer.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..machine import SpecError
from ..machine.fields import Fields

# The magic of an OLE compound file, which is what an MSI file is; then ours.
_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1") + b"rehearsal package\n"
_PRODUCT_CODE = r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}"


@dataclass(frozen=True)
class PackageService:
    """A service that the package creates. path and arguments may hold [INSTALLDIR]; feature: installed with it only."""

    name: str
    display_name: str
    path: str
    start_mode: str
    depends: tuple[str, ...]
    feature: str


@dataclass(frozen=True)
class Package:
    """What a package installs.

    files: path below the install folder -> text (in the lab file a list of path and text); features: what ADDLOCAL may name; properties: the public properties that it knows;
    exit_code: what its installation ends with (0, 3010 for success with a reboot, anything else rolls back).
    """

    product_code: str
    name: str
    version: str
    publisher: str
    install_dir: str
    features: tuple[str, ...]
    properties: tuple[str, ...]
    files: Mapping[str, str]
    services: tuple[PackageService, ...]
    exit_code: int

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
            properties=fields.texts("properties"),
            files=dict(_read_file(item) for item in fields.children("files")),
            services=tuple(_read_service(item) for item in fields.children("services")),
            exit_code=fields.number("exit_code", 0, maximum=2**32),
        )
        fields.done()
        for service in package.services:
            if service.feature and service.feature not in package.features:
                raise SpecError(fields.at("services"), service.feature, f"one of the package's features: {', '.join(package.features)}")
        return package

    def encode(self) -> bytes:
        """The file that the lab serves."""
        return _MAGIC + json.dumps(asdict(self), sort_keys=True).encode()


def _read_file(fields: Fields) -> tuple[str, str]:
    file = fields.text("path"), fields.text("text", "")
    fields.done()
    return file


def _read_service(fields: Fields) -> PackageService:
    service = PackageService(
        name=fields.text("name"),
        display_name=fields.text("display_name"),
        path=fields.text("path"),
        start_mode=fields.text("start_mode", "auto", choices=("auto", "demand", "disabled")),
        depends=fields.texts("depends"),
        feature=fields.text("feature", ""),
    )
    fields.done()
    return service


def decode(data: bytes) -> Package | None:
    """The package in a file's bytes; None where they are no package of the rehearsal."""
    if not data.startswith(_MAGIC):
        return None
    fields: dict[str, Any] = json.loads(data[len(_MAGIC):])
    services = tuple(PackageService(**{**service, "depends": tuple(service["depends"])}) for service in fields.pop("services"))
    return Package(**{**fields, "features": tuple(fields["features"]), "properties": tuple(fields["properties"])}, services=services)
