# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inside a release's environment: nodes of clusters, each a process of its own, as far as their failover code goes for its lock.

stdin: JSON, a list of nodes (the fields of Node); stdout: JSON, how each process ended, in the form of os.waitpid. Each runs the driver's
own ClusterOps._failover_migrate, whose first step inside the lock is replaced by one that only writes down when it was in there.
What happened goes to FOLDER/NAME.jsonl, in seconds of the machine's monotonic clock.
"""
from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STAY = 0.08


@dataclass(frozen=True)
class Node:
    """folder: of the contest; config: nova.conf. role: `holder` takes the lock once more after the rounds, holds it `hold` seconds and is
    killed while it does; `waiter` asks for it meanwhile."""

    folder: str
    config: str
    name: str
    role: str
    instance: str
    rounds: int
    hold: float


class Contender:
    """A node that handles failovers of one instance."""

    def __init__(self, operations: Any, node: Node) -> None:
        self._node = node
        self._folder = Path(node.folder)
        self._log = (self._folder / f"{node.name}.jsonl").open("w", buffering=1)
        self._operations = operations
        self._operations._get_instance_by_name = self._critical_section
        self._holds = False
        self._entered = ""

    def say(self, what: str) -> None:
        self._log.write(json.dumps({"what": what, "at": time.monotonic()}) + "\n")

    def wait_for(self, file: str) -> None:
        while not (self._folder / file).exists():
            time.sleep(0.01)

    def fail_over(self, entered: str = "enter") -> None:
        self._entered = entered
        self.say("ask")
        self._operations._failover_migrate(self._node.instance, "HV01")

    def _critical_section(self, instance_name: str) -> Any:
        """None ends the handling: nova knows no such instance."""
        self.say(self._entered)
        if self._entered == "hold":
            (self._folder / "held").touch()
        time.sleep(self._node.hold if self._entered == "hold" else STAY)
        self.say("leave")
        if self._entered == "hold":
            os.kill(os.getpid(), signal.SIGKILL)
        return None


def take_part(node: Node, operations: Any, coordination: Any, config: Any) -> None:
    config.CONF(["--config-file", node.config], project="nova", default_config_files=[])
    contender = Contender(operations.__new__(operations), node)
    coordination.COORDINATOR.start()
    contender.say("started")
    contender.wait_for("go")
    for _number in range(node.rounds):
        contender.fail_over()
        time.sleep(0.02)
    if node.role == "holder":
        contender.fail_over("hold")
    contender.wait_for("held")
    contender.fail_over("granted")
    coordination.COORDINATOR.stop()


def main() -> None:
    nodes = [Node(**item) for item in json.load(sys.stdin)]
    importlib.import_module("nova.monkey_patch")  # before the rest, as nova-compute does: the heartbeat is a green thread
    operations = importlib.import_module("compute_hyperv.nova.cluster.clusterops").ClusterOps
    coordination = importlib.import_module("compute_hyperv.nova.coordination")
    config = importlib.import_module("oslo_config.cfg")
    # Imported once and forked: nova's packages take seconds.
    processes = []
    for node in nodes:
        process = os.fork()
        if process == 0:
            try:
                take_part(node, operations, coordination, config)
            except BaseException:
                (Path(node.folder) / f"{node.name}.error").write_text(traceback.format_exc())
                os._exit(1)
            os._exit(0)
        processes.append(process)
    json.dump([os.waitpid(process, 0)[1] for process in processes], sys.stdout)


if __name__ == "__main__":
    main()
