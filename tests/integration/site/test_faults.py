# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts that go away, cmdlets that fail, disks that are full: a clear error, nothing half-written, and the next run finishes the job."""
from __future__ import annotations

import pytest
from rehearsal.faults import Fault

from tests.integration.site.conftest import Site, StartSite

CONF = r"C:\OpenStack\Nova\etc\nova.conf"


def finish(site: Site) -> None:
    """The next run brings the host to its wanted state, and the one after that changes nothing."""
    done = site.play("--limit", "hv01")
    assert done.code == 0, done.failures
    assert site.lab.hosts["hv01"].machine.services.get("nova-compute").state == "Running"
    again = site.play("--limit", "hv01")
    assert again.recap("changed") == {"hv01": 0}
    assert site.changes("hv01") == []


def arm(site: Site, fault: Fault) -> None:
    site.lab.hosts["hv01"].faults.arm(fault)


def test_a_cmdlet_that_fails_is_named_with_its_error_id_its_section_and_its_call(site: StartSite) -> None:
    running = site()
    error = {"id": "OperationFailed,Microsoft.HyperV.PowerShell.Commands.SetVMHost", "message": "Der Vorgang ist fehlgeschlagen."}
    arm(running, Fault("error", match="Set-VMHost", error=error))
    run = running.play("--limit", "hv01")
    assert run.code != 0
    assert run.failures[0] == (
        "hv01",
        "Task failed: Action failed: numa: Set-VMHost failed in call 'set': Der Vorgang ist fehlgeschlagen. "
        "[OperationFailed,Microsoft.HyperV.PowerShell.Commands.SetVMHost]",
    ) or run.failures[0][1].startswith("numa: Set-VMHost failed in call 'set': Der Vorgang ist fehlgeschlagen.")
    finish(running)


@pytest.mark.parametrize("fault", [
    Fault("drop", match="write_file", when="before", seconds=1),
    Fault("drop", match="write_file", when="during", seconds=1),
    Fault("drop", match="write_file", when="after", seconds=1),
    Fault("power-cycle", match="write_file", when="during", seconds=1),
    Fault("disk-full", match="write_file"),
], ids=lambda fault: f"{fault.kind}-{fault.when}")
def test_nova_conf_is_replaced_whole_or_not_at_all(site: StartSite, fault: Fault) -> None:
    running = site()
    former = b"[DEFAULT]\r\ndebug = true\r\n"
    files = running.lab.hosts["hv01"].machine.files
    files.make_folder(r"C:\OpenStack\Nova\etc")
    files.write(CONF, former)
    arm(running, fault)
    run = running.play("--limit", "hv01")
    assert run.code != 0
    content = running.read("hv01", CONF)
    assert content is not None
    assert content == former or (b"compute_driver" in content and content.rstrip().endswith(b"\n".join(content.rstrip().splitlines()[-1:])))
    leftovers = [name for name in files.list(r"C:\OpenStack\Nova\etc") if name.lower() != "nova.conf"]
    assert all(name.endswith(".new") for name in leftovers)
    finish(running)
    assert b"compute_driver = compute_hyperv.driver.HyperVDriver" in (running.read("hv01", CONF) or b"")


@pytest.mark.parametrize("fault", [
    Fault("drop", match="Install-WindowsFeature", when="during", seconds=1),
    Fault("power-cycle", match="Install-WindowsFeature", when="during", seconds=1),
    Fault("drop", match="Restart-Service", when="during", seconds=1),
    Fault("power-cycle", match="Enable-MSDSMAutomaticClaim", when="during", seconds=1),
    Fault("drop", match="Dismount-VMHostAssignableDevice", when="before", seconds=1),
    Fault("drop", match="ansible.windows.win_package", when="during", seconds=1),
    Fault("drop", match="Start-Service", when="during", seconds=1),
], ids=lambda fault: f"{fault.kind}-{fault.match}")
def test_a_host_that_goes_away_is_a_clear_error_and_the_next_run_finishes_the_job(site: StartSite, fault: Fault) -> None:
    running = site()
    arm(running, fault)
    run = running.play("--limit", "hv01")
    assert run.code != 0
    assert sum(run.recap("unreachable").values()) + sum(run.recap("failures").values()) >= 1
    assert run.failures
    finish(running)


def test_an_installer_that_fails_leaves_its_log_on_the_controller(site: StartSite) -> None:
    def spoil(lab: dict) -> None:
        lab["downloads"]["HyperVNovaCompute.msi"]["exit_code"] = 1603

    running = site(spoil)
    run = running.play("--limit", "hv01")
    assert run.code != 0
    message = run.failures[-1][1]
    assert "The driver was not installed: " in message
    assert "1603" in message
    logs = list((running.folder / "logs").rglob("*.log"))
    assert len(logs) == 1
    assert "1603" in logs[0].read_text(encoding="utf-16" if logs[0].read_bytes().startswith(b"\xff\xfe") else "utf-8")


def test_a_download_with_another_checksum_is_not_run(site: StartSite) -> None:
    running = site()
    run = running.play("--limit", "hv01", hyperv_compute_driver_sha256="0" * 64)
    assert run.code != 0
    assert "Download the installer and check it" in run.failures[-1][1]
    assert not any("installed" in change for change in running.changes("hv01"))
