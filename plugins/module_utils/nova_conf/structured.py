# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules' own options, as options of the configuration file.

A wish is one (group, name, value) with the task option it came from, so that an error can name what the operator wrote.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .releases import at_least

# Task options of nova_hyperv_conf that are one option of nova.conf under its own name.
NOVA = {
    "compute_driver": "DEFAULT",
    "instances_path": "DEFAULT",
    "state_path": "DEFAULT",
    "my_ip": "DEFAULT",
    "host": "DEFAULT",
    "transport_url": "DEFAULT",
    "log_dir": "DEFAULT",
    "log_file": "DEFAULT",
    "debug": "DEFAULT",
    "sync_power_state_interval": "DEFAULT",
    "lock_path": "oslo_concurrency",
    "handle_virt_lifecycle_events": "workarounds",
    "remove_unused_base_images": "image_cache",
    "use_multipath_io": "hyperv",
    "volume_attach_retry_count": "hyperv",
    "volume_attach_retry_interval": "hyperv",
    "mounted_disk_query_retry_count": "hyperv",
    "mounted_disk_query_retry_interval": "hyperv",
    "iscsi_initiator_list": "hyperv",
    "limit_cpu_features": "hyperv",
    "backend_url": "coordination",
    "connect_cluster_timeout": "os_win",
}

# Task options of neutron_hyperv_conf.
NEUTRON = {
    "physical_network_vswitch_mappings": "AGENT",
    "local_network_vswitch": "AGENT",
    "polling_interval": "AGENT",
    "worker_count": "AGENT",
    "enable_metrics_collection": "AGENT",
    "enable_qos_extension": "AGENT",
    "firewall_driver": "SECURITYGROUP",
    "enable_security_group": "SECURITYGROUP",
    "host": "DEFAULT",
    "transport_url": "DEFAULT",
    "log_dir": "DEFAULT",
    "log_file": "DEFAULT",
    "debug": "DEFAULT",
    "lock_path": "oslo_concurrency",
}

# What every group that talks to keystone takes, and the groups of the task option `keystone`.
_KEYSTONE_SHARED = ("auth_url", "auth_type", "project_name", "project_domain_name", "user_domain_name", "cafile", "insecure")
KEYSTONE_GROUPS = ("placement", "neutron", "service_user", "cinder")

# The name under which each group takes the region: [cinder] keeps the old one (nova/conf/cinder.py).
_REGION = {"placement": "region_name", "neutron": "region_name", "cinder": "os_region_name"}


@dataclass(frozen=True)
class Wish:
    """A value for one option of the file. None asks for the option to be absent."""

    group: str
    name: str
    value: Any
    origin: str


def wishes(options: Mapping[str, Any], table: Mapping[str, str], release: str) -> list[Wish]:
    """Everything a task asks for: its own options first, then the free ones."""
    found = [Wish(group, name, options[name], name) for name, group in table.items() if options.get(name) is not None]
    found += _pci(options, release)
    found += _keystone(options.get("keystone") or {})
    found += _free(options.get("options") or {})
    return found


def pci_option(release: str) -> str:
    """nova 26 (Zed) renamed it; older releases read past the new name in silence."""
    return "device_spec" if at_least(release, "zed") else "passthrough_whitelist"


def _pci(options: Mapping[str, Any], release: str) -> Iterable[Wish]:
    if options.get("pci_devices") is not None:
        yield Wish("pci", pci_option(release), _json(options["pci_devices"]), "pci_devices")
    if options.get("pci_aliases") is not None:
        yield Wish("pci", "alias", _json(options["pci_aliases"]), "pci_aliases")


def _json(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """One JSON object an entry, which nova's parsers of both options take; keys that were not given are left out."""
    return [json.dumps({key: value for key, value in entry.items() if value is not None}, sort_keys=True) for entry in entries]


def _keystone(keystone: Mapping[str, Any]) -> Iterable[Wish]:
    users = keystone.get("users") or {}
    for group in KEYSTONE_GROUPS:
        user = users.get(group)
        if not user:
            continue
        origin = f"keystone.users.{group}"
        for name in _KEYSTONE_SHARED:
            if keystone.get(name) is not None:
                yield Wish(group, name, keystone[name], f"keystone.{name}")
        if keystone.get("region_name") is not None and group in _REGION:
            yield Wish(group, _REGION[group], keystone["region_name"], "keystone.region_name")
        for name in ("username", "password"):
            yield Wish(group, name, user.get(name), f"{origin}.{name}")
        if group == "service_user":
            yield Wish(group, "send_service_user_token", True, origin)


def _free(groups: Mapping[str, Any]) -> Iterable[Wish]:
    for group, names in groups.items():
        for name, value in (names or {}).items():
            yield Wish(str(group), str(name), value, f"options.{group}.{name}")
