# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scripts that are no modules. Oracle: ansible-core's shell plugin, which writes them here; those of other releases word for word."""
from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible.plugins.shell.powershell import ShellModule
from rehearsal.machine import HostSpec, Machine
from rehearsal.payload import CoreScript, ModuleCall, NotUnderstood, RawScript, decode
from rehearsal.scripts import LOGON_UI_KEY, Session, recognise
from rehearsal.wsman.shells import CommandResult

SHELL = ShellModule()
HOME = r"C:\Users\Administrator"


class Power:
    """Records what a script asks for."""

    def __init__(self) -> None:
        self.reboots: list[float] = []

    def schedule(self, seconds: float) -> bool:
        self.reboots.append(seconds)
        return len(self.reboots) == 1

    def abort(self) -> bool:
        return bool(self.reboots)


@pytest.fixture
def machine() -> Machine:
    made = Machine.build("hv01", HostSpec.from_mapping({"os": {"version": "2022"}}, "lab.hosts.hv01"))
    made.files.make_folder(HOME)
    made.files.write(r"C:\it's.txt", b"hello")
    return made


@pytest.fixture
def power() -> Power:
    return Power()


@pytest.fixture
def run(machine: Machine, power: Power) -> Any:
    def execute(what: CoreScript | RawScript | str) -> CommandResult:
        payload = decode(what, b"") if isinstance(what, str) else what
        assert not isinstance(payload, ModuleCall)
        session = Session(machine, {"USERPROFILE": HOME, "TEMP": rf"{HOME}\Temp"}, power.schedule, power.abort)
        return recognise(payload).run(session)

    return execute


def test_paths_that_core_quotes(run: Any, machine: Machine) -> None:
    assert run(SHELL.exists(r"C:\it's.txt")).exit_code == 0
    assert run(SHELL.exists(r"C:\nope.txt")).exit_code == 1
    assert run(SHELL.remove(r"C:\it's.txt")).exit_code == 0
    assert not machine.files.exists(r"C:\it's.txt")
    assert run(SHELL.remove(r"C:\it's.txt", recurse=True)).exit_code == 1
    assert run(SHELL.expand_user("~")).stdout.decode().strip() == HOME
    assert run(SHELL.expand_user("~\\x")).stdout.decode().strip() == rf"{HOME}\x"
    assert run(SHELL.mkdtemp("ansible-1", tmpdir=r"%TEMP%")).stdout.decode().strip() == rf"{HOME}\Temp\ansible-1"
    assert machine.files.is_folder(rf"{HOME}\Temp\ansible-1")


@pytest.mark.parametrize(("text", "code"), [
    (r"exit -not (Test-Path -LiteralPath C:\Windows)", 0),
    (r"exit -not (Test-Path -LiteralPath 'C:\it''s.txt')", 0),
    (r"exit -not (Test-Path -LiteralPath C:\nope)", 1),
    (r"Remove-Item 'C:\it''s.txt' -Force -Recurse", 0),
    (r"Remove-Item C:\nope -Force", 1),
])
def test_the_words_of_core_2_21(run: Any, text: str, code: int) -> None:
    assert run(RawScript(text)).exit_code == code


def test_a_quote_that_word_processors_make_stands_doubled_as_well(run: Any, machine: Machine) -> None:
    machine.files.write("C:\\it\u2019s", b"")
    assert run(SHELL.exists("C:\\it\u2019s")).exit_code == 0


def test_core_scripts(run: Any, machine: Machine) -> None:
    put = CoreScript("winrm_put_file.ps1", {"Path": r"C:\new.bin"}, base64.b64encode(b"ab") + b"\n" + base64.b64encode(b"c") + b"\n")
    assert b"a9993e364706816aba3e25717850c26c9cd0d89d" in run(put).stdout
    assert machine.files.read(r"C:\new.bin") == b"abc"
    part = {"Path": r"C:\new.bin", "BufferSize": 2, "Offset": 2}
    assert base64.b64decode(run(CoreScript("winrm_fetch_file.ps1", part)).stdout) == b"c"
    assert run(CoreScript("winrm_fetch_file.ps1", {**part, "Offset": 3})).stdout == b""
    assert run(CoreScript("winrm_fetch_file.ps1", {**part, "Path": "C:\\Windows"})).stdout.strip() == b"[DIR]"
    assert run(CoreScript("winrm_fetch_file.ps1", {**part, "Path": r"C:\nope"})).exit_code == 1
    assert run(CoreScript("winrm_put_file.ps1", {"Path": r"C:\no\where"}, b"")).exit_code == 1
    assert run(CoreScript("winrm_put_file.ps1", {"Path": "C:\\Windows"}, b"")).exit_code == 1
    assert run(CoreScript("powershell_expand_user.ps1", {"Path": "~\\x"})).stdout.decode().strip() == rf"{HOME}\x"


def test_a_reboot_is_asked_for_once(run: Any, machine: Machine, power: Power) -> None:
    machine.registry.create(LOGON_UI_KEY)
    text = (
        "$ErrorActionPreference = 'Continue'\n\nif ($True) {\n"
        f"    Remove-Item -LiteralPath '{LOGON_UI_KEY}' -Force -ErrorAction SilentlyContinue\n}}\n\n$stdout = $null\n"
        "$stderr = . { C:\\Windows\\System32\\shutdown.exe /r /t 2 /c 'Reboot initiated by Ansible' | Set-Variable stdout } 2>&1 | "
        "ForEach-Object ToString\n\nConvertTo-Json -Compress -InputObject @{\n    stdout = (@($stdout) -join \"`n\")\n"
        "    stderr = (@($stderr) -join \"`n\")\n    rc = $LASTEXITCODE\n}\n"
    )
    ready = RawScript(f"Get-Item -LiteralPath '{LOGON_UI_KEY}' -ErrorAction Stop; 'success-0a1b'")
    assert run(ready).stdout.strip() == b"success-0a1b"
    assert b'"rc": 0' in run(RawScript(text)).stdout
    assert power.reboots == [2.0]
    assert run(ready).exit_code == 1
    assert b"1190" in run(RawScript(text)).stdout
    assert run(RawScript(r"C:\Windows\System32\shutdown.exe /a")).exit_code == 0


@pytest.mark.parametrize("payload", [
    RawScript("Get-Date"), RawScript(""), RawScript("Remove-Item 'C:\\a' -Force; Get-Date"), CoreScript("psrp_put_file.ps1", {}),
])
def test_another_script_is_refused(payload: CoreScript | RawScript) -> None:
    with pytest.raises(NotUnderstood, match=r"rehearsal/scripts\.py"):
        recognise(payload)
