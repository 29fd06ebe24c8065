# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One file a Windows setting; the file's name is the section's name in win_hv_host."""
from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

from ..plans import Resource


def resource(name: str) -> Resource:
    """The resource that a file of this folder defines as RESOURCE. Raises KeyError for an unknown name."""
    if name not in names():
        raise KeyError(name)
    return import_module(f"{__name__}.{name}").RESOURCE


def names() -> list[str]:
    """The names of all resources, sorted."""
    return sorted(module.name for module in iter_modules(__path__) if re.fullmatch(r"[a-z][a-z0-9_]*", module.name))
