# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ServerManager and Hyper-V. Oracle: the fact sheet hyperv-host.md, sections as named."""
from __future__ import annotations

from typing import Any

import pytest

from tests.unit.rehearsal.cmdlets.hosts import Host, hyper_v_host

PREREQUISITE = "Alteration_PrerequisiteCheck_Failed,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
NOT_THERE = "CommandNotFoundException"


def test_role_waits_for_a_restart_and_vmms_for_its_time() -> None:
    """2.4: in effect after the reboot only; then the service runs before its cmdlets answer."""
    host = Host(timing={"reboot_seconds": 60, "vmms_ready_seconds": 30})
    result = host.rows(
        "Install-WindowsFeature", "Success", "RestartNeeded", "ExitCode", "FeatureResult", Name=["Hyper-V"], IncludeManagementTools=True,
    )[0]
    assert (result["Success"], result["RestartNeeded"], result["ExitCode"]) == (True, "Yes", "SuccessRestartRequired")
    assert host.values("Get-WindowsFeature", "InstallState", Name=["Hyper-V", "Hyper-V-PowerShell"]) == ["InstallPending"] * 2
    assert host.error("Get-VMHost") == NOT_THERE
    assert host.values("Get-CimInstance", "HypervisorPresent", ClassName="Win32_ComputerSystem") == [False]

    host.machine.reboot()
    assert host.up() is False
    host.clock.pass_by(60)
    assert host.up() is True
    assert host.values("Get-Service", "Status", Name=["vmms"]) == ["Running"]
    assert host.error("Get-VMHost") == "ObjectNotFound,Microsoft.HyperV.PowerShell.Commands.GetVMHost"
    namespace = {"Namespace": "root/virtualization/v2", "ClassName": "Msvm_VirtualSystemManagementService"}
    assert host.error("Get-CimInstance", **namespace).startswith("HRESULT 0x8004100e,")

    host.clock.pass_by(30)
    assert host.values("Get-CimInstance", "Started", **namespace) == [True]
    assert host.values("Get-VMHost", "NumaSpanningEnabled") == [True]
    assert host.values("Get-CimInstance", "HypervisorPresent", ClassName="Win32_ComputerSystem") == [True]


def test_second_installation_changes_nothing() -> None:
    host = hyper_v_host()
    result = host.rows("Install-WindowsFeature", "ExitCode", "RestartNeeded", "FeatureResult", Name=["Hyper-V"])[0]
    assert result == {"ExitCode": "NoChangeNeeded", "RestartNeeded": "No", "FeatureResult": []}


def test_management_tools_come_only_when_asked_for() -> None:
    """2.1: without -IncludeManagementTools there is no PowerShell module."""
    host = Host()
    host.rows("Install-WindowsFeature", Name=["Hyper-V"])
    host.machine.reboot()
    assert host.values("Get-WindowsFeature", "InstallState", Name=["Hyper-V-PowerShell"]) == ["Available"]
    assert host.error("Get-VMHost") == NOT_THERE


@pytest.mark.parametrize("hardware", [
    {"processors": [{}, {"slat": False}]},
    {"processors": [{"vm_monitor": False}]},
    {"processors": [{"firmware_virtualization": False}]},
    {"guest": True, "processors": [{"vm_monitor": False}]},
])
def test_installer_checks_the_hardware(hardware: dict[str, Any]) -> None:
    """2.5: Install-WindowsFeature fails early, and nothing is installed."""
    host = Host(hardware=hardware)
    assert host.error("Install-WindowsFeature", Name=["Hyper-V"]) == PREREQUISITE
    assert host.values("Get-WindowsFeature", "InstallState", Name=["Hyper-V"]) == ["Available"]


def test_virtualization_based_security_is_no_obstacle() -> None:
    """1.1: a hypervisor before the role means that the machine can run one; the processors' bits read false then."""
    host = Host(hardware={"hypervisor_present": True})
    bits = ("VMMonitorModeExtensions", "VirtualizationFirmwareEnabled")
    assert host.rows("Get-CimInstance", *bits, ClassName="Win32_Processor") == [dict.fromkeys(bits, False)]
    assert host.values("Install-WindowsFeature", "Success", Name=["Hyper-V"]) == [True]


def test_a_running_hypervisor_hides_the_requirement_bits() -> None:
    for host, shown in ((Host(), True), (hyper_v_host(), False)):
        assert host.values("Get-CimInstance", "VirtualizationFirmwareEnabled", ClassName="Win32_Processor") == [shown]


def test_payload_that_is_gone() -> None:
    host = Host(features={"removed": ["NET-Framework-Core"]})
    assert host.values("Get-WindowsFeature", "InstallState", Name=["NET-Framework-Core"]) == ["Removed"]
    assert "AddWindowsFeatureCommand" in host.error("Install-WindowsFeature", Name=["NET-Framework-Core"])
    assert host.values("Install-WindowsFeature", "Success", Name=["NET-Framework-Core"], Source=[r"D:\sxs"]) == [True]


@pytest.mark.parametrize(("edition", "known"), [("Datacenter", True), ("Standard", False)])
def test_host_guardian_is_for_datacenter(edition: str, known: bool) -> None:
    """7: Datacenter editions only."""
    host = Host(os={"edition": edition})
    assert bool(host.values("Get-WindowsFeature", "Name", Name=["HostGuardian"])) == known
    if not known:
        identifier = "NameDoesNotExist,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
        assert host.error("Install-WindowsFeature", Name=["HostGuardian"]) == identifier


def test_uninstalling_takes_the_cmdlets_away() -> None:
    host = hyper_v_host()
    assert host.values("Uninstall-WindowsFeature", "RestartNeeded", Name=["Hyper-V"], IncludeManagementTools=True) == ["Yes"]
    host.machine.reboot()
    assert host.values("Get-WindowsFeature", "InstallState", Name=["Hyper-V", "Hyper-V-PowerShell"]) == ["Available"] * 2
    assert host.error("Get-Service", Name=["vmms"]).startswith("NoServiceFoundForGivenName,")


def test_numa_setting_shows_at_once_and_works_after_vmms_restarts() -> None:
    """4: NumaSpanningEnabled is the configured value; vmms reads it when it starts."""
    host = hyper_v_host(hardware={"numa_nodes": 2, "memory_gb": 64, "processors": [{"cores": 4}, {"cores": 4}]})
    host.rows("Set-VMHost", NumaSpanningEnabled=False)
    assert host.values("Get-VMHost", "NumaSpanningEnabled") == [False]
    effects = [host.machine.hyperv.numa_spanning_in_effect]
    host.rows("Restart-Service", Name=["vmms"], Force=True)
    effects.append(host.machine.hyperv.numa_spanning_in_effect)
    assert effects == [True, False]
    nodes = host.rows("Get-VMHostNumaNode", "NodeId", "MemoryTotal", "ProcessorsAvailability")
    assert [(node["NodeId"], node["MemoryTotal"], len(node["ProcessorsAvailability"])) for node in nodes] == [(0, 32768, 8), (1, 32768, 8)]


def test_host_settings_keep_their_types() -> None:
    """5.1: enums by name, numbers as they were set."""
    host = hyper_v_host()
    host.rows("Set-VMHost", VirtualMachineMigrationAuthenticationType="Kerberos", MaximumVirtualMachineMigrations=4)
    names = ("VirtualMachineMigrationAuthenticationType", "MaximumVirtualMachineMigrations", "VirtualMachineMigrationEnabled")
    assert host.rows("Get-VMHost", *names) == [dict(zip(names, ("Kerberos", 4, False), strict=True))]


def test_virtual_machines() -> None:
    host = hyper_v_host(virtual_machines=[{"name": "vm1", "state": "Running"}, {"name": "vm2"}])
    assert host.rows("Get-VM", "Name", "State") == [{"Name": "vm1", "State": "Running"}, {"Name": "vm2", "State": "Off"}]
    assert host.error("Get-VM", Name=["absent"]) == "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVM"
    assert host.rows("Get-VM", "Name", Name=["absent*"]) == []


def test_stopped_vmms_takes_the_cmdlets_with_it() -> None:
    host = hyper_v_host()
    host.rows("Stop-Service", Name=["vmms"])
    assert host.error("Get-VM") == "ObjectNotFound,Microsoft.HyperV.PowerShell.Commands.GetVM"


def test_the_switches_of_the_lab_file_and_their_extensions() -> None:
    """3.1: an absent name is an error, a pattern without a match is not; names compare without regard to case."""
    switches = [
        {"name": "external", "adapters": ["Ethernet"], "extensions": [{"name": "Open vSwitch", "vendor": "Example", "enabled": False}]},
        {"name": "private", "type": "Private"},
    ]
    nics = [{"name": "Ethernet", "description": "Contoso 25G"}]
    host = Host(features={"installed": ["Hyper-V", "Hyper-V-PowerShell"]}, hardware={"nics": nics}, switches=switches)
    assert host.rows("Get-VMSwitch", "Name", "SwitchType", "AllowManagementOS", "NetAdapterInterfaceDescription") == [
        {"Name": "external", "SwitchType": "External", "AllowManagementOS": True, "NetAdapterInterfaceDescription": "Contoso 25G"},
        {"Name": "private", "SwitchType": "Private", "AllowManagementOS": False, "NetAdapterInterfaceDescription": None},
    ]
    assert host.values("Get-VMSwitch", "Name", Name="EXTERNAL") == ["external"]
    assert host.values("Get-VMSwitch", "Name", SwitchType=["Private"]) == ["private"]
    assert host.values("Get-VMSwitch", "Name", Name="x*") == []
    assert host.error("Get-VMSwitch", Name="x") == "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVMSwitch"
    assert host.rows("Get-VMSwitchExtension", "Name", "SwitchName", "Enabled", VMSwitchName=["external"]) == [
        {"Name": "Open vSwitch", "SwitchName": "external", "Enabled": False},
    ]
    absent = host.error("Get-VMSwitchExtension", VMSwitchName=["x"])
    assert absent == "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVMSwitchExtension"


def test_optional_features_go_by_the_names_of_dism() -> None:
    """2.1, and win32-optionalfeature.md: 1 is enabled, 2 disabled."""
    def states(host: Host) -> dict[str, int]:
        rows = host.rows("Get-CimInstance", "Name", "InstallState", ClassName="Win32_OptionalFeature")
        return {row["Name"]: row["InstallState"] for row in rows}

    assert states(hyper_v_host()) == {
        "Microsoft-Hyper-V": 1, "Microsoft-Hyper-V-Management-PowerShell": 1, "MultiPathIO": 1, "HostGuardian": 2,
    }
    assert states(Host(os={"edition": "Standard"})) == {
        "Microsoft-Hyper-V": 2, "Microsoft-Hyper-V-Management-PowerShell": 2, "MultiPathIO": 2,
    }
