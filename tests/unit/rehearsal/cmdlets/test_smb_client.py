# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB client. Oracle: storage-and-time.md 4.1, and the pages of the cmdlets."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine import HostSpec, Machine, SpecError

from tests.unit.rehearsal.cmdlets.hosts import Host

NICS = [{"name": "LAN"}, {"name": "SMB1"}, {"name": "SMB2", "status": "Disconnected"}]
RDMA = [{"name": "SMB1"}, {"name": "SMB2", "enabled": False}, {"name": "LAN", "usable": False}]
ROW = ("ServerName", "InterfaceAlias", "InterfaceIndex", "InterfaceGuid")


def smb_host(**spec: Any) -> Host:
    return Host(hardware={"nics": NICS}, **spec)


@pytest.mark.parametrize(("version", "signing"), [("2016", False), ("2019", False), ("2022", False), ("2025", True)])
def test_only_2025_requires_signing(version: str, signing: bool) -> None:
    host = Host(os={"version": version})
    names = ("EnableMultiChannel", "RequireSecuritySignature")
    assert host.rows("Get-SmbClientConfiguration", *names) == [{"EnableMultiChannel": True, "RequireSecuritySignature": signing}]
    host.rows("Set-SmbClientConfiguration", EnableMultiChannel=False, RequireSecuritySignature=not signing, Force=True)
    assert host.rows("Get-SmbClientConfiguration", *names) == [{"EnableMultiChannel": False, "RequireSecuritySignature": not signing}]
    assert host.machine.changes == ["SMB client: EnableMultiChannel False", f"SMB client: RequireSecuritySignature {not signing}"]


def test_settings_that_are_not_modelled_are_refused() -> None:
    assert Host().error("Set-SmbClientConfiguration", EnableLargeMtu=True, Force=True) == "RehearsalNotModelled"
    assert Host().call("Get-SmbClientConfiguration", ("EnableLargeMtu",))["error"]["id"] == "RehearsalNotModelled"
    assert Host(os={"version": "2019"}).call("Get-SmbClientConfiguration", ("RequireEncryption",))["error"]["id"] == "PropertyNotFound"


@pytest.mark.parametrize(("name", "parameters"), [
    ("Set-SmbClientConfiguration", {"EnableMultiChannel": False}),
    ("New-SmbMultichannelConstraint", {"ServerName": "fs1", "InterfaceIndex": [2]}),
    ("Remove-SmbMultichannelConstraint", {"ServerName": ["fs1"]}),
])
def test_without_force_they_ask(name: str, parameters: dict[str, Any]) -> None:
    assert smb_host().error(name, **parameters).startswith("HostFunctionNotImplemented,")


def test_constraints_are_one_row_an_interface() -> None:
    host = smb_host()
    adapters = {row["Name"]: row for row in host.rows("Get-NetAdapter", "Name", "InterfaceIndex", "InterfaceGuid")}
    host.rows("New-SmbMultichannelConstraint", ServerName="fs1", InterfaceAlias=["smb1", "SMB2"], Force=True)
    host.rows("New-SmbMultichannelConstraint", ServerName="fs2", InterfaceIndex=[adapters["LAN"]["InterfaceIndex"]], Force=True)
    assert host.rows("Get-SmbMultichannelConstraint", *ROW) == [
        {"ServerName": server, "InterfaceAlias": alias, **{name: adapters[alias][name] for name in ROW[2:]}}
        for server, alias in (("fs1", "SMB1"), ("fs1", "SMB2"), ("fs2", "LAN"))
    ]
    assert host.values("Get-SmbMultichannelConstraint", "InterfaceAlias", ServerName=["FS2"]) == ["LAN"]
    kept = Machine.load("hv01", host.spec, host.machine.dump(), host.clock)
    assert kept.smb.constraints == host.machine.smb.constraints
    host.rows("Remove-SmbMultichannelConstraint", ServerName=["fs1"], InterfaceAlias=["SMB2"], Force=True)
    host.rows("Remove-SmbMultichannelConstraint", ServerName=["fs2"], Force=True)
    assert host.values("Get-SmbMultichannelConstraint", "InterfaceAlias") == ["SMB1"]
    gone = "CmdletizationQuery_NotFound_ServerName,Remove-SmbMultichannelConstraint"
    assert host.error("Remove-SmbMultichannelConstraint", ServerName=["fs2"], Force=True) == gone


def test_a_row_is_removed_as_an_object() -> None:
    host = smb_host()
    host.rows("New-SmbMultichannelConstraint", ServerName="fs1", InterfaceAlias=["SMB1", "LAN"], Force=True)
    row = {"$ref": "rows", "where": {"ServerName": "FS1", "InterfaceAlias": "LAN"}}
    removed = host.batch(
        {"id": "rows", "cmdlet": "Get-SmbMultichannelConstraint"},
        {"id": "remove", "cmdlet": "Remove-SmbMultichannelConstraint", "parameters": {"InputObject": row, "Force": True}},
    )
    assert all("error" not in result for result in removed), removed
    assert host.values("Get-SmbMultichannelConstraint", "InterfaceAlias") == ["SMB1"]


@pytest.mark.parametrize("parameters", [{"InterfaceAlias": ["SMB1"]}, {"InterfaceAlias": ["WLAN"]}, {"InterfaceIndex": [77]}])
def test_what_windows_answers_is_not_guessed(parameters: dict[str, Any]) -> None:
    host = smb_host()
    host.rows("New-SmbMultichannelConstraint", ServerName="fs1", InterfaceAlias=["SMB1"], Force=True)
    assert host.error("New-SmbMultichannelConstraint", ServerName="FS1", Force=True, **parameters) == "RehearsalNotModelled"


def test_rdma_enabled_is_not_rdma_usable() -> None:
    host = smb_host(smb={"rdma": RDMA})
    assert host.rows("Get-NetAdapterRdma", "Name", "Enabled") == [
        {"Name": "SMB1", "Enabled": True}, {"Name": "SMB2", "Enabled": False}, {"Name": "LAN", "Enabled": True},
    ]
    assert host.rows("Get-SmbClientNetworkInterface", "FriendlyName", "RdmaCapable") == [
        {"FriendlyName": "LAN", "RdmaCapable": False}, {"FriendlyName": "SMB1", "RdmaCapable": True},
    ]
    assert smb_host().rows("Get-NetAdapterRdma", "Name") == []


@pytest.mark.parametrize(("smb", "path"), [
    ({"rdma": [{"name": "WLAN"}]}, "hosts.hv01.smb.rdma[0].name"),
    ({"rdma": [{}]}, "hosts.hv01.smb.rdma[0].name"),
    ({"multichannel": "yes"}, "hosts.hv01.smb.multichannel"),
    ({"signing": True}, "hosts.hv01.smb.signing"),
])
def test_wrong_lab_files_are_named(smb: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        HostSpec.from_mapping({"smb": smb}, "hosts.hv01")
    assert str(caught.value).startswith(f"{path}:")


def test_constraints_are_instances_of_the_class_below_the_cmdlets() -> None:
    host = Host(hardware={"nics": [{"name": "Data", "mac": "02-00-5E-00-00-02"}]})
    host.rows("New-SmbMultichannelConstraint", ServerName="fs1", InterfaceAlias=["Data"], Force=True)
    columns = ("ServerName", "InterfaceAlias", "InterfaceIndex", "InterfaceGuid")
    query = {"Namespace": "root/microsoft/windows/smb", "ClassName": "MSFT_SmbMultichannelConstraint"}
    assert host.rows("Get-CimInstance", *columns, **query) == host.rows("Get-SmbMultichannelConstraint", *columns)
    assert host.values("Get-CimInstance", "InterfaceAlias", **query) == ["Data"]
