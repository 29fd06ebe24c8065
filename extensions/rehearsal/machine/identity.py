# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who a machine is."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Identity:
    """Names; what starts with pending takes effect at the next reboot. domain is empty on a workgroup machine."""

    computer_name: str
    domain: str
    workgroup: str
    pending_name: str = ""
    pending_domain: str | None = None

    @property
    def full_name(self) -> str:
        return f"{self.computer_name}.{self.domain}" if self.domain else self.computer_name
