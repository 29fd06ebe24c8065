# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_smb_client on simulated servers. The oracle is the server's own state and journal."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.cmdlets.net_adapter import guid
from rehearsal.machine.smb import Constraint

from tests.integration.resources.conftest import Server, StartServer

VERSIONS = ("2016", "2019", "2022", "2025")
FRESH: dict[str, Any] = {
    "hardware": {"nics": [{"name": "LAN"}, {"name": "SMB1"}, {"name": "SMB2"}]},
    "smb": {"multichannel": False, "rdma": [{"name": "SMB1"}, {"name": "SMB2"}]},
    "network": {"servers": [{"address": "10.40.0.20", "names": ["fs1", "fs1.example.org"], "ports": [445]}]},
}
WANTED: dict[str, Any] = {
    "multichannel": True, "require_signing": True, "constraints": [{"server": "fs1.example.org", "interfaces": ["SMB1", "SMB2"]}],
    "instances_path": "\\\\fs1.example.org\\instances",
}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_smb_client": options}


def guids(host: Server) -> dict[str, str]:
    return {nic.name: guid(host.machine, nic) for nic in host.machine.spec.hardware.nics}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fresh_host_converges(server: StartServer, version: str) -> None:
    host = server(os={"version": version}, **FRESH)
    smb, by_name = host.machine.smb, guids(host)
    smb.set("RequireSecuritySignature", False)
    smb.add(Constraint("FS1", by_name["LAN"]))
    smb.add(Constraint("fs2", by_name["LAN"]))
    again = host.converge(task(**WANTED))
    assert smb.settings == {"EnableMultiChannel": True, "RequireSecuritySignature": True}
    assert set(smb.constraints) == {
        Constraint("fs2", by_name["LAN"]),
        *(Constraint(name, by_name[nic]) for name in ("fs1", "fs1.example.org") for nic in ("SMB1", "SMB2")),
    }
    state = again.result["smb_client"]
    assert state["constraints"] == {"fs1": ["SMB1", "SMB2"], "fs1.example.org": ["SMB1", "SMB2"], "fs2": ["LAN"]}
    assert state["rdma_enabled"] == {"SMB1": True, "SMB2": True}
    assert {item["name"]: item["rdma_capable"] for item in state["interfaces"]} == {"LAN": False, "SMB1": True, "SMB2": True}
    assert state["endpoints"] == [{"address": "fs1.example.org", "port": 445, "remote": "10.40.0.20", "reachable": True}]


def test_no_server_is_ever_without_a_constraint(server: StartServer) -> None:
    host = server(**FRESH)
    host.machine.smb.add(Constraint("fs1", guids(host)["LAN"]))
    run = host.play(task(constraints=[{"server": "fs1", "interfaces": ["SMB1"]}]))
    assert run.code == 0, run.output
    by_name = guids(host)
    assert host.changes() == [f"SMB client: fs1 over {by_name['SMB1']}", f"SMB client: fs1 no longer over {by_name['LAN']}"]


def test_signing_is_told_on_2025_only(server: StartServer) -> None:
    host = server(os={"version": "2025"}, **FRESH)
    run = host.play(task(instances_path=WANTED["instances_path"]))
    assert run.code == 0, run.output
    assert [(item["name"], item["severity"]) for item in run.result["findings"]] == [("signing", "information")]
    assert host.changes() == []
    converged = host.converge(task(require_signing=False, instances_path=WANTED["instances_path"]))
    assert converged.result["findings"] == []


def test_an_adapter_of_a_later_switch(server: StartServer) -> None:
    host = server(**FRESH)
    wanted = task(constraints=[{"server": "fs1", "interfaces": ["vEthernet (SMB1)"]}])
    planned = host.play(wanted, check=True)
    assert planned.code == 0, planned.output
    assert planned.result["changed"]
    refused = host.play(wanted)
    assert "cannot be changed yet: this host has no network adapter of the name vEthernet (SMB1) yet" in refused.result["msg"]
    assert host.changes() == []


@pytest.mark.parametrize(("options", "message"), [
    ({"instances_path": "X:\\instances"}, "instances_path: X: is no local disk of this host"),
    ({"instances_path": "\\\\fs9\\instances"}, "share_unreachable (fs9:445): found the name does not resolve on this host"),
    ({"constraints": [{"server": "fs1"}]}, "missing required arguments: interfaces found in constraints"),
    ({"constraints": [{"server": "fs1", "interfaces": []}, {"server": "fs1", "interfaces": []}]}, "constraints: fs1 is there twice"),
])
def test_wrong_options_are_named_and_change_nothing(server: StartServer, options: dict[str, Any], message: str) -> None:
    host = server(**FRESH)
    run = host.play(task(**options))
    assert run.code != 0
    assert message in run.result["msg"]
    assert host.changes() == []
