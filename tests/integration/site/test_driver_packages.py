# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Vendors' drivers and modules for MPIO in site.yml. The oracle is the simulated server's own state and journal."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.driver_files import HBA, inf
from tests.integration.site.conftest import Site, StartSite

pytestmark = pytest.mark.long

FOLDER = r"C:\Windows\Temp\drivers"
DSM = {"name": "Contoso DSM for MPIO", "version": "4.2.1", "publisher": "Contoso", "install_dir": r"C:\Program Files\Contoso\DSM"}
CODE, SETUP_CODE = "{0C0DE000-0000-4000-8000-000000000001}", "{0C0DE000-0000-4000-8000-000000000002}"
STAGES = ["features", "driver_packages", "mpio", "verify"]


def lab(mapping: dict[str, Any], *, registered: str = "after_restart", exit_code: int = 3010) -> None:
    mapping["hosts"]["hv01"]["hardware"]["pci"].append({**HBA, "in_use": True})
    mapping["downloads"] |= {
        "contoso-dsm.msi": {
            **DSM, "product_code": CODE, "exit_code": exit_code,
            "dsm": {"name": "Contoso DSM", "version": "4.2.1", "registered": registered},
        },
        "tools.exe": {**DSM, "kind": "setup", "name": "Contoso Host Tools", "product_code": SETUP_CODE},
        "ql2300.inf": {"kind": "file", "text": inf()},
    }


def variables(site: Site, controller: Path) -> dict[str, Any]:
    """The .inf file is downloaded by the host, its companions are pushed from the controller."""
    downloads = site.lab.inventory()["all"]["vars"]["rehearsal_downloads"]
    pushed = []
    for name in ("ql2300.sys", "ql2300.cat"):
        (controller / name).write_bytes(b"x")
        pushed.append({"path": rf"{FOLDER}\{name}", "src": str(controller / name)})
    fetched = {name: {"url": downloads[name]["url"], "sha256": downloads[name]["sha256"]} for name in ("ql2300.inf", "tools.exe")}
    return {
        "hyperv_compute_stages": STAGES,
        "hyperv_compute_driver_packages": {
            "packages": [{"path": rf"{FOLDER}\ql2300.inf", "provider": "QLogic", "version": "9.4.5.20"}],
            "installers": [
                {"product": "Contoso DSM", "version": "4.2.1", "dsm": "Contoso DSM"}, {"product": "Contoso Host Tools"},
            ],
        },
        "hyperv_compute_driver_package_files": [
            *pushed, *({"path": rf"{FOLDER}\{name}", **source} for name, source in fetched.items()),
        ],
        "hyperv_compute_driver_package_setups": {
            "Contoso DSM": {
                "path": downloads["contoso-dsm.msi"]["url"], "checksum": downloads["contoso-dsm.msi"]["sha256"],
                "checksum_algorithm": "sha256",
            },
            "Contoso Host Tools": {"path": rf"{FOLDER}\tools.exe", "product_id": SETUP_CODE, "arguments": ["/quiet"]},
        },
    }


def test_drivers_and_modules_come_in_order_and_are_recognised(site: StartSite, tmp_path: Path) -> None:
    running = site(lab)
    wanted = variables(running, tmp_path)

    check = running.play("--limit", "hv01", "--check", "--diff", variables=wanted)
    assert check.code == 0, check.failures
    assert running.changes("hv01") == []

    first = running.play("--limit", "hv01", variables=wanted)
    assert first.code == 0, first.output[-6000:]
    machine = running.lab.hosts["hv01"].machine
    assert machine.drivers.dsms == {"Contoso DSM": "4.2.1"}
    assert [driver.inf for driver in machine.drivers.drivers() if driver.device == HBA["instance_id"]] == ["oem0.inf"]
    assert all(device.problem == 0 for device in machine.pci.all())
    # The features, the installer, the device in use; MPIO's own changes come after all of it.
    changes = running.changes("hv01")
    assert [line for line in changes if line == "restarting"] == ["restarting"] * 4
    order = ["features in effect", "installed Contoso DSM", "driver store: ql2300.inf", "multipath: default load balance policy"]
    positions = [next(index for index, line in enumerate(changes) if line.startswith(start)) for start in order]
    assert positions == sorted(positions)

    for promise in ("packages.ql2300.version", "packages.ql2300.restart", "installers.Contoso DSM.dsm", "installers.Contoso DSM.version"):
        assert f"kept | driver_packages.{promise} " in first.output, promise

    second = running.play("--limit", "hv01", variables=wanted)
    assert second.code == 0, second.failures
    assert second.recap("changed") == {"hv01": 0}
    assert len(running.calls("hv01")) == 2


def test_a_module_that_mpio_never_registers_is_an_error_that_says_so(site: StartSite, tmp_path: Path) -> None:
    running = site(lambda mapping: lab(mapping, registered="never", exit_code=0))
    wanted = variables(running, tmp_path)
    first = running.play("--limit", "hv01", variables=wanted)
    assert first.code != 0
    assert "dsm_not_recognised (Contoso DSM for MPIO)" in str(first.failures)
    restarts = running.lab.hosts["hv01"].machine.reboots

    # The next run says so before it touches anything, and does not restart the host again and again.
    second = running.play("--limit", "hv01", variables=wanted)
    assert second.code != 0
    assert "hv01 | critical | dsm_not_recognised" in second.output
    assert running.changes("hv01") == []
    assert running.lab.hosts["hv01"].machine.reboots == restarts


def test_an_installer_without_a_setup_is_named(site: StartSite, tmp_path: Path) -> None:
    running = site(lab)
    wanted = {**variables(running, tmp_path), "hyperv_compute_driver_package_setups": {}}
    run = running.play("--limit", "hv01", variables=wanted)
    assert run.code != 0
    assert "hyperv_compute_driver_package_setups has no entry for Contoso DSM, Contoso Host Tools" in str(run.failures)
    assert not running.lab.hosts["hv01"].machine.drivers.packages()


def test_an_installer_that_fails_ends_the_stage(site: StartSite, tmp_path: Path) -> None:
    running = site(lambda mapping: lab(mapping, exit_code=1603))
    run = running.play("--limit", "hv01", variables=variables(running, tmp_path))
    assert run.code != 0
    assert "Run the installers of the programs that are missing: unexpected rc from" in run.failures[-1][1]
    assert "exit code 1603" in run.failures[-1][1]
    assert running.lab.hosts["hv01"].machine.drivers.dsms == {}
