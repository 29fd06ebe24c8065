# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts that go away, cmdlets that fail, disks that are full: a clear error, nothing half-written, and the next run finishes the job."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from rehearsal.faults import Fault

from tests.integration.site.conftest import Site, StartSite

pytestmark = pytest.mark.long

CONF = r"C:\OpenStack\Nova\etc\nova.conf"


NO_REBOOT: dict[str, Any] = {"hyperv_compute_mpio": {}}


def prepared(lab: dict[str, Any]) -> None:
    """Servers whose features are in effect already, so that no test waits for a restart that it is not about."""
    for host in lab["hosts"].values():
        host["features"] = {"installed": ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"]}


def finish(site: Site, variables: Mapping[str, Any] | None = None, host: str = "hv01") -> None:
    """The next run brings the host to its wanted state, and the one after that changes nothing."""
    site.wait(host)
    done = site.play("--limit", host, variables=variables)
    assert done.code == 0, done.failures
    assert site.lab.hosts[host].machine.services.get("nova-compute").state == "Running"
    again = site.play("--limit", host, variables=variables)
    assert again.recap("changed") == {host: 0}
    assert site.changes(host) == []


def arm(site: Site, fault: Fault, host: str = "hv01") -> None:
    site.lab.hosts[host].faults.arm(fault)


def test_a_cmdlet_that_fails_is_named_with_its_error_id_its_section_and_its_call(site: StartSite) -> None:
    running = site(prepared)
    error_id = "OperationFailed,Microsoft.HyperV.PowerShell.Commands.SetVMHost"
    error = {
        "id": error_id, "category": "NotSpecified", "exception": "Microsoft.HyperV.PowerShell.VirtualizationException",
        "message": "Der Vorgang ist fehlgeschlagen.",
    }
    arm(running, Fault("error", when="before", match="Set-VMHost", error=error))
    run = running.play("--limit", "hv01", variables=NO_REBOOT)
    assert run.code != 0
    assert run.failures == [("hv01", f"numa: Set-VMHost failed in call 'set': Der Vorgang ist fehlgeschlagen. [{error_id}]")]
    finish(running, variables=NO_REBOOT)


@pytest.mark.parametrize("fault", [
    Fault("drop", match="write_file", when="before"),
    Fault("drop", match="write_file", when="during"),
    Fault("drop", match="write_file", when="after"),
    Fault("power-cycle", match="write_file", when="during"),
    Fault("disk-full", match="write_file"),
], ids=lambda fault: f"{fault.kind}-{fault.when}")
def test_nova_conf_is_replaced_whole_or_not_at_all(site: StartSite, fault: Fault) -> None:
    """On the host with the MSI, where nova.conf is the first file that a batch writes."""
    running = site(prepared)
    former = b"[DEFAULT]\r\ndebug = true\r\n"
    files = running.lab.hosts["hv02"].machine.files
    files.make_folder(r"C:\OpenStack\Nova\etc")
    files.write(CONF, former)
    arm(running, fault, host="hv02")
    run = running.play("--limit", "hv02", variables=NO_REBOOT)
    assert run.code != 0
    content = running.read("hv02", CONF)
    finish(running, variables=NO_REBOOT, host="hv02")
    whole = running.read("hv02", CONF)
    assert whole is not None
    assert b"compute_driver = compute_hyperv.driver.HyperVDriver" in whole
    assert content in (former, whole)


@pytest.mark.parametrize("fault", [
    Fault("drop", match="Install-WindowsFeature", when="during"),
    Fault("power-cycle", match="Install-WindowsFeature", when="during"),
    Fault("power-cycle", match="Enable-MSDSMAutomaticClaim", when="during"),
], ids=lambda fault: f"{fault.kind}-{fault.match}")
def test_a_bare_host_that_goes_away_is_finished_by_the_next_run(site: StartSite, fault: Fault) -> None:
    running = site()
    arm(running, fault)
    run = running.play("--limit", "hv01")
    assert run.recap("unreachable") == {"hv01": 1}
    assert "the connection to the host was lost while a batch ran" in run.failures[0][1]
    finish(running)


@pytest.mark.parametrize("fault", [
    Fault("drop", match="Restart-Service", when="during"),
    Fault("drop", match="Dismount-VMHostAssignableDevice", when="before"),
    Fault("drop", match="Start-Service", when="during"),
], ids=lambda fault: f"{fault.kind}-{fault.match}")
def test_a_host_that_goes_away_later_is_finished_by_the_next_run(site: StartSite, fault: Fault) -> None:
    running = site(prepared)
    arm(running, fault)
    run = running.play("--limit", "hv01", variables=NO_REBOOT)
    assert run.code != 0
    assert run.failures
    finish(running, variables=NO_REBOOT)


def test_a_host_that_goes_away_while_the_driver_s_installer_runs_is_finished_by_the_next_run(site: StartSite) -> None:
    running = site(prepared)
    arm(running, Fault("drop", match="ansible.windows.win_package", when="during"), host="hv02")
    run = running.play("--limit", "hv02", variables=NO_REBOOT)
    assert run.code != 0
    assert run.failures
    finish(running, variables=NO_REBOOT, host="hv02")


def test_an_installer_that_fails_leaves_its_log_on_the_controller(site: StartSite) -> None:
    def spoil(lab: dict[str, Any]) -> None:
        prepared(lab)
        lab["downloads"]["HyperVNovaCompute.msi"]["exit_code"] = 1603

    running = site(spoil)
    run = running.play("--limit", "hv02", variables=NO_REBOOT)
    assert run.code != 0
    message = run.failures[-1][1]
    assert "The driver was not installed: " in message
    assert "1603" in message
    logs = list((running.folder / "logs").rglob("*.log"))
    assert len(logs) == 1
    assert "1603" in logs[0].read_text(encoding="utf-16" if logs[0].read_bytes().startswith(b"\xff\xfe") else "utf-8")


def test_a_download_with_another_checksum_is_not_run(site: StartSite) -> None:
    running = site(prepared)
    run = running.play("--limit", "hv02", variables={**NO_REBOOT, "hyperv_compute_driver_sha256": "0" * 64})
    assert run.code != 0
    assert "Download the installer and check it" in run.failures[-1][1]
    assert not any("installed" in change for change in running.changes("hv02"))
