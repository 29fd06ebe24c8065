# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each promise about storage, the driver's package, accounts and names, broken behind the collection's back."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsal.machine import Machine
from rehearsal.machine.accounts import ADMINISTRATORS, HYPER_V_ADMINISTRATORS
from rehearsal.machine.directory import Directory, DirectorySpec
from rehearsal.machine.fields import Fields
from rehearsal.software import msi

from tests.integration.promises.node import Node
from tests.unit.rehearsal.cmdlets.hosts import Host

IQN = "iqn.2026-01.org.example:hv01"
PORTAL = {"address": "10.40.0.10", "ports": [3260]}
PRODUCT = "{0D2C4F4A-1B2C-4D5E-8F90-A1B2C3D4E5F6}"
NOVA = r"EXAMPLE\nova"

Change = Callable[[Machine], Any]


def storage_node() -> Node:
    host = Host(storage={"san_policy": "OnlineAll", "fibre_ports": [{}]}, network={"servers": [PORTAL]})
    return Node(host, {"storage": {
        "san_policy": "offline_shared", "iscsi": True, "initiator_name": IQN, "fibre_channel": True, "portals": [{"address": "10.40.0.10"}],
    }})


def instances_node() -> Node:
    return Node(Host(), {"instance_paths": {"path": r"C:\OpenStack\Instances", "minimum_free_gb": 10}})


def account_node() -> Node:
    host = Host(domain="example.org", accounts=[{"name": NOVA, "password": "S3cret-1"}])
    host.machine.services.create("nova-compute", r"C:\Windows\nova.exe")
    return Node(host, {"service_account": {
        "name": "nova-compute", "account": NOVA, "password": "S3cret-1", "password_version": "1",
        "groups": [ADMINISTRATORS, HYPER_V_ADMINISTRATORS],
    }})


def driver_node() -> Node:
    host = Host()
    facts = {
        "product_code": PRODUCT, "name": "OpenStack Hyper-V Nova Driver Yoga", "version": "25.0.0",
        "services": [{"name": "nova-compute", "display_name": "nova", "path": r"[INSTALLDIR]\nova.exe"}],
    }
    package = msi.Package.read(Fields(facts, "downloads.nova"))
    msi.lay_down(host.machine, package, {}, ["ALL"])
    return Node(host, {"driver_msi": {"version": "25.0.0"}})


def domain_node() -> Node:
    host = Host(computer_name="hv01", domain="example.org")
    host.machine.directory = Directory(DirectorySpec(dns_name="example.org", netbios_name="EXAMPLE", accounts=("hv01",)))
    return Node(host, {"domain": {"hostname": "HV01", "dns_domain_name": "Example.org"}})


NODES: dict[str, Callable[[], Node]] = {
    "storage": storage_node, "instance_paths": instances_node, "service_account": account_node, "driver_msi": driver_node,
    "domain": domain_node,
}


def service(name: str, **changes: Any) -> Change:
    return lambda machine: machine.services.configure(name, **changes)


@pytest.mark.parametrize(("section", "paths"), [
    ("storage", {"registry SanPolicy", "registry Start", "Get-Service", "CIM MSiSCSIInitiator_MethodClass",
                 "CIM MSFT_InitiatorPort, as it is read", "Test-NetConnection, as it is read"}),
    ("instance_paths", {"CIM Win32_Directory", "CIM Win32_LogicalDisk"}),
    ("service_account", {"registry ObjectName", "registry, as it is read", "CIM Win32_GroupUser"}),
    ("driver_msi", {"Get-Service", "registry InstallProperties of Windows Installer"}),
    ("domain", {"registry Tcpip", "CIM Win32_ComputerSystem, as it is read", "Test-ComputerSecureChannel"}),
])
def test_all_are_kept(section: str, paths: set[str]) -> None:
    node = NODES[section]()
    node.converge()
    seen = node.seen()
    assert [row for row in seen if not row["kept"]] == []
    assert {row["seen_by"] for row in seen} == paths


@pytest.mark.parametrize(("section", "change", "broken"), [
    ("storage", lambda machine: machine.storage.set_new_disk_policy(1), {"san_policy": "online_all"}),
    ("storage", service("MSiSCSI", start_mode="Manual"), {"iscsi_service.start_mode": "manual"}),
    ("storage", lambda machine: machine.services.stop("MSiSCSI"), {"iscsi_service.running": False}),
    ("storage", lambda machine: machine.storage.set_node_address("iqn.2026-01.org.example:other"),
     {"initiator_name": "iqn.2026-01.org.example:other"}),
    ("instance_paths", lambda machine: machine.files.delete(r"C:\OpenStack\Instances"), {r"C:\OpenStack\Instances": None}),
    ("service_account", service("nova-compute", account="LocalSystem"), {"account": "LocalSystem"}),
    ("service_account", lambda machine: machine.accounts.groups[HYPER_V_ADMINISTRATORS].clear(),
     {f"groups.{HYPER_V_ADMINISTRATORS}": None}),
    ("driver_msi", lambda machine: machine.registry.set(msi.installer_key(PRODUCT), "DisplayVersion", "24.0.0", "String"),
     {"version": "24.0.0"}),
    ("driver_msi", lambda machine: machine.services.delete("nova-compute"), {"service": None}),
    ("domain", lambda machine: machine.rename("other"), {"hostname after a restart": "OTHER"}),
])
def test_each_broken_promise_is_the_one_that_shows(section: str, change: Change, broken: dict[str, Any]) -> None:
    node = NODES[section]()
    node.converge()
    change(node.host.machine)
    assert node.broken() == {f"{section}.{name}": found for name, found in broken.items()}


def test_a_policy_that_nobody_ever_set_is_asked_for_in_the_usual_way() -> None:
    node = Node(Host(storage={"san_policy": "OfflineShared"}), {"storage": {"san_policy": "offline_shared"}})
    (row,) = node.seen()
    assert (row["kept"], row["seen_by"]) == (True, "Get-StorageSetting, as it is read")
    object.__setattr__(node.host.machine.spec.storage, "san_policy", "OnlineAll")
    assert node.broken() == {"storage.san_policy": "online_all"}


def test_storage_that_is_not_reached() -> None:
    node = storage_node()
    node.converge()
    unreachable = Node(Host(storage={"san_policy": "OnlineAll", "fibre_ports": [{}]}), node.sections)
    broken = unreachable.broken()
    assert broken["storage.endpoints.10.40.0.10:3260"] == "no TCP connection to 10.40.0.10"
    no_ports = Node(Host(network={"servers": [PORTAL]}), node.sections)
    assert no_ports.broken()["storage.fibre_channel"] == 0


def test_a_disk_that_filled_up() -> None:
    node = instances_node()
    node.converge()
    disk = node.host.machine.spec.hardware.disks[0]
    object.__setattr__(disk, "free", 5 * 2**30)
    assert node.broken() == {"instance_paths.free_gb": 5}


def test_a_cluster_volume_and_a_share() -> None:
    node = Node(Host(storage={"cluster_volumes": [{"free_gb": 20}]}), {"instance_paths": {
        "path": r"C:\ClusterStorage\Volume1\Instances", "minimum_free_gb": 10,
    }})
    node.converge()
    assert {row["seen_by"] for row in node.seen()} == {"Test-Path, as it is read", "Get-Volume, as it is read"}
    assert node.broken() == {}
    assert Node(Host(), {"instance_paths": {"path": r"\\fs1\instances"}}).seen() == []


def test_a_member_whom_the_domain_has_forgotten() -> None:
    node = domain_node()
    node.host.machine.directory = Directory(DirectorySpec(dns_name="example.org", netbios_name="EXAMPLE"))
    assert node.broken() == {"domain.secure_channel": False}


def test_a_host_outside_of_its_domain() -> None:
    node = Node(Host(computer_name="hv01"), {"domain": {"hostname": "HV01", "dns_domain_name": "example.org"}})
    assert node.broken() == {"domain.dns_domain_name": None, "domain.secure_channel": None}


def test_a_password_that_was_never_written() -> None:
    node = account_node()
    node.converge()
    node.host.machine.registry.delete(r"HKLM:\SOFTWARE\winstack.hyperv\service_account\nova-compute")
    assert node.broken() == {"service_account.password_version": None}
