# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/driver_wheelhouse.md: by which paths the driver and its services are seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Program, ReadFile
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.driver_wheelhouse import RESOURCE

SHA = "0123456789ab" + "0" * 52
ROOT = "C:\\OpenStack\\Driver"
VENV = f"{ROOT}\\0123456789ab\\venv"
KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\nova-compute"
DRIVER = "nova.virt.compute_hyperv.driver"
SERVICE: dict[str, Any] = {
    "name": "nova-compute", "program": "nova-compute", "arguments": ["--config-file", "C:\\nova.conf"], "account": "EXAMPLE\\nova",
    "password": "S3cret", "environment": {"A": "1"},
}
WANTED: dict[str, Any] = {
    "root": ROOT, "archive": {"path": "C:\\a.zip", "url": None, "sha256": SHA},
    "python": {"executable": None, "target": "C:\\P", "installer": None}, "vc_runtime": {"installer": None},
    "wrapper": {"kind": "nssm", "path": "C:\\nssm.exe"}, "services": [SERVICE],
}
FAILED = CmdletError("ProgramFailed", "exit code 1")


def answers(**changed: Any) -> Answers:
    key = {"ImagePath": "C:\\nssm.exe", "ObjectName": "example\\NOVA", "Environment": ["A=1"], **changed.get("key", {})}
    nssm = {
        "Application": f"{VENV}\\Scripts\\nova-compute.exe", "AppParameters": "--config-file C:\\nova.conf", "AppDirectory": VENV,
        **changed.get("nssm", {}),
    }
    found = {
        "packages": Answer("packages", exit_code=0), "driver": Answer("driver", exit_code=0),
        "current": Answer("current", content=changed.get("current", b'{"environment": "0123456789ab"}')),
        "service0": Answer("service0", (key,)), "nssm0": Answer("nssm0", (nssm,)),
    }
    return Answers({**found, **changed.get("answers", {})})


def broken(**changed: Any) -> dict[str, Any]:
    return {item.name: item.found for item in RESOURCE.promises(WANTED, answers(**changed)) if not item.kept}


def test_the_driver_is_tried_and_its_services_are_looked_up_in_the_registry():
    python = f"{VENV}\\Scripts\\python.exe"
    assert RESOURCE.evidence(WANTED) == [
        Program("packages", python, ("-m", "pip", "check", "--disable-pip-version-check")),
        Program("driver", python, ("-m", DRIVER)),
        ReadFile("current", f"{ROOT}\\current.json"),
        Cmdlet("service0", "Get-ItemProperty", {"LiteralPath": KEY}, ("ImagePath?", "ObjectName?", "Environment?")),
        Cmdlet("nssm0", "Get-ItemProperty", {"LiteralPath": f"{KEY}\\Parameters"}, ("Application?", "AppParameters?", "AppDirectory?")),
    ]
    without = {**WANTED, "wrapper": None, "services": []}
    assert [call.id for call in RESOURCE.evidence(without)] == ["packages", "driver"]
    assert [item.name for item in RESOURCE.promises(without, answers())] == ["packages", "driver"]
    assert "S3cret" not in repr(RESOURCE.evidence(WANTED)) + repr(RESOURCE.promises(WANTED, answers()))


@pytest.mark.parametrize(("changed", "found"), [
    ({}, {}),
    ({"answers": {"packages": Answer("packages", error=FAILED, exit_code=1, stdout="os-win 5 has requirement x\r\n")}},
     {"packages": "exit code 1: os-win 5 has requirement x"}),
    ({"answers": {"driver": Answer("driver", error=FAILED, exit_code=1, stderr="Traceback\r\nImportError: DLL load failed")}},
     {"driver": "exit code 1: ImportError: DLL load failed"}),
    ({"answers": {"driver": Answer("driver", error=FAILED, exit_code=3)}}, {"driver": "exit code 3"}),
    ({"answers": {"driver": Answer("driver", error=CmdletError("CommandNotFoundException", "no"))}}, {"driver": None}),
    ({"current": b'{"environment": "other"}'}, {"current": "other"}),
    ({"current": b"{"}, {"current": None}),
    ({"current": b"[]"}, {"current": None}),
    ({"key": {"ImagePath": "C:\\x.exe"}}, {"services.nova-compute.command": "C:\\x.exe"}),
    ({"key": {"ObjectName": "LocalSystem"}}, {"services.nova-compute.account": "LocalSystem"}),
    ({"key": {"Environment": None}}, {"services.nova-compute.environment": None}),
    ({"nssm": {"Application": "C:\\old.exe"}}, {"services.nova-compute.Application": "C:\\old.exe"}),
])
def test_each_promise_is_broken_by_itself(changed, found):
    assert broken(**changed) == found
