# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/guarded_host.md: by which paths a guarded host is seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.guarded_host import RESOURCE

URLS = {"attestation_url": "http://hgs.example.org/Attestation", "key_protection_url": "http://hgs.example.org/KeyProtection"}
SPARE = {"attestation_url": "http://hgs2.example.org/Attestation", "key_protection_url": "http://hgs2.example.org/KeyProtection"}
KEY, OTHER = "0A" * 20, "0B" * 20
BY_CIM, BY_TEST, BY_KEY = "CIM MSFT_HgsClientConfiguration.Get", "Test-HgsClientConfiguration", "Get-HgsClientHostKey"
SAID = ("AttestationOperationMode", "AttestationStatus", "AttestationSubstatus")
NO_COMMAND, NO_NAMESPACE = CmdletError("CommandNotFoundException", "no"), CmdletError("HRESULT 0x8004100e,X", "Invalid namespace")


def options(by: str | None = "host_key", **given: Any) -> dict[str, Any]:
    rest = {"mode": "hgs", "fallback": None, "host_key_thumbprint": None, "require_attestation": True, "wait_seconds": 30}
    return {**rest, "attestation": by, **URLS, **given}


def answer(call: str, row: dict[str, Any] | CmdletError) -> Answer:
    return Answer(call, error=row) if isinstance(row, CmdletError) else Answer(call, (row,))


def answers(  # pylint: disable=too-many-arguments
    mode: int | None = 2, url: str | None = URLS["attestation_url"], guarded: bool = True, first: str | CmdletError = "Passed",
    second: str = "Passed", key: str | None = KEY,
) -> Answers:
    seen = {
        "cmdletOutput.IsHostGuarded": guarded, "cmdletOutput.Mode": mode, "cmdletOutput.AttestationServerUrl": url,
        "cmdletOutput.KeyProtectionServerUrl": URLS["key_protection_url"],
    }
    said = {"AttestationOperationMode": "HostKey", "AttestationSubstatus": "NoInformation"}
    rows: dict[str, dict[str, Any] | CmdletError] = {
        "cim": NO_NAMESPACE if mode is None else seen,
        "computer": {"DNSHostName": "hv01"},
        "attest": first if isinstance(first, CmdletError) else {**said, "AttestationStatus": first},
        "attest_fallback": {**said, "AttestationStatus": second},
        "key": {"Thumbprint": key, "HasPrivateKey": True} if key else CmdletError("WriteErrorException,X", "no key"),
    }
    return Answers({call: answer(call, row) for call, row in rows.items()})


def test_evidence_takes_other_paths() -> None:
    cim = Cmdlet(
        "cim", "Invoke-CimMethod",
        {"Namespace": "root/Microsoft/Windows/Hgs", "ClassName": "MSFT_HgsClientConfiguration", "MethodName": "Get"},
        ("cmdletOutput.IsHostGuarded", "cmdletOutput.Mode", "cmdletOutput.AttestationServerUrl", "cmdletOutput.KeyProtectionServerUrl"),
    )
    computer = Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName",))
    attest = Cmdlet("attest", "Test-HgsClientConfiguration", {"UsePrimary": True}, SAID)
    fallback = Cmdlet("attest_fallback", "Test-HgsClientConfiguration", {"UseFallback": True}, SAID)
    key = Cmdlet("key", "Get-HgsClientHostKey", properties=("Thumbprint", "HasPrivateKey"))
    assert RESOURCE.evidence(options()) == [cim, computer, attest, key]
    assert RESOURCE.evidence(options("tpm", fallback=SPARE)) == [cim, computer, attest, fallback]
    assert RESOURCE.evidence(options("tpm", require_attestation=False)) == [cim]
    assert RESOURCE.evidence(options(mode="local")) == [cim]


def test_kept_promises() -> None:
    assert RESOURCE.promises(options(host_key_thumbprint=KEY.lower()), answers()) == (
        Promise("mode", "hgs", "hgs", BY_CIM, True),
        Promise("urls", URLS, URLS, BY_CIM, True),
        Promise("guarded", True, True, BY_CIM, True),
        Promise("attestation", "Passed", "Passed", BY_TEST, True),
        Promise("host_key", KEY, KEY, BY_KEY, True),
    )
    assert RESOURCE.promises(options(mode="local"), answers(1)) == (Promise("mode", "local", "local", BY_CIM, True),)
    assert RESOURCE.promises(options(mode="local"), answers(None)) == (Promise("mode", "local", "local", BY_CIM, True),)


@pytest.mark.parametrize(("wanted", "seen", "broken"), [
    (options(), answers(1, None), {"mode", "urls"}),
    (options(), answers(None, first="TransientError"), {"mode", "urls", "guarded", "attestation"}),
    (options(), answers(guarded=False, first="UnauthorizedHost"), {"guarded", "attestation"}),
    (options(host_key_thumbprint=OTHER), answers(), {"host_key"}),
    (options(), answers(key=None), {"host_key"}),
    (options(mode="local"), answers(), {"mode"}),
    (options(require_attestation=False), answers(guarded=False, first="UnauthorizedHost"), set()),
    (options("tpm", fallback=SPARE), answers(first="TransientError"), set()),
    (options("tpm", fallback=SPARE), answers(first="TransientError", second="UnauthorizedHost"), {"attestation"}),
])
def test_broken_promises(wanted: dict[str, Any], seen: Answers, broken: set[str]) -> None:
    assert {promise.name for promise in RESOURCE.promises(wanted, seen) if not promise.kept} == broken


def test_what_the_hgs_says_is_explained() -> None:
    (said,) = (promise for promise in RESOURCE.promises(options(), answers(first="UnauthorizedHost")) if promise.name == "attestation")
    assert said.found.startswith("UnauthorizedHost: the HGS does not know this host. Give the certificate of the host key")
    assert "-Name hv01 " in said.found


def test_server_2016_cannot_attest_again_on_request() -> None:
    names = [promise.name for promise in RESOURCE.promises(options("tpm"), answers(first=NO_COMMAND))]
    assert names == ["mode", "urls", "guarded"]
