# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an error of the cluster cmdlets means for an operator. Windows translates the texts, so an explanation may be lacking; nothing is
decided by it.

Sources: FailoverClusterDsc issues 115, 148, 154, 180, 185, 190; windowsserverdocs issue 6056 and its pages on accounts and prestaging;
Microsoft's reference, which says of these cmdlets that they cannot be run remotely without delegated credentials; Microsoft KB 2830510
(port 464) and 2872325 (timeout); public transcripts of New-Cluster with a node that is off, and of one that timed out and needed
Clear-ClusterNode.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from ..answers import CONDITION_NOT_MET, CmdletError

_BECOME = (
    "this step logs on to the other nodes and to Active Directory, which a WinRM session cannot do with its own logon. Run the task with "
    "become: true, become_method: runas, become_user: a domain account that is a local administrator on every node, and "
    "ansible_become_password: its password; without the password there is no logon on the network"
)
_OBJECT = (
    "the account may not create the cluster's computer object: give it Create Computer objects (and Read all properties) on the unit, or "
    "have a disabled computer object of the cluster's name made there, with Full Control for the account"
)
_AGAIN = "Run again: what is there by then is found, and what is missing is added"


@dataclass(frozen=True)
class _Known:
    """An explanation, by error ids, by error codes as Windows prints them, and by texts."""

    explanation: str
    ids: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()

    def fits(self, error: CmdletError) -> bool:
        message = error.message.lower()
        return (
            error.id.partition(",")[0] in self.ids
            or any(code == error.hresult & 0xFFFFFFFF or f"0x{code:08x}" in message for code in self.codes)
            or any(re.search(text, message, re.DOTALL) for text in self.texts)
        )


# The first that fits counts: a refused logon is the last line of many other errors.
_KNOWN = (
    _Known(
        "A node of the list is in a cluster already. Run the task on that node: it finds the cluster there and adds what is missing. If it "
        "is what an eviction or a failed creation left behind, run win_hv_cluster_node there with state: absent, clear_configuration: true",
        texts=(r"is (already )?joined to a cluster", r"already a member of (a|the) cluster"),
    ),
    _Known(
        "The name is in use: by another computer object, or because another run creates the same cluster at this moment. Run again: a "
        "cluster that is there by then is found",
        texts=(r"name .*already (in use|exists?)", r"(object|account) .*already exists", r"duplicate name"),
    ),
    _Known(
        f"Either {_OBJECT}. Or {_BECOME}",
        texts=(r"creating (the )?cluster .*(access is denied|permission)", r"creat\w* (a |the )?computer (account|object)"),
    ),
    _Known(
        f"The session lacks rights: {_BECOME}", codes=(0x80070005, 0x8007052E, 0x8009030E),
        texts=(r"administrative privileges on", r"registry access is not allowed", r"access is denied", r"logon session does not exist"),
    ),
    _Known(
        "No domain controller answered for the cluster's computer object: port 464 (TCP and UDP) must be open to it", codes=(0xC000005E,),
    ),
    _Known(
        "A node does not answer: it is down, its firewall is closed (TCP 135, 445 and 3343), or DNS does not know the new name yet. "
        f"{_AGAIN}",
        ids=("ClusterNodeNotReachable", "ClusterRpcConnection"), codes=(0x800706BA,),
        texts=(r"rpc server is unavailable", r"cannot be contacted", r"not currently available", r"check the spelling of the cluster name"),
    ),
    _Known(
        "The nodes did not hear of each other in time: UDP 3343 must be open between them, and none may go down meanwhile. Where a node is "
        f"left with a configured but stopped cluster service, win_hv_cluster_node with clear_configuration: true clears it. {_AGAIN}",
        texts=(r"timeout period expired",),
    ),
)


def explain(error: CmdletError) -> str:
    """An explanation, or an empty string."""
    if error.id == CONDITION_NOT_MET:
        return "The cluster is there, but was not ready in time. Run again: it is read anew, and what is missing is added"
    return next((known.explanation for known in _KNOWN if known.fits(error)), "")
