# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The molecule scenario live_migration with a domain controller: site.yml, its stage `delegation` too, on three simulated servers of three
Windows versions beside a real Active Directory.

The servers' join is the simulation's, so their accounts are in the directory beforehand, as a join leaves them. Oracles: tickets that its
KDC grants or refuses, its database, and the servers' journals.
"""
from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.real.delegation.conftest import ROOT
from tests.real.delegation.domain import ADMIN, SERVER, SUFFIX, Domain
from tests.real.delegation.test_delegation import DELEGATES_TO, assert_granted, assert_refused, services

SCENARIO = ROOT / "extensions/molecule/live_migration"
HOSTS = ("hv16", "hv19", "hv25")
COMPUTERS = tuple(name.upper() for name in HOSTS)
UNIT = f"OU=Compute,{SUFFIX}"


class Nodes:
    """The scenario's lab, running beside the domain controller, and its playbook."""

    def __init__(self, domain: Domain, folder: Path) -> None:
        self.domain = domain
        self.state = folder / "lab"
        self.inventory = folder / "inventory.yml"
        lab = yaml.safe_load((SCENARIO / "lab.yml").read_text(encoding="utf-8"))
        lab["active_directory"] |= {"dns_name": "lab.test", "units": [UNIT]}
        self.lab_file = folder / "lab.yml"
        self.lab_file.write_text(yaml.safe_dump(lab))

    def rehearsal(self, *arguments: str) -> str:
        return self.domain.run(sys.executable, "-m", "rehearsal", *arguments, "--state", str(self.state)).stdout

    def up(self) -> None:
        self.rehearsal("up", str(self.lab_file))
        self.rehearsal("inventory", "--output", str(self.inventory))

    def down(self) -> None:
        self.rehearsal("down")

    def play(self, *arguments: str) -> dict[str, Any]:
        """The scenario's converge.yml with the directory's address. Answers the play recap."""
        variables = {
            "hyperv_compute_stages": ["domain", "features", "live_migration", "delegation", "verify"],
            "hyperv_compute_domain": {"dns_domain_name": "lab.test", "hostname": "{{ inventory_hostname }}", "ou_path": UNIT},
            "hyperv_compute_domain_admin_user": "joiner@lab.test",
            "hyperv_compute_delegation": {"server": SERVER, "ca_file": str(self.domain.ca_file), "username": ADMIN[0]},
            "hyperv_compute_delegation_password": ADMIN[1],
            "hyperv_compute_verify_delay": 1,
            "ansible_python_interpreter": sys.executable,
        }
        done = self.domain.run(
            str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(self.inventory), "-i",
            str(ROOT / "playbooks/example_live_migration"), "--diff", "-e", json.dumps(variables), *arguments,
            str(SCENARIO / "converge.yml"),
            check=False,
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"), ANSIBLE_STDOUT_CALLBACK="ansible.posix.json", ANSIBLE_LOCALHOST_WARNING="false",
            ANSIBLE_COLLECTIONS_PATH=str(ROOT / "build/collections"),
        )
        assert ADMIN[1] not in done.stdout + done.stderr
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        stats: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{"):])["stats"]
        return stats

    def purges(self, host: str) -> int:
        entries = [json.loads(line) for line in self.rehearsal("journal", host).splitlines()]
        return sum("0x3e7 purged" in change for entry in entries for change in entry["changes"])


@pytest.fixture
def nodes(domain: Domain, tmp_path: Path) -> Iterator[Nodes]:
    for computer in COMPUTERS:
        domain.add_computer(computer)
    made = Nodes(domain, tmp_path)
    made.up()
    try:
        yield made
    finally:
        made.down()


def test_bare_servers_end_with_tickets_to_each_other(nodes: Nodes) -> None:
    domain = nodes.domain
    untouched = domain.dump()
    nodes.play("--check")
    assert domain.dump() == untouched
    for source, target in itertools.permutations(COMPUTERS, 2):
        assert_refused(domain, source, target)

    first = nodes.play()
    assert all(first[host]["changed"] for host in HOSTS)
    for source in COMPUTERS:
        peers = [peer for peer in COMPUTERS if peer != source]
        assert domain.values(source, DELEGATES_TO) == sorted(services(*peers))
    for source, target in itertools.permutations(COMPUTERS, 2):
        assert_granted(domain, source, target)
    assert_refused(domain, COMPUTERS[0], "HV04")
    assert {host: nodes.purges(host) for host in HOSTS} == dict.fromkeys(HOSTS, 1)

    settled = domain.dump()
    second = nodes.play()
    assert {host: second[host]["changed"] for host in HOSTS} == dict.fromkeys(HOSTS, 0)
    assert domain.dump() == settled
    assert {host: nodes.purges(host) for host in HOSTS} == dict.fromkeys(HOSTS, 1)
