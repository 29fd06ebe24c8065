# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one PowerShell file, without PowerShell. Oracle: the grammar tree-sitter-powershell, and the lists in powershell_5_1.py."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.powershell_5_1 import complaints

FILE = Path(__file__).parents[2] / "plugins/modules/win_cmdlets.ps1"
SOURCE = FILE.read_bytes()


def test_the_file_is_windows_powershell_5_1() -> None:
    assert complaints(SOURCE) == []


@pytest.mark.parametrize("newer", [
    "$a ?? 1", "$a ??= 1", "${a}?.b", "$a ? 1 : 2", "Get-Verb && Get-Verb", "Get-Verb || Get-Verb", "Get-Verb &",
    "1, 2 | ForEach-Object -Parallel { $_ }", "function f { clean { 1 } }", "$a = 5n", "$a = 0b101",
    "ConvertTo-Json -AsArray 1", "ConvertFrom-Json -AsHashtable", "Get-Error", "Remove-Service x",
    "[IO.File]::Move($a, $b, $true)", "[Convert]::ToHexString($a)", "[semver]'1.0.0'", "New-Object Text.Json.JsonDocument",
])
def test_the_check_finds_what_came_after_5_1(newer: str) -> None:
    assert complaints(newer.encode())


@pytest.mark.parametrize("broken", ["if ($a { 1 }", "\"a '$($b.'c'')' d\"", "$a = @{ b = 1", "function { 1 }"])
def test_the_check_finds_what_does_not_parse(broken: str) -> None:
    assert complaints(broken.encode())


def test_nothing_evaluates_text() -> None:
    lowered = SOURCE.lower()
    refused = lowered[lowered.index(b"$refused = @("):lowered.index(b"\n)\n")]
    for evaluator in (b"invoke-expression", b"iex ", b"[scriptblock]", b".invokescript(", b"add-type", b"invoke-command"):
        assert evaluator not in lowered.replace(refused, b"")


def test_the_file_stays_small_and_ascii() -> None:
    # ASCII, because Windows PowerShell 5.1 reads a file without a byte order mark in the code page of the host.
    SOURCE.decode("ascii")
    assert b"\r" not in SOURCE
    assert len(SOURCE.splitlines()) < 260
