# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/driver_packages.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Program, Ref
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.driver_packages import RESOURCE

PATH = r"C:\Drivers\fc\ql2300.inf"
DEVICE = r"PCI\VEN_1077&DEV_2031\0"
BOOT, EARLIER = "2026-11-21T10:00:00.0000000Z", "2026-11-20T10:00:00.0000000Z"
NOTE = r"HKLM:\SOFTWARE\winstack.hyperv\driver_packages"
STAGED = {
    "Driver": "oem7.inf", "OriginalFileName": r"C:\Windows\System32\DriverStore\FileRepository\ql2300.inf_amd64_1\QL2300.inf",
    "ProviderName": "QLogic", "Version": "9.4.5.20",
}
BOUND = {"DeviceID": DEVICE, "DeviceName": "QLogic FC Adapter", "InfName": "oem7.inf", "DriverVersion": "9.4.5.20"}
ENTRY = {"PSChildName": "{1}", "DisplayName": "Contoso DSM for MPIO", "DisplayVersion": "4.2.1"}
OTHER = {"PSChildName": "AddressBook", "DisplayName": None, "DisplayVersion": None}


def package(**options: Any) -> dict[str, Any]:
    return {"path": PATH, "provider": "qlogic", "version": "9.4.5.20", "device_required": True, **options}


def installer(**options: Any) -> dict[str, Any]:
    return {"product": "contoso dsm", "version": None, "dsm": "Contoso DSM", "dsm_version": None, **options}


def options(*packages: dict[str, Any], installers: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"packages": list(packages), "installers": list(installers)}


def store(*staged: dict[str, Any], drivers: tuple[dict[str, Any], ...] = (), waiting: tuple[str, ...] = (), file: bool = True) -> Answers:
    return Answers({
        "store": Answer("store", output=staged),
        "drivers": Answer("drivers", output=drivers),
        "waiting": Answer("waiting", output=tuple({"DeviceID": device} for device in waiting)),
        "file_0": Answer("file_0", output=({"$value": file},)),
    })


def dsm(name: str, version: str) -> dict[str, Any]:
    parts = ("MajorVersion", "MinorVersion", "ProductBuild", "QfeNumber")
    return {"DsmName": name, **{f"DsmVersion.{part}": int(number) for part, number in zip(parts, version.split("."), strict=True)}}


def programs(*entries: dict[str, Any], dsms: tuple[dict[str, Any], ...] | None = (), notes: tuple[str, ...] | None = None) -> Answers:
    """dsms None: MPIO is not in effect; notes None: there is no key."""
    missing = CmdletError("HRESULT 0x80041010,X", "Invalid class")
    no_key = CmdletError("PathNotFound,X", "Cannot find path")
    all_dsms = (dsm("Microsoft DSM", "10.0.20348.1"), *(dsms or ()))
    return Answers({
        "programs": Answer("programs", output=(OTHER, *entries)),
        "mpio": Answer("mpio", error=missing) if dsms is None else Answer("mpio", output=({"NumberDSMs": len(all_dsms)},)),
        "dsms": Answer("dsms", error=CmdletError("ReferenceEmpty", "")) if dsms is None else Answer("dsms", output=all_dsms),
        "started": Answer("started", output=({"LastBootUpTime": BOOT},)),
        "note": Answer("note", error=no_key) if notes is None else Answer("note", output=({"MissedAfterStart": list(notes)},)),
    })


# Reading

def test_nothing_is_read_that_nobody_asks_for() -> None:
    assert RESOURCE.read(options()) == []
    without_dsm = RESOURCE.read(options(installers=(installer(dsm=None),)))
    assert [call.id for call in without_dsm] == ["programs"]


def test_reads_the_store_the_devices_and_the_file() -> None:
    assert RESOURCE.read(options(package())) == [
        Cmdlet("store", "Get-WindowsDriver", {"Online": True}, ("Driver", "OriginalFileName", "ProviderName", "Version")),
        Cmdlet(
            "drivers", "Get-CimInstance", {"ClassName": "Win32_PnPSignedDriver", "Filter": "InfName LIKE 'oem%'"},
            ("DeviceID", "DeviceName", "InfName", "DriverVersion"),
        ),
        Cmdlet("waiting", "Get-CimInstance", {"ClassName": "Win32_PnPEntity", "Filter": "ConfigManagerErrorCode=14"}, ("DeviceID",)),
        Cmdlet("file_0", "Test-Path", {"LiteralPath": PATH, "PathType": "Leaf"}, ("$value",)),
    ]


def test_reads_the_modules_of_mpio_as_objects_within_an_object() -> None:
    calls = {call.id: call for call in RESOURCE.read(options(installers=(installer(),)))}
    assert calls["dsms"] == Cmdlet(
        "dsms", "Select-Object", {"InputObject": Ref("mpio"), "ExpandProperty": "DsmParameters"},
        ("DsmName", "DsmVersion.MajorVersion", "DsmVersion.MinorVersion", "DsmVersion.ProductBuild", "DsmVersion.QfeNumber"),
    )
    assert list(calls) == ["programs", "mpio", "dsms", "started", "note"]


# Packages

ADD = Program("add_0", "pnputil.exe", ("/add-driver", PATH, "/install"), (0, 259, 3010))


def test_a_package_in_use_is_all_that_was_asked_for() -> None:
    plan = RESOURCE.plan(options(package()), store(STAGED, drivers=(BOUND,)))
    assert (plan.differences, plan.calls, plan.findings, plan.blockers, plan.reboot) == ((), (), (), (), ())
    assert plan.state == {
        "packages": [{
            "inf": "ql2300.inf", "provider": "qlogic", "version": "9.4.5.20", "published": "oem7.inf", "other_versions": [],
            "devices": [{"id": DEVICE, "name": "QLogic FC Adapter", "version": "9.4.5.20"}], "waiting_for_restart": [],
        }],
        "installers": [],
        "registered_dsms": None,
    }


def test_a_package_that_is_not_in_the_store_is_added_and_installed() -> None:
    plan = RESOURCE.plan(options(package()), store())
    assert plan.differences == (Difference("packages.ql2300.version", None, "9.4.5.20"),)
    assert plan.calls == (ADD,)
    assert plan.blockers == ()


def test_another_version_stays_beside_the_wanted_one() -> None:
    former = {**STAGED, "Driver": "oem3.inf", "Version": "9.1.11.20"}
    plan = RESOURCE.plan(options(package()), store(former, drivers=({**BOUND, "InfName": "oem3.inf"},)))
    assert plan.differences == (Difference("packages.ql2300.version", "9.1.11.20", "9.4.5.20"),)
    assert plan.calls == (ADD,)
    both = RESOURCE.plan(options(package()), store(former, STAGED, drivers=(BOUND,)))
    assert both.differences == ()
    assert both.state["packages"][0]["other_versions"] == ["9.1.11.20"]


def test_the_same_name_of_another_provider_is_another_package() -> None:
    plan = RESOURCE.plan(options(package()), store({**STAGED, "ProviderName": "Contoso"}))
    assert plan.differences == (Difference("packages.ql2300.version", None, "9.4.5.20"),)


@pytest.mark.parametrize(("there", "wanted"), [("9.4.5.20", "9.4.5.20"), ("9.4.0.0", "9.4"), ("9.04.5.020", "9.4.5.20")])
def test_versions_compare_by_their_numbers(there: str, wanted: str) -> None:
    plan = RESOURCE.plan(options(package(version=wanted)), store({**STAGED, "Version": there}, drivers=(BOUND,)))
    assert plan.differences == ()


def test_a_file_that_is_not_there_yet_is_a_blocker_only_where_it_is_needed() -> None:
    assert RESOURCE.plan(options(package()), store(file=False)).blockers == (f"the file {PATH} is not on this host yet",)
    assert RESOURCE.plan(options(package()), store(STAGED, drivers=(BOUND,), file=False)).blockers == ()


def test_a_package_that_no_device_uses_is_not_recognised() -> None:
    plan = RESOURCE.plan(options(package()), store(STAGED))
    assert plan.differences == (
        Difference("packages.ql2300.recognised", "in the driver store as oem7.inf, but no device uses it", "used by a device"),
    )
    assert plan.calls == (ADD,)
    assert [(finding.name, finding.severity, finding.target) for finding in plan.findings] == [
        ("driver_not_recognised", "warning", "ql2300.inf"),
    ]
    assert "setupapi.dev.log" in plan.findings[0].remediation


def test_hardware_that_is_still_to_come() -> None:
    plan = RESOURCE.plan(options(package(device_required=False)), store(STAGED, waiting=("PCI\\OTHER",)))
    assert (plan.differences, plan.calls, plan.findings, plan.reboot) == ((), (), (), ())


def test_a_device_that_waits_for_a_restart() -> None:
    reason = f"ql2300.inf: a device waits for a restart ({DEVICE})"
    bound = RESOURCE.plan(options(package()), store(STAGED, drivers=(BOUND,), waiting=(DEVICE,)))
    assert (bound.differences, bound.reboot) == ((), (reason,))
    # It may show its former driver until then.
    former = RESOURCE.plan(options(package()), store(STAGED, waiting=(DEVICE,)))
    assert (former.differences, former.findings, former.reboot) == ((), (), (reason,))
    # A restart that has nothing to do with it does not keep a package from being added.
    missing = RESOURCE.plan(options(package()), store(waiting=(DEVICE,)))
    assert (missing.calls, missing.reboot) == ((ADD,), ())


# Programs

def test_a_dsm_that_mpio_has_registered() -> None:
    answers = programs(ENTRY, dsms=(dsm("CONTOSO DSM", "4.2.1.0"),))
    plan = RESOURCE.plan(options(installers=(installer(version="4.2.1", dsm_version="4.2.1"),)), answers)
    assert (plan.differences, plan.calls, plan.blockers, plan.findings, plan.reboot) == ((), (), (), (), ())
    assert plan.state["installers"] == [{
        "product": "contoso dsm", "installed": True, "name": "Contoso DSM for MPIO", "version": "4.2.1", "dsm": "Contoso DSM",
        "dsm_version": "4.2.1.0",
    }]
    assert plan.state["registered_dsms"] == [
        {"name": "Microsoft DSM", "version": "10.0.20348.1"}, {"name": "CONTOSO DSM", "version": "4.2.1.0"},
    ]


@pytest.mark.parametrize(("entries", "version", "difference"), [
    ((), None, Difference("installers.contoso dsm.version", None, "installed")),
    ((), "4.2.1", Difference("installers.contoso dsm.version", None, "4.2.1")),
    ((ENTRY,), "4.3.0", Difference("installers.contoso dsm.version", "4.2.1", "4.3.0")),
])
def test_a_program_that_is_missing_is_not_installed_here(entries: Any, version: str | None, difference: Difference) -> None:
    plan = RESOURCE.plan(options(installers=(installer(version=version),)), programs(*entries))
    assert plan.differences == (difference,)
    assert plan.calls == ()
    assert len(plan.blockers) == 1
    assert "ansible.windows.win_package" in plan.blockers[0]


def test_of_several_entries_the_wanted_version_counts() -> None:
    answers = programs({**ENTRY, "DisplayVersion": "4.1.0"}, ENTRY, dsms=(dsm("Contoso DSM", "4.2.1.0"),))
    assert RESOURCE.plan(options(installers=(installer(version="4.2.1"),)), answers).differences == ()


def test_without_mpio_no_dsm_can_be_registered() -> None:
    plan = RESOURCE.plan(options(installers=(installer(),)), programs(dsms=None))
    assert plan.blockers[-1] == "MPIO is not in effect on this host, so no DSM can be registered"
    assert plan.state["registered_dsms"] is None


def test_a_dsm_that_is_missed_gets_one_restart() -> None:
    wanted = options(installers=(installer(),))
    before = RESOURCE.plan(wanted, programs(ENTRY, notes=("older 1.0=x",)))
    assert before.differences == (Difference("installers.contoso dsm.dsm", "not registered Contoso DSM", "registered Contoso DSM"),)
    assert before.calls == (
        Cmdlet("note_key", "New-Item", {"Path": NOTE, "Force": True}),
        Cmdlet("note_value", "New-ItemProperty", {
            "LiteralPath": NOTE, "Name": "MissedAfterStart", "Value": ["older 1.0=x", f"contoso dsm 4.2.1={BOOT}"],
            "PropertyType": "MultiString",
        }),
    )
    reason = "Contoso DSM for MPIO is installed, and MPIO registers its DSM when the host starts"
    assert before.reboot == (reason,)
    noted = RESOURCE.plan(wanted, programs(ENTRY, notes=(f"contoso dsm 4.2.1={BOOT}",)))
    assert (noted.differences, noted.calls, noted.findings, noted.reboot) == ((), (), (), (reason,))
    after = RESOURCE.plan(wanted, programs(ENTRY, notes=(f"contoso dsm 4.2.1={EARLIER}",)))
    assert (after.differences, after.calls, after.reboot) == ((), (), ())
    assert [(finding.name, finding.severity) for finding in after.findings] == [("dsm_not_recognised", "critical")]
    assert "a restart did not help" in after.findings[0].found


def test_another_version_of_the_dsm_is_missed_as_well() -> None:
    answers = programs(ENTRY, dsms=(dsm("Contoso DSM", "4.1.0.0"),))
    plan = RESOURCE.plan(options(installers=(installer(dsm_version="4.2.1"),)), answers)
    assert plan.differences == (Difference("installers.contoso dsm.dsm", "registered Contoso DSM 4.1.0.0", "registered Contoso DSM 4.2.1"),)


# Bad input, and what is no answer

@pytest.mark.parametrize(("wanted", "message"), [
    (options(package(path="ql2300.inf")), "packages[0].path: 'ql2300.inf' is not the full path of an .inf file on a drive of the host"),
    (options(package(path=r"C:\Drivers\ql2300.sys")), "packages[0].path: 'C:\\\\Drivers\\\\ql2300.sys' is not the full path"),
    (options(package(path=r"\\fs1\drivers\ql2300.inf")), "is not the full path of an .inf file on a drive of the host"),
    (options(package(path=r"C:\Drivers\*.inf")), "is not the full path of an .inf file on a drive of the host"),
    (options(package(version="9.4.5.20a")), "packages[0].version: '9.4.5.20a' is not one to four numbers with dots"),
    (options(package(version="")), "packages[0].version: '' is not one to four numbers"),
    (options(package(provider=" ")), "packages[0].provider: it is empty"),
    (options(package(), package(path=r"D:\QL2300.INF", version="9.5")), "packages[1]: QL2300.INF of qlogic is there twice"),
    (options(installers=(installer(product=" "),)), "installers[0].product: it is empty"),
    (options(installers=(installer(), installer(product="Contoso DSM"))), "installers[1].product: 'Contoso DSM' is there twice"),
    (options(installers=(installer(dsm_version="4.x"),)), "installers[0].dsm_version: '4.x' is not one to four numbers with dots"),
    (options(installers=(installer(dsm=None, dsm_version="4"),)), "installers[0].dsm_version: it needs dsm"),
])
def test_bad_options_are_named_and_nothing_is_called(wanted: dict[str, Any], message: str) -> None:
    plan = RESOURCE.plan(wanted, Answers())
    assert any(message in refusal for refusal in plan.refusals), plan.refusals
    assert (plan.calls, plan.differences) == ((), ())


@pytest.mark.parametrize("call", ["store", "drivers", "waiting", "file_0"])
def test_a_call_that_fails_is_not_taken_for_an_answer(call: str) -> None:
    answers = store(STAGED, drivers=(BOUND,))
    answers[call] = Answer(call, error=CmdletError("Unspecified,X", "Class not registered"))
    with pytest.raises(CallFailed, match=f"'{call}'"):
        RESOURCE.plan(options(package()), answers)


@pytest.mark.parametrize(("code", "words"), [
    (-536870353, "no signature"), (-536870325, "does not fit"), (2, "not in its folder"), (13, "setupapi.dev.log"),
])
def test_exit_codes_are_explained(code: int, words: str) -> None:
    error = CmdletError("ProgramFailed", f"pnputil.exe ended with exit code {code}.")
    assert words in RESOURCE.explain(error)
    assert RESOURCE.explain(CmdletError("Other", f"exit code {code}")) == ""
