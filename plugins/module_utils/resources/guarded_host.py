# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The guarded host: which Host Guardian Service (HGS) attests it, by what, and what that service says of it.

docs/resources/guarded_host.md names the source of every rule.
"""
from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Retry
from ..evidence import guarded_host as second_path
from ..guardian import hgs_client, host_key, trusted_hardware
from ..guardian.attestation import ACTIVE_DIRECTORY, HOST_KEY, PASSED, TPM
from ..guardian.hgs_client import Client
from ..guardian.host_key import HostKey
from ..network import tcp_endpoints
from ..network.tcp_endpoints import Endpoint, Reached
from ..plans import Difference, Finding, Plan, Severity

_POLL_SECONDS = 5
# Server 2019, which brought host keys and fallback URLs, and from which on attestation by Active Directory is deprecated.
_BUILD_2019 = 17763
_STANDARD = "ServerStandard"
_INSTALLED = ("Installed", "InstallPending")


@dataclass(frozen=True)
class _Host:
    """client is None where the cmdlets are not there, key where none is set or none is asked for.

    feature: the install state of HostGuardian, empty where this edition does not have it.
    """

    name: str
    in_domain: bool
    build: int
    edition: str
    feature: str
    client: Client | None
    key: HostKey | None
    reached: tuple[Reached, ...]


class GuardedHost:
    """Points the host at its HGS and gives it a host key where it has none; explains what the HGS says of it."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("feature", "Get-WindowsFeature", {"Name": ["HostGuardian"]}, ("InstallState",)),
            Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber",)),
            Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName", "PartOfDomain")),
            Cmdlet(
                "edition", "Get-ItemProperty", {"LiteralPath": r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"}, ("EditionID",),
            ),
            hgs_client.read(),
            *(host_key.read() if _by(options) == HOST_KEY else ()),
            *(trusted_hardware.read() if _by(options) == TPM else ()),
            *tcp_endpoints.tests(_endpoints(options)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_option_refusals(options))
        if refusals:
            return Plan(refusals=refusals)
        host = _host(options, answers)
        if options["mode"] == "local":
            return _local(host)
        return _guarded(options, host, answers)

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = GuardedHost()


# What is wanted

def _by(options: Mapping[str, Any]) -> str | None:
    """How the host is to be attested."""
    return options["attestation"] if options["mode"] == "hgs" else None


def _urls(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every URL that is given, by the option that gives it."""
    if options["mode"] != "hgs":
        return
    for name in ("attestation_url", "key_protection_url"):
        if options[name] is not None:
            yield name, options[name]
        if options["fallback"]:
            yield f"fallback.{name}", options["fallback"][name]


def _endpoints(options: Mapping[str, Any]) -> list[Endpoint]:
    return tcp_endpoints.unique(endpoint for _name, url in _urls(options) if (endpoint := hgs_client.endpoint(url)))


# What can never be

def _option_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    if options["mode"] == "hgs":
        for name in ("attestation", "attestation_url", "key_protection_url"):
            if options[name] is None:
                yield f"{name}: mode: hgs needs it"
    for name, url in _urls(options):
        if hgs_client.endpoint(url) is None:
            yield f"{name}: {url!r} is no URL of an HGS, such as http://hgs.example.org/Attestation"
    wanted = options["host_key_thumbprint"]
    if wanted is not None and not host_key.is_thumbprint(wanted):
        yield f"host_key_thumbprint: {wanted!r} is no thumbprint, which has 40 hexadecimal digits"
    if wanted is not None and _by(options) not in (None, HOST_KEY):
        yield f"host_key_thumbprint: attestation: {options['attestation']} uses no host key"
    if not 0 <= options["wait_seconds"] <= 3600:
        yield f"wait_seconds: {options['wait_seconds']} is not between 0 and 3600"


def _host_refusals(options: Mapping[str, Any], host: _Host) -> Iterator[str]:
    if not host.feature or host.edition.startswith(_STANDARD):
        yield (
            f"mode: this edition of Windows ({host.edition}) cannot be a guarded host, because the feature HostGuardian comes with "
            "Datacenter only; leave guarded_host out for this host, or install Datacenter"
        )
    if options["attestation"] == HOST_KEY and host.build < _BUILD_2019:
        yield "attestation: host_key needs Windows Server 2019; use tpm, or active_directory on 2016"
    if options["attestation"] == ACTIVE_DIRECTORY and host.build >= _BUILD_2019:
        yield "attestation: active_directory is for Windows Server 2016 and deprecated from 2019 on; use host_key, or tpm"
    if options["fallback"] and host.build < _BUILD_2019:
        yield "fallback: Windows Server 2016 takes one HGS only; fallback URLs came with version 1709"
    yield from host_key.refusals(options["host_key_thumbprint"], host.key)


# What the host answered

def _host(options: Mapping[str, Any], answers: Answers) -> _Host:
    computer, states = answers.row("computer"), answers.rows("feature")
    return _Host(
        name=computer["DNSHostName"],
        # Null on a machine that was never in a domain (Win32_ComputerSystem).
        in_domain=bool(computer["PartOfDomain"]),
        build=int(answers.row("system")["BuildNumber"]),
        edition=answers.row("edition")["EditionID"],
        feature=states[0]["InstallState"] if states else "",
        client=None if answers["client"].missing_command else hgs_client.client(answers.row("client")),
        key=host_key.present(answers) if _by(options) == HOST_KEY else None,
        reached=tuple(tcp_endpoints.results(_endpoints(options), answers)),
    )


# Back to local mode

def _local(host: _Host) -> Plan:
    if host.client is None or host.client.urls is None:
        return Plan(state=_state(host))
    return Plan(differences=(Difference("mode", "hgs", "local"),), calls=(hgs_client.local_mode(),), state=_state(host))


# To the HGS

def _guarded(options: Mapping[str, Any], host: _Host, answers: Answers) -> Plan:
    refusals = tuple(_host_refusals(options, host))
    if refusals:
        return Plan(refusals=refusals, state=_state(host))
    configuration = tuple(_configuration_differences(options, host.client))
    key = tuple(_key_differences(options, host))
    # The key first, so that it is there when the new configuration makes the host attest.
    calls: list[Call] = [host_key.set_key(options["host_key_thumbprint"])] if key else []
    calls += [hgs_client.configure(*hgs_client.wanted(options))] if configuration else []
    return Plan(
        differences=(*configuration, *key),
        calls=tuple(calls),
        findings=tuple(_findings(options, host, answers, settled=not configuration and not key)),
        warnings=tuple(_warnings(options)),
        blockers=tuple(_blockers(options, host, answers)),
        settle=tuple(_settle(options)),
        state=_state(host),
    )


def _configuration_differences(options: Mapping[str, Any], client: Client | None) -> Iterator[Difference]:
    wanted, wanted_fallback = hgs_client.wanted(options)
    urls, fallback = (client.urls, client.fallback) if client else (None, None)
    if urls is None:
        yield Difference("mode", "local" if client else None, "hgs")
    if not wanted.same(urls):
        before = asdict(urls) if urls else {}
        for name, url in asdict(wanted).items():
            yield Difference(name, before.get(name), url)
    if not (wanted_fallback.same(fallback) if wanted_fallback else fallback is None):
        yield Difference("fallback", asdict(fallback) if fallback else None, asdict(wanted_fallback) if wanted_fallback else None)


def _key_differences(options: Mapping[str, Any], host: _Host) -> Iterator[Difference]:
    if options["attestation"] == HOST_KEY and host.key is None:
        wanted = options["host_key_thumbprint"]
        yield Difference("host_key", None, host_key.thumbprint(wanted) if wanted else "a new key")


def _settle(options: Mapping[str, Any]) -> Iterator[Call]:
    if options["wait_seconds"]:
        retry = Retry(math.ceil(options["wait_seconds"] / _POLL_SECONDS), _POLL_SECONDS)
        yield Cmdlet("attested", "Get-HgsClientConfiguration", until={"IsHostGuarded": True}, retry=retry)


def _blockers(options: Mapping[str, Any], host: _Host, answers: Answers) -> Iterator[str]:
    if host.client is None and host.feature not in _INSTALLED:
        yield "the feature HostGuardian is not installed; win_hv_features installs it"
    elif host.client is None:
        yield "the feature HostGuardian waits for a restart"
    if options["attestation"] == HOST_KEY:
        yield from host_key.blockers(options["host_key_thumbprint"], host.key, answers)


# What a person must know

def _findings(options: Mapping[str, Any], host: _Host, answers: Answers, *, settled: bool) -> Iterator[Finding]:
    """settled: the host is set up as wanted, so that what the HGS says is about that."""
    if options["attestation"] == TPM:
        yield from trusted_hardware.findings(answers, in_effect=host.client is not None)
    if options["attestation"] == HOST_KEY:
        yield from host_key.findings(host.key)
    if options["attestation"] == ACTIVE_DIRECTORY and not host.in_domain:
        yield Finding(
            "domain", "warning", host.name, "in no domain", "a member of a domain that the HGS trusts",
            "Join the host: the HGS knows it by the security group of its computer account.",
        )
    yield from _unreachable(options, host)
    if settled and host.client:
        yield from _attestation_findings(options, host.name, host.client)


def _unreachable(options: Mapping[str, Any], host: _Host) -> Iterator[Finding]:
    silent = [reached for reached in host.reached if not reached.reachable]
    every = len(silent) == len(host.reached)
    for reached in silent:
        yield Finding(
            "hgs_unreachable", _severity(options) if every else "warning", str(reached.endpoint), reached.found(), "a TCP connection",
            "See that this host resolves the name of the HGS and that the way to it is open.",
        )


def _attestation_findings(options: Mapping[str, Any], name: str, client: Client) -> Iterator[Finding]:
    seen = client.attestation
    if not client.guarded:
        yield Finding(
            "attestation", _severity(options), name, f"{seen}: {seen.meaning}", PASSED, seen.remedy(options["attestation"], name),
        )
    if seen.mode not in (None, options["attestation"]):
        yield Finding(
            "attestation_mode", "warning", name, f"the HGS attests by {seen.mode}", options["attestation"],
            "Set attestation to what the HGS does, or have its administrator change it (Set-HgsServer).",
        )
    if client.fallback_in_use:
        yield Finding(
            "fallback_in_use", "warning", name, "the fallback HGS answers", options["attestation_url"],
            "See that the first HGS is up and that this host reaches it.",
        )


def _severity(options: Mapping[str, Any]) -> Severity:
    return "critical" if options["require_attestation"] else "warning"


def _warnings(options: Mapping[str, Any]) -> Iterator[str]:
    if options["attestation"] == ACTIVE_DIRECTORY:
        yield "attestation: active_directory is deprecated from Windows Server 2019 on; plan for tpm, or host_key with 2019"


# What is returned

def _state(host: _Host) -> dict[str, Any]:
    client = host.client
    urls = client.urls if client else None
    return {
        "mode": "hgs" if urls else "local",
        "guarded": bool(client and client.guarded),
        "attestation": client.attestation.as_state() if client else None,
        **(asdict(urls) if urls else dict.fromkeys(("attestation_url", "key_protection_url"))),
        "fallback": asdict(client.fallback) if client and client.fallback else None,
        "fallback_in_use": bool(client and client.fallback_in_use),
        "host_key": host.key.as_state() if host.key else None,
        "feature": host.feature or None,
        "endpoints": [reached.as_state() for reached in host.reached],
    }
