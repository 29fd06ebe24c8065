# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_service_account and win_user_right on simulated servers. The oracle is the server's own state; no password may show anywhere."""
from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from rehearsal.faults import Fault
from rehearsal.machine.accounts import ADMINISTRATORS, HYPER_V_ADMINISTRATORS
from rehearsal.machine.fields import Fields

from tests.integration.resources.conftest import Run, Server, StartServer

NOVA, GMSA, SECRET, NEXT = r"EXAMPLE\nova", r"EXAMPLE\nova$", "Pa55-w0rd-tief", "N3xt-w0rd-hoch"
HOST: dict[str, Any] = {
    "domain": "example.org",
    "accounts": [{"name": NOVA, "password": SECRET}, {"name": GMSA, "managed": True}],
}
RIGHT: dict[str, Any] = {"ansible.windows.win_user_right": {"name": "SeServiceLogonRight", "users": [NOVA, GMSA], "action": "add"}}


def task(**options: Any) -> dict[str, Any]:
    given = {"account": NOVA, "password": SECRET, "password_version": "1", **options}
    return {"winstack.hyperv.win_hv_service_account": {key: value for key, value in given.items() if value is not None}}


def service(host: Server) -> Any:
    return host.machine.services.get("nova-compute")


def start(server: StartServer, **spec: Any) -> Server:
    host = server(**{**HOST, **spec})
    host.machine.services.create("nova-compute", r"C:\Windows\nova.exe", start_mode="Automatic")
    host.machine.services.start("nova-compute")
    return host


def secrets_shown(host: Server, *runs: Run) -> list[str]:
    """The places where a password shows, in any form that travels: plain, or base64 of UTF-16."""
    journal = json.dumps([entry.calls for entry in host.entries()]) + json.dumps([entry.changes for entry in host.entries()])
    places = {
        "output": "".join(run.output for run in runs), "journal": journal, "host": json.dumps(host.machine.dump()),
    }
    forms = [form for secret in (SECRET, NEXT) for form in (secret, base64.b64encode(secret.encode("utf-16-le")).decode())]
    return [name for name, text in places.items() if any(form in text for form in forms)]


@pytest.mark.parametrize("version", ["2016", "2019", "2022", "2025"])
def test_a_service_converges_to_its_account_and_runs_as_it(server: StartServer, version: str) -> None:
    host = start(server, os={"version": version})
    granted = host.converge(RIGHT)
    pid = service(host).pid
    again = host.converge(task(groups=[ADMINISTRATORS, HYPER_V_ADMINISTRATORS]))
    assert service(host).account == NOVA
    assert service(host).state == "Running"
    assert service(host).pid != pid
    nova = host.machine.accounts.find(NOVA)
    assert nova is not None
    assert nova.sid in host.machine.accounts.groups[ADMINISTRATORS]
    assert nova.sid in host.machine.accounts.groups[HYPER_V_ADMINISTRATORS]
    assert host.machine.accounts.rights["SeServiceLogonRight"][0] == "S-1-5-80-0"
    assert again.result["service_account"] == {
        "name": "nova-compute", "account": NOVA, "logon_failed": False, "password_version": "1",
        "groups": [ADMINISTRATORS, HYPER_V_ADMINISTRATORS],
    }
    assert secrets_shown(host, granted, again) == []


def test_both_sections_of_a_host_are_one_call_and_stay_small(server: StartServer) -> None:
    host = start(server, features={"installed": ["Hyper-V", "Hyper-V-PowerShell"]})
    host.play(RIGHT)
    migration = {"enabled": True, "authentication": "kerberos", "networks": [{"subnet": "10.20.0.0/24", "priority": 1}]}
    account = {"account": NOVA, "password": SECRET, "password_version": "1"}
    again = host.converge({"winstack.hyperv.win_hv_host": {"sections": {"live_migration": migration, "service_account": account}}})
    assert again.result["sections"]["service_account"]["service_account"]["account"] == NOVA
    assert again.result["sections"]["live_migration"]["live_migration"]["enabled"]
    assert host.entries()[-1].payload_bytes < 60 * 1024
    assert secrets_shown(host, again) == []


@pytest.mark.parametrize("account", [GMSA, "LocalSystem"])
def test_accounts_without_a_password(server: StartServer, account: str) -> None:
    host = start(server)
    host.machine.services.configure("nova-compute", account=r"NT AUTHORITY\NetworkService")
    assert host.play(RIGHT).code == 0
    host.converge(task(account=account, password=None, password_version=None))
    assert (service(host).account, service(host).state) == (account, "Running")


def test_a_changed_password_is_written_once_with_its_version(server: StartServer) -> None:
    host = start(server, accounts=[{"name": NOVA, "password": NEXT}, {"name": GMSA, "managed": True}])
    host.machine.services.configure("nova-compute", account=NOVA)
    host.machine.accounts.keep_password("nova-compute", SECRET)
    host.machine.registry.set(r"HKLM:\SOFTWARE\winstack.hyperv\service_account\nova-compute", "PasswordVersion", "1", "String")
    assert host.play(RIGHT).code == 0
    unchanged = host.play(task(groups=[]))
    assert (unchanged.code, unchanged.result["changed"]) == (0, False)
    changed = host.converge(task(groups=[], password=NEXT, password_version="2"))
    assert service(host).state == "Running"
    assert secrets_shown(host, unchanged, changed) == []


@pytest.mark.parametrize("version", ["1", None])
def test_a_wrong_password_is_said_to_be_one_and_tried_again(server: StartServer, version: str | None) -> None:
    host = start(server)
    assert host.play(RIGHT).code == 0
    wrong = host.play(task(password=NEXT, password_version=version))
    assert wrong.code != 0
    assert "Restart-Service failed in call 'restart'" in wrong.result["msg"]
    assert "wrong password or lacks the right to log on as a service" in wrong.result["msg"]
    assert service(host).state == "Stopped"
    warned = host.play(task(password=None, password_version=None))
    assert warned.result["service_account"]["logon_failed"]
    assert "could not log on (1069)" in warned.result["warnings"][0]
    right = host.converge(task(password_version=version))
    assert service(host).state == "Running"
    assert secrets_shown(host, wrong, warned, right) == []


def test_without_the_right_the_error_names_it(server: StartServer) -> None:
    host = start(server)
    run = host.play(task())
    assert run.code != 0
    assert "ansible.windows.win_user_right with SeServiceLogonRight and action: add" in run.result["msg"]
    assert secrets_shown(host, run) == []


@pytest.mark.parametrize(("cmdlet", "when"), [("Invoke-CimMethod", "after"), ("Restart-Service", "before"), ("New-ItemProperty", "before")])
def test_a_run_that_breaks_off_is_finished_by_the_next(server: StartServer, cmdlet: str, when: str) -> None:
    host = start(server)
    assert host.play(RIGHT).code == 0
    host.lab.hosts["hv01"].faults.arm(Fault("drop", match=cmdlet, when=when))
    broken = host.play(task())
    assert broken.code != 0
    host.play({"ansible.builtin.wait_for_connection": {"timeout": 20, "sleep": 1}})
    finished = host.play(task())
    assert finished.code == 0, finished.output
    assert service(host).account == NOVA
    assert not host.play(task()).result["changed"]
    assert secrets_shown(host, broken, finished) == []


@pytest.mark.parametrize(("options", "message"), [
    ({"account": r"EXAMPLE\nobody", "groups": []}, "Win32_Service.Change refused the account with 22: the account does not exist"),
    ({"account": "nova"}, "account: 'nova' is none of LocalSystem"),
    ({"password": None, "password_version": None}, rf"password: the account {NOVA} needs one"),
    ({"name": "no-such", "groups": []}, "cannot be changed yet: the service no-such does not exist on this host"),
])
def test_wrong_options_are_named(server: StartServer, options: dict[str, Any], message: str) -> None:
    host = start(server)
    run = host.play(task(**options))
    assert run.code != 0
    assert message in run.result["msg"]
    assert host.changes() == []
    assert secrets_shown(host, run) == []


def test_a_member_that_is_gone_is_named(server: StartServer) -> None:
    host = start(server)
    host.machine.accounts.groups[ADMINISTRATORS].append("S-1-5-21-1-2-3-1104")
    run = host.play(task(), check=True)
    assert run.code != 0
    assert f"groups: the members of {ADMINISTRATORS} cannot be listed" in run.result["msg"]


def test_an_error_that_quotes_the_password_does_not_show_it(server: StartServer) -> None:
    host = start(server)
    error = {"id": "HRESULT 0x80041008,X", "message": f"Invalid parameter '{SECRET}'"}
    fault = Fault.read(Fields({"kind": "error", "match": "Invoke-CimMethod", "error": error}, "fault"))
    host.lab.hosts["hv01"].faults.arm(fault)
    run = host.play(task())
    assert run.code != 0
    assert "Invalid parameter '********'" in run.result["msg"]
    assert secrets_shown(host, run) == []
