# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/instance_paths.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Finding
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.instance_paths import RESOURCE
from ansible_collections.winstack.hyperv.plugins.module_utils.storage.shared_instance_storage import overcommit

GIB = 2**30
ID = "\\\\?\\Volume{6a1f1c3e-0000-4000-8000-000000000001}\\"
CLUSTER = "C:\\ClusterStorage\\Volume1\\instances"
NOT_THERE = CmdletError("CmdletizationQuery_NotFound_FilePath,Get-Volume", "No MSFT_Volume")


def options(path: str, minimum: int | None = None) -> dict[str, Any]:
    return {"path": path, "minimum_free_gb": minimum}


def volume(call: str, size: int = 100 * GIB, free: int = 50 * GIB) -> Answer:
    return Answer(call, ({"UniqueId": ID, "Size": size, "SizeRemaining": free},))


def host(exists: bool, **answers: Answer) -> Answers:
    there = volume("volume") if exists else Answer("volume", error=NOT_THERE)
    return Answers({"folder": Answer("folder", ({"$value": exists},)), "volume": there, "root": volume("root"), **answers})


@pytest.mark.parametrize(("path", "root"), [
    ("D:\\nova\\instances", "D:\\"), (CLUSTER, "C:\\ClusterStorage\\Volume1"),
    ("C:\\ClusterStorage\\Volume1", "C:\\ClusterStorage\\Volume1"),
])
def test_reads_the_folder_and_its_volume(path: str, root: str) -> None:
    space = ("UniqueId", "Size", "SizeRemaining")
    assert RESOURCE.read(options(path)) == [
        Cmdlet("folder", "Test-Path", {"LiteralPath": [path], "PathType": "Container"}, ("$value",)),
        Cmdlet("volume", "Get-Volume", {"FilePath": path}, space),
        Cmdlet("root", "Get-Volume", {"FilePath": root}, space),
    ]


@pytest.mark.parametrize(("path", "location", "storage"), [("D:\\instances", "drive", None), (CLUSTER, "cluster_volume", ID)])
def test_as_wanted(path: str, location: str, storage: str | None) -> None:
    answers = host(True, volume=volume("volume", size=100 * GIB + GIB - 1, free=3 * GIB - 1))
    plan = RESOURCE.plan(options(path, 2), answers)
    assert (plan.differences, plan.calls, plan.findings, plan.refusals) == ((), (), (), ())
    assert plan.state == {"path": path, "location": location, "storage": storage, "exists": True, "total_gb": 100, "free_gb": 2}


def test_a_folder_that_is_missing_is_made() -> None:
    plan = RESOURCE.plan(options(CLUSTER), host(False))
    assert plan.differences == (Difference("path", None, CLUSTER),)
    assert plan.calls == (Cmdlet("create", "New-Item", {"Path": [CLUSTER], "ItemType": "Directory", "Force": True}),)
    assert (plan.state["exists"], plan.state["total_gb"], plan.state["free_gb"]) == (False, 100, 50)


def test_too_little_space_is_critical() -> None:
    (finding,) = RESOURCE.plan(options("D:\\x", 51), host(False)).findings
    assert (finding.name, finding.severity, finding.found, finding.wanted) == (
        "instances_space", "critical", "50 GB free of 100 GB", "at least 51 GB free",
    )
    assert RESOURCE.plan(options("D:\\x", 50), host(False)).findings == ()


def test_a_share_is_left_to_its_server() -> None:
    path = "\\\\FS1\\nova\\instances"
    assert RESOURCE.read(options(path)) == []
    plan = RESOURCE.plan(options(path, 50), Answers())
    assert (plan.differences, plan.calls, plan.findings, plan.refusals) == ((), (), (), ())
    assert plan.state == {
        "path": path, "location": "share", "storage": "\\\\fs1\\nova", "exists": None, "total_gb": None, "free_gb": None,
    }


@pytest.mark.parametrize(("path", "refusal"), [
    ("instances", "path: 'instances' is no absolute Windows path"),
    ("D:\\a|b", "path: 'D:\\\\a|b' is no absolute Windows path"),
    ("X:\\instances", "path: the drive X: is not on this host: No MSFT_Volume"),
    ("C:\\ClusterStorage\\Volume9\\x", "path: the cluster volume volume9 is not on this host"),
])
def test_what_cannot_be_is_refused(path: str, refusal: str) -> None:
    plan = RESOURCE.plan(options(path), host(False, root=Answer("root", error=NOT_THERE)))
    assert len(plan.refusals) == 1
    assert plan.refusals[0].startswith(refusal)
    assert plan.calls == ()


def test_a_volume_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(CallFailed, match="volume"):
        RESOURCE.plan(options("D:\\x"), host(True, volume=Answer("volume", error=NOT_THERE)))


def test_several_hosts_on_one_storage() -> None:
    def state(storage: str | None, total: int | None) -> dict[str, Any]:
        return {"storage": storage, "total_gb": total}

    share = "\\\\fs1\\nova"
    states = {
        "hv03": state(ID, 1000), "hv01": state(ID, 1000), "hv02": state(ID, 1000), "hv04": state(share, None), "hv05": state(share, None),
        "hv06": state("\\\\fs2\\nova", None), "hv07": state(None, 50), "hv08": state(None, 50),
    }

    def finding(storage: str, found: str, ratio: str) -> Finding:
        remedy = f"Set disk_allocation_ratio to at most {ratio} on each of them, or give each host a volume of its own."
        return Finding("instances_overcommit", "warning", storage, found, "space that nova counts once", remedy)

    assert overcommit(states) == [
        finding(ID, "3 hosts report the same 1000 GB each: hv01, hv02, hv03", "0.33"),
        finding(share, "2 hosts report the same space each: hv04, hv05", "0.50"),
    ]
    six = overcommit({f"hv{number}": state(ID, 10) for number in range(6)})
    assert "at most 0.16 on each" in six[0].remediation
    assert overcommit({}) == []
