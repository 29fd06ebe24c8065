# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/features.md: by which paths features are seen."""
from __future__ import annotations

from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.features import RESOURCE

ALL = {"names": ["hyper-v", "Multipath-IO", "Hyper-V-PowerShell", "Telnet-Client"]}


def answers(*, ids=(20, 57), powershell=1, telnet="Installed", vmms="Running", hypervisor=True, mpio="Running"):
    return Answers({
        "roles": Answer("roles", tuple({"ID": number} for number in ids)),
        "optional": Answer("optional", ({"Name": "Microsoft-Hyper-V-Management-PowerShell", "InstallState": powershell},)),
        "others": Answer("others", ({"Name": "Telnet-Client", "InstallState": telnet},)),
        "vmms": Answer("vmms", ({"State": vmms},)),
        "hypervisor": Answer("hypervisor", ({"HypervisorPresent": hypervisor},)),
        "mpio": Answer("mpio", ({"State": mpio},)),
    })


def cim(call, name, *properties, where=None):
    condition = {"Filter": where} if where else {}
    return Cmdlet(call, "Get-CimInstance", {"ClassName": name, **condition}, properties)


def broken(**changed):
    return {item.name: item.found for item in RESOURCE.promises(ALL, answers(**changed)) if not item.kept}


def test_features_are_seen_through_cim_where_their_name_there_is_known():
    assert RESOURCE.evidence(ALL) == [
        cim("roles", "Win32_ServerFeature", "ID", where="ID=20 OR ID=57"),
        cim("optional", "Win32_OptionalFeature", "Name", "InstallState", where="Name='Microsoft-Hyper-V-Management-PowerShell'"),
        Cmdlet("others", "Get-WindowsFeature", {"Name": ["Telnet-Client"]}, ("Name", "InstallState")),
        cim("vmms", "Win32_Service", "State", where="Name='vmms'"),
        cim("hypervisor", "Win32_ComputerSystem", "HypervisorPresent"),
        cim("mpio", "Win32_SystemDriver", "State", where="Name='mpio'"),
    ]
    assert [call.id for call in RESOURCE.evidence({"names": ["Failover-Clustering"]})] == ["roles"]


def test_all_kept():
    found = RESOURCE.promises(ALL, answers())
    assert [item.name for item in found] == [*ALL["names"], "hyper-v.vmms", "hyper-v.hypervisor", "Multipath-IO.mpio"]
    assert all(item.kept for item in found)
    assert found[0] == Promise("hyper-v", "installed", "installed", "CIM Win32_ServerFeature", True)


def test_each_promise_is_broken_by_itself():
    assert broken(ids=(57,)) == {"hyper-v": None}
    assert broken(powershell=2) == {"Hyper-V-PowerShell": None}
    assert broken(telnet="InstallPending") == {"Telnet-Client": None}
    assert broken(vmms="Stopped") == {"hyper-v.vmms": "Stopped"}
    assert broken(hypervisor=False) == {"hyper-v.hypervisor": False}
    assert broken(mpio="Stopped") == {"Multipath-IO.mpio": "Stopped"}
