# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ad_delegation against a real domain controller. Oracles: tickets that its KDC grants or refuses, and its database."""
from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.real.delegation.conftest import RunModule
from tests.real.delegation.domain import MIGRATION, SERVER, Domain

HOSTS = ["hv01", "HV02.lab.test", "HV03"]
NAMES = {"hv01": "HV01", "HV02.lab.test": "HV02", "HV03": "HV03"}
REFUSED = "KDC can't fulfill requested option"
TRUSTED_TO_AUTH = 0x1000000
DELEGATES_TO = "msDS-AllowedToDelegateTo"


def services(*targets: str, migration: bool = True) -> list[str]:
    kinds = ("cifs", MIGRATION) if migration else ("cifs",)
    return [f"{kind}/{name}" for target in targets for kind in kinds for name in (target, f"{target.lower()}.lab.test")]


def assert_granted(domain: Domain, source: str, target: str) -> None:
    for name in (target, f"{target.lower()}.lab.test"):
        ticket = domain.delegated_ticket(source, "alice", f"cifs/{name}")
        assert ticket.returncode == 0, f"{source} to {name}: {ticket.stderr}"


def assert_refused(domain: Domain, source: str, target: str) -> None:
    ticket = domain.delegated_ticket(source, "alice", f"cifs/{target.lower()}.lab.test")
    assert ticket.returncode == 1
    assert REFUSED in ticket.stderr


def test_every_ordered_pair_gets_tickets_and_no_other_does(clean: Domain, delegation: RunModule) -> None:
    assert_refused(clean, "HV01", "HV02")
    untouched = clean.dump()

    foreseen = delegation(check=True, hosts=HOSTS)
    assert foreseen["changed"]
    assert clean.dump() == untouched
    assert_refused(clean, "HV01", "HV02")

    done = delegation(hosts=HOSTS)
    assert done["changed"]
    assert done["computers"] == foreseen["computers"]
    assert done["diff"] == foreseen["diff"]
    assert done["changed_hosts"] == sorted(HOSTS)
    for name in HOSTS:
        peers = [peer for peer in NAMES.values() if peer != NAMES[name]]
        assert clean.values(NAMES[name], DELEGATES_TO) == sorted(services(*peers))
        assert clean.values(NAMES[name], "userAccountControl") == [str(4096 | TRUSTED_TO_AUTH)]
    for source, target in itertools.permutations(NAMES.values(), 2):
        assert_granted(clean, source, target)
    for host in NAMES.values():
        assert_refused(clean, host, "HV04")
        assert_refused(clean, "HV04", host)

    settled = clean.dump()
    again = delegation(hosts=[name.swapcase() for name in HOSTS])
    assert not again["changed"]
    assert again["changed_hosts"] == []
    assert clean.dump() == settled


def test_the_diff_tells_each_account(clean: Domain, delegation: RunModule) -> None:
    diff = delegation(check=True, hosts=["HV01", "HV02"], protocol_transition=False)["diff"]
    assert diff == [
        {
            "before_header": f"CN={name},CN=Computers,DC=lab,DC=test",
            "after_header": f"CN={name},CN=Computers,DC=lab,DC=test",
            "before": {"delegates_to": [], "protocol_transition": False},
            "after": {"delegates_to": sorted(services(peer), key=str.lower), "protocol_transition": False},
        }
        for name, peer in (("HV01", "HV02"), ("HV02", "HV01"))
    ]


def test_file_servers_get_cifs_alone(clean: Domain, delegation: RunModule) -> None:
    delegation(hosts=["HV01"], file_servers=["FS01"])
    assert clean.values("HV01", DELEGATES_TO) == sorted(services("FS01", migration=False))
    assert clean.values("FS01", "userAccountControl") == ["4096"]
    assert_granted(clean, "HV01", "FS01")


def test_without_protocol_transition_a_user_without_kerberos_cannot_be_delegated(clean: Domain, delegation: RunModule) -> None:
    delegation(hosts=["HV01", "HV02"])
    assert_granted(clean, "HV01", "HV02")
    assert delegation(hosts=["HV01", "HV02"], protocol_transition=False)["changed_hosts"] == ["HV01", "HV02"]
    assert clean.values("HV01", "userAccountControl") == ["4096"]
    # kvno has only S4U2Self for alice, and that ticket is no longer forwardable.
    assert_refused(clean, "HV01", "HV02")


def test_additive_keeps_what_exact_takes_away(clean: Domain, delegation: RunModule) -> None:
    delegation(hosts=["HV01", "HV02", "HV03"])
    clean.ldif("dn: CN=HV01,CN=Computers,DC=lab,DC=test\nchangetype: modify\nadd: msDS-AllowedToDelegateTo\n"
               "msDS-AllowedToDelegateTo: HTTP/Web.Lab.Test\n")
    assert not delegation(hosts=["HV01", "HV02"])["changed"]
    assert_granted(clean, "HV01", "HV03")

    done = delegation(hosts=["HV01", "HV02"], mode="exact")
    assert done["changed_hosts"] == ["HV01", "HV02"]
    assert clean.values("HV01", DELEGATES_TO) == sorted(services("HV02"))
    assert_granted(clean, "HV01", "HV02")
    assert_refused(clean, "HV01", "HV03")
    assert not delegation(hosts=["HV01", "HV02"], mode="exact")["changed"]


def test_values_in_another_case_are_kept_and_removed_in_their_own_spelling(clean: Domain, delegation: RunModule) -> None:
    clean.ldif("dn: CN=HV01,CN=Computers,DC=lab,DC=test\nchangetype: modify\nadd: msDS-AllowedToDelegateTo\n"
               "msDS-AllowedToDelegateTo: CIFS/hv02\nmsDS-AllowedToDelegateTo: CIFS/hv03\n")
    delegation(hosts=["HV01", "HV02"], mode="exact")
    wanted = sorted(["CIFS/hv02", *(value for value in services("HV02") if value != "cifs/HV02")])
    assert clean.values("HV01", DELEGATES_TO) == wanted
    assert_granted(clean, "HV01", "HV02")


def test_a_host_that_leaves(clean: Domain, delegation: RunModule) -> None:
    delegation(hosts=["HV01", "HV02", "HV03"], file_servers=["FS01"])
    done = delegation(hosts=["HV03"], file_servers=["FS01"], state="absent")
    assert done["changed_hosts"] == ["HV01", "HV02", "HV03"]
    assert clean.values("HV03", DELEGATES_TO) == []
    assert clean.values("HV03", "userAccountControl") == ["4096"]
    assert clean.values("HV01", DELEGATES_TO) == sorted(services("HV02") + services("FS01", migration=False))
    assert_granted(clean, "HV01", "HV02")
    assert_refused(clean, "HV01", "HV03")
    assert_refused(clean, "HV03", "HV01")
    assert not delegation(hosts=["HV03"], file_servers=["FS01"], state="absent")["changed"]


def test_a_host_whose_account_is_gone(clean: Domain, delegation: RunModule) -> None:
    clean.add_computer("HV05")
    delegation(hosts=["HV01", "HV05"])
    clean.samba_tool("computer", "delete", "HV05")
    done = delegation(hosts=["hv05"], state="absent")
    assert done["changed_hosts"] == ["HV01"]
    assert clean.values("HV01", DELEGATES_TO) == []
    assert done["warnings"] == ["hv05: no computer account; only what names it elsewhere is removed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hosts": ["HV01", "HV99", "hv98.lab.test"]}, "hosts: no computer account for HV99, hv98.lab.test;"),
        ({"hosts": ["HV01"], "file_servers": ["FS99"]}, "file_servers: no computer account for FS99;"),
        ({"hosts": ["HV01", "hv02.other.test"]}, "'hv02.other.test': the account HV02 has the DNS name hv02.lab.test"),
        ({"hosts": ["HV01", "hv01.lab.test"]}, "'HV01' and 'hv01.lab.test' are both CN=HV01,"),
        ({"hosts": ["HV01"], "service_user": "bob"}, "service_user: 'bob' is no account in lab.test"),
        ({"hosts": ["HV01"], "password": "wrong"}, f"connecting to ldaps://{SERVER}:636: "),
        ({"hosts": ["HV01"], "ca_file": None}, "certificate verify failed"),
        ({"hosts": ["HV01"], "server": "localhost"}, "certificate"),
        ({"hosts": ["HV01"], "transport": "ldap"}, "transport: 'ldap' would send the password in the clear"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_touched(
    clean: Domain, delegation: RunModule, options: dict[str, Any], message: str
) -> None:
    untouched = clean.dump()
    done = delegation(**options)
    assert done["failed"]
    assert message in done["msg"]
    assert clean.dump() == untouched


def test_a_user_without_the_right_is_told_so(clean: Domain, delegation: RunModule) -> None:
    untouched = clean.dump()
    done = delegation(hosts=["HV01", "HV02"], username="alice@LAB.TEST", password="Us3r.alice-in-the-lab")
    assert done["failed"]
    assert "changing CN=HV01,CN=Computers,DC=lab,DC=test: " in done["msg"]
    assert "insufficientAccessRights" in done["msg"]
    assert "Changed before that: nothing." in done["msg"]
    assert clean.dump() == untouched


def test_a_sensitive_user_is_warned_about(clean: Domain, delegation: RunModule) -> None:
    assert "warnings" not in delegation(check=True, hosts=["HV01", "HV02"], service_user="LAB\\alice")
    clean.samba_tool("user", "sensitive", "alice", "on")
    try:
        done = delegation(check=True, hosts=["HV01", "HV02"], service_user="alice")
    finally:
        clean.samba_tool("user", "sensitive", "alice", "off")
    assert done["warnings"] == ["alice: the account is marked as sensitive and cannot be delegated; migrations that it starts will fail."]


def test_a_member_of_protected_users_is_warned_about(clean: Domain, delegation: RunModule) -> None:
    clean.samba_tool("group", "create", "migrators")
    clean.samba_tool("group", "addmembers", "migrators", "alice")
    clean.samba_tool("group", "addmembers", "Protected Users", "migrators")
    try:
        done = delegation(check=True, hosts=["HV01", "HV02"], service_user="alice@LAB.TEST")
    finally:
        clean.samba_tool("group", "delete", "migrators")
    assert done["warnings"] == ["alice@LAB.TEST: members of Protected Users cannot be delegated; migrations that it starts will fail."]


@pytest.mark.parametrize("transport", ["ldap", "ldaps"])
def test_kerberos(clean: Domain, delegation: RunModule, sealing_ldap3: str, transport: str) -> None:
    """Samba's default refuses what is neither sealed nor TLS, so that `ldap` works shows that it is sealed."""
    environment = {"KRB5CCNAME": f"FILE:{clean.folder}/admin", "PYTHONPATH": sealing_ldap3}
    options = {"authentication": "kerberos", "transport": transport, "ca_file": str(clean.ca_file)}
    assert delegation(environment=environment, hosts=["HV01", "HV02"], **options)["changed"]
    assert_granted(clean, "HV01", "HV02")
    assert not delegation(environment=environment, hosts=["HV01", "HV02"], **options)["changed"]


def test_kerberos_without_a_ticket(clean: Domain, delegation: RunModule, sealing_ldap3: str) -> None:
    environment = {"KRB5CCNAME": f"FILE:{clean.folder}/none", "PYTHONPATH": sealing_ldap3}
    done = delegation(environment=environment, hosts=["HV01"], authentication="kerberos", transport="ldap")
    assert done["msg"].startswith(f"connecting to ldap://{SERVER}:389: ")
    assert "No Kerberos credentials available" in done["msg"]


def dn(*computers: str) -> list[str]:
    return sorted(f"CN={name},CN=Computers,DC=lab,DC=test" for name in computers)


def test_resource_based(clean: Domain, delegation: RunModule) -> None:
    """Read back by Samba's own tool. Its KDC (4.17, Heimdal) knows only classic delegation, so no ticket can prove this type."""
    untouched = clean.dump()
    options = {"hosts": ["HV01", "HV02", "HV03"], "file_servers": ["FS01"], "type": "resource_based"}
    foreseen = delegation(check=True, **options)
    assert clean.dump() == untouched
    done = delegation(**options)
    assert done["computers"] == foreseen["computers"]
    assert done["changed_hosts"] == ["HV01", "HV02", "HV03"]
    assert clean.accepted("HV01") == dn("HV02", "HV03")
    assert clean.accepted("HV02") == dn("HV01", "HV03")
    assert clean.accepted("FS01") == dn("HV01", "HV02", "HV03")
    assert clean.accepted("HV04") == []
    assert clean.values("HV01", "userAccountControl") == ["4096"]
    assert clean.values("HV01", DELEGATES_TO) == []
    settled = clean.dump()
    assert not delegation(**options)["changed"]
    assert clean.dump() == settled


def test_resource_based_additive_and_exact(clean: Domain, delegation: RunModule) -> None:
    for principal in ("HV03$", "alice", "HV02$"):
        clean.samba_tool("delegation", "add-principal", "HV01$", principal)
    clean.samba_tool("delegation", "add-principal", "FS01$", "HV04$")
    options = {"hosts": ["HV01", "HV02"], "file_servers": ["FS01"], "type": "resource_based"}
    done = delegation(**options)
    before = {computer["name"]: computer["before"]["allows"] for computer in done["computers"]}
    assert before == {"HV01": ["HV02", "HV03", "alice"], "HV02": [], "FS01": ["HV04"]}
    assert [computer["name"] for computer in done["computers"] if computer["changed"]] == ["HV02", "FS01"]
    assert clean.accepted("HV01") == sorted([*dn("HV02", "HV03"), "CN=alice,CN=Users,DC=lab,DC=test"])

    assert delegation(**options, mode="exact")["changed"]
    assert clean.accepted("HV01") == dn("HV02")
    assert clean.accepted("FS01") == dn("HV01", "HV02", "HV04")
    assert not delegation(**options, mode="exact")["changed"]


def test_resource_based_host_that_leaves(clean: Domain, delegation: RunModule) -> None:
    options = {"file_servers": ["FS01"], "type": "resource_based"}
    delegation(hosts=["HV01", "HV02", "HV03"], **options)
    clean.samba_tool("delegation", "add-principal", "HV03$", "alice")
    assert delegation(hosts=["HV03"], state="absent", **options)["changed_hosts"] == ["HV01", "HV02", "HV03"]
    assert clean.accepted("HV01") == dn("HV02")
    assert clean.accepted("FS01") == dn("HV01", "HV02")
    assert clean.accepted("HV03") == ["CN=alice,CN=Users,DC=lab,DC=test"]
    assert not delegation(hosts=["HV03"], state="absent", **options)["changed"]
    assert delegation(hosts=["HV03"], state="absent", mode="exact", **options)["changed"]
    assert clean.values("HV03", "msDS-AllowedToActOnBehalfOfOtherIdentity") == []


def test_an_account_without_a_dns_name(clean: Domain, delegation: RunModule) -> None:
    clean.samba_tool("computer", "create", "HV06")
    try:
        assert "hosts: 'HV06': the account has no DNS name yet" in delegation(hosts=["HV01", "HV06"])["msg"]
        done = delegation(hosts=["HV01", "hv06.lab.test"])
        assert clean.values("HV01", DELEGATES_TO) == sorted(services("HV06"))
        assert any("no service principal name" in warning for warning in done["warnings"])
    finally:
        clean.samba_tool("computer", "delete", "HV06")
