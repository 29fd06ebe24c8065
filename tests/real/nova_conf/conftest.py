# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs scripts inside the releases' virtual environments, which are built on first use (tools/option_catalogue/environments.py)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# The generator is a package of the checkout, not of the collection.
ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

HERE = Path(__file__).parent
RELEASES = ("yoga", "zed", "2023.1", "2023.2")

RunReal = Callable[[str, str, Any], Any]


@pytest.fixture(scope="session")
def run_real() -> RunReal:
    """run_real(release, script, data): the JSON that a script of this folder answers to `data` inside the release's environment."""
    from tools.option_catalogue.environments import RELEASES as KNOWN
    from tools.option_catalogue.environments import environment

    def run(release: str, script: str, data: Any) -> Any:
        command = [str(environment(KNOWN[release])), str(HERE / "inside" / script)]
        done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, timeout=1800, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)
