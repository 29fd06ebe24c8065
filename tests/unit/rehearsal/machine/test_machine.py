# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine as a whole: restarts, readiness, pending conditions, and state that survives a dump."""
from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from rehearsal.machine import HostSpec, Machine, Win32Error
from rehearsal.machine.catalogue import FEATURES
from rehearsal.machine.hyperv import MigrationNetwork
from rehearsal.machine.services import Service

CBS = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
SERVER_MANAGER = r"HKLM:\SOFTWARE\Microsoft\ServerManager\ServicingStorage\ServerComponentCache"


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 4, 8, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def build(clock: Clock, **mapping: Any) -> Machine:
    return Machine.build("hv01", HostSpec.from_mapping(mapping, "hosts.hv01"), clock)


def install(machine: Machine, *names: str) -> bool:
    return machine.install_features(machine.features.wanted(names, tools=True, subfeatures=False)).restart


def test_a_machine_out_of_the_box_is_up_and_owes_no_restart(clock: Clock) -> None:
    machine = build(clock)
    assert (machine.up, machine.reboot_pending, machine.reboots, machine.changes) == (True, False, 0, [])


def test_restart_takes_its_time_and_gives_a_new_boot_time(clock: Clock) -> None:
    machine = build(clock, timing={"reboot_seconds": 30})
    machine.reboot()
    seen = []
    for seconds in (0, 29.5, 0.5):
        clock.pass_by(seconds)
        seen.append(machine.up)
    assert seen == [False, False, True]
    assert (machine.reboots, machine.boot_time) == (1, clock.moment)


def test_second_restart_of_the_role(clock: Clock) -> None:
    """hyperv-host.md 2.4: after the reboot the role finishes configuring and may reboot a second time on its own."""
    machine = build(clock, timing={"reboot_seconds": 10, "second_reboot": True, "second_reboot_seconds": 5})
    install(machine, "Hyper-V")
    machine.reboot()
    clock.pass_by(10)
    assert (machine.up, machine.reboots) == (True, 1)
    clock.pass_by(5)
    assert (machine.up, machine.reboots) == (False, 2)
    clock.pass_by(10)
    assert machine.up
    machine.reboot()
    clock.pass_by(100)
    assert (machine.up, machine.reboots) == (True, 3), "a later restart is a restart, not two"


def test_pending_markers_come_and_go(clock: Clock) -> None:
    """hyperv-host.md 2.4: the registry's markers."""
    machine = build(clock)
    assert not install(machine, "Failover-Clustering")
    assert not machine.reboot_pending
    assert install(machine, "Hyper-V")
    assert machine.registry.exists(CBS)
    assert machine.registry.get(SERVER_MANAGER, "RestartRequired") == 1
    machine.reboot()
    assert not machine.reboot_pending


@pytest.mark.parametrize("condition", ["component_servicing", "server_manager", "file_rename"])
def test_pending_from_the_start(clock: Clock, condition: str) -> None:
    machine = build(clock, pending=[condition])
    assert machine.reboot_pending
    machine.reboot()
    assert not machine.reboot_pending


def test_a_quiet_installation_leaves_no_marker_and_is_not_in_effect(clock: Clock) -> None:
    """storage-and-time.md 1.1: Server 2022 said that no restart was needed."""
    machine = build(clock, features={"multipath_restart_needed": False})
    assert not install(machine, "Multipath-IO")
    assert (machine.reboot_pending, machine.module_available("MPIO"), machine.multipath_running) == (False, True, False)
    assert machine.features.pending() == ["Multipath-IO"]
    machine.reboot()
    assert machine.multipath_running


def test_features_need_their_parents_and_requirements(clock: Clock) -> None:
    machine = build(clock)
    wanted = [feature.name for feature in machine.features.wanted(["HostGuardian", "RSAT-Clustering-PowerShell"], False, False)]
    assert wanted == ["Hyper-V", "HostGuardian", "RSAT", "RSAT-Feature-Tools", "RSAT-Clustering", "RSAT-Clustering-PowerShell"]


def test_every_parent_tool_and_requirement_is_a_feature() -> None:
    for feature in FEATURES.values():
        named = {*feature.tools, *feature.requires, *([feature.parent] if feature.parent else [])}
        assert named <= set(FEATURES), feature.name


def test_role_on_hardware_that_cannot_run_it(clock: Clock) -> None:
    """1.1, decision table: installed, but no hypervisor; vmms does not run."""
    machine = build(clock, features={"installed": ["Hyper-V"]}, hardware={"processors": [{"firmware_virtualization": False}]})
    assert not machine.hypervisor_running
    assert machine.services.get("vmms").state == "Stopped"
    assert not machine.vmms_ready


def test_unknown_module_is_refused(clock: Clock) -> None:
    with pytest.raises(Exception, match="does not model the PowerShell module VpnClient"):
        build(clock).module_available("VpnClient")


def test_names_change_with_a_restart(clock: Clock) -> None:
    machine = build(clock)
    machine.rename("node7")
    machine.join("lab.example")
    assert (machine.identity.full_name, machine.reboot_pending) == ("HV01", True)
    machine.reboot()
    clock.pass_by(1)
    assert (machine.identity.full_name, machine.reboot_pending) == ("NODE7.lab.example", False)
    assert machine.registry.get(r"HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters", "Type") == "NT5DS"
    assert machine.services.get("w32time").state == "Running", "its start trigger fires in a domain"


def test_hooks_see_starts_and_can_refuse_them(clock: Clock) -> None:
    machine = build(clock)
    machine.services.create("demo", r"C:\demo.exe", start_mode="Automatic", account=r"LAB\svc")
    seen: list[str] = []

    def refuse(_machine: Machine, service: Service) -> None:
        if service.account.startswith("LAB"):
            raise Win32Error(1069, "The service did not start due to a logon failure.")

    machine.hooks.service_starting.append(refuse)
    machine.hooks.service_started.append(lambda _machine, service: seen.append(service.name))
    with pytest.raises(Win32Error) as caught:
        machine.services.start("demo")
    assert caught.value.code == 1069
    machine.reboot()
    assert "demo" not in seen
    assert "Winmgmt" in seen
    assert any("demo: did not start at boot" in line for line in machine.changes)
    machine.hooks.service_starting.clear()
    machine.services.start("demo")
    assert seen[-1] == "demo"


def test_state_survives_a_dump(clock: Clock) -> None:
    """A machine with a past is loaded into one that answers the same and goes on the same."""
    mapping: dict[str, Any] = {
        "hardware": {"pci": [{
            "name": "GPU", "location_path": "PCIROOT(16)#PCI(0000)", "instance_id": r"PCI\VEN_10DE&DEV_1EB8\4&1",
        }]},
        "storage": {"luns": [{}]}, "timing": {"second_reboot": True, "reboot_seconds": 0, "second_reboot_seconds": 60},
    }
    machine = build(clock, **mapping)
    install(machine, "Hyper-V", "Multipath-IO", "Failover-Clustering")
    machine.reboot()
    machine.storage.add_supported("CONTOSO", "VirtualDisk")
    machine.storage.claim()
    machine.storage.set_new_disk_policy(3)
    machine.hyperv.set("NumaSpanningEnabled", False)
    machine.pci.disable(machine.pci.all()[0])
    machine.pci.dismount(machine.pci.all()[0])
    machine.files.make_folder(r"C:\OpenStack")
    machine.files.write(r"C:\OpenStack\nova.conf", b"[DEFAULT]\n\xff")
    machine.services.create("demo", r"C:\demo.exe", dependencies=["vmms"])
    machine.services.start("demo")
    machine.hyperv.set_networks([MigrationNetwork("10.0.0.0/24", 5), MigrationNetwork("10.1.0.0/24", None)])
    machine.hyperv.takes_networks_from = clock.moment
    machine.firewall.enable(machine.firewall.rules()[0], False)
    machine.rename("node7")
    install(machine, "HostGuardian")

    text = json.dumps(machine.dump())
    again = Machine.load("hv01", machine.spec, json.loads(text), clock)
    assert again.dump() == machine.dump()
    assert again.files.read(r"c:\openstack\NOVA.CONF") == b"[DEFAULT]\n\xff"
    assert again.services.get("demo").pid == machine.services.get("demo").pid
    assert again.hyperv.networks == machine.hyperv.networks
    assert again.firewall.rules() == machine.firewall.rules()
    assert len(again.storage.disks()) == len(machine.storage.disks()) == 2
    clock.pass_by(60)
    for one in (machine, again):
        assert one.up
        assert one.reboots == 2, "the second restart was still due"
        assert one.identity.computer_name == "NODE7"
        assert one.features.in_effect("HostGuardian")
    assert again.dump() == machine.dump()
