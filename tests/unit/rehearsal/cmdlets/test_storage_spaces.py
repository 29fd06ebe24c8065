# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage Spaces Direct. Oracle: ad-and-cluster.md 5.9; windowsserverdocs on it; a public transcript of Get-ClusterS2D."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine.caller import Caller

from tests.unit.rehearsal.cmdlets.storage_labs import StorageLab

GB = 2**30
ENABLE = "Enable-ClusterStorageSpacesDirect"
DISKS: dict[str, Any] = {"disks": [{}, {"serial": "D1", "size_gb": 100}, {"serial": "D2", "size_gb": 100, "media": "HDD"}]}


def enabled(count: int = 3, **spec: Any) -> StorageLab:
    lab = StorageLab(count, hardware=DISKS, **spec)
    lab.rows(ENABLE, Confirm=False)
    return lab


def volume(lab: StorageLab, on: str = "hv01", **parameters: Any) -> None:
    wanted = {"StoragePoolFriendlyName": "S2D on CL1", "FriendlyName": "vms", "FileSystem": "CSVFS_ReFS", "Size": 100 * GB}
    lab.rows("New-Volume", on=on, **{**wanted, **parameters})


def test_before() -> None:
    lab = StorageLab(hardware=DISKS)
    rows = lab.rows("Get-PhysicalDisk", "SerialNumber", "BusType", "MediaType", "CanPool", "CannotPoolReason")
    assert [list(row.values()) for row in rows if row["BusType"] == "NVMe"] == [
        ["LOCAL0000", "NVMe", "SSD", False, "Insufficient Capacity"], ["D1", "NVMe", "SSD", True, None], ["D2", "NVMe", "HDD", True, None],
    ]
    assert lab.rows("Get-StoragePool", "FriendlyName", "IsPrimordial") == [{"FriendlyName": "Primordial", "IsPrimordial": True}]
    assert lab.rows("Get-Cluster", "S2DEnabled") == [{"S2DEnabled": 0}]
    assert lab.rows("Get-ClusterStorageSpacesDirect", "State") == [{"State": "Disabled"}]
    assert lab.rows("Get-VirtualDisk", "FriendlyName") == []
    assert lab.error("Set-ClusterStorageSpacesDirect", CacheState="Enabled")["id"].startswith("HRESULT 0x80070032,")


def test_the_empty_disks_of_all_nodes_become_one_pool() -> None:
    lab = enabled()
    for on in lab.hosts:
        pools = lab.rows("Get-StoragePool", "FriendlyName", "Size", on=on, IsPrimordial=[False])
        assert pools == [{"FriendlyName": "S2D on CL1", "Size": 600 * GB}]
        # What a pool has taken is no disk of Windows' any more.
        assert [row["SerialNumber"] for row in lab.rows("Get-Disk", "SerialNumber", on=on) if row["SerialNumber"].startswith("D")] == []
        pooled = [row for row in lab.rows("Get-PhysicalDisk", "CannotPoolReason", on=on) if row["CannotPoolReason"] == "In a Pool"]
        assert len(pooled) == 6
    assert lab.rows("Get-Cluster", "S2DEnabled", "S2DCacheDesiredState") == [{"S2DEnabled": 1, "S2DCacheDesiredState": "Enabled"}]
    assert lab.rows("Get-ClusterStorageSpacesDirect", "State", "CacheState", "Name") == [
        {"State": "Enabled", "CacheState": "Enabled", "Name": "CL1"},
    ]
    lab["hv01"].machine.changes.clear()
    lab.rows(ENABLE, Confirm=False)
    assert lab["hv01"].machine.changes == []


def test_its_name_and_its_cache() -> None:
    lab = StorageLab(hardware=DISKS)
    lab.rows(ENABLE, PoolFriendlyName="Fast", CacheState="Disabled", Autoconfig=True, Confirm=False)
    assert lab.rows("Get-StoragePool", "FriendlyName", FriendlyName=["Fast"]) == [{"FriendlyName": "Fast"}]
    assert lab.rows("Get-Cluster", "S2DCacheDesiredState") == [{"S2DCacheDesiredState": "Disabled"}]
    lab.rows("Set-ClusterStorageSpacesDirect", CacheState="Enabled")
    assert lab.rows("Get-ClusterStorageSpacesDirect", "CacheState", on="hv02") == [{"CacheState": "Enabled"}]


@pytest.mark.parametrize(("spec", "code"), [
    ({"os": {"edition": "Standard"}, "hardware": DISKS}, "0x80070032"), ({}, "0x80070490"),
    ({"hardware": {"disks": [{}, {"bus_type": 9}]}}, "0x80070490"), ({"hardware": {"disks": [{}, {"size_gb": 3}]}}, "0x80070490"),
])
def test_its_conditions(spec: dict[str, Any], code: str) -> None:
    """Datacenter, and empty disks on a supported bus in every node."""
    lab = StorageLab(**spec)
    assert lab.error(ENABLE, Confirm=False)["id"] == f"HRESULT {code},{ENABLE}"
    assert lab.rows("Get-Cluster", "S2DEnabled") == [{"S2DEnabled": 0}]


def test_it_asks_every_node() -> None:
    lab = StorageLab(hardware=DISKS)
    with lab.call("hv01", Caller("HV01\\Administrator")) as host:
        assert host.error(ENABLE, Confirm=False) == f"HRESULT 0x80070005,{ENABLE}"
    lab["hv03"].machine.power_off()
    assert lab.error(ENABLE, Confirm=False)["id"] == f"HRESULT 0x80070490,{ENABLE}"
    assert lab.error(ENABLE)["id"] == f"HostFunctionNotImplemented,{ENABLE}"


@pytest.mark.parametrize(("version", "folder"), [("2016", "Volume1"), ("2019", "vms"), ("2025", "vms")])
def test_a_volume_is_a_cluster_shared_volume(version: str, folder: str) -> None:
    lab = enabled(2, os={"version": version})
    volume(lab)
    for on in lab.hosts:
        assert lab[on].machine.files.is_folder(f"C:\\ClusterStorage\\{folder}")
    assert lab.rows("Get-ClusterSharedVolume", "Name", "State") == [{"Name": "Cluster Virtual Disk (vms)", "State": "Online"}]
    rows = lab.rows("Get-ClusterSharedVolumeState", "VolumeFriendlyName", "StateInfo")
    assert [list(row.values()) for row in rows] == [[folder, "FileSystemRedirected"]] * 2
    (disk,) = lab.rows("Get-VirtualDisk", "FriendlyName", "Size", "ResiliencySettingName", "FootprintOnPool")
    assert list(disk.values()) == ["vms", 100 * GB, "Mirror", 200 * GB]
    assert lab.rows("Get-StoragePool", "AllocatedSize", IsPrimordial=[False]) == [{"AllocatedSize": 200 * GB}]
    (shown,) = lab.rows("Get-Disk", "BusType", "IsClustered", "Size", FriendlyName=["vms"])
    assert list(shown.values()) == ["Spaces", True, 100 * GB]


def test_a_mirror_of_three_nodes_keeps_three_copies() -> None:
    lab = enabled()
    error = lab.error("New-Volume", StoragePoolFriendlyName="S2D on CL1", FriendlyName="big", FileSystem="CSVFS_ReFS", Size=201 * GB)
    assert error["id"] == "StorageWMI 40000,New-Volume"
    volume(lab, Size=200 * GB)
    error = lab.error("New-Volume", StoragePoolFriendlyName="Other", FriendlyName="b", FileSystem="CSVFS_NTFS", Size=GB)
    assert error["category"] == "ObjectNotFound"


def test_a_simple_volume_with_ntfs() -> None:
    lab = enabled()
    volume(lab, Size=500 * GB, ResiliencySettingName="Simple", FileSystem="CSVFS_NTFS")
    assert {row["StateInfo"] for row in lab.rows("Get-ClusterSharedVolumeState", "StateInfo")} == {"Direct"}
