# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What belongs together in a neutron_hyperv_agent.conf, and what makes the agent refuse to start (networking-hyperv, agent/layer2.py)."""
from __future__ import annotations

from collections.abc import Iterable

from .configuration import Configuration, Rule, Verdicts, refusal, warning
from .rules import host_name, log_rotation, transport_url


def _mappings(conf: Configuration) -> list[str]:
    return [str(item) for item in conf.value("AGENT", "physical_network_vswitch_mappings") or ()]


def _named_switches(conf: Configuration) -> Iterable[str]:
    for mapping in _mappings(conf):
        if mapping.count(":") == 1:
            yield mapping.partition(":")[2].strip()
    local = conf.value("AGENT", "local_network_vswitch")
    if local:
        yield str(local)


def vswitch_named(conf: Configuration) -> Verdicts:
    """The agent stops at start when its configuration names no switch at all."""
    if not list(_named_switches(conf)):
        yield refusal(
            "[AGENT] physical_network_vswitch_mappings: names no virtual switch, and the agent refuses to start without one; "
            "write physical_network:switch, or *:switch for all networks"
        )


def vswitch_mapping(conf: Configuration) -> Verdicts:
    """A mapping without exactly one colon is skipped, with a line in the log at debug level."""
    for mapping in _mappings(conf):
        network, _colon, switch = mapping.partition(":")
        if mapping.count(":") != 1 or not network.strip() or not switch.strip():
            yield refusal(f"[AGENT] physical_network_vswitch_mappings: '{mapping}': PHYSICAL_NETWORK:SWITCH with one colon is needed")


def vswitch_present(conf: Configuration) -> Verdicts:
    """The agent stops at start when a switch is missing, or has an Open vSwitch extension that is enabled."""
    if conf.host.switches is None:
        return
    known = {name.lower(): extended for name, extended in conf.host.switches.items()}
    for name in dict.fromkeys(_named_switches(conf)):
        if name.lower() not in known:
            yield refusal(f"[AGENT] '{name}': the host has no such virtual switch; it has {', '.join(conf.host.switches) or 'none'}")
        elif known[name.lower()]:
            yield refusal(f"[AGENT] '{name}': the Open vSwitch extension is enabled on this switch, and the agent refuses such a one")


def lock_path(conf: Configuration) -> Verdicts:
    """As for nova: external locks need a folder."""
    if not conf.value("oslo_concurrency", "lock_path"):
        yield warning(r"[oslo_concurrency] lock_path: is not set, so a lock between processes fails. Example: C:\OpenStack\Lock")


def firewall(conf: Configuration) -> Verdicts:
    """networking-hyperv registers its driver as `hyperv`; the default does nothing on Windows."""
    driver = conf.value("SECURITYGROUP", "firewall_driver")
    if conf.value("SECURITYGROUP", "enable_security_group") and driver != "hyperv":
        yield warning(f"[SECURITYGROUP] firewall_driver: '{driver}': security groups work only with hyperv")


def nvgre(conf: Configuration) -> Verdicts:
    """NVGRE needs the provider network's VLAN and this host's address in it."""
    if not conf.value("NVGRE", "enable_support"):
        return
    missing = [name for name in ("provider_vlan_id", "provider_tunnel_ip") if not conf.given("NVGRE", name)]
    if missing:
        yield refusal(f"[NVGRE] {', '.join(missing)}: needed when enable_support is true")


NEUTRON_RULES: dict[str, Rule] = {
    "vswitch-named": vswitch_named,
    "vswitch-mapping": vswitch_mapping,
    "vswitch-present": vswitch_present,
    "lock-path": lock_path,
    "log-rotation": log_rotation,
    "transport-url": transport_url,
    "host-name": host_name,
    "firewall": firewall,
    "nvgre": nvgre,
}
