# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is the table of docs/resources/share_access.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Call, Cmdlet, Ref, WriteFile, encode_call
from ansible_collections.winstack.hyperv.plugins.module_utils.storage import share_access
from ansible_collections.winstack.hyperv.plugins.module_utils.storage.locations import Location
from ansible_collections.winstack.hyperv.plugins.module_utils.storage.share_access import Access, Target
from rehearsal.powershell.catalogue import VERSIONS
from rehearsal.strictness import check_call

PATH = r"\\fs1\instances\nova"
DENIED = CmdletError("ItemExistsUnauthorizedAccessError,X", "Access is denied", "PermissionDenied", "System.UnauthorizedAccessException")
MISSING = CmdletError("PathNotFound,X", "Cannot find path", "ObjectNotFound", "System.Management.Automation.ItemNotFoundException")
NO_LOGON = CmdletError("X,Y", "The user name or password is incorrect.", "ReadError", "System.IO.IOException", -2147023570)
BROKEN = CmdletError("X,Y", "An unexpected network error occurred.", "ReadError", "System.IO.IOException", -2147024837)
NO_CONNECTION = CmdletError("CmdletizationQuery_NotFound_ServerName,Get-SmbConnection", "", "ObjectNotFound")
FULL_ENTRY = "(A;OICI;FA;;;S-1-5-21-1-2-3-500)"


def target(*, computer: bool = False) -> Target:
    return Target(0, PATH, Location("share", "fs1", "instances"), r"corp.example\HV01$" if computer else r"CORP\nova", computer)


def answer(call: str, value: CmdletError | dict[str, Any] | None) -> Answer:
    if isinstance(value, CmdletError):
        return Answer(call, error=value)
    return Answer(call, output=() if value is None else (value,))


def looked(*, credential: str = r"CORP\nova", entries: str = "", rules: tuple[dict[str, str], ...] = (), **changes: Any) -> Answers:
    folder = {"PSIsContainer": True}
    found = {
        "root": folder, "folder": folder, "listing": None, "acl": {"Sddl": f"O:BAG:BAD:AI{FULL_ENTRY}{entries}"},
        "connections": {"ShareName": "Instances", "Credential": credential}, **changes,
    }
    return Answers({**{call: answer(call, value) for call, value in found.items()}, "rules": Answer("rules", output=rules)})


def rule(rights: str, kind: str = "Allow") -> dict[str, str]:
    return {"IdentityReference": r"CORP\Nova", "FileSystemRights": rights, "AccessControlType": kind}


def judged(**changes: Any) -> list[tuple[str, str]]:
    return [(finding.name, finding.severity) for finding in share_access.judge(target(), looked(**changes)).findings]


# The calls

def test_looking_changes_nothing_and_the_probe_takes_away_what_it_made() -> None:
    assert share_access.look(target()) == [
        Cmdlet("root", "Get-Item", {"LiteralPath": r"\\fs1\instances"}, ("PSIsContainer",)),
        Cmdlet("folder", "Get-Item", {"LiteralPath": PATH}, ("PSIsContainer",)),
        Cmdlet("listing", "Get-ChildItem", {"LiteralPath": PATH}),
        Cmdlet("acl", "Get-Acl", {"LiteralPath": PATH}, ("Sddl",)),
        Cmdlet(
            "rules", "Select-Object", {"InputObject": Ref("acl"), "ExpandProperty": "Access"},
            ("IdentityReference", "FileSystemRights", "AccessControlType"),
        ),
        Cmdlet("connections", "Get-SmbConnection", {"ServerName": ["fs1"]}, ("ShareName", "Credential")),
    ]
    make, write, remove = share_access.probe(target(), "winstack-probe-1")
    folder = rf"{PATH}\winstack-probe-1"
    assert make == Cmdlet("make", "New-Item", {"Path": [folder], "ItemType": "Directory"})
    assert isinstance(write, WriteFile)
    assert write.path == rf"{folder}\probe.txt"
    assert remove == Cmdlet("remove", "Remove-Item", {"LiteralPath": folder, "Recurse": True, "Force": True})


def test_every_call_binds_on_every_version() -> None:
    calls: list[Call] = [
        *share_access.read_first({"paths": [PATH]}), *share_access.look(target()), *share_access.probe(target(), "winstack-probe-1"),
    ]
    assert [problem for call in calls for problem in check_call(encode_call(call), VERSIONS)] == []


# Reading

def test_all_is_well() -> None:
    access = share_access.judge(target(), looked())
    assert access == Access(target(), True, None, ())


@pytest.mark.parametrize(("changes", "name"), [
    ({"root": MISSING}, "share_not_found"),
    ({"root": NO_LOGON, "connections": NO_CONNECTION}, "share_logon_failed"),
    ({"root": DENIED, "connections": NO_CONNECTION}, "share_right_missing"),
    ({"root": DENIED, "credential": r"CORP\other"}, "share_right_missing"),
    ({"root": DENIED}, "ntfs_right_missing"),
    ({"root": BROKEN}, "share_read_failed"),
    ({"folder": MISSING}, "share_folder_missing"),
    ({"folder": {"PSIsContainer": False}}, "share_folder_missing"),
    ({"folder": DENIED}, "ntfs_right_missing"),
    ({"folder": BROKEN}, "share_read_failed"),
    ({"listing": DENIED}, "ntfs_right_missing"),
])
def test_what_keeps_an_account_from_reading(changes: dict[str, Any], name: str) -> None:
    assert judged(**changes) == [(name, "critical")]
    assert not share_access.judge(target(), looked(**changes)).readable


@pytest.mark.parametrize("credential", [r"CORP\nova", r"corp.example\NOVA", "nova@corp.example"])
def test_an_account_is_known_by_any_form_of_its_domain(credential: str) -> None:
    assert judged(credential=credential) == []


def test_somebody_else_is_a_warning_and_no_connection_is_none() -> None:
    assert judged(credential=r"CORP\admin") == [("share_seen_as_other", "warning")]
    assert judged(connections=NO_CONNECTION) == []


# Writing

def tried(*, make: Any = None, write: Any = None, remove: Any = None, computer: bool = False, **changes: Any) -> Access:
    one = target(computer=computer)
    seen = looked(credential=r"CORP\HV01$" if computer else r"CORP\nova", **changes)
    probed = Answers({call: answer(call, value) for call, value in (("make", make), ("write", write), ("remove", remove))})
    return share_access.judge_probe(share_access.judge(one, seen), seen, probed, "winstack-probe-1")


def test_writing_works() -> None:
    assert tried() == Access(target(), True, True, ())


@pytest.mark.parametrize(("entries", "rules", "name"), [
    ("(A;OICI;0x1301bf;;;WD)", (), "share_right_missing"),
    ("(A;OICI;FA;;;AU)", (), "share_right_missing"),
    ("(A;OICI;FRFW;;;DU)", (), "share_right_missing"),
    ("(A;OICI;FA;;;DC)", (), "share_or_ntfs_right_missing"),
    ("(A;OICI;0x1200a9;;;WD)", (), "share_or_ntfs_right_missing"),
    ("(D;OICI;FA;;;WD)", (), "share_or_ntfs_right_missing"),
    ("", (rule("Modify, Synchronize"),), "share_right_missing"),
    ("", (rule("FullControl"),), "share_right_missing"),
    ("", (rule("FullControl", "Deny"),), "share_or_ntfs_right_missing"),
    ("", (rule("ReadAndExecute, Synchronize"),), "share_or_ntfs_right_missing"),
])
def test_which_right_keeps_an_account_from_writing(entries: str, rules: Any, name: str) -> None:
    access = tried(make=DENIED, entries=entries, rules=rules)
    assert ([finding.name for finding in access.findings], access.readable, access.writable) == ([name], True, False)


def test_domain_computers_are_the_computer_accounts_group() -> None:
    assert [finding.name for finding in tried(make=DENIED, entries="(A;OICI;FA;;;DC)", computer=True).findings] == ["share_right_missing"]
    assert [finding.name for finding in tried(make=DENIED, entries="(A;OICI;FA;;;DU)", computer=True).findings] == [
        "share_or_ntfs_right_missing",
    ]


def test_an_access_list_that_cannot_be_read_proves_nothing() -> None:
    access = tried(make=DENIED, acl=DENIED)
    assert [finding.name for finding in access.findings] == ["share_or_ntfs_right_missing"]


def test_other_failures_are_told_in_the_servers_words() -> None:
    access = tried(write=CmdletError("IOException", "There is not enough space on the disk.", "NotSpecified"))
    assert [finding.name for finding in access.findings] == ["share_write_failed"]
    assert "not enough space" in access.findings[0].found


def test_what_cannot_be_deleted_is_named() -> None:
    access = tried(remove=DENIED)
    assert access.left_behind == rf"{PATH}\winstack-probe-1"
    assert not access.writable
    assert f"Delete {access.left_behind} by hand" in access.findings[0].remediation


def test_remedies_name_the_account_and_the_share() -> None:
    finding = tried(make=DENIED, entries="(A;;FA;;;WD)", computer=True).findings[0]
    assert finding.target == rf"{PATH} as corp.example\HV01$"
    assert r"Grant-SmbShareAccess -Name instances -AccountName 'corp.example\HV01$' -AccessRight Full -Force" in finding.remediation
