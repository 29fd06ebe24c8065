# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The three data files: complete, sourced, and what the compaction makes of a page. The pages below are written for these tests."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rehearsal
from rehearsal.powershell.catalogue import VERSIONS, catalogue
from rehearsal.tools.compact_catalogue import compact

SUPPLEMENT: dict[str, Any] = json.loads((Path(rehearsal.__file__).parent / "data" / "supplement.json").read_text())

PAGE = """\
---
external help file: {help}
---

## SYNTAX

### ByName (Default) - All providers
```
Get-Thing [-Name] <String[]> [[-Depth] <Int32>] [-Force] [-WhatIf] [-Confirm] [<CommonParameters>]
```

### ByObject - All providers
```
Get-Thing -InputObject <CimInstance[]> [-Force] [-WhatIf] [-Confirm]
 [<CommonParameters>]
```

### ByName (Default) - Registry provider
```
Get-Thing [-Name] <String[]> -Kind <Kind> [-Force] [<CommonParameters>]
```

## DESCRIPTION

## PARAMETERS

### -Name
The name.

```yaml
Type: System.String[]
Aliases: Id, Title
Accepted values: One, Two

Required: True
```
"""


def fact(**parameters: Any) -> dict[str, Any]:
    return {"module": "Storage", "os": ["2022"], "parameters": parameters, "sets": []}


def test_a_page_becomes_an_entry() -> None:
    entry = compact("Get-Thing", fact(), PAGE.format(help="Thing.cdxml-help.xml"))
    assert entry["kind"] == "cdxml"
    assert entry["should_process"] is True
    assert entry["parameters"]["Name"] == {"type": "String[]", "aliases": ["Id", "Title"], "values": ["One", "Two"]}
    assert entry["parameters"]["Kind"] == {"provider": "Registry"}
    assert entry["all"] == ["Force"]
    assert entry["sets"] == [
        {"name": "ByName", "default": True, "required": ["Name"], "optional": ["Depth", "Kind"]},
        {"name": "ByObject", "required": ["InputObject"]},
    ]


@pytest.mark.parametrize(("file", "kind"), [("A.PowerShell.dll-Help.xml", "dll"), ("A.cdxml-help.xml", "cdxml"), ("A-help.xml", "script")])
def test_the_help_file_says_how_a_cmdlet_is_made(file: str, kind: str) -> None:
    assert compact("Get-Thing", fact(), PAGE.format(help=file))["kind"] == kind


def test_two_readings_of_the_sets_that_differ_stop_the_program() -> None:
    wrong = {**fact(), "sets": [{"required": ["Name"], "optional": []}]}
    with pytest.raises(SystemExit, match="Get-Thing"):
        compact("Get-Thing", wrong, PAGE.format(help="x"))


@pytest.mark.parametrize("section", ["os", "confirm", "error_classes", "enums", "mandatory", "allow"])
def test_every_entry_of_the_supplement_has_a_source(section: str) -> None:
    assert [key for key, entry in SUPPLEMENT[section].items() if not entry.get("source")] == []


def test_the_supplement_speaks_of_cmdlets_and_parameters_that_are_there() -> None:
    names = {key.split(" -")[0] for section in ("os", "confirm", "mandatory", "allow", "parameters") for key in SUPPLEMENT[section]}
    assert [name for name in names if not catalogue().versions(name)] == []
    pairs = [key.split(" -") for section in ("mandatory", "allow") for key in SUPPLEMENT[section]]
    assert [pair for pair in pairs if pair[1] not in catalogue().find(pair[0], "2022").parameters] == []  # type: ignore[union-attr]
    for name, entry in SUPPLEMENT["confirm"].items():
        command = catalogue().find(name, "2025")
        assert command is not None
        assert {"Confirm", *entry["unless"]} <= set(command.parameters), name


def test_an_added_parameter_is_one_that_the_reference_lacks() -> None:
    reference = json.loads((Path(rehearsal.__file__).parent / "data" / "catalogue.json").read_text())["cmdlets"]
    for name, entry in SUPPLEMENT["added"].items():
        assert entry["source"]
        for parameter, fields in entry["parameters"].items():
            assert parameter not in reference[name]["parameters"]
            having = {version for version in VERSIONS if parameter in catalogue().find(name, version).parameters}  # type: ignore[union-attr]
            assert having == set(fields["os"])


def test_an_allowance_is_for_versions_that_the_reference_lacks() -> None:
    for name, entry in SUPPLEMENT["os"].items():
        assert [version for version in entry["versions"] if catalogue().documented(name, version)] == [], name
        assert all(catalogue().find(name, version) for version in entry["versions"]), name


def test_every_cmdlet_has_a_parameter_set_on_every_version_that_has_it() -> None:
    commands = [(name, version, catalogue().find(name, version)) for name in catalogue().names for version in VERSIONS]
    assert [(name, version) for name, version, command in commands if command and not command.sets] == []
    assert [name for name, _unused, command in commands if command and sum(entry.default for entry in command.sets) > 1] == []


def test_classes_are_found_by_full_and_short_name() -> None:
    full = catalogue().properties("Microsoft.HyperV.PowerShell.VMHost")
    assert full == catalogue().properties("VMHost")
    assert full is not None
    assert "NumaSpanningEnabled" in full
    assert catalogue().properties("CimInstance#Win32_Processor") is None
    assert catalogue().output_properties("Get-VMHost") == full
    assert catalogue().output_properties("Get-Disk") is None
