# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults strike where they were asked to, once or every time, and are forgotten by nobody. Oracle: docs/rehearsal.md."""
from __future__ import annotations

from pathlib import Path

import pytest
from rehearsal.faults import Fault, Faults
from rehearsal.machine import SpecError
from rehearsal.machine.fields import Fields

SET = frozenset({"set-vmhost"})
GET = frozenset({"get-vmhost"})


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path / "faults.json")


def strikes(faults: Faults, *calls: frozenset[str]) -> list[tuple[int, str]]:
    """Which calls a fault strikes at, and at which moment."""
    return [(number, moment) for number, names in enumerate(calls, 1) for moment in ("before", "after") if faults.take(names, moment)]


def test_the_nth_call_of_a_name_once(faults: Faults) -> None:
    faults.arm(Fault("drop", "before", "Set-VMHost", 2))
    assert strikes(faults, SET, GET, SET, SET) == [(3, "before")]
    assert faults.armed() == []


def test_any_call_counts_without_a_name(faults: Faults) -> None:
    faults.arm(Fault("drop", "before", call=2))
    assert strikes(faults, GET, SET, GET) == [(2, "before")]


def test_a_persistent_fault_strikes_from_its_call_on_until_it_is_cleared(faults: Faults) -> None:
    faults.arm(Fault("error", "before", "Set-VMHost", 2, persistent=True))
    assert strikes(faults, SET, SET, GET, SET) == [(2, "before"), (4, "before")]
    faults.clear()
    assert strikes(faults, SET) == []


def test_during_is_noticed_when_the_call_has_had_its_effect_but_before_a_file_is_written(faults: Faults) -> None:
    faults.arm(Fault("power-cycle", "during", "set-vmhost"))
    faults.arm(Fault("power-cycle", "during", "write_file"))
    assert strikes(faults, SET, frozenset({"write_file"})) == [(1, "after"), (2, "before")]


def test_armed_faults_outlive_the_process(faults: Faults, tmp_path: Path) -> None:
    faults.arm(Fault("hang", match="Get-VMHost"))
    assert Faults(tmp_path / "faults.json").armed() == faults.armed() != []


@pytest.mark.parametrize(("mapping", "says"), [
    ({"kind": "explode"}, "drop, power-cycle, hang, error, disk-full"),
    ({"kind": "drop", "when": "later"}, "before, during, after"),
    ({"kind": "drop", "call": 0}, "from 1"),
    ({"kind": "drop", "error": {}}, "one of the keys"),
    ({"kind": "drop", "seconds": -1}, "seconds"),
])
def test_a_fault_that_cannot_be_is_refused(mapping: dict[str, object], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        Fault.read(Fields(mapping, "lab.hosts.hv01.faults[0]"))
