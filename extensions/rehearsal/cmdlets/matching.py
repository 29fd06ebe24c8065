# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PowerShell's wildcards, and the parameters that most models read the same way."""
from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..powershell.values import PSObject


def has_wildcard(text: str) -> bool:
    return any(character in text for character in "*?[")


def like(text: str, pattern: str) -> bool:
    """PowerShell's -like: `*`, `?` and `[a-z]`, without regard to case; a backtick takes the meaning of the next character."""
    return re.fullmatch(_expression(pattern), text, re.IGNORECASE | re.DOTALL) is not None


def like_any(text: str, patterns: Iterable[str]) -> bool:
    return any(like(text, pattern) for pattern in patterns)


def name_of(value: Any, property_name: str = "Name") -> str:
    """The name that a parameter value stands for: a text, or an object that was piped in."""
    return str(value.properties[property_name]) if isinstance(value, PSObject) else str(value)


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _expression(pattern: str) -> str:
    expression, position = "", 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "`" and position < len(pattern):
            expression += re.escape(pattern[position])
            position += 1
        elif character == "[" and "]" in pattern[position + 1:]:
            end = pattern.index("]", position + 1)
            expression += f"[{re.escape(pattern[position:end]).replace(chr(92) + '-', '-')}]"
            position = end + 1
        else:
            expression += {"*": ".*", "?": "."}.get(character, re.escape(character))
    return expression
