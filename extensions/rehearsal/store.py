# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a lab leaves on disk: the machines, the journals, the armed faults, and how to reach the daemon.

    lab.json            the lab as it was loaded
    daemon.json         pid, ports and the file server's address while the lab is up
    daemon.log          what the daemon says about itself
    clusters.json       the failover clusters
    control_plane.json  what the control plane knows; control_plane.log: one line a request
    file_servers.json   what lies on the shares; shared_luns.json: on the disks that several hosts see
    certificate.pem key.pem
    hosts/NAME.json     the machine, written after every remote call
    hosts/NAME.faults.json
    hosts/NAME.off      there while the machine is switched off
    hosts/NAME.journal.jsonl
"""
from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Store:
    """The state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lab = directory / "lab.json"
        self.daemon = directory / "daemon.json"
        self.log = directory / "daemon.log"
        self.clusters = directory / "clusters.json"
        self.control_plane = directory / "control_plane.json"
        self.control_plane_log = directory / "control_plane.log"
        self.shared_luns = directory / "shared_luns.json"
        self.file_servers = directory / "file_servers.json"
        self.certificate = directory / "certificate.pem"
        self.key = directory / "key.pem"

    def machine(self, host: str) -> Path:
        return self._host(host, "json")

    def faults(self, host: str) -> Path:
        return self._host(host, "faults.json")

    def off(self, host: str) -> Path:
        return self._host(host, "off")

    def journal(self, host: str) -> Path:
        return self._host(host, "journal.jsonl")

    def _host(self, host: str, ending: str) -> Path:
        folder = self.directory / "hosts"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{host}.{ending}"


def read_json(path: Path) -> Any:
    """The file's content, or None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_json(path: Path, value: Any) -> None:
    """Replaces the file whole or not at all; only its owner may read it, for it may hold a machine's secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    new.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps other processes that use this context manager on the same path out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
