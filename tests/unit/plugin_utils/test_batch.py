# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A batch over an action's connection. Oracle: docs/cmdlet-batch.md; a secret that a host quotes does not come through."""
from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Credential, PlainSecret, Program, Secret, secrets
from ansible_collections.winstack.hyperv.plugins.plugin_utils.batch import BatchFailed, batch_runner

HIDDEN = "Pa55-w0rd"


class Action:
    """Gives back the scripted result, and keeps what it was sent."""

    def __init__(self, **result: Any) -> None:
        self.result = result
        self.sent: dict[str, Any] = {}

    def _execute_module(self, module_name: str, module_args: dict[str, str], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        self.sent = {"module": module_name, **json.loads(gzip.decompress(base64.b64decode(module_args["batch"])))}
        return self.result


@pytest.mark.parametrize("value", [
    Secret(HIDDEN), PlainSecret(HIDDEN), Credential("nova", HIDDEN), [PlainSecret(HIDDEN)], {"a": {"b": (Secret(HIDDEN),)}},
])
def test_secrets_are_found_wherever_they_are(value: Any) -> None:
    assert secrets([Program("p", "x.exe", ("a",)), Cmdlet("c", "Set-X", {"Value": value, "Other": "plain"})]) == {HIDDEN}


def test_an_empty_secret_hides_nothing() -> None:
    assert secrets([Cmdlet("c", "Set-X", {"Value": PlainSecret("")})]) == frozenset()


def test_a_host_that_quotes_a_secret_is_masked() -> None:
    error = {"id": "X,Y", "message": f"'{HIDDEN}' is too weak", "category": "C", "exception": "E", "hresult": -1}
    action = Action(results=[
        {"id": "bad", "error": error},
        {"id": "said", "exit_code": 1, "stdout": f"set {HIDDEN}", "stderr": HIDDEN},
        {"id": "good", "output": [{"Name": "nova"}]},
    ])
    calls = [Cmdlet(name, "Set-X", {"Value": PlainSecret(HIDDEN)}) for name in ("bad", "said", "good")]
    answers = batch_runner(action, None)(calls, True)
    assert action.sent["module"] == "winstack.hyperv.win_cmdlets"
    assert action.sent["stop_on_error"] is True
    assert str(answers["bad"].error) == "'********' is too weak [X,Y]"
    assert answers["said"].stdout == "set ********"
    assert HIDDEN not in repr(answers)
    assert answers["good"].output == ({"Name": "nova"},)


def test_without_a_secret_everything_comes_through() -> None:
    action = Action(results=[{"id": "bad", "error": {"id": "X,Y", "message": "no"}}])
    assert str(batch_runner(action, None)([Cmdlet("bad", "Get-X")], False)["bad"].error) == "no [X,Y]"


def test_no_calls_are_no_remote_call() -> None:
    action = Action()
    assert batch_runner(action, None)([], True) == {}
    assert action.sent == {}


def test_a_batch_that_does_not_end_says_what_came_back() -> None:
    with pytest.raises(BatchFailed, match="the batch did not run to its end: no PowerShell"):
        batch_runner(Action(msg="no PowerShell"), None)([Cmdlet("a", "Get-X")], False)


def test_the_controllers_clock_brackets_the_batch() -> None:
    before = datetime.now(timezone.utc)
    answers = batch_runner(Action(results=[{"id": "clock.now", "output": []}]), None)([Cmdlet("clock.now", "Get-Date")], False)
    assert answers.asked is not None
    assert before <= answers.asked[0] <= answers.asked[1] <= datetime.now(timezone.utc)
    assert answers.section("clock").asked == answers.asked
