# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The guarded host as os-win sees it, through CIM; and what the HGS says of it now, whatever health certificate it gave before.

docs/resources/guarded_host.md names the sources.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..guardian import hgs_client, host_key
from ..guardian.attestation import HOST_KEY, PASSED
from ..guardian.hgs_client import Urls
from ..plans import Promise
from . import instances, promise, seen_one

_CLASS = "MSFT_HgsClientConfiguration"
_GET = {"Namespace": "root/Microsoft/Windows/Hgs", "ClassName": _CLASS, "MethodName": "Get"}
_SEEN_BY_CIM, _ATTEST, _KEY = f"CIM {_CLASS}.Get", "Test-HgsClientConfiguration", "Get-HgsClientHostKey"
_SERVICE_MODE = 2


def calls(options: Mapping[str, Any]) -> list[Call]:
    names = ("IsHostGuarded", "Mode", "AttestationServerUrl", "KeyProtectionServerUrl")
    wanted: list[Call] = [Cmdlet("cim", "Invoke-CimMethod", _GET, tuple(f"cmdletOutput.{name}" for name in names))]
    if options["mode"] == "hgs" and options["require_attestation"]:
        wanted += [instances("computer", "Win32_ComputerSystem", "DNSHostName"), *_attest(options)]
    if options["mode"] == "hgs" and options["attestation"] == HOST_KEY:
        wanted.append(Cmdlet("key", _KEY, properties=("Thumbprint", "HasPrivateKey")))
    return wanted


def _attest(options: Mapping[str, Any]) -> list[Cmdlet]:
    """Each HGS by itself: without a switch the cmdlet asks the first one only (HgsClient.psm1), whatever its page says."""
    switches = {"attest": "UsePrimary", **({"attest_fallback": "UseFallback"} if options["fallback"] else {})}
    return [Cmdlet(call, _ATTEST, {switch: True}, hgs_client.SAID) for call, switch in switches.items()]


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, answers))


def _promises(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    row = seen_one(answers, "cim")
    # Without the feature there is no client that could be in another mode than the local one.
    yield promise("mode", options["mode"], "hgs" if row.get("cmdletOutput.Mode") == _SERVICE_MODE else "local", _SEEN_BY_CIM)
    if options["mode"] == "local":
        return
    wanted = hgs_client.wanted(options)[0]
    found = Urls(row.get("cmdletOutput.AttestationServerUrl") or "", row.get("cmdletOutput.KeyProtectionServerUrl") or "")
    yield Promise("urls", asdict(wanted), asdict(found), _SEEN_BY_CIM, wanted.same(found))
    if options["require_attestation"]:
        yield promise("guarded", True, row.get("cmdletOutput.IsHostGuarded"), _SEEN_BY_CIM)
        yield from _attestation(options, answers)
    if options["attestation"] == HOST_KEY:
        yield _key(options["host_key_thumbprint"], answers)


def _attestation(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    """Kept where one HGS attests the host; else what the first one says. Server 2016 has no such cmdlet."""
    if answers["attest"].missing_command:
        return
    said = [hgs_client.said(row) for call in _attest(options) if (row := seen_one(answers, call.id))]
    if any(item.passed for item in said):
        yield promise("attestation", PASSED, PASSED, _ATTEST)
        return
    host = seen_one(answers, "computer").get("DNSHostName", "")
    found = [f"{item}: {item.meaning}. {item.remedy(options['attestation'], host)}" for item in said]
    yield promise("attestation", PASSED, found[0] if found else None, _ATTEST)


def _key(wanted: str | None, answers: Answers) -> Promise:
    row = seen_one(answers, "key")
    kept = bool(row.get("HasPrivateKey")) and (not wanted or row["Thumbprint"] == host_key.thumbprint(wanted))
    return Promise("host_key", host_key.thumbprint(wanted) if wanted else "a key", row.get("Thumbprint"), _KEY, kept)
