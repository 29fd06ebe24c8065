# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Host Guardian Services of a lab, and the client that each simulated server has.

Sources: windowsserverdocs guarded-fabric pages; learn.microsoft.com hgsclientwmi MSFT_HgsClientConfiguration; Windows' HgsClient.psm1.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .errors import SpecError
from .fields import Fields
from .network_spec import read_address

if TYPE_CHECKING:
    from .machine import Machine

CLIENT_KEY = r"HKLM:\SOFTWARE\Microsoft\HgsClient"
KEY_THUMBPRINT, KEY_GENERATED = "HostKeyThumbprint", "HostKeyGenerated"

MODES = {"tpm": "Tpm", "active_directory": "ActiveDirectory", "host_key": "HostKey"}
UNKNOWN, NOT_CONFIGURED, PASSED, TRANSIENT, UNAUTHORIZED, TPM_ERROR, INSECURE = (
    "Unknown", "NotConfigured", "Passed", "TransientError", "UnauthorizedHost", "TpmError", "InsecureHostConfiguration",
)
STATUSES = {NOT_CONFIGURED: 0, UNKNOWN: 1, PASSED: 100, "Expired": 200, TRANSIENT: 300, UNAUTHORIZED: 301, TPM_ERROR: 302, INSECURE: 303}
SUBSTATUSES = (
    "BitLocker", "CodeIntegrityPolicy", "DumpsEnabled", "DumpEncryption", "DumpEncryptionKey", "FullBoot", "HibernationEnabled",
    "HypervisorEnforcedCodeIntegrityPolicy", "Iommu", "PagefileEncryption", "SecureBoot", "SecureBootSettings", "TcgLogVerification",
    "VirtualSecureMode",
)
_ATTESTATION_PATH = "/attestation"
# Win32_DeviceGuard.AvailableSecurityProperties and VirtualizationBasedSecurityStatus (PowerShell's DeviceGuardHardwareSecure).
_SECURE_BOOT, _DMA_PROTECTION, _RUNNING = 2, 3, 2


@dataclass(frozen=True)
class GuardianSpec:
    """One HGS. authorised: computer names; for host keys that stands for the key that the host has when it attests.

    lag_seconds: from a host's configuration until its attestation is through, with lag_status until then.
    reports: status and substatus by computer name in lower case, instead of what the host's own state would give.
    """

    name: str
    address: str
    attestation: str
    https: bool
    up: bool
    authorised: tuple[str, ...]
    lag_seconds: float
    lag_status: str
    reports: Mapping[str, tuple[str, tuple[str, ...]]]

    @property
    def port(self) -> int:
        return 443 if self.https else 80


def read_guardian(fields: Fields) -> GuardianSpec:
    spec = GuardianSpec(
        name=fields.text("name").lower(),
        address=read_address(fields.text("address"), fields.at("address")),
        attestation=fields.text("attestation", "host_key", choices=tuple(MODES)),
        https=fields.flag("https", False),
        up=fields.flag("up", True),
        authorised=fields.texts("authorised"),
        lag_seconds=fields.seconds("lag_seconds", 0),
        lag_status=fields.text("lag_status", UNKNOWN, choices=(UNKNOWN, TRANSIENT)),
        reports=_read_reports(fields.child("reports")),
    )
    fields.done()
    return spec


def _read_reports(fields: Fields) -> dict[str, tuple[str, tuple[str, ...]]]:
    reports = {}
    for name in fields.names():
        report = fields.child(name)
        status, substatus = report.text("status", choices=tuple(STATUSES)), report.texts("substatus", choices=SUBSTATUSES)
        if substatus and status != INSECURE:
            raise SpecError(report.at("substatus"), list(substatus), f"nothing, for it belongs to the status {INSECURE}")
        report.done()
        reports[name.lower()] = (status, substatus)
    return reports


@dataclass(frozen=True)
class Verdict:
    """What an attestation came to. mode: of the HGS; empty where it has not judged yet."""

    status: str
    substatus: tuple[str, ...] = ()
    mode: str = ""


class Guardians:
    """All Host Guardian Services of the lab."""

    def __init__(self, specs: Iterable[GuardianSpec] = ()) -> None:
        self._specs = tuple(specs)
        self._authorised = {spec.name: {name.lower() for name in spec.authorised} for spec in self._specs}

    def authorise(self, guardian: str, computer: str) -> None:
        """What the administrator of that HGS does."""
        self._authorised[guardian].add(computer.lower())

    def resolve(self, host: str) -> str | None:
        return next((spec.address for spec in self._specs if host.lower() in (spec.name, spec.address)), None)

    def answers(self, address: str, port: int) -> bool:
        return any(spec.up and spec.address == address and spec.port == port for spec in self._specs)

    def attest(self, machine: Machine, url: str, since: datetime) -> Verdict | None:
        """What the HGS at this URL says of the machine, which was told to use it at that moment; None where nothing answers there."""
        spec = self._at(url)
        if spec is None:
            return None
        mode = MODES[spec.attestation]
        if machine.now() < since + timedelta(seconds=spec.lag_seconds):
            return Verdict(spec.lag_status)
        name = machine.identity.computer_name.lower()
        if name in spec.reports:
            return Verdict(*spec.reports[name], mode)
        return Verdict(*_judge(machine, spec.attestation, name in self._authorised[spec.name]), mode)

    def _at(self, url: str) -> GuardianSpec | None:
        """None where nothing answers there: no such name, down, the other scheme, another path."""
        parts = urlsplit(url)
        if parts.path.rstrip("/").lower() != _ATTESTATION_PATH:
            return None
        found = (spec for spec in self._specs if parts.hostname in (spec.name, spec.address) and spec.up)
        return next((spec for spec in found if parts.scheme == ("https" if spec.https else "http")), None)


def _judge(machine: Machine, attestation: str, authorised: bool) -> tuple[str, tuple[str, ...]]:
    if attestation == "tpm" and machine.spec.hardware.tpm != "2.0":
        return TPM_ERROR, ()
    has_key = bool(machine.registry.get(CLIENT_KEY, KEY_THUMBPRINT))
    if not authorised or (attestation == "host_key" and not has_key) or (attestation == "active_directory" and not machine.identity.domain):
        return UNAUTHORIZED, ()
    failed = tuple(_violations(machine)) if attestation == "tpm" else ()
    return (INSECURE, failed) if failed else (PASSED, ())


def _violations(machine: Machine) -> Iterable[str]:
    """The policies of HGS that a host's hardware decides."""
    available = machine.spec.hardware.device_guard_properties
    if _SECURE_BOOT not in available:
        yield "SecureBoot"
    if _DMA_PROTECTION not in available:
        yield "Iommu"
    if machine.virtualization_based_security != _RUNNING:
        yield "VirtualSecureMode"


@dataclass(frozen=True)
class Urls:
    """The attestation server and its key protection server; both empty where there is none."""

    attestation: str = ""
    key_protection: str = ""

    def __bool__(self) -> bool:
        return bool(self.attestation)


@dataclass
class HgsClient:
    """The client's configuration. In local mode primary is empty. since: when it was last set."""

    note: Callable[[str], None]
    primary: Urls = field(default_factory=Urls)
    fallback: Urls = field(default_factory=Urls)
    since: datetime | None = None

    def configure(self, primary: Urls, fallback: Urls, now: datetime) -> None:
        if (primary, fallback) == (self.primary, self.fallback):
            return
        self.primary, self.fallback, self.since = primary, fallback, now
        self.note(f"HGS client: {primary.attestation or 'local mode'}, fallback {fallback.attestation or 'none'}")

    def attest(self, machine: Machine) -> tuple[Verdict, Urls]:
        """The verdict, and the servers that it is from: the fallback pair where the primary HGS does not answer."""
        if self.since is None or not self.primary:
            return Verdict(NOT_CONFIGURED), Urls()
        for servers in filter(None, (self.primary, self.fallback)):
            if verdict := machine.guardians.attest(machine, servers.attestation, self.since):
                return verdict, servers
        return Verdict(TRANSIENT), self.primary

    def dump(self) -> dict[str, Any]:
        return {
            "primary": list(astuple(self.primary)), "fallback": list(astuple(self.fallback)),
            "since": self.since.isoformat() if self.since else None,
        }

    def load(self, data: dict[str, Any]) -> None:
        self.primary, self.fallback = Urls(*data["primary"]), Urls(*data["fallback"])
        self.since = datetime.fromisoformat(data["since"]) if data["since"] else None
