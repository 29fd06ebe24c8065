# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inside a release's environment: loads whole files as the service does and reads every option. stdin and stdout are JSON.

In: {"service": "nova-compute" or "neutron-hyperv-agent", "files": [TEXT, ...]}.
Out: one {"values": {group: {name: value}}, "errors": [TEXT, ...], "read": COUNT, "pci": [SPEC, ...], "aliases": [NAME, ...]} a file.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OS_NOVA_DISABLE_EVENTLET_PATCHING", "1")
cfg = importlib.import_module("oslo_config.cfg")


# Imported once; what a file makes the libraries register stays in the process that loads it.
PRELOAD = {
    "nova-compute": ("nova.cmd.compute", "nova.virt.compute_hyperv.driver", "nova.virt.compute_hyperv.cluster.driver"),
    "neutron-hyperv-agent": ("networking_hyperv.neutron.agent.hyperv_neutron_agent",),
}


def start_nova(path: Path) -> None:
    """What nova.cmd.compute does with its file."""
    importlib.import_module("nova.config").parse_args(["nova-compute", "--config-file", str(path)], default_config_files=[])


def start_agent(path: Path) -> None:
    """What networking-hyperv's agent does with its file."""
    common_agent = importlib.import_module("neutron.conf.agent.common")
    common_agent.register_agent_state_opts_helper(cfg.CONF)
    common = importlib.import_module("neutron.common.config")
    if hasattr(common, "register_common_config_options"):
        common.register_common_config_options()
    common.init(["--config-file", str(path)])


def load_late_options() -> None:
    """Options that the service registers when it first uses a library."""
    entry_points = importlib.import_module("stevedore.named").NamedExtensionManager(
        "oslo.config.opts",
        ["oslo.concurrency", "oslo.cache", "oslo.policy", "oslo.reports", "os_brick", "os_win"],
        invoke_on_load=True,
    )
    for extension in entry_points:
        for group, options in extension.obj:
            for option in options:
                try:
                    cfg.CONF.register_opt(option, group=getattr(group, "name", group))
                except cfg.DuplicateOptError:
                    pass


def load_auth_options() -> Iterator[str]:
    """The real keystoneauth loads a plugin from every group that names one; it registers the plugin's options on the way."""
    loading = importlib.import_module("keystoneauth1.loading")
    for group in group_names():
        names = cfg.CONF._groups[group]._opts
        if "auth_type" in names and cfg.CONF[group].auth_type:
            try:
                loading.load_auth_from_conf_options(cfg.CONF, group)
            except Exception as error:
                yield f"[{group}]: {type(error).__name__}: {error}"


def read_all() -> tuple[dict[str, dict[str, Any]], list[str], int]:
    """Every registered option's value; the errors of those that cannot be read."""
    values: dict[str, dict[str, Any]] = {}
    errors: list[str] = []
    count = 0
    places = [("DEFAULT", cfg.CONF, list(cfg.CONF._opts))]
    places += [(group, cfg.CONF[group], list(cfg.CONF._groups[group]._opts)) for group in group_names()]
    for group, place, names in places:
        for name in names:
            try:
                values.setdefault(group, {})[name] = plain(getattr(place, name))
                count += 1
            except Exception as error:
                errors.append(f"[{group}] {name}: {type(error).__name__}: {error}")
    return values, errors, count


def group_names() -> list[str]:
    """Some libraries leave the group object itself among the names."""
    return sorted(group for group in cfg.CONF._groups if isinstance(group, str))


def plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, dict, type(None))) else repr(value)


def pci(errors: list[str]) -> tuple[list[str], list[str]]:
    """nova's own parsers of device_spec and alias."""
    specs = getattr(cfg.CONF.pci, "device_spec", None)
    specs = cfg.CONF.pci.passthrough_whitelist if specs is None else specs
    try:
        filters = importlib.import_module("nova.pci.whitelist").Whitelist(specs)
        aliases = importlib.import_module("nova.pci.request")._get_alias_from_config()
    except Exception as error:
        errors.append(f"[pci]: {type(error).__name__}: {error}")
        return [], []
    return [f"{spec.vendor_id} {spec.product_id} {address(spec)}" for spec in filters.specs], sorted(aliases)


def address(spec: Any) -> str:
    place = spec.address.pci_address_spec
    return f"{place.domain}:{place.bus}:{place.slot}.{place.func}"


def judge(service: str, text: str) -> dict[str, Any]:
    """Loads one file, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "service.conf"
        path.write_bytes(text.encode())
        try:
            {"nova-compute": start_nova, "neutron-hyperv-agent": start_agent}[service](path)
            load_late_options()
            auth_errors = list(load_auth_options())
        except Exception as error:
            return {"values": {}, "errors": [f"{type(error).__name__}: {error}"], "read": 0, "pci": [], "aliases": []}
    values, errors, count = read_all()
    errors += auth_errors
    specs, aliases = pci(errors) if service == "nova-compute" else ([], [])
    return {"values": values, "errors": errors, "read": count, "pci": specs, "aliases": aliases}


def judge_apart(service: str, text: str) -> Any:
    """`judge` in a forked process; plain fork, because the services' eventlet does not get on with multiprocessing."""
    with tempfile.NamedTemporaryFile("r+", suffix=".json") as answer:
        child = os.fork()
        if child == 0:
            Path(answer.name).write_text(json.dumps(judge(service, text)))
            os._exit(0)
        os.waitpid(child, 0)
        return json.loads(Path(answer.name).read_text())


def main() -> None:
    data = json.load(sys.stdin)
    for module in PRELOAD[data["service"]]:
        importlib.import_module(module)
    json.dump([judge_apart(data["service"], text) for text in data["files"]], sys.stdout)


if __name__ == "__main__":
    main()
