# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracles: the text of Windows' HgsClient.psm1, and Microsoft's pages on guarded hosts and on MSFT_HgsClientConfiguration."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.machine import Machine, SpecError
from rehearsal.machine.certificates import Certificate, self_signed
from rehearsal.machine.fields import Fields
from rehearsal.machine.guardian import CLIENT_KEY, Guardians, read_guardian

from tests.unit.rehearsal.cmdlets.hosts import Host

GUARDIAN: dict[str, Any] = {"name": "hgs.example.org", "address": "10.50.0.5", "authorised": ["HV01"]}
SPARE: dict[str, Any] = {**GUARDIAN, "name": "hgs2.example.org", "address": "10.50.0.6"}
PRIMARY = {"AttestationServerUrl": "http://hgs.example.org/Attestation", "KeyProtectionServerUrl": "http://hgs.example.org/KeyProtection"}
FALLBACK = {
    "FallbackAttestationServerUrl": "http://hgs2.example.org/Attestation",
    "FallbackKeyProtectionServerUrl": "http://hgs2.example.org/KeyProtection",
}
SEEN = ("IsHostGuarded", "Mode", "AttestationOperationMode", "AttestationStatus", "AttestationSubstatus")


def guardians(*entries: dict[str, Any]) -> Guardians:
    return Guardians(read_guardian(Fields(entry, "lab.hgs")) for entry in entries)


def host(*entries: dict[str, Any], **spec: Any) -> Host:
    made = Host(**{"features": {"installed": ["HostGuardian"]}, **spec})
    made.machine.guardians = guardians(*(entries or (GUARDIAN,)))
    return made


def seen(made: Host) -> list[Any]:
    (row,) = made.rows("Get-HgsClientConfiguration", *SEEN)
    return [row[name] for name in SEEN]


def static(made: Host, *properties: str, **parameters: Any) -> dict[str, Any]:
    where = {"Namespace": r"root\Microsoft\Windows\Hgs", "ClassName": "MSFT_HgsClientConfiguration", "MethodName": "Get"}
    return made.call("Invoke-CimMethod", properties, **{**where, **parameters})


def test_a_host_that_knows_no_hgs() -> None:
    made = host()
    assert seen(made) == [False, "Local", "Unknown", "NotConfigured", "NoInformation"]
    assert made.rows("Test-HgsClientConfiguration", "AttestationServerUrl", "AttestationStatus", "IsHostGuarded") == [
        {"AttestationServerUrl": None, "AttestationStatus": "NotConfigured", "IsHostGuarded": False},
    ]


def test_the_cmdlets_come_with_the_feature() -> None:
    made = host(features={})
    for command in ("Get-HgsClientConfiguration", "Set-HgsClientHostKey"):
        assert made.error(command).split(",")[0] == "CommandNotFoundException"
    assert static(made)["error"]["id"].startswith("HRESULT 0x8004100e")


def test_a_host_key_is_made_once() -> None:
    made = host()
    made.rows("Set-HgsClientHostKey")
    thumbprint, origin = (made.machine.registry.get(CLIENT_KEY, name) for name in ("HostKeyThumbprint", "HostKeyGenerated"))
    assert origin == 1
    (row,) = made.rows("Get-HgsClientHostKey", "Thumbprint", "Subject", "HasPrivateKey")
    assert row == {"Thumbprint": thumbprint, "Subject": "CN=HGS Client Host Key (HV01)", "HasPrivateKey": True}
    assert made.rows("Get-ChildItem", "Thumbprint", LiteralPath=r"Cert:\LocalMachine\My") == [{"Thumbprint": thumbprint}]
    assert made.error("Set-HgsClientHostKey") == "Microsoft.PowerShell.Commands.WriteErrorException,Set-HgsClientHostKey"
    assert made.machine.registry.get(CLIENT_KEY, "HostKeyThumbprint") == thumbprint


def test_a_supplied_key_must_be_there_with_its_private_key() -> None:
    made = host()
    assert made.error("Set-HgsClientHostKey", Thumbprint="0A" * 20).startswith("PathNotFound,")
    assert not made.machine.registry.has(CLIENT_KEY, "HostKeyGenerated")
    good = self_signed("own", made.clock())
    made.machine.certificates.add(Certificate(good.der, private_key=False))
    assert "WriteErrorException" in made.error("Set-HgsClientHostKey", Thumbprint=good.thumbprint)
    # The function writes this before it looks at the private key.
    assert made.machine.registry.get(CLIENT_KEY, "HostKeyGenerated") == 2
    assert not made.machine.registry.has(CLIENT_KEY, "HostKeyThumbprint")
    made.machine.certificates.add(good)
    (row,) = made.rows("Set-HgsClientHostKey", "Thumbprint", Thumbprint=good.thumbprint.lower(), PassThru=True)
    assert row == {"Thumbprint": good.thumbprint}


def test_a_key_whose_certificate_is_gone() -> None:
    made = host()
    assert "WriteErrorException" in made.error("Get-HgsClientHostKey")
    made.rows("Set-HgsClientHostKey")
    made.machine.certificates.remove(made.machine.registry.get(CLIENT_KEY, "HostKeyThumbprint"))
    assert "WriteErrorException" in made.error("Get-HgsClientHostKey")


def test_host_keys_came_with_2019_and_the_fallback_with_1709() -> None:
    made = host(os={"version": "2016"})
    assert made.error("Set-HgsClientHostKey").split(",")[0] == "CommandNotFoundException"
    assert made.error("Test-HgsClientConfiguration").split(",")[0] == "CommandNotFoundException"
    assert made.error("Set-HgsClientConfiguration", **PRIMARY, **FALLBACK) == "NamedParameterNotFound,Set-HgsClientConfiguration"
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert made.call("Get-HgsClientConfiguration", ("IsFallbackInUse",))["error"]["id"] == "PropertyNotFound"


def test_only_absolute_urls_are_taken() -> None:
    made = host()
    wrong = {**PRIMARY, "AttestationServerUrl": "hgs.example.org"}
    assert made.error("Set-HgsClientConfiguration", **wrong) == "ParameterArgumentValidationError,Set-HgsClientConfiguration"
    assert seen(made)[1] == "Local"


def test_a_key_that_is_registered_passes() -> None:
    made = host()
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert seen(made) == [False, "HostGuardianService", "HostKey", "UnauthorizedHost", "NoInformation"]
    made.rows("Set-HgsClientHostKey")
    assert seen(made) == [True, "HostGuardianService", "HostKey", "Passed", "NoInformation"]
    names = ("IsHostGuarded", "Mode", "AttestationStatus", "AttestationServerUrl")
    (row,) = static(made, "ReturnValue", *(f"cmdletOutput.{name}" for name in names))["output"]
    assert list(row.values()) == [0, True, 2, 100, PRIMARY["AttestationServerUrl"]]


def test_an_administrator_registers_a_host() -> None:
    made = host({**GUARDIAN, "authorised": []})
    made.rows("Set-HgsClientHostKey")
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert seen(made)[3] == "UnauthorizedHost"
    made.machine.guardians.authorise("hgs.example.org", "HV01")
    assert seen(made)[3] == "Passed"


@pytest.mark.parametrize(("hardware", "status", "substatus"), [
    ({}, "Passed", "NoInformation"),
    ({"tpm": ""}, "TpmError", "NoInformation"),
    ({"tpm": "1.2"}, "TpmError", "NoInformation"),
    ({"device_guard_properties": [1, 3]}, "InsecureHostConfiguration", "SecureBoot"),
    ({"device_guard_properties": [1]}, "InsecureHostConfiguration", "SecureBoot, Iommu"),
])
def test_a_tpm_tells_what_the_hardware_is(hardware: dict[str, Any], status: str, substatus: str) -> None:
    made = host({**GUARDIAN, "attestation": "tpm"}, hardware=hardware)
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert seen(made)[3:] == [status, substatus]


def test_a_host_in_no_domain_is_in_no_group() -> None:
    for domain, status in (("", "UnauthorizedHost"), ("example.org", "Passed")):
        made = host({**GUARDIAN, "attestation": "active_directory"}, os={"version": "2016"}, domain=domain)
        made.rows("Set-HgsClientConfiguration", **PRIMARY)
        assert seen(made)[2:4] == ["ActiveDirectory", status]


def test_an_attestation_takes_its_time() -> None:
    made = host({**GUARDIAN, "lag_seconds": 20, "lag_status": "TransientError"})
    made.rows("Set-HgsClientHostKey")
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert seen(made)[2:4] == ["Unknown", "TransientError"]
    made.clock.pass_by(20)
    assert seen(made)[3] == "Passed"
    # Setting the same again starts nothing.
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert seen(made)[3] == "Passed"


@pytest.mark.parametrize("entry", [{**GUARDIAN, "up": False}, {**GUARDIAN, "https": True}, {**GUARDIAN, "name": "other.example.org"}])
def test_where_nothing_answers(entry: dict[str, Any]) -> None:
    made = host(entry, SPARE)
    made.rows("Set-HgsClientHostKey")
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert seen(made)[2:4] == ["Unknown", "TransientError"]
    made.rows("Set-HgsClientConfiguration", **PRIMARY, **FALLBACK)
    assert seen(made)[2:4] == ["HostKey", "Passed"]
    assert made.values("Get-HgsClientConfiguration", "IsFallbackInUse") == [True]
    assert made.values("Test-HgsClientConfiguration", "AttestationStatus") == ["TransientError"]
    assert made.values("Test-HgsClientConfiguration", "AttestationStatus", UseFallback=True) == ["Passed"]
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert made.values("Get-HgsClientConfiguration", "FallbackAttestationServerUrl") == [[]]


def test_an_https_server_answers_on_its_own_port() -> None:
    made = host({**GUARDIAN, "https": True})
    reached = [made.values("Test-NetConnection", "TcpTestSucceeded", ComputerName="hgs.example.org", Port=port) for port in (80, 443)]
    assert reached == [[False], [True]]


def test_back_to_local_mode() -> None:
    made = host()
    made.rows("Set-HgsClientConfiguration", **PRIMARY, **FALLBACK)
    made.rows("Set-HgsClientConfiguration", EnableLocalMode=True)
    assert seen(made)[:2] == [False, "Local"]
    (row,) = static(made, "cmdletOutput.Mode", "cmdletOutput.AttestationServerUrl")["output"]
    assert list(row.values()) == [1, None]


def test_what_is_set_survives() -> None:
    made = host()
    made.rows("Set-HgsClientHostKey")
    made.rows("Set-HgsClientConfiguration", **PRIMARY, **FALLBACK)
    again = Machine.load("hv01", made.spec, made.machine.dump(), made.clock)
    assert (again.hgs.primary, again.hgs.fallback, again.hgs.since) == (
        made.machine.hgs.primary, made.machine.hgs.fallback, made.machine.hgs.since,
    )
    assert again.certificates.all() == made.machine.certificates.all()


def test_a_report_of_the_lab_goes_first() -> None:
    report = {"hv01": {"status": "InsecureHostConfiguration", "substatus": ["BitLocker", "FullBoot"]}}
    made = host({**GUARDIAN, "reports": report})
    made.rows("Set-HgsClientConfiguration", **PRIMARY)
    assert seen(made)[3:] == ["InsecureHostConfiguration", "BitLocker, FullBoot"]


@pytest.mark.parametrize(("entry", "key"), [
    ({"address": "10.50.0.5"}, "name"),
    ({"name": "hgs"}, "address"),
    ({**GUARDIAN, "attestation": "sgx"}, "attestation"),
    ({**GUARDIAN, "lag_status": "Passed"}, "lag_status"),
    ({**GUARDIAN, "reports": {"hv01": {"status": "Sad"}}}, "reports.hv01.status"),
    ({**GUARDIAN, "reports": {"hv01": {"status": "Passed", "substatus": ["Iommu"]}}}, "reports.hv01.substatus"),
    ({**GUARDIAN, "hosts": []}, "hosts"),
])
def test_a_wrong_entry_of_the_lab(entry: dict[str, Any], key: str) -> None:
    with pytest.raises(SpecError) as caught:
        guardians(entry)
    assert str(caught.value).startswith(f"lab.hgs.{key}")


def test_a_lab_has_each_service_once() -> None:
    with pytest.raises(SpecError, match=r"lab\.hgs"):
        from_mapping({"rehearsal": 1, "hosts": {"hv01": {}}, "hgs": [GUARDIAN, {**GUARDIAN, "address": "10.50.0.9"}]})


def test_the_tpm_in_cim() -> None:
    where = {"Namespace": r"root\cimv2\Security\MicrosoftTpm", "ClassName": "Win32_Tpm"}
    assert Host().values("Get-CimInstance", "SpecVersion", **where) == ["2.0, 0, 1.38"]
    assert Host(hardware={"tpm": ""}).rows("Get-CimInstance", "SpecVersion", **where) == []


def test_the_feature_switches_virtualization_based_security_on() -> None:
    where = {"Namespace": r"root\Microsoft\Windows\DeviceGuard", "ClassName": "Win32_DeviceGuard"}
    for features, status in ([], 0), (["HostGuardian"], 2):
        made = Host(features={"installed": features})
        assert made.values("Get-CimInstance", "VirtualizationBasedSecurityStatus", **where) == [status]
