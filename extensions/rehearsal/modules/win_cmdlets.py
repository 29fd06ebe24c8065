# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""winstack.hyperv.win_cmdlets: the collection's own batches (docs/cmdlet-batch.md)."""
from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from ..batch import run_batch
from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module


@module(
    "winstack.hyperv.win_cmdlets",
    Spec({"batch": Option(required=True)}),
    source="docs/cmdlet-batch.md",
    unconfirmed="on a real host check mode is the action plugin's matter: the module runs whatever it is sent, and so does this model",
)
def win_cmdlets(context: Context) -> dict[str, Any]:
    try:
        batch = json.loads(gzip.decompress(base64.b64decode(context.params["batch"], validate=True)))
    except (ValueError, OSError, EOFError) as error:
        raise ModuleFailure(f"batch is not base64 of gzip of JSON: {error}") from error
    return {"changed": False, "results": run_batch(context.machine, batch, context.observer, sleep=context.sleep)}
