# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action's own part: its options, and why a module gave no rows in the forms of several releases of ansible-core."""
from __future__ import annotations

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
