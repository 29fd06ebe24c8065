# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificate store LocalMachine\\My of a simulated server.

The certificates are real ones; of a private key only its presence is kept.
"""
from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

# What New-SelfSignedCertificate gives by default (windows-powershell-docs pki).
_KEY_BITS, _VALID = 2048, timedelta(days=365)


@dataclass(frozen=True)
class Certificate:
    """private_key: whether this machine has the private key."""

    der: bytes = field(repr=False)
    private_key: bool

    @property
    def parsed(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.der)

    @property
    def thumbprint(self) -> str:
        """As .NET writes it: SHA-1 over the whole certificate, in upper case."""
        return self.parsed.fingerprint(hashes.SHA1()).hex().upper()


def self_signed(subject: str, start: datetime) -> Certificate:
    """With RSASSA-PSS, which is what the HGS client asks for (Windows' HgsClient.psm1)."""
    key = rsa.generate_private_key(65537, _KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    usage = dict.fromkeys((
        "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
        "decipher_only",
    ), False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _VALID)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .sign(key, hashes.SHA256(), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH))
    )
    return Certificate(certificate.public_bytes(serialization.Encoding.DER), True)


class CertificateStore:
    """Certificates by thumbprint."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._certificates: dict[str, Certificate] = {}
        self._note = note

    def all(self) -> list[Certificate]:
        return list(self._certificates.values())

    def find(self, thumbprint: str) -> Certificate | None:
        return self._certificates.get(thumbprint.upper())

    def add(self, certificate: Certificate) -> None:
        self._certificates[certificate.thumbprint] = certificate
        self._note(f"certificate {certificate.thumbprint} added to LocalMachine\\My")

    def remove(self, thumbprint: str) -> None:
        self._certificates.pop(thumbprint.upper(), None)
        self._note(f"certificate {thumbprint} removed from LocalMachine\\My")

    def dump(self) -> list[list[Any]]:
        return [[base64.b64encode(item.der).decode(), item.private_key] for item in self.all()]

    def load(self, data: list[list[Any]]) -> None:
        loaded = [Certificate(base64.b64decode(der), private_key) for der, private_key in data]
        self._certificates = {item.thumbprint: item for item in loaded}
