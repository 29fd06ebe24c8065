# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Service cmdlets and sc.exe. Oracle: PowerShell's source (Service.cs), Microsoft's pages of sc, public registry exports."""
from __future__ import annotations

import pytest

from tests.unit.rehearsal.cmdlets.hosts import Host, hyper_v_host

KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\demo"
COMMANDS = "Microsoft.PowerShell.Commands"


@pytest.fixture
def host() -> Host:
    host = Host()
    host.rows("New-Service", Name="demo", BinaryPathName=r"C:\demo\demo.exe --now", StartupType="Manual", DisplayName="Demo")
    return host


def cim(host: Host, *names: str) -> list[object]:
    rows = host.rows("Get-CimInstance", *names, ClassName="Win32_Service", Filter="Name='demo'")
    return [row[name] for row in rows for name in names]


def test_life_of_a_service(host: Host) -> None:
    assert host.values("Get-Service", "Status", Name=["demo"]) == ["Stopped"]
    assert cim(host, "State", "ProcessId", "StartMode", "StartName") == ["Stopped", 0, "Manual", "LocalSystem"]
    host.rows("Start-Service", Name=["demo"])
    (first,) = cim(host, "ProcessId")
    assert first
    assert host.values("Get-Process", "StartTime", Id=[first]) == ["2026-05-04T08:00:00.0000000Z"]
    host.clock.pass_by(90)
    host.rows("Restart-Service", Name=["demo"])
    (second,) = cim(host, "ProcessId")
    assert second not in (0, first)
    assert host.values("Get-Process", "StartTime", Id=[second]) == ["2026-05-04T08:01:30.0000000Z"]
    assert host.error("Get-Process", Id=[first]) == f"NoProcessFoundForGivenId,{COMMANDS}.GetProcessCommand"


@pytest.mark.parametrize(("name", "command"), [
    ("Get-Service", "GetServiceCommand"), ("Start-Service", "StartServiceCommand"), ("Stop-Service", "StopServiceCommand"),
    ("Restart-Service", "RestartServiceCommand"),
])
def test_service_that_is_not_there(host: Host, name: str, command: str) -> None:
    assert host.error(name, Name=["absent"]) == f"NoServiceFoundForGivenName,{COMMANDS}.{command}"
    assert host.rows(name, "Name", Name=["absent*"]) == [], "a wildcard that finds nothing is no error"


def test_set_service_on_one_that_is_not_there(host: Host) -> None:
    assert host.error("Set-Service", Name="absent", StartupType="Manual") == f"InvalidOperationException,{COMMANDS}.SetServiceCommand"


def test_disabled_service_does_not_start(host: Host) -> None:
    host.rows("Set-Service", Name="demo", StartupType="Disabled")
    assert host.error("Start-Service", Name=["demo"]) == f"CouldNotStartService,{COMMANDS}.StartServiceCommand"


def test_dependents_stop_and_start_with_force_only(host: Host) -> None:
    host.program("sc.exe", "config", "demo", "depend=", "VSS")
    host.rows("Start-Service", Name=["demo"])
    assert host.values("Get-Service", "Status", Name=["VSS"]) == ["Running"], "what it depends on starts first"
    assert host.error("Stop-Service", Name=["VSS"]) == f"ServiceHasDependentServices,{COMMANDS}.StopServiceCommand"
    assert host.error("Restart-Service", Name=["VSS"]) == f"ServiceHasDependentServices,{COMMANDS}.RestartServiceCommand"
    host.rows("Restart-Service", Name=["VSS"], Force=True)
    assert host.values("Get-Service", "Status", Name=["demo"]) == ["Running"]
    host.rows("Stop-Service", Name=["VSS"], Force=True)
    assert host.values("Get-Service", "Status", Name=["demo"]) == ["Stopped"]


def test_start_takes_its_time_and_the_cmdlets_wait_for_it() -> None:
    """Service.cs: DoWaitForStatus. sc.exe comes back at once."""
    host = Host(timing={"service_start_seconds": 20})
    states = []
    host.program("sc.exe", "start", "VSS")
    for seconds in (0, 20):
        host.clock.pass_by(seconds)
        states += host.values("Get-CimInstance", "State", ClassName="Win32_Service", Filter="Name='VSS'")
    assert states == ["Start Pending", "Running"]
    before = host.clock.moment
    host.rows("Restart-Service", Name=["VSS"])
    assert host.values("Get-Service", "Status", Name=["VSS"]) == ["Running"]
    host.rows("Start-Service", Name=["MSiSCSI"])
    assert host.values("Get-Service", "Status", Name=["MSiSCSI"]) == ["Running"]
    assert (host.clock.moment - before).total_seconds() == 40
    host.rows("Start-Sleep", Seconds=3)
    assert (host.clock.moment - before).total_seconds() == 43


def test_configuration_is_the_registry(host: Host) -> None:
    """The service control manager keeps it under Services; both ways round."""
    host.program("sc.exe", "config", "demo", "start=", "delayed-auto", "depend=", "RpcSs/VSS")
    names = ("Start", "DelayedAutostart", "DependOnService", "ImagePath", "ObjectName")
    assert host.rows("Get-ItemProperty", *names, LiteralPath=KEY) == [
        dict(zip(names, (2, 1, ["RpcSs", "VSS"], r"C:\demo\demo.exe --now", "LocalSystem"), strict=True)),
    ]
    assert cim(host, "StartMode", "DelayedAutoStart") == ["Auto", True]
    host.rows("Set-ItemProperty", LiteralPath=KEY, Name="Start", Value=4)
    assert cim(host, "StartMode") == ["Disabled"]
    host.program("sc.exe", "config", "demo", "depend=", "/")
    assert host.values("Get-ItemProperty", "DependOnService", LiteralPath=KEY) == [[]]


def test_recovery_in_the_form_of_real_exports(host: Host) -> None:
    """The bytes that registry exports of wuauserv show for reset 86400 and one restart after 60000 ms, then none."""
    arguments = ("failure", "demo", "reset=", "86400", "actions=", "restart/60000/restart/60000/\"\"/0")
    assert host.program("sc.exe", *arguments)["exit_code"] == 0
    exported = "80510100 00000000 00000000 03000000 14000000 01000000 60ea0000 01000000 60ea0000 00000000 00000000"
    assert host.machine.registry.get(KEY, "FailureActions") == bytes.fromhex(exported)
    host.program("sc.exe", "failureflag", "demo", "1")
    assert host.machine.registry.get(KEY, "FailureActionsOnNonCrashFailures") == 1
    assert host.machine.services.get("demo").failure.actions == (("restart", 60000), ("restart", 60000), ("none", 0))


@pytest.mark.parametrize(("arguments", "code"), [
    (("config", "absent", "start=", "auto"), 1060),
    (("config", "demo", "start=auto"), 1639),
    (("config", "demo", "start=", "sometimes"), 1639),
    (("failure", "demo", "reset=", "60"), 1639),
    (("failure", "demo", "reset=", "60", "actions=", "explode/1"), 1639),
    (("failureflag", "demo", "yes"), 1639),
    (("create", "demo", "binPath=", "x"), 1073),
    (("stop", "demo"), 1062),
    (("triggerinfo", "demo", "delete"), 87),
])
def test_sc_refuses(host: Host, arguments: tuple[str, ...], code: int) -> None:
    result = host.program("sc.exe", *arguments)
    assert (result["exit_code"], result["error"]["id"]) == (code, "ProgramFailed")


def test_sc_starts_what_runs_already(host: Host) -> None:
    assert host.program("sc.exe", "start", "demo")["exit_code"] == 0
    assert host.program("sc.exe", "start", "demo")["exit_code"] == 1056


def test_sc_command_that_nobody_modelled(host: Host) -> None:
    assert host.program("sc.exe", "sdset", "demo", "D:")["error"]["id"] == "RehearsalNotModelled"


def test_account_changes_through_wmi_and_its_password_is_nowhere(host: Host) -> None:
    host.machine.changes.clear()
    results = host.batch(
        {"id": "service", "cmdlet": "Get-CimInstance", "parameters": {"ClassName": "Win32_Service", "Filter": "Name='demo'"}},
        {"id": "change", "cmdlet": "Invoke-CimMethod", "properties": ["ReturnValue"], "parameters": {
            "InputObject": {"$ref": "service"}, "MethodName": "Change",
            "Arguments": {"StartName": r"LAB\svc", "StartPassword": "S3cret!"},
        }},
    )
    assert results[1]["output"] == [{"ReturnValue": 0}]
    assert cim(host, "StartName") == [r"LAB\svc"]
    assert "S3cret!" not in f"{host.machine.changes}{host.machine.dump()}"


def test_vmms_leaves_machines_running() -> None:
    """hyperv-host.md 4: restarting vmms leaves running virtual machines running."""
    host = hyper_v_host(virtual_machines=[{"name": "vm1", "state": "Running"}])
    host.rows("Restart-Service", Name=["vmms"], Force=True)
    assert host.values("Get-VM", "State") == ["Running"]


def test_deletion_of_a_running_service_is_not_pretended(host: Host) -> None:
    """Windows marks it and deletes it when it stops."""
    host.rows("Start-Service", Name=["demo"])
    assert host.program("sc.exe", "delete", "demo")["error"]["id"] == "RehearsalNotModelled"
    host.rows("Stop-Service", Name=["demo"])
    assert host.program("sc.exe", "delete", "demo")["exit_code"] == 0
    assert host.error("Get-Service", Name=["demo"]).startswith("NoServiceFoundForGivenName,")


def test_required_services_are_those_that_it_depends_on() -> None:
    host = hyper_v_host()
    assert host.values("Get-Service", "Name", Name=["vmms"], RequiredServices=True) == ["RpcSs", "Winmgmt"]
    assert host.values("Get-Service", "Name", Name=["RpcSs"], RequiredServices=True) == []
