# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Controller CPU seconds a host for an unchanged fleet, for fleets of several sizes, measured in one run.

One simulated server is brought to its wanted state; its state is then copied for the others, and site.yml runs over the fleet.
"""
from __future__ import annotations

import argparse
import copy
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rehearsal.lab import from_mapping
from rehearsal.running import RunningLab, running

ROOT = Path(__file__).resolve().parent.parent
VARIABLES = ROOT / "playbooks/example/group_vars/hyperv_compute"
EXAMPLE = ROOT / "extensions" / "rehearsal" / "labs" / "example.yml"
MODEL = "hv02"


@dataclass(frozen=True)
class Figures:
    """One unchanged run over a fleet."""

    hosts: int
    cpu_seconds: float
    wall_seconds: float
    changed: int
    calls: int

    @property
    def per_host(self) -> float:
        return self.cpu_seconds / self.hosts


def lab(names: list[str]) -> dict[str, Any]:
    """The example lab with copies of one of its servers."""
    mapping = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    mapping["timing"] = {"reboot_seconds": 0.2, "vmms_ready_seconds": 0, "shutdown_delay_seconds": 0}
    model = mapping["hosts"][MODEL]
    mapping["hosts"] = {name: {**copy.deepcopy(model), "computer_name": MODEL.upper()} for name in names}
    return mapping


def play(fleet: RunningLab, folder: Path) -> Figures:
    """Runs site.yml over the fleet; only the controller's own processes are counted."""
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps(fleet.inventory()), encoding="utf-8")
    before = {name: len(host.journal.entries()) for name, host in fleet.hosts.items()}
    cpu, started = children(), time.monotonic()
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), "-e", "hyperv_example_ip=192.0.2.12",
         *(word for path in sorted(VARIABLES.glob("*.yml")) for word in ("-e", f"@{path}")), str(ROOT / "playbooks" / "site.yml")],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl",
             "ANSIBLE_FORKS": "10"},
        capture_output=True, text=True, check=False,
    )
    wall, spent = time.monotonic() - started, children() - cpu
    if ended.returncode:
        raise SystemExit(ended.stdout[-3000:] + ended.stderr)
    stats = next(json.loads(line)["stats"] for line in ended.stdout.splitlines() if '"v2_playbook_on_stats"' in line)
    entries = [entry for name, host in fleet.hosts.items() for entry in host.journal.entries()[before[name]:]]
    calls = sum(entry.kind != "power" for entry in entries)
    return Figures(len(fleet.hosts), spent, wall, sum(values["changed"] for values in stats.values()), calls)


def children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hosts", type=int, nargs="*", default=[10, 50], help="the sizes of the fleets")
    sizes = parser.parse_args().hosts
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with running(from_mapping(lab([MODEL])), folder / "model") as model:
            play(model, folder)
        figures = []
        for size in sizes:
            names = [f"node{number:04}" for number in range(size)]
            hosts = folder / f"fleet{size}" / "hosts"
            hosts.mkdir(parents=True)
            for name in names:
                shutil.copy(folder / "model" / "hosts" / f"{MODEL}.json", hosts / f"{name}.json")
            with running(from_mapping(lab(names)), folder / f"fleet{size}") as fleet:
                figures.append(play(fleet, folder))
    for item in figures:
        ratio = item.per_host / figures[0].per_host
        print(f"{item.hosts:5} hosts: {item.calls / item.hosts:.1f} remote calls and {item.per_host:.2f} CPU s a host "
              f"({ratio:.2f} of the first fleet's), {item.wall_seconds:.0f} s in all, {item.changed} changed")


if __name__ == "__main__":
    main()
