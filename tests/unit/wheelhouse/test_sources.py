# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from packaging.pylock import Pylock

from tools.option_catalogue.environments import RELEASES
from tools.wheelhouse import HouseRefused
from tools.wheelhouse.sources import Source, choose, requirements


def lock(*files: str, version: str = "1.0", sdist: bool = True) -> Pylock:
    """A lock with one package `one`, as uv writes it."""
    package: dict[str, object] = {"name": "one", "version": version}
    if files:
        package["wheels"] = [{"url": f"https://index/{name}", "hashes": {"sha256": name}} for name in files]
    if sdist:
        package["sdist"] = {"url": f"https://index/one-{version}.tar.gz", "hashes": {"sha256": "sdist"}}
    return Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": [package]})


ANY = "one-1.0-py3-none-any.whl"
NATIVE = "one-1.0-cp38-cp38-win_amd64.whl"
STABLE = "one-1.0-cp36-abi3-win_amd64.whl"
FOREIGN = ("one-1.0-cp39-cp39-win_amd64.whl", "one-1.0-cp38-cp38-manylinux1_x86_64.whl", "one-1.0-cp38-cp38-win32.whl")


@pytest.mark.parametrize(
    ("files", "best"), [((ANY,), ANY), ((ANY, STABLE), STABLE), ((ANY, STABLE, NATIVE), NATIVE), ((*FOREIGN, ANY), ANY)],
)
def test_the_best_wheel_for_the_host_is_taken(files: tuple[str, ...], best: str) -> None:
    sources = choose(lock(*files))
    assert [source.sha256 for source in sources.wheels] == [best]
    assert sources.sdists == ()


@pytest.mark.parametrize("files", [(), FOREIGN])
def test_without_a_fitting_wheel_the_sdist_is_built(files: tuple[str, ...]) -> None:
    sources = choose(lock(*files))
    assert sources.wheels == ()
    assert [source.requirement for source in sources.sdists] == ["one @ https://index/one-1.0.tar.gz#sha256=sdist"]


def test_a_package_with_neither_is_refused() -> None:
    with pytest.raises(HouseRefused, match=r"one 1\.0 has neither a wheel for the host nor an sdist"):
        choose(lock(*FOREIGN, sdist=False))


def test_a_source_is_named_by_address_and_hash() -> None:
    [wheel] = choose(lock(ANY)).wheels
    assert wheel == Source(name=wheel.name, version="1.0", url=f"https://index/{ANY}", sha256=ANY)


def test_requirements_pin_what_the_constraints_leave_open() -> None:
    wanted = requirements(RELEASES["2023.2"], neutron_agent=False)
    assert wanted == ("nova==28.3.1", "compute-hyperv==16.0.0", "PyMI==1.0.6", "setuptools<82", "etcd3gw", "PyMySQL")


def test_the_neutron_agent_is_pinned_with_its_neutron() -> None:
    wanted = requirements(RELEASES["2023.1"], neutron_agent=True)
    assert {"neutron==22.2.1", "networking-hyperv==14.0.0"} <= set(wanted)
