# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated server that the collection's engine brings to its wanted state, and whose promises are then seen. No network in between."""
from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answers, decode_answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Call, encode_batch
from ansible_collections.winstack.hyperv.plugins.plugin_utils.engine import drive
from ansible_collections.winstack.hyperv.plugins.plugin_utils.sections import chosen
from ansible_collections.winstack.hyperv.plugins.plugin_utils.verify import verify

from tests.unit.rehearsal.cmdlets.hosts import Host


@dataclass
class Node:
    """host: the simulated server; sections: what it was asked for."""

    host: Host
    sections: Mapping[str, Any]

    def run(self, calls: Sequence[Call], stop_on_error: bool) -> Answers:
        batch = json.loads(gzip.decompress(base64.b64decode(encode_batch(calls, stop_on_error=stop_on_error))))
        return decode_answers(self.host.batch(*batch["calls"]))

    def converge(self) -> None:
        """Applies the sections one after the other, as the role's stages do; then nothing differs."""
        for section in chosen({"sections": self.sections, "only": None}):
            drive([section], self.run, reconnect=at_once, check_mode=False)
        again = drive(chosen({"sections": self.sections, "only": None}), self.run, reconnect=at_once, check_mode=True)
        assert [name for name, outcome in again.items() if outcome.changed] == []

    def seen(self) -> list[dict[str, Any]]:
        """The promises. Seeing them changes nothing."""
        self.host.machine.changes.clear()
        result = verify(chosen({"sections": self.sections, "only": None}), self.run, fail=False)
        assert self.host.machine.changes == []
        promises: list[dict[str, Any]] = result["promises"]
        return promises

    def broken(self) -> dict[str, Any]:
        """What was found of each broken promise."""
        return {f"{row['section']}.{row['name']}": row["found"] for row in self.seen() if not row["kept"]}


def at_once(attempt: Callable[[], Answers], seconds: float) -> Answers:
    return attempt()
