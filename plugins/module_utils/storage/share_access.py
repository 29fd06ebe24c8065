# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an account may do in a folder on a share, seen from a host that is that account on the network.

docs/resources/share_access.md names the source of every rule.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answer, Answers, CmdletError
from ..calls import Call, Cmdlet, Ref, WriteFile
from ..network import tcp_endpoints
from ..network.tcp_endpoints import Endpoint
from ..plans import Finding
from .locations import Location, locate

PROBE_PREFIX = "winstack-probe-"

# HRESULT_FROM_WIN32(ERROR_LOGON_FAILURE): the server did not accept the account's credentials.
_LOGON_FAILURE = -2147023570
# SIDs of whom every account that can be asked for is one, as SDDL abbreviates them: Everyone, Authenticated Users; and by kind of account
# Domain Computers or Domain Users.
_EVERYBODY = ("WD", "AU")
_COMPUTERS, _USERS = "DC", "DU"
_ENTRY = re.compile(r"\(A;[^;]*;(?P<rights>[^;]*);;;(?P<sid>[^)]*)\)")
# FILE_WRITE_DATA and FILE_APPEND_DATA; and the letters of SDDL that hold both.
_WRITE = 0x6
_WRITE_LETTERS = ("FA", "FW", "GA", "GW")
_WRITE_NAMES = ("FullControl", "Modify", "Write")


@dataclass(frozen=True)
class Target:
    """A folder on a share, its place among the options, and who asks. computer: this host's own account is the one that asks."""

    number: int
    path: str
    location: Location
    account: str
    computer: bool

    @property
    def root(self) -> str:
        return str(self.location)

    @property
    def named(self) -> str:
        return f"{self.path} as {self.account}"


@dataclass(frozen=True)
class Access:
    """What was found out about one target. writable: None where nobody tried."""

    target: Target
    readable: bool
    writable: bool | None
    findings: tuple[Finding, ...]
    left_behind: str = ""

    def as_state(self) -> dict[str, Any]:
        return {
            "path": self.target.path, "account": self.target.account, "readable": self.readable, "writable": self.writable,
            "left_behind": self.left_behind or None,
        }


# Options

def refusals(options: Mapping[str, Any]) -> Iterator[str]:
    for index, path in enumerate(options["paths"]):
        location = locate(path)
        if location is None or location.kind != "share":
            yield (
                f"paths[{index}]: {path!r} is no folder on a share; give \\\\server\\share\\folder, for a mapped drive belongs to one "
                "logon session, and other hosts see none of it"
            )
    if not options["paths"]:
        yield "paths: give at least one folder"


def unverified(accounts: Sequence[str]) -> list[Finding]:
    return [
        Finding(
            "share_access_not_verified", "warning", account, "nobody but Windows knows its password, or none was given",
            "a logon as this account",
            "Try it once on the host: a scheduled task as this account that writes a file into the folder, or nova-compute itself.",
        )
        for account in accounts
    ]


# Reading: who asks, and whether the servers can be reached at all

def read_first(options: Mapping[str, Any]) -> list[Call]:
    return [
        Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("Name", "Domain", "PartOfDomain")),
        *tcp_endpoints.tests(_endpoints(options)),
    ]


def targets(options: Mapping[str, Any], answers: Answers) -> list[Target]:
    computer = answers.row("computer")
    account = options["account"] or f"{computer['Domain']}\\{computer['Name']}$"
    return [Target(number, path, _share(path), account, not options["account"]) for number, path in enumerate(options["paths"])]


def unreachable(target: Target, options: Mapping[str, Any], answers: Answers) -> Access | None:
    """Why there is no use in looking at the share; None where there is."""
    if target.computer and not answers.row("computer")["PartOfDomain"]:
        return _nothing(
            target, "no_domain", "this host is in no domain, so its own account is nobody to a file server", "a member of a domain",
            "Join the host to the domain of the file server, or keep the instances on a local disk.",
        )
    reached = tcp_endpoints.results(_endpoints(options), answers)[target.number]
    if reached.reachable:
        return None
    name, remedy = "share_server_unreachable", "See that the server is up and that TCP port 445 is open on the way to it."
    if not reached.remote:
        name, remedy = "share_name_unresolved", "See that the host asks the right name servers and that they know the file server."
    return _nothing(target, name, reached.found(), f"a connection to {reached.endpoint}", remedy)


# Looking at the share

def look(target: Target) -> list[Call]:
    """The calls about one target, their ids without its number."""
    return [
        Cmdlet("root", "Get-Item", {"LiteralPath": target.root}, ("PSIsContainer",)),
        Cmdlet("folder", "Get-Item", {"LiteralPath": target.path}, ("PSIsContainer",)),
        Cmdlet("listing", "Get-ChildItem", {"LiteralPath": target.path}),
        Cmdlet("acl", "Get-Acl", {"LiteralPath": target.path}, ("Sddl",)),
        Cmdlet(
            "rules", "Select-Object", {"InputObject": Ref("acl"), "ExpandProperty": "Access"},
            ("IdentityReference", "FileSystemRights", "AccessControlType"),
        ),
        Cmdlet("connections", "Get-SmbConnection", {"ServerName": [target.location.server]}, ("ShareName", "Credential")),
    ]


def probe(target: Target, name: str) -> list[Call]:
    """Makes a folder with a file in it, and takes it away again."""
    folder = f"{target.path.rstrip(chr(92))}\\{name}"
    return [
        Cmdlet("make", "New-Item", {"Path": [folder], "ItemType": "Directory"}),
        WriteFile("write", f"{folder}\\probe.txt", b"written by winstack.hyperv to see whether this account may\r\n"),
        Cmdlet("remove", "Remove-Item", {"LiteralPath": folder, "Recurse": True, "Force": True}),
    ]


def judge(target: Target, looked: Answers) -> Access:
    """Reading only."""
    found = _looking(target, looked)
    if found is not None:
        return Access(target, False, None, (found,))
    return Access(target, True, None, tuple(_identity(target, looked)))


def judge_probe(access: Access, looked: Answers, probed: Answers, name: str) -> Access:
    """With what became of the probe."""
    target = access.target
    failed = next((probed[call] for call in ("make", "write") if not probed[call].ok), None)
    if failed is not None:
        return Access(target, True, False, (*access.findings, _writing(target, looked, failed)))
    left = "" if probed["remove"].ok else f"{target.path.rstrip(chr(92))}\\{name}"
    findings = access.findings
    if left:
        findings += (_finding(
            "ntfs_right_missing", target, f"it may write there and not delete: {probed['remove'].error}", "Modify in the folder",
            f"{_ntfs_remedy(target)} Delete {left} by hand.",
        ),)
    return Access(target, True, not left, findings, left)


# Judging

def _looking(target: Target, looked: Answers) -> Finding | None:
    root, folder, listing = looked["root"], looked["folder"], looked["listing"]
    if not root.ok:
        return _root(target, root, looked)
    if not folder.ok:
        return _folder(target, folder)
    if not folder.first or not folder.first["PSIsContainer"]:
        return _finding("share_folder_missing", target, "there is a file of that name", "a folder", "Give another path, or move the file.")
    if not listing.ok:
        return _denied_or_failed(target, listing, "ntfs_right_missing", "it may not list the folder", _ntfs_remedy(target))
    return None


def _root(target: Target, answer: Answer, looked: Answers) -> Finding:
    """A refused tree connect (share rights) leaves no connection to the share, a refused open (NTFS) does."""
    if _missing(answer):
        return _finding(
            "share_not_found", target, f"the server answers, but shows no share {target.location.name}", "the share",
            "See with Get-SmbShare on the file server how it is called.",
        )
    if _credentials_refused(answer):
        return _finding("share_logon_failed", target, f"the server does not accept the account: {answer.error}", "a logon",
                        "See that the password is right and the account neither locked nor disabled.")
    if _denied(answer) and _connected(target, looked):
        return _finding("ntfs_right_missing", target, "the share lets it in, but the folder behind it does not", "Modify in the folder",
                        _ntfs_remedy(target))
    return _denied_or_failed(
        target, answer, "share_right_missing", "the share refuses it", f"{_share_remedy(target)} {_ntfs_remedy(target)}",
    )


def _folder(target: Target, answer: Answer) -> Finding:
    if _missing(answer):
        return _finding(
            "share_folder_missing", target, "the share is there, the folder is not", "the folder",
            "Create it with an account that may, and see that this one inherits Modify in it.",
        )
    return _denied_or_failed(target, answer, "ntfs_right_missing", "it may not open the folder", _ntfs_remedy(target))


def _writing(target: Target, looked: Answers, failed: Answer) -> Finding:
    if not _denied(failed):
        return _finding("share_write_failed", target, f"it may read; writing failed: {failed.error}", "to write",
                        "What the server said stands before this.")
    if _folder_grants_writing(target, looked):
        return _finding(
            "share_right_missing", target, "the folder lets it write, but the share only lets it read", "Change or Full on the share",
            _share_remedy(target),
        )
    return _finding("share_or_ntfs_right_missing", target, "it may read and not write", "Change on the share and Modify in the folder",
                    f"{_share_remedy(target)} {_ntfs_remedy(target)}")


def _identity(target: Target, looked: Answers) -> Iterator[Finding]:
    """That the server saw this account, and not one that happens to be allowed as well."""
    seen = _credentials(target, looked)
    if seen and not any(_same_account(target.account, one) for one in seen):
        yield Finding(
            "share_seen_as_other", "warning", target.named, f"the server saw {', '.join(seen)}", target.account,
            "Run this task under become as the account (runas, logon_type=new_credentials logon_flags=netcredentials_only; SYSTEM for the "
            "computer account).",
        )


def _folder_grants_writing(target: Target, looked: Answers) -> bool:
    """Whether the folder's list surely lets the account write: by its own name, or as a group that it is in by its nature."""
    if not looked["acl"].ok or not looked["rules"].ok:
        return False
    groups = (*_EVERYBODY, _COMPUTERS if target.computer else _USERS)
    entries = _ENTRY.finditer(looked.row("acl")["Sddl"] or "")
    if any(entry["sid"] in groups and _writes(entry["rights"]) for entry in entries):
        return True
    return any(
        row["AccessControlType"] == "Allow" and _same_account(target.account, row["IdentityReference"])
        and any(name in _WRITE_NAMES for name in re.split(r",\s*", row["FileSystemRights"]))
        for row in looked.rows("rules")
    )


def _writes(rights: str) -> bool:
    if rights.lower().startswith("0x"):
        return int(rights, 16) & _WRITE == _WRITE
    return any(rights[index:index + 2] in _WRITE_LETTERS for index in range(0, len(rights), 2))


def _connected(target: Target, looked: Answers) -> bool:
    return any(_same_account(target.account, one) for one in _credentials(target, looked))


def _credentials(target: Target, looked: Answers) -> list[str]:
    """As whom this host is connected to the share; nothing where it is not, which is an error to the cmdlet."""
    answer = looked["connections"]
    rows = answer.output if answer.ok else ()
    return list(dict.fromkeys(row["Credential"] for row in rows if (row["ShareName"] or "").lower() == target.location.name))


def _same_account(one: str, other: str) -> bool:
    """By the name alone: the domain stands there in its short or its DNS form, before a backslash or behind an @."""
    return _bare(one) == _bare(other)


def _bare(account: str) -> str:
    return account.rpartition("\\")[2].partition("@")[0].lower()


# Errors

def _missing(answer: Answer) -> bool:
    return answer.error is not None and answer.error.id.startswith("PathNotFound,")


def _denied(answer: Answer) -> bool:
    error = answer.error or CmdletError("", "")
    return error.category == "PermissionDenied" or "UnauthorizedAccess" in f"{error.id}{error.exception}"


def _credentials_refused(answer: Answer) -> bool:
    return answer.error is not None and answer.error.hresult == _LOGON_FAILURE


def _denied_or_failed(target: Target, answer: Answer, name: str, found: str, remedy: str) -> Finding:
    if _denied(answer):
        return _finding(name, target, found, "Full on the share and Modify in the folder", remedy)
    return _finding("share_read_failed", target, f"reading failed: {answer.error}", "to read", "What the server said stands before this.")


def _share_remedy(target: Target) -> str:
    share = target.location.name
    return f"On the file server: Grant-SmbShareAccess -Name {share} -AccountName '{target.account}' -AccessRight Full -Force."


def _ntfs_remedy(target: Target) -> str:
    return f"On the file server: icacls FOLDER /grant \"{target.account}:(OI)(CI)M\", FOLDER being the share's own folder."


def _finding(name: str, target: Target, found: str, wanted: str, remedy: str) -> Finding:
    return Finding(name, "critical", target.named, found, wanted, remedy)


def _nothing(target: Target, name: str, found: str, wanted: str, remedy: str) -> Access:
    return Access(target, False, None, (_finding(name, target, found, wanted, remedy),))


def _share(path: str) -> Location:
    location = locate(path)
    if location is None:
        raise ValueError(path)
    return location


def _endpoints(options: Mapping[str, Any]) -> list[Endpoint]:
    """One a path, so that a path's number is its test's."""
    return [Endpoint(_share(path).server, tcp_endpoints.SMB_PORT) for path in options["paths"]]
