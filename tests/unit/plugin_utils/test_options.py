# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options are validated from the documentation; the oracle is the documentation as PyYAML reads it, and the exact message."""
from __future__ import annotations

import importlib

import pytest
import yaml
from ansible_collections.winstack.hyperv.plugins.module_utils import resources
from ansible_collections.winstack.hyperv.plugins.plugin_utils.options import InvalidOptions, argument_spec, validated


@pytest.mark.parametrize("name", resources.names())
def test_every_resource_has_a_module_that_documents_its_options(name):
    module = importlib.import_module(f"ansible_collections.winstack.hyperv.plugins.modules.{resources.module(name)}")
    documented = yaml.safe_load(module.DOCUMENTATION)
    assert documented["module"] == resources.module(name)
    assert set(documented.get("options", {})) <= set(argument_spec(resources.module(name)))
    assert yaml.safe_load(module.RETURN).get(name), "the module must document the state that it returns"


@pytest.mark.parametrize("name", resources.names())
def test_every_resource_has_an_action(name):
    action = importlib.import_module(f"ansible_collections.winstack.hyperv.plugins.action.{resources.module(name)}")
    assert name == action.ActionModule.RESOURCE


@pytest.mark.parametrize("name", resources.names())
def test_every_resource_keeps_the_protocol(name):
    resource = resources.resource(name)
    assert callable(resource.read)
    assert callable(resource.plan)


@pytest.mark.parametrize(("options", "message"), [
    ({"spaning": True}, "here: unsupported option spaning. Supported parameters include: on_critical, spanning."),
    ({"spanning": "maybe"}, "here: argument 'spanning' is of type str and we were unable to convert to bool: The value 'maybe' is not"),
    ({"on_critical": "never"}, "here: value of on_critical must be one of: fail, report, got: never"),
])
def test_a_wrong_option_is_named_with_what_is_allowed(options, message):
    with pytest.raises(InvalidOptions) as caught:
        validated("win_hv_numa", options, "here: ")
    assert str(caught.value).startswith(message)


def test_defaults_are_filled_in_and_types_converted():
    assert validated("win_hv_numa", {"spanning": "no"}) == {"spanning": False, "on_critical": "fail"}
