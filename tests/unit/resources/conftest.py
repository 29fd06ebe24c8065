# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every cmdlet call that a resource makes in a test must bind on every Windows Server version, also those put together at run time.

A test marked `only_on(*versions)` makes a call that a resource makes on these versions only.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, encode_call
from rehearsal.powershell.catalogue import VERSIONS
from rehearsal.strictness import check_call


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only_on(*versions): the Server versions on which the calls of this test are made")


@pytest.fixture(autouse=True)
def every_call_binds(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    marker = request.node.get_closest_marker("only_on")
    versions = marker.args if marker else VERSIONS
    made: list[Cmdlet] = []
    construct = Cmdlet.__init__

    def note(self: Cmdlet, *args: Any, **kwargs: Any) -> None:
        construct(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(Cmdlet, "__init__", note)
    yield
    problems = {str(problem) for call in made for problem in check_call(encode_call(call), versions)}
    assert not problems, "\n".join(sorted(problems))
