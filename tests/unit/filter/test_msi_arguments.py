# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.winstack.hyperv.plugins.filter.msi_arguments import FilterModule

arguments = FilterModule().filters()["msi_arguments"]


def test_properties_and_features():
    given = {"SKIPNOVACONF": True, "INSTALLDIR": r"C:\Open Stack\Nova", "LIVEMIGRAUTHTYPE": 1}
    assert arguments(given, features=["HyperVNovaCompute", "iSCSISWInitiator"]) == [
        "ADDLOCAL=HyperVNovaCompute,iSCSISWInitiator", "SKIPNOVACONF=1", r"INSTALLDIR=C:\Open Stack\Nova", "LIVEMIGRAUTHTYPE=1",
    ]


def test_nothing():
    assert arguments({}) == []


@pytest.mark.parametrize("name", ["InstallDir", "A B", "/qn", ""])
def test_a_name_that_windows_installer_would_not_take(name):
    with pytest.raises(AnsibleFilterError, match="not the name of a public property"):
        arguments({name: "x"})
