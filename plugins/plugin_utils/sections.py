# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sections of a task that takes the options of many modules."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils import resources
from .engine import Section
from .options import InvalidOptions, validated


def chosen(options: Mapping[str, Any]) -> list[Section]:
    """The sections that `only` names, all of them without it, each with its options validated. Raises InvalidOptions."""
    given = options["sections"]
    return [_section(name, given) for name in (list(given) if options["only"] is None else options["only"])]


def _section(name: str, given: Mapping[str, Any]) -> Section:
    if name not in given:
        raise InvalidOptions(f"only: '{name}' is not among the sections given: {', '.join(given)}")
    if name not in resources.sections():
        raise InvalidOptions(f"sections: unknown section '{name}'; known are: {', '.join(resources.sections())}")
    options = validated(resources.module(name), given[name] or {}, where=f"sections.{name}: ")
    return Section(name, resources.resource(name), options)
