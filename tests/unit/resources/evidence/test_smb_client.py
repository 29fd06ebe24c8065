# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/smb_client.md: by which paths the SMB client is seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.smb_client import RESOURCE

WANTED: dict[str, Any] = {
    "multichannel": True, "require_signing": False, "instances_path": r"\\fs1\vms",
    "constraints": [{"server": "fs1.example.org", "short_name": True, "interfaces": ["Data", "Gone"]}],
}
DATA = {"Name": "Data", "InterfaceIndex": 4, "InterfaceGuid": "{AA}"}
OTHER = {"Name": "Other", "InterfaceIndex": 5, "InterfaceGuid": "{BB}"}


def constraint(server, adapter):
    return {"ServerName": server, "InterfaceAlias": adapter["Name"], "InterfaceIndex": 1, "InterfaceGuid": adapter["InterfaceGuid"]}


BOTH = (constraint("FS1", DATA), constraint("fs1.example.org", DATA))


def broken(*, multichannel=True, signing=False, constraints=BOTH, reached=True, interfaces=("Data",)):
    rows: dict[str, Any] = {
        "settings": [{"EnableMultiChannel": multichannel, "RequireSecuritySignature": signing}], "constraints": constraints,
        "adapters": [DATA, OTHER], "endpoint0": [{"TcpTestSucceeded": reached, "RemoteAddress": "10.0.0.1"}],
    }
    options = {**WANTED, "constraints": [{**WANTED["constraints"][0], "interfaces": list(interfaces)}]}
    answers = Answers({call: Answer(call, tuple(found)) for call, found in rows.items()})
    return {item.name: item.found for item in RESOURCE.promises(options, answers) if not item.kept}


def test_constraints_are_seen_through_their_class_and_the_rest_as_it_is_read():
    assert RESOURCE.evidence(WANTED) == [
        Cmdlet("settings", "Get-SmbClientConfiguration", properties=("EnableMultiChannel", "RequireSecuritySignature")),
        Cmdlet(
            "constraints", "Get-CimInstance", {"Namespace": "root/microsoft/windows/smb", "ClassName": "MSFT_SmbMultichannelConstraint"},
            ("ServerName", "InterfaceAlias", "InterfaceIndex", "InterfaceGuid"),
        ),
        Cmdlet(
            "adapters", "Get-CimInstance", {"Namespace": "root/standardcimv2", "ClassName": "MSFT_NetAdapter"},
            ("Name", "InterfaceIndex", "InterfaceGuid"),
        ),
        Cmdlet("endpoint0", "Test-NetConnection", {"ComputerName": "fs1", "Port": 445}, ("TcpTestSucceeded", "RemoteAddress")),
    ]
    nothing: dict[str, Any] = {"multichannel": None, "require_signing": None, "instances_path": None, "constraints": []}
    assert (RESOURCE.evidence(nothing), RESOURCE.promises(nothing, Answers())) == ([], ())


@pytest.mark.parametrize(("changed", "found"), [
    ({}, {}),
    ({"multichannel": False}, {"multichannel": False}),
    ({"signing": True}, {"require_signing": True}),
    ({"constraints": BOTH[:1]}, {"constraints.fs1.example.org": []}),
    ({"constraints": (*BOTH, constraint("fs1", OTHER))}, {"constraints.fs1": ["Data", "Other"]}),
    ({"constraints": (*BOTH, constraint("fs2", OTHER))}, {}),
    ({"interfaces": ("Data", "Gone")}, {"constraints.fs1.example.org": ["Data"], "constraints.fs1": ["Data"]}),
    ({"reached": False}, {"endpoints.fs1:445": "no TCP connection to 10.0.0.1"}),
])
def test_each_promise_is_broken_by_itself(changed, found):
    assert broken(**changed) == found
