# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of option names that a release does not know: gone, renamed, or not there yet."""
from __future__ import annotations

from collections.abc import Mapping

from . import catalogue
from .catalogue import Catalogue, Key, Option, label, normalized
from .releases import RELEASES, at_least

# Names that were gone before the oldest catalogue, with the release that dropped them and what to write instead. Sources: nova's
# release notes and nova/conf at the tags named in docs/nova-conf.md. oslo.config reads past every one of them without a word.
_GONE: Mapping[Key, tuple[str, str]] = {
    ("neutron", "url"): ("Train or earlier", "[neutron] endpoint_override"),
    ("neutron", "admin_username"): ("Train or earlier", "[neutron] username"),
    ("neutron", "admin_password"): ("Train or earlier", "[neutron] password"),
    ("neutron", "admin_tenant_name"): ("Train or earlier", "[neutron] project_name"),
    ("neutron", "admin_auth_url"): ("Train or earlier", "[neutron] auth_url"),
    ("neutron", "auth_strategy"): ("Train or earlier", "[neutron] auth_type"),
    ("neutron", "auth_plugin"): ("Train or earlier", "[neutron] auth_type"),
    ("placement", "os_region_name"): ("Train or earlier", "[placement] region_name"),
    ("placement", "auth_strategy"): ("Train or earlier", "[placement] auth_type"),
    ("placement", "auth_plugin"): ("Train or earlier", "[placement] auth_type"),
    ("DEFAULT", "rpc_backend"): ("Train or earlier", "[DEFAULT] transport_url"),
    ("DEFAULT", "rabbit_host"): ("Train or earlier", "[DEFAULT] transport_url"),
    ("DEFAULT", "rabbit_port"): ("Train or earlier", "[DEFAULT] transport_url"),
    ("DEFAULT", "rabbit_userid"): ("Train or earlier", "[DEFAULT] transport_url"),
    ("DEFAULT", "rabbit_password"): ("Train or earlier", "[DEFAULT] transport_url"),
    ("DEFAULT", "verbose"): ("Train or earlier", "[DEFAULT] debug"),
    ("DEFAULT", "use_neutron"): ("Ussuri", ""),
    ("DEFAULT", "network_api_class"): ("Train or earlier", ""),
    ("DEFAULT", "auth_strategy"): ("Train or earlier", ""),
    ("DEFAULT", "pci_alias"): ("Train or earlier", "[pci] alias"),
}


def explain(known: Catalogue, group: str, name: str) -> str:
    """Why a name is unknown and what to write instead, as the tail of an error; empty when no release knew it."""
    key = (normalized(group), name)
    if key in _GONE:
        release, successor = _GONE[key]
        return f"gone since {release}" + _instead(successor)
    for release in reversed([other for other in RELEASES if not at_least(other, known.release)]):
        older = catalogue.load(known.service, release)
        option = older.find(group, name)
        if option:
            gone = RELEASES[RELEASES.index(release) + 1]
            return f"gone since {gone}" + _instead(_current(known, option))
    for release in RELEASES[RELEASES.index(known.release) + 1:]:
        option = catalogue.load(known.service, release).find(group, name)
        if option:
            return f"new in {release}" + _instead(_current(known, option))
    return ""


def _current(known: Catalogue, option: Option) -> str:
    """The label under which this release knows another release's option; empty when it does not."""
    for group, name in ((option.group, option.name), *option.deprecated_names):
        match = known.options.get((normalized(group or option.group), name))
        if match:
            return match.label
    return ""


def _instead(successor: str) -> str:
    return f"; write {successor} instead" if successor else ""


def unknown(known: Catalogue, group: str, name: str) -> str:
    """The whole error for a name that the release does not know."""
    error = f"{label(group, name)}: not an option of {known.service} {known.release}"
    story = explain(known, group, name)
    if story:
        return f"{error} ({story})"
    closest = known.closest(group, name)
    return f"{error}; the closest is {closest}" if closest else error
