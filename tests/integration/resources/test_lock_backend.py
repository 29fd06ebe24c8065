# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_lock_backend on simulated servers. The oracle is the server's own state and journal."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rehearsal.lab import from_mapping
from rehearsal.running import running

from tests.integration.resources.conftest import Server, StartServer

VERSIONS = ("2016", "2019", "2022", "2025")
VENV = r"C:\OpenStack\venv"
NETWORK: dict[str, Any] = {"network": {"servers": [
    {"address": "10.40.0.10", "names": ["etcd.example.org"], "ports": [2379]},
    {"address": "10.40.0.11", "names": ["db.example.org"], "ports": [3306]},
    {"address": "10.40.0.20", "names": ["fs1.example.org"], "ports": [445]},
    {"address": "10.40.0.21", "names": ["down.example.org"], "ports": [2379], "up": False},
]}}
ETCD = "etcd3+http://etcd.example.org:2379?api_version=v3"
MYSQL = "mysql://tooz:s3cret@db.example.org/locks"
SHARE = "file:////fs1.example.org/locks/nova"


def task(url: str, **options: Any) -> dict[str, Any]:
    return {"winstack.hyperv.win_hv_lock_backend": {"backend_url": url, **options}}


def with_packages(host: Server, *names: str) -> None:
    for name in names:
        host.machine.files.make_folder(rf"{VENV}\Lib\site-packages\{name}.dist-info")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_backend_is_tested_in_one_call_and_nothing_changes(server: StartServer, version: str) -> None:
    host = server(os={"version": version}, **NETWORK)
    with_packages(host, "tooz-4.2.0", "PyMySQL-1.0.3", "etcd3gw-2.1.0", "nova-28.3.1")
    for check in (True, False):
        run = host.play(task(MYSQL, environment=VENV), check=check)
        assert run.code == 0, run.output
        assert not run.result["changed"]
        assert run.result["findings"] == []
        state = run.result["lock_backend"]
        assert state["packages"] == {"tooz": "4.2.0", "PyMySQL": "1.0.3"}
        assert state["endpoints"] == [{"address": "db.example.org", "port": 3306, "remote": "10.40.0.11", "reachable": True}]
        assert "s3cret" not in run.output
    assert host.changes() == []
    assert len(host.entries()) == 2


@pytest.mark.parametrize(("options", "message"), [
    (
        {"backend_url": "etcd3+http://down.example.org?api_version=v3"},
        "lock_backend_unreachable (down.example.org:2379): found no TCP connection",
    ),
    ({"backend_url": "mysql://u:s3cret@nobody/db"}, "lock_backend_unreachable (nobody:3306): found the name does not resolve on this host"),
    ({"backend_url": f"{ETCD}&ca_cert=C:/OpenStack/ca.pem"}, r"lock_file_missing (C:\OpenStack\ca.pem): found no such file"),
    ({"backend_url": ETCD, "environment": VENV}, "lock_packages (the driver's environment): found the package etcd3gw is missing"),
    ({"backend_url": "file:///C:/OpenStack/Lock"}, "backend_url: this lock is local to the host"),
    ({"backend_url": "etcd3+http://etcd.example.org:2379"}, "backend_url: the query must hold api_version=v3"),
    ({"backend_url": ETCD, "release": "yoga"}, "backend_url: the tooz of yoga speaks only etcd's /v3alpha API"),
    ({"backend_url": ETCD, "release": "2024.1"}, "value of release must be one of: yoga, zed, 2023.1, 2023.2, got: 2024.1"),
    ({}, "missing required arguments: backend_url"),
])
def test_what_keeps_a_node_from_locking_is_named(server: StartServer, options: dict[str, Any], message: str) -> None:
    host = server(**NETWORK)
    with_packages(host, "tooz-4.2.0")
    run = host.play({"winstack.hyperv.win_hv_lock_backend": options})
    assert run.code != 0
    assert message in run.result["msg"]
    assert "s3cret" not in run.output
    assert host.changes() == []


def test_findings_are_gathered_where_asked_for(server: StartServer) -> None:
    host = server(**NETWORK)
    run = host.play(task("etcd3+http://down.example.org?api_version=v3", on_critical="report"), check=True)
    assert run.code == 0, run.output
    assert [finding["name"] for finding in run.result["findings"]] == ["lock_backend_unreachable"]


def test_a_certificate_that_is_there(server: StartServer) -> None:
    host = server(**NETWORK)
    host.machine.files.make_folder(r"C:\OpenStack")
    host.machine.files.write(r"C:\OpenStack\ca.pem", b"-----BEGIN CERTIFICATE-----")
    run = host.play(task("etcd3+https://etcd.example.org?api_version=v3&ca_cert=C:/OpenStack/ca.pem"))
    assert run.code == 0, run.output
    assert run.result["lock_backend"]["files"] == {r"C:\OpenStack\ca.pem": True}


def test_a_share_is_tested_by_its_port_without_rights_on_the_network(server: StartServer) -> None:
    host = server(**NETWORK)
    run = host.play(task(SHARE))
    assert run.code == 0, run.output
    assert run.result["lock_backend"]["endpoints"][0]["port"] == 445
    assert run.result["lock_backend"]["folders"] == {}


ACCOUNT, PASSWORD = r"CORP\nova", "Nova-Password-1"


@pytest.fixture
def member(tmp_path: Path) -> Iterator[StartServer]:
    """A member of a domain, whose file server has the share `locks` for the account that is named."""
    with ExitStack() as stack:

        def start(granted: str = ACCOUNT, *, up: bool = True) -> Server:
            rights = [{"account": granted, "rights": "modify"}]
            lab = from_mapping({
                "rehearsal": 1,
                "hosts": {"hv01": {"domain": "corp.example"}},
                "active_directory": {
                    "dns_name": "corp.example", "accounts": ["hv01"], "users": [{"name": "nova", "password": PASSWORD}],
                },
                "file_servers": [{
                    "name": "FS1", "addresses": ["192.0.2.30"], "up": up, "shares": [{"name": "locks", "ntfs_rights": rights}],
                }],
            })
            return Server(stack.enter_context(running(lab, tmp_path / "state")), tmp_path)

        yield start


def on_share(share: str = "locks", *, become: bool = True) -> dict[str, Any]:
    wanted = task(f"file:////fs1.corp.example/{share}/nova", network_credentials=True)
    flags = "logon_type=new_credentials logon_flags=netcredentials_only"
    variables = {"ansible_become_password": PASSWORD, "ansible_become_flags": flags}
    runas = {"become": True, "become_method": "ansible.builtin.runas", "become_user": ACCOUNT, "vars": variables}
    return {**wanted, **runas} if become else wanted


def test_a_share_is_seen_by_the_account_that_may(member: StartServer) -> None:
    host = member()
    run = host.play(on_share())
    assert run.code == 0, run.output
    assert run.result["lock_backend"]["folders"] == {r"\\fs1.corp.example\locks": True}
    assert host.changes() == []
    assert PASSWORD not in run.output


@pytest.mark.parametrize(("granted", "share", "become"), [
    (r"CORP\another", "locks", True),
    (ACCOUNT, "nothing", True),
    (ACCOUNT, "locks", False),
])
def test_a_share_that_is_not_seen(member: StartServer, granted: str, share: str, become: bool) -> None:
    """The last: the double hop. A plain WinRM session has nothing to show to a second machine."""
    run = member(granted).play(on_share(share, become=become))
    assert run.code != 0
    assert rf"lock_folder_missing (\\fs1.corp.example\{share})" in run.result["msg"]


def test_a_file_server_that_is_down_is_no_missing_share(member: StartServer) -> None:
    run = member(up=False).play(on_share())
    assert run.code != 0
    assert "lock_backend_unreachable (fs1.corp.example:445): found no TCP connection to 192.0.2.30" in run.result["msg"]
    assert "lock_folder_missing" not in run.result["msg"]
