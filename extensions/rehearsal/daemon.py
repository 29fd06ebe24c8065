# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One process that runs a lab in the background: starting it, knowing it, stopping it."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from .lab import Lab
from .running import RunningLab
from .store import Store, read_json, write_json

_PATIENCE = 30.0


class DaemonError(Exception):
    """The daemon does not do what it was asked."""


def pid(store: Store) -> int | None:
    """The process id of the running daemon, if one runs."""
    known = (read_json(store.daemon) or {}).get("pid")
    return known if known and _alive(known) else None


def up(lab: Lab, store: Store, fresh: bool) -> None:
    """Starts the daemon and waits until every port is open. Raises DaemonError."""
    if pid(store):
        raise DaemonError(f"a lab is up in {store.directory} already (process {pid(store)}); stop it with: rehearsal down")
    if fresh:
        _forget(store)
    write_json(store.lab, lab.source)
    with store.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal", "serve", "--state", str(store.directory.resolve())],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])},
        )
    deadline = time.monotonic() + _PATIENCE
    while (read_json(store.daemon) or {}).get("pid") != process.pid:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise DaemonError(f"the lab did not come up; the end of {store.log}:\n{_tail(store.log)}")
        time.sleep(0.05)


def serve(lab: Lab, store: Store) -> None:
    """Runs the lab in this process until a termination signal comes."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with RunningLab(lab, store):
        ended.wait()


def down(store: Store) -> None:
    """Stops the daemon and waits for its end. Does nothing where none runs."""
    running = pid(store)
    if running is None:
        return
    os.kill(running, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
    while pid(store) is not None:
        if time.monotonic() > deadline:
            raise DaemonError(f"the lab's process {running} does not end")
        time.sleep(0.05)


def _alive(process: int) -> bool:
    """Whether this process id is a rehearsal: an id that was handed out anew is somebody else's."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    command = Path(f"/proc/{process}/cmdline")
    if not command.exists():
        return not Path("/proc/self").exists()
    return b"rehearsal" in command.read_bytes()


def _forget(store: Store) -> None:
    shutil.rmtree(store.directory / "hosts", ignore_errors=True)
    for file in (store.daemon, store.log, store.clusters, store.control_plane, store.control_plane_log, store.certificate, store.key):
        file.unlink(missing_ok=True)


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
