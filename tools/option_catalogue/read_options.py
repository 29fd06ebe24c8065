# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Prints the options that one OpenStack service has registered, as JSON. Runs inside a release's virtual environment (Python 3.8 or 3.10).

Usage: read_options.py nova-compute | neutron-hyperv-agent

Options come from three places, all of them the packages' own objects: what importing and configuring the service
registers, the `oslo.config.opts` entry points of the libraries that register late, and the keystoneauth plugins.
"""
from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

# Libraries that register their options only when they are used; the entry points declare the same objects.
# The first three of nova's list are the namespaces of compute-hyperv's own etc/compute-hyperv-config-generator.conf.
NAMESPACES = {
    "nova-compute": (
        "nova.conf", "compute_hyperv", "os_win", "os_brick", "os_vif", "castellan.config", "keystonemiddleware.auth_token",
        "oslo.cache", "oslo.concurrency", "oslo.log", "oslo.messaging", "oslo.middleware", "oslo.policy", "oslo.privsep",
        "oslo.reports", "oslo.service.periodic_task", "oslo.service.service", "oslo.service.sslutils", "oslo.service.wsgi",
        "oslo.versionedobjects", "osprofiler",
    ),
    "neutron-hyperv-agent": (
        "networking_hyperv", "os_win", "oslo.concurrency", "oslo.log", "oslo.messaging", "oslo.policy",
        "oslo.reports", "oslo.service.periodic_task", "oslo.service.service", "oslo.versionedobjects", "osprofiler",
    ),
}

# os-brick declares options since Zed.
NOT_IN_EVERY_RELEASE = {"os_brick"}

# `password` first: of options that several plugins declare, the first plugin's definition is kept.
FIRST_PLUGIN = "password"

# Functions that serve as types, of options that mean nothing on Windows: oslo.privsep's Linux capabilities.
OPAQUE = ("CapNameOrInt",)

COMMAND_LINE_ONLY = ("config_file", "config_dir", "config_source", "version", "help")


def register_nova_compute(conf: Any) -> None:
    """What nova.cmd.compute does before it starts, and the two drivers."""
    importlib.import_module("nova.cmd.compute")
    importlib.import_module("nova.compute.manager")
    importlib.import_module("nova.virt.compute_hyperv.driver")
    importlib.import_module("nova.virt.compute_hyperv.cluster.driver")
    importlib.import_module("nova.config").parse_args(["nova-compute"], default_config_files=[])


def register_neutron_hyperv_agent(conf: Any) -> None:
    """What the agent's main() does before it starts."""
    importlib.import_module("networking_hyperv.neutron.agent.hyperv_neutron_agent")
    agent_config = importlib.import_module("neutron.conf.agent.common")
    agent_config.register_agent_state_opts_helper(conf)
    common = importlib.import_module("neutron.common.config")
    if hasattr(common, "register_common_config_options"):
        common.register_common_config_options()
    common.init(["--config-file", os.devnull])


REGISTER = {"nova-compute": register_nova_compute, "neutron-hyperv-agent": register_neutron_hyperv_agent}


def registered_options(conf: Any) -> Iterator[tuple[str, Any]]:
    """(group, option) of everything in a ConfigOpts object."""
    for info in list(conf._opts.values()):
        yield "DEFAULT", info["opt"]
    for name, group in list(conf._groups.items()):
        for info in list(group._opts.values()):
            yield name, info["opt"]


def entry_point_options(namespaces: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """(group, option) of the `oslo.config.opts` entry points."""
    named = importlib.import_module("stevedore.named")

    def missing(names: set[str]) -> None:
        if not names <= NOT_IN_EVERY_RELEASE:
            raise SystemExit(f"no such oslo.config.opts namespace: {', '.join(sorted(names))}")

    def broken(_manager: Any, _entry_point: Any, error: Exception) -> NoReturn:
        raise error

    manager = named.NamedExtensionManager(
        "oslo.config.opts", names=list(namespaces), invoke_on_load=True, name_order=True, on_missing_entrypoints_callback=missing,
        on_load_failure_callback=broken,
    )
    for extension in manager:
        for group, options in extension.obj:
            name = getattr(group, "name", group) or "DEFAULT"
            for option in options:
                yield name, option


def auth_plugin_options() -> dict[str, Any]:
    """The options of every keystoneauth plugin, once each. An option is secret when any plugin says so."""
    loading = importlib.import_module("keystoneauth1.loading")
    names = sorted(loading.get_available_plugin_names(), key=lambda name: (name != FIRST_PLUGIN, name))
    found: dict[str, Any] = {}
    for name in names:
        for option in loading.get_auth_plugin_conf_options(name):
            kept = found.setdefault(option.dest, option)
            kept.secret = kept.secret or option.secret
            if kept is option and name != FIRST_PLUGIN:
                # `url` is an old name of admin_token's `endpoint`; elsewhere it is the [neutron] url that nothing reads any more.
                option.deprecated_opts = []
    return found


def describe_type(kind: Any) -> dict[str, Any]:
    """An oslo.config type object, or a plain callable, as a small mapping."""
    name = type(kind).__name__
    if name == "String" or kind is str:
        return without_empty({
            "type": "string", "choices": list(getattr(kind, "choices", None) or ()), "quotes": getattr(kind, "quotes", False),
            "regex": kind.regex.pattern if getattr(kind, "regex", None) else None,
            "ignore_case": getattr(kind, "ignore_case", False), "max_length": getattr(kind, "max_length", 0) or None,
        })
    if name == "MultiString":
        return {"type": "string"}
    if name in ("Integer", "Port", "Float"):
        return without_empty({"type": name.lower(), "min": kind.min, "max": kind.max, "choices": list(kind.choices or ())})
    if kind is int:
        return {"type": "integer"}
    if name == "Boolean":
        return {"type": "boolean"}
    if name == "List":
        return without_empty({"type": "list", "item": describe_type(kind.item_type), "bounds": kind.bounds})
    if name == "Dict":
        return without_empty({"type": "dict", "item": describe_type(kind.value_type), "bounds": kind.bounds})
    if name == "IPAddress":
        return without_empty({"type": "ip", "version": ip_version(kind)})
    if name in ("HostAddress", "HostDomain"):
        return without_empty({"type": name.lower(), "version": ip_version(kind.ip_address)})
    if name == "Hostname":
        return {"type": "hostname"}
    if name == "URI":
        return without_empty({"type": "uri", "schemes": list(kind.schemes or ()), "max_length": kind.max_length})
    if getattr(kind, "__name__", "") in OPAQUE:
        return {"type": "string"}
    raise SystemExit(f"an option type that the catalogue does not know: {kind!r}")


def ip_version(kind: Any) -> int | None:
    return {"_check_ipv4": 4, "_check_ipv6": 6}.get(kind.version_checker.__name__)


def without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is not set; a zero is a value."""
    return {key: value for key, value in fields.items() if value is not None and value is not False and value not in ("", [])}


def describe(option: Any) -> dict[str, Any]:
    """One option as JSON data. A default that depends on the machine (the option declares a sample) is left out."""
    fields: dict[str, Any] = {"name": option.dest}
    fields.update(describe_type(option.type))
    if option.sample_default is None and option.default is not None:
        fields["default"] = plain(option.default)
    deprecated = [[item.group or "", item.name or option.dest] for item in option.deprecated_opts]
    fields.update(without_empty({
        "multi": bool(option.multi), "secret": bool(option.secret), "required": bool(option.required), "deprecated_names": deprecated,
        "removal": bool(option.deprecated_for_removal), "removal_since": option.deprecated_since,
        "removal_reason": " ".join(str(option.deprecated_reason or "").split()),
    }))
    return fields


def plain(value: Any) -> Any:
    """A default as JSON, without this machine's paths."""
    if isinstance(value, str):
        return value.replace(sys.prefix, "<prefix>")
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in sorted(value.items())}
    return value


def settable(option: Any) -> bool:
    """False for what only the command line takes, and for the dummies that nova registers to ignore (nova/conf/utils.py, _dummy_opt)."""
    if type(option).__name__ == "SubCommandOpt" or option.dest in COMMAND_LINE_ONLY:
        return False
    return "_dummy_opt" not in getattr(option.type, "__qualname__", "")


def normalized(group: str) -> str:
    return group if group == "DEFAULT" else group.lower()


def read(service: str) -> dict[str, Any]:
    """The whole answer: options by group, and the keystoneauth options with the groups that take them."""
    conf = importlib.import_module("oslo_config.cfg").CONF
    REGISTER[service](conf)
    names: dict[str, str] = {}
    options: dict[tuple[str, str], Any] = {}
    for group, option in [*registered_options(conf), *entry_point_options(NAMESPACES[service])]:
        if not settable(option):
            continue
        name = names.setdefault(normalized(group), group)
        options.setdefault((name, option.dest), option)
    plugins = auth_plugin_options()
    groups = sorted(group for group, name in options if name == "auth_type")
    for group in groups:
        for name in plugins:
            options.pop((group, name), None)
    return {
        "groups": {
            group: [describe(options[key]) for key in sorted(options) if key[0] == group]
            for group in sorted({group for group, _name in options})
        },
        "auth_groups": groups,
        "auth_options": [describe(plugins[name]) for name in sorted(plugins)],
    }


def packages() -> dict[str, str]:
    from importlib import metadata

    found = {}
    for distribution in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        found[name] = distribution.version
    return found


def main() -> None:
    os.environ.setdefault("OS_NOVA_DISABLE_EVENTLET_PATCHING", "1")
    answer = read(sys.argv[1])
    answer["packages"] = packages()
    json.dump(answer, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main()
