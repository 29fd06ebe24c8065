# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-SmbConnection and Get-Acl. Oracle: their pages in Microsoft's reference, MS-DTYP for the form of a descriptor."""
from __future__ import annotations

from typing import Any

import pytest
from rehearsal.machine.caller import Caller, calling
from rehearsal.machine.directory import Directory, DirectorySpec, read_directory
from rehearsal.machine.fields import Fields
from rehearsal.machine.shares import FileServers, read_file_servers

from tests.unit.rehearsal.cmdlets.hosts import Host

ROOT, NOVA = r"\\fs1\instances", r"CORP\nova"
MODIFY = "(A;OICI;0x1301bf;;;AU)"


def host(share: str = "full", ntfs: str = "modify") -> Host:
    """A member of the domain, with a share on which everybody who is somebody has these rights."""
    made = Host(domain="corp.example")
    spec: DirectorySpec = read_directory(Fields({"dns_name": "corp.example", "users": [{"name": "nova", "password": "x"}]}, "ad"))
    made.machine.directory = Directory(spec)
    rights = {
        "share_rights": [{"account": "Everyone", "rights": share}] if share else [{"account": "Nobody", "rights": "full"}],
        "ntfs_rights": [{"account": "Authenticated Users", "rights": ntfs}, {"account": NOVA, "rights": "full"}] if ntfs else [],
    }
    servers = [Fields({"name": "FS1", "shares": [{"name": "instances", "folders": ["nova"], **rights}]}, "servers")]
    made.machine.file_servers = FileServers(read_file_servers(servers, "corp.example"), made.clock)
    return made


def connections(made: Host) -> Any:
    return made.rows("Get-SmbConnection", "ServerName", "ShareName", "UserName", "Credential", ServerName=["fs1"])


def as_nova(network: str | None = NOVA) -> Any:
    return calling(Caller(r"HV01\Administrator", network))


def test_a_share_that_lets_an_account_in_leaves_a_connection() -> None:
    made = host()
    with as_nova():
        assert made.error("Get-SmbConnection", ServerName=["fs1"]).startswith("CmdletizationQuery_NotFound_ServerName,")
        assert made.values("Test-Path", "$value", LiteralPath=[ROOT]) == [True]
        wanted = {"ServerName": "fs1", "ShareName": "instances", "UserName": r"HV01\Administrator", "Credential": NOVA}
        assert connections(made) == [wanted]
        made.values("Test-Path", "$value", LiteralPath=[rf"{ROOT}\nova"])
        assert connections(made) == [wanted]


def test_the_folder_may_refuse_behind_it() -> None:
    made = host(ntfs="")
    with as_nova():
        assert made.error("Get-Item", LiteralPath=[ROOT]).startswith("ItemExistsUnauthorizedAccessError,")
        assert [row["Credential"] for row in connections(made)] == [NOVA]


@pytest.mark.parametrize(("share", "network"), [("", NOVA), ("full", None)])
def test_a_share_that_refuses_leaves_none(share: str, network: str | None) -> None:
    made = host(share)
    with as_nova(network):
        assert made.error("Get-Item", LiteralPath=[ROOT]).startswith("ItemExistsUnauthorizedAccessError,")
        assert made.error("Get-SmbConnection", ServerName=["fs1"]).startswith("CmdletizationQuery_NotFound_ServerName,")


def test_a_restart_ends_all_connections() -> None:
    made = host()
    with as_nova():
        made.values("Test-Path", "$value", LiteralPath=[ROOT])
        made.machine.reboot()
        assert made.machine.smb.connections == ()


def test_the_access_list_of_a_folder_in_both_forms() -> None:
    made = host()
    with as_nova():
        (sddl,) = made.values("Get-Acl", "Sddl", LiteralPath=[ROOT])
        assert sddl.startswith(f"O:BAG:BAD:AI{MODIFY}(A;OICI;FA;;;S-1-5-21-")
        rules = made.batch(
            {"id": "acl", "cmdlet": "Get-Acl", "parameters": {"LiteralPath": [rf"{ROOT}\nova"]}},
            {"id": "rules", "cmdlet": "Select-Object", "parameters": {"InputObject": {"$ref": "acl"}, "ExpandProperty": "Access"},
             "properties": ["IdentityReference", "FileSystemRights", "AccessControlType"]},
        )[1]["output"]
    assert [(row["IdentityReference"].lower(), row["FileSystemRights"], row["AccessControlType"]) for row in rules] == [
        ("authenticated users", "Modify, Synchronize", "Allow"), (NOVA.lower(), "FullControl", "Allow"),
    ]


def test_what_cannot_be_opened_has_no_list() -> None:
    made = host(ntfs="")
    with as_nova():
        assert made.error("Get-Acl", LiteralPath=[ROOT]).startswith("System.UnauthorizedAccessException,")
    reachable = host()
    with as_nova():
        assert reachable.error("Get-Acl", LiteralPath=[r"\\fs1\other"]).startswith("PathNotFound,")
        assert reachable.error("Get-Acl", LiteralPath=["C:\\Windows"]) == "RehearsalNotModelled"
        assert reachable.error("Get-SmbConnection", UserName=["x"]) == "RehearsalNotModelled"
