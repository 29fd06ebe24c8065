# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which Windows features are there, which wait for a reboot, and which are in effect."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .catalogue import DEFAULT_INSTALLED, FEATURES, FeatureInfo, children, find

AVAILABLE, INSTALLED, UNINSTALL_PENDING, INSTALL_PENDING, REMOVED = (
    "Available", "Installed", "UninstallPending", "InstallPending", "Removed",
)


@dataclass(frozen=True)
class Change:
    """What an installation or removal did. features: empty where there was nothing to do."""

    features: tuple[FeatureInfo, ...]
    restart: bool


class PayloadMissing(Exception):
    """A feature's files are not on the machine (InstallState Removed)."""

    def __init__(self, feature: FeatureInfo) -> None:
        super().__init__(feature.name)
        self.feature = feature


class Features:
    """States by name. A feature is installed when its state says so; it is in effect when it also does its work."""

    def __init__(self, installed: Iterable[str], removed: Iterable[str], quiet: Iterable[str], note: Callable[[str], None]) -> None:
        """quiet: features whose installation denies that a restart is needed although it is."""
        self._states = dict.fromkeys(FEATURES, AVAILABLE)
        for name in removed:
            self._states[name] = REMOVED
        for name in _closure([*DEFAULT_INSTALLED, *installed]):
            self._states[name] = INSTALLED
        self._effective = {name for name, state in self._states.items() if state == INSTALLED}
        self._quiet = frozenset(quiet)
        self._note = note

    def state(self, name: str) -> str:
        return self._states[name]

    def installed(self, name: str) -> bool:
        return self._states[name] in (INSTALLED, UNINSTALL_PENDING)

    def in_effect(self, name: str) -> bool:
        return name in self._effective

    def pending(self) -> list[str]:
        """What the next reboot completes, including what nobody admits."""
        waiting = {name for name, state in self._states.items() if state in (INSTALL_PENDING, UNINSTALL_PENDING)}
        return sorted(waiting | {name for name in FEATURES if self.installed(name)} - self._effective)

    def restart_announced(self) -> bool:
        return any(state in (INSTALL_PENDING, UNINSTALL_PENDING) for state in self._states.values())

    def wanted(self, names: Iterable[str], tools: bool, subfeatures: bool) -> list[FeatureInfo]:
        """The features that an installation of these names would add, parents and requirements first."""
        asked = [feature.name for feature in map(find, names) if feature is not None]
        if subfeatures:
            asked += [child for name in asked for child in _descendants(name)]
        if tools:
            asked += [tool for name in asked for tool in FEATURES[name].tools]
        return [FEATURES[name] for name in _closure(asked) if self._states[name] in (AVAILABLE, REMOVED, UNINSTALL_PENDING)]

    def install(self, features: list[FeatureInfo], source: bool) -> Change:
        """All in one servicing transaction: when one of them takes a reboot, all of them wait for it (inferred; unconfirmed).

        source: files for features without payload were given. PayloadMissing otherwise.
        """
        for feature in features:
            if self._states[feature.name] == REMOVED and not source:
                raise PayloadMissing(feature)
        restart = any(feature.restart and feature.name not in self._quiet for feature in features)
        for feature in features:
            self._states[feature.name] = INSTALL_PENDING if restart else INSTALLED
            if not restart and not feature.restart:
                self._effective.add(feature.name)
        if features:
            self._note(f"features {'waiting for a restart' if restart else 'installed'}: {', '.join(item.name for item in features)}")
        return Change(tuple(features), restart)

    def unwanted(self, names: Iterable[str], tools: bool) -> list[FeatureInfo]:
        """The installed features that a removal of these names would take away: also what lies under them."""
        asked = [feature.name for feature in map(find, names) if feature is not None]
        if tools:
            asked += [tool for name in asked for tool in FEATURES[name].tools]
        all_names = [name for asked_name in asked for name in (*_descendants(asked_name), asked_name)]
        unique = dict.fromkeys(all_names)
        return [FEATURES[name] for name in unique if self._states[name] in (INSTALLED, INSTALL_PENDING)]

    def uninstall(self, features: list[FeatureInfo]) -> Change:
        restart = any(feature.restart and feature.name in self._effective for feature in features)
        for feature in features:
            never_began = self._states[feature.name] == INSTALL_PENDING
            self._states[feature.name] = UNINSTALL_PENDING if restart and not never_began else AVAILABLE
            if not restart:
                self._effective.discard(feature.name)
        if features:
            self._note(f"features removed: {', '.join(item.name for item in features)}")
        return Change(tuple(features), restart)

    def boot(self) -> list[str]:
        """Completes what was pending; answers the features that come into effect now."""
        for name, state in self._states.items():
            if state == INSTALL_PENDING:
                self._states[name] = INSTALLED
            if state == UNINSTALL_PENDING:
                self._states[name] = AVAILABLE
        effective = {name for name, state in self._states.items() if state == INSTALLED}
        fresh = sorted(effective - self._effective)
        self._effective = effective
        return fresh

    def dump(self) -> dict[str, Any]:
        return {"states": self._states, "effective": sorted(self._effective)}

    def load(self, data: dict[str, Any]) -> None:
        self._states.update(data["states"])
        self._effective = set(data["effective"])


def _closure(names: Iterable[str]) -> list[str]:
    """The names with their parents and requirements, each before what needs it."""
    ordered: dict[str, None] = {}

    def add(name: str) -> None:
        feature = FEATURES[name]
        for needed in (*((feature.parent,) if feature.parent else ()), *feature.requires):
            add(needed)
        ordered.setdefault(name)

    for name in names:
        add(name)
    return list(ordered)


def _descendants(name: str) -> list[str]:
    return [inner for child in children(name) for inner in (*_descendants(child), child)]
