# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Driver packages. Oracle: Microsoft's reference of PnPUtil, of .inf files and of how Setup ranks drivers; public transcripts."""
from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rehearsal.machine import Machine

from tests.driver_files import HBA, inf
from tests.unit.rehearsal.cmdlets.hosts import Host

FOLDER = r"C:\Drivers"
PATH = rf"{FOLDER}\ql2300.inf"
CLASS = r"HKLM:\SYSTEM\CurrentControlSet\Control\Class"


def host(*, files: tuple[str, ...] = ("ql2300.sys", "ql2300.cat"), text: str = inf(), **device: Any) -> Host:
    made = Host(hardware={"pci": [{**HBA, **device}]})
    made.machine.files.make_folder(FOLDER)
    made.machine.files.write(PATH, text.encode("utf-16"))
    for name in files:
        made.machine.files.write(rf"{FOLDER}\{name}", b"x")
    return made


def driver(made: Host) -> dict[str, Any]:
    names = ("InfName", "DriverVersion", "DriverProviderName", "DeviceName")
    where = {"ClassName": "Win32_PnPSignedDriver", "Filter": "DeviceID LIKE 'PCI%'"}
    return made.rows("Get-CimInstance", *names, **where)[0]


def test_add_puts_a_package_into_the_store_and_install_onto_its_devices() -> None:
    made = host()
    assert driver(made) == {
        "InfName": "machine.inf", "DriverVersion": "10.0.20348.1", "DriverProviderName": "Microsoft",
        "DeviceName": "QLogic Fibre Channel Adapter",
    }
    assert made.program("pnputil.exe", "/add-driver", PATH)["exit_code"] == 0
    staged = made.rows("Get-WindowsDriver", "Driver", "OriginalFileName", "ProviderName", "Version", "ClassName", Online=True)
    assert [row["Driver"] for row in staged] == ["oem0.inf"]
    assert staged[0]["OriginalFileName"].startswith("C:\\Windows\\System32\\DriverStore\\FileRepository\\ql2300.inf_amd64_")
    assert staged[0]["OriginalFileName"].endswith("\\ql2300.inf")
    assert (staged[0]["ProviderName"], staged[0]["Version"], staged[0]["ClassName"]) == ("QLogic", "9.4.5.20", "SCSIAdapter")
    assert driver(made)["InfName"] == "machine.inf"
    done = made.program("pnputil.exe", "/add-driver", PATH, "/install")
    assert (done["exit_code"], "(Already exists in the system)" in done["stdout"]) == (0, True)
    assert f"Driver package installed on device: {HBA['instance_id']}" in done["stdout"]
    assert driver(made) == {
        "InfName": "oem0.inf", "DriverVersion": "9.4.5.20", "DriverProviderName": "QLogic", "DeviceName": "QLogic Fibre Channel Adapter",
    }
    keys = made.rows("Get-ItemProperty", "InfPath?", "DriverVersion?", "MatchingDeviceId?", Path=rf"{CLASS}\*\0*")
    assert {"InfPath": "oem0.inf", "DriverVersion": "9.4.5.20", "MatchingDeviceId": r"pci\ven_1077&dev_2031"} in keys
    assert not any(row["InfPath"] == "machine.inf" for row in keys)


@pytest.mark.parametrize(("first", "second", "taken"), [
    (inf(), inf("9.4.6.1", "01/10/2024"), True),
    (inf(), inf("9.5.0.1", "01/10/2022"), False),
    (inf(), inf("9.4.6.1"), True),
    (inf(), inf("9.4.4.1"), False),
    (inf(), inf("1.0", "01/01/2010", r"PCI\VEN_1077&DEV_2031&SUBSYS_02671077"), True),
    (inf(ids=r"PCI\VEN_1077&DEV_2031&SUBSYS_02671077"), inf("99.0", "01/01/2025"), False),
])
def test_the_better_driver_wins_by_rank_then_date_then_version(first: str, second: str, taken: bool) -> None:
    made = host(text=first)
    made.program("pnputil.exe", "/add-driver", PATH, "/install")
    made.machine.files.write(PATH, second.encode())
    assert made.program("pnputil.exe", "/add-driver", PATH, "/install")["exit_code"] == (0 if taken else 259)
    assert driver(made)["InfName"] == ("oem1.inf" if taken else "oem0.inf")


def test_no_device_that_it_fits() -> None:
    made = host(text=inf(ids=r"PCI\VEN_10DF&DEV_E200"))
    assert made.program("pnputil.exe", "/add-driver", PATH, "/install")["exit_code"] == 259
    assert made.values("Get-WindowsDriver", "Driver", Online=True) == ["oem0.inf"]


def test_a_device_in_use_waits_for_a_restart() -> None:
    made = host(in_use=True)
    assert made.program("pnputil.exe", "/add-driver", PATH, "/install")["exit_code"] == 3010
    waiting = {"ClassName": "Win32_PnPEntity", "Filter": "ConfigManagerErrorCode=14"}
    assert made.values("Get-CimInstance", "DeviceID", **waiting) == [HBA["instance_id"]]
    made.machine.reboot()
    assert made.values("Get-CimInstance", "DeviceID", **waiting) == []
    assert driver(made)["InfName"] == "oem0.inf"


@pytest.mark.parametrize(("made", "code"), [
    (host(text="[Strings]\r\n"), -536870656),
    (host(text=inf().replace("$WINDOWS NT$", "$Amiga$")), -536870656),
    (host(text=inf(catalog="")), -536870353),
    (host(files=("ql2300.sys",)), -536870353),
    (host(files=("ql2300.cat",)), 2),
])
def test_a_package_that_is_not_whole_is_not_added(made: Host, code: int) -> None:
    made.machine.changes.clear()
    assert made.program("pnputil.exe", "/add-driver", PATH, "/install")["exit_code"] == code
    assert made.machine.changes == []
    assert made.values("Get-WindowsDriver", "Driver", Online=True) == []


def test_what_is_not_modelled_is_refused() -> None:
    made = host()
    for arguments in (["/delete-driver", "oem0.inf"], ["/add-driver", rf"{FOLDER}\*.inf"], ["/add-driver", PATH, "/reboot"], []):
        assert made.program("pnputil.exe", *arguments)["error"]["id"] == "RehearsalNotModelled"
    assert made.error("Get-WindowsDriver", Online=True, All=True) == "RehearsalNotModelled"
    assert made.program("pnputil.exe", "/add-driver", r"C:\nowhere\x.inf")["exit_code"] == 2


def test_the_store_survives() -> None:
    made = host(in_use=True)
    made.program("pnputil.exe", "/add-driver", PATH, "/install")
    later = made.clock() + timedelta(minutes=1)
    again = Machine.load("hv01", made.spec, made.machine.dump(), lambda: later)
    assert [package.published for package in again.drivers.packages()] == ["oem0.inf"]
    assert [item.inf for item in again.drivers.drivers()] == ["iscsi.inf", "oem0.inf"]


# Device specific modules

def dsms(made: Host) -> list[dict[str, Any]]:
    calls = (
        {"id": "mpio", "cmdlet": "Get-CimInstance", "parameters": {"Namespace": "root/wmi", "ClassName": "MPIO_REGISTERED_DSM"}},
        {
            "id": "dsms", "cmdlet": "Select-Object", "parameters": {"InputObject": {"$ref": "mpio"}, "ExpandProperty": "DsmParameters"},
            "properties": ["DsmName", "DsmVersion.MajorVersion", "DsmVersion.QfeNumber"],
        },
    )
    output: list[dict[str, Any]] = made.batch(*calls)[1]["output"]
    return output


def test_mpio_lists_its_modules_in_one_instance() -> None:
    made = Host(features={"installed": ["Multipath-IO"]})
    own = {"DsmName": "Microsoft DSM", "DsmVersion.MajorVersion": 10, "DsmVersion.QfeNumber": 1}
    assert dsms(made) == [own]
    made.machine.drivers.add_dsm("Contoso DSM", "4.2.1", at_once=False)
    assert dsms(made) == [own]
    made.machine.reboot()
    assert dsms(made) == [own, {"DsmName": "Contoso DSM", "DsmVersion.MajorVersion": 4, "DsmVersion.QfeNumber": 0}]


def test_the_class_is_mpios() -> None:
    wanted = {"Namespace": "root/wmi", "ClassName": "MPIO_REGISTERED_DSM"}
    assert Host().error("Get-CimInstance", **wanted).startswith("HRESULT 0x80041010,")


def test_select_object_expands_one_property_of_one_object() -> None:
    made = Host(features={"installed": ["Multipath-IO"]})
    calls = [{"id": "mpio", "cmdlet": "Get-CimInstance", "parameters": {"Namespace": "root/wmi", "ClassName": "MPIO_REGISTERED_DSM"}}]

    def expand(**parameters: Any) -> Any:
        given = {"InputObject": {"$ref": "mpio"}, **parameters}
        return made.batch(*calls, {"id": "x", "cmdlet": "Select-Object", "parameters": given, "properties": ["$value"]})[1]

    assert expand(ExpandProperty="numberdsms")["output"] == [{"$value": 1}]
    assert expand(ExpandProperty="Nothing")["error"]["id"] == "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand"
    assert expand(First=1)["error"]["id"] == "RehearsalNotModelled"
