# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What belongs together in a nova.conf for Hyper-V. One function a rule; docs/nova-conf.md lists them with their sources.

A rule looks at the whole configuration as it will stand in the file and yields verdicts. The name of a rule is what a task's
`accept` option takes: an accepted refusal becomes a warning, an accepted warning is silent.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from . import lock_url, pci
from .cluster_rules import CLUSTER_RULES
from .configuration import (
    CLUSTER_DRIVER,
    DRIVER,
    Configuration,
    Rule,
    Verdict,
    Verdicts,
    has_drive,
    is_csv,
    is_shared,
    is_unc,
    refusal,
    warning,
)
from .releases import at_least
from .structured import pci_option


def compute_driver(conf: Configuration) -> Verdicts:
    """nova loads `nova.virt.` + the value; compute-hyperv ships two classes under that name (facts: nova/virt/driver.py)."""
    driver = conf.value("DEFAULT", "compute_driver")
    if driver in (DRIVER, CLUSTER_DRIVER):
        return
    wrong = {
        None: "it is not set, and nova-compute exits without it",
        "hyperv.HyperVDriver": "that is nova's in-tree driver, which was experimental at the end and is gone from nova 29",
    }
    reason = wrong.get(driver, "nova loads 'nova.virt.' + the value, and compute-hyperv has no such class")
    yield refusal(f"[DEFAULT] compute_driver: '{driver}': {reason}; write {DRIVER}, or {CLUSTER_DRIVER} for a failover cluster")


def lock_backend(conf: Configuration) -> Verdicts:
    """The URL as this release's tooz takes it."""
    if not conf.given("coordination", "backend_url"):
        return
    url = conf.value("coordination", "backend_url") or ""
    for problem in lock_url.problems(url, conf.release):
        yield refusal(f"[coordination] backend_url: {problem}")
    if not lock_url.problems(url, conf.release) and lock_url.is_untried(url):
        yield warning("[coordination] backend_url: nobody tried this tooz backend with the driver; etcd3+http(s), mysql, file were")


# Paths -------------------------------------------------------------------------------------------------------------------------

def instances_path(conf: Configuration) -> Verdicts:
    """Four forms: local, mapped drive, UNC, cluster shared volume. The default lies in Python's site-packages."""
    if not conf.given("DEFAULT", "instances_path"):
        yield refusal(r"[DEFAULT] instances_path: must be set; its default lies in Python's site-packages. Example: C:\OpenStack\Instances")
        return
    path = conf.value("DEFAULT", "instances_path") or ""
    if not is_unc(path) and not has_drive(path):
        yield refusal(
            rf"[DEFAULT] instances_path: '{path}': an absolute path is needed: C:\FOLDER, \\SERVER\SHARE or C:\ClusterStorage\VOLUME"
        )
    if has_drive(path) and path[0].upper() != "C" and not is_csv(path):
        yield warning(
            f"[DEFAULT] instances_path: '{path}': fine for a local disk; a share that is mapped to a drive letter is not there for a "
            r"service, which logs on in a session of its own: write \\SERVER\SHARE"
        )


def state_path(conf: Configuration) -> Verdicts:
    """From nova 27 on state_path holds compute_id; without it a later start is refused (nova/virt/node.py, compute/manager.py)."""
    identity = at_least(conf.release, "2023.1")
    path = conf.value("DEFAULT", "state_path") or ""
    if not conf.given("DEFAULT", "state_path"):
        text = "[DEFAULT] state_path: is not set, and its default lies in Python's site-packages"
        if identity:
            yield refusal(rf"{text}: the node's identity (compute_id) would be lost with the next upgrade. Example: C:\OpenStack\State")
        else:
            yield warning(f"{text}; set it before an upgrade to 2023.1, which keeps the node's identity there")
        return
    judge = refusal if identity else warning
    if is_shared(path):
        yield judge(f"[DEFAULT] state_path: '{path}': must be local: it holds the host's identity, which two hosts cannot share")
    elif not has_drive(path):
        yield refusal(rf"[DEFAULT] state_path: '{path}': an absolute Windows path is needed, for example C:\OpenStack\State")
    if _inside_python(path, conf.virtualenv):
        yield judge(f"[DEFAULT] state_path: '{path}': must outlive the virtual environment, which the next upgrade replaces")


def _inside_python(path: str, virtualenv: str) -> bool:
    plain = path.replace("/", "\\").rstrip("\\").lower() + "\\"
    folder = virtualenv.replace("/", "\\").rstrip("\\").lower() + "\\"
    return "\\site-packages\\" in plain or (bool(virtualenv) and plain.startswith(folder))


def lock_path(conf: Configuration) -> Verdicts:
    """External locks raise RequiredOptError without it, when the first one is taken (oslo.concurrency)."""
    path = conf.value("oslo_concurrency", "lock_path")
    if not path:
        yield refusal(r"[oslo_concurrency] lock_path: must be set, or the first lock fails. Example: C:\OpenStack\Lock")
    elif is_shared(path):
        yield warning(f"[oslo_concurrency] lock_path: '{path}': these locks are for the processes of one host; use a local folder")


def log_rotation(conf: Configuration) -> Verdicts:
    """Nothing else on Windows rotates a log."""
    if not any(conf.value("DEFAULT", name) for name in ("log_dir", "log_file", "use_eventlog")):
        yield warning(r"[DEFAULT] log_dir: is not set, so the log is lost; usual is C:\OpenStack\Log, with a log_file")
        return
    if conf.value("DEFAULT", "log_rotation_type") == "none":
        yield warning("[DEFAULT] log_rotation_type: is none, and nothing else on Windows rotates the log; use size or interval")


# Identity and services ---------------------------------------------------------------------------------------------------------

def transport_url(conf: Configuration) -> Verdicts:
    """The default points at a RabbitMQ on the host itself; `%` in credentials begins an escape."""
    if not conf.given("DEFAULT", "transport_url"):
        yield refusal("[DEFAULT] transport_url: must be set; its default is a RabbitMQ on the host itself. Example: rabbit://USER:PASSWORD@HOST:5672/")
        return
    url = conf.value("DEFAULT", "transport_url") or ""
    if not re.match(r"[a-z]+://", url):
        yield refusal("[DEFAULT] transport_url: it must begin with a transport, such as rabbit://USER:PASSWORD@HOST:5672/")
    if re.search(r"%(?![0-9A-Fa-f]{2})", url):
        yield refusal("[DEFAULT] transport_url: a % in user or password must be written as %25")
    if url.partition("://")[2].count("@") > url.count(",") + 1:
        yield refusal("[DEFAULT] transport_url: an @ in user or password must be written as %40")


def my_ip(conf: Configuration) -> Verdicts:
    """Detected from the default route otherwise; also the address that RDP consoles and volume attachments use."""
    if not conf.given("DEFAULT", "my_ip"):
        yield warning("[DEFAULT] my_ip: is not set; the detected address is a matter of chance on a host with several networks")


def host_name(conf: Configuration) -> Verdicts:
    """The driver reaches peers as \\\\host\\C$. In a cluster it makes the node's name the host of an instance that failed over, and the
    name of a message queue counts letter case (compute_hyperv cluster/clusterops.py)."""
    name, node = conf.host.computer_name, conf.host.node_name
    if conf.clustered and node and name and node != name:
        yield warning(
            f"[DEFAULT] host: the cluster calls this node '{node}', and Windows '{name}': nova looks for an instance that failed over "
            "under the first and its service answers to the second; rename the computer so that both are the same, letter case included"
        )
    if not conf.given("DEFAULT", "host"):
        return
    host = str(conf.value("DEFAULT", "host"))
    if not name:
        yield warning(f"[DEFAULT] host: '{host}': must be the Windows computer name, which is not known here; leave it out to be safe")
    elif host.lower() != name.lower():
        yield refusal(
            f"[DEFAULT] host: '{host}': must be the Windows computer name '{name}': other hosts reach this one under it, and the cluster "
            "driver compares the two"
        )
    elif conf.clustered and host != name:
        yield refusal(
            f"[DEFAULT] host: '{host}': must be '{name}' in the same letter case: the cluster driver makes the node's name the host of an "
            "instance, and the name of its message queue counts letter case"
        )


def service_user(conf: Configuration) -> Verdicts:
    """Required of every nova service since the fix of CVE-2023-2088 (nova doc admin/configuration/service-user-token)."""
    if conf.value("service_user", "send_service_user_token") is not True:
        yield warning("[service_user] send_service_user_token: must be true, with credentials, since the fix of CVE-2023-2088")
        return
    yield from _credentials(conf, "service_user", refusal)


def placement_and_neutron(conf: Configuration) -> Verdicts:
    """nova-compute reports its inventory to placement and plugs ports through neutron; both need credentials of their own."""
    for group in ("placement", "neutron"):
        yield from _credentials(conf, group, warning)


def _credentials(conf: Configuration, group: str, judge: Callable[[str], Verdict]) -> Verdicts:
    if not conf.value(group, "auth_type") and not conf.value(group, "auth_section"):
        yield judge(f"[{group}] auth_type: is not set, so nova-compute cannot log on there (auth_url, username, password ... follow it)")
    elif conf.value(group, "auth_type") == "password":
        missing = [name for name in ("auth_url", "username", "password") if not conf.value(group, name)]
        missing = [name for name in missing if not (name == "username" and conf.value(group, "user_id"))]
        if missing:
            yield judge(f"[{group}] {', '.join(missing)}: missing for auth_type password")


def database(conf: Configuration) -> Verdicts:
    """nova-compute never opens a database; a password there is one more place to lose it (nova/cmd/compute.py)."""
    for group in ("database", "api_database"):
        if conf.given(group, "connection"):
            yield warning(f"[{group}] connection: nova-compute never uses the database; leave it out of a compute node's file")


# Devices, storage, consoles ----------------------------------------------------------------------------------------------------

def pci_devices(conf: Configuration) -> Verdicts:
    """A bad entry stops nova-compute at start; an id with letters never matches on Windows."""
    name = pci_option(conf.release)
    specs = [str(text) for text in conf.value("pci", name) or ()]
    for problem in pci.spec_problems(specs):
        yield refusal(f"[pci] {name}: {problem}")
    for problem in pci.alias_problems([str(text) for text in conf.value("pci", "alias") or ()], conf.release):
        yield refusal(f"[pci] alias: {problem}")


def pci_id_case(conf: Configuration) -> Verdicts:
    """nova lower-cases the configured id and compares it with the id in the device path, which Windows writes in upper case."""
    name = pci_option(conf.release)
    for entry in pci.never_matching(str(text) for text in conf.value("pci", name) or ()):
        yield warning(
            f"[pci] {name}: {entry}: an id with letters can never match where Windows reports it in upper case, as is usual; "
            "give the device's address instead of the ids (DDDD:BB:SS.F, as win_hv_pci_dismount returns it)"
        )


def multipath(conf: Configuration) -> Verdicts:
    """compute-hyperv's doc: several paths need use_multipath_io; the doc's own example doubles a backslash."""
    initiators = conf.value("hyperv", "iscsi_initiator_list") or []
    if len(initiators) > 1 and not conf.value("hyperv", "use_multipath_io"):
        yield warning("[hyperv] use_multipath_io: is false although iscsi_initiator_list names several initiators")
    for name in initiators:
        if "\\\\" in str(name):
            yield warning(f"[hyperv] iscsi_initiator_list: '{name}': a doubled backslash stays doubled; compare with Get-InitiatorPort")


def shared_overcommit(conf: Configuration) -> Verdicts:
    """Every node reports the whole capacity of a shared volume to placement, so it is sold once a node."""
    path = conf.value("DEFAULT", "instances_path") or ""
    if is_shared(path) and not conf.given("DEFAULT", "reserved_host_disk_mb") and not conf.given("DEFAULT", "disk_allocation_ratio"):
        yield warning(
            f"[DEFAULT] instances_path: '{path}' is shared: every node reports its whole capacity, so placement overcommits it; set "
            "reserved_host_disk_mb or a disk_allocation_ratio of 1 divided by the number of nodes"
        )


def csv_image_cache(conf: Configuration) -> Verdicts:
    """compute-hyperv's doc: with different volumes per host the image cache cannot see which images are in use."""
    path = conf.value("DEFAULT", "instances_path") or ""
    if is_csv(path) and conf.value("image_cache", "remove_unused_base_images") is not False:
        yield warning("[image_cache] remove_unused_base_images: must be false when the hosts use different cluster shared volumes")


def image_cache_folder(conf: Configuration) -> Verdicts:
    """The driver hard-codes `_base` (compute_hyperv/nova/pathutils.py)."""
    if conf.value("image_cache", "subdirectory_name") != "_base":
        yield refusal("[image_cache] subdirectory_name: the driver knows only _base")


def config_drive_format(conf: Configuration) -> Verdicts:
    """The driver refuses anything but iso9660 when an instance starts."""
    value = conf.value("DEFAULT", "config_drive_format")
    if value != "iso9660":
        yield refusal(f"[DEFAULT] config_drive_format: '{value}': the driver builds only iso9660")


def console_ports(conf: Configuration) -> Verdicts:
    """[rdp] html5_proxy_base_url and [serial_console] base_url have the same port by default."""
    if not (conf.value("rdp", "enabled") and conf.value("serial_console", "enabled")):
        return
    rdp, serial = (_address(conf.value(group, name)) for group, name in (("rdp", "html5_proxy_base_url"), ("serial_console", "base_url")))
    if rdp == serial:
        yield refusal(
            f"[rdp] html5_proxy_base_url and [serial_console] base_url are both at {rdp[0]}:{rdp[1]}: two proxies cannot listen on one port"
        )


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or {"http": 80, "ws": 80, "https": 443, "wss": 443}.get(parts.scheme, 0)


def remotefx(conf: Configuration) -> Verdicts:
    """Current Windows has no RemoteFX any more."""
    if conf.value("hyperv", "enable_remotefx"):
        yield warning("[hyperv] enable_remotefx: RemoteFX is removed from current Windows; leave it false")


RULES: dict[str, Rule] = {
    "compute-driver": compute_driver,
    **CLUSTER_RULES,
    "lock-url": lock_backend,
    "instances-path": instances_path,
    "state-path": state_path,
    "lock-path": lock_path,
    "log-rotation": log_rotation,
    "transport-url": transport_url,
    "my-ip": my_ip,
    "host-name": host_name,
    "service-user": service_user,
    "service-credentials": placement_and_neutron,
    "database": database,
    "pci-devices": pci_devices,
    "pci-id-case": pci_id_case,
    "multipath": multipath,
    "shared-overcommit": shared_overcommit,
    "csv-image-cache": csv_image_cache,
    "image-cache-folder": image_cache_folder,
    "config-drive-format": config_drive_format,
    "console-ports": console_ports,
    "remotefx": remotefx,
}
