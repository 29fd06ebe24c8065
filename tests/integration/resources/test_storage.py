# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_storage on simulated servers. The oracle is the server's own state and journal."""
from __future__ import annotations

import time
from typing import Any

import pytest

from tests.integration.resources.conftest import StartServer

VERSIONS = ("2016", "2019", "2022", "2025")
NAME = "iqn.2026-01.org.example:hv01"
FRESH: dict[str, Any] = {
    "storage": {"san_policy": "OnlineAll", "fibre_ports": [{}]},
    "network": {"servers": [
        {"address": "10.40.0.10", "ports": [3260]},
        {"address": "10.40.0.20", "names": ["fs1", "fs1.example.org"], "ports": [445]},
    ]},
}
WANTED: dict[str, Any] = {
    "san_policy": "offline_shared", "iscsi": True, "initiator_name": NAME, "fibre_channel": True, "portals": [{"address": "10.40.0.10"}],
    "shares": ["\\\\fs1.example.org\\volumes"], "instances_path": "C:\\instances",
}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_storage": options}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fresh_host_converges(server: StartServer, version: str) -> None:
    host = server(os={"version": version}, **FRESH)
    again = host.converge(task(**WANTED))
    machine = host.machine
    assert machine.storage.new_disk_policy == 2
    assert machine.storage.node_address == NAME
    service = machine.services.get("MSiSCSI")
    assert (service.start_mode, service.state) == ("Automatic", "Running")
    assert again.result["findings"] == []
    assert again.result["storage"] == {
        "san_policy": "offline_shared",
        "iscsi_service": {"start_mode": "automatic", "running": True},
        "initiator_name": NAME,
        "iscsi_initiator_list": ["ROOT\\ISCSIPRT\\0000_0"],
        "fibre_channel_ports": [{
            "wwnn": "200000109B000000", "wwpn": "100000109B000000",
            "instance": "PCI\\VEN_1077&DEV_2031&SUBSYS_00000000&REV_02\\4&257301F0&0&0000_0",
        }],
        "endpoints": [
            {"address": "10.40.0.10", "port": 3260, "remote": "10.40.0.10", "reachable": True},
            {"address": "fs1.example.org", "port": 445, "remote": "10.40.0.20", "reachable": True},
        ],
    }


def test_the_service_runs_after_a_restart(server: StartServer) -> None:
    host = server(**FRESH)
    assert host.play(task(iscsi=True)).code == 0
    host.machine.reboot()
    time.sleep(0.3)
    assert host.machine.services.get("MSiSCSI").state == "Running"


def test_storage_that_does_not_answer_stops_everything(server: StartServer) -> None:
    host = server(**FRESH)
    portals = [{"address": "10.40.0.10", "port": 860}, {"address": "array"}]
    for check in (True, False):
        run = host.play(task(**{**WANTED, "portals": portals}), check=check)
        assert run.code != 0
        assert "storage_unreachable (10.40.0.10:860): found no TCP connection to 10.40.0.10" in run.result["msg"]
        assert "storage_unreachable (array:3260): found the name does not resolve on this host" in run.result["msg"]
        assert host.changes() == []
    survey = host.play(task(**{**WANTED, "portals": portals, "on_critical": "report"}), check=True)
    assert survey.code == 0, survey.output
    assert [item["target"] for item in survey.result["findings"]] == ["10.40.0.10:860", "array:3260"]


def test_a_location_shared_with_cinder_is_a_warning_only(server: StartServer) -> None:
    host = server(**FRESH)
    run = host.play(task(cinder_paths=["C:\\volumes"], instances_path="C:\\instances"))
    assert run.code == 0, run.output
    assert {item["name"]: item["severity"] for item in run.result["findings"]} == {"san_policy": "warning", "shared_with_cinder": "warning"}
    assert host.changes() == []


@pytest.mark.parametrize(("options", "message"), [
    ({"san_policy": "online_all"}, "value of san_policy must be one of: offline_shared, offline_all, got: online_all"),
    ({"iscsi": True, "initiator_name": "HV01"}, "initiator_name: 'HV01' is not an iSCSI name"),
    ({"portals": [{"port": 3260}]}, "missing required arguments: address found in portals"),
    ({"shares": ["C:\\x"]}, "shares: 'C:\\\\x' is no UNC path"),
])
def test_wrong_options_are_named_and_change_nothing(server: StartServer, options: dict[str, Any], message: str) -> None:
    host = server(**FRESH)
    run = host.play(task(**options))
    assert run.code != 0
    assert message in run.result["msg"]
    assert host.changes() == []
