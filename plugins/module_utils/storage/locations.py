# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which share, cluster volume or drive a Windows path lies on: paths of one location share its free space."""
from __future__ import annotations

import re
from dataclasses import dataclass

_UNC = re.compile(r"\\\\(?P<server>[^\\/:*?\"<>|]+)\\(?P<share>[^\\/:*?\"<>|]+)(\\.*)?")
_CLUSTER_VOLUME = re.compile(r"[a-z]:\\clusterstorage\\(?P<volume>[^\\]+)(\\.*)?", re.IGNORECASE)
_DRIVE = re.compile(r"(?P<letter>[a-z]):\\.*", re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9.]+|.*:.*")


@dataclass(frozen=True)
class Location:
    """kind: share, cluster_volume or drive. server is empty but for a share; name: of the share or volume, or the drive's letter.

    All in lower case, as Windows compares them.
    """

    kind: str
    server: str
    name: str

    def __str__(self) -> str:
        if self.kind == "share":
            return f"\\\\{self.server}\\{self.name}"
        return f"the cluster volume {self.name}" if self.kind == "cluster_volume" else f"the drive {self.name.upper()}:"

    def same(self, other: Location) -> bool:
        """A server's short name and its full name are the same server."""
        return (self.kind, self.name) == (other.kind, other.name) and _same_server(self.server, other.server)


def locate(path: str) -> Location | None:
    """None for what is no absolute Windows path. A volume that is mounted in a folder counts as the drive it is mounted on."""
    text = path.replace("/", "\\")
    if found := _UNC.fullmatch(text):
        return Location("share", found["server"].lower(), found["share"].lower())
    if found := _CLUSTER_VOLUME.fullmatch(text):
        return Location("cluster_volume", "", found["volume"].lower())
    if found := _DRIVE.fullmatch(text):
        return Location("drive", "", found["letter"].lower())
    return None


def short_name(server: str) -> str:
    """The first label of a DNS name; an address has none and stays as it is."""
    return server if _NUMBERS.fullmatch(server) else server.split(".")[0]


def _same_server(one: str, other: str) -> bool:
    if "." in one and "." in other:
        return one == other
    return short_name(one) == short_name(other)
