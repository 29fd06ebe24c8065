# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module from its options to the requests that it sends. Oracle: ldap3's own simulation of a server, and the requests by hand."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ldap3
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.winstack.hyperv.plugins.module_utils.directory import ldap_directory
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.ldap_directory import Directory, DirectoryError, Settings
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.security_descriptor import sid_bytes
from ansible_collections.winstack.hyperv.plugins.modules import ad_delegation

MIGRATION = "Microsoft Virtual System Migration Service"
# The domain of ldap3's offline copy of a domain controller's schema.
BASE = "DC=AD2012,DC=LAB"
DOMAIN = "ad2012.lab"
CONNECTION = {"server": "dc1.ad2012.lab", "username": "admin@ad2012.lab", "password": "pass-phrase"}


def dn(name: str) -> str:
    return f"CN={name},CN=Computers,{BASE}"


def four(name: str) -> list[bytes]:
    return [f"{kind}/{target}".encode() for kind in ("cifs", MIGRATION) for target in (name, f"{name.lower()}.{DOMAIN}")]


@dataclass
class Lab:
    """A simulated server, and what was sent to it. drop: requests that it answers well and forgets; refuse: that it refuses."""

    connection: ldap3.Connection
    searches: list[str] = field(default_factory=list)
    modified: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    drop: bool = False
    refuse: str = ""

    def add(self, name: str, number: int, **attributes: Any) -> None:
        values = {
            "objectCategory": "computer",
            "sAMAccountName": f"{name}$",
            "dNSHostName": f"{name.lower()}.{DOMAIN}",
            "objectSid": sid_bytes(f"S-1-5-21-1-2-3-{number}"),
            "userAccountControl": "4096",
            "servicePrincipalName": [f"{MIGRATION}/{name}"],
            **attributes,
        }
        self.connection.strategy.add_entry(dn(name), {"objectClass": ["top", "user", "computer"], **values})


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    server = ldap3.Server("dc1", get_info=ldap3.OFFLINE_AD_2012_R2)
    connection = ldap3.Connection(server, client_strategy=ldap3.MOCK_SYNC, check_names=False, raise_exceptions=True, receive_timeout=5)
    made = Lab(connection)
    modify, search = connection.modify, connection.search

    def recorded_modify(name: str, changes: dict[str, Any]) -> Any:
        if made.refuse == name:
            raise ldap3.core.exceptions.LDAPInsufficientAccessRightsResult(50, "insufficientAccessRights", name, "0005: denied")
        made.modified.append((name, changes))
        return made.drop or modify(name, changes)

    def recorded_search(base: str, query: str, *rest: Any, **more: Any) -> Any:
        made.searches.append(query)
        return search(base, query, *rest, **more)

    monkeypatch.setattr(connection, "modify", recorded_modify)
    monkeypatch.setattr(connection, "search", recorded_search)

    def bound(_settings: Settings) -> ldap3.Connection:
        connection.bind()
        return connection

    monkeypatch.setattr(ldap_directory, "_bound", bound)
    for number, name in enumerate(("HV01", "HV02"), 1001):
        made.add(name, number)
    return made


RunModule = Callable[..., dict[str, Any]]


@pytest.fixture
def delegation(capsys: pytest.CaptureFixture[str]) -> RunModule:
    def run(check: bool = False, **options: Any) -> dict[str, Any]:
        given = {**CONNECTION, **options, "_ansible_check_mode": check}
        arguments = {name: value for name, value in given.items() if value is not None}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            ad_delegation.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run


def test_the_requests_of_a_first_run_and_none_in_the_second(lab: Lab, delegation: RunModule) -> None:
    foreseen = delegation(check=True, hosts=["HV01", "HV02"])
    assert foreseen["changed"]
    assert lab.modified == []
    done = delegation(hosts=["HV01", "HV02"])
    assert done["computers"] == foreseen["computers"]
    assert done["changed_hosts"] == ["HV01", "HV02"]
    wanted = {
        name: {
            "msDS-AllowedToDelegateTo": [("MODIFY_ADD", four(peer))],
            "userAccountControl": [("MODIFY_REPLACE", [b"16781312"])],
        }
        for name, peer in (("HV01", "HV02"), ("HV02", "HV01"))
    }
    assert lab.modified == [(dn(name), changes) for name, changes in wanted.items()]
    assert not delegation(hosts=["hv01", "hv02.ad2012.lab"])["changed"]
    assert len(lab.modified) == 2


def test_an_unknown_host_stops_everything(lab: Lab, delegation: RunModule) -> None:
    done = delegation(hosts=["HV01", "HV02", "HV77"])
    assert done["failed"]
    assert done["msg"] == "hosts: no computer account for HV77; accounts are never created here"
    assert lab.modified == []


def test_a_change_that_did_not_take_is_an_error(lab: Lab, delegation: RunModule) -> None:
    lab.drop = True
    done = delegation(hosts=["HV01", "HV02"])
    assert done["failed"]
    assert "these did not take: HV01 (msDS-AllowedToDelegateTo, userAccountControl), HV02" in done["msg"]


def test_a_refusal_tells_what_was_changed_before(lab: Lab, delegation: RunModule) -> None:
    lab.refuse = dn("HV02")
    done = delegation(hosts=["HV01", "HV02"])
    assert done["msg"].startswith(f"changing {dn('HV02')}: ")
    assert "insufficientAccessRights" in done["msg"]
    assert done["msg"].endswith("Changed before that: HV01.")


def test_many_hosts_are_found_with_few_requests(lab: Lab, delegation: RunModule) -> None:
    names = [f"N{number:03}" for number in range(120)]
    for number, name in enumerate(names, 2000):
        lab.add(name, number)
    assert len(delegation(check=True, hosts=names)["computers"]) == 120
    assert len(lab.searches) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hosts": []}, "hosts: [] names no host"),
        ({"hosts": ["HV01", "HV 02"]}, "hosts[1]: 'HV 02' is no computer's name; allowed is"),
        ({"file_servers": ["fs*"]}, "file_servers[0]: 'fs*' is no computer's name"),
        ({"transport": "ldap"}, "transport: 'ldap' would send the password in the clear; allowed with authentication: simple is ldaps"),
        ({"authentication": "kerberos"}, "username, password: not allowed with authentication: kerberos"),
        ({"password": None}, "authentication is simple but all of the following are missing: password"),
        ({"port": 70000}, "port: 70000 is no port; allowed is 1 to 65535"),
        ({"timeout": 0}, "timeout: 0 seconds is too short"),
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file: '/nowhere/ca.pem' is no file on the controller"),
        ({"type": "unconstrained"}, "value of type must be one of: classic, resource_based, got: unconstrained"),
        ({"mode": "purge"}, "value of mode must be one of: additive, exact"),
    ],
)
def test_bad_options_are_refused_before_anything_is_asked(
    lab: Lab, delegation: RunModule, options: dict[str, Any], message: str
) -> None:
    done = delegation(**{"hosts": ["HV01"], **options})
    assert done["failed"]
    assert message in done["msg"]
    assert "pass-phrase" not in json.dumps(done)
    assert lab.searches == []
    assert lab.modified == []


def test_a_missing_library_is_named(lab: Lab, delegation: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldap_directory, "LDAP3_ERROR", "Traceback: no ldap3")
    assert "Failed to import the required Python library (ldap3)" in delegation(hosts=["HV01"])["msg"]


def test_kerberos_without_tls_needs_an_ldap3_that_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ldap3, "ENCRYPT", raising=False)
    with pytest.raises(DirectoryError, match=r"signing and sealing, which ldap3 has from 2\.10 on"):
        ldap_directory.connect(Settings("dc1", 389, "ldap", "kerberos"))


def test_a_simple_bind_without_tls_is_refused_whoever_asks() -> None:
    with pytest.raises(DirectoryError, match="a simple bind sends the password in the clear"):
        ldap_directory.connect(Settings("dc1", 389, "ldap", "simple", username="a", password="b"))


def test_the_password_is_not_part_of_what_settings_show() -> None:
    assert "pass-phrase" not in repr(Settings("dc1", 636, "ldaps", "simple", username="a", password="pass-phrase"))


def test_the_domain_name(lab: Lab) -> None:
    assert Directory(lab.connection).domain == DOMAIN


def test_the_documentation_is_what_the_module_accepts() -> None:
    import yaml

    documented = yaml.safe_load(ad_delegation.DOCUMENTATION)["options"]
    facts = ("type", "elements", "choices", "default", "required")
    assert {name: {key: option[key] for key in facts if key in option} for name, option in documented.items()} == {
        name: {key: option[key] for key in facts if key in option} for name, option in ad_delegation.ARGUMENTS.items()
    }
