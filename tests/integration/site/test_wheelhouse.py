# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The driver as a wheelhouse, from the first installation to an update and the way back, also when wheels are broken or the host goes away.

The oracle is the simulated server: its files, its services, and the log of the nova-compute that runs there.
"""
from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from rehearsal.faults import Fault

from tests.integration.site.conftest import Run, Site, StartSite

pytestmark = pytest.mark.long

ROOT = r"C:\Program Files\OpenStack\Driver"
LOG = r"C:\OpenStack\Log\nova-compute.log"
SERVICE_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\nova-compute"
FIRST, SECOND, BROKEN = "nova-hyperv-2023.2-cp38-win_amd64.zip", "second.zip", "broken.zip"
STAGES = ["driver", "folders", "nova_conf", "service", "verify"]


def prepared(lab: dict[str, Any]) -> None:
    """Features in effect already; a second archive, and one with a wheel that is not what its lock says."""
    for host in lab["hosts"].values():
        host["features"] = {"installed": ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"]}
    packages = lab["downloads"][FIRST]["packages"]
    lab["downloads"][SECOND] = {"kind": "wheelhouse", "packages": {**packages, "nova": "28.3.2"}}
    lab["downloads"][BROKEN] = {"kind": "wheelhouse", "packages": {**packages, "nova": "28.3.3"}, "damaged": ["os-win"]}


class Driver:
    """A site that installs an archive on hv01.

    wrapper: nssm, and the host downloads all files; openstackservice, and archive and wrapper are pushed from the controller.
    """

    def __init__(self, site: Site, wrapper: str = "nssm") -> None:
        self.site = site
        self.machine = site.lab.hosts["hv01"].machine
        self._downloads = site.lab.inventory()["all"]["vars"]["rehearsal_downloads"]
        self._wrapper = wrapper

    def play(self, house: str, **wheelhouse: Any) -> Run:
        return self.site.play("--limit", "hv01", "--diff", variables=self._variables(house, wheelhouse))

    def require_done(self, archive: str, version: str) -> None:
        """The archive's environment is in use, its nova wrote the end of the log, and one more run changes nothing."""
        current = json.loads(self.machine.files.read(rf"{ROOT}\current.json") or b"")
        assert current["environment"] == self.environment(archive)
        assert self.environment(archive) in self.command()
        assert self.running_version() == version
        again = self.play(archive)
        assert again.code == 0, again.failures
        assert again.recap("changed") == {"hv01": 0}
        assert len(self.site.calls("hv01")) == 2
        assert self.site.changes("hv01") == []

    def environment(self, archive: str) -> str:
        name: str = self._downloads[archive]["sha256"][:12]
        return name

    def command(self) -> str:
        """What the service would start now."""
        service = self.machine.services.get("nova-compute")
        return str(self.machine.registry.get(rf"{SERVICE_KEY}\Parameters", "Application")) if self._wrapper == "nssm" else service.path_name

    def running_version(self) -> str:
        """Of the nova that wrote the log's last start, by a service that runs."""
        assert self.machine.services.get("nova-compute").state == "Running"
        log = (self.machine.files.read(LOG) or b"").decode()
        return log.rpartition("Starting compute node (version ")[2].partition(")")[0]

    def installing_calls(self) -> list[str]:
        """The programs and downloads of the last play, without those by which its last stage looks at the environment."""
        looks = ("driver_wheelhouse.packages", "driver_wheelhouse.driver")
        calls = [call for entry in self.site.calls("hv01") for call in entry.calls if call["id"] not in looks]
        return [name for call in calls if (name := str(call.get("program", call.get("cmdlet")))).endswith((".exe", "Invoke-WebRequest"))]

    def file(self, name: str) -> dict[str, str]:
        return {"url": self._downloads[name]["url"], "sha256": self._downloads[name]["sha256"]}

    def _variables(self, house: str, wheelhouse: dict[str, Any]) -> dict[str, Any]:
        program = rf"C:\OpenStack\bin\{self._wrapper}.exe"
        files = {name: {**self.file(name), "path": rf"C:\OpenStack\Install\{name}"} for name in self._downloads}
        archive = files[house]
        brought = [{"path": program, **self.file("nssm.exe")}]
        if self._wrapper != "nssm":
            archive = {"path": archive["path"], "sha256": archive["sha256"]}
            brought = [{"path": program, "src": self._keep("nssm.exe")}, {"path": archive["path"], "src": self._keep(house)}]
        return {
            "hyperv_compute_stages": STAGES,
            "hyperv_compute_driver_files": brought,
            "hyperv_compute_driver_wheelhouse": {
                "archive": archive,
                "python": {"installer": files["python-3.8.10-amd64.exe"]},
                "vc_runtime": {"installer": files["vc_redist.x64.exe"]},
                "wrapper": {"kind": self._wrapper, "path": program},
                **wheelhouse,
            },
        }

    def _keep(self, name: str) -> str:
        """The path of a download that lies on the controller."""
        path = self.site.folder / name
        path.write_bytes(self.site.lab.lab.downloads[name].encode())
        return str(path)


@pytest.mark.parametrize("wrapper", ["nssm", "openstackservice"])
def test_an_update_is_a_switch_and_so_is_the_way_back(site: StartSite, wrapper: str) -> None:
    driver = Driver(site(prepared), wrapper)
    first = driver.play(FIRST)
    assert first.code == 0, first.failures
    assert driver.machine.registry.get(SERVICE_KEY, "Environment") == ["PYTHONUTF8=1"]
    driver.require_done(FIRST, "28.3.1")

    update = driver.play(SECOND)
    assert update.code == 0, update.failures
    assert driver.machine.files.is_folder(rf"{ROOT}\{driver.environment(FIRST)}\venv")
    assert not any("python-3.8.10" in name or "vc_redist" in name for name in driver.installing_calls())
    driver.require_done(SECOND, "28.3.2")

    back = driver.play(FIRST)
    assert back.code == 0, back.failures
    assert driver.installing_calls() in ([], ["sc.exe"])
    driver.require_done(FIRST, "28.3.1")


def test_a_broken_wheel_is_named_and_the_former_driver_stays_in_use(site: StartSite) -> None:
    driver = Driver(site(prepared))
    assert driver.play(FIRST).code == 0
    process = driver.machine.services.get("nova-compute").pid
    run = driver.play(BROKEN)
    assert run.code != 0
    message = run.failures[-1][1]
    assert message.startswith("driver_wheelhouse: ")
    assert "failed in call 'install'" in message
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in message
    assert "os-win==5.9.0 from file:///" in message
    assert driver.machine.services.get("nova-compute").pid == process
    driver.require_done(FIRST, "28.3.1")


def test_a_file_with_another_hash_is_not_used(site: StartSite) -> None:
    driver = Driver(site(prepared))
    other = hashlib.sha256(b"another").hexdigest()
    run = driver.play(FIRST, archive={**driver.file(FIRST), "path": r"C:\OpenStack\Install\x.zip", "sha256": other})
    assert run.code != 0
    assert "failed in call 'archive.check'" in run.failures[-1][1]
    assert not any("pip installed" in change for change in driver.site.changes("hv01"))


def test_what_nobody_brings_is_named_before_anything_is_installed(site: StartSite) -> None:
    driver = Driver(site(prepared))
    run = driver.play(FIRST, python={})
    assert run.code != 0
    assert "Python 3.8 is not on this host" in run.failures[-1][1]
    assert driver.machine.services.find("nova-compute") is None


@pytest.mark.parametrize("fault", [
    Fault("drop", match="Invoke-WebRequest", when="during", call=1),
    Fault("drop", match="python.exe", when="before", call=3),
    Fault("power-cycle", match="python.exe", when="during", call=3),
    Fault("drop", match="write_file", when="before", call=1),
    Fault("drop", match="New-ItemProperty", when="during", call=1),
    Fault("drop", match="write_file", when="before", call=2),
    Fault("power-cycle", match="write_file", when="during", call=2),
    Fault("drop", match="Restart-Service", when="before"),
], ids=lambda fault: f"{fault.kind}-{fault.match}-{fault.call}")
def test_an_update_of_a_host_that_goes_away_is_finished_by_the_next_run(site: StartSite, fault: Fault) -> None:
    driver = Driver(site(prepared))
    assert driver.play(FIRST).code == 0
    driver.site.lab.hosts["hv01"].faults.arm(fault)
    run = driver.play(SECOND)
    assert run.recap("unreachable") == {"hv01": 1}
    driver.site.wait("hv01")
    assert driver.machine.files.is_folder(rf"{ROOT}\{driver.environment(FIRST)}\venv")
    done = driver.play(SECOND)
    assert done.code == 0, done.failures
    driver.require_done(SECOND, "28.3.2")
