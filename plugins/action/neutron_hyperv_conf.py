# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ..module_utils.nova_conf.engine import NEUTRON
from ..plugin_utils.configuration_action import ConfigurationAction


class ActionModule(ConfigurationAction):
    RESOURCE = "neutron_conf"
    SERVICE = NEUTRON
