# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/verify.md: what becomes a row, and what a row says."""
from __future__ import annotations

from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference, Finding, Plan, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.verification import Row, evidence_calls, see, table

READ = "read as before a change"
CRITICAL = Finding("log", "critical", "nova", "down", "up", "Read it.")
WARNING = Finding("nics", "warning", "host", "1", "2", "Add one.")


class Read:
    """A resource without a second path."""

    def __init__(self, plan=None):
        self.result = plan

    def read(self, options):
        return [Cmdlet("get", "Get-Colour", dict(options))]

    def plan(self, options, answers):
        answers.rows("get")
        return self.result


class Seen(Read):
    def __init__(self, *promises):
        self.shown = promises

    def evidence(self, options):
        return [Cmdlet("look", "Get-Light", dict(options))]

    def promises(self, options, answers):
        if not self.shown:
            raise CallFailed("look", answers["look"].error)
        return self.shown


def answered(**errors):
    ids = {"get", "look", *errors}
    return Answers({name: Answer(name, error=CmdletError("Gone,X", errors[name]) if name in errors else None) for name in ids})


def test_a_second_path_takes_the_place_of_reading():
    assert evidence_calls(Seen(), {"a": 1}) == [Cmdlet("look", "Get-Light", {"a": 1})]
    assert evidence_calls(Read(), {"a": 1}) == [Cmdlet("get", "Get-Colour", {"a": 1})]


def test_promises_are_rows():
    kept, broken = Promise("a", 1, 1, "X", True), Promise("b", 1, 2, "X", False)
    seen = see("s", Seen(kept, broken), {}, answered())
    assert seen.rows == (Row("s", kept), Row("s", broken))
    assert seen.findings == ()
    assert [str(row) for row in seen.rows] == ["s.a is 1, wanted 1, seen by X", "s.b is 2, wanted 1, seen by X"]
    assert seen.rows[1].as_dict() == {"section": "s", "name": "b", "wanted": 1, "found": 2, "seen_by": "X", "kept": False}


def test_where_a_path_shows_nothing_its_error_is_said():
    nothing = Promise("a", 1, None, "CIM X", False)
    (row,) = see("s", Seen(nothing), {}, answered(look="Invalid class")).rows
    assert str(row) == "s.a shows nothing, wanted 1, seen by CIM X. call 'look' failed: Invalid class [Gone,X]"


def test_what_it_cannot_do_without_is_a_broken_promise():
    (row,) = see("s", Seen(), {}, answered(look="no")).rows
    assert row.promise == Promise("answer", "an answer", None, "its evidence", False)
    assert "call 'look' failed: no [Gone,X]" in str(row)
    (row,) = see("s", Read(Plan()), {}, answered(get="no")).rows
    assert row.promise == Promise("answer", "an answer", None, READ, False)


def test_a_section_that_is_only_read_is_one_row_while_nothing_is_left_to_do():
    seen = see("s", Read(Plan(findings=(WARNING,))), {}, answered())
    assert seen.rows == (Row("s", Promise("all", "as wanted", "as wanted", READ, True)),)
    assert seen.findings == (WARNING,)


def test_everything_that_a_plan_leaves_open_is_a_broken_promise():
    plan = Plan(
        differences=(Difference("spanning", True, False),), findings=(CRITICAL, WARNING), reboot=("claims changed",),
        refusals=("no such thing",),
    )
    seen = see("s", Read(plan), {}, answered())
    assert [row.promise for row in seen.rows] == [
        Promise("spanning", False, True, READ, False),
        Promise("restart", "none due", "claims changed", READ, False),
        Promise("options", "options that this host can fulfil", "no such thing", READ, False),
        Promise("log (nova)", "up", "down", READ, False),
    ]
    assert str(seen.rows[3]) == "s.log (nova) is 'down', wanted 'up', seen by read as before a change. Read it."
    assert seen.findings == (CRITICAL, WARNING)


def test_the_table_is_a_line_a_promise_in_columns():
    rows = [
        Row("numa", Promise("spanning", False, False, "CIM X", True)),
        Row("time", Promise("peers", ["a", "b"], [], "registry", False)),
        Row("switch", Promise("vlan", 7, None, "CIM Y", False)),
        Row("mpio", Promise("timers", {"retry_count": 3}, {"retry_count": 3}, "registry", True)),
        Row("x", Promise("long", "w" * 70, "w" * 70, "z", True)),
    ]
    assert table(rows) == [
        "kept   | numa.spanning | no                   | CIM X",
        "BROKEN | time.peers    | none, wanted a, b    | registry",
        "BROKEN | switch.vlan   | nothing, wanted 7    | CIM Y",
        "kept   | mpio.timers   | retry_count: 3       | registry",
        f"kept   | x.long        | {'w' * 45}... | z",
    ]
    assert table([]) == []
