# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real houses, built from PyPI once a session (about 40 seconds and 60 MB each)."""
from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.wheelhouse.__main__ import build


@dataclass(frozen=True)
class House:
    """An archive as the host sees it once it is expanded. report: what the builder said about it."""

    release: str
    folder: Path
    report: dict[str, object]


@pytest.fixture(scope="session", params=["zed", "2023.1", "2023.2", "2023.2+neutron"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    release, _unused, agent = request.param.partition("+")
    report = build(release, tmp_path_factory.mktemp("house"), neutron_agent=bool(agent))
    print(json.dumps(report))
    folder = tmp_path_factory.mktemp("expanded")
    with zipfile.ZipFile(str(report["archive"])) as archive:
        archive.extractall(folder)
    return House(release, folder, report)
