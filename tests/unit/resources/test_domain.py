# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is the tables of docs/resources/domain.md."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.domain import RESOURCE

BLOCKER = (
    "this section only looks; the domain stage of the role hyperv_compute renames and joins with microsoft.ad.membership"
)


def options(**given: str) -> dict[str, Any]:
    return {"dns_domain_name": None, "hostname": None, "ou_path": None, "server": None, **given}


def host(
    name: str = "WIN-1", member: bool | None = False, domain: str = "WORKGROUP", pending: str | None = None, marks: tuple[str, ...] = (),
) -> Answers:
    computer = {"DNSHostName": name, "PartOfDomain": member, "Domain": domain, "Workgroup": None if member else domain}
    return Answers({
        "computer": Answer("computer", output=(computer,)),
        "names": Answer("names", output=({"ComputerName": name.upper()[:15]}, {"ComputerName": (pending or name).upper()[:15]})),
        "netlogon": Answer("netlogon", output=tuple({"PSChildName": mark} for mark in ("Parameters", *marks))),
    })


MEMBER: dict[str, Any] = {"name": "hv01", "member": True, "domain": "example.org"}
WISH = options(dns_domain_name="example.org", hostname="hv01")


def test_reads_the_names_in_effect_and_those_that_wait() -> None:
    assert RESOURCE.read(WISH) == [
        Cmdlet(
            "computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName", "PartOfDomain", "Domain", "Workgroup"),
        ),
        Cmdlet(
            "names", "Get-ItemProperty",
            {
                "LiteralPath": [
                    r"HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName",
                    r"HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName",
                ]
            },
            ("ComputerName",),
        ),
        Cmdlet(
            "netlogon", "Get-ChildItem", {"LiteralPath": r"HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon"}, ("PSChildName",),
        ),
    ]


@pytest.mark.parametrize("member", [False, None])
def test_a_new_host_lacks_both(member: bool | None) -> None:
    plan = RESOURCE.plan(WISH, host(member=member))
    assert plan.differences == (Difference("hostname", "WIN-1", "hv01"), Difference("dns_domain_name", None, "example.org"))
    assert (plan.calls, plan.blockers, plan.reboot, plan.refusals) == ((), (BLOCKER,), (), ())
    assert plan.state == {
        "hostname": "WIN-1", "domain": None, "workgroup": "WORKGROUP", "pending_hostname": None, "join_pending": False,
    }


@pytest.mark.parametrize("wish", [
    WISH, options(), options(hostname="HV01"), options(dns_domain_name="EXAMPLE.org"),
    options(dns_domain_name="example.org", ou_path="OU=Compute,DC=example,DC=org", server="dc1.example.org"),
])
def test_as_wanted(wish: dict[str, Any]) -> None:
    plan = RESOURCE.plan(wish, host(**MEMBER))
    assert (plan.differences, plan.blockers, plan.reboot, plan.refusals) == ((), (), (), ())
    assert plan.state == {"hostname": "hv01", "domain": "example.org", "workgroup": None, "pending_hostname": None, "join_pending": False}


def test_what_waits_for_the_restart_is_no_difference() -> None:
    plan = RESOURCE.plan(WISH, host(pending="hv01", marks=("JoinDomain", "AvoidSpnSet")))
    assert (plan.differences, plan.blockers) == ((), ())
    assert plan.reboot == ("the computer name HV01 waits for it", "a domain join waits for it")
    assert (plan.state["hostname"], plan.state["pending_hostname"], plan.state["join_pending"]) == ("WIN-1", "HV01", True)


def test_a_join_that_failed_after_the_rename_is_due_and_so_is_the_restart() -> None:
    plan = RESOURCE.plan(WISH, host(pending="hv01"))
    assert plan.differences == (Difference("dns_domain_name", None, "example.org"),)
    assert plan.reboot == ("the computer name HV01 waits for it",)


def test_wmi_that_tells_the_new_name_early_deceives_nobody() -> None:
    answers = host(pending="hv01")
    answers["computer"] = Answer("computer", output=({**answers.row("computer"), "DNSHostName": "hv01"},))
    assert RESOURCE.plan(options(hostname="WIN-1"), answers).differences == (Difference("hostname", "HV01", "WIN-1"),)


def test_a_join_that_wmi_tells_early_still_waits() -> None:
    plan = RESOURCE.plan(options(dns_domain_name="example.org"), host(**MEMBER, marks=("AvoidSpnSet",)))
    assert (plan.differences, plan.reboot) == ((), ("a domain join waits for it",))


def test_a_name_longer_than_netbios_is_no_pending_rename() -> None:
    plan = RESOURCE.plan(options(hostname="hv01"), host(name="a-very-long-name-for-a-host"))
    assert plan.differences == (Difference("hostname", "a-very-long-name-for-a-host", "hv01"),)
    assert plan.reboot == ()


@pytest.mark.parametrize(("wish", "refusal"), [
    (
        options(dns_domain_name="EXAMPLE"),
        "dns_domain_name: 'EXAMPLE' has no dot, so it is a NetBIOS name; microsoft.ad.membership joins by it, but compares with the DNS "
        "name ever after and fails; give the DNS name, such as example.org",
    ),
    (
        options(dns_domain_name="example..org"),
        "dns_domain_name: 'example..org' is no DNS name; allowed are labels of letters, digits and dashes with dots between them",
    ),
    (
        options(hostname="compute-node-0001"),
        "hostname: 'compute-node-0001' has 17 characters; allowed are 15, because NetBIOS cuts what is longer",
    ),
    (
        options(hostname="hv01.ex"),
        "hostname: 'hv01.ex' is no computer name; allowed are letters, digits and dashes inside, not digits alone, and no domain",
    ),
    (
        options(hostname="2019"),
        "hostname: '2019' is no computer name; allowed are letters, digits and dashes inside, not digits alone, and no domain",
    ),
    (
        options(dns_domain_name="example.org", ou_path="example.org/Compute"),
        "ou_path: 'example.org/Compute' is no distinguished name such as OU=Compute,DC=example,DC=org",
    ),
    (options(ou_path="OU=Compute,DC=example,DC=org"), "ou_path: given without dns_domain_name, so no domain would be joined"),
    (options(server="dc1.example.org"), "server: given without dns_domain_name, so no domain would be joined"),
])
def test_options_that_would_do_something_else_are_refused(wish: dict[str, Any], refusal: str) -> None:
    plan = RESOURCE.plan(wish, host())
    assert plan.refusals == (refusal,)
    assert (plan.differences, plan.calls) == ((), ())


def test_another_domain_is_refused() -> None:
    plan = RESOURCE.plan(options(dns_domain_name="other.org"), host(**MEMBER))
    assert plan.refusals == (
        "dns_domain_name: this host is in the domain example.org already, and microsoft.ad.membership does not switch domains; move it to "
        "a workgroup first, or give example.org",
    )


def test_a_member_is_renamed_only_with_its_domain_given() -> None:
    plan = RESOURCE.plan(options(hostname="hv02"), host(**MEMBER))
    assert plan.refusals == (
        "hostname: this host is in the domain example.org, where a rename needs dns_domain_name: example.org as well",
    )
    assert RESOURCE.plan(options(hostname="hv02", dns_domain_name="example.org"), host(**MEMBER)).differences == (
        Difference("hostname", "hv01", "hv02"),
    )


@pytest.mark.parametrize("call", ["computer", "names", "netlogon"])
def test_a_read_that_fails_is_an_error(call: str) -> None:
    answers = host()
    answers[call] = Answer(call, error=CmdletError("PathNotFound", "gone"))
    with pytest.raises(CallFailed, match="gone"):
        RESOURCE.plan(WISH, answers)
