# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Models of ansible.windows modules, and the options as Ansible.Basic checks them. Oracle: the modules' documentation and sources."""
from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from rehearsal.faults import Faults
from rehearsal.journal import Entry
from rehearsal.machine import HostSpec, Machine
from rehearsal.modules.arguments import ModuleFailure, Option, Spec, expand, parse
from rehearsal.modules.registry import Context, find, models
from rehearsal.software.msi import NeedsUser, Package, msiexec
from rehearsal.watch import Watch

SPEC = Spec(
    {
        "name": Option(required=True, aliases=("title",)),
        "count": Option("int"),
        "wanted": Option("bool", default=True),
        "path": Option("path"),
        "state": Option(default="present", choices=("absent", "present")),
        "items": Option("list", choices=("a", "b")),
        "table": Option("dict"),
        "other": Option(),
    },
    mutually_exclusive=(("path", "other"),),
    required_if=(("state", "absent", ("path", "count"), True), ("count", 1, ("table",), False)),
    required_by={"other": "count"},
)


@pytest.mark.parametrize(("args", "message"), [
    ({"name": "x", "colour": 1}, "Unsupported parameters for (m) module: colour. Supported parameters include: name, count, wanted, path, "
                                 "state, items, table, other, title"),
    ({}, "missing required arguments: name"),
    ({"name": "x", "path": "a", "other": "b"}, "parameters are mutually exclusive: path, other"),
    ({"name": "x", "count": "two"}, "argument for count is of type System.String and we were unable to convert to int: Input string was "
                                    "not in a correct format."),
    ({"name": "x", "state": "gone"}, "value of state must be one of: absent, present. Got no match for: gone"),
    ({"name": "x", "items": "a,c"}, "value of items must be one or more of: a, b. Got no match for: c"),
    ({"name": "x", "table": "t"}, "argument for table is of type System.String and we were unable to convert to dict: System.String "
                                  "cannot be converted to a dict"),
    ({"name": "x", "state": "absent"}, "state is absent but any of the following are missing: path, count"),
    ({"name": "x", "count": 1}, "count is 1 but all of the following are missing: table"),
    ({"name": "x", "other": "o"}, "missing parameter(s) required by 'other': count"),
])
def test_wrong_options_get_ansible_basics_words(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure) as caught:
        parse("m", SPEC, args, {})
    assert caught.value.message == message


def test_options_are_converted() -> None:
    found = parse("m", SPEC, {"title": 5, "count": "3", "wanted": "no", "path": r"%TEMP%\a", "items": "a, b"}, {"Temp": r"C:\T"})
    assert found == {
        "name": "5", "count": 3, "wanted": False, "path": r"C:\T\a", "state": "present", "items": ["a", "b"], "table": None, "other": None,
    }


def test_a_variable_that_is_not_set_stays() -> None:
    assert expand(r"%NOPE%\a%", {}) == r"%NOPE%\a%"


def test_core_names_stand_for_those_of_ansible_windows() -> None:
    for name, model in {
        "ansible.legacy.stat": "ansible.windows.win_stat", "ansible.legacy.slurp": "ansible.windows.slurp",
        "win_ping": "ansible.windows.win_ping", "ansible.windows.win_file": "ansible.windows.win_file",
    }.items():
        found = find(name)
        assert found is not None
        assert found.name == model
    assert find("community.windows.win_ping") is None


def test_every_model_says_where_its_knowledge_is_from() -> None:
    assert all(model.source for model in models().values())


@pytest.fixture
def machine() -> Machine:
    return Machine.build("hv01", HostSpec.from_mapping({"os": {"version": "2022"}}, "lab.hosts.hv01"))


@pytest.fixture
def run(machine: Machine, tmp_path: Path) -> Any:
    def call(name: str, check_mode: bool = False, **args: Any) -> dict[str, Any]:
        model = find(name)
        assert model is not None
        watch = Watch(machine, Faults(tmp_path / "faults.json"), Entry("t"), threading.Event(), threading.Lock())
        return model.function(Context(machine, parse(name, model.spec, args, {}), check_mode, False, watch, watch.sleep))

    return call


def test_win_file_makes_and_deletes_folders(run: Any, machine: Machine) -> None:
    folder = {"path": r"C:\a\b", "state": "directory"}
    assert run("win_file", check_mode=True, **folder) == {"changed": True}
    assert not machine.files.exists(r"C:\a")
    assert run("win_file", **folder) == {"changed": True}
    assert run("win_file", **folder) == {"changed": False}
    machine.files.write(r"C:\a\b\f", b"x")
    with pytest.raises(ModuleFailure, match="is not a file"):
        run("win_file", path=r"C:\a\b", state="file")
    with pytest.raises(ModuleFailure, match="is not a directory"):
        run("win_file", path=r"C:\a\b\f", state="directory")
    with pytest.raises(ModuleFailure, match="will not be created"):
        run("win_file", path=r"C:\a\g", state="file")
    with pytest.raises(ModuleFailure, match="Cannot find drive"):
        run("win_file", path=r"Q:\a", state="directory")
    assert run("win_file", path=r"C:\a", state="absent") == {"changed": True}
    assert run("win_file", path=r"C:\a", state="absent") == {"changed": False}
    assert run("win_file", path=r"C:\t", state="touch") == {"changed": True}
    assert machine.files.read(r"C:\t") == b""


def test_win_stat(run: Any, machine: Machine) -> None:
    assert run("win_stat", path=r"C:\a.txt")["stat"] == {"exists": False}
    machine.files.write(r"C:\a.txt", b"hello")
    stat = run("win_stat", path=r"c:\A.TXT", checksum_algorithm="sha256")["stat"]
    assert (stat["isreg"], stat["isdir"], stat["size"], stat["extension"]) == (True, False, 5, ".txt")
    assert stat["checksum"] == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert run("win_stat", path="C:\\Windows")["stat"]["isdir"]


def test_slurp_of_what_is_no_file(run: Any) -> None:
    with pytest.raises(ModuleFailure, match="is not found"):
        run("slurp", src=r"C:\nope")
    with pytest.raises(ModuleFailure, match="is a directory"):
        run("slurp", src="C:\\Windows")


PACKAGE = Package("{6C1E3A52-0B7D-4C5A-9D0E-2F7A51B3C4D8}", "Nova", "1.0", "C", r"C:\Nova", (), (), (), 0)


@pytest.mark.parametrize(("arguments", "code"), [
    (["/i", r"C:\missing.msi", "/qn"], 1619),
    (["/i", "relative.msi", "/qn"], 1619),
    (["/i", r"C:\no.msi", "/qn"], 1620),
    (["/i", r"C:\nova.msi", "/qn"], 0),
    (["/i", r"C:\nova.msi", "/qn", "/l*v", r"C:\log.txt", "/norestart", "A=b"], 0),
    (["/x", "{00000000-0000-0000-0000-000000000000}", "/qn"], 1605),
    (["/i", r"C:\nova.msi", "/qn", "/bogus"], 1639),
    (["/qn"], 1639),
    (["/i"], 1639),
    (["/i", r"C:\nova.msi", "/x", r"C:\nova.msi", "/qn"], 1639),
])
def test_msiexec_exit_codes(machine: Machine, arguments: list[str], code: int) -> None:
    machine.files.write(r"C:\nova.msi", PACKAGE.encode())
    machine.files.write(r"C:\no.msi", b"MZ")
    assert msiexec(machine, arguments) == code


def test_msiexec_without_quiet_would_wait_for_a_user(machine: Machine) -> None:
    machine.files.write(r"C:\nova.msi", PACKAGE.encode())
    with pytest.raises(NeedsUser):
        msiexec(machine, ["/i", r"C:\nova.msi"])
