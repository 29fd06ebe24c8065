# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nova-compute 28 with the compute-hyperv driver does when its service starts: it reads its configuration and writes its log.

The lines and their order are nova's own (nova/conductor/api.py, nova/virt/driver.py, nova/service.py, nova/virt/node.py,
nova/compute/manager.py and resource_tracker.py, os_vif/__init__.py). A conductor that is down is logged as one timeout.

The cluster driver waits for the cluster's CIM classes ([os_win] connect_cluster_timeout, 0: for ever) and says nothing meanwhile: its
service runs, and goes on by itself once the cluster service does (os-win 5.9, clusterutils.py and _utils.py).
"""
from __future__ import annotations

import ntpath
import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit

from ..control_plane import ControlPlane
from ..machine import Machine, Win32Error, membership
from ..machine.executables import decode
from ..machine.services import Service
from .python_environment import distributions
from .service_program import Exit, command, config_files, option, read_configuration, wrapper

# Of a nova-compute that does not say which environment it belongs to.
NOVA_VERSION = "28.3.1"
CLUSTER_DRIVER = "compute_hyperv.cluster.driver.HyperVClusterDriver"
DRIVERS = ("compute_hyperv.driver.HyperVDriver", CLUSTER_DRIVER, "hyperv.HyperVDriver")
# Ports of the lock backends that are servers (tooz).
_LOCK_PORTS = {"etcd3+http": 2379, "etcd3+https": 2379, "mysql": 3306}
_NO_CLUSTER = "os_win.exceptions.HyperVClusterException: Could not initialize cluster wmi connection."
_NO_ENDPOINT = "wmi.x_wmi: Unexpected COM Error (0x800706d9): There are no more endpoints available from the endpoint mapper."
_NOVA_COMPUTE = re.compile(r'"([^"]*nova-compute\.exe)"|(\S*nova-compute\.exe)', re.IGNORECASE)
_STUCK_INSTANCES = "Looking for unclaimed instances stuck in BUILDING status for nodes managed by this host"
_CONDUCTOR_TIMEOUT = (
    "Timed out waiting for nova-conductor.  Is it running? Or did this service start before nova-conductor?  "
    "Reattempting establishment of nova-conductor connection..."
)
# ERROR_FILE_NOT_FOUND: what the service control manager says of a service whose program is not there.
_FILE_NOT_FOUND = Win32Error(2, "The system cannot find the file specified.")


def require_program(machine: Machine, service: Service) -> None:
    """Refuses to start a service whose executable is not on the machine. Windows' own are taken to be there."""
    program = wrapper(service)
    if not re.match(r"(?i)[a-z]:\\", program) or re.match(r"(?i)c:\\windows\\", program):
        return
    if machine.files.read(program) is None and machine.files.read(f"{program}.exe") is None:
        raise _FILE_NOT_FOUND


def starter(plane: ControlPlane) -> Callable[[Machine, Service], None]:
    """A hook for started services, which make themselves known to the control plane."""

    def started(machine: Machine, service: Service) -> None:
        _carry_out(machine, service, lambda run: run.start(plane))

    return started


def resumer(plane: ControlPlane) -> Callable[[Machine, Service], None]:
    """A hook for services that wait for something: looks whether it is there now, or the patience is over."""

    def looked_at(machine: Machine, service: Service) -> None:
        _carry_out(machine, service, lambda run: run.resume(plane))

    return looked_at


def _carry_out(machine: Machine, service: Service, step: Callable[[_Run], None]) -> None:
    line = command(machine, service)
    files = config_files(line)
    if "nova-compute" not in line.lower() or not files:
        return
    try:
        step(_Run(machine, service, files, _nova_version(machine, line)))
    except _Wait as wait:
        machine.waiting[service.name] = wait.until
    except Exit as reason:
        machine.services.stop(service.name)
        machine.note(f"nova-compute: exited with code 1: {reason}")


class _Wait(Exception):
    """The program waits; until: at most to this moment (ISO 8601), empty: for ever."""

    def __init__(self, until: str) -> None:
        super().__init__(until)
        self.until = until


def _nova_version(machine: Machine, line: str) -> str:
    """The version of the nova that the command line runs. Raises Exit where its program is not there."""
    match = _NOVA_COMPUTE.search(line)
    program = (match.group(1) or match.group(2)) if match else ""
    if not ntpath.isabs(program):
        return NOVA_VERSION
    data = machine.files.read(program)
    if data is None:
        raise Exit(f"{program} is not there")
    found = decode(data, program)
    return distributions(machine, found.facts["environment"])["nova"].version if found else NOVA_VERSION


def _no_locks(scheme: str, host: str) -> str:
    """As the real compute-hyperv 15 and 16 end where nobody answers (tests/real/nova_log)."""
    if scheme == "mysql":
        return f"tooz.coordination.ToozConnectionError: (2003, \"Can't connect to MySQL server on '{host}' (timed out)\")"
    return "etcd3gw.exceptions.ConnectionFailedError"


class _Run:
    """One start of the service."""

    def __init__(self, machine: Machine, service: Service, files: list[str], version: str) -> None:
        self._version = version
        self._machine = machine
        self._files = files
        self._pid = service.pid
        self._time = service.started_at or machine.now()
        self._service = service
        self._config = read_configuration(machine, files)

    def start(self, plane: ControlPlane) -> None:
        self._log("INFO", "os_vif", "Loaded VIF plugins: noop, ovs")
        if not plane.spec.conductor:
            self._log("WARNING", "nova.conductor.api", _CONDUCTOR_TIMEOUT)
            return
        self._load_driver()
        self._go_on(plane)

    def resume(self, plane: ControlPlane) -> None:
        """Goes on where it waits for the cluster."""
        self._time = self._machine.now()
        until = self._machine.waiting.pop(self._service.name)
        if membership.settled_state(self._machine) == membership.RUNNING:
            self._go_on(plane)
        elif until and self._machine.now() >= datetime.fromisoformat(until):
            self._fail("nova", f"Unhandled error: {_NO_ENDPOINT}")
        else:
            raise _Wait(until)

    def _go_on(self, plane: ControlPlane) -> None:
        self._log("INFO", "nova.service", f"Starting compute node (version {self._version})")
        node, is_new = self._node_identity()
        self._log("INFO", "nova.compute.manager", _STUCK_INSTANCES)
        host = self._option("host") or self._machine.identity.computer_name
        name = self._machine.identity.full_name
        plane.compute_started(host, name, node, self._machine.name, self._service.name)
        if not is_new:
            return
        self._log("INFO", "nova.compute.resource_tracker", f"Compute node record created for {host}:{name} with uuid: {node}")

    def _load_driver(self) -> None:
        driver = self._option("compute_driver")
        if not driver:
            self._fail("nova.virt.driver", "Compute driver option required, but not specified")
        self._log("INFO", "nova.virt.driver", f"Loading compute driver '{driver}'")
        if driver not in DRIVERS:
            cause = f"ModuleNotFoundError: No module named 'nova.virt.{driver.rpartition('.')[0]}'"
            self._fail("nova.virt.driver", f"Unable to load the virtualization driver: {cause}")
        if driver == CLUSTER_DRIVER:
            self._start_coordination()
        if not self._machine.vmms_ready:
            self._fail("nova", r"Unhandled error: os_win.exceptions.HyperVException: the namespace root\virtualization\v2 does not answer")
        if driver == CLUSTER_DRIVER:
            self._connect_to_cluster()

    def _start_coordination(self) -> None:
        """Only the cluster driver does, before anything else (compute-hyperv, nova/driver.py); without its lock backend it ends."""
        url = urlsplit(option(self._config, "coordination", "backend_url") or "file:")
        if url.scheme == "file":
            return
        if url.scheme not in _LOCK_PORTS:
            self._fail("nova", f"Unhandled error: the rehearsal does not know the lock backend {url.scheme}")
        host, port = url.hostname or "", url.port or _LOCK_PORTS[url.scheme]
        address = self._machine.resolve(host)
        if address is None or not self._machine.reaches(address, port):
            self._fail("nova", f"Unhandled error: {_no_locks(url.scheme, host)}")

    def _connect_to_cluster(self) -> None:
        state = membership.settled_state(self._machine)
        if state == membership.NOT_INSTALLED:
            self._fail("nova", f"Unhandled error: {_NO_CLUSTER}")
        if state != membership.RUNNING:
            seconds = float(option(self._config, "os_win", "connect_cluster_timeout") or 0)
            raise _Wait((self._time + timedelta(seconds=seconds)).isoformat() if seconds else "")

    def _node_identity(self) -> tuple[str, bool]:
        """The node's UUID, and whether this is its first start (only then does nova make a record of it)."""
        state_path = self._option("state_path")
        if not state_path:
            self._fail("nova", "Unhandled error: the rehearsal wants state_path set: nova's default is a folder of its Python environment")
        for folder in [*(ntpath.dirname(path) for path in self._files), state_path]:
            path = ntpath.join(folder, "compute_id")
            content = self._machine.files.read(path)
            if content is not None:
                node = content.decode().strip()
                self._log("INFO", "nova.virt.node", f"Determined node identity {node} from {path}")
                return node, False
        node = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"compute_id.{self._machine.name}"))
        path = ntpath.join(state_path, "compute_id")
        self._log("INFO", "nova.virt.node", f"Generated node identity {node}")
        try:
            self._machine.files.write(path, node.encode())
        except FileNotFoundError:
            cause = f"Unable to write uuid to {path}: No such file or directory"
            self._fail("nova", f"Unhandled error: nova.exception.InvalidNodeConfiguration: Invalid node identity configuration: {cause}")
        self._log("INFO", "nova.virt.node", f"Wrote node identity {node} to {path}")
        return node, True

    def _option(self, name: str) -> str:
        return option(self._config, "DEFAULT", name)

    def _fail(self, logger: str, message: str) -> NoReturn:
        self._log("CRITICAL" if logger == "nova" else "ERROR", logger, message)
        raise Exit(message)

    def _log(self, level: str, logger: str, message: str) -> None:
        """Appends to log_dir\\log_file as oslo.log does; without a log file nova writes to stderr, which a service has not."""
        name = self._option("log_file") or ("nova-compute.log" if self._option("log_dir") else "")
        if not name:
            return
        path = ntpath.join(self._option("log_dir"), name)
        self._time += timedelta(milliseconds=1)
        stamp = self._time.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        line = f"{stamp} {self._pid} {level} {logger} [-] {message}\r\n".encode()
        try:
            self._machine.files.write(path, (self._machine.files.read(path) or b"") + line)
        except FileNotFoundError:
            raise Exit(f"the log folder of {path} does not exist") from None
