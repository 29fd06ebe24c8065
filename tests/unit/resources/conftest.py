# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every cmdlet call that a resource makes in a test must bind on every Windows Server version, also those put together at run time."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, encode_call
from rehearsal.powershell.catalogue import VERSIONS
from rehearsal.strictness import check_call


@pytest.fixture(autouse=True)
def every_call_binds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[Cmdlet] = []
    construct = Cmdlet.__init__

    def note(self: Cmdlet, *args: Any, **kwargs: Any) -> None:
        construct(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(Cmdlet, "__init__", note)
    yield
    problems = {str(problem) for call in made for problem in check_call(encode_call(call), VERSIONS)}
    assert not problems, "\n".join(sorted(problems))
