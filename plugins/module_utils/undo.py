# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An undo that waits on the host: a scheduled task that runs as SYSTEM when the controller does not come back in time.

No executable of Windows takes a virtual switch away or sets its VLAN, so the task runs powershell.exe with a text: the only one that
this collection has evaluated on a host. Each text is a constant with GUIDs, or a number, in it, and nothing else can get there.
docs/resources/switch.md says more.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from .answers import CONDITION_NOT_MET, Answers
from .calls import Call, Cmdlet, Ref

_TASK = {"TaskName": "undo", "TaskPath": "\\winstack.hyperv\\"}
_TASKS = {name: [value] for name, value in _TASK.items()}

_POWERSHELL = "%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
# The SID of SYSTEM: its name is translated.
_SYSTEM = "S-1-5-18"
# SCHED_S_TASK_HAS_NOT_RUN, the LastTaskResult of a task that never ran (Microsoft: Task Scheduler error and success constants).
_NEVER_RAN = 267011


@dataclass(frozen=True)
class Undo:
    """A constant text of this module and the time after which the host runs it. host_time: the host's own, local and without a zone."""

    text: str
    seconds: int
    host_time: datetime

    def arm(self) -> tuple[Call, ...]:
        """The calls that register the task, to be run before the change and in the same batch, so that no change is made without it."""
        at = (self.host_time + timedelta(seconds=self.seconds)).isoformat(timespec="seconds")
        argument = f'-NoLogo -NoProfile -NonInteractive -Command "{self.text}"'
        return (
            Cmdlet("undo_action", "New-ScheduledTaskAction", {"Execute": _POWERSHELL, "Argument": argument}),
            Cmdlet("undo_trigger", "New-ScheduledTaskTrigger", {"Once": True, "At": at}),
            Cmdlet(
                "undo_principal",
                "New-ScheduledTaskPrincipal",
                {"UserId": _SYSTEM, "LogonType": "ServiceAccount", "RunLevel": "Highest"},
            ),
            # A server on a UPS may count as running on batteries, and one that was off at the time runs it when it starts.
            Cmdlet(
                "undo_settings",
                "New-ScheduledTaskSettingsSet",
                {"AllowStartIfOnBatteries": True, "DontStopIfGoingOnBatteries": True, "StartWhenAvailable": True},
            ),
            Cmdlet("undo_register", "Register-ScheduledTask", {
                **_TASK,
                "Action": [Ref("undo_action")],
                "Trigger": [Ref("undo_trigger")],
                "Principal": Ref("undo_principal"),
                "Settings": Ref("undo_settings"),
                "Force": True,
            }),
            Cmdlet("undo_armed", "Get-ScheduledTask", _TASKS, ("State",), until={"State": "Ready"}),
        )

    def disarm(self) -> tuple[Call, ...]:
        """The calls that keep the task from starting, tell whether it had started, and remove it; one that fails is no reason to stop."""
        return (
            Cmdlet("undo_disable", "Disable-ScheduledTask", _TASK),
            Cmdlet("undo_idle", "Get-ScheduledTaskInfo", _TASK, ("LastTaskResult",), until={"LastTaskResult": _NEVER_RAN}),
            remove_undo(),
        )

    def fired(self, answers: Answers) -> bool:
        """Whether the host has started to undo, from the answers to `disarm`."""
        error = answers["undo_idle"].error
        return error is not None and error.id == CONDITION_NOT_MET

    def still_armed(self, answers: Answers) -> bool:
        """Whether the task was there, and `disarm` did not get rid of it."""
        return answers["undo_idle"].ok and not answers["undo_remove"].ok


def read_undo() -> Call:
    """Asks for a task that an earlier run left behind; an error is none."""
    return Cmdlet("undo_left", "Get-ScheduledTask", _TASKS, ("State",))


def undo_left(answers: Answers) -> bool:
    """Whether there is one, from the answer to `read_undo`. Its controller died, and it may be about to run."""
    return answers["undo_left"].ok


def remove_undo() -> Call:
    return Cmdlet("undo_remove", "Unregister-ScheduledTask", {**_TASKS, "Confirm": False})


def without_switch_over(adapters: Iterable[str]) -> str:
    """Removes the external switch that is bound to one of these adapters, given by their interface GUIDs. ValueError for another text."""
    wanted = ",".join(f"'{UUID(adapter)}'" for adapter in adapters)
    return (
        "Get-VMSwitch -SwitchType External | "
        f"Where-Object {{ $_.NetAdapterInterfaceGuid | Where-Object {{ @({wanted}) -contains [string]$_ }} }} | Remove-VMSwitch -Force"
    )


def with_vlan(switch: str, vlan: int) -> str:
    """Gives the management adapters of a switch, given by its GUID, back their VLAN; 0 is none. ValueError for anything else."""
    mode = f"-Access -VlanId {int(vlan)}" if vlan else "-Untagged"
    return (
        f"Get-VMNetworkAdapter -ManagementOS | Where-Object {{ [string]$_.SwitchId -eq '{UUID(switch)}' }} | "
        f"Set-VMNetworkAdapterVlan {mode}"
    )
