# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The client of the Host Guardian Service (HGS) on a host: which services it uses, and what they said of the host.

Source: Windows' own HgsClient.psm1; hgsclientwmi MSFT_HgsClientConfiguration; sql-docs, the output of Get-HgsClientConfiguration.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..calls import Cmdlet
from ..network.tcp_endpoints import Endpoint, is_host
from .attestation import UNKNOWN, Attestation, attestation

_COMMAND = "Get-HgsClientConfiguration"
_SERVICE_MODE = "HostGuardianService"
# What an attestation came to, by the names of both cmdlets that tell.
SAID = ("AttestationOperationMode", "AttestationStatus", "AttestationSubstatus")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Urls:
    """The two services of one HGS."""

    attestation_url: str
    key_protection_url: str

    def same(self, other: Urls | None) -> bool:
        return other is not None and self._plain() == other._plain()

    def _plain(self) -> tuple[str, ...]:
        return tuple(url.rstrip("/").lower() for url in (self.attestation_url, self.key_protection_url))


@dataclass(frozen=True)
class Client:
    """urls is None in local mode, fallback where there is no second HGS."""

    urls: Urls | None
    fallback: Urls | None
    fallback_in_use: bool
    guarded: bool
    attestation: Attestation


def wanted(options: Mapping[str, Any]) -> tuple[Urls, Urls | None]:
    """The HGS, and the one that is asked where it does not answer."""
    fallback = options["fallback"]
    return Urls(options["attestation_url"], options["key_protection_url"]), Urls(**fallback) if fallback else None


def read() -> Cmdlet:
    """Asking makes the host attest where it has no valid health certificate."""
    # Server 2016 knows no fallback.
    fallback = ("FallbackAttestationServerUrl?", "FallbackKeyProtectionServerUrl?", "IsFallbackInUse?")
    urls = ("AttestationServerUrl", "KeyProtectionServerUrl")
    return Cmdlet("client", _COMMAND, properties=("Mode", *urls, *fallback, "IsHostGuarded", *SAID))


def client(row: Mapping[str, Any]) -> Client:
    names = ("AttestationServerUrl", "KeyProtectionServerUrl")
    return Client(
        urls=_pair(*(row[name] for name in names)) if row["Mode"] == _SERVICE_MODE else None,
        fallback=_pair(*(_first(row[f"Fallback{name}"]) for name in names)),
        fallback_in_use=bool(row["IsFallbackInUse"]),
        guarded=bool(row["IsHostGuarded"]),
        attestation=said(row),
    )


def said(row: Mapping[str, Any]) -> Attestation:
    """Of a row with SAID. In local mode nothing has been said, which may be null."""
    return attestation(*(row[name] or UNKNOWN for name in SAID))


def _first(value: Any) -> str | None:
    """Windows keeps fallback URLs as arrays, of one at most: its cmdlet takes no more."""
    texts = [text for text in (value if isinstance(value, list) else [value]) if text]
    return texts[0] if texts else None


def _pair(attestation_url: str | None, key_protection_url: str | None) -> Urls | None:
    return Urls(attestation_url or "", key_protection_url or "") if attestation_url or key_protection_url else None


def configure(urls: Urls, fallback: Urls | None) -> Cmdlet:
    """All URLs at once: the cmdlet removes the fallback where it is given none."""
    parameters = {"AttestationServerUrl": urls.attestation_url, "KeyProtectionServerUrl": urls.key_protection_url}
    if fallback:
        parameters["FallbackAttestationServerUrl"] = fallback.attestation_url
        parameters["FallbackKeyProtectionServerUrl"] = fallback.key_protection_url
    return Cmdlet("set", "Set-HgsClientConfiguration", {**parameters, "Confirm": False})


def local_mode() -> Cmdlet:
    return Cmdlet("set", "Set-HgsClientConfiguration", {"EnableLocalMode": True, "Confirm": False})


def endpoint(url: str) -> Endpoint | None:
    """Where a URL leads; None for a text that is no URL of an HGS."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return Endpoint(host, port) if parts.scheme in _PORTS and is_host(host) and parts.path.strip("/") else None
