# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible.windows.win_command with argv, for the programs that the rehearsal knows."""
from __future__ import annotations

import ntpath
from typing import Any

from ..powershell.registry import load_models
from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module

_SPEC = Spec(
    {
        "_raw_params": Option(),
        "cmd": Option(),
        "argv": Option("list"),
        "chdir": Option("path"),
        "creates": Option("path"),
        "removes": Option("path"),
        "stdin": Option(),
        "output_encoding_override": Option(),
    },
    mutually_exclusive=(("_raw_params", "argv", "cmd"),),
)
_NOT_MODELLED = ("_raw_params", "cmd", "chdir", "creates", "removes", "stdin", "output_encoding_override")


@module("ansible.windows.win_command", _SPEC, source="ansible.windows 3.3.0, win_command.ps1 and its documentation")
def win_command(context: Context) -> dict[str, Any]:
    params = context.params
    others = [name for name in _NOT_MODELLED if params[name] is not None]
    if others or not params["argv"]:
        raise ModuleFailure(f"The rehearsal models win_command with argv alone, not with {', '.join(others)}; see modules/win_command.py.")
    if context.check_mode:
        return {"changed": False, "skipped": True, "msg": "remote module (win_command) does not support check mode"}
    program, *arguments = map(str, params["argv"])
    model = load_models().programs.get(ntpath.basename(program).lower())
    if model is None:
        raise ModuleFailure(f"The rehearsal does not know the program {program}; add a model in rehearsal/programs.")
    outcome = model.function(context.machine, arguments)
    result = {
        "changed": True, "cmd": " ".join(params["argv"]), "rc": outcome.exit_code, "stdout": outcome.stdout, "stderr": outcome.stderr,
    }
    if outcome.exit_code:
        raise ModuleFailure("non-zero return code", **result)
    return result
