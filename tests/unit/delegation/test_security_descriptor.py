# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The security descriptor of resource-based delegation. Oracle: bytes that Samba's NDR code made of an SDDL text."""
from __future__ import annotations

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.security_descriptor import (
    Descriptor,
    DescriptorError,
    allow,
    build,
    parse,
    sid_bytes,
    sid_text,
)

SID = "S-1-5-21-2580712647-570454177-1105417271-1103"
OTHER = "S-1-5-21-2580712647-570454177-1105417271-1104"
# O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;SID)
SAMBA = bytes.fromhex(
    "01000480140000000000000000000000240000000102000000000005200000002002000004002c000100000000002400"
    "ff010f00010500000000000515000000c78cd299a17000223754e3414f040000"
)
ACCESS_LIST = 36
# (D;;CC;;;SID), and an object entry, as the start of entries of these types.
DENY = bytes.fromhex("0100240001000000") + sid_bytes(SID)
OBJECT = bytes.fromhex("05002c0001000000") + bytes(36)


def with_entries(*entries: bytes) -> bytes:
    raw = b"".join(entries)
    head = bytes([4, 0]) + (8 + len(raw)).to_bytes(2, "little") + len(entries).to_bytes(2, "little") + bytes(2)
    return SAMBA[:ACCESS_LIST] + head + raw


def test_sid_both_ways() -> None:
    assert sid_text(SAMBA[-28:]) == SID
    assert sid_bytes(SID) == SAMBA[-28:]
    assert sid_text(sid_bytes("S-1-5-32-544")) == "S-1-5-32-544"


def test_reads_what_samba_wrote() -> None:
    descriptor = parse(SAMBA)
    assert descriptor.allowed == {SID}
    assert sid_text(descriptor.owner) == "S-1-5-32-544"
    assert build(descriptor) == SAMBA


def test_writes_what_samba_writes_but_for_the_revision_of_the_list() -> None:
    """2 is for lists without object entries, 4 for any; [MS-DTYP] 2.4.5."""
    written = bytearray(build(Descriptor().adding([SID])))
    assert written[ACCESS_LIST] == 2
    written[ACCESS_LIST] = 4
    assert bytes(written) == SAMBA


def test_no_value_is_a_descriptor_that_allows_no_one() -> None:
    assert parse(b"").allowed == frozenset()
    assert build(parse(b"")) == b""
    assert build(parse(SAMBA).without([SID])) == b""


def test_other_entries_stay_where_they_are() -> None:
    raw = with_entries(DENY, OBJECT, allow(SID).raw)
    descriptor = parse(raw)
    assert descriptor.allowed == {SID}
    assert build(descriptor) == raw
    assert build(descriptor.adding([SID])) == raw
    assert build(descriptor.adding([OTHER])) == with_entries(DENY, OBJECT, allow(SID).raw, allow(OTHER).raw)
    assert build(descriptor.without([SID])) == with_entries(DENY, OBJECT)


@pytest.mark.parametrize(
    ("mask", "flags", "allowed"),
    [
        ("ff010f00", "00", True),
        ("00000010", "00", True),  # all rights, as the generic bit
        ("00010000", "00", False),  # control access alone
        ("ff010f00", "08", False),  # for children only
    ],
)
def test_what_counts_as_allowed(mask: str, flags: str, allowed: bool) -> None:
    entry = bytes.fromhex(f"00{flags}2400{mask}") + sid_bytes(SID)
    assert (SID in parse(with_entries(entry)).allowed) is allowed


def test_a_weaker_entry_goes_with_its_account() -> None:
    weak = bytes.fromhex("0000240000010000") + sid_bytes(SID)
    assert build(parse(with_entries(weak)).without([SID])) == b""


def test_owner_group_and_audit_list_are_carried_along() -> None:
    owner, group = sid_bytes("S-1-5-32-544"), sid_bytes("S-1-5-18")
    audit = bytes.fromhex("0200080000000000")
    access = SAMBA[ACCESS_LIST:]
    offsets = [20, 20 + len(owner), 20 + len(owner) + len(group), 20 + len(owner) + len(group) + len(audit)]
    raw = bytes.fromhex("01001480") + b"".join(offset.to_bytes(4, "little") for offset in offsets) + owner + group + audit + access
    assert build(parse(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (SAMBA[:30], "cut off"),
        (SAMBA[:-4], "cut off"),
        (SAMBA[:44] + b"\x00\x00\x02\x00" + SAMBA[48:], "an entry of 2 bytes"),
        (b"\x02" + SAMBA[1:], "revision"),
        (SAMBA[:2] + b"\x04\x00" + SAMBA[4:], "self-relative"),
        (SAMBA[:2] + b"\x00\x80" + SAMBA[4:], "would allow everyone"),
        (SAMBA[:16] + bytes(4) + SAMBA[20:], "would allow everyone"),
    ],
)
def test_bytes_that_are_no_descriptor(raw: bytes, message: str) -> None:
    with pytest.raises(DescriptorError, match=message):
        parse(raw)
