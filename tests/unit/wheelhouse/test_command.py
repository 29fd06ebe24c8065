# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from pathlib import Path

import pytest

from tools.option_catalogue.environments import RELEASES
from tools.wheelhouse import HouseRefused
from tools.wheelhouse.__main__ import main
from tools.wheelhouse.gather import _refuse_compiled


def test_yoga_is_refused_with_its_reason_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--release", "yoga", "--output", str(tmp_path / "house")]) == 1
    assert "yappi" in capsys.readouterr().err
    assert not (tmp_path / "house").exists()


def test_an_unknown_release_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--release", "2024.1"])
    assert stopped.value.code == 2
    shown = capsys.readouterr().err
    assert "2024.1" in shown
    assert all(name in shown for name in RELEASES)


def test_a_wheel_that_was_built_with_c_code_is_refused() -> None:
    with pytest.raises(HouseRefused, match=r"yappi-1\.3\.3-cp311-cp311-linux_x86_64\.whl was built for this machine"):
        _refuse_compiled(Path("yappi-1.3.3-cp311-cp311-linux_x86_64.whl"))
    _refuse_compiled(Path("retrying-1.3.3-py2.py3-none-any.whl"))
