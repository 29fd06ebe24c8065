# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible.windows.win_user_right: who has a user right of the local security policy."""
from __future__ import annotations

from typing import Any

from ..machine.accounts import LOGON_AS_A_SERVICE, Account
from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module

_SPEC = Spec({
    "name": Option(required=True),
    "users": Option("list", required=True),
    "action": Option(default="set", choices=("add", "remove", "set")),
})
# Of the others the simulated server does not know who has them from the start.
_KNOWN = frozenset({LOGON_AS_A_SERVICE})


@module("ansible.windows.win_user_right", _SPEC, source="ansible.windows 3.3.0, win_user_right.ps1 and its documentation",
        unconfirmed="who has the right on a fresh server besides NT SERVICE\\ALL SERVICES")
def win_user_right(context: Context) -> dict[str, Any]:
    params, accounts = context.params, context.machine.accounts
    wanted = [_account(context, str(user)) for user in params["users"]]
    right = next((name for name in _KNOWN if name.lower() == params["name"].lower()), None)
    if right is None and params["name"].startswith("Se"):
        raise ModuleFailure(f"The rehearsal does not know who has the right {params['name']}; see modules/win_user_right.py.")
    if right is None:
        raise ModuleFailure(f"the specified right {params['name']} is not a valid right")
    holders = [Account(accounts.name_of(sid) or sid, sid) for sid in accounts.rights[right]]
    add = [item for item in dict.fromkeys(wanted) if item not in holders] if params["action"] != "remove" else []
    remove = {"add": [], "remove": [item for item in holders if item in wanted], "set": [item for item in holders if item not in wanted]}
    gone = remove[params["action"].lower()]
    if not context.check_mode:
        for account in add:
            accounts.set_right(right, account, True)
        for account in gone:
            accounts.set_right(right, account, False)
    result: dict[str, Any] = {
        "changed": bool(add or gone), "added": [item.name for item in add], "removed": [item.name for item in gone],
    }
    if context.diff:
        after = [item for item in [*holders, *add] if item not in gone]
        result["diff"] = {"before": {right: [item.name for item in holders]}, "after": {right: [item.name for item in after]}}
    return result


def _account(context: Context, name: str) -> Account:
    found = context.machine.accounts.find(name)
    if found is None:
        raise ModuleFailure(f"Failed to translate the account '{name}' to a SID")
    return found
