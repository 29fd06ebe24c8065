# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MPIO and Storage. Oracle: the fact sheet storage-and-time.md, sections as named."""
from __future__ import annotations

from typing import Any

import pytest

from tests.unit.rehearsal.cmdlets.hosts import Host

LUN = {"transport": "iscsi", "vendor": "PURE", "product": "FlashArray", "serial": "ABC123", "paths": 3}
STORAGE = "root/microsoft/windows/storage"
SERVICES = r"HKLM:\SYSTEM\CurrentControlSet\Services"
MSDSM_CMDLETS: dict[str, dict[str, Any]] = {
    "Get-MSDSMAutomaticClaimSettings": {},
    "Get-MSDSMSupportedHW": {},
    "Get-MSDSMGlobalDefaultLoadBalancePolicy": {},
    "Get-MPIOAvailableHW": {},
    "Enable-MSDSMAutomaticClaim": {"BusType": "iSCSI", "Confirm": False},
    "New-MSDSMSupportedHW": {"VendorId": "PURE", "ProductId": "FlashArray"},
    "Set-MSDSMGlobalDefaultLoadBalancePolicy": {"Policy": "RR"},
    "Update-MPIOClaimedHW": {"Confirm": False},
}


def multipath_host(**lun: Any) -> Host:
    return Host(features={"installed": ["Multipath-IO"]}, storage={"luns": [{**LUN, **lun}]})


def disks(host: Host) -> list[dict[str, Any]]:
    names = ("Number", "Path", "UniqueId", "OfflineReason", "BusType", "SerialNumber")
    return host.rows("Get-CimInstance", *names, Namespace=STORAGE, ClassName="MSFT_Disk", Filter="BusType=9 OR BusType=6 OR BusType=10")


@pytest.mark.parametrize("name", MSDSM_CMDLETS)
def test_no_cmdlets_without_the_feature(name: str) -> None:
    """1.1: without the feature the names do not exist."""
    assert Host().error(name, **MSDSM_CMDLETS[name]) == "CommandNotFoundException"


@pytest.mark.parametrize("name", MSDSM_CMDLETS)
def test_invalid_class_until_the_restart(name: str) -> None:
    """1.1, rule 4: on 2022 the installation can deny that a restart is needed, and the cmdlets fail until it all the same."""
    host = Host(features={"multipath_restart_needed": False})
    assert host.values("Install-WindowsFeature", "RestartNeeded", Name=["Multipath-IO"]) == ["No"]
    assert host.error(name, **MSDSM_CMDLETS[name]) == f"HRESULT 0x80041010,{name}"
    assert host.error("Get-Service", Name=["mpio"]).startswith("NoServiceFoundForGivenName,")
    policy = {"Namespace": "root/wmi", "ClassName": "MSDSM_DEFAULT_LOAD_BALANCE_POLICY"}
    assert host.error("Get-CimInstance", **policy).startswith("HRESULT 0x80041010,")
    host.machine.reboot()
    assert "error" not in host.call(name, **MSDSM_CMDLETS[name])
    assert host.values("Get-CimInstance", "LoadBalancePolicy", **policy) == [2 if name.startswith("Set-MSDSMGlobal") else 0]


def test_registry_can_be_read_before_the_restart() -> None:
    """1.4: language-neutral, readable before and after the reboot."""
    host = Host(features={"multipath_restart_needed": False})
    host.rows("Install-WindowsFeature", Name=["Multipath-IO"])
    assert host.values("Get-ItemProperty", "PDORemovePeriod", LiteralPath=rf"{SERVICES}\mpio\Parameters") == [20]


def test_driver_is_found_by_its_exact_name_only() -> None:
    """1.1: Get-Service gives a driver for the exact name, and not in a listing."""
    host = multipath_host()
    assert host.rows("Get-Service", "Name", "Status", Name=["MPIO"]) == [{"Name": "mpio", "Status": "Running"}]
    assert host.rows("Get-Service", "Name", Name=["mpi*"]) == []
    assert "mpio" not in host.values("Get-Service", "Name")
    assert host.values("Get-CimInstance", "State", ClassName="Win32_SystemDriver", Filter="Name='mpio'") == ["Running"]


def test_feature_57() -> None:
    """1.1: an instance exists only while it is installed."""
    for host, found in ((Host(), []), (multipath_host(), ["Multipath I/O"])):
        assert host.values("Get-CimInstance", "Name", ClassName="Win32_ServerFeature", Filter="ID=57") == found


def test_one_lun_is_many_disks_until_it_is_claimed() -> None:
    """1.7: same UniqueId on several disks, all but the first offline for a redundant path; claimed, its path starts with \\\\?\\mpio."""
    host = multipath_host()
    before = disks(host)
    assert len(before) == 3
    assert len({disk["UniqueId"] for disk in before}) == 1
    assert [disk["OfflineReason"] for disk in before] == [1, 2, 2]
    assert not any(disk["Path"].startswith(r"\\?\mpio") for disk in before)

    host.rows("Enable-MSDSMAutomaticClaim", BusType="iSCSI", Confirm=False)
    assert len(disks(host)) == 3, "a claim takes a restart for what is there already"
    host.machine.reboot()
    (after,) = disks(host)
    assert after["Path"].startswith(r"\\?\mpio")
    assert (after["UniqueId"], after["SerialNumber"], after["BusType"]) == (before[0]["UniqueId"], "ABC123", 9)


def test_claim_by_vendor_and_product_without_a_restart() -> None:
    """1.5: Update-MPIOClaimedHW instead of the reboot."""
    host = multipath_host(transport="fibre_channel")
    host.rows("New-MSDSMSupportedHW", VendorId="PURE", ProductId="FlashArray")
    host.rows("Update-MPIOClaimedHW", Confirm=False)
    assert [disk["BusType"] for disk in disks(host)] == [6]


def test_automatic_claim_does_not_cover_fibre_channel() -> None:
    """Rule 5."""
    host = multipath_host(transport="fibre_channel")
    host.rows("Enable-MSDSMAutomaticClaim", BusType="iSCSI", Confirm=False)
    host.rows("Enable-MSDSMAutomaticClaim", BusType="SAS", Confirm=False)
    host.machine.reboot()
    assert len(disks(host)) == 3


def test_disabling_does_not_release_what_is_claimed() -> None:
    """1.5."""
    host = multipath_host()
    host.rows("Enable-MSDSMAutomaticClaim", BusType="iSCSI", Confirm=False)
    host.machine.reboot()
    host.rows("Disable-MSDSMAutomaticClaim", BusType="iSCSI", Confirm=False)
    assert len(disks(host)) == 1


def test_vendor_specific_ids_differ_from_path_to_path() -> None:
    """1.7: with format 0 the id is built from the PnP device id."""
    assert len({disk["UniqueId"] for disk in disks(multipath_host(unique_id_format=0))}) == 3


def test_automatic_claim_settings_are_a_hashtable() -> None:
    """1.2: keys SAS and iSCSI."""
    host = multipath_host()
    host.rows("Enable-MSDSMAutomaticClaim", BusType="SAS", Confirm=False)
    assert host.rows("Get-MSDSMAutomaticClaimSettings", "SAS", "iSCSI") == [{"SAS": True, "iSCSI": False}]


def test_supported_hardware_has_a_placeholder_bus_ids_and_no_bus_type() -> None:
    """1.2, 1.4: Vendor 8 / Product 16 on a fresh system; bus-wide ids show up split; entries are padded to 8 and 16 in the registry."""
    host = multipath_host()
    host.rows("Enable-MSDSMAutomaticClaim", BusType="iSCSI", Confirm=False)
    pairs = [tuple(row.values()) for row in host.rows("Get-MSDSMSupportedHW", "VendorId", "ProductId")]
    assert pairs == [("Vendor 8", "Product 16"), ("MSFT2005", "iSCSIBusType_0x9")]
    result = host.call("Get-MSDSMSupportedHW", ("BusType",))
    assert result["error"]["id"] == "PropertyNotFound"
    lists = [
        host.values("Get-ItemProperty", "DsmSupportedDeviceList", LiteralPath=rf"{SERVICES}\msdsm\Parameters"),
        host.values("Get-ItemProperty", "MPIOSupportedDeviceList", LiteralPath=r"HKLM:\SYSTEM\CurrentControlSet\Control\MPDEV"),
    ]
    assert lists == [[["Vendor 8Product 16      ", "MSFT2005iSCSIBusType_0x9"]]] * 2


def test_removing_hardware_that_is_not_there() -> None:
    host = multipath_host()
    identifier = host.error("Remove-MSDSMSupportedHW", VendorId="NONE", ProductId="NOTHING")
    assert identifier == "CmdletizationQuery_NotFound_VendorId,Remove-MSDSMSupportedHW"


def test_settings_are_format_objects() -> None:
    """Rule 1."""
    assert multipath_host().call("Get-MPIOSetting", ("DiskTimeoutValue",))["error"]["id"] == "PropertyNotFound"


def test_settings_are_written_where_the_function_writes_them() -> None:
    """1.4, 1.5: names differ between reading and writing; a zero counts as not given."""
    host = multipath_host()
    host.rows("Set-MPIOSetting", NewPathVerificationState="Enabled", NewDiskTimeout=60, NewRetryCount=0, CustomPathRecovery="Enabled")
    get = host.machine.registry.get
    assert get(rf"{SERVICES}\msdsm\Parameters", "PathVerifyEnabled") == 1
    assert get(rf"{SERVICES}\Disk", "TimeOutValue") == 60
    assert get(rf"{SERVICES}\mpio\Parameters", "UseCustomPathRecoveryInterval") == 1
    assert get(rf"{SERVICES}\msdsm\Parameters", "RetryCount") is None


def test_san_policy() -> None:
    """1.8."""
    host = Host(storage={"san_policy": "OnlineAll"})
    host.rows("Set-StorageSetting", NewDiskPolicy="OfflineShared")
    assert host.values("Get-StorageSetting", "NewDiskPolicy") == ["OfflineShared"]
    assert host.values("Get-CimInstance", "NewDiskPolicy", Namespace=STORAGE, ClassName="MSFT_StorageSetting") == [2]


def test_iscsi_port_is_listed_while_the_service_runs() -> None:
    """2: software initiator; display words carry spaces, parameters do not (rule 6)."""
    host = Host(domain="lab.example", storage={"fibre_ports": [{}]})
    assert host.values("Get-InitiatorPort", "ConnectionType") == ["Fibre Channel"]
    host.rows("Start-Service", Name=["MSiSCSI"])
    (port,) = host.rows("Get-InitiatorPort", "NodeAddress", "InstanceName", "PortAddress", ConnectionType=["iSCSI"])
    assert port == {
        "NodeAddress": "iqn.1991-05.com.microsoft:hv01.lab.example",
        "InstanceName": r"ROOT\ISCSIPRT\0000_0",
        "PortAddress": "ISCSI ANY PORT",
    }
    assert host.values("Get-InitiatorPort", "ConnectionType", ConnectionType=["FibreChannel"]) == ["Fibre Channel"]


def test_get_disk_shows_words_and_finds_by_number() -> None:
    host = multipath_host()
    assert host.values("Get-Disk", "BusType", Number=[1]) == ["iSCSI"]
    assert host.values("Get-Disk", "OfflineReason", Number=[2]) == ["Redundant Path"]
    assert host.error("Get-Disk", Number=[99]) == "CmdletizationQuery_NotFound_Number,Get-Disk"


def test_claim_by_the_beginning_of_an_id_is_not_guessed() -> None:
    host = multipath_host()
    host.rows("New-MSDSMSupportedHW", VendorId="PURE", ProductId="Flash")
    host.rows("Update-MPIOClaimedHW", Confirm=False)
    assert host.error("Get-Disk") == "RehearsalNotModelled"
