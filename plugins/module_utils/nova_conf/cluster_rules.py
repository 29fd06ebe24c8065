# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the cluster driver needs beside itself. One function a rule, as in rules.py."""
from __future__ import annotations

from . import lock_url
from .configuration import Configuration, Rule, Verdicts, is_shared, refusal, warning


def cluster_companions(conf: Configuration) -> Verdicts:
    """compute-hyperv's doc/source/configuration: what the cluster driver needs beside itself."""
    if not conf.clustered:
        return
    if conf.value("DEFAULT", "sync_power_state_interval") != -1:
        yield refusal("[DEFAULT] sync_power_state_interval: the cluster driver needs -1, or nova undoes what the cluster does to instances")
    if conf.value("workarounds", "handle_virt_lifecycle_events") is not False:
        yield refusal("[workarounds] handle_virt_lifecycle_events: the cluster driver needs false")
    path = conf.value("DEFAULT", "instances_path") or ""
    if not is_shared(path):
        yield refusal(
            f"[DEFAULT] instances_path: '{path}': the cluster driver needs storage that every node sees under one name: "
            r"a cluster shared volume (C:\ClusterStorage\...) or an SMB share (\\SERVER\SHARE\...)"
        )


def cluster_lock(conf: Configuration) -> Verdicts:
    """Only the cluster driver uses the lock backend; its default locks nothing across nodes."""
    url = conf.value("coordination", "backend_url") or ""
    if not conf.clustered:
        if conf.given("coordination", "backend_url"):
            yield warning("[coordination] backend_url: the stand-alone driver never reads it; only the cluster driver takes locks")
        return
    if lock_url.is_local(url):
        yield refusal(
            "[coordination] backend_url: this lock is local to the host, so two nodes can fail over one instance at the same time; use "
            "etcd3+http://HOST:2379?api_version=v3, mysql://USER:PASSWORD@HOST:3306/DATABASE or file:////SERVER/SHARE/FOLDER"
        )
    if lock_url.is_on_csv(url):
        yield warning("[coordination] backend_url: that file locks on a cluster shared volume hold between nodes is not confirmed")


def cluster_timeout(conf: Configuration) -> Verdicts:
    """os-win asks the cluster's WMI provider again and again, without end when this is 0 (os_win utils/compute/clusterutils.py)."""
    if conf.clustered and (conf.value("os_win", "connect_cluster_timeout") or 0) <= 0:
        yield refusal(
            "[os_win] connect_cluster_timeout: is 0, so nova-compute waits for ever when the cluster service is not there after a restart, "
            "and its service shows Running; write a number of seconds, such as 300"
        )


def cluster_processors(conf: Configuration) -> Verdicts:
    """compute-hyperv's doc: instances move between processors only where each has what the instance saw when it started."""
    if conf.clustered and not conf.given("hyperv", "limit_cpu_features"):
        yield warning(
            "[hyperv] limit_cpu_features: is not set, so a running instance cannot move to a node whose processor has fewer features; "
            "write true where the nodes' processors differ, false where they are all the same"
        )


def cluster_volumes(conf: Configuration) -> Verdicts:
    """The cluster driver attaches SMB volumes only, and refuses iSCSI and Fibre Channel (compute_hyperv cluster/volumeops.py)."""
    used = [name for name in ("use_multipath_io", "iscsi_initiator_list") if conf.value("hyperv", name)]
    if conf.clustered and used:
        yield warning(
            f"[hyperv] {', '.join(used)}: the cluster driver takes only SMB volumes of Cinder, and refuses iSCSI and Fibre Channel when "
            "one is attached (VolumeDriverNotFound)"
        )


CLUSTER_RULES: dict[str, Rule] = {
    "cluster-companions": cluster_companions,
    "cluster-lock": cluster_lock,
    "cluster-timeout": cluster_timeout,
    "cluster-processors": cluster_processors,
    "cluster-volumes": cluster_volumes,
}
