# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Live migration of the Hyper-V host: on or off, how it authenticates, on which networks, and the firewall.

docs/resources/live_migration.md names the source of every rule.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..evidence import live_migration as second_path
from ..network import migration_networks
from ..plans import Difference, Plan

# Server 2025, where Credential Guard is on by default.
_CREDENTIAL_GUARD_BUILD = 26100
_NO_SUCH_RULE = "CmdletizationQuery_NotFound_InstanceID"
_RULE_NAME = re.compile(r"[^*?\[\]`]+")
_UINT32 = 0xFFFFFFFF

_AUTHENTICATION = {"kerberos": "Kerberos", "credssp": "CredSSP"}
_PERFORMANCE = {"tcpip": "TCPIP", "compression": "Compression", "smb": "SMB"}


@dataclass(frozen=True)
class _Setting:
    """An option, the property of Get-VMHost that Set-VMHost takes as a parameter of the same name, and how Windows spells our values."""

    option: str
    name: str
    spellings: Mapping[Any, Any] = field(default_factory=dict)


_SETTINGS = (
    _Setting("authentication", "VirtualMachineMigrationAuthenticationType", _AUTHENTICATION),
    _Setting("performance_option", "VirtualMachineMigrationPerformanceOption", _PERFORMANCE),
    _Setting("maximum_virtual_machine_migrations", "MaximumVirtualMachineMigrations"),
    _Setting("maximum_storage_migrations", "MaximumStorageMigrations"),
    _Setting("use_any_network", "UseAnyNetworkForMigration"),
)
_ENABLED = "VirtualMachineMigrationEnabled"
_NAMES = ("enabled", *(setting.option for setting in _SETTINGS))


class LiveMigration:
    """Reads the host's migration settings, networks and firewall rules; changes what differs."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("host", "Get-VMHost", properties=(_ENABLED, *(setting.name for setting in _SETTINGS))),
            Cmdlet("networks", "Get-VMMigrationNetwork", properties=("Subnet", "Priority")),
            Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain",)),
            Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber",)),
            *(
                Cmdlet(f"rule{number}", "Get-NetFirewallRule", {"Name": [name]}, ("Enabled",))
                for number, name in enumerate(_rules(options))
            ),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refused = tuple(_option_refusals(options))
        if refused:
            return Plan(refusals=refused, state=_state(None, (), {}))
        # A computer that was never in a domain may answer null (win32: Win32_ComputerSystem).
        in_domain = bool(answers.row("computer")["PartOfDomain"])
        build = int(answers.row("system")["BuildNumber"])
        refused = tuple(_host_refusals(options, in_domain, build))
        if answers["host"].missing_command:
            blockers = ("the Hyper-V role is not in effect on this host", *_domain_blocker(options, in_domain))
            return Plan(differences=tuple(_all_differences(options)), refusals=refused, blockers=blockers, state=_state(None, (), {}))
        return _plan(options, answers, refused, in_domain, build)

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = LiveMigration()


def _plan(options: Mapping[str, Any], answers: Answers, refused: tuple[str, ...], in_domain: bool, build: int) -> Plan:
    host = _host(answers)
    found = migration_networks.present(answers)
    rules = _rule_states(options, answers)
    refused += tuple(f"firewall_rules: this host has no rule of the Name {name}" for name, enabled in rules.items() if enabled is None)
    state = _state(host, found, rules)
    if refused:
        return Plan(refusals=refused, state=state)
    changed = {name: value for name, value in _wanted(options).items() if host[name] != value}
    differences = [Difference(name, host[name], value) for name, value in changed.items()]
    networks = None if options["networks"] is None else migration_networks.compare(found, options["networks"])
    if networks and networks.difference:
        differences.append(networks.difference)
    closed = [name for name, enabled in rules.items() if not enabled]
    if closed:
        differences.append(Difference("firewall_rules", dict.fromkeys(closed, False), dict.fromkeys(closed, True)))
    return Plan(
        differences=tuple(differences),
        calls=(*_switch(changed, True), *_set(changed), *(networks.calls() if networks else ()), *_open(closed), *_switch(changed, False)),
        warnings=tuple(_warnings(options, host, found, build)),
        blockers=_domain_blocker(options, in_domain),
        state=state,
    )


# What can never be

def _option_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    for name in ("maximum_virtual_machine_migrations", "maximum_storage_migrations"):
        if options[name] is not None and not 1 <= options[name] <= _UINT32:
            yield f"{name}: {options[name]} is not between 1 and {_UINT32}"
    if options["use_any_network"] and options["networks"]:
        yield "networks: the host takes live migrations on any network with use_any_network: true; give one of the two"
    yield from migration_networks.refusals(options["networks"] or ())
    for name in options["firewall_rules"]:
        if not _RULE_NAME.fullmatch(name):
            yield f"firewall_rules: {name!r} is no Name of one rule: it is empty or has a wildcard in it"


def _host_refusals(options: Mapping[str, Any], in_domain: bool, build: int) -> Iterator[str]:
    if options["enabled"] and not in_domain and not options["domain_join_planned"]:
        yield (
            "enabled: this host is in no Active Directory domain, and live migration needs one that both hosts belong to or trust; "
            "join the host first, or leave live migration off"
        )
    if options["authentication"] == "credssp" and build >= _CREDENTIAL_GUARD_BUILD:
        yield (
            "authentication: credssp does not work on Windows Server 2025: Credential Guard, which is on by default in a domain, keeps "
            "the credentials from the migration service of the source host; use kerberos with constrained delegation"
        )


def _domain_blocker(options: Mapping[str, Any], in_domain: bool) -> tuple[str, ...]:
    if not options["enabled"] or in_domain:
        return ()
    return ("this host is in no Active Directory domain yet, and live migration needs one",)


def _warnings(
    options: Mapping[str, Any], host: Mapping[str, Any], found: tuple[migration_networks.Network, ...], build: int
) -> Iterator[str]:
    """What will be wrong once the calls have run."""
    after = {**host, **_wanted(options)}
    if not after["enabled"]:
        return
    if after["authentication"] == "credssp" and build >= _CREDENTIAL_GUARD_BUILD:
        yield "authentication: the host uses credssp, which fails on Windows Server 2025 while Credential Guard is on; set kerberos"
    networks = found if options["networks"] is None else options["networks"]
    if not after["use_any_network"] and not networks:
        yield "networks: there are none and use_any_network is false, so nova-compute refuses live migration on this host"


# What is wanted

def _wanted(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the host that the options name."""
    return {name: options[name] for name in _NAMES if options[name] is not None}


def _all_differences(options: Mapping[str, Any]) -> Iterator[Difference]:
    """On a host where nothing can be read yet."""
    for name, value in _wanted(options).items():
        yield Difference(name, None, value)
    networks = migration_networks.compare((), options["networks"] or ()).difference
    if networks:
        yield Difference("networks", None, networks.after)
    if _rules(options):
        yield Difference("firewall_rules", None, dict.fromkeys(_rules(options), True))


def _rules(options: Mapping[str, Any]) -> list[str]:
    """The firewall matters only where live migration is switched on."""
    return list(dict.fromkeys(options["firewall_rules"])) if options["enabled"] else []


# What the host answered

def _host(answers: Answers) -> dict[str, Any]:
    row = answers.row("host")
    host: dict[str, Any] = {"enabled": row[_ENABLED]}
    for setting in _SETTINGS:
        ours = {theirs: word for word, theirs in setting.spellings.items()}
        host[setting.option] = ours.get(row[setting.name], row[setting.name])
    return host


def _rule_states(options: Mapping[str, Any], answers: Answers) -> dict[str, bool | None]:
    """Whether each rule is enabled; None for one that does not exist."""
    return {name: _rule_state(f"rule{number}", answers) for number, name in enumerate(_rules(options))}


def _rule_state(call: str, answers: Answers) -> bool | None:
    error = answers[call].error
    if error is not None and error.id.split(",")[0] == _NO_SUCH_RULE:
        return None
    # An enumeration with the members True and False, not a Boolean.
    return bool(answers.row(call)["Enabled"] == "True")


def _state(
    host: Mapping[str, Any] | None, found: tuple[migration_networks.Network, ...], rules: Mapping[str, bool | None]
) -> dict[str, Any]:
    settings = host or dict.fromkeys(_NAMES)
    return {**settings, "networks": [network.as_state() for network in found], "firewall_rules": dict(rules)}


# What is called

def _switch(changed: Mapping[str, Any], on: bool) -> Iterator[Call]:
    """On before everything else, off after it."""
    if changed.get("enabled") is on:
        yield Cmdlet("enable", "Enable-VMMigration") if on else Cmdlet("disable", "Disable-VMMigration")


def _set(changed: Mapping[str, Any]) -> Iterator[Call]:
    wanted = [setting for setting in _SETTINGS if setting.option in changed]
    parameters = {setting.name: setting.spellings.get(changed[setting.option], changed[setting.option]) for setting in wanted}
    if parameters:
        yield Cmdlet("set", "Set-VMHost", parameters)


def _open(closed: list[str]) -> Iterator[Call]:
    if closed:
        yield Cmdlet("firewall", "Enable-NetFirewallRule", {"Name": closed})
