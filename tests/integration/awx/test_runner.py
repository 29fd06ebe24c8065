# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A job of AWX: ansible-runner, which is what AWX runs, on an inventory and variables that come from outside of the project."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml
from rehearsal.lab import from_mapping
from rehearsal.running import RunningLab, running

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = yaml.safe_load((ROOT / "extensions/rehearsal/labs/example.yml").read_text(encoding="utf-8"))
SECRETS = ["example-rabbit", "example$placement", "example-neutron", "example-nova"]


def job(lab: RunningLab, folder: Path, playbook: str, *arguments: str, **extra: Any) -> ansible_runner.Runner:
    """Runs a job template: its playbook, its job type in the arguments, its survey's answers as extra variables."""
    (folder / "job").mkdir(parents=True)
    overlay = folder / "inventory.json"
    overlay.write_text(json.dumps(lab.inventory()))
    return ansible_runner.run(
        private_data_dir=str(folder / "job"), project_dir=str(ROOT), playbook=f"playbooks/{playbook}", quiet=True,
        inventory=[str(ROOT / "playbooks/example"), str(overlay)],
        extravars={"hyperv_compute_verify_delay": 1, "hyperv_compute_log_folder": str(folder / "logs"), **extra},
        cmdline=" ".join(arguments) or None,
        envvars={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")},
    )


def kept(folder: Path) -> str:
    """Everything that the job has left: its output and its events, which AWX shows to whoever may read the job."""
    return "".join(path.read_text(encoding="utf-8") for path in (folder / "job/artifacts").rglob("*") if path.is_file())


@pytest.fixture
def lab(tmp_path: Path) -> Any:
    mapping = {**EXAMPLE, "timing": {"reboot_seconds": 0.2, "vmms_ready_seconds": 0, "shutdown_delay_seconds": 0}}
    with running(from_mapping(mapping), tmp_path / "lab") as started:
        yield started


def test_check_deploy_and_deploy_again_as_jobs(lab: RunningLab, tmp_path: Path) -> None:
    check = job(lab, tmp_path / "check", "site.yml", "--check", "--diff")
    assert (check.status, check.rc) == ("successful", 0)
    assert not [change for host in lab.hosts.values() for entry in host.journal.entries() for change in entry.changes]
    deploy = job(lab, tmp_path / "deploy", "site.yml", "--diff")
    assert (deploy.status, deploy.rc) == ("successful", 0)
    assert set(deploy.stats["changed"]) == {"hv01", "hv02"}
    again = job(lab, tmp_path / "again", "site.yml")
    assert (again.status, again.stats["changed"]) == ("successful", {})
    for name in ("check", "deploy", "again"):
        assert not [secret for secret in SECRETS if secret in kept(tmp_path / name)]


def test_a_job_fails_with_the_reason_in_its_events(lab: RunningLab, tmp_path: Path) -> None:
    failed = job(lab, tmp_path / "failed", "preflight.yml", hyperv_compute_numa={"spanning": "perhaps"})
    assert (failed.status, failed.rc) == ("failed", 2)
    messages = [event["event_data"]["res"]["msg"] for event in failed.events if event["event"] == "runner_on_failed"]
    assert any("spanning" in message and "perhaps" in message for message in messages)


def test_an_execution_environment_gets_what_the_collection_needs() -> None:
    """ansible-builder finds it in the collection; without it AWX would reach no Windows host."""
    builder = str(Path(sys.executable).with_name("ansible-builder"))
    found = subprocess.run(
        [builder, "introspect", str(ROOT / "build/collections")], capture_output=True, text=True, check=True,
    ).stdout
    wanted = [line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(wanted) >= 3
    assert all(line in found for line in wanted)
