# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_cluster_quorum on simulated servers. The oracle is the lab's cluster and the servers' journals."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rehearsal.machine.cluster import Resource

from tests.integration.resources.cluster_lab import WITNESS, Nodes, bare, clustered

SHARE = r"\\fs1.example.org\witness"
KEY = "c2VjcmV0LWtleQ=="
ACCOUNT = {"account": "examplewitness", "access_key": KEY}
CLOUD: dict[str, Any] = {
    "cloud_storage": [{"name": "examplewitness", "key": KEY}, {"name": "second", "key": KEY}],
    "hosts": {"network": {"servers": [
        {"address": "198.51.100.7", "names": ["examplewitness.blob.core.windows.net", "second.blob.core.windows.net"], "ports": [443]},
    ]}},
}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_cluster_quorum": options}


def witness(nodes: Nodes) -> Resource | None:
    return nodes.cluster.resource(nodes.cluster.witness) if nodes.cluster.witness else None


def test_a_share_then_a_disk_then_none(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        again = nodes.converge(task(witness="share", share=SHARE), again_on="hv02")
        found = witness(nodes)
        assert found is not None
        assert (found.type, found.parameters["SharePath"], found.state) == ("File Share Witness", SHARE, "Online")
        assert again.result["cluster_quorum"] == {
            "witness": "share", "resource": "File Share Witness", "state": "Online", "share": SHARE, "account": None, "key_version": None,
        }
        disks = {"disks": [{"unique_id": WITNESS, "name": "Quorum", "shared_volume": False}]}
        assert nodes.play({"winstack.hyperv.win_hv_cluster_disks": disks}).code == 0
        nodes.converge(task(witness="disk", disk="Quorum"))
        found = witness(nodes)
        assert found is not None
        assert (found.type, found.name) == ("Physical Disk", "Quorum")
        nodes.converge(task(witness="none"))
        assert witness(nodes) is None


def test_cim_shows_the_promise(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        wanted = task(witness="share", share=SHARE)
        assert nodes.verify(wanted) == {"witness": ("none", False)}
        assert nodes.play(wanted).code == 0
        assert nodes.verify(wanted, host="hv03") == {"witness": ("share", True), "share": (SHARE, True)}


def test_the_same_share_written_otherwise_is_the_same(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        assert nodes.play(task(witness="share", share=SHARE)).code == 0
        run = nodes.play(task(witness="share", share=SHARE.upper() + "\\"))
        assert run.code == 0, run.output
        assert not run.result["changed"]


def test_a_share_is_the_second_hop(tmp_path: Path) -> None:
    """Reading is not, so check mode does without."""
    with clustered(tmp_path) as nodes:
        wanted = task(witness="share", share=SHARE)
        assert nodes.play(wanted, become=False, check=True).code == 0
        run = nodes.play(wanted, become=False)
        assert run.code != 0
        assert "Set-ClusterQuorum failed in call 'set'" in run.result["msg"]
        assert "become_method: runas" in run.result["msg"]
        assert nodes.changes() == []
        assert witness(nodes) is None


def test_a_share_that_the_cluster_may_not_change_is_explained(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(task(witness="share", share=r"\\fs1\closed"))
        assert run.code != 0
        assert "A share needs Change and Read for the cluster's computer account" in run.result["msg"]
        assert witness(nodes) is None


def test_a_file_server_that_is_down_stops_before_anything_is_touched(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        nodes.lab.file_servers.set_up("fs1", False)
        run = nodes.play(task(witness="share", share=SHARE))
        assert run.code != 0
        assert "critical: witness_unreachable (fs1.example.org:445)" in run.result["msg"]
        assert nodes.changes() == []
        nodes.lab.file_servers.set_up("fs1", True)
        assert nodes.play(task(witness="share", share=SHARE)).code == 0
        nodes.lab.file_servers.set_up("fs1", False)
        later = nodes.play(task(witness="share", share=SHARE))
        assert later.code == 0, later.output
        assert [finding["name"] for finding in later.result["findings"]] == ["witness_unreachable", "witness_state"]


@pytest.mark.parametrize(("share", "message"), [
    (r"C:\witness", "is no UNC path"),
    (r"\\hv02\c$\witness", "lies on HV02, a node of this cluster"),
    (r"\\cl1\witness", "lies on this cluster itself"),
    (r"\\example.org\dfs\witness", "is in a DFS namespace of the domain"),
])
def test_shares_that_will_not_do_are_refused(tmp_path: Path, share: str, message: str) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(task(witness="share", share=share))
        assert run.code != 0
        assert message in run.result["msg"]
        assert nodes.changes() == []


def test_a_cloud_witness_its_key_and_another_account(tmp_path: Path) -> None:
    with clustered(tmp_path, **CLOUD) as nodes:
        wanted = task(witness="cloud", cloud={**ACCOUNT, "key_version": "1"})
        nodes.converge(wanted, again_on="hv03")
        found = witness(nodes)
        assert found is not None
        assert (found.type, found.parameters["AccountName"]) == ("Cloud Witness", "examplewitness")
        another = nodes.play(task(witness="cloud", cloud={**ACCOUNT, "access_key": "b3RoZXI=", "key_version": "1"}))
        assert (another.code, another.result["changed"]) == (0, False)
        nodes.converge(task(witness="cloud", cloud={**ACCOUNT, "key_version": "2"}))
        nodes.converge(task(witness="cloud", cloud={**ACCOUNT, "account": "second", "key_version": "2"}))
        assert [item.name for item in nodes.cluster.resources if item.type == "Cloud Witness"] == ["Cloud Witness"]


def test_the_key_shows_nowhere(tmp_path: Path) -> None:
    with clustered(tmp_path, **CLOUD) as nodes:
        run = nodes.play(task(witness="cloud", cloud={**ACCOUNT, "key_version": "1"}))
        assert run.code == 0, run.output
        journal = "".join(str(entry) for entry in nodes.lab.hosts["hv01"].journal.entries())
        assert KEY not in run.output
        assert KEY not in journal


def test_azure_out_of_reach_is_explained(tmp_path: Path) -> None:
    with clustered(tmp_path) as nodes:
        run = nodes.play(task(witness="cloud", cloud=ACCOUNT))
        assert run.code != 0
        assert "Every node must reach the storage account's blob endpoint by HTTPS" in run.result["msg"]
        assert KEY not in run.output
        assert witness(nodes) is None


def test_two_nodes_without_a_witness_are_warned_of(tmp_path: Path) -> None:
    with clustered(tmp_path, nodes=("hv01", "hv02")) as nodes:
        run = nodes.play(task(witness="none"))
        assert run.code == 0, run.output
        assert [finding["name"] for finding in run.result["findings"]] == ["no_witness"]


def test_in_no_cluster_check_mode_says_what_would_change(tmp_path: Path) -> None:
    with bare(tmp_path) as nodes:
        planned = nodes.play(task(witness="share", share=SHARE), check=True)
        assert planned.code == 0, planned.output
        assert [item["path"] for item in planned.result["differences"]] == ["witness", "share"]
        applied = nodes.play(task(witness="share", share=SHARE))
        assert "cannot be changed yet: this host is in no cluster yet" in applied.result["msg"]
        assert nodes.changes() == []
