# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is nova itself: whole files are loaded as nova-compute loads them, every option is read, the PCI specs parsed by nova."""

from __future__ import annotations

from typing import Any

from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.engine import NEUTRON, NOVA
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.file_resource import render_offline

from tests.unit.nova_conf.configurations import configurations


def test_whole_configurations(run_real: Any, release: str) -> None:
    wholes = list(configurations(release))
    assert len(wholes) >= 60
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
