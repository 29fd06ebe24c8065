# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Folders that nova expects to be there: oslo.log and nova's node identity do not create theirs."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..evidence import folder, folder_seen
from ..plans import Difference, Plan, Promise

_LOCAL = re.compile(r"[A-Za-z]:\\[^<>:\"/|?*\x00-\x1f]*")


class Folders:
    """Creates what is missing; removes nothing."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet(f"folder{number}", "Test-Path", {"LiteralPath": [path], "PathType": "Container"}, ("$value",))
            for number, path in enumerate(options["paths"])
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        paths = options["paths"]
        missing = [path for number, path in enumerate(paths) if not answers.row(f"folder{number}")["$value"]]
        return Plan(
            differences=tuple(Difference(path, "absent", "folder") for path in missing),
            calls=tuple(
                Cmdlet(f"create{number}", "New-Item", {"Path": [path], "ItemType": "Directory", "Force": True})
                for number, path in enumerate(missing)
            ),
            refusals=_not_local(paths),
            state={"paths": list(paths), "missing": missing},
        )

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        return [folder(f"folder{number}", path) for number, path in enumerate(options["paths"])]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        return tuple(folder_seen(path, answers, f"folder{number}") for number, path in enumerate(options["paths"]))


RESOURCE = Folders()


def _not_local(paths: Sequence[str]) -> tuple[str, ...]:
    wrong = [path for path in paths if not _LOCAL.fullmatch(path)]
    if not wrong:
        return ()
    return (f"paths: not a local path such as C:\\OpenStack\\Log: {', '.join(wrong)}",)
