# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module ScheduledTasks, for tasks with one program and one time."""
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..machine.tasks import Task
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cdxml import not_found
from .matching import as_list, like

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "windows-powershell-docs ScheduledTasks; win32 taskschd (result constants)"
_UNCONFIRMED = "the error ids of a task that is not there; Windows' own tasks are not here"
_STATE = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.ScheduledTask.StateEnum"
_READY, _DISABLED = PSEnum(_STATE, "Ready", 3), PSEnum(_STATE, "Disabled", 1)
_EXTEND = "extend rehearsal/cmdlets/scheduled_tasks.py"
_CIM = "Microsoft.Management.Infrastructure.CimException"
_SYSTEM = ("s-1-5-18", "system", r"nt authority\system")


@cmdlet("New-ScheduledTaskAction", source=_SOURCE)
def new_action(machine: Machine, bound: Bound) -> list[PSObject]:
    return [PSObject("CimInstance#MSFT_TaskExecAction", {
        "Execute": bound["Execute"], "Arguments": bound.get("Argument"), "WorkingDirectory": bound.get("WorkingDirectory"), "Id": None,
    })]


@cmdlet("New-ScheduledTaskTrigger", source=_SOURCE)
def new_trigger(machine: Machine, bound: Bound) -> list[PSObject]:
    if set(bound) != {"Once", "At"} or machine.spec.os.time_zone != "UTC":
        raise not_modelled("New-ScheduledTaskTrigger other than -Once -At, in UTC", _EXTEND)
    return [PSObject("CimInstance#MSFT_TaskTimeTrigger", {"StartBoundary": bound["At"].isoformat(timespec="seconds"), "Enabled": True})]


@cmdlet("New-ScheduledTaskPrincipal", source=_SOURCE)
def new_principal(machine: Machine, bound: Bound) -> list[PSObject]:
    if str(bound.get("UserId", "")).lower() not in _SYSTEM:
        raise not_modelled("New-ScheduledTaskPrincipal for another account than SYSTEM", _EXTEND)
    return [PSObject("CimInstance#MSFT_TaskPrincipal2", {
        "UserId": bound["UserId"], "LogonType": bound.get("LogonType"), "RunLevel": bound.get("RunLevel"),
    })]


@cmdlet("New-ScheduledTaskSettingsSet", source=_SOURCE)
def new_settings(machine: Machine, bound: Bound) -> list[PSObject]:
    known = {"AllowStartIfOnBatteries", "DontStopIfGoingOnBatteries", "StartWhenAvailable"}
    if set(bound) - known:
        raise not_modelled(f"New-ScheduledTaskSettingsSet -{sorted(set(bound) - known)[0]}", _EXTEND)
    return [PSObject("CimInstance#MSFT_TaskSettings3", {
        "DisallowStartIfOnBatteries": not bound.get("AllowStartIfOnBatteries"),
        "StopIfGoingOnBatteries": not bound.get("DontStopIfGoingOnBatteries"),
        "StartWhenAvailable": bool(bound.get("StartWhenAvailable")),
    })]


@cmdlet("Register-ScheduledTask", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def register(machine: Machine, bound: Bound) -> list[PSObject]:
    actions, triggers = as_list(bound.get("Action", [])), as_list(bound.get("Trigger", []))
    if len(actions) != 1 or len(triggers) != 1 or "Principal" not in bound:
        raise not_modelled("Register-ScheduledTask without one action, one trigger and a principal", _EXTEND)
    path = bound.get("TaskPath", "\\")
    if machine.tasks.find(path, bound["TaskName"]) and not bound.get("Force"):
        raise PowerShellError("HRESULT 0x800700b7,Register-ScheduledTask", "ResourceExists", _CIM, "Cannot create a file when that file "
                              "already exists.")
    machine.tasks.register(Task(
        name=bound["TaskName"],
        path=path,
        program=actions[0].properties["Execute"],
        argument=actions[0].properties["Arguments"] or "",
        at=_moment(triggers[0]),
        user=bound["Principal"].properties["UserId"],
    ))
    return _shown(machine, path, bound["TaskName"])


@cmdlet("Get-ScheduledTask", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def get(machine: Machine, bound: Bound) -> list[PSObject]:
    return [_task(task) for task in _named(machine, bound, "Get-ScheduledTask")]


@cmdlet("Get-ScheduledTaskInfo", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def get_info(machine: Machine, bound: Bound) -> list[PSObject]:
    task = _one(machine, bound, "Get-ScheduledTaskInfo")
    return [PSObject("CimInstance#MSFT_TaskDynamicInfo", {
        "TaskName": task.name, "TaskPath": task.path, "LastRunTime": task.last_run, "LastTaskResult": task.last_result,
        "NextRunTime": task.at if task.enabled and task.last_run is None else None, "NumberOfMissedRuns": 0,
    })]


@cmdlet("Disable-ScheduledTask", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def disable(machine: Machine, bound: Bound) -> list[PSObject]:
    task = _one(machine, bound, "Disable-ScheduledTask")
    machine.tasks.disable(task)
    return _shown(machine, task.path, task.name)


@cmdlet("Unregister-ScheduledTask", source=_SOURCE, unconfirmed=_UNCONFIRMED)
def unregister(machine: Machine, bound: Bound) -> list[Any]:
    for task in _named(machine, bound, "Unregister-ScheduledTask"):
        machine.tasks.remove(task)
    return []


def _moment(trigger: PSObject) -> datetime:
    return datetime.fromisoformat(trigger.properties["StartBoundary"])


def _named(machine: Machine, bound: Bound, command: str) -> list[Task]:
    """By -TaskName and -TaskPath, which may be wildcards; a listing would have to know every task of Windows."""
    if "TaskName" not in bound or set(bound) - {"TaskName", "TaskPath"}:
        raise not_modelled(f"{command} other than by -TaskName and -TaskPath", _EXTEND)
    machine.settle()
    names, paths = as_list(bound["TaskName"]), as_list(bound.get("TaskPath", ["*"]))
    found = [
        task for task in machine.tasks.all()
        if any(like(task.name, name) for name in names) and any(like(task.path, path) for path in paths)
    ]
    if not found:
        raise not_found("CmdletizationQuery_NotFound_TaskName", command)
    return found


def _one(machine: Machine, bound: Bound, command: str) -> Task:
    if set(bound) - {"TaskName", "TaskPath"}:
        raise not_modelled(f"{command} other than by -TaskName and -TaskPath", _EXTEND)
    machine.settle()
    task = machine.tasks.find(bound.get("TaskPath", "\\"), bound["TaskName"])
    if task is None:
        raise PowerShellError(f"HRESULT 0x80070002,{command}", "ObjectNotFound", _CIM, "The system cannot find the file specified.")
    return task


def _shown(machine: Machine, path: str, name: str) -> list[PSObject]:
    task = machine.tasks.find(path, name)
    return [_task(task)] if task else []


def _task(task: Task) -> PSObject:
    return PSObject("CimInstance#MSFT_ScheduledTask", {
        "TaskName": task.name, "TaskPath": task.path, "State": _READY if task.enabled else _DISABLED,
    })
