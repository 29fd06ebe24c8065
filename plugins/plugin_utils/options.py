# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Validates a task's options against the module's own DOCUMENTATION, the one place that declares them."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_docstring

COLLECTION = "winstack.hyperv"

_SECRET = re.compile(r"(^|_)(password|secret|passphrase|access_key|transport_url|backend_url)$")
_SPEC_FIELDS = ("type", "elements", "default", "choices", "required", "aliases")


class InvalidOptions(Exception):
    """The options of a task, or of a section, are not what the documentation allows."""


def validated(module: str, options: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The options with defaults filled in and types converted. Raises InvalidOptions with every fault found."""
    result = ArgumentSpecValidator(argument_spec(module)).validate(dict(options))
    if result.error_messages:
        raise InvalidOptions("; ".join(f"{where}{_message(error)}" for error in result.errors))
    return dict(result.validated_parameters)


def _message(error: Exception) -> str:
    return f"unsupported option {error}" if isinstance(error, UnsupportedError) else str(error)


def argument_spec(module: str) -> dict[str, Any]:
    """The argument spec that a module's documentation declares. Raises AnsibleError for a module that is not there."""
    name = f"{COLLECTION}.{module}"
    found = module_loader.find_plugin_with_context(name)
    if not found.resolved:
        raise AnsibleError(f"module {name} has no documentation to validate its options from")
    documentation = get_docstring(found.plugin_resolved_path, fragment_loader, collection_name=COLLECTION, plugin_type="module")[0]
    return _spec(documentation["options"])


def secret_texts(module: str, options: Mapping[str, Any]) -> frozenset[str]:
    """What must never show of a module's options."""
    return frozenset(_secret_texts(argument_spec(module), options))


def _secret_texts(spec: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    for name, option in spec.items():
        value = options.get(name)
        if option.get("no_log") and value:
            yield from map(str, value if isinstance(value, list) else [value])
        for item in value if isinstance(value, list) else [value]:
            if option.get("options") and isinstance(item, Mapping):
                yield from _secret_texts(option["options"], item)


def _spec(documented: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _option(name, option) for name, option in documented.items()}


def _option(name: str, option: Mapping[str, Any]) -> dict[str, Any]:
    spec = {field: option[field] for field in _SPEC_FIELDS if field in option}
    if _SECRET.search(name):
        spec["no_log"] = True
    if option.get("suboptions"):
        spec["options"] = _spec(option["suboptions"])
    return spec
