# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The few scripts that are no modules: what core's winrm connection and PowerShell shell plugin send, and ansible.windows.win_reboot.

They are known by their exact text. Sources: ansible/plugins/connection/winrm.py, ansible/plugins/shell/powershell.py and
ansible/executor/powershell/*.ps1 of ansible-core 2.16 to 2.21; ansible.windows 3.3.0, plugin_utils/_reboot.py.
"""
from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial

from .machine import Machine
from .modules.arguments import expand
from .payload import CoreScript, NotUnderstood, RawScript
from .wsman.shells import CommandResult

LOGON_UI_KEY = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon\AutoLogonChecked"
_SHUTDOWN_IN_PROGRESS = 1190
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Session:
    """What a script may touch. environment: of the user's process; schedule_reboot: in so many seconds, False if one is pending;
    abort_reboot: False if none is."""

    machine: Machine
    environment: Mapping[str, str]
    schedule_reboot: Callable[[float], bool]
    abort_reboot: Callable[[], bool]


@dataclass(frozen=True)
class Script:
    """A script that was recognised."""

    name: str
    run: Callable[[Session], CommandResult]


def recognise(payload: CoreScript | RawScript) -> Script:
    """The script behind a payload. Raises NotUnderstood."""
    if isinstance(payload, CoreScript):
        return _core_script(payload)
    for name, pattern, function in _RAW:
        match = pattern.fullmatch(payload.text.rstrip("; \n"))
        if match:
            return Script(name, partial(_run_raw, function, match, payload.input))
    first = payload.text.splitlines()[0][:120] if payload.text else ""
    raise NotUnderstood(f"the PowerShell script that begins with {first!r}; rehearsal/scripts.py holds the scripts that are known")


def _run_raw(function: _Function, match: re.Match[str], data: bytes, session: Session) -> CommandResult:
    return function(session, match, data)


def _core_script(payload: CoreScript) -> Script:
    parameters = payload.parameters
    functions: dict[str, Callable[[Session], CommandResult]] = {
        "powershell_mkdtemp.ps1": lambda session: _make_folder(session, parameters["Directory"], parameters["Name"]),
        "powershell_expand_user.ps1": lambda session: _text(_home(session, parameters["Path"])),
        "winrm_put_file.ps1": lambda session: _put(session, parameters["Path"], payload.input),
        "winrm_fetch_file.ps1": lambda session: _fetch(session, parameters["Path"], parameters["Offset"], parameters["BufferSize"]),
    }
    function = functions.get(payload.name)
    if function is None:
        raise NotUnderstood(f"core's script {payload.name!r}; rehearsal/scripts.py holds the scripts that are known")
    return Script(payload.name, function)


def _text(text: str) -> CommandResult:
    return CommandResult(0, f"{text}\r\n".encode())


def _failed(message: str) -> CommandResult:
    return CommandResult(1, b"", f"{message}\r\n".encode())


def _make_folder(session: Session, folder: str, name: str) -> CommandResult:
    path = f"{expand(folder, session.environment)}\\{name}"
    session.machine.files.make_folder(path)
    return _text(path)


def _home(session: Session, path: str) -> str:
    home = session.environment["USERPROFILE"]
    if path == "~":
        return home
    return f"{home}\\{path[2:]}" if path.startswith("~\\") else path


def _put(session: Session, path: str, data: bytes) -> CommandResult:
    content = b"".join(base64.b64decode(line) for line in data.splitlines())
    try:
        session.machine.files.write(path, content)
    except FileNotFoundError:
        return _failed(f'Exception calling "Create" with "1" argument(s): "Could not find a part of the path \'{path}\'."')
    except IsADirectoryError:
        return _failed(f'Exception calling "Create" with "1" argument(s): "Access to the path \'{path}\' is denied."')
    session.machine.changes.append(f"wrote {path} ({len(content)} bytes)")
    return _text(json.dumps({"sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest()}))


def _fetch(session: Session, path: str, offset: int, size: int) -> CommandResult:
    files = session.machine.files
    if files.is_folder(path):
        return _text("[DIR]")
    content = files.read(path)
    if content is None:
        return _failed(f"{path} does not exist")
    part = content[offset:offset + size]
    return _text(base64.b64encode(part).decode()) if part else CommandResult(0)


def _boot_time(session: Session, _match: re.Match[str], _input: bytes) -> CommandResult:
    return _text(str(int((session.machine.boot_time - _FILETIME_EPOCH).total_seconds() * 10_000_000)))


def _reboot(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    if match.group("remove").lower() == "true":
        session.machine.registry.delete(LOGON_UI_KEY)
    if not session.schedule_reboot(float(match.group("delay"))):
        error = f"A system shutdown has already been scheduled.({_SHUTDOWN_IN_PROGRESS})"
        return _text(json.dumps({"stdout": "", "stderr": error, "rc": _SHUTDOWN_IN_PROGRESS}))
    return _text(json.dumps({"stdout": "", "stderr": "", "rc": 0}))


def _abort_reboot(session: Session, _match: re.Match[str], _input: bytes) -> CommandResult:
    if session.abort_reboot():
        return CommandResult(0)
    return CommandResult(1116, b"", b"Unable to abort the system shutdown because no shutdown was in progress.(1116)\r\n")


def _logon_ready(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    if not session.machine.registry.exists(LOGON_UI_KEY):
        return _failed(f"Get-Item : Cannot find path '{LOGON_UI_KEY}' because it does not exist.")
    return _text(match.group("success"))


def _old_put(session: Session, match: re.Match[str], data: bytes) -> CommandResult:
    return _put(session, _unquoted(match.group("path")), data)


def _old_fetch(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    return _fetch(session, _unquoted(match.group("path")), int(match.group("offset")), int(match.group("size")))


def _old_mkdtemp(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    return _make_folder(session, _unquoted(match.group("folder")), _unquoted(match.group("name")))


def _old_home(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    groups = match.groupdict()
    if groups["whole"] is not None:
        return _text(_unquoted(groups["whole"]))
    return _text(session.environment["USERPROFILE"] + _unquoted(groups["rest"] or ""))


def _test_path(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    return CommandResult(0 if session.machine.files.exists(_argument(match)) else 1)


def _exists(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    # The script writes the name of its variable in single quotes, so the text is "$res" whatever the answer; the exit code counts.
    return CommandResult(0 if session.machine.files.exists(_unquoted(match.group("path"))) else 1, b"$res\r\n")


def _remove(session: Session, match: re.Match[str], _input: bytes) -> CommandResult:
    path = _argument(match)
    if not session.machine.files.delete(path):
        return _failed(f"Remove-Item : Cannot find path '{path}' because it does not exist.")
    return CommandResult(0)


def _unquoted(text: str) -> str:
    """PowerShell takes five characters for single quotes; each stands doubled in a quoted text."""
    return re.sub("(['\u2018\u2019\u201a\u201b])\\1", r"\1", text)


def _argument(match: re.Match[str]) -> str:
    """A path that core quotes only where it must."""
    return str(match.group("bare") or _unquoted(match.group("path")))


_SHUTDOWN = r"(?:C:\\Windows\\System32\\)?shutdown\.exe"
_QUOTED = r"'(?P<{}>(?:[^']|'')*)'"
_QUOTED_OR_BARE = rf"(?:{_QUOTED.format('path')}|(?P<bare>[^\s';]+))"


def _pattern(text: str, **groups: str) -> re.Pattern[str]:
    """A pattern for a script's exact text, but for white space and semicolons at its end; every <NAME> in it stands for a group."""
    parts = re.split(r"<(\w+)>", text.rstrip(";"))
    escaped = [r"\s+".join(re.escape(word) for word in re.split(r"\s+", part)) for part in parts[::2]]
    wild = [groups.get(name, _QUOTED.format(name)) for name in parts[1::2]]
    return re.compile("".join(piece for pair in zip(escaped, [*wild, ""], strict=True) for piece in pair))


_Function = Callable[[Session, "re.Match[str]", bytes], CommandResult]
_RAW: list[tuple[str, re.Pattern[str], _Function]] = [
    (
        "boot_time",
        _pattern("(Get-CimInstance -ClassName Win32_OperatingSystem -Property LastBootUpTime).LastBootUpTime.ToFileTime()"),
        _boot_time,
    ),
    # ansible.windows 2.4, 3.3 and 3.7: with the program's path or without, and how the exit code is looked up.
    *(
        (
            "reboot",
            _pattern(
                "$ErrorActionPreference = 'Continue' "
                "if ($<remove>) { Remove-Item -LiteralPath <key> -Force -ErrorAction SilentlyContinue } "
                "$stdout = $null $stderr = . { <shutdown> /r /t <delay> /c <message> | Set-Variable stdout } "
                f"2>&1 | ForEach-Object ToString {look_up}ConvertTo-Json -Compress -InputObject @{{ stdout = (@($stdout) -join \"`n\") "
                f"stderr = (@($stderr) -join \"`n\") rc = {exit_code} }}",
                remove=r"(?P<remove>True|False)", delay=r"(?P<delay>\d+)", shutdown=_SHUTDOWN,
            ),
            _reboot,
        )
        for look_up, exit_code in (
            ("", "$LASTEXITCODE"),
            ("If (Get-Variable LASTEXITCODE -ErrorAction SilentlyContinue) { $rc = $LASTEXITCODE } Else { $rc=1 } ", "$rc"),
        )
    ),
    ("abort_reboot", _pattern("<shutdown> /a", shutdown=_SHUTDOWN), _abort_reboot),
    (
        "logon_ready",
        _pattern(f"Get-Item -LiteralPath '{LOGON_UI_KEY}' -ErrorAction Stop; <success>", success="'(?P<success>success-[0-9a-f-]+)'"),
        _logon_ready,
    ),
    (
        "winrm_put_file",
        _pattern(
            "begin { $path = <path> $DebugPreference = \"Continue\" $ErrorActionPreference = \"Stop\" Set-StrictMode -Version 2 "
            "$fd = [System.IO.File]::Create($path) $sha1 = [System.Security.Cryptography.SHA1CryptoServiceProvider]::Create() "
            "$bytes = @() #initialize for empty file case } process { $bytes = [System.Convert]::FromBase64String($input) "
            "$sha1.TransformBlock($bytes, 0, $bytes.Length, $bytes, 0) | Out-Null $fd.Write($bytes, 0, $bytes.Length) } "
            "end { $sha1.TransformFinalBlock($bytes, 0, 0) | Out-Null "
            "$hash = [System.BitConverter]::ToString($sha1.Hash).Replace(\"-\", \"\").ToLowerInvariant() "
            "$fd.Close() Write-Output \"{\"\"sha1\"\":\"\"$hash\"\"}\" }",
        ),
        _old_put,
    ),
    (
        "winrm_fetch_file",
        _pattern(
            "$path = <path> If (Test-Path -LiteralPath $path -PathType Leaf) { $buffer_size = <size> $offset = <offset> "
            "$stream = New-Object -TypeName IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::ReadWrite) "
            "$stream.Seek($offset, [System.IO.SeekOrigin]::Begin) > $null $buffer = New-Object -TypeName byte[] $buffer_size "
            "$bytes_read = $stream.Read($buffer, 0, $buffer_size) if ($bytes_read -gt 0) { $bytes = $buffer[0..($bytes_read - 1)] "
            "[System.Convert]::ToBase64String($bytes) } $stream.Close() > $null } "
            "ElseIf (Test-Path -LiteralPath $path -PathType Container) { Write-Host \"[DIR]\"; } "
            "Else { Write-Error \"$path does not exist\"; Exit 1; }",
            size=r"(?P<size>\d+)", offset=r"(?P<offset>\d+)",
        ),
        _old_fetch,
    ),
    (
        "mkdtemp",
        _pattern(
            "$tmp_path = [System.Environment]::ExpandEnvironmentVariables(<folder>) "
            "$tmp = New-Item -Type Directory -Path $tmp_path -Name <name> Write-Output -InputObject $tmp.FullName",
        ),
        _old_mkdtemp,
    ),
    (
        "expand_user",
        _pattern(
            "Write-Output <what>",
            what=r"(?:'(?P<whole>(?:[^']|'')*)'|\(Get-Location\)\.Path|\(\(Get-Location\)\.Path \+ '(?P<rest>(?:[^']|'')*)'\))",
        ),
        _old_home,
    ),
    (
        "exists",
        _pattern("If (Test-Path <path>) { $res = 0; } Else { $res = 1; } Write-Output '$res'; Exit $res;"),
        _exists,
    ),
    ("test_path", _pattern("exit -not (Test-Path -LiteralPath <path>)", path=_QUOTED_OR_BARE), _test_path),
    ("remove", _pattern("Remove-Item <path> -Force<recurse>;", path=_QUOTED_OR_BARE, recurse="(?: -Recurse)?"), _remove),
]
