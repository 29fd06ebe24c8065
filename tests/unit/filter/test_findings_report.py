# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ansible_collections.winstack.hyperv.plugins.filter.findings_report import FilterModule

report = FilterModule().filters()["findings_report"]


def finding(name, severity):
    return {"name": name, "severity": severity, "target": "host", "found": "2 GB", "wanted": "4 GB", "remediation": "Add memory."}


def test_critical_first_then_by_host():
    surveys = {
        "hv02": {"findings": [finding("nics", "warning"), finding("memory", "critical")]},
        "hv01": {"findings": [finding("slat", "critical"), finding("dep", "critical"), finding("os", "information")]},
        "hv03": {"findings": []},
    }
    result = report(surveys)
    assert [line.split(" | ")[:3] for line in result["lines"]] == [
        ["hv01", "critical", "dep (host)"],
        ["hv01", "critical", "slat (host)"],
        ["hv02", "critical", "memory (host)"],
        ["hv02", "warning", "nics (host)"],
        ["hv01", "information", "os (host)"],
    ]
    assert result["lines"][2] == "hv02 | critical | memory (host) | found: 2 GB | wanted: 4 GB | Add memory."
    assert result["critical"] == 3
    assert result["hosts"] == ["hv01", "hv02"]


def test_nothing_found():
    assert report({"hv01": {}}) == {"lines": [], "critical": 0, "hosts": []}


def test_hosts_that_report_the_same_storage():
    def survey(storage):
        return {"findings": [], "sections": {"instance_paths": {"instance_paths": {"storage": storage, "total_gb": 900}}}}

    result = report({"hv01": survey("csv-1"), "hv02": survey("csv-1"), "hv03": survey("local-3")})
    assert len(result["lines"]) == 1
    columns = result["lines"][0].split(" | ")
    assert columns[:3] == ["several hosts", "warning", "instances_overcommit (csv-1)"]
    assert columns[3] == "found: 2 hosts report the same 900 GB each: hv01, hv02"
    assert result["critical"] == 0
