# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Guarded hosts in the role. The oracle is the state of the simulated servers and of their HGS."""
from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from rehearsal.machine.guardian import CLIENT_KEY

from tests.integration.site.conftest import Run, Site, StartSite

pytestmark = pytest.mark.long

URLS = {"attestation_url": "http://hgs.example.org/Attestation", "key_protection_url": "http://hgs.example.org/KeyProtection"}
FEATURES = {"names": ["Hyper-V", "Hyper-V-PowerShell", "HostGuardian"]}


def with_hgs(lab: dict[str, Any], **changed: Any) -> None:
    lab["hgs"] = [{"name": "hgs.example.org", "address": "10.50.0.5", **changed}]


def play(site: Site, **guarded: Any) -> Run:
    return site.play(variables={
        "hyperv_compute_stages": ["features", "guarded_host", "verify"], "hyperv_compute_features": FEATURES,
        "hyperv_compute_guarded_host": {"wait_seconds": 0, **URLS, **guarded}, "hyperv_compute_verify_retries": 1,
        "hyperv_compute_guarded_host_keys": str(site.folder / "keys"),
    })


def test_hosts_are_made_ready_then_known_then_relied_on(site: StartSite) -> None:
    running = site(with_hgs)
    first = play(running, attestation="host_key", require_attestation=False)
    assert first.code == 0, first.failures
    assert set(first.recap("changed")) == {"hv01", "hv02"}
    for host in ("hv01", "hv02"):
        certificate = x509.load_pem_x509_certificate((running.folder / "keys" / f"{host}.cer").read_bytes())
        assert certificate.subject.rfc4514_string() == f"CN=HGS Client Host Key ({host.upper()})"

    # Nobody told the HGS: who relies on it is stopped before anything is touched, with what there is to do.
    stopped = play(running, attestation="host_key")
    assert stopped.code != 0
    assert "Add-HgsAttestationHostKey -Name HV02 -Path HV02.cer" in stopped.output
    assert running.changes("hv01") == running.changes("hv02") == []

    for host in ("hv01", "hv02"):
        running.lab.guardians.authorise("hgs.example.org", host)
    relied = play(running, attestation="host_key")
    assert relied.code == 0, relied.failures
    assert set(relied.recap("changed").values()) == {0}


def test_one_host_without_a_tpm_stops_all_of_them_before_the_first_change(site: StartSite) -> None:
    def without_tpm(lab: dict[str, Any]) -> None:
        with_hgs(lab, attestation="tpm", authorised=["hv01", "hv02"])
        lab["hosts"]["hv02"].setdefault("hardware", {})["tpm"] = ""

    running = site(without_tpm)
    stopped = play(running, attestation="tpm")
    assert stopped.code != 0
    assert "hv02 | critical | tpm (firmware) | found: no TPM" in stopped.output
    assert running.changes("hv01") == running.changes("hv02") == []
    assert not running.lab.hosts["hv01"].machine.registry.exists(CLIENT_KEY)
