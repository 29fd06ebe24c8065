# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drive Cert: of the item cmdlets, as far as LocalMachine\\My. Source: PowerShell/PowerShell CertificateProvider.cs."""
from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.values import PSObject

if TYPE_CHECKING:
    from ..machine import Machine
    from ..machine.certificates import Certificate

_DRIVE, _STORE = "cert:\\", "localmachine\\my"
_TEACH = "extend rehearsal/cmdlets/certificate_provider.py"


def is_certificate_path(path: str) -> bool:
    return path.lower().startswith(_DRIVE)


def stored(machine: Machine, path: str, command: str) -> Certificate:
    """The certificate at a path that ends with its thumbprint."""
    thumbprint = _below_store(path)
    if not thumbprint:
        raise not_modelled(f"the certificate store {path} as an item", _TEACH)
    found = machine.certificates.find(thumbprint)
    if found is None:
        raise PowerShellError(
            f"PathNotFound,Microsoft.PowerShell.Commands.{command}", "ObjectNotFound",
            "System.Management.Automation.ItemNotFoundException", f"Cannot find path '{path}' because it does not exist.",
        )
    return found


def certificates(machine: Machine, path: str) -> list[PSObject]:
    """What the store holds."""
    if _below_store(path):
        raise not_modelled(f"the children of {path}", _TEACH)
    return [certificate_object(item) for item in machine.certificates.all()]


def certificate_object(item: Certificate) -> PSObject:
    parsed = item.parsed
    subject = parsed.subject.rfc4514_string()
    place = "Microsoft.PowerShell.Security\\Certificate::LocalMachine\\My"
    properties: dict[str, Any] = {
        "Thumbprint": item.thumbprint,
        "Subject": subject,
        "Issuer": parsed.issuer.rfc4514_string(),
        "NotBefore": _utc(parsed.not_valid_before_utc),
        "NotAfter": _utc(parsed.not_valid_after_utc),
        "SerialNumber": f"{parsed.serial_number:X}",
        "HasPrivateKey": item.private_key,
        "RawData": item.der,
        "PSPath": f"{place}\\{item.thumbprint}",
        "PSParentPath": place,
        "PSChildName": item.thumbprint,
        "PSIsContainer": False,
    }
    return PSObject("System.Security.Cryptography.X509Certificates.X509Certificate2", properties, text=f"[Subject]\r\n  {subject}\r\n")


def _below_store(path: str) -> str:
    """The thumbprint, empty for the store itself."""
    store, separator, thumbprint = path[len(_DRIVE):].lower().partition(_STORE)
    if store or not separator:
        raise not_modelled(f"the certificate path {path}", _TEACH)
    return thumbprint.strip("\\")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc)
