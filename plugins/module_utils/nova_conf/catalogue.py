# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of one service in one release, as the real packages registered them (data/, written by tools/option_catalogue)."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")

# Group and name, the group as oslo.config compares it: without regard to case, except for DEFAULT.
Key = tuple[str, str]


@dataclass(frozen=True)
class ValueType:
    """An oslo.config type. kind: string, integer, port, float, boolean, list, dict, ip, hostaddress, hostdomain, hostname, uri."""

    kind: str
    item: ValueType | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    regex: str = ""
    ignore_case: bool = False
    quotes: bool = False
    bounds: bool = False
    max_length: int = 0
    version: int | None = None
    schemes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One registered option. `default` is None also where the default depends on the machine."""

    group: str
    name: str
    type: ValueType
    default: Any = None
    multi: bool = False
    secret: bool = False
    deprecated_names: tuple[tuple[str, str], ...] = ()
    removal: bool = False
    removal_since: str = ""
    removal_reason: str = ""

    @property
    def key(self) -> Key:
        return normalized(self.group), self.name

    @property
    def label(self) -> str:
        return label(self.group, self.name)


@dataclass(frozen=True)
class Catalogue:
    """All options of a service in a release. `aliases` are the deprecated names that still work."""

    service: str
    release: str
    packages: Mapping[str, str]
    options: Mapping[Key, Option]
    aliases: Mapping[Key, Option]
    groups: Mapping[str, str]

    def find(self, group: str, name: str) -> Option | None:
        """The option that a file's group and name stand for, also by a deprecated name."""
        key = (normalized(group), name)
        return self.options.get(key) or self.aliases.get(key)

    def is_deprecated_name(self, group: str, name: str) -> bool:
        key = (normalized(group), name)
        return key not in self.options and key in self.aliases

    def closest(self, group: str, name: str) -> str:
        """The label of the option most like a name: in its own group first, then under the same name anywhere, then anything close."""
        own = [key for key in self.options if key[0] == normalized(group)]
        match = get_close_matches(name.replace("-", "_"), [key[1] for key in own], n=1, cutoff=0.75)
        if match:
            return self.options[(normalized(group), match[0])].label
        same = [option for key, option in self.options.items() if key[1] == name]
        if same:
            return same[0].label if len(same) == 1 else _nearest_group(same, group).label
        labels = {f"{key[0]}.{key[1]}": option for key, option in self.options.items()}
        match = get_close_matches(f"{normalized(group)}.{name}", labels, n=1, cutoff=0.8)
        return labels[match[0]].label if match else ""


def _nearest_group(options: list[Option], group: str) -> Option:
    match = get_close_matches(group.lower(), [option.group.lower() for option in options], n=1, cutoff=0.0)
    return next(option for option in options if option.group.lower() == match[0]) if match else options[0]


def normalized(group: str) -> str:
    """A group's name as oslo.config compares it (oslo_config.cfg._normalize_group_name)."""
    return group if group == "DEFAULT" else group.lower()


def label(group: str, name: str) -> str:
    return f"[{group}] {name}"


@cache
def load(service: str, release: str) -> Catalogue:
    """The catalogue of `nova-compute` or `neutron-hyperv-agent`. Raises FileNotFoundError where there is none."""
    data = json.loads((_DATA / f"{service}-{release}.json").read_text(encoding="ascii"))
    listed = [_option(group, fields) for group, options in data["groups"].items() for fields in options]
    listed += [_option(group, fields) for group in data["auth_groups"] for fields in data["auth_options"]]
    options = {option.key: option for option in listed}
    aliases = {
        (normalized(group or option.group), name): option
        for option in listed for group, name in option.deprecated_names
        if (normalized(group or option.group), name) not in options
    }
    groups = {normalized(option.group): option.group for option in listed}
    return Catalogue(service, release, data["packages"], options, aliases, groups)


def _option(group: str, fields: Mapping[str, Any]) -> Option:
    return Option(
        group=group,
        name=fields["name"],
        type=_type(fields),
        default=fields.get("default"),
        multi=fields.get("multi", False),
        secret=fields.get("secret", False),
        deprecated_names=tuple((other, name) for other, name in fields.get("deprecated_names", ())),
        removal=fields.get("removal", False),
        removal_since=fields.get("removal_since", ""),
        removal_reason=fields.get("removal_reason", ""),
    )


def _type(fields: Mapping[str, Any]) -> ValueType:
    return ValueType(
        kind=fields["type"],
        item=_type(fields["item"]) if "item" in fields else None,
        minimum=fields.get("min"),
        maximum=fields.get("max"),
        choices=tuple(fields.get("choices", ())),
        regex=fields.get("regex", ""),
        ignore_case=fields.get("ignore_case", False),
        quotes=fields.get("quotes", False),
        bounds=fields.get("bounds", False),
        max_length=fields.get("max_length", 0),
        version=fields.get("version"),
        schemes=tuple(fields.get("schemes", ())),
    )
