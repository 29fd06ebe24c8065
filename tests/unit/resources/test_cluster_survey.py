# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read and how it is returned. Oracle: the answers that the fact sheets describe."""
from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import resource

RESOURCE: Any = resource("cluster_survey")
MISSING = CmdletError("CommandNotFoundException", "not recognized")
NOT_RUNNING = CmdletError("Get-Cluster,Microsoft.FailoverClusters.PowerShell.GetClusterCommand", "The cluster service is not running.")
OPTIONS = {"on_critical": "fail"}


def answers(**given: Any) -> Answers:
    """A host that is in no cluster; given: other answers by call."""
    rows: dict[str, Any] = {
        "state": [{"ClusterState": 1}],
        "service": [{"State": "Stopped", "StartMode": "Disabled"}],
        "cluster": NOT_RUNNING,
        "nodes": NOT_RUNNING,
        "os": [{"BuildNumber": "20348", "SystemDrive": "C:"}],
        "edition": [{"EditionID": "ServerDatacenter", "InstallationType": "Server Core", "UBR": 2113}],
        "computer": [{"DNSHostName": "hv01", "PartOfDomain": True, "Domain": "example.org"}],
        "features": [
            {"Name": "Hyper-V", "InstallState": "Installed"}, {"Name": "DNS", "InstallState": "Available"},
            {"Name": "Failover-Clustering", "InstallState": "Installed"}, {"Name": "NLB", "InstallState": "Removed"},
        ],
        "switches": [{"Name": "external"}, {"Name": "backup"}],
        "adapters": [
            {"Name": "Ethernet 2", "DriverFileName": "i40ea68.sys"}, {"Name": "Ethernet 1", "DriverFileName": "i40ea68.sys"},
            {"Name": "vEthernet (external)", "DriverFileName": "vmswitch.sys"},
        ],
        "addresses": [
            {"InterfaceAlias": "vEthernet (external)", "IPAddress": "10.0.0.11", "PrefixLength": 24},
            {"InterfaceAlias": "vEthernet (external)", "IPAddress": "10.0.0.50", "PrefixLength": 24},
            {"InterfaceAlias": "Ethernet 2", "IPAddress": "fd00:1::11", "PrefixLength": 64},
            {"InterfaceAlias": "Ethernet 2", "IPAddress": "fe80::1%12", "PrefixLength": 64},
            {"InterfaceAlias": "Local Area Connection* 1", "IPAddress": "169.254.1.7", "PrefixLength": 16},
            {"InterfaceAlias": "Loopback Pseudo-Interface 1", "IPAddress": "127.0.0.1", "PrefixLength": 8},
        ],
        "disks": [{"NewDiskPolicy": "OfflineShared"}],
        "clock": [{"$value": "2026-11-21T12:00:05.1234567Z"}],
        **given,
    }
    found = Answers({
        name: Answer(name, error=row) if isinstance(row, CmdletError) else Answer(name, tuple(row)) for name, row in rows.items()
    })
    found.asked = (datetime(2026, 11, 21, 12, 0, 1, tzinfo=timezone.utc), datetime(2026, 11, 21, 12, 0, 7, tzinfo=timezone.utc))
    return found


def test_a_host_in_no_cluster() -> None:
    plan = RESOURCE.plan(OPTIONS, answers())
    assert (plan.differences, plan.calls, plan.findings) == ((), (), ())
    assert plan.state == {
        "computer_name": "hv01",
        "cluster": {"local_state": 1, "name": None, "id": None, "functional_level": None, "nodes": [], "problem": None},
        "release": "2022", "build": 20348, "update": 2113, "edition": "ServerDatacenter", "installation": "Server Core",
        "domain": "example.org", "system_drive": "C:", "features": ["Failover-Clustering", "Hyper-V"], "switches": ["backup", "external"],
        "adapters": ["Ethernet 1", "Ethernet 2"],
        "subnets": [
            {"subnet": "10.0.0.0/24", "interface": "vEthernet (external)"}, {"subnet": "fd00:1::/64", "interface": "Ethernet 2"},
        ],
        "san_policy": "OfflineShared",
        "clock": {"utc": "2026-11-21T12:00:05+00:00", "ahead_at_least": -2.0, "ahead_at_most": 5.0},
    }


def test_a_bare_host() -> None:
    state = RESOURCE.plan(OPTIONS, answers(
        state=CmdletError("HRESULT 0x8004100e,X", "Invalid namespace"), service=[], cluster=MISSING, nodes=MISSING, switches=MISSING,
        features=MISSING, computer=[{"DNSHostName": "hv01", "PartOfDomain": None, "Domain": "WORKGROUP"}],
        edition=[{"EditionID": "ServerStandard", "InstallationType": "Server", "UBR": None}],
    )).state
    assert state["cluster"]["local_state"] == 0
    assert (state["switches"], state["features"], state["domain"], state["update"]) == (None, None, None, None)


def test_a_node_sees_its_cluster() -> None:
    plan = RESOURCE.plan(OPTIONS, answers(
        state=[{"ClusterState": 19}], cluster=[{"Name": "CL1", "Id": "5c1e", "ClusterFunctionalLevel": 11}],
        nodes=[
            {"Name": "hv01", "State": "Up", "DrainStatus": "NotInitiated"},
            {"Name": "hv02", "State": "Down", "DrainStatus": "NotInitiated"},
        ],
    ))
    assert plan.state["cluster"]["nodes"] == [
        {"name": "hv01", "state": "Up", "drain_status": "NotInitiated"}, {"name": "hv02", "state": "Down", "drain_status": "NotInitiated"},
    ]
    assert [(item.name, item.severity, item.target) for item in plan.findings] == [("cluster_node_down", "warning", "hv02")]


def test_a_stopped_service_and_one_that_does_not_answer_are_findings() -> None:
    stopped = RESOURCE.plan(OPTIONS, answers(state=[{"ClusterState": 3}]))
    assert [(item.name, item.severity) for item in stopped.findings] == [("cluster_service_stopped", "warning")]
    silent = RESOURCE.plan(OPTIONS, answers(state=[{"ClusterState": 19}]))
    assert [(item.name, item.severity) for item in silent.findings] == [("cluster_unanswered", "warning")]
    assert silent.state["cluster"]["problem"].startswith("call 'cluster' failed: The cluster service is not running.")
    assert silent.state["cluster"]["local_state"] == 19


def test_a_name_that_netbios_cuts_is_critical() -> None:
    plan = RESOURCE.plan(OPTIONS, answers(computer=[{"DNSHostName": "a-host-of-16-chr", "PartOfDomain": True, "Domain": "example.org"}]))
    assert [(item.name, item.severity, item.found) for item in plan.findings] == [("cluster_node_name", "critical", "16 characters")]


def test_without_the_controllers_clock_there_is_no_distance() -> None:
    given = answers()
    given.asked = None
    assert RESOURCE.plan(OPTIONS, given).state["clock"] == {
        "utc": "2026-11-21T12:00:05+00:00", "ahead_at_least": None, "ahead_at_most": None,
    }
