# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_driver_packages on simulated servers. The oracle is the server's own driver store and list of programs."""
from __future__ import annotations

from typing import Any

import pytest

from tests.driver_files import HBA, inf
from tests.integration.resources.conftest import Server, StartServer

PATH = r"C:\Drivers\ql2300.inf"
PACKAGE: dict[str, Any] = {"path": PATH, "provider": "QLogic", "version": "9.4.5.20"}
DSM = {"product": "Contoso DSM", "dsm": "Contoso DSM", "dsm_version": "4.2.1"}


def task(**options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_driver_packages": options}


def with_files(host: Server, **changes: str) -> Server:
    files = host.machine.files
    files.make_folder(r"C:\Drivers")
    files.write(PATH, inf(**changes).encode())
    for name in ("ql2300.sys", "ql2300.cat"):
        files.write(rf"C:\Drivers\{name}", b"x")
    return host


def with_program(host: Server, version: str = "4.2.1") -> Server:
    key = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{1}"
    host.machine.registry.set(key, "DisplayName", "Contoso DSM for MPIO", "String")
    host.machine.registry.set(key, "DisplayVersion", version, "String")
    return host


@pytest.mark.parametrize("version", ["2016", "2019", "2022", "2025"])
def test_a_driver_package_converges(server: StartServer, version: str) -> None:
    host = with_files(server(os={"version": version}, hardware={"pci": [HBA]}))
    again = host.converge(task(packages=[PACKAGE]))
    assert host.machine.drivers.drivers()[1].inf == "oem0.inf"
    assert again.result["driver_packages"]["packages"][0]["devices"] == [
        {"id": HBA["instance_id"], "name": HBA["name"], "version": "9.4.5.20"},
    ]


def test_a_package_for_other_hardware_is_an_error_that_says_so(server: StartServer) -> None:
    host = with_files(server(hardware={"pci": [HBA]}), ids=r"PCI\VEN_10DF&DEV_E200")
    run = host.play(task(packages=[PACKAGE]))
    assert run.code != 0
    assert "packages.ql2300.recognised is 'in the driver store as oem0.inf, but no device uses it'" in run.result["msg"]
    planned = host.play(task(packages=[PACKAGE]), check=True)
    assert [finding["name"] for finding in planned.result["findings"]] == ["driver_not_recognised"]
    for_later = host.play(task(packages=[{**PACKAGE, "device_required": False}]))
    assert (for_later.code, for_later.result["changed"]) == (0, False)


def test_a_device_in_use_asks_for_a_restart_until_there_was_one(server: StartServer) -> None:
    host = with_files(server(hardware={"pci": [{**HBA, "in_use": True}]}))
    for changed in (True, False):
        run = host.play(task(packages=[PACKAGE]))
        assert run.code == 0, run.output
        assert (run.result["changed"], run.result["reboot_required"]) == (changed, True)
        assert "waits for a restart" in run.result["reboot_reasons"][0]
    host.machine.reboot()
    host.machine.boot_time = host.machine.now()
    run = host.play(task(packages=[PACKAGE]))
    assert (run.code, run.result["changed"], run.result["reboot_required"]) == (0, False, False)


def test_windows_own_words_and_what_they_mean(server: StartServer) -> None:
    host = with_files(server(hardware={"pci": [HBA]}))
    host.machine.files.delete(r"C:\Drivers\ql2300.cat")
    run = host.play(task(packages=[PACKAGE]))
    assert run.code != 0
    for words in (
        "pnputil.exe ended with exit code -536870353", "The third-party INF does not contain digital signature information.",
        "Windows finds no signature for the package", r"C:\Windows\INF\setupapi.dev.log",
    ):
        assert words in run.result["msg"]
    assert host.changes() == []


def test_a_file_that_is_not_there_is_said_before_anything_is_touched(server: StartServer) -> None:
    host = server(hardware={"pci": [HBA]})
    planned = host.play(task(packages=[PACKAGE]), check=True)
    assert (planned.code, planned.result["changed"]) == (0, True)
    run = host.play(task(packages=[PACKAGE]))
    assert run.result["msg"] == f"driver_packages: cannot be changed yet: the file {PATH} is not on this host yet"
    assert host.changes() == []


def test_a_dsm_gets_one_restart_and_then_is_an_error(server: StartServer) -> None:
    host = with_program(server(features={"installed": ["Multipath-IO"]}))
    for changed in (True, False):
        run = host.play(task(installers=[DSM]))
        assert run.code == 0, run.output
        assert (run.result["changed"], run.result["reboot_required"]) == (changed, True)
    host.machine.reboot()
    host.machine.boot_time = host.machine.now()
    run = host.play(task(installers=[DSM]))
    assert run.code != 0
    assert "critical: dsm_not_recognised (Contoso DSM for MPIO)" in run.result["msg"]
    assert host.changes() == []
    host.machine.drivers.add_dsm("Contoso DSM", "4.2.1.0", at_once=True)
    run = host.play(task(installers=[DSM]))
    assert (run.code, run.result["changed"]) == (0, False)
    assert run.result["driver_packages"]["installers"][0]["dsm_version"] == "4.2.1.0"


def test_a_program_that_is_missing_is_left_to_win_package(server: StartServer) -> None:
    host = server(features={"installed": ["Multipath-IO"]})
    planned = host.play(task(installers=[DSM]), check=True)
    assert (planned.code, planned.result["changed"]) == (0, True)
    run = host.play(task(installers=[DSM]))
    assert "the program Contoso DSM is not installed" in run.result["msg"]
    assert "ansible.windows.win_package" in run.result["msg"]


@pytest.mark.parametrize(("options", "message"), [
    ({"packages": [{**PACKAGE, "version": "latest"}]}, "packages[0].version: 'latest' is not one to four numbers"),
    ({"packages": [{"path": PATH}]}, "missing required arguments: provider, version found in packages"),
    ({"installers": [{"product": "X", "dsm_version": "1"}]}, "installers[0].dsm_version: it needs dsm"),
    ({"inf": PATH}, "unsupported option inf"),
])
def test_wrong_options_are_named_and_change_nothing(server: StartServer, options: dict[str, Any], message: str) -> None:
    host = with_files(server(hardware={"pci": [HBA]}))
    run = host.play(task(**options))
    assert run.code != 0
    assert message in run.result["msg"]
    assert host.changes() == []
