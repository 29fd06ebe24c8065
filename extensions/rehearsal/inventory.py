# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible inventories: that of a lab, and a lab out of the operator's own inventory."""
from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .control_plane_api import REGION
from .lab import HostLab, Lab

GROUP = "hyperv_compute"
# What a new server is like where the operator's inventory says nothing: see docs/rehearsal.md.
_DEFAULT_HOST: dict[str, Any] = {"os": {"version": "2022"}}


class InventoryError(Exception):
    """The operator's inventory cannot be read."""


def inventory(lab: Lab, daemon: Mapping[str, Any], transport: str) -> dict[str, Any]:
    """The inventory of a lab that is up. daemon: what the store keeps of it; transport: http or https."""
    url = f"http://127.0.0.1:{daemon['file_server_port']}"
    downloads = {
        name: {"url": f"{url}/{name}", "sha256": hashlib.sha256(download.encode()).hexdigest(), **download.facts}
        for name, download in lab.downloads.items()
    }
    hosts = {name: connection(host, daemon["ports"][name], transport) for name, host in lab.hosts.items()}
    shared = {"rehearsal_downloads": downloads, "rehearsal_cloud": cloud(lab, daemon["control_plane_port"])}
    return {"all": {"vars": shared, "children": {GROUP: {"hosts": hosts}}}}


def cloud(lab: Lab, port: int) -> dict[str, Any]:
    """The lab's control plane as openstacksdk takes a cloud."""
    return {
        "auth_type": "password",
        "region_name": REGION,
        "auth": {
            "auth_url": f"http://127.0.0.1:{port}/identity/v3",
            "username": lab.control_plane.user,
            "password": lab.control_plane.password,
            "project_name": "admin",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
    }


def connection(host: HostLab, ports: Mapping[str, int], transport: str) -> dict[str, Any]:
    """The variables with which Ansible's winrm connection reaches one host."""
    return {
        "ansible_host": host.access.address,
        "ansible_port": ports[transport],
        "ansible_user": host.access.user,
        "ansible_password": host.access.password,
        "ansible_connection": "ansible.builtin.winrm",
        "ansible_winrm_scheme": transport,
        "ansible_winrm_transport": "basic",
        "ansible_winrm_server_cert_validation": "ignore",
        # What an operator's own inventory may say and loopback has no use for.
        "ansible_winrm_message_encryption": "auto",
        "ansible_winrm_proxy": None,
    }


def read_hosts(path: Path) -> dict[str, dict[str, Any]]:
    """The Windows hosts of the operator's inventory with their variables, as ansible-inventory resolves them. Raises InventoryError."""
    beside = Path(sys.executable).with_name("ansible-inventory")
    command = [str(beside) if beside.exists() else "ansible-inventory", "--inventory", str(path), "--list"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise InventoryError(f"{' '.join(command)} failed: {result.stderr.strip()}")
    listing = json.loads(result.stdout)
    variables: dict[str, dict[str, Any]] = listing["_meta"]["hostvars"]
    names = _host_names(listing)
    return {name: variables.get(name, {}) for name in names if _is_windows(variables.get(name, {}))}


def make_lab(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A lab with one server for each host. A variable `rehearsal_host` of a host is its entry in the lab file."""
    return {
        "rehearsal": 1,
        "hosts": {name: {**_DEFAULT_HOST, **variables.get("rehearsal_host", {})} for name, variables in hosts.items()},
    }


def make_overlay(lab: Lab, daemon: Mapping[str, Any]) -> dict[str, Any]:
    """An inventory to give after the operator's own (`-i site -i overlay`): the same hosts, but on loopback."""
    return {"all": {"hosts": {name: connection(host, daemon["ports"][name], "http") for name, host in lab.hosts.items()}}}


def _is_windows(variables: Mapping[str, Any]) -> bool:
    """A host whose connection or shell says so."""
    name = str(variables.get("ansible_connection", "")).rpartition(".")[2]
    return name in ("winrm", "psrp") or variables.get("ansible_shell_type") in ("powershell", "cmd")


def _host_names(listing: Mapping[str, Any]) -> list[str]:
    found: dict[str, None] = {}
    for name, group in listing.items():
        if name != "_meta":
            found.update(dict.fromkeys(group.get("hosts", [])))
    return list(found)
