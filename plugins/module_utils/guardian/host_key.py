# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The key by which the Host Guardian Service knows a host: set once, never replaced.

Source: Windows' own HgsClient.psm1, which keeps it in the registry and its certificate in LocalMachine\\My.
"""
from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..plans import Finding

_KEY = r"HKLM:\SOFTWARE\Microsoft\HgsClient"
_STORE = r"Cert:\LocalMachine\My"
_NO_KEY = "PathNotFound"
_THUMBPRINT = re.compile(r"[0-9A-F]{40}")
_ORIGINS = {1: "generated", 2: "supplied"}


@dataclass(frozen=True)
class HostKey:
    """thumbprint: in upper case; certificate: its row in the store, None where it is not there."""

    thumbprint: str
    origin: str
    certificate: Mapping[str, Any] | None

    def as_state(self) -> dict[str, Any]:
        row = self.certificate or {}
        return {
            "thumbprint": self.thumbprint,
            "origin": self.origin,
            "subject": row.get("Subject"),
            "not_after": row.get("NotAfter"),
            "certificate": pem(row["RawData"]) if row else None,
        }


def thumbprint(text: str) -> str:
    """As Windows spells it, whatever spaces somebody copied along."""
    return "".join(text.split()).upper()


def is_thumbprint(text: str) -> bool:
    return bool(_THUMBPRINT.fullmatch(thumbprint(text)))


def read() -> list[Call]:
    return [
        Cmdlet("host_key", "Get-ItemProperty", {"LiteralPath": _KEY}, ("HostKeyThumbprint?", "HostKeyGenerated?")),
        Cmdlet(
            "certificates", "Get-ChildItem", {"LiteralPath": _STORE}, ("Thumbprint", "Subject", "NotAfter", "HasPrivateKey", "RawData"),
        ),
    ]


def present(answers: Answers) -> HostKey | None:
    error = answers["host_key"].error
    if error is not None and error.id.split(",")[0] == _NO_KEY:
        return None
    row = answers.row("host_key")
    if not row["HostKeyThumbprint"]:
        return None
    own = thumbprint(row["HostKeyThumbprint"])
    return HostKey(own, _ORIGINS.get(row["HostKeyGenerated"], "unknown"), certificate(answers, own))


def certificate(answers: Answers, wanted: str) -> Mapping[str, Any] | None:
    """The certificate of this thumbprint in the host's store."""
    return next((row for row in answers.rows("certificates") if thumbprint(row["Thumbprint"]) == wanted), None)


def refusals(wanted: str | None, found: HostKey | None) -> Iterator[str]:
    if wanted and found and thumbprint(wanted) != found.thumbprint:
        yield (
            f"host_key_thumbprint: this host has the key {found.thumbprint} ({found.origin}), wanted {thumbprint(wanted)}. A key is never "
            "replaced, because the HGS knows the host by it. If it really is to be another one, run Remove-HgsClientHostKey on the host, "
            "then this again, and give the new certificate to the administrator of the HGS"
        )


def blockers(wanted: str | None, found: HostKey | None, answers: Answers) -> Iterator[str]:
    if not wanted or found:
        return
    row = certificate(answers, thumbprint(wanted))
    if row is None:
        yield f"the certificate {thumbprint(wanted)} is not in LocalMachine\\My of this host"
    elif not row["HasPrivateKey"]:
        yield f"the certificate {thumbprint(wanted)} has no private key on this host"


def findings(found: HostKey | None) -> Iterator[Finding]:
    """A key that the host can no longer use. Only its administrator can decide to give it up."""
    if found is None or (found.certificate and found.certificate["HasPrivateKey"]):
        return
    what = "its private key is missing" if found.certificate else "its certificate is not in LocalMachine\\My"
    yield Finding(
        "host_key", "critical", found.thumbprint, what, "a certificate with its private key in LocalMachine\\My",
        "Bring the certificate back with its key. Where it is lost, run Remove-HgsClientHostKey on the host; the next run makes a new key, "
        "which the HGS must be told.",
    )


def set_key(wanted: str | None) -> Call:
    """Fails where a key is set, also the same one."""
    named = {"Thumbprint": thumbprint(wanted)} if wanted else {}
    return Cmdlet("set_key", "Set-HgsClientHostKey", {**named, "Confirm": False})


def pem(der: bytes) -> str:
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
