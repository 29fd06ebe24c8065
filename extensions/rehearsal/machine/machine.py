# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated Windows server: its parts, and what happens to all of them at a reboot."""
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ..powershell.errors import not_modelled
from ..powershell.registry import MODELS
from . import boot, cluster_storage, membership, pending, setup, spaces
from .accounts import ADMINISTRATORS, BUILT_IN_SERVICES, LOCAL_SERVICE, Accounts
from .caller import SYSTEM, Caller, calling, current
from .catalogue import INBOX_MODULES, MODULE_FEATURES, FeatureInfo
from .certificates import CertificateStore
from .clusters import Clusters
from .directory import DOMAIN_ADMINS, Directory, DirectorySpec
from .drivers import DriverStore
from .features import Change, Features
from .files import FileStore
from .firewall import Firewall
from .guardian import Guardians, HgsClient
from .hyperv import HyperV, obstacles
from .identity import Identity
from .mounts import Files, Place
from .pci import PciDevices
from .peers import Peers
from .registry import Registry, normalise
from .services import Service, Services
from .shared_luns import SharedLuns
from .shares import FileServers
from .smb import SmbClient
from .spec import HostSpec
from .storage import Storage
from .switches import Uplink
from .tasks import ScheduledTasks
from .witness import CloudAccount

Hook = Callable[["Machine", Service], None]
# What keeps its own state, in the order in which it is read back.
_PARTS = (
    "registry", "features", "services", "files", "pci", "drivers", "storage", "hyperv", "smb", "certificates", "hgs", "accounts", "tasks",
)


@dataclass
class Hooks:
    """service_starting may raise Win32Error, which makes the start fail; service_started runs after every start, also at boot;
    service_waiting whenever somebody looks at the machine, for the services in Machine.waiting that run."""

    service_starting: list[Hook] = field(default_factory=list)
    service_started: list[Hook] = field(default_factory=list)
    service_waiting: list[Hook] = field(default_factory=list)


def utc() -> datetime:
    return datetime.now(timezone.utc)


class Machine:
    """One server. `changes` collects a line for each thing that changed; whoever reports them empties it.

    Time passes by `now`. Nothing happens in the background: what a moment brings (a service that becomes Running, vmms that answers, a
    second reboot) is worked out when somebody looks.
    """

    def __init__(self, name: str, spec: HostSpec, now: Callable[[], datetime] = utc) -> None:
        self.name = name
        self.spec = spec
        self.now = now
        # How whoever runs the machine lets time pass; a test with a clock of its own replaces it.
        self.sleep: Callable[[float], None] = time.sleep
        self.changes: list[str] = []
        self.hooks = Hooks()
        # The domain that this machine's network reaches; whoever runs several machines gives all of them the same.
        self.directory = Directory(DirectorySpec())
        # The machines and the failover clusters of the lab, likewise; cluster_id: the cluster that this machine is configured for.
        self.clusters = Clusters(Peers())
        self.cluster_id = ""
        self.powered = True
        # Services whose program waits for something, with the moment (ISO 8601) until which it does; empty: for ever.
        self.waiting: dict[str, str] = {}
        self.identity = Identity((spec.computer_name or name).upper(), spec.domain, spec.workgroup)
        self.registry = Registry()
        drives = tuple(disk.letter for disk in spec.hardware.disks if disk.letter)
        # The file servers that it reaches, and the disks that others see as well, likewise.
        self.file_servers = FileServers((), now)
        self.shared_luns = SharedLuns((), (), now)
        self.cloud_accounts: tuple[CloudAccount, ...] = ()
        self.guardians = Guardians()
        self.files = Files(FileStore(drives, now), self._elsewhere, lambda path: cluster_storage.folders(self, path))
        self.services = Services(self.registry, now, spec.timing.service_start_seconds, self.note)
        self.accounts = Accounts(self.identity.computer_name, spec.accounts, self.note)
        self.accounts.domain_user = self._domain_user
        self.services.starting.append(self.accounts.log_on)
        self.services.starting.append(lambda service: self._call(self.hooks.service_starting, service))
        self.services.starting.append(lambda service: membership.check_start(self, service))
        self.services.started.append(self._service_started)
        self.services.stopping.append(lambda service: membership.stopping(self, service))
        quiet = () if spec.features.multipath_restart_needed else ("Multipath-IO",)
        self.features = Features(spec.features.installed, spec.features.removed, quiet, self.note)
        assigned = {path: vm.name for vm in spec.virtual_machines for path in vm.devices}
        self.pci = PciDevices(spec.hardware.pci, assigned, self.note)
        self.drivers = DriverStore(self.pci, self.registry, spec.os.build, self.note)
        self.storage = Storage(name, self.registry, spec.hardware.disks, spec.storage, self.note)
        self.storage.shared = lambda: self.shared_luns.seen_by(name)
        self.storage.cluster_role = lambda content: cluster_storage.role(self, content)
        self.storage.pool_members = lambda: spaces.members(self)
        self.storage.shared_changed = self._save_shared
        self.hyperv = HyperV(name, spec, self.note)
        self.uplink = Uplink(spec.uplink, lambda: self.hyperv.switches, now)
        self.tasks = ScheduledTasks(now, self.note)
        self.firewall = Firewall(self.registry, self.note)
        self.smb = SmbClient(spec.smb, spec.os.version, self.note)
        self.certificates = CertificateStore(self.note)
        self.hgs = HgsClient(self.note)
        self.boot_time = now()
        self.reboots = 0
        self.resyncs_refused = 0
        self._second_reboot_at: datetime | None = None

    @classmethod
    def build(cls, name: str, spec: HostSpec, now: Callable[[], datetime] = utc) -> Machine:
        """A machine as it comes out of the box, up since an hour."""
        machine = cls(name, spec, now)
        machine.boot_time = now() - timedelta(hours=1)
        setup.seed_registry(machine.registry, spec)
        setup.seed_services(machine.services, spec)
        setup.seed_time(machine.registry, spec)
        setup.seed_files(machine.files, spec)
        setup.seed_names(machine.registry, machine.identity.computer_name)
        machine.drivers.seed()
        for feature in setup.FEATURE_SERVICES:
            if machine.features.in_effect(feature):
                boot.bring(machine, feature)
        boot.start_services(machine)
        pending.mark(machine.registry, machine.features.restart_announced(), spec.pending)
        machine.changes.clear()
        return machine

    def note(self, line: str) -> None:
        """Records a change. Never with a secret in it."""
        self.changes.append(line)

    # Who asks, and who else is there

    @property
    def caller(self) -> Caller:
        """As whom the call runs that is carried out now; without one, as a network logon of the built-in administrator."""
        return current() or Caller(f"{self.identity.computer_name}\\Administrator")

    @property
    def peers(self) -> Peers:
        return self.clusters.peers

    @property
    def in_lab_domain(self) -> bool:
        """Whether it is a member of the lab's domain."""
        return bool(self.identity.domain) and self.identity.domain.lower() == self.directory.spec.dns_name.lower()

    @property
    def network_account(self) -> str | None:
        """The account as which its own services, and SYSTEM, are seen by other machines."""
        return f"{self.directory.spec.netbios_name}\\{self.identity.computer_name}$" if self.in_lab_domain else None

    def is_administrator(self, account: str) -> bool:
        """Whether an account (local, or of the domain) is in this machine's group Administrators."""
        if account == SYSTEM or account.lower().startswith(f"{self.identity.computer_name.lower()}\\"):
            return True
        members = [self.accounts.name_of(sid) or "" for sid in self.accounts.groups[ADMINISTRATORS]]
        user = self.directory.find_user(account) if self.in_lab_domain else None
        if user is None:
            return account.lower() in (name.lower() for name in members)
        return DOMAIN_ADMINS in user.groups or user in [self.directory.find_user(name) for name in members]

    def _domain_user(self, text: str) -> str | None:
        user = self.directory.find_user(text) if self.in_lab_domain else None
        return self.directory.account(user) if user is not None else None

    # What it is

    @property
    def os_version(self) -> str:
        return self.spec.os.version

    @property
    def hypervisor_running(self) -> bool:
        """Win32_ComputerSystem.HypervisorPresent."""
        return self.spec.hardware.hypervisor_present or (self.features.in_effect("Hyper-V") and not obstacles(self.spec))

    @property
    def virtualization_based_security(self) -> int:
        """Win32_DeviceGuard's status. HostGuardian switches it on (guarded-fabric-guarded-host-prerequisites.md)."""
        return 2 if self.features.in_effect("HostGuardian") else self.spec.hardware.virtualization_based_security

    def module_available(self, module: str) -> bool:
        """Whether the PowerShell module's commands resolve now."""
        name = module.lower()
        if name in INBOX_MODULES:
            return True
        feature = MODULE_FEATURES.get(name)
        if feature is None:
            raise not_modelled(f"the PowerShell module {module}", "say in machine/catalogue.py which feature brings it")
        return self.features.installed(feature)

    @property
    def vmms_ready(self) -> bool:
        """The Hyper-V cmdlets and root\\virtualization\\v2 answer."""
        vmms = self.services.find("vmms")
        if vmms is None or vmms.started_at is None or not self.hypervisor_running:
            return False
        return self.now() >= vmms.started_at + timedelta(seconds=self.spec.timing.vmms_ready_seconds)

    @property
    def multipath_running(self) -> bool:
        return self.features.in_effect("Multipath-IO") and self.services.get("mpio").run is not None

    def knows_key(self, key: str) -> bool:
        """Whether the absence of this registry key means anything: it lies in a part of the registry that is modelled."""
        return self.registry.exists(key) or setup.knows_key(normalise(key))

    # The network and what is reached over it

    def resolve(self, host: str) -> str | None:
        """The address of a name, None for one that nobody has."""
        return self.spec.network.resolve(host) or self.file_servers.resolve(host) or self.guardians.resolve(host)

    def reaches(self, address: str, port: int) -> bool:
        others = (self.spec.network, self.file_servers, self.guardians)
        return any(other.answers(address, port) for other in others)

    def _save_shared(self) -> None:
        """The disks of the lab as they are by then: whoever runs the machine gives it others than it was made with."""
        self.shared_luns.save()

    def _elsewhere(self, path: str, write: bool) -> Place | None:
        """Where a path lies that is not on a drive of its own."""
        if not path.startswith("\\\\"):
            return cluster_storage.place(self, path)
        if self.peers.find(path.lstrip("\\").partition("\\")[0]) is not None:
            raise not_modelled(f"the network path {path} on a host of the lab", "extend _elsewhere in rehearsal/machine/machine.py")
        identities = self.directory.identities(self.caller.network)
        connection = self.file_servers.connects(path, identities)
        if connection is not None:
            self.smb.connected(*connection, user=self.caller.user, credential=self.caller.network or "")
        return self.file_servers.place(path, identities, write)

    # Features

    def install_features(self, features: list[FeatureInfo], source: bool = False) -> Change:
        change = self.features.install(features, source)
        for feature in change.features:
            if self.features.in_effect(feature.name) or (feature.name == "Multipath-IO" and self.features.installed(feature.name)):
                boot.bring(self, feature.name)
        pending.mark(self.registry, self.features.restart_announced(), ())
        return change

    def uninstall_features(self, features: list[FeatureInfo]) -> Change:
        change = self.features.uninstall(features)
        boot.drop_absent(self)
        pending.mark(self.registry, self.features.restart_announced(), ())
        return change

    @property
    def reboot_pending(self) -> bool:
        """Whether Windows says so. It does not say so for everything that waits for one."""
        identity = self.identity
        return pending.is_marked(self.registry) or bool(identity.pending_name) or identity.pending_domain is not None

    # Names

    def rename(self, computer_name: str) -> None:
        self.identity.pending_name = computer_name.upper()
        self.registry.set(setup.PENDING_NAME, "ComputerName", computer_name.upper()[:15], "String")
        self.registry.set(setup.TCPIP, setup.PENDING_HOST_NAME, computer_name.upper(), "String")
        self.note(f"computer name {computer_name} from the next restart on")

    def join(self, domain: str) -> None:
        """Joins a domain, or leaves it for the workgroup with an empty name."""
        self.identity.pending_domain = domain
        for name in setup.PENDING_JOIN if domain else ():
            self.registry.create(rf"{setup.NETLOGON}\{name}")
        self.note(f"domain {domain or '(none)'} from the next restart on")

    # Power

    @property
    def booted(self) -> bool:
        """Whether it has power and has finished booting. Changes nothing, so that other machines may ask."""
        return self.powered and self.now() >= self.boot_time

    @property
    def up(self) -> bool:
        """As `booted`, after what was due has happened."""
        self.settle()
        return self.booted

    def settle(self) -> None:
        """Lets happen what is due: orders of its cluster, scheduled tasks, and the second reboot that the Hyper-V role may do on its own
        (hyperv-host.md 2.4)."""
        if not self.powered:
            return
        due = self._second_reboot_at
        if due is not None and self.now() >= due:
            self._second_reboot_at = None
            self.note("restarting once more to finish the Hyper-V role")
            self._restart(due)

        for task in self.tasks.start_due():
            model = MODELS.programs.get(task.program.rpartition("\\")[2].lower())
            if model is None:
                raise not_modelled(f"the program {task.program}", "add a model in rehearsal/programs")
            self.tasks.ended(task, model.function(self, [task.argument]).exit_code)
        if self.booted:
            membership.obey(self)
            self._look_at_the_waiting()

    def _look_at_the_waiting(self) -> None:
        for name in list(self.waiting):
            service = self.services.find(name)
            if service is None or service.run is None:
                del self.waiting[name]
                continue
            self._call(self.hooks.service_waiting, service)

    def reboot(self, in_good_order: bool = True) -> None:
        """Goes down now and is up again after timing.reboot_seconds; everything that waited for a reboot happens. in_good_order: not by a
        loss of power."""
        if in_good_order:
            self.clusters.leaving(self)
        self.note("restarting")
        self._second_reboot_at = None
        self._restart(self.now())

    def power_off(self) -> None:
        """Loses power and stays away until power_on."""
        self.powered = False
        self.note("power off")

    def power_on(self) -> None:
        """Boots."""
        self.powered = True
        self.note("power on")
        self.reboot(in_good_order=False)

    def _restart(self, at: datetime) -> None:
        self.reboots += 1
        self.boot_time = at + timedelta(seconds=self.spec.timing.reboot_seconds)
        fresh = boot.boot(self)
        if "Hyper-V" in fresh and self.spec.timing.second_reboot:
            self._second_reboot_at = self.boot_time + timedelta(seconds=self.spec.timing.second_reboot_seconds)
        if fresh:
            self.note(f"features in effect: {', '.join(fresh)}")

    def _service_started(self, service: Service) -> None:
        name = service.name.lower()
        if name == "vmms":
            self.hyperv.vmms_started()
        if name == "w32time":
            self.resyncs_refused = 0
        cluster_storage.service_started(self, service)
        self._call(self.hooks.service_started, service)

    def _call(self, hooks: list[Hook], service: Service) -> None:
        with calling(self.service_caller(service)):
            for hook in hooks:
                hook(self, service)

    def service_caller(self, service: Service) -> Caller:
        """As whom a service runs. Other machines see its account, and the computer's for Windows' own ones (ad-and-cluster.md 4)."""
        known = self.accounts.find(service.account)
        if known is None or known.sid not in BUILT_IN_SERVICES:
            return Caller(service.account, self._domain_user(service.account))
        return Caller(known.name, None if known.sid == LOCAL_SERVICE else self.network_account)

    # State

    def dump(self) -> dict[str, Any]:
        """Everything that a run can change, as JSON-able data."""
        identity = self.identity
        return {
            "identity": [identity.computer_name, identity.domain, identity.workgroup, identity.pending_name, identity.pending_domain],
            "boot_time": self.boot_time.isoformat(),
            "powered": self.powered,
            "cluster_id": self.cluster_id,
            "waiting": self.waiting,
            "reboots": self.reboots,
            "resyncs_refused": self.resyncs_refused,
            "second_reboot_at": self._second_reboot_at.isoformat() if self._second_reboot_at else None,
            **{name: getattr(self, name).dump() for name in _PARTS},
        }

    @classmethod
    def load(cls, name: str, spec: HostSpec, data: dict[str, Any], now: Callable[[], datetime] = utc) -> Machine:
        """The machine as `dump` left it, on the same spec."""
        machine = cls(name, spec, now)
        machine.identity = Identity(*data["identity"])
        machine.boot_time = datetime.fromisoformat(data["boot_time"])
        machine.powered = data["powered"]
        machine.cluster_id = data["cluster_id"]
        machine.waiting = dict(data["waiting"])
        machine.reboots = data["reboots"]
        machine.resyncs_refused = data["resyncs_refused"]
        second = data["second_reboot_at"]
        machine._second_reboot_at = datetime.fromisoformat(second) if second else None
        for part in _PARTS:
            getattr(machine, part).load(data[part])
        return machine
