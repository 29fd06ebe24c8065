# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Three simulated servers in one domain with a file server and shared LUNs, a cluster made of them, and how to play tasks there."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.lab import from_mapping
from rehearsal.machine.cluster import Cluster
from rehearsal.running import RunningLab, running

from tests.integration.resources.conftest import Run, ansible_playbook

NODES = ("hv01", "hv02", "hv03")
FEATURES = ["Failover-Clustering", "RSAT-Clustering-PowerShell", "Hyper-V", "Hyper-V-PowerShell"]
ADMIN = {"ansible_become_user": r"EXAMPLE\deploy", "ansible_become_password": "Deploy-1"}
WITNESS, DATA, RAW = (f"60003FF44DC75ADC{number:016}" for number in (1, 2, 3))


def lab(**changes: Any) -> dict[str, Any]:
    """The lab file. hosts: what each of the three has besides; every other key stands for itself."""
    extra = changes.pop("hosts", {})
    hosts = {
        name: {
            "computer_name": name, "domain": "example.org", "features": {"installed": FEATURES},
            "hardware": {"nics": [
                {"name": "Ethernet"}, {"name": "Migration", "addresses": [f"10.20.0.{number}/24"]},
                {"name": "Storage", "addresses": [f"10.30.0.{number}/24"]},
            ]},
            "uplink": {"adapter": "Ethernet", "address": f"192.0.2.1{number}/24"}, **extra,
        }
        for number, name in enumerate(NODES, 1)
    }
    own = r"EXAMPLE\CL1$"
    return {
        "rehearsal": 1,
        "timing": {"reboot_seconds": 0.2, "vmms_ready_seconds": 0, "shutdown_delay_seconds": 0},
        "active_directory": {
            "dns_name": "example.org", "users": [{"name": "deploy", "password": "Deploy-1", "groups": ["Domain Admins"]}],
        },
        "shared_luns": [
            {"unique_id": WITNESS, "size_gb": 1, "file_system": "NTFS"},
            {"unique_id": DATA, "size_gb": 200, "file_system": "NTFS"},
            {"unique_id": RAW, "size_gb": 100},
        ],
        "file_servers": [{"name": "fs1", "shares": [
            {"name": "witness", "share_rights": [{"account": own, "rights": "change"}],
             "ntfs_rights": [{"account": own, "rights": "modify"}]},
            {"name": "closed", "ntfs_rights": [{"account": r"EXAMPLE\deploy", "rights": "full"}]},
        ]}],
        "hosts": hosts, **changes,
    }


@dataclass
class Nodes:
    """The servers of a running lab."""

    lab: RunningLab
    folder: Path
    marks: dict[str, int] = field(default_factory=dict)

    @property
    def cluster(self) -> Cluster:
        """The one cluster of the lab."""
        (found,) = self.lab.hosts["hv01"].machine.clusters.all
        return found

    def changes(self) -> list[str]:
        """What the last play changed on any host."""
        entries = [entry for name, host in self.lab.hosts.items() for entry in host.journal.entries()[self.marks[name]:]]
        return [line for entry in entries for line in entry.changes]

    def calls(self, name: str = "hv01") -> int:
        """How many remote calls of the last play reached a host."""
        return len(self.lab.hosts[name].journal.entries()) - self.marks[name]

    def play(self, task: Mapping[str, Any], *, host: str = "hv01", check: bool = False, become: bool = True) -> Run:
        """One task on one of the hosts, as the domain's administrator unless become is false."""
        self.marks = {name: len(item.journal.entries()) for name, item in self.lab.hosts.items()}
        whole = {**task, **({"become": True, "become_method": "ansible.builtin.runas", "vars": ADMIN} if become else {})}
        return ansible_playbook(self.lab, self.folder, host, [whole], check=check)

    def converge(self, task: Mapping[str, Any], *, again_on: str = "hv01") -> Run:
        """Check mode changes nothing, the task changes it, and another time nothing is left to change, on whichever node it runs."""
        planned = self.play(task, check=True)
        assert planned.code == 0, planned.output
        assert planned.result["changed"]
        assert self.changes() == []
        applied = self.play(task)
        assert applied.code == 0, applied.output
        assert applied.result["differences"] == planned.result["differences"]
        assert self.changes() != []
        again = self.play(task, host=again_on)
        assert again.code == 0, again.output
        assert not again.result["changed"], again.result["differences"]
        assert self.changes() == [], self.changes()
        assert self.calls(again_on) == 1
        return again

    def verify(self, task: Mapping[str, Any], *, host: str = "hv01") -> dict[str, tuple[Any, bool]]:
        """What another path shows of what a task promises, and whether it is kept, by the promise's name."""
        ((module, options),) = task.items()
        sections = {module.rsplit("win_hv_", 1)[1]: options}
        run = self.play({"winstack.hyperv.win_hv_verify": {"sections": sections, "on_broken": "report"}}, host=host)
        assert run.code == 0, run.output
        assert self.changes() == []
        return {promise["name"]: (promise["found"], promise["kept"]) for promise in run.result["promises"]}


@contextmanager
def bare(folder: Path, **changes: Any) -> Iterator[Nodes]:
    """The servers, in no cluster yet."""
    with running(from_mapping(lab(**changes)), folder / "state") as started:
        yield Nodes(started, folder)


@contextmanager
def clustered(folder: Path, nodes: tuple[str, ...] = NODES, **changes: Any) -> Iterator[Nodes]:
    """The servers in the cluster CL1."""
    with bare(folder, **changes) as made:
        run = made.play({"winstack.hyperv.win_hv_cluster": {"name": "CL1", "nodes": list(nodes), "static_addresses": ["192.0.2.50"]}})
        assert run.code == 0, run.output
        for host in made.lab.hosts.values():
            # A node does its part of joining when it is next looked at.
            host.machine.settle()
            host.machine.changes.clear()
        yield made
