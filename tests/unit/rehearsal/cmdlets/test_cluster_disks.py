# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks and shared volumes of a cluster. Oracle: ad-and-cluster.md 5.8; FailoverClusterDsc DSC_ClusterDisk.psm1; zenoss 1057."""
from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from rehearsal.machine.clusters import Clusters
from rehearsal.machine.shared_luns import SharedLuns

from tests.unit.rehearsal.cmdlets.storage_labs import StorageLab

COMMANDS = "Microsoft.FailoverClusters.PowerShell"
GB, MB = 2**30, 2**20
VOLUME1 = "C:\\ClusterStorage\\Volume1"


def guid(lab: StorageLab, unique_id: str) -> Any:
    return lab.rows("Get-Disk", "Guid", UniqueId=unique_id)[0]["Guid"]


def test_only_disks_that_every_node_sees_and_that_are_initialized_are_available() -> None:
    lab = StorageLab()
    found = lab.rows("Get-ClusterAvailableDisk", "Id", "Number", "Size")
    by_number = {row["Number"]: row["Guid"] for row in lab.rows("Get-Disk", "Number", "Guid")}
    assert [row["Id"] for row in found] == [guid(lab, key) for key in ("60A", "60B", "60W")]
    assert [by_number[row["Number"]] for row in found] == [row["Id"] for row in found]
    other = lab.rows("Get-ClusterAvailableDisk", "Id", "Number", on="hv02")
    assert {row["Id"] for row in other} == {row["Id"] for row in found}
    assert [row["Number"] for row in other] != [row["Number"] for row in found]
    lab.luns.set_paths("60L", "hv03", True)
    assert guid(lab, "60L") in [row["Id"] for row in lab.rows("Get-ClusterAvailableDisk", "Id")]


def test_a_node_that_is_away_is_not_asked_for_its_disks() -> None:
    lab = StorageLab()
    lab["hv03"].machine.power_off()
    assert guid(lab, "60L") in [row["Id"] for row in lab.rows("Get-ClusterAvailableDisk", "Id")]


def test_a_disk_is_added_found_again_by_its_guid_and_renamed() -> None:
    lab = StorageLab()
    results = lab.add_disk("60A", {"id": "name", "assign": {"$ref": "disk"}, "values": {"Name": "vms"}})
    assert results[1]["output"] == [{"Name": "Cluster Disk 1", "State": "Online"}]
    properties = ("Name", "State", "OwnerGroup.Name", "ResourceType.Name", "OwnerNode.Name")
    (row,) = lab.rows("Get-ClusterResource", *properties, on="hv02", Name=["vms"])
    assert list(row.values()) == ["vms", "Online", "Available Storage", "Physical Disk", "HV01"]
    results = lab["hv02"].batch(
        {"id": "r", "cmdlet": "Get-ClusterResource", "parameters": {"Name": ["vms"]}},
        {"id": "p", "cmdlet": "Get-ClusterParameter", "parameters": {"InputObject": {"$ref": "r"}, "Name": ["DiskIdGuid"]},
         "properties": ["Value", "ParameterType"]},
    )
    assert results[1]["output"] == [{"Value": guid(lab, "60A"), "ParameterType": "String"}]
    assert lab.rows("Get-CimInstance", "Id", "UniqueId", Namespace="root/MSCluster", ClassName="MSCluster_Disk") == [
        {"Id": guid(lab, "60A"), "UniqueId": "60A"},
    ]
    assert [row["Id"] for row in lab.rows("Get-ClusterAvailableDisk", "Id")] == [guid(lab, "60B"), guid(lab, "60W")]
    assert lab["hv01"].machine.changes == ["cluster CL1: disk 'Cluster Disk 1' added", "cluster CL1: 'Cluster Disk 1' is called 'vms'"]


def test_a_clustered_disk_is_online_at_its_owner_only() -> None:
    lab = StorageLab()
    lab.add_disk("60A")
    shown = {on: lab.rows("Get-Disk", "IsClustered", "IsOffline", "IsReadOnly", on=on, UniqueId="60A")[0] for on in ("hv01", "hv02")}
    assert shown["hv01"] == {"IsClustered": True, "IsOffline": False, "IsReadOnly": False}
    assert shown["hv02"] == {"IsClustered": True, "IsOffline": True, "IsReadOnly": True}
    assert lab.error("Set-Disk", UniqueId="60A", IsOffline=True)["id"] == "StorageWMI 41018,Set-Disk"
    lab["hv01"].machine.power_off()
    lab.rows("Get-ClusterNode", "Name", on="hv02")
    assert lab.rows("Get-Disk", "IsOffline", on="hv02", UniqueId="60A") == [{"IsOffline": False}], "another node took it over"


def test_a_disk_that_not_all_nodes_see_is_not_added() -> None:
    lab = StorageLab()
    results = lab["hv01"].batch(
        {"id": "local", "cmdlet": "Get-Disk", "parameters": {"UniqueId": "60L"}},
        {"id": "disk", "cmdlet": "Add-ClusterDisk", "parameters": {"InputObject": {"$ref": "local"}}},
    )
    assert results[1]["error"]["id"] == f"Add-ClusterDisk,{COMMANDS}.AddClusterDiskCommand"
    assert lab.rows("Get-ClusterResource", "Name", Name=["Cluster Disk*"]) == []


def test_a_disk_is_removed_and_available_again() -> None:
    lab = StorageLab()
    lab.add_disk("60A")
    assert lab.error("Remove-ClusterResource", Name=["Cluster Disk 1"])["id"].startswith("HostFunctionNotImplemented")
    lab.rows("Remove-ClusterResource", Name=["Cluster Disk 1"], Force=True)
    assert guid(lab, "60A") in [row["Id"] for row in lab.rows("Get-ClusterAvailableDisk", "Id")]
    assert lab.rows("Get-Disk", "IsClustered", UniqueId="60A") == [{"IsClustered": False}]


# Shared volumes

def test_a_shared_volume_is_a_folder_on_every_node() -> None:
    lab = StorageLab()
    assert lab.add_volume("60A") == VOLUME1
    for on in ("hv01", "hv02", "hv03"):
        assert [row["Name"] for row in lab.rows("Get-ChildItem", "Name", on=on, LiteralPath="C:\\ClusterStorage")] == ["Volume1"]
    content = {"$bytes": base64.b64encode(b"disk").decode()}
    lab["hv02"].batch({"id": "w", "write_file": f"{VOLUME1}\\vm.vhdx", "content": content})
    assert lab["hv03"].machine.files.read(f"{VOLUME1.lower()}\\VM.vhdx") == b"disk"
    (volume,) = lab.rows("Get-Volume", "FileSystem", "FileSystemLabel", "Size", "SizeRemaining", "Path", on="hv03", FilePath=f"{VOLUME1}\\")
    assert (volume["FileSystem"], volume["FileSystemLabel"], volume["Size"]) == ("CSVFS", "vms", 100 * GB - 18 * MB)
    assert volume["SizeRemaining"] == volume["Size"] - 4
    properties = ("Name", "State", "OwnerNode.Name", "SharedVolumeInfo.Length")
    assert [list(row.values()) for row in lab.rows("Get-ClusterSharedVolume", *properties)] == [["Cluster Disk 1", "Online", "HV01", 1]]
    results = lab["hv02"].batch(
        {"id": "csv", "cmdlet": "Get-ClusterSharedVolume", "parameters": {}},
        {"id": "i", "cmdlet": "Write-Output", "parameters": {"InputObject": {"$ref": "csv", "property": "SharedVolumeInfo"}},
         "properties": ["Partition.Name", "Partition.FileSystem", "Partition.FreeSpace", "PartitionNumber", "FaultState"]},
    )
    assert list(results[1]["output"][0].values()) == [volume["Path"], "NTFS", volume["SizeRemaining"], 2, "NoFaults"]


def test_shared_volumes_are_not_among_the_resources() -> None:
    lab = StorageLab()
    lab.add_volume("60A")
    assert lab.rows("Get-ClusterResource", "Name", Name=["Cluster Disk*"]) == []
    assert "Cluster Disk 1" not in [row["Name"] for row in lab.rows("Get-ClusterGroup", "Name")]
    where = {"Namespace": "root/MSCluster", "ClassName": "MSCluster_Resource", "Filter": "Type='Physical Disk'"}
    assert lab.rows("Get-CimInstance", "Name", "IsClusterSharedVolume", **where) == [
        {"Name": "Cluster Disk 1", "IsClusterSharedVolume": True},
    ]


@pytest.mark.parametrize(("unique_id", "state", "reason"), [
    ("60A", "Direct", "NotFileSystemRedirected"), ("60B", "FileSystemRedirected", "FileSystemReFs"),
])
def test_states(unique_id: str, state: str, reason: str) -> None:
    """ReFS on a SAN goes through its owner."""
    lab = StorageLab()
    lab.add_volume(unique_id)
    rows = lab.rows("Get-ClusterSharedVolumeState", "Node", "StateInfo", "FileSystemRedirectedIOReason", "VolumeFriendlyName")
    assert [list(row.values()) for row in rows] == [[node, state, reason, "Volume1"] for node in ("HV01", "HV02", "HV03")]


def test_a_node_without_a_path_reaches_the_volume_over_the_network() -> None:
    lab = StorageLab()
    lab.add_volume("60A")
    lab.luns.set_paths("60A", "hv02", False)
    rows = lab.rows("Get-ClusterSharedVolumeState", "Node", "StateInfo", "BlockRedirectedIOReason", Node=["hv02", "hv03"])
    assert [list(row.values()) for row in rows] == [
        ["HV02", "BlockRedirected", "NoDiskConnectivity"], ["HV03", "Direct", "NotBlockRedirected"],
    ]
    assert lab["hv02"].machine.files.is_folder(VOLUME1)


def test_a_volume_whose_owner_loses_its_paths_goes_to_another_node() -> None:
    lab = StorageLab()
    lab.add_volume("60A")
    lab.add_disk("60W")
    lab.add_disk("60B")
    for unique_id in ("60A", "60W"):
        lab.luns.set_paths(unique_id, "hv01", False)
    assert lab.rows("Get-ClusterSharedVolume", "State", "OwnerNode.Name") == [{"State": "Online", "OwnerNode.Name": "HV02"}]
    rows = lab.rows("Get-ClusterSharedVolumeState", "StateInfo")
    assert [row["StateInfo"] for row in rows] == ["BlockRedirected", "Direct", "Direct"]
    # The other two disks have one owner.
    assert [row["State"] for row in lab.rows("Get-ClusterResource", "State", Name=["Cluster Disk*"])] == ["Failed", "Online"]
    for name in lab.hosts:
        lab.luns.set_paths("60A", name, False)
    assert lab.rows("Get-ClusterSharedVolume", "State") == [{"State": "Failed"}]
    assert not lab["hv03"].machine.files.exists(VOLUME1)
    for unique_id in ("60A", "60W"):
        lab.luns.set_paths(unique_id, "hv01", True)
    assert lab.rows("Get-ClusterSharedVolume", "State", "OwnerNode.Name") == [{"State": "Online", "OwnerNode.Name": "HV01"}]
    assert [row["State"] for row in lab.rows("Get-ClusterResource", "State", Name=["Cluster Disk*"])] == ["Online", "Online"]


def test_the_mount_takes_its_time() -> None:
    lab = StorageLab(timing={"csv_mount_seconds": 30})
    lab.add_volume("60A")
    assert [row["StateInfo"] for row in lab.rows("Get-ClusterSharedVolumeState", "StateInfo")] == ["Direct", "Unavailable", "Unavailable"]
    assert lab["hv01"].machine.files.is_folder(VOLUME1)
    assert not lab["hv02"].machine.files.exists(f"{VOLUME1}\\x")
    assert lab["hv02"].values("Test-Path", "$value", LiteralPath=VOLUME1) == [False]
    lab.clock.pass_by(30)
    assert {row["StateInfo"] for row in lab.rows("Get-ClusterSharedVolumeState", "StateInfo")} == {"Direct"}
    assert lab["hv02"].machine.files.is_folder(VOLUME1)
    lab["hv02"].machine.reboot()
    assert not lab["hv02"].machine.files.is_folder(VOLUME1), "mounted anew after a boot"
    lab.clock.pass_by(30)
    assert lab["hv02"].machine.files.is_folder(VOLUME1)


def test_a_node_may_never_mount_until_its_service_starts_again() -> None:
    """The vendor's charm restarts ClusSvc for it (ComputeHooks.psm1)."""
    lab = StorageLab(timing={"csv_stuck_on": ("hv02",)})
    lab.add_volume("60A")
    lab.clock.pass_by(86400)
    assert [row["StateInfo"] for row in lab.rows("Get-ClusterSharedVolumeState", "StateInfo")] == ["Direct", "Unavailable", "Direct"]
    lab.rows("Restart-Service", on="hv02", Name=["ClusSvc"], Force=True)
    assert [row["StateInfo"] for row in lab.rows("Get-ClusterSharedVolumeState", "StateInfo")] == ["Direct"] * 3
    assert lab["hv02"].machine.files.is_folder(VOLUME1)


def test_without_the_cluster_service_there_is_no_volume() -> None:
    lab = StorageLab()
    lab.add_volume("60A")
    lab.rows("Stop-Service", on="hv03", Name=["ClusSvc"], Force=True)
    assert not lab["hv03"].machine.files.exists(VOLUME1)
    assert [row["Node"] for row in lab.rows("Get-ClusterSharedVolumeState", "Node")] == ["HV01", "HV02"]


def test_a_new_node_mounts_what_is_there() -> None:
    lab = StorageLab(3, cluster=False)
    lab.rows("New-Cluster", Name="CL1", Node=["hv01", "hv02"], NoStorage=True)
    lab.add_volume("60A")
    lab.rows("Add-ClusterNode", Name=["hv03"], NoStorage=True)
    assert lab["hv03"].machine.files.is_folder(VOLUME1)
    assert [row["StateInfo"] for row in lab.rows("Get-ClusterSharedVolumeState", "StateInfo")] == ["Direct"] * 3


def test_moved_by_hand_and_by_the_loss_of_its_owner() -> None:
    lab = StorageLab()
    lab.add_volume("60A")
    owner = ("OwnerNode.Name",)
    assert lab.rows("Move-ClusterSharedVolume", *owner, Name="Cluster Disk 1", Node="hv03") == [{"OwnerNode.Name": "HV03"}]
    lab["hv03"].machine.power_off()
    assert lab.rows("Get-ClusterSharedVolume", *owner)[0]["OwnerNode.Name"] in ("HV01", "HV02")
    assert lab.error("Move-ClusterSharedVolume", Name="Cluster Disk 1", Node="hv03")["category"] == "ObjectNotFound"


def test_names_of_volumes_and_their_removal() -> None:
    lab = StorageLab()
    lab.add_volume("60A")
    assert lab.add_volume("60B") == "C:\\ClusterStorage\\Volume2"
    results = lab["hv02"].batch(
        {"id": "csv", "cmdlet": "Get-ClusterSharedVolume", "parameters": {"Name": ["Cluster Disk 1"]}},
        {"id": "name", "assign": {"$ref": "csv"}, "values": {"Name": "vms"}},
    )
    assert "error" not in results[1]
    assert [row["Name"] for row in lab.rows("Get-ClusterSharedVolume", "Name")] == ["vms", "Cluster Disk 2"]
    assert lab.error("Get-ClusterSharedVolume", Name=["Cluster Disk 1"])["category"] == "ObjectNotFound"
    lab.rows("Remove-ClusterSharedVolume", Name=["vms"])
    assert not lab["hv01"].machine.files.exists(VOLUME1)
    assert lab.rows("Get-ClusterResource", "OwnerGroup.Name", Name=["vms"]) == [{"OwnerGroup.Name": "Available Storage"}]


@pytest.mark.parametrize("name", ["Cluster Name", "Cluster Disk 9"])
def test_what_is_no_disk_is_not_shared(name: str) -> None:
    error = StorageLab().error("Add-ClusterSharedVolume", Name=[name])
    assert error["id"] == f"Add-ClusterSharedVolume,{COMMANDS}.AddClusterSharedVolumeCommand"


def cim(lab: StorageLab, name: str, *properties: str, on: str = "hv01") -> list[list[Any]]:
    return [list(row.values()) for row in lab.rows("Get-CimInstance", *properties, on=on, Namespace="root/MSCluster", ClassName=name)]


def test_by_cim() -> None:
    """os-win and the vendor's charm look here: mount points of partitions, and which disk a resource has."""
    lab = StorageLab(timing={"csv_mount_seconds": 30})
    lab.add_disk("60W")
    lab.add_volume("60A")
    assert cim(lab, "MSCluster_AvailableDisk", "Id", "UniqueId") == [[guid(lab, "60B"), "60B"]]
    assert cim(lab, "MSCluster_ResourceToDisk", "GroupComponent.Name", "PartComponent.Id") == [
        ["Cluster Disk 1", guid(lab, "60W")], ["Cluster Disk 2", guid(lab, "60A")],
    ]
    names = ("VolumeLabel", "FileSystem", "TotalSize", "MountPoints")
    assert cim(lab, "MSCluster_DiskPartition", *names) == [["witness", "NTFS", 1006, []], ["vms", "NTFS", 102382, [VOLUME1]]]
    assert [row[3] for row in cim(lab, "MSCluster_DiskPartition", *names, on="hv02")] == [[], []], "not mounted there yet"
    numbers = {on: {row[0]: row[1] for row in cim(lab, "MSCluster_Disk", "UniqueId", "Number", on=on)} for on in ("hv01", "hv02")}
    assert numbers["hv01"] != numbers["hv02"]
    assert set(numbers["hv01"]) == {"60W", "60A"}


def test_everything_is_kept(tmp_path: Path) -> None:
    lab = StorageLab()
    lab.clusters._path = tmp_path / "clusters.json"
    lab.luns._path = tmp_path / "luns.json"
    lab.add_volume("60A")
    lab["hv01"].machine.files.make_folder(f"{VOLUME1}\\nova")
    again = Clusters(lab.clusters.peers, lab.clusters.timing, lab.clusters._path)
    luns = SharedLuns(lab.luns.specs, lab.hosts, lab.clock, lab.luns._path)
    for host in lab.hosts.values():
        host.machine.clusters, host.machine.shared_luns = again, luns
    assert lab["hv03"].machine.files.is_folder(f"{VOLUME1}\\nova")
