# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/folders.md: by which path the folders are seen."""
from __future__ import annotations

from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.folders import RESOURCE

PATHS = {"paths": [r"C:\OpenStack\Log", "D:\\it's\\"]}


def directory(call, name):
    return Cmdlet(call, "Get-CimInstance", {"ClassName": "Win32_Directory", "Filter": f"Name='{name}'"}, ("Name",))


def test_one_query_a_folder_by_its_key():
    assert RESOURCE.evidence(PATHS) == [
        directory("folder0", r"C:\\OpenStack\\Log"),
        directory("folder1", r"D:\\it\'s"),
    ]


def test_a_folder_is_there_or_it_is_not():
    answers = Answers({"folder0": Answer("folder0", ({"Name": r"c:\openstack\log"},)), "folder1": Answer("folder1")})
    assert RESOURCE.promises(PATHS, answers) == (
        Promise(PATHS["paths"][0], "folder", "folder", "CIM Win32_Directory", True),
        Promise(PATHS["paths"][1], "folder", None, "CIM Win32_Directory", False),
    )
