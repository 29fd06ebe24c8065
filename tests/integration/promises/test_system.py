# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each promise about features, time, multipath and a service, broken behind the collection's back. The oracle is the server's one state."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsal.machine import Machine
from rehearsal.machine.failure_actions import FailureActions

from tests.integration.promises.node import Node
from tests.unit.rehearsal.cmdlets.hosts import Host, hyper_v_host

CONF = r"C:\OpenStack\nova.conf"
W32TIME = r"HKLM:\SYSTEM\CurrentControlSet\Services\W32Time"
CLIENT = rf"{W32TIME}\TimeProviders\NtpClient"
PARAMETERS = rf"{W32TIME}\Parameters"
MSDSM = r"HKLM:\SYSTEM\CurrentControlSet\Services\msdsm\Parameters"
MPDEV = r"HKLM:\SYSTEM\CurrentControlSet\Control\MPDEV"
PEERS = ["a.example.org,0x9", "b.example.org,0x9"]

FEATURES = {"names": ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO", "Telnet-Client"]}
TIME = {
    "source": "ntp", "peers": [{"host": "a.example.org"}, {"host": "B.example.org"}], "poll_interval_seconds": 900,
}
MPIO = {
    "automatic_claim": {"iscsi": True, "sas": False}, "hardware": [{"vendor_id": "PURE", "product_id": "FlashArray"}],
    "load_balance_policy": "RR", "timers": {"path_verification": True, "disk_timeout": 60},
}
SERVICE = {
    "name": "nova-compute", "state": "started", "start_mode": "delayed", "dependencies": ["winmgmt"], "recovery": {},
    "restart_after_change_of": {"files": [CONF], "services": ["vmms"]},
}

Change = Callable[[Machine], Any]


def service_node() -> Node:
    host = hyper_v_host()
    host.machine.services.create("nova-compute", r"C:\OpenStack\nova-compute.exe")
    host.machine.files.make_folder(r"C:\OpenStack")
    host.machine.files.write(CONF, b"")
    host.clock.pass_by(10)
    return Node(host, {"service": SERVICE})


def mpio_node() -> Node:
    return Node(hyper_v_host(), {"mpio": MPIO})


NODES: dict[str, Callable[[], Node]] = {
    "features": lambda: Node(hyper_v_host(), {"features": FEATURES}),
    "time": lambda: Node(Host(), {"time": TIME}),
    "mpio": mpio_node,
    "service": service_node,
}


def converged(section: str) -> Node:
    node = NODES[section]()
    node.converge()
    if section == "mpio":
        node.host.machine.reboot()
    node.host.clock.pass_by(60)
    return node


def setting(key: str, name: str, value: Any, kind: str = "") -> Change:
    return lambda machine: machine.registry.set(key, name, value, kind)


def service(name: str, **changes: Any) -> Change:
    return lambda machine: machine.services.configure(name, **changes)


@pytest.mark.parametrize(("section", "paths"), [
    ("features", {"CIM Win32_ServerFeature", "CIM Win32_OptionalFeature", "Get-WindowsFeature, as it is read", "CIM Win32_Service",
                  "CIM Win32_ComputerSystem, as it is read", "CIM Win32_SystemDriver"}),
    ("time", {"w32tm /query /configuration", "registry Start", "sc qtriggerinfo", "Get-Service"}),
    ("mpio", {"registry DsmSupportedDeviceList, MPIOSupportedDeviceList", "CIM MSDSM_DEFAULT_LOAD_BALANCE_POLICY",
              "registry, as it is read", "registry, CIM", "CIM MSFT_Disk, as it is read"}),
    ("service", {"registry Start", "Get-Service -RequiredServices", "registry FailureActions, as it is read", "Get-Service",
                 "CIM Win32_Process, CIM_DataFile"}),
])
def test_all_are_kept(section: str, paths: set[str]) -> None:
    seen = converged(section).seen()
    assert [row for row in seen if not row["kept"]] == []
    assert {row["seen_by"] for row in seen} == paths


@pytest.mark.parametrize(("section", "change", "broken"), [
    ("features", lambda machine: machine.services.stop("vmms"), {"Hyper-V.vmms": "Stopped"}),
    ("time", setting(PARAMETERS, "Type", "NT5DS"), {"type": "NT5DS", "peers": None}),
    ("time", setting(PARAMETERS, "NtpServer", "a.example.org,0x9"), {"peers": PEERS[:1]}),
    ("time", setting(PARAMETERS, "NtpServer", "a.example.org,0x8 b.example.org,0x9"), {"peers": ["a.example.org,0x8", PEERS[1]]}),
    ("time", setting(CLIENT, "Enabled", 0), {"client_enabled": False}),
    ("time", setting(CLIENT, "SpecialPollInterval", 3600), {"poll_interval_seconds": 3600}),
    ("time", service("W32Time", start_mode="Manual"), {"start_mode": "manual"}),
    ("time", lambda machine: machine.services.stop("W32Time"),
     {"running": False, "type": None, "peers": None, "client_enabled": None, "poll_interval_seconds": None}),
    ("mpio", lambda machine: machine.storage.remove_supported("MSFT2005", "iSCSIBusType_0x9"), {"automatic_claim.iscsi": False}),
    ("mpio", lambda machine: machine.storage.add_supported("MSFT2011", "SASBusType_0xA"), {"automatic_claim.sas": True}),
    ("mpio", lambda machine: machine.storage.remove_supported("PURE", "FlashArray"), {"hardware": []}),
    ("mpio", setting(MPDEV, "MPIOSupportedDeviceList", []), {"automatic_claim.iscsi": False, "hardware": []}),
    ("mpio", lambda machine: machine.storage.set_default_policy("LQD"), {"load_balance_policy": "LQD"}),
    ("mpio", setting(MSDSM, "PathVerifyEnabled", 0), {"timers.path_verification": False}),
    ("mpio", setting(r"HKLM:\SYSTEM\CurrentControlSet\Services\Disk", "TimeOutValue", 10), {"timers.disk_timeout": 10}),
    ("service", service("nova-compute", delayed=False), {"start_mode": "automatic"}),
    ("service", service("nova-compute", dependencies=["RpcSs"]), {"dependencies": ["RpcSs"]}),
    ("service", service("nova-compute", failure=FailureActions(0, ())), {"recovery.restart_delay_ms": None, "recovery.reset_seconds": 0}),
    ("service", service("nova-compute", failure_flag=False), {"recovery.on_error_exit": False}),
    ("service", lambda machine: machine.services.stop("nova-compute"), {"state": "stopped"}),
    ("service", lambda machine: machine.files.write(CONF, b"new"), {"process": f"older than {CONF}"}),
    ("service", lambda machine: machine.services.restart("vmms", force=True), {"process": "older than vmms"}),
])
def test_each_broken_promise_is_the_one_that_shows(section: str, change: Change, broken: dict[str, Any]) -> None:
    node = converged(section)
    change(node.host.machine)
    assert node.broken() == {f"{section}.{name}": found for name, found in broken.items()}


def test_a_feature_that_somebody_removed() -> None:
    node = converged("features")
    node.host.rows("Uninstall-WindowsFeature", Name=["Telnet-Client", "Hyper-V-PowerShell"])
    assert node.broken() == {"features.Hyper-V-PowerShell": None, "features.Telnet-Client": None}


def test_a_start_trigger_that_came_back() -> None:
    node = converged("time")
    node.host.program("sc.exe", "triggerinfo", "w32time", "stop/domainleave")
    assert node.broken() == {"time.triggers": ["ddaf516e-58c2-4866-9574-c3b615d42ea1"]}


def test_what_group_policy_sets_is_not_promised() -> None:
    node = converged("time")
    node.host.machine.registry.set(r"HKLM:\SOFTWARE\Policies\Microsoft\W32Time\Parameters", "NtpServer", "ruled,0x9", "String")
    assert "peers" not in {row["name"] for row in node.seen()}
    assert node.broken() == {}


def test_a_member_of_a_domain_need_not_start_its_clock_by_itself() -> None:
    node = Node(Host(domain="example.org"), {"time": {"source": "auto"}})
    node.converge()
    assert node.broken() == {}
    node.host.machine.services.configure("W32Time", start_mode="Disabled")
    assert node.broken() == {"time.start_mode": "disabled"}


def test_claims_that_wait_for_a_restart() -> None:
    node = mpio_node()
    node.converge()
    assert node.broken() == {"mpio.restart": "claims or timers were changed since the last start"}


def test_a_lun_that_mpio_should_join_and_does_not() -> None:
    lun = {"transport": "iscsi", "vendor": "PURE", "product": "FlashArray", "serial": "S1", "unique_id": "624A9370", "paths": 2}
    node = Node(hyper_v_host(storage={"luns": [lun]}), {"mpio": MPIO})
    node.converge()
    node.host.machine.reboot()
    assert node.broken() == {}
    node.host.machine.storage.claimed.clear()
    assert node.broken() == {"mpio.luns": "one LUN as disks 1, 2"}
