# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes small wheels, as the specification of the binary distribution format describes them."""
from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

MakeWheel = Callable[..., Path]


@pytest.fixture
def make_wheel(tmp_path: Path) -> MakeWheel:
    """make_wheel("name", "1.0", tag="py3-none-any", metadata=["Requires-Dist: other"]) puts one into tmp_path/wheels."""

    def make(name: str, version: str = "1.0", *, tag: str = "py3-none-any", says: str = "", metadata: tuple[str, ...] = ()) -> Path:
        path = tmp_path / "wheels" / f"{name}-{version}-{tag}.whl"
        path.parent.mkdir(exist_ok=True)
        lines = ["Metadata-Version: 2.1", f"Name: {says or name}", f"Version: {version}", *metadata, ""]
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines))
        return path

    return make
