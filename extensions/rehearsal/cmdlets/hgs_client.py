# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module HgsClient and the CIM class that its functions call. The lab's `hgs` says what the services answer."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..machine.certificates import self_signed
from ..machine.guardian import CLIENT_KEY, KEY_GENERATED, KEY_THUMBPRINT, NOT_CONFIGURED, PASSED, STATUSES, TRANSIENT, Urls, Verdict
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .certificate_provider import certificate_object, stored
from .cim_schema import GUARDIAN, Unmodelled, answers

if TYPE_CHECKING:
    from ..machine import Machine

_CLASS = "MSFT_HgsClientConfiguration"
_PSM1 = "Windows' HgsClient.psm1 (text of three releases: 2016, 1709, 2019)"
_CIM = "learn.microsoft.com hgsclientwmi MSFT_HgsClientConfiguration (numbers), microsoft/wmi root.Microsoft.Windows.Hgs (properties)"
_TYPES = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.HgsClientConfiguration"
_GENERATED, _SUPPLIED = 1, 2
_LOCAL_MODE, _SERVICE_MODE = 1, 2
# Host key's number stands nowhere; the two others are documented.
_MODE_NUMBERS = {"": 0, "Tpm": 1, "ActiveDirectory": 2, "HostKey": 3}
_URL_PARAMETERS = ("AttestationServerUrl", "KeyProtectionServerUrl", "FallbackAttestationServerUrl", "FallbackKeyProtectionServerUrl")


@cmdlet(
    "Get-HgsClientConfiguration",
    source=f"{_CIM}; guarded-fabric-confirm-hosts-can-attest-successfully.md (asking attests); sql-docs, the output of a guarded host",
    unconfirmed="the name Local of Mode; how several substatus flags are ordered; whether the cmdlet is there without the feature",
)
def get_configuration(machine: Machine, bound: Bound) -> list[PSObject]:
    return [_configuration(machine, named=True)]


@cmdlet("Set-HgsClientConfiguration", source=f"{_PSM1}; guarded-fabric-manage-branch-office.md (the fallback pair, from 1709 on)")
def set_configuration(machine: Machine, bound: Bound) -> list[PSObject]:
    fallback = [name for name in bound if name.startswith("Fallback")]
    if fallback and machine.os_version == "2016":
        raise PowerShellError(
            "NamedParameterNotFound,Set-HgsClientConfiguration", "InvalidArgument",
            "System.Management.Automation.ParameterBindingException",
            f"A parameter cannot be found that matches parameter name '{fallback[0]}'.",
        )
    for name in _URL_PARAMETERS:
        _check_url(name, bound.get(name, ""))
    primary = Urls(bound.get("AttestationServerUrl", ""), bound.get("KeyProtectionServerUrl", ""))
    spare = Urls(bound.get("FallbackAttestationServerUrl", ""), bound.get("FallbackKeyProtectionServerUrl", ""))
    machine.hgs.configure(primary, spare, machine.now())
    return [_configuration(machine, named=False)]


def _check_url(name: str, text: str) -> None:
    """ValidateScript makes a System.Uri of each, which takes absolute ones only."""
    if text and not urlsplit(text).scheme:
        raise PowerShellError(
            "ParameterArgumentValidationError,Set-HgsClientConfiguration", "InvalidData",
            "System.Management.Automation.ParameterBindingValidationException",
            f"Cannot validate argument on parameter '{name}'. Invalid URI: The format of the URI could not be determined.",
        )


@cmdlet("Test-HgsClientConfiguration", source=f"{_PSM1}; windows-powershell-docs HgsClient (ignores cached health certificates)",
        unconfirmed="what -UsePrimary and no parameter do differently: the text of 2019 has no difference")
def test_configuration(machine: Machine, bound: Bound) -> list[PSObject]:
    if machine.os_version == "2016":
        raise PowerShellError(
            "CommandNotFoundException", "ObjectNotFound", "System.Management.Automation.CommandNotFoundException",
            "The term 'Test-HgsClientConfiguration' is not recognized as the name of a cmdlet, function, script file, or operable program.",
        )
    client = machine.hgs
    servers = client.fallback if bound.get("UseFallback") else client.primary
    verdict = Verdict(NOT_CONFIGURED)
    if servers and client.since is not None:
        verdict = machine.guardians.attest(machine, servers.attestation, client.since) or Verdict(TRANSIENT)
    return [PSObject("System.Management.Automation.PSCustomObject", {
        "AttestationServerUrl": servers.attestation or None, **_attestation(verdict, named=True),
    })]


@cmdlet("Set-HgsClientHostKey", source=_PSM1, unconfirmed="the error messages, which are in the module's language file")
def set_host_key(machine: Machine, bound: Bound) -> list[PSObject]:
    """In the order of the function: what was written before an error stays."""
    registry, command = machine.registry, "Set-HgsClientHostKey"
    if registry.has(CLIENT_KEY, KEY_THUMBPRINT):
        raise _written_error(command, "A host key is already set.")
    if "Thumbprint" in bound:
        key = stored(machine, rf"Cert:\LocalMachine\My\{bound['Thumbprint']}", "GetItemCommand")
        registry.set(CLIENT_KEY, KEY_GENERATED, _SUPPLIED, "DWord")
    else:
        key = self_signed(f"HGS Client Host Key ({machine.identity.computer_name})", machine.now())
        machine.certificates.add(key)
        registry.set(CLIENT_KEY, KEY_GENERATED, _GENERATED, "DWord")
    if not key.private_key:
        raise _written_error(command, f"The certificate {key.thumbprint} has no private key.")
    registry.set(CLIENT_KEY, KEY_THUMBPRINT, key.thumbprint, "String")
    machine.note(f"HGS client: host key {key.thumbprint}")
    return [certificate_object(key)] if bound.get("PassThru") else []


@cmdlet("Get-HgsClientHostKey", source=_PSM1, unconfirmed="the error messages, which are in the module's language file")
def get_host_key(machine: Machine, bound: Bound) -> list[PSObject]:
    if bound:
        raise not_modelled("Get-HgsClientHostKey -Path", "extend rehearsal/cmdlets/hgs_client.py")
    thumbprint = machine.registry.get(CLIENT_KEY, KEY_THUMBPRINT)
    if not thumbprint:
        raise _written_error("Get-HgsClientHostKey", "No host key is set.")
    found = machine.certificates.find(thumbprint)
    if found is None:
        raise _written_error("Get-HgsClientHostKey", f"The certificate {thumbprint} of the host key was not found.")
    return [certificate_object(found)]


def _written_error(command: str, message: str) -> PowerShellError:
    """Write-Error in a function (PowerShell/PowerShell WriteErrorCmdlet: its default exception and category)."""
    exception = "Microsoft.PowerShell.Commands.WriteErrorException"
    return PowerShellError(f"{exception},{command}", "NotSpecified", exception, message)


@answers(GUARDIAN, _CLASS, "Get")
def cim_get(machine: Machine, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"ReturnValue": 0, "cmdletOutput": _configuration(machine, named=False)}


def _configuration(machine: Machine, *, named: bool) -> PSObject:
    """named: with the enumerations of the CDXML cmdlet; without it with the numbers of the CIM class."""
    client = machine.hgs
    verdict, used = client.attest(machine)
    mode = ("HostGuardianService", _SERVICE_MODE) if client.primary else ("Local", _LOCAL_MODE)
    properties = {
        **_attestation(verdict, named=named),
        "Mode": PSEnum(f"{_TYPES}.Mode", *mode) if named else mode[1],
        "KeyProtectionServerUrl": client.primary.key_protection or None,
        "AttestationServerUrl": client.primary.attestation or None,
        "PSComputerName": None,
    }
    if machine.os_version != "2016":
        properties |= {
            "FallbackKeyProtectionServerUrl": list(filter(None, [client.fallback.key_protection])),
            "FallbackAttestationServerUrl": list(filter(None, [client.fallback.attestation])),
            "LastKeyProtectionServerUrl": Unmodelled("MSFT_HgsClientConfiguration.LastKeyProtectionServerUrl"),
            "LastAttestationServerUrl": Unmodelled("MSFT_HgsClientConfiguration.LastAttestationServerUrl"),
        }
        if named:
            properties["IsFallbackInUse"] = bool(client.fallback) and used == client.fallback
    return PSObject(f"CimInstance#{_CLASS}", properties)


def _attestation(verdict: Verdict, *, named: bool) -> dict[str, Any]:
    guarded = verdict.status == PASSED
    if not named:
        return {
            "IsHostGuarded": guarded,
            "AttestationOperationMode": _MODE_NUMBERS[verdict.mode],
            "AttestationStatus": STATUSES[verdict.status],
            # Only three of its bits are documented.
            "AttestationSubstatus": Unmodelled("MSFT_HgsClientConfiguration.AttestationSubstatus") if verdict.substatus else 0,
        }
    return {
        "IsHostGuarded": guarded,
        "AttestationOperationMode": PSEnum(f"{_TYPES}.AttestationOperationMode", verdict.mode or "Unknown", _MODE_NUMBERS[verdict.mode]),
        "AttestationStatus": PSEnum(f"{_TYPES}.AttestationStatus", verdict.status, STATUSES[verdict.status]),
        "AttestationSubstatus": PSEnum(f"{_TYPES}.AttestationSubStatus", ", ".join(verdict.substatus) or "NoInformation"),
    }
