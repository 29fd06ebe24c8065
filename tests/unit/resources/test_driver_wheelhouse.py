# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import (
    Call,
    Cmdlet,
    Credential,
    PlainSecret,
    Program,
    ReadFile,
    Ref,
    WriteFile,
)
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Plan
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.driver_wheelhouse import RESOURCE

SHA = "AB" * 32
PYTHON_SHA = "CD" * 32
VC_SHA = "EF" * 32
ROOT = "C:\\Program Files\\OpenStack\\Driver"
FOLDER = f"{ROOT}\\abababababab"
PYTHON = "C:\\Program Files\\Python38\\python.exe"
COMPUTE = f"{FOLDER}\\venv\\Scripts\\nova-compute.exe"
CONF = "C:\\OpenStack\\etc\\nova.conf"
NSSM = "C:\\OpenStack\\nssm.exe"
PYTHON_KEY = "HKLM:\\SOFTWARE\\Python\\PythonCore\\3.8\\InstallPath"
VC_KEY = "HKLM:\\SOFTWARE\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\x64"
VC_KEY_WOW = "HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\x64"
KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\nova-compute"
NO_KEY = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "Cannot find path")
NO_FILE = CmdletError("FileNotFound,Get-FileHash", "cannot be found")

ARCHIVE = {"path": "C:\\Install\\house.zip", "sha256": SHA.lower(), "url": None}
PYTHON_INSTALLER = {"path": "C:\\Install\\python.exe", "sha256": PYTHON_SHA, "url": "https://files.example.org/python.exe"}
VC_INSTALLER = {"path": "C:\\Install\\vc.exe", "sha256": VC_SHA, "url": None}
SERVICE = {
    "name": "nova-compute", "program": "nova-compute", "arguments": ["--config-file", CONF],
    "account": None, "password": None, "environment": {"PYTHONUTF8": "1"},
}
BY_NSSM = {"kind": "nssm", "path": NSSM}
BY_OPENSTACKSERVICE = {"kind": "openstackservice", "path": "C:\\OpenStack\\OpenStackService.exe"}


def options(**given: Any) -> dict[str, Any]:
    """What the action hands over when only these options and the archive are given."""
    defaults: dict[str, Any] = {
        "archive": ARCHIVE,
        "root": ROOT,
        "python": {"executable": None, "installer": None, "target": "C:\\Program Files\\Python38"},
        "vc_runtime": {"installer": None},
        "wrapper": None,
        "services": [],
    }
    return {**defaults, **given}


def installed(**given: Answer) -> Answers:
    """A host that has Python, the runtime and the environment; `given` replaces answers, by call id with `__` for a dot."""
    answers = {
        "python": Answer("python", output=({"ExecutablePath": PYTHON},)),
        "vc_runtime": Answer("vc_runtime", output=({"Major": 14, "Minor": 38, "Bld": 33135},)),
        "vc_runtime_wow": Answer("vc_runtime_wow", error=NO_KEY),
        "archive.hash": Answer("archive.hash", output=({"Hash": SHA},)),
        "installed": Answer("installed", content=json.dumps({"archive_sha256": SHA, "python": PYTHON}).encode()),
        "current": Answer("current", content=b'{"environment": "abababababab", "previous": "0123456789ab"}'),
        "wrapper": Answer("wrapper", output=({"$value": True},)),
        "programs": Answer("programs", output=({"$value": True},)),
    }
    return Answers({**answers, **{name.replace("__", "."): answer for name, answer in given.items()}})


def bare(**given: Answer) -> Answers:
    """A host that has nothing of it."""
    nothing = {
        "python": Answer("python", error=NO_KEY),
        "vc_runtime": Answer("vc_runtime", error=NO_KEY),
        "archive__hash": Answer("archive.hash", error=NO_FILE),
        "installed": Answer("installed"),
        "current": Answer("current"),
    }
    return installed(**{**nothing, **given})


def service_answers(command: str = NSSM, account: str = "LocalSystem", **values: Any) -> dict[str, Answer]:
    """The answers about one service under NSSM that is as wanted; `values` replaces NSSM's values."""
    nssm = {"Application": COMPUTE, "AppParameters": f"--config-file {CONF}", "AppDirectory": f"{FOLDER}\\venv", **values}
    return {
        "services": Answer("services", output=({"Name": "Nova-Compute", "PathName": command, "StartName": account},)),
        "service0__key": Answer("service0.key", output=({"Environment": ["PYTHONUTF8=1"]},)),
        "service0__nssm": Answer("service0.nssm", output=(nssm,)),
    }


def no_service() -> dict[str, Answer]:
    return {
        "services": Answer("services"),
        "service0__key": Answer("service0.key", error=NO_KEY),
        "service0__nssm": Answer("service0.nssm", error=NO_KEY),
    }


def plan(given: dict[str, Any], answers: Answers) -> Plan:
    return RESOURCE.plan(given, answers)


def making(python: str = PYTHON, programs: tuple[str, ...] = ()) -> tuple[Call, ...]:
    """The calls that make the environment, from a file that is there."""
    inside = f"{FOLDER}\\venv\\Scripts\\python.exe"
    return (
        Cmdlet("archive.check", "Get-FileHash", {"LiteralPath": ["C:\\Install\\house.zip"], "Algorithm": "SHA256"}, until={"Hash": SHA}),
        Cmdlet("folder", "New-Item", {"Path": [FOLDER], "ItemType": "Directory", "Force": True}),
        Program("expand", python, ("-m", "zipfile", "-e", "C:\\Install\\house.zip", f"{FOLDER}\\house")),
        Program("venv", python, ("-m", "venv", "--clear", f"{FOLDER}\\venv")),
        Program("install", inside, (
            "-m", "pip", "install", "--isolated", "--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check",
            "--no-index", "--find-links", f"{FOLDER}\\house\\wheels",
            "--require-hashes", "--requirement", f"{FOLDER}\\house\\requirements.txt",
        )),
        Program("check", inside, ("-m", "pip", "check", "--disable-pip-version-check")),
        Program("import0", inside, ("-m", "nova.virt.compute_hyperv.driver")),
        Program("import1", inside, ("-m", "nova.virt.compute_hyperv.cluster.driver")),
        *(Program(f"version.{name}", f"{FOLDER}\\venv\\Scripts\\{name}.exe", ("--version",)) for name in programs),
        WriteFile("installed", f"{FOLDER}\\installed.json", (json.dumps({"archive_sha256": SHA, "python": python}) + "\n").encode()),
    )


SWITCH = f"{ROOT}\\current.json"


def switched(previous: str | None) -> Call:
    return WriteFile("switch", SWITCH, (json.dumps({"environment": "abababababab", "previous": previous}) + "\n").encode())


# Reading

def test_reads_only_what_the_options_are_about() -> None:
    assert RESOURCE.read(options()) == [
        Cmdlet("python", "Get-ItemProperty", {"LiteralPath": PYTHON_KEY}, ("ExecutablePath?",)),
        Cmdlet("vc_runtime", "Get-ItemProperty", {"LiteralPath": VC_KEY}, ("Major?", "Minor?", "Bld?")),
        Cmdlet("vc_runtime_wow", "Get-ItemProperty", {"LiteralPath": VC_KEY_WOW}, ("Major?", "Minor?", "Bld?")),
        Cmdlet("archive.hash", "Get-FileHash", {"LiteralPath": ["C:\\Install\\house.zip"], "Algorithm": "SHA256"}, ("Hash",)),
        ReadFile("installed", f"{FOLDER}\\installed.json"),
        ReadFile("current", SWITCH),
    ]


def test_reads_files_wrapper_and_services_that_are_given() -> None:
    given = options(
        python={"executable": PYTHON, "installer": PYTHON_INSTALLER, "target": "C:\\P"}, vc_runtime={"installer": VC_INSTALLER},
        wrapper=BY_NSSM, services=[SERVICE],
    )
    calls = {call.id: call for call in RESOURCE.read(given)}
    assert calls["python"] == Cmdlet("python", "Test-Path", {"LiteralPath": [PYTHON], "PathType": "Leaf"}, ("$value",))
    assert {"python.installer.hash", "vc_runtime.installer.hash"} <= set(calls)
    assert calls["wrapper"] == Cmdlet("wrapper", "Test-Path", {"LiteralPath": [NSSM], "PathType": "Leaf"}, ("$value",))
    assert calls["programs"] == Cmdlet("programs", "Test-Path", {"LiteralPath": [COMPUTE], "PathType": "Leaf"}, ("$value",))
    query = {"ClassName": "Win32_Service", "Filter": "Name='nova-compute'"}
    assert calls["services"] == Cmdlet("services", "Get-CimInstance", query, ("Name", "PathName", "StartName"))
    assert calls["service0.key"] == Cmdlet("service0.key", "Get-ItemProperty", {"LiteralPath": KEY}, ("Environment?",))
    values = ("Application?", "AppParameters?", "AppDirectory?")
    assert calls["service0.nssm"] == Cmdlet("service0.nssm", "Get-ItemProperty", {"LiteralPath": f"{KEY}\\Parameters"}, values)


AGENT = {**SERVICE, "name": "neutron-hyperv-agent", "program": "neutron-hyperv-agent", "arguments": ["--config-file", "C:\\agent.conf"]}


def test_a_program_that_the_archive_did_not_bring_is_refused() -> None:
    """Only of an environment that is there: a new one is tried before anything points to it."""
    given = options(wrapper=BY_NSSM, services=[SERVICE, AGENT])
    paths = [COMPUTE, COMPUTE.replace("nova-compute", "neutron-hyperv-agent")]
    assert Cmdlet("programs", "Test-Path", {"LiteralPath": paths, "PathType": "Leaf"}, ("$value",)) in RESOURCE.read(given)
    second = {"service1__key": Answer("service1.key", error=NO_KEY), "service1__nssm": Answer("service1.nssm", error=NO_KEY)}
    programs = Answer("programs", output=({"$value": True}, {"$value": False}))
    [refusal] = plan(given, installed(programs=programs, **service_answers(), **second)).refusals
    assert f"{FOLDER} has no program neutron-hyperv-agent: its archive was built without it" in refusal
    nothing = Answer("programs", output=({"$value": False}, {"$value": False}))
    assert plan(given, bare(programs=nothing, **no_service(), **second)).refusals == ()


# The environment

def test_an_installed_environment_needs_nothing_not_even_its_archive() -> None:
    found = plan(options(), installed(archive__hash=Answer("archive.hash", error=NO_FILE)))
    assert found == Plan(state={
        "environment": "abababababab", "folder": FOLDER, "installed": True, "python": PYTHON, "vc_runtime": "14.38.33135",
        "current": "abababababab", "previous": "0123456789ab", "switch": SWITCH, "services": [],
    })


def test_without_services_nothing_is_switched() -> None:
    found = plan(options(), installed(current=Answer("current")))
    assert (found.differences, found.calls) == ((), ())


@pytest.mark.parametrize("marker", [None, b"", b"{", b"[]", b'{"archive_sha256": "00"}', b"{}"])
def test_an_environment_without_its_marker_is_made(marker: bytes | None) -> None:
    found = plan(options(), installed(installed=Answer("installed", content=marker)))
    assert found.differences == (Difference("installed", None, FOLDER),)
    assert found.calls == making()
    assert found.blockers == ()


def test_everything_from_the_beginning_in_order() -> None:
    given = options(
        archive={**ARCHIVE, "url": "https://files.example.org/house.zip"},
        python={"executable": None, "installer": PYTHON_INSTALLER, "target": "D:\\Python"},
        vc_runtime={"installer": VC_INSTALLER},
    )
    answers = bare(**{
        "python.installer.hash": Answer("python.installer.hash", error=NO_FILE),
        "vc_runtime.installer.hash": Answer("vc_runtime.installer.hash", output=({"Hash": VC_SHA.lower()},)),
    })
    found = plan(given, answers)
    assert found.blockers == ()
    assert found.differences == (
        Difference("vc_runtime", None, "14.20 or newer"),
        Difference("python", None, "D:\\Python\\python.exe"),
        Difference("archive", None, SHA),
        Difference("installed", None, FOLDER),
    )
    folder = {"Path": ["C:\\Install"], "ItemType": "Directory", "Force": True}
    arguments = ("InstallAllUsers=1", "TargetDir=D:\\Python", "PrependPath=0", "Shortcuts=0", "Include_launcher=0", "Include_test=0")
    assert found.calls == (
        Cmdlet(
            "vc_runtime.installer.check", "Get-FileHash", {"LiteralPath": ["C:\\Install\\vc.exe"], "Algorithm": "SHA256"},
            until={"Hash": VC_SHA},
        ),
        Program("vc_runtime.install", "C:\\Install\\vc.exe", ("/install", "/quiet", "/norestart"), (0, 3010)),
        Cmdlet("python.installer.folder", "New-Item", folder),
        Cmdlet("python.installer.download", "Invoke-WebRequest", {
            "Uri": "https://files.example.org/python.exe", "OutFile": "C:\\Install\\python.exe", "UseBasicParsing": True,
        }),
        Cmdlet(
            "python.installer.check", "Get-FileHash", {"LiteralPath": ["C:\\Install\\python.exe"], "Algorithm": "SHA256"},
            until={"Hash": PYTHON_SHA},
        ),
        Program("python.install", "C:\\Install\\python.exe", ("/quiet", *arguments), (0, 3010)),
        Cmdlet("archive.folder", "New-Item", folder),
        Cmdlet("archive.download", "Invoke-WebRequest", {
            "Uri": "https://files.example.org/house.zip", "OutFile": "C:\\Install\\house.zip", "UseBasicParsing": True,
        }),
        *making(python="D:\\Python\\python.exe"),
    )


def test_an_archive_with_another_hash_is_downloaded_again() -> None:
    given = options(archive={**ARCHIVE, "url": "https://files.example.org/house.zip"})
    found = plan(given, bare(python=installed()["python"], vc_runtime=installed()["vc_runtime"],
                             archive__hash=Answer("archive.hash", output=({"Hash": "00" * 32},))))
    assert found.differences[0] == Difference("archive", "00" * 32, SHA)
    assert [call.id for call in found.calls[:3]] == ["archive.folder", "archive.download", "archive.check"]


@pytest.mark.parametrize(
    ("row", "version"),
    [({"Major": 14, "Minor": 16, "Bld": 27033}, "14.16.27033"), ({"Major": None, "Minor": None, "Bld": None}, None)],
)
def test_a_runtime_that_is_too_old_does_not_count(row: dict[str, Any], version: str | None) -> None:
    found = plan(options(), installed(vc_runtime=Answer("vc_runtime", output=(row,))))
    assert found.differences == (Difference("vc_runtime", version, "14.20 or newer"),)
    assert found.blockers == ("the Visual C++ runtime is missing or too old, and vc_runtime.installer is not given",)


def test_the_newer_of_two_entries_for_the_runtime_counts() -> None:
    newer = Answer("vc_runtime_wow", output=({"Major": 14, "Minor": 40, "Bld": 1},))
    assert plan(options(), installed(vc_runtime_wow=newer)).state["vc_runtime"] == "14.40.1"
    alone = installed(vc_runtime_wow=newer, vc_runtime=Answer("vc_runtime", error=NO_KEY))
    assert plan(options(), alone).differences == ()


def test_what_the_operator_must_bring_blocks_but_the_differences_are_known() -> None:
    found = plan(options(wrapper=BY_NSSM), bare(wrapper=Answer("wrapper", output=({"$value": False},))))
    assert [difference.path for difference in found.differences] == ["vc_runtime", "python", "archive", "installed"]
    assert found.blockers == (
        "the Visual C++ runtime is missing or too old, and vc_runtime.installer is not given",
        "Python 3.8 is not on this host (HKLM:\\SOFTWARE\\Python\\PythonCore\\3.8\\InstallPath), and python.installer is not given",
        "C:\\Install\\house.zip is not there with the SHA-256 of archive.sha256, and archive.url is not given",
        "the service wrapper C:\\OpenStack\\nssm.exe is not on this host",
    )


def test_an_interpreter_that_is_named_is_used_or_missed() -> None:
    given = options(python={"executable": "D:\\py\\python.exe", "installer": None, "target": "C:\\P"})
    there = installed(python=Answer("python", output=({"$value": True},)), installed=Answer("installed"))
    assert plan(given, there).calls == making(python="D:\\py\\python.exe")
    missing = plan(given, installed(python=Answer("python", output=({"$value": False},))))
    assert missing.differences == (Difference("python", None, "D:\\py\\python.exe"),)
    assert missing.blockers == ("Python 3.8 is not on this host (D:\\py\\python.exe), and python.installer is not given",)


def test_a_registry_that_cannot_be_read_is_an_error() -> None:
    denied = CmdletError("System.Security.SecurityException,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "denied")
    with pytest.raises(CallFailed, match="denied"):
        plan(options(), installed(python=Answer("python", error=denied)))


# Services

def test_a_service_as_wanted() -> None:
    found = plan(options(wrapper=BY_NSSM, services=[SERVICE]), installed(**service_answers()))
    assert (found.differences, found.calls, found.blockers) == ((), (), ())
    assert found.state["services"] == [{
        "name": "nova-compute", "exists": True, "command": NSSM, "application": COMPUTE, "account": "LocalSystem",
        "environment": ["PYTHONUTF8=1"],
    }]


def test_a_new_service_under_nssm_with_an_account() -> None:
    service = {**SERVICE, "account": "EXAMPLE\\nova", "password": "s3cret"}
    found = plan(options(wrapper=BY_NSSM, services=[service]), installed(**no_service(), current=Answer("current")))
    parameters = f"{KEY}\\Parameters"

    def value(call: str, key: str, name: str, kind: str, content: Any) -> Call:
        return Cmdlet(call, "New-ItemProperty", {"LiteralPath": [key], "Name": name, "PropertyType": kind, "Value": content, "Force": True})

    assert found.calls == (
        Cmdlet("service0.create", "New-Service", {
            "Name": "nova-compute", "BinaryPathName": NSSM, "StartupType": "Manual", "Credential": Credential("EXAMPLE\\nova", "s3cret"),
        }),
        value("service0.environment", KEY, "Environment", "MultiString", ["PYTHONUTF8=1"]),
        Cmdlet("service0.parameters", "New-Item", {"Path": [parameters]}),
        value("service0.AppDirectory", parameters, "AppDirectory", "ExpandString", f"{FOLDER}\\venv"),
        value("service0.AppParameters", parameters, "AppParameters", "ExpandString", f"--config-file {CONF}"),
        value("service0.Application", parameters, "Application", "ExpandString", COMPUTE),
        switched(None),
    )
    assert [(difference.path, difference.before) for difference in found.differences] == [
        ("services.nova-compute.command", None), ("services.nova-compute.Application", None),
        ("services.nova-compute.AppParameters", None), ("services.nova-compute.AppDirectory", None),
        ("services.nova-compute.environment", None), ("services.nova-compute.account", None), ("current", None),
    ]
    assert "s3cret" not in repr(found)


def test_a_new_service_under_openstackservice_names_everything_on_its_command_line() -> None:
    found = plan(options(wrapper=BY_OPENSTACKSERVICE, services=[SERVICE]), installed(**no_service()))
    command = f'C:\\OpenStack\\OpenStackService.exe nova-compute "{COMPUTE}" --config-file {CONF}'
    assert found.calls[0] == Cmdlet(
        "service0.create", "New-Service", {"Name": "nova-compute", "BinaryPathName": command, "StartupType": "Manual"},
    )
    assert [call.id for call in found.calls] == ["service0.create", "service0.environment", "switch"]


def test_an_update_is_a_switch_and_keeps_the_way_back() -> None:
    before = {"Application": f"{ROOT}\\0123456789ab\\venv\\Scripts\\nova-compute.exe", "AppDirectory": f"{ROOT}\\0123456789ab\\venv"}
    answers = installed(**service_answers(**before), current=Answer("current", content=b'{"environment": "0123456789ab"}'))
    found = plan(options(wrapper=BY_NSSM, services=[SERVICE]), answers)
    assert found.differences == (
        Difference("services.nova-compute.Application", before["Application"], COMPUTE),
        Difference("services.nova-compute.AppDirectory", before["AppDirectory"], f"{FOLDER}\\venv"),
        Difference("current", "0123456789ab", "abababababab"),
    )
    assert [call.id for call in found.calls] == ["service0.AppDirectory", "service0.Application", "switch"]
    assert found.calls[-1] == switched("0123456789ab")


def test_an_environment_that_is_not_installed_is_made_before_any_service_is_touched() -> None:
    answers = installed(**service_answers(Application="C:\\old.exe"), installed=Answer("installed"))
    found = plan(options(wrapper=BY_NSSM, services=[SERVICE]), answers)
    made = making(programs=("nova-compute",))
    assert found.calls[:len(made)] == made
    assert [call.id for call in found.calls[len(made):]] == ["service0.Application", "switch"]


def test_a_service_that_someone_moved_is_moved_back_and_the_switch_is_written_for_the_restart() -> None:
    found = plan(options(wrapper=BY_NSSM, services=[SERVICE]), installed(**service_answers(Application="C:\\other.exe")))
    assert found.differences == (Difference("services.nova-compute.Application", "C:\\other.exe", COMPUTE),)
    assert found.calls[-1] == switched("0123456789ab")


def test_a_service_of_the_msi_is_taken_over() -> None:
    answers = installed(**{
        **service_answers(command='"C:\\Program Files\\Cloudbase\\OpenStackService.exe" nova-compute'),
        "service0__key": Answer("service0.key", output=({"Environment": None},)),
        "service0__nssm": Answer("service0.nssm", error=NO_KEY),
    })
    found = plan(options(wrapper=BY_NSSM, services=[SERVICE]), answers)
    assert found.calls[0] == Program("service0.command", "sc.exe", ("config", "nova-compute", "binPath=", NSSM))
    assert [call.id for call in found.calls[1:]] == [
        "service0.environment", "service0.parameters", "service0.AppDirectory", "service0.AppParameters", "service0.Application", "switch",
    ]


@pytest.mark.parametrize(
    ("account", "password", "sent"),
    [("EXAMPLE\\nova", "s3cret", "s3cret"), ("EXAMPLE\\nova$", None, ""), ("LocalSystem", None, ""), ("nova@example.org", "x", "x")],
)
def test_another_account_is_set_without_a_command_line(account: str, password: str | None, sent: str) -> None:
    service = {**SERVICE, "account": account, "password": password}
    found = plan(options(wrapper=BY_NSSM, services=[service]), installed(**service_answers(account=".\\someone")))
    assert found.differences == (Difference("services.nova-compute.account", ".\\someone", account),)
    assert found.calls[:2] == (
        Cmdlet("service0.instance", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": "Name='nova-compute'"}, ("Name",)),
        Cmdlet("service0.account", "Invoke-CimMethod", {
            "InputObject": Ref("service0.instance"), "MethodName": "Change",
            "Arguments": {"StartName": account, "StartPassword": PlainSecret(sent)},
        }, ("ReturnValue",), until={"ReturnValue": 0}),
    )


def test_accounts_differ_not_by_case() -> None:
    service = {**SERVICE, "account": "example\\NOVA", "password": "x"}
    assert plan(options(wrapper=BY_NSSM, services=[service]), installed(**service_answers(account="EXAMPLE\\nova"))).differences == ()


def test_an_empty_environment_leaves_what_is_there() -> None:
    service = {**SERVICE, "environment": {}}
    assert plan(options(wrapper=BY_NSSM, services=[service]), installed(**service_answers())).differences == ()


def test_arguments_with_blanks_are_quoted_for_windows() -> None:
    service = {**SERVICE, "arguments": ["--config-file", "C:\\Open Stack\\nova.conf"]}
    found = plan(options(wrapper=BY_NSSM, services=[service]), installed(**service_answers()))
    assert found.differences[0].after == '--config-file "C:\\Open Stack\\nova.conf"'


# Wrong input

@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"root": "\\\\server\\share"}, "root: '\\\\\\\\server\\\\share' is no local path such as C:\\OpenStack\\Driver"),
        ({"archive": {**ARCHIVE, "sha256": "12"}}, "archive.sha256: '12' is not the 64 hexadecimal digits of a SHA-256"),
        ({"archive": {**ARCHIVE, "url": "ftp://x"}}, "archive.url: 'ftp://x' is no http or https address"),
        ({"archive": {**ARCHIVE, "path": "house.zip"}}, "archive.path: 'house.zip' is no local path such as C:\\OpenStack\\Driver"),
        (
            {"services": [SERVICE]},
            "wrapper: needed for services, because nova-compute.exe is a console program that Windows cannot run as a service",
        ),
        ({"wrapper": BY_NSSM, "services": [SERVICE, SERVICE]}, "services: nova-compute is there more than once"),
        (
            {"wrapper": BY_NSSM, "services": [{**SERVICE, "name": "a\\b"}]},
            "services.name: 'a\\\\b' is no service name: 1 to 256 characters, no slash, backslash or control character",
        ),
        (
            {"wrapper": BY_NSSM, "services": [{**SERVICE, "account": "nova", "password": "x"}]},
            "services.account: 'nova' is none of LocalSystem, DOMAIN\\user, .\\user, user@domain",
        ),
        (
            {"wrapper": BY_NSSM, "services": [{**SERVICE, "account": ".\\nova"}]},
            "services.password: the account .\\nova of the service nova-compute needs one",
        ),
        (
            {"wrapper": BY_NSSM, "services": [{**SERVICE, "arguments": ["--config-file", "%TEMP%\\nova.conf"]}]},
            "services.arguments: NSSM would replace what stands between % in the arguments of nova-compute; write it out",
        ),
        (
            {"wrapper": BY_NSSM, "services": [{**SERVICE, "environment": {"A=B": "1"}}]},
            "services.environment: 'A=B' is no name of an environment variable",
        ),
    ],
)
def test_what_can_never_be_is_refused_before_anything_is_read(given: dict[str, Any], reason: str) -> None:
    wrong = options(**given)
    assert RESOURCE.read(wrong) == []
    assert plan(wrong, Answers()) == Plan(refusals=(reason,))
