# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The second looks at names, membership, groups and installed packages. Oracle: the pages that each model names."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine.accounts import ADMINISTRATORS, USERS
from rehearsal.machine.directory import Directory, DirectorySpec
from rehearsal.software import msi

from tests.unit.rehearsal.cmdlets.hosts import Host

TCPIP = r"HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
LAB: dict[str, Any] = {"dns_name": "example.org", "netbios_name": "EXAMPLE"}


def names(host: Host) -> dict[str, str]:
    (row,) = host.rows("Get-ItemProperty", "Hostname", "NV Hostname", LiteralPath=[TCPIP])
    return row


def test_the_names_of_tcpip_are_one_now_and_one_after_the_restart() -> None:
    host = Host(computer_name="hv01")
    assert names(host) == {"Hostname": "HV01", "NV Hostname": "HV01"}
    host.machine.rename("compute-hv01")
    assert names(host) == {"Hostname": "HV01", "NV Hostname": "COMPUTE-HV01"}
    host.machine.reboot()
    assert names(host) == {"Hostname": "COMPUTE-HV01", "NV Hostname": "COMPUTE-HV01"}


def test_the_secure_channel_needs_a_domain_that_knows_the_computer() -> None:
    identifier = "ComputerNotInDomain,Microsoft.PowerShell.Commands.TestComputerSecureChannelCommand"
    assert Host().error("Test-ComputerSecureChannel") == identifier
    host = Host(computer_name="hv01", domain="example.org")
    assert host.values("Test-ComputerSecureChannel", "$value") == [True]
    host.machine.directory = Directory(DirectorySpec(**LAB))
    assert host.values("Test-ComputerSecureChannel", "$value") == [False]
    host.machine.directory = Directory(DirectorySpec(**LAB, accounts=("HV01",)))
    assert host.values("Test-ComputerSecureChannel", "$value") == [True]
    assert host.error("Test-ComputerSecureChannel", Repair=True).startswith("RehearsalNotModelled")


def members(host: Host, sid: str) -> list[dict[str, str]]:
    results = host.batch(
        {"id": "group", "cmdlet": "Get-CimInstance", "parameters": {"ClassName": "Win32_Group", "Filter": f"SID='{sid}'"}},
        {"id": "members", "cmdlet": "Get-CimAssociatedInstance", "properties": ["Caption", "Name", "Domain"],
         "parameters": {"InputObject": {"$ref": "group"}, "Association": "Win32_GroupUser"}},
    )
    found: list[dict[str, str]] = results[1]["output"]
    return found


def test_the_members_of_a_local_group_are_associated_with_it() -> None:
    host = Host(computer_name="hv01", domain="example.org")
    assert [row["Caption"] for row in members(host, ADMINISTRATORS)] == [r"HV01\Administrator"]
    assert members(host, USERS) == []
    host.rows("Add-LocalGroupMember", SID=USERS, Member=[r"EXAMPLE\nova"])
    assert members(host, USERS) == [{"Caption": r"EXAMPLE\nova", "Name": "nova", "Domain": "EXAMPLE"}]


@pytest.mark.parametrize(("code", "packed"), [
    ("{0D2C4F4A-1B2C-4D5E-8F90-A1B2C3D4E5F6}", "A4F4C2D0C2B1E5D4F8091A2B3C4D5E6F"),
    # Microsoft Visual C++ 2010 x64, as public registry listings have it.
    ("{1D8E6291-B0D5-35EC-8441-6616F567A0F7}", "1926E8D15D0BCE53481466615F760A7F"),
])
def test_windows_installer_packs_product_codes(code: str, packed: str) -> None:
    assert msi.installer_key(code).split("\\")[-2:] == [packed, "InstallProperties"]


def test_the_initiator_knows_its_name_without_its_service() -> None:
    host = Host(computer_name="hv01", domain="example.org")
    query = {"Namespace": "root/wmi", "ClassName": "MSiSCSIInitiator_MethodClass"}
    assert host.values("Get-CimInstance", "iSCSINodeName", **query) == ["iqn.1991-05.com.microsoft:hv01.example.org"]
    host.machine.storage.set_node_address("iqn.2026-01.org.example:a")
    assert host.values("Get-CimInstance", "iSCSINodeName", **query) == ["iqn.2026-01.org.example:a"]


def test_the_san_policy_stands_in_the_registry_once_it_was_set() -> None:
    host = Host(storage={"san_policy": "OnlineAll"})
    key = r"HKLM:\SYSTEM\CurrentControlSet\Services\partmgr\Parameters"
    assert host.rows("Get-ItemProperty", "SanPolicy?", LiteralPath=[key]) == [{"SanPolicy": None}]
    host.rows("Set-StorageSetting", NewDiskPolicy="OfflineShared")
    assert host.values("Get-ItemProperty", "SanPolicy", LiteralPath=[key]) == [2]
    assert host.machine.storage.new_disk_policy == 2
