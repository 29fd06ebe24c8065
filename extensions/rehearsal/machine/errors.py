# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong with a machine. The models of cmdlets and programs turn these into their own errors."""
from __future__ import annotations

from typing import Any


class SpecError(ValueError):
    """A lab file says something that cannot be. path: dotted, as in the file (`hosts.hv01.os.version`)."""

    def __init__(self, path: str, value: Any, allowed: str) -> None:
        super().__init__(f"{path}: {value!r} is not allowed; allowed: {allowed}")
        self.path = path
        self.value = value
        self.allowed = allowed


class Win32Error(Exception):
    """A system error code, as the service control manager and other Win32 calls give it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


# https://learn.microsoft.com/windows/win32/debug/system-error-codes--1000-1299-
MESSAGES = {
    2: "The system cannot find the file specified.",
    3: "The system cannot find the path specified.",
    5: "Access is denied.",
    53: "The network path was not found.",
    67: "The network name cannot be found.",
    1051: "A stop control has been sent to a service that other running services are dependent on.",
    1056: "An instance of the service is already running.",
    1058: "The service cannot be started, either because it is disabled or because it has no enabled devices associated with it.",
    1060: "The specified service does not exist as an installed service.",
    1062: "The service has not been started.",
    1068: "The dependency service or group failed to start.",
    1069: "The service did not start due to a logon failure.",
    1073: "The specified service already exists.",
    1075: "The dependency service does not exist or has been marked for deletion.",
    2224: "The account already exists.",
}


def win32_error(code: int) -> Win32Error:
    return Win32Error(code, MESSAGES[code])
