# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine against a host that is a list of scripted answers; the oracle is the exact sequence of batches."""
from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Ref, WriteFile
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Finding, Plan
from ansible_collections.winstack.hyperv.plugins.module_utils.undo import Undo
from ansible_collections.winstack.hyperv.plugins.plugin_utils import engine
from ansible_collections.winstack.hyperv.plugins.plugin_utils.batch import BatchFailed, ConnectionLost
from ansible_collections.winstack.hyperv.plugins.plugin_utils.engine import Section, SectionFailed
from ansible_collections.winstack.hyperv.plugins.plugin_utils.reconnect import NotBack, reconnector
from ansible_collections.winstack.hyperv.plugins.plugin_utils.results import failure_result, host_result, section_result


def at_once(attempt, seconds):
    """The host answers again without delay."""
    return attempt()


drive = partial(engine.drive, reconnect=at_once)

UNDO = Undo("Remove-It", 60, datetime(2026, 5, 4, 8, 0))
NOT_MET = CmdletError("ConditionNotMet", "LastTaskResult is '0', not yet '267011'.")
ARM = [f"a.{call.id}" for call in UNDO.arm()]
DISARM = [f"a.{call.id}" for call in UNDO.disarm()]

BAD = Finding("memory", "critical", "host", "2 GB", "4 GB", "Add memory.")


class Colour:
    """A resource that wants one value; what it finds decides its plan."""

    def read(self, options):
        return [Cmdlet("get", "Get-Colour", properties=("Colour",))]

    def plan(self, options, answers):
        colour = answers.row("get")["Colour"]
        extra = options.get("plan", {})
        if colour == options["colour"]:
            return Plan(state={"colour": colour}, **extra)
        calls = (Cmdlet("set", "Set-Colour", {"Colour": options["colour"], "InputObject": Ref("get")}),)
        return Plan((Difference("colour", colour, options["colour"]),), calls, state={"colour": colour}, **extra)


class Host:
    """Answers each batch with the next entry of a script: a colour for every section, or an error by call id."""

    def __init__(self, *script):
        self.script = list(script)
        self.batches = []

    def run(self, calls, stop_on_error):
        self.batches.append((stop_on_error, [call.id for call in calls], list(calls)))
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return Answers({call.id: self._answer(call, step) for call in calls})

    def _answer(self, call, step):
        if call.id in step:
            return Answer(call.id, error=step[call.id])
        return Answer(call.id, output=({"Colour": step.get(call.id.split(".")[0])},))


def sections(**wanted):
    return [Section(name, Colour(), options if isinstance(options, dict) else {"colour": options}) for name, options in wanted.items()]


def test_one_read_batch_when_nothing_differs():
    host = Host({"a": "red", "b": "blue"})
    outcomes = drive(sections(a="red", b="blue"), host.run, check_mode=False)
    assert host.batches[0][:2] == (False, ["a.get", "b.get"])
    assert len(host.batches) == 1
    assert not host_result(outcomes)["changed"]
    assert host_result(outcomes)["pending"] == []


def test_all_sections_in_one_batch_each_and_only_the_changed_ones_are_read_back():
    host = Host({"a": "red", "b": "blue", "c": "x"}, {}, {"a": "green", "c": "y"})
    outcomes = drive(sections(a="green", b="blue", c="y"), host.run, check_mode=False)
    assert [batch[:2] for batch in host.batches] == [
        (False, ["a.get", "b.get", "c.get"]), (True, ["a.set", "c.set"]), (False, ["a.get", "c.get"]),
    ]
    assert host.batches[1][2][0].parameters["InputObject"] == Ref("a.get")
    result = host_result(outcomes)
    assert result["diff"]["before"] == {"a": {"colour": "red"}, "c": {"colour": "x"}}
    assert result["diff"]["after"] == {"a": {"colour": "green"}, "c": {"colour": "y"}}
    assert result["pending"] == ["a", "c"]
    assert result["sections"]["a"]["a"] == {"colour": "green"}


def test_what_settles_is_waited_for_ahead_of_reading_back_and_may_fail():
    wait = Cmdlet("wait", "Get-Colour", until={"Dry": True})
    host = Host({"a": "red"}, {}, {"a": "green", "a.wait": NOT_MET})
    outcomes = drive(sections(a={"colour": "green", "plan": {"settle": (wait,)}}), host.run, check_mode=False)
    assert [batch[:2] for batch in host.batches] == [(False, ["a.get"]), (True, ["a.set"]), (False, ["a.wait", "a.get"])]
    assert section_result("a", outcomes["a"])["a"] == {"colour": "green"}


def test_nothing_is_waited_for_where_nothing_was_changed():
    host = Host({"a": "green"})
    drive(sections(a={"colour": "green", "plan": {"settle": (Cmdlet("wait", "Get-Colour"),)}}), host.run, check_mode=False)
    assert [batch[1] for batch in host.batches] == [["a.get"]]


def test_check_mode_ends_after_reading():
    host = Host({"a": "red"})
    outcomes = drive(sections(a="green"), host.run, check_mode=True)
    assert len(host.batches) == 1
    assert section_result("a", outcomes["a"])["changed"]
    assert section_result("a", outcomes["a"])["a"] == {"colour": "red"}


def test_a_change_that_does_not_take_is_an_error_that_names_it():
    host = Host({"a": "red"}, {}, {"a": "red"})
    with pytest.raises(SectionFailed, match="a: every call succeeded, but the change did not take: colour is 'red', wanted 'green'"):
        drive(sections(a="green"), host.run, check_mode=False)


def test_a_failing_call_names_section_command_call_and_error_id():
    error = CmdletError("AccessDenied,SetColour", "Zugriff verweigert.", "PermissionDenied")
    host = Host({"a": "red", "b": "red"}, {"b.set": error})
    with pytest.raises(SectionFailed) as caught:
        drive(sections(a="green", b="green"), host.run, check_mode=False)
    result = failure_result(caught.value)
    assert result["msg"] == "b: Set-Colour failed in call 'set': Zugriff verweigert. [AccessDenied,SetColour]"
    assert (result["section"], result["call"], result["error"]["id"]) == ("b", "set", "AccessDenied,SetColour")


def test_a_resource_may_explain_an_error_id():
    class Explaining(Colour):
        def explain(self, error):
            return "Ask your painter." if error.id == "NoPaint" else ""

    for error_id, ending in (("NoPaint", "[NoPaint]. Ask your painter."), ("Other", "[Other]")):
        host = Host({"a": "red"}, {"a.set": CmdletError(error_id, "no")})
        with pytest.raises(SectionFailed) as caught:
            drive([Section("a", Explaining(), {"colour": "green"})], host.run, check_mode=False)
        assert str(caught.value).endswith(ending)


def test_a_read_that_fails_changes_nothing():
    host = Host({"b.get": CmdletError("Broken", "broken"), "a": "red"})
    with pytest.raises(SectionFailed, match=r"b: cannot be read: call 'get' failed: broken \[Broken\]"):
        drive(sections(a="green", b="green"), host.run, check_mode=False)
    assert len(host.batches) == 1


@pytest.mark.parametrize(("plan", "text"), [
    ({"refusals": ("no such release",)}, "no such release"),
    ({"findings": (BAD,)}, "critical: memory"),
])
@pytest.mark.parametrize("check_mode", [True, False])
def test_one_refusal_or_critical_finding_leaves_every_section_alone(plan, text, check_mode):
    host = Host({"a": "red", "b": "red"})
    with pytest.raises(SectionFailed, match=text):
        drive(sections(a="green", b={"colour": "green", "plan": plan}), host.run, check_mode=check_mode)
    assert len(host.batches) == 1


def test_report_only_returns_refusals_as_critical_findings():
    host = Host({"a": "red"})
    wish = {"colour": "green", "plan": {"refusals": ("no such release",), "findings": (BAD,)}}
    outcomes = drive(sections(a=wish), host.run, check_mode=True, report_only=True)
    found = section_result("a", outcomes["a"])["findings"]
    assert [(item["severity"], item["remediation"]) for item in found] == [("critical", "Add memory."), ("critical", "no such release")]


def test_report_only_never_applies_past_a_refusal():
    host = Host({"a": "red"})
    wish = {"colour": "green", "plan": {"refusals": ("no such release",)}}
    with pytest.raises(SectionFailed, match="no such release"):
        drive(sections(a=wish), host.run, check_mode=False, report_only=True)
    assert len(host.batches) == 1


def test_blockers_fail_an_apply_but_not_a_check():
    wish = {"colour": "green", "plan": {"blockers": ("the role is not in effect",)}}
    assert drive(sections(a=wish), Host({"a": "red"}).run, check_mode=True)["a"].changed
    host = Host({"a": "red"})
    with pytest.raises(SectionFailed, match="a: cannot be changed yet: the role is not in effect"):
        drive(sections(a=wish), host.run, check_mode=False)
    assert len(host.batches) == 1


def test_a_reboot_that_is_due_without_a_difference_is_pending():
    wish = {"colour": "red", "plan": {"reboot": ("the claim is not in effect",)}}
    result = host_result(drive(sections(a=wish), Host({"a": "red"}).run, check_mode=False))
    assert result["pending"] == ["a"]
    assert result["reboot_reasons"] == ["a: the claim is not in effect"]
    assert not result["changed"]


def test_a_file_call_that_fails_is_named_without_its_content():
    class Conf:
        def read(self, options):
            return []

        def plan(self, options, answers):
            return Plan((Difference("x", 1, 2),), (WriteFile("save", "C:\\x", b"password = hunter2"),))

    host = Host({"a.save": CmdletError("DiskFull", "There is not enough space on the disk.")})
    host.script.insert(0, {})
    with pytest.raises(SectionFailed) as caught:
        drive([Section("a", Conf(), {})], host.run, check_mode=False)
    assert "WriteFile failed in call 'save'" in str(caught.value)
    assert "hunter2" not in str(failure_result(caught.value)) + repr(host.batches)


class Risky(Colour):
    """Its change may cut the connection."""

    def side_effects(self, before, after):
        return (f"it was {before['colour']} and is {after['colour']}",)


def risky():
    return [Section("a", Risky(), {"colour": "green", "plan": {"undo": UNDO}})]


@pytest.mark.parametrize("outcome", [{}, ConnectionLost("gone"), BatchFailed({"msg": "no output"})])
def test_a_risky_change_is_armed_and_disarmed_whether_or_not_its_answer_came(outcome):
    host = Host({"a": "red"}, outcome, {}, {"a": "green"})
    outcomes = drive(risky(), host.run, check_mode=False)
    assert [batch[:2] for batch in host.batches] == [
        (False, ["a.get"]), (True, [*ARM, "a.set"]), (False, DISARM), (False, ["a.get"]),
    ]
    assert section_result("a", outcomes["a"])["warnings"] == ["it was red and is green"]


def test_sections_without_risk_go_before_the_one_that_may_cut_the_connection():
    host = Host({"a": "red", "b": "red"}, {}, ConnectionLost("gone"), {}, {"a": "green", "b": "green"})
    drive([*risky(), *sections(b="green")], host.run, check_mode=False)
    assert [batch[1] for batch in host.batches[1:3]] == [["b.set"], [*ARM, "a.set"]]


def test_a_host_that_undid_the_change_fails_the_play_and_says_so():
    host = Host({"a": "red"}, ConnectionLost("gone"), {"a.undo_idle": NOT_MET})
    with pytest.raises(SectionFailed, match=r"did not come back to the host within 60 seconds .* the host has undone it by itself"):
        drive(risky(), host.run, check_mode=False)


def test_an_undo_that_stays_armed_is_an_error():
    host = Host({"a": "red"}, {}, {"a.undo_remove": CmdletError("AccessDenied", "no")})
    with pytest.raises(SectionFailed, match="cannot be disarmed") as caught:
        drive(risky(), host.run, check_mode=False)
    assert failure_result(caught.value)["call"] == "undo_remove"


def test_a_disarming_whose_answer_was_lost_is_no_undo():
    gone = CmdletError("HRESULT 0x80070002,Get-ScheduledTaskInfo", "not found")
    host = Host({"a": "red"}, {}, {"a.undo_idle": gone, "a.undo_remove": gone}, {"a": "green"})
    assert drive(risky(), host.run, check_mode=False)["a"].changed


def test_a_risky_change_that_fails_is_disarmed_before_it_is_reported():
    host = Host({"a": "red"}, {"a.set": CmdletError("Busy", "busy")}, {})
    with pytest.raises(SectionFailed, match=r"Set-Colour failed in call 'set': busy \[Busy\]"):
        drive(risky(), host.run, check_mode=False)
    assert host.batches[-1][1] == DISARM


def test_a_host_that_never_answers_again_is_named():
    waited = []

    def never(attempt, seconds):
        waited.append(seconds)
        raise NotBack("no route to host")

    host = Host({"a": "red"}, ConnectionLost("gone"))
    with pytest.raises(SectionFailed, match=r"does not answer again: no route to host\. Its undo was due 60 seconds after the change"):
        engine.drive(risky(), host.run, reconnect=never, check_mode=False)
    assert waited == [60 + engine.UNDO_TAKES]


class Connection:
    def __init__(self):
        self.resets = 0

    def reset(self):
        self.resets += 1


def test_the_host_is_asked_over_a_new_connection_until_it_answers():
    pauses: list[float] = []
    connection, attempts = Connection(), [ConnectionLost("a"), ValueError("b"), Answers()]

    def attempt():
        step = attempts.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    assert reconnector(connection, pauses.append, lambda: 0.0)(attempt, 10) == Answers()
    assert (connection.resets, pauses) == (3, [2.0, 2.0])


def test_the_last_failure_is_told_when_the_time_is_up():
    def attempt():
        raise ConnectionLost("refused")

    times = iter([0.0, 5.0, 10.0])
    with pytest.raises(NotBack, match="refused"):
        reconnector(Connection(), lambda seconds: None, lambda: next(times))(attempt, 10)
