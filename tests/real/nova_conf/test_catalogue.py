# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is the packages: reading them again gives the catalogue that is checked in, byte by byte."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("service", ["nova-compute", "neutron-hyperv-agent"])
def test_catalogue_is_what_the_packages_say(release: str, service: str) -> None:
    from tools.option_catalogue.__main__ import DATA, catalogue
    from tools.option_catalogue.environments import RELEASES

    assert catalogue(RELEASES[release], service) == (DATA / f"{service}-{release}.json").read_text(encoding="ascii")
