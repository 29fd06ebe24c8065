# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/nova-conf.md: which configurations each rule refuses, warns of, and leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import engine, lock_url, pci
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.configuration import Host
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.releases import RELEASES, control_plane_warning, release_problem

from tests.unit.nova_conf.configurations import BASE, CLUSTER, CREDENTIALS, configurations
from tests.unit.nova_conf.pci_entries import ALIASES, SPECS

CLUSTER_URL = "etcd3+http://h:2379?api_version=v3"


def whole(changes: dict[str, Any], base: dict[str, Any] | None = None) -> dict[str, Any]:
    """A configuration that no rule minds, with changes; `GROUP.NAME` is a free option, None takes one away."""
    sound: dict[str, Any] = {
        "release": "2023.2",
        "compute_driver": "compute_hyperv.driver.HyperVDriver",
        "instances_path": r"C:\OpenStack\Instances",
        **BASE[1],
        **CREDENTIALS[0][1],
        "options": {"DEFAULT": {"log_rotation_type": "size"}},
    }
    sound |= base or {}
    free = {group: dict(names) for group, names in sound["options"].items()}
    for name, value in changes.items():
        group, dot, option = name.partition(".")
        if dot:
            free.setdefault(group, {})[option] = value
        else:
            sound[name] = value
    return sound | {"options": free}


CLUSTERED = {
    "compute_driver": CLUSTER,
    "instances_path": r"\\s\share\i",
    "sync_power_state_interval": -1,
    "handle_virt_lifecycle_events": False,
    "backend_url": CLUSTER_URL,
    "connect_cluster_timeout": 300,
    "limit_cpu_features": False,
    "options": {"DEFAULT": {"log_rotation_type": "size", "reserved_host_disk_mb": 1}},
}


def said(options: dict[str, Any], host: Host = engine.NOTHING_KNOWN) -> tuple[list[str], list[str]]:
    """The rules that refused, and the rules that warned."""
    built = engine.build(engine.NOVA, options, host=host)
    return [_rule(text) for text in built.problems], [_rule(text) for text in built.warnings]


def _rule(text: str) -> str:
    return text.rpartition("(rule ")[2].rstrip(")") if text.endswith(")") and "(rule " in text else text


def test_sound_configurations_pass_in_silence() -> None:
    assert said(whole({})) == ([], [])
    assert said(whole({}, CLUSTERED)) == ([], [])


@pytest.mark.parametrize("release", RELEASES)
def test_no_whole_configuration_is_refused(release: str) -> None:
    problems = {item.name: engine.build(engine.NOVA, item.options).problems for item in configurations(release)}
    assert {name: found for name, found in problems.items() if found} == {}


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
    ("compute-driver", {"compute_driver": "hyperv.HyperVDriver"}, None),
    ("compute-driver", {"compute_driver": "nova.virt.compute_hyperv.driver.HyperVDriver"}, None),
    ("compute-driver", {"compute_driver": "compute_hyperv.HyperVDriver"}, None),
    ("compute-driver", {"compute_driver": None}, None),
    ("cluster-companions", {"sync_power_state_interval": 600}, CLUSTERED),
    ("cluster-companions", {"handle_virt_lifecycle_events": True}, CLUSTERED),
    ("cluster-companions", {"instances_path": r"C:\OpenStack\Instances"}, CLUSTERED),
    ("cluster-lock", {"backend_url": None}, CLUSTERED),
    ("cluster-lock", {"backend_url": "file:///C:/OpenStack/Lock"}, CLUSTERED),
    ("cluster-lock", {"backend_url": "etcd3+http://127.0.0.1:2379?api_version=v3"}, CLUSTERED),
    ("cluster-lock", {"backend_url": "mysql://u:p@LocalHost/db"}, CLUSTERED),
    ("cluster-timeout", {"connect_cluster_timeout": None}, CLUSTERED),
    ("cluster-timeout", {"connect_cluster_timeout": 0}, CLUSTERED),
    ("lock-url", {"backend_url": "etcd3+http://h:2379"}, CLUSTERED),
    ("lock-url", {"backend_url": "mysql://u:p%40w@h/db"}, CLUSTERED),
    ("lock-url", {"backend_url": "file://srv/share"}, CLUSTERED),
    ("lock-url", {"backend_url": CLUSTER_URL, "release": "yoga"}, CLUSTERED),
    ("instances-path", {"instances_path": None}, None),
    ("instances-path", {"instances_path": r"OpenStack\Instances"}, None),
    ("instances-path", {"instances_path": "/var/lib/nova"}, None),
    ("state-path", {"state_path": None}, None),
    ("state-path", {"state_path": r"\\s\share\state"}, None),
    ("state-path", {"state_path": r"C:\ClusterStorage\V1\state"}, None),
    ("state-path", {"state_path": r"C:\venv\Lib\site-packages\x"}, None),
    ("state-path", {"state_path": r"C:\OpenStack\venv\state", "virtualenv": "C:/OpenStack/venv/"}, None),
    ("state-path", {"state_path": "state"}, None),
    ("lock-path", {"lock_path": None}, None),
    ("transport-url", {"transport_url": None}, None),
    ("transport-url", {"transport_url": "host:5672"}, None),
    ("transport-url", {"transport_url": "rabbit://u:p%w@h/"}, None),
    ("transport-url", {"transport_url": "rabbit://u:p@w@h/"}, None),
    ("service-user", {"service_user.auth_type": "password", "service_user.send_service_user_token": True, "keystone": None}, None),
    ("pci-devices", {"pci.device_spec": "{'address': 1}"}, None),
    ("pci-devices", {"pci.alias": '[{"name": "a"}]'}, None),
    ("image-cache-folder", {"image_cache.subdirectory_name": "cache"}, None),
    ("config-drive-format", {"DEFAULT.config_drive_format": "vfat"}, None),
    ("console-ports", {"rdp.enabled": True, "serial_console.enabled": True}, None),
]

WARNED: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
    ("cluster-lock", {"backend_url": CLUSTER_URL}, None),
    ("cluster-processors", {"limit_cpu_features": None}, CLUSTERED),
    ("cluster-volumes", {"use_multipath_io": True}, CLUSTERED),
    ("cluster-volumes", {"iscsi_initiator_list": ["a"]}, CLUSTERED),
    ("cluster-lock", {"backend_url": "file:///C:/ClusterStorage/V/lock"}, CLUSTERED),
    ("lock-url", {"backend_url": "redis://h"}, CLUSTERED),
    ("instances-path", {"instances_path": r"X:\OpenStack"}, None),
    ("state-path", {"state_path": None, "release": "zed"}, None),
    ("lock-path", {"lock_path": r"\\s\share\lock"}, None),
    ("log-rotation", {"DEFAULT.log_rotation_type": "none"}, None),
    ("log-rotation", {"log_dir": None, "log_file": None}, None),
    ("my-ip", {"my_ip": None}, None),
    ("host-name", {"host": "node1"}, None),
    ("service-user", {"service_user.send_service_user_token": False, "keystone": None, "accept": ["service-credentials"]}, None),
    ("database", {"database.connection": "mysql+pymysql://u:p@h/nova"}, None),
    ("pci-id-case", {"pci_devices": [{"vendor_id": "10de", "product_id": "1eb8"}]}, None),
    ("multipath", {"iscsi_initiator_list": ["a", "b"]}, None),
    ("multipath", {"iscsi_initiator_list": [r"PCI\VEN\\4"], "use_multipath_io": True}, None),
    ("shared-overcommit", {"DEFAULT.reserved_host_disk_mb": None}, CLUSTERED),
    ("csv-image-cache", {"instances_path": r"C:\ClusterStorage\V1\i"}, CLUSTERED),
    ("remotefx", {"hyperv.enable_remotefx": True}, None),
]


@pytest.mark.parametrize(("rule", "changes", "base"), REFUSED)
def test_refusals(rule: str, changes: dict[str, Any], base: dict[str, Any] | None) -> None:
    refused, _warned = said(whole(changes, base))
    assert rule in refused
    assert set(refused) <= {rule, *ALSO.get(rule, ())}


@pytest.mark.parametrize(("rule", "changes", "base"), REFUSED)
def test_an_accepted_refusal_is_a_warning(rule: str, changes: dict[str, Any], base: dict[str, Any] | None) -> None:
    refused, warned = said(whole({**changes, "accept": [rule, *ALSO.get(rule, ())]}, base))
    assert (refused, rule in warned) == ([], True)


# A missing driver is no cluster either, and a lock that is wrong may be local too.
ALSO = {"compute-driver": ("cluster-lock",), "lock-url": ("cluster-lock",)}


@pytest.mark.parametrize(("rule", "changes", "base"), WARNED)
def test_warnings(rule: str, changes: dict[str, Any], base: dict[str, Any] | None) -> None:
    assert said(whole(changes, base)) == ([], [rule])
    accepted = [rule, *changes.get("accept", ())]
    assert said(whole({**changes, "accept": accepted}, base)) == ([], [])


def test_every_rule_is_tested() -> None:
    assert {rule for rule, *_rest in (*REFUSED, *WARNED)} | {"service-credentials"} == set(engine.NOVA.rules)


def test_missing_credentials_are_named() -> None:
    refused, warned = said(whole({"keystone": None, "service_user.send_service_user_token": False}))
    assert (refused, warned) == ([], ["service-user", "service-credentials", "service-credentials"])


def test_host_must_be_the_computer_name() -> None:
    assert said(whole({"host": "NODE1"}), Host("node1")) == ([], [])
    assert said(whole({"host": "node1.example"}), Host("node1"))[0] == ["host-name"]


@pytest.mark.parametrize(
    ("host", "computer", "node", "refused", "warned"),
    [
        (None, "NODE1", "NODE1", [], []),
        (None, "NODE1", "", [], []),
        (None, "", "", [], []),
        ("NODE1", "NODE1", "NODE1", [], []),
        ("node1", "NODE1", "NODE1", ["host-name"], []),
        ("node2", "NODE1", "NODE1", ["host-name"], []),
        (None, "node1", "NODE1", [], ["host-name"]),
        ("node1", "node1", "NODE1", [], ["host-name"]),
    ],
)
def test_in_a_cluster_letter_case_counts(host: str | None, computer: str, node: str, refused: list[str], warned: list[str]) -> None:
    """An instance that failed over gets the cluster's name of the node as its host, and so the name of its message queue."""
    assert said(whole({"host": host}, CLUSTERED), Host(computer, node)) == (refused, warned)
    assert "host-name" not in said(whole({"host": host}), Host(computer, node))[0] or host == "node2"


@pytest.mark.parametrize(
    ("url", "release", "words"),
    [
        (CLUSTER_URL, "zed", ""),
        ("etcd3+https://h:2379?api_version=v3&ca_cert=a&cert_key=b&cert_cert=c", "2023.2", ""),
        ("etcd3+http://h:2379?api_version=v3&cert_file=c", "2023.2", "cert_file"),
        ("etcd3+http://h:2379?api_version=v3alpha", "2023.1", "api_version=v3"),
        ("etcd3+http://:2379?api_version=v3", "2023.1", "host"),
        ("etcd3://h", "2023.1", "etcd3+http"),
        ("etcd://h", "2023.1", "etcd3+http"),
        ("mysql://u:p@w@h:3306/db", "yoga", ""),
        ("mysql://u:p@h", "yoga", "database"),
        ("mysql://u:p@h/db?ssl_ca=C:/ca.pem", "zed", ""),
        ("mysql://u:p@h/db?ssl_ca=C:/ca.pem", "yoga", "without TLS"),
        ("mysql://u:p@h/db?ssl_cert=C:/c.pem&ssl_key=C:/k.pem", "zed", "does not verify"),
        ("mysql://u:p@h/db?timeout=3", "zed", "timeout"),
        ("mysql://h/db", "yoga", "user"),
        ("mysql+pymysql://u:p@h/db", "zed", "mysql://"),
        ("file:////s/share/dir", "zed", ""),
        ("file:////s/share", "zed", ""),
        ("file:////s", "zed", "four slashes|file:////"),
        ("file:///C:/lock", "zed", ""),
        ("file://C:/lock", "zed", "two slashes"),
        ("file:////s/share/a%20b", "zed", "%xx"),
        ("nonsense://h", "zed", "no driver"),
        ("memcached://h", "zed", ""),
        ("http://[h", "zed", "not a URL"),
    ],
)
def test_lock_urls(url: str, release: str, words: str) -> None:
    problems = lock_url.problems(url, release)
    assert bool(problems) == bool(words)
    assert not words or any(word in problems[0] for word in words.split("|"))
    assert not any(url in problem for problem in problems)


ETCD = "etcd3+https://etcd.example:2379?api_version=v3&ca_cert=C:/etc/ca.pem&cert_key=C:/etc/k.pem&cert_cert=C:/etc/c.pem"


@pytest.mark.parametrize(
    ("url", "kind", "endpoint", "folder", "packages"),
    [
        (ETCD, "etcd", ("etcd.example", 2379), "", ("tooz", "etcd3gw")),
        ("etcd3+http://[fd00::7]?api_version=v3", "etcd", ("fd00::7", 2379), "", ("tooz", "etcd3gw")),
        ("mysql://u:p@w@DB/locks", "mysql", ("db", 3306), "", ("tooz", "PyMySQL")),
        ("mysql://u:p@db:3307/locks", "mysql", ("db", 3307), "", ("tooz", "PyMySQL")),
        ("file:////FS1/Locks/nova/x", "share", ("fs1", 445), r"\\FS1\Locks", ("tooz",)),
        ("file:///C:/ClusterStorage/Volume1/lock", "cluster_volume", None, r"C:\ClusterStorage\Volume1", ("tooz",)),
        ("file:///C:/OpenStack/Lock", "local", None, "", ("tooz",)),
        ("redis://h:6379", "other", None, "", ("tooz",)),
    ],
)
def test_what_a_lock_url_needs(url: str, kind: str, endpoint: Any, folder: str, packages: tuple[str, ...]) -> None:
    assert (lock_url.kind(url), lock_url.endpoint(url), lock_url.folder(url)) == (kind, endpoint, folder)
    assert lock_url.packages(url) == packages


def test_files_that_a_lock_url_names() -> None:
    assert lock_url.files(ETCD) == [r"C:\etc\ca.pem", r"C:\etc\k.pem", r"C:\etc\c.pem"]
    assert lock_url.files("mysql://u:p@h/db?ssl_ca=D:\\ca.pem") == [r"D:\ca.pem"]
    assert lock_url.files("file:////s/share") == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mysql://tooz:p@w:x@10.0.0.11:3306/locks", "mysql://tooz:********@10.0.0.11:3306/locks"),
        ("etcd3+http://u:p@h?api_version=v3", "etcd3+http://u:********@h?api_version=v3"),
        ("mysql://u@h/db", "mysql://u@h/db"),
        ("file:////s/share", "file:////s/share"),
    ],
)
def test_a_lock_url_without_its_password(url: str, shown: str) -> None:
    assert lock_url.without_password(url) == shown


@pytest.mark.parametrize(
    ("url", "versions", "words"),
    [
        (ETCD, {"tooz": "4.2.0", "etcd3gw": "2.1.0"}, []),
        (ETCD, {"tooz": "7.0.0", "etcd3gw": "2.1.0"}, []),
        (ETCD, {"tooz": "2.10.1", "etcd3gw": "1.0.1"}, ["tooz 2.10.1 speaks only"]),
        (ETCD, {"tooz": "4.2.0"}, ["etcd3gw is missing"]),
        ("mysql://u:p@h/db", {}, ["tooz is missing", "PyMySQL is missing"]),
        ("file:////s/share", {"tooz": "4.2.0"}, []),
        ("file:////s/share", {"tooz": "7.0.0"}, ["tooz 7.0.0 has no file locks on Windows"]),
        ("file:///C:/ClusterStorage/V/l", {"tooz": "10.1"}, ["tooz 10.1 has no file locks on Windows"]),
        ("redis://h", {"tooz": "4.2.0"}, []),
    ],
)
def test_packages_that_can_use_a_lock_url(url: str, versions: dict[str, str], words: list[str]) -> None:
    problems = lock_url.package_problems(url, versions)
    assert len(problems) == len(words)
    assert all(word in problem for word, problem in zip(words, problems, strict=True))


@pytest.mark.parametrize(("text", "sound"), [*SPECS, ('{"devname": "eth0"}', False)])
def test_device_specs(text: str, sound: bool) -> None:
    assert (pci.spec_problems([text]) == []) == sound


@pytest.mark.parametrize(("texts", "sound"), ALIASES)
def test_aliases(texts: list[str], sound: bool) -> None:
    assert (pci.alias_problems(texts, "2023.2") == []) == sound


def test_alias_traits_are_new_in_2023_1() -> None:
    assert pci.alias_problems(['{"name": "a", "traits": "X"}'], "zed") != []


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("2024.1", "cannot load"),
        ("2025.2", "cannot load"),
        ("caracal", "cannot load"),
        ("2031.1", "cannot load"),
        ("train", "this old"),
        ("bobcat", "2023.2"),
        ("Zed", "'zed'"),
        ("x", "not an OpenStack release"),
    ],
)
def test_releases_without_a_catalogue(release: str, words: str) -> None:
    problem = release_problem(release)
    assert words in problem
    assert "known are yoga, zed, 2023.1, 2023.2" in problem


@pytest.mark.parametrize(
    ("release", "control_plane", "words"),
    [
        ("2023.2", "2023.2", ""),
        ("2023.1", "2024.1", ""),
        ("zed", "2023.2", "refuses"),
        ("yoga", "2023.2", "refuses"),
        ("2023.2", "2025.2", "refuses"),
        ("2023.2", "2025.1", "nobody"),
        ("2023.2", "zed", "older"),
        ("2023.2", "2031.1", "not known"),
        ("2023.2", "Epoxy", "nobody"),
    ],
)
def test_control_planes(release: str, control_plane: str, words: str) -> None:
    warning = control_plane_warning(release, control_plane)
    assert words in warning
    assert bool(warning) == bool(words)
