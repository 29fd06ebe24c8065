# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/numa.md: by which path NUMA spanning is seen."""
from __future__ import annotations

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.numa import RESOURCE

SETTINGS = "Msvm_VirtualSystemManagementServiceSettingData"


def seen(spanning, nodes=2):
    rows = () if spanning is None else ({"NumaSpanningEnabled": spanning},)
    return Answers({
        "settings": Answer("settings", rows, error=CmdletError("HRESULT 0x8004100e,X", "no") if spanning is None else None),
        "nodes": Answer("nodes", ({"NodeId": 0}, {"NodeId": 1})[:nodes]),
    })


def test_it_is_seen_through_cim():
    assert RESOURCE.evidence({"spanning": False}) == [
        Cmdlet("settings", "Get-CimInstance", {"Namespace": "root/virtualization/v2", "ClassName": SETTINGS}, ("NumaSpanningEnabled",)),
        Cmdlet("nodes", "Get-VMHostNumaNode", properties=("NodeId",)),
    ]
    assert RESOURCE.evidence({"spanning": None}) == []


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("found", [True, False, None])
def test_the_promise_is_kept_when_cim_shows_what_was_wanted(wanted, found):
    assert RESOURCE.promises({"spanning": wanted}, seen(found)) == (
        Promise("spanning", wanted, found, f"CIM {SETTINGS}", wanted is found),
    )


def test_nothing_is_promised_where_nothing_is_wanted_or_one_node_makes_no_difference():
    assert RESOURCE.promises({"spanning": None}, Answers()) == ()
    assert RESOURCE.promises({"spanning": False}, seen(True, nodes=1)) == ()
