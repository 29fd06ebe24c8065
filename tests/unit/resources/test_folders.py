# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.folders import RESOURCE

LOG, STATE = r"C:\OpenStack\Log", r"C:\OpenStack\State"


def answers(*there):
    return Answers({f"folder{number}": Answer(f"folder{number}", ({"$value": value},)) for number, value in enumerate(there)})


def test_one_question_a_folder():
    assert RESOURCE.read({"paths": [LOG, STATE]}) == [
        Cmdlet("folder0", "Test-Path", {"LiteralPath": [LOG], "PathType": "Container"}, ("$value",)),
        Cmdlet("folder1", "Test-Path", {"LiteralPath": [STATE], "PathType": "Container"}, ("$value",)),
    ]


def test_only_what_is_missing_is_created():
    plan = RESOURCE.plan({"paths": [LOG, STATE]}, answers(True, False))
    assert plan.differences == (Difference(STATE, "absent", "folder"),)
    assert plan.calls == (Cmdlet("create0", "New-Item", {"Path": [STATE], "ItemType": "Directory", "Force": True}),)


def test_nothing_to_do():
    plan = RESOURCE.plan({"paths": [LOG]}, answers(True))
    assert (plan.differences, plan.calls, plan.refusals) == ((), (), ())


@pytest.mark.parametrize("path", [r"\\server\share", "Log", r"C:Log", r"C:\a?b", "/var/log"])
def test_a_path_that_is_not_local_is_refused_by_name(path):
    plan = RESOURCE.plan({"paths": [path]}, answers(False))
    assert plan.refusals == (f"paths: not a local path such as C:\\OpenStack\\Log: {path}",)


def test_a_drive_that_cannot_be_asked_is_an_error():
    broken = Answers({"folder0": Answer("folder0", error=CmdletError("AccessDenied", "denied"))})
    with pytest.raises(CallFailed, match="AccessDenied"):
        RESOURCE.plan({"paths": [LOG]}, broken)
