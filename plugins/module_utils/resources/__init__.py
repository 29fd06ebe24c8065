# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One file a Windows setting. The file's name is the section's name in win_hv_host, and names the module: win_hv_NAME.

A host may have two of one kind; the second is a section of a name of its own.
"""
from __future__ import annotations

from importlib import import_module
from pathlib import Path

from ..plans import Resource

# The two that do not follow the rule, because their names were given.
_MODULES = {"nova_conf": "nova_hyperv_conf", "neutron_conf": "neutron_hyperv_conf"}

# Section: the file whose resource it is another one of.
_SECOND = {"neutron_service": "service"}


def names() -> list[str]:
    """The names of all resources, sorted."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


def sections() -> list[str]:
    """What win_hv_host takes as sections, sorted."""
    return sorted([*names(), *_SECOND])


def resource(name: str) -> Resource:
    """The resource of a section, which a file of this folder defines as RESOURCE."""
    return import_module(f"{__name__}.{_SECOND.get(name, name)}").RESOURCE


def module(name: str) -> str:
    """The name of the module that documents a section's options."""
    return _MODULES.get(name, f"win_hv_{_SECOND.get(name, name)}")
