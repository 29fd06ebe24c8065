# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_verify as Ansible runs it. The oracle is the server's own state and journal."""
from __future__ import annotations

from typing import Any

import pytest

from tests.integration.resources.conftest import Server, StartServer

HOST: dict[str, Any] = {"features": {"installed": ["Hyper-V", "Hyper-V-PowerShell"]}, "hardware": {"numa_nodes": 2}}
SETTINGS = "Msvm_VirtualSystemManagementServiceSettingData"
BROKEN = f"numa.spanning is True, wanted False, seen by CIM {SETTINGS}"


def task(**options: Any) -> dict[str, Any]:
    sections = {"numa": {"spanning": False}, "folders": {"paths": [r"C:\OpenStack\Log"]}}
    return {"winstack.hyperv.win_hv_verify": {"sections": sections, **options}}


@pytest.fixture
def host(server: StartServer) -> Server:
    host = server(**HOST)
    host.machine.files.make_folder(r"C:\OpenStack\Log")
    return host


@pytest.mark.parametrize("check", [False, True])
def test_it_only_looks_and_costs_one_call(host: Server, check: bool) -> None:
    before = len(host.entries())
    run = host.play(task(on_broken="report"), check=check)
    assert run.code == 0, run.output
    assert (run.result["changed"], host.changes(), len(host.entries()) - before) == (False, [], 1)
    assert run.result["table"] == [
        f"BROKEN | numa.spanning            | yes, wanted no | CIM {SETTINGS}",
        r"kept   | folders.C:\OpenStack\Log | folder         | CIM Win32_Directory",
    ]
    assert run.result["broken"] == [BROKEN]


def test_a_broken_promise_fails_and_is_named(host: Server) -> None:
    run = host.play(task())
    assert run.code != 0
    assert run.result["msg"] == f"1 of 2 promises are broken: {BROKEN}"
    host.machine.hyperv.set("NumaSpanningEnabled", False)
    assert host.play(task()).code == 0


def test_only_some_sections_in_the_order_in_which_they_are_given(host: Server) -> None:
    host.machine.hyperv.set("NumaSpanningEnabled", False)
    run = host.play(task(only=["folders", "numa"]))
    assert [row["section"] for row in run.result["promises"]] == ["numa", "folders"]
    assert [row["section"] for row in host.play(task(only=["folders"])).result["promises"]] == ["folders"]


@pytest.mark.parametrize(("options", "message"), [
    ({"sections": {"nume": {}}}, "sections: unknown section 'nume'; known are: "),
    ({"sections": {"numa": {"spaning": True}}}, "sections.numa: unsupported option spaning"),
    ({"only": ["time"]}, "only: 'time' is not among the sections given: numa, folders"),
    ({"on_broken": "shrug"}, "value of on_broken must be one of: fail, report, got: shrug"),
])
def test_wrong_options_are_named_and_no_host_is_asked(host: Server, options: dict[str, Any], message: str) -> None:
    before = len(host.entries())
    run = host.play(task(**options))
    assert run.code != 0
    assert message in run.result["msg"]
    assert len(host.entries()) == before
