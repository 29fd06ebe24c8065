# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""microsoft.ad.membership for state domain, with what it does in the wrong moment; and ansible.windows.win_hostname, which only renames.

A NetBIOS name joins and never matches afterwards; without a DNS name nothing is joined; the rename comes before the join and stays when the
join fails; and until the restart the module takes the host for what it was.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..machine import Machine, Win32Error
from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module

_SPEC = Spec(
    {
        "dns_domain_name": Option(),
        "domain_admin_user": Option(),
        "domain_admin_password": Option(),
        "domain_ou_path": Option(),
        "domain_server": Option(),
        "hostname": Option(),
        "offline_join_blob": Option(),
        "reboot": Option("bool", default=False),
        "reboot_timeout": Option("int", default=600),
        "state": Option(required=True, choices=("domain", "workgroup")),
        "workgroup_name": Option(),
    },
    mutually_exclusive=tuple(
        ("offline_join_blob", other) for other in ("domain_admin_user", "dns_domain_name", "domain_ou_path", "hostname")
    ),
    required_if=(
        ("state", "domain", ("domain_admin_user", "offline_join_blob"), True),
        ("state", "workgroup", ("workgroup_name", "domain_admin_user", "domain_admin_password"), False),
    ),
    required_by={"domain_admin_user": "domain_admin_password", "domain_admin_password": "domain_admin_user"},
)
_OU_HINT = " Check domain_ou_path is pointing to a valid OU in the target domain."
_FILE_NOT_FOUND = 2
_UNCONFIRMED = "the new name that Rename-Computer takes for the present one while a rename waits for the restart"


@dataclass(frozen=True)
class _Wish:
    """hostname: the active one where the task names none. domain is empty where the task names none."""

    hostname: str
    domain: str

    @classmethod
    def read(cls, machine: Machine, params: Mapping[str, Any]) -> _Wish:
        return cls(params["hostname"] or machine.identity.computer_name, params["dns_domain_name"] or "")


@module("microsoft.ad.membership", _SPEC, source="microsoft.ad 1.10.0, membership.ps1; ansible issues with its messages",
        unconfirmed=_UNCONFIRMED)
def membership(context: Context) -> dict[str, Any]:
    params, machine = context.params, context.machine
    if params["state"] != "domain" or params["offline_join_blob"]:
        raise ModuleFailure("The rehearsal models microsoft.ad.membership for online joins of a domain; see modules/membership.py.")
    before = machine.identity
    wish = _Wish.read(machine, params)
    joins = wish.domain.lower() != before.domain.lower()
    if joins and before.domain:
        raise ModuleFailure(f"Host is already joined to '{before.domain}', switching domains is not implemented")
    renames = wish.hostname.lower() != before.computer_name.lower()
    result: dict[str, Any] = {"changed": joins or renames, "reboot_required": joins or renames}
    if context.diff:
        result["diff"] = _diff(machine, wish)
    if not context.check_mode:
        if renames:
            _rename(machine, wish.hostname, params, joins)
        if joins:
            _join(machine, wish.domain, params)
    return result


@module("ansible.windows.win_hostname", Spec({"name": Option(required=True)}), source="ansible.windows 3.3.0, win_hostname.ps1",
        unconfirmed=_UNCONFIRMED)
def win_hostname(context: Context) -> dict[str, Any]:
    machine, name = context.machine, context.params["name"]
    former = machine.identity.computer_name
    changed = name.lower() != former.lower()
    if changed and not context.check_mode:
        if machine.identity.domain:
            raise ModuleFailure("The rehearsal does not know how a member is renamed without its domain; see modules/membership.py.")
        _rename(machine, name, {}, False)
    return {"changed": changed, "reboot_required": changed, "old_name": former}


def _diff(machine: Machine, wish: _Wish) -> dict[str, Any]:
    identity = machine.identity
    return {
        "before": {
            "dns_domain_name": identity.domain or None, "hostname": identity.computer_name,
            "state": "domain" if identity.domain else "workgroup", "workgroup_name": None if identity.domain else identity.workgroup,
        },
        "after": {"dns_domain_name": wish.domain or None, "hostname": wish.hostname, "state": "domain", "workgroup_name": None},
    }


def _rename(machine: Machine, name: str, params: Mapping[str, Any], joins: bool) -> None:
    """A member's account is renamed as well, by the user given; before a join only the machine is."""
    identity = machine.identity
    if name.lower() == identity.pending_name.lower():
        raise ModuleFailure(
            f"Unhandled exception while executing module: Skip computer '{identity.computer_name}' with new name '{name}' because the "
            "new name is the same as the current name."
        )
    if identity.domain and not joins:
        try:
            machine.directory.log_on(params["domain_admin_user"], params["domain_admin_password"])
        except Win32Error as error:
            raise ModuleFailure(
                f"Unhandled exception while executing module: Fail to rename computer '{identity.computer_name}' to '{name}' due to the "
                f"following exception: {error.message}"
            ) from error
        machine.directory.rename(identity.computer_name, name)
    machine.rename(name)


def _join(machine: Machine, domain: str, params: Mapping[str, Any]) -> None:
    identity = machine.identity
    if identity.pending_domain is not None:
        raise ModuleFailure("The rehearsal does not know what a second join before the restart does; see modules/membership.py.")
    # Only when the same run renames is the join asked to take the new name.
    computer = identity.pending_name if params["hostname"] and identity.pending_name else identity.computer_name
    try:
        joined = machine.directory.join(
            domain, computer, params["domain_admin_user"], params["domain_admin_password"], params["domain_ou_path"] or "",
            params["domain_server"] or "",
        )
    except Win32Error as error:
        raise ModuleFailure(
            f"Computer '{identity.computer_name}' failed to join domain '{domain}' from its current workgroup '{identity.workgroup}' with "
            f"following error message: {error.message}{_OU_HINT if error.code == _FILE_NOT_FOUND else ''}"
        ) from error
    machine.join(joined)
