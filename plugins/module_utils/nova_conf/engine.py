# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a task's options, and the file that is there, to the file that should be there: all errors at once, or the whole file."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..plans import MASK
from . import catalogue, history, structured
from .catalogue import Catalogue, Key, Option, label, normalized
from .configuration import Configuration, Host, Rule
from .content import Content, Setting, Settings, has_credentials, masked, read, render, setting
from .neutron_rules import NEUTRON_RULES
from .releases import control_plane_warning, release_problem
from .rules import RULES
from .structured import Wish
from .values import BadValue, to_text

_NEWLINES = {"crlf": "\r\n", "lf": "\n"}
_POLICIES = ("replace", "keep", "refuse")


@dataclass(frozen=True)
class Service:
    """One of the two services whose file this package writes."""

    name: str
    module: str
    table: Mapping[str, str]
    rules: Mapping[str, Rule]


NOVA = Service("nova-compute", "nova_hyperv_conf", structured.NOVA, RULES)
NEUTRON = Service("neutron-hyperv-agent", "neutron_hyperv_conf", structured.NEUTRON, NEUTRON_RULES)
NOTHING_KNOWN = Host()


@dataclass(frozen=True)
class Built:
    """The wanted file. With problems there is no file: `text` is empty then.

    problems and warnings name the option, what was given (unless it is secret) and what is allowed.
    """

    settings: Settings
    text: str = field(default="", repr=False)
    masked_text: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def build(service: Service, options: Mapping[str, Any], existing: Content | None = None, host: Host = NOTHING_KNOWN) -> Built:
    """The file that the options ask for, beside what the existing file keeps by policy."""
    problem = release_problem(options["release"])
    if problem:
        return Built({}, problems=(problem,))
    known = catalogue.load(service.name, options["release"])
    problems = [*_option_problems(service, options)]
    warnings: list[str] = []
    made = _wanted(known, structured.wishes(options, service.table, known.release), problems, warnings)
    absent = {key for key, item in made.items() if item is None}
    settings = {key: item for key, item in made.items() if item is not None}
    if existing is not None:
        settings |= _kept(known, existing.settings, {*settings, *absent}, options, problems, warnings)
    conf = Configuration(known, settings, host, options.get("virtualenv") or "")
    _judge(service.rules, conf, options.get("accept") or (), problems, warnings)
    if options.get("control_plane_release"):
        warnings += filter(None, [control_plane_warning(known.release, options["control_plane_release"])])
    problems += _encoding_problems(settings, options)
    warnings += _encoding_warning(settings, options)
    if problems:
        return Built(settings, problems=tuple(problems), warnings=tuple(warnings))
    header, newline = _header(service, known), _NEWLINES[options.get("newline") or "crlf"]
    return Built(settings, render(settings, header, newline), render(masked(settings), header, newline), (), tuple(warnings))


def existing_content(service: Service, options: Mapping[str, Any], data: bytes) -> Content:
    """What the file on the host holds. Raises ValueError for a release without a catalogue."""
    problem = release_problem(options["release"])
    if problem:
        raise ValueError(problem)
    return read(data, catalogue.load(service.name, options["release"]), options.get("encoding") or "ascii")


def unread(service: Service, options: Mapping[str, Any], content: Content) -> list[str]:
    """What the service would not find, or fail to read, in a file's content."""
    known = catalogue.load(service.name, options["release"])
    return [text for item in content.settings.values() for text in _doubts(known, item)]


def _encoding_warning(settings: Settings, options: Mapping[str, Any]) -> Iterable[str]:
    if options.get("encoding") == "utf-8" and not all(text.isascii() for item in settings.values() for text in item.texts):
        yield "encoding: the file holds more than ASCII, so the service needs PYTHONUTF8=1 in its environment"


def _encoding_problems(settings: Settings, options: Mapping[str, Any]) -> Iterable[str]:
    """oslo.config opens the file in the platform's encoding: UTF-8 on Linux, the ANSI code page on Windows."""
    if (options.get("encoding") or "ascii") != "ascii":
        return
    for item in settings.values():
        if not all(text.isascii() for text in item.texts):
            yield (
                f"{item.label}: {MASK if item.secret else repr(item.value)}: only ASCII means the same on every Windows; or set "
                "encoding to utf-8, and PYTHONUTF8=1 in the environment of the service"
            )


def _header(service: Service, known: Catalogue) -> list[str]:
    return [
        f"Written by Ansible (winstack.hyperv.{service.module}) for {service.name} of OpenStack {known.release}.",
        "Changes made here by hand are replaced by the next run, unless its unmanaged options are set to be kept.",
    ]


def _option_problems(service: Service, options: Mapping[str, Any]) -> Iterable[str]:
    for rule in options.get("accept") or ():
        if rule not in service.rules:
            yield f"accept: '{rule}' is not a rule; the rules are {', '.join(sorted(service.rules))}"
    for pattern, policy in (options.get("unmanaged_options") or {}).items():
        if policy not in _POLICIES or "." not in pattern:
            yield f"unmanaged_options: '{pattern}: {policy}': GROUP.NAME (or GROUP.*) and one of {', '.join(_POLICIES)} are needed"


# What the task asks for --------------------------------------------------------------------------------------------------------

def _wanted(known: Catalogue, wishes: Iterable[Wish], problems: list[str], warnings: list[str]) -> dict[Key, Setting | None]:
    made: dict[Key, Setting | None] = {}
    origins: dict[Key, str] = {}
    for wish in wishes:
        option = known.find(wish.group, wish.name)
        if option is None:
            problems.append(history.unknown(known, wish.group, wish.name))
            continue
        try:
            item = wanted_setting(option, wish.value)
        except BadValue as bad:
            problems.append(f"{_named(option, wish)}: {_shown(option, wish.value)}: {bad}")
            continue
        if option.key in made and made[option.key] != item:
            problems.append(f"{option.label}: given twice, by {origins[option.key]} and by {wish.origin}, with different values")
            continue
        made[option.key] = item
        origins[option.key] = wish.origin
        warnings += _deprecation(known, option, wish)
    return made


def _named(option: Option, wish: Wish) -> str:
    """The option as the file has it, and as the task has it where that differs."""
    return option.label if wish.origin.startswith("options.") else f"{wish.origin} ({option.label})"


def _shown(option: Option, value: Any) -> str:
    return MASK if option.secret or has_credentials([str(value)]) else repr(value)


def wanted_setting(option: Option, value: Any) -> Setting | None:
    """A setting from an operator's value; None stays None. Raises BadValue."""
    if value is None:
        return None
    if not option.multi:
        return setting(option, [to_text(option.type, value)])
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values and option.default:
        raise BadValue("a multi-valued option cannot be emptied by a file; its default would return")
    return setting(option, [to_text(option.type, item) for item in values]) if values else None


def _deprecation(known: Catalogue, option: Option, wish: Wish) -> Iterable[str]:
    if known.is_deprecated_name(wish.group, wish.name):
        yield f"{label(wish.group, wish.name)}: deprecated name; {option.label} is written instead"
    if option.removal:
        since = f" since {option.removal_since}" if option.removal_since else ""
        yield f"{option.label}: deprecated for removal{since}. {option.removal_reason}".rstrip()


# What the file keeps -----------------------------------------------------------------------------------------------------------

def _kept(
    known: Catalogue, existing: Settings, managed: set[Key], options: Mapping[str, Any], problems: list[str], warnings: list[str]
) -> dict[Key, Setting]:
    """The settings of the file that the task does not name and whose policy is `keep`."""
    kept = {}
    for key, item in existing.items():
        if key in managed:
            continue
        policy = _policy(item, options)
        if policy == "refuse":
            problems.append(f"{item.label}: stands in the file, not in the task; add it to options (null removes it) or unmanaged_options")
        if policy == "keep":
            kept[key] = item
            warnings += [f"kept: {text}" for text in _doubts(known, item)]
            problems += [f"{item.label}: cannot be kept, because it holds control characters"] * (not item.writable)
    return kept


def _policy(item: Setting, options: Mapping[str, Any]) -> str:
    """The most exact pattern decides: GROUP.NAME, then GROUP.*, then the general policy."""
    given = options.get("unmanaged_options") or {}
    name = f"{normalized(item.group)}.{item.name}"
    for pattern in sorted(given, key=lambda pattern: "*" in pattern):
        group, _dot, rest = pattern.rpartition(".")
        if fnmatchcase(name, f"{normalized(group)}.{rest}"):
            return str(given[pattern])
    return str(options.get("unmanaged") or "replace")


def _doubts(known: Catalogue, item: Setting) -> Iterable[str]:
    if item.option is None:
        yield f"nothing reads {history.unknown(known, item.group, item.name)}"
    elif item.fault and not item.references:
        yield f"the service will fail to read {item.label}: {item.fault}"


# What belongs together ---------------------------------------------------------------------------------------------------------

def _judge(rules: Mapping[str, Rule], conf: Configuration, accepted: Iterable[str], problems: list[str], warnings: list[str]) -> None:
    for name, rule in rules.items():
        for verdict in rule(conf):
            if verdict.severity == "refusal" and name not in accepted:
                problems.append(f"{verdict.text} (rule {name})")
            elif verdict.severity == "refusal" or name not in accepted:
                warnings.append(f"{verdict.text} (rule {name})")
