# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes the archive: wheels, lock file, licences and manifest, the same bytes for the same wheels."""
from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .judge import Wheel
from .target import PLATFORM, PYTHON

# What the resource win_hv_driver_wheelhouse expects in the archive (docs/driver.md).
WHEELS = "wheels"
LOCK = "requirements.txt"
LICENCES = "licences.json"
MANIFEST = "manifest.json"

# No later than the wheels themselves, and the same for every build.
_TIME = (1980, 1, 1, 0, 0, 0)


def lock_text(wheels: Sequence[Wheel]) -> str:
    """For pip install --no-index --require-hashes: every package with its one version and the one file it may come from."""
    return "".join(f"{wheel.pin} --hash=sha256:{wheel.sha256}\n" for wheel in wheels)


def licences(wheels: Sequence[Wheel]) -> list[dict[str, str]]:
    return [{"name": wheel.name, "version": str(wheel.version), "licence": wheel.licence} for wheel in wheels]


def manifest(release: str, wanted: Sequence[str], wheels: Sequence[Wheel], built: Sequence[str]) -> dict[str, Any]:
    """What is in the house. built: packages that came as sdists; native: wheels with compiled Windows code."""
    return {
        "release": release,
        "python": PYTHON,
        "platform": PLATFORM,
        "requirements": list(wanted),
        "wheels": len(wheels),
        "bytes": sum(wheel.size for wheel in wheels),
        "built": list(built),
        "native": [wheel.pin for wheel in wheels if wheel.native],
    }


def write_archive(path: Path, folder: Path, wheels: Sequence[Wheel], about: dict[str, Any]) -> str:
    """The archive's SHA-256, which is also left beside it in the form that sha256sum checks."""
    texts = {LOCK: lock_text(wheels), LICENCES: _json(licences(wheels)), MANIFEST: _json(about)}
    partial = path.with_suffix(".partial")
    # Stored: wheels are compressed already.
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for name, text in sorted(texts.items()):
            archive.writestr(_entry(name), text)
        for wheel in wheels:
            with archive.open(_entry(f"{WHEELS}/{wheel.file}"), "w") as target, (folder / wheel.file).open("rb") as source:
                shutil.copyfileobj(source, target)
    partial.replace(path)
    with path.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{sha256}  {path.name}\n")
    return sha256


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.external_attr = 0o644 << 16
    return entry


def _json(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"
