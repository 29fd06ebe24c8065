# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""[pci] device_spec and alias, as nova's own parsers take them (nova/pci/devspec.py, whitelist.py, request.py of nova 25 to 28)."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .releases import at_least

_LIMITS = {"domain": 0xFFFF, "bus": 0xFF, "slot": 0x1F, "function": 0x7}
_DEVICE_TYPES = ("type-PCI", "type-PF", "type-VF")
_NUMA_POLICIES = ("legacy", "preferred", "required", "socket")


def spec_problems(texts: Iterable[str]) -> list[str]:
    """What nova would refuse at start in the values of device_spec."""
    return [problem for text in texts for problem in _spec_text(text)]


def _spec_text(text: str) -> list[str]:
    entries, problem = _decoded(text)
    if problem:
        return [problem]
    entries = entries if isinstance(entries, list) else [entries]
    return [problem for entry in entries for problem in _spec(entry)]


def _decoded(text: str) -> tuple[Any, str]:
    try:
        value = json.loads(text)
    except ValueError:
        return None, f"{text!r} is not JSON (double quotes around names and texts)"
    if not isinstance(value, (dict, list)):
        return None, f"{text!r} is not a JSON object"
    return value, ""


def _spec(entry: Any) -> list[str]:
    if not isinstance(entry, Mapping):
        return [f"{entry!r} is not a JSON object"]
    wrong_ids = [name for name in ("vendor_id", "product_id") if not _is_id(entry, name)]
    found = [f"{name} '{entry[name]}' is not four hexadecimal digits or *" for name in wrong_ids]
    if "address" in entry and "devname" in entry:
        found.append("address and devname exclude each other")
    if "devname" in entry:
        found.append("devname names a Linux network interface; use address")
    return found + _address(entry.get("address"))


def _is_id(entry: Mapping[str, Any], name: str) -> bool:
    return name not in entry or (isinstance(entry[name], str) and bool(entry[name].strip()) and _in_limit(entry[name].strip(), 0xFFFF))


def _address(address: Any) -> list[str]:
    if address is None:
        return []
    if isinstance(address, Mapping):
        return [f"address.{name} is not a regular expression" for name, part in address.items() if not _is_pattern(part)]
    if not isinstance(address, str):
        return [f"address {address!r} is neither text nor a mapping"]
    place, _dot, function = address.partition(".")
    fields = place.split(":") if place else []
    if len(fields) > 3:
        return [f"address '{address}' is not DOMAIN:BUS:SLOT.FUNCTION"]
    named = dict(zip(("slot", "bus", "domain"), reversed(fields), strict=False)) | ({"function": function} if function else {})
    return [
        f"address '{address}': {name} '{part}' is not a hexadecimal number up to {_LIMITS[name]:X}, or *"
        for name, part in named.items() if not _in_limit(part.strip(), _LIMITS[name])
    ]


def _is_pattern(part: Any) -> bool:
    try:
        re.compile(part)
    except (re.error, TypeError):
        return False
    return True


def _in_limit(part: str, limit: int) -> bool:
    """As nova reads it, but for negative numbers, which nova takes and which match nothing."""
    if part in ("", "*"):
        return True
    try:
        return 0 <= int(part, 16) <= limit
    except ValueError:
        return False


def never_matching(texts: Iterable[str]) -> list[str]:
    """Entries with letters in an id: nova lower-cases what is configured and compares it with the upper-case id of a Windows device path.

    That Windows reports upper-case ids is usual but unconfirmed for every device.
    """
    found = []
    for text in texts:
        entries, problem = _decoded(text)
        if problem:
            continue
        for entry in entries if isinstance(entries, list) else [entries]:
            ids = [str(entry.get(name, "")) for name in ("vendor_id", "product_id")] if isinstance(entry, Mapping) else []
            if any(re.search("[a-fA-F]", item) for item in ids):
                found.append(json.dumps(entry, sort_keys=True))
    return found


def alias_problems(texts: Iterable[str], release: str) -> list[str]:
    """What nova would refuse in the values of alias: one JSON object each, unlike device_spec."""
    texts = list(texts)
    return [problem for text in texts for problem in _alias(text, release)] + _alias_clashes(texts)


def _alias_clashes(texts: Iterable[str]) -> list[str]:
    """nova joins aliases of one name, and refuses them where device type or NUMA policy differ or a device type is missing."""
    seen: dict[str, tuple[Any, Any]] = {}
    found = []
    for text in texts:
        entry, _problem = _decoded(text)
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            continue
        kind = entry.get("device_type"), entry.get("numa_policy") or "legacy"
        first = seen.setdefault(entry["name"].strip(), kind)
        if first is not kind and (first != kind or not kind[0]):
            found.append(f"alias: '{entry['name']}' is there twice: both must name a device_type, the same one, and the same numa_policy")
    return found


def _alias(text: str, release: str) -> list[str]:
    entry, problem = _decoded(text)
    if problem:
        return [problem]
    if not isinstance(entry, Mapping):
        return [f"{text!r} is a list; each alias is a JSON object of its own"]
    allowed = ["name", "vendor_id", "product_id", "device_type", "numa_policy", "capability_type"]
    allowed += ["resource_class", "traits"] if at_least(release, "2023.1") else []
    found = [f"alias: unknown key '{name}'; known in {release} are {', '.join(allowed)}" for name in sorted(set(entry) - set(allowed))]
    found += [f"alias: {name} must be text" for name in ("name", "resource_class", "traits") if not isinstance(entry.get(name, ""), str)]
    if not entry.get("name"):
        found.append("alias: name is missing")
    if entry.get("capability_type", "pci") != "pci":
        found.append(f"alias: capability_type '{entry['capability_type']}' is not pci")
    for name in ("vendor_id", "product_id"):
        if name in entry and not re.fullmatch("[0-9a-fA-F]{4}", str(entry[name])):
            found.append(f"alias: {name} '{entry[name]}' is not four hexadecimal digits")
    if entry.get("device_type", "type-PCI") not in _DEVICE_TYPES:
        found.append(f"alias: device_type '{entry['device_type']}' is none of {', '.join(_DEVICE_TYPES)}")
    if entry.get("numa_policy", "legacy") not in _NUMA_POLICIES:
        found.append(f"alias: numa_policy '{entry['numa_policy']}' is none of {', '.join(_NUMA_POLICIES)}")
    return found
