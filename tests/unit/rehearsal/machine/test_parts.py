# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry, files and recovery actions on their own."""
from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal.machine.failure_actions import ACTIONS, FailureActions, pack, unpack
from rehearsal.machine.files import FileStore, normalise
from rehearsal.machine.registry import Registry, is_registry_path
from rehearsal.machine.registry import normalise as registry_path
from rehearsal.machine.setup import knows_key


def test_registry_compares_without_regard_to_case_and_keeps_spelling() -> None:
    registry = Registry()
    registry.set(r"HKLM:\SOFTWARE\Contoso\App", "Version", "1.0")
    registry.set(r"HKEY_LOCAL_MACHINE\software\CONTOSO\app", "version", "2.0")
    assert registry.get(r"hklm:\Software\Contoso\App", "VERSION") == "2.0"
    assert list(registry.values(r"HKLM:\SOFTWARE\Contoso\App")) == ["Version"]
    assert registry.subkeys(r"HKLM:\SOFTWARE") == ["Contoso"]


@pytest.mark.parametrize(("data", "kind", "good"), [
    (1, "DWord", True), ("1", "DWord", False), (True, "DWord", False), (b"\x01", "Binary", True), ("x", "MultiString", False),
    (["x"], "MultiString", True), (1, "String", False), ("x", "Text", False),
])
def test_registry_values_fit_their_kind(data: object, kind: str, good: bool) -> None:
    registry = Registry()
    if good:
        registry.set("HKLM:\\A", "v", data, kind)
        assert registry.kind("HKLM:\\A", "v") == kind
        return
    with pytest.raises(ValueError, match="registry value"):
        registry.set("HKLM:\\A", "v", data, kind)


def test_deleting_from_the_registry() -> None:
    registry = Registry()
    registry.set(r"HKLM:\A\B\C", "v", 1)
    assert registry.delete(r"HKLM:\A\B\C", "V")
    assert not registry.delete(r"HKLM:\A\B\C", "v")
    assert registry.delete(r"HKLM:\A\B")
    assert (registry.exists(r"HKLM:\A"), registry.exists(r"HKLM:\A\B\C")) == (True, False)


def test_ways_to_write_a_key() -> None:
    for path in (r"HKLM:\A\B", r"hkey_local_machine\A\B", r"Registry::HKEY_LOCAL_MACHINE\A\B", r"HKLM:/A//B\\"):
        assert registry_path(path) == r"HKLM:\A\B"
    assert not is_registry_path(r"C:\A")


@given(st.dictionaries(st.text(min_size=1), st.one_of(
    st.text(), st.binary(), st.integers(0, 2**32 - 1), st.lists(st.text()),
)))
def test_registry_survives_a_dump(values: dict[str, object]) -> None:
    registry, again = Registry(), Registry()
    for name, data in values.items():
        registry.set(r"HKLM:\A\B", name, data)
    again.load(registry.dump())
    assert again.dump() == registry.dump()
    for name in values:
        assert again.get(r"HKLM:\A\B", name) == registry.get(r"HKLM:\A\B", name)


def store() -> FileStore:
    return FileStore(("C",), lambda: datetime(2026, 5, 4, tzinfo=timezone.utc))


def test_files_need_their_folder_and_their_drive() -> None:
    files = store()
    with pytest.raises(FileNotFoundError):
        files.write(r"C:\a\b.txt", b"x")
    with pytest.raises(FileNotFoundError):
        files.make_folder(r"D:\a")
    files.make_folder(r"C:\a\b")
    with pytest.raises(IsADirectoryError):
        files.write(r"C:\A\B", b"x")
    files.write(r"C:\a\b\c.txt", b"x")
    with pytest.raises(FileExistsError):
        files.make_folder(r"C:\a\b\c.txt\d")
    assert [entry.path for entry in files.list("c:/A/b/")] == [r"C:\a\b\c.txt"]
    assert files.used("C") == 1


def test_moving_replaces_and_deleting_takes_all_with_it() -> None:
    files = store()
    files.make_folder(r"C:\a\b")
    files.write(r"C:\a\new", b"new")
    files.write(r"C:\a\b\old", b"old")
    files.move(r"C:\a\new", r"C:\a\b\OLD")
    assert (files.read(r"C:\a\b\old"), files.read(r"C:\a\new")) == (b"new", None)
    assert files.delete(r"C:\a")
    assert not files.exists(r"C:\a\b\old")
    with pytest.raises(FileNotFoundError):
        files.move(r"C:\none", r"C:\other")


@pytest.mark.parametrize(("path", "normal"), [
    ("C:/a//b/", r"C:\a\b"), ("c:", "c:\\"), ("C:\\", "C:\\"), (r"C:\a\.\b", r"C:\a\b"), (r"\\server\share\x", r"\\server\share\x"),
])
def test_paths(path: str, normal: str) -> None:
    assert normalise(path) == normal


def test_relative_paths_are_refused() -> None:
    with pytest.raises(ValueError, match="not an absolute Windows path"):
        normalise(r"a\b")


@given(st.builds(
    FailureActions, st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(0, 2**32 - 1)), max_size=5).map(tuple),
))
def test_recovery_actions_go_and_come_back(failure: FailureActions) -> None:
    assert unpack(pack(failure)) == failure


def test_no_recovery_actions() -> None:
    assert unpack(None) == unpack(b"") == FailureActions()


@pytest.mark.parametrize(("key", "known"), [
    (r"SYSTEM\CurrentControlSet\Services\nova-compute", True),
    (r"SYSTEM\CurrentControlSet\Services\nova-compute\Parameters", True),
    (r"SYSTEM\CurrentControlSet\Services\mpio\Parameters", True),
    (r"SYSTEM\CurrentControlSet\Services\VSS", True),
    (r"SYSTEM\CurrentControlSet\Services\VSS\TriggerInfo", True),
    (r"SYSTEM\CurrentControlSet\Services\VSS\Diag", False),
    (r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters", False),
    (r"SOFTWARE\Policies\Microsoft\W32Time\Parameters", True),
    (r"SOFTWARE\Policies\Microsoft\W32TimeX", False),
    (r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon", False),
    (r"SOFTWARE\winstack.hyperv\mpio", True),
])
def test_absence_means_something_where_the_registry_is_known(key: str, known: bool) -> None:
    """What a real server has below a key decides, so the examples are keys that every server has, or none."""
    assert knows_key(f"HKLM:\\{key}") == known
