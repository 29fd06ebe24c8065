# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Full configurations that operators have: what a task says, and what the real packages must read. The two are written down apart.

A part is (name, task options, {(group, name): value as oslo.config must give it}). A configuration is one part of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, product
from typing import Any

Expected = dict[tuple[str, str], Any]
Part = tuple[str, dict[str, Any], Expected]

CLUSTER = "compute_hyperv.cluster.driver.HyperVClusterDriver"
STAND_ALONE = "compute_hyperv.driver.HyperVDriver"


@dataclass(frozen=True)
class Whole:
    """One configuration of nova-compute."""

    name: str
    options: Mapping[str, Any]
    expected: Expected
    pci: tuple[str, ...]
    aliases: tuple[str, ...]


def free(*entries: tuple[str, str, Any]) -> dict[str, Any]:
    """The task option `options` from (group, name, value)."""
    tree: dict[str, dict[str, Any]] = {}
    for group, name, value in entries:
        tree.setdefault(group, {})[name] = value
    return {"options": tree}


BASE: Part = (
    "base",
    {
        "state_path": r"C:\OpenStack\State",
        "lock_path": r"C:\OpenStack\Lock",
        "log_dir": r"C:\OpenStack\Log",
        "log_file": "nova-compute.log",
        "my_ip": "10.0.0.21",
        "transport_url": "rabbit://nova:p%24%40w@10.0.0.2:5672,nova:x@10.0.0.3:5672/%2F",
        "accept": [],
        "newline": "crlf",
    },
    {
        ("DEFAULT", "state_path"): r"C:\OpenStack\State",
        ("oslo_concurrency", "lock_path"): r"C:\OpenStack\Lock",
        ("DEFAULT", "log_dir"): r"C:\OpenStack\Log",
        ("DEFAULT", "log_file"): "nova-compute.log",
        ("DEFAULT", "my_ip"): "10.0.0.21",
        ("DEFAULT", "transport_url"): "rabbit://nova:p%24%40w@10.0.0.2:5672,nova:x@10.0.0.3:5672/%2F",
    },
)

LOCAL_STORAGE: tuple[Part, ...] = (
    ("local", {"instances_path": "C:\\OpenStack\\Instances\\"}, {("DEFAULT", "instances_path"): "C:\\OpenStack\\Instances\\"}),
    ("drive", {"instances_path": "X:/OpenStack/Instances"}, {("DEFAULT", "instances_path"): "X:/OpenStack/Instances"}),
)

SHARED_STORAGE: tuple[Part, ...] = (
    (
        "SMB",
        {
            "instances_path": r"\\smb.example\share$name\Instances",
            **free(("hyperv", "instances_path_share", "share$"), ("DEFAULT", "reserved_host_disk_mb", 1024)),
        },
        {
            ("DEFAULT", "instances_path"): r"\\smb.example\share$name\Instances",
            ("hyperv", "instances_path_share"): "share$",
            ("DEFAULT", "reserved_host_disk_mb"): 1024,
        },
    ),
    (
        "CSV",
        {
            "instances_path": r"C:\ClusterStorage\Volume1\$OpenStack",
            "remove_unused_base_images": False,
            **free(("DEFAULT", "disk_allocation_ratio", "0.25")),
        },
        {
            ("DEFAULT", "instances_path"): r"C:\ClusterStorage\Volume1\$OpenStack",
            ("image_cache", "remove_unused_base_images"): False,
            ("DEFAULT", "disk_allocation_ratio"): 0.25,
        },
    ),
)

VOLUMES: tuple[Part, ...] = (
    ("no volumes", {}, {("hyperv", "use_multipath_io"): False, ("hyperv", "iscsi_initiator_list"): []}),
    (
        "multipath",
        {
            "use_multipath_io": True,
            "volume_attach_retry_count": 20,
            "volume_attach_retry_interval": 3,
            "mounted_disk_query_retry_count": 12,
            "mounted_disk_query_retry_interval": 7,
        },
        {
            ("hyperv", "use_multipath_io"): True,
            ("hyperv", "volume_attach_retry_count"): 20,
            ("hyperv", "volume_attach_retry_interval"): 3,
            ("hyperv", "mounted_disk_query_retry_count"): 12,
            ("hyperv", "mounted_disk_query_retry_interval"): 7,
        },
    ),
    (
        "initiators",
        {
            "use_multipath_io": "yes",
            "limit_cpu_features": "on",
            "iscsi_initiator_list": [
                r"PCI\VEN_1077&DEV_2031&SUBSYS_17E8103C&REV_02\4&257301f0&0&0010_0",
                r"PCI\VEN_1077&DEV_2031\4&257301f0&0&0010_1",
            ],
        },
        {
            ("hyperv", "use_multipath_io"): True,
            ("hyperv", "limit_cpu_features"): True,
            ("hyperv", "iscsi_initiator_list"): [
                r"PCI\VEN_1077&DEV_2031&SUBSYS_17E8103C&REV_02\4&257301f0&0&0010_0",
                r"PCI\VEN_1077&DEV_2031\4&257301f0&0&0010_1",
            ],
        },
    ),
)

# What nova's own parsers make of the devices: (specs as "VENDOR PRODUCT ADDRESS", alias names).
DEVICES: tuple[tuple[str, dict[str, Any], tuple[str, ...], tuple[str, ...]], ...] = (
    ("no devices", {}, (), ()),
    ("address", {"pci_devices": [{"address": "0000:3b:00.0"}, {"address": "*:5e:*.*"}]}, ("* * 0000:3b:00.0", "* * *:5e:*.*"), ()),
    (
        "ids and aliases",
        {
            "pci_devices": [{"vendor_id": "1002", "product_id": "*", "address": None}],
            "pci_aliases": [
                {"name": "gpu", "vendor_id": "1002", "product_id": "7408", "device_type": "type-PCI", "numa_policy": "legacy"},
                {"name": "nvme", "vendor_id": "144d", "product_id": "A808", "device_type": "type-PCI", "numa_policy": None},
            ],
        },
        ("1002 * *:*:*.*",),
        ("gpu", "nvme"),
    ),
    (
        "regular expression",
        {
            "options": {
                "pci": {
                    "DEVICE_SPEC": [
                        '[{"address": {"domain": ".*", "bus": "02", "slot": "01", "function": "[0-2]"}}, {"vendor_id": "8086"}]'
                    ]
                }
            }
        },
        ("* * .*:02:01.[0-2]", "8086 * *:*:*.*"),
        (),
    ),
)

LOCKS: tuple[Part, ...] = (
    (
        "etcd",
        {"backend_url": "etcd3+http://10.0.0.10:2379?api_version=v3"},
        {("coordination", "backend_url"): "etcd3+http://10.0.0.10:2379?api_version=v3"},
    ),
    (
        "etcd TLS",
        {"backend_url": "etcd3+https://etcd:2379?api_version=v3&ca_cert=C:/ca.pem&cert_key=C:/k.pem&cert_cert=C:/c.pem&timeout=20"},
        {
            (
                "coordination",
                "backend_url",
            ): "etcd3+https://etcd:2379?api_version=v3&ca_cert=C:/ca.pem&cert_key=C:/k.pem&cert_cert=C:/c.pem&timeout=20"
        },
    ),
    (
        "MySQL",
        {"backend_url": "mysql://tooz:p@$w'd@10.0.0.11:3306/locks"},
        {("coordination", "backend_url"): "mysql://tooz:p@$w'd@10.0.0.11:3306/locks"},
    ),
    (
        "share",
        {"backend_url": "file:////smb.example/locks/nova dir"},
        {("coordination", "backend_url"): "file:////smb.example/locks/nova dir"},
    ),
)

CREDENTIALS: tuple[Part, ...] = (
    (
        "passwords",
        {
            "keystone": {
                "auth_url": "https://keystone.example:5000/v3",
                "auth_type": "password",
                "project_name": "service",
                "project_domain_name": "Default",
                "user_domain_name": "Default",
                "region_name": "RegionOne",
                "cafile": r"C:\OpenStack\ca.pem",
                "insecure": None,
                "users": {
                    "placement": {"username": "placement", "password": " p$a%ss\"word' "},
                    "neutron": {"username": "neutron", "password": "'quoted'"},
                    "service_user": {"username": "nova", "password": "$name${x}$$\\$"},
                    "cinder": {"username": "cinder", "password": "#;="},
                },
            },
        },
        {
            ("placement", "password"): " p$a%ss\"word' ",
            ("neutron", "password"): "'quoted'",
            ("service_user", "password"): "$name${x}$$\\$",
            ("cinder", "password"): "#;=",
            ("placement", "region_name"): "RegionOne",
            ("cinder", "os_region_name"): "RegionOne",
            ("neutron", "cafile"): r"C:\OpenStack\ca.pem",
            ("service_user", "send_service_user_token"): True,
            ("placement", "username"): "placement",
            ("neutron", "auth_url"): "https://keystone.example:5000/v3",
        },
    ),
    (
        "application credentials",
        free(
            *(
                (group, name, value)
                for group in ("placement", "neutron", "service_user")
                for name, value in (
                    ("auth_type", "v3applicationcredential"),
                    ("auth_url", "http://k/v3"),
                    ("application_credential_id", "0a1b"),
                    ("application_credential_secret", "s$3cret;#"),
                )
            ),
            ("service_user", "send_service_user_token", True),
            ("neutron", "endpoint_override", "http://neutron.example:9696"),
        ),
        {
            ("placement", "application_credential_secret"): "s$3cret;#",
            ("neutron", "application_credential_id"): "0a1b",
            ("service_user", "auth_type"): "v3applicationcredential",
            ("neutron", "endpoint_override"): "http://neutron.example:9696",
        },
    ),
    ("no credentials", {}, {("service_user", "send_service_user_token"): False, ("placement", "auth_type"): None}),
)

EXTRAS: tuple[Part, ...] = (
    (
        "rotation and reservations",
        free(
            ("DEFAULT", "log_rotation_type", "size"),
            ("DEFAULT", "max_logfile_size_mb", "50"),
            ("DEFAULT", "reserved_host_memory_mb", 4096),
            ("DEFAULT", "cpu_allocation_ratio", 4),
            ("DEFAULT", "default_log_levels", "amqp=WARN, nova=INFO,"),
            ("DEFAULT", "logging_context_format_string", "%(asctime)s.%(msecs)03d %(levelname)s [%(request_id)s] %(message)s"),
        ),
        {
            ("DEFAULT", "log_rotation_type"): "size",
            ("DEFAULT", "max_logfile_size_mb"): 50,
            ("DEFAULT", "reserved_host_memory_mb"): 4096,
            ("DEFAULT", "cpu_allocation_ratio"): 4.0,
            ("DEFAULT", "default_log_levels"): ["amqp=WARN", "nova=INFO"],
            ("DEFAULT", "logging_context_format_string"): "%(asctime)s.%(msecs)03d %(levelname)s [%(request_id)s] %(message)s",
        },
    ),
    (
        "consoles",
        free(
            ("rdp", "enabled", True),
            ("rdp", "html5_proxy_base_url", "https://rdp.example:8001/"),
            ("serial_console", "enabled", True),
            ("serial_console", "port_range", "10000:11000"),
            ("serial_console", "proxyclient_address", "10.0.0.21"),
            ("vnc", "enabled", False),
            ("hyperv", "config_drive_cdrom", True),
            ("DEFAULT", "mkisofs_cmd", r"C:\Program Files\Tools\mkisofs.exe"),
            ("DEFAULT", "force_config_drive", 1),
        ),
        {
            ("rdp", "enabled"): True,
            ("rdp", "html5_proxy_base_url"): "https://rdp.example:8001/",
            ("serial_console", "port_range"): "10000:11000",
            ("serial_console", "proxyclient_address"): "10.0.0.21",
            ("vnc", "enabled"): False,
            ("hyperv", "config_drive_cdrom"): True,
            ("DEFAULT", "mkisofs_cmd"): r"C:\Program Files\Tools\mkisofs.exe",
            ("DEFAULT", "force_config_drive"): True,
        },
    ),
    (
        "messaging and old names",
        free(
            ("oslo_messaging_rabbit", "ssl", True),
            ("oslo_messaging_rabbit", "ssl_ca_file", r"C:\OpenStack\ca.pem"),
            ("oslo_messaging_rabbit", "kombu_reconnect_delay", 0.5),
            ("oslo_messaging_notifications", "driver", ["messagingv2", "log"]),
            ("oslo_messaging_notifications", "topics", ["notifications", "audit"]),
            ("DEFAULT", "image_cache_manager_interval", -1),
            ("os_win", "wmi_job_terminate_timeout", 60),
            ("HyperV", "dynamic_memory_ratio", "1.5"),
            ("compute", "max_concurrent_disk_ops", 4),
        ),
        {
            ("oslo_messaging_rabbit", "ssl"): True,
            ("oslo_messaging_rabbit", "ssl_ca_file"): r"C:\OpenStack\ca.pem",
            ("oslo_messaging_rabbit", "kombu_reconnect_delay"): 0.5,
            ("oslo_messaging_notifications", "driver"): ["messagingv2", "log"],
            ("oslo_messaging_notifications", "topics"): ["notifications", "audit"],
            ("image_cache", "manager_interval"): -1,
            ("os_win", "wmi_job_terminate_timeout"): 60,
            ("hyperv", "dynamic_memory_ratio"): 1.5,
            ("compute", "max_concurrent_disk_ops"): 4,
        },
    ),
)

STAND_ALONE_PART: Part = ("stand-alone", {"compute_driver": STAND_ALONE}, {("DEFAULT", "compute_driver"): STAND_ALONE})
CLUSTER_PART: Part = (
    "cluster",
    {
        "compute_driver": CLUSTER,
        "sync_power_state_interval": -1,
        "handle_virt_lifecycle_events": False,
        "connect_cluster_timeout": 300,
        "limit_cpu_features": True,
        **free(("hyperv", "max_failover_count", 3)),
    },
    {
        ("DEFAULT", "compute_driver"): CLUSTER,
        ("DEFAULT", "sync_power_state_interval"): -1,
        ("workarounds", "handle_virt_lifecycle_events"): False,
        ("os_win", "connect_cluster_timeout"): 300,
        ("hyperv", "limit_cpu_features"): True,
        ("hyperv", "max_failover_count"): 3,
    },
)


def configurations(release: str) -> Iterator[Whole]:
    """Every driver with every storage, device and volume part; the other parts take turns, so that each meets many."""
    turns = cycle(product(CREDENTIALS, EXTRAS))
    spec_name = "passthrough_whitelist" if release == "yoga" else "device_spec"
    for storage, volumes, devices in product((*LOCAL_STORAGE, *SHARED_STORAGE), VOLUMES, DEVICES):
        yield _whole(release, spec_name, (BASE, STAND_ALONE_PART, storage, volumes, *next(turns)), devices)
    for storage, lock, devices in product(SHARED_STORAGE, _locks(release), DEVICES):
        yield _whole(release, spec_name, (BASE, CLUSTER_PART, storage, lock, *next(turns)), devices)


def _locks(release: str) -> tuple[Part, ...]:
    """The tooz of Yoga has no way to an etcd of today."""
    return LOCKS[2:] if release == "yoga" else LOCKS


def _whole(release: str, spec_name: str, parts: tuple[Part, ...], devices: Any) -> Whole:
    options: dict[str, Any] = {"release": release, "options": {}}
    expected: Expected = {}
    device_name, device_options, specs, aliases = devices
    for part_options in (*(part[1] for part in parts), device_options):
        tree = options["options"]
        options |= part_options
        options["options"] = _merged(tree, part_options.get("options", {}), spec_name)
    for part in parts:
        expected |= part[2]
    return Whole(", ".join([release, *(part[0] for part in parts[1:]), device_name]), options, expected, specs, aliases)


def _merged(one: Mapping[str, Any], other: Mapping[str, Any], spec_name: str) -> dict[str, Any]:
    tree = {group: dict(names) for group, names in one.items()}
    for group, names in other.items():
        tree.setdefault(group, {}).update({spec_name if name == "DEVICE_SPEC" else name: value for name, value in names.items()})
    return tree
