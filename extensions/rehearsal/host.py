# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One simulated server: power, listeners, and the remote calls that it carries out one after the other."""
from __future__ import annotations

import json
import ssl
import threading
import time
import traceback
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from . import payload, scripts
from .become import BecomeFailure, becoming, connected
from .control_plane import ControlPlane
from .faults import Faults, Interrupted
from .journal import Entry, Journal
from .lab import HostLab, Latency
from .machine import Machine, Win32Error, membership
from .machine.caller import Caller, calling
from .machine.clusters import Clusters
from .machine.directory import Directory
from .modules import registry
from .modules.arguments import ModuleFailure, parse
from .powershell.errors import NOT_MODELLED, PowerShellError
from .server import Listener, password_check
from .software import neutron_agent, nova_compute
from .store import Store, read_json, write_json
from .watch import Watch
from .wsman.service import Service
from .wsman.shells import Command, CommandResult

# Windows needs a moment to go down, in which the command that asked for it ends.
_SHUTDOWN_TAKES = 0.3


class Host:
    """A server of a running lab. Its state is read from the store, or built from the lab where there is none."""

    def __init__(
        self, lab: HostLab, control_plane: ControlPlane, latency: Latency, store: Store, directory: Directory | None = None,
        clusters: Clusters | None = None,
    ) -> None:
        self.name = lab.name
        self.journal = Journal(store.journal(lab.name))
        self.faults = Faults(store.faults(lab.name))
        self.environment = _environment(lab.access.user)
        self.machine = self._load(lab, store)
        if directory is not None:
            self.machine.directory = directory
            self._remember_account()
        if clusters is not None:
            self.machine.clusters = clusters
        self.machine.hooks.service_starting.append(nova_compute.require_program)
        self.machine.hooks.service_started.append(nova_compute.starter(control_plane))
        self.machine.hooks.service_started.append(neutron_agent.starter(control_plane))
        self.machine.hooks.service_waiting.append(nova_compute.resumer(control_plane))
        self._lab = lab
        self._switched_off = store.off(lab.name)
        self._latency = latency
        self._store = store
        self._lock = threading.Lock()
        self._reboots = self.machine.reboots
        self._away_until = 0.0
        self._reboot_timer: threading.Timer | None = None
        self._service = Service(self.machine.identity.computer_name, lab.access.quotas, payload.reads_input, self._run)
        self._listeners: list[Listener] = []
        if clusters is not None:
            clusters.peers.add(self.machine, self._on_the_network)
        self._save()

    def listen(self, port: int, tls: ssl.SSLContext | None = None) -> Listener:
        """Opens a port (0: a free one), with TLS where a context is given. OSError where it is taken."""
        access = self._lab.access
        authenticate = password_check({access.user: access.password})
        listener = Listener(access.address, port, self._answer, authenticate, self._reachable, tls)
        self._listeners.append(listener)
        return listener

    def stop(self) -> None:
        """Closes the listeners and saves. A reboot that was scheduled and had not begun is forgotten, as with a power cut."""
        self.abort_reboot()
        self._service.forget()
        for listener in self._listeners:
            listener.close()
        with self._lock:
            self._save()

    def schedule_reboot(self, seconds: float) -> bool:
        """As `shutdown.exe /r /t SECONDS`; False where a reboot is scheduled already. The caller gets its answer before that."""
        if self._reboot_timer is not None:
            return False
        delay = max(_SHUTDOWN_TAKES, min(seconds, self._lab.shutdown_delay))
        self._reboot_timer = threading.Timer(delay, self._reboot_as_scheduled)
        self._reboot_timer.daemon = True
        self._reboot_timer.start()
        return True

    def abort_reboot(self) -> bool:
        """As `shutdown.exe /a`; False where none is scheduled."""
        timer, self._reboot_timer = self._reboot_timer, None
        if timer is None:
            return False
        timer.cancel()
        return True

    @property
    def has_power(self) -> bool:
        """What the switch says; the machine follows when somebody looks."""
        return not self._switched_off.exists()

    def switch(self, on: bool) -> None:
        """Its power. It is switched off as by pulling the plug; what runs on it is never heard of again."""
        if on:
            self._switched_off.unlink(missing_ok=True)
        else:
            self._switched_off.touch()
        self._follow_switch()

    def _follow_switch(self) -> None:
        """The switch is a file, so that the command line reaches it. Other machines look here, so nobody waits for the lock."""
        if self.has_power == self.machine.powered or not self._lock.acquire(blocking=False):
            return
        try:
            if self.machine.powered:
                self.machine.power_off()
                self._disconnect()
                self._save()
            else:
                self.machine.power_on()
                self._note_reboots("power on")
        finally:
            self._lock.release()

    def _on_the_network(self) -> bool:
        """As other machines see it."""
        self._follow_switch()
        return self.has_power and time.monotonic() >= self._away_until

    def _reboot_as_scheduled(self) -> None:
        with self._lock:
            self._reboot_timer = None
            self._reboot(0)

    def _reboot(self, seconds: float, in_good_order: bool = True) -> None:
        """Goes down now and is back no earlier than in so many seconds. The lock is held."""
        self.machine.reboot(in_good_order)
        self._away(seconds)
        self._note_reboots("reboot")

    def _note_reboots(self, name: str) -> None:
        if self.machine.reboots == self._reboots:
            return
        self._reboots = self.machine.reboots
        self.machine.registry.create(scripts.LOGON_UI_KEY)
        self.journal.append(Entry(time=_now(), kind="power", name=name, changes=list(self.machine.changes)))
        self.machine.changes.clear()
        self._save()
        self._disconnect()

    def _away(self, seconds: float) -> None:
        self._away_until = max(self._away_until, time.monotonic() + seconds)

    def _disconnect(self) -> None:
        self._service.forget()
        for listener in self._listeners:
            listener.cut()

    def _reachable(self) -> bool:
        """Whether the network reaches the host now. A call that is under way keeps the machine's own clockwork waiting."""
        if not self._on_the_network():
            return False
        if not self._lock.acquire(blocking=False):
            return True
        try:
            up = self.machine.up and self.machine.uplink.reachable
            self._note_reboots("second reboot")
            return up
        finally:
            self._lock.release()

    def _load(self, lab: HostLab, store: Store) -> Machine:
        saved = read_json(store.machine(lab.name))
        if saved is not None:
            return Machine.load(lab.name, lab.spec, saved)
        machine = Machine.build(lab.name, lab.spec)
        machine.registry.create(scripts.LOGON_UI_KEY)
        machine.files.make_folder(self.environment["TEMP"])
        machine.changes.clear()
        for fault in lab.faults:
            self.faults.arm(fault)
        return machine

    def _remember_account(self) -> None:
        """The domain keeps nothing on disk of its own: its members' state tells which accounts it has."""
        identity, directory = self.machine.identity, self.machine.directory
        domain = identity.domain if identity.pending_domain is None else identity.pending_domain
        if domain and domain.lower() == directory.spec.dns_name.lower():
            directory.add(identity.pending_name or identity.computer_name)

    def _answer(self, body: bytes, user: str) -> tuple[int, bytes]:
        time.sleep(self._latency.request)
        return self._service.answer(body, user)

    def _save(self) -> None:
        write_json(self._store.machine(self.name), self.machine.dump())

    def _run(self, command: Command) -> CommandResult | None:
        """Carries out one remote call; None where the process did not live to answer."""
        started = time.monotonic()
        entry = Entry(time=_now(), payload_bytes=len(command.line) + len(command.input), wire_bytes=command.received)
        watch = Watch(self.machine, self.faults, entry, command.terminated, self._lock)
        with self._lock:
            if command.terminated.is_set():
                return None
            time.sleep(self._latency.process)
            self.machine.uplink.take_cut()
            result: CommandResult | None = None
            try:
                membership.obey(self.machine)
                result = self._perform(command, entry, watch)
            except Interrupted as reason:
                entry.error = str(reason)
            except Exception as error:
                # A client would wait for ever for a process that nobody can see the end of.
                traceback.print_exc()
                entry.error = f"the rehearsal broke: {type(error).__name__}: {error}"
                result = _refused(f"The rehearsal itself broke ({type(error).__name__}); daemon.log in its state directory says where.")
            watch.collect_changes()
            entry.seconds = round(time.monotonic() - started, 4)
            self.journal.append(entry)
            self._save()
            if not self.has_power:
                return None
            if watch.power_cycle is not None:
                self._reboot(watch.power_cycle, in_good_order=False)
                return None
            # The process ran on to its end, but its answer goes over a network that is gone.
            cut = self.machine.uplink.take_cut()
        if watch.drop is not None or cut:
            self._away(watch.drop or 0)
            self._disconnect()
            return None
        return result

    def _perform(self, command: Command, entry: Entry, watch: Watch) -> CommandResult:
        try:
            what = payload.decode(command.line, command.input)
            if isinstance(what, payload.ModuleCall):
                return self._module(what, entry, watch)
            script = scripts.recognise(what)
        except payload.NotUnderstood as error:
            entry.error = f"{NOT_MODELLED}: {error}"
            return _refused(f"The rehearsal does not know {error}.")
        entry.kind, entry.name = "script", script.name
        session = scripts.Session(self.machine, self.environment, self.schedule_reboot, self.abort_reboot)
        return watch.around(script.name, lambda: script.run(session))

    def _module(self, call: payload.ModuleCall, entry: Entry, watch: Watch) -> CommandResult:
        entry.kind, entry.name, entry.check_mode = "module", call.name, call.check_mode
        entry.become = call.become.user if call.become else ""
        model = registry.find(call.name)
        if model is None:
            raise payload.NotUnderstood(f"the module {call.name}; rehearsal/modules holds the modules that are known")
        entry.name = model.name
        try:
            with calling(self._caller(call.become)):
                return self._carry_out(model, call, entry, watch)
        except BecomeFailure as failure:
            entry.error = str(failure)
            return _json({"failed": True, "msg": str(failure)}, 1)

    def _caller(self, become: payload.Become | None) -> Caller:
        access = self._lab.access
        return connected(self.machine, access.user) if become is None else becoming(self.machine, (access.user, access.password), become)

    def _carry_out(self, model: registry.ModuleModel, call: payload.ModuleCall, entry: Entry, watch: Watch) -> CommandResult:
        try:
            params = parse(model.name.rpartition(".")[2], model.spec, call.args, self.environment)
            context = registry.Context(self.machine, params, call.check_mode, call.diff, watch, watch.sleep)
            if model.name == registry.BATCH_MODULE:
                result = model.function(context)
            else:
                time.sleep(self._latency.compile)
                result = watch.around(model.name, lambda: model.function(context))
        except ModuleFailure as failure:
            entry.error = failure.message
            return _json({"changed": False, **failure.result, "failed": True, "msg": failure.message}, 1)
        except PowerShellError as error:
            # The rehearsal's own refusal, from a part that modules and cmdlets share.
            entry.error = str(error)
            return _refused(error.message)
        except (PermissionError, Win32Error) as error:
            # A share that does not let the caller in, or is out of reach: what .NET throws passes through the module.
            cause = error.message if isinstance(error, Win32Error) else f"Access to the path '{error}' is denied."
            entry.error = f"Unhandled exception while executing module: {cause}"
            return _json({"changed": False, "failed": True, "msg": entry.error}, 1)
        return _json(result, 0)


def _environment(user: str) -> dict[str, str]:
    """The variables of the remote user's processes that paths are made of."""
    home = f"C:\\Users\\{user.rpartition(chr(92))[2].partition('@')[0]}"
    return {
        "USERPROFILE": home, "APPDATA": rf"{home}\AppData\Roaming", "LOCALAPPDATA": rf"{home}\AppData\Local",
        "TEMP": rf"{home}\AppData\Local\Temp", "TMP": rf"{home}\AppData\Local\Temp", "PUBLIC": r"C:\Users\Public",
        "SystemDrive": "C:", "SystemRoot": r"C:\Windows", "windir": r"C:\Windows", "ProgramData": r"C:\ProgramData",
        "ProgramFiles": r"C:\Program Files", "ProgramFiles(x86)": r"C:\Program Files (x86)",
    }


def _json(result: Mapping[str, Any], exit_code: int) -> CommandResult:
    return CommandResult(exit_code, json.dumps(result).encode() + b"\r\n")


def _refused(message: str) -> CommandResult:
    """A refusal that a module's caller reads as a failed module and a script's caller as a failed script."""
    result = {"failed": True, "changed": False, "msg": message, "rehearsal": NOT_MODELLED}
    return CommandResult(1, json.dumps(result).encode() + b"\r\n", message.encode() + b"\r\n")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
