# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nova.conf of a Hyper-V compute node: written whole from checked options, or left alone. See docs/nova-conf.md."""
from __future__ import annotations

from ..nova_conf import file_resource
from ..nova_conf.engine import NOVA

RESOURCE = file_resource.ConfigurationFile(NOVA)
