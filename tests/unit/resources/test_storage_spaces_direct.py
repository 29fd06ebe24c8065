# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/storage_spaces_direct.md: what Storage Spaces Direct reads, calls, refuses and finds."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import resource

RESOURCE: Any = resource("storage_spaces_direct")
GB = 2**30
NODES = {"hv01": "Up", "hv02": "Up"}
PRIMORDIAL, POOL = {"FriendlyName": "Primordial", "IsPrimordial": True}, {"FriendlyName": "S2D on CL1", "IsPrimordial": False}
BOOT = {"FriendlyName": "Boot", "SerialNumber": "S0 ", "BusType": "SATA", "CanPool": False, "CannotPoolReason": "Insufficient Capacity"}
DATA = {"FriendlyName": "SSD", "SerialNumber": "S1", "BusType": "NVMe", "CanPool": True, "CannotPoolReason": None}
SPACE = {"FriendlyName": "Space", "SerialNumber": None, "BusType": "Spaces", "CanPool": False, "CannotPoolReason": "In a Pool"}
LEFT = ("s2d_disks_left", "information")


def options(**given: Any) -> dict[str, Any]:
    volumes = [{"file_system": "refs", "resiliency": None, **volume} for volume in given.pop("volumes", [])]
    return {"enabled": True, "pool_name": None, "cache": None, "mount_seconds": 120, "volumes": volumes, **given}


def cluster(
    *, enabled: bool = False, cache: str = "Disabled", sku: int = 8, nodes: Mapping[str, str] | None = None,
    disks: tuple[Mapping[str, Any], ...] = (BOOT, DATA), volumes: Mapping[str, Mapping[str, str]] | None = None,
) -> Answers:
    """volumes: by name, the state of each on each node."""
    found = volumes or {}
    rows: dict[str, list[Mapping[str, Any]]] = {
        "state": [{"ClusterState": 19}],
        "service": [{"State": "Running", "StartMode": "Auto"}],
        "cluster": [{"Name": "CL1", "S2DEnabled": int(enabled), "S2DCacheDesiredState": cache}],
        "system": [{"OperatingSystemSKU": sku, "Caption": "Windows Server"}],
        "physical": list(disks),
        "nodes": [{"Name": name, "State": state} for name, state in (nodes or NODES).items()],
        "pools": [PRIMORDIAL, *([POOL] if enabled else [])],
        "virtual": [{"FriendlyName": name, "Size": 100 * GB, "ResiliencySettingName": "Mirror"} for name in found],
        "volumes": [{"Name": f"Cluster Virtual Disk ({name})", "State": "Online", "OwnerNode.Name": "hv01"} for name in found],
        "paths": [{"FriendlyVolumeName": f"C:\\ClusterStorage\\{name}", "Partition.FileSystem": "CSVFS"} for name in found],
        "mounts": [
            {"Name": f"Cluster Virtual Disk ({name})", "Node": node, "StateInfo": state, "VolumeFriendlyName": name}
            for name, states in found.items() for node, state in states.items()
        ],
    }
    return Answers({name: Answer(name, tuple(items)) for name, items in rows.items()})


def outside(**given: Any) -> Answers:
    inside = cluster(**given)
    missing = CmdletError("CommandNotFoundException", "no")
    lost = {name: Answer(name, error=missing) for name in ("cluster", "nodes", "volumes", "paths", "mounts")}
    return Answers({**inside, **lost, "state": Answer("state", ({"ClusterState": 1},))})


def mounted(number: int, name: str, state: str = "FileSystemRedirected") -> Cmdlet:
    return Cmdlet(
        f"mounted{number}", "Get-ClusterSharedVolumeState", {"Name": f"Cluster Virtual Disk ({name})", "Node": ["hv01", "hv02"]},
        ("Node", "StateInfo"), until={"StateInfo": state}, retry=Retry(count=24, seconds=5),
    )


def found(plan: Any) -> list[tuple[str, str]]:
    return [(finding.name, finding.severity) for finding in plan.findings]


def test_what_is_read() -> None:
    calls = RESOURCE.read(options())
    assert [(call.id, call.name) for call in calls] == [
        ("state", "Invoke-CimMethod"), ("service", "Get-CimInstance"), ("cluster", "Get-Cluster"), ("system", "Get-CimInstance"),
        ("physical", "Get-PhysicalDisk"), ("nodes", "Get-ClusterNode"), ("pools", "Get-StoragePool"), ("virtual", "Get-VirtualDisk"),
        ("volumes", "Get-ClusterSharedVolume"), ("paths", "Write-Output"), ("mounts", "Get-ClusterSharedVolumeState"),
    ]
    assert calls[2].properties == ("Name", "S2DEnabled?", "S2DCacheDesiredState?")


def test_it_is_switched_on_and_volumes_are_made() -> None:
    wanted = options(cache=False, volumes=[{"name": "Vol1", "size_gb": 10}, {"name": "Vol2", "size_gb": 20, "resiliency": "parity",
                                                                             "file_system": "ntfs"}])
    plan = RESOURCE.plan(wanted, cluster())
    assert plan.differences == (
        Difference("enabled", False, True), Difference("cache", None, False), Difference("volumes", [], ["Vol1", "Vol2"]),
    )
    assert plan.calls == (
        Cmdlet("enable", "Enable-ClusterStorageSpacesDirect", {"Autoconfig": True, "CacheState": "Disabled", "Confirm": False}),
        Cmdlet("volume0", "New-Volume", {
            "FriendlyName": "Vol1", "FileSystem": "CSVFS_ReFS", "StoragePoolFriendlyName": "S2D on CL1", "Size": 10 * GB,
        }),
        Cmdlet("volume1", "New-Volume", {
            "FriendlyName": "Vol2", "FileSystem": "CSVFS_NTFS", "StoragePoolFriendlyName": "S2D on CL1", "Size": 20 * GB,
            "ResiliencySettingName": "Parity",
        }),
        mounted(0, "Vol1"), mounted(1, "Vol2", "Direct"),
    )
    assert found(plan) == [LEFT]
    assert (plan.refusals, plan.blockers, plan.warnings) == ((), (), ())


def test_a_new_pool_may_have_a_name() -> None:
    plan = RESOURCE.plan(options(pool_name="Pool", volumes=[{"name": "V", "size_gb": 1}]), cluster())
    assert plan.calls[0].parameters == {"PoolFriendlyName": "Pool", "Autoconfig": True, "Confirm": False}
    assert plan.calls[1].parameters["StoragePoolFriendlyName"] == "Pool"


def test_a_pool_of_other_storage_spaces_is_not_taken() -> None:
    answers = cluster()
    answers["pools"] = Answer("pools", (PRIMORDIAL, {"FriendlyName": "Old", "IsPrimordial": False}))
    plan = RESOURCE.plan(options(volumes=[{"name": "V", "size_gb": 1}]), answers)
    assert plan.calls[1].parameters["StoragePoolFriendlyName"] == "S2D on CL1"


def test_what_is_there_is_left_alone() -> None:
    there = cluster(enabled=True, cache="Enabled", volumes={"Vol1": dict.fromkeys(NODES, "FileSystemRedirected")}, sku=7, disks=(BOOT,))
    plan = RESOURCE.plan(options(cache=True, pool_name="s2d on cl1", volumes=[{"name": "vol1", "size_gb": 100}]), there)
    assert (plan.differences, plan.calls, plan.findings, plan.refusals, plan.warnings, plan.blockers) == ((), (), (), (), (), ())
    assert plan.state == {
        "enabled": True, "cache": True, "pools": ["S2D on CL1"], "disks_ready": 0,
        "volumes": [{
            "name": "Vol1", "size_gb": 100, "resiliency": "Mirror", "mount_paths": [r"C:\ClusterStorage\Vol1"],
            "nodes": dict.fromkeys(NODES, "FileSystemRedirected"),
        }],
    }
    assert RESOURCE.plan(options(enabled=False), cluster()).calls == ()


def test_a_further_volume_and_the_cache() -> None:
    there = cluster(enabled=True, cache="Enabled", volumes={"Vol1": {"hv01": "Direct", "hv02": "Unavailable"}})
    plan = RESOURCE.plan(options(cache=False, volumes=[{"name": "Vol1", "size_gb": 100}, {"name": "Vol2", "size_gb": 1}]), there)
    assert plan.differences == (
        Difference("cache", True, False), Difference("volumes", ["Vol1"], ["Vol1", "Vol2"]),
        Difference("not_mounted", {"Vol1": {"hv02": "Unavailable"}}, {}),
    )
    assert plan.calls == (
        Cmdlet("cache", "Set-ClusterStorageSpacesDirect", {"CacheState": "Disabled"}),
        Cmdlet("volume0", "New-Volume", {
            "FriendlyName": "Vol2", "FileSystem": "CSVFS_ReFS", "StoragePoolFriendlyName": "S2D on CL1", "Size": GB,
        }),
        mounted(0, "Vol1"), mounted(1, "Vol2"),
    )


def test_what_stays_as_it_is_is_a_warning() -> None:
    there = cluster(enabled=True, volumes={"Vol1": dict.fromkeys(NODES, "Direct")})
    plan = RESOURCE.plan(options(pool_name="Other", volumes=[{"name": "Vol1", "size_gb": 200}]), there)
    assert plan.warnings == (
        "volumes: Vol1 has 100 GB, not 200; a volume that is there is not resized",
        "pool_name: there is no pool 'Other'; the name is given when Storage Spaces Direct is switched on, and stays",
    )
    assert plan.differences == ()


@pytest.mark.parametrize(("answers", "findings"), [
    (cluster(sku=7), [("s2d_edition", "critical"), LEFT]),
    (cluster(disks=(BOOT, SPACE)), [("s2d_disks", "critical")]),
    (cluster(disks=(DATA,)), []),
    (cluster(disks=(DATA,), nodes={"hv01": "Up"}), [("s2d_nodes", "warning")]),
    (cluster(disks=(DATA,), nodes={"hv01": "Up", "hv02": "Down"}), [("s2d_node_down", "warning")]),
    (outside(sku=13), [("s2d_edition", "critical"), LEFT]),
    (outside(disks=()), [("s2d_disks", "critical")]),
])
def test_its_conditions(answers: Answers, findings: list[tuple[str, str]]) -> None:
    assert found(RESOURCE.plan(options(), answers)) == findings


def test_a_finding_names_the_disks_with_the_reason_of_windows() -> None:
    (finding,) = RESOURCE.plan(options(), cluster(disks=(BOOT,))).findings
    assert finding.remediation.endswith("Those that it would not take: Boot S0 (Insufficient Capacity).")


def test_a_host_in_no_cluster_says_what_would_change() -> None:
    plan = RESOURCE.plan(options(cache=True, volumes=[{"name": "V", "size_gb": 1}]), outside())
    assert plan.differences == (Difference("enabled", None, True), Difference("cache", None, True), Difference("volumes", [], ["V"]))
    assert plan.blockers == ("this host is in no cluster yet",)
    assert (plan.calls, plan.refusals) == ((), ())
    assert plan.state == {"enabled": False, "cache": None, "pools": [], "disks_ready": 1, "volumes": []}


def test_it_is_never_switched_off() -> None:
    plan = RESOURCE.plan(options(enabled=False), cluster(enabled=True))
    assert plan.refusals == (
        "enabled: Storage Spaces Direct is on, and switching it off would destroy the pool with all volumes; that is not done here "
        "(Disable-ClusterStorageSpacesDirect)",
    )
    assert (plan.differences, plan.calls) == ((), ())


@pytest.mark.parametrize(("wrong", "refusal"), [
    ({"volumes": [{"name": "", "size_gb": 1}]}, "volumes[0].name: '' is empty or stands there twice"),
    ({"volumes": [{"name": "V", "size_gb": 1}, {"name": "v", "size_gb": 1}]}, "volumes[1].name: 'v' is empty or stands there twice"),
    ({"volumes": [{"name": "V", "size_gb": 0}]}, "volumes[0].size_gb: 0 is not 1 or more"),
    ({"volumes": [{"name": "V", "size_gb": 1}], "enabled": False}, "volumes: they need enabled: true"),
    ({"pool_name": ""}, "pool_name: it is empty"),
    ({"mount_seconds": 0}, "mount_seconds: 0 is not 1 or more"),
])
def test_wrong_options_are_named(wrong: dict[str, Any], refusal: str) -> None:
    plan = RESOURCE.plan(options(**wrong), cluster())
    assert plan.refusals == (refusal,)
    assert plan.calls == ()


@pytest.mark.parametrize(("error", "part"), [
    (CmdletError("ConditionNotMet", "StateInfo is 'Unavailable'"), "A node has not mounted the volume yet"),
    (CmdletError("HRESULT 0x80070005,Enable-ClusterStorageSpacesDirect", "Access is denied"), "become_method: runas"),
    (CmdletError("Else,X", "?"), ""),
])
def test_a_failure_is_explained(error: CmdletError, part: str) -> None:
    text = RESOURCE.explain(error)
    assert part in text
    assert bool(text) == bool(part)


def test_another_path_shows_the_same() -> None:
    assert [call.name for call in RESOURCE.evidence(options())] == ["Get-ClusterStorageSpacesDirect", "Get-CimInstance"]
    answers = Answers({
        "s2d": Answer("s2d", ({"State": "Enabled"},)),
        "resources": Answer("resources", ({"Name": "Cluster Virtual Disk (Vol1)", "IsClusterSharedVolume": True},)),
    })
    wanted = options(volumes=[{"name": "vol1", "size_gb": 1}, {"name": "Vol2", "size_gb": 1}])
    by_cim = "CIM MSCluster_Resource.IsClusterSharedVolume"
    assert RESOURCE.promises(wanted, answers) == (
        Promise("enabled", "Enabled", "Enabled", "Get-ClusterStorageSpacesDirect", True),
        Promise("volumes.vol1", True, True, by_cim, True),
        Promise("volumes.Vol2", True, None, by_cim, False),
    )
    assert RESOURCE.promises(options(enabled=False), answers) == ()


@pytest.mark.parametrize("broken", ["cluster", "system", "physical", "nodes", "pools", "virtual", "volumes"])
def test_an_error_is_not_taken_for_an_answer(broken: str) -> None:
    answers = cluster()
    answers[broken] = Answer(broken, error=CmdletError("X", "the cluster is busy"))
    with pytest.raises(CallFailed, match=f"call '{broken}' failed: the cluster is busy"):
        RESOURCE.plan(options(), answers)
