# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each promise about the switch, PCI devices and the SMB client, broken behind the collection's back."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rehearsal.machine import Machine
from rehearsal.machine.smb import Constraint

from tests.integration.promises.node import Node
from tests.unit.rehearsal.cmdlets.hosts import GPU as FIRST
from tests.unit.rehearsal.cmdlets.hosts import Host, hyper_v_host

NICS = [{"name": "Ethernet", "mac": "02-00-5E-00-00-01"}, {"name": "Data", "mac": "02-00-5E-00-00-02"}]
GPU: dict[str, Any] = dict(FIRST)
SECOND = {
    **GPU, "location_path": "PCIROOT(17)#PCI(0000)#PCI(0000)",
    "instance_id": GPU["instance_id"].replace("4&1A2B3C&0&0000", "4&99&0&0000"),
}
GPUS = {"vendor_id": "10DE", "product_id": "1EB8"}

Change = Callable[[Machine], Any]


def switch_node() -> Node:
    return Node(hyper_v_host(hardware={"nics": NICS}), {"switch": {
        "name": "external", "adapters": ["Data"], "allow_management_os": True, "bandwidth_mode": "weight", "iov": False, "vlan": 7,
    }})


def pci_node(**options: Any) -> Node:
    return Node(hyper_v_host(hardware={"pci": [GPU, SECOND]}), {"pci_dismount": {
        "devices": [{"location_path": GPU["location_path"]}], "force": True, **options,
    }})


def smb_node() -> Node:
    return Node(Host(hardware={"nics": NICS}), {"smb_client": {
        "multichannel": True, "require_signing": True, "constraints": [{"server": "FS1.example.org", "interfaces": ["Data"]}],
    }})


NODES: dict[str, Callable[[], Node]] = {
    "switch": switch_node,
    "pci_dismount": pci_node,
    "smb_client": smb_node,
}


def change_switch(**changes: Any) -> Change:
    def change(machine: Machine) -> None:
        machine.hyperv.switches[0] = replace(machine.hyperv.switches[0], **changes)

    return change


def mount(path: str) -> Change:
    def change(machine: Machine) -> None:
        device = machine.pci.by_location(path)
        assert device is not None
        machine.pci.mount(device)

    return change


def unconstrain(machine: Machine) -> None:
    for item in machine.smb.constraints:
        if item.server == "fs1":
            machine.smb.remove(item)
            return


@pytest.mark.parametrize(("section", "paths"), [
    ("switch", {"CIM Msvm_VirtualEthernetSwitch", "CIM Msvm_VirtualEthernetSwitchSettingData", "CIM Msvm_ExternalEthernetPort",
                "Get-VMNetworkAdapter", "Get-VMNetworkAdapterVlan"}),
    ("pci_dismount", {"CIM Msvm_PciExpress"}),
    ("smb_client", {"Get-SmbClientConfiguration, as it is read", "CIM MSFT_SmbMultichannelConstraint"}),
])
def test_all_are_kept(section: str, paths: set[str]) -> None:
    node = NODES[section]()
    node.converge()
    seen = node.seen()
    assert [row for row in seen if not row["kept"]] == []
    assert {row["seen_by"] for row in seen} == paths


@pytest.mark.parametrize(("section", "change", "broken"), [
    ("switch", change_switch(bandwidth="Absolute"), {"bandwidth_mode": "absolute"}),
    ("switch", change_switch(iov=True), {"iov": True}),
    ("switch", change_switch(adapters=("Ethernet",)), {"adapters": []}),
    ("switch", change_switch(allow_management_os=False), {"allow_management_os": False, "vlan": None}),
    ("switch", change_switch(vlan=0), {"vlan": 0}),
    ("switch", change_switch(name="other"), {
        "switch": "0 of this name", "bandwidth_mode": None, "iov": None, "allow_management_os": False, "vlan": None,
    }),
    ("pci_dismount", mount(GPU["location_path"]), {f"devices.{GPU['location_path']}": None}),
    ("smb_client", lambda machine: machine.smb.set("EnableMultiChannel", False), {"multichannel": False}),
    ("smb_client", lambda machine: machine.smb.set("RequireSecuritySignature", False), {"require_signing": False}),
    ("smb_client", unconstrain, {"constraints.fs1": []}),
])
def test_each_broken_promise_is_the_one_that_shows(section: str, change: Change, broken: dict[str, Any]) -> None:
    node = NODES[section]()
    node.converge()
    change(node.host.machine)
    assert node.broken() == {f"{section}.{name}": found for name, found in broken.items()}


def test_a_second_switch_of_the_same_name() -> None:
    node = switch_node()
    node.converge()
    node.host.rows("New-VMSwitch", Name="EXTERNAL", NetAdapterName=["Ethernet"], AllowManagementOS=True)
    assert node.broken() == {"switch.switch": "2 of this name"}


def test_devices_by_their_ids_must_all_be_taken() -> None:
    node = pci_node(devices=[{**GPUS, "count": 2}])
    node.converge()
    assert node.broken() == {}
    mount(SECOND["location_path"])(node.host.machine)
    assert node.broken() == {"pci_dismount.devices.VEN_10DE&DEV_1EB8": f"mounted: {SECOND['instance_id']}"}


def test_devices_that_were_given_back() -> None:
    taken = pci_node()
    taken.converge()
    node = Node(taken.host, {"pci_dismount": {**taken.sections["pci_dismount"], "state": "absent", "devices": [GPUS]}})
    assert node.broken() == {"pci_dismount.devices.VEN_10DE&DEV_1EB8": "dismounted"}
    node.converge()
    assert node.broken() == {}
    mount(GPU["location_path"])(node.host.machine)
    assert node.broken() == {"pci_dismount.devices.VEN_10DE&DEV_1EB8": "disabled"}


def test_a_constraint_of_another_interface_is_one_too_many() -> None:
    node = smb_node()
    node.converge()
    other = node.host.values("Get-NetAdapter", "InterfaceGuid", Name=["Ethernet"])[0]
    node.host.machine.smb.add(Constraint("fs1", other))
    assert node.broken() == {"smb_client.constraints.fs1": ["Data", "Ethernet"]}


def test_the_algorithm_of_a_team() -> None:
    third = {"name": "Data 2", "mac": "02-00-5E-00-00-03"}
    node = Node(hyper_v_host(hardware={"nics": [*NICS, third]}), {"switch": {
        "name": "team", "adapters": ["Data", "Data 2"], "allow_management_os": False, "load_balancing": "hyperv_port",
    }})
    node.converge()
    assert node.broken() == {}
    change_switch(load_balancing="Dynamic")(node.host.machine)
    assert node.broken() == {"switch.load_balancing": "dynamic"}
    node.converge()
    assert node.host.machine.hyperv.switches[0].load_balancing == "HyperVPort"
