# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Item cmdlets and small ones. Oracle: PowerShell's own RegistryProvider.cs and FileSystemProvider.cs, PowerShell-Docs 5.1."""
from __future__ import annotations

import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.unit.rehearsal.cmdlets.hosts import Host

COMMANDS = "Microsoft.PowerShell.Commands"
UNINSTALL = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
KEY = rf"{UNINSTALL}\demo"


@pytest.fixture
def host() -> Host:
    host = Host()
    host.rows("New-Item", Path=[KEY])
    return host


@pytest.mark.parametrize(("kind", "value", "stored"), [
    ("DWord", 7, 7), ("DWord", "7", 7), ("QWord", 2**40, 2**40), ("String", 7, "7"), ("ExpandString", "%TEMP%", "%TEMP%"),
    ("MultiString", "one", ["one"]), ("MultiString", ["a", "b"], ["a", "b"]),
])
def test_values_become_their_kind(host: Host, kind: str, value: object, stored: object) -> None:
    host.rows("New-ItemProperty", LiteralPath=KEY, Name="Value", PropertyType=kind, Value=value)
    assert host.values("Get-ItemProperty", "value", LiteralPath=KEY) == [stored], "names compare without regard to case"
    assert host.machine.registry.kind(KEY, "Value") == kind


def test_new_property_does_not_replace_without_force(host: Host) -> None:
    host.rows("New-ItemProperty", LiteralPath=KEY, Name="Value", Value=1)
    refused = host.error("New-ItemProperty", LiteralPath=KEY, Name="VALUE", Value=2)
    assert refused == f"System.IO.IOException,{COMMANDS}.NewItemPropertyCommand"
    host.rows("New-ItemProperty", LiteralPath=KEY, Name="VALUE", Value=2, Force=True)
    assert host.values("Get-ItemProperty", "Value", LiteralPath=KEY) == [2]


def test_set_property_keeps_the_kind(host: Host) -> None:
    host.rows("New-ItemProperty", LiteralPath=KEY, Name="Value", PropertyType="String", Value="1")
    host.rows("Set-ItemProperty", LiteralPath=KEY, Name="Value", Value=2)
    assert host.values("Get-ItemProperty", "Value", LiteralPath=KEY) == ["2"]
    host.rows("Set-ItemProperty", LiteralPath=KEY, Name="Fresh", Value=3)
    assert host.machine.registry.kind(KEY, "Fresh") == "DWord"


def test_what_is_not_there(host: Host) -> None:
    absent = rf"{UNINSTALL}\absent"
    no_property = "System.Management.Automation.PSArgumentException"
    assert host.error("Get-ItemProperty", LiteralPath=absent) == f"PathNotFound,{COMMANDS}.GetItemPropertyCommand"
    assert host.error("Set-ItemProperty", LiteralPath=absent, Name="a", Value=1) == f"PathNotFound,{COMMANDS}.SetItemPropertyCommand"
    assert host.error("Get-Item", LiteralPath=absent) == f"PathNotFound,{COMMANDS}.GetItemCommand"
    assert host.error("Get-ItemProperty", LiteralPath=KEY, Name="none") == f"{no_property},{COMMANDS}.GetItemPropertyCommand"
    assert host.error("Remove-ItemProperty", LiteralPath=KEY, Name="none") == f"{no_property},{COMMANDS}.RemoveItemPropertyCommand"
    assert host.call("Get-ItemProperty", ("None",), LiteralPath=KEY)["error"]["id"] == "PropertyNotFound"
    assert host.rows("Get-ItemProperty", "None?", LiteralPath=KEY) == [{"None": None}]


def test_keys_of_which_nothing_is_known_are_refused(host: Host) -> None:
    """An absent key proves nothing where the rehearsal does not know what a real server has."""
    for name in ("Get-ItemProperty", "Test-Path"):
        assert host.error(name, LiteralPath=r"HKLM:\SOFTWARE\Microsoft\Cryptography") == "RehearsalNotModelled"


def test_wildcards_in_registry_paths(host: Host) -> None:
    host.rows("New-Item", Path=[rf"{UNINSTALL}\other"])
    host.rows("New-ItemProperty", LiteralPath=KEY, Name="DisplayName", Value="Demo")
    rows = host.rows("Get-ItemProperty", "PSChildName", "DisplayName?", Path=rf"{UNINSTALL}\*")
    assert rows == [{"PSChildName": "demo", "DisplayName": "Demo"}, {"PSChildName": "other", "DisplayName": None}]
    host.rows("Remove-Item", LiteralPath=rf"{UNINSTALL}\other")
    assert host.values("Get-ItemProperty", "PSChildName", Path=rf"{UNINSTALL}\*") == ["demo"]
    assert host.error("Get-ItemProperty", Path=rf"{UNINSTALL}\absent\*").startswith("PathNotFound,")


def test_new_key(host: Host) -> None:
    """With -Force a key that is there is replaced with all that is in it, and missing parents are made."""
    assert host.error("New-Item", Path=[KEY]) == f"System.IO.IOException,{COMMANDS}.NewItemCommand"
    assert host.error("New-Item", Path=[rf"{KEY}\a\b"]) == f"System.ArgumentException,{COMMANDS}.NewItemCommand"
    host.rows("New-Item", Path=[rf"{KEY}\a\b"], Force=True)
    host.rows("New-ItemProperty", LiteralPath=KEY, Name="Value", Value=1)
    host.rows("New-Item", Path=[KEY], Force=True)
    assert host.rows("Get-Item", "Property", "SubKeyCount", LiteralPath=KEY) == [{"Property": [], "SubKeyCount": 0}]


def test_files_and_folders() -> None:
    host = Host()
    folder, file = r"C:\OpenStack\Log", r"C:\OpenStack\Log\nova.log"
    assert host.values("Test-Path", "$value", LiteralPath=[folder], PathType="Container") == [False]
    host.rows("New-Item", Path=[folder], ItemType="Directory", Force=True)
    assert host.error("New-Item", Path=[folder], ItemType="Directory") == f"DirectoryExist,{COMMANDS}.NewItemCommand"
    host.rows("New-Item", Path=[folder], ItemType="Directory", Force=True)
    host.rows("New-Item", Path=[file], ItemType="File", Value="hello")
    assert host.rows("Get-Item", "Length", "LastWriteTimeUtc", LiteralPath=file) == [
        {"Length": 5, "LastWriteTimeUtc": "2026-05-04T08:00:00.0000000Z"},
    ]
    assert host.values("Get-FileHash", "Hash", LiteralPath=[file]) == [hashlib.sha256(b"hello").hexdigest().upper()]
    assert host.values("Get-ChildItem", "Name", LiteralPath=r"c:\openstack", Recurse=True) == ["Log", "nova.log"]
    assert host.values("Test-Path", "$value", LiteralPath=[file], PathType="Container") == [False]
    assert host.error("Remove-Item", LiteralPath=folder).startswith("InvalidOperation,")
    host.rows("Remove-Item", LiteralPath=folder, Recurse=True)
    assert host.error("Get-Item", LiteralPath=file) == f"PathNotFound,{COMMANDS}.GetItemCommand"
    assert host.error("Get-FileHash", LiteralPath=[file]).startswith("PathNotFound,")


def test_a_filter_of_files_knows_two_wildcards_only(host: Host) -> None:
    """PowerShell-Docs 5.1 about_FileSystem_Provider: the filter is Windows' own, in which a bracket is a letter like any other."""
    for name in ("tooz-4.2.0.dist-info", "tooz", "Toozle-1.dist-info"):
        host.rows("New-Item", Path=[rf"C:\site\{name}"], ItemType="Directory", Force=True)
    found = host.values("Get-ChildItem", "Name", LiteralPath=[r"C:\site"], Filter="TOOZ-*.dist-info")
    assert found == ["tooz-4.2.0.dist-info"]
    absent = host.error("Get-ChildItem", LiteralPath=[r"C:\absent"], Filter="*")
    assert absent == f"PathNotFound,{COMMANDS}.GetChildItemCommand"
    for refused in ({"LiteralPath": [r"C:\site"], "Filter": "[ab]*"}, {"LiteralPath": [UNINSTALL], "Filter": "*"}):
        assert host.error("Get-ChildItem", **refused) == "RehearsalNotModelled"
    assert host.error("Test-Path", LiteralPath=[r"C:\site"], Filter="*") == "RehearsalNotModelled"


def test_files_take_room() -> None:
    """hyperv-host.md 1.3: Win32_LogicalDisk in bytes."""
    host = Host(hardware={"disks": [{"size_gb": 100, "free_gb": 60}]})
    query = {"ClassName": "Win32_LogicalDisk", "Filter": "DriveType=3"}
    (before,) = host.values("Get-CimInstance", "FreeSpace", **query)
    host.machine.files.write(r"C:\big.bin", b"x" * 4096)
    assert host.values("Get-CimInstance", "FreeSpace", **query) == [before - 4096]
    assert before == 60 * 2**30


@pytest.mark.parametrize(("condition", "found"), [
    ("Name='vmms'", []),
    ("Name='winmgmt'", ["Winmgmt"]),
    ("Name = 'VSS' OR Name = 'MSiSCSI'", ["MSiSCSI", "VSS"]),
    ("Name LIKE 'Win%' AND State='Running'", ["Winmgmt", "WinRM"]),
    ("(Name='VSS' OR Name='Winmgmt') AND NOT State='Running'", ["VSS"]),
    ("Started=TRUE AND Name LIKE 'W__RM'", ["WinRM"]),
    ("ProcessId=0 AND StartMode<>'Auto'", ["MSiSCSI", "VSS", "W32Time"]),
    ("Name IS NULL", []),
    ("Name LIKE '[UV]SS'", ["VSS"]),
])
def test_conditions(condition: str, found: list[str]) -> None:
    """win32 WmiSdk: WQL operators; texts compare without regard to case."""
    assert host_names(condition) == found


def host_names(condition: str) -> list[str]:
    names: list[str] = Host().values("Get-CimInstance", "Name", ClassName="Win32_Service", Filter=condition)
    return names


@pytest.mark.parametrize("condition", ["Name=", "Name='a", "Name='a' AND", "Nonsense=1", "(Name='a'", "Name 'a'"])
def test_invalid_conditions(condition: str) -> None:
    identifier = Host().error("Get-CimInstance", ClassName="Win32_Service", Filter=condition)
    assert identifier == "HRESULT 0x80041017,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand"


def test_condition_on_a_property_that_the_class_lacks_fails_without_any_object_too() -> None:
    assert Host().rows("Get-CimInstance", "Name", ClassName="Win32_PnPEntity", Filter="Name='x'") == []
    assert Host().error("Get-CimInstance", ClassName="Win32_PnPEntity", Filter="Nonsense=1").startswith("HRESULT 0x80041017,")


def test_classes_that_are_not_there_or_not_known() -> None:
    """PowerShell's own tests: HRESULT 0x80041010 for a class that does not exist; one that looks real is refused instead."""
    host = Host()
    identifier = "HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand"
    assert host.error("Get-CimInstance", ClassName="thisnameshouldnotexist") == identifier
    assert host.error("Get-CimInstance", ClassName="Win32_BIOS") == "RehearsalNotModelled"
    assert host.error("Get-CimInstance", ClassName="x", Namespace="root/nowhere") == "RehearsalNotModelled"


def test_selected_properties_only_are_filled() -> None:
    host = Host()
    names = ("Manufacturer", "Model")
    rows = host.rows("Get-CimInstance", *names, ClassName="Win32_ComputerSystem", Property=["Model"])
    assert rows == [{"Manufacturer": None, "Model": "Rack Server"}]
    query = "select Model from Win32_ComputerSystem where PartOfDomain=False"
    assert host.values("Get-CimInstance", "Model", Query=query) == ["Rack Server"]


def test_property_that_the_class_has_and_nobody_modelled() -> None:
    """Refused, not null; a property that the class lacks is another error."""
    host = Host()
    for name, identifier in (("WakeUpType", "RehearsalNotModelled"), ("VirtualizationFirmwareEnabled", "PropertyNotFound")):
        assert host.call("Get-CimInstance", (name,), ClassName="Win32_ComputerSystem")["error"]["id"] == identifier


def test_download() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/file" else 404)
            self.end_headers()
            self.wfile.write(b"content")

        def log_message(self, *arguments: object) -> None:
            pass

    host = Host()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        host.rows("Invoke-WebRequest", Uri=f"{address}/file", OutFile=r"C:\Windows\Temp\file", UseBasicParsing=True)
        missing = host.error("Invoke-WebRequest", Uri=f"{address}/other", OutFile=r"C:\Windows\Temp\other", UseBasicParsing=True)
        server.shutdown()
    assert host.machine.files.read(r"C:\Windows\Temp\file") == b"content"
    assert missing == f"WebCmdletWebResponseException,{COMMANDS}.InvokeWebRequestCommand"


def test_clocks() -> None:
    host = Host()
    assert host.values("Get-Date", "$value") == ["2026-05-04T08:00:00.0000000Z"]
    assert host.values("Get-TimeZone", "Id") == ["UTC"]
    assert host.values("Get-CimInstance", "LastBootUpTime", ClassName="Win32_OperatingSystem") == ["2026-05-04T07:00:00.0000000Z"]


def test_a_folder_is_a_directory_of_cim_and_a_file_is_none() -> None:
    host = Host()
    host.rows("New-Item", Path=[r"C:\Open Stack\Log"], ItemType="Directory", Force=True)
    host.machine.files.write(r"C:\Open Stack\Log\a.log", b"")

    def named(name: str) -> list[Any]:
        return host.values("Get-CimInstance", "Name", ClassName="Win32_Directory", Filter=f"Name='{name}'")

    assert named(r"C:\\Open Stack\\Log") == [r"c:\open stack\log"]
    assert named(r"C:\\Open Stack\\Log\\a.log") == []
    assert named(r"C:\\Open Stack\\Data") == []


def test_a_file_is_a_data_file_of_cim_with_the_time_of_its_last_change() -> None:
    host = Host()
    host.machine.files.write(r"C:\Windows\Temp\a.conf", b"1")
    host.clock.pass_by(60)
    host.machine.files.write(r"C:\Windows\Temp\a.conf", b"22")
    query = {"ClassName": "CIM_DataFile", "Filter": r"Name='C:\\Windows\\Temp\\a.conf'"}
    (row,) = host.rows("Get-CimInstance", "LastModified", "CreationDate", "FileSize", **query)
    assert row == {"LastModified": "2026-05-04T08:01:00.0000000Z", "CreationDate": "2026-05-04T08:00:00.0000000Z", "FileSize": 2}
    assert host.values("Get-CimInstance", "Name", ClassName="CIM_DataFile", Filter=r"Name='C:\\Windows\\Temp'") == []
