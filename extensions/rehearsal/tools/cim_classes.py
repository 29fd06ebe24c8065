# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes cmdlets/cim_classes.json: the properties of the CIM classes, taken from Microsoft's reference.

usage: python -m rehearsal.tools.cim_classes GIT_DIRECTORY    (a clone, or a bare one, of MicrosoftDocs/win32)
"""
from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parents[1] / "cmdlets" / "cim_classes.json"

PAGES = {
    "root/cimv2": (
        "desktop-src/CIMWin32Prov/cim-datafile.md",
        "desktop-src/CIMWin32Prov/win32-computersystem.md",
        "desktop-src/CIMWin32Prov/win32-devicememoryaddress.md",
        "desktop-src/CIMWin32Prov/win32-directory.md",
        "desktop-src/CIMWin32Prov/win32-group.md",
        "desktop-src/CIMWin32Prov/win32-irqresource.md",
        "desktop-src/CIMWin32Prov/win32-logicaldisk.md",
        "desktop-src/CIMWin32Prov/win32-operatingsystem.md",
        "desktop-src/CIMWin32Prov/win32-optionalfeature.md",
        "desktop-src/CIMWin32Prov/win32-pnpallocatedresource.md",
        "desktop-src/CIMWin32Prov/win32-pnpentity.md",
        "desktop-src/CIMWin32Prov/win32-process.md",
        "desktop-src/CIMWin32Prov/win32-processor.md",
        "desktop-src/CIMWin32Prov/win32-service.md",
        "desktop-src/CIMWin32Prov/win32-systemdriver.md",
        "desktop-src/CIMWin32Prov/win32-useraccount.md",
        "desktop-src/WmiSdk/win32-serverfeature.md",
    ),
    "root/standardcimv2": ("desktop-src/FWP/wmi/netadaptercimprov/msft-netadapter.md",),
    "root/virtualization/v2": (
        "desktop-src/HyperV_v2/msvm-externalethernetport.md",
        "desktop-src/HyperV_v2/msvm-pciexpress.md",
        "desktop-src/HyperV_v2/msvm-virtualethernetswitch.md",
        "desktop-src/HyperV_v2/msvm-virtualethernetswitchsettingdata.md",
        "desktop-src/HyperV_v2/msvm-virtualsystemmigrationnetworksettingdata.md",
        "desktop-src/HyperV_v2/msvm-virtualsystemmigrationservice.md",
        "desktop-src/HyperV_v2/msvm-virtualsystemmanagementservice.md",
        "desktop-src/HyperV_v2/msvm-virtualsystemmanagementservicesettingdata.md",
        "desktop-src/HyperV_v2/msvm-virtualsystemmigrationservicesettingdata.md",
    ),
}
_SYNTAX = re.compile(r"class (?P<name>\w+)(?: : (?P<base>\w+))?\s*\{(?P<body>.*?)\n\};", re.DOTALL)
_PROPERTY = re.compile(r"^\s*(?P<type>\w+)\s+(?:REF\s+)?(?P<name>\w+)(?P<array>\[\])?(?:\s*=.*)?;", re.MULTILINE)


def classes(repository: str) -> dict[str, Any]:
    """Namespace -> class -> property -> CIM type ("uint16", "string[]", ...)."""
    found: dict[str, Any] = {}
    for namespace, pages in PAGES.items():
        table = found.setdefault(namespace, {})
        for page in pages:
            match = _SYNTAX.search(_git(repository, "show", f"HEAD:{page}"))
            if match is None:
                raise SystemExit(f"{page} has no class syntax")
            table[match["name"]] = {
                item["name"]: item["type"] + (item["array"] or "") for item in _PROPERTY.finditer(match["body"])
            }
    return found


def _git(repository: str, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def main(repository: str) -> None:
    commit = _git(repository, "log", "-1", "--format=%cs %h").strip()
    data = {"source": f"MicrosoftDocs/win32 {commit}", "classes": classes(repository)}
    OUTPUT.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
