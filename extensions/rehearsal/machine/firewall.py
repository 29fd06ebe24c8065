# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall rules that the features of this project bring, kept in the registry as Windows keeps them. Source: hyperv-host.md 8.

The form of a rule's text is that of public exports of the key, such as those of Puppet's windows_firewall.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .registry import Registry

KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"


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
    """The rules that are there are those in the registry."""

    def __init__(self, registry: Registry, note: Callable[[str], None]) -> None:
        self._registry = registry
        self._note = note

    def bring(self, feature: str) -> None:
        """The rules that a feature brings when it comes into effect."""
        for rule in FEATURE_RULES.get(feature, ()):
            if not self._registry.has(KEY, rule.name):
                self._registry.set(KEY, rule.name, _text(rule), "String")

    def drop(self, feature: str) -> None:
        for rule in FEATURE_RULES.get(feature, ()):
            self._registry.delete(KEY, rule.name)

    def rules(self) -> list[Rule]:
        known = [rule for rules in FEATURE_RULES.values() for rule in rules if self._registry.has(KEY, rule.name)]
        return [Rule(rule.name, rule.display, "|Active=TRUE|" in self._registry.get(KEY, rule.name)) for rule in known]

    def enable(self, rule: Rule, enabled: bool) -> None:
        if rule.enabled != enabled:
            self._registry.set(KEY, rule.name, _text(Rule(rule.name, rule.display, enabled)), "String")
            self._note(f"firewall rule {rule.name}: {'enabled' if enabled else 'disabled'}")


def _text(rule: Rule) -> str:
    return f"v2.30|Action=Allow|Active={'TRUE' if rule.enabled else 'FALSE'}|Dir=In|Protocol=6|Name={rule.display}|"
