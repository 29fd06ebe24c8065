# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which computer accounts may pass users' identities on to which, for live migration: planned from what the directory holds.

Classic: the source's msDS-AllowedToDelegateTo lists services of the destinations. Resource-based: the destination's
msDS-AllowedToActOnBehalfOfOtherIdentity lists the sources. Every host is a source and a destination, so all ordered pairs count.
Pure functions. Names are compared without regard to case, as the directory does; a value that is removed is named in its own spelling.
Sources: Set-up-hosts-for-live-migration-without-Failover-Clustering.md (the services); [MS-ADTS] 2.2.16 (userAccountControl);
[MS-SFU] 3.2.5.2 (what the KDC compares). docs/resources/ad_delegation.md has the whole story.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .ldap_directory import Entry, Operation, Operations
from .security_descriptor import Descriptor, DescriptorError, build, parse, sid_text

MIGRATION = "Microsoft Virtual System Migration Service"
CIFS = "cifs"

DELEGATES_TO = "msDS-AllowedToDelegateTo"
ALLOWED_TO_ACT = "msDS-AllowedToActOnBehalfOfOtherIdentity"
ACCOUNT_CONTROL = "userAccountControl"
ATTRIBUTES = ("sAMAccountName", "dNSHostName", "objectSid", "servicePrincipalName", ACCOUNT_CONTROL, DELEGATES_TO, ALLOWED_TO_ACT)

TRUSTED_FOR_DELEGATION = 0x00080000
NOT_DELEGATED = 0x00100000
TRUSTED_TO_AUTH_FOR_DELEGATION = 0x01000000

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?"
_NAME = re.compile(rf"(?P<short>{_LABEL})(\.{_LABEL})*")
# A computer account's name without its dollar sign.
_SHORT_LENGTH = 15


class DelegationError(ValueError):
    """The wanted state makes no sense for this directory; nothing was changed."""


@dataclass(frozen=True)
class Computer:
    """A computer account. name: as the task names it, else the short name. long: the DNS name, empty where the account has none."""

    name: str
    dn: str
    short: str
    long: str
    sid: str
    account_control: int
    delegates_to: tuple[str, ...]
    allowed_to_act: bytes
    principal_names: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.short, self.long)))

    @property
    def protocol_transition(self) -> bool:
        return bool(self.account_control & TRUSTED_TO_AUTH_FOR_DELEGATION)

    @property
    def descriptor(self) -> Descriptor:
        try:
            return parse(self.allowed_to_act)
        except DescriptorError as error:
            raise DelegationError(f"{ALLOWED_TO_ACT} of {self.dn} is left as it is: {error}. Remove the attribute by hand.") from error


@dataclass(frozen=True)
class Wanted:
    """exact: what is not wanted goes, else it stays. protocol_transition counts for classic delegation alone."""

    exact: bool = False
    protocol_transition: bool = True


@dataclass(frozen=True)
class Change:
    """One account, also where nothing about it changes. before and after: documented as the module's return value `computers`.

    stale: names of the sources whose tickets no longer tell what is allowed.
    """

    computer: Computer
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    operations: Operations = field(default_factory=dict)
    stale: frozenset[str] = frozenset()


# Names


def check_names(option: str, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        found = _NAME.fullmatch(name)
        if not found or ("." not in name and len(name) > _SHORT_LENGTH):
            raise DelegationError(
                f"{option}[{index}]: {name!r} is no computer's name; allowed is a short name of at most {_SHORT_LENGTH} letters, digits,"
                " hyphens and underscores, without a dollar sign, or a full DNS name"
            )
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            raise DelegationError(f"{option}: {seen[name.lower()]!r} and {name!r} are the same name")
        seen[name.lower()] = name


def name_conditions(name: str) -> tuple[str, ...]:
    """Filters of which the account fulfils one. The names need no escaping: check_names let them pass."""
    account = f"(sAMAccountName={_short(name)}$)"
    return (account, f"(dNSHostName={name})") if "." in name else (account,)


def computer(entry: Entry) -> Computer:
    short = entry.text("sAMAccountName").removesuffix("$")
    return Computer(
        name=short,
        dn=entry.dn,
        short=short,
        long=entry.text("dNSHostName"),
        sid=sid_text(entry.raw("objectSid")),
        account_control=int(entry.text(ACCOUNT_CONTROL)),
        delegates_to=entry.texts(DELEGATES_TO),
        allowed_to_act=entry.raw(ALLOWED_TO_ACT),
        principal_names=entry.texts("servicePrincipalName"),
    )


def named(option: str, names: Sequence[str], found: Sequence[Computer], complete: bool) -> tuple[Computer, ...]:
    """The account of each name, in the order of the names. complete: a name without an account is an error, else it is left out."""
    matches = {name: _account(option, name, found) for name in names}
    missing = [name for name, match in matches.items() if match is None]
    if missing and complete:
        raise DelegationError(f"{option}: no computer account for {', '.join(missing)}; accounts are never created here")
    accounts = tuple(match for match in matches.values() if match is not None)
    seen: dict[str, Computer] = {}
    for account in accounts:
        if account.dn in seen:
            raise DelegationError(f"{option}: {seen[account.dn].name!r} and {account.name!r} are both {account.dn}")
        seen[account.dn] = account
    return accounts


def _account(option: str, name: str, found: Sequence[Computer]) -> Computer | None:
    by_dns = [item for item in found if item.long.lower() == name.lower()]
    matches = by_dns or [item for item in found if item.short.lower() == _short(name).lower()]
    if not matches:
        return None
    if len(matches) > 1:
        raise DelegationError(f"{option}: {name!r} is several accounts: {', '.join(item.dn for item in matches)}")
    match = matches[0]
    if "." in name and match.long and match.long.lower() != name.lower():
        raise DelegationError(f"{option}: {name!r}: the account {match.short} has the DNS name {match.long}")
    if not match.long and "." not in name:
        raise DelegationError(f"{option}: {name!r}: the account has no DNS name yet (not joined?); give the host's full name")
    return replace(match, name=name, long=match.long or name)


def _short(name: str) -> str:
    return name.partition(".")[0][:_SHORT_LENGTH]


# Classic delegation


def classic_present(hosts: Sequence[Computer], file_servers: Sequence[Computer], wanted: Wanted) -> tuple[Change, ...]:
    """Every host may delegate to both services of every other host, and to cifs of the file servers."""
    return tuple(_classic_host(host, hosts, file_servers, wanted) for host in hosts)


def _classic_host(host: Computer, hosts: Sequence[Computer], file_servers: Sequence[Computer], wanted: Wanted) -> Change:
    services = [_service(service, name) for peer in hosts if peer.dn != host.dn for service in (CIFS, MIGRATION) for name in peer.names]
    services += [_service(CIFS, name) for server in file_servers if server.dn != host.dn for name in server.names]
    present, listed = _folded(host.delegates_to), _folded(services)
    missing = [value for key, value in listed.items() if key not in present]
    surplus = [value for key, value in present.items() if key not in listed] if wanted.exact else []
    return _classic_change(host, missing, surplus, wanted.protocol_transition)


def migration_peers_condition(name: str) -> str:
    """Filter: accounts that may migrate to the host of this name. No other product uses the service."""
    return f"({DELEGATES_TO}={_service(MIGRATION, name)})"


def classic_absent(
    leaving: Sequence[Computer], leaving_names: Iterable[str], others: Sequence[Computer], file_servers: Sequence[Computer], wanted: Wanted
) -> tuple[Change, ...]:
    """No host delegates to those that leave, and those that leave to none.

    leaving_names: all their names, also of those that have no account any more. others: found by migration_peers_condition.
    On a leaving host, what is not for migration stays, unless exact.
    """
    gone = {_service(service, name).lower() for name in leaving_names for service in (CIFS, MIGRATION)}
    servers = {_service(CIFS, name).lower() for server in file_servers for name in server.names}
    leaving_dns = {host.dn for host in leaving}
    changes = []
    for other in others:
        if other.dn not in leaving_dns:
            changes.append(_classic_change(other, [], [value for value in other.delegates_to if value.lower() in gone], None))
    for host in leaving:
        surplus = [value for value in host.delegates_to if wanted.exact or value.lower() in gone | servers | _migration_pairs(host)]
        nothing_left = len(surplus) == len(host.delegates_to) and (bool(surplus) or wanted.exact)
        changes.append(_classic_change(host, [], surplus, False if nothing_left else None))
    return tuple(changes)


def _migration_pairs(host: Computer) -> set[str]:
    """Both services of every host to which this one may migrate."""
    prefix = f"{MIGRATION}/".lower()
    targets = {value.lower().removeprefix(prefix) for value in host.delegates_to if value.lower().startswith(prefix)}
    return {_service(service, target).lower() for target in targets for service in (CIFS, MIGRATION)}


def _classic_change(host: Computer, missing: Sequence[str], surplus: Sequence[str], transition: bool | None) -> Change:
    """transition: the wanted state of the account's protocol transition; None leaves it."""
    control = host.account_control
    if transition is not None:
        control = control & ~TRUSTED_TO_AUTH_FOR_DELEGATION | (TRUSTED_TO_AUTH_FOR_DELEGATION if transition else 0)
    operations: dict[str, tuple[Operation, ...]] = {}
    steps: list[Operation] = []
    if surplus:
        steps.append(("delete", _encoded(surplus)))
    if missing:
        steps.append(("add", _encoded(missing)))
    if steps:
        operations[DELEGATES_TO] = tuple(steps)
    if control != host.account_control:
        operations[ACCOUNT_CONTROL] = (("replace", _encoded([str(control)])),)
    kept = [value for value in host.delegates_to if value not in surplus]
    return Change(
        host,
        before=_classic_state(host.delegates_to, host.account_control),
        after=_classic_state([*kept, *missing], control),
        operations=operations,
        stale=frozenset({host.name} if operations else ()),
    )


def _classic_state(values: Iterable[str], control: int) -> dict[str, Any]:
    return {"delegates_to": sorted(values, key=str.lower), "protocol_transition": bool(control & TRUSTED_TO_AUTH_FOR_DELEGATION)}


def _service(service: str, name: str) -> str:
    return f"{service}/{name}"


def _folded(values: Iterable[str]) -> dict[str, str]:
    return {value.lower(): value for value in values}


def _encoded(values: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(value.encode() for value in values)


# Resource-based delegation


def resource_present(
    hosts: Sequence[Computer], file_servers: Sequence[Computer], wanted: Wanted, accounts: Mapping[str, str]
) -> tuple[Change, ...]:
    """Every host accepts all others, a file server all hosts. A file server may serve others too, so exact does not count for it.

    accounts: the names of SIDs, for the states that are shown.
    """
    host_dns = {host.dn for host in hosts}
    changes = []
    for target in (*hosts, *(server for server in file_servers if server.dn not in host_dns)):
        sids = [host.sid for host in hosts if host.dn != target.dn]
        present = target.descriptor
        if wanted.exact and target.dn in host_dns:
            present = replace(present, entries=tuple(entry for entry in present.entries if entry.full and entry.sid in sids))
        changes.append(_resource_change(target, present.adding(sids), hosts, accounts))
    return tuple(changes)


def resource_absent(
    leaving: Sequence[Computer], others: Sequence[Computer], file_servers: Sequence[Computer], wanted: Wanted, accounts: Mapping[str, str]
) -> tuple[Change, ...]:
    """No other and no file server accepts those that leave, and those that leave accept no computer; with exact, no one.

    others: the computers that the leaving hosts accept. The leaving hosts come last, because they tell who the others are.
    """
    gone = {host.sid for host in leaving}
    known = gone | {other.sid for other in others}
    sources = (*leaving, *(other for other in others if other.sid not in gone))
    targets = {target.dn: target for target in (*others, *file_servers) if target.sid not in gone}
    changes = [_resource_change(target, target.descriptor.without(gone), sources, accounts) for target in targets.values()]
    for host in leaving:
        left = Descriptor() if wanted.exact else host.descriptor.without(known)
        changes.append(_resource_change(host, left, sources, accounts))
    return tuple(changes)


def _resource_change(target: Computer, wanted: Descriptor, sources: Iterable[Computer], accounts: Mapping[str, str]) -> Change:
    present = target.descriptor
    before, after = _resource_state(present, accounts), _resource_state(wanted, accounts)
    if present.entries == wanted.entries:
        return Change(target, before, after)
    value = build(wanted)
    operation: Operation = ("replace", (value,) if value else ())
    stale = frozenset(source.name for source in sources if source.sid in present.allowed ^ wanted.allowed)
    return Change(target, before, after, {ALLOWED_TO_ACT: (operation,)}, stale)


def _resource_state(descriptor: Descriptor, accounts: Mapping[str, str]) -> dict[str, Any]:
    return {"allows": sorted(accounts.get(str(entry), str(entry)) for entry in descriptor.entries)}


# What an operator should know


def host_warnings(hosts: Sequence[Computer]) -> tuple[str, ...]:
    warnings = []
    for host in hosts:
        if host.account_control & TRUSTED_FOR_DELEGATION:
            warnings.append(
                f"{host.name}: its account is trusted for delegation to any service, which overrides the list here and which"
                " Credential Guard blocks. Clear that setting."
            )
        if host.account_control & NOT_DELEGATED:
            warnings.append(f"{host.name}: its account is marked as sensitive; what services do there as the machine cannot be delegated.")
        registered = {value.lower() for value in host.principal_names}
        if not any(_service(MIGRATION, name).lower() in registered for name in host.names):
            warnings.append(
                f"{host.name}: its account has no service principal name '{MIGRATION}/{host.long}'; migration to it fails until the"
                " Hyper-V service there has registered it."
            )
    return tuple(warnings)


def user_warnings(name: str, account_control: int, is_protected: bool) -> tuple[str, ...]:
    """is_protected: member of Protected Users. The account that starts migrations must be one that can be delegated."""
    warnings = []
    if account_control & NOT_DELEGATED:
        warnings.append(f"{name}: the account is marked as sensitive and cannot be delegated; migrations that it starts will fail.")
    if is_protected:
        warnings.append(f"{name}: members of Protected Users cannot be delegated; migrations that it starts will fail.")
    return tuple(warnings)
