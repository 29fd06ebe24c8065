# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`python -m rehearsal`: the daemon, and what the command line says about it. Oracle: docs/rehearsal.md."""
from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
LAB = """
rehearsal: 1
timing: {reboot_seconds: 0.3}
hosts:
  hv01: {os: {version: "2022"}}
  hv02: {os: {version: "2019"}}
"""

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Command]:
    """Runs the command line on a state directory of this test."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rehearsal", *arguments, "--state", tmp_path / "state"], capture_output=True, text=True, check=False,
            timeout=60, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "extensions"), *sys.path])}, cwd=tmp_path,
        )

    yield run
    run("down")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    path = tmp_path / "lab.yml"
    path.write_text(LAB)
    return path


def ansible(inventory: list[Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    sources = [word for path in inventory for word in ("-i", str(path))]
    command = [str(Path(sys.executable).with_name("ansible")), *sources, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=inventory[0].parent)


def test_up_use_down_up_again(rehearsal: Command, lab: Path, tmp_path: Path) -> None:
    up = rehearsal("up", lab)
    assert up.returncode == 0, up.stderr
    assert "hv01: Windows Server 2022 Server Core, 127.0.0.1 http" in up.stdout
    assert rehearsal("inventory", "--output", tmp_path / "inv.yml").returncode == 0
    ping = ansible([tmp_path / "inv.yml"], "hyperv_compute", "-m", "ansible.windows.win_file", "-a", r"path=C:\OpenStack state=directory")
    assert ping.returncode == 0, ping.stdout
    second = rehearsal("up", lab)
    assert second.returncode == 1
    assert "is up" in second.stderr
    assert rehearsal("down").returncode == 0
    assert rehearsal("status").stdout.startswith("down\n")
    assert ansible([tmp_path / "inv.yml"], "hv01", "-m", "ansible.windows.win_ping").returncode == 4
    assert rehearsal("up", lab).returncode == 0
    again = ansible([tmp_path / "inv.yml"], "hv01", "-m", "ansible.windows.win_file", "-a", r"path=C:\OpenStack state=directory")
    assert '"changed": false' in again.stdout
    summary = json.loads(rehearsal("journal", "hv01", "--summary").stdout)
    assert (summary["remote_calls"], summary["changes"]) == (2, 1)
    assert summary["wire_bytes"] > summary["payload_bytes"] > 0
    assert len(rehearsal("journal", "hv02").stdout.splitlines()) == 1
    rehearsal("down")
    assert rehearsal("up", lab, "--fresh").returncode == 0
    assert rehearsal("journal", "hv01").stdout == ""


def test_show_and_faults(rehearsal: Command, lab: Path) -> None:
    rehearsal("up", lab)
    assert yaml.safe_load(rehearsal("show", "hv02").stdout)["reboots"] == 0
    assert rehearsal("show", "hv02", "--file", r"C:\nope").returncode == 1
    armed = rehearsal("fault", "hv01", "error", "--match", "Set-VMHost", "--error-id", "X,Y", "--persistent")
    assert json.loads(armed.stdout)["error"]["id"] == "X,Y"
    assert json.loads(rehearsal("fault", "hv01", "list").stdout)["persistent"] is True
    assert rehearsal("fault", "hv01", "clear").stdout == ""
    assert "from 1" in rehearsal("fault", "hv01", "drop", "--call", "0").stderr
    assert "it has hv01, hv02" in rehearsal("fault", "hv09", "drop").stderr


def test_a_lab_that_cannot_be_says_why(rehearsal: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("rehearsal: 1\nhosts: {hv01: {os: {version: '2012'}}}\n")
    failed = rehearsal("up", tmp_path / "bad.yml")
    assert failed.returncode == 1
    assert failed.stderr == "rehearsal: lab.hosts.hv01.os.version: '2012' is not allowed; allowed: 2016, 2019, 2022, 2025\n"
    assert "no lab" in rehearsal("status").stderr
    assert rehearsal("up", tmp_path / "missing.yml").returncode == 1


def test_a_port_that_is_taken_says_so(rehearsal: Command, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "lab.yml").write_text(f"rehearsal: 1\nhosts: {{hv01: {{winrm: {{http_port: {port}}}}}}}\n")
        failed = rehearsal("up", tmp_path / "lab.yml")
    assert failed.returncode == 1
    assert "Address already in use" in failed.stderr


def test_a_lab_out_of_an_inventory(rehearsal: Command, tmp_path: Path) -> None:
    own = tmp_path / "site.yml"
    own.write_text(yaml.safe_dump({"all": {
        "hosts": {"controller": {"ansible_host": "192.0.2.1"}},
        "children": {"compute": {
            "vars": {
                "ansible_connection": "psrp", "ansible_user": "CORP\\deploy", "ansible_password": "real", "ansible_psrp_auth": "kerberos",
            },
            "hosts": {"node1": {"ansible_host": "192.0.2.11"}, "node2": {"rehearsal_host": {"os": {"version": "2019"}}}},
        }},
    }}))
    made = rehearsal("from-inventory", own)
    assert made.returncode == 0, made.stderr
    overlay = tmp_path / "state" / "overlay.yml"
    assert str(overlay) in made.stdout
    assert "real" not in overlay.read_text() + (tmp_path / "state" / "lab.yml").read_text()
    ping = ansible([own, overlay], "compute", "-m", "ansible.windows.win_ping")
    assert ping.returncode == 0, ping.stdout
    assert ping.stdout.count('"ping": "pong"') == 2
    assert "node2: Windows Server 2019" in rehearsal("status").stdout


def test_an_inventory_without_windows_hosts_is_refused(rehearsal: Command, tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text("all: {hosts: {linux: {}}}\n")
    assert "has no Windows hosts" in rehearsal("from-inventory", tmp_path / "site.yml").stderr


def test_a_host_is_switched_off_and_on(rehearsal: Command, lab: Path, tmp_path: Path) -> None:
    assert rehearsal("up", lab).returncode == 0
    assert rehearsal("inventory", "--output", tmp_path / "inv.yml").returncode == 0
    ping = ([tmp_path / "inv.yml"], "hv01", "-m", "ansible.windows.win_ping", "-e", "ansible_winrm_connection_timeout=3")
    assert rehearsal("power", "hv01", "off").returncode == 0
    assert "UNREACHABLE" in ansible(*ping).stdout
    assert [line.endswith(", switched off") for line in rehearsal("status").stdout.splitlines()] == [False, True, False]
    assert yaml.safe_load(rehearsal("clusters").stdout) == {"clusters": [], "orders": []}
    assert rehearsal("power", "hv01", "on").returncode == 0
    time.sleep(1)
    again = [ansible(*ping).returncode for _unused in range(2)]
    assert again[-1] == 0
    assert "no host 'hv09'" in rehearsal("power", "hv09", "off").stderr
