# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module FailoverClusters: Test-Cluster. It leaves a report and no verdict; what it finds is what the machines really differ in."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..machine.addresses import addresses
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSObject
from .cluster_nodes import need_administrator
from .failover_clusters import SOURCE, TYPES, failed, refuse
from .items import file_object
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_COMMAND = "Test-Cluster"
_REPORTS = r"C:\Windows\Cluster\Reports"
_NETWORK, _SYSTEM, _HYPER_V, _INVENTORY, _STORAGE = "Network", "System Configuration", "Hyper-V Configuration", "Inventory", "Storage"
_Check = Callable[["list[Machine]"], str]


def _same(what: str, value: Callable[[Machine], object]) -> _Check:
    def check(machines: list[Machine]) -> str:
        seen = {str(value(item)) for item in machines}
        return "" if len(seen) == 1 else f"{what} differs: {', '.join(sorted(seen))}"

    return check


# Names and categories: Test-Cluster.md, example 3. A check that is None has nothing to compare here.
_TESTS: tuple[tuple[str, str, _Check | None], ...] = (
    (_INVENTORY, "List Operating System Information", None),
    (_INVENTORY, "List System Information", None),
    (_NETWORK, "Validate Cluster Network Configuration", _same("the set of subnets", lambda item: sorted(
        str(address.network) for _unused, address in addresses(item)))),
    (_NETWORK, "Validate Network Communication", None),
    (_SYSTEM, "Validate Active Directory Configuration", _same("the domain", lambda item: item.identity.domain.lower())),
    (_SYSTEM, "Validate Operating System Edition", _same("the edition", lambda item: item.spec.os.edition)),
    (_SYSTEM, "Validate Operating System Version", _same("the version", lambda item: item.os_version)),
    (_SYSTEM, "Validate System Drive Variable", None),
    (_HYPER_V, "Validate Hyper-V Role Installed", _same("whether the role is there", lambda item: item.features.in_effect("Hyper-V"))),
    (_STORAGE, "List Disks", None),
)
CATEGORIES = frozenset({category for category, _unused, _check in _TESTS} | {"Cluster Configuration", "Storage Spaces Direct"})


@cmdlet("Test-Cluster", source=f"{SOURCE}; a public transcript of 2025 (where the report lies, a node that is not reached)",
        unconfirmed="the report's form; the error of a test that does not exist")
def test_cluster(machine: Machine, bound: Bound) -> list[PSObject]:
    refuse(bound, _COMMAND, "Disk", "Pool", "Force", "InputObject", "Cluster")
    if bound.get("List"):
        return [
            PSObject(f"{TYPES}.ClusterTestInfo", {"Category": category, "DisplayName": name}) for category, name, _check in _TESTS
        ]
    chosen = [test for test in _TESTS if _is_chosen(machine, bound, test)]
    machines = [_reached(machine, name) for name in _nodes(machine, bound)]
    rows = [(category, name, check(machines) if check else "") for category, name, check in chosen]
    path = _report_path(machine, str(bound.get("ReportName", "")))
    machine.files.make_folder(path.rpartition("\\")[0])
    machine.files.write(path, _report(machines, rows).encode())
    machine.note(f"validated {', '.join(item.identity.computer_name for item in machines)}")
    return [file_object(machine, path)]


def _nodes(machine: Machine, bound: Bound) -> list[str]:
    """Those named; a node that is a member brings all nodes of its cluster along."""
    given = [str(item) for item in as_list(bound["Node"])] if "Node" in bound else [machine.identity.computer_name]
    found: dict[str, str] = {}
    for name in given:
        cluster = machine.clusters.with_member(name)
        for member in [node.name for node in cluster.nodes] if cluster else [name]:
            found.setdefault(member.partition(".")[0].lower(), member)
    return list(found.values())


def _reached(machine: Machine, name: str) -> Machine:
    peer = machine.peers.find(name)
    if peer is None or not machine.peers.is_up(name):
        message = f"Unable to connect to {name} via WMI.  This may be due to networking issues or firewall configuration on {name}."
        raise failed(machine, _COMMAND, message, "The RPC server is unavailable. (Exception from HRESULT: 0x800706BA)")
    need_administrator(machine, name, _COMMAND)
    return peer


def _is_chosen(machine: Machine, bound: Bound, test: tuple[str, str, _Check | None]) -> bool:
    category, name, _unused = test
    included, ignored = (_names(machine, bound, parameter) for parameter in ("Include", "Ignore"))
    own = {category.lower(), name.lower()}
    return (not included or bool(own & included)) and not own & ignored


def _names(machine: Machine, bound: Bound, parameter: str) -> set[str]:
    known = {name.lower() for name in CATEGORIES} | {name.lower() for _unused, name, _check in _TESTS}
    given = {str(item).lower() for item in as_list(bound.get(parameter, []))}
    for name in given - known:
        raise failed(machine, _COMMAND, f"Unable to find the test or category '{name}'.")
    return given


def _report_path(machine: Machine, name: str) -> str:
    """In the folder of the cluster's reports, unless the name has one of its own; .htm is added to it."""
    if name:
        return f"{name}.htm" if "\\" in name else rf"{_REPORTS}\{name}.htm"
    return rf"{_REPORTS}\Validation Report {machine.now().strftime('%Y.%m.%d At %H.%M.%S')}.htm"


def _report(machines: Iterable[Machine], rows: Iterable[tuple[str, str, str]]) -> str:
    nodes = ", ".join(item.identity.full_name for item in machines)
    lines = "".join(
        f"<tr><td>{category}</td><td>{name}</td><td>{'Failed' if found else 'Success'}</td><td>{found}</td></tr>"
        for category, name, found in rows
    )
    return f"<html><head><title>Failover Cluster Validation Report</title></head><body><p>{nodes}</p><table>{lines}</table></body></html>"
