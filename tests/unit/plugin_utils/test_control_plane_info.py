# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action's own part: its options, and why a module gave no rows in the forms of several releases of ansible-core."""
from __future__ import annotations

import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.action import control_plane_info
from ansible_collections.winstack.hyperv.plugins.plugin_utils.options import InvalidOptions


def test_hosts_with_their_defaults() -> None:
    assert control_plane_info._hosts({"a": {"host": "A"}, "b": {"host": "B", "network_agent": True}}) == {
        "a": {"host": "A", "network_agent": False}, "b": {"host": "B", "network_agent": True},
    }


@pytest.mark.parametrize(("host", "said"), [
    ("HV01", "hosts.hv01: 'HV01'"),
    ({}, "hosts.hv01: {}"),
    ({"host": 1}, "hosts.hv01: {'host': 1}"),
    ({"host": "HV01", "agent": True}, "hosts.hv01: {'host': 'HV01', 'agent': True}"),
    ({"host": "HV01", "network_agent": "yes"}, "hosts.hv01.network_agent: 'yes'"),
])
def test_a_wrong_host_is_named(host: Any, said: str) -> None:
    with pytest.raises(InvalidOptions) as caught:
        control_plane_info._hosts({"hv01": host})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(("answer", "reason"), [
    ({"failed": True, "msg": "openstacksdk is required for this module"}, "openstacksdk is required for this module"),
    ({"failed": True, "exception": SimpleNamespace(event=SimpleNamespace(msg="HTTP 401"))}, "HTTP 401"),
    ({"failed": True, "msg": "MODULE FAILURE\nSee stdout/stderr", "module_stderr": "Traceback\n  x\nUnauthorized: HTTP 401\n"},
     "Unauthorized: HTTP 401"),
    ({"failed": True}, "no message"),
])
def test_why_there_are_no_rows(answer: dict[str, Any], reason: str) -> None:
    assert control_plane_info._reason(answer) == reason


class Asked:
    """An action without Ansible, whose questions are answered from a list: rows, or the error."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.action = control_plane_info.ActionModule.__new__(control_plane_info.ActionModule)
        self.answers = answers
        self.names: list[str] = []
        self.action._ask = self._ask  # type: ignore[method-assign]
        self.action._microversion = lambda options, task_vars: "2.95"  # type: ignore[method-assign]

    def _ask(self, question: Any, options: Mapping[str, Any], task_vars: Any) -> Any:
        self.names.append(question.name)
        return self.answers.get(question.name, [])

    def wait(self, seconds: int) -> dict[str, Any]:
        options = {"hosts": {"hv01": {"host": "HV01", "network_agent": True}}, "wait_seconds": seconds, "release": "2023.2", "accept": []}
        return self.action._wait(options, None)


REFUSED = "The request you have made requires authentication. (HTTP 401) (Request-ID: req-1)"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the action sleeps, on a clock that only sleeping moves."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def test_a_refused_log_on_is_tried_once_and_not_waited_for(slept: list[float]) -> None:
    asked = Asked({"compute/service": REFUSED})
    result = asked.wait(60)
    assert asked.names == ["compute/service"]
    assert slept == []
    [finding] = result["hosts"]["hv01"]["findings"]
    assert (finding["name"], finding["found"]) == ("control_plane_silent", REFUSED)
    assert finding["target"] == "compute/service, compute/hypervisor, placement/resource_provider, network/agent, network/network"
    assert result["microversion"] == ""


def test_another_silence_is_waited_for(slept: list[float]) -> None:
    asked = Asked({"compute/service": "Unable to establish connection"})
    assert asked.wait(12)["critical"] == 2  # the network agent is missing too
    assert slept == [5, 5, 2]
    assert asked.names.count("compute/service") == 4


def test_ports_are_asked_for_after_the_names_of_the_hosts_are_known(slept: list[float]) -> None:
    agent = {"id": "1", "host": "HV01", "agent_type": "HyperV agent", "is_alive": True, "is_admin_state_up": True}
    port = {"id": "1", "network_id": "lan", "binding_host_id": "HV01", "binding_vif_type": "hyperv"}
    asked = Asked({"network/agent": [agent], "network/port": [port]})
    assert asked.wait(0)["hosts"]["hv01"]["ports"] == {"hyperv": 1}
    assert asked.names[-1] == "network/port"
    silent = Asked({"network/agent": [agent], "network/port": "Forbidden (HTTP 403)"})
    result = silent.wait(0)["hosts"]["hv01"]
    assert result["ports"] == {}
    assert [finding["target"] for finding in result["findings"] if finding["name"] == "control_plane_silent"] == ["network/port"]
