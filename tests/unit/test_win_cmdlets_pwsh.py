# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_cmdlets.ps1 in a real PowerShell, with functions in place of Windows' cmdlets (win_cmdlets/stubs.ps1).

Oracle: PowerShell itself, which has to be on the PATH as `pwsh`; every test is skipped where it is not. PowerShell 7 is not Windows
PowerShell 5.1: test_win_cmdlets_ps1.py looks after the difference.
"""
from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answers, decode_answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import (
    Assign,
    Call,
    Cmdlet,
    Credential,
    PlainSecret,
    Program,
    ReadFile,
    Ref,
    Retry,
    Secret,
    WriteFile,
    encode_batch,
)

from tests.strings import exact_strings

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "plugins/modules/win_cmdlets.ps1"
STUBS = Path(__file__).parent / "win_cmdlets/stubs.ps1"

Run = Callable[..., Answers]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs calls as Ansible's wrapper would: `$complex_args` first, then the module."""
    pwsh = shutil.which("pwsh")
    if pwsh is None:
        pytest.skip("pwsh is not on the PATH: win_cmdlets.ps1 did not run in a real PowerShell")
    executable: str = pwsh

    def run_batch(*calls: Call, stop_on_error: bool = False) -> Answers:
        batch = encode_batch(calls, stop_on_error=stop_on_error)
        script = tmp_path / "batch.ps1"
        script.write_text("\n".join([
            "[Console]::OutputEncoding = New-Object Text.UTF8Encoding $false",
            STUBS.read_text(),
            f"$complex_args = @{{ batch = '{batch}' }}",
            MODULE.read_text(),
        ]))
        command = [executable, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(script)]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
        assert result.returncode == 0, result.stderr.decode(errors="replace")
        return decode_answers(_json(result.stdout)["results"])

    return run_batch


def _json(output: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(output)
    assert answer["changed"] is False
    return answer


def received(value: Any) -> Cmdlet:
    return Cmdlet("got", "Get-Received", {"Value": value}, ("Type", "Utf16"))


def text(answers: Answers, call: str = "got") -> bytes:
    row = answers[call].first
    assert row is not None, answers[call].error
    return base64.b64decode(row["Utf16"])


def kind(answers: Answers) -> str:
    row = answers["got"].first
    assert row is not None, answers["got"].error
    return str(row["Type"])


def error_id(answers: Answers, call: str) -> str:
    error = answers[call].error
    assert error is not None
    return error.id


def test_strings_arrive_exactly(run: Run) -> None:
    sent = exact_strings(2_000)
    answers = run(*(Cmdlet(f"s{number}", "Get-Received", {"Value": value}, ("Type", "Utf16")) for number, value in enumerate(sent)))
    wrong = [value for number, value in enumerate(sent) if text(answers, f"s{number}") != value.encode("utf-16-le", "surrogatepass")]
    assert wrong == []


@pytest.mark.parametrize(("value", "type_name", "as_text"), [
    (True, "System.Boolean", "True"),
    (False, "System.Boolean", "False"),
    (b"\x00\xff", "System.Byte[]", base64.b64encode(b"\x00\xff").decode()),
    (b"", "System.Byte[]", ""),
    (Secret("p$(1)\u00e4"), "System.Security.SecureString", "p$(1)\u00e4"),
    (PlainSecret("p$(1)\u00e4"), "System.String", "p$(1)\u00e4"),
    (Credential("CORP\\nova", "p'\""), "System.Management.Automation.PSCredential", "CORP\\nova=p'\""),
    (["a", 1, None], "System.Object[]", "String,Int64,null"),
    (["a"], "System.Object[]", "String"),
    ([], "System.Object[]", ""),
    ([["a", "b"], ["c"]], "System.Object[]", "Object[],Object[]"),
    ({"b": 1, "a": "x"}, "System.Collections.Hashtable", "a,b"),
    (None, "null", ""),
])
def test_values_keep_their_type(run: Run, value: Any, type_name: str, as_text: str) -> None:
    answers = run(received(value))
    assert (kind(answers), text(answers).decode("utf-16-le")) == (type_name, as_text)


def test_whole_numbers_arrive_as_whole_numbers(run: Run) -> None:
    answers = run(received(2**40))
    assert kind(answers) in ("System.Int32", "System.Int64")
    assert text(answers).decode("utf-16-le") == str(2**40)


def test_output_is_a_list_of_exactly_what_was_asked_for(run: Run) -> None:
    answers = run(
        Cmdlet("many", "Get-Network", properties=("Name", "Owner.Name")),
        Cmdlet("one", "Get-Kind", properties=("Number",)),
        Cmdlet("none", "Get-Nothing", properties=("Name",)),
        Cmdlet("stray", "Set-Stray"),
        Cmdlet("words", "Get-Word", properties=("$value",)),
        Cmdlet("table", "Get-Table", properties=("iSCSI", "SAS")),
    )
    assert answers["many"].output == ({"Name": "one", "Owner.Name": "hv01"}, {"Name": "two", "Owner.Name": "hv02"})
    assert answers["one"].output == ({"Number": 5},)
    assert answers["none"].output == ()
    assert answers["stray"].output == ()
    assert answers["words"].output == ({"$value": "first"}, {"$value": "second"})
    assert answers["table"].output == ({"iSCSI": True, "SAS": False},)


@pytest.mark.parametrize(("name", "value"), [
    ("Enum", "Open"), ("Flag", True), ("Number", 5), ("Big", 2**63 - 1), ("Letter", "x"), ("Nothing", None),
    ("Time", "2024-01-31T12:00:00.0000000Z"), ("Span", 90), ("Guid", "6c1e3a52-0b7d-4c5a-9d0e-2f7a51b3c4d8"), ("Bytes", b"\x01\x02\x03"),
    ("One", ["a"]), ("None", []), ("Many", [1, 2]), ("Table", {"iSCSI": True}), ("Secret", "********"), ("Noted", "text"),
])
def test_every_kind_of_property_has_its_form(run: Run, name: str, value: Any) -> None:
    assert run(Cmdlet("kind", "Get-Kind", properties=(name,)))["kind"].output == ({name: value},)


def test_a_property_that_is_not_there_is_an_error_unless_allowed(run: Run) -> None:
    answers = run(Cmdlet("strict", "Get-Kind", properties=("Colour",)), Cmdlet("lenient", "Get-Kind", properties=("Colour?", "Number")))
    assert error_id(answers, "strict") == "PropertyNotFound"
    assert answers["lenient"].output == ({"Colour": None, "Number": 5},)


def test_references(run: Run) -> None:
    answers = run(
        Cmdlet("nets", "Get-Network"),
        Cmdlet("nothing", "Get-Nothing"),
        Cmdlet("all", "Get-Received", {"Value": Ref("nets")}, ("Type", "Utf16")),
        Cmdlet("one", "Get-Received", {"Value": Ref("nets", {"Address": "10.0.1.0"}, "Name")}, ("Type", "Utf16")),
        Cmdlet("nested", "Get-Received", {"Value": Ref("nets", {"Owner.Name": "hv01"}, "Name")}, ("Type", "Utf16")),
        Cmdlet("unmatched", "Get-Received", {"Value": Ref("nets", {"Name": "three"})}),
        Cmdlet("empty", "Get-Received", {"Value": Ref("nothing")}),
        Cmdlet("unknown", "Get-Received", {"Value": Ref("never")}),
    )
    assert text(answers, "all").decode("utf-16-le") == "PSCustomObject,PSCustomObject"
    assert text(answers, "one").decode("utf-16-le") == "two"
    assert text(answers, "nested").decode("utf-16-le") == "one"
    assert [error_id(answers, call) for call in ("unmatched", "empty", "unknown")] == ["ReferenceEmpty"] * 3


def test_assign_sets_properties_on_every_object(run: Run) -> None:
    answers = run(
        Cmdlet("nets", "Get-Network"),
        Assign("roles", Ref("nets"), {"Role": 3}),
        Assign("one", Ref("nets", {"Name": "two"}), {"Role": 1}),
        Cmdlet("first", "Get-Received", {"Value": Ref("nets", {"Name": "one"}, "Role")}, ("Type", "Utf16")),
        Cmdlet("second", "Get-Received", {"Value": Ref("nets", {"Name": "two"}, "Role")}, ("Type", "Utf16")),
        Assign("wrong", Ref("nets"), {"Colour": 1}),
    )
    assert [text(answers, call).decode("utf-16-le") for call in ("first", "second")] == ["3", "1"]
    assert error_id(answers, "wrong") == "PropertyNotFound"


def test_until_and_retry(run: Run) -> None:
    answers = run(
        Cmdlet("impatient", "Get-LateState", until={"State": "running"}),
        Cmdlet("patient", "Get-LateState", properties=("Tries",), until={"State": "running"}, retry=Retry(3, 0.01)),
        Cmdlet("nobody", "Get-Nothing", until={"State": "running"}),
    )
    assert error_id(answers, "impatient") == "ConditionNotMet"
    assert answers["patient"].output == ({"Tries": 3},)
    assert error_id(answers, "nobody") == "ConditionNotMet"


def test_errors_are_data(run: Run) -> None:
    answers = run(
        Cmdlet("failed", "Set-Failure"),
        Cmdlet("unknown", "Get-NoSuchThing"),
        Cmdlet("parameter", "Get-Network", {"Colour": 1}),
        Cmdlet("after", "Get-Network", properties=("Name",)),
    )
    failed = answers["failed"].error
    assert failed is not None
    assert (failed.id, failed.category, failed.message) == ("ItFailed,Set-Failure", "InvalidArgument", "No, it did not.")
    assert answers["unknown"].missing_command
    assert error_id(answers, "parameter") == "NamedParameterNotFound,Get-Network"
    assert answers["after"].ok


def test_the_first_error_stops_a_batch_that_changes(run: Run) -> None:
    answers = run(Cmdlet("one", "Get-Network"), Cmdlet("two", "Set-Failure"), Cmdlet("three", "Get-Network"), stop_on_error=True)
    assert (answers["one"].ok, answers["two"].ok, answers["three"].skipped) == (True, False, True)


@pytest.mark.parametrize("name", [
    "Invoke-Expression", "invoke-command", "Start-Process", "Add-Type", "ForEach-Object", "Frobnicate-Thing", "C:\\x.ps1", "./Get-Thing",
    "gci", "Microsoft.PowerShell.Utility\\Invoke-Expression",
])
def test_what_evaluates_text_is_refused(run: Run, name: str) -> None:
    assert error_id(run(Cmdlet("call", name)), "call") == "CommandRefused"


def test_processes_are_not_made_through_cim(run: Run) -> None:
    call = Cmdlet("call", "Invoke-CimMethod", {"ClassName": "win32_process", "MethodName": "Create"})
    assert error_id(run(call), "call") in ("CommandRefused", "CommandNotFoundException")


def test_programs(run: Run) -> None:
    show = "import json, sys; print(json.dumps(sys.argv[1:])); print('to stderr', file=sys.stderr); sys.exit(int(sys.argv[1]))"
    arguments = ("0", "", "a b", 'say "hi"', "tail\\", "tail \\", '\\"', 'a\\\\"b', "line\\\n", "$(1)", "`n")
    answers = run(
        Program("good", sys.executable, ("-c", show, *arguments)),
        Program("bad", sys.executable, ("-c", show, "3")),
        Program("allowed", sys.executable, ("-c", show, "3"), exit_codes=(0, 3)),
        Program("bare", sys.executable),
        Program("absent", "no-such-program"),
    )
    assert json.loads(answers["good"].stdout) == list(arguments)
    assert answers["good"].stderr.strip() == "to stderr"
    assert (answers["good"].exit_code, answers["bare"].exit_code, answers["allowed"].exit_code) == (0, 0, 3)
    assert (error_id(answers, "bad"), answers["bad"].exit_code) == ("ProgramFailed", 3)
    assert answers["allowed"].ok
    assert not answers["absent"].ok


def test_files(run: Run, tmp_path: Path) -> None:
    target, backup = tmp_path / "nova.conf", tmp_path / "nova.conf.bak"
    content = bytes(range(256)) * 4
    answers = run(
        ReadFile("absent", str(target)),
        WriteFile("new", str(target), content, str(backup)),
        ReadFile("whole", str(target)),
        ReadFile("end", str(target), tail=10),
        WriteFile("again", str(target), b"second", str(backup)),
        WriteFile("no folder", str(tmp_path / "none" / "file"), b"x"),
        WriteFile("empty", str(tmp_path / "empty"), b""),
    )
    assert answers["absent"].ok
    assert answers["absent"].content is None
    assert (answers["whole"].content, answers["end"].content) == (content, content[-10:])
    assert (target.read_bytes(), backup.read_bytes()) == (b"second", content)
    assert not answers["no folder"].ok
    assert (tmp_path / "empty").read_bytes() == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["batch.ps1", "empty", "nova.conf", "nova.conf.bak"]
