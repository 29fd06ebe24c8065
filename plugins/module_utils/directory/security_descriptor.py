# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The security descriptor of msDS-AllowedToActOnBehalfOfOtherIdentity: who may act on behalf of others towards an account.

Self-relative binary form, [MS-DTYP] 2.4.6 (descriptor), 2.4.5 (access control list), 2.4.4 (entries), 2.4.2.2 (SID). Only what this
attribute needs: entries of other kinds, the group and the audit list are carried along byte for byte.
"""
from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

_HEADER = struct.Struct("<BBHIIII")  # revision, reserved, control, offsets of owner, group, audit list, access list
_LIST = struct.Struct("<BBHHH")  # revision, reserved, size, count, reserved
_ENTRY = struct.Struct("<BBHI")  # type, flags, size, access mask

_SELF_RELATIVE, _ACCESS_LIST_PRESENT = 0x8000, 0x0004
_ACCESS_ALLOWED = 0
_INHERIT_ONLY = 0x08
# What Set-ADComputer -PrincipalsAllowedToDelegateToAccount writes: all rights of a directory object (CCDCLCSWRPWPDTLOCRSDRCWDWO).
_FULL_ACCESS = 0x000F01FF
_GENERIC_ALL = 0x10000000


class DescriptorError(ValueError):
    """These bytes are no security descriptor that this code may change."""


def sid_text(raw: bytes) -> str:
    """S-1-5-21-... of a binary SID; bytes after its end are ignored."""
    if len(raw) < 8 or raw[0] != 1 or len(raw) < _sid_size(raw):
        raise DescriptorError(f"no SID: {raw.hex()}")
    parts = struct.unpack_from(f"<{raw[1]}I", raw, 8)
    return "-".join(["S-1", str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])


def sid_bytes(text: str) -> bytes:
    authority, *parts = (int(part) for part in text.split("-")[2:])
    return struct.pack("<BB", 1, len(parts)) + authority.to_bytes(6, "big") + struct.pack(f"<{len(parts)}I", *parts)


def _sid_size(raw: bytes) -> int:
    return 8 + 4 * raw[1]


@dataclass(frozen=True)
class Entry:
    """One entry of the access list. sid: whom it allows, empty for an entry of any other kind; full: that it allows everything."""

    raw: bytes
    sid: str = ""
    full: bool = False

    def __str__(self) -> str:
        return self.sid if self.full else f"other entry {self.raw.hex()}"


@dataclass(frozen=True)
class Descriptor:
    """owner, group and audit are binary, empty where the descriptor has none."""

    entries: tuple[Entry, ...] = ()
    owner: bytes = sid_bytes("S-1-5-32-544")
    group: bytes = b""
    audit: bytes = b""
    control: int = _SELF_RELATIVE | _ACCESS_LIST_PRESENT
    list_revision: int = 2

    @property
    def allowed(self) -> frozenset[str]:
        return frozenset(entry.sid for entry in self.entries if entry.full)

    def adding(self, sids: Iterable[str]) -> Descriptor:
        """With an entry for each that is not allowed yet, after those present."""
        added = (allow(sid) for sid in sorted(set(sids) - self.allowed))
        return replace(self, entries=(*self.entries, *added))

    def without(self, sids: Iterable[str]) -> Descriptor:
        gone = frozenset(sids)
        return replace(self, entries=tuple(entry for entry in self.entries if entry.sid not in gone))


def allow(sid: str) -> Entry:
    raw_sid = sid_bytes(sid)
    return Entry(_ENTRY.pack(_ACCESS_ALLOWED, 0, _ENTRY.size + len(raw_sid), _FULL_ACCESS) + raw_sid, sid, full=True)


def parse(raw: bytes) -> Descriptor:
    """The descriptor of the attribute's value; one without entries where the attribute is not set (no bytes)."""
    if not raw:
        return Descriptor()
    try:
        return _parse(raw)
    except (struct.error, IndexError) as error:
        raise DescriptorError(f"cut off: {raw.hex()}") from error


def _parse(raw: bytes) -> Descriptor:
    revision, _unused, control, owner, group, audit, access = _HEADER.unpack_from(raw)
    if revision != 1 or not control & _SELF_RELATIVE:
        raise DescriptorError(f"not self-relative, or of another revision than 1: {raw.hex()}")
    if not control & _ACCESS_LIST_PRESENT or not access:
        raise DescriptorError("it has no access control list, which would allow everyone")
    list_revision, _unused, size, count, _unused = _LIST.unpack_from(raw, access)
    if access + size > len(raw):
        raise DescriptorError(f"cut off: {raw.hex()}")
    return Descriptor(
        entries=tuple(_entries(raw[access + _LIST.size : access + size], count)),
        owner=_sid_at(raw, owner),
        group=_sid_at(raw, group),
        audit=_list_at(raw, audit),
        control=control,
        list_revision=list_revision,
    )


def _entries(raw: bytes, count: int) -> Iterable[Entry]:
    for _unused in range(count):
        kind, flags, size, mask = _ENTRY.unpack_from(raw)
        if not _ENTRY.size <= size <= len(raw):
            raise DescriptorError(f"an entry of {size} bytes in the {len(raw)} that are left")
        entry, raw = raw[:size], raw[size:]
        if kind != _ACCESS_ALLOWED or flags & _INHERIT_ONLY:
            yield Entry(entry)
        else:
            full = mask & _FULL_ACCESS == _FULL_ACCESS or bool(mask & _GENERIC_ALL)
            yield Entry(entry, sid_text(entry[_ENTRY.size :]), full)


def _sid_at(raw: bytes, offset: int) -> bytes:
    return raw[offset : offset + _sid_size(raw[offset:])] if offset else b""


def _list_at(raw: bytes, offset: int) -> bytes:
    return raw[offset : offset + _LIST.unpack_from(raw, offset)[2]] if offset else b""


def build(descriptor: Descriptor) -> bytes:
    """The value to write; no bytes, which is to remove the attribute, where nothing is left that allows or denies anyone anything."""
    if not descriptor.entries:
        return b""
    entries = b"".join(entry.raw for entry in descriptor.entries)
    access = _LIST.pack(descriptor.list_revision, 0, _LIST.size + len(entries), len(descriptor.entries), 0) + entries
    offsets = []
    end = _HEADER.size
    for part in (descriptor.owner, descriptor.group, descriptor.audit, access):
        offsets.append(end if part else 0)
        end += len(part)
    header = _HEADER.pack(1, 0, descriptor.control, *offsets)
    return header + descriptor.owner + descriptor.group + descriptor.audit + access
