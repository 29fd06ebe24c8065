# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""sc.exe. Options are `name=` and the value as two arguments; the exit code is the Win32 error code."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..machine.errors import Win32Error
from ..machine.failure_actions import FailureActions
from ..machine.services import (
    DOMAIN_JOIN_TYPE,
    DOMAIN_JOINED,
    NETWORK_OFF,
    NETWORK_ON,
    NETWORK_TYPE,
    NOT_DOMAIN_JOINED,
    Trigger,
)
from ..powershell.errors import not_modelled
from ..powershell.registry import ProgramResult, program

if TYPE_CHECKING:
    from ..machine import Machine

_SOURCE = "Microsoft's pages of sc config, failure, failureflag, create, delete; win32 Services/service-trigger-events.md; KB 2385818"
# ERROR_INVALID_COMMAND_LINE and ERROR_INVALID_PARAMETER.
_USAGE, _INVALID_PARAMETER = 1639, 87
_START_MODES = {
    "boot": "Boot", "system": "System", "auto": "Automatic", "demand": "Manual", "disabled": "Disabled", "delayed-auto": "Automatic",
}
_TRIGGERS = {
    "start/domainjoin": Trigger(DOMAIN_JOIN_TYPE, 1, DOMAIN_JOINED),
    "start/domainleave": Trigger(DOMAIN_JOIN_TYPE, 1, NOT_DOMAIN_JOINED),
    "stop/domainjoin": Trigger(DOMAIN_JOIN_TYPE, 2, DOMAIN_JOINED),
    "stop/domainleave": Trigger(DOMAIN_JOIN_TYPE, 2, NOT_DOMAIN_JOINED),
    "start/networkon": Trigger(NETWORK_TYPE, 1, NETWORK_ON),
    "stop/networkoff": Trigger(NETWORK_TYPE, 2, NETWORK_OFF),
}
_TRIGGER_LINES = {
    DOMAIN_JOINED: ("DOMAIN JOINED STATUS", "DOMAIN JOINED"),
    NOT_DOMAIN_JOINED: ("DOMAIN JOINED STATUS", "NOT DOMAIN JOINED"),
    NETWORK_ON: ("NETWORK EVENT", "FIRST IP ADDRESS AVAILABILITY"),
    NETWORK_OFF: ("NETWORK EVENT", "LAST IP ADDRESS AVAILABILITY"),
}


class _Usage(Exception):
    """sc.exe would print its usage."""


@program("sc.exe", source=_SOURCE, unconfirmed="1639 for every usage error; 87 where triggerinfo delete finds no trigger (one field note)")
def sc(machine: Machine, arguments: list[str]) -> ProgramResult:
    if len(arguments) < 2:
        return ProgramResult(_USAGE, "DESCRIPTION:\r\n        SC is a command line program\r\n")
    command, name, *rest = arguments
    run = _COMMANDS.get(command.lower())
    if run is None or name.startswith("\\\\"):
        raise not_modelled(f"sc.exe {command} {name}", "extend rehearsal/programs/sc.py")
    try:
        return ProgramResult(0, run(machine, name, rest))
    except _Usage as error:
        return ProgramResult(_USAGE, f"ERROR:  Invalid Option: {error}\r\n")
    except Win32Error as error:
        call = "OpenService" if error.code == 1060 else _CALLS[command.lower()]
        return ProgramResult(error.code, f"[SC] {call} FAILED {error.code}:\r\n\r\n{error.message}\r\n\r\n")


def _options(arguments: list[str], known: set[str]) -> dict[str, str]:
    """`name=` and value pairs. The value is an argument of its own; `name=value` in one is refused, as sc.exe refuses it."""
    if len(arguments) % 2:
        raise _Usage(arguments[-1])
    found = {}
    for name, value in zip(arguments[::2], arguments[1::2], strict=True):
        if not name.endswith("=") or name[:-1].lower() not in known:
            raise _Usage(name)
        found[name[:-1].lower()] = value
    return found


def _config(machine: Machine, name: str, arguments: list[str]) -> str:
    machine.services.get(name)
    options = _options(arguments, {"start", "depend", "obj", "password", "binpath", "displayname"})
    mode = _start_mode(options)
    machine.services.configure(
        name,
        start_mode=mode,
        delayed=None if mode is None else options["start"].lower() == "delayed-auto",
        dependencies=_names(options["depend"]) if "depend" in options else None,
        account=options.get("obj"),
        path_name=options.get("binpath"),
        display=options.get("displayname"),
    )
    _keep_password(machine, name, options)
    return "[SC] ChangeServiceConfig SUCCESS\r\n"


def _start_mode(options: dict[str, str]) -> str | None:
    if "start" not in options:
        return None
    mode = _START_MODES.get(options["start"].lower())
    if mode is None:
        raise _Usage(f"start= {options['start']}")
    return mode


def _names(text: str) -> list[str]:
    """Names separated by slashes; a slash alone, or nothing, is none."""
    return [name for name in text.split("/") if name]


def _create(machine: Machine, name: str, arguments: list[str]) -> str:
    options = _options(arguments, {"start", "depend", "obj", "password", "binpath", "displayname"})
    if "binpath" not in options:
        raise _Usage("binPath=")
    mode = _start_mode(options)
    machine.services.create(
        name, options["binpath"], display=options.get("displayname", ""), start_mode=mode or "Manual",
        account=options.get("obj", "LocalSystem"), dependencies=_names(options.get("depend", "")),
    )
    if options.get("start", "").lower() == "delayed-auto":
        machine.services.configure(name, delayed=True)
    _keep_password(machine, name, options)
    return "[SC] CreateService SUCCESS\r\n"


def _keep_password(machine: Machine, name: str, options: dict[str, str]) -> None:
    if "password" in options:
        machine.accounts.keep_password(name, options["password"])


def _delete(machine: Machine, name: str, arguments: list[str]) -> str:
    _none(arguments)
    if machine.services.get(name).run is not None:
        raise not_modelled(f"deleting {name} while it runs, which Windows puts off until it stops", "stop it first")
    machine.services.delete(name)
    return "[SC] DeleteService SUCCESS\r\n"


def _start(machine: Machine, name: str, arguments: list[str]) -> str:
    machine.services.start(name)
    return f"\r\nSERVICE_NAME: {name}\r\n        STATE              : 2  START_PENDING\r\n"


def _stop(machine: Machine, name: str, arguments: list[str]) -> str:
    _none(arguments)
    machine.services.stop(name)
    return f"\r\nSERVICE_NAME: {name}\r\n        STATE              : 3  STOP_PENDING\r\n"


def _failure(machine: Machine, name: str, arguments: list[str]) -> str:
    machine.services.get(name)
    options = _options(arguments, {"reset", "actions", "command", "reboot"})
    if "reboot" in options:
        raise not_modelled("sc.exe failure reboot=", "extend rehearsal/programs/sc.py")
    if ("reset" in options) != ("actions" in options):
        raise _Usage("reset= and actions= must be given together")
    failure = None
    if "reset" in options:
        failure = FailureActions(_reset(options["reset"]), _actions(options["actions"]))
    machine.services.configure(name, failure=failure, failure_command=options.get("command"))
    return "[SC] ChangeServiceConfig2 SUCCESS\r\n"


def _reset(text: str) -> int:
    if text.upper() == "INFINITE":
        return 0xFFFFFFFF
    if not text.isdigit():
        raise _Usage(f"reset= {text}")
    return int(text)


def _actions(text: str) -> tuple[tuple[str, int], ...]:
    """`restart/5000/run/1000`; nothing is no action; an empty name is the action none."""
    if not text:
        return ()
    parts = text.split("/")
    if len(parts) % 2:
        raise _Usage(f"actions= {text}")
    found = []
    for name, delay in zip(parts[::2], parts[1::2], strict=True):
        action = name.strip('"').lower() or "none"
        if action not in ("none", "restart", "reboot", "run") or not delay.isdigit():
            raise _Usage(f"actions= {text}")
        found.append((action, int(delay)))
    return tuple(found)


def _failure_flag(machine: Machine, name: str, arguments: list[str]) -> str:
    if arguments not in (["0"], ["1"]):
        raise _Usage(" ".join(arguments))
    machine.services.configure(name, failure_flag=arguments == ["1"])
    return "[SC] ChangeServiceConfig2 SUCCESS\r\n"


def _trigger_info(machine: Machine, name: str, arguments: list[str]) -> str:
    service = machine.services.get(name)
    wanted = [argument.lower() for argument in arguments]
    if not wanted:
        raise _Usage("triggerinfo")
    if wanted == ["delete"]:
        if not service.triggers:
            raise Win32Error(_INVALID_PARAMETER, "The parameter is incorrect.")
        machine.services.configure(name, triggers=())
        return "[SC] ChangeServiceConfig2 SUCCESS\r\n"
    unknown = [word for word in wanted if word not in _TRIGGERS]
    if unknown:
        raise not_modelled(f"sc.exe triggerinfo {unknown[0]}", "extend rehearsal/programs/sc.py")
    machine.services.configure(name, triggers=[_TRIGGERS[word] for word in wanted])
    return "[SC] ChangeServiceConfig2 SUCCESS\r\n"


def _query_trigger_info(machine: Machine, name: str, arguments: list[str]) -> str:
    _none(arguments)
    service = machine.services.get(name)
    head = "[SC] QueryServiceConfig2 SUCCESS\r\n\r\n"
    if not service.triggers:
        return f"{head}The service {name} has not registered for any start or stop triggers.\r\n"
    lines = [f"SERVICE_NAME: {name}", ""]
    for trigger in service.triggers:
        label, meaning = _TRIGGER_LINES[trigger.subtype]
        lines += [f"        {'START' if trigger.action == 1 else 'STOP'} SERVICE", f"          {label:<28} : {trigger.subtype} [{meaning}]"]
    return head + "\r\n".join(lines) + "\r\n"


def _none(arguments: list[str]) -> None:
    if arguments:
        raise _Usage(arguments[0])


_COMMANDS: dict[str, Callable[[Machine, str, list[str]], str]] = {
    "config": _config, "create": _create, "delete": _delete, "start": _start, "stop": _stop, "failure": _failure,
    "failureflag": _failure_flag, "triggerinfo": _trigger_info, "qtriggerinfo": _query_trigger_info,
}
# The call that sc.exe names when it fails.
_CALLS = {
    "config": "ChangeServiceConfig", "create": "CreateService", "delete": "DeleteService", "start": "StartService",
    "stop": "ControlService", "failure": "ChangeServiceConfig2", "failureflag": "ChangeServiceConfig2",
    "triggerinfo": "ChangeServiceConfig2", "qtriggerinfo": "QueryServiceConfig2",
}
