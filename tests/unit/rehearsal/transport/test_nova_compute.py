# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated nova-compute logs nova's milestones in nova's order. Oracle: nova-and-driver facts section 10, the nova 28 sources."""
from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from rehearsal.control_plane import ControlPlane, read_control_plane
from rehearsal.machine import HostSpec, Machine, Win32Error
from rehearsal.machine.executables import Executable
from rehearsal.machine.fields import Fields
from rehearsal.software import nova_compute

from tests.unit.rehearsal.cmdlets.labs import FEATURES, Lab

FOLDER = r"C:\OpenStack"
CONFIG = {
    "compute_driver": "compute_hyperv.driver.HyperVDriver", "log_dir": FOLDER, "log_file": "nova-compute.log", "state_path": FOLDER,
}
FIRST_START = [
    "Loaded VIF plugins", "Loading compute driver 'compute_hyperv.driver.HyperVDriver'", r"Starting compute node \(version 28",
    "Generated node identity",
    r"Wrote node identity \S+ to C:\\OpenStack\\compute_id",
    r"INFO nova\.compute\.manager .*Looking for unclaimed instances stuck in BUILDING status for nodes managed by this host",
    "Compute node record created for HV01:HV01 with uuid:",
]


def machine(conductor: bool = True, hyperv: bool = True) -> Machine:
    features = {"installed": ["Hyper-V"]} if hyperv else {}
    spec = HostSpec.from_mapping({"os": {"version": "2022"}, "features": features, "timing": {"vmms_ready_seconds": 0}}, "lab.hosts.hv01")
    made = Machine.build("hv01", spec)
    prepare(made, conductor)
    return made


def prepare(made: Machine, conductor: bool = True) -> None:
    """Installs the service."""
    made.hooks.service_starting.append(nova_compute.require_program)
    plane = read_control_plane(Fields({"conductor": "up" if conductor else "down"}, "lab.control_plane"))
    known = ControlPlane(plane, Path(tempfile.mkdtemp()) / "control_plane.json", lambda host, service: True)
    made.hooks.service_started.append(nova_compute.starter(known))
    made.hooks.service_waiting.append(nova_compute.resumer(known))
    made.files.make_folder(FOLDER)
    made.files.write(rf"{FOLDER}\OpenStackService.exe", b"")
    made.services.create("nova-compute", rf'"{FOLDER}\OpenStackService.exe" nova-compute "x.exe" --config-file "{FOLDER}\nova.conf"')


def configure(made: Machine, sections: str = "", **changes: str | None) -> None:
    options = {name: value for name, value in {**CONFIG, **changes}.items() if value is not None}
    text = "[DEFAULT]\r\n" + "".join(f"{name} = {value}\r\n" for name, value in options.items())
    made.files.write(rf"{FOLDER}\nova.conf", (text + sections).encode())


def log(made: Machine) -> list[str]:
    return (made.files.read(rf"{FOLDER}\nova-compute.log") or b"").decode().splitlines()


def matches(lines: list[str], wanted: list[str]) -> bool:
    return len(lines) == len(wanted) and all(re.search(pattern, line) for pattern, line in zip(wanted, lines, strict=True))


def test_the_first_start() -> None:
    made = machine()
    configure(made)
    made.services.start("nova-compute")
    assert matches(log(made), FIRST_START)
    assert made.services.get("nova-compute").state == "Running"
    assert re.fullmatch(rb"[0-9a-f-]{36}", made.files.read(rf"{FOLDER}\compute_id") or b"")


def test_a_later_start_knows_the_node() -> None:
    made = machine()
    configure(made)
    made.services.start("nova-compute")
    identity = made.files.read(rf"{FOLDER}\compute_id")
    made.services.restart("nova-compute")
    assert matches(log(made), [*FIRST_START, *FIRST_START[:3], "Determined node identity", FIRST_START[5]])
    assert made.files.read(rf"{FOLDER}\compute_id") == identity


def test_the_service_runs_while_the_conductor_is_down_and_has_not_looked_at_the_driver() -> None:
    made = machine(conductor=False)
    configure(made, compute_driver="nonsense")
    made.services.start("nova-compute")
    assert matches(log(made), ["Loaded VIF plugins", "Timed out waiting for nova-conductor"])
    assert made.services.get("nova-compute").state == "Running"


@pytest.mark.parametrize(("changes", "hyperv", "says"), [
    ({"compute_driver": "hyperv.NoSuchDriver"}, True, "Unable to load the virtualization driver"),
    ({"compute_driver": None}, True, "Compute driver option required, but not specified"),
    ({}, False, r"root\\virtualization\\v2"),
    ({"state_path": r"C:\missing"}, True, "Unable to write uuid"),
])
def test_nova_that_cannot_start_ends_and_says_why(changes: dict[str, Any], hyperv: bool, says: str) -> None:
    made = machine(hyperv=hyperv)
    configure(made, **changes)
    made.services.start("nova-compute")
    assert re.search(says, log(made)[-1])
    assert made.services.get("nova-compute").state == "Stopped"


CLUSTERED = {"compute_driver": "compute_hyperv.cluster.driver.HyperVClusterDriver"}
BEFORE_THE_CLUSTER = ["Loaded VIF plugins", "Loading compute driver 'compute_hyperv.cluster.driver.HyperVClusterDriver'"]


def clustered(features: list[str] | None = None, **spec: Any) -> tuple[Lab, Machine]:
    lab = Lab(2, features={"installed": ["Hyper-V"] if features is None else features}, **spec)
    made = lab["hv01"].machine
    prepare(made)
    return lab, made


def form(lab: Lab) -> None:
    with lab.call("hv01") as host:
        host.rows("New-Cluster", Name="CL1", Node=["hv01", "hv02"], NoStorage=True)


def test_the_cluster_driver_runs_on_a_member() -> None:
    lab, made = clustered(list(FEATURES))
    form(lab)
    configure(made, **CLUSTERED)
    made.services.start("nova-compute")
    assert matches(log(made), [*BEFORE_THE_CLUSTER, *FIRST_START[2:6], "Compute node record created for HV01:HV01.example.org"])


def test_without_the_feature_the_cluster_driver_ends() -> None:
    _lab, made = clustered()
    configure(made, **CLUSTERED)
    made.services.start("nova-compute")
    assert log(made)[-1].endswith("HyperVClusterException: Could not initialize cluster wmi connection.")
    assert made.services.get("nova-compute").state == "Stopped"


LOCK_SERVER = {"address": "192.0.2.30", "names": ["locks.example.org"], "ports": [2379]}


@pytest.mark.parametrize(("url", "says"), [
    ("etcd3+http://192.0.2.30:2379?api_version=v3", ""),
    ("etcd3+https://locks.example.org", ""),
    ("file:////fs1/locks", ""),
    ("mysql://nova:s3cret@192.0.2.30/tooz", "ToozConnectionError: (2003, \"Can't connect to MySQL server on '192.0.2.30'"),
    ("etcd3+http://nowhere:2379", "Unhandled error: etcd3gw.exceptions.ConnectionFailedError"),
    ("zookeeper://192.0.2.30", "does not know the lock backend zookeeper"),
])
def test_the_cluster_driver_starts_its_lock_backend_first(url: str, says: str) -> None:
    lab, made = clustered(list(FEATURES), network={"servers": [LOCK_SERVER]})
    form(lab)
    configure(made, **CLUSTERED, sections=f"[coordination]\r\nbackend_url = {url}\r\n")
    made.services.start("nova-compute")
    assert made.services.get("nova-compute").state == ("Stopped" if says else "Running")
    assert says in log(made)[-1]
    assert not any("s3cret" in line for line in log(made))


def test_the_cluster_driver_waits_for_ever_and_goes_on_with_the_cluster() -> None:
    lab, made = clustered(list(FEATURES))
    configure(made, **CLUSTERED)
    made.services.start("nova-compute")
    lab.clock.pass_by(86400)
    lab.settle()
    assert matches(log(made), BEFORE_THE_CLUSTER)
    assert made.services.get("nova-compute").state == "Running"
    form(lab)
    assert matches(log(made)[2:], [*FIRST_START[2:6], "Compute node record created"])
    assert made.waiting == {}


def test_the_cluster_driver_waits_as_long_as_it_is_told() -> None:
    lab, made = clustered(list(FEATURES))
    configure(made, **CLUSTERED, sections="[os_win]\r\nconnect_cluster_timeout = 300\r\n")
    made.services.start("nova-compute")
    lab.clock.pass_by(299)
    lab.settle()
    assert made.services.get("nova-compute").state == "Running"
    lab.clock.pass_by(2)
    lab.settle()
    assert made.services.get("nova-compute").state == "Stopped"
    assert "There are no more endpoints available from the endpoint mapper" in log(made)[-1]


def test_a_member_without_a_majority_waits_for_the_others() -> None:
    lab, made = clustered(list(FEATURES))
    form(lab)
    configure(made, **CLUSTERED)
    made.services.configure("nova-compute", dependencies=["ClusSvc"])
    made.services.stop("ClusSvc")
    lab["hv02"].machine.power_off()
    made.services.start("nova-compute")
    lab.settle()
    assert matches(log(made), BEFORE_THE_CLUSTER)
    assert Machine.load("hv01", lab["hv01"].spec, made.dump(), lab.clock).waiting == {"nova-compute": ""}
    lab["hv02"].machine.power_on()
    lab.settle()
    assert "Compute node record created" in log(made)[-1]


def test_a_service_that_is_stopped_waits_no_more() -> None:
    lab, made = clustered(list(FEATURES))
    configure(made, **CLUSTERED)
    made.services.start("nova-compute")
    made.services.stop("nova-compute")
    form(lab)
    assert matches(log(made), BEFORE_THE_CLUSTER)
    assert made.waiting == {}


def test_no_configuration_no_service() -> None:
    made = machine()
    made.services.start("nova-compute")
    assert made.services.get("nova-compute").state == "Stopped"
    assert "nova-compute: exited with code 1: Failed to find some config files: C:\\OpenStack\\nova.conf" in made.changes


def test_a_service_without_its_program_does_not_start() -> None:
    made = machine()
    made.files.delete(rf"{FOLDER}\OpenStackService.exe")
    with pytest.raises(Win32Error) as caught:
        made.services.start("nova-compute")
    assert caught.value.code == 2


def by_nssm(made: Machine, program: str, path: str = rf"{FOLDER}\nssm.exe") -> None:
    """Makes the service one of NSSM's, which runs what the registry says."""
    made.files.write(rf"{FOLDER}\nssm.exe", b"")
    service = made.services.configure("nova-compute", path_name=path)
    parameters = rf"{service.key}\Parameters"
    made.registry.set(parameters, "Application", program, "ExpandString")
    made.registry.set(parameters, "AppParameters", rf"--config-file {FOLDER}\nova.conf", "ExpandString")


def environment(made: Machine, version: str) -> str:
    """An environment with this nova; the path of its nova-compute."""
    folder = rf"{FOLDER}\venv"
    about = rf"{folder}\Lib\site-packages\nova-{version}.dist-info"
    made.files.make_folder(about)
    made.files.write(rf"{about}\METADATA", f"Metadata-Version: 2.1\nName: nova\nVersion: {version}\n".encode())
    made.files.make_folder(rf"{folder}\Scripts")
    program = rf"{folder}\Scripts\nova-compute.exe"
    made.files.write(program, Executable("python_script", {"environment": folder}).encode())
    return program


def test_nssm_runs_the_program_of_the_registry_and_its_environment_says_the_version() -> None:
    made = machine()
    configure(made)
    by_nssm(made, environment(made, "27.5.1"))
    made.services.start("nova-compute")
    assert "Starting compute node (version 27.5.1)" in "".join(log(made))
    assert made.services.get("nova-compute").state == "Running"


def test_a_program_that_the_wrapper_does_not_find_ends_the_service() -> None:
    made = machine()
    configure(made)
    by_nssm(made, rf"{FOLDER}\venv\Scripts\nova-compute.exe")
    made.services.start("nova-compute")
    assert log(made) == []
    assert made.services.get("nova-compute").state == "Stopped"


def test_the_parameters_count_for_nssm_alone() -> None:
    made = machine()
    configure(made)
    by_nssm(made, environment(made, "27.5.1"), rf'"{FOLDER}\OpenStackService.exe" nova-compute "x.exe" --config-file "{FOLDER}\nova.conf"')
    made.services.start("nova-compute")
    assert f"(version {nova_compute.NOVA_VERSION})" in "".join(log(made))
