# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an error of the cluster cmdlets means for an operator. Windows translates the texts, so an explanation may be lacking; nothing is
decided by it.

Sources: FailoverClusterDsc issues 115, 148, 154, 180, 185, 190; windowsserverdocs issue 6056 and its pages on accounts and prestaging;
Microsoft's reference, which says of these cmdlets that they cannot be run remotely without delegated credentials.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from ..answers import CONDITION_NOT_MET, CmdletError

_BECOME = (
    "This step logs on to the other nodes and to Active Directory, which a WinRM session cannot do with its own logon. Run the task with "
    "become: true, become_method: runas, become_user: a domain account that is a local administrator on every node, and "
    "ansible_become_password: its password; without the password there is no logon on the network"
)


@dataclass(frozen=True)
class _Known:
    """An explanation, by error codes as Windows prints them, and by texts."""

    explanation: str
    codes: tuple[int, ...]
    texts: re.Pattern[str]

    def fits(self, error: CmdletError) -> bool:
        message = error.message.lower()
        by_code = any(code == error.hresult & 0xFFFFFFFF or f"0x{code:08x}" in message for code in self.codes)
        return by_code or self.texts.search(message) is not None


def _texts(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.DOTALL)


# The first that fits counts: a refused logon stands below many other errors as their cause.
_KNOWN = (
    _Known(
        "A node of the list is in a cluster already. Run the task on that node: it finds the cluster there and adds what is missing. If it "
        "is what an eviction left behind, run Clear-ClusterNode -Force on it",
        (), _texts(r"is (already )?joined to a cluster", r"already a member of (a|the) cluster"),
    ),
    _Known(
        "The account may not create the cluster's computer object. Give it Create Computer objects (and Read all properties) on the unit, "
        "or have a disabled computer object of the cluster's name made there, with Full Control for the account",
        (), _texts(r"creat\w* (a |the )?computer (account|object)", r"permission.*active directory"),
    ),
    _Known(
        "The name is in use: by another computer object, or because another run creates the same cluster at this moment. Run again: a "
        "cluster that is there by then is found",
        (), _texts(r"name .*already (in use|exists?)", r"(object|account) .*already exists", r"duplicate name"),
    ),
    _Known(
        _BECOME, (0x80070005, 0x8007052E, 0x8009030E),
        _texts(r"administrative privileges on", r"registry access is not allowed", r"access is denied", r"logon session does not exist"),
    ),
    _Known(
        "A node does not answer: it is down, its firewall is closed (TCP 135, 445 and 3343), or DNS does not know the new name yet. Run "
        "again: what is there by then is found, and what is missing is added",
        (0x800706BA,), _texts(r"rpc server is unavailable", r"not currently available", r"check the spelling of the cluster name"),
    ),
)


def explain(error: CmdletError) -> str:
    """An explanation, or an empty string."""
    if error.id == CONDITION_NOT_MET:
        return "The cluster is there, but was not ready in time. Run again: it is read anew, and what is missing is added"
    return next((known.explanation for known in _KNOWN if known.fits(error)), "")
