# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The main job with other releases of ansible-core than the one that everything else runs on: the oldest that the collection
supports, and the newest that the Pythons of this machine can have. The packages bring their own ansible.windows, too.
"""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rehearsal.lab import from_mapping
from rehearsal.running import running

ROOT = Path(__file__).resolve().parents[3]
# A lab, and the inventory that is played on it: two stand-alone nodes, and a failover cluster, which needs to become another account.
EXAMPLES = {
    "example": "extensions/rehearsal/labs/example.yml",
    "example_cluster": "extensions/molecule/cluster/lab.yml",
}


def newest_python() -> Path:
    """The newest interpreter that can be found: on the PATH, or where pyenv keeps its own."""
    on_path = [shutil.which(f"python3.{minor}") for minor in (14, 13, 12)]
    kept = sorted(Path.home().glob(".pyenv/versions/3.1[234].*/bin/python"), key=lambda path: path.parts[-3].split("."), reverse=True)
    usable = [Path(path) for path in on_path if path and not subprocess.run([path, "-c", ""], check=False, capture_output=True).returncode]
    return next(iter([*usable, *kept, Path(sys.executable)]))


CORES = {"oldest": (Path(sys.executable), "ansible==9.*"), "newest": (newest_python(), "ansible")}


@pytest.fixture(scope="module", params=CORES)
def playbook(request: pytest.FixtureRequest) -> Path:
    """An ansible-playbook in an environment of its own."""
    python, package = CORES[request.param]
    environment = ROOT / "build" / "real" / f"core-{request.param}"
    if not (environment / "bin" / "ansible-playbook").exists():
        subprocess.run([python, "-m", "venv", "--clear", environment], check=True)
        subprocess.run([environment / "bin" / "pip", "install", "--quiet", package, "pywinrm"], check=True)
    version = subprocess.run([environment / "bin" / "ansible", "--version"], check=True, capture_output=True, text=True).stdout
    print(version.splitlines()[0])
    return environment / "bin" / "ansible-playbook"


@pytest.mark.parametrize("example", EXAMPLES)
def test_bare_servers_become_compute_nodes(playbook: Path, example: str, tmp_path: Path) -> None:
    lab = yaml.safe_load((ROOT / EXAMPLES[example]).read_text(encoding="utf-8"))
    lab["timing"] = {**lab["timing"], "reboot_seconds": 0.2, "shutdown_delay_seconds": 0}
    with running(from_mapping(lab), tmp_path / "lab") as servers:
        overlay = tmp_path / "inventory.yml"
        overlay.write_text(yaml.safe_dump(servers.inventory()), encoding="utf-8")
        for changed in (True, False):
            run = subprocess.run(
                [playbook, "-i", ROOT / "playbooks" / example, "-i", overlay, ROOT / "playbooks/site.yml"],
                env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PATH": f"{playbook.parent}:{os.environ['PATH']}"},
                capture_output=True, text=True, check=False, timeout=400,
            )
            assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
            recap = [line for line in run.stdout.splitlines() if "changed=" in line]
            assert len(recap) == len(lab["hosts"])
            assert ["changed=0 " in line for line in recap] == [not changed] * len(recap), recap
        assert {host.machine.services.get("nova-compute").state for host in servers.hosts.values()} == {"Running"}
