# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a client sees of the rights on shares: its connections, and the access list of a folder."""
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .cdxml import not_found
from .items import path_not_found
from .matching import as_list

if TYPE_CHECKING:
    from ..machine import Machine

_GET_ACL = "Microsoft.PowerShell.Commands.GetAclCommand"
_RIGHTS = "System.Security.AccessControl.FileSystemRights"
# As the levels of machine/shares.py: access mask in SDDL, and the names that .NET gives it.
_MASKS = {1: ("0x1200a9", "ReadAndExecute, Synchronize"), 2: ("0x1301bf", "Modify, Synchronize"), 3: ("FA", "FullControl")}
# MS-DTYP 2.4.2.4 and 2.5.1.1.
_SIDS = {"everyone": "WD", "authenticated users": "AU", "domain computers": "DC", "domain users": "DU"}


@cmdlet(
    "Get-SmbConnection",
    source="windows-powershell-docs SmbShare (properties and sample: the computer account for what Hyper-V opens); storage-and-time.md 4",
    unconfirmed="that a share that refuses an account leaves no connection for it",
)
def get_smb_connection(machine: Machine, bound: Bound) -> list[PSObject]:
    others = sorted(set(bound) - {"ServerName"})
    if others:
        raise not_modelled(f"Get-SmbConnection -{others[0]}", "extend rehearsal/cmdlets/share_access.py")
    wanted = [str(name).lower() for name in as_list(bound.get("ServerName", []))]
    found = [item for item in machine.smb.connections if not wanted or item.server.lower() in wanted]
    if wanted and not found:
        raise not_found("CmdletizationQuery_NotFound_ServerName", "Get-SmbConnection")
    return [
        PSObject("CimInstance#MSFT_SmbConnection", {
            "ServerName": item.server, "ShareName": item.share, "UserName": item.user, "Credential": item.credential, "NumOpens": 1,
        })
        for item in found
    ]


@cmdlet(
    "Get-Acl",
    source="PowerShell-Docs 5.1 Microsoft.PowerShell.Security; .NET FileSystemAccessRule; MS-DTYP 2.5.1 (SDDL)",
    unconfirmed="the error id of a folder that the account may not open",
)
def get_acl(machine: Machine, bound: Bound) -> list[PSObject]:
    paths = as_list(bound.get("LiteralPath", []))
    if set(bound) != {"LiteralPath"} or len(paths) != 1 or not str(paths[0]).startswith("\\\\"):
        raise not_modelled("Get-Acl of anything but one -LiteralPath on a share", "extend rehearsal/cmdlets/share_access.py")
    path = str(paths[0])
    try:
        there = machine.files.exists(path)
    except PermissionError:
        raise PowerShellError(
            f"System.UnauthorizedAccessException,{_GET_ACL}", "PermissionDenied", "System.UnauthorizedAccessException",
            "Attempted to perform an unauthorized operation.",
        ) from None
    host, _unused, rest = path.lstrip("\\").partition("\\")
    share = machine.file_servers.share(host, rest.partition("\\")[0])
    if not there or share is None:
        raise path_not_found("GetAclCommand", path)
    entries = [(grant.account, *_MASKS[grant.level]) for grant in share.ntfs_rights]
    return [PSObject("System.Security.AccessControl.DirectorySecurity", {
        "Owner": r"BUILTIN\Administrators",
        "Sddl": "O:BAG:BAD:AI" + "".join(f"(A;OICI;{mask};;;{_sid(account)})" for account, mask, _names in entries),
        "Access": [_rule(account, names) for account, _mask, names in entries],
    })]


def _rule(account: str, names: str) -> PSObject:
    identity = PSObject("System.Security.Principal.NTAccount", {"Value": account}, text=account)
    return PSObject("System.Security.AccessControl.FileSystemAccessRule", {
        "IdentityReference": identity,
        "FileSystemRights": PSEnum(_RIGHTS, names),
        "AccessControlType": PSEnum("System.Security.AccessControl.AccessControlType", "Allow"),
        "IsInherited": False,
    })


def _sid(account: str) -> str:
    """Of an account of the domain: made from its name, so that it is the same everywhere."""
    bare = account.rpartition("\\")[2]
    number = 1000 + int.from_bytes(hashlib.sha256(account.encode()).digest()[:3], "big")
    return _SIDS.get(bare, f"S-1-5-21-1004336348-1177238915-682003330-{number}")
