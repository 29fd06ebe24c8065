# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Ansible sends, decoded. Oracle: ansible-core, which builds the payloads here; the form of 2.16 to 2.18 is written out from its
module_manifest.py, because only one release of ansible-core can be installed beside these tests."""
from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible.executor.powershell.module_manifest import _bootstrap_powershell_script, _create_powershell_wrapper
from ansible.plugins.loader import become_loader
from ansible.plugins.shell.powershell import ShellModule
from rehearsal.payload import Become, CoreScript, ModuleCall, NotUnderstood, RawScript, decode, reads_input

SHELL = ShellModule()
MODULE_LINE = SHELL.build_module_command("", "#!powershell", "")
ARGS = {"data": "pong", "_ansible_check_mode": True, "_ansible_diff": True, "_ansible_module_name": "ansible.windows.win_ping"}
OLD_BOOTSTRAP = "&chcp.com 65001 > $null\n$exec_wrapper_str = $input | Out-String\n&$exec_wrapper"


def wrapped(asynchronous: int = 0, become: Any = None) -> bytes:
    return _create_powershell_wrapper(
        name="ansible_collections.ansible.windows.plugins.modules.win_ping", module_data=b"#!powershell\n", module_path="win_ping.ps1",
        module_args=ARGS, environment={"ANSIBLE_ASYNC_DIR": "x"} if asynchronous else {}, async_timeout=asynchronous,
        become_plugin=become, substyle="powershell", task_vars={}, profile="legacy",
    )


def old(**changes: Any) -> bytes:
    manifest = {"module_args": ARGS, "actions": ["module_powershell_wrapper"], "environment": {}, **changes}
    return b"begin { }\n\0\0\0\0" + json.dumps(manifest).encode()


def test_a_module() -> None:
    call = decode(MODULE_LINE, wrapped())
    assert call == ModuleCall("ansible.windows.win_ping", {"data": "pong"}, check_mode=True, diff=True)


def test_become_says_who_and_never_shows_the_password() -> None:
    plugin = become_loader.get("runas")
    plugin.set_options(direct={"become_user": r"CORP\nova", "become_pass": "s3cret", "become_flags": "logon_type=batch"})
    call = decode(MODULE_LINE, wrapped(become=plugin))
    assert isinstance(call, ModuleCall)
    assert call.become is not None
    assert call.become == Become(r"CORP\nova", "s3cret", "Batch")
    assert "s3cret" not in repr(call)


NETWORK_ONLY = "logon_type=new_credentials logon_flags=netcredentials_only"
NEW_CREDENTIALS = ("NewCredentials", frozenset({"NetCredentialsOnly"}))


def test_become_for_the_network_only_in_both_forms() -> None:
    plugin = become_loader.get("runas")
    plugin.set_options(direct={"become_user": "x", "become_pass": "y", "become_flags": NETWORK_ONLY})
    line = SHELL._encode_script(OLD_BOOTSTRAP, strict_mode=False, preserve_rc=False)
    before = {"become_user": "x", "become_password": "y", "become_flags": NETWORK_ONLY, "actions": ["become_wrapper"]}
    for call in (decode(MODULE_LINE, wrapped(become=plugin)), decode(line, old(**before))):
        assert isinstance(call, ModuleCall)
        assert call.become is not None
        assert (call.become.logon_type, call.become.logon_flags) == NEW_CREDENTIALS


@pytest.mark.parametrize("flag", ["logon_type=nothing", "logon_type=batch,network", "logon_flags=batch", "elevate=1"])
def test_a_become_flag_of_the_old_form_that_is_not_known_is_refused(flag: str) -> None:
    line = SHELL._encode_script(OLD_BOOTSTRAP, strict_mode=False, preserve_rc=False)
    with pytest.raises(NotUnderstood, match="become flag"):
        decode(line, old(actions=["become_wrapper"], become_user="x", become_password=None, become_flags=flag))


def test_async_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="async"):
        decode(MODULE_LINE, wrapped(asynchronous=10))


def test_a_core_script_with_input() -> None:
    script, data = _bootstrap_powershell_script("winrm_put_file.ps1", {"Path": r"C:\a"}, has_input=True)
    line = SHELL._encode_script(script, strict_mode=False, preserve_rc=False)
    assert reads_input(line)
    assert decode(line, data + b"aGk=\r\n") == CoreScript("winrm_put_file.ps1", {"Path": r"C:\a"}, b"aGk=\n")


def test_a_raw_script_without_what_core_puts_around_it() -> None:
    line = SHELL._encode_script("Write-Output 'x'")
    assert decode(line, b"") == RawScript("Write-Output 'x'")
    assert not reads_input(line)


def test_powershell_in_powershell_as_core_before_2_19_starts_it() -> None:
    line = OLD_BOOTSTRAP
    for _unused in range(2):
        line = SHELL._encode_script(line, strict_mode=False, preserve_rc=False)
    assert reads_input(line)
    assert decode(line, old()) == ModuleCall("ansible.windows.win_ping", {"data": "pong"}, check_mode=True, diff=True)


def test_an_old_manifest_with_become_and_async() -> None:
    line = SHELL._encode_script(OLD_BOOTSTRAP, strict_mode=False, preserve_rc=False)
    become = {"become_user": "SYSTEM", "become_password": "s3cret", "become_flags": None}
    call = decode(line, old(actions=["become_wrapper", "module_powershell_wrapper"], **become))
    assert isinstance(call, ModuleCall)
    assert call.become == Become("SYSTEM", "s3cret", failure="internal error: failed to become user 'SYSTEM'")
    with pytest.raises(NotUnderstood, match="async_wrapper"):
        decode(line, old(actions=["async_wrapper", "async_watchdog", "module_powershell_wrapper"]))


@pytest.mark.parametrize(("line", "data"), [
    ("ipconfig", b""),
    ("PowerShell -EncodedCommand !!!", b""),
    (MODULE_LINE, b"no manifest"),
    (MODULE_LINE, b"{}\n\0\0\0\0\nnot JSON"),
    (MODULE_LINE, b"{}\n\0\0\0\0\n[]"),
    (MODULE_LINE, b'{}\n\0\0\0\0\n{"actions": []}'),
    (f"type C:\\x.ps1 | {MODULE_LINE}", b""),
])
def test_what_is_not_known_is_refused(line: str, data: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decode(line, data)


def test_the_encoded_command_is_what_core_writes() -> None:
    assert base64.b64decode(MODULE_LINE.rpartition(" ")[2]).decode("utf-16-le").startswith("if ($PSVersionTable")
