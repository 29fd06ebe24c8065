# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ..plugin_utils.resource_action import ResourceAction


class ActionModule(ResourceAction):
    RESOURCE = "guarded_host"
