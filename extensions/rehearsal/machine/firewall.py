# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall rules that the features of this project bring. Source: hyperv-host.md 8."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """name: language-neutral; display: the English display name; enabled: as the feature leaves it."""

    name: str
    display: str
    enabled: bool = True


FEATURE_RULES = {
    "Hyper-V": (
        Rule("VIRT-MIGL-In-TCP-NoScope", "Hyper-V (MIG-TCP-In)"),
        Rule("VIRT-REMOTEDESKTOP-In-TCP-NoScope", "Hyper-V (REMOTE_DESKTOP_TCP_IN)"),
        Rule("VIRT-WMI-RPCSS-In-TCP-NoScope", "Hyper-V - WMI (DCOM-In)"),
        Rule("VIRT-WMI-WINMGMT-In-TCP-NoScope", "Hyper-V - WMI (TCP-In)"),
        Rule("VIRT-WMI-ASYNC-In-TCP-NoScope", "Hyper-V - WMI (Async-In)"),
        Rule("VIRT-VMMS-RPC-EPMAP-In-NoScope", "Hyper-V (RPC-EPMAP)"),
        Rule("VIRT-VMMS-RPC-In-NoScope", "Hyper-V (RPC)"),
    ),
}


class Firewall:
    """changed: whether a rule is enabled, by name, where somebody has set it."""

    def __init__(self, installed: Callable[[str], bool], note: Callable[[str], None]) -> None:
        """installed: tells whether a feature, and so its rules, are in effect."""
        self.changed: dict[str, bool] = {}
        self._installed = installed
        self._note = note

    def rules(self) -> list[Rule]:
        known = [rule for feature, rules in FEATURE_RULES.items() if self._installed(feature) for rule in rules]
        return [Rule(rule.name, rule.display, self.changed.get(rule.name, rule.enabled)) for rule in known]

    def enable(self, rule: Rule, enabled: bool) -> None:
        if rule.enabled != enabled:
            self.changed[rule.name] = enabled
            self._note(f"firewall rule {rule.name}: {'enabled' if enabled else 'disabled'}")
