# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is nova's parsers of [pci] device_spec and alias: what they refuse is refused here, and beside it only negative numbers."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import pci

from tests.unit.nova_conf.pci_entries import ALIASES, SPECS, random_spec


def test_pci_entries(run_real: Any, release: str) -> None:
    chance = random.Random(f"pci {release}")
    specs = [text for text, _sound in SPECS] + [random_spec(chance) for _number in range(3000)]
    aliases = [texts for texts, _sound in ALIASES]
    verdict = run_real(release, "judge_pci.py", {"specs": specs, "aliases": aliases})
    wrong = [
        (text, real)
        for text, real in zip(specs, verdict["specs"], strict=True)
        if (pci.spec_problems([text]) == []) != (real and "-1" not in text)
    ]
    assert not wrong, wrong[:20]
    assert [pci.alias_problems(texts, release) == [] for texts in aliases] == verdict["aliases"]
    assert 300 < sum(verdict["specs"]) < 2700
