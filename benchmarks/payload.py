# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bytes that one remote call sends, as ansible-core builds them: this collection's batch against modules of ansible.windows."""
from __future__ import annotations

import argparse
from pathlib import Path

import ansible
from ansible.executor.powershell.module_manifest import _create_powershell_wrapper
from ansible.plugins.loader import init_plugin_loader, module_loader

ROOT = Path(__file__).resolve().parent.parent
BATCH = "winstack.hyperv.win_cmdlets"
OTHERS = ("ansible.windows.win_ping", "ansible.windows.win_feature", "ansible.windows.win_service", "ansible.windows.win_powershell")


def payload(name: str) -> int:
    """The size of what the PowerShell bootstrap reads for a module with one empty argument."""
    path = Path(module_loader.find_plugin_with_context(name).plugin_resolved_path).with_suffix(".ps1")
    return len(_create_powershell_wrapper(
        name=f"ansible_collections.{name.rsplit('.', 1)[0]}.plugins.modules.{path.stem}",
        module_data=path.read_bytes(), module_path=str(path), module_args={"batch": ""}, environment={}, async_timeout=0,
        become_plugin=None, substyle="powershell", task_vars={}, profile="legacy",
    ))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    init_plugin_loader([str(ROOT / "build" / "collections")])
    own = payload(BATCH)
    print(f"ansible-core {ansible.__version__}\n{BATCH:36} {own:8} bytes")
    for name in OTHERS:
        size = payload(name)
        print(f"{name:36} {size:8} bytes, {size / own:.1f} times as many")


if __name__ == "__main__":
    main()
