# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible's own loader finds the collection here as in the unit tests."""
from __future__ import annotations

import tests.unit.conftest  # noqa: F401  # pylint: disable=unused-import
