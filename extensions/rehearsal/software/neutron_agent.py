# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What neutron-hyperv-agent of networking-hyperv 14 does when its service starts: it checks its virtual switches and reports itself.

Messages and order are the agent's own (networking_hyperv/neutron/agent/layer2.py, hyperv_neutron_agent.py). It writes no log here.
"""
from __future__ import annotations

import re
from collections.abc import Callable

from ..control_plane import ControlPlane, NetworkAgent
from ..machine import Machine
from ..machine.services import Service
from .service_program import Exit, command, config_files, option, read_configuration

BINARY = "neutron-hyperv-agent"
_OVS = re.compile(r"(open.?v.?switch)|(ovs)", re.IGNORECASE)


def starter(plane: ControlPlane) -> Callable[[Machine, Service], None]:
    """A hook for started services, which make themselves known to the control plane."""

    def started(machine: Machine, service: Service) -> None:
        line = command(machine, service)
        files = config_files(line)
        if BINARY not in line.lower() or not files:
            return
        try:
            plane.agent_started(_start(machine, service, files))
        except Exit as reason:
            machine.services.stop(service.name)
            machine.note(f"{BINARY}: exited with code 1: {reason}")

    return started


def _start(machine: Machine, service: Service, files: list[str]) -> NetworkAgent:
    config = read_configuration(machine, files)
    texts = option(config, "AGENT", "physical_network_vswitch_mappings").split(",")
    mappings = {pattern: switch for pattern, switch in map(_mapping, texts) if switch}
    _validate(machine, [*mappings.values(), *filter(None, [option(config, "AGENT", "local_network_vswitch")])])
    return NetworkAgent(
        host=option(config, "DEFAULT", "host") or machine.identity.computer_name, binary=BINARY, agent_type="HyperV agent",
        configurations={"vswitch_mappings": mappings}, machine=machine.name, service=service.name,
    )


def _mapping(text: str) -> tuple[str, str]:
    """A network's pattern as the agent makes it, and its switch; the agent skips what has not exactly one colon."""
    parts = text.split(":")
    if len(parts) != 2:
        return "", ""
    return re.escape(parts[0].strip()).replace("\\*", ".*") + "$", parts[1].strip()


def _validate(machine: Machine, switches: list[str]) -> None:
    if not machine.vmms_ready:
        raise Exit(r"os_win.exceptions.HyperVException: the namespace root\virtualization\v2 does not answer")
    if not switches:
        raise Exit("No vSwitch configured.")
    if not all(_valid(machine, name) for name in switches):
        raise Exit("Validating one or more configured vSwitches failed.")


def _valid(machine: Machine, name: str) -> bool:
    switch = next((switch for switch in machine.hyperv.switches if switch.name.lower() == name.lower()), None)
    return switch is not None and not any(item.enabled and _OVS.search(item.name) for item in switch.extensions)
