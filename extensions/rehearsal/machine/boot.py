# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a boot brings into effect: names, features with their services and settings, and the services that start."""
from __future__ import annotations

from typing import TYPE_CHECKING

from . import pending, setup
from .identity import Identity
from .services import DOMAIN_JOINED, NETWORK_ON, NOT_DOMAIN_JOINED, START, STOP, Service, Trigger

if TYPE_CHECKING:
    from .machine import Machine


def boot(machine: Machine) -> list[str]:
    """Everything that waited for a restart happens. The features that came into effect."""
    _take_names(machine)
    fresh = machine.features.boot()
    for feature in fresh:
        bring(machine, feature)
    drop_absent(machine)
    pending.clear(machine.registry)
    machine.pci.boot()
    machine.drivers.boot()
    machine.smb.connections = ()
    start_services(machine)
    return fresh


def bring(machine: Machine, feature: str) -> None:
    """The services and settings that a feature brings when its files are in place."""
    if feature == "Multipath-IO":
        machine.storage.install_multipath()
        if not machine.features.in_effect(feature):
            return
    setup.create_services(machine.services, setup.FEATURE_SERVICES.get(feature, ()))
    machine.firewall.bring(feature)
    for key in setup.FEATURE_KEYS.get(feature, ()):
        machine.registry.create(key)


def drop_absent(machine: Machine) -> None:
    """The services and rules of features that are not installed go."""
    for feature, definitions in setup.FEATURE_SERVICES.items():
        if machine.features.installed(feature):
            continue
        for name, *_unused in definitions:
            if machine.services.find(name) is not None:
                machine.services.delete(name)
        machine.firewall.drop(feature)


def start_services(machine: Machine) -> None:
    machine.services.boot(machine.boot_time, lambda service: _starts(machine, service))
    if machine.multipath_running:
        machine.storage.claim()


def _take_names(machine: Machine) -> None:
    former = machine.identity
    joined = former.domain if former.pending_domain is None else former.pending_domain
    machine.identity = Identity(former.pending_name or former.computer_name, joined, former.workgroup)
    machine.registry.set(setup.ACTIVE_NAME, "ComputerName", machine.identity.computer_name[:15], "String")
    machine.registry.set(setup.TCPIP, setup.HOST_NAME, machine.identity.computer_name, "String")
    for name in setup.PENDING_JOIN:
        machine.registry.delete(rf"{setup.NETLOGON}\{name}")
    if joined != former.domain:
        kind = "NT5DS" if joined else "NTP"
        machine.registry.set(rf"{setup.W32TIME}\Parameters", "Type", kind, "String")


def _starts(machine: Machine, service: Service) -> bool:
    """By start mode or trigger. A stop trigger for machines outside a domain ends w32time right after boot (storage-and-time 6.4)."""
    if service.start_mode == "Disabled" or (service.name.lower() == "vmms" and not machine.hypervisor_running):
        return False
    fired = {trigger.action for trigger in service.triggers if _fires(machine, trigger)}
    if STOP in fired:
        return False
    return START in fired or service.start_mode in ("Boot", "System", "Automatic")


def _fires(machine: Machine, trigger: Trigger) -> bool:
    """Whether the trigger's condition holds once the machine is up: it is in its domain or not, and has an address."""
    return trigger.subtype == NETWORK_ON or trigger.subtype == (DOMAIN_JOINED if machine.identity.domain else NOT_DOMAIN_JOINED)
