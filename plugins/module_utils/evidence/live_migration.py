# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Live migration as os-win sees it, through CIM, and the firewall's rules as the registry has them.

docs/resources/live_migration.md names the sources.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..network import migration_networks
from ..plans import Promise
from . import VIRTUALIZATION, instances, promise, seen_one

_SETTINGS = "Msvm_VirtualSystemMigrationServiceSettingData"
_NETWORKS = "Msvm_VirtualSystemMigrationNetworkSettingData"
_SERVICE = "Msvm_VirtualSystemMigrationService"
_LISTENERS = "MigrationServiceListenerIPAddressList"
_FIREWALL = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
# How the Hyper-V module tells the user's networks from a cluster's, and from the one that stands for all.
_OURS, _EVERY = "Microsoft:UserManaged", "Microsoft:UserManagedAllNetworks"

_AUTHENTICATION = {0: "credssp", 1: "kerberos"}
_NUMBERS = {
    "maximum_virtual_machine_migrations": "MaximumActiveVirtualSystemMigration",
    "maximum_storage_migrations": "MaximumActiveStorageMigration",
}
_SETTING_NAMES = ("enabled", "authentication", "performance_option", *_NUMBERS)


def calls(options: Mapping[str, Any]) -> list[Call]:
    wanted = [
        instances(
            "settings", _SETTINGS,
            "EnableVirtualSystemMigration", "AuthenticationType", "EnableCompression", "EnableSmbTransport", *_NUMBERS.values(),
            namespace=VIRTUALIZATION,
        ),
        instances("networks", _NETWORKS, "SubnetNumber", "PrefixLength", "Metric", "Tags", namespace=VIRTUALIZATION),
    ]
    if _listens(options):
        wanted.append(instances("service", _SERVICE, _LISTENERS, namespace=VIRTUALIZATION))
    if rules := _rules(options):
        wanted.append(Cmdlet("firewall", "Get-ItemProperty", {"LiteralPath": _FIREWALL}, tuple(f"{name}?" for name in rules)))
    return [*wanted]


def promises(options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(options, answers))


def _promises(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    found = _settings(seen_one(answers, "settings"))
    for name in _SETTING_NAMES:
        if options[name] is not None:
            yield promise(name, options[name], found.get(name), f"CIM {_SETTINGS}")
    yield from _networks(options, answers)
    if _listens(options):
        # nova-compute refuses to migrate to a host where it finds none (os-win, livemigrationutils).
        listening = seen_one(answers, "service").get(_LISTENERS)
        yield Promise("listeners", "one address or more", listening, f"CIM {_SERVICE}", bool(listening))
    for name in _rules(options):
        text = seen_one(answers, "firewall").get(name)
        enabled = None if text is None else "|active=true|" in text.lower()
        yield promise(f"firewall_rules.{name}", True, enabled, "registry FirewallRules")


def _settings(row: Mapping[str, Any]) -> dict[str, Any]:
    if not row:
        return {}
    return {
        "enabled": row["EnableVirtualSystemMigration"],
        "authentication": _AUTHENTICATION.get(row["AuthenticationType"], row["AuthenticationType"]),
        "performance_option": "smb" if row["EnableSmbTransport"] else "compression" if row["EnableCompression"] else "tcpip",
        **{option: row[name] for option, name in _NUMBERS.items()},
    }


def _networks(options: Mapping[str, Any], answers: Answers) -> Iterator[Promise]:
    rows = answers["networks"].output if answers["networks"].ok else None
    if options["use_any_network"] is not None:
        every = None if rows is None else any(_EVERY in (row["Tags"] or ()) for row in rows)
        yield promise("use_any_network", options["use_any_network"], every, f"CIM {_NETWORKS}")
    if options["networks"] is None:
        return
    wanted = [{"subnet": migration_networks.normal(item["subnet"]), "priority": item["priority"]} for item in options["networks"]]
    found = None if rows is None else [_network(row) for row in rows if _OURS in (row["Tags"] or ())]
    yield Promise("networks", wanted, found, f"CIM {_NETWORKS}", found is not None and _same(wanted, found))


def _network(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"subnet": migration_networks.normal(f"{row['SubnetNumber']}/{row['PrefixLength']}"), "priority": row["Metric"]}


def _same(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> bool:
    """Whether it is the same set of networks, each with the priority that was given, if one was."""
    priorities = {item["subnet"]: item["priority"] for item in found}
    if sorted(item["subnet"] for item in wanted) != sorted(item["subnet"] for item in found):
        return False
    return all(item["priority"] in (None, priorities[item["subnet"]]) for item in wanted)


def _listens(options: Mapping[str, Any]) -> bool:
    """Whether it was said on which networks live migrations come in."""
    return bool(options["enabled"] and (options["networks"] or options["use_any_network"]))


def _rules(options: Mapping[str, Any]) -> list[str]:
    """The firewall matters only where live migration is switched on."""
    return list(dict.fromkeys(options["firewall_rules"])) if options["enabled"] else []
