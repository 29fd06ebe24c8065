# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A house as the builder makes it, on a simulated server: what the rehearsal makes of its own small wheels holds for the real ones too."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from rehearsal.software.python_environment import distributions

from tests.unit.rehearsal.programs.python_host import INSIDE, VENV, install, with_python

from .conftest import House


@pytest.mark.parametrize("cluster", ["", ".cluster"], ids=["stand-alone", "cluster"])
def test_a_real_house_is_installed_whole_and_runs_the_driver(house: House, cluster: str) -> None:
    lock = (house.folder / "requirements.txt").read_text()
    server = with_python(Path(str(house.report["archive"])).read_bytes())
    result = install(server)
    assert result["exit_code"] == 0, result["stderr"]
    assert len(distributions(server.machine, VENV)) == house.report["wheels"] == len(lock.splitlines())
    assert server.program(INSIDE, "-m", "pip", "check")["exit_code"] == 0
    assert server.program(INSIDE, "-m", f"nova.virt.compute_hyperv{cluster}.driver")["exit_code"] == 0
    found = re.search(r"^nova==(\S+) ", lock, re.MULTILINE)
    assert found
    assert server.program(rf"{VENV}\Scripts\nova-compute.exe", "--version")["stdout"].strip() == found[1]
