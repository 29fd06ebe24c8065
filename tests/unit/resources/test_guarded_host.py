# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/guarded_host.md: what the guarded host reads, calls, refuses and explains."""
from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.guardian.attestation import attestation
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Plan
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.guarded_host import RESOURCE

ATTESTATION, PROTECTION = "http://hgs.example.org/Attestation", "http://hgs.example.org/KeyProtection"
URLS = {"attestation_url": ATTESTATION, "key_protection_url": PROTECTION}
SPARE = {"attestation_url": "https://hgs2.example.org/Attestation", "key_protection_url": "https://hgs2.example.org:8443/KeyProtection"}
KEY, OTHER = "0A" * 20, "0B" * 20
NO_COMMAND, NO_KEY = CmdletError("CommandNotFoundException", "no"), CmdletError("PathNotFound,GetItemPropertyCommand", "no")
SET_URLS = {"AttestationServerUrl": ATTESTATION, "KeyProtectionServerUrl": PROTECTION}
SET_SPARE = {
    "FallbackAttestationServerUrl": SPARE["attestation_url"], "FallbackKeyProtectionServerUrl": SPARE["key_protection_url"],
}
LOCAL: dict[str, Any] = {
    "Mode": "Local", "AttestationServerUrl": None, "KeyProtectionServerUrl": None, "FallbackAttestationServerUrl": [],
    "FallbackKeyProtectionServerUrl": [], "IsFallbackInUse": False, "IsHostGuarded": False, "AttestationOperationMode": "Unknown",
    "AttestationStatus": "NotConfigured", "AttestationSubstatus": "NoInformation",
}
PASSED: dict[str, Any] = {
    **LOCAL, "Mode": "HostGuardianService", **SET_URLS, "IsHostGuarded": True, "AttestationOperationMode": "HostKey",
    "AttestationStatus": "Passed",
}
CERTIFICATE: dict[str, Any] = {
    "Thumbprint": KEY, "Subject": "CN=HGS Client Host Key (HV01)", "NotAfter": "2027-05-04T08:00:00.0000000Z", "HasPrivateKey": True,
    "RawData": b"\x30" * 60,
}
GOOD_TPM = {"SpecVersion": "2.0, 0, 1.38", "IsEnabled_InitialValue": True, "IsActivated_InitialValue": True}


def options(by: str | None = "host_key", **given: Any) -> dict[str, Any]:
    rest = {"mode": "hgs", "fallback": None, "host_key_thumbprint": None, "require_attestation": True, "wait_seconds": 30}
    return {**rest, "attestation": by, **URLS, **given}


def host(**parts: Any) -> Answers:
    """A guarded Server 2022 unless said otherwise; `client` None stands for cmdlets that are not there."""
    client, key = parts.get("client", PASSED), parts.get("key", {"HostKeyThumbprint": KEY, "HostKeyGenerated": 1})
    certificates = parts.get("certificates", (CERTIFICATE,))
    feature = parts.get("feature", "Installed")
    reachable = parts.get("reachable", (True, True, True))
    tpm, guard = parts.get("tpm", (GOOD_TPM,)), parts.get("guard", ([1, 2, 3], 2))
    computer = {"DNSHostName": "hv01", "PartOfDomain": parts.get("domain", True)}
    guarded = {"AvailableSecurityProperties": guard[0], "VirtualizationBasedSecurityStatus": guard[1]}
    return Answers({
        "feature": Answer("feature", ({"InstallState": feature},) if feature else ()),
        "system": Answer("system", ({"BuildNumber": parts.get("build", "20348")},)),
        "computer": Answer("computer", (computer,)),
        "edition": Answer("edition", ({"EditionID": parts.get("edition", "ServerDatacenter")},)),
        "client": Answer("client", (client,)) if client else Answer("client", error=NO_COMMAND),
        "host_key": Answer("host_key", error=key) if isinstance(key, CmdletError) else Answer("host_key", (key,)),
        "certificates": Answer("certificates", tuple(certificates)),
        "tpm": Answer("tpm", tuple(tpm)),
        "device_guard": Answer("device_guard", (guarded,)),
        **{
            f"endpoint{number}": Answer(f"endpoint{number}", ({"TcpTestSucceeded": answers, "RemoteAddress": "10.50.0.5"},))
            for number, answers in enumerate(reachable)
        },
    })


def plan(wanted: dict[str, Any], **parts: Any) -> Plan:
    return RESOURCE.plan(wanted, host(**parts))


def found(made: Plan) -> list[tuple[str, str]]:
    return [(finding.name, finding.severity) for finding in made.findings]


COMMON = [
    Cmdlet("feature", "Get-WindowsFeature", {"Name": ["HostGuardian"]}, ("InstallState",)),
    Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber",)),
    Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName", "PartOfDomain")),
    Cmdlet("edition", "Get-ItemProperty", {"LiteralPath": r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"}, ("EditionID",)),
    Cmdlet("client", "Get-HgsClientConfiguration", properties=(
        "Mode", "AttestationServerUrl", "KeyProtectionServerUrl", "FallbackAttestationServerUrl?", "FallbackKeyProtectionServerUrl?",
        "IsFallbackInUse?", "IsHostGuarded", "AttestationOperationMode", "AttestationStatus", "AttestationSubstatus",
    )),
]
READ_KEY = [
    Cmdlet("host_key", "Get-ItemProperty", {"LiteralPath": r"HKLM:\SOFTWARE\Microsoft\HgsClient"}, (
        "HostKeyThumbprint?", "HostKeyGenerated?",
    )),
    Cmdlet("certificates", "Get-ChildItem", {"LiteralPath": r"Cert:\LocalMachine\My"}, (
        "Thumbprint", "Subject", "NotAfter", "HasPrivateKey", "RawData",
    )),
]
READ_HARDWARE = [
    Cmdlet("tpm", "Get-CimInstance", {"Namespace": "root/cimv2/Security/MicrosoftTpm", "ClassName": "Win32_Tpm"}, (
        "SpecVersion", "IsEnabled_InitialValue", "IsActivated_InitialValue",
    )),
    Cmdlet("device_guard", "Get-CimInstance", {"Namespace": "root/Microsoft/Windows/DeviceGuard", "ClassName": "Win32_DeviceGuard"}, (
        "AvailableSecurityProperties", "VirtualizationBasedSecurityStatus",
    )),
]


def endpoint(number: int, name: str, port: int) -> Cmdlet:
    return Cmdlet(f"endpoint{number}", "Test-NetConnection", {"ComputerName": name, "Port": port}, ("TcpTestSucceeded", "RemoteAddress"))


def test_reads_what_the_way_of_attestation_needs() -> None:
    hgs = endpoint(0, "hgs.example.org", 80)
    assert RESOURCE.read(options()) == [*COMMON, *READ_KEY, hgs]
    assert RESOURCE.read(options("tpm")) == [*COMMON, *READ_HARDWARE, hgs]
    assert RESOURCE.read(options("active_directory", fallback=SPARE)) == [
        *COMMON, hgs, endpoint(1, "hgs2.example.org", 443), endpoint(2, "hgs2.example.org", 8443),
    ]
    assert RESOURCE.read(options(mode="local")) == COMMON


def test_a_guarded_host_needs_nothing() -> None:
    made = plan(options())
    assert (made.differences, made.calls, made.findings, made.refusals) == ((), (), (), ())
    assert made.state == {
        "mode": "hgs",
        "guarded": True,
        "attestation": {"mode": "host_key", "status": "Passed", "substatus": [], "meaning": "the host may run shielded virtual machines"},
        **URLS,
        "fallback": None,
        "fallback_in_use": False,
        "host_key": {
            "thumbprint": KEY, "origin": "generated", "subject": "CN=HGS Client Host Key (HV01)",
            "not_after": "2027-05-04T08:00:00.0000000Z",
            "certificate": (
                "-----BEGIN CERTIFICATE-----\n" + base64.b64encode(b"\x30" * 60).decode()[:64] + "\n"
                + base64.b64encode(b"\x30" * 60).decode()[64:] + "\n-----END CERTIFICATE-----\n"
            ),
        },
        "feature": "Installed",
        "endpoints": [{"address": "hgs.example.org", "port": 80, "remote": "10.50.0.5", "reachable": True}],
    }


def test_urls_are_the_same_whatever_their_case_and_last_slash() -> None:
    assert plan(options(attestation_url="HTTP://HGS.example.org/attestation/")).differences == ()


def test_a_host_in_local_mode_gets_a_key_first_and_then_the_urls() -> None:
    made = plan(options(), client=LOCAL, key=NO_KEY, certificates=())
    assert made.differences == (
        Difference("mode", "local", "hgs"),
        Difference("attestation_url", None, ATTESTATION),
        Difference("key_protection_url", None, PROTECTION),
        Difference("host_key", None, "a new key"),
    )
    assert made.calls == (
        Cmdlet("set_key", "Set-HgsClientHostKey", {"Confirm": False}),
        Cmdlet("set", "Set-HgsClientConfiguration", {**SET_URLS, "Confirm": False}),
    )
    assert made.settle == (
        Cmdlet("attested", "Get-HgsClientConfiguration", until={"IsHostGuarded": True}, retry=Retry(6, 5)),
    )
    # Nothing is said of an attestation by something else.
    assert made.findings == ()


def test_no_waiting_where_nobody_wants_to() -> None:
    assert plan(options(wait_seconds=0), client=LOCAL).settle == ()


def test_the_urls_stay_where_only_the_key_is_missing() -> None:
    made = plan(options(host_key_thumbprint=f" {KEY.lower()} "), key={"HostKeyThumbprint": None, "HostKeyGenerated": 2})
    assert made.differences == (Difference("host_key", None, KEY),)
    assert made.calls == (Cmdlet("set_key", "Set-HgsClientHostKey", {"Thumbprint": KEY, "Confirm": False}),)
    assert made.blockers == ()


@pytest.mark.parametrize(("present", "wanted", "parameters"), [
    (([], []), SPARE, {**SET_URLS, **SET_SPARE}),
    ((["http://old/Attestation"], ["http://old/KeyProtection"]), SPARE, {**SET_URLS, **SET_SPARE}),
    (([SPARE["attestation_url"]], [SPARE["key_protection_url"]]), None, SET_URLS),
])
def test_the_fallback_is_set_with_all_urls(present: tuple[list[str], list[str]], wanted: Any, parameters: dict[str, str]) -> None:
    client = {**PASSED, "FallbackAttestationServerUrl": present[0], "FallbackKeyProtectionServerUrl": present[1]}
    made = plan(options(fallback=wanted), client=client)
    (difference,) = made.differences
    assert (difference.path, difference.after) == ("fallback", wanted)
    assert made.calls == (Cmdlet("set", "Set-HgsClientConfiguration", {**parameters, "Confirm": False}),)


def test_server_2016_has_no_fallback_to_look_at() -> None:
    client = {**PASSED, "FallbackAttestationServerUrl": None, "FallbackKeyProtectionServerUrl": None, "IsFallbackInUse": None}
    made = plan(options("tpm"), client={**client, "AttestationOperationMode": "Tpm"}, build="14393")
    assert (made.differences, made.findings, made.state["fallback"]) == ((), (), None)


@pytest.mark.parametrize(("client", "blocked"), [(PASSED, 1), (LOCAL, 0), (None, 0)])
def test_local_mode(client: Any, blocked: int) -> None:
    made = plan(options(None, mode="local", attestation_url=None, key_protection_url=None), client=client, feature="")
    assert made.differences == (Difference("mode", "hgs", "local"),) * blocked
    assert made.calls == (Cmdlet("set", "Set-HgsClientConfiguration", {"EnableLocalMode": True, "Confirm": False}),) * blocked
    assert (made.refusals, made.blockers, made.findings) == ((), (), ())


def test_a_client_that_says_nothing() -> None:
    nothing = {**LOCAL, **dict.fromkeys(("IsHostGuarded", "AttestationOperationMode", "AttestationStatus", "AttestationSubstatus"))}
    made = plan(options(mode="local"), client=nothing)
    assert (made.differences, made.state["guarded"]) == ((), False)
    assert (made.state["attestation"]["status"], made.state["attestation"]["substatus"]) == ("Unknown", [])


@pytest.mark.parametrize(("given", "says"), [
    ({"by": None}, "attestation: mode: hgs needs it"),
    ({"attestation_url": None}, "attestation_url: mode: hgs needs it"),
    ({"attestation_url": "hgs.example.org/Attestation"}, "attestation_url: 'hgs.example.org/Attestation' is no URL of an HGS"),
    ({"key_protection_url": "ftp://hgs/KeyProtection"}, "key_protection_url: 'ftp://hgs/KeyProtection' is no URL of an HGS"),
    ({"attestation_url": "http://hgs.example.org"}, "attestation_url: 'http://hgs.example.org' is no URL of an HGS"),
    ({"attestation_url": "http://hgs:x/Attestation"}, "attestation_url: 'http://hgs:x/Attestation' is no URL of an HGS"),
    ({"fallback": {**SPARE, "attestation_url": "http://"}}, "fallback.attestation_url: 'http://' is no URL of an HGS"),
    ({"host_key_thumbprint": "0A0B"}, "host_key_thumbprint: '0A0B' is no thumbprint, which has 40 hexadecimal digits"),
    ({"by": "tpm", "host_key_thumbprint": KEY}, "host_key_thumbprint: attestation: tpm uses no host key"),
    ({"wait_seconds": 3601}, "wait_seconds: 3601 is not between 0 and 3600"),
])
def test_options_that_can_never_be(given: dict[str, Any], says: str) -> None:
    made = RESOURCE.plan(options(**given), Answers())
    assert len(made.refusals) == 1
    assert made.refusals[0].startswith(says)


@pytest.mark.parametrize(("wanted", "parts", "says"), [
    (options(), {"feature": "", "edition": "ServerStandard", "client": None}, "mode: this edition of Windows (ServerStandard) cannot be"),
    (options(), {"edition": "ServerStandardEval"}, "mode: this edition of Windows (ServerStandardEval) cannot be a guarded host"),
    (options(), {"build": "14393"}, "attestation: host_key needs Windows Server 2019"),
    (options("active_directory"), {}, "attestation: active_directory is for Windows Server 2016 and deprecated from 2019 on"),
    (options("tpm", fallback=SPARE), {"build": "14393"}, "fallback: Windows Server 2016 takes one HGS only"),
    (options(host_key_thumbprint=OTHER), {}, f"host_key_thumbprint: this host has the key {KEY} (generated), wanted {OTHER}."),
])
def test_what_this_host_cannot_be(wanted: dict[str, Any], parts: dict[str, Any], says: str) -> None:
    made = plan(wanted, **parts)
    assert [refusal[:len(says)] for refusal in made.refusals] == [says]
    assert (made.differences, made.calls) == ((), ())


@pytest.mark.parametrize(("feature", "says"), [
    ("Available", "the feature HostGuardian is not installed; win_hv_features installs it"),
    ("Removed", "the feature HostGuardian is not installed; win_hv_features installs it"),
    ("InstallPending", "the feature HostGuardian waits for a restart"),
    ("Installed", "the feature HostGuardian waits for a restart"),
])
def test_differences_are_known_before_the_feature_is_there(feature: str, says: str) -> None:
    made = plan(options(), client=None, key=NO_KEY, certificates=(), feature=feature)
    assert [(item.path, item.before) for item in made.differences] == [
        ("mode", None), ("attestation_url", None), ("key_protection_url", None), ("host_key", None),
    ]
    assert made.blockers == (says,)
    assert made.state["attestation"] is None


@pytest.mark.parametrize(("certificates", "says"), [
    ((), f"the certificate {KEY} is not in LocalMachine\\My of this host"),
    (({**CERTIFICATE, "HasPrivateKey": False},), f"the certificate {KEY} has no private key on this host"),
])
def test_a_certificate_that_cannot_become_the_key_yet(certificates: tuple[Any, ...], says: str) -> None:
    assert plan(options(host_key_thumbprint=KEY), key=NO_KEY, certificates=certificates).blockers == (says,)


@pytest.mark.parametrize(("certificates", "says"), [
    ((), "its certificate is not in LocalMachine\\My"), (({**CERTIFICATE, "HasPrivateKey": False},), "its private key is missing"),
])
def test_a_key_that_the_host_has_lost(certificates: tuple[Any, ...], says: str) -> None:
    (finding,) = plan(options(), certificates=certificates).findings
    assert (finding.name, finding.severity, finding.target, finding.found) == ("host_key", "critical", KEY, says)


def seen(status: str, substatus: str = "NoInformation", mode: str = "HostKey", **more: Any) -> dict[str, Any]:
    read = {"AttestationStatus": status, "AttestationSubstatus": substatus, "AttestationOperationMode": mode}
    return {**PASSED, "IsHostGuarded": status == "Passed", **read, **more}


@pytest.mark.parametrize(("status", "meaning", "remedy"), [
    ("Expired", "its health certificate has expired", "clocks of host and HGS agree"),
    ("TransientError", "passing reason", "resolves the name in the URL and reaches its port"),
    ("TpmError", "the TPM failed", "Look into the TPM's log"),
    ("Unknown", "has not tried to attest yet", "Wait, then ask again"),
    ("UnauthorizedHost", "does not know this host", "Add-HgsAttestationHostKey -Name hv01 -Path hv01.cer"),
    ("NotConfigured", "knows no HGS", "Set the URLs"),
    ("SomethingNew", "does not know", "Get-HgsTrace -RunDiagnostics -Detailed"),
])
def test_every_status_is_explained(status: str, meaning: str, remedy: str) -> None:
    (finding,) = plan(options(), client=seen(status)).findings
    assert (finding.name, finding.severity, finding.target, finding.wanted) == ("attestation", "critical", "hv01", "Passed")
    assert finding.found.startswith(f"{status}: ")
    assert meaning in finding.found
    assert remedy in finding.remediation


@pytest.mark.parametrize(("by", "remedy"), [
    ("tpm", "Add-HgsAttestationTpmHost -Name hv01 -Path hv01.xml"), ("active_directory", "security group"),
])
def test_an_unknown_host_is_registered_by_its_way_of_attestation(by: str, remedy: str) -> None:
    build = "14393" if by == "active_directory" else "20348"
    (finding,) = plan(options(by), client=seen("UnauthorizedHost", mode="Unknown"), build=build).findings
    assert remedy in finding.remediation


def test_every_failed_policy_is_explained() -> None:
    made = plan(options("tpm"), client=seen("InsecureHostConfiguration", "SecureBoot, BitLocker", "Tpm"))
    (finding,) = made.findings
    assert finding.found == (
        "InsecureHostConfiguration (BitLocker, SecureBoot): the host does not comply with policies of the HGS (BitLocker: the system "
        "volume is not encrypted; SecureBoot: Secure Boot is off or does not use Microsoft's template)"
    )
    assert finding.remediation == "BitLocker: encrypt it with BitLocker. SecureBoot: enable it in the firmware."
    assert made.state["attestation"]["substatus"] == ["BitLocker", "SecureBoot"]


# The values that troubleshoot-hosts.md lists.
@pytest.mark.parametrize("policy", [
    "BitLocker", "CodeIntegrityPolicy", "DumpsEnabled", "DumpEncryption", "DumpEncryptionKey", "FullBoot", "HibernationEnabled",
    "HypervisorEnforcedCodeIntegrityPolicy", "Iommu", "PagefileEncryption", "SecureBoot", "SecureBootSettings", "TcgLogVerification",
    "VirtualSecureMode",
])
def test_no_documented_policy_is_forgotten(policy: str) -> None:
    said = attestation("Tpm", "InsecureHostConfiguration", policy)
    assert f"{policy}: " in said.meaning
    assert f"{policy}: " in said.remedy("tpm", "hv01")


def test_a_host_that_need_not_pass_is_warned_of() -> None:
    assert found(plan(options(require_attestation=False), client=seen("UnauthorizedHost"))) == [("attestation", "warning")]


def test_another_mode_and_a_fallback_in_use_are_told() -> None:
    assert found(plan(options(), client=seen("Passed", mode="Tpm"))) == [("attestation_mode", "warning")]
    client = seen(
        "Passed", IsFallbackInUse=True, FallbackAttestationServerUrl=[SPARE["attestation_url"]],
        FallbackKeyProtectionServerUrl=[SPARE["key_protection_url"]],
    )
    made = plan(options(fallback=SPARE), client=client, reachable=(False, True, True))
    assert found(made) == [("hgs_unreachable", "warning"), ("fallback_in_use", "warning")]


def test_an_hgs_that_does_not_answer() -> None:
    assert found(plan(options(), reachable=(False,))) == [("hgs_unreachable", "critical")]
    assert found(plan(options(require_attestation=False), reachable=(False,))) == [("hgs_unreachable", "warning")]


@pytest.mark.parametrize(("parts", "expected"), [
    ({}, []),
    ({"tpm": ()}, [("tpm", "critical")]),
    ({"tpm": ({**GOOD_TPM, "SpecVersion": "1.2, 2, 3"},)}, [("tpm", "critical")]),
    ({"tpm": ({**GOOD_TPM, "SpecVersion": "Not Supported"},)}, [("tpm", "critical")]),
    ({"tpm": ({**GOOD_TPM, "IsEnabled_InitialValue": False},)}, [("tpm", "critical")]),
    ({"guard": ([1, 3], 2)}, [("secure_boot", "critical")]),
    ({"guard": ([1, 2], 2)}, [("iommu", "warning")]),
    ({"guard": ([1, 2, 3], 1)}, [("virtualization_based_security", "warning")]),
    ({"guard": (None, 2)}, [("secure_boot", "critical"), ("iommu", "warning")]),
])
def test_what_the_hardware_lacks_for_a_tpm(parts: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(plan(options("tpm"), client=seen("Passed", mode="Tpm"), **parts)) == expected


def test_virtualization_based_security_comes_with_the_feature() -> None:
    assert found(plan(options("tpm"), client=None, feature="Available", guard=([1, 2, 3], 0))) == []


def test_active_directory_wants_a_domain_and_is_deprecated() -> None:
    made = plan(options("active_directory"), client=seen("Passed", mode="ActiveDirectory"), build="14393", domain=None)
    assert found(made) == [("domain", "warning")]
    (warning,) = made.warnings
    assert warning.startswith("attestation: active_directory is deprecated from Windows Server 2019 on")


def test_a_client_that_cannot_be_read() -> None:
    broken = Answers({**host(), "client": Answer("client", error=CmdletError("HRESULT 0x80041001", "Generic failure"))})
    with pytest.raises(CallFailed, match="Generic failure"):
        RESOURCE.plan(options(), broken)
