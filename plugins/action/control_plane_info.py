# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.control_plane import node_check as control_plane
from ..module_utils.control_plane import port_bindings
from ..module_utils.control_plane.node_check import Heard, Node, Question
from ..plugin_utils.options import InvalidOptions, validated

# Seconds between two rounds of questions while wait_seconds lasts.
_PAUSE = 5.0


class ActionModule(ActionBase):
    """Asks through openstack.cloud, judges on the controller. Nothing is ever changed."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        del tmp
        try:
            options = validated("control_plane_info", self._task.args)
            result.update(self._wait(options, task_vars))
        except InvalidOptions as invalid:
            result.update(failed=True, msg=str(invalid))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _wait(self, options: Mapping[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Asks until nothing critical is left, the time is over, or the log-on was refused, which no waiting mends."""
        nodes = {name: Node(host["host"], host["network_agent"]) for name, host in _hosts(options["hosts"]).items()}
        deadline = time.monotonic() + options["wait_seconds"]
        while True:
            heard = self._ask_once(nodes, options, task_vars)
            result = _result(nodes, heard, options)
            left = deadline - time.monotonic()
            if not result["critical"] or left <= 0 or any(map(control_plane.logon_refused, heard.silence.values())):
                return result
            time.sleep(min(_PAUSE, left))

    def _ask_once(self, nodes: Mapping[str, Node], options: Mapping[str, Any], task_vars: dict[str, Any] | None) -> Heard:
        agents = any(node.network_agent for node in nodes.values())
        questions = (*control_plane.COMPUTE_QUESTIONS, *(control_plane.AGENT_QUESTIONS if agents else ()))
        heard = self._ask_all(questions, options, task_vars)
        if agents and not heard.silence:
            heard = self._ask_for_ports(control_plane.port_questions(nodes.values(), heard), heard, options, task_vars)
        return replace(heard, microversion=self._microversion(options, task_vars) if heard.rows else "")

    def _ask_all(self, questions: Sequence[Question], options: Mapping[str, Any], task_vars: dict[str, Any] | None) -> Heard:
        """A refused log-on is the answer to all that follows too: trying it over and over locks accounts."""
        heard = Heard({}, {})
        for question in questions:
            refused = next(filter(control_plane.logon_refused, heard.silence.values()), None)
            answer = refused or self._ask(question, options, task_vars)
            if isinstance(answer, str):
                heard = replace(heard, silence={**heard.silence, question: answer})
            else:
                heard = replace(heard, rows={**heard.rows, question: answer})
        return heard

    def _ask_for_ports(
        self, questions: Sequence[Question], heard: Heard, options: Mapping[str, Any], task_vars: dict[str, Any] | None
    ) -> Heard:
        answered = self._ask_all(questions, options, task_vars)
        if answered.silence:
            return replace(heard, silence={control_plane.PORTS: next(iter(answered.silence.values()))})
        ports = [row for rows in answered.rows.values() for row in rows]
        return replace(heard, rows={**heard.rows, control_plane.PORTS: ports})

    def _ask(self, question: Question, options: Mapping[str, Any], task_vars: dict[str, Any] | None) -> list[dict[str, Any]] | str:
        """The rows, or why there are none."""
        arguments: dict[str, Any] = {"service": question.service, "type": question.type, "parameters": dict(question.parameters)}
        if options["cloud"] is not None:
            arguments["cloud"] = options["cloud"]
        answer = self._execute_module(module_name="openstack.cloud.resources", module_args=arguments, task_vars=task_vars)
        if "resources" in answer:
            return list(answer["resources"])
        return _reason(answer)

    def _microversion(self, options: Mapping[str, Any], task_vars: dict[str, Any] | None) -> str:
        """Empty where the account may not read the catalog or the API does not say: nothing else depends on it."""
        catalog, endpoints = (self._ask(question, options, task_vars) for question in control_plane.VERSION_QUESTIONS)
        if isinstance(catalog, str) or isinstance(endpoints, str):
            return ""
        region = options["cloud"].get("region_name") or "" if isinstance(options["cloud"], dict) else ""
        url = control_plane.compute_api_url(catalog, endpoints, region)
        if not url:
            return ""
        arguments = {"url": url, "return_content": True, "headers": {"Accept": "application/json"}}
        answer = self._execute_module(module_name="ansible.builtin.uri", module_args=arguments, task_vars=task_vars)
        try:
            return control_plane.newest_microversion(json.loads(answer.get("content") or "null"))
        except ValueError:
            return ""


def _result(nodes: Mapping[str, Node], heard: Heard, options: Mapping[str, Any]) -> dict[str, Any]:
    findings = control_plane.judge(nodes, heard, options["release"], options["accept"])
    return {
        "changed": False,
        "hosts": {
            name: {
                "findings": [finding.as_dict() for finding in found],
                "ports": port_bindings.by_type(control_plane.ports_of(nodes[name], heard)),
            }
            for name, found in findings.items()
        },
        "critical": sum(finding.severity == "critical" for found in findings.values() for finding in found),
        "microversion": heard.microversion,
    }


def _hosts(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every host with its defaults. Raises InvalidOptions."""
    found = {}
    for name, host in given.items():
        if not isinstance(host, Mapping) or not isinstance(host.get("host"), str) or set(host) - {"host", "network_agent"}:
            raise InvalidOptions(f"hosts.{name}: {host!r}: a dictionary of host (text) and network_agent (true or false) is needed")
        agent = host.get("network_agent", False)
        if not isinstance(agent, bool):
            raise InvalidOptions(f"hosts.{name}.network_agent: {agent!r}: true or false is needed")
        found[name] = {"host": host["host"], "network_agent": agent}
    return found


def _reason(answer: Mapping[str, Any]) -> str:
    """Why a module gave no rows. For one that died, ansible-core puts it into an object (2.19 and newer) or a traceback's last line."""
    event = getattr(answer.get("exception"), "event", None)
    text = str(answer.get("msg") or getattr(event, "msg", "") or "no message")
    trace = str(answer.get("module_stderr") or "").strip()
    return trace.splitlines()[-1] if text.startswith("MODULE FAILURE") and trace else text
