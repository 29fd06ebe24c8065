# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Computer name and Active Directory domain. Looks only: renaming and joining is the work of microsoft.ad.membership.

docs/resources/domain.md names the source of every rule.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..evidence import promise, seen, seen_one
from ..plans import Difference, Plan, Promise

NAME_LENGTH = 15

_NAMES = r"HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName"
_TCPIP = r"HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_NETLOGON = r"HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon"
# Below Netlogon's key from a join until the restart that completes it.
_JOIN_MARKS = frozenset({"joindomain", "avoidspnset"})

_DNS_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DNS_NAME = re.compile(rf"{_DNS_LABEL}(\.{_DNS_LABEL})+")
_HOST_NAME = re.compile(r"(?![0-9]+$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_UNIT = re.compile(r"(OU|CN)=[^=]+,.*DC=[^=]+", re.IGNORECASE)

_DONE_ELSEWHERE = (
    "this section only looks; the domain stage of the role hyperv_compute renames and joins with microsoft.ad.membership"
)


@dataclass(frozen=True)
class _Host:
    """domain: the DNS name of the domain, None outside of one. pending_hostname, join_pending: what the next restart brings."""

    hostname: str
    domain: str | None
    workgroup: str | None
    pending_hostname: str | None
    join_pending: bool

    @property
    def next_hostname(self) -> str:
        return self.pending_hostname or self.hostname


class Domain:
    """Reads the names that are in effect and those that wait for a restart."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet(
                "computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"},
                ("DNSHostName", "PartOfDomain", "Domain", "Workgroup"),
            ),
            Cmdlet(
                "names", "Get-ItemProperty", {"LiteralPath": [rf"{_NAMES}\ActiveComputerName", rf"{_NAMES}\ComputerName"]},
                ("ComputerName",),
            ),
            Cmdlet("netlogon", "Get-ChildItem", {"LiteralPath": _NETLOGON}, ("PSChildName",)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        host = _host(answers)
        state = asdict(host)
        refusals = (*_option_refusals(options), *_host_refusals(options, host))
        if refusals:
            return Plan(refusals=refusals, state=state)
        differences = tuple(_differences(options, host))
        return Plan(
            differences=differences,
            blockers=(_DONE_ELSEWHERE,) if differences else (),
            reboot=tuple(_reboot_reasons(host)),
            state=state,
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        calls: list[Call] = []
        if options["hostname"] is not None:
            calls.append(Cmdlet("tcpip", "Get-ItemProperty", {"LiteralPath": _TCPIP}, ("Hostname?", "NV Hostname?")))
        if options["dns_domain_name"] is not None:
            calls += [
                Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain", "Domain")),
                Cmdlet("channel", "Test-ComputerSecureChannel", properties=("$value",)),
            ]
        return calls

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        return tuple(_promises(options, answers))


RESOURCE = Domain()


def _promises(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    hostname, domain = options["hostname"], options["dns_domain_name"]
    if hostname is not None:
        names = seen_one(answers, "tcpip")
        for name, value in (("hostname", names.get("Hostname")), ("hostname after a restart", names.get("NV Hostname"))):
            same = value is not None and value.lower() == hostname.lower()
            yield Promise(name, hostname, hostname if same else value, "registry Tcpip", same)
    if domain is not None:
        computer = seen_one(answers, "computer")
        found = computer["Domain"] if computer.get("PartOfDomain") else None
        same = found is not None and found.lower() == domain.lower()
        yield Promise("dns_domain_name", domain, domain if same else found, "CIM Win32_ComputerSystem, as it is read", same)
        trusted = next((row["$value"] for row in seen(answers, "channel")), None)
        yield promise("secure_channel", True, trusted, "Test-ComputerSecureChannel")


def _host(answers: Answers) -> _Host:
    computer = answers.row("computer")
    active, pending = (row["ComputerName"] for row in answers.rows("names"))
    marks = {row["PSChildName"].lower() for row in answers.rows("netlogon")}
    # A computer that was never in a domain may answer null.
    member = bool(computer["PartOfDomain"])
    waits = active.lower() != pending.lower()
    return _Host(
        # While a rename waits, the name that WMI gives need not be the one in effect.
        hostname=active if waits else computer["DNSHostName"],
        domain=computer["Domain"] if member else None,
        workgroup=None if member else computer["Workgroup"],
        pending_hostname=pending if waits else None,
        join_pending=bool(marks & _JOIN_MARKS),
    )


def _option_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    domain, hostname = options["dns_domain_name"], options["hostname"]
    if domain is not None and "." not in domain:
        yield (
            f"dns_domain_name: {domain!r} has no dot, so it is a NetBIOS name; microsoft.ad.membership joins by it, but compares with the "
            "DNS name ever after and fails; give the DNS name, such as example.org"
        )
    elif domain is not None and not _DNS_NAME.fullmatch(domain):
        yield f"dns_domain_name: {domain!r} is no DNS name; allowed are labels of letters, digits and dashes with dots between them"
    if hostname is not None and len(hostname) > NAME_LENGTH:
        yield f"hostname: {hostname!r} has {len(hostname)} characters; allowed are {NAME_LENGTH}, because NetBIOS cuts what is longer"
    elif hostname is not None and not _HOST_NAME.fullmatch(hostname):
        yield f"hostname: {hostname!r} is no computer name; allowed are letters, digits and dashes inside, not digits alone, and no domain"
    if options["ou_path"] is not None and not _UNIT.fullmatch(options["ou_path"]):
        yield f"ou_path: {options['ou_path']!r} is no distinguished name such as OU=Compute,DC=example,DC=org"
    for name in ("ou_path", "server"):
        if options[name] is not None and domain is None:
            yield f"{name}: given without dns_domain_name, so no domain would be joined"


def _host_refusals(options: Mapping[str, Any], host: _Host) -> Iterator[str]:
    wanted = options["dns_domain_name"]
    if wanted is not None and host.domain is not None and host.domain.lower() != wanted.lower():
        yield (
            f"dns_domain_name: this host is in the domain {host.domain} already, and microsoft.ad.membership does not switch domains; "
            f"move it to a workgroup first, or give {host.domain}"
        )
    hostname = options["hostname"]
    if wanted is None and host.domain is not None and hostname is not None and hostname.lower() != host.next_hostname.lower():
        yield f"hostname: this host is in the domain {host.domain}, where a rename needs dns_domain_name: {host.domain} as well"


def _differences(options: Mapping[str, Any], host: _Host) -> Iterator[Difference]:
    hostname, domain = options["hostname"], options["dns_domain_name"]
    if hostname is not None and hostname.lower() != host.next_hostname.lower():
        yield Difference("hostname", host.next_hostname, hostname)
    if domain is not None and host.domain is None and not host.join_pending:
        yield Difference("dns_domain_name", None, domain)


def _reboot_reasons(host: _Host) -> Iterator[str]:
    if host.pending_hostname is not None:
        yield f"the computer name {host.pending_hostname} waits for it"
    if host.join_pending:
        yield "a domain join waits for it"
