# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The markers of a pending reboot in the registry (hyperv-host.md 2.4)."""
from __future__ import annotations

from . import setup
from .registry import Registry

_RENAMES = "PendingFileRenameOperations"


def mark(registry: Registry, announced: bool, conditions: tuple[str, ...]) -> None:
    """announced: a feature says that it waits; conditions: what the lab file wants pending (spec.PENDING)."""
    if announced or "component_servicing" in conditions:
        registry.create(rf"{setup.SERVICING}\RebootPending")
    if announced or "server_manager" in conditions:
        registry.set(setup.SERVER_MANAGER, "RestartRequired", 1, "DWord")
    if "file_rename" in conditions:
        registry.set(setup.SESSION_MANAGER, _RENAMES, [r"\??\C:\Windows\Temp\old.tmp", ""], "MultiString")


def clear(registry: Registry) -> None:
    registry.delete(rf"{setup.SERVICING}\RebootPending")
    registry.delete(setup.SERVER_MANAGER, "RestartRequired")
    registry.delete(setup.SESSION_MANAGER, _RENAMES)


def is_marked(registry: Registry) -> bool:
    return (
        registry.exists(rf"{setup.SERVICING}\RebootPending")
        or registry.has(setup.SERVER_MANAGER, "RestartRequired")
        or registry.has(setup.SESSION_MANAGER, _RENAMES)
    )
