# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry: keys and typed values, compared without regard to case."""
from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KINDS = ("String", "ExpandString", "Binary", "DWord", "MultiString", "QWord")
_ROOTS = {
    "hklm": "HKLM", "hkey_local_machine": "HKLM", "hkcu": "HKCU", "hkey_current_user": "HKCU",
    "hkcr": "HKCR", "hkey_classes_root": "HKCR", "hku": "HKU", "hkey_users": "HKU",
}


@dataclass
class Value:
    """kind: one of KINDS; data: str, bytes, int or list of str."""

    name: str
    kind: str
    data: Any


@dataclass
class Key:
    name: str
    values: dict[str, Value] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)


class Registry:
    """Keys are named as in PowerShell (`HKLM:\\SOFTWARE\\...`) or in full (`HKEY_LOCAL_MACHINE\\...`); the default value is ``.

    A value's data must fit its kind: int for DWord and QWord, bytes for Binary, a list of str for MultiString, str otherwise.
    """

    def __init__(self) -> None:
        self._root = Key("")

    def exists(self, key: str) -> bool:
        return self._find(key) is not None

    def has(self, key: str, name: str) -> bool:
        found = self._find(key)
        return found is not None and name.lower() in found.values

    def get(self, key: str, name: str, default: Any = None) -> Any:
        found = self._find(key)
        value = found.values.get(name.lower()) if found else None
        return default if value is None else value.data

    def kind(self, key: str, name: str) -> str | None:
        found = self._find(key)
        value = found.values.get(name.lower()) if found else None
        return value.kind if value else None

    def values(self, key: str) -> dict[str, Value]:
        """The values by their names as they were first written."""
        found = self._find(key)
        return {value.name: value for value in found.values.values()} if found else {}

    def subkeys(self, key: str) -> list[str]:
        found = self._find(key)
        return [child.name for child in found.keys.values()] if found else []

    def create(self, key: str) -> None:
        node = self._root
        for part in _parts(key):
            node = node.keys.setdefault(part.lower(), Key(part))

    def set(self, key: str, name: str, data: Any, kind: str = "") -> None:
        """Creates the key where it is missing. Without a kind the data decides, as with New-ItemProperty."""
        kind = kind or _natural_kind(data)
        _check(name, data, kind)
        self.create(key)
        node = self._find(key)
        assert node is not None
        former = node.values.get(name.lower())
        node.values[name.lower()] = Value(former.name if former else name, kind, data)

    def delete(self, key: str, name: str | None = None) -> bool:
        """Deletes a value, or without a name the key with all below it. False where there is none."""
        if name is not None:
            found = self._find(key)
            return found is not None and found.values.pop(name.lower(), None) is not None
        *parents, last = _parts(key)
        parent = self._walk(parents)
        return parent is not None and parent.keys.pop(last.lower(), None) is not None

    def dump(self) -> dict[str, Any]:
        return _dump(self._root)

    def load(self, data: dict[str, Any]) -> None:
        self._root = _load("", data)

    def _find(self, key: str) -> Key | None:
        return self._walk(_parts(key))

    def _walk(self, parts: list[str]) -> Key | None:
        node = self._root
        for part in parts:
            found = node.keys.get(part.lower())
            if found is None:
                return None
            node = found
        return node


def normalise(key: str) -> str:
    """`HKLM:\\A\\B` for every way to write the key; ValueError for a root that is none."""
    root, *rest = _parts(key)
    return "\\".join([f"{root}:", *rest])


def is_registry_path(path: str) -> bool:
    try:
        _parts(path)
    except ValueError:
        return False
    return True


def _parts(key: str) -> list[str]:
    text = key.replace("/", "\\")
    lowered = text.lower()
    for prefix in ("microsoft.powershell.core\\registry::", "registry::"):
        if lowered.startswith(prefix):
            text = text[len(prefix):]
            break
    root, *rest = [part for part in text.split("\\") if part]
    name = _ROOTS.get(root.rstrip(":").lower())
    if name is None:
        raise ValueError(f"{key!r} does not start with a registry root")
    return [name, *rest]


def _natural_kind(data: Any) -> str:
    if isinstance(data, bool):
        raise ValueError("a registry value cannot be a Boolean")
    if isinstance(data, int):
        return "DWord" if -(2**31) <= data < 2**32 else "QWord"
    if isinstance(data, bytes):
        return "Binary"
    return "MultiString" if isinstance(data, list) else "String"


def _check(name: str, data: Any, kind: str) -> None:
    wanted = {"DWord": int, "QWord": int, "Binary": bytes, "MultiString": list, "String": str, "ExpandString": str}.get(kind)
    if wanted is None:
        raise ValueError(f"{kind!r} is not a kind of registry value: {', '.join(KINDS)}")
    if not isinstance(data, wanted) or isinstance(data, bool):
        raise ValueError(f"the registry value {name!r} of kind {kind} cannot hold {data!r}")


def _dump(key: Key) -> dict[str, Any]:
    return {
        "values": [[value.name, value.kind, _encode(value.data)] for value in key.values.values()],
        "keys": {child.name: _dump(child) for child in key.keys.values()},
    }


def _load(name: str, data: dict[str, Any]) -> Key:
    key = Key(name)
    for value_name, kind, content in data["values"]:
        decoded = base64.b64decode(content) if kind == "Binary" else content
        key.values[value_name.lower()] = Value(value_name, kind, decoded)
    key.keys = {child.lower(): _load(child, content) for child, content in data["keys"].items()}
    return key


def _encode(data: Any) -> Any:
    return base64.b64encode(data).decode() if isinstance(data, bytes) else data


def walk(registry: Registry, key: str) -> Iterator[str]:
    """The key and all keys below it."""
    yield key
    for child in registry.subkeys(key):
        yield from walk(registry, f"{key}\\{child}")
