# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Paths on file servers. Oracle: ad-and-cluster.md 4 (double hop), PowerShell's FileSystemProvider.cs for the error ids."""
from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.machine import SpecError
from rehearsal.machine.caller import Caller, calling
from rehearsal.machine.directory import Directory
from rehearsal.machine.shares import FileServers

from tests.unit.rehearsal.cmdlets.hosts import Clock, Host
from tests.unit.rehearsal.cmdlets.labs import Lab

COMMANDS = "Microsoft.PowerShell.Commands"
SERVER = {
    "name": "FS1", "addresses": ["192.0.2.30"], "names": ["storage.corp.example"],
    "shares": [
        {"name": "instances", "folders": ["nova"], "ntfs_rights": [
            {"account": "CORP\\svc-nova", "rights": "modify"}, {"account": "Domain Computers", "rights": "full"},
            {"account": "CORP\\Domain Users", "rights": "read"}, {"account": "CORP\\Backup", "rights": "full"},
        ]},
        {"name": "narrow", "share_rights": [{"account": "Everyone", "rights": "read"}], "ntfs_rights": [
            {"account": "Authenticated Users", "rights": "full"},
        ]},
        {"name": "closed"},
    ],
}
NOVA, NODE, OTHER, NOBODY = "CORP\\svc-nova", "CORP\\HV01$", "CORP\\other", None


def lab(*servers: dict[str, Any]) -> Any:
    domain = {
        "dns_name": "corp.example", "netbios_name": "CORP",
        "users": [{"name": "svc-nova", "password": "x"}, {"name": "admin2", "password": "x"}],
        "groups": [{"name": "Backup", "members": ["admin2", "HV09$"]}],
    }
    return from_mapping({"rehearsal": 1, "hosts": {"hv01": {}}, "active_directory": domain, "file_servers": list(servers)})


@pytest.fixture
def host() -> Host:
    return member(None)


def member(path: Path | None) -> Host:
    host, made = Host(), lab(SERVER)
    host.machine.directory = Directory(made.directory)
    host.machine.file_servers = FileServers(made.file_servers, Clock(), path)
    return host


@contextmanager
def acting(network: str | None) -> Iterator[None]:
    with calling(Caller("HV01\\Administrator", network)):
        yield


@pytest.mark.parametrize("account", ["CORP\\admin2", "CORP\\HV09$"])
def test_groups_of_the_domain_count(host: Host, account: str) -> None:
    with acting(account):
        assert "error" not in write(host, "\\\\fs1\\instances\\by a group")


@pytest.mark.parametrize(("service_account", "seen"), [
    ("LocalSystem", "CORP\\HV01$"), (r"NT AUTHORITY\NetworkService", "CORP\\HV01$"), (r"NT AUTHORITY\LocalService", None),
    ("CORP\\svc-nova", "CORP\\svc-nova"), ("svc-nova@corp.example", "CORP\\svc-nova"), (".\\local", None),
])
def test_a_service_is_seen_as_its_account(service_account: str, seen: str | None) -> None:
    """ad-and-cluster.md 4: SYSTEM is the computer account on the network."""
    host = Host(domain="corp.example")
    host.machine.directory = Directory(lab(SERVER).directory)
    callers = []
    host.machine.hooks.service_started.append(lambda machine, service: callers.append(machine.caller.network))
    host.machine.services.create("demo", "C:\\demo.exe", account=service_account)
    host.machine.services.start("demo")
    assert callers == [seen]


@pytest.mark.parametrize(("account", "path", "found"), [
    (NOVA, "\\\\fs1\\instances\\nova", True),
    (NODE, "\\\\FS1.corp.example\\Instances\\NOVA", True),
    (OTHER, "\\\\192.0.2.30\\instances", True),
    (NOVA, "\\\\storage.corp.example\\instances\\nothing", False),
    (NOVA, "\\\\fs1\\unknown", False),
    (NOVA, "\\\\fs9\\instances", False),
])
def test_what_is_seen(host: Host, account: str, path: str, found: bool) -> None:
    with acting(account):
        assert host.values("Test-Path", "$value", LiteralPath=[path]) == [found]


@pytest.mark.parametrize(("account", "path"), [(NOBODY, "\\\\fs1\\instances"), (NOVA, "\\\\fs1\\closed"), (NODE, "\\\\fs1\\closed\\a")])
def test_looking_is_denied(host: Host, account: str | None, path: str) -> None:
    """A WinRM logon has no credentials to show: the server sees nobody."""
    with acting(account):
        for command, name in (("Test-Path", "TestPathCommand"), ("Get-Item", "GetItemCommand"), ("Get-ChildItem", "GetChildItemCommand")):
            assert host.error(command, LiteralPath=path) == f"ItemExistsUnauthorizedAccessError,{COMMANDS}.{name}"
        refused = host.error("New-Item", Path=[f"{path}\\x"], ItemType="Directory", Force=True)
        assert refused == f"ItemExistsUnauthorizedAccessError,{COMMANDS}.NewItemCommand"
        assert host.batch({"id": "r", "read_file": f"{path}\\x"}) == [{"id": "r", "content": None}]


def test_outside_of_any_call_nobody_is_somebody(host: Host) -> None:
    assert host.error("Test-Path", LiteralPath="\\\\fs1\\instances").startswith("ItemExistsUnauthorizedAccessError,")


@pytest.mark.parametrize(("account", "path"), [(OTHER, "\\\\fs1\\instances"), (NOVA, "\\\\fs1\\narrow")])
def test_reading_is_not_changing(host: Host, account: str, path: str) -> None:
    """The smaller one of the share's and the folder's rights holds."""
    with acting(account):
        folder = host.error("New-Item", Path=[f"{path}\\new"], ItemType="Directory", Force=True)
        assert folder == f"CreateDirectoryUnauthorizedAccessError,{COMMANDS}.NewItemCommand"
        assert host.error("New-Item", Path=[f"{path}\\new"]) == f"NewItemUnauthorizedAccessError,{COMMANDS}.NewItemCommand"
        assert write(host, f"{path}\\new")["error"]["id"] == "UnauthorizedAccessException"
        removed = host.error("Remove-Item", LiteralPath=path, Recurse=True)
        assert removed == f"RemoveFileSystemItemUnAuthorizedAccess,{COMMANDS}.RemoveItemCommand"
        assert host.machine.changes == []


def test_what_one_host_writes_another_reads(host: Host) -> None:
    other = Host(computer_name="hv02")
    other.machine.directory, other.machine.file_servers = host.machine.directory, host.machine.file_servers
    with acting(NODE):
        host.rows("New-Item", Path=["\\\\fs1\\instances\\nova\\one"], ItemType="Directory", Force=True)
        assert "error" not in write(host, "\\\\fs1\\instances\\nova\\one\\file")
    with acting(NOVA):
        path = "\\\\192.0.2.30\\instances\\nova"
        assert other.values("Get-ChildItem", "FullName", LiteralPath=path, Recurse=True) == [f"{path}\\one", f"{path}\\one\\file"]
        assert other.machine.files.read("\\\\fs1\\instances\\nova\\one\\file") == b"content"
        other.rows("Remove-Item", LiteralPath=f"{path}\\one\\file")
    with acting(NODE):
        assert host.values("Test-Path", "$value", LiteralPath="\\\\fs1\\instances\\nova\\one\\file") == [False]
    assert host.machine.files.own.info("C:\\Windows") is not None
    assert not any("instances" in entry["path"] for entry in host.machine.dump()["files"])


def test_a_server_that_is_down(host: Host) -> None:
    host.machine.file_servers.set_up("FS1", False)
    with acting(NODE):
        path = "\\\\fs1\\instances\\new"
        assert host.values("Test-Path", "$value", LiteralPath=path) == [False]
        assert host.error("New-Item", Path=[path], ItemType="Directory") == f"CreateDirectoryIOError,{COMMANDS}.NewItemCommand"
        result = write(host, path)["error"]
        assert (result["id"], "The network path was not found." in result["message"]) == ("IOException", True)
    assert not host.values("Test-NetConnection", "TcpTestSucceeded", ComputerName="fs1.corp.example", Port=445)[0]
    host.machine.file_servers.set_up("FS1", True)
    assert host.values("Test-NetConnection", "TcpTestSucceeded", ComputerName="fs1.corp.example", Port=445) == [True]
    assert host.values("Test-NetConnection", "TcpTestSucceeded", ComputerName="fs1", Port=139) == [False]


def test_what_lies_on_the_shares_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "file_servers.json"
    with acting(NOVA):
        write(member(path), "\\\\fs1\\instances\\kept")
        assert member(path).machine.files.read("\\\\fs1\\instances\\kept") == b"content"
    member(path).machine.file_servers.set_up("FS1", False)
    assert not member(path).machine.file_servers.is_up("FS1")


@pytest.mark.parametrize(("server", "message"), [
    ({"name": "fs1.corp.example"}, r"file_servers\[0\]\.name"),
    ({"name": "fs1", "addresses": ["fs1"]}, r"addresses.*an IPv4 or IPv6 address"),
    ({"name": "fs1", "shares": [{"name": "a\\b"}]}, r"shares\[0\]\.name"),
    ({"name": "fs1", "shares": [{"name": "a", "ntfs_rights": [{"account": "x", "rights": "change"}]}]}, "read, modify, full"),
    ({"name": "fs1", "names": ["FS1.corp.example", "fs2"]}, ""),
])
def test_the_lab_file_is_checked(server: dict[str, Any], message: str) -> None:
    if not message:
        assert lab(server).file_servers[0].names == ("fs1", "fs1.corp.example", "fs2")
        return
    with pytest.raises(SpecError, match=message):
        lab(server)


def test_names_are_used_once() -> None:
    with pytest.raises(SpecError, match="each name and address once"):
        lab({"name": "fs1"}, {"name": "fs2", "names": ["fs1.corp.example"]})


def write(host: Host, path: str) -> dict[str, Any]:
    content = {"$bytes": base64.b64encode(b"content").decode()}
    return host.batch({"id": "w", "write_file": path, "content": content})[0]


def test_a_server_is_switched_off_by_a_file(tmp_path: Path) -> None:
    """As the command line does it (rehearsal power)."""
    servers = FileServers(lab(SERVER).file_servers, Clock(), off=lambda name: tmp_path / f"{name}.off")
    (tmp_path / "FS1.off").touch()
    assert not servers.answers("fs1", 445)
    (tmp_path / "FS1.off").unlink()
    assert servers.answers("fs1", 445)


def test_shares_of_other_hosts_are_refused() -> None:
    """There may be some; that they are not there would be a lie."""
    lab = Lab(2)
    with lab.call("hv01") as host:
        assert host.error("Test-Path", LiteralPath="\\\\hv02\\C$") == "RehearsalNotModelled"


def test_a_server_has_an_address_of_its_own_although_the_lab_file_gives_none() -> None:
    servers = lab({"name": "fs1"}, {"name": "fs2"}).file_servers
    assert [server.addresses for server in servers] == [("203.0.113.1",), ("203.0.113.2",)]
    host = Host()
    host.machine.file_servers = FileServers(servers, Clock())
    assert host.rows("Test-NetConnection", "TcpTestSucceeded", "RemoteAddress", ComputerName="fs2.corp.example", Port=445) == [
        {"TcpTestSucceeded": True, "RemoteAddress": "203.0.113.2"},
    ]
