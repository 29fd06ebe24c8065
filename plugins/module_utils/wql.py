# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Conditions for the -Filter of CIM cmdlets."""
from __future__ import annotations

from collections.abc import Iterable


def named(names: Iterable[str]) -> str:
    """The condition that Name is one of the names. A backslash escapes in WQL (MicrosoftDocs/win32, where-clause)."""
    escaped = (name.replace("\\", "\\\\").replace("'", "\\'") for name in dict.fromkeys(names))
    return " OR ".join(f"Name='{name}'" for name in escaped)
