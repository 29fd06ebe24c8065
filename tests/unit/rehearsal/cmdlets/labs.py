# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several simulated servers in one domain, which see each other and share one clock; and who calls."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rehearsal.machine.caller import Caller, calling
from rehearsal.machine.clusters import Clusters, ClusterTiming
from rehearsal.machine.directory import Directory, read_directory
from rehearsal.machine.fields import Fields
from rehearsal.machine.peers import Peers

from tests.unit.rehearsal.cmdlets.hosts import Host

DOMAIN = {
    "dns_name": "example.org", "units": ["OU=Clusters,DC=example,DC=org"],
    "users": [
        {"name": "deploy", "password": "Deploy-1", "groups": ["Domain Admins"]},
        {"name": "installer", "password": "Install-1"},
    ],
}
DEPLOY = Caller(r"EXAMPLE\deploy", r"EXAMPLE\deploy")
FEATURES = ("Failover-Clustering", "RSAT-Clustering-PowerShell", "Hyper-V", "Hyper-V-PowerShell")


class Lab:
    """hosts: hv01, hv02, ... members of example.org with the cluster's features; spec: of all of them."""

    def __init__(
        self, count: int = 3, *, timing: Mapping[str, Any] | None = None, directory: Mapping[str, Any] | None = None,
        path: Path | None = None, **spec: Any,
    ) -> None:
        self.clusters = Clusters(Peers(), ClusterTiming(**(timing or {})), path)
        self.directory = Directory(read_directory(Fields({**DOMAIN, **(directory or {})}, "lab.active_directory")))
        self.hosts: dict[str, Host] = {}
        entry = {"domain": "example.org", "features": {"installed": list(FEATURES)}, **spec}
        for name in [f"hv{number:02}" for number in range(1, count + 1)]:
            self.add(name, **{"network": {}, **entry})
        self.clock = self["hv01"].clock

    def add(self, name: str, **spec: Any) -> Host:
        """One more server; it has the clock of the others."""
        host = Host(computer_name=name, **spec)
        if self.hosts:
            host.clock = self["hv01"].clock
            host.machine.now = host.clock
        host.machine.directory, host.machine.clusters = self.directory, self.clusters
        if host.machine.in_lab_domain:
            self.directory.add(name)
        self.clusters.peers.add(host.machine)
        self.hosts[name] = host
        return host

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    @contextmanager
    def call(self, name: str, caller: Caller = DEPLOY) -> Iterator[Host]:
        """What is called on this host within runs as this caller; the others carry out their orders before and after."""
        self.settle()
        with calling(caller):
            yield self.hosts[name]
        self.settle()

    def settle(self) -> None:
        for host in self.hosts.values():
            host.machine.settle()
