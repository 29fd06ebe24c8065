# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command line: `python -m rehearsal up LAB`, and what else docs/rehearsal.md lists."""
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from . import daemon, inventory
from .faults import KINDS, MOMENTS, Fault, Faults
from .journal import Journal, summarize
from .lab import Lab, from_mapping, load
from .machine import Machine, SpecError
from .machine.fields import Fields
from .store import Store, read_json

DEFAULT_STATE = Path("build/rehearsal")
EXAMPLE = Path(__file__).parent / "labs" / "example.yml"


class UsageError(Exception):
    """The command cannot be carried out; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 for success, 1 where it could not be done."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (UsageError, SpecError, daemon.DaemonError, inventory.InventoryError, OSError) as error:
        print(f"rehearsal: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rehearsal", description="Simulated Windows servers that are reached over WinRM on loopback.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--state", type=Path, default=DEFAULT_STATE, help=f"the state directory (default {DEFAULT_STATE})")
        added.set_defaults(run=run)
        return added

    up = command("up", _up, "Start a lab and wait until it answers.")
    up.add_argument("lab", nargs="?", type=Path, default=EXAMPLE, help="the lab file (default: the example lab)")
    up.add_argument("--fresh", action="store_true", help="forget what an earlier run left in the state directory")
    command("down", _down, "Stop the lab. What the machines look like is kept.")
    command("status", _status, "Say which hosts are up, and where.")
    show = command("show", _show, "Print the state of a machine as YAML.")
    show.add_argument("host")
    show.add_argument("--file", metavar="PATH", help="print this file of the machine instead")
    command("clusters", _clusters, "Print the lab's failover clusters as YAML.")
    journal = command("journal", _journal, "Print the remote calls that a host got.")
    journal.add_argument("host")
    journal.add_argument("--summary", action="store_true", help="print figures instead")
    fault = command("fault", _fault, "Arm a fault, list the armed ones, or clear them.")
    fault.add_argument("host")
    fault.add_argument("kind", choices=[*KINDS, "list", "clear"])
    fault.add_argument("--when", choices=MOMENTS, help="relative to the call (default: during; for an error: before)")
    fault.add_argument("--match", default="", help="only count calls of this cmdlet, program, module, script, read_file or write_file")
    fault.add_argument("--call", type=int, default=1, help="strike at the N-th matching call from now on (default 1)")
    fault.add_argument("--seconds", type=float, default=0.0, help="how long the host stays away or hangs")
    fault.add_argument("--persistent", action="store_true", help="strike at every later call as well")
    fault.add_argument("--error-id", default="RehearsalFault", help="the FullyQualifiedErrorId of an error")
    fault.add_argument("--error-message", default="A fault of the rehearsal.")
    power = command("power", _power, "Pull the plug of a host or a file server, or switch it on again.")
    power.add_argument("host")
    power.add_argument("switch", choices=["on", "off"])
    listing = command("inventory", _inventory, "Print the Ansible inventory of the lab.")
    listing.add_argument("--https", action="store_true", help="reach the hosts over HTTPS")
    listing.add_argument("--output", type=Path, help="write it to this file instead")
    own = command("from-inventory", _from_inventory, "Make a lab out of your own inventory, start it, and write an overlay inventory.")
    own.add_argument("inventory", type=Path)
    own.add_argument("--lab", type=Path, help="where to write the lab file (default: STATE/lab.yml)")
    own.add_argument("--overlay", type=Path, help="where to write the overlay (default: STATE/overlay.yml)")
    own.add_argument("--fresh", action="store_true", help="forget what an earlier run left in the state directory")
    command("serve", _serve, "Run the lab of the state directory in the foreground (what `up` starts).")
    return parser


def _store(options: argparse.Namespace) -> Store:
    return Store(options.state)


def _known_lab(store: Store) -> Lab:
    source = read_json(store.lab)
    if source is None:
        raise UsageError(f"{store.directory} holds no lab; start one with: rehearsal up LAB")
    return from_mapping(source)


def _known_host(store: Store, name: str) -> None:
    hosts = _known_lab(store).hosts
    if name not in hosts:
        raise UsageError(f"the lab has no host {name!r}; it has {', '.join(hosts)}")


def _up(options: argparse.Namespace) -> None:
    lab = load(options.lab)
    daemon.up(lab, _store(options), fresh=options.fresh)
    _status(options)


def _down(options: argparse.Namespace) -> None:
    daemon.down(_store(options))


def _serve(options: argparse.Namespace) -> None:
    store = _store(options)
    daemon.serve(_known_lab(store), store)


def _status(options: argparse.Namespace) -> None:
    store = _store(options)
    lab = _known_lab(store)
    pid = daemon.pid(store)
    print(f"up, process {pid}" if pid else "down")
    ports = (read_json(store.daemon) or {}).get("ports", {})
    for name, host in lab.hosts.items():
        where = ports.get(name, {})
        reached = f"{host.access.address} http {where['http']} https {where['https']}" if where else "never up"
        power = ", switched off" if store.off(name).exists() else ""
        print(f"{name}: Windows Server {host.spec.os.version} {host.spec.os.installation}, {reached}{power}")


def _show(options: argparse.Namespace) -> None:
    store = _store(options)
    _known_host(store, options.host)
    state = read_json(store.machine(options.host))
    if state is None:
        raise UsageError(f"{options.host} was never up")
    if options.file:
        spec = _known_lab(store).hosts[options.host].spec
        content = Machine.load(options.host, spec, state).files.read(options.file)
        if content is None:
            raise UsageError(f"{options.host} has no file {options.file}")
        sys.stdout.buffer.write(content)
        return
    for file in state["files"]:
        # A file's content may be a secret and is seldom short; --file shows it.
        file["data"] = None if file["data"] is None else f"{len(file['data']) * 3 // 4} bytes"
    print(yaml.safe_dump(state, sort_keys=False), end="")


def _clusters(options: argparse.Namespace) -> None:
    store = _store(options)
    _known_lab(store)
    state = read_json(store.clusters) or {"clusters": [], "orders": []}
    print(yaml.safe_dump(state, sort_keys=False), end="")


def _journal(options: argparse.Namespace) -> None:
    store = _store(options)
    _known_host(store, options.host)
    entries = Journal(store.journal(options.host)).entries()
    if options.summary:
        print(json.dumps(asdict(summarize(entries)), indent=2))
        return
    for entry in entries:
        print(json.dumps(asdict(entry)))


def _fault(options: argparse.Namespace) -> None:
    store = _store(options)
    _known_host(store, options.host)
    faults = Faults(store.faults(options.host))
    if options.kind == "clear":
        faults.clear()
    elif options.kind != "list":
        faults.arm(_fault_of(options))
    for fault in faults.armed():
        print(json.dumps(asdict(fault)))


def _fault_of(options: argparse.Namespace) -> Fault:
    asked: dict[str, Any] = {
        "kind": options.kind, "match": options.match, "call": options.call, "seconds": options.seconds, "when": options.when,
    }
    if options.kind == "error":
        asked["error"] = {"id": options.error_id, "message": options.error_message}
    if options.persistent:
        asked["persistent"] = True
    return Fault.read(Fields({key: value for key, value in asked.items() if value is not None}, "fault"))


def _power(options: argparse.Namespace) -> None:
    store = _store(options)
    if options.host not in [server.name for server in _known_lab(store).file_servers]:
        _known_host(store, options.host)
    if options.switch == "off":
        store.off(options.host).touch()
    else:
        store.off(options.host).unlink(missing_ok=True)


def _inventory(options: argparse.Namespace) -> None:
    store = _store(options)
    found = inventory.inventory(_known_lab(store), _ports(store), "https" if options.https else "http")
    _write(yaml.safe_dump(found, sort_keys=False), options.output)


def _from_inventory(options: argparse.Namespace) -> None:
    hosts = inventory.read_hosts(options.inventory)
    if not hosts:
        raise UsageError(f"{options.inventory} has no Windows hosts: none has ansible_connection winrm or psrp")
    source = inventory.make_lab(hosts)
    lab = from_mapping(source)
    _write(yaml.safe_dump(source, sort_keys=False), options.lab or options.state / "lab.yml")
    daemon.up(lab, _store(options), fresh=options.fresh)
    overlay = options.overlay or options.state / "overlay.yml"
    _write(yaml.safe_dump(inventory.make_overlay(lab, _ports(_store(options))), sort_keys=False), overlay)
    print(f"run your playbook with: -i {options.inventory} -i {overlay}")


def _ports(store: Store) -> dict[str, Any]:
    known = read_json(store.daemon)
    if known is None:
        raise UsageError(f"the lab in {store.directory} was never up")
    return dict(known)


def _write(text: str, path: Path | None) -> None:
    if path is None:
        print(text, end="")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
