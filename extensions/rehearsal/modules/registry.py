# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the models of Ansible modules are known by name, and what such a model gets and answers."""
from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..batch import Observer
from ..machine import Machine
from .arguments import Spec


@dataclass(frozen=True)
class Context:
    """One module execution. params: every option of the spec, converted; observer: what watches the calls of a batch; sleep: waits."""

    machine: Machine
    params: Mapping[str, Any]
    check_mode: bool
    diff: bool
    observer: Observer
    sleep: Callable[[float], None]


Function = Callable[[Context], dict[str, Any]]


@dataclass(frozen=True)
class ModuleModel:
    """A model of one module. source: where its behaviour is known from; unconfirmed: what no source confirms."""

    name: str
    spec: Spec
    function: Function
    source: str
    unconfirmed: str


# Its calls are watched one by one, so the module itself is not.
BATCH_MODULE = "winstack.hyperv.win_cmdlets"

_MODELS: dict[str, ModuleModel] = {}


def module(name: str, spec: Spec, *, source: str, unconfirmed: str = "") -> Callable[[Function], Function]:
    """Registers a model. The function answers the module's result without `failed`; it raises ModuleFailure."""

    def register(function: Function) -> Function:
        _MODELS[name] = ModuleModel(name, spec, function, source, unconfirmed)
        return function

    return register


def models() -> Mapping[str, ModuleModel]:
    """Every model by its fully qualified name."""
    package = importlib.import_module(__package__)
    for found in pkgutil.iter_modules(package.__path__, f"{__package__}."):
        importlib.import_module(found.name)
    return _MODELS


def find(name: str) -> ModuleModel | None:
    """The model of a module. As in Ansible, core's names stand for those of ansible.windows on a Windows host: `ansible.legacy.slurp`
    for slurp, `ansible.legacy.stat` for win_stat, which are also the names that core before 2.19 sends."""
    namespace, _unused, leaf = name.rpartition(".")
    if namespace not in ("", "ansible.legacy", "ansible.builtin"):
        return models().get(name)
    return models().get(f"ansible.windows.{leaf}") or models().get(f"ansible.windows.win_{leaf}")
