# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's wheelhouse: a real archive with a lock file and small real wheels, in the form of docs/driver.md.

Wheels and lock are what pip itself takes (PyPA specifications); the tests have the real pip install them.
"""
from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

from ..machine import SpecError
from ..machine.fields import Fields

_VERSION = r"\d+(\.\d+)*[0-9A-Za-z.]*"
# The time of every entry, so that the same lab gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class _Content:
    """What a package brings, as far as the driver's installation looks at it. requires: only what a lab's house may leave out."""

    files: tuple[str, ...]
    scripts: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    native: bool = False


# As in nova 28.3.1, compute-hyperv 16.0.0, os-win 5.9.0, PyMI 1.0.6, greenlet 2.0.2 and networking-hyperv 15.0.0 on PyPI.
_KNOWN = {
    "nova": _Content(("nova/__init__.py", "nova/virt/__init__.py"), {"nova-compute": "nova.cmd.compute:main"}),
    "compute-hyperv": _Content(
        ("compute_hyperv/__init__.py", "nova/virt/compute_hyperv/driver.py", "nova/virt/compute_hyperv/cluster/driver.py"),
        requires=("os-win",),
    ),
    "os-win": _Content(("os_win/__init__.py",), requires=("PyMI",)),
    "pymi": _Content(("mi.cp38-win_amd64.pyd", "wmi/__init__.py"), native=True),
    "greenlet": _Content(("greenlet/__init__.py", "greenlet/_greenlet.cp38-win_amd64.pyd"), native=True),
    "networking-hyperv": _Content(
        ("networking_hyperv/__init__.py",), {"neutron-hyperv-agent": "networking_hyperv.neutron.agent.hyperv_neutron_agent:main"},
        ("os-win",),
    ),
}


@dataclass(frozen=True)
class Wheelhouse:
    """packages: name -> version; damaged: whose wheel is another one than the lock says; missing: in the lock, but not in the archive."""

    packages: Mapping[str, str]
    damaged: tuple[str, ...]
    missing: tuple[str, ...]

    @classmethod
    def read(cls, fields: Fields) -> Wheelhouse:
        """From the lab file. Raises SpecError."""
        entries = fields.child("packages")
        packages = {name: entries.text(name, pattern=_VERSION, allowed="a version") for name in entries.names()}
        if not packages:
            raise SpecError(entries.path, None, "at least one package")
        house = cls(packages, fields.texts("damaged", choices=packages), fields.texts("missing", choices=packages))
        fields.done()
        return house

    @property
    def facts(self) -> dict[str, Any]:
        return {}

    def encode(self) -> bytes:
        """The archive."""
        content: dict[str, bytes] = {}
        lock = ""
        for name, version in self.packages.items():
            file, wheel = _wheel(name, version)
            lock += f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n"
            if name in self.damaged:
                file, wheel = _wheel(name, version, damaged=True)
            if name not in self.missing:
                content[f"wheels/{file}"] = wheel
        return _zip({"requirements.txt": lock.encode(), **content})


def _wheel(name: str, version: str, *, damaged: bool = False) -> tuple[str, bytes]:
    """File name and bytes."""
    top = canonicalize_name(name).replace("-", "_")
    known = _KNOWN.get(canonicalize_name(name), _Content((f"{top}/__init__.py",)))
    tag = "cp38-cp38-win_amd64" if known.native else "py3-none-any"
    stem = f"{name.replace('-', '_')}-{version}"
    files = dict.fromkeys(known.files, b"# damaged\n" if damaged else b"")
    files[f"{stem}.dist-info/METADATA"] = _headers(
        ("Metadata-Version", "2.1"), ("Name", name), ("Version", version), *(("Requires-Dist", item) for item in known.requires),
    )
    purelib = "false" if known.native else "true"
    files[f"{stem}.dist-info/WHEEL"] = _headers(("Wheel-Version", "1.0"), ("Root-Is-Purelib", purelib), ("Tag", tag))
    if known.scripts:
        lines = (f"{script} = {target}\n" for script, target in known.scripts.items())
        files[f"{stem}.dist-info/entry_points.txt"] = "".join(("[console_scripts]\n", *lines)).encode()
    files[f"{stem}.dist-info/RECORD"] = _record(files, f"{stem}.dist-info/RECORD")
    return f"{stem}-{tag}.whl", _zip(files)


def _headers(*lines: tuple[str, str]) -> bytes:
    return "".join(f"{name}: {value}\n" for name, value in lines).encode()


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    rows = [f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in files.items()]
    return "".join([*rows, f"{own},,\n"]).encode()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), data)
    return target.getvalue()


def unzip(data: bytes) -> Iterable[tuple[str, bytes]]:
    """The files of an archive, names with slashes. Raises zipfile.BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(entry.filename, archive.read(entry)) for entry in archive.infolist() if not entry.is_dir()]
