# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading a mapping of the lab file strictly."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import SpecError

_REQUIRED: Any = object()


class Fields:
    """One mapping of the lab file. Every key is asked for by type; `done` refuses the keys that nobody asked for."""

    def __init__(self, mapping: Any, path: str) -> None:
        if not isinstance(mapping, Mapping):
            raise SpecError(path, mapping, "a mapping")
        self._mapping = mapping
        self._asked: set[str] = set()
        self.path = path

    def done(self) -> None:
        for key in self._mapping:
            if key not in self._asked:
                raise SpecError(self.at(str(key)), self._mapping[key], f"one of the keys {', '.join(sorted(self._asked))}")

    def names(self) -> list[str]:
        """Its keys, for a mapping whose keys are names of the lab's author."""
        return list(self._mapping)

    def at(self, key: str) -> str:
        return f"{self.path}.{key}"

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return self._mapping.get(key) is not None

    def text(self, key: str, default: str = _REQUIRED, *, choices: Iterable[str] = (), pattern: str = "", allowed: str = "") -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            raise SpecError(self.at(key), value, "text")
        if choices and value not in choices:
            raise SpecError(self.at(key), value, ", ".join(choices))
        if pattern and not re.fullmatch(pattern, value):
            raise SpecError(self.at(key), value, allowed or f"text like {pattern}")
        return value

    def number(self, key: str, default: int = _REQUIRED, *, minimum: int = 0, maximum: int = 2**64) -> int:
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise SpecError(self.at(key), value, f"a whole number from {minimum} to {maximum}")
        return value

    def seconds(self, key: str, default: float) -> float:
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 86400:
            raise SpecError(self.at(key), value, "a number of seconds from 0 to 86400")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise SpecError(self.at(key), value, "true or false")
        return value

    def texts(self, key: str, default: Iterable[str] = (), *, choices: Iterable[str] = ()) -> tuple[str, ...]:
        value = self._take(key, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SpecError(self.at(key), value, "a list of texts")
        for item in value:
            if choices and item not in choices:
                raise SpecError(self.at(key), item, ", ".join(choices))
        return tuple(value)

    def numbers(self, key: str, default: Iterable[int] = (), *, minimum: int = 0, maximum: int = 2**64) -> tuple[int, ...]:
        value = self._take(key, list(default))
        good = isinstance(value, list) and all(
            isinstance(item, int) and not isinstance(item, bool) and minimum <= item <= maximum for item in value
        )
        if not good:
            raise SpecError(self.at(key), value, f"a list of whole numbers from {minimum} to {maximum}")
        return tuple(value)

    def child(self, key: str) -> Fields:
        return Fields(self._take(key, {}), self.at(key))

    def children(self, key: str, default: Iterable[Mapping[str, Any]] = ()) -> list[Fields]:
        value = self._take(key, list(default))
        if not isinstance(value, list):
            raise SpecError(self.at(key), value, "a list of mappings")
        return [Fields(item, f"{self.at(key)}[{index}]") for index, item in enumerate(value)]

    def _take(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._mapping.get(key, default)
        if value is _REQUIRED:
            raise SpecError(self.at(key), None, "a value (it is required)")
        return value
