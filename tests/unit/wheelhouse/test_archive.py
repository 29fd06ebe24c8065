# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

from tools.wheelhouse.archive import lock_text, manifest, write_archive
from tools.wheelhouse.judge import read_wheels

MakeWheel = Callable[..., Path]


def test_the_archive_holds_the_wheels_and_their_lock(make_wheel: MakeWheel, tmp_path: Path) -> None:
    contents = {path.name: path.read_bytes() for path in (make_wheel("one"), make_wheel("two", tag="cp38-cp38-win_amd64"))}
    wheels = read_wheels(tmp_path / "wheels")
    about = manifest("2023.2", ["one"], wheels, ["one"])
    write_archive(tmp_path / "house.zip", tmp_path / "wheels", wheels, about)
    with zipfile.ZipFile(tmp_path / "house.zip") as archive:
        wheel_names = [f"wheels/{name}" for name in sorted(contents)]
        assert archive.namelist() == ["licences.json", "manifest.json", "requirements.txt", *wheel_names]
        assert {name: archive.read(f"wheels/{name}") for name in contents} == contents
        assert archive.read("requirements.txt").decode() == lock_text(wheels)
        assert json.loads(archive.read("licences.json"))[1] == {"name": "two", "version": "1.0", "licence": "not declared"}
        assert json.loads(archive.read("manifest.json")) == {
            "release": "2023.2", "python": "3.8.10", "platform": "win_amd64", "requirements": ["one"],
            "wheels": 2, "bytes": sum(map(len, contents.values())), "built": ["one"], "native": ["two==1.0"],
        }


def test_every_line_of_the_lock_has_one_version_and_one_hash(make_wheel: MakeWheel, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(make_wheel("one").read_bytes()).hexdigest()
    assert lock_text(read_wheels(tmp_path / "wheels")) == f"one==1.0 --hash=sha256:{sha256}\n"


def test_the_same_wheels_give_the_same_bytes_and_a_hash_that_sha256sum_accepts(make_wheel: MakeWheel, tmp_path: Path) -> None:
    make_wheel("one")
    wheels = read_wheels(tmp_path / "wheels")
    about = manifest("zed", ["one"], wheels, [])
    first = write_archive(tmp_path / "first.zip", tmp_path / "wheels", wheels, about)
    (tmp_path / "wheels" / wheels[0].file).touch()
    second = write_archive(tmp_path / "second.zip", tmp_path / "wheels", wheels, about)
    assert first == second
    subprocess.run(["sha256sum", "--check", "--strict", "first.zip.sha256"], cwd=tmp_path, check=True)
    assert not list(tmp_path.glob("*.partial"))
