# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""check_calls, and what coverage.py reads from source text. The trees are made by the tests."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rehearsal import coverage
from rehearsal.powershell.catalogue import VERSIONS, catalogue
from rehearsal.powershell.registry import Models
from rehearsal.strictness import check_calls
from rehearsal.uses import collect

SOURCE = '''
"""Get-Disk in a docstring is no use of it."""
from ..calls import Cmdlet, Program

def read(verb, name, pairs):
    wanted = {"NewDiskTimeout": 60}
    return [
        Cmdlet("host", "Get-VMHost", properties=("NumaSpanningEnabled",)),
        Cmdlet("set", "Set-VMHost", {"NumaSpanningEnabled": wanted}),
        Cmdlet("timers", "Set-MPIOSetting", wanted),
        Cmdlet("claim", f"{verb}-MSDSMAutomaticClaim", {"BusType": name, "Confirm": False}),
        Program("resync", "w32tm.exe", ("/resync",)),
    ]
'''
TASKS = """\
- name: Block
  block:
    - name: Reboot
      ansible.windows.win_reboot:
    - name: Ours
      winstack.hyperv.win_hv_numa:
        spanning: true
  rescue:
    - name: Say
      ansible.builtin.debug:
        msg: no
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("plugins/module_utils", "plugins/action", "roles/hyperv_compute/tasks", "playbooks", "docs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "plugins/module_utils/numa.py").write_text(SOURCE)
    (tmp_path / "plugins/action/win_hv_numa.py").write_text('MODULE = "winstack.hyperv.win_cmdlets"\n')
    (tmp_path / "roles/hyperv_compute/tasks/main.yml").write_text(TASKS)
    return tmp_path


def test_uses_are_read_from_source_text(tree: Path) -> None:
    uses = collect(tree, catalogue())
    assert set(uses.cmdlets) == {"Get-VMHost", "Set-VMHost", "Set-MPIOSetting", "Enable-MSDSMAutomaticClaim", "Disable-MSDSMAutomaticClaim"}
    assert uses.parameters["Set-VMHost"] == {"NumaSpanningEnabled"}
    assert uses.parameters["Set-MPIOSetting"] == {"NewDiskTimeout"}
    assert uses.parameters["Disable-MSDSMAutomaticClaim"] == {"BusType"}
    assert set(uses.programs) == {"w32tm.exe"}
    assert set(uses.modules) == {"ansible.windows.win_reboot", "winstack.hyperv.win_cmdlets"}
    assert len(uses.calls) == 4
    assert uses.unread == 1
    assert check_calls(uses.calls, VERSIONS) == []


def test_the_page_says_what_is_not_modelled(tree: Path) -> None:
    page = coverage.render(collect(tree, catalogue()), catalogue(), Models(), {})
    assert "| `Set-VMHost` | NumaSpanningEnabled | documented | documented | documented | documented | refused: not modelled |" in page
    assert "| 2016 | 5 | 5 | 0 | 0 | 4 | 4 |" in page
    assert "| `Enable-MSDSMAutomaticClaim` | `-Confirm:$false` |" in page


def test_check_fails_when_stale_and_when_a_call_would_be_refused(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = ["--root", str(tree)]
    assert coverage.main([*root, "--check"]) == 1
    assert coverage.main(root) == 0
    assert coverage.main([*root, "--check"]) == 0
    source = tree / "plugins/module_utils/numa.py"
    source.write_text(SOURCE.replace('"Set-VMHost", {"NumaSpanningEnabled"', '"Set-VMHost", {"NumaSpaning"'))
    assert coverage.main(root) == 1
    assert "NamedParameterNotFound,Microsoft.HyperV.PowerShell.Commands.SetVMHost" in capsys.readouterr().err


PROBLEMS = [
    ({"cmdlet": "Set-VMSwitch", "parameters": {"Name": "s", "EmbeddedTeamingEnabled": True}}, "NamedParameterNotFound"),
    ({"cmdlet": "Get-SmbServerCertProps"}, "CommandNotFoundException"),
    ({"cmdlet": "Get-VMHost", "properties": ["NumaSpanning"]}, "PropertyNotFound"),
    ({"cmdlet": "Get-VMHost", "until": {"Ready": True}}, "PropertyNotFound"),
    ({"cmdlet": "Disable-PnpDevice", "parameters": {"InstanceId": {"$ref": "later"}, "Confirm": False}}, "ReferenceEmpty"),
    ({"cmdlet": "Disable-PnpDevice", "parameters": {"InstanceId": "x"}}, "HostFunctionNotImplemented"),
    ({"assign": {"$ref": "host"}, "values": {"Nope": 1}}, "PropertyNotFound"),
    ({"cmdlet": "Set-VMHost", "parameters": {"VirtualMachinePath": {"$ref": "host", "property": "Nope"}}}, "PropertyNotFound"),
]


@pytest.mark.parametrize(("call", "error"), PROBLEMS)
def test_check_calls_finds_what_a_host_would_refuse(call: dict[str, Any], error: str) -> None:
    (problem,) = check_calls([{"id": "host", "cmdlet": "Get-VMHost"}, {"id": "it", **call}], ["2019"])
    assert (problem.version, problem.call, problem.error.split(",")[0]) == ("2019", "it", error)
    assert "2019" in str(problem)


def test_check_calls_accepts_what_only_a_run_can_know() -> None:
    calls: list[dict[str, Any]] = [
        {"id": "host", "cmdlet": "Get-VMHost", "properties": ["Name", "Absent?"]},
        {"id": "old", "cmdlet": "Get-VMHostAssignableDevice", "properties": ["InstanceID", "LocationPath"]},
        {"id": "path", "cmdlet": "Set-VMHost", "parameters": {"VirtualMachinePath": {"$ref": "host", "property": "VirtualMachinePath"}}},
        {"id": "service", "cmdlet": "New-Service", "parameters": {
            "Name": {"$text": "YQA="}, "BinaryPathName": "x", "Credential": {"$credential": "u", "password": "cAA="},
        }},
        {"id": "program", "program": "sc.exe"},
    ]
    assert check_calls(calls, VERSIONS) == []
