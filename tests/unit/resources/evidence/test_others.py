# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources: by which paths the instances' folder, the driver's package and the names of a host are seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import domain, driver_msi, instance_paths

PATH, SHARED = "D:\\Instances", "C:\\ClusterStorage\\Volume1\\Instances"
GIB = 2**30
PRODUCTS = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\S-1-5-18\\Products\\*\\InstallProperties"
TCPIP = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
NOT_IN_DOMAIN = CmdletError("ComputerNotInDomain,X", "no")
DRIVER = {"product": "OpenStack Hyper-V Nova Driver ", "version": "25.0", "service": "nova-compute"}
NAMES = {"hostname": "HV01", "dns_domain_name": "example.org", "ou_path": None, "server": None}


def output(**rows: Any) -> Answers:
    return Answers({call: Answer(call, tuple(found)) for call, found in rows.items()})


def kept(promises):
    return {item.name: item.kept for item in promises}


# The instances' folder

def test_a_local_folder_is_a_directory_of_cim_on_a_disk_with_room():
    assert instance_paths.RESOURCE.evidence({"path": PATH, "minimum_free_gb": 10}) == [
        Cmdlet("folder", "Get-CimInstance", {"ClassName": "Win32_Directory", "Filter": r"Name='D:\\Instances'"}, ("Name",)),
        Cmdlet("drive", "Get-CimInstance", {"ClassName": "Win32_LogicalDisk", "Filter": "DeviceID='D:'"}, ("FreeSpace",)),
    ]
    assert [call.id for call in instance_paths.RESOURCE.evidence({"path": PATH, "minimum_free_gb": None})] == ["folder"]


@pytest.mark.parametrize(("rows", "expected"), [
    ({"folder": [{}], "drive": [{"FreeSpace": 10 * GIB}]}, {PATH: True, "free_gb": True}),
    ({"folder": [], "drive": [{"FreeSpace": 10 * GIB - 1}]}, {PATH: False, "free_gb": False}),
    ({"folder": [{}], "drive": []}, {PATH: True, "free_gb": False}),
])
def test_the_folder_and_its_room(rows, expected):
    assert kept(instance_paths.RESOURCE.promises({"path": PATH, "minimum_free_gb": 10}, output(**rows))) == expected


def test_a_folder_on_a_cluster_volume_is_seen_as_it_is_read():
    options = {"path": SHARED, "minimum_free_gb": 10}
    assert instance_paths.RESOURCE.evidence(options) == instance_paths.RESOURCE.read(options)
    rows = output(folder=[{"$value": True}], volume=[{"UniqueId": "v", "Size": 20 * GIB, "SizeRemaining": 9 * GIB}], root=[{}])
    assert instance_paths.RESOURCE.promises(options, rows) == (
        Promise(SHARED, "folder", "folder", "Test-Path, as it is read", True),
        Promise("free_gb", "at least 10", 9, "Get-Volume, as it is read", False),
    )


def test_nothing_is_promised_of_a_share():
    options = {"path": "\\\\fs1\\instances", "minimum_free_gb": 10}
    assert (instance_paths.RESOURCE.evidence(options), instance_paths.RESOURCE.promises(options, Answers())) == ([], ())


# The driver's package

def test_the_package_is_seen_in_what_windows_installer_keeps():
    assert driver_msi.RESOURCE.evidence(DRIVER) == [
        Cmdlet("products", "Get-ItemProperty", {"Path": [PRODUCTS]}, ("DisplayName?", "DisplayVersion?")),
        Cmdlet("service", "Get-Service", {"Name": ["nova-compute"]}, ("Status",)),
    ]


@pytest.mark.parametrize(("products", "found"), [
    ([("OpenStack Hyper-V Nova Driver Yoga", "25.0")], "25.0"),
    ([("openstack hyper-v nova driver Xena", "24.0"), (None, None)], "24.0"),
    ([("Other", "25.0")], None),
])
def test_the_version_is_that_of_the_product_of_this_name(products, found):
    listed = [{"DisplayName": name, "DisplayVersion": version} for name, version in products]
    rows = output(products=listed, service=[{"Status": "Running"}])
    service, version = driver_msi.RESOURCE.promises(DRIVER, rows)
    assert service.kept
    assert (version.found, version.kept) == (found, found == "25.0")


def test_a_service_that_is_not_there_and_no_version_asked_for():
    rows = Answers({"products": Answer("products"), "service": Answer("service", error=CmdletError("NoServiceFoundForGivenName,X", "no"))})
    assert driver_msi.RESOURCE.promises({**DRIVER, "version": None}, rows) == (
        Promise("service", "nova-compute", None, "Get-Service", False),
    )


# The names of a host

def test_the_names_are_seen_in_the_registry_and_over_the_secure_channel():
    assert domain.RESOURCE.evidence(NAMES) == [
        Cmdlet("tcpip", "Get-ItemProperty", {"LiteralPath": TCPIP}, ("Hostname?", "NV Hostname?")),
        Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("PartOfDomain", "Domain")),
        Cmdlet("channel", "Test-ComputerSecureChannel", properties=("$value",)),
    ]
    nothing = dict.fromkeys(NAMES)
    assert (domain.RESOURCE.evidence(nothing), domain.RESOURCE.promises(nothing, Answers())) == ([], ())


@pytest.mark.parametrize(("name", "pending", "member", "found", "trusted", "lost"), [
    ("hv01", "hv01", True, "EXAMPLE.org", True, []),
    ("old", "hv01", True, "example.org", True, ["hostname"]),
    ("hv01", "new", True, "example.org", True, ["hostname after a restart"]),
    ("hv01", "hv01", True, "example.net", True, ["dns_domain_name"]),
    ("hv01", "hv01", True, "example.org", False, ["secure_channel"]),
    ("hv01", "hv01", False, "WORKGROUP", None, ["dns_domain_name", "secure_channel"]),
])
def test_each_name_is_a_promise(name, pending, member, found, trusted, lost):
    rows = output(
        tcpip=[{"Hostname": name, "NV Hostname": pending}], computer=[{"PartOfDomain": member, "Domain": found}],
        channel=[{"$value": trusted}],
    )
    if trusted is None:
        rows["channel"] = Answer("channel", error=NOT_IN_DOMAIN)
    assert [promise for promise, is_kept in kept(domain.RESOURCE.promises(NAMES, rows)).items() if not is_kept] == lost
