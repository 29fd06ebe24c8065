# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/lock_backend.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Plan
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.lock_backend import RESOURCE

ETCD = "etcd3+https://etcd:2379?api_version=v3&ca_cert=C:/etc/ca.pem"
MYSQL = "mysql://tooz:s3cret@10.0.0.11/locks"
SHARE = "file:////fs1/locks/nova"
VENV = r"C:\Program Files\OpenStack\Driver\abababababab\venv"
SITE = VENV + r"\Lib\site-packages"
DENIED = CmdletError("ItemExistsUnauthorizedAccessError,Microsoft.PowerShell.Commands.TestPathCommand", "Access is denied")
NO_FOLDER = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand", "Cannot find path")


def options(url: str, **given: Any) -> dict[str, Any]:
    return {"backend_url": url, "release": "2023.2", "environment": None, "network_credentials": False, **given}


def reached(succeeded: bool = True, remote: str | None = "10.0.0.11") -> Answer:
    return Answer("endpoint0", ({"TcpTestSucceeded": succeeded, "RemoteAddress": remote},))


def there(call: str, is_there: bool = True) -> Answer:
    return Answer(call, ({"$value": is_there},))


def folders(call: str, *names: str) -> Answer:
    return Answer(call, tuple({"Name": name} for name in names))


def answered(*answers: Answer) -> Answers:
    return Answers({answer.id: answer for answer in answers})


def names(plan: Plan) -> list[str]:
    assert (plan.differences, plan.calls, plan.refusals) == ((), (), ())
    assert all(finding.severity == "critical" for finding in plan.findings)
    return [finding.name for finding in plan.findings]


def test_reads_port_files_and_packages_of_etcd() -> None:
    assert RESOURCE.read(options(ETCD, environment=VENV + "\\")) == [
        Cmdlet("endpoint0", "Test-NetConnection", {"ComputerName": "etcd", "Port": 2379}, ("TcpTestSucceeded", "RemoteAddress")),
        Cmdlet("file0", "Test-Path", {"LiteralPath": [r"C:\etc\ca.pem"], "PathType": "Leaf"}, ("$value",)),
        Cmdlet("package0", "Get-ChildItem", {"LiteralPath": [SITE], "Filter": "tooz-*.dist-info"}, ("Name",)),
        Cmdlet("package1", "Get-ChildItem", {"LiteralPath": [SITE], "Filter": "etcd3gw-*.dist-info"}, ("Name",)),
    ]


def test_a_share_is_looked_for_only_with_rights_on_the_network() -> None:
    port = Cmdlet("endpoint0", "Test-NetConnection", {"ComputerName": "fs1", "Port": 445}, ("TcpTestSucceeded", "RemoteAddress"))
    look = Cmdlet("folder", "Test-Path", {"LiteralPath": [r"\\fs1\locks"], "PathType": "Container"}, ("$value",))
    assert RESOURCE.read(options(SHARE)) == [port]
    assert RESOURCE.read(options(SHARE, network_credentials=True)) == [port, look]


def test_a_cluster_volume_has_no_port() -> None:
    url = "file:///C:/ClusterStorage/Volume1/lock"
    look = Cmdlet("folder", "Test-Path", {"LiteralPath": [r"C:\ClusterStorage\Volume1"], "PathType": "Container"}, ("$value",))
    assert RESOURCE.read(options(url)) == [look]
    plan = RESOURCE.plan(options(url), answered(there("folder", False)))
    assert names(plan) == ["lock_folder_missing"]
    assert plan.warnings == ("backend_url: that file locks on a cluster shared volume hold between nodes is not confirmed",)


def test_a_backend_that_will_do() -> None:
    answers = answered(reached(), folders("package0", "tooz-4.2.0.dist-info"), folders("package1", "pymysql-1.0.3.dist-info"))
    plan = RESOURCE.plan(options(MYSQL, environment=VENV), answers)
    assert (names(plan), plan.warnings) == ([], ())
    assert plan.state == {
        "url": "mysql://tooz:********@10.0.0.11/locks", "kind": "mysql",
        "endpoints": [{"address": "10.0.0.11", "port": 3306, "remote": "10.0.0.11", "reachable": True}],
        "folders": {}, "files": {}, "packages": {"tooz": "4.2.0", "PyMySQL": "1.0.3"},
    }


@pytest.mark.parametrize(("answer", "found"), [
    (reached(False), "no TCP connection to 10.0.0.11"),
    (reached(False, None), "the name does not resolve on this host"),
])
def test_a_backend_that_is_not_reached(answer: Answer, found: str) -> None:
    plan = RESOURCE.plan(options(MYSQL), answered(answer))
    assert names(plan) == ["lock_backend_unreachable"]
    assert (plan.findings[0].target, plan.findings[0].found) == ("10.0.0.11:3306", found)
    assert plan.state["packages"] is None


def test_a_share_that_may_not_be_seen_says_why() -> None:
    wanted = options(SHARE, network_credentials=True)
    assert names(RESOURCE.plan(wanted, answered(reached(), there("folder")))) == []
    absent = RESOURCE.plan(wanted, answered(reached(), there("folder", False)))
    assert (names(absent), absent.findings[0].found) == (["lock_folder_missing"], "this account does not see it")
    denied = RESOURCE.plan(wanted, answered(reached(), Answer("folder", error=DENIED)))
    assert names(denied) == ["lock_folder_missing"]
    assert denied.findings[0].found.startswith("Access is denied")
    assert denied.state["folders"] == {r"\\fs1\locks": False}


def test_a_share_of_a_server_that_does_not_answer_is_no_finding_of_its_own() -> None:
    plan = RESOURCE.plan(options(SHARE, network_credentials=True), answered(reached(False), there("folder", False)))
    assert names(plan) == ["lock_backend_unreachable"]


def test_a_certificate_that_the_host_lacks() -> None:
    plan = RESOURCE.plan(options(ETCD), answered(reached(), there("file0", False)))
    assert names(plan) == ["lock_file_missing"]
    assert plan.findings[0].target == r"C:\etc\ca.pem"
    assert plan.state["files"] == {r"C:\etc\ca.pem": False}


@pytest.mark.parametrize(("packages", "found"), [
    ((folders("package0", "tooz-4.2.0.dist-info"), folders("package1")), ["the package etcd3gw is missing"]),
    (
        (folders("package0", "tooz-4.2.0.dist-info"), folders("package1", "etcd3gw-extra-2.1.0.dist-info")),
        ["the package etcd3gw is missing"],
    ),
    ((folders("package0"), folders("package1", "etcd3gw-2.1.0.dist-info")), ["the package tooz is missing"]),
])
def test_packages_that_the_environment_lacks(packages: tuple[Answer, ...], found: list[str]) -> None:
    plan = RESOURCE.plan(options(ETCD, environment=VENV), answered(reached(), there("file0"), *packages))
    assert names(plan) == ["lock_packages"]
    assert [finding.found for finding in plan.findings] == found


def test_an_environment_that_is_not_there_yet_is_passed_over() -> None:
    absent = (Answer("package0", error=NO_FOLDER), Answer("package1", error=NO_FOLDER))
    plan = RESOURCE.plan(options(ETCD, environment=VENV), answered(reached(), there("file0"), *absent))
    assert (names(plan), plan.state["packages"]) == ([], None)
    other = (Answer("package0", error=DENIED), Answer("package1", error=DENIED))
    with pytest.raises(CallFailed, match="package0"):
        RESOURCE.plan(options(ETCD, environment=VENV), answered(reached(), there("file0"), *other))


def test_a_backend_that_nobody_tried_is_not_tested() -> None:
    assert RESOURCE.read(options("redis://h:6379")) == []
    plan = RESOURCE.plan(options("redis://h:6379"), Answers())
    assert names(plan) == []
    assert len(plan.warnings) == 1


@pytest.mark.parametrize(("url", "release", "words"), [
    ("file:///C:/OpenStack/Lock", "2023.2", "local to the host"),
    ("etcd3+http://localhost:2379?api_version=v3", "2023.2", "local to the host"),
    ("etcd3+http://h:2379", "2023.2", "api_version=v3"),
    ("etcd3+http://h:2379?api_version=v3", "yoga", "/v3alpha"),
    ("etcd://h", "zed", "v2 API"),
    ("etcd3://h", "zed", "Python package etcd3"),
    ("mysql://u:s3cret%40@h/db", "2023.1", "does not decode"),
    ("file://fs1/locks", "2023.2", "two slashes"),
    ("nonsense://u:s3cret@h", "2023.2", "no driver"),
])
def test_what_can_never_lock_is_refused_before_anything_is_read(url: str, release: str, words: str) -> None:
    given = options(url, release=release)
    assert RESOURCE.read(given) == []
    plan = RESOURCE.plan(given, Answers())
    assert any(words in refusal for refusal in plan.refusals)
    assert "s3cret" not in str(plan)
