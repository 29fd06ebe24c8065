# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ansible_collections.winstack.hyperv.plugins.filter.broken_promises import FilterModule

broken = FilterModule().filters()["broken_promises"]

KEPT: dict[str, Any] = {"sections": {}, "differences": [], "reboot_reasons": [], "findings": []}


def test_all_kept():
    warning = {"name": "nics", "severity": "warning", "target": "x", "found": "1", "wanted": "2", "remediation": "-"}
    assert broken({**KEPT, "findings": [warning]}) == []


def test_everything_that_is_left_is_named():
    critical = {"name": "log", "severity": "critical", "target": "nova", "found": "down", "wanted": "up", "remediation": "Read it."}
    result = {
        **KEPT,
        "differences": [{"path": "numa.spanning", "before": True, "after": False}],
        "reboot_reasons": ["mpio: claims changed"],
        "findings": [critical],
    }
    assert broken(result) == [
        "numa.spanning is True, wanted False",
        "a restart is due: mpio: claims changed",
        "log (nova): found down, wanted up. Read it.",
    ]


def test_a_host_that_could_not_be_read():
    assert broken({"failed": True, "msg": "numa: cannot be read"}) == ["numa: cannot be read"]
