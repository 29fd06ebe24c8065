# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several hosts that keep their instances on the same storage, and each report all of its space to nova."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plans import Finding


def overcommit(states: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """states: by host, what `instance_paths` returns as its state. One finding a storage that more than one host reports."""
    hosts: dict[str, list[str]] = {}
    for host, state in states.items():
        if state["storage"] is not None:
            hosts.setdefault(state["storage"], []).append(host)
    return [_finding(storage, sorted(names), states) for storage, names in sorted(hosts.items()) if len(names) > 1]


def _finding(storage: str, hosts: list[str], states: Mapping[str, Mapping[str, Any]]) -> Finding:
    sizes = [states[host]["total_gb"] for host in hosts if states[host]["total_gb"] is not None]
    space = f"{max(sizes)} GB" if sizes else "space"
    return Finding(
        "instances_overcommit", "warning", storage, f"{len(hosts)} hosts report the same {space} each: {', '.join(hosts)}",
        "space that nova counts once",
        f"Set disk_allocation_ratio to at most {100 // len(hosts) / 100:.2f} on each of them, or give each host a volume of its own.",
    )
