# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is the table of docs/resources/driver_msi.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.driver_msi import RESOURCE

CODE = "{7A1F7D5C-0B4E-4A63-9C6D-0A2C1C6B9E11}"
DRIVER = {"PSChildName": CODE, "DisplayName": "OpenStack Hyper-V Compute Ussuri", "DisplayVersion": "21.0.0.0"}
OTHERS = (
    {"PSChildName": "AddressBook", "DisplayName": None, "DisplayVersion": None},
    {"PSChildName": "{0}", "DisplayName": "Microsoft Visual C++ 2015 (OpenStack Hyper-V )", "DisplayVersion": "14.0"},
)


def options(version: str | None = None, service: str = "nova-compute") -> dict[str, Any]:
    return {"product": "OpenStack Hyper-V ", "version": version, "service": service}


def host(*programs: dict[str, Any], service: bool = True) -> Answers:
    return Answers({
        "programs": Answer("programs", output=(*OTHERS, *programs)),
        "services": Answer("services", output=({"Name": "nova-compute"},) if service else ()),
    })


def test_reads_both_views_of_the_registry_and_the_service() -> None:
    assert RESOURCE.read(options()) == [
        Cmdlet(
            "programs",
            "Get-ItemProperty",
            {
                "Path": [
                    r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*",
                    r"HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\*",
                ]
            },
            ("PSChildName", "DisplayName?", "DisplayVersion?"),
        ),
        Cmdlet("services", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": "Name='nova-compute'"}, ("Name",)),
    ]


def test_quotes_do_not_end_the_filter() -> None:
    call = RESOURCE.read(options(service="it\\'s"))[1]
    assert isinstance(call, Cmdlet)
    assert call.parameters["Filter"] == r"Name='it\\\'s'"


@pytest.mark.parametrize("version", [None, "21.0.0.0"])
def test_installed(version: str | None) -> None:
    plan = RESOURCE.plan(options(version), host(DRIVER))
    assert (plan.differences, plan.calls, plan.blockers, plan.warnings) == ((), (), (), ())
    assert plan.state == {
        "products": [{"id": CODE, "name": "OpenStack Hyper-V Compute Ussuri", "version": "21.0.0.0"}],
        "service": True,
    }


def test_bare_host() -> None:
    plan = RESOURCE.plan(options("21.0.0.0"), host(service=False))
    assert plan.differences == (
        Difference("service", None, "nova-compute"),
        Difference("product", None, "OpenStack Hyper-V ..."),
        Difference("version", None, "21.0.0.0"),
    )
    assert plan.calls == ()
    assert len(plan.blockers) == 1
    assert "win_package" in plan.blockers[0]
    assert plan.state == {"products": [], "service": False}


def test_product_without_its_service() -> None:
    plan = RESOURCE.plan(options(), host(DRIVER, service=False))
    assert plan.differences == (Difference("service", None, "nova-compute"),)
    assert plan.blockers


def test_another_version() -> None:
    plan = RESOURCE.plan(options("22.0.0.0"), host(DRIVER))
    assert plan.differences == (Difference("version", "21.0.0.0", "22.0.0.0"),)
    assert plan.blockers


def test_a_product_without_a_version() -> None:
    assert RESOURCE.plan(options("22.0.0.0"), host({**DRIVER, "DisplayVersion": None})).differences == (
        Difference("version", "unknown", "22.0.0.0"),
    )


def test_a_service_of_other_origin_is_a_warning() -> None:
    plan = RESOURCE.plan(options(), host())
    assert plan.differences == ()
    assert plan.warnings == ("the service nova-compute is there, but no installed program is named OpenStack Hyper-V ...",)


def test_names_compare_without_regard_to_case_and_several_are_a_warning() -> None:
    plan = RESOURCE.plan(options(), host(DRIVER, {**DRIVER, "DisplayName": "OPENSTACK HYPER-V Nova Compute Beta"}))
    assert plan.differences == ()
    assert plan.warnings == ("several installed programs match: OpenStack Hyper-V Compute Ussuri, OPENSTACK HYPER-V Nova Compute Beta",)


@pytest.mark.parametrize("call", ["programs", "services"])
def test_a_call_that_fails_is_not_taken_for_an_answer(call: str) -> None:
    answers = host(DRIVER)
    answers[call] = Answer(call, error=CmdletError("InvalidCast,X", "Specified cast is not valid."))
    with pytest.raises(CallFailed, match=f"'{call}'.*InvalidCast"):
        RESOURCE.plan(options(), answers)
