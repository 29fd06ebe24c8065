# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Simulated Windows servers: what they are made of and how their state changes."""
from .errors import SpecError, Win32Error
from .machine import Hooks, Machine
from .spec import HostSpec

__all__ = ["Hooks", "HostSpec", "Machine", "SpecError", "Win32Error"]
