# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_guarded_host on simulated servers and a simulated HGS. The oracle is the server's own state and journal."""
from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from rehearsal.machine.certificates import self_signed
from rehearsal.machine.guardian import CLIENT_KEY, Urls

from tests.integration.resources.conftest import Run, Server, StartServer

NEWER = ("2019", "2022", "2025")
GUARDIAN: dict[str, Any] = {"name": "hgs.example.org", "address": "10.50.0.5", "attestation": "host_key", "authorised": ["hv01"]}
SPARE: dict[str, Any] = {**GUARDIAN, "name": "hgs2.example.org", "address": "10.50.0.6"}
READY = {"installed": ["HostGuardian"]}


def urls(name: str = "hgs.example.org") -> dict[str, str]:
    return {"attestation_url": f"http://{name}/Attestation", "key_protection_url": f"http://{name}/KeyProtection"}


def task(attestation: str = "host_key", **options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_guarded_host": {"attestation": attestation, "wait_seconds": 0, **urls(), **options}}


def local() -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_guarded_host": {"mode": "local"}}


def findings(run: Run) -> dict[str, dict[str, str]]:
    return {finding["name"]: finding for finding in run.result["findings"]}


def thumbprint(host: Server) -> str:
    return str(host.machine.registry.get(CLIENT_KEY, "HostKeyThumbprint"))


@pytest.mark.parametrize("version", NEWER)
def test_a_host_gets_a_key_and_passes(server: StartServer, version: str) -> None:
    host = server(hgs=[GUARDIAN], os={"version": version}, features=READY)
    again = host.converge(task())
    assert host.machine.hgs.primary == Urls("http://hgs.example.org/Attestation", "http://hgs.example.org/KeyProtection")
    state = again.result["guarded_host"]
    assert (state["mode"], state["guarded"], state["attestation"]["status"]) == ("hgs", True, "Passed")
    assert state["host_key"]["thumbprint"] == thumbprint(host)
    assert state["host_key"]["origin"] == "generated"
    # What the administrator of the HGS gets is a certificate that a real library reads, and it is that of the key.
    certificate = x509.load_pem_x509_certificate(state["host_key"]["certificate"].encode())
    assert certificate.fingerprint(hashes.SHA1()).hex().upper() == thumbprint(host)
    assert again.result["findings"] == []


@pytest.mark.parametrize("version", ["2016", *NEWER])
def test_by_the_tpm(server: StartServer, version: str) -> None:
    host = server(hgs=[{**GUARDIAN, "attestation": "tpm"}], os={"version": version}, features=READY)
    again = host.converge(task("tpm"))
    assert again.result["guarded_host"]["guarded"]
    assert again.result["guarded_host"]["attestation"]["mode"] == "tpm"
    assert not host.machine.registry.has(CLIENT_KEY, "HostKeyThumbprint")


def test_by_active_directory_on_2016(server: StartServer) -> None:
    guardian = {**GUARDIAN, "attestation": "active_directory"}
    host = server(hgs=[guardian], os={"version": "2016"}, domain="example.org", features=READY)
    again = host.converge(task("active_directory"))
    assert again.result["guarded_host"]["attestation"]["mode"] == "active_directory"
    assert "deprecated" in again.result["warnings"][0]


def test_an_unknown_host_is_told_what_to_give_to_whom(server: StartServer) -> None:
    host = server(hgs=[{**GUARDIAN, "authorised": []}], features=READY)
    wanted = task(require_attestation=False)
    first = host.play(wanted)
    assert first.code == 0, first.output
    finding = findings(first)["attestation"]
    assert finding["severity"] == "warning"
    assert finding["found"] == "UnauthorizedHost: the HGS does not know this host"
    assert "Add-HgsAttestationHostKey -Name HV01 -Path HV01.cer" in finding["remediation"]
    assert first.result["guarded_host"]["host_key"]["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    # Who insists is stopped, and nothing is touched.
    stopped = host.play(task())
    assert stopped.code != 0
    assert "UnauthorizedHost" in stopped.result["msg"]
    assert host.changes() == []
    host.lab.guardians.authorise("hgs.example.org", "hv01")
    again = host.play(task())
    assert (again.code, again.result["changed"], again.result["findings"]) == (0, False, [])


def test_what_the_hgs_objects_to_is_explained(server: StartServer) -> None:
    report = {"hv01": {"status": "InsecureHostConfiguration", "substatus": ["SecureBootSettings", "Iommu"]}}
    host = server(hgs=[{**GUARDIAN, "attestation": "tpm", "reports": report}], features=READY)
    run = host.play(task("tpm", require_attestation=False))
    finding = findings(run)["attestation"]
    assert finding["found"].startswith("InsecureHostConfiguration (Iommu, SecureBootSettings): the host does not comply")
    assert "Iommu: enable the IOMMU" in finding["remediation"]
    assert "SecureBootSettings: capture a new one" in finding["remediation"]
    assert run.result["guarded_host"]["attestation"]["substatus"] == ["Iommu", "SecureBootSettings"]


@pytest.mark.parametrize("before", ["TransientError", "Unknown"])
def test_an_attestation_that_takes_its_time_is_waited_for(server: StartServer, before: str) -> None:
    host = server(hgs=[{**GUARDIAN, "lag_seconds": 3, "lag_status": before}], features=READY)
    run = host.play(task(wait_seconds=10))
    assert run.code == 0, run.output
    assert run.result["guarded_host"]["guarded"]
    assert run.result["findings"] == []
    # Read, apply, and one more that waits and reads back.
    assert len(host.entries()) == 3


def test_what_is_not_through_in_time_is_said(server: StartServer) -> None:
    host = server(hgs=[{**GUARDIAN, "lag_seconds": 600, "lag_status": "TransientError"}], features=READY)
    run = host.play(task())
    assert run.code == 0, run.output
    finding = findings(run)["attestation"]
    assert (finding["severity"], run.result["guarded_host"]["guarded"]) == ("critical", False)
    assert finding["found"].startswith("TransientError")


def test_the_fallback_is_asked_where_the_first_hgs_is_silent(server: StartServer) -> None:
    host = server(hgs=[{**GUARDIAN, "up": False}, SPARE], features=READY)
    again = host.converge(task(fallback=urls("hgs2.example.org")))
    state = again.result["guarded_host"]
    assert (state["guarded"], state["fallback_in_use"], state["fallback"]) == (True, True, urls("hgs2.example.org"))
    assert {name: finding["severity"] for name, finding in findings(again).items()} == {
        "hgs_unreachable": "warning", "fallback_in_use": "warning",
    }
    # Left out, the fallback goes.
    gone = host.play(task(require_attestation=False))
    assert gone.result["differences"] == [{"path": "fallback", "before": urls("hgs2.example.org"), "after": None}]
    assert not host.machine.hgs.fallback


def test_an_hgs_that_nobody_reaches_stops_everything(server: StartServer) -> None:
    host = server(hgs=[{**GUARDIAN, "up": False}], features=READY)
    run = host.play(task())
    assert run.code != 0
    assert "hgs_unreachable (hgs.example.org:80): found no TCP connection to 10.50.0.5" in run.result["msg"]
    assert host.changes() == []


def test_a_key_that_is_there_is_kept(server: StartServer) -> None:
    host = server(hgs=[GUARDIAN], features=READY)
    own, other = self_signed("own", host.machine.now()), self_signed("other", host.machine.now())
    for certificate in (own, other):
        host.machine.certificates.add(certificate)
    host.converge(task(host_key_thumbprint=own.thumbprint.lower()))
    assert thumbprint(host) == own.thumbprint
    # Nobody named one: whatever is there stays.
    assert not host.play(task()).result["changed"]
    refused = host.play(task(host_key_thumbprint=other.thumbprint))
    assert refused.code != 0
    assert f"this host has the key {own.thumbprint} (supplied), wanted {other.thumbprint}" in refused.result["msg"]
    assert host.changes() == []
    assert thumbprint(host) == own.thumbprint


def test_a_certificate_that_is_not_there_yet(server: StartServer) -> None:
    host = server(hgs=[GUARDIAN], features=READY)
    wanted = task(host_key_thumbprint="A" * 40)
    assert host.play(wanted, check=True).result["changed"]
    blocked = host.play(wanted)
    assert f"cannot be changed yet: the certificate {'A' * 40} is not in LocalMachine\\My" in blocked.result["msg"]
    assert host.changes() == []


def test_a_bare_host_is_planned_for_and_then_made(server: StartServer) -> None:
    host = server(hgs=[GUARDIAN], os={"installation": "Server Core"})
    planned = host.play(task(), check=True)
    assert planned.code == 0, planned.output
    assert [item["path"] for item in planned.result["differences"]] == ["mode", "attestation_url", "key_protection_url", "host_key"]
    blocked = host.play(task())
    assert "cannot be changed yet: the feature HostGuardian is not installed; win_hv_features installs it" in blocked.result["msg"]
    features = {"winstack.hyperv.win_hv_features": {"names": ["HostGuardian"]}}
    installed = host.play(features)
    assert installed.result["reboot_reasons"] == ["HostGuardian comes into effect with a restart"]
    assert "waits for a restart" in host.play(task()).result["msg"]
    host.machine.reboot()
    assert host.play({"winstack.hyperv.win_hv_features": {"names": ["HostGuardian"], "wait_seconds": 5}}).result["features"]["ready"]
    host.converge(task())


def test_standard_edition_is_refused(server: StartServer) -> None:
    host = server(hgs=[GUARDIAN], os={"edition": "Standard"})
    refused = host.play(task(), check=True)
    assert refused.code != 0
    assert "this edition of Windows (ServerStandard) cannot be a guarded host" in refused.result["msg"]
    feature = host.play({"winstack.hyperv.win_hv_features": {"names": ["HostGuardian"]}})
    assert "no feature HostGuardian" in feature.result["msg"]
    assert "Datacenter" in feature.result["msg"]
    assert host.play(local()).code == 0


def test_back_to_local_mode(server: StartServer) -> None:
    host = server(hgs=[GUARDIAN, SPARE], features=READY)
    host.converge(task(fallback=urls("hgs2.example.org")))
    key = thumbprint(host)
    again = host.converge(local())
    state = again.result["guarded_host"]
    assert (state["mode"], state["guarded"], state["attestation_url"], state["fallback"]) == ("local", False, None, None)
    assert not host.machine.hgs.primary
    assert thumbprint(host) == key
