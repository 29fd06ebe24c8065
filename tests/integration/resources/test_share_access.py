# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_share_access on a simulated server with a simulated file server. The oracle is what the file server grants, and its files."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.running import running

from tests.integration.resources.conftest import Server

PATH = r"\\fs1.corp.example\instances\nova"
COMPUTER, ACCOUNT = r"CORP\HV01$", r"CORP\nova"
PASSWORD = "Nova-Password-1"
FULL = [{"account": "Everyone", "rights": "full"}]


def grants(**accounts: str) -> list[dict[str, str]]:
    names = {"computer": COMPUTER, "account": ACCOUNT, "everyone": "Everyone", "computers": "Domain Computers"}
    return [{"account": names[key], "rights": rights} for key, rights in accounts.items()]


StartServer = Callable[..., Server]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StartServer]:
    """share_rights and ntfs_rights of the one share; up: whether the file server answers; the host is in the domain unless told else."""
    with ExitStack() as stack:

        def start(
            share_rights: list[dict[str, str]] | None = None, ntfs_rights: list[dict[str, str]] | None = None, *, up: bool = True,
            domain: str = "corp.example", folders: tuple[str, ...] = ("nova",),
        ) -> Server:
            share = {
                "name": "instances", "folders": list(folders), "share_rights": share_rights or FULL,
                "ntfs_rights": ntfs_rights or grants(computer="modify", account="modify"),
            }
            lab = from_mapping({
                "rehearsal": 1,
                "hosts": {"hv01": {"domain": domain}},
                "active_directory": {
                    "dns_name": "corp.example", "accounts": ["hv01"], "users": [{"name": "nova", "password": PASSWORD}],
                },
                "file_servers": [{"name": "FS1", "addresses": ["192.0.2.30"], "up": up, "shares": [share]}],
            })
            return Server(stack.enter_context(running(lab, tmp_path / "state")), tmp_path)

        yield start


def as_system(**options: Any) -> dict[str, Any]:
    return {
        "winstack.hyperv.win_hv_share_access": {"paths": [PATH], **options}, "become": True, "become_method": "ansible.builtin.runas",
        "become_user": "SYSTEM",
    }


def as_account(password: str = PASSWORD, **options: Any) -> dict[str, Any]:
    return {
        "winstack.hyperv.win_hv_share_access": {"paths": [PATH], "account": ACCOUNT, **options}, "become": True,
        "become_method": "ansible.builtin.runas", "become_user": ACCOUNT, "vars": {
            "ansible_become_password": password, "ansible_become_flags": "logon_type=new_credentials logon_flags=netcredentials_only",
        },
    }


def files(host: Server) -> list[str]:
    everybody = frozenset({"everyone", "domain computers", COMPUTER.lower(), ACCOUNT.lower()})
    share = host.lab.file_servers.place(r"\\fs1\instances", everybody, False)
    return [entry.path for entry in share.store.list("S:\\nova")]


def found(host: Server, task: dict[str, Any]) -> list[tuple[str, str]]:
    module = "winstack.hyperv.win_hv_share_access"
    run = host.play({**task, module: {**task[module], "on_critical": "report"}})
    assert run.code == 0, run.output
    return [(finding["name"], finding["severity"]) for finding in run.result["findings"]]


def test_what_is_written_is_taken_away_again(server: StartServer) -> None:
    host = server()
    for task, account in ((as_system(), r"corp.example\HV01$"), (as_account(), ACCOUNT)):
        run = host.play(task)
        assert run.code == 0, run.output
        assert not run.result["changed"]
        assert run.result["share_access"] == [
            {"path": PATH, "account": account, "readable": True, "writable": True, "left_behind": None},
        ]
        assert run.result["findings"] == []
        written = [line for line in host.changes() if "winstack-probe-" in line]
        assert len(written) == 3, host.changes()
        assert files(host) == []


def test_check_mode_only_looks(server: StartServer) -> None:
    host = server()
    looks = (host.play(as_system(), check=True), host.play(as_system(probe=False)))
    for run in looks:
        assert run.code == 0, run.output
        assert run.result["share_access"][0] | {"account": ""} == {
            "path": PATH, "account": "", "readable": True, "writable": None, "left_behind": None,
        }
    assert all(entry.changes == [] for entry in host.entries())


@pytest.mark.parametrize(("share_rights", "ntfs_rights", "name"), [
    (grants(account="full"), grants(computer="modify"), "share_right_missing"),
    (grants(everyone="full"), grants(account="modify"), "ntfs_right_missing"),
    (grants(everyone="read"), grants(computer="modify"), "share_right_missing"),
    (grants(everyone="read"), grants(computers="full"), "share_right_missing"),
    (grants(everyone="read"), grants(everyone="modify"), "share_right_missing"),
    (grants(everyone="full"), grants(computer="read"), "share_or_ntfs_right_missing"),
    (grants(computers="full"), grants(computers="full"), None),
])
def test_which_right_the_computer_account_lacks(server: StartServer, share_rights: Any, ntfs_rights: Any, name: str | None) -> None:
    host = server(share_rights, ntfs_rights)
    assert found(host, as_system()) == ([(name, "critical")] if name else [])
    assert files(host) == []


def test_the_finding_names_account_and_remedy(server: StartServer) -> None:
    host = server(grants(account="full"), grants(computer="modify"))
    run = host.play(as_system())
    assert run.code != 0
    for words in (
        rf"share_right_missing ({PATH} as corp.example\HV01$)", "the share refuses it",
        r"Grant-SmbShareAccess -Name instances -AccountName 'corp.example\HV01$' -AccessRight Full -Force",
    ):
        assert words in run.result["msg"]


def test_the_accounts_have_rights_of_their_own(server: StartServer) -> None:
    host = server(ntfs_rights=grants(computer="modify"))
    assert found(host, as_system()) == []
    assert found(host, as_account()) == [("ntfs_right_missing", "critical")]


@pytest.mark.parametrize(("lab", "path", "name"), [
    ({"up": False}, PATH, "share_server_unreachable"),
    ({}, r"\\fs9.corp.example\instances", "share_name_unresolved"),
    ({}, r"\\fs1.corp.example\volumes", "share_not_found"),
    ({"folders": ()}, PATH, "share_folder_missing"),
])
def test_what_is_not_there(server: StartServer, lab: dict[str, Any], path: str, name: str) -> None:
    assert found(server(**lab), as_system(paths=[path])) == [(name, "critical")]


def test_outside_a_domain_the_computer_is_nobody(server: StartServer) -> None:
    host = server(domain="")
    assert found(host, as_system()) == [("no_domain", "critical")]
    assert found(host, as_account()) == []


def test_a_wrong_password_and_no_become_at_all_are_refused_by_the_server(server: StartServer) -> None:
    host = server()
    assert found(host, as_account("wrong")) == [("share_right_missing", "critical")]
    plain = {"winstack.hyperv.win_hv_share_access": {"paths": [PATH], "account": ACCOUNT}}
    assert found(host, plain) == [("share_right_missing", "critical")]


def test_somebody_else_who_may_is_no_proof(server: StartServer) -> None:
    host = server(ntfs_rights=FULL)
    task = as_account()
    task["winstack.hyperv.win_hv_share_access"]["account"] = r"CORP\other"
    assert found(host, task) == [("share_seen_as_other", "warning")]


def test_an_account_that_cannot_be_tried_is_a_finding(server: StartServer) -> None:
    assert found(server(), as_system(unverified_accounts=["CORP\\nova$"])) == [("share_access_not_verified", "warning")]


def test_several_folders_in_one_go(server: StartServer) -> None:
    host = server()
    run = host.play(as_system(paths=[PATH, r"\\fs1\instances"]))
    assert run.code == 0, run.output
    assert [item["writable"] for item in run.result["share_access"]] == [True, True]


@pytest.mark.parametrize(("options", "message"), [
    ({"paths": ["X:\\instances"]}, "paths[0]: 'X:\\\\instances' is no folder on a share"),
    ({"paths": [r"C:\ClusterStorage\Volume1"]}, "is no folder on a share"),
    ({"paths": []}, "paths: give at least one folder"),
    ({"path": PATH}, "unsupported option path"),
])
def test_wrong_options_are_named_and_nothing_is_called(server: StartServer, options: dict[str, Any], message: str) -> None:
    host = server()
    task = as_system()
    task["winstack.hyperv.win_hv_share_access"] = options
    run = host.play(task)
    assert run.code != 0
    assert message in run.result["msg"]
    assert host.entries() == []


def test_the_password_is_nowhere(server: StartServer) -> None:
    host = server()
    run = host.play(as_account())
    assert PASSWORD not in run.output
    assert PASSWORD not in json.dumps([str(entry) for entry in host.entries()])
