# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each promise about a guarded host, broken behind the collection's back. The oracle is the simulated server's one state."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsal.machine import Machine
from rehearsal.machine.fields import Fields
from rehearsal.machine.guardian import CLIENT_KEY, Guardians, Urls, read_guardian

from tests.integration.promises.node import Node
from tests.unit.rehearsal.cmdlets.hosts import Host

GUARDIAN: dict[str, Any] = {"name": "hgs.example.org", "address": "10.50.0.5", "authorised": ["hv01"]}
URLS = {"attestation_url": "http://hgs.example.org/Attestation", "key_protection_url": "http://hgs.example.org/KeyProtection"}
WANTED = {"attestation": "host_key", **URLS}


def guardians(**changed: Any) -> Guardians:
    return Guardians([read_guardian(Fields({**GUARDIAN, **changed}, "lab.hgs"))])


@pytest.fixture
def node() -> Node:
    host = Host(features={"installed": ["HostGuardian"]})
    host.machine.guardians = guardians()
    node = Node(host, {"guarded_host": WANTED})
    node.converge()
    return node


def configure(primary: Urls) -> Callable[[Machine], None]:
    return lambda machine: machine.hgs.configure(primary, Urls(), machine.now())


def ask(**changed: Any) -> Callable[[Machine], None]:
    return lambda machine: setattr(machine, "guardians", guardians(**changed))


def lose_the_key(machine: Machine) -> None:
    machine.certificates.remove(machine.registry.get(CLIENT_KEY, "HostKeyThumbprint"))


def test_all_are_kept_and_none_is_seen_by_reading(node: Node) -> None:
    seen = node.seen()
    assert [row["name"] for row in seen] == ["mode", "urls", "guarded", "attestation", "host_key"]
    assert all(row["kept"] for row in seen)


@pytest.mark.parametrize(("change", "broken"), [
    (configure(Urls()), {"mode", "urls", "guarded", "attestation"}),
    (configure(Urls("http://hgs.example.org/Attestation", "http://other.example.org/KeyProtection")), {"urls"}),
    (ask(authorised=[]), {"guarded", "attestation"}),
    (ask(up=False), {"guarded", "attestation"}),
    (lose_the_key, {"host_key"}),
])
def test_each_is_broken_alone(node: Node, change: Callable[[Machine], None], broken: set[str]) -> None:
    change(node.host.machine)
    assert set(node.broken()) == {f"guarded_host.{name}" for name in broken}


def test_local_mode_is_seen_with_and_without_the_feature(node: Node) -> None:
    local = Node(node.host, {"guarded_host": {"mode": "local"}})
    assert local.broken() == {"guarded_host.mode": "hgs"}
    local.converge()
    assert local.broken() == {}
    assert Node(Host(), {"guarded_host": {"mode": "local"}}).broken() == {}
