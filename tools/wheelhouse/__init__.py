# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Builds, on Linux, the archive that brings nova and the Hyper-V driver to a Windows host: python -m tools.wheelhouse --help"""
from __future__ import annotations


class HouseRefused(Exception):
    """The house cannot be built, or what was built is not fit for the host. The text says why."""
