# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Unmodified Ansible with its own winrm connection reaches a simulated server. Oracle: ansible-core, pywinrm and ansible.windows."""
from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rehearsal.faults import Fault
from rehearsal.machine.directory import Directory, DirectorySpec
from rehearsal.running import RunningLab

Start = Callable[..., RunningLab]
Play = Callable[..., Any]

PING: dict[str, Any] = {"ansible.windows.win_ping": {}}


def entries(lab: RunningLab) -> list[Any]:
    return lab.hosts["hv01"].journal.entries()


@pytest.mark.parametrize("transport", ["http", "https"])
def test_ping(start: Start, play: Play, transport: str) -> None:
    run = play(start(), PING, transport=transport)
    assert run.code == 0, run.output
    assert run.tasks[0]["ping"] == "pong"


def test_become_runas(start: Start, play: Play) -> None:
    lab = start()
    task = {**PING, "become": True, "become_method": "ansible.builtin.runas", "become_user": "SYSTEM"}
    assert play(lab, task).code == 0
    assert entries(lab)[0].become == "SYSTEM"


@pytest.mark.parametrize(("password", "message"), [
    ("Domain-1", None),
    ("wrong", r"Failed to logon EXAMPLE\Administrator (The user name or password is incorrect, Win32ErrorCode 1326 - 0x0000052E)"),
])
def test_become_a_user_of_the_domain(start: Start, play: Play, password: str, message: str | None) -> None:
    lab = start(domain="example.org")
    spec = DirectorySpec("example.org", "EXAMPLE", user=r"EXAMPLE\Administrator", password="Domain-1")
    lab.hosts["hv01"].machine.directory = Directory(spec)
    user = {"ansible_become_user": r"EXAMPLE\Administrator", "ansible_become_password": password}
    run = play(lab, {**PING, "become": True, "become_method": "ansible.builtin.runas", "vars": user})
    assert run.code == (2 if message else 0), run.output
    assert message is None or message in run.tasks[0]["msg"]
    assert password not in lab.store.journal("hv01").read_text()


def test_a_wrong_password_is_unreachable_after_one_try(start: Start, play: Play) -> None:
    lab = start()
    run = play(lab, PING, ansible_password="wrong")
    assert run.code == 4
    assert run.tasks[0]["unreachable"]
    assert "the specified credentials were rejected by the server" in run.tasks[0]["msg"]
    assert entries(lab) == []


def test_an_unknown_option_gets_ansible_basics_words(start: Start, play: Play) -> None:
    run = play(start(), {"ansible.windows.win_ping": {"colour": "red"}})
    assert run.code == 2
    assert run.tasks[0]["msg"] == "Unsupported parameters for (win_ping) module: colour. Supported parameters include: data"


@pytest.mark.parametrize("task", [
    {"ansible.windows.win_powershell": {"script": "Get-Date"}},
    {"ansible.windows.win_feature": {"name": "Hyper-V"}},
    {**PING, "async": 10, "poll": 1},
    {"ansible.builtin.raw": "hostname"},
    {"ansible.windows.win_copy": {"src": r"C:\a", "dest": r"C:\b", "remote_src": True}},
])
def test_what_is_not_modelled_is_refused_loudly(start: Start, play: Play, task: dict[str, Any]) -> None:
    run = play(start(), task)
    assert run.code == 2, run.output
    assert "The rehearsal" in run.output


def test_a_large_file_goes_there_and_back(start: Start, play: Play, tmp_path: Path) -> None:
    content = hashlib.shake_256(b"large").digest(1_500_000)
    (tmp_path / "large.bin").write_bytes(content)
    lab = start()
    copy = {"ansible.windows.win_copy": {"src": str(tmp_path / "large.bin"), "dest": r"C:\Windows\Temp\it's large.bin"}}
    fetch = {"ansible.builtin.fetch": {"src": r"C:\Windows\Temp\it's large.bin", "dest": f"{tmp_path}/back.bin", "flat": True}}
    run = play(lab, copy, copy, fetch)
    assert run.code == 0, run.output
    assert [task["changed"] for task in run.tasks[:2]] == [True, False]
    assert (tmp_path / "back.bin").read_bytes() == content
    assert not any(entry.error for entry in entries(lab))


def test_a_reboot_cycle(start: Start, play: Play) -> None:
    lab = start()
    before = lab.hosts["hv01"].machine.boot_time
    run = play(lab, {"ansible.windows.win_reboot": {}}, {"ansible.builtin.wait_for_connection": {}}, PING)
    assert run.code == 0, run.output
    assert run.tasks[0]["rebooted"]
    assert lab.hosts["hv01"].machine.boot_time > before
    assert [entry.kind for entry in entries(lab)].count("power") == 1


def test_the_state_outlives_the_daemon_and_the_ports_stay(start: Start, play: Play, state: Path) -> None:
    lab = start()
    path = r"C:\OpenStack\nova.conf"
    assert play(lab, {"ansible.windows.win_copy": {"content": "[DEFAULT]", "dest": path}}).code == 0
    ports = lab.ports
    lab.stop()
    again = start()
    assert again.ports == ports
    run = play(again, {"ansible.windows.slurp": {"src": path}})
    assert base64.b64decode(run.tasks[0]["content"]) == b"[DEFAULT]"


@pytest.mark.parametrize("kind", ["drop", "power-cycle"])
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_host_that_goes_away_is_a_clear_error_and_the_next_run_goes_on(start: Start, play: Play, kind: str, when: str) -> None:
    lab = start()
    host = lab.hosts["hv01"]
    host.faults.arm(Fault(kind, when, "win_file"))
    folder = {"ansible.windows.win_file": {"path": r"C:\OpenStack", "state": "directory"}}
    run = play(lab, folder)
    assert run.code != 0
    # Core's own words, by the moment: the cut itself, the next connection while the host is away, or the next request when it is back.
    assert re.search("Connection aborted|Failed to establish a new connection|shell was not found", run.tasks[0]["msg"])
    assert host.machine.files.exists(r"C:\OpenStack") == (when == "during")
    assert entries(lab)[0].error.startswith("a fault of the rehearsal")
    run = play(lab, {"ansible.builtin.wait_for_connection": {"timeout": 20, "sleep": 1}}, folder)
    assert run.code == 0, run.output
    assert run.tasks[1]["changed"] == (when == "before")


def test_a_drop_after_the_call_loses_the_answer_only(start: Start, play: Play) -> None:
    lab = start()
    lab.hosts["hv01"].faults.arm(Fault("drop", "after", "win_file"))
    run = play(lab, {"ansible.windows.win_file": {"path": r"C:\OpenStack", "state": "directory"}})
    assert run.code != 0
    assert entries(lab)[0].changes == [r"created folder C:\OpenStack"]


def test_a_host_that_hangs_for_a_while_answers_in_the_end(start: Start, play: Play) -> None:
    lab = start()
    lab.hosts["hv01"].faults.arm(Fault("hang", match="win_ping", seconds=1.5))
    run = play(lab, PING, ansible_winrm_operation_timeout_sec=1, ansible_winrm_read_timeout_sec=3)
    assert run.code == 0, run.output
    assert entries(lab)[0].seconds >= 1.5


def test_an_injected_error_and_a_full_disk(start: Start, play: Play) -> None:
    lab = start(faults=[
        {"kind": "error", "match": "win_ping", "error": {"id": "X", "message": "no ping today"}},
        {"kind": "disk-full"},
    ])
    run = play(
        lab, {**PING, "ignore_errors": True}, PING, {"ansible.windows.win_copy": {"content": "x", "dest": r"C:\Windows\Temp\x"}},
    )
    assert run.code == 2
    assert run.tasks[0]["msg"] == "no ping today"
    assert run.tasks[1]["ping"] == "pong"
    assert "There is not enough space on the disk" in run.output
    assert not lab.hosts["hv01"].machine.files.exists(r"C:\Windows\Temp\x")


def test_the_installer_from_the_file_server(start: Start, play: Play) -> None:
    lab = start()
    path = r"C:\Windows\Temp\nova.msi"
    download = {"ansible.windows.win_get_url": {
        "url": "{{ rehearsal_downloads['nova.msi'].url }}", "dest": path,
        "checksum": "{{ rehearsal_downloads['nova.msi'].sha256 }}", "checksum_algorithm": "sha256",
    }}
    install = {"ansible.windows.win_package": {
        "path": path, "arguments": ["SKIPNOVACONF=1", "ADDLOCAL=HyperVNovaCompute", r"SERVICEUSER=CORP\nova"],
        "creates_service": "nova-compute", "log_path": r"C:\Windows\Temp\nova.log",
    }}
    run = play(lab, download, {**install, "check_mode": True}, install, install)
    assert run.code == 0, run.output
    assert [task["changed"] for task in run.tasks] == [True, True, True, False]
    machine = lab.hosts["hv01"].machine
    assert machine.services.get("nova-compute").account == r"CORP\nova"
    assert machine.files.exists(r"C:\Program Files\Cloudbase Solutions\OpenStack\Nova\bin\OpenStackService.exe")
    assert not machine.files.exists(r"C:\Program Files\Cloudbase Solutions\OpenStack\Nova\etc\nova.conf")
    assert "completed successfully" in (machine.files.read(r"C:\Windows\Temp\nova.log") or b"").decode("utf-16")
    key = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{6C1E3A52-0B7D-4C5A-9D0E-2F7A51B3C4D8}"
    assert machine.registry.get(key, "DisplayName") == "OpenStack Hyper-V Compute 2023.2"
    absent = {"ansible.windows.win_package": {"product_id": "{6C1E3A52-0B7D-4C5A-9D0E-2F7A51B3C4D8}", "state": "absent"}}
    run = play(lab, absent, absent)
    assert [task["changed"] for task in run.tasks] == [True, False], run.output
    assert machine.services.find("nova-compute") is None
    assert not machine.registry.exists(key)


@pytest.mark.parametrize(("task", "says"), [
    ({"ansible.windows.win_get_url": {
        "url": "{{ rehearsal_downloads['nova.msi'].url }}", "dest": r"C:\Windows\Temp\n.msi", "checksum": "0" * 64,
        "checksum_algorithm": "sha256",
    }}, "did not match"),
    ({"ansible.windows.win_get_url": {
        "url": "{{ rehearsal_downloads['nova.msi'].url }}.missing", "dest": r"C:\Windows\Temp\n.msi",
    }}, "(404)"),
    ({"ansible.windows.win_get_url": {"url": "{{ rehearsal_downloads['nova.msi'].url }}", "dest": r"C:\no\n.msi"}}, "does not exist"),
    ({"ansible.windows.win_package": {"path": "{{ rehearsal_downloads['broken.msi'].url }}"}}, "unexpected rc"),
    ({"ansible.windows.win_package": {
        "path": "{{ rehearsal_downloads['nova.msi'].url }}", "arguments": ["ADDLOCAL=Bogus"],
    }}, "unexpected rc"),
    ({"ansible.windows.win_package": {"path": r"C:\missing.msi"}}, "cannot be reached"),
    ({"ansible.windows.win_package": {"state": "present"}}, "state is present but all of the following are missing: path"),
])
def test_downloads_and_installers_that_fail(start: Start, play: Play, task: dict[str, Any], says: str) -> None:
    lab = start()
    run = play(lab, task)
    assert run.code == 2, run.output
    assert says in run.tasks[0]["msg"]
    assert lab.hosts["hv01"].machine.services.find("nova-compute") is None


def test_a_failed_installation_brings_its_code_and_log(start: Start, play: Play) -> None:
    run = play(start(), {"ansible.windows.win_package": {"path": "{{ rehearsal_downloads['broken.msi'].url }}"}})
    assert run.tasks[0]["rc"] == 1603
    assert "Installation failed" in run.tasks[0]["log"]
