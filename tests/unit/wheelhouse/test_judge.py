# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.wheelhouse import HouseRefused
from tools.wheelhouse.judge import Wheel, read_wheels, require_closure

MakeWheel = Callable[..., Path]


def read(folder: Path) -> tuple[Wheel, ...]:
    return read_wheels(folder / "wheels")


@pytest.mark.parametrize(
    "tag", ["py3-none-any", "py2.py3-none-any", "cp38-cp38-win_amd64", "cp36-abi3-win_amd64", "cp38-none-win_amd64", "py3-none-win_amd64"],
)
def test_a_wheel_that_python_3_8_on_windows_takes(make_wheel: MakeWheel, tmp_path: Path, tag: str) -> None:
    make_wheel("one", tag=tag)
    assert [wheel.pin for wheel in read(tmp_path)] == ["one==1.0"]


@pytest.mark.parametrize(
    "tag",
    ["cp39-cp39-win_amd64", "cp37-cp37m-win_amd64", "cp39-abi3-win_amd64", "cp38-cp38-win32", "cp38-cp38-linux_x86_64", "py2-none-any"],
)
def test_a_wheel_for_anything_else_is_refused(make_wheel: MakeWheel, tmp_path: Path, tag: str) -> None:
    make_wheel("one", tag=tag)
    with pytest.raises(HouseRefused, match=r"one-1\.0.*: no Python 3\.8\.10 x64 on Windows"):
        read(tmp_path)


def test_only_platform_wheels_count_as_native(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("compiled", tag="cp38-cp38-win_amd64")
    make_wheel("pure")
    assert [(wheel.name, wheel.native) for wheel in read(tmp_path)] == [("compiled", True), ("pure", False)]


def test_a_wheel_that_says_another_name_inside_is_refused(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("one", says="other")
    with pytest.raises(HouseRefused, match=r"one-1\.0-py3-none-any\.whl says inside that it is other 1\.0"):
        read(tmp_path)


def test_a_wheel_for_a_newer_python_is_refused(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("one", metadata=("Requires-Python: >=3.9",))
    with pytest.raises(HouseRefused, match=r"wants Python >=3\.9"):
        read(tmp_path)


def test_two_versions_of_one_package_are_refused(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("one", "1.0")
    make_wheel("one", "2.0")
    with pytest.raises(HouseRefused, match="more than one wheel of one"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        (("License-Expression: Apache-2.0", "License: ignored"), "Apache-2.0"),
        (("Classifier: License :: OSI Approved :: MIT License", "License: ignored"), "MIT License"),
        (("Classifier: License :: OSI Approved", "License: ISC"), "ISC"),
        (("License: Mine",), "Mine"),
        ((), "not declared"),
    ],
)
def test_licence(make_wheel: MakeWheel, tmp_path: Path, metadata: tuple[str, ...], licence: str) -> None:
    make_wheel("one", metadata=metadata)
    assert read(tmp_path)[0].licence == licence


def test_closure_follows_windows_markers_and_extras(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("top", metadata=(
        'Requires-Dist: on_windows ; sys_platform == "win32"',
        'Requires-Dist: on_linux ; sys_platform != "win32"',
        'Requires-Dist: backport ; python_version < "3.9"',
        "Requires-Dist: Middle.Ware[fast] (>=1.0)",
    ))
    for name in ("on_windows", "backport", "speedup"):
        make_wheel(name)
    make_wheel("middle_ware", metadata=(
        "Provides-Extra: fast", 'Requires-Dist: speedup ; extra == "fast"', 'Requires-Dist: slow ; extra == "slow"',
    ))
    require_closure(read(tmp_path), ["top==1.0"])


def test_an_extra_that_is_asked_for_later_is_followed_too(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("base", metadata=("Provides-Extra: fast", 'Requires-Dist: speedup ; extra == "fast"'))
    make_wheel("user", metadata=("Requires-Dist: base[fast]",))
    for wanted in (["base", "user"], ["user", "base"]):
        with pytest.raises(HouseRefused, match=r"base==1\.0 needs speedup"):
            require_closure(read(tmp_path), wanted)


def test_a_missing_dependency_is_named_with_who_needs_it(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("top", metadata=("Requires-Dist: gone>=2",))
    with pytest.raises(HouseRefused, match=r"top==1\.0 needs gone>=2, the house has none"):
        require_closure(read(tmp_path), ["top"])


def test_a_wrong_version_is_named(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("top", "1.0")
    with pytest.raises(HouseRefused, match=r"the release needs top==2\.0, the house has top==1\.0"):
        require_closure(read(tmp_path), ["top==2.0"])


def test_a_wheel_that_nothing_needs_is_refused(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("top")
    make_wheel("stray")
    with pytest.raises(HouseRefused, match=r"stray==1\.0 is needed by nothing"):
        require_closure(read(tmp_path), ["top"])
