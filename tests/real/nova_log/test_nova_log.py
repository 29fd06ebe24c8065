# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What win_hv_nova_log reads, held against the real packages of each release: their sources, and logs that they write themselves."""
from __future__ import annotations

import ast
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_milestones import START, TEXTS, runs, verdict

from tools.option_catalogue.environments import RELEASES, environment

WITH_WHEELHOUSE = ("zed", "2023.1", "2023.2")
PACKAGES = ("nova", "os_vif", "oslo_messaging", "oslo_service", "oslo_log")
FROM_2023_1 = (
    "No local node identity found, but this is not our first startup on this host",
    "Possible rename detected, refusing to start!",
    "Invalid node identity configuration: ",
)
CONFIG = """\
[DEFAULT]
log_file = {folder}/nova-compute.log
state_path = {folder}
transport_url = {transport_url}
host = hv01
{options}
[oslo_concurrency]
lock_path = {folder}
"""


@pytest.fixture(scope="module", params=WITH_WHEELHOUSE)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def python(release: str) -> Path:
    return environment(RELEASES[release])


def site_packages(python: Path) -> Path:
    [found] = (python.parent.parent / "lib").glob("python3.*/site-packages")
    return found


def texts_of(python: Path) -> Iterator[str]:
    """Every string constant of the packages' code, implicit concatenation already done, the one word filled in that nova fills in."""
    for package in PACKAGES:
        for file in (site_packages(python) / package).rglob("*.py"):
            if "tests" not in file.parts:
                for item in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                    if isinstance(item, ast.Constant) and isinstance(item.value, str):
                        yield item.value.replace("%(topic)s", "compute")


def test_every_text_is_in_the_sources_of_the_release(release: str, python: Path) -> None:
    constants = "\0".join(texts_of(python))
    missing = {text for text in TEXTS if text not in constants}
    assert missing == (set(FROM_2023_1) if release == "zed" else set())


def configure(folder: Path, options: str = "", transport_url: str = "fake://") -> Path:
    path = folder / "nova.conf"
    path.write_text(CONFIG.format(folder=folder, options=options, transport_url=transport_url))
    return path


def fail(python: Path, case: str, config: Path) -> str:
    """The log of one case of nova_failures.py."""
    script = Path(__file__).with_name("nova_failures.py")
    done = subprocess.run([python, script, case, config], capture_output=True, text=True, check=False, timeout=120)
    log = config.with_name("nova-compute.log")
    assert log.is_file(), done.stderr
    return log.read_text()


def start_until(python: Path, config: Path, text: str) -> str:
    """Runs the real nova-compute until its log has the text, then ends it."""
    log = config.with_name("nova-compute.log")
    process = subprocess.Popen(
        [python.with_name("nova-compute"), "--config-file", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            if log.is_file() and text in log.read_text():
                break
            time.sleep(0.2)
    finally:
        process.kill()
        process.wait()
    return log.read_text()


def judged(log: str) -> tuple[str, str]:
    found = verdict(runs(log)[-1])
    return found.state, found.evidence


def test_nova_compute_without_rabbitmq(python: Path, tmp_path: Path) -> None:
    log = start_until(python, configure(tmp_path, transport_url="rabbit://u:p@127.0.0.1:1/"), "Connection failed")
    state, evidence = judged(log)
    assert state == "waiting_for_messaging"
    assert "ECONNREFUSED" in evidence
    assert START in log.splitlines()[0]


def test_nova_compute_without_a_conductor(python: Path, tmp_path: Path) -> None:
    log = start_until(python, configure(tmp_path), "Timed out waiting for nova-conductor")
    assert judged(log)[0] == "waiting_for_conductor"
    assert START in log.splitlines()[0]


@pytest.mark.parametrize(
    ("options", "state", "evidence"),
    [
        ("", "no_compute_driver", "ERROR nova.virt.driver [-] Compute driver option required"),
        ("compute_driver = compute_hyperv.HyperVDriver", "driver_failed", "Unable to load the virtualization driver"),
        ("compute_driver = event.Event", "driver_failed", "from 'nova.virt' is not of type"),
        # On Linux its constructor finds no WMI, as it does on a Windows where Hyper-V is not in effect.
        ("compute_driver = compute_hyperv.driver.HyperVDriver", "driver_failed", "CRITICAL nova [-] Unhandled error"),
    ],
)
def test_a_driver_that_does_not_load(python: Path, tmp_path: Path, options: str, state: str, evidence: str) -> None:
    found, line = judged(fail(python, "driver", configure(tmp_path, options)))
    assert found == state
    assert evidence in line


@pytest.mark.parametrize("case", ["lost_identity", "renamed", "identity_conflict"])
def test_identities_that_nova_refuses(release: str, python: Path, tmp_path: Path, case: str) -> None:
    if release == "zed":
        assert not (site_packages(python) / "nova" / "virt" / "node.py").exists()  # so there is nothing to refuse
        return
    if case == "identity_conflict":
        (tmp_path / "compute_id").write_text("no uuid")
    state, evidence = judged(fail(python, case, configure(tmp_path, "compute_driver = compute_hyperv.driver.HyperVDriver")))
    assert state == case
    assert "Error starting thread." in evidence


@pytest.mark.parametrize(("url", "error"), [
    ("etcd3+http://127.0.0.1:1?api_version=v3", "etcd3gw.exceptions.ConnectionFailedError"),
    ("mysql://u:p@127.0.0.1:1/locks", "tooz.coordination.ToozConnectionError: (2003, \"Can't connect to MySQL server on '127.0.0.1'"),
])
def test_a_cluster_driver_without_its_locks(python: Path, tmp_path: Path, url: str, error: str) -> None:
    options = f"compute_driver = compute_hyperv.cluster.driver.HyperVClusterDriver\n[coordination]\nbackend_url = {url}\n"
    state, evidence = judged(fail(python, "locks", configure(tmp_path, options)))
    assert state == "driver_failed"
    assert f"CRITICAL nova [-] Unhandled error: {error}" in evidence


def test_a_configuration_without_placement(python: Path, tmp_path: Path) -> None:
    state, evidence = judged(fail(python, "placement_failed", configure(tmp_path)))
    assert state == "placement_failed"
    assert "No authentication information found for placement API." in evidence


def test_the_last_step_of_a_start(python: Path, tmp_path: Path) -> None:
    assert judged(fail(python, "unclaimed", configure(tmp_path)))[0] == "up"
