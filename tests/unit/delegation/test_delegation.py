# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans of delegation. Oracle: the operations written out by hand from Microsoft's description of what live migration needs."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.directory import delegation
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.delegation import Change, Computer, DelegationError, Wanted
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.security_descriptor import Descriptor, allow, build

MIGRATION = "Microsoft Virtual System Migration Service"
TRANSITION = 0x1000000
ADDITIVE, EXACT = Wanted(), Wanted(exact=True)


def host(name: str, number: int, **values: Any) -> Computer:
    long = f"{name.lower()}.lab.test"
    defaults = {
        "name": name,
        "dn": f"CN={name},DC=lab,DC=test",
        "short": name,
        "long": long,
        "sid": f"S-1-5-21-1-2-3-{number}",
        "account_control": 4096 | TRANSITION,
        "delegates_to": (),
        "allowed_to_act": b"",
        "principal_names": (f"{MIGRATION}/{long}",),
    }
    return Computer(**{**defaults, **values})


def four(name: str) -> tuple[bytes, ...]:
    values = (f"cifs/{name}", f"cifs/{name.lower()}.lab.test", f"{MIGRATION}/{name}", f"{MIGRATION}/{name.lower()}.lab.test")
    return tuple(value.encode() for value in values)


def texts(*values: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(value.decode() for several in values for value in several)


def operations(changes: tuple[Change, ...]) -> dict[str, Any]:
    return {change.computer.name: dict(change.operations) for change in changes}


A, B, C, FS = host("A", 1), host("B", 2), host("C", 3), host("FS", 9)


def test_all_ordered_pairs_with_both_services_and_both_names() -> None:
    assert operations(delegation.classic_present((A, B, C), (), ADDITIVE)) == {
        "A": {"msDS-AllowedToDelegateTo": (("add", four("B") + four("C")),)},
        "B": {"msDS-AllowedToDelegateTo": (("add", four("A") + four("C")),)},
        "C": {"msDS-AllowedToDelegateTo": (("add", four("A") + four("B")),)},
    }


def test_file_servers_are_for_cifs_and_are_not_changed() -> None:
    changes = delegation.classic_present((A,), (FS, A), ADDITIVE)
    assert operations(changes) == {"A": {"msDS-AllowedToDelegateTo": (("add", (b"cifs/FS", b"cifs/fs.lab.test")),)}}


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        (0x1000, True, b"16781312"),  # the figure that a real domain controller showed
        (0x1000, False, None),
        (0x1000 | TRANSITION, True, None),
        (0x1000 | TRANSITION | 0x100000, False, b"1052672"),
    ],
)
def test_protocol_transition_is_one_bit(before: int, wanted: bool, after: bytes | None) -> None:
    changes = delegation.classic_present((host("A", 1, account_control=before),), (), Wanted(protocol_transition=wanted))
    assert operations(changes) == {"A": {"userAccountControl": (("replace", (after,)),)} if after else {}}
    assert changes[0].stale == ({"A"} if after else frozenset())


def test_case_does_not_count_and_the_directory_s_spelling_is_what_is_removed() -> None:
    present = ("CIFS/b", "cifs/B.LAB.test", "HTTP/Web", *texts(four("B")[2:]))
    before = host("A", 1, delegates_to=present)
    assert operations(delegation.classic_present((before, B), (), ADDITIVE))["A"] == {}
    change = delegation.classic_present((before, B), (), EXACT)[0]
    assert change.operations == {"msDS-AllowedToDelegateTo": (("delete", (b"HTTP/Web",)),)}
    assert "HTTP/Web" in change.before["delegates_to"]
    assert sorted(change.after["delegates_to"]) == sorted(value for value in present if value != "HTTP/Web")


def test_exact_deletes_and_adds_in_one_request() -> None:
    before = host("A", 1, delegates_to=texts(four("C")))
    change = delegation.classic_present((before, B), (), EXACT)[0]
    assert change.operations == {"msDS-AllowedToDelegateTo": (("delete", four("C")), ("add", four("B")))}
    assert change.stale == {"A"}


def test_leaving_removes_what_is_for_migration_in_both_directions() -> None:
    stays = host("A", 1, delegates_to=texts(four("B"), four("C")))
    leaves = host("B", 2, delegates_to=(*texts(four("A")), "cifs/FS", "cifs/print.lab.test"))
    changes = delegation.classic_absent((leaves,), leaves.names, (stays, leaves), (FS,), ADDITIVE)
    assert operations(changes) == {
        "A": {"msDS-AllowedToDelegateTo": (("delete", four("B")),)},
        "B": {"msDS-AllowedToDelegateTo": (("delete", (*four("A"), b"cifs/FS")),)},
    }
    assert changes[1].after == {"delegates_to": ["cifs/print.lab.test"], "protocol_transition": True}


def test_leaving_with_nothing_left_ends_protocol_transition() -> None:
    leaves = host("B", 2, delegates_to=texts(four("A")))
    changes = delegation.classic_absent((leaves,), leaves.names, (), (), ADDITIVE)
    assert operations(changes)["B"] == {
        "msDS-AllowedToDelegateTo": (("delete", four("A")),),
        "userAccountControl": (("replace", (b"4096",)),),
    }


def test_leaving_exactly_removes_all_and_additively_nothing_that_was_never_there() -> None:
    leaves = host("B", 2, delegates_to=("HTTP/web",))
    assert operations(delegation.classic_absent((leaves,), leaves.names, (), (), ADDITIVE))["B"] == {}
    assert operations(delegation.classic_absent((leaves,), leaves.names, (), (), EXACT))["B"] == {
        "msDS-AllowedToDelegateTo": (("delete", (b"HTTP/web",)),),
        "userAccountControl": (("replace", (b"4096",)),),
    }
    bare = host("B", 2)
    assert operations(delegation.classic_absent((bare,), bare.names, (), (), ADDITIVE))["B"] == {}


def accepting(*computers: Computer) -> bytes:
    return build(Descriptor().adding(computer.sid for computer in computers))


def test_resource_based_lists_the_sources_at_every_destination() -> None:
    changes = delegation.resource_present((A, B), (FS,), ADDITIVE, {A.sid: "A", B.sid: "B"})
    assert operations(changes) == {
        "A": {"msDS-AllowedToActOnBehalfOfOtherIdentity": (("replace", (accepting(B),)),)},
        "B": {"msDS-AllowedToActOnBehalfOfOtherIdentity": (("replace", (accepting(A),)),)},
        "FS": {"msDS-AllowedToActOnBehalfOfOtherIdentity": (("replace", (accepting(A, B),)),)},
    }
    assert [change.after for change in changes] == [{"allows": ["B"]}, {"allows": ["A"]}, {"allows": ["A", "B"]}]
    assert [change.stale for change in changes] == [{"B"}, {"A"}, {"A", "B"}]


def test_resource_based_exact_spares_file_servers() -> None:
    before = (host("A", 1, allowed_to_act=accepting(B, C)), host("B", 2, allowed_to_act=accepting(A)))
    server = host("FS", 9, allowed_to_act=accepting(C))
    assert operations(delegation.resource_present(before, (), ADDITIVE, {})) == {"A": {}, "B": {}}
    changed = operations(delegation.resource_present(before, (server,), EXACT, {}))
    name = "msDS-AllowedToActOnBehalfOfOtherIdentity"
    server_value = build(Descriptor((allow(C.sid), allow(A.sid), allow(B.sid))))
    assert changed == {"A": {name: (("replace", (accepting(B),)),)}, "B": {}, "FS": {name: (("replace", (server_value,)),)}}


def test_resource_based_leaving_removes_the_attribute_where_no_one_is_left() -> None:
    stays, leaves = host("A", 1, allowed_to_act=accepting(B)), host("B", 2, allowed_to_act=accepting(A))
    changes = delegation.resource_absent((leaves,), (stays,), (FS,), ADDITIVE, {})
    name = "msDS-AllowedToActOnBehalfOfOtherIdentity"
    assert operations(changes) == {"A": {name: (("replace", ()),)}, "FS": {}, "B": {name: (("replace", ()),)}}
    assert [change.computer.name for change in changes] == ["A", "FS", "B"]
    assert [change.stale for change in changes] == [{"B"}, frozenset(), {"A"}]


def test_a_descriptor_that_allows_everyone_is_not_touched() -> None:
    everyone = host("A", 1, allowed_to_act=bytes.fromhex("0100048000000000000000000000000000000000"))
    with pytest.raises(DelegationError, match="of CN=A,DC=lab,DC=test is left as it is: it has no access control list"):
        delegation.resource_present((everyone, B), (), ADDITIVE, {})


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a$", "a*", "a)(cn=*", "a..b", "a.lab.test.", "a" * 16, "ä"])
def test_bad_names(name: str) -> None:
    with pytest.raises(DelegationError, match=r"^hosts\[1\]: .* is no computer's name; allowed is"):
        delegation.check_names("hosts", ["fine", name])


@pytest.mark.parametrize("name", ["a", "HV-01", "under_score", "a" * 15, "a-long-name-of-a-host.lab.test", "1"])
def test_good_names(name: str) -> None:
    delegation.check_names("hosts", [name])


def test_the_same_name_twice() -> None:
    with pytest.raises(DelegationError, match="hosts: 'hv01' and 'HV01' are the same name"):
        delegation.check_names("hosts", ["hv01", "HV01"])


def test_a_long_name_finds_the_account_by_either_name() -> None:
    assert delegation.name_conditions("compute-node-number-7.lab.test") == (
        "(sAMAccountName=compute-node-nu$)",
        "(dNSHostName=compute-node-number-7.lab.test)",
    )
    assert delegation.name_conditions("hv01") == ("(sAMAccountName=hv01$)",)


def test_the_account_s_own_dns_name_counts() -> None:
    """A disjoint namespace: the DNS suffix is not the domain's name."""
    account = host("HV01", 1, long="hv01.rack.example")
    assert delegation.named("hosts", ["hv01"], [account], complete=True)[0].names == ("HV01", "hv01.rack.example")


def test_warnings() -> None:
    odd = host("A", 1, account_control=0x80000 | 0x100000, principal_names=())
    assert delegation.host_warnings((B,)) == ()
    assert [warning.split(",")[0] for warning in delegation.host_warnings((odd,))] == [
        "A: its account is trusted for delegation to any service",
        "A: its account is marked as sensitive; what services do there as the machine cannot be delegated.",
        f"A: its account has no service principal name '{MIGRATION}/a.lab.test'; migration to it fails until the Hyper-V service there has"
        " registered it.",
    ]
    assert delegation.user_warnings("nova", 0x200, False) == ()
    assert len(delegation.user_warnings("nova", 0x100200, True)) == 2
