# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible.windows.win_ping."""
from __future__ import annotations

from typing import Any

from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module


@module("ansible.windows.win_ping", Spec({"data": Option(default="pong")}), source="ansible.windows 3.3.0, win_ping.ps1")
def win_ping(context: Context) -> dict[str, Any]:
    if context.params["data"] == "crash":
        raise ModuleFailure("Unhandled exception while executing module: boom")
    return {"changed": False, "ping": context.params["data"]}
