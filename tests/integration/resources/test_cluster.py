# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_cluster, win_hv_cluster_node, win_hv_cluster_survey and the two filters, by ansible-playbook on simulated nodes of one domain.

Oracle: the rehearsal, which was written from the same sources without knowing this code.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rehearsal.faults import Fault
from rehearsal.journal import Entry
from rehearsal.lab import from_mapping
from rehearsal.machine.accounts import ADMINISTRATORS
from rehearsal.running import RunningLab, running

from .conftest import COLLECTIONS

pytestmark = pytest.mark.long

HOSTS = ["hv01", "hv02", "hv03"]
FEATURES = ["Failover-Clustering", "RSAT-Clustering-PowerShell", "Hyper-V", "Hyper-V-PowerShell"]
DIRECTORY = {
    "dns_name": "example.org", "units": ["OU=Clusters,DC=example,DC=org"],
    "users": [
        {"name": "deploy", "password": "Deploy-1", "groups": ["Domain Admins"]},
        {"name": "installer", "password": "Install-1"},
    ],
}
BECOME = {"become": True, "become_method": "ansible.builtin.runas"}
DEPLOY = {"ansible_become_user": r"EXAMPLE\deploy", "ansible_become_password": "Deploy-1"}
INSTALLER = {"ansible_become_user": r"EXAMPLE\installer", "ansible_become_password": "Install-1"}


@dataclass(frozen=True)
class Run:
    """An ended ansible-playbook: its exit code, all it printed, and the results of each task by host, in order."""

    code: int
    output: str = field(repr=False)
    tasks: list[dict[str, dict[str, Any]]]

    def on(self, host: str) -> dict[str, Any]:
        """What the last task that ran on this host returned."""
        return next(results[host] for results in reversed(self.tasks) if host in results)


@dataclass
class Nodes:
    """A running lab of hosts in one domain, and how to play tasks on them."""

    lab: RunningLab
    folder: Path

    def play(self, *tasks: Mapping[str, Any], hosts: str = "all", check: bool = False, name: str = "play") -> Run:
        (self.folder / "inventory.json").write_text(json.dumps(self.lab.inventory()))
        play = self.folder / f"{name}.json"
        play.write_text(json.dumps([{"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}]))
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(self.folder / "inventory.json"), "--diff",
            *(["--check"] if check else []), str(play),
        ]
        settings = {
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        }
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=180, env={**os.environ, **settings}, cwd=self.folder,
        )
        return Run(ended.returncode, ended.stdout + ended.stderr, list(_results(ended.stdout)))

    def entries(self, host: str) -> list[Entry]:
        return self.lab.hosts[host].journal.entries()

    def calls(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Every call of this cmdlet on any host: the host, and the call as the journal has it."""
        return [
            (host, call) for host in self.lab.hosts for entry in self.entries(host) for call in entry.calls if call.get("cmdlet") == name
        ]

    def changes(self, marks: Mapping[str, int]) -> list[str]:
        """What has changed on any host since the marks."""
        return [line for host in self.lab.hosts for entry in self.entries(host)[marks[host]:] for line in entry.changes]

    def marks(self) -> dict[str, int]:
        return {host: len(self.entries(host)) for host in self.lab.hosts}

    def states(self) -> dict[str, str]:
        """Each node of the lab's one cluster, as the lab itself knows it."""
        clusters = self.lab.clusters
        (cluster,) = clusters.all
        now = self.lab.hosts["hv01"].machine.now()
        with clusters.changing():
            clusters.settle(cluster, now)
            return {node.name.lower(): clusters.state(cluster, node, now) for node in cluster.nodes}


def _results(stdout: str) -> Iterator[dict[str, dict[str, Any]]]:
    for line in stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("_event", "").startswith("v2_runner_on_") and event["_event"] != "v2_runner_on_start":
            yield event["hosts"]


StartNodes = Callable[..., Nodes]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[StartNodes]:
    """Starts hosts; keyword arguments are keys of the lab, host: of all hosts, only: of some."""
    with ExitStack() as stack:

        def start(*, host: Mapping[str, Any] | None = None, only: Mapping[str, Any] | None = None, **lab: Any) -> Nodes:
            common = {"domain": "example.org", "features": {"installed": FEATURES}, **(host or {})}
            hosts = {
                name: {**common, "uplink": {"address": f"192.0.2.{number}/24"}, **(only or {}).get(name, {})}
                for number, name in enumerate(HOSTS, 11)
            }
            timing = {"reboot_seconds": 0.2, "vmms_ready_seconds": 0, "shutdown_delay_seconds": 0}
            spec = from_mapping({"rehearsal": 1, "active_directory": DIRECTORY, "timing": timing, "hosts": hosts, **lab})
            return Nodes(stack.enter_context(running(spec, tmp_path / "state")), tmp_path)

        yield start


def cluster(**given: Any) -> dict[str, Any]:
    """The task, as the account deploy; given: options, become=None for none, user: other variables of become."""
    become, user = given.pop("become", BECOME), given.pop("user", DEPLOY)
    options = {"name": "CL1", "nodes": HOSTS, "static_addresses": ["192.0.2.50"], **given}
    return {"winstack.hyperv.win_hv_cluster": options, **({**become, "vars": user} if become else {})}


def node(become: bool = False, **given: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_cluster_node": given, **({**BECOME, "vars": DEPLOY} if become else {})}


SURVEY = {"winstack.hyperv.win_hv_cluster_survey": {}, "register": "survey", "ignore_unreachable": True}
SURVEYS = "dict(groups.all | zip(groups.all | map('extract', hostvars, 'survey')))"


def look(expression: str) -> dict[str, Any]:
    """A task that returns the value of an expression in which `surveys` are those of all hosts."""
    return {
        "ansible.builtin.set_fact": {"seen": "{{ " + expression + " }}"}, "vars": {"surveys": "{{ " + SURVEYS + " }}"},
        "run_once": True, "delegate_to": "localhost",
    }


def ok(run: Run) -> Run:
    assert run.code == 0, run.output
    return run


def test_created_once_and_found_from_every_node(nodes: StartNodes) -> None:
    lab = nodes()
    marks = lab.marks()
    planned = ok(lab.play(cluster(), hosts="hv01", check=True)).on("hv01")
    assert planned["changed"]
    assert planned["differences"] == [{"path": "name", "before": None, "after": "CL1"}, {"path": "nodes", "before": [], "after": HOSTS}]
    assert lab.changes(marks) == []
    assert lab.lab.clusters.all == []

    applied = ok(lab.play(cluster(), hosts="hv01")).on("hv01")
    assert applied["changed"]
    assert applied["differences"] == planned["differences"]
    assert [item["state"] for item in applied["cluster"]["nodes"]] == ["Up", "Up", "Up"]
    assert (applied["cluster"]["local_state"], applied["cluster"]["name"]) == (19, "CL1")
    assert lab.states() == dict.fromkeys(HOSTS, "Up")

    ok(lab.play(SURVEY))
    marks = lab.marks()
    for host in HOSTS:
        again = ok(lab.play(cluster(become=None), hosts=host)).on(host)
        assert not again["changed"]
        assert again["cluster"]["id"] == applied["cluster"]["id"]
        assert len(lab.entries(host)) - marks[host] == 1
    assert lab.changes(marks) == []
    assert len(lab.calls("New-Cluster")) == 1


def test_a_missing_node_is_added_from_another_executor(nodes: StartNodes) -> None:
    lab = nodes()
    ok(lab.play(cluster(nodes=["hv01", "hv02"]), hosts="hv01"))
    added = ok(lab.play(cluster(), hosts="hv02")).on("hv02")
    assert added["differences"] == [{"path": "nodes", "before": ["HV01", "HV02"], "after": ["HV01", "HV02", "hv03"]}]
    assert lab.states() == dict.fromkeys(HOSTS, "Up")
    assert [host for host, call in lab.calls("Add-ClusterNode")] == ["hv02"]
    assert not ok(lab.play(cluster(), hosts="hv03")).on("hv03")["changed"]


def test_a_node_that_is_down_is_not_evicted(nodes: StartNodes) -> None:
    lab = nodes()
    ok(lab.play(cluster(), hosts="hv01"))
    lab.lab.hosts["hv03"].switch(False)
    seen = ok(lab.play(cluster(), hosts="hv01")).on("hv01")
    assert not seen["changed"]
    assert [(item["name"], item["target"].lower()) for item in seen["findings"]] == [("cluster_node_down", "hv03")]
    assert lab.states() == {"hv01": "Up", "hv02": "Up", "hv03": "Down"}
    lab.lab.hosts["hv03"].switch(True)
    assert ok(lab.play(cluster(), hosts="hv03")).on("hv03")["findings"] == []
    assert lab.calls("Remove-ClusterNode") == []


def test_without_become_it_says_what_is_missing(nodes: StartNodes) -> None:
    lab = nodes()
    run = lab.play(cluster(become=None), hosts="hv01")
    assert run.code == 2
    assert "become: true, become_method: runas" in run.on("hv01")["msg"]
    assert run.on("hv01")["call"] == "create"
    assert lab.lab.clusters.all == []
    ok(lab.play(cluster(nodes=["hv01", "hv02"]), hosts="hv01"))
    adding = lab.play(cluster(become=None), hosts="hv01")
    assert "become: true, become_method: runas" in adding.on("hv01")["msg"]
    assert lab.states() == {"hv01": "Up", "hv02": "Up"}


def test_a_wrong_password_and_an_account_without_rights(nodes: StartNodes) -> None:
    lab = nodes()
    wrong = lab.play(cluster(user={**DEPLOY, "ansible_become_password": "wrong"}), hosts="hv01")
    assert wrong.code == 2
    assert "The user name or password is incorrect" in wrong.on("hv01")["msg"]
    for host in HOSTS[:2]:
        _make_administrator(lab, host)
    lacking = lab.play(cluster(user=INSTALLER), hosts="hv01")
    assert "a local administrator on every node" in lacking.on("hv01")["msg"]
    assert lab.lab.clusters.all == []


def _make_administrator(lab: Nodes, host: str) -> None:
    """Of the account installer, which may create nothing in the domain."""
    machine = lab.lab.hosts[host].machine
    account = machine.accounts.find(r"EXAMPLE\installer")
    assert account is not None
    machine.accounts.add_member(ADMINISTRATORS, account)


def test_an_account_that_may_not_create_the_computer_object(nodes: StartNodes) -> None:
    lab = nodes()
    for host in HOSTS:
        _make_administrator(lab, host)
    refused = lab.play(cluster(user=INSTALLER, unit="OU=Clusters,DC=example,DC=org"), hosts="hv01")
    assert refused.code == 2
    assert "Create Computer objects" in refused.on("hv01")["msg"], refused.on("hv01")["msg"]
    assert lab.lab.clusters.all == []
    created = ok(lab.play(cluster(unit="OU=Clusters,DC=example,DC=org"), hosts="hv01"))
    assert created.on("hv01")["changed"]
    assert lab.lab.clusters.all[0].unit == "OU=Clusters,DC=example,DC=org"


def test_a_computer_object_that_was_made_beforehand(nodes: StartNodes) -> None:
    unit = DIRECTORY["units"][0]
    prepared = [
        {"name": "CL1", "unit": unit, "enabled": False, "full_control": ["installer"]}, {"name": "CL2", "unit": unit, "enabled": True},
    ]
    lab = nodes(active_directory={**DIRECTORY, "computers": prepared})
    for host in HOSTS:
        _make_administrator(lab, host)
    taken = lab.play(cluster(name="CL2"), hosts="hv01")
    assert "The name is in use" in taken.on("hv01")["msg"], taken.on("hv01")["msg"]
    assert ok(lab.play(cluster(user=INSTALLER), hosts="hv01")).on("hv01")["cluster"]["name"] == "CL1"
    assert lab.lab.clusters.all[0].unit == unit


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_an_interrupted_creation_is_finished_by_the_next_run(nodes: StartNodes, when: str) -> None:
    lab = nodes()
    lab.lab.hosts["hv01"].faults.arm(Fault("drop", when, "New-Cluster"))
    assert lab.play(cluster(), hosts="hv01").code != 0
    ok(lab.play(cluster(), hosts="hv01"))
    assert lab.states() == dict.fromkeys(HOSTS, "Up")
    assert not ok(lab.play(cluster(), hosts="hv01")).on("hv01")["changed"]
    assert len(lab.lab.clusters.all) == 1


def test_an_interrupted_addition_is_finished_from_another_node(nodes: StartNodes) -> None:
    lab = nodes()
    ok(lab.play(cluster(nodes=["hv01", "hv02"]), hosts="hv01"))
    lab.lab.hosts["hv01"].faults.arm(Fault("power-cycle", "during", "Add-ClusterNode"))
    assert lab.play(cluster(), hosts="hv01").code != 0
    ok(lab.play(cluster(), hosts="hv02"))
    assert set(lab.states()) == set(HOSTS)


def test_a_node_that_is_down_keeps_the_cluster_from_being_created(nodes: StartNodes) -> None:
    lab = nodes()
    lab.lab.hosts["hv02"].switch(False)
    run = lab.play(cluster(), hosts="hv01")
    assert run.code == 2
    assert "A node does not answer: it is down" in run.on("hv01")["msg"]
    assert lab.lab.clusters.all == []
    lab.lab.hosts["hv02"].switch(True)
    ok(lab.play(cluster(), hosts="hv01"))
    assert lab.states() == dict.fromkeys(HOSTS, "Up")


def test_two_creators_at_once_make_one_cluster(nodes: StartNodes) -> None:
    """hv02 has looked and found no cluster; before it makes one, hv01 does."""
    lab = nodes()
    lab.lab.hosts["hv02"].faults.arm(Fault("hang", "before", "New-Cluster", seconds=15))
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(lab.play, cluster(), hosts="hv02", name="late")
        _wait_for(lambda: len(lab.entries("hv02")) > 0)
        ok(lab.play(cluster(), hosts="hv01"))
        failed = late.result()
    assert failed.code == 2, failed.output
    assert "it finds the cluster there" in failed.on("hv02")["msg"]
    assert len(lab.lab.clusters.all) == 1
    assert not ok(lab.play(cluster(), hosts="hv02")).on("hv02")["changed"]


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_nodes_that_take_their_time_are_waited_for(nodes: StartNodes) -> None:
    lab = nodes(cluster={"join_seconds": 2, "dns_seconds": 2})
    made = ok(lab.play(cluster(), hosts="hv01")).on("hv01")
    assert {item["state"] for item in made["cluster"]["nodes"]} == {"Up"}


def test_a_bare_host_says_what_would_change(nodes: StartNodes) -> None:
    lab = nodes(host={"features": {"installed": []}})
    planned = ok(lab.play(cluster(), hosts="hv01", check=True)).on("hv01")
    assert [item["path"] for item in planned["differences"]] == ["name", "nodes"]
    assert planned["cluster"]["local_state"] == 0
    run = lab.play(cluster(), hosts="hv01")
    assert "the feature Failover-Clustering is not installed on this host" in run.on("hv01")["msg"]


def test_another_cluster_and_a_stopped_service_are_refused(nodes: StartNodes) -> None:
    lab = nodes()
    ok(lab.play(cluster(), hosts="hv01"))
    other = lab.play(cluster(name="CL2"), hosts="hv02")
    assert "is in the cluster CL1, not in CL2" in other.on("hv02")["msg"]
    stop = {"winstack.hyperv.win_hv_service": {"name": "ClusSvc", "state": "stopped"}}
    ok(lab.play(stop, hosts="hv02"))
    stopped = lab.play(cluster(), hosts="hv02")
    assert "a stopped service does not say of which one" in stopped.on("hv02")["msg"]
    assert ok(lab.play(cluster(), hosts="hv01")).on("hv01")["changed"] is False
    started = ok(lab.play(node(state="up"), hosts="hv02")).on("hv02")
    assert started["differences"] == [{"path": "state", "before": "Down", "after": "Up"}]
    assert lab.states() == dict.fromkeys(HOSTS, "Up")


# The filters, from real surveys

def test_who_acts_changes_with_what_is_there(nodes: StartNodes) -> None:
    lab = nodes()
    executor = look("surveys | winstack.hyperv.cluster_executor(groups.all, 'CL1')")

    def choice() -> dict[str, Any]:
        run = lab.play(SURVEY, executor)
        return run.tasks[-1]["hv01" if "hv01" in run.tasks[-1] else next(iter(run.tasks[-1]))]["ansible_facts"]["seen"]

    first = choice()
    assert (first["host"], first["may_create"]) == ("hv01", True)
    assert [name.lower() for name in first["nodes"]] == HOSTS
    ok(lab.play(cluster(nodes=["hv02", "hv03"]), hosts="hv02"))
    second = choice()
    assert (second["host"], second["may_create"], second["outside"]) == ("hv02", False, ["hv01"])
    assert sorted(name.lower() for name in second["nodes"]) == HOSTS
    ok(lab.play(cluster(), hosts="hv02"))
    lab.lab.hosts["hv01"].switch(False)
    third = choice()
    assert (third["host"], third["silent"], sorted(third["joined"])) == ("hv02", ["hv01"], ["hv02", "hv03"])


def test_what_differs_between_the_hosts(nodes: StartNodes) -> None:
    lab = nodes(only={
        "hv02": {"os": {"version": "2019"}},
        "hv03": {"features": {"installed": [*FEATURES, "Multipath-IO"]}, "computer_name": "hv03", "storage": {"san_policy": "OnlineAll"}},
    })
    ahead = lab.lab.hosts["hv03"].machine
    now = ahead.now
    ahead.now = lambda: now() + timedelta(seconds=400)
    run = ok(lab.play(SURVEY, look("surveys | winstack.hyperv.cluster_findings")))
    seen = next(iter(run.tasks[-1].values()))["ansible_facts"]["seen"]
    assert seen[0]["target"].startswith("hv03 and ")
    assert [(item["name"], item["severity"], item["target"].replace("hv03 and hv02", "hv03 and hv01")) for item in seen] == [
        ("cluster_time", "critical", "hv03 and hv01"),
        ("cluster_windows_build", "critical", "hv02 and hv01"),
        ("cluster_features", "warning", "hv03 and hv01"),
        ("cluster_san_policy", "warning", "hv03 and hv01"),
    ]


# One node

def test_a_node_is_drained_resumed_and_removed(nodes: StartNodes) -> None:
    lab = nodes()
    ok(lab.play(cluster(), hosts="hv01"))
    planned = ok(lab.play(node(state="paused"), hosts="hv02", check=True)).on("hv02")
    assert planned["differences"] == [
        {"path": "state", "before": "Up", "after": "Paused"}, {"path": "drain_status", "before": "NotInitiated", "after": "Completed"},
    ]
    assert lab.states()["hv02"] == "Up"
    drained = ok(lab.play(node(state="paused"), hosts="hv02")).on("hv02")
    assert (drained["cluster_node"]["state"], drained["cluster_node"]["drain_status"]) == ("Paused", "Completed")
    assert not ok(lab.play(node(state="paused"), hosts="hv02")).on("hv02")["changed"]
    assert ok(lab.play(node(state="up"), hosts="hv02")).on("hv02")["cluster_node"]["state"] == "Up"
    assert not ok(lab.play(node(state="up"), hosts="hv02")).on("hv02")["changed"]

    lacking = lab.play(node(name="hv03", state="absent"), hosts="hv01")
    assert "become: true, become_method: runas" in lacking.on("hv01")["msg"]
    removed = ok(lab.play(node(become=True, name="hv03", state="absent"), hosts="hv01")).on("hv01")
    assert removed["cluster_node"]["state"] is None
    assert lab.states() == {"hv01": "Up", "hv02": "Up"}
    assert not ok(lab.play(node(become=True, name="hv03", state="absent"), hosts="hv01")).on("hv01")["changed"]
    assert not ok(lab.play(node(state="absent"), hosts="hv03")).on("hv03")["changed"]
    back = ok(lab.play(cluster(), hosts="hv01")).on("hv01")
    assert back["changed"]
    assert lab.states() == dict.fromkeys(HOSTS, "Up")


def test_a_node_that_was_evicted_while_it_was_down_comes_back(nodes: StartNodes) -> None:
    lab = nodes()
    ok(lab.play(cluster(), hosts="hv01"))
    lab.lab.hosts["hv03"].switch(False)
    gone = {"name": "hv03", "state": "absent"}
    assert "evict_down: true" in lab.play(node(become=True, **gone), hosts="hv01").on("hv01")["msg"]
    ok(lab.play(node(become=True, evict_down=True, **gone), hosts="hv01"))
    assert lab.states() == {"hv01": "Up", "hv02": "Up"}
    lab.lab.hosts["hv03"].switch(True)
    back = ok(lab.play(SURVEY, hosts="hv03")).on("hv03")
    assert back["cluster_survey"]["cluster"]["local_state"] == 3
    assert [finding["name"] for finding in back["findings"]] == ["cluster_service_stopped"]
    assert "clear_configuration: true" in lab.play(cluster(), hosts="hv01").on("hv01")["msg"]
    assert "clear_configuration: true" in lab.play(node(state="absent"), hosts="hv03").on("hv03")["msg"]
    cleared = ok(lab.play(node(become=True, state="absent", clear_configuration=True), hosts="hv03")).on("hv03")
    assert (cleared["changed"], cleared["cluster_node"]["local_state"]) == (True, 1)
    assert not ok(lab.play(node(become=True, state="absent", clear_configuration=True), hosts="hv03")).on("hv03")["changed"]
    ok(lab.play(cluster(), hosts="hv01"))
    assert lab.states() == dict.fromkeys(HOSTS, "Up")


def test_a_node_that_goes_down_while_the_cluster_is_made(nodes: StartNodes) -> None:
    lab = nodes(cluster={"create_seconds": 6})
    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(lab.play, cluster(), hosts="hv01")
        _wait_for(lambda: len(lab.lab.clusters.all) > 0)
        lab.lab.hosts["hv03"].switch(False)
        failed = creating.result()
    assert failed.code == 2
    assert "The nodes did not hear of each other in time" in failed.on("hv01")["msg"]
    assert lab.lab.clusters.all == []
    lab.lab.hosts["hv03"].switch(True)
    ok(lab.play(cluster(), hosts="hv01"))
    assert lab.states() == dict.fromkeys(HOSTS, "Up")


# Another path than the cmdlets

def test_the_promises_are_seen_by_cim(nodes: StartNodes) -> None:
    lab = nodes()
    wished = {"cluster": {"name": "CL1", "nodes": HOSTS}, "cluster_node": {"state": "up"}}
    verify = {"winstack.hyperv.win_hv_verify": {"sections": wished, "on_broken": "report"}}
    before = ok(lab.play(verify, hosts="hv01")).on("hv01")
    assert len(before["broken"]) == len(before["promises"]) == 5
    ok(lab.play(cluster(nodes=["hv01", "hv02"]), hosts="hv01"))
    partly = ok(lab.play(verify, hosts="hv01")).on("hv01")
    assert [promise["name"] for promise in partly["promises"] if not promise["kept"]] == ["nodes.hv03"], partly["promises"]
    ok(lab.play(cluster(), hosts="hv01"))
    assert ok(lab.play(verify, hosts="hv02")).on("hv02")["broken"] == []
    ok(lab.play(node(state="paused"), hosts="hv02"))
    paused = ok(lab.play(verify, hosts="hv02")).on("hv02")
    assert [promise["found"] for promise in paused["promises"] if not promise["kept"]] == ["Paused"], paused["promises"]
