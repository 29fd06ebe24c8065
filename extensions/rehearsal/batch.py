# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs a cmdlet batch on a simulated machine: an interpreter of docs/cmdlet-batch.md of its own, with no code of the plugins."""
from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from .machine import Win32Error, executables
from .powershell.binder import COR_E_SYSTEM, bind
from .powershell.catalogue import Catalogue, Command, catalogue
from .powershell.errors import PowerShellError, not_modelled
from .powershell.objects import check_class, equal, failure, format_value, get_property, project, set_property
from .powershell.registry import MODELS, Models, ProgramResult
from .powershell.values import PSCredential, PSObject, SecureString

if TYPE_CHECKING:
    from .machine import Machine

# docs/cmdlet-batch.md, "Calls"
REFUSED = frozenset(name.lower() for name in (
    "Invoke-Expression", "Invoke-Command", "Invoke-History", "Invoke-Item", "Start-Process", "Start-Job", "Start-ThreadJob",
    "New-PSSession", "Enter-PSSession", "Add-Type", "Import-Module", "New-Module", "New-Alias", "Set-Alias", "ForEach-Object",
    "Where-Object", "Register-ScheduledJob", "Set-PSBreakpoint", "Set-Variable",
))
_NAME = re.compile(r"[a-z]+-[a-z0-9]+", re.IGNORECASE)
# A path on a drive, outside of Windows' own folder.
_OTHER_PROGRAM = re.compile(r"(?!c:\\windows\\)[a-z]:\\", re.IGNORECASE)
# What Get-Verb lists in Windows PowerShell 5.1: PowerShell/PowerShell src/System.Management.Automation/utils/Verbs.cs without
# Build and Deploy, which came later.
APPROVED_VERBS = frozenset({
    "add", "approve", "assert", "backup", "block", "checkpoint", "clear", "close", "compare", "complete", "compress", "confirm",
    "connect", "convert", "convertfrom", "convertto", "copy", "debug", "deny", "disable", "disconnect", "dismount", "edit", "enable",
    "enter", "exit", "expand", "export", "find", "format", "get", "grant", "group", "hide", "import", "initialize", "install", "invoke",
    "join", "limit", "lock", "measure", "merge", "mount", "move", "new", "open", "optimize", "out", "ping", "pop", "protect", "publish",
    "push", "read", "receive", "redo", "register", "remove", "rename", "repair", "request", "reset", "resize", "resolve", "restart",
    "restore", "resume", "revoke", "save", "search", "select", "send", "set", "show", "skip", "split", "start", "step", "stop",
    "submit", "suspend", "switch", "sync", "test", "trace", "unblock", "undo", "uninstall", "unlock", "unprotect", "unpublish",
    "unregister", "update", "use", "wait", "watch", "write",
})


class Observer(Protocol):
    """Watches the calls of a batch. number counts from 1 and includes the calls that are skipped, which it is not told of."""

    def before(self, number: int, call: dict[str, Any]) -> PowerShellError | None:
        """May raise to break off the whole batch, or answer the error that the call is to fail with instead of running."""

    def after(self, number: int, call: dict[str, Any], result: dict[str, Any]) -> None: ...


@dataclass
class _Batch:
    """The state of a running batch: outputs by call id."""

    machine: Machine
    models: Models
    catalogue: Catalogue
    outputs: dict[str, list[Any]] = field(default_factory=dict)


def run_batch(
    machine: Machine, batch: dict[str, Any], observer: Observer, *, models: Models = MODELS, sleep: Callable[[float], None] = time.sleep,
) -> list[dict[str, Any]]:
    """The `results` of a batch. Only what the host's errors are becomes an "error"; what the observer raises passes through."""
    state = _Batch(machine, models, catalogue())
    results: list[dict[str, Any]] = []
    stopped = False
    for number, call in enumerate(batch["calls"], 1):
        if stopped:
            results.append({"id": call["id"], "skipped": True})
            continue
        injected = observer.before(number, call)
        result = {"id": call["id"], **_attempts(state, call, injected, sleep)}
        observer.after(number, call, result)
        results.append(result)
        stopped = bool(batch.get("stop_on_error")) and "error" in result
    return results


def _attempts(state: _Batch, call: dict[str, Any], injected: PowerShellError | None, sleep: Callable[[float], None]) -> dict[str, Any]:
    """The call's last attempt. An injected error takes the place of the first one."""
    retry = call.get("retry") or {"count": 0, "seconds": 0}
    result = {"error": injected.as_wire()} if injected else _attempt(state, call)
    for _unused in range(retry["count"]):
        if "error" not in result:
            break
        sleep(retry["seconds"])
        result = _attempt(state, call)
    return result


def _attempt(state: _Batch, call: dict[str, Any]) -> dict[str, Any]:
    kinds = {
        "cmdlet": _run_cmdlet, "program": _run_program, "assign": _run_assign, "read_file": _run_read_file, "write_file": _run_write_file,
    }
    kind = next((kinds[name] for name in call if name in kinds), None)
    if kind is None:
        # PowerShell's record for `throw "text"` has the text for its id.
        message = f"The call '{call['id']}' is of no known kind."
        thrown = PowerShellError(message, "OperationStopped", "System.Management.Automation.RuntimeException", message, COR_E_SYSTEM)
        return {"error": thrown.as_wire()}
    try:
        return kind(state, call)
    except PowerShellError as error:
        return {"error": error.as_wire()}


def _run_cmdlet(state: _Batch, call: dict[str, Any]) -> dict[str, Any]:
    command = _find_command(state, call["cmdlet"])
    arguments = {name: _resolve(state, value) for name, value in call.get("parameters", {}).items()}
    if command.name in ("Invoke-CimMethod", "Invoke-WmiMethod"):
        _refuse_process_creation(command.name, arguments)
    bound = bind(command, arguments, state.catalogue)
    model = state.models.cmdlets.get(command.name.lower())
    if model is None:
        raise not_modelled(f"the cmdlet {command.name}", "add a model in rehearsal/cmdlets")
    output = [] if bound.what_if else model.function(state.machine, bound)
    check_class(output, state.catalogue)
    state.outputs[call["id"]] = list(output)
    _check_until(state, call, command.name)
    return {"output": project(output, call.get("properties", ()), state.catalogue)}


def _find_command(state: _Batch, name: str) -> Command:
    if not _NAME.fullmatch(name) or name.lower() in REFUSED:
        raise failure("CommandRefused", f"'{name}' is refused.")
    command = state.catalogue.find(name, state.machine.os_version)
    if command is None or not state.machine.module_available(command.module):
        raise failure("CommandNotFoundException", f"'{name}' is not a cmdlet or function of this host.")
    if name.lower().split("-")[0] not in APPROVED_VERBS:
        raise failure("CommandRefused", f"'{name}' is refused.")
    return command


def _refuse_process_creation(name: str, arguments: Mapping[str, Any]) -> None:
    classes = [str(value) for key, value in arguments.items() if key.lower() in ("classname", "class")]
    if "".join(classes).lower() == "win32_process":
        raise failure("CommandRefused", f"'{name}' on Win32_Process is refused.")


def _check_until(state: _Batch, call: dict[str, Any], name: str) -> None:
    for path, condition in call.get("until", {}).items():
        wanted = _resolve(state, condition)
        formatted = [format_value(get_property(item, path, state.catalogue)) for item in state.outputs[call["id"]]]
        # A pipeline unrolls a property that is a list.
        actual = [inner for value in formatted for inner in (value if isinstance(value, list) else [value])]
        if not actual or not all(equal(value, wanted) for value in actual):
            shown = " ".join(str(value) for value in actual)
            raise failure("ConditionNotMet", f"{name}: {path} is '{shown}', not yet '{wanted}'.")


def _run_program(state: _Batch, call: dict[str, Any]) -> dict[str, Any]:
    name = _resolve(state, call["program"])
    arguments = [str(_resolve(state, argument)) for argument in call.get("arguments", [])]
    outcome = _program(state, name)(arguments)
    result: dict[str, Any] = {"stdout": outcome.stdout, "stderr": outcome.stderr, "exit_code": outcome.exit_code}
    if outcome.exit_code not in call.get("exit_codes", [0]):
        result["error"] = failure("ProgramFailed", f"{name} ended with exit code {outcome.exit_code}.").as_wire()
    return result


def _program(state: _Batch, name: str) -> Callable[[list[str]], ProgramResult]:
    """A program of Windows by its name; by its path any other that lies on the machine."""
    file = name.replace("/", "\\").rsplit("\\", 1)[-1].lower()
    model = state.models.programs.get(file if file.endswith(".exe") else f"{file}.exe")
    if model is not None:
        return partial(model.function, state.machine)
    if not _OTHER_PROGRAM.match(name):
        raise not_modelled(f"the program {name}", "add a model in rehearsal/programs")
    data = state.machine.files.read(name)
    if data is None:
        raise _method_failed("Win32Exception", "The system cannot find the file specified", method="Start", count=1)
    found = executables.decode(data, name)
    kind = state.models.executables.get(found.kind) if found else None
    if found is None or kind is None:
        raise not_modelled(f"what the file {name} does when it is run", "add a model of its kind in rehearsal/programs")
    return partial(kind.function, state.machine, found)


def _run_assign(state: _Batch, call: dict[str, Any]) -> dict[str, Any]:
    target = _resolve_reference(state, call["assign"])
    for item in target if isinstance(target, list) else [target]:
        for name, value in call["values"].items():
            get_property(item, name, state.catalogue)
            type_name = item.type if isinstance(item, PSObject) else type(item).__name__
            model = state.models.assignments.get(type_name.lower())
            if model is None:
                raise not_modelled(f"setting properties of {type_name}", "add an assignment in rehearsal/cmdlets")
            resolved = _resolve(state, value)
            model.function(state.machine, item, name, resolved)
            set_property(item, name, resolved)
    return {"output": []}


def _run_read_file(state: _Batch, call: dict[str, Any]) -> dict[str, Any]:
    data = _content(state, _resolve(state, call["read_file"]))
    if data is None:
        return {"content": None}
    tail = call.get("tail", 0)
    return {"content": base64.b64encode(data[-tail:] if tail else data).decode()}


def _content(state: _Batch, path: str) -> bytes | None:
    """File.Exists answers false for a file that may not be read."""
    try:
        return state.machine.files.read(path)
    except PermissionError:
        return None


def _run_write_file(state: _Batch, call: dict[str, Any]) -> dict[str, Any]:
    """Whole or not at all: every reason to fail is looked for before the first byte is written."""
    files = state.machine.files
    path, content = _resolve(state, call["write_file"]), _resolve(state, call["content"])
    former = _content(state, path)
    backup = _resolve(state, call["backup"]) if call.get("backup") and former is not None else ""
    if not isinstance(content, bytes):
        raise failure("InvalidCast", "content is not a byte array.")
    try:
        for target in (path, backup) if backup else (path,):
            _require_folder(state, target)
        if backup:
            files.write(backup, former or b"")
        files.write(path, content)
    except (IsADirectoryError, PermissionError):
        raise _method_failed("UnauthorizedAccessException", f"Access to the path '{path}' is denied.") from None
    except Win32Error as error:
        raise _method_failed("IOException", error.message) from None
    kept = f", kept the former content as {backup}" if backup else ""
    state.machine.changes.append(f"wrote {path} ({len(content)} bytes){kept}")
    return {"output": []}


def _require_folder(state: _Batch, path: str) -> None:
    folder = path.rpartition("\\")[0]
    state.machine.files.reach(path)
    if not state.machine.files.is_folder(f"{folder}\\" if folder.endswith(":") else folder):
        raise _method_failed("DirectoryNotFoundException", f"Could not find a part of the path '{path}'.")


def _method_failed(inner: str, message: str, *, method: str = "WriteAllBytes", count: int = 2) -> PowerShellError:
    """An exception of a .NET method called from a script: PowerShell names the error after the exception within."""
    return PowerShellError(
        inner, "NotSpecified", "System.Management.Automation.MethodInvocationException",
        f'Exception calling "{method}" with "{count}" argument(s): "{message}"', COR_E_SYSTEM,
    )


def _resolve(state: _Batch, value: Any) -> Any:
    """A value of the wire as the host has it."""
    if isinstance(value, list):
        return [_resolve(state, item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$text" in value:
        return _text(value["$text"])
    if "$plain_secret" in value:
        return _text(value["$plain_secret"])
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"], validate=True)
    if "$secret" in value:
        return SecureString(_text(value["$secret"]))
    if "$credential" in value:
        return PSCredential(_resolve(state, value["$credential"]), _text(value["password"]))
    if "$ref" in value:
        return _resolve_reference(state, value)
    return {key: _resolve(state, item) for key, item in value.items()}


def _text(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).decode("utf-16-le", "surrogatepass")


def _resolve_reference(state: _Batch, reference: dict[str, Any]) -> Any:
    """One object, or a list where there are several."""
    found = [item for item in state.outputs.get(reference["$ref"], ()) if item is not None]
    for path, condition in reference.get("where", {}).items():
        wanted = _resolve(state, condition)
        found = [item for item in found if equal(format_value(get_property(item, path, state.catalogue)), wanted)]
    if not found:
        raise failure("ReferenceEmpty", f"The reference to '{reference['$ref']}' yields no object.")
    if reference.get("property"):
        found = [get_property(item, reference["property"], state.catalogue) for item in found]
    return found[0] if len(found) == 1 else found
