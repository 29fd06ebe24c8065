# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carries a batch of calls to the host over the task's own connection."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.parameters import remove_values

from ..module_utils.answers import Answers, decode_answers
from ..module_utils.calls import Call, encode_batch, secrets

MODULE = "winstack.hyperv.win_cmdlets"

# A batch in, its answers out. The flag is stop_on_error.
RunBatch = Callable[[Sequence[Call], bool], Answers]


class ConnectionLost(AnsibleConnectionFailure):
    """The host went away while a batch ran. What of it was done is not known."""


class BatchFailed(Exception):
    """win_cmdlets itself did not run to its end; `result` is what the connection gave back."""

    def __init__(self, result: dict[str, Any]) -> None:
        detail = result.get("msg") or result.get("module_stderr") or result.get("module_stdout") or "no output"
        super().__init__(f"the batch did not run to its end: {str(detail).strip()}")
        self.result = result


def batch_runner(action: Any, task_vars: dict[str, Any] | None) -> RunBatch:
    """A function that runs batches as this action's task: same connection, become and timeout."""

    def run(calls: Sequence[Call], stop_on_error: bool) -> Answers:
        if not calls:
            return Answers()
        arguments = {"batch": encode_batch(calls, stop_on_error=stop_on_error)}
        sent = datetime.now(timezone.utc)
        result = _execute(action, arguments, task_vars)
        if "results" not in result:
            raise BatchFailed(result)
        answers = decode_answers(_masked(result["results"], secrets(calls)))
        answers.asked = (sent, datetime.now(timezone.utc))
        return answers

    return run


def _masked(results: Sequence[Mapping[str, Any]], hidden: frozenset[str]) -> list[dict[str, Any]]:
    """The results with what a host may have quoted of a secret masked: it stands in errors and in what programs print."""
    if not hidden:
        return [dict(result) for result in results]
    quoting = ("error", "stdout", "stderr")
    return [{key: remove_values(value, hidden) if key in quoting else value for key, value in result.items()} for result in results]


def _execute(action: Any, arguments: dict[str, str], task_vars: dict[str, Any] | None) -> dict[str, Any]:
    try:
        return action._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
    except AnsibleConnectionFailure as error:
        raise ConnectionLost(str(error)) from error
    except AnsibleError:
        raise
    except Exception as error:
        # What the winrm and psrp plugins let through when a host goes away in the middle is of many types.
        advice = "Run the play again: it reads what was done and finishes it"
        raise ConnectionLost(f"the connection to the host was lost while a batch ran: {error}. {advice}") from error
