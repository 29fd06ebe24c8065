# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is the decision table and the requirement list of docs/resources/preflight.md."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.preflight import RESOURCE

GB = 1024**3
OPTIONS: dict[str, Any] = {"minimum_memory_gb": 4, "minimum_free_disk_gb": 16, "minimum_network_adapters": 1, "computer_name": None}

WINDOWS: dict[str, Any] = {
    "Version": "10.0.20348",
    "BuildNumber": "20348",
    "ProductType": 3,
    "OperatingSystemSKU": 8,
    "SystemDrive": "C:",
    "DataExecutionPrevention_Available": True,
}
SYSTEM: dict[str, Any] = {
    "DNSHostName": "hv01",
    "PartOfDomain": False,
    "Manufacturer": "Dell Inc.",
    "Model": "PowerEdge R750",
    "HypervisorPresent": False,
    "TotalPhysicalMemory": 64 * GB,
}
CPU: dict[str, Any] = {
    "DeviceID": "CPU0",
    "NumberOfCores": 16,
    "NumberOfLogicalProcessors": 32,
    "SecondLevelAddressTranslationExtensions": True,
    "VMMonitorModeExtensions": True,
    "VirtualizationFirmwareEnabled": True,
}
DISK: dict[str, Any] = {"DeviceID": "C:", "Size": 100 * GB, "FreeSpace": 60 * GB}
NIC1 = {"Name": "Ethernet 1", "InterfaceDescription": "Intel X710", "DriverFileName": "i40ea68.sys"}
NIC2 = {"Name": "Ethernet 2", "InterfaceDescription": "Intel X710 #2", "DriverFileName": "i40ea68.sys"}
EDITION = {"EditionID": "ServerDatacenter", "InstallationType": "Server Core"}
COMMAND_NOT_FOUND = CmdletError("CommandNotFoundException", "The term 'Get-WindowsFeature' is not recognized")
CPUS = (CPU, {**CPU, "DeviceID": "CPU1"})


def host(
    *,
    windows: Mapping[str, Any] | None = None,
    system: Mapping[str, Any] | None = None,
    cpus: Iterable[Mapping[str, Any]] = CPUS,
    disks: Iterable[Mapping[str, Any]] = (DISK,),
    nics: Iterable[Mapping[str, Any]] = (NIC1, NIC2),
    role: str | None = "Available",
    errors: Mapping[str, CmdletError] | None = None,
) -> Answers:
    """The answers of a host that meets every requirement, less what the arguments change."""
    outputs: dict[str, tuple[Mapping[str, Any], ...]] = {
        "os": ({**WINDOWS, **(windows or {})},),
        "system": ({**SYSTEM, **(system or {})},),
        "processors": tuple(cpus),
        "disks": tuple(disks),
        "adapters": tuple(nics),
        "edition": (EDITION,),
        "hyper_v": ({"InstallState": role},) if role else (),
    }
    answers = Answers({name: Answer(name, output=rows) for name, rows in outputs.items()})
    for name, error in (errors or {}).items():
        answers[name] = Answer(name, error=error)
    return answers


def found(answers: Answers, **options: Any) -> list[tuple[str, str, str]]:
    """(name, severity, target) of each finding."""
    plan = RESOURCE.plan({**OPTIONS, **options}, answers)
    assert plan.calls == ()
    assert plan.differences == ()
    return [(finding.name, finding.severity, finding.target) for finding in plan.findings]


def test_reads_in_seven_calls_and_changes_nothing() -> None:
    assert RESOURCE.read(OPTIONS) == [
        Cmdlet(
            "os",
            "Get-CimInstance",
            {"ClassName": "Win32_OperatingSystem"},
            ("Version", "BuildNumber", "ProductType", "OperatingSystemSKU", "SystemDrive", "DataExecutionPrevention_Available"),
        ),
        Cmdlet(
            "system",
            "Get-CimInstance",
            {"ClassName": "Win32_ComputerSystem"},
            ("DNSHostName", "PartOfDomain", "Manufacturer", "Model", "HypervisorPresent", "TotalPhysicalMemory"),
        ),
        Cmdlet(
            "processors",
            "Get-CimInstance",
            {"ClassName": "Win32_Processor"},
            (
                "DeviceID",
                "NumberOfCores",
                "NumberOfLogicalProcessors",
                "SecondLevelAddressTranslationExtensions",
                "VMMonitorModeExtensions",
                "VirtualizationFirmwareEnabled",
            ),
        ),
        Cmdlet("disks", "Get-CimInstance", {"ClassName": "Win32_LogicalDisk", "Filter": "DriveType=3"}, ("DeviceID", "Size", "FreeSpace")),
        Cmdlet("adapters", "Get-NetAdapter", {"Physical": True}, ("Name", "InterfaceDescription", "DriverFileName")),
        Cmdlet(
            "edition",
            "Get-ItemProperty",
            {"LiteralPath": r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"},
            ("EditionID", "InstallationType"),
        ),
        Cmdlet("hyper_v", "Get-WindowsFeature", {"Name": ["Hyper-V"]}, ("InstallState",)),
    ]


def test_a_fit_host_has_no_findings_and_all_facts() -> None:
    plan = RESOURCE.plan(OPTIONS, host())
    assert plan.findings == ()
    assert plan.state == {
        "computer_name": "hv01",
        "domain_member": False,
        "manufacturer": "Dell Inc.",
        "model": "PowerEdge R750",
        "virtual_machine": False,
        "version": "10.0.20348",
        "build": 20348,
        "release": "2022",
        "edition": "ServerDatacenter",
        "installation": "Server Core",
        "product_type": 3,
        "sku": 8,
        "hypervisor_present": False,
        "hyper_v_state": "Available",
        "data_execution_prevention": True,
        "memory_gb": 64.0,
        "processors": [
            {
                "id": name,
                "cores": 16,
                "logical_processors": 32,
                "second_level_address_translation": True,
                "vm_monitor_mode_extensions": True,
                "virtualization_firmware_enabled": True,
            }
            for name in ("CPU0", "CPU1")
        ],
        "network_adapters": [
            {"name": "Ethernet 1", "description": "Intel X710"},
            {"name": "Ethernet 2", "description": "Intel X710 #2"},
        ],
        "os_disk": {"drive": "C:", "size_gb": 100.0, "free_gb": 60.0},
    }


@pytest.mark.parametrize("answer", [False, None])
@pytest.mark.parametrize(
    ("property_name", "finding"),
    [
        ("SecondLevelAddressTranslationExtensions", "second_level_address_translation"),
        ("VMMonitorModeExtensions", "vm_monitor_mode_extensions"),
        ("VirtualizationFirmwareEnabled", "virtualization_firmware_enabled"),
    ],
)
def test_one_socket_that_lacks_a_requirement_is_critical(property_name: str, finding: str, answer: bool | None) -> None:
    second = {**CPU, "DeviceID": "CPU1", property_name: answer}
    assert found(host(cpus=(CPU, second))) == [(finding, "critical", "CPU1")]


def test_all_lacking_sockets_are_named() -> None:
    cpus = [{**CPU, "DeviceID": name, "VirtualizationFirmwareEnabled": False} for name in ("CPU0", "CPU1")]
    assert found(host(cpus=cpus)) == [("virtualization_firmware_enabled", "critical", "CPU0, CPU1")]


@pytest.mark.parametrize("answer", [False, None])
def test_data_execution_prevention_off_or_unknown_is_critical(answer: bool | None) -> None:
    answers = host(windows={"DataExecutionPrevention_Available": answer})
    assert found(answers) == [("data_execution_prevention", "critical", "system")]


# What a running hypervisor makes of a good machine's answers.
MASKED = [{**CPU, "VMMonitorModeExtensions": False, "VirtualizationFirmwareEnabled": False}]


@pytest.mark.parametrize(
    ("role", "system", "expected"),
    [
        pytest.param("Installed", {}, [], id="running compute node"),
        pytest.param("Available", {}, [("hypervisor_without_role", "information", "system")], id="VBS on a bare server"),
        pytest.param(
            "Available",
            {"Manufacturer": "Microsoft Corporation", "Model": "Virtual Machine"},
            [("nested_virtualization", "warning", "system")],
            id="guest of Hyper-V",
        ),
        pytest.param(
            "Available",
            {"Manufacturer": "VMware, Inc.", "Model": "VMware20,1"},
            [("nested_virtualization", "warning", "system")],
            id="guest of ESXi",
        ),
        pytest.param("InstallPending", {}, [("hypervisor_without_role", "information", "system")], id="VBS, role not rebooted"),
    ],
)
def test_a_running_hypervisor_masks_the_processors(role: str, system: Mapping[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert found(host(cpus=MASKED, role=role, system={**system, "HypervisorPresent": True})) == expected


def test_role_installed_without_hypervisor_is_a_warning() -> None:
    assert found(host(role="Installed")) == [("hypervisor_not_running", "warning", "system")]


def test_role_installed_but_firmware_off_says_both() -> None:
    assert found(host(role="Installed", cpus=[{**CPU, "VirtualizationFirmwareEnabled": False}])) == [
        ("virtualization_firmware_enabled", "critical", "CPU0"),
        ("hypervisor_not_running", "warning", "system"),
    ]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ("7601", [("windows_release", "critical", "Windows")]),
        ("9200", [("windows_release", "warning", "Windows")]),
        ("9600", [("windows_release", "warning", "Windows")]),
        ("14393", []),
        ("17763", []),
        ("18363", [("windows_release", "warning", "Windows")]),
        ("20348", []),
        ("26100", []),
        ("29000", [("windows_release", "warning", "Windows")]),
    ],
)
def test_windows_builds(build: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(host(windows={"BuildNumber": build})) == expected


def test_a_workstation_is_critical_and_says_it_once() -> None:
    answers = host(windows={"ProductType": 1, "OperatingSystemSKU": 4, "BuildNumber": "19045"}, errors={"hyper_v": COMMAND_NOT_FOUND})
    assert found(answers) == [("product_type", "critical", "Windows")]


def test_a_domain_controller_is_a_warning() -> None:
    assert found(host(windows={"ProductType": 2})) == [("product_type", "warning", "Windows")]


@pytest.mark.parametrize("sku", [36, 41])
def test_an_edition_without_hyper_v_is_critical(sku: int) -> None:
    assert found(host(windows={"OperatingSystemSKU": sku}, role=None)) == [("edition", "critical", "Windows")]


@pytest.mark.parametrize("sku", [7, 8, 12, 13, 42])
def test_editions_with_hyper_v(sku: int) -> None:
    assert found(host(windows={"OperatingSystemSKU": sku})) == []


def test_a_server_that_does_not_offer_the_role_is_critical() -> None:
    assert found(host(role=None)) == [("hyper_v_role", "critical", "Windows")]


def test_memory_of_a_4_gb_machine_is_enough_although_firmware_keeps_some() -> None:
    assert found(host(system={"TotalPhysicalMemory": 4294430720})) == []


def test_too_little_memory_is_critical() -> None:
    assert found(host(system={"TotalPhysicalMemory": int(3.9 * GB)})) == [("memory", "critical", "system")]
    assert found(host(), minimum_memory_gb=65) == [("memory", "critical", "system")]


@pytest.mark.parametrize(("role", "hypervisor", "severity"), [("Available", False, "critical"), ("Installed", True, "warning")])
def test_a_full_disk_stops_an_installation_but_not_a_running_node(role: str, hypervisor: bool, severity: str) -> None:
    answers = host(role=role, system={"HypervisorPresent": hypervisor}, disks=[{**DISK, "FreeSpace": 15 * GB}])
    assert found(answers) == [("os_disk", severity, "C:")]


def test_only_the_system_drive_counts() -> None:
    assert found(host(disks=[{"DeviceID": "D:", "Size": GB, "FreeSpace": 0}, {**DISK, "DeviceID": "c:"}])) == []


def test_network_adapters() -> None:
    virtual = {"Name": "vEthernet", "InterfaceDescription": "Hyper-V Virtual Ethernet Adapter", "DriverFileName": "VmSwitch.sys"}
    assert found(host(nics=[virtual])) == [("network_adapters", "critical", "system")]
    assert found(host(nics=[NIC1, virtual])) == [("network_adapters", "information", "Ethernet 1")]
    assert found(host(), minimum_network_adapters=3) == [("network_adapters", "critical", "system")]


def test_a_name_of_more_than_15_characters_is_critical_unless_it_is_about_to_change() -> None:
    answers = host(system={"DNSHostName": "hyperv-compute-1"})
    assert found(answers) == [("computer_name", "critical", "hyperv-compute-1")]
    assert found(answers, computer_name="hv-compute-0001") == []
    assert found(host(), computer_name="hv-compute-00001") == [("computer_name", "critical", "hv-compute-00001")]


def test_every_finding_says_what_to_do() -> None:
    answers = host(
        windows={"ProductType": 2, "BuildNumber": "9600", "OperatingSystemSKU": 36, "DataExecutionPrevention_Available": False},
        system={"TotalPhysicalMemory": GB, "DNSHostName": "x" * 16},
        cpus=[{**CPU, "SecondLevelAddressTranslationExtensions": False}],
        nics=[NIC1],
        role=None,
        disks=[{**DISK, "FreeSpace": 0}],
    )
    findings = RESOURCE.plan(OPTIONS, answers).findings
    assert len(findings) == 9
    assert all(item.found and item.wanted and item.remediation.endswith(".") for item in findings)


@pytest.mark.parametrize("call", ["os", "system", "processors", "disks", "adapters", "edition", "hyper_v"])
def test_a_call_that_fails_is_not_taken_for_an_answer(call: str) -> None:
    with pytest.raises(CallFailed, match=f"'{call}'.*HRESULT 0x80070005"):
        RESOURCE.plan(OPTIONS, host(errors={call: CmdletError("HRESULT 0x80070005,X", "Access denied")}))


def test_no_processor_at_all_is_not_taken_for_a_good_one() -> None:
    with pytest.raises(CallFailed, match="'processors'"):
        RESOURCE.plan(OPTIONS, host(cpus=()))


def test_a_missing_system_drive_is_an_error() -> None:
    with pytest.raises(CallFailed, match=r"'disks'.*C:"):
        RESOURCE.plan(OPTIONS, host(disks=[]))
