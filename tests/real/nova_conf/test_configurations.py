# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is nova itself: whole files are loaded as nova-compute loads them, every option is read, the PCI specs parsed by nova."""

from __future__ import annotations

from typing import Any

from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import content
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.catalogue import Option, ValueType, load
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.engine import NEUTRON, NOVA, wanted_setting
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.file_resource import render_offline

from tests.unit.nova_conf.configurations import CLUSTER, configurations


def test_whole_configurations(run_real: Any, release: str) -> None:
    wholes = list(configurations(release))
    assert len(wholes) >= 60
    assert sum(whole.options["compute_driver"] == CLUSTER for whole in wholes) >= 16
    files = [render_offline(NOVA, whole.options, reveal=True)["rendered"] for whole in wholes]
    answers = run_real(release, "load_files.py", {"service": "nova-compute", "files": files})
    for whole, answer in zip(wholes, answers, strict=True):
        assert answer["errors"] == [], whole.name
        assert answer["read"] > 800, whole.name
        got = {key: answer["values"][_group(answer, key[0])][key[1]] for key in whole.expected}
        assert got == whole.expected, whole.name
        assert tuple(answer["pci"]) == whole.pci, whole.name
        assert tuple(answer["aliases"]) == whole.aliases, whole.name


def _group(answer: Any, group: str) -> str:
    return next(name for name in answer["values"] if name.lower() == group.lower())


def test_the_cluster_is_waited_for_as_the_file_says(run_real: Any, release: str) -> None:
    whole = next(whole for whole in configurations(release) if whole.options["compute_driver"] == CLUSTER)
    text = render_offline(NOVA, whole.options, reveal=True)["rendered"]
    assert run_real(release, "cluster_timeout.py", text) == 300
    forever = {**whole.options, "connect_cluster_timeout": None, "accept": ["cluster-timeout"]}
    assert run_real(release, "cluster_timeout.py", render_offline(NOVA, forever, reveal=True)["rendered"]) == 0


AGENT = {
    "physical_network_vswitch_mappings": ["physnet1:ext$ernal", "*:switch two"],
    "local_network_vswitch": "local",
    "polling_interval": 5,
    "worker_count": 4,
    "enable_metrics_collection": True,
    "enable_qos_extension": False,
    "firewall_driver": "hyperv",
    "enable_security_group": True,
    "transport_url": "rabbit://neutron:p%24w@10.0.0.2:5672/",
    "log_dir": r"C:\OpenStack\Log",
    "log_file": "neutron-hyperv-agent.log",
    "lock_path": r"C:\OpenStack\Lock",
    "options": {
        "agent": {"worker_retry": 0, "neutron_metadata_address": "169.254.169.254"},
        "NVGRE": {"enable_support": True, "provider_vlan_id": 4000, "provider_tunnel_ip": "10.1.0.5"},
        "os_win": {"file_in_use_timeout": 30},
    },
}


def test_agent_configuration(run_real: Any, release: str) -> None:
    text = render_offline(NEUTRON, {"release": release, **AGENT}, reveal=True)["rendered"]
    [answer] = run_real(release, "load_files.py", {"service": "neutron-hyperv-agent", "files": [text]})
    assert answer["errors"] == []
    agent = answer["values"]["AGENT"]
    assert agent["physical_network_vswitch_mappings"] == ["physnet1:ext$ernal", "*:switch two"]
    assert (agent["local_network_vswitch"], agent["polling_interval"], agent["worker_count"], agent["worker_retry"]) == ("local", 5, 4, 0)
    assert (agent["enable_metrics_collection"], agent["enable_qos_extension"]) == (True, False)
    assert answer["values"]["SECURITYGROUP"]["firewall_driver"] == "hyperv"
    assert answer["values"]["NVGRE"]["provider_vlan_id"] == 4000
    assert answer["values"]["os_win"]["file_in_use_timeout"] == 30
    assert answer["values"]["DEFAULT"]["transport_url"] == "rabbit://neutron:p%24w@10.0.0.2:5672/"


# Options whose value has a meaning beyond its type already while the service starts.
MEANINGFUL: dict[tuple[str, str], Any] = {
    ("DEFAULT", "transport_url"): "rabbit://u:p$w@h:5672/",
    ("DEFAULT", "fatal_deprecations"): False,
    ("oslo_messaging_notifications", "transport_url"): "rabbit://u:p$w@h:5672/",
    ("oslo_messaging_notifications", "driver"): ["messagingv2"],
    ("pci", "device_spec"): ['{"address": "0000:3b:00.0"}'],
    ("pci", "passthrough_whitelist"): ['{"address": "0000:3b:00.0"}'],
    ("pci", "alias"): ['{"name": "a"}'],
    ("DEFAULT", "instance_usage_audit_period"): "day@7",
    ("cinder", "catalog_info"): "a::b",
    ("ironic", "conductor_group"): "seven",
    ("ironic", "partition_key"): "seven",
}


def test_every_option_of_the_catalogue(run_real: Any, release: str) -> None:
    """Every option of nova-compute at once, each with a value that is not its default, comes back equal from the real option objects.

    Without auth_type and auth_section, which would load plugins, and without the Linux capabilities of privsep, a type of their own.
    """
    known = load(NOVA.name, release)
    values = {
        option.key: MEANINGFUL.get((option.group, option.name), _other_value(option))
        for option in known.options.values()
        if not option.name.startswith("auth_") and option.name != "capabilities"
    }
    made = [wanted_setting(known.options[key], value) for key, value in values.items()]
    text = content.render({item.key: item for item in made if item}, ["every option"], "\n")
    [answer] = run_real(release, "load_files.py", {"service": "nova-compute", "files": [text]})
    assert answer["errors"] == []
    got = {
        (group if group == "DEFAULT" else group.lower(), name): value
        for group, names in answer["values"].items()
        for name, value in names.items()
    }
    wrong = {key: (values[key], got[key]) for key in values.keys() & got.keys() if got[key] != values[key]}
    assert wrong == {}
    assert len(values.keys() & got.keys()) > 800


def _other_value(option: Option) -> Any:
    value = _other(option.type, option.default)
    return [value] if option.multi else value


def _other(kind: ValueType, default: Any) -> Any:
    if kind.choices:
        return next((choice for choice in kind.choices if choice != default), kind.choices[0])
    if kind.kind in ("integer", "port", "float"):
        low, high = kind.minimum, kind.maximum
        value = 7 if low is None or low < 7 else low + 1
        value = value if high is None or value <= high else high
        return float(value) if kind.kind == "float" else int(value)
    plain = {
        "boolean": default is not True,
        "ip": "fd00::7" if kind.version == 6 else "10.7.7.7",
        "hostaddress": "host7",
        "hostdomain": "host_7",
        "hostname": "host7",
        "uri": f"{kind.schemes[0] if kind.schemes else 'http'}://seven.example/",
        "dict": {"a": "$b"},
        "list": _items(kind),
    }
    return plain.get(kind.kind, "1:7" if kind.regex else " $name 'x' ")


def _items(kind: ValueType) -> list[Any]:
    item = kind.item or ValueType("string")
    return [_other(item, None)] if item.kind != "string" or item.choices else ["$a", "'b c'"]
