# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab that is up: all its hosts and the file server, in the threads of this process. Tests use it directly, the daemon is one."""
from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from .certificate import tls_context
from .control_plane import ControlPlane
from .control_plane_api import ControlPlaneServer
from .fileserver import FileServer
from .host import Host
from .inventory import inventory
from .lab import Lab
from .machine.clusters import Clusters
from .machine.directory import Directory
from .machine.guardian import Guardians
from .machine.machine import utc
from .machine.peers import Peers
from .machine.shared_luns import SharedLuns
from .machine.shares import FileServers
from .powershell.registry import load_models
from .store import Store, read_json, write_json

Listening = TypeVar("Listening")


@dataclass(frozen=True)
class Ports:
    """Where a host listens."""

    http: int
    https: int


def bind(wanted: int, former: int, listen: Callable[[int], Listening]) -> Listening:
    """Listens on the port that the lab file wants; where it wants none, on the former one if it is still free, else on a free one."""
    if wanted or not former:
        return listen(wanted)
    try:
        return listen(former)
    except OSError:
        return listen(0)


class RunningLab:
    """A context manager. Ports are those of the lab file, else those of the last time, else free ones."""

    def __init__(self, lab: Lab, store: Store) -> None:
        self.lab = lab
        self.store = store
        self.hosts: dict[str, Host] = {}
        self.ports: dict[str, Ports] = {}
        self.directory = Directory(lab.directory)
        self.clusters = Clusters(Peers(), lab.cluster, store.clusters)
        for cluster in self.clusters.all:
            if cluster.unit:
                self.directory.add(cluster.name, cluster.unit)
        self.file_servers = FileServers(lab.file_servers, utc, store.file_servers, store.off)
        self.shared_luns = SharedLuns(lab.shared_luns, lab.hosts, utc, store.shared_luns)
        self.guardians = Guardians(lab.hgs)
        self.file_server: FileServer | None = None
        self.control_plane = ControlPlane(lab.control_plane, store.control_plane, self._runs)
        self.control_plane_server: ControlPlaneServer | None = None

    def __enter__(self) -> RunningLab:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Opens every port and writes down where. OSError where a port of the lab file is taken."""
        load_models()
        self.store.directory.mkdir(parents=True, exist_ok=True)
        write_json(self.store.lab, self.lab.source)
        known = read_json(self.store.daemon) or {}
        tls = tls_context(self.store, (host.access.address for host in self.lab.hosts.values()))
        files = {name: download.encode() for name, download in self.lab.downloads.items()}
        self.file_server = bind(0, known.get("file_server_port", 0), lambda port: FileServer(files, port))
        self.control_plane_server = bind(
            self.lab.control_plane.port, known.get("control_plane_port", 0),
            lambda port: ControlPlaneServer(self.control_plane, self.store.control_plane_log, port),
        )
        for name, host_lab in self.lab.hosts.items():
            host = Host(host_lab, self.control_plane, self.lab.latency, self.store, self.directory, self.clusters)
            host.machine.file_servers = self.file_servers
            host.machine.shared_luns = self.shared_luns
            host.machine.cloud_accounts = self.lab.cloud_storage
            host.machine.guardians = self.guardians
            self.hosts[name] = host
            old = known.get("ports", {}).get(name, {})
            http = bind(host_lab.access.http_port, old.get("http", 0), host.listen)
            https = bind(host_lab.access.https_port, old.get("https", 0), partial(host.listen, tls=tls))
            self.ports[name] = Ports(http.port, https.port)
        self._write_daemon(os.getpid())

    def stop(self) -> None:
        """Closes everything and saves the machines."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(Host.stop, self.hosts.values()))
        if self.file_server is not None:
            self.file_server.close()
        if self.control_plane_server is not None:
            self.control_plane_server.close()
        if self.ports:
            self._write_daemon(None)

    def inventory(self, transport: str = "http") -> dict[str, Any]:
        """The Ansible inventory of this lab; see inventory.inventory."""
        return inventory(self.lab, read_json(self.store.daemon), transport)

    def _runs(self, host: str, service: str) -> bool:
        """Whether a service of a host runs, and would so keep reporting. A restart is over before anybody misses it."""
        if host not in self.hosts or not self.hosts[host].has_power:
            return False
        known = self.hosts[host].machine.services.find(service)
        return known is not None and known.state == "Running"

    def _write_daemon(self, pid: int | None) -> None:
        assert self.file_server is not None
        assert self.control_plane_server is not None
        write_json(self.store.daemon, {
            "pid": pid,
            "ports": {name: {"http": ports.http, "https": ports.https} for name, ports in self.ports.items()},
            "file_server_port": self.file_server.port,
            "control_plane_port": self.control_plane_server.port,
        })


def running(lab: Lab, directory: Path) -> RunningLab:
    """`with running(load(path), directory) as lab: ...`"""
    return RunningLab(lab, Store(directory))
