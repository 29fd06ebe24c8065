# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between hosts. Oracle: the rules of docs/resources/cluster_survey.md."""
from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.filter.cluster_findings import FilterModule
from ansible_collections.winstack.hyperv.plugins.filter.findings_report import FilterModule as ReportModule
from ansible_collections.winstack.hyperv.plugins.module_utils.cluster.clock import certain_skew, clock_state

findings_of = FilterModule().filters()["cluster_findings"]
report = ReportModule().filters()["findings_report"]

HOST: dict[str, Any] = {
    "cluster": {"local_state": 1, "name": None, "id": None, "functional_level": None, "nodes": [], "problem": None},
    "release": "2022", "build": 20348, "update": 2113, "edition": "ServerDatacenter", "installation": "Server Core",
    "domain": "example.org", "system_drive": "C:", "features": ["Failover-Clustering", "Hyper-V"], "switches": ["external"],
    "adapters": ["Ethernet 1", "Ethernet 2"],
    "subnets": [{"subnet": "10.0.0.0/24", "interface": "Ethernet 1"}, {"subnet": "10.1.0.0/24", "interface": "Ethernet 2"}],
    "san_policy": "OfflineShared",
    "clock": {"utc": "2026-11-21T12:00:05+00:00", "ahead_at_least": -2.0, "ahead_at_most": 5.0},
}


def surveys(count: int = 3, **odd: Any) -> dict[str, Any]:
    """Hosts hv01, hv02, ... that are alike; odd: what hv02 has instead."""
    states = {f"hv{number:02}": {**copy.deepcopy(HOST), "computer_name": f"hv{number:02}"} for number in range(1, count + 1)}
    states["hv02"].update(odd)
    return {host: {"changed": False, "findings": [], "cluster_survey": state} for host, state in states.items()}


def test_hosts_that_are_alike() -> None:
    assert findings_of(surveys()) == []
    assert findings_of(surveys(system_drive="c:")) == []
    assert findings_of({}) == []


@pytest.mark.parametrize(("odd", "name", "severity", "found"), [
    ({"build": 17763}, "cluster_windows_build", "critical", "17763 on hv02, 20348 on hv01"),
    ({"update": 2031}, "cluster_windows_update", "warning", "2031 on hv02, 2113 on hv01"),
    ({"edition": "ServerStandard"}, "cluster_edition", "warning", "ServerStandard on hv02, ServerDatacenter on hv01"),
    ({"installation": "Server"}, "cluster_installation", "warning", "Server on hv02, Server Core on hv01"),
    ({"domain": "other.org"}, "cluster_domain", "critical", "other.org on hv02, example.org on hv01"),
    ({"domain": None}, "cluster_domain", "critical", "no domain on hv02, example.org on hv01"),
    ({"system_drive": "D:"}, "cluster_system_drive", "critical", "D: on hv02, C: on hv01"),
    ({"san_policy": "OnlineAll"}, "cluster_san_policy", "warning", "OnlineAll on hv02, OfflineShared on hv01"),
    ({"switches": ["External"]}, "cluster_switches", "critical",
     "External on hv02, but not on hv01; external on hv01, but not on hv02"),
    ({"switches": []}, "cluster_switches", "critical", "external on hv01, but not on hv02"),
    ({"features": ["Failover-Clustering", "Hyper-V", "Multipath-IO"]}, "cluster_features", "warning",
     "Multipath-IO on hv02, but not on hv01"),
    ({"adapters": ["Ethernet 1", "NIC 2"]}, "cluster_adapters", "warning",
     "NIC 2 on hv02, but not on hv01; Ethernet 2 on hv01, but not on hv02"),
    ({"subnets": HOST["subnets"][:1]}, "cluster_subnets", "warning", "10.1.0.0/24 on hv01, but not on hv02"),
])
def test_each_difference_names_both_hosts_and_values(odd: dict[str, Any], name: str, severity: str, found: str) -> None:
    findings = findings_of(surveys(**odd))
    seen = [(item["name"], item["severity"], item["target"], item["found"]) for item in findings]
    assert seen == [(name, severity, "hv02 and hv01", found)]
    assert all(item["remediation"] and item["wanted"] == "the same on all nodes" for item in findings)


@pytest.mark.parametrize("unknown", [{"update": None}, {"features": None}, {"switches": None}])
def test_what_a_host_cannot_tell_is_no_difference(unknown: dict[str, Any]) -> None:
    assert findings_of(surveys(**unknown)) == []


def test_another_edition_is_critical_where_it_matters() -> None:
    assert [item["severity"] for item in findings_of(surveys(edition="ServerStandard"), same_edition=True)] == ["critical"]


def test_most_hosts_are_right() -> None:
    hosts = surveys(5)
    hosts["hv01"]["cluster_survey"]["update"] = 1
    hosts["hv04"]["cluster_survey"]["update"] = 2
    assert [(item["target"], item["found"]) for item in findings_of(hosts)] == [
        ("hv01 and hv02", "1 on hv01, 2113 on hv02"), ("hv04 and hv02", "2 on hv04, 2113 on hv02"),
    ]


def test_of_two_hosts_the_first_is_right() -> None:
    assert [item["target"] for item in findings_of(surveys(2, update=1))] == ["hv02 and hv01"]


def test_one_computer_name_twice() -> None:
    hosts = surveys()
    hosts["hv03"]["cluster_survey"]["computer_name"] = "HV01"
    assert [(item["name"], item["severity"], item["target"]) for item in findings_of(hosts)] == [
        ("cluster_computer_name", "critical", "hv03 and hv01"),
    ]


def test_hosts_of_different_clusters_also_when_they_have_one_name() -> None:
    hosts = surveys()
    for host, identity in (("hv01", "aa"), ("hv02", "bb")):
        hosts[host]["cluster_survey"]["cluster"] = {**HOST["cluster"], "local_state": 19, "name": "CL1", "id": identity}
    assert [(item["name"], item["severity"], item["found"]) for item in findings_of(hosts)] == [
        ("cluster_membership", "critical", "hv02 is in CL1 (bb); hv01 is in CL1 (aa)"),
    ]


def clock(ahead: float, took: float = 2) -> dict[str, Any]:
    return {"utc": "2026-11-21T12:00:00+00:00", "ahead_at_least": ahead - took, "ahead_at_most": ahead}


def test_reading_one_after_the_other_is_no_difference() -> None:
    """Read 30 seconds apart and slowly; each is compared with the controller's clock at its own time."""
    start = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone.utc)
    hosts = surveys(20)
    for number, host in enumerate(sorted(hosts)):
        sent = start + timedelta(seconds=30 * number)
        reading = (sent + timedelta(seconds=25)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        hosts[host]["cluster_survey"]["clock"] = clock_state(reading, (sent, sent + timedelta(seconds=29)))
    assert findings_of(hosts) == []


@pytest.mark.parametrize(("ahead", "took", "finding"), [
    (300, 2, False), (306, 2, True), (-306, 2, True), (600, 290, True), (600, 310, False),
])
def test_only_what_is_certain_counts(ahead: float, took: float, finding: bool) -> None:
    hosts = surveys(clock=clock(ahead, took))
    for host in ("hv01", "hv03"):
        hosts[host]["cluster_survey"]["clock"] = clock(0)
    found = findings_of(hosts)
    assert [(item["name"], item["severity"]) for item in found] == [("cluster_time", "critical")] * finding
    assert all("hv02" in item["target"] for item in found)


def test_the_two_ends_are_compared_as_well() -> None:
    hosts = surveys()
    for host, ahead in (("hv01", -200), ("hv02", 0), ("hv03", 200)):
        hosts[host]["cluster_survey"]["clock"] = clock(ahead)
    assert [(item["target"], item["found"].partition(":")[0]) for item in findings_of(hosts)] == [
        ("hv01 and hv03", "clocks at least 398 seconds apart"),
    ]


def test_a_clock_that_was_not_measured_is_no_difference() -> None:
    unmeasured = {"utc": "2020-01-01T00:00:00+00:00", "ahead_at_least": None, "ahead_at_most": None}
    assert certain_skew(unmeasured, clock(0)) == 0
    assert findings_of(surveys(clock=unmeasured)) == []


def test_sections_of_win_hv_host_and_hosts_without_an_answer() -> None:
    hosts = {
        **{host: {"sections": {"cluster_survey": result}} for host, result in surveys(build=17763).items()},
        "hv04": {"unreachable": True, "msg": "no route"}, "hv05": {"failed": True, "msg": "broken", "sections": {}}, "hv06": None,
    }
    assert [item["name"] for item in findings_of(hosts)] == ["cluster_windows_build"]


def test_they_stand_in_the_table_of_findings() -> None:
    table = report({"several hosts": {"findings": findings_of(surveys(build=17763, update=1))}})
    assert table["critical"] == 1
    assert table["lines"][0] == (
        "several hosts | critical | cluster_windows_build (hv02 and hv01) | found: 17763 on hv02, 20348 on hv01 | "
        "wanted: the same on all nodes | Nodes run one Windows Server release. Neighbouring releases mix only while a cluster is upgraded."
    )
