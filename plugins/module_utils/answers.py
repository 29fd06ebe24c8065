# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host answered to a batch, as the resources read it."""
from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# PowerShell's id for a command name that does not resolve (Microsoft's about_Command_Precedence names no other):
# what every cmdlet of a role answers while the role is not installed.
COMMAND_NOT_FOUND = "CommandNotFoundException"

# The id of a call whose `until` was not met (docs/cmdlet-batch.md).
CONDITION_NOT_MET = "ConditionNotMet"


@dataclass(frozen=True)
class CmdletError:
    """An error record. id is the FullyQualifiedErrorId, the one part that Windows does not translate."""

    id: str
    message: str
    category: str = ""
    exception: str = ""
    hresult: int = 0

    def __str__(self) -> str:
        return f"{self.message.strip()} [{self.id}]"


class CallFailed(Exception):
    """A call failed that the resource cannot do without."""

    def __init__(self, call: str, error: CmdletError | None) -> None:
        super().__init__(f"call '{call}' failed: {error or 'it did not run, because an earlier call failed'}")
        self.call = call
        self.error = error


@dataclass(frozen=True)
class Answer:
    """The answer to one call. `output` holds one mapping an object; programs and files have their own fields."""

    id: str
    output: tuple[Mapping[str, Any], ...] = ()
    error: CmdletError | None = None
    skipped: bool = False
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    content: bytes | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        return self.error is None and not self.skipped

    @property
    def missing_command(self) -> bool:
        """The command does not exist on this host: its feature is not installed, or not in effect yet."""
        return self.error is not None and self.error.id == COMMAND_NOT_FOUND

    @property
    def first(self) -> Mapping[str, Any] | None:
        return self.output[0] if self.output else None


class Answers(dict[str, Answer]):
    """Answers by call id.

    asked: the controller's clock before the batch was sent and after its answers had come, in UTC; None where nobody looked.
    """

    asked: tuple[datetime, datetime] | None = None

    def section(self, name: str) -> Answers:
        """The answers to one section's calls, under the ids that the section gave them."""
        prefix = f"{name}."
        section = Answers({key[len(prefix):]: answer for key, answer in self.items() if key.startswith(prefix)})
        section.asked = self.asked
        return section

    def rows(self, call: str) -> tuple[Mapping[str, Any], ...]:
        """The output objects of a call that must have worked. Raises CallFailed."""
        answer = self[call]
        if not answer.ok:
            raise CallFailed(call, answer.error)
        return answer.output

    def row(self, call: str) -> Mapping[str, Any]:
        """The one output object of a call that must have worked. Raises CallFailed."""
        rows = self.rows(call)
        if len(rows) != 1:
            raise CallFailed(call, CmdletError("UnexpectedCount", f"{len(rows)} objects instead of one"))
        return rows[0]

    def failed(self) -> list[Answer]:
        return [answer for answer in self.values() if answer.error is not None]


def decode_answers(results: Iterable[Mapping[str, Any]]) -> Answers:
    """The `results` list of win_cmdlets, as documented in docs/cmdlet-batch.md."""
    return Answers({result["id"]: _decode(result) for result in results})


def _decode(result: Mapping[str, Any]) -> Answer:
    error = result.get("error")
    content = result.get("content")
    return Answer(
        id=result["id"],
        output=tuple({key: decode_value(item) for key, item in entry.items()} for entry in result.get("output", ())),
        error=CmdletError(**error) if error else None,
        skipped=bool(result.get("skipped")),
        exit_code=result.get("exit_code"),
        stdout=decode_value(result.get("stdout", "")),
        stderr=decode_value(result.get("stderr", "")),
        content=None if content is None else base64.b64decode(content),
    )


def decode_value(value: Any) -> Any:
    """Undoes the tags of win_cmdlets' output: `$bytes` is bytes."""
    if isinstance(value, Mapping):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        return {key: decode_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode_value(item) for item in value]
    return value
