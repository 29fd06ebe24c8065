# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is written on a disk: its partition table and the volumes, and on which hosts the disk is online.

Sizes: a GPT disk loses its first and last MiB, and a data disk gets a reserved partition of 16 MiB when it is initialized
(windows-hardware docs on GPT; the 16 MiB are those of Server 2016 and later, unconfirmed).
"""
from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MB = 2**20
RAW, GPT, MBR = "RAW", "GPT", "MBR"
RESERVED, BASIC = "Reserved", "Basic"
_RESERVED_SIZE = 16 * MB


@dataclass
class Partition:
    """volume: the GUID of its volume, which is the same wherever the disk is seen; file_system: empty until it is formatted."""

    number: int
    kind: str
    offset: int
    size: int
    guid: str
    volume: str
    file_system: str = ""
    label: str = ""


@dataclass
class DiskContent:
    """style: RAW, GPT or MBR; guid: of a GPT disk, without braces; signature: of an MBR disk.

    online, writable: by host, where somebody said so; without an entry the host's SAN policy decides.
    """

    size: int
    style: str = RAW
    guid: str = ""
    signature: int = 0
    partitions: list[Partition] = field(default_factory=list)
    online: dict[str, bool] = field(default_factory=dict)
    writable: dict[str, bool] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """As the cluster knows the disk: `{guid}` of a GPT disk, the signature of an MBR disk; empty for a raw one."""
        if self.style == RAW:
            return ""
        return f"{{{self.guid}}}" if self.style == GPT else f"0x{self.signature:x}"

    @property
    def data(self) -> list[Partition]:
        return [partition for partition in self.partitions if partition.kind == BASIC]

    def initialize(self, style: str, seed: str) -> None:
        """seed: what the new ids are made from, so that a lab has the same ones in every run."""
        self.style = style
        if style == MBR:
            self.signature = uuid.uuid5(uuid.NAMESPACE_OID, f"{seed}/signature").fields[0]
            return
        self.guid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{seed}/disk"))
        self._add(RESERVED, MB, _RESERVED_SIZE, seed)

    @property
    def free(self) -> int:
        """The largest free extent. Partitions lie one behind the other, the last MiB of a GPT disk is its second table."""
        end = max((item.offset + item.size for item in self.partitions), default=MB)
        return max(0, self.size - (MB if self.style == GPT else 0) - end)

    def add_partition(self, size: int, seed: str) -> Partition:
        offset = max((item.offset + item.size for item in self.partitions), default=MB)
        return self._add(BASIC, offset, size, seed)

    def _add(self, kind: str, offset: int, size: int, seed: str) -> Partition:
        number = len(self.partitions) + 1
        guid, volume = (str(uuid.uuid5(uuid.NAMESPACE_OID, f"{seed}/{what}/{number}")) for what in ("partition", "volume"))
        partition = Partition(number, kind, offset, size, guid, volume)
        self.partitions.append(partition)
        return partition

    def clear(self) -> None:
        self.style, self.guid, self.signature, self.partitions = RAW, "", 0, []

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> DiskContent:
        return cls(**{**data, "partitions": [Partition(**item) for item in data["partitions"]]})


def formatted(size: int, style: str, file_system: str, label: str, seed: str) -> DiskContent:
    """A disk as a lab file describes it."""
    content = DiskContent(size)
    if style != RAW:
        content.initialize(style, seed)
    if file_system:
        partition = content.add_partition(content.free, seed)
        partition.file_system, partition.label = file_system, label
    return content
