# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Labs for the tests of the rehearsal's transport."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.running import RunningLab, running
from winrm.protocol import Protocol

PASSWORD = "Rehearsal-1"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningLab]]:
    """Starts a lab with one host, hv01; keyword arguments go into its host entry. The same state directory each time."""
    with ExitStack() as stack:

        def run(**host: Any) -> RunningLab:
            entry = {"os": {"version": "2022"}, "timing": {"reboot_seconds": 0.3, "shutdown_delay_seconds": 0}, **host}
            return stack.enter_context(running(from_mapping({"rehearsal": 1, "hosts": {"hv01": entry}}), tmp_path / "state"))

        yield run


@pytest.fixture
def connect() -> Iterator[Callable[..., Protocol]]:
    """A pywinrm client of a lab's hv01."""
    opened: list[Protocol] = []

    def run(lab: RunningLab, scheme: str = "http", password: str = PASSWORD, timeout: int = 20) -> Protocol:
        port = getattr(lab.ports["hv01"], scheme)
        protocol = Protocol(
            f"{scheme}://127.0.0.1:{port}/wsman", transport="ssl" if scheme == "https" else "plaintext", username="Administrator",
            password=password, server_cert_validation="ignore", proxy=None, operation_timeout_sec=timeout, read_timeout_sec=timeout + 10,
        )
        opened.append(protocol)
        return protocol

    yield run
    for protocol in opened:
        protocol.transport.close_session()
