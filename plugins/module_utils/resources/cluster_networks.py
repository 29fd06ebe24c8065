# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The networks of a failover cluster: their names, roles and metrics, which of them live migration uses, and how many at a time.

docs/resources/cluster_networks.md names the source of every rule.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Assign, Call, Cmdlet, Ref
from ..cluster import asking
from ..cluster.networks import ROLES, Network, find, normal, present, read
from ..plans import Difference, Finding, Plan, Promise

_VIRTUAL_MACHINE = "Virtual Machine"
_EXCLUDE, _ORDER = "MigrationExcludeNetworks", "MigrationNetworkOrder"
_PARALLEL = "MaximumParallelMigrations"
_PARAMETERS = "HKLM:\\Cluster\\ResourceTypes\\Virtual Machine\\Parameters"
_NO_SUCH_KEY = "PathNotFound"
_UINT32 = 0xFFFFFFFF
_SETTINGS = ("name", "role", "metric")


@dataclass(frozen=True)
class _Migration:
    """Ids in lower case: what live migration must not use, and what it prefers, in order."""

    excluded: frozenset[str]
    order: tuple[str, ...]

    def networks(self, networks: Sequence[Network]) -> list[Network]:
        """Those that live migration uses, the preferred ones first."""
        used = [network for network in networks if network.id.lower() not in self.excluded]
        rank = {key: place for place, key in enumerate(self.order)}
        return sorted(used, key=lambda network: (rank.get(network.id.lower(), len(rank)), network.metric))

    def keeps(self, wanted: Sequence[Network], networks: Sequence[Network]) -> bool:
        """Whether it is exactly the wanted ones in their order, without regard to the order of those that are excluded."""
        ids = tuple(network.id.lower() for network in wanted)
        order = tuple(key for key in self.order if key in ids)
        others = {network.id.lower() for network in networks} - set(ids)
        return others <= self.excluded and self.excluded.isdisjoint(ids) and (order == ids or len(ids) == 1)


class ClusterNetworks:
    """Finds networks by subnet and sets what differs; a network that is not named is left alone."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            *asking.read(f"{_PARALLEL}?"),
            read("networks"),
            # The resource type comes with the Hyper-V role.
            Cmdlet("type", "Get-ClusterResourceType", {"Name": _VIRTUAL_MACHINE}, ("Name",)),
            Cmdlet("migration", "Get-ClusterParameter", {"InputObject": Ref("type"), "Name": [_EXCLUDE, _ORDER]}, ("Name", "Value")),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_refusals(options))
        if refusals:
            return Plan(refusals=refusals)
        blocker = asking.blocker(answers)
        if blocker:
            return Plan(differences=tuple(_all_differences(options)), blockers=(blocker,), state=_state((), None, None))
        networks = present(answers, "networks")
        migration = _migration(answers)
        parallel = answers.row("cluster")[_PARALLEL]
        state = _state(networks, migration, parallel)
        findings = tuple(_findings(options, networks))
        refusals = tuple(_cluster_refusals(options, networks, parallel))
        if findings or refusals:
            return Plan(findings=findings, refusals=refusals, state=state)
        changed = {network.id: dict(_changes(item, network)) for item, network in _pairs(options, networks)}
        wanted = [_known(networks, subnet) for subnet in options["live_migration_networks"] or ()]
        reselect = options["live_migration_networks"] is not None and (migration is None or not migration.keeps(wanted, networks))
        return Plan(
            differences=tuple(_differences(options, state, _pairs(options, networks), reselect)),
            calls=(*_set_networks(changed), *_select(networks, wanted if reselect else []), *_limit(options, parallel)),
            blockers=_migration_blocker(options, migration),
            state=state,
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        where = {"Namespace": asking.NAMESPACE, "ClassName": "MSCluster_Network"}
        return [
            Cmdlet("networks", "Get-CimInstance", where, ("ID", "Name", "Address", "AddressMask", "Role", "Metric")),
            Cmdlet("registry", "Get-ItemProperty", {"LiteralPath": _PARAMETERS}, (f"{_EXCLUDE}?", f"{_ORDER}?")),
        ]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        rows = {normal(f"{row['Address']}/{row['AddressMask']}"): row for row in answers.rows("networks") if row["Address"]}
        return (*_network_promises(options, rows), *_migration_promises(options, rows, answers))


RESOURCE = ClusterNetworks()


# What can never be

def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    items = options["networks"] or ()
    yield from _subnet_refusals("networks[{}].subnet", [item["subnet"] for item in items])
    yield from _subnet_refusals("live_migration_networks[{}]", options["live_migration_networks"] or ())
    if options["live_migration_networks"] == []:
        yield "live_migration_networks: it is empty, and live migration needs one network at least; leave it out to leave them alone"
    names = [item["name"].lower() for item in items if item["name"] is not None]
    for number, item in enumerate(items):
        if item["name"] is not None and (not item["name"] or names.count(item["name"].lower()) > 1):
            yield f"networks[{number}].name: {item['name']!r} is empty or stands there twice"
        if item["metric"] is not None and not 1 <= item["metric"] <= _UINT32:
            yield f"networks[{number}].metric: {item['metric']} is not between 1 and {_UINT32}"
    parallel = options["maximum_parallel_migrations"]
    if parallel is not None and not 1 <= parallel <= _UINT32:
        yield f"maximum_parallel_migrations: {parallel} is not between 1 and {_UINT32}"


def _subnet_refusals(where: str, subnets: Sequence[str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for number, text in enumerate(subnets):
        subnet = normal(text)
        if subnet is None:
            yield f"{where.format(number)}: {text!r} is no subnet; wanted is one with a prefix length, such as 10.0.0.0/24 or fd00::/64"
        elif subnet in seen:
            yield f"{where.format(number)}: {text!r} is the same network as {seen[subnet]!r}"
        else:
            seen[subnet] = text


def _cluster_refusals(options: Mapping[str, Any], networks: Sequence[Network], parallel: int | None) -> Iterator[str]:
    if options["maximum_parallel_migrations"] is not None and parallel is None:
        yield (
            "maximum_parallel_migrations: this cluster has no such setting, which came to Windows Server 2022 with the update of September "
            "2022; install it on every node, or leave the option out and use maximum_virtual_machine_migrations of win_hv_live_migration"
        )
    for item, network in _pairs(options, networks):
        name = (item["name"] or "").lower()
        holder = next((other for other in networks if other.name.lower() == name and other.id != network.id), None)
        if holder is not None:
            subnet = ", ".join(holder.subnets) or holder.id
            yield f"networks: {item['name']!r}, wanted for {item['subnet']}, is now the name of {subnet}; rename that one first"


def _findings(options: Mapping[str, Any], networks: Sequence[Network]) -> Iterator[Finding]:
    """A subnet that the cluster does not have: mistyped, or its adapters are missing or down on the nodes."""
    there = ", ".join(f"{network.subnets[0]} ({network.name})" for network in networks if network.subnets) or "none"
    for subnet in dict.fromkeys([*(item["subnet"] for item in options["networks"] or ()), *(options["live_migration_networks"] or ())]):
        if find(networks, normal(subnet) or subnet) is None:
            yield Finding(
                "cluster_network", "critical", subnet, f"the cluster has these networks: {there}", "a network of the cluster",
                "Correct the subnet, or give every node an adapter with an address in it; the cluster finds it by itself.",
            )


def _migration_blocker(options: Mapping[str, Any], migration: _Migration | None) -> tuple[str, ...]:
    if options["live_migration_networks"] is None or migration is not None:
        return ()
    return (f"the cluster has no resource type '{_VIRTUAL_MACHINE}' yet: the Hyper-V role is not in effect on its nodes",)


# What is wanted

def _pairs(options: Mapping[str, Any], networks: Sequence[Network]) -> list[tuple[Mapping[str, Any], Network]]:
    found = [(item, find(networks, normal(item["subnet"]) or "")) for item in options["networks"] or ()]
    return [(item, network) for item, network in found if network is not None]


def _known(networks: Sequence[Network], subnet: str) -> Network:
    """Of a subnet that no finding names."""
    return next(network for network in networks if normal(subnet) in network.subnets)


def _changes(item: Mapping[str, Any], network: Network) -> Iterator[tuple[str, Any]]:
    for setting, value in _given(item).items():
        if value != getattr(network, setting):
            yield setting, value


def _differences(
    options: Mapping[str, Any], state: Mapping[str, Any], pairs: list[tuple[Mapping[str, Any], Network]], reselect: bool
) -> Iterator[Difference]:
    changed = [(item["subnet"], network, changes) for item, network in pairs if (changes := dict(_changes(item, network)))]
    if changed:
        before = [_shown(subnet, {name: getattr(network, name) for name in changes}) for subnet, network, changes in changed]
        yield Difference("networks", before, [_shown(subnet, changes) for subnet, _network, changes in changed])
    if reselect:
        wanted = [normal(subnet) for subnet in options["live_migration_networks"]]
        yield Difference("live_migration_networks", state["live_migration_networks"], wanted)
    if options["maximum_parallel_migrations"] not in (None, state["maximum_parallel_migrations"]):
        yield Difference("maximum_parallel_migrations", state["maximum_parallel_migrations"], options["maximum_parallel_migrations"])


def _all_differences(options: Mapping[str, Any]) -> Iterator[Difference]:
    """On a host where nothing can be read yet."""
    items = options["networks"] or ()
    if items:
        yield Difference("networks", None, [_shown(item["subnet"], _given(item)) for item in items])
    if options["live_migration_networks"]:
        yield Difference("live_migration_networks", None, [normal(subnet) for subnet in options["live_migration_networks"]])
    if options["maximum_parallel_migrations"] is not None:
        yield Difference("maximum_parallel_migrations", None, options["maximum_parallel_migrations"])


def _given(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in _SETTINGS if item[name] is not None}


def _shown(subnet: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"subnet": normal(subnet), **settings}


# What the cluster answered

def _migration(answers: Answers) -> _Migration | None:
    """None without the resource type."""
    if not answers["type"].ok:
        return None
    values = {row["Name"]: row["Value"] for row in answers.rows("migration")}
    return _Migration(frozenset(_ids(values.get(_EXCLUDE))), _ids(values.get(_ORDER)))


def _ids(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in (value or "").split(";") if part.strip())


def _state(networks: Sequence[Network], migration: _Migration | None, parallel: int | None) -> dict[str, Any]:
    used = migration.networks(networks) if migration else []
    return {
        "networks": [network.as_state() for network in networks],
        "live_migration_networks": [network.subnets[0] for network in used if network.subnets],
        "maximum_parallel_migrations": parallel,
    }


# What is called

def _set_networks(changed: Mapping[str, Mapping[str, Any]]) -> Iterator[Call]:
    """These objects have no Set- cmdlet: their properties are assigned."""
    assigned = {key: changes for key, changes in changed.items() if changes}
    if assigned:
        yield Cmdlet("networks", "Get-ClusterNetwork", properties=("Id",))
    for number, (key, changes) in enumerate(assigned.items()):
        values = {name.capitalize(): ROLES[value] if name == "role" else value for name, value in changes.items()}
        yield Assign(f"network{number}", Ref("networks", where={"Id": key}), values)


def _select(networks: Sequence[Network], wanted: Sequence[Network]) -> Iterator[Call]:
    if not wanted:
        return
    chosen = [network.id for network in wanted]
    others = sorted(network.id for network in networks if network.id not in chosen)
    yield Cmdlet("type", "Get-ClusterResourceType", {"Name": _VIRTUAL_MACHINE}, ("Name",))
    for call, name, value in (("exclude", _EXCLUDE, others), ("order", _ORDER, chosen)):
        yield Cmdlet(call, "Set-ClusterParameter", {"InputObject": Ref("type"), "Name": name, "Value": ";".join(value)})


def _limit(options: Mapping[str, Any], parallel: int | None) -> Iterator[Call]:
    if options["maximum_parallel_migrations"] in (None, parallel):
        return
    yield Cmdlet("cluster", "Get-Cluster", properties=("Name",))
    yield Assign("parallel", Ref("cluster"), {_PARALLEL: options["maximum_parallel_migrations"]})


# What another path shows

def _network_promises(options: Mapping[str, Any], rows: Mapping[str | None, Mapping[str, Any]]) -> Iterator[Promise]:
    for item in options["networks"] or ():
        row = rows.get(normal(item["subnet"]))
        for setting, value in _given(item).items():
            wanted = ROLES[value] if setting == "role" else value
            found = row[setting.capitalize()] if row else None
            yield Promise(f"networks.{item['subnet']}.{setting}", wanted, found, "CIM MSCluster_Network", wanted == found)


def _migration_promises(
    options: Mapping[str, Any], rows: Mapping[str | None, Mapping[str, Any]], answers: Answers
) -> Iterator[Promise]:
    subnets = options["live_migration_networks"]
    if not subnets:
        return
    wanted = [normal(subnet) for subnet in subnets]
    found = _not_excluded(rows, answers)
    kept = found is not None and set(wanted) == set(found)
    yield Promise("live_migration_networks", wanted, found, f"registry {_PARAMETERS}", kept)


def _not_excluded(rows: Mapping[str | None, Mapping[str, Any]], answers: Answers) -> list[str | None] | None:
    """None where nobody ever set a parameter of the resource type, so that it has no key."""
    error = answers["registry"].error
    if error is not None and error.id.split(",")[0] == _NO_SUCH_KEY:
        return None
    excluded = set(_ids(answers.row("registry")[_EXCLUDE]))
    return [subnet for subnet, row in rows.items() if row["ID"].lower() not in excluded]
