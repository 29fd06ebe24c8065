# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two nodes of one cluster: the real compute-hyperv of each release takes its failover lock through the backend_url that nova_hyperv_conf
rendered, against real etcd and MariaDB, also over TLS. Measured: who was inside the lock when, and when a killed node's lock was free."""
from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.engine import NOVA
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.file_resource import render_offline
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.releases import RELEASES, at_least

from tests.real.lock_backends.test_lock_urls import WORKS, exercise, own_environment

ROUNDS = 8
LEASE = 3
# Longer than the lease, so that only a heartbeat keeps the lock; as a node that sorts out a slow failover does.
HOLD = 2 * LEASE
_AT_LAST = 60
ETCD_QUERY = f"api_version=v3&timeout=5&lock_timeout={LEASE}"
NAMES = ("hv01", "hv02")

CLUSTER = {
    "compute_driver": "compute_hyperv.cluster.driver.HyperVClusterDriver",
    "instances_path": r"\\fs1\nova\instances",
    "state_path": r"C:\OpenStack\State",
    "lock_path": r"C:\OpenStack\Lock",
    "transport_url": "rabbit://nova:x@10.0.0.2:5672/",
    "sync_power_state_interval": -1,
    "handle_virt_lifecycle_events": False,
    "connect_cluster_timeout": 300,
    # The servers of this test listen on loopback, and its folders are Linux's: neither is a lock between Windows nodes.
    "accept": ["cluster-lock", "lock-url"],
}


@dataclass(frozen=True)
class Section:
    """One stay inside the lock."""

    who: str
    asked: float
    entered: float
    left: float


@dataclass(frozen=True)
class Contest:
    """What two nodes did with one lock. taken_after: seconds from a node's death inside the lock until the other had it."""

    sections: tuple[Section, ...]
    taken_after: float
    held: float

    @classmethod
    def read(cls, folder: Path) -> Contest:
        holder, waiter = (_events(folder, name) for name in NAMES)
        died = holder[-1]["at"]
        taken = next(event["at"] for event in waiter if event["what"] == "granted")
        return cls((*_sections("hv01", holder), *_sections("hv02", waiter)), taken - died, died - holder[-2]["at"])

    @property
    def overlaps(self) -> int:
        ordered = sorted(self.sections, key=lambda section: section.entered)
        return sum(later.entered < earlier.left for earlier, later in itertools.pairwise(ordered))

    @property
    def contended(self) -> int:
        """How many stays one node had while the other waited for the lock."""
        return sum(
            other.left > section.asked and other.entered < section.entered
            for section in self.sections for other in self.sections if other.who != section.who
        )

    def __str__(self) -> str:
        return (
            f"{len(self.sections)} sections, {self.overlaps} overlaps, {self.contended} contended, held {self.held:.1f} s, "
            f"free {self.taken_after:.2f} s after the holder's death"
        )


def _events(folder: Path, name: str) -> list[dict[str, Any]]:
    file = folder / f"{name}.jsonl"
    return [json.loads(line) for line in (file.read_text() if file.exists() else "").splitlines()]


def _sections(who: str, events: list[dict[str, Any]]) -> Iterator[Section]:
    for asked, entered, left in zip(events, events[1:], events[2:], strict=False):
        if (asked["what"], left["what"]) == ("ask", "leave"):
            yield Section(who, asked["at"], entered["at"], left["at"])


class Nodes:
    """The nodes of one release: two a contest, each contest with lock URLs of its own for the two."""

    def __init__(self, release: str, folder: Path, contests: Mapping[str, tuple[str, str]]) -> None:
        from tools.option_catalogue.environments import RELEASES as KNOWN
        from tools.option_catalogue.environments import environment

        self._folders = {name: folder / name.replace(" ", "-") for name in contests}
        nodes = [node for name, urls in contests.items() for node in _prepared(release, self._folders[name], urls)]
        self._process = subprocess.Popen(
            [str(environment(KNOWN[release])), str(Path(__file__).with_name("contend.py"))], env=own_environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        assert self._process.stdin
        self._process.stdin.write(json.dumps(nodes))
        self._process.stdin.close()

    def close(self) -> None:
        """Also when a contest went wrong: the processes have a session of their own."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self) -> None:
        """Until all have started their coordinators."""
        deadline = time.monotonic() + 120
        while not all(_events(folder, name) for folder in self._folders.values() for name in NAMES):
            errors = [file.read_text() for folder in self._folders.values() for file in folder.glob("*.error")]
            assert not errors, errors
            assert time.monotonic() < deadline, "not all nodes started"
            time.sleep(0.1)

    def go(self) -> None:
        for folder in self._folders.values():
            (folder / "go").touch()

    def end(self) -> dict[str, Contest]:
        assert self._process.stdout
        ended = json.loads(self._process.stdout.read())
        assert ended == [signal.SIGKILL, 0] * len(self._folders), [
            file.read_text() for folder in self._folders.values() for file in folder.glob("*.error")
        ]
        return {name: Contest.read(folder) for name, folder in self._folders.items()}


def _prepared(release: str, folder: Path, urls: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """What contend.py takes for one node, its nova.conf written."""
    folder.mkdir(parents=True)
    for name, role, url in zip(NAMES, ("holder", "waiter"), urls, strict=True):
        file = folder / f"{name}.conf"
        file.write_text(render_offline(NOVA, {**CLUSTER, "release": release, "backend_url": url}, reveal=True)["rendered"])
        yield {
            "folder": str(folder), "config": str(file), "name": name, "role": role, "instance": f"instance-{release}",
            "rounds": ROUNDS, "hold": HOLD,
        }


@pytest.fixture(scope="module")
def contests(etcd: Any, etcd_tls: Any, mariadb: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Contest]:
    """What became of it with every release on each backend that it can use; all at once, as most of it is waiting.

    Each release has an instance of its own, and so a lock of its own.
    """
    urls = {
        "MariaDB": f"mysql://plain:p@w@127.0.0.1:{mariadb.port}/locks",
        "MariaDB over TLS": f"mysql://secure:p@w@127.0.0.1:{mariadb.port}/locks?ssl_ca={mariadb.authority}",
        "etcd": f"etcd3+http://127.0.0.1:{etcd.port}?{ETCD_QUERY}",
        "etcd over TLS": f"etcd3+https://127.0.0.1:{etcd_tls.server.port}?{ETCD_QUERY}&{etcd_tls.query}",
    }
    folder = tmp_path_factory.mktemp("contests")
    with ExitStack() as stack:
        nodes = {}
        for release in RELEASES:
            usable = {name: (url, url) for name, url in urls.items() if name == "MariaDB" or at_least(release, "zed")}
            nodes[release] = Nodes(release, folder / release, usable)
            stack.callback(nodes[release].close)
        for group in nodes.values():
            group.wait()
        for group in nodes.values():
            group.go()
        found = {f"{release}, {name}": contest for release, group in nodes.items() for name, contest in group.end().items()}
    for name, contest in found.items():
        print(f"{name}: {contest}")
    return found


def test_two_nodes_are_never_inside_at_once(contests: dict[str, Contest]) -> None:
    assert len(contests) == 13
    for name, contest in contests.items():
        assert len(contest.sections) == 2 * ROUNDS + 2, name
        assert contest.overlaps == 0, name
        assert contest.contended > 0, f"{name}: nobody ever had to wait, so nothing is proven"


def test_a_killed_node_frees_its_lock(contests: dict[str, Contest]) -> None:
    """Not while it lives, though it holds the lock for longer than a lease; and without anybody's help afterwards: etcd with the lease,
    MariaDB with the connection. How soon is a matter of this machine's load."""
    for name, contest in contests.items():
        assert contest.held >= HOLD, name
        assert 0 <= contest.taken_after < _AT_LAST, f"{name}: {contest.taken_after}"


def test_what_the_driver_does_by_default_locks_nothing(tmp_path: Path) -> None:
    """The control: each node with a folder of its own, as the default of backend_url is, and both are inside at once."""
    nodes = Nodes("2023.2", tmp_path, {"default": (f"file://{tmp_path}/hv01", f"file://{tmp_path}/hv02")})
    try:
        nodes.wait()
        nodes.go()
        contest = nodes.end()["default"]
    finally:
        nodes.close()
    assert contest.overlaps > 0
    assert contest.taken_after < 0, "the other node did not wait for the lock to be free"


@pytest.mark.parametrize("release", [release for release in RELEASES if at_least(release, "zed")])
def test_etcd_over_tls_trusts_its_authority_only(etcd_tls: Any, release: str) -> None:
    url = f"etcd3+https://127.0.0.1:{etcd_tls.server.port}?{ETCD_QUERY}"
    assert exercise(release, f"{url}&{etcd_tls.query}") == WORKS
    for query in (etcd_tls.with_another_authority, etcd_tls.with_a_strange_certificate):
        assert "error" in exercise(release, f"{url}&{query}")
