# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""neutron_hyperv_agent.conf: the same engine as nova_conf, with the options and refusals of networking-hyperv's agent."""
from __future__ import annotations

import re
from collections.abc import Mapping

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref
from ..nova_conf import file_resource
from ..nova_conf.engine import NEUTRON

# How the agent itself tells an Open vSwitch extension, whose name vendors change (networking-hyperv, agent/layer2.py).
_OVS = re.compile(r"(open.?v.?switch)|(ovs)", re.IGNORECASE)


def _switch_calls() -> list[Call]:
    return [
        Cmdlet("switches", "Get-VMSwitch", properties=("Name",)),
        Cmdlet("extensions", "Get-VMSwitchExtension", {"VMSwitch": Ref("switches")}, ("Name", "SwitchName", "Enabled")),
    ]


def _switches(answers: Answers) -> Mapping[str, bool] | None:
    """Switch names with whether an Open vSwitch extension is enabled; None while the Hyper-V role is not in effect."""
    if not answers["switches"].ok:
        return None
    extended = {
        str(row["SwitchName"]) for row in answers["extensions"].output if row["Enabled"] and _OVS.search(str(row["Name"]))
    }
    return {str(row["Name"]): str(row["Name"]) in extended for row in answers["switches"].output}


RESOURCE = file_resource.ConfigurationFile(NEUTRON, _switch_calls, _switches)
