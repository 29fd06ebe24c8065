# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that a configuration file holds: read from its bytes, written to bytes, and compared."""
from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..plans import MASK, Difference
from .catalogue import Catalogue, Key, Option, label, normalized
from .syntax import SyntaxFault, assignment, escape, expand, parse, write
from .values import BadValue, from_text

# Options that hold credentials in their URL only at times, such as [coordination] backend_url.
_CREDENTIALS = re.compile(r"://[^@\s]*:[^\s]*@")

# What an option that nobody declared is called when it is likely to be secret: it may be kept, and is shown in differences.
_SECRET_NAME = re.compile(r"password|passwd|secret|token$|private_key|_key$|connection$|transport_url$", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """One option of a file. option is None where the catalogue has none by this name.

    texts: the values as they stand in the file before substitution, one an assignment.
    value: the typed value (a list of them for multi options), or the raw text where it cannot be read (`fault` says why).
    """

    group: str
    name: str
    texts: tuple[str, ...]
    value: Any
    option: Option | None = None
    fault: str = ""
    references: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return normalized(self.group), self.name

    @property
    def label(self) -> str:
        return label(self.group, self.name)

    @property
    def writable(self) -> bool:
        return all(write(text) is not None for text in self.texts)

    @property
    def secret(self) -> bool:
        if self.option is None:
            return bool(_SECRET_NAME.search(self.name)) or has_credentials(self.texts)
        return self.option.secret or has_credentials(self.texts)

    @property
    def shown(self) -> Any:
        """The value for a diff or a result."""
        return MASK if self.secret else self.value


Settings = Mapping[Key, Setting]


@dataclass(frozen=True)
class Content:
    """What a file holds. faults: why oslo.config cannot load the file, or reads it differently on Windows."""

    settings: Settings
    faults: tuple[str, ...] = ()
    loadable: bool = True


def has_credentials(texts: Iterable[str]) -> bool:
    return any(_CREDENTIALS.search(text) for text in texts)


def read(data: bytes, catalogue: Catalogue, encoding: str) -> Content:
    """The settings of a file. A file that oslo.config refuses yields what can be read of it, and the reason as a fault."""
    text, faults, loadable = _decode(data, encoding)
    try:
        assignments = parse(text)
    except SyntaxFault as fault:
        return Content({}, (*faults, f"oslo.config cannot load the file: {fault}"), loadable=False)
    found: dict[Key, dict[str, list[str]]] = {}
    groups: dict[Key, tuple[str, str, Option | None]] = {}
    for item in assignments:
        option = catalogue.find(item.group, item.name)
        group, name = (option.group, option.name) if option else (item.group, item.name)
        key = (normalized(group), name)
        groups.setdefault(key, (group, name, option))
        found.setdefault(key, {}).setdefault(f"{normalized(item.group)}.{item.name}", []).append(item.value)
    return Content({key: _setting(*groups[key], spelled) for key, spelled in found.items()}, faults, loadable)


def _decode(data: bytes, encoding: str) -> tuple[str, tuple[str, ...], bool]:
    """The text, what is wrong with the bytes, and whether oslo.config can load them all the same."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), ("the file is UTF-16, which oslo.config cannot load",), False
    if data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8-sig", "replace"), ("the file begins with a byte order mark, which oslo.config cannot load",), False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1"), ("the file is neither ASCII nor UTF-8",), True
    if encoding == "ascii" and not text.isascii():
        return text, ("the file is not plain ASCII, so Windows reads it in its ANSI code page",), True
    return text, (), True


def _setting(group: str, name: str, option: Option | None, spelled: Mapping[str, list[str]]) -> Setting:
    """spelled: the values by the name they stand under; the current name wins over the deprecated ones, multi options add up."""
    if option is None:
        texts = tuple(text for values in spelled.values() for text in values)
        return Setting(group, name, texts, texts[0] if len(texts) == 1 else list(texts))
    names = [f"{normalized(group)}.{name}", *(f"{normalized(other or group)}.{alias}" for other, alias in option.deprecated_names)]
    if option.multi:
        texts = tuple(text for item in reversed(names) for text in spelled.get(item, ()))
    else:
        texts = (next(spelled[item] for item in names if item in spelled)[-1],)
    return typed(option, texts)


def typed(option: Option, texts: tuple[str, ...]) -> Setting:
    """A setting from the texts of its assignments."""
    raw = list(texts) if option.multi else texts[0]
    expanded = [expand(text) for text in texts]
    references = tuple(sorted({name for item in expanded for name in item.references}))
    if references:
        return Setting(option.group, option.name, texts, raw, option, f"it refers to {', '.join(references)}", references)
    try:
        values = [from_text(option.type, item.text) for item in expanded]
    except BadValue as bad:
        return Setting(option.group, option.name, texts, raw, option, str(bad))
    return Setting(option.group, option.name, texts, values if option.multi else values[0], option)


def setting(option: Option, texts: Iterable[str]) -> Setting:
    """A setting from wanted texts, `$` taken literally. Raises BadValue where the type or the file format does not allow one."""
    escaped = tuple(escape(text) for text in texts)
    made = typed(option, escaped)
    if not made.writable:
        raise BadValue(
            "it cannot be written to an oslo.config file: control characters, empty lines inside, and lines of more than one that begin or "
            "end with a blank are lost there"
        )
    if made.fault:
        raise BadValue(made.fault)
    return made


def masked(settings: Settings) -> Settings:
    """The same settings with every secret value as MASK."""
    return {key: replace(item, texts=(MASK,) * len(item.texts)) if item.secret else item for key, item in settings.items()}


def render(settings: Settings, header: Iterable[str], newline: str) -> str:
    """The file: header comment, [DEFAULT], then groups and options in alphabetical order; the same settings give the same text."""
    groups: dict[str, list[Setting]] = {}
    for item in sorted(settings.values(), key=lambda item: (item.group != "DEFAULT", item.key)):
        groups.setdefault(normalized(item.group), []).append(item)
    blocks = ["\n".join(f"# {line}" for line in header)]
    blocks += ["\n".join([f"[{items[0].group}]", *_lines(items)]) for items in groups.values()]
    return ("\n\n".join(blocks) + "\n").replace("\n", newline)


def _lines(items: Iterable[Setting]) -> Iterable[str]:
    for item in items:
        for text in item.texts:
            yield assignment(item.name, write(text) or [])


def differences(before: Settings, after: Settings) -> tuple[Difference, ...]:
    """One difference an option whose meaning changes; order, comments, spelling of values and deprecated names are no change."""
    keys = sorted({*before, *after}, key=lambda key: (key[0] != "DEFAULT", key))
    return tuple(
        Difference(_path(before, after, key), _shown(before.get(key)), _shown(after.get(key)))
        for key in keys
        if not _same(before.get(key), after.get(key))
    )


def _same(one: Setting | None, other: Setting | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.fault or other.fault:
        return one.texts == other.texts
    return bool(one.value == other.value)


def _path(before: Settings, after: Settings, key: Key) -> str:
    item = after.get(key) or before[key]
    return f"{item.group}.{item.name}"


def _shown(item: Setting | None) -> Any:
    return None if item is None else item.shown


def nested(settings: Settings, *, reveal: bool = False) -> dict[str, dict[str, Any]]:
    """{group: {name: value}}, the form of the modules' `options`; secrets masked unless `reveal`."""
    tree: dict[str, dict[str, Any]] = {}
    for item in sorted(settings.values(), key=lambda item: (item.group != "DEFAULT", item.key)):
        tree.setdefault(item.group, {})[item.name] = item.value if reveal else item.shown
    return tree
