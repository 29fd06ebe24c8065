# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the log of nova-compute says about its last start.

The texts are nova's own and those of its libraries, the same in Zed (nova 26.3.0), 2023.1 (27.5.1) and 2023.2 (28.3.1) unless noted;
tests/real/nova_log looks them up in the sources of each release and has the real programs write them.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# os_vif/__init__.py: the first line of every start, written before nova-compute talks to anything.
START = "Loaded VIF plugins: "

# nova/compute/manager.py, _error_out_instances_whose_build_was_interrupted: the last step of every start that leaves a line at INFO.
# nova/compute/resource_tracker.py: in addition, when the host is new to the control plane.
_UP = ("Looking for unclaimed instances stuck in BUILDING status", "Compute node record created for ")

# What a start that fails says why, the most exact first. After each of them the process ends.
_FAILURES = (
    ("no_compute_driver", "Compute driver option required, but not specified"),  # nova/virt/driver.py
    ("driver_failed", "Unable to load the virtualization driver"),
    ("driver_failed", "from 'nova.virt' is not of type"),
    # nova/compute/manager.py and nova/virt/node.py, from 2023.1 on
    ("lost_identity", "No local node identity found, but this is not our first startup on this host"),
    ("renamed", "Possible rename detected, refusing to start!"),
    ("identity_conflict", "Invalid node identity configuration: "),
    ("too_old", "Current Nova version does not support computes older than"),  # nova/exception.py, raised by nova/service.py
)
# oslo_service/service.py and oslo_log/log.py: whatever else ended the process.
_ANY_FAILURE = ("Error starting thread.", " CRITICAL nova ")

# nova/scheduler/client/report.py: why the client of placement could not be made. At WARNING it says the same of a passing trouble.
_PLACEMENT = (" ERROR nova.scheduler.client.report ",)

_LOADING = "Loading compute driver '"  # nova/virt/driver.py
_STARTING = "Starting compute node (version "  # nova/service.py, only once the driver is there

# How far a start has come; the last line that says so counts.
_PROGRESS = (
    ("starting", START),
    ("waiting_for_conductor", "Timed out waiting for nova-conductor"),  # nova/conductor/api.py
    ("starting", "nova-conductor connection established successfully"),
    ("loading_driver", _LOADING),
    ("starting", _STARTING),
    *(("up", text) for text in _UP),
)

# oslo_messaging/_drivers/impl_rabbit.py. The first is of a connection that is not there yet, the others of one that was.
_NOT_CONNECTED = " ERROR oslo.messaging._drivers.impl_rabbit "
_DISCONNECTED = ("AMQP server on ", "Check login credentials")
_RECONNECTED = "Reconnected to AMQP server on "

# Loggers that have something to say only while the service works; for a log whose last start is out of reach.
_AT_WORK = (" nova.compute.claims ", " nova.compute.manager ", " nova.compute.resource_tracker ")

# Every text that must be found in the sources, for the test.
TEXTS = (START, *_UP, *(pair[1] for pair in _FAILURES), _LOADING, *(pair[1] for pair in _PROGRESS), *_DISCONNECTED, _RECONNECTED)

# oslo.log's default format begins with it: local time.
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")

FAILED = frozenset({*(state for state, _unused in _FAILURES), "placement_failed", "failed"})


@dataclass(frozen=True)
class Verdict:
    """state: see docs/resources/nova_log.md. evidence: the line that it stands on; empty for `unknown`."""

    state: str
    evidence: str = ""


def runs(text: str) -> list[list[str]]:
    """The lines of every start, the last start last. What stands before the first start in the text is a run of its own."""
    split: list[list[str]] = [[]]
    for line in text.splitlines():
        if START in line:
            split.append([])
        split[-1].append(line)
    return [run for run in split if run]


def verdict(run: Sequence[str]) -> Verdict:
    """What became of one start."""
    return _failure(run) or _progress(run)


def earlier_failure(all_runs: Sequence[Sequence[str]]) -> Verdict | None:
    """How the start before the last one failed, if it did: a wrapper starts a service that fails again and again."""
    if len(all_runs) < 2:
        return None
    return _failure(all_runs[-2])


def last_time(run: Sequence[str]) -> datetime | None:
    """When the start wrote its last line, in the host's local time; None with a log format that does not say."""
    found = [match.group() for match in map(_TIME.match, run) if match]
    return datetime.fromisoformat(found[-1]) if found else None


def _failure(run: Sequence[str]) -> Verdict | None:
    for state, text in _FAILURES:
        line = _first(run, (text,))
        if line:
            return Verdict(state, line)
    line = _first(run, _ANY_FAILURE)
    if not line:
        return None
    placement = _first(run, _PLACEMENT)
    if placement:
        return Verdict("placement_failed", placement)
    # The driver's constructor fails where Hyper-V or the cluster does not answer.
    in_driver = _first(run, (_LOADING,)) and not _first(run, (_STARTING,))
    return Verdict("driver_failed" if in_driver else "failed", line)


def _progress(run: Sequence[str]) -> Verdict:
    found = Verdict("unknown")
    lost: str | None = None
    for line in run:
        if _RECONNECTED in line:
            lost = None
        elif _NOT_CONNECTED in line and found.state != "up":
            found = Verdict("waiting_for_messaging", line)
        elif _NOT_CONNECTED in line and any(text in line for text in _DISCONNECTED):
            lost = line
        else:
            found = _step(line) or found
    if found.state == "unknown":
        found = _at_work(run)
    return Verdict("disconnected", lost) if lost else found


def _step(line: str) -> Verdict | None:
    return next((Verdict(state, line) for state, text in _PROGRESS if text in line), None)


def _at_work(run: Sequence[str]) -> Verdict:
    lines = [line for line in run if any(logger in line for logger in _AT_WORK)]
    return Verdict("up", lines[-1]) if lines else Verdict("unknown")


def _first(run: Sequence[str], texts: Sequence[str]) -> str | None:
    return next((line for line in run if any(text in line for text in texts)), None)
