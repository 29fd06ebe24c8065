# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/features.md and the states of Microsoft's MSFT_ServerFeature."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.features import RESOURCE

DEFAULT = ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"]
EVIDENCE: dict[str, Mapping[str, Any]] = {
    "namespace": {"Started": True},
    "vmms": {"Status": "Running"},
    "hypervisor": {"HypervisorPresent": True},
    "mpio": {"Status": "Running"},
    "hgs_client": {"Mode": "Local"},
}
NOT_MET = CmdletError("ConditionNotMet", "Get-CimInstance: HypervisorPresent is 'False', not yet 'True'.")
PREREQUISITE = "Alteration_PrerequisiteCheck_Failed,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"


def options(names: list[str] | None = None, source: str | None = None, wait_seconds: int = 0) -> dict[str, Any]:
    return {"names": DEFAULT if names is None else names, "source": source, "wait_seconds": wait_seconds}


def host(states: Mapping[str, str], failed: tuple[str, ...] = ()) -> Answers:
    rows = tuple({"Name": name, "InstallState": state} for name, state in states.items())
    answers = Answers({"features": Answer("features", output=rows)})
    for test, row in EVIDENCE.items():
        answers[test] = Answer(test, error=NOT_MET) if test in failed else Answer(test, output=(row,))
    return answers


READY = host(dict.fromkeys(DEFAULT, "Installed"))
BARE = host(dict.fromkeys(DEFAULT, "Available"), failed=("namespace", "vmms", "hypervisor", "mpio"))
NOT_RESTARTED = host(dict.fromkeys(DEFAULT, "Installed"), failed=("namespace", "vmms", "hypervisor", "mpio"))
HYPER_V_WAITS = (
    "Hyper-V is installed but not in effect: the namespace root/virtualization/v2 does not answer, the service vmms does not run, "
    "no hypervisor runs"
)
REASONS = ("Hyper-V comes into effect with a restart", "Multipath-IO comes into effect with a restart")
MPIO_WAITS = "Multipath-IO is installed but not in effect: the driver mpio does not run"


def test_reads_the_state_and_the_evidence() -> None:
    assert RESOURCE.read(options()) == [
        Cmdlet("features", "Get-WindowsFeature", {"Name": DEFAULT}, ("Name", "InstallState")),
        Cmdlet(
            "namespace",
            "Get-CimInstance",
            {"Namespace": "root/virtualization/v2", "ClassName": "Msvm_VirtualSystemManagementService"},
            ("Started",),
            until={"Started": True},
        ),
        Cmdlet("vmms", "Get-Service", {"Name": "vmms"}, ("Status",), until={"Status": "Running"}),
        Cmdlet(
            "hypervisor",
            "Get-CimInstance",
            {"ClassName": "Win32_ComputerSystem"},
            ("HypervisorPresent",),
            until={"HypervisorPresent": True},
        ),
        Cmdlet("mpio", "Get-Service", {"Name": "mpio"}, ("Status",), until={"Status": "Running"}),
    ]


def test_waits_on_the_host_for_the_namespace_alone() -> None:
    retries = {call.id: call.retry for call in RESOURCE.read(options(wait_seconds=301)) if isinstance(call, Cmdlet)}
    assert retries == {"features": None, "namespace": Retry(61, 5), "vmms": None, "hypervisor": None, "mpio": None}


def test_asks_only_for_the_evidence_of_the_features_named() -> None:
    assert [call.id for call in RESOURCE.read(options(["Failover-Clustering"]))] == ["features"]
    assert [call.id for call in RESOURCE.read(options(["multipath-io"]))] == ["features", "mpio"]


def test_ready_host_needs_nothing() -> None:
    plan = RESOURCE.plan(options(), READY)
    assert (plan.differences, plan.calls, plan.reboot, plan.refusals, plan.blockers) == ((), (), (), (), ())
    assert plan.state["ready"] is True
    assert plan.state["features"][0] == {"name": "Hyper-V", "state": "Installed", "installed": True, "in_effect": True, "reasons": []}


def test_bare_host_gets_all_features_in_one_call() -> None:
    plan = RESOURCE.plan(options(), BARE)
    assert plan.differences == tuple(Difference(name, "Available", "Installed") for name in DEFAULT)
    assert plan.calls == (
        Cmdlet("install", "Install-WindowsFeature", {"Name": DEFAULT, "Confirm": False}, ("Success", "ExitCode"), until={"Success": True}),
    )
    assert plan.reboot == REASONS
    assert (plan.refusals, plan.blockers) == ((), ())
    assert plan.state["ready"] is False


def test_only_what_is_missing_is_installed() -> None:
    plan = RESOURCE.plan(options(), host({"Hyper-V": "Installed", "Hyper-V-PowerShell": "Available", "Multipath-IO": "Installed"}))
    assert [call.parameters["Name"] for call in plan.calls if isinstance(call, Cmdlet)] == [["Hyper-V-PowerShell"]]
    assert plan.reboot == ()


@pytest.mark.parametrize("state", ["Installed", "InstallPending"])
def test_installed_but_not_restarted_is_a_reboot_and_no_difference(state: str) -> None:
    answers = host(dict.fromkeys(DEFAULT, state), failed=("namespace", "vmms", "hypervisor", "mpio"))
    plan = RESOURCE.plan(options(["Hyper-V", "Multipath-IO"]), answers)
    assert (plan.differences, plan.calls) == ((), ())
    assert plan.reboot == REASONS
    assert plan.state["ready"] is False
    assert [(feature["installed"], feature["in_effect"]) for feature in plan.state["features"]] == [(True, False), (True, False)]


def test_a_pending_feature_without_evidence_needs_a_restart() -> None:
    plan = RESOURCE.plan(options(["NLB"]), host({"NLB": "InstallPending"}))
    assert plan.reboot == ("NLB comes into effect with a restart",)
    assert RESOURCE.plan(options(["NLB"]), host({"NLB": "Available"})).reboot == ()


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("namespace", "the namespace root/virtualization/v2 does not answer"),
        ("vmms", "the service vmms does not run"),
        ("hypervisor", "no hypervisor runs"),
    ],
)
def test_each_piece_of_evidence_counts(test: str, reason: str) -> None:
    plan = RESOURCE.plan(options(["Hyper-V"]), host({"Hyper-V": "Installed"}, failed=(test,)))
    assert plan.reboot == ("Hyper-V comes into effect with a restart",)
    assert plan.state["features"][0]["reasons"] == [reason]


def test_a_running_mpio_does_not_excuse_hyper_v() -> None:
    plan = RESOURCE.plan(options(), host(dict.fromkeys(DEFAULT, "Installed"), failed=("hypervisor",)))
    assert [feature["in_effect"] for feature in plan.state["features"]] == [False, True, True]


def test_wait_that_ran_out_is_refused_and_names_the_tests() -> None:
    plan = RESOURCE.plan(options(wait_seconds=600), NOT_RESTARTED)
    assert plan.refusals == (f"after 600 seconds {HYPER_V_WAITS}", f"after 600 seconds {MPIO_WAITS}")


def test_wait_on_a_host_without_the_feature_is_refused() -> None:
    plan = RESOURCE.plan(options(["Hyper-V"], wait_seconds=5), BARE)
    assert plan.refusals == ("after 5 seconds Hyper-V is not installed",)


def test_wait_on_a_ready_host_passes() -> None:
    assert RESOURCE.plan(options(wait_seconds=600), READY).refusals == ()


def test_removed_payload_needs_a_source() -> None:
    answers = host({"Hyper-V": "Removed"}, failed=("namespace", "vmms", "hypervisor"))
    refused = RESOURCE.plan(options(["Hyper-V"]), answers)
    assert len(refused.refusals) == 1
    assert "Hyper-V" in refused.refusals[0]
    assert "source" in refused.refusals[0]
    plan = RESOURCE.plan(options(["Hyper-V"], source=r"\\files\sxs"), answers)
    assert plan.refusals == ()
    assert plan.calls == (
        Cmdlet(
            "install",
            "Install-WindowsFeature",
            {"Name": ["Hyper-V"], "Confirm": False, "Source": [r"\\files\sxs"]},
            ("Success", "ExitCode"),
            until={"Success": True},
        ),
    )


def test_a_pending_removal_is_refused() -> None:
    assert RESOURCE.plan(options(["Multipath-IO"]), host({"Multipath-IO": "UninstallPending"})).refusals == (
        "Multipath-IO: the removal waits for a restart; restart the host first",
    )


def test_names_are_compared_without_regard_to_case_and_shown_as_windows_writes_them() -> None:
    plan = RESOURCE.plan(options(["hyper-v", "HYPER-V"]), host({"Hyper-V": "Installed"}))
    assert plan.refusals == ()
    assert [feature["name"] for feature in plan.state["features"]] == ["Hyper-V"]


def test_an_unknown_name_is_refused_by_name() -> None:
    refusals = RESOURCE.plan(options(["Hyper-V", "Hyper-W"]), host({"Hyper-V": "Installed"})).refusals
    assert refusals == ("names: this edition of Windows has no feature Hyper-W; Get-WindowsFeature lists what it has",)


def test_host_guardian_waits_for_its_client_and_for_datacenter() -> None:
    wanted = options(["HostGuardian"])
    assert RESOURCE.read(wanted)[1:] == [Cmdlet("hgs_client", "Get-HgsClientConfiguration", properties=("Mode",))]
    waiting = RESOURCE.plan(wanted, host({"HostGuardian": "Installed"}, failed=("hgs_client",)))
    assert waiting.reboot == ("HostGuardian comes into effect with a restart",)
    assert waiting.state["features"][0]["reasons"] == ["the client of the Host Guardian Service does not answer"]
    assert RESOURCE.plan(wanted, host({"HostGuardian": "Installed"})).state["ready"]
    assert RESOURCE.plan(wanted, host({})).refusals == (
        "names: this edition of Windows has no feature HostGuardian; HostGuardian comes with Datacenter only",
    )


def test_no_names_is_refused_without_a_call() -> None:
    assert RESOURCE.read(options([])) == []
    assert RESOURCE.plan(options([]), Answers()).refusals == ("names: give at least one feature",)


def test_a_workstation_is_refused() -> None:
    answers = Answers({"features": Answer("features", error=CmdletError("CommandNotFoundException", "not recognized"))})
    assert RESOURCE.plan(options(), answers).refusals == ("this is no Windows Server: it has no Get-WindowsFeature",)


def test_an_error_of_the_state_itself_is_not_taken_for_an_answer() -> None:
    answers = Answers({"features": Answer("features", error=CmdletError("Denied,X", "Access denied"))})
    with pytest.raises(CallFailed, match=r"'features'.*Denied,X"):
        RESOURCE.plan(options(), answers)


def test_the_prerequisite_error_is_explained_and_no_other() -> None:
    assert "firmware" in RESOURCE.explain(CmdletError(PREREQUISITE, "Fehler"))
    assert RESOURCE.explain(CmdletError("Access_Denied,X", "Fehler")) == ""
