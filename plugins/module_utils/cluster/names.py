# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of clusters and of their nodes: NetBIOS names, at most 15 characters, because Windows cuts what is longer and then looks for
a name that is not there (FailoverClusterDsc issue 180)."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LENGTH = 15

_NAME = re.compile(r"(?![0-9]+$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_UNIT = re.compile(r"(OU|CN)=[^=]+,(.+,)?DC=[^=]+", re.IGNORECASE)


def name_refusals(option: str, name: str) -> Iterator[str]:
    """Why this cannot be the name of a cluster or node."""
    if "." in name:
        short = name.partition(".")[0]
        yield f"{option}: {name!r} has a dot; wanted is the short name{f' {short}' if _NAME.fullmatch(short) else ''}, without a domain"
    elif len(name) > LENGTH:
        yield f"{option}: {name!r} has {len(name)} characters; allowed are {LENGTH}, because NetBIOS cuts what is longer"
    elif not _NAME.fullmatch(name):
        yield f"{option}: {name!r} is no computer name; allowed are letters, digits and dashes inside, and not digits alone"


def node_list_refusals(option: str, names: Iterable[str]) -> Iterator[str]:
    """Why this cannot be the list of a cluster's nodes."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        yield from name_refusals(f"{option}[{number}]", name)
        if name.lower() in seen:
            yield f"{option}[{number}]: {name!r} is there twice"
        seen.add(name.lower())
    if not seen:
        yield f"{option}: the list is empty; wanted are the short names of all nodes"


def is_unit(name: str) -> bool:
    """Whether this is the distinguished name of an organizational unit or container."""
    return _UNIT.fullmatch(name) is not None
