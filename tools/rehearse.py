# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`make rehearse`: site.yml twice on the example lab, then the figures.

Ends with a non-zero exit code when a run failed, when the second run changed anything, or when the lab could not be started.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible_runner

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / "build" / "rehearsal"
LAB = ROOT / "extensions" / "rehearsal" / "labs" / "example.yml"
SHOWN_HOST = "hv01"


@dataclass(frozen=True)
class Figures:
    """What a host's journal adds up to."""

    remote_calls: int
    bytes_sent: int
    reboots: int

    def since(self, earlier: Figures) -> Figures:
        return Figures(
            self.remote_calls - earlier.remote_calls, self.bytes_sent - earlier.bytes_sent, self.reboots - earlier.reboots,
        )


def main() -> int:
    rehearsal("down")
    rehearsal("up", str(LAB), "--fresh")
    try:
        runs = [run("first"), run("second")]
        show_configuration()
    finally:
        rehearsal("down")
    report = STATE / "report.json"
    report.write_text(json.dumps({"runs": runs}, indent=2) + "\n", encoding="utf-8")
    show(runs)
    print(f"\nreport: {report.relative_to(ROOT)}")
    return verdict(runs)
