# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A configuration file as a resource: read it, compare it option by option, replace it whole. Shared by nova_conf and neutron_conf."""
from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers, CallFailed
from ..calls import Call, Cmdlet, ReadFile, WriteFile
from ..evidence import promise, seen_one
from ..plans import Difference, Plan, Promise
from .configuration import CLUSTER_DRIVER, Host
from .content import Content, differences, nested
from .engine import Built, Service, build, existing_content, unread


def no_calls() -> list[Call]:
    return []


def no_switches(answers: Answers) -> None:
    del answers


@dataclass(frozen=True)
class ConfigurationFile:
    """The resource of one service's file. Options: as documented in the service's module.

    switch_calls, switches: how to read the host's virtual switches, for the service that names some.
    """

    service: Service
    switch_calls: Callable[[], list[Call]] = no_calls
    switches: Callable[[Answers], Mapping[str, bool] | None] = no_switches

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        """The file, and what the rules need of the host: its names where they have to be the same, and its switches."""
        if _misuse(options):
            return []
        calls: list[Call] = [ReadFile("file", options["path"])]
        if options.get("state") == "gathered":
            return calls
        if _names_host(options):
            calls.append(Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName",)))
        if _clustered(options):
            calls.append(Cmdlet("nodes", "Get-ClusterNode", properties=("Name",)))
        return calls + self.switch_calls()

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        """The differences per option; one WriteFile where there are any."""
        if _misuse(options):
            return Plan(refusals=(_misuse(options),))
        answer = answers["file"]
        if not answer.ok:
            raise CallFailed("file", answer.error)
        try:
            existing = existing_content(self.service, options, answer.content or b"")
        except ValueError as problem:
            return Plan(refusals=(str(problem),))
        state = {"path": options["path"], "exists": answer.content is not None, "options": nested(existing.settings)}
        if options.get("state") == "gathered":
            return Plan(state=state, warnings=existing.faults)
        name = str(answers.row("computer")["DNSHostName"]) if "computer" in answers else ""
        built = build(self.service, options, existing, Host(name, _node_name(name, answers), self.switches(answers)))
        if built.problems:
            return Plan(refusals=built.problems, warnings=built.warnings, state=state)
        return _change(options, answer.content, existing, built, state)

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        """The file as a hash, and what tells which hash it should have."""
        if _misuse(options) or options.get("state") == "gathered":
            return []
        return [*self.read(options), Cmdlet("hash", "Get-FileHash", {"LiteralPath": [options["path"]], "Algorithm": "SHA256"}, ("Hash",))]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        """One that the file holds what was rendered, or option by option what it does not hold."""
        if options.get("state") == "gathered":
            return ()
        plan = self.plan(options, answers)
        if plan.refusals:
            return tuple(promise("options", "options that can be rendered", refusal, "the rules of nova") for refusal in plan.refusals)
        if plan.differences:
            return tuple(Promise(item.path, item.after, item.before, "the file's text", False) for item in plan.differences)
        # No difference, so the text on the host says what was wanted, whoever put a comment or a blank line into it.
        wanted = hashlib.sha256(answers["file"].content or b"").hexdigest()
        found = str(seen_one(answers, "hash").get("Hash", "")).lower()
        kept = "as rendered" if found == wanted else "another file"
        return (promise("file", "as rendered", kept if found else None, "Get-FileHash"),)


def _misuse(options: Mapping[str, Any]) -> str:
    if options.get("state") in ("rendered", "parsed"):
        return f"state: '{options['state']}' needs no host and works only in the module itself, not in a section of win_hv_host"
    return "" if options.get("path") else "path: must be given unless state is rendered or parsed"


def _change(options: Mapping[str, Any], before: bytes | None, existing: Content, built: Built, state: dict[str, Any]) -> Plan:
    found = tuple(Difference("file", fault, "a file that oslo.config reads") for fault in existing.faults)
    found += differences(existing.settings, built.settings)
    if not found:
        return Plan(warnings=built.warnings, state=state)
    backup = _backup_path(options["path"], before) if options.get("backup") and before is not None else ""
    if backup:
        state["backup_file"] = backup
    write = WriteFile("write", options["path"], built.text.encode(options.get("encoding") or "ascii"), backup)
    return Plan(differences=found, calls=(write,), warnings=built.warnings, state=state)


def _names_host(options: Mapping[str, Any]) -> bool:
    free = (options.get("options") or {}).get("DEFAULT") or {}
    return options.get("host") is not None or free.get("host") is not None or _clustered(options)


def _clustered(options: Mapping[str, Any]) -> bool:
    free = (options.get("options") or {}).get("DEFAULT") or {}
    return CLUSTER_DRIVER in (options.get("compute_driver"), free.get("compute_driver"))


def _node_name(computer: str, answers: Answers) -> str:
    """How the cluster spells this host; empty where there is no cluster, or none that answers."""
    rows = answers["nodes"].output if "nodes" in answers else ()
    return next((str(row["Name"]) for row in rows if str(row["Name"]).lower() == computer.lower()), "")


def _backup_path(path: str, before: bytes) -> str:
    """Named after the content that it keeps, so that a backup is never overwritten by another one and never made twice."""
    return f"{path}.{hashlib.sha256(before).hexdigest()[:12]}.bak"


def render_offline(service: Service, options: Mapping[str, Any], *, reveal: bool = False) -> dict[str, Any]:
    """state=rendered: the file as text, secrets masked unless `reveal`. Raises ValueError with all problems at once."""
    built = build(service, options)
    if built.problems:
        raise ValueError("\n".join(built.problems))
    return {"rendered": built.text if reveal else built.masked_text, "warnings": list(built.warnings)}


def parse_offline(service: Service, options: Mapping[str, Any]) -> dict[str, Any]:
    """state=parsed: the options that `running_config` holds, secrets masked. Raises ValueError where oslo.config would refuse the text."""
    content = existing_content(service, options, (options.get("running_config") or "").encode())
    if not content.loadable:
        raise ValueError(f"running_config: {', '.join(content.faults)}")
    return {"parsed": nested(content.settings), "warnings": [*content.faults, *unread(service, options, content)]}
