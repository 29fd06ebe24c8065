# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/cluster_disks.md: what a cluster's disks read, call, refuse and find."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Assign, Call, Cmdlet, Ref, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import resource

RESOURCE: Any = resource("cluster_disks")
EMPTY = CmdletError("ReferenceEmpty", "yields no object")
ROOT = r"C:\ClusterStorage"
WAIT = Retry(count=24, seconds=5)


@dataclass(frozen=True)
class Disk:
    """A LUN, as the executor and its cluster see it. resource: its cluster resource; volume: the folder of its shared volume."""

    unique_id: str
    guid: str = ""
    file_system: str | None = "NTFS"
    offline: bool = False
    read_only: bool = False
    available: bool = False
    clustered: bool = False
    resource: str = ""
    group_type: str = "AvailableStorage"
    volume: str = ""
    nodes: tuple[tuple[str, str], ...] = (("hv01", "Direct"), ("hv02", "Direct"))
    paths: int = 1

    @property
    def partition(self) -> str:
        return f"\\\\?\\Volume{{{self.guid}}}\\"


def item(unique_id: str, **given: Any) -> dict[str, Any]:
    defaults = {"name": None, "shared_volume": True, "initialize": False, "file_system": "ntfs", "label": None}
    return {"unique_id": unique_id, **defaults, **given}


def options(*disks: dict[str, Any], mount_seconds: int = 120) -> dict[str, Any]:
    return {"disks": list(disks), "mount_seconds": mount_seconds}


def cluster(*disks: Disk, nodes: Mapping[str, str] | None = None) -> Answers:
    numbered = [(number, disk) for disk in disks for number in range(disk.paths)]
    numbered = [(place, disk) for place, (_number, disk) in enumerate(numbered)]
    formatted = [(number, disk) for number, disk in numbered if disk.guid]
    partitions = [
        {"DiskNumber": number, "Type": kind, "AccessPaths": [disk.partition] if kind == "Basic" else []}
        for number, disk in formatted for kind in (("Reserved",) if disk.file_system is None else ("Reserved", "Basic"))
    ]
    volumes = [disk for disk in disks if disk.volume]
    rows: dict[str, list[dict[str, Any]]] = {
        "state": [{"ClusterState": 19}],
        "service": [{"State": "Running", "StartMode": "Auto"}],
        "cluster": [{"Name": "CL1", "SharedVolumesRoot": ROOT}],
        "nodes": [{"Name": name, "State": state} for name, state in (nodes or {"hv01": "Up", "hv02": "Up"}).items()],
        "disks": [{
            "UniqueId": disk.unique_id, "Number": number, "PartitionStyle": "GPT" if disk.guid else "RAW", "IsOffline": disk.offline,
            "IsReadOnly": disk.read_only, "IsClustered": disk.clustered or bool(disk.resource),
            "Guid": f"{{{disk.guid}}}" if disk.guid else None, "Signature": None,
        } for number, disk in numbered],
        "partitions": partitions,
        "file_systems": [
            {"Path": disk.partition, "FileSystem": disk.file_system}
            for disk in disks if disk.guid and disk.file_system and not disk.offline
        ],
        "available": [{"Id": disk.guid} for disk in disks if disk.available],
        "resources": [{
            "Name": disk.resource, "State": "Online", "OwnerNode.Name": "hv01", "OwnerGroup.Name": "Available Storage",
            "OwnerGroup.GroupType": disk.group_type, "ResourceType.Name": "Physical Disk",
        } for disk in disks if disk.resource and not disk.volume],
        "clustered": [{"Id": f"{{{disk.guid}}}", "UniqueId": disk.unique_id.upper()} for disk in disks if disk.resource],
        "links": [{"GroupComponent.Name": disk.resource, "PartComponent.Id": f"{{{disk.guid}}}"} for disk in disks if disk.resource],
        "volumes": [{"Name": disk.resource, "State": "Online", "OwnerNode.Name": "hv02"} for disk in volumes],
        "paths": [
            {"FriendlyVolumeName": f"{ROOT}\\{disk.volume}", "Partition.FileSystem": disk.file_system} for disk in volumes
        ],
        "mounts": [
            {"Name": disk.resource, "Node": node, "StateInfo": state, "VolumeFriendlyName": disk.volume}
            for disk in volumes for node, state in disk.nodes
        ],
    }
    answers = Answers({name: Answer(name, tuple(found)) for name, found in rows.items()})
    if not volumes:
        answers["paths"] = Answer("paths", error=EMPTY)
    return answers


def outside() -> Answers:
    lost = {name: Answer(name, error=CmdletError("CommandNotFoundException", "no")) for name in cluster()}
    state = {"state": Answer("state", ({"ClusterState": 1},)), "service": Answer("service", ({"State": "Stopped", "StartMode": "Manual"},))}
    return Answers({**lost, **state})


def added(number: int, unique_id: str) -> tuple[Call, ...]:
    return (
        Cmdlet(f"disk{number}", "Get-Disk", {"UniqueId": unique_id}, ("Number",)),
        Cmdlet(f"resource{number}", "Add-ClusterDisk", {"InputObject": Ref(f"disk{number}")}, ("Name",)),
    )


def shared(number: int) -> tuple[Call, ...]:
    return (
        Cmdlet(
            f"online{number}", "Get-ClusterResource", {"Name": Ref(f"resource{number}", property="Name")}, ("Name", "State"),
            until={"State": "Online"}, retry=WAIT,
        ),
        Cmdlet(f"share{number}", "Add-ClusterSharedVolume", {"InputObject": Ref(f"online{number}")}, ("Name",)),
    )


def mounted(number: int, name: Any = None, *, state: str = "Direct", nodes: tuple[str, ...] = ("hv01", "hv02")) -> Cmdlet:
    return Cmdlet(
        f"mounted{number}", "Get-ClusterSharedVolumeState", {"Name": name or Ref(f"share{number}", property="Name"), "Node": list(nodes)},
        ("Node", "StateInfo"), until={"StateInfo": state}, retry=WAIT,
    )


def named(number: int, name: str) -> Assign:
    return Assign(f"name{number}", Ref(f"resource{number}"), {"Name": name})


def test_reads_of_this_node_alone() -> None:
    calls = RESOURCE.read(options(item("60a")))
    assert [(call.id, call.name) for call in calls] == [
        ("state", "Invoke-CimMethod"), ("service", "Get-CimInstance"), ("cluster", "Get-Cluster"), ("nodes", "Get-ClusterNode"),
        ("disks", "Get-Disk"), ("partitions", "Get-Partition"), ("file_systems", "Get-Volume"),
        ("available", "Get-ClusterAvailableDisk"), ("resources", "Get-ClusterResource"), ("clustered", "Get-CimInstance"),
        ("links", "Get-CimInstance"), ("volumes", "Get-ClusterSharedVolume"), ("paths", "Write-Output"),
        ("mounts", "Get-ClusterSharedVolumeState"),
    ]
    assert [call.parameters["ClassName"] for call in calls[9:11]] == ["MSCluster_Disk", "MSCluster_ResourceToDisk"]
    assert calls[12].parameters == {"InputObject": Ref("volumes", property="SharedVolumeInfo")}
    assert not [call for call in calls if "Cluster" in call.parameters]


def test_a_disk_that_every_node_sees_becomes_a_shared_volume() -> None:
    plan = RESOURCE.plan(options(item("60A", name="Data")), cluster(Disk("60a", "g1", available=True)))
    assert plan.differences == (Difference(
        "disks", [{"unique_id": "60A", "kind": "available", "name": None}], [{"unique_id": "60A", "kind": "shared_volume", "name": "Data"}],
    ),)
    assert plan.calls == (*added(0, "60A"), named(0, "Data"), *shared(0), mounted(0))
    assert (plan.findings, plan.refusals, plan.blockers) == ((), (), ())


def test_an_empty_disk_is_formatted_with_consent_only() -> None:
    raw = cluster(Disk("60a", offline=True, read_only=True, file_system=None))
    refused = RESOURCE.plan(options(item("60a")), raw)
    assert [(found.name, found.severity, found.found) for found in refused.findings] == [
        ("disk_empty", "critical", "a disk without any volume"),
    ]
    assert (refused.differences, refused.calls) == ((), ())
    plan = RESOURCE.plan(options(item("60a", initialize=True, label="vms")), raw)
    assert plan.differences == (Difference(
        "disks", [{"unique_id": "60a", "kind": "empty"}], [{"unique_id": "60a", "kind": "shared_volume", "file_system": "ntfs"}],
    ),)
    assert plan.calls == (
        Cmdlet("online_here0", "Set-Disk", {"UniqueId": "60a", "IsOffline": False}),
        Cmdlet("writable0", "Set-Disk", {"UniqueId": "60a", "IsReadOnly": False}),
        Cmdlet("initialize0", "Initialize-Disk", {"UniqueId": "60a", "PartitionStyle": "GPT", "Confirm": False}),
        Cmdlet("empty0", "Get-Disk", {"UniqueId": "60a"}, ("Number",)),
        Cmdlet("partition0", "New-Partition", {"InputObject": Ref("empty0"), "UseMaximumSize": True}, ("PartitionNumber",)),
        Cmdlet("format0", "Format-Volume", {
            "Partition": Ref("partition0"), "FileSystem": "NTFS", "NewFileSystemLabel": "vms", "Confirm": False,
        }, ("FileSystem",)),
        *added(0, "60a"), *shared(0), mounted(0),
    )


def test_a_table_without_a_volume_counts_as_empty_and_is_kept() -> None:
    plan = RESOURCE.plan(options(item("60a", initialize=True, file_system="refs")), cluster(Disk("60a", "g1", file_system=None)))
    assert [call.id for call in plan.calls][:3] == ["empty0", "partition0", "format0"]
    assert plan.calls[2].parameters == {"Partition": Ref("partition0"), "FileSystem": "ReFS", "Confirm": False}
    # A ReFS volume is in redirected mode on every node.
    assert plan.calls[-1] == mounted(0, state="FileSystemRedirected")


def test_a_volume_is_never_formatted() -> None:
    plan = RESOURCE.plan(options(item("60a", initialize=True)), cluster(Disk("60a", "g1", available=True, offline=True, read_only=True)))
    assert plan.calls == (*added(0, "60a"), *shared(0), mounted(0))


def test_a_disk_for_the_witness_stays_a_cluster_disk() -> None:
    plan = RESOURCE.plan(options(item("60a", name="Witness", shared_volume=False)), cluster(Disk("60a", "g1", available=True)))
    assert plan.calls == (*added(0, "60a"), named(0, "Witness"), shared(0)[0])
    there = RESOURCE.plan(options(item("60a", name="Witness", shared_volume=False)), cluster(Disk("60a", "g1", resource="Witness")))
    assert (there.differences, there.calls) == ((), ())


def test_a_cluster_disk_becomes_a_shared_volume() -> None:
    plan = RESOURCE.plan(options(item("60a", name="Data")), cluster(Disk("60a", "g1", resource="Cluster Disk 1")))
    assert plan.calls == (
        Cmdlet("resource0", "Get-ClusterResource", {"Name": "Cluster Disk 1"}, ("Name",)), named(0, "Data"), *shared(0), mounted(0),
    )


def test_a_shared_volume_is_renamed() -> None:
    disk = Disk("60a", "g1", resource="Cluster Disk 1", volume="Volume1")
    plan = RESOURCE.plan(options(item("60a", name="Data")), cluster(disk))
    assert plan.differences == (Difference(
        "disks", [{"unique_id": "60a", "kind": "shared_volume", "name": "Cluster Disk 1"}],
        [{"unique_id": "60a", "kind": "shared_volume", "name": "Data"}],
    ),)
    assert plan.calls == (Cmdlet("resource0", "Get-ClusterSharedVolume", {"Name": "Cluster Disk 1"}, ("Name",)), named(0, "Data"))


def test_waits_come_after_all_changes() -> None:
    plan = RESOURCE.plan(
        options(item("60a"), item("60b", shared_volume=False), item("60c"), mount_seconds=121),
        cluster(*(Disk(f"60{key}", f"g{key}", available=True) for key in "abc")),
    )
    assert [call.id for call in plan.calls] == [
        "disk0", "resource0", "online0", "share0", "disk1", "resource1", "online1", "disk2", "resource2", "online2", "share2",
        "mounted0", "mounted2",
    ]
    assert plan.calls[-1].retry == Retry(count=25, seconds=5)


def test_a_node_that_has_not_mounted_is_waited_for() -> None:
    disk = Disk("60a", "g1", resource="Data", volume="Volume1", nodes=(("HV01", "Direct"), ("hv02", "Unavailable")))
    plan = RESOURCE.plan(options(item("60a")), cluster(disk))
    assert plan.differences == (Difference(
        "disks", [{"unique_id": "60a", "kind": "shared_volume", "not_mounted": {"hv02": "Unavailable"}}],
        [{"unique_id": "60a", "kind": "shared_volume", "not_mounted": {}}],
    ),)
    assert plan.calls == (mounted(0, "Data"),)
    down = RESOURCE.plan(options(item("60a")), cluster(disk, nodes={"hv01": "Up", "hv02": "Down"}))
    assert (down.differences, down.calls) == ((), ())


@pytest.mark.parametrize("state", ["Direct", "FileSystemRedirected", "BlockRedirected"])
def test_redirected_is_mounted(state: str) -> None:
    disk = Disk("60a", "g1", resource="Data", volume="Volume1", nodes=(("hv01", state), ("hv02", state)))
    assert RESOURCE.plan(options(item("60A ", name="Data")), cluster(disk)).differences == ()


def test_state_has_the_mount_paths_that_the_cluster_tells() -> None:
    disks = (Disk("60a", "g1", resource="Data", volume="volume7"), Disk("60b", "g2", resource="Witness"))
    state = RESOURCE.plan(options(item("60a"), item("60b", shared_volume=False)), cluster(*disks)).state
    nodes = {"hv01": "Direct", "hv02": "Direct"}
    assert state == {
        "disks": [
            {"unique_id": "60a", "kind": "shared_volume", "name": "Data", "state": "Online", "owner": "hv02",
             "mount_paths": [rf"{ROOT}\volume7"], "nodes": nodes},
            {"unique_id": "60b", "kind": "cluster_disk", "name": "Witness", "state": "Online", "owner": "hv01",
             "mount_paths": [], "nodes": {}},
        ],
        "shared_volumes": [{
            "name": "Data", "state": "Online", "owner": "hv02", "mount_paths": [rf"{ROOT}\volume7"], "file_systems": ["NTFS"],
            "nodes": nodes,
        }],
        "shared_volumes_root": ROOT,
    }


def test_a_disk_is_known_by_its_partition_table_too() -> None:
    """Where the cluster does not tell the unique id of a disk."""
    answers = cluster(Disk("60a", "G1", resource="Data", volume="Volume1"))
    answers["clustered"] = Answer("clustered", ({"Id": "{g1}", "UniqueId": None},))
    assert RESOURCE.plan(options(item("60a")), answers).differences == ()


def test_an_mbr_disk_is_known_by_its_signature() -> None:
    answers = cluster(Disk("60a", "g1", available=True))
    row = {**answers.row("disks"), "PartitionStyle": "MBR", "Guid": None, "Signature": 0x1A2B3C4D}
    answers["disks"] = Answer("disks", (row,))
    for shown in ("0x1a2b3c4d", str(0x1A2B3C4D)):
        answers["available"] = Answer("available", ({"Id": shown},))
        assert RESOURCE.plan(options(item("60a")), answers).state["disks"][0]["kind"] == "available"


@pytest.mark.parametrize(("disk", "name", "found"), [
    (Disk("60b"), "disk_missing", "no disk of this unique id on this host"),
    (Disk("60a", "g1", available=True, paths=2), "disk_twice", "2 disks of this unique id"),
    (Disk("60a", "g1"), "disk_not_shared", "not among the disks that are available to the cluster"),
    (Disk("60a", "g1", file_system=""), "disk_unformatted", "a partition without a file system"),
    (Disk("60a", "g1", clustered=True), "disk_foreign", "a disk of a cluster that does not list it as its own"),
])
def test_what_a_disk_lacks_is_a_finding_and_nothing_is_touched(disk: Disk, name: str, found: str) -> None:
    other = Disk("60z", "gz", available=True)
    plan = RESOURCE.plan(options(item("60a"), item("60z")), cluster(disk, other))
    assert [(item.name, item.severity, item.target, item.found) for item in plan.findings] == [(name, "critical", "60a", found)]
    assert (plan.differences, plan.calls) == ((), ())
    assert [item["kind"] for item in plan.state["disks"]] == ["missing" if name == "disk_missing" else "local", "available"]


@pytest.mark.parametrize(("wanted", "disks", "refusal"), [
    (item("60a", shared_volume=False), [Disk("60a", "g1", resource="Data", volume="Volume1")],
     "disks: 60a is the cluster shared volume 'Data' already, and to take it back is not done here"),
    (item("60a"), [Disk("60a", "g1", resource="Witness", group_type="Cluster")],
     "disks: 60a ('Witness') is in use by 'Available Storage', so it cannot become a cluster shared volume"),
    (item("60a", name="data"), [Disk("60a", "g1", available=True), Disk("60b", "g2", resource="Data")],
     "disks: the name 'data', wanted for 60a, belongs to another resource of the cluster"),
    (item("60a", name="data"), [Disk("60a", "g1", available=True), Disk("60b", "g2", resource="Data", volume="Volume1")],
     "disks: the name 'data', wanted for 60a, belongs to another resource of the cluster"),
])
def test_what_cannot_be_is_refused(wanted: dict[str, Any], disks: list[Disk], refusal: str) -> None:
    plan = RESOURCE.plan(options(wanted), cluster(*disks))
    assert plan.refusals == (refusal,)
    assert (plan.differences, plan.calls) == ((), ())


@pytest.mark.parametrize(("wrong", "refusal"), [
    (options(item(" ")), "disks[0].unique_id: it is empty"),
    (options(item("60a"), item("60A ")), "disks[1].unique_id: '60A ' is disks[0] already"),
    (options(item("60a", name="")), "disks[0].name: '' is empty or stands there twice"),
    (options(item("60a", name="A"), item("60b", name="a")), "disks[1].name: 'a' is empty or stands there twice"),
    (options(mount_seconds=0), "mount_seconds: 0 is not 1 or more"),
])
def test_wrong_options_are_named(wrong: dict[str, Any], refusal: str) -> None:
    assert RESOURCE.plan(wrong, cluster()).refusals == (refusal,)


def test_a_host_in_no_cluster_says_what_would_change() -> None:
    plan = RESOURCE.plan(options(item("60a", name="Data"), item("60b", shared_volume=False)), outside())
    assert plan.differences == (Difference("disks", None, [
        {"unique_id": "60a", "kind": "shared_volume", "name": "Data"}, {"unique_id": "60b", "kind": "cluster_disk", "name": None},
    ]),)
    assert plan.blockers == ("this host is in no cluster yet",)
    assert (plan.calls, plan.findings, plan.refusals) == ((), (), ())
    assert plan.state == {"disks": [], "shared_volumes": [], "shared_volumes_root": None}
    assert RESOURCE.plan(options(), outside()).differences == ()


@pytest.mark.parametrize(("error", "part"), [
    (CmdletError("ConditionNotMet", "Get-ClusterSharedVolumeState: StateInfo is 'Unavailable'"), "A node has not mounted the volume"),
    (CmdletError("ConditionNotMet", "Get-ClusterResource: State is 'Failed'"), "did not come online"),
    (CmdletError("Add-ClusterDisk,Microsoft.FailoverClusters.PowerShell.AddClusterDiskCommand", "?"), "Every node must see the disk"),
    (CmdletError("X,Microsoft.FailoverClusters.PowerShell.AddClusterSharedVolumeCommand", "?"), "Only a disk of the group Available"),
    (CmdletError("Else,X", "?"), ""),
])
def test_a_failure_is_explained(error: CmdletError, part: str) -> None:
    text = RESOURCE.explain(error)
    assert part in text
    assert bool(text) == bool(part)


def test_cim_shows_the_same() -> None:
    assert [call.parameters["ClassName"] for call in RESOURCE.evidence(options())] == ["MSCluster_Resource", "MSFT_Disk"]
    resources = ({"Name": "Data", "IsClusterSharedVolume": True}, {"Name": "Witness", "IsClusterSharedVolume": False})
    answers = Answers({
        "physical": Answer("physical", resources),
        "storage": Answer("storage", ({"UniqueId": "60D", "IsClustered": True}, {"UniqueId": "60e", "IsClustered": False})),
    })
    wanted = options(
        item("60a", name="data"), item("60b", name="Witness"), item("60c", name="Gone", shared_volume=False), item("60d"), item("60e"),
    )
    by_name, by_id = "CIM MSCluster_Resource.IsClusterSharedVolume", "CIM MSFT_Disk.IsClustered"
    assert RESOURCE.promises(wanted, answers) == (
        Promise("disks.data", "shared_volume", "shared_volume", by_name, True),
        Promise("disks.Witness", "shared_volume", "cluster_disk", by_name, False),
        Promise("disks.Gone", "cluster_disk", None, by_name, False),
        Promise("disks.60d", True, True, by_id, True),
        Promise("disks.60e", True, False, by_id, False),
    )


@pytest.mark.parametrize("broken", [
    "cluster", "nodes", "disks", "partitions", "file_systems", "available", "resources", "clustered", "links", "volumes", "paths", "mounts",
])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    answers = cluster(Disk("60a", "g1", resource="Data", volume="Volume1"))
    answers[broken] = Answer(broken, error=CmdletError("X", "the cluster is busy"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed: the cluster is busy"):
        RESOURCE.plan(options(item("60a")), answers)
