# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/service_account.md: by which paths a service's account is seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.service_account import RESOURCE

ADMINISTRATORS = "S-1-5-32-544"
WANTED: dict[str, Any] = {
    "name": "nova-compute", "account": "EXAMPLE\\nova", "password": "S3cret", "password_version": "2", "groups": [ADMINISTRATORS],
}


def answers(*, account="example\\NOVA", version="2", members=("HV01\\Administrator", "Example\\Nova", None)):
    return Answers({
        "registry": Answer("registry", ({"Start": 2, "DelayedAutostart": None, "ObjectName": account},)),
        "note": Answer("note", ({"PasswordVersion": version},)),
        "group0": Answer("group0", ({"SID": ADMINISTRATORS},)),
        "members0": Answer("members0", tuple({"Caption": name} for name in members)),
    })


def broken(**changed):
    return {item.name: item.found for item in RESOURCE.promises(WANTED, answers(**changed)) if not item.kept}


def test_it_is_seen_through_the_registry_and_cim():
    assert RESOURCE.evidence(WANTED) == [
        Cmdlet(
            "registry", "Get-ItemProperty", {"LiteralPath": "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\nova-compute"},
            ("Start?", "DelayedAutostart?", "ObjectName?"),
        ),
        Cmdlet(
            "note", "Get-ItemProperty", {"LiteralPath": "HKLM:\\SOFTWARE\\winstack.hyperv\\service_account\\nova-compute"},
            ("PasswordVersion?",),
        ),
        Cmdlet("group0", "Get-CimInstance", {"ClassName": "Win32_Group", "Filter": f"SID='{ADMINISTRATORS}'"}, ("SID",)),
        Cmdlet("members0", "Get-CimAssociatedInstance", {"InputObject": Ref("group0"), "Association": "Win32_GroupUser"}, ("Caption?",)),
    ]
    assert "S3cret" not in repr(RESOURCE.evidence(WANTED))


def test_all_kept():
    assert RESOURCE.promises(WANTED, answers()) == (
        Promise("account", WANTED["account"], WANTED["account"], "registry ObjectName", True),
        Promise("password_version", "2", "2", "registry, as it is read", True),
        Promise(f"groups.{ADMINISTRATORS}", "member", "member", "CIM Win32_GroupUser", True),
    )


@pytest.mark.parametrize(("changed", "found"), [
    ({"account": "LocalSystem"}, {"account": "LocalSystem"}),
    ({"version": "1"}, {"password_version": "1"}),
    ({"members": ("EXAMPLE\\nova2",)}, {f"groups.{ADMINISTRATORS}": None}),
])
def test_each_promise_is_broken_by_itself(changed, found):
    assert broken(**changed) == found


def test_a_service_that_is_not_there_and_a_group_that_is_not_listed():
    gone = CmdletError("PathNotFound,X", "no")
    nothing = Answers({name: Answer(name, error=gone) for name in answers()})
    assert [item.found for item in RESOURCE.promises(WANTED, nothing)] == [None, None, None]


def test_local_system_is_in_no_group_and_no_account_is_no_promise():
    system = {**WANTED, "account": "LocalSystem", "password": None, "password_version": None}
    assert [call.id for call in RESOURCE.evidence(system)] == ["registry"]
    nobody = {**system, "account": None}
    assert (RESOURCE.evidence(nobody), RESOURCE.promises(nobody, Answers())) == ([], ())
