# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The host that a house is for: CPython 3.8 x64 on Windows, as tags, as environment markers and as options of uv and pip."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from packaging.tags import Tag, compatible_tags, cpython_tags

# The one version for which every C extension of nova and the driver has a Windows wheel (PyMI has none for 3.9, netifaces
# none from 3.9 on). 3.8.10 is the last 3.8 that python.org published an installer of.
PYTHON = "3.8.10"
PYTHON_SERIES = "3.8"
PLATFORM = "win_amd64"

# How uv and pip name this platform.
UV_PLATFORM = "x86_64-pc-windows-msvc"
PIP_OPTIONS = (
    "--platform", PLATFORM, "--python-version", PYTHON_SERIES, "--implementation", "cp", "--abi", "cp38", "--only-binary", ":all:",
)

# What packaging.markers.default_environment answers on such a host. pip evaluates markers for the interpreter that runs it,
# whatever --platform says, so everything here that reads a marker reads it with these values.
MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": PYTHON,
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_release": "10",
    "platform_system": "Windows",
    "platform_version": "10.0.17763",
    "python_full_version": PYTHON,
    "python_version": PYTHON_SERIES,
    "sys_platform": "win32",
}


def tags() -> Iterator[Tag]:
    """Every wheel tag that the host accepts, the best first."""
    version = tuple(int(part) for part in PYTHON_SERIES.split("."))
    return chain(cpython_tags(version, platforms=[PLATFORM]), compatible_tags(version, interpreter="cp38", platforms=[PLATFORM]))
