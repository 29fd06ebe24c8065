# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/storage.md: by which paths storage is seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.storage import RESOURCE

SERVICES = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\"
WANTED: dict[str, Any] = {
    "san_policy": "offline_all", "iscsi": True, "initiator_name": "iqn.2026-01.org.example:a", "fibre_channel": True,
    "portals": [{"address": "10.0.0.1", "port": 3260}], "shares": [r"\\fs1\v"], "cinder_paths": [], "instances_path": None,
}
NOTHING: dict[str, Any] = {
    "san_policy": None, "iscsi": False, "initiator_name": None, "fibre_channel": False, "portals": [], "shares": [], "cinder_paths": [],
    "instances_path": None,
}


def answers(*, san=3, policy="OfflineAll", start=2, status="Running", name="IQN.2026-01.org.example:A", ports=(1, 2), reached=(True, True)):
    rows: dict[str, Any] = {
        "partitions": [{"SanPolicy": san}], "settings": [{"NewDiskPolicy": policy}], "registry": [{"Start": start, "DelayedAutostart": 0}],
        "status": [{"Status": status}], "initiator": [{"iSCSINodeName": name}], "ports": [{"ConnectionType": kind} for kind in ports],
        "endpoint0": [{"TcpTestSucceeded": reached[0], "RemoteAddress": "10.0.0.1"}],
        "endpoint1": [{"TcpTestSucceeded": reached[1], "RemoteAddress": ""}],
    }
    return Answers({call: Answer(call, tuple(found)) for call, found in rows.items()})


def broken(**changed):
    return {item.name: item.found for item in RESOURCE.promises(WANTED, answers(**changed)) if not item.kept}


def cim(call, namespace, name, *properties):
    return Cmdlet(call, "Get-CimInstance", {"Namespace": namespace, "ClassName": name}, properties)


def test_what_is_asked():
    tcp = ("TcpTestSucceeded", "RemoteAddress")
    assert RESOURCE.evidence(WANTED) == [
        Cmdlet("partitions", "Get-ItemProperty", {"LiteralPath": f"{SERVICES}partmgr\\Parameters"}, ("SanPolicy?",)),
        Cmdlet("settings", "Get-StorageSetting", properties=("NewDiskPolicy",)),
        Cmdlet("registry", "Get-ItemProperty", {"LiteralPath": f"{SERVICES}MSiSCSI"}, ("Start?", "DelayedAutostart?")),
        Cmdlet("status", "Get-Service", {"Name": ["MSiSCSI"]}, ("Status",)),
        cim("initiator", "root/wmi", "MSiSCSIInitiator_MethodClass", "iSCSINodeName"),
        cim("ports", "root/microsoft/windows/storage", "MSFT_InitiatorPort", "ConnectionType"),
        Cmdlet("endpoint0", "Test-NetConnection", {"ComputerName": "10.0.0.1", "Port": 3260}, tcp),
        Cmdlet("endpoint1", "Test-NetConnection", {"ComputerName": "fs1", "Port": 445}, tcp),
    ]
    assert (RESOURCE.evidence(NOTHING), RESOURCE.promises(NOTHING, Answers())) == ([], ())


def test_all_kept():
    assert broken() == {}
    assert [item.name for item in RESOURCE.promises(WANTED, answers())] == [
        "san_policy", "iscsi_service.start_mode", "iscsi_service.running", "initiator_name", "fibre_channel", "endpoints.10.0.0.1:3260",
        "endpoints.fs1:445",
    ]


@pytest.mark.parametrize(("changed", "found"), [
    ({"san": 1}, {"san_policy": "online_all"}),
    ({"san": None, "policy": 4}, {"san_policy": "offline_internal"}),
    ({"san": None, "policy": "Online All"}, {"san_policy": "online_all"}),
    ({"san": None, "policy": "OfflineAll"}, {}),
    ({"start": 3}, {"iscsi_service.start_mode": "manual"}),
    ({"status": "Stopped"}, {"iscsi_service.running": False}),
    ({"name": "iqn.2026-01.org.example:b"}, {"initiator_name": "iqn.2026-01.org.example:b"}),
    ({"ports": (2,)}, {"fibre_channel": 0}),
    ({"reached": (False, True)}, {"endpoints.10.0.0.1:3260": "no TCP connection to 10.0.0.1"}),
    ({"reached": (True, False)}, {"endpoints.fs1:445": "the name does not resolve on this host"}),
])
def test_each_promise_is_broken_by_itself(changed, found):
    assert broken(**changed) == found
