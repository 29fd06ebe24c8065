# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab file that cannot be is refused with the key, the value and what is allowed. Oracle: docs/rehearsal.md."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import rehearsal
from rehearsal.lab import from_mapping, load
from rehearsal.machine import SpecError

HOSTS = {"hv01": {"os": {"version": "2022"}}}
PACKAGE = {"product_code": "{6C1E3A52-0B7D-4C5A-9D0E-2F7A51B3C4D8}", "name": "Nova", "version": "1.0"}


@pytest.mark.parametrize(("mapping", "path", "says"), [
    (None, "lab", "a mapping"),
    ({"hosts": HOSTS}, "lab.rehearsal", "required"),
    ({"rehearsal": 2, "hosts": HOSTS}, "lab.rehearsal", "1, the version"),
    ({"rehearsal": 1}, "lab.hosts", "at least one host"),
    ({"rehearsal": 1, "hosts": HOSTS, "colour": "red"}, "lab.colour", "one of the keys"),
    ({"rehearsal": 1, "hosts": {"-x": {}}}, "lab.hosts.-x.name", "a host name"),
    ({"rehearsal": 1, "hosts": {"hv01": {"os": {"version": "2012"}}}}, "lab.hosts.hv01.os.version", "2016, 2019, 2022, 2025"),
    ({"rehearsal": 1, "hosts": {"hv01": {"winrm": {"address": "0.0.0.0"}}}}, "lab.hosts.hv01.winrm.address", "loopback"),
    ({"rehearsal": 1, "hosts": {"hv01": {"winrm": {"http_port": 70000}}}}, "lab.hosts.hv01.winrm.http_port", "65535"),
    ({"rehearsal": 1, "hosts": HOSTS, "timing": {"reboot_seconds": "soon"}}, "lab.hosts.hv01.timing.reboot_seconds", "seconds"),
    ({"rehearsal": 1, "hosts": {"hv01": {"faults": [{"kind": "fire"}]}}}, "lab.hosts.hv01.faults[0].kind", "drop"),
    ({"rehearsal": 1, "hosts": HOSTS, "control_plane": {"conductor": "perhaps"}}, "lab.control_plane.conductor", "up, down"),
    (
        {"rehearsal": 1, "hosts": HOSTS, "downloads": {"a.msi": {**PACKAGE, "product_code": "x"}}},
        "lab.downloads.a.msi.product_code", "GUID",
    ),
    (
        {"rehearsal": 1, "hosts": HOSTS, "downloads": {"a.msi": {
            **PACKAGE, "services": [{"name": "n", "display_name": "N", "path": "x", "feature": "F"}],
        }}},
        "lab.downloads.a.msi.services", "features",
    ),
    ({"rehearsal": 1, "hosts": HOSTS, "downloads": {"a": {"kind": "rpm"}}}, "lab.downloads.a.kind", "msi, wheelhouse"),
    ({"rehearsal": 1, "hosts": HOSTS, "downloads": {"a": {"kind": "wheelhouse"}}}, "lab.downloads.a.packages", "at least one package"),
    (
        {"rehearsal": 1, "hosts": HOSTS, "downloads": {"a": {"kind": "wheelhouse", "packages": {"nova": "28.3.1"}, "damaged": ["os-win"]}}},
        "lab.downloads.a.damaged", "nova",
    ),
    (
        {"rehearsal": 1, "hosts": HOSTS, "downloads": {"a": {"kind": "wheelhouse", "packages": {"nova": "new"}}}},
        "lab.downloads.a.packages.nova", "a version",
    ),
    ({"rehearsal": 1, "hosts": HOSTS, "downloads": {"a": {"kind": "python", "version": "4"}}}, "lab.downloads.a.version", "3.8.10"),
    ({"rehearsal": 1, "hosts": HOSTS, "downloads": {"a": {"kind": "vc_runtime"}}}, "lab.downloads.a.version", "required"),
    ({"rehearsal": 1, "hosts": HOSTS, "downloads": {"a": {"kind": "program", "text": ""}}}, "lab.downloads.a.text", "one of the keys"),
])
def test_what_cannot_be_is_refused(mapping: Any, path: str, says: str) -> None:
    with pytest.raises(SpecError, match=says) as caught:
        from_mapping(mapping)
    assert caught.value.path == path


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.yml").write_text("hosts: [")
    with pytest.raises(SpecError, match="YAML"):
        load(tmp_path / "lab.yml")


def test_the_example_lab_has_two_nodes_that_differ() -> None:
    lab = load(Path(rehearsal.__file__).parent / "labs" / "example.yml")
    first, second = lab.hosts["hv01"].spec, lab.hosts["hv02"].spec
    assert (first.os.version, first.hardware.numa_nodes, len(first.hardware.pci)) == ("2022", 2, 1)
    assert first.storage.luns[0].paths > 1
    assert (second.os.version, second.hardware.numa_nodes, len(second.hardware.nics)) == ("2019", 1, 1)
    assert list(lab.downloads) == [
        "HyperVNovaCompute.msi", "nova-hyperv-2023.2-cp38-win_amd64.zip", "python-3.8.10-amd64.exe", "vc_redist.x64.exe", "nssm.exe",
    ]
