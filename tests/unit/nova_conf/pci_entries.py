# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PCI entries that nova takes and refuses, by hand and at random: for the unit tests and for those against nova's own parsers."""

from __future__ import annotations

import json
import random
from typing import Any

# device_spec: text, and whether nova takes it.
SPECS: tuple[tuple[str, bool], ...] = (
    ('{"vendor_id": "10de"}', True),
    ('[{"address": "0000:3b:00.0"}]', True),
    ('{"address": ":00."}', True),
    ('{"address": {"bus": "0[12]"}}', True),
    ('{"vendor_id": "*"}', True),
    ("{}", True),
    ("[]", True),
    ("{'a': 1}", False),
    ("", False),
    ("5", False),
    ('"x"', False),
    ("[1]", False),
    ('{"vendor_id": "10deX"}', False),
    ('{"vendor_id": 10}', False),
    ('{"address": "1:2:3:4.0"}', False),
    ('{"address": "00000:00:20.0"}', False),
    ('{"address": "00:00.8"}', False),
    ('{"address": "zz"}', False),
    ('{"address": {"bus": "("}}', False),
    ('{"address": 5}', False),
)

# alias: the values of all its lines, and whether nova 2023.2 takes them.
ALIASES: tuple[tuple[list[str], bool], ...] = (
    (['{"name": "a", "vendor_id": "10DE", "product_id": "1eb8", "device_type": "type-PCI"}'], True),
    (['{"name": "a", "traits": "X"}'], True),
    (['{"name": "a", "capability_type": "pci"}'], True),
    (['{"name": "a", "capability_type": "usb"}'], False),
    (['{"vendor_id": "10de"}'], False),
    (['{"name": ""}'], False),
    (['{"name": 5}'], False),
    (['{"name": "a", "vendor_id": "10d"}'], False),
    (['{"name": "a", "device_type": "PCI"}'], False),
    (['{"name": "a", "numa_policy": "never"}'], False),
    (['{"name": "a", "traits": 5}'], False),
    (['{"name": "a", "color": "red"}'], False),
    (['[{"name": "a"}]'], False),
    (["{'name': 'a'}"], False),
    (['{"name": "a"}', '{"name": "a"}'], False),
    (['{"name": "a", "device_type": "type-PCI"}', '{"name": "a", "device_type": "type-PF"}'], False),
    (['{"name": "a", "device_type": "type-PCI"}', '{"name": "a", "device_type": "type-PCI", "numa_policy": "socket"}'], False),
    (['{"name": "a", "device_type": "type-PCI"}', '{"name": " a", "device_type": "type-PCI", "vendor_id": "10de"}'], True),
)

_IDS = ("10de", "10DE", "1", "*", "", " 10de ", "10de0", "0x10", "xyz", "-1", "fffff")
_PARTS = ("0", "00", "0000", "3b", "*", "", " 1", "1f", "20", "ff", "100", "10000", "7", "8", "x", "-1", "0x1")


def random_spec(chance: random.Random) -> str:
    spec: dict[str, Any] = {name: chance.choice(_IDS) for name in ("vendor_id", "product_id") if chance.random() < 0.5}
    if chance.random() < 0.8:
        place = ":".join(chance.choice(_PARTS) for _number in range(chance.choice((0, 1, 2, 3, 3, 3, 4))))
        spec["address"] = place + (f".{chance.choice(_PARTS)}" if chance.random() < 0.7 else "")
    return json.dumps(spec)
