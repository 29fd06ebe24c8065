# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes data/catalogue.json and data/classes.json from Microsoft's cmdlet reference.

    python -m rehearsal.tools.compact_catalogue --facts DIR --windows-docs DIR --powershell-docs DIR --output DIR

facts: the directory with cmdlets.json (parameters and their types, values, aliases and Server versions) and classes.json;
windows-docs: a checkout of MicrosoftDocs/windows-powershell-docs; powershell-docs: one of MicrosoftDocs/PowerShell-Docs.

The pages give what cmdlets.json leaves out: names and default of the parameter sets, WhatIf and Confirm, the CIM parameters, how
the cmdlet is implemented, and the parameters that a provider adds. The sets are read from the pages and from cmdlets.json; where
the two disagree the program stops and says so.
"""
from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MODULES = (
    "CimCmdlets", "Dism", "DnsClient", "FailoverClusters", "HgsClient", "Hyper-V", "iSCSI", "Microsoft.PowerShell.Management",
    "Microsoft.PowerShell.Security", "Microsoft.PowerShell.Utility", "MPIO", "NetAdapter", "NetConnection", "NetLbfo", "NetSecurity",
    "NetTCPIP", "PnpDevice", "ScheduledTasks", "ServerManager", "SmbShare", "Storage",
)
# Listed by their modules but of no use here: the migration tools are a separate installation, and the NetFirewallHyperV cmdlets
# are the firewall of WSL-like machines, whose pages show the parameters in a way of their own.
EXCLUDED = re.compile(r"\w+-(Smig|NetFirewallHyperV)\w+")
NOTE = (
    "Made by tools/compact_catalogue.py. os: the Windows Server versions whose reference has the cmdlet or parameter (a parameter without "
    "it is there wherever its cmdlet is); kind: dll (a .NET class), cdxml or script; should_process: has WhatIf and Confirm; all: optional "
    "in every parameter set; sets: what the sets of the newest version have besides; provider: only on a path of that provider."
)
VERSIONS = ("2025", "2022", "2019", "2016")
SHOULD_PROCESS = frozenset({"WhatIf", "Confirm"})
# cmdlets.json leaves these out of its sets.
LEFT_OUT = SHOULD_PROCESS | {"CimSession", "ComputerName", "Credential", "AsJob", "ThrottleLimit"}

# How a page says of a parameter that one provider adds it.
_PROVIDER = re.compile(
    r"available\s+in\s+the\s+(?:>\s*)?\[(\w+)\]|available\s+by\s+the\s+\*\*(\w+)\*\*\s+provider|that\s+the\s+\**(\w+)\**\s+provider\s+adds"
)
_NOT_YET = re.compile(r"parameter was introduced in PowerShell [67]")
_SET_HEADING = re.compile(r"(?P<name>.*?)\s*(?P<default>\(Default\))?\s*(?:- (?P<provider>.+?) providers?)?\s*")
_PARAMETER = re.compile(
    r"\[\[-(?P<optional_position>\w+)\] <[^>]+>\]|\[-(?P<position>\w+)\] <[^>]+>|\[-(?P<optional>\w+)(?: <[^>]+>)?\]|-(?P<required>\w+)"
)


@dataclass
class Set:
    """One parameter set of a page's SYNTAX; parameters: name -> mandatory."""

    name: str
    default: bool
    provider: str
    parameters: dict[str, bool] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for option in ("facts", "windows-docs", "powershell-docs", "output"):
        parser.add_argument(f"--{option}", type=Path, required=True)
    arguments = parser.parse_args()
    facts = json.loads((arguments.facts / "cmdlets.json").read_text(encoding="utf-8"))
    cmdlets = {}
    for name, fact in sorted(facts["cmdlets"].items()):
        if fact["module"] not in MODULES or EXCLUDED.fullmatch(name) or "-" not in name or name == fact["module"]:
            continue
        page = find_page(name, fact["module"], arguments.windows_docs, arguments.powershell_docs)
        cmdlets[name] = compact(name, fact, page.read_text(encoding="utf-8-sig", errors="replace"))
    header = {"sources": facts["sources"], "note": NOTE}
    write(arguments.output / "catalogue.json", header, "cmdlets", cmdlets)
    classes = json.loads((arguments.facts / "classes.json").read_text(encoding="utf-8"))
    modules = {module: classes[module] for module in ("Hyper-V", "FailoverClusters")}
    write(arguments.output / "classes.json", {"note": classes["note"]}, "modules", modules)


def find_page(name: str, module: str, windows_docs: Path, powershell_docs: Path) -> Path:
    """The newest page of a cmdlet."""
    folders = [windows_docs / f"docset/winserver{version}-ps" / module for version in VERSIONS]
    folders.append(powershell_docs / "reference/5.1" / module)
    for folder in folders:
        if (folder / f"{name}.md").exists():
            return folder / f"{name}.md"
    raise SystemExit(f"{name} ({module}): no page under {windows_docs} or {powershell_docs}")


def compact(name: str, fact: dict[str, Any], page: str) -> dict[str, Any]:
    """One entry of the catalogue. `all` lists the parameters that are optional in every set; the sets list the others."""
    sets = list(parse_sets(name, page))
    check_sets(name, fact, sets)
    texts = parameter_texts(page)
    later = {parameter for parameter, text in texts.items() if _NOT_YET.search(text)}
    parameters = {key: fields for key, fields in (fact["parameters"] or parse_parameters(texts)).items() if key not in later}
    dynamic = {**described_providers(texts), **provider_parameters(sets)}
    sets = merge_providers(sets, frozenset(dynamic))
    used = {parameter for entry in sets for parameter in entry.parameters}
    everywhere = sorted(
        parameter for parameter in used - SHOULD_PROCESS if all(entry.parameters.get(parameter) is False for entry in sets)
    )
    entry: dict[str, Any] = {"module": fact["module"], "os": fact["os"], "kind": kind(page)}
    if used & SHOULD_PROCESS:
        entry["should_process"] = True
    entry["parameters"] = {
        parameter: shorten(parameters.get(parameter, {}), dynamic.get(parameter, ""))
        for parameter in sorted(used | set(parameters)) if parameter not in SHOULD_PROCESS
    }
    entry["all"] = everywhere
    entry["sets"] = [shorten_set(parameter_set, everywhere) for parameter_set in sets]
    return entry


def kind(page: str) -> str:
    """How the cmdlet is implemented, which decides how its errors are named: dll (a class), cdxml or script (both functions)."""
    match = re.search(r"^external help file:\s*(\S+)", page, re.M)
    file = match.group(1).lower() if match else ""
    if "cdxml" in file:
        return "cdxml"
    return "dll" if ".dll" in file else "script"


def parse_sets(name: str, page: str) -> Iterator[Set]:
    match = re.search(r"^## SYNTAX\s*\n(.*?)^## ", page, re.M | re.S)
    for heading, syntax in re.findall(r"(?:^### (.*?)\n)?\s*```\w*\n(.*?)```", match.group(1) if match else "", re.M | re.S):
        parts = _SET_HEADING.fullmatch(heading.strip())
        assert parts, heading
        result = Set(parts["name"], bool(parts["default"]), "" if parts["provider"] in (None, "All") else parts["provider"])
        text = " ".join(syntax.split()).removeprefix(name)
        for parameter in _PARAMETER.finditer(text):
            how = parameter.lastgroup or ""
            result.parameters[parameter[how]] = how in ("position", "required")
        yield result


def check_sets(name: str, fact: dict[str, Any], sets: list[Set]) -> None:
    """Two readings of the same pages must agree, where cmdlets.json has one."""
    if not fact["sets"]:
        return
    from_pages = sorted(
        (sorted(p for p, mandatory in entry.parameters.items() if mandatory and p not in LEFT_OUT),
         sorted(p for p, mandatory in entry.parameters.items() if not mandatory and p not in LEFT_OUT))
        for entry in sets
    )
    from_facts = sorted((sorted(set(entry["required"]) - LEFT_OUT), sorted(set(entry["optional"]) - LEFT_OUT)) for entry in fact["sets"])
    if from_pages != from_facts:
        raise SystemExit(f"{name}: the page and cmdlets.json differ:\n  {from_pages}\n  {from_facts}")


def provider_parameters(sets: list[Set]) -> dict[str, str]:
    """The parameters that only one provider adds: name -> provider."""
    general = {parameter for entry in sets if not entry.provider for parameter in entry.parameters}
    return {parameter: entry.provider for entry in sets for parameter in entry.parameters if parameter not in general}


def merge_providers(sets: list[Set], dynamic: frozenset[str]) -> list[Set]:
    """One set a name: the pages repeat each set once a provider. What one provider demands is optional, since it is for that one only."""
    merged: dict[str, Set] = {}
    for number, entry in enumerate(sets):
        key = entry.name if any(other.provider for other in sets) else str(number)
        target = merged.setdefault(key, Set(entry.name, entry.default, ""))
        target.default = target.default or entry.default
        for parameter, mandatory in entry.parameters.items():
            target.parameters.setdefault(parameter, mandatory and parameter not in dynamic)
    return list(merged.values())


def parameter_texts(page: str) -> dict[str, str]:
    """What a page says of each parameter."""
    return dict(re.findall(r"^### -(\w+)\s*\n(.*?)(?=^##|\Z)", page, re.M | re.S))


def described_providers(texts: dict[str, str]) -> dict[str, str]:
    """The parameters of which the text says that one provider adds them: name -> provider."""
    found = {parameter: _PROVIDER.search(text) for parameter, text in texts.items()}
    return {parameter: next(filter(None, match.groups())) for parameter, match in found.items() if match}


def parse_parameters(texts: dict[str, str]) -> dict[str, Any]:
    """The parameters of a page that cmdlets.json could not read, in its form."""
    parameters: dict[str, Any] = {}
    for name, text in texts.items():
        block = re.search(r"```yaml\n(.*?)```", text, re.S)
        fields = dict(re.findall(r"^([\w ]+):[ \t]*(.*)$", block.group(1) if block else "", re.M))
        parameters[name] = {
            "type": fields["Type"].strip(),
            "aliases": [alias.strip() for alias in fields.get("Aliases", "").split(",") if alias.strip() not in ("", "None")],
            "values": [value.strip() for value in fields.get("Accepted values", "").split(",") if value.strip()],
        }
    return parameters


def shorten(parameter: dict[str, Any], provider: str) -> dict[str, Any]:
    result = {key: parameter[key] for key in ("type", "aliases", "values", "os") if parameter.get(key)}
    if "type" in result:
        result["type"] = re.sub(r"^(System\.)?(Management\.Automation\.)?", "", result["type"])
    return {**result, "provider": provider} if provider else result


def shorten_set(entry: Set, everywhere: list[str]) -> dict[str, Any]:
    own = {name: mandatory for name, mandatory in entry.parameters.items() if name not in SHOULD_PROCESS and name not in everywhere}
    result: dict[str, Any] = {"name": entry.name} if entry.name else {}
    if entry.default:
        result["default"] = True
    result["required"] = sorted(name for name, mandatory in own.items() if mandatory)
    result["optional"] = sorted(name for name, mandatory in own.items() if not mandatory)
    return {key: value for key, value in result.items() if value}


def write(path: Path, header: dict[str, Any], key: str, entries: dict[str, Any]) -> None:
    """JSON with one entry a line, so that a change of the reference reads well as a diff."""
    lines = [f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}" for name, entry in entries.items()]
    head = json.dumps(header, indent=1).rstrip("\n}")
    path.write_text(f'{head},\n "{key}": {{\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
