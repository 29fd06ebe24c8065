# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Comes back to a host over a connection of its own, as wait_for_connection does."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..module_utils.answers import Answers

_PAUSE = 2.0

# Tries until it gets an answer over a new connection, for so many seconds. Raises NotBack.
Reconnect = Callable[[Callable[[], Answers], float], Answers]


class NotBack(Exception):
    """The host did not answer in time; the text is what the last attempt failed with."""


def reconnector(
    connection: Any, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
) -> Reconnect:
    """A Reconnect over the connection of a task."""

    def reconnect(attempt: Callable[[], Answers], seconds: float) -> Answers:
        end = clock() + seconds
        while True:
            try:
                # The shell on the host belongs to the connection that may be gone.
                connection.reset()
                return attempt()
            except Exception as error:
                # What the winrm and psrp plugins let through when nobody answers is of many types.
                if clock() >= end:
                    raise NotBack(str(error)) from error
            sleep(_PAUSE)

    return reconnect
