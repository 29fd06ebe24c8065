# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-Volume by a path. Oracle: storage-and-time.md 5."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine import HostSpec, SpecError

from tests.unit.rehearsal.cmdlets.hosts import Host

GIB = 2**30
DISKS = {"disks": [{"size_gb": 100, "free_gb": 40}, {"letter": "D", "size_gb": 500, "free_gb": 300}]}
VOLUMES = {"cluster_volumes": [{"size_gb": 2048, "free_gb": 1000}, {"name": "Fast"}]}


@pytest.mark.parametrize(("path", "system", "size"), [
    ("D:\\", "NTFS", 500), ("c:\\windows", "NTFS", 100), ("C:\\ClusterStorage\\Volume1", "CSVFS", 2048),
    ("C:/clusterstorage/fast/", "CSVFS", 1024),
])
def test_the_volume_of_a_path(path: str, system: str, size: int) -> None:
    host = Host(hardware=DISKS, storage=VOLUMES)
    (row,) = host.rows("Get-Volume", "FileSystem", "Size", "SizeRemaining", "UniqueId", FilePath=path)
    assert (row["FileSystem"], row["Size"]) == (system, size * GIB)
    assert 0 < row["SizeRemaining"] < row["Size"]
    assert row["UniqueId"].startswith("\\\\?\\Volume{")


def test_a_cluster_volume_has_one_id_on_all_nodes_and_a_disk_has_not() -> None:
    one, other = (Host(computer_name=name, storage=VOLUMES) for name in ("hv01", "hv02"))
    asked = {"FilePath": "C:\\ClusterStorage\\Fast"}
    assert one.values("Get-Volume", "UniqueId", **asked) == other.values("Get-Volume", "UniqueId", **asked)
    assert one.values("Get-Volume", "UniqueId", **asked) != one.values("Get-Volume", "UniqueId", FilePath="C:\\")


@pytest.mark.parametrize(("asked", "error"), [
    ({"FilePath": "C:\\nowhere"}, "CmdletizationQuery_NotFound_FilePath,Get-Volume"),
    ({"FilePath": "E:\\"}, "CmdletizationQuery_NotFound_FilePath,Get-Volume"),
    ({"FilePath": "\\\\fs1\\nova"}, "RehearsalNotModelled"),
    ({"DriveLetter": ["C"]}, "RehearsalNotModelled"),
])
def test_what_is_not_there_or_not_known(asked: dict[str, Any], error: str) -> None:
    assert Host(storage=VOLUMES).error("Get-Volume", **asked) == error


def test_wrong_lab_files_are_named() -> None:
    with pytest.raises(SpecError, match=r"hosts\.hv01\.storage\.cluster_volumes\[0\]\.guid"):
        HostSpec.from_mapping({"storage": {"cluster_volumes": [{"guid": "1"}]}}, "hosts.hv01")
