# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inside a release's environment: two coordinators on one URL, as the cluster driver makes them. argv: URL. stdout: JSON.

{"refused_while_held": bool, "granted_after_release": bool} or {"error": TEXT}.
"""
from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def exercise(url: str) -> dict[str, Any]:
    coordination = importlib.import_module("tooz.coordination")
    members = []
    for number in (1, 2):
        member = coordination.get_coordinator(url, b"compute-hyperv-%d" % number)
        member.start(start_heart=True)
        members.append(member)
    first, second = (member.get_lock(b"compute-hyperv-failover-instance-1") for member in members)
    held = first.acquire(blocking=False)
    refused = not second.acquire(blocking=False)
    first.release()
    granted = second.acquire(blocking=False)
    second.release()
    for member in members:
        member.stop()
    return {"refused_while_held": bool(held and refused), "granted_after_release": bool(granted)}


def main() -> None:
    try:
        answer = exercise(sys.argv[1])
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
