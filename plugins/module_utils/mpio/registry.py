# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the registry says of MPIO: the timers, and the two lists of claimed hardware.

Get-MPIOSetting is no use here: it ends in Format-List, so its output has no properties. Where it takes each value from, and where
Set-MPIOSetting puts it, is known from the text of the two functions (SystemHosting's DSC resource for MPIO settings quotes it).
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..plans import Difference
from .disks import Hardware

_CONTROL_SET = "HKLM:\\SYSTEM\\CurrentControlSet"
_MAXIMUM = 2**31 - 1  # Set-MPIOSetting takes Int32


@dataclass(frozen=True)
class Timer:
    """One timer: its option, the parameter of Set-MPIOSetting, and the value it is kept in.

    switch: it is on or off, which Set-MPIOSetting calls Enabled and Disabled and the registry 1 and 0.
    """

    option: str
    parameter: str
    key: str
    value: str
    switch: bool = False


TIMERS = (
    Timer("path_verification", "NewPathVerificationState", "msdsm_key", "PathVerifyEnabled", switch=True),
    Timer("path_verification_period", "NewPathVerificationPeriod", "msdsm_key", "PathVerificationPeriod"),
    Timer("pdo_remove_period", "NewPDORemovePeriod", "msdsm_key", "PDORemovePeriod"),
    Timer("retry_count", "NewRetryCount", "msdsm_key", "RetryCount"),
    Timer("retry_interval", "NewRetryInterval", "msdsm_key", "RetryInterval"),
    Timer("disk_timeout", "NewDiskTimeout", "disk_key", "TimeOutValue"),
    Timer("custom_path_recovery", "CustomPathRecovery", "mpio_key", "UseCustomPathRecoveryInterval", switch=True),
    Timer("path_recovery_interval", "NewPathRecoveryInterval", "mpio_key", "PathRecoveryInterval"),
)

_PORT_LIST = "MPIOSupportedDeviceList"
_DSM_LIST = "DsmSupportedDeviceList"
_KEYS = {
    "msdsm_key": ("Services\\msdsm\\Parameters", _DSM_LIST),
    "mpio_key": ("Services\\mpio\\Parameters", ""),
    "disk_key": ("Services\\Disk", ""),
    "port_key": ("Control\\MPDEV", _PORT_LIST),
}


def read_registry() -> list[Call]:
    return [_read_key(call, path, extra) for call, (path, extra) in _KEYS.items()]


def key_values(answers: Answers, call: str) -> Mapping[str, Any]:
    """The values of a registry key, none if there is no such key. Raises CallFailed for any other error."""
    error = answers[call].error
    if error and error.id.startswith("PathNotFound,"):
        return {}
    rows = answers.rows(call)
    return rows[0] if rows else {}


def timers(answers: Answers) -> dict[str, bool | int | None]:
    """The timers by option; None for one that stands nowhere."""
    return {timer.option: _timer(timer, answers) for timer in TIMERS}


def timer_refusals(wanted: Mapping[str, Any]) -> list[str]:
    # Set-MPIOSetting takes a 0 for a parameter that was not given. Its own upper limits are not documented.
    return [
        f"timers.{timer.option} is {wanted[timer.option]}; allowed is 1 to {_MAXIMUM}, because Set-MPIOSetting ignores 0"
        for timer in TIMERS
        if not timer.switch and wanted.get(timer.option) is not None and not 1 <= wanted[timer.option] <= _MAXIMUM
    ]


def timer_differences(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[Difference]:
    return [
        Difference(f"timers.{timer.option}", current.get(timer.option), wanted[timer.option])
        for timer in TIMERS
        if wanted.get(timer.option) is not None and wanted[timer.option] != current.get(timer.option)
    ]


def set_timers(differences: Mapping[str, Any]) -> list[Call]:
    """The one call that sets the timers that differ. differences: the wanted value by the path of its difference."""
    parameters = {
        timer.parameter: _parameter(timer, differences[f"timers.{timer.option}"])
        for timer in TIMERS
        if f"timers.{timer.option}" in differences
    }
    return [Cmdlet("timers", "Set-MPIOSetting", parameters)] if parameters else []


def dsm_list(answers: Answers) -> frozenset[Hardware]:
    """What MSDSM is told to support."""
    return _hardware_list(key_values(answers, "msdsm_key").get(_DSM_LIST))


def claimed(answers: Answers) -> frozenset[Hardware]:
    """What MPIO claims: only what stands in MSDSM's list and in the port drivers' ("MPIO on Nano Server", Microsoft)."""
    return dsm_list(answers) & _hardware_list(key_values(answers, "port_key").get(_PORT_LIST))


def _read_key(call: str, path: str, extra: str) -> Cmdlet:
    # MSDSM's own values may be absent; the driver's defaults of the same names stand in mpio's key.
    also = "msdsm_key" if call == "mpio_key" else ""
    properties = tuple(f"{timer.value}?" for timer in TIMERS if timer.key in (call, also)) + ((f"{extra}?",) if extra else ())
    return Cmdlet(call, "Get-ItemProperty", {"LiteralPath": f"{_CONTROL_SET}\\{path}"}, properties)


def _timer(timer: Timer, answers: Answers) -> bool | int | None:
    value = key_values(answers, timer.key).get(timer.value)
    if value is None and timer.key == "msdsm_key":
        value = key_values(answers, "mpio_key").get(timer.value)
    return bool(value) if timer.switch and value is not None else value


def _parameter(timer: Timer, value: bool | int) -> str | int:
    if not timer.switch:
        return value
    return "Enabled" if value else "Disabled"


def _hardware_list(entries: Any) -> frozenset[Hardware]:
    # An entry is 8 characters of vendor and up to 16 of product, padded with spaces.
    return frozenset(Hardware(entry[:8].strip(), entry[8:].strip()) for entry in entries or ())
