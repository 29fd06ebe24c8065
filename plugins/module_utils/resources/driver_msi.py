# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the driver's installer package is on the host. Looks only: installing is the work of ansible.windows.win_package."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..evidence import promise, seen, seen_one, service_status
from ..plans import Difference, Plan, Promise
from ..wql import named

# A 32-bit package on 64-bit Windows is listed in the second.
_UNINSTALL = [
    "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*",
    "HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*",
]
# What Windows Installer itself keeps of the products that are installed for all users.
_PRODUCTS = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\S-1-5-18\\Products\\*\\InstallProperties"
_INSTALLED_ELSEWHERE = "this section only looks; the driver stage of the role hyperv_compute installs it with ansible.windows.win_package"


@dataclass(frozen=True)
class _Product:
    """An entry of the list of installed programs. id: the product code, where an MSI made the entry."""

    id: str
    name: str
    version: str | None


class DriverMsi:
    """Finds the product by its display name, because its product code differs from release to release, and its service."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("programs", "Get-ItemProperty", {"Path": _UNINSTALL}, ("PSChildName", "DisplayName?", "DisplayVersion?")),
            # Not Get-Service, to which a service that is absent is an error.
            Cmdlet("services", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": named([options["service"]])}, ("Name",)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        products = _products(options["product"], answers)
        has_service = bool(answers.rows("services"))
        differences = tuple(_differences(options, products, has_service))
        return Plan(
            differences=differences,
            blockers=(_INSTALLED_ELSEWHERE,) if differences else (),
            warnings=tuple(_warnings(options, products, has_service)),
            state={"products": [asdict(product) for product in products], "service": has_service},
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("products", "Get-ItemProperty", {"Path": [_PRODUCTS]}, ("DisplayName?", "DisplayVersion?")),
            service_status("service", options["service"]),
        ]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        prefix, wanted = options["product"].lower(), options["version"]
        products = [row for row in seen(answers, "products") if (row["DisplayName"] or "").lower().startswith(prefix)]
        there = options["service"] if seen_one(answers, "service") else None
        service = promise("service", options["service"], there, "Get-Service")
        if wanted is None:
            return (service,)
        versions = [row["DisplayVersion"] for row in products]
        found = wanted if wanted in versions else ", ".join(map(str, versions)) or None
        return (service, promise("version", wanted, found, "registry InstallProperties of Windows Installer"))


RESOURCE = DriverMsi()


def _products(prefix: str, answers: Answers) -> list[_Product]:
    entries = (_Product(row["PSChildName"], row["DisplayName"] or "", row["DisplayVersion"]) for row in answers.rows("programs"))
    return [entry for entry in entries if entry.name.lower().startswith(prefix.lower())]


def _differences(options: Mapping[str, Any], products: Sequence[_Product], has_service: bool) -> Iterator[Difference]:
    if not has_service:
        yield Difference("service", None, options["service"])
        if not products:
            yield Difference("product", None, f"{options['product'].rstrip()} ...")
    wanted = options["version"]
    if wanted is not None and wanted not in [product.version for product in products]:
        yield Difference("version", ", ".join(product.version or "unknown" for product in products) or None, wanted)


def _warnings(options: Mapping[str, Any], products: Sequence[_Product], has_service: bool) -> Iterator[str]:
    if has_service and not products:
        yield f"the service {options['service']} is there, but no installed program is named {options['product'].rstrip()} ..."
    if len(products) > 1:
        yield f"several installed programs match: {', '.join(product.name for product in products)}"
