# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plug and Play and discrete device assignment. Oracle: the fact sheet hyperv-host.md 6."""
from __future__ import annotations

from typing import Any

import pytest

from tests.unit.rehearsal.cmdlets.hosts import GPU, Host, hyper_v_host

PATH = str(GPU["location_path"])
OWN = str(GPU["instance_id"])
DISMOUNTED = OWN.replace("PCI\\", "PCIP\\")
PCI_SET = "{3AB22E31-8264-4b4e-9AF5-A8D2D8E33E62}"
REFUSED = "OperationFailed,Microsoft.HyperV.PowerShell.Commands.DismountVMHostAssignableDevice"


def gpu_host(**device: Any) -> Host:
    return hyper_v_host(hardware={"pci": [{**GPU, **device}]})


def disable(host: Host) -> None:
    host.rows("Disable-PnpDevice", InstanceId=[OWN], Confirm=False)


def nodes(host: Host) -> dict[str, tuple[str, str, bool]]:
    rows = host.rows("Get-PnpDevice", "InstanceId", "Status", "ConfigManagerErrorCode", "Present", InstanceId=["PCI*"])
    return {row["InstanceId"]: (row["Status"], row["ConfigManagerErrorCode"], row["Present"]) for row in rows}


def test_the_whole_way_and_back() -> None:
    """6.3: disable (22), dismount (own node absent, PCIP node present), mount (disabled), enable. The location path stays."""
    host = gpu_host()
    assert nodes(host) == {OWN: ("OK", "CM_PROB_NONE", True)}
    disable(host)
    assert nodes(host) == {OWN: ("Error", "CM_PROB_DISABLED", True)}
    host.rows("Dismount-VMHostAssignableDevice", LocationPath=PATH, Force=True, Confirm=False)
    assert nodes(host) == {OWN: ("Unknown", "CM_PROB_PHANTOM", False), DISMOUNTED: ("OK", "CM_PROB_NONE", True)}
    assert host.rows("Get-VMHostAssignableDevice", "InstanceID", "LocationPath") == [{"InstanceID": DISMOUNTED, "LocationPath": PATH}]

    host.machine.reboot()
    assert host.values("Get-VMHostAssignableDevice", "LocationPath") == [PATH], "the state survives a restart"
    host.rows("Mount-VMHostAssignableDevice", LocationPath=PATH, Confirm=False)
    assert nodes(host) == {OWN: ("Error", "CM_PROB_DISABLED", True)}
    host.rows("Enable-PnpDevice", InstanceId=[OWN], Confirm=False)
    assert nodes(host) == {OWN: ("OK", "CM_PROB_NONE", True)}


def test_device_in_use_waits_for_a_restart() -> None:
    """6.3: a device in use may need a reboot between disable and dismount."""
    host = gpu_host(in_use=True)
    disable(host)
    assert nodes(host)[OWN][1] == "CM_PROB_NEED_RESTART"
    assert host.error("Dismount-VMHostAssignableDevice", LocationPath=PATH, Force=True, Confirm=False) == REFUSED
    host.machine.reboot()
    assert nodes(host)[OWN][1] == "CM_PROB_DISABLED"
    host.rows("Dismount-VMHostAssignableDevice", LocationPath=PATH, Force=True, Confirm=False)


def test_force_stands_in_for_a_mitigation_driver() -> None:
    """6.3, 6.4."""
    for device, works in (({}, False), ({"mitigated": True}, True), ({"mitigated": True, "acs": 0}, False)):
        host = gpu_host(**device)
        disable(host)
        result = host.call("Dismount-VMHostAssignableDevice", LocationPath=PATH, Confirm=False)
        assert ("error" not in result) == works


def test_firmware_that_keeps_pci_express() -> None:
    """6.1, 6.4."""
    host = hyper_v_host(hardware={"pci": [GPU], "sr_iov_reason": "The BIOS must be updated."})
    assert host.values("Get-VMHost", "IovSupport") == [False]
    assert host.values("Get-VMHost", "IovSupportReasons") == [["The BIOS must be updated."]]
    disable(host)
    assert host.error("Dismount-VMHostAssignableDevice", LocationPath=PATH, Force=True, Confirm=False) == REFUSED


def test_enabled_or_unknown_device_is_not_dismounted() -> None:
    host = gpu_host()
    assert host.error("Dismount-VMHostAssignableDevice", LocationPath=PATH, Force=True, Confirm=False) == REFUSED
    elsewhere = "PCIROOT(99)#PCI(0000)"
    assert host.error("Dismount-VMHostAssignableDevice", LocationPath=elsewhere, Confirm=False).startswith("ObjectNotFound,")
    assert host.error("Mount-VMHostAssignableDevice", LocationPath=PATH, Confirm=False).startswith("ObjectNotFound,")


def test_assigned_device_is_the_machines_and_cannot_be_mounted_back() -> None:
    """6.3: Mount while assigned fails."""
    host = hyper_v_host(hardware={"pci": [GPU]}, virtual_machines=[{"name": "vm1", "devices": [PATH]}])
    assert host.rows("Get-VMAssignableDevice", "LocationPath", "VMName", VMName=["vm1"]) == [{"LocationPath": PATH, "VMName": "vm1"}]
    assert host.error("Mount-VMHostAssignableDevice", LocationPath=PATH, Confirm=False).startswith("OperationFailed,")


def test_confirm_prompt_needs_an_answer() -> None:
    """10.6: in a session without a person the prompt is an error."""
    assert "error" in gpu_host().call("Disable-PnpDevice", InstanceId=[OWN])


@pytest.mark.parametrize(("device", "key", "value"), [
    ({"device_type": 4}, f"{PCI_SET}  1", 4),
    ({"base_class": 2}, f"{PCI_SET}  3", 2),
    ({"acs": 0}, f"{PCI_SET} 31", 0),
    ({"acs": 3}, "DEVPKEY_PciDevice_AcsCompatibleUpHierarchy", 3),
    ({"reserved_memory": "none"}, f"{PCI_SET}  34", 0),
    ({"reserved_memory": "required"}, f"{PCI_SET}  34", 1),
    ({"reserved_memory": "unknown"}, f"{PCI_SET}  34", None),
    ({"location_info": "PCI Slot 4 (PCI bus 4, device 0, function 0)"}, "DEVPKEY_Device_LocationInfo",
     "PCI Slot 4 (PCI bus 4, device 0, function 0)"),
    ({"address": 65537}, "DEVPKEY_Device_Address", 65537),
])
def test_survey_properties(device: dict[str, Any], key: str, value: Any) -> None:
    """6.2: by name, or by GUID and number with one space or two."""
    host = gpu_host(**device)
    assert host.rows("Get-PnpDeviceProperty", "DeviceID", "Data", InstanceId=[OWN], KeyName=[key]) == [{"DeviceID": OWN, "Data": value}]


def test_location_paths_come_with_an_acpi_one() -> None:
    (paths,) = gpu_host().values("Get-PnpDeviceProperty", "Data", InstanceId=[OWN], KeyName=["DEVPKEY_Device_LocationPaths"])
    assert paths[0] == PATH
    assert paths[1].startswith("ACPI(")


def test_resources_are_readable_while_the_device_is_enabled() -> None:
    """6.2: interrupts and MMIO by two association classes; a disabled device has none."""
    host = gpu_host(interrupts=[4294967286, 16], memory_mb=[16])
    rows = host.rows("Get-CimInstance", "Antecedent.IRQNumber?", "Dependent.DeviceID", ClassName="Win32_PnPAllocatedResource")
    numbers = [row["Antecedent.IRQNumber"] for row in rows]
    assert numbers == [4294967286, 16, None]
    memory = host.rows("Get-CimInstance", "StartingAddress", "EndingAddress", ClassName="Win32_DeviceMemoryAddress")
    assert [row["EndingAddress"] - row["StartingAddress"] + 1 for row in memory] == [16 * 2**20]
    disable(host)
    assert host.rows("Get-CimInstance", "Dependent", ClassName="Win32_PnPAllocatedResource") == []


def test_adapters() -> None:
    """1.3: teams and switches are not physical."""
    nics = [{"name": "Ethernet"}, {"name": "team0", "physical": False, "driver": "NdisImPlatform.sys"}]
    host = Host(hardware={"nics": nics})
    assert host.values("Get-NetAdapter", "Name") == ["Ethernet", "team0"]
    assert host.values("Get-NetAdapter", "Name", Physical=True) == ["Ethernet"]
    assert host.values("Get-NetAdapter", "DriverFileName", Name=["team*"]) == ["NdisImPlatform.sys"]
    assert host.error("Get-NetAdapter", Name=["absent"]) == "CmdletizationQuery_NotFound_Name,Get-NetAdapter"


def test_hyper_v_lists_what_it_can_assign_once_and_what_a_machine_has_twice() -> None:
    """6.3, after os-win."""
    second = {**GPU, "location_path": "PCIROOT(17)#PCI(0000)#PCI(0000)", "instance_id": str(GPU["instance_id"]).replace("4&", "5&")}
    machine = {"name": "vm", "state": "Off", "devices": [GPU["location_path"]]}
    host = hyper_v_host(hardware={"pci": [GPU, second]}, virtual_machines=[machine])
    query = {"Namespace": "root/virtualization/v2", "ClassName": "Msvm_PciExpress"}
    assert host.values("Get-CimInstance", "LocationPath", **query) == [GPU["location_path"]] * 2
    device = host.machine.pci.by_location("PCIROOT(17)#PCI(0000)#PCI(0000)")
    assert device is not None
    host.machine.pci.disable(device)
    host.machine.pci.dismount(device)
    rows = host.rows("Get-CimInstance", "LocationPath", "DeviceInstancePath", **query)
    assert [row["LocationPath"] for row in rows] == [GPU["location_path"], GPU["location_path"], second["location_path"]]
    assert all(row["DeviceInstancePath"].startswith("PCIP") for row in rows)
