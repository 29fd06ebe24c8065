# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`make rehearse`: site.yml twice on the example lab, then the figures.

Ends with a non-zero exit code when a run failed, when the second run changed anything, or when the lab could not be started.
"""
from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ansible_runner
from rehearsal.journal import Entry, Journal, summarize
from rehearsal.store import Store, read_json

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / "build" / "rehearsal"
LAB = ROOT / "extensions" / "rehearsal" / "labs" / "example.yml"
INVENTORY = [ROOT / "playbooks" / "example" / "inventory.yml", STATE / "inventory.yml"]
BATCH = "winstack.hyperv.win_cmdlets"
SHOWN_HOST = "hv01"
SHOWN_FILE = r"C:\OpenStack\Nova\etc\nova.conf"
RELEASE = "2023.2"


@dataclass(frozen=True)
class Figures:
    """A host's part of one run: Ansible's recap, and what the host's journal says."""

    ok: int
    changed: int
    failed: int
    unreachable: int
    remote_calls: int
    bytes_sent: int
    largest_batch: int
    reboots: int


def main() -> int:
    rehearsal("up", str(LAB), "--fresh")
    try:
        INVENTORY[-1].write_text(rehearsal("inventory"), encoding="utf-8")
        runs = [run("first"), run("second")]
        show_configuration(SHOWN_HOST, SHOWN_FILE)
    finally:
        rehearsal("down")
    report = STATE / "report.json"
    report.write_text(json.dumps({"runs": runs}, indent=2) + "\n", encoding="utf-8")
    for entry in runs:
        show(entry)
    print(f"\nreport: {report.relative_to(ROOT)}")
    return verdict(runs)


def rehearsal(*arguments: str) -> str:
    """Runs the rehearsal's command line; its output. Raises CalledProcessError."""
    command = [sys.executable, "-m", "rehearsal", *arguments, "--state", str(STATE)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def run(name: str) -> dict[str, Any]:
    """One run of site.yml, in the form that report.json documents."""
    print(f"\n===== {name} run of site.yml =====\n", flush=True)
    before = {host: len(journal(host)) for host in hosts()}
    (STATE / "runner").mkdir(exist_ok=True)
    started = time.monotonic()
    result = ansible_runner.run(
        private_data_dir=str(STATE / "runner"),
        playbook=str(ROOT / "playbooks" / "site.yml"),
        inventory=[str(path) for path in INVENTORY],
        envvars={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        cmdline="--diff",
    )
    seconds = round(time.monotonic() - started, 1)
    return {"name": name, "seconds": seconds, "hosts": {host: asdict(figures(host, result.stats, before[host])) for host in hosts()}}


def hosts() -> list[str]:
    return list(read_json(Store(STATE).lab)["hosts"])


def journal(host: str) -> list[Entry]:
    return Journal(Store(STATE).journal(host)).entries()


def figures(host: str, stats: dict[str, dict[str, int]], since: int) -> Figures:
    entries = journal(host)[since:]
    summary = summarize(entries)
    return Figures(
        ok=stats["ok"].get(host, 0),
        changed=stats["changed"].get(host, 0),
        failed=stats["failures"].get(host, 0),
        unreachable=stats["dark"].get(host, 0),
        remote_calls=summary.remote_calls,
        bytes_sent=summary.payload_bytes,
        largest_batch=max((entry.payload_bytes for entry in entries if entry.name == BATCH), default=0),
        reboots=summary.reboots,
    )


def show_configuration(host: str, path: str) -> None:
    """Prints nova.conf as it stands on the host, its secrets masked."""
    sys.path.insert(0, str(ROOT / "build" / "collections"))
    from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import catalogue, content

    data = rehearsal("show", host, "--file", path).encode()
    settings = content.read(data, catalogue.load("nova-compute", RELEASE), "ascii").settings
    print(f"\n===== {path} on {host} =====\n")
    print(content.render(content.masked(settings), [], "\n"))


def show(entry: dict[str, Any]) -> None:
    print(f"\n{entry['name']} run, {entry['seconds']} s")
    for host, values in entry["hosts"].items():
        print(f"  {host:12}" + "  ".join(f"{key}={value}" for key, value in values.items()))


def verdict(runs: list[dict[str, Any]]) -> int:
    """0 when every host came through both runs and the second changed nothing."""
    faults = [
        f"{host}: {key} is {values[key]} in the {entry['name']} run"
        for entry in runs
        for host, values in entry["hosts"].items()
        for key in ("failed", "unreachable", "changed")
        if values[key] and not (key == "changed" and entry["name"] == "first")
    ]
    faults += [f"{host}: the first run changed nothing" for host, values in runs[0]["hosts"].items() if not values["changed"]]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
