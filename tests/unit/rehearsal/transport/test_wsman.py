# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The WS-Management server as pywinrm and pypsrp see it. Oracle: those clients, which know nothing of the rehearsal."""
from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import xmltodict
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan
from rehearsal.running import RunningLab
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol

Start = Callable[..., RunningLab]
Connect = Callable[..., Protocol]

BOOT_TIME = "(Get-CimInstance -ClassName Win32_OperatingSystem -Property LastBootUpTime).LastBootUpTime.ToFileTime()"
PUT_FILE = r"""begin { $path = 'C:\Windows\Temp\large.bin'
$DebugPreference = "Continue"
$ErrorActionPreference = "Stop"
Set-StrictMode -Version 2
$fd = [System.IO.File]::Create($path)
$sha1 = [System.Security.Cryptography.SHA1CryptoServiceProvider]::Create()
$bytes = @() #initialize for empty file case
}
process {
$bytes = [System.Convert]::FromBase64String($input)
$sha1.TransformBlock($bytes, 0, $bytes.Length, $bytes, 0) | Out-Null
$fd.Write($bytes, 0, $bytes.Length)
}
end {
$sha1.TransformFinalBlock($bytes, 0, 0) | Out-Null
$hash = [System.BitConverter]::ToString($sha1.Hash).Replace("-", "").ToLowerInvariant()
$fd.Close()
Write-Output "{""sha1"":""$hash""}"
}"""
FETCH_FILE = r"""$path = 'C:\Windows\Temp\large.bin'
If (Test-Path -LiteralPath $path -PathType Leaf)
{
$buffer_size = 524288
$offset = 0
$stream = New-Object -TypeName IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::ReadWrite)
$stream.Seek($offset, [System.IO.SeekOrigin]::Begin) > $null
$buffer = New-Object -TypeName byte[] $buffer_size
$bytes_read = $stream.Read($buffer, 0, $buffer_size)
if ($bytes_read -gt 0) {
$bytes = $buffer[0..($bytes_read - 1)]
[System.Convert]::ToBase64String($bytes)
}
$stream.Close() > $null
}
ElseIf (Test-Path -LiteralPath $path -PathType Container)
{
Write-Host "[DIR]";
}
Else
{
Write-Error "$path does not exist";
Exit 1;
}"""


def encoded(script: str) -> list[str]:
    """The arguments of powershell.exe for a script."""
    return ["-NoProfile", "-EncodedCommand", base64.b64encode(script.encode("utf-16-le")).decode()]


def run(client: Protocol, script: str, chunks: tuple[bytes, ...] = ()) -> tuple[bytes, bytes, int]:
    shell = client.open_shell()
    command = client.run_command(shell, "PowerShell", encoded(script), console_mode_stdin=not chunks)
    for number, chunk in enumerate(chunks, 1):
        client.send_command_input(shell, command, chunk, end=number == len(chunks))
    result = client.get_command_output(shell, command)
    client.cleanup_command(shell, command)
    client.close_shell(shell, close_session=False)
    return result


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_script_runs(start: Start, connect: Connect, scheme: str) -> None:
    stdout, stderr, code = run(connect(start(), scheme), BOOT_TIME)
    assert (stderr, code) == (b"", 0)
    # A FILETIME of this century: 100 ns since 1601.
    assert 126_000_000_000_000_000 < int(stdout) < 160_000_000_000_000_000


def test_large_input_and_output_cross_many_envelopes(start: Start, connect: Connect) -> None:
    client = connect(start())
    content = bytes(range(256)) * 2000
    lines = [base64.b64encode(content[at:at + 60_000]) + b"\r\n" for at in range(0, len(content), 60_000)]
    stdout, _unused, code = run(client, PUT_FILE, tuple(lines))
    assert code == 0
    assert b"sha1" in stdout
    stdout, _unused, code = run(client, FETCH_FILE)
    assert code == 0
    assert base64.b64decode(stdout) == content


def test_pypsrp_runs_a_process(start: Start) -> None:
    lab = start()
    wsman = WSMan("127.0.0.1", port=lab.ports["hv01"].http, ssl=False, auth="basic", encryption="never", username="Administrator",
                  password="Rehearsal-1", no_proxy=True)
    with wsman, WinRS(wsman) as shell:
        process = Process(shell, "PowerShell", encoded(BOOT_TIME))
        process.invoke()
        assert process.rc == 0
        assert process.stdout.strip().isdigit()


@pytest.mark.parametrize("password", ["wrong", "", "rehearsal-1"])
def test_bad_credentials_are_refused(start: Start, connect: Connect, password: str) -> None:
    with pytest.raises(InvalidCredentialsError):
        connect(start(), password=password).open_shell()


def test_no_credentials_get_a_challenge(start: Start) -> None:
    answer = requests.post(f"http://127.0.0.1:{start().ports['hv01'].http}/wsman", data=b"", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="WSMAN"'


def test_another_path_is_not_there(start: Start) -> None:
    url = f"http://127.0.0.1:{start().ports['hv01'].http}/other"
    assert requests.post(url, data=b"", auth=("Administrator", "Rehearsal-1"), timeout=10).status_code == 404


def test_a_receive_without_output_times_out(start: Start, connect: Connect) -> None:
    client = connect(start(), timeout=1)
    shell = client.open_shell()
    command = client.run_command(shell, "PowerShell", encoded(PUT_FILE), console_mode_stdin=False)
    started = time.monotonic()
    with pytest.raises(WinRMOperationTimeoutError):
        client.get_command_output_raw(shell, command)
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize("use", [
    lambda client, shell: client.run_command("11111111-1111-1111-1111-111111111111", "PowerShell", encoded(BOOT_TIME)),
    lambda client, shell: client.close_shell("11111111-1111-1111-1111-111111111111", close_session=False),
    lambda client, shell: client.get_command_output_raw(shell, "11111111-1111-1111-1111-111111111111"),
    lambda client, shell: client.send_command_input(shell, "11111111-1111-1111-1111-111111111111", b"x"),
    lambda client, shell: client.cleanup_command(shell, "11111111-1111-1111-1111-111111111111"),
])
def test_what_is_not_there_is_a_selector_fault(start: Start, connect: Connect, use: Callable[[Protocol, str], Any]) -> None:
    client = connect(start())
    with pytest.raises(WSManFaultError) as caught:
        use(client, client.open_shell())
    assert caught.value.wsman_fault_code == 0x8033805B
    assert caught.value.fault_subcode == "w:InvalidSelectors"


def test_too_many_shells(start: Start, connect: Connect) -> None:
    client = connect(start(winrm={"max_shells_per_user": 2}))
    shells = [client.open_shell(), client.open_shell()]
    with pytest.raises(WSManFaultError) as caught:
        client.open_shell()
    assert caught.value.wsman_fault_code == 0x803381A5
    client.close_shell(shells[0], close_session=False)
    client.open_shell()


def test_too_many_operations_is_the_fault_that_ansible_looks_for(start: Start, connect: Connect) -> None:
    client = connect(start(winrm={"max_operations_per_user": 1}))
    shell = client.open_shell()
    client.run_command(shell, "PowerShell", encoded(BOOT_TIME))
    with pytest.raises(WSManFaultError) as caught:
        client.run_command(shell, "PowerShell", encoded(BOOT_TIME))
    assert caught.value.wmierror_code == 0x803381A6


def test_an_envelope_that_is_too_large(start: Start, connect: Connect) -> None:
    client = connect(start(winrm={"max_envelope_kb": 64}))
    shell = client.open_shell()
    command = client.run_command(shell, "PowerShell", encoded(PUT_FILE), console_mode_stdin=False)
    with pytest.raises(WSManFaultError) as caught:
        client.send_command_input(shell, command, bytes(64 * 1024), end=True)
    assert caught.value.fault_subcode == "w:EncodingLimit"


def test_an_idle_shell_goes_when_a_new_one_comes(start: Start, connect: Connect) -> None:
    client = connect(start(winrm={"idle_timeout": 0.05}))
    idle = client.open_shell()
    time.sleep(0.1)
    client.open_shell()
    with pytest.raises(WSManFaultError):
        client.close_shell(idle, close_session=False)


@pytest.mark.parametrize("body", [b"", b"no XML", b"<a/>", b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"])
def test_what_is_no_envelope_is_a_schema_fault(start: Start, body: bytes) -> None:
    url = f"http://127.0.0.1:{start().ports['hv01'].http}/wsman"
    answer = requests.post(url, data=body, auth=("Administrator", "Rehearsal-1"), timeout=10)
    assert answer.status_code == 500
    assert "w:SchemaValidationError" in answer.text


def test_another_resource_is_refused(start: Start, connect: Connect) -> None:
    client = connect(start())
    envelope = client.build_wsman_header("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", "http://schemas.microsoft.com/wbem/x")
    with pytest.raises(WSManFaultError, match="winrm connection"):
        client.send_message(xmltodict.unparse({"env:Envelope": {**envelope, "env:Body": {}}}))


@pytest.mark.parametrize("line", ["ipconfig /all", "PowerShell -Command Get-Date", "PowerShell -EncodedCommand RwBlAHQALQBEAGEAdABlAA=="])
def test_a_command_that_is_not_known_is_refused_loudly(start: Start, connect: Connect, line: str) -> None:
    lab = start()
    client = connect(lab)
    shell = client.open_shell()
    _unused, stderr, code = client.get_command_output(shell, client.run_command(shell, line))
    assert code == 1
    assert b"does not know" in stderr
    assert lab.hosts["hv01"].journal.entries()[-1].error.startswith("RehearsalNotModelled")


def test_a_model_that_breaks_is_an_answer_and_not_a_silence(start: Start, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = start()
    monkeypatch.setattr("rehearsal.payload.decode", lambda line, data: 1 / 0)
    stdout, _unused, code = run(connect(lab), BOOT_TIME)
    assert code == 1
    assert b"The rehearsal itself broke (ZeroDivisionError)" in stdout
    assert "ZeroDivisionError" in lab.hosts["hv01"].journal.entries()[0].error
