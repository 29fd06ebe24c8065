# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NUMA spanning of the Hyper-V host."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Retry
from ..evidence import VIRTUALIZATION, instances, promise, seen_one
from ..plans import Difference, Plan, Promise

_SETTINGS = "Msvm_VirtualSystemManagementServiceSettingData"

# vmms answers only some time after its service reports Running.
_VMMS_BACK = Retry(count=60, seconds=2)


class Numa:
    """Reads the topology; sets spanning and restarts vmms in the same change."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        # Never Get-VMHostNumaNodeStatus: it errors while spanning is enabled (Microsoft's Hyper-V cmdlet reference).
        return [
            Cmdlet("host", "Get-VMHost", properties=("NumaSpanningEnabled",)),
            Cmdlet("nodes", "Get-VMHostNumaNode", properties=("NodeId", "ProcessorsAvailability", "MemoryAvailable", "MemoryTotal")),
            Cmdlet("machines", "Get-VM", properties=("Name", "State")),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        wanted = options["spanning"]
        if answers["host"].missing_command:
            return _without_hyper_v(wanted)
        spanning = answers.row("host")["NumaSpanningEnabled"]
        nodes = answers.rows("nodes")
        state = {"spanning": spanning, "nodes": [_node(row) for row in nodes]}
        if wanted is None or wanted == spanning:
            return Plan(state=state)
        if len(nodes) == 1:
            return Plan(state=state, warnings=("The host has one NUMA node: spanning makes no difference and was left alone.",))
        return Plan(
            differences=(Difference("spanning", spanning, wanted),),
            calls=_change(wanted),
            warnings=_restart_warning(answers.rows("machines")),
            state=state,
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        if options["spanning"] is None:
            return []
        return [
            instances("settings", _SETTINGS, "NumaSpanningEnabled", namespace=VIRTUALIZATION),
            Cmdlet("nodes", "Get-VMHostNumaNode", properties=("NodeId",)),
        ]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        """None for a host with one node, where spanning makes no difference and is left alone."""
        wanted = options["spanning"]
        if wanted is None or len(answers.rows("nodes")) == 1:
            return ()
        return (promise("spanning", wanted, seen_one(answers, "settings").get("NumaSpanningEnabled"), f"CIM {_SETTINGS}"),)


RESOURCE = Numa()


def _change(wanted: bool) -> tuple[Call, ...]:
    # The setting takes effect when vmms restarts, and nothing shows afterwards whether it did: so it is one change.
    # Running VMs keep running meanwhile (compute-hyperv: install/prerequisites; windowsserverdocs: BPA page on vmms).
    return (
        Cmdlet("set", "Set-VMHost", {"NumaSpanningEnabled": wanted}),
        Cmdlet("restart", "Restart-Service", {"Name": "vmms", "Force": True}),
        Cmdlet("running", "Get-Service", {"Name": "vmms"}, ("Status",), until={"Status": "Running"}, retry=_VMMS_BACK),
        Cmdlet("answering", "Get-VMHost", properties=("NumaSpanningEnabled",), retry=_VMMS_BACK),
    )


def _restart_warning(machines: tuple[Mapping[str, Any], ...]) -> tuple[str, ...]:
    running = sorted(machine["Name"] for machine in machines if machine["State"] == "Running")
    if not running:
        return ()
    return (f"These virtual machines keep their former NUMA placement until they are restarted: {', '.join(running)}.",)


def _without_hyper_v(wanted: bool | None) -> Plan:
    differences = () if wanted is None else (Difference("spanning", None, wanted),)
    blockers = ("the Hyper-V role is not in effect on this host",)
    return Plan(differences=differences, blockers=blockers, state={"spanning": None, "nodes": []})


def _node(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["NodeId"],
        "logical_processors": len(row["ProcessorsAvailability"]),
        "memory_available_mb": row["MemoryAvailable"],
        "memory_total_mb": row["MemoryTotal"],
    }
