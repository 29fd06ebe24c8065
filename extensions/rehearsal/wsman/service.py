# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The WinRM service of one host: remote shells, their quotas and faults.

Sources: MS-WSMV 3.1.4 (Create, Command, Send, Receive, Signal, Delete and their faults); the default quotas are those of
`winrm get winrm/config` on Server 2012 and later.
"""
from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from . import soap
from .shells import Command, CommandResult, Shell

_CREATE = f"{soap.TRANSFER}/Create"
_DELETE = f"{soap.TRANSFER}/Delete"
_COMMAND, _SEND, _RECEIVE, _SIGNAL = (f"{soap.SHELL}/{name}" for name in ("Command", "Send", "Receive", "Signal"))
# What is left of an envelope's size for a Receive's output once base64 and the XML around it are paid for.
_RECEIVE_BYTES = 100_000


@dataclass(frozen=True)
class Quotas:
    """winrm/config: MaxEnvelopeSizekb, MaxShellsPerUser, MaxConcurrentOperationsPerUser, IdleTimeout (in seconds)."""

    max_envelope_kb: int = 500
    max_shells_per_user: int = 30
    max_operations_per_user: int = 1500
    idle_timeout: float = 7200.0


class Service:
    """Answers envelopes. reads_input: says of a command line whether the process reads its standard input;
    run: runs a command, see shells.Command."""

    def __init__(
        self, machine: str, quotas: Quotas, reads_input: Callable[[str], bool], run: Callable[[Command], CommandResult | None]
    ) -> None:
        self._machine = machine
        self._quotas = quotas
        self._reads_input = reads_input
        self._run = run
        self._shells: dict[str, Shell] = {}
        self._lock = threading.Lock()

    def answer(self, data: bytes, user: str) -> tuple[int, bytes]:
        """One request of an authenticated user: the HTTP status and the response envelope."""
        message_id = ""
        try:
            if len(data) > self._quotas.max_envelope_kb * 1024:
                raise _envelope_too_large(len(data), self._quotas.max_envelope_kb)
            request = soap.parse(data)
            message_id = request.message_id
            return 200, self._dispatch(request, user, len(data))
        except soap.Fault as error:
            return 500, soap.fault(message_id, error, self._machine)

    def forget(self) -> None:
        """Drops every shell and ends their commands: the service stopped, or the machine did."""
        with self._lock:
            shells, self._shells = self._shells, {}
        for shell in shells.values():
            _terminate(shell)

    def _dispatch(self, request: soap.Request, user: str, size: int) -> bytes:
        if request.resource.lower() != soap.CMD_SHELL:
            raise _unknown_resource(request.resource)
        if request.action == _CREATE:
            return self._create(request, user)
        operations = {_DELETE: self._delete, _COMMAND: self._command, _SEND: self._send, _RECEIVE: self._receive, _SIGNAL: self._signal}
        operation = operations.get(request.action)
        if operation is None:
            raise _unknown_action(request.action)
        return operation(request, self._shell(request.shell_id, user), size)

    def _create(self, request: soap.Request, user: str) -> bytes:
        with self._lock:
            self._drop_idle()
            if sum(shell.owner == user for shell in self._shells.values()) >= self._quotas.max_shells_per_user:
                raise _too_many_shells(self._quotas.max_shells_per_user)
            shell = Shell(owner=user)
            self._shells[shell.id] = shell
        body = (
            f"<x:ResourceCreated><a:Address>http://localhost/wsman</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{soap.CMD_SHELL}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
            f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:ResourceUri>{soap.CMD_SHELL}</rsp:ResourceUri>"
            "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
        )
        return soap.respond(request, f"{soap.TRANSFER}/CreateResponse", body)

    def _delete(self, request: soap.Request, shell: Shell, _size: int) -> bytes:
        with self._lock:
            self._shells.pop(shell.id, None)
        _terminate(shell)
        return soap.respond(request, f"{soap.TRANSFER}/DeleteResponse", "")

    def _command(self, request: soap.Request, shell: Shell, size: int) -> bytes:
        line = request.body.find(f"{{{soap.SHELL}}}CommandLine")
        text = "" if line is None else line.findtext(f"{{{soap.SHELL}}}Command") or ""
        if line is None or not text:
            raise soap.Fault("Sender", "SchemaValidationError", soap.ERROR_WSMAN_SCHEMA_VALIDATION_ERROR, "The request has no command.")
        shell.operations += 1
        if shell.operations > self._quotas.max_operations_per_user:
            raise _too_many_operations(self._quotas.max_operations_per_user)
        arguments = [argument.text or "" for argument in line.iterfind(f"{{{soap.SHELL}}}Arguments")]
        full = " ".join([text, *arguments])
        command = Command(full, size, self._reads_input(full), self._run)
        shell.commands[command.id] = command
        body = f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"
        return soap.respond(request, f"{soap.SHELL}/CommandResponse", body)

    def _send(self, request: soap.Request, shell: Shell, size: int) -> bytes:
        for stream in request.body.iterfind(f"{{{soap.SHELL}}}Send/{{{soap.SHELL}}}Stream"):
            command = _find(shell, stream.get("CommandId", ""))
            command.received += size
            try:
                data = base64.b64decode(stream.text or "", validate=True)
            except binascii.Error as error:
                reason = f"The input stream is not base64: {error}."
                raise soap.Fault("Sender", "SchemaValidationError", soap.ERROR_WSMAN_SCHEMA_VALIDATION_ERROR, reason) from error
            command.feed(data, stream.get("End", "false").lower() in ("true", "1"))
        return soap.respond(request, f"{soap.SHELL}/SendResponse", "<rsp:SendResponse/>")

    def _receive(self, request: soap.Request, shell: Shell, _size: int) -> bytes:
        stream = request.body.find(f"{{{soap.SHELL}}}Receive/{{{soap.SHELL}}}DesiredStream")
        command = _find(shell, "" if stream is None else stream.get("CommandId", ""))
        output = command.read(request.operation_timeout, _RECEIVE_BYTES)
        if output is None:
            raise _timed_out()
        streams = "".join(
            f'<rsp:Stream Name="{name}" CommandId="{command.id}">{base64.b64encode(data).decode()}</rsp:Stream>'
            for name, data in (("stdout", output.stdout), ("stderr", output.stderr)) if data
        )
        done = output.exit_code is not None
        name = f"{soap.SHELL}/CommandState/{'Done' if done else 'Running'}"
        rest = f"<rsp:ExitCode>{output.exit_code}</rsp:ExitCode></rsp:CommandState>" if done else "</rsp:CommandState>"
        state = f'<rsp:CommandState CommandId="{command.id}" State="{name}">{rest}'
        return soap.respond(request, f"{soap.SHELL}/ReceiveResponse", f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>")

    def _signal(self, request: soap.Request, shell: Shell, _size: int) -> bytes:
        signal = request.body.find(f"{{{soap.SHELL}}}Signal")
        command = _find(shell, "" if signal is None else signal.get("CommandId", ""))
        command.terminate()
        shell.commands.pop(command.id, None)
        return soap.respond(request, f"{soap.SHELL}/SignalResponse", "<rsp:SignalResponse/>")

    def _shell(self, shell_id: str, user: str) -> Shell:
        shell = self._shells.get(shell_id.upper())
        if shell is None or shell.owner != user:
            raise _shell_not_found(shell_id)
        shell.used = time.monotonic()
        return shell

    def _drop_idle(self) -> None:
        oldest = time.monotonic() - self._quotas.idle_timeout
        for shell in [shell for shell in self._shells.values() if shell.used < oldest]:
            del self._shells[shell.id]
            _terminate(shell)


def _terminate(shell: Shell) -> None:
    for command in list(shell.commands.values()):
        command.terminate()


def _find(shell: Shell, command_id: str) -> Command:
    command = shell.commands.get(command_id.upper())
    if command is None:
        raise soap.Fault(
            "Sender", "InvalidSelectors", soap.ERROR_WSMAN_UNEXPECTED_SELECTORS,
            "The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. "
            "Either the command has completed execution or the client specified an invalid command identifier.",
        )
    return command


def _shell_not_found(shell_id: str) -> soap.Fault:
    return soap.Fault(
        "Sender", "InvalidSelectors", soap.ERROR_WSMAN_UNEXPECTED_SELECTORS,
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on the server. "
        "Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. "
        "Provide the correct ShellId or create a new shell and retry the operation.",
    )


def _timed_out() -> soap.Fault:
    return soap.Fault(
        "Receiver", "TimedOut", soap.ERROR_WSMAN_OPERATION_TIMEDOUT,
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
    )


def _too_many_shells(limit: int) -> soap.Fault:
    return soap.Fault(
        "Receiver", "QuotaLimit", soap.ERROR_WSMAN_QUOTA_MAX_SHELLS,
        f"The WS-Management service cannot process the request. This user is allowed a maximum number of {limit} concurrent shells, "
        "which has been exceeded. Close existing shells or raise the quota for this user.",
    )


def _too_many_operations(limit: int) -> soap.Fault:
    return soap.Fault(
        "Receiver", "InternalError", soap.ERROR_WSMAN_QUOTA_MAX_OPERATIONS,
        f"The WS-Management service cannot process the request. The maximum number of concurrent operations for this user ({limit}) "
        "has been exceeded. Close existing operations for this user, or raise the quota for this user.",
        wmi=True,
    )


def _envelope_too_large(size: int, limit_kb: int) -> soap.Fault:
    return soap.Fault(
        "Sender", "EncodingLimit", soap.ERROR_WSMAN_ENVELOPE_TOO_LARGE,
        f"The request has {size} bytes; MaxEnvelopeSizekb allows {limit_kb} KB.",
    )


def _unknown_resource(resource: str) -> soap.Fault:
    return soap.Fault(
        "Sender", "SchemaValidationError", soap.ERROR_WSMAN_SCHEMA_VALIDATION_ERROR,
        f"The rehearsal serves {soap.CMD_SHELL} only (the winrm connection); {resource or 'no resource'} was asked for.",
    )


def _unknown_action(action: str) -> soap.Fault:
    return soap.Fault(
        "Sender", "ActionNotSupported", soap.ERROR_WSMAN_SCHEMA_VALIDATION_ERROR, f"The action {action} is not supported by the service.",
    )
