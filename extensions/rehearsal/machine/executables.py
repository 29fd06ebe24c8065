# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Executables that lie on a simulated server as files: installers, interpreters, what pip puts into Scripts.

Such a file starts as a Windows executable does and then says in JSON what it is. What it does when it is run is the model of its kind
(powershell/registry.py, `executable`).
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The two letters with which every Windows executable begins; then ours.
_MAGIC = b"MZ" + b"rehearsal executable\n"


@dataclass(frozen=True)
class Executable:
    """kind: names the model; facts: what the model knows of this one, such as a version. path: where it lies, empty while it is nowhere."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    def encode(self) -> bytes:
        """The file's bytes."""
        return _MAGIC + json.dumps({"kind": self.kind, "facts": dict(self.facts)}, sort_keys=True).encode()


def decode(data: bytes, path: str) -> Executable | None:
    """The executable in a file's bytes; None where they are none of the rehearsal's."""
    if not data.startswith(_MAGIC):
        return None
    found = json.loads(data[len(_MAGIC):])
    return Executable(found["kind"], found["facts"], path)
