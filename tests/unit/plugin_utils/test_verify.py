# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_hv_verify without a host. The oracle is the module's documentation."""
from __future__ import annotations

import json

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils import resources
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.plugin_utils.engine import Section
from ansible_collections.winstack.hyperv.plugins.plugin_utils.options import InvalidOptions, secret_texts, validated
from ansible_collections.winstack.hyperv.plugins.plugin_utils.sections import chosen
from ansible_collections.winstack.hyperv.plugins.plugin_utils.verify import verify

ACCOUNT = {"name": "nova-compute", "account": r"EXAMPLE\nova", "password": "S3cret-of-nova", "password_version": "2"}


class Quoting:
    """A resource whose host quotes a secret."""

    def read(self, options):
        raise AssertionError("it has a second path")

    def plan(self, options, answers):
        raise AssertionError("it has a second path")

    def evidence(self, options):
        return []

    def promises(self, options, answers):
        return (Promise("account", "a", f"a with {options['password']}", "X", False),)


class Host:
    def __init__(self, **output):
        self.output = output
        self.batches = []

    def run(self, calls, stop_on_error):
        self.batches.append((stop_on_error, [call.id for call in calls]))
        return Answers({call.id: Answer(call.id, output=self.output[call.id.replace(".", "_")]) for call in calls})


def sections(**given):
    return chosen({"sections": given, "only": None})


def test_all_sections_are_seen_in_one_batch():
    host = Host(
        numa_settings=({"NumaSpanningEnabled": True},), numa_nodes=({"NodeId": 0}, {"NodeId": 1}), folders_folder0=({"Name": r"c:\a"},),
    )
    result = verify(sections(numa={"spanning": False}, folders={"paths": [r"C:\a"]}), host.run, fail=False)
    assert host.batches == [(False, ["numa.settings", "numa.nodes", "folders.folder0"])]
    numa = "CIM Msvm_VirtualSystemManagementServiceSettingData"
    assert result == {
        "changed": False,
        "promises": [
            {"section": "numa", "name": "spanning", "wanted": False, "found": True, "seen_by": numa, "kept": False},
            {"section": "folders", "name": r"C:\a", "wanted": "folder", "found": "folder", "seen_by": "CIM Win32_Directory", "kept": True},
        ],
        "broken": [f"numa.spanning is True, wanted False, seen by {numa}"],
        "findings": [],
        "table": [
            f"BROKEN | numa.spanning | yes, wanted no | {numa}",
            r"kept   | folders.C:\a  | folder         | CIM Win32_Directory",
        ],
    }


def test_a_broken_promise_fails_unless_it_is_only_to_be_reported():
    host = Host(numa_settings=({"NumaSpanningEnabled": True},), numa_nodes=({}, {}))
    failed = verify(sections(numa={"spanning": False}), host.run, fail=True)
    assert failed["failed"]
    assert failed["msg"].startswith("1 of 1 promises are broken: numa.spanning is True, wanted False")
    assert "failed" not in verify(sections(numa={"spanning": True}), host.run, fail=True)


@pytest.mark.parametrize("fail", [False, True])
def test_no_secret_is_shown(fail):
    options = validated("win_hv_service_account", ACCOUNT)
    assert secret_texts("win_hv_service_account", options) == {"S3cret-of-nova"}
    shown = verify([Section("service_account", Quoting(), options)], Host().run, fail=fail)
    assert "S3cret-of-nova" not in json.dumps(shown)
    assert "a with ********" in json.dumps(shown)


def test_secrets_in_suboptions_are_found():
    options = validated("nova_hyperv_conf", {
        "path": r"C:\nova.conf", "transport_url": "rabbit://u:hidden@h",
        "keystone": {"auth_url": "http://k", "users": {"placement": {"username": "p", "password": "deep"}}},
    })
    assert secret_texts("nova_hyperv_conf", options) == {"rabbit://u:hidden@h", "deep"}


@pytest.mark.parametrize(("given", "only", "message"), [
    ({"numa": {"spaning": True}}, None, "sections.numa: unsupported option spaning"),
    ({"nume": {}}, None, "sections: unknown section 'nume'; known are: "),
    ({"numa": {}}, ["time"], "only: 'time' is not among the sections given: numa"),
])
def test_sections_are_validated_like_those_of_win_hv_host(given, only, message):
    with pytest.raises(InvalidOptions, match=message):
        chosen({"sections": given, "only": only})


def test_every_resource_with_one_half_of_the_pair_has_the_other():
    for name in resources.names():
        found = [hasattr(resources.resource(name), half) for half in ("evidence", "promises")]
        assert found[0] == found[1], name
