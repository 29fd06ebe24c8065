# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks, partitions and volumes. Oracle: windows-hardware docs on MSFT_Disk, MSFT_Partition and MSFT_Volume; storage-and-time.md 1."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.machine import Machine, SpecError
from rehearsal.machine.shared_luns import SharedLuns

from tests.unit.rehearsal.cmdlets.hosts import Clock, Host

GB, MB = 2**30, 2**20
LUNS = [
    {"serial": "A", "unique_id": "60A", "size_gb": 100},
    {"serial": "B", "unique_id": "60B", "size_gb": 200, "file_system": "NTFS", "label": "data"},
    {"serial": "C", "unique_id": "60C", "size_gb": 1, "hosts": ["hv01"], "file_system": "ReFS"},
]


def pair(path: Path | None = None, **host: Any) -> tuple[Host, Host]:
    """Two hosts that see the same LUNs."""
    lab = from_mapping({"rehearsal": 1, "hosts": {"hv01": {}, "hv02": {}}, "shared_luns": LUNS})
    shared = SharedLuns(lab.shared_luns, lab.hosts, Clock(), path)
    made = []
    for name in lab.hosts:
        new = Host(computer_name=name, **host)
        new.machine.shared_luns = shared
        made.append(new)
    return made[0], made[1]


def numbers(host: Host) -> dict[str, int]:
    return {row["UniqueId"]: row["Number"] for row in host.rows("Get-Disk", "UniqueId", "Number") if row["UniqueId"].startswith("60")}


def test_the_same_lun_has_another_number_on_another_host() -> None:
    one, other = pair()
    assert numbers(one) == {"60A": 1, "60B": 2, "60C": 3}
    assert numbers(other) == {"60B": 1, "60A": 2}
    assert one.values("Get-Disk", "Guid", UniqueId="60B") == other.values("Get-Disk", "Guid", UniqueId="60B") != [None]


def test_a_raw_lun_is_made_a_volume_on_one_host_and_seen_by_the_other() -> None:
    one, other = pair()
    names = ("PartitionStyle", "IsOffline", "IsReadOnly", "NumberOfPartitions", "OperationalStatus")
    assert one.rows("Get-Disk", *names, UniqueId="60A") == [
        {"PartitionStyle": "RAW", "IsOffline": True, "IsReadOnly": True, "NumberOfPartitions": 0, "OperationalStatus": "Offline"},
    ]
    assert one.error("Initialize-Disk", UniqueId="60A", PartitionStyle="GPT") == "StorageWMI 41003,Initialize-Disk"
    one.rows("Set-Disk", UniqueId="60A", IsOffline=False)
    assert one.error("Initialize-Disk", UniqueId="60A", PartitionStyle="GPT") == "StorageWMI 41002,Initialize-Disk"
    one.rows("Set-Disk", UniqueId="60A", IsReadOnly=False)
    assert one.error("New-Partition", DiskNumber=1, UseMaximumSize=True) == "StorageWMI 41000,New-Partition"
    assert one.values("Initialize-Disk", "PartitionStyle", UniqueId="60A", PassThru=True) == ["GPT"]
    assert one.error("Initialize-Disk", UniqueId="60A") == "StorageWMI 41001,Initialize-Disk"
    results = one.batch(
        {"id": "disk", "cmdlet": "Get-Disk", "parameters": {"UniqueId": "60A"}},
        {"id": "part", "cmdlet": "New-Partition", "parameters": {"InputObject": {"$ref": "disk"}, "UseMaximumSize": True}},
        {"id": "vol", "cmdlet": "Format-Volume", "properties": ["FileSystem", "FileSystemLabel", "Size", "Path"], "parameters": {
            "Partition": {"$ref": "part"}, "FileSystem": "ReFS", "NewFileSystemLabel": "vms", "Confirm": False,
        }},
    )
    assert [result.get("error") for result in results] == [None] * 3
    (volume,) = results[2]["output"]
    # One MiB at each end, 16 MiB reserved.
    assert (volume["FileSystem"], volume["FileSystemLabel"], volume["Size"]) == ("ReFS", "vms", 100 * GB - 18 * MB)
    assert [line for line in one.machine.changes if line.startswith("storage")] == [
        "storage: disk 1 is online", "storage: disk 1 is writable", "storage: disk 1 initialized as GPT",
        f"storage: disk 1 has a new partition 2 of {100 * GB - 18 * MB} bytes", "storage: disk 1 partition 2 formatted as ReFS",
    ]
    assert other.rows("Get-Disk", "PartitionStyle", "NumberOfPartitions", "IsOffline", UniqueId="60A") == [
        {"PartitionStyle": "GPT", "NumberOfPartitions": 2, "IsOffline": True},
    ]
    assert other.values("Get-Partition", "Type", DiskNumber=2) == ["Reserved", "Basic"]
    # Its disk is offline there; the question mark makes the path a pattern, which may find nothing.
    assert other.rows("Get-Volume", "Path", Path=volume["Path"]) == []
    other.rows("Set-Disk", Number=2, IsOffline=False)
    assert other.values("Get-Volume", "FileSystemLabel", Path=volume["Path"]) == ["vms"]


def test_a_volume_of_a_partition() -> None:
    one, _other = pair(storage={"san_policy": "OnlineAll"})
    results = one.batch(
        {"id": "p", "cmdlet": "Get-Partition", "parameters": {"DiskNumber": 2, "PartitionNumber": 2}},
        {"id": "v", "cmdlet": "Get-Volume", "parameters": {"Partition": {"$ref": "p"}}, "properties": ["FileSystem", "FileSystemLabel"]},
    )
    assert results[1]["output"] == [{"FileSystem": "NTFS", "FileSystemLabel": "data"}]
    assert one.error("New-Partition", DiskNumber=2, UseMaximumSize=True) == "StorageWMI 40000,New-Partition"
    assert one.error("New-Partition", DiskNumber=2) == "StorageWMI 5,New-Partition"


def test_clear_disk() -> None:
    one, _other = pair(storage={"san_policy": "OnlineAll"})
    assert one.error("Clear-Disk", Number=2, RemoveData=True).startswith("HostFunctionNotImplemented")
    one.rows("Clear-Disk", Number=2, RemoveData=True, Confirm=False)
    assert one.error("Clear-Disk", Number=2, RemoveData=True, Confirm=False) == "StorageWMI 41000,Clear-Disk"
    assert one.values("Get-Disk", "PartitionStyle", Number=2) == ["RAW"]


def test_lost_paths_take_the_lun_away() -> None:
    one, other = pair()
    one.machine.shared_luns.set_paths("60A", "hv01", False)
    assert "60A" not in numbers(one)
    assert "60A" in numbers(other)
    one.machine.shared_luns.set_paths("60A", "hv01", True)
    assert "60A" in numbers(one)
    with pytest.raises(ValueError, match="hv03"):
        one.machine.shared_luns.set_paths("60A", "hv03", True)


def test_without_multipath_a_shared_lun_is_one_disk_a_path() -> None:
    lab = from_mapping({"rehearsal": 1, "hosts": {"hv01": {}}, "shared_luns": [{**LUNS[0], "paths": 2}]})
    plain, claimed = Host(), Host(features={"installed": ["Multipath-IO"]})
    for host in (plain, claimed):
        host.machine.shared_luns = SharedLuns(lab.shared_luns, lab.hosts, Clock())
    claimed.rows("Enable-MSDSMAutomaticClaim", BusType="iSCSI", Confirm=False)
    claimed.machine.reboot()
    found = [host.rows("Get-Disk", "OfflineReason", UniqueId="60A") for host in (plain, claimed)]
    assert found == [[{"OfflineReason": "Policy"}, {"OfflineReason": "Redundant Path"}], [{"OfflineReason": "Policy"}]]


def test_what_is_on_the_disks_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "shared_luns.json"
    one, _other = pair(path)
    for name in ("IsOffline", "IsReadOnly"):
        one.rows("Set-Disk", UniqueId="60A", **{name: False})
    one.rows("Initialize-Disk", UniqueId="60A")
    one.machine.shared_luns.set_paths("60B", "hv02", False)
    again, other = pair(path)
    assert again.values("Get-Disk", "PartitionStyle", UniqueId="60A") == ["GPT"]
    assert numbers(other) == {"60A": 1}


def test_local_disks_are_kept_with_their_machine() -> None:
    host = Host(hardware={"disks": [{}, {"serial": "EMPTY"}]})
    assert host.values("Get-Disk", "PartitionStyle") == ["GPT", "RAW"]
    host.rows("Initialize-Disk", Number=1, PartitionStyle="MBR")
    again = Machine.load("hv01", host.spec, host.machine.dump(), host.clock)
    assert [disk.content.style for disk in again.storage.disks()] == ["GPT", "MBR"]


@pytest.mark.parametrize(("lun", "message"), [
    ({"hosts": ["hv09"]}, r"shared_luns\[0\]\.hosts.*hv01"),
    ({"file_system": "FAT32"}, "RAW, NTFS, ReFS"),
    ({"file_system": "NTFS", "partition_style": "RAW"}, "GPT or MBR"),
])
def test_the_lab_file_is_checked(lun: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        from_mapping({"rehearsal": 1, "hosts": {"hv01": {}}, "shared_luns": [lun]})
